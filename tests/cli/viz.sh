#!/bin/sh
# viz.sh - foreshard-viz without a display: shots of a sample journal, and what it refuses.
. tests/support/cli.sh
V=${BUILD:-build/rel}/foreshard-viz
maker=${BUILD:-build/rel}/t/unit/test_viz_player
if [ ! -x "$V" ]; then
    echo "SKIP foreshard-viz is not built (it needs SDL2, cairo and pango)"
    exit 0
fi
unset DISPLAY WAYLAND_DISPLAY SDL_VIDEODRIVER
journal=$T/sample.fsj
if [ -x "$maker" ]; then
    "$maker" "$journal"
elif [ -x "$F" ]; then
    small "$T/small.cfg"
    "$F" replay "$T/small.cfg" --journal "$journal" >"$out" 2>"$err" </dev/null
fi
if [ ! -s "$journal" ]; then
    echo "SKIP no sample journal: neither $maker nor $F is built"
    exit 0
fi

# shot WHAT WIDTH HEIGHT ARGS...: exit 0 and a PNG of that size at $T/shot.png
shot() {
    what=$1 width=$2 height=$3
    shift 3
    rm -f "$T/shot.png"
    "$V" "$@" >"$out" 2>"$err" </dev/null
    got=$?
    want=$(printf '89504e470d0a1a0a0000000d49484452%08x%08x' "$width" "$height")
    head=$(od -A n -t x1 -N 24 "$T/shot.png" 2>/dev/null | tr -d ' \n')
    if [ "$got" != 0 ]; then
        fail "$what: exit $got"
    elif [ "$head" != "$want" ]; then
        fail "$what: not a PNG of ${width}x$height"
    elif [ "$(wc -c <"$T/shot.png")" -lt 20000 ]; then
        fail "$what: the picture is nearly empty"
    else
        pass "$what"
    fi
}

shot "a shot of the end" 1920 1080 --shot end "$T/shot.png" "$journal"
cp "$T/shot.png" "$T/first.png"
shot "the same shot again" 1920 1080 --shot end "$T/shot.png" "$journal"
if cmp -s "$T/first.png" "$T/shot.png"; then pass "equal shots are equal bytes"; else fail "two equal shots differ"; fi
shot "a moment by share, dark, small" 1280 720 --shot 70% "$T/shot.png" "$journal" --size 1280x720 --theme dark
shot "all of the past" 1920 1080 --shot end "$T/shot.png" "$journal" --span all
shot "the very start" 960 540 --shot start "$T/shot.png" "$journal" --size 960x540

for look in metric=requests metric=latency,palette=inferno metric=rrs,palette=cividis overlay=error,quantile=q90 \
    tab=why tab=forecast,text=1.3 tab=events,rows=0-0.3 select=p5,select=n2; do
    shot "a shot with --look $look" 1920 1080 --shot 70% "$T/shot.png" "$journal" --look "$look"
done
shot "two journals side by side" 1920 1080 --shot 70% "$T/shot.png" "$journal" "$journal"
shot "and small, in the dark" 960 540 --shot end "$T/shot.png" "$journal" "$journal" --size 960x540 --theme dark
"$V" --shot end "$T/shot.png" - <"$journal" >"$out" 2>"$err"
if [ $? = 0 ]; then pass "a journal from a pipe"; else fail "a journal from a pipe"; fi

size=$(wc -c <"$journal")
head -c $((size * 2 / 3)) "$journal" >"$T/cut.fsj"
shot "a journal cut off is drawn as far as it goes" 1920 1080 --shot end "$T/shot.png" "$T/cut.fsj"
if grep -q 'cut off' "$err"; then pass "and said to be cut off"; else fail "a cut journal needs a note on stderr"; fi
{ head -c $((size / 2)) "$journal"; printf 'XXXXXXXX'; tail -c +$((size / 2 + 9)) "$journal"; } >"$T/bent.fsj"
shot "a damaged journal too" 1920 1080 --shot end "$T/shot.png" "$T/bent.fsj"
if grep -q 'damaged' "$err"; then pass "and said to be damaged"; else fail "a damaged journal needs a note on stderr"; fi

# wrong WHAT ARGS...: exit 2, one sentence, no picture and no leftovers
wrong() {
    what=$1
    shift
    rm -f "$T"/shot.png*
    "$V" "$@" >"$out" 2>"$err" </dev/null
    got=$?
    if [ "$got" != 2 ]; then
        fail "$what: exit $got, not 2"
    elif [ "$(wc -l <"$err")" != 1 ]; then
        fail "$what: wants one sentence on stderr"
    elif ls "$T"/shot.png* >/dev/null 2>&1; then
        fail "$what: left a file behind"
    else
        pass "$what"
    fi
}
echo "not a journal" >"$T/letter"
: >"$T/empty"
wrong "a moment after the end" --shot 99d "$T/shot.png" "$journal"
wrong "a moment that is none" --shot noon "$T/shot.png" "$journal"
wrong "a size that is none" --shot end "$T/shot.png" "$journal" --size 12
wrong "a size beyond reason" --shot end "$T/shot.png" "$journal" --size 99999x99999
wrong "a theme that is none" --shot end "$T/shot.png" "$journal" --theme sepia
wrong "an option that is none" --shto end "$T/shot.png" "$journal"
wrong "a look that is none" --shot end "$T/shot.png" "$journal" --look metric=heat
wrong "a second journal that is none" --shot end "$T/shot.png" "$journal" "$T/letter"
wrong "three journals" --shot end "$T/shot.png" "$journal" "$journal" "$journal"
wrong "a shot without a journal" --shot end "$T/shot.png"
wrong "a missing file" --shot end "$T/shot.png" "$T/nothing.fsj"
wrong "a file that is no journal" --shot end "$T/shot.png" "$T/letter"
wrong "an empty file" --shot end "$T/shot.png" "$T/empty"
wrong "a folder" --shot end "$T/shot.png" "$T"
wrong "a picture into a missing folder" --shot end "$T/shot.png/x.png" "$journal"

"$V" --help >"$out" 2>"$err"
says "--help names the shot" '--shot T'
timeout 20 "$V" "$journal" >"$out" 2>"$err" </dev/null
got=$?
if [ "$got" = 3 ]; then pass "a window without a display is exit 3"; else fail "no display: exit $got, not 3"; fi
complains "and names the way without one" '--shot'
exit $bad
