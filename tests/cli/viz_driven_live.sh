#!/bin/sh
# viz_driven_live.sh - the window on a live daemon over a simulated cluster, driven by keys and mouse under Xvfb:
# looked at (scrub, zoom, select, pin, metric, save), then made to act: a plan rejected, another approved, a
# migration paused, resumed and cancelled, thresholds changed. What was done is asked of the daemon's API and of
# its journal; what is seen is compared by region, because a live picture is never the same twice.
. tests/support/cli.sh
V=$PWD/${BUILD:-build/rel}/foreshard-viz
for tool in Xvfb xdotool convert import compare curl; do
    command -v $tool >/dev/null 2>&1 && continue
    echo "SKIP $tool is not installed (xvfb, xdotool, imagemagick, curl)"
    exit 0
done
if [ ! -x "$V" ]; then
    echo "SKIP foreshard-viz is not built (it needs SDL2, cairo and pango)"
    exit 0
fi
"$F" help live >/dev/null 2>&1 || {
    echo "SKIP foreshard live: no hiredis or SQLite"
    exit 0
}

width=1280 height=720
heat=760x260+80+105   # the plot of the heat
nodes=420x270+840+65  # the nodes' card
header=420x40+840+10  # the numbers at the right
middle=420x60+430+215 # where a sheet opens
mkdir -p "$T/shots"
daemon= viz= xvfb=
stop() {
    for pid in $viz $daemon $xvfb; do kill "$pid" 2>/dev/null; done
    rm -rf "$T"
}
trap stop EXIT
mkfifo "$T/display"
Xvfb -displayfd 3 -screen 0 ${width}x${height}x24 -nolisten tcp -noreset 3>"$T/display" >/dev/null 2>&1 &
xvfb=$!
read -r number <"$T/display"
export DISPLAY=:$number
unset WAYLAND_DISPLAY SDL_VIDEODRIVER FORESHARD_TOKEN_FILE
echo leak:libdbus-1.so >"$T/lsan" # which SDL asks about the screen saver; not ours to mend
export LSAN_OPTIONS=suppressions=$T/lsan:print_suppressions=0

# Copies are slow enough to be paused; 20 seconds a second, hot after about 15.
echo 0123456789abcdef0123 >"$T/token"
"$F" live live/deploy/demo.cfg --set live.log="$T/log" --set live.state="$T/s.db" --set api.listen=127.0.0.1:0 \
    --set api.token_file="$T/token" --set live.mode=propose --set live.speed=20 --set live.warmup=10s \
    --set act.move_bandwidth=100KiB/s --set api.rate=1000/s --journal "$T/j.fsj" >"$out" 2>"$err" </dev/null &
daemon=$!

# within SECONDS COMMAND...: it succeeds before long
within() {
    tries=$(($1 * 5))
    shift
    while [ $tries -gt 0 ]; do
        "$@" >/dev/null 2>&1 && return 0
        tries=$((tries - 1))
        sleep 0.2
    done
    return 1
}
has_url() { url=$(sed -n 's/.*"event":"api","text":"\(http:[^"]*\)".*/\1/p' "$T/log" 2>/dev/null | head -n 1); [ -n "$url" ]; }
get() { curl -s -m 3 "$url$1"; }
answers() { get "$1" | grep -q "$2"; }
lacks() { ! answers "$1" "$2"; }
noted() { "$F" journal dump "$T/j.fsj" --kind order 2>/dev/null | grep -q "$1.*, by 127.0.0.1"; }
done_as() { # STEP SECONDS PATH PATTERN
    if within "$2" answers "$3" "$4"; then pass "$1"; else keep "$1: $3 does not say $4"; fi
}
journalled() { if within 10 noted "$1"; then pass "and who asked is in the journal ($1)"; else fail "no order says '$1'"; fi; }

