#!/bin/sh
# viz_remote.sh - the dashboard on a live daemon's URL: its journal over HTTP, as it grows.
set -u
. tests/support/cli.sh
V=${BUILD:-build/rel}/foreshard-viz
if [ ! -x "$V" ]; then
    echo "SKIP foreshard-viz is not built (it needs SDL2, cairo and pango)"
    exit 0
fi
"$F" help live >/dev/null 2>&1 || {
    echo "SKIP foreshard live: no hiredis or SQLite"
    exit 0
}
unset DISPLAY WAYLAND_DISPLAY SDL_VIDEODRIVER
daemon=
trap '[ -z "$daemon" ] || kill "$daemon" 2>/dev/null; rm -rf "$T"' EXIT

# start ARGS...: a daemon on a simulated cluster; its URL in $url
start() {
    rm -f "$T/log"
    "$F" live live/deploy/demo.cfg --set live.log="$T/log" --set live.state="$T/s.db" \
        --set api.listen=127.0.0.1:0 --set live.speed=60 "$@" >"$out" 2>"$err" </dev/null &
    daemon=$!
    url=
    for _ in $(seq 150); do
        url=$(sed -n 's/.*"event":"api","text":"\(http:[^"]*\)".*/\1/p' "$T/log" 2>/dev/null | head -n 1)
        [ -n "$url" ] && return 0
        sleep 0.1
    done
    return 1
}
stop() {
    kill "$daemon" 2>/dev/null
    wait "$daemon" 2>/dev/null
    daemon=
}

if ! start --journal "$T/j.fsj"; then
    fail "no daemon with an API: $(tail -n 2 "$T/log" 2>/dev/null)"
    exit 1
fi
sleep 2
"$V" --shot end "$T/a.png" "$url" --size 1280x720 >"$out" 2>"$err" </dev/null
got=$?
if [ "$got" = 0 ] && [ "$(wc -c <"$T/a.png")" -gt 20000 ]; then pass "a shot of a live daemon"; else fail "a shot of $url: exit $got"; fi
"$V" --shot end "$T/a.csv" "$url" >"$out" 2>"$err" </dev/null
sleep 2
"$V" --shot end "$T/b.csv" "$url/" >"$out" 2>"$err" </dev/null
now() { sed -n 's/^[^,]*,nodes,\([0-9.]*\),.*,up,.*/\1/p' "$1" | head -n 1; }
a=$(now "$T/a.csv") b=$(now "$T/b.csv")
if [ -n "$a" ] && awk "BEGIN { exit !($b > $a) }"; then pass "and it grows: from $a s to $b s"; else fail "from '$a' to '$b': it does not grow"; fi
kill "$daemon" 2>/dev/null
wait "$daemon" 2>/dev/null
daemon=
"$V" --shot end "$T/c.png" "$url" >"$out" 2>"$err" </dev/null
got=$?
if [ "$got" = 3 ]; then pass "a daemon that is gone is exit 3"; else fail "a daemon that is gone: exit $got"; fi
complains "and says so" 'cannot be reached'

start && sleep 1
"$V" --shot end "$T/c.png" "$url" >"$out" 2>"$err" </dev/null
got=$?
if [ "$got" = 3 ]; then pass "a daemon without a journal is exit 3"; else fail "a daemon without a journal: exit $got"; fi
complains "and says what to do" '\-\-journal FILE'
stop

for bad_url in https://127.0.0.1:1 http:// http://127.0.0.1:port 'http://a b:1'; do
    "$V" --shot end "$T/c.png" "$bad_url" >"$out" 2>"$err" </dev/null
    got=$?
    if [ "$got" = 2 ] && [ "$(wc -l <"$err")" = 1 ]; then pass "$bad_url is refused in a sentence"; else fail "$bad_url: exit $got"; fi
done
if [ -e "$T/c.png" ]; then fail "a refused shot left a picture"; else pass "nothing is left of what was refused"; fi
exit $bad
