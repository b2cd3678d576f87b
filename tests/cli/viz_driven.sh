#!/bin/sh
# viz_driven.sh - the window, driven by keys and mouse under Xvfb: open, scrub, zoom, select, pin, switch the
# metric, two side by side, save. UPDATE=1 writes the references anew.
#
# Each step's screenshot is compared twice. With the picture that --shot draws of the same moment and look,
# where there is one: at most 2 % of the pixels may differ (the header says "paused" in a window). And with
# tests/data/viz/STEP.txt, the mean brightness of 32 x 18 blocks: they may be off by 6 of 255 on the average
# and by 70 in any one, which other fonts are and another picture is not.
. tests/support/cli.sh
V=$PWD/${BUILD:-build/rel}/foreshard-viz
maker=${BUILD:-build/rel}/t/unit/test_viz_player
for tool in Xvfb xdotool convert import compare; do
    command -v $tool >/dev/null 2>&1 && continue
    echo "SKIP $tool is not installed (xvfb, xdotool, imagemagick)"
    exit 0
done
if [ ! -x "$V" ] || [ ! -x "$maker" ]; then
    echo "SKIP foreshard-viz, or the maker of its sample journal, is not built"
    exit 0
fi

width=1280 height=720
references=$PWD/tests/data/viz
mkdir -p "$T/shots"
"$maker" "$T/a.fsj"
cp "$T/a.fsj" "$T/b.fsj"

# Xvfb chooses a free display and says which.
mkfifo "$T/display"
Xvfb -displayfd 3 -screen 0 ${width}x${height}x24 -nolisten tcp -noreset 3>"$T/display" >/dev/null 2>&1 &
xvfb=$!
viz=
stop() {
    [ -z "$viz" ] || kill "$viz" 2>/dev/null
    kill $xvfb 2>/dev/null
    rm -rf "$T"
}
trap stop EXIT
read -r number <"$T/display"
export DISPLAY=:$number
unset WAYLAND_DISPLAY SDL_VIDEODRIVER
echo leak:libdbus-1.so >"$T/lsan" # which SDL asks about the screen saver; not ours to mend
export LSAN_OPTIONS=suppressions=$T/lsan:print_suppressions=0

# open ARGS...: the window, over the whole screen, in a folder of its own
open() {
    (cd "$T/shots" && exec "$V" "$@" --size ${width}x$height) >"$out" 2>"$err" &
    viz=$!
    for _ in $(seq 100); do
        window=$(xdotool search --name '^foreshard$' 2>/dev/null | head -n 1)
        [ -n "$window" ] && break
        sleep 0.1
    done
    [ -n "$window" ] || return 1
    xdotool windowmove "$window" 0 0 windowfocus "$window" mousemove $((width / 2)) 8
    settle
}

# settle: until two screenshots are alike; the last one is $T/now.png
settle() {
    import -window root "$T/now.png" 2>/dev/null
    for _ in $(seq 60); do
        sleep 0.15
        import -window root "$T/next.png" 2>/dev/null
        off=$(compare -metric AE "$T/now.png" "$T/next.png" null: 2>&1)
        mv "$T/next.png" "$T/now.png"
        [ "$off" = 0 ] && return 0
    done
    return 1
}
press() { xdotool key --delay 60 "$@" && settle; }
click() { xdotool mousemove "$1" "$2" click 1 && settle; }

blocks() {
    convert "$1" -colorspace Gray -filter Box -resize 32x18! -depth 8 gray:- | od -A n -v -t u1 -w32
}

# same STEP: the screenshot against the step's reference
same() {
    reference=$references/$1.txt
    blocks "$T/now.png" >"$T/blocks"
    if [ -n "${UPDATE:-}" ]; then
        mkdir -p "$references"
        sed 's/^ *//; s/  */ /g' "$T/blocks" >"$reference"
    fi
    verdict=$(awk 'FNR == NR { for (i = 1; i <= NF; i++) want[FNR, i] = $i; next }
        { for (i = 1; i <= NF; i++) { d = $i - want[FNR, i]; if (d < 0) d = -d; sum += d; n++; if (d > most) most = d } }
        END { printf "%.2f %d %s", n ? sum / n : 255, most, n == 576 && sum / n <= 6 && most <= 70 ? "good" : "bad" }' \
        "$reference" "$T/blocks" 2>/dev/null)
    case $verdict in
    *good) pass "$1 looks like its reference (mean difference ${verdict%% *} of 255)" ;;
    *) keep "$1 does not look like its reference: mean and largest difference ${verdict% *}" ;;
    esac
}