see() { import -window root "$T/now.png" 2>/dev/null; }
# settle: until two screenshots are alike, where time stands
settle() {
    see
    for _ in $(seq 20); do
        sleep 0.15
        import -window root "$T/next.png" 2>/dev/null
        off=$(compare -metric AE "$T/now.png" "$T/next.png" null: 2>&1)
        mv "$T/next.png" "$T/now.png"
        [ "$off" = 0 ] && return 0
    done
    return 1
}
press() { xdotool key --delay 60 "$@" && settle; }
step() { cp "$T/now.png" "$T/before.png"; }
off_in() { # REGION: pixels that differ between now and before
    convert "$T/now.png" -crop "$1" +repage "$T/r1.png"
    convert "$T/before.png" -crop "$1" +repage "$T/r2.png"
    off=$(compare -metric AE -fuzz 6% "$T/r1.png" "$T/r2.png" null: 2>&1)
    off=${off%%[!0-9]*}
}
changed() { # STEP REGION [PIXELS]
    off_in "$2"
    if [ "${off:-0}" -ge "${3:-400}" ]; then pass "$1 changes the picture ($off pixels)"; else keep "$1: $off pixels differ"; fi
}
unchanged() { # STEP REGION
    off_in "$2"
    if [ "${off:-9999}" -le 40 ]; then pass "$1"; else keep "$1: $off pixels differ"; fi
}
keep() {
    cp "$T/now.png" "${BUILD:-build/rel}/viz_live_$(echo "$1" | tr -c 'a-z\n' '_' | cut -c 1-20).png" 2>/dev/null
    fail "$1"
}
differs() { see && off_in "$1" && [ "${off:-0}" -ge 400 ]; }
# asked KEY [keep]: the key opens a sheet over the page, on which nothing is selected unless it is to be kept
asked() {
    [ -n "${2:-}" ] || xdotool key Escape
    sleep 0.2
    see
    step
    xdotool key "$1"
    within 10 differs $middle || keep "$1 opens no sheet"
}
# until_it STEP PATTERN KEYS...: u and these keys, until the API says so; the window reads of a move a moment later
until_it() {
    what=$1 pattern=$2
    shift 2
    for _ in 1 2 3 4; do
        asked u
        xdotool key --delay 60 "$@"
        within 3 answers /v1/migrations "$pattern" && pass "$what" && return
    done
    keep "$what: /v1/migrations does not say $pattern"
}

if ! within 20 has_url; then
    fail "no daemon with an API: $(tail -n 2 "$T/log" 2>/dev/null)"
    exit 1
fi
(cd "$T/shots" && exec "$V" "$url" --token-file "$T/token" --size ${width}x$height) >"$out" 2>"$err" &
viz=$!
has_window() { window=$(xdotool search --name '^foreshard$' 2>/dev/null | head -n 1); [ -n "$window" ]; }
if ! within 20 has_window; then
    fail "the window does not open"
    exit 1
fi
xdotool windowmove "$window" 0 0 windowfocus "$window" mousemove $((width / 2)) 8
sleep 2

# ---- looking
see && step && sleep 1.2 && see
changed "following a live daemon" $header 40
step && xdotool mousemove $((width * 35 / 100)) $((height * 64 / 100)) click 1 && settle # in the latency plot
changed "scrubbing" $header 40
if settle; then pass "and time stands"; else keep "time does not stand after scrubbing"; fi
step && press bracketleft bracketleft
changed "zooming in" $heat
press 0
step && press slash p 1 8 Return
changed "finding p18" $heat
press Escape
xdotool mousemove $((width * 30 / 100)) $((height * 30 / 100)) && settle
step && xdotool click 1 && settle && xdotool mousemove $((width / 2)) 8 && settle
changed "pinning what the cursor tells" $heat
press Escape
step && press m
changed "switching the metric" $heat
unchanged "and leaves the nodes as they were" $nodes
press shift+m
press s
saved=
has_saved() { saved=$(find "$T/shots" -name '*.png' | head -n 1); [ -n "$saved" ]; }
if within 10 has_saved; then
    cp "$saved" "$T/before.png"
    unchanged "s saves what is shown" $nodes
else
    fail "s saves no picture"
fi
xdotool key End

# ---- a plan: left alone, rejected, approved
waits() { get /v1/plans | grep -o '{"id":[^}]*' | head -n 1 | grep '"status":"proposed"' | grep -qv '"move_count":0'; }
within 60 waits || fail "the daemon proposes nothing: $(tail -n 1 "$T/log" | cut -c 1-200)"
asked P
changed "a plan is shown before anything is done" $middle
xdotool key Return && sleep 0.5
if answers /v1/plans '"status":"\(approved\|cancelled\)"'; then fail "Enter on a fresh sheet decides"; else pass "Enter on a fresh sheet decides nothing"; fi
asked P
xdotool key r
done_as "r rejects a plan" 10 /v1/plans '"status":"cancelled"'
journalled "proposal [0-9]* rejected"
asked P
xdotool key y
done_as "y approves a plan" 10 /v1/plans '"status":"approved"'
journalled "proposal [0-9]* approved"

# ---- a migration: paused, resumed, cancelled
moving='"stage":"\(copy\|catch-up\)"'
within 10 answers '/v1/migrations?running=true' "$moving" || fail "nothing is copied: $(get '/v1/migrations?running=true' | cut -c 1-300)"
until_it "u y pauses a migration" '"paused":true' y
journalled "move [0-9]* paused"
rests() { get /v1/migrations | grep -o '{[^{}]*"paused":true' | grep -o '"bytes_done":[0-9]*' | head -n 1; }
sleep 0.3
a=$(rests) && sleep 1 && b=$(rests)
a=${a##*:} b=${b##*:}
grown=$((${b:-0} - ${a:-0}))
if [ -n "$a" ] && [ -n "$b" ] && [ "$grown" -lt 100000 ]; then pass "and it rests ($grown bytes in some 20 s)"; else fail "it goes on: $a then $b"; fi
sleep 0.5
for _ in 1 2 3 4; do
    asked u
    xdotool key --delay 60 Left Return
    within 3 lacks /v1/migrations '"paused":true' && break
done
lacks /v1/migrations '"paused":true' && pass "u, left, Enter resumes it" || keep "it is not resumed"
journalled "move [0-9]* resumed"
asked x
xdotool key y
done_as "x y cancels a migration" 10 /v1/migrations '"stage":"cancelled"'
journalled "move [0-9]* cancelled"

# ---- thresholds, by keyboard and by mouse
asked T
xdotool type --delay 40 0.45
sleep 0.3
xdotool mousemove 455 321 && sleep 0.3 && xdotool click 1 # on "Set it"
done_as "a click changes the general threshold" 10 /v1/settings/thresholds '"value":"\*=0.45"'
journalled 'thresholds: '
xdotool mousemove $((width / 2)) 8
xdotool key Escape && sleep 0.4 && xdotool key --delay 60 slash p 3 Return && sleep 0.6
asked D keep
xdotool type --delay 40 0.9
xdotool key Return
done_as "and Enter that of one partition" 10 /v1/partitions/3 '"threshold":0.9'
xdotool key Escape

# ---- all of it from the header, by mouse
sleep 0.3
see && step
xdotool mousemove 125 50 click 1
if within 10 differs $middle; then pass "a click in the header opens the menu"; else keep "a click in the header opens nothing"; fi
xdotool mousemove $((width / 2)) 8
xdotool key Escape && sleep 0.3

# ---- a daemon that is gone
xdotool key Escape
kill $daemon && wait $daemon 2>/dev/null
daemon=
sleep 1
asked T
xdotool type --delay 40 0.3
sleep 0.3 && see && step
xdotool key Return && sleep 2 && see
changed "a daemon that is gone is told" $middle
kill -0 $viz 2>/dev/null && pass "and the window goes on" || fail "the window is gone"
xdotool key Escape && sleep 0.3 && xdotool key q
wait "$viz"
got=$?
viz=
if [ "$got" = 0 ]; then pass "q ends it with exit 0"; else fail "q: exit $got"; fi
exit $bad