# like STEP ARGS...: the screenshot against what --shot draws
like() {
    step=$1
    shift
    DISPLAY= "$V" --shot "$@" --size ${width}x$height 2>/dev/null
    off=$(compare -metric AE -fuzz 6% "$T/now.png" "$T/shot.png" null: 2>&1)
    if [ "${off%%[!0-9]*}" -le $((width * height / 50)) ] 2>/dev/null; then
        pass "$step is what --shot draws ($off of $((width * height)) pixels differ)"
    else
        keep "$step is not what --shot draws: $off pixels differ"
    fi
}

# unlike STEP: something has changed since the last step
unlike() {
    off=$(compare -metric AE -fuzz 6% "$T/now.png" "$T/before.png" null: 2>&1)
    if [ "${off%%[!0-9]*}" -ge 1500 ] 2>/dev/null; then pass "$1 changes the picture"; else
        keep "$1 changes nothing: $off pixels differ"
    fi
}
keep() {
    cp "$T/now.png" "${BUILD:-build/rel}/viz_driven_$(echo "$1" | tr -c 'a-z\n' '_' | cut -c 1-20).png" 2>/dev/null
    fail "$1"
}
step() { cp "$T/now.png" "$T/before.png"; }

if ! open "$T/a.fsj"; then
    fail "the window does not open"
    exit 1
fi
press End
same open
like open end "$T/shot.png" "$T/a.fsj"

step && press Home
unlike "going to the start"
like start start "$T/shot.png" "$T/a.fsj"
step && press End && click $((width * 35 / 100)) $((height * 64 / 100)) # in the latency plot
unlike "scrubbing"
same scrub

press End
step && press bracketleft bracketleft
unlike "zooming in"
same zoom
press 0

step && press slash p 1 8 Return
unlike "finding p18"
same select
like select end "$T/shot.png" "$T/a.fsj" --look select=p18
press Escape

xdotool mousemove $((width * 30 / 100)) $((height * 30 / 100)) && settle # over the heat
step && xdotool click 1 && settle
xdotool mousemove $((width / 2)) 8 && settle
unlike "pinning what the cursor tells"
same pin
press Escape

press End
step && press m
unlike "switching the metric"
same metric
like metric end "$T/shot.png" "$T/a.fsj" --look metric=requests
press shift+m

press s
saved=$(find "$T/shots" -name '*.png' | head -n 1)
for _ in $(seq 50); do
    [ -n "$saved" ] && break
    sleep 0.1
    saved=$(find "$T/shots" -name '*.png' | head -n 1)
done
if [ -z "$saved" ]; then fail "s saves no picture"; else
    off=$(compare -metric AE -fuzz 6% "$saved" "$T/now.png" null: 2>&1)
    if [ "${off%%[!0-9]*}" -le $((width * height / 50)) ] 2>/dev/null; then pass "s saves what is shown"; else
        fail "s saves something else: $off pixels differ"
    fi
fi

xdotool key q
wait "$viz"
got=$?
viz=
if [ "$got" = 0 ]; then pass "q ends it with exit 0"; else fail "q: exit $got"; fi

if open "$T/a.fsj" "$T/b.fsj"; then
    press End
    same pair
    like "side by side" end "$T/shot.png" "$T/a.fsj" "$T/b.fsj"
    step && click $((width * 70 / 100)) $((height * 25 / 100)) # in the right half's heat
    xdotool mousemove $((width / 2)) 8 && settle
    unlike "pinning what the right half tells"
    press Escape
    step && xdotool mousemove $((width * 70 / 100)) $((height * 25 / 100)) click 4 && settle
    unlike "zooming with the wheel over the right half"
    xdotool key q
    wait "$viz" && pass "and ends" || fail "two side by side: exit $?"
    viz=
else
    fail "two journals do not open"
fi
exit $bad
