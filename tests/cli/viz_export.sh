#!/bin/sh
# viz_export.sh - what is shown as SVG, PDF, CSV and film, without a display; and what is refused.
. tests/support/cli.sh
V=${BUILD:-build/rel}/foreshard-viz
maker=${BUILD:-build/rel}/t/unit/test_viz_player
if [ ! -x "$V" ] || [ ! -x "$maker" ]; then
    echo "SKIP foreshard-viz, or the maker of its sample journal, is not built"
    exit 0
fi
unset DISPLAY WAYLAND_DISPLAY SDL_VIDEODRIVER
journal=$T/sample.fsj
"$maker" "$journal"

for kind in svg pdf csv; do
    for pass in a b; do
        "$V" --shot 60% "$T/$pass.$kind" "$journal" --size 1280x720 >"$out" 2>"$err" </dev/null ||
            fail "a shot as $kind: exit $?"
    done
    if [ -s "$T/a.$kind" ] && cmp -s "$T/a.$kind" "$T/b.$kind"; then pass "equal shots as $kind are equal bytes"; else
        fail "two equal shots as $kind differ"
    fi
done
if head -c 5 "$T/a.pdf" | grep -q '%PDF-' && tail -c 8 "$T/a.pdf" | grep -q '%%EOF'; then pass "the PDF is whole"; else fail "no whole PDF"; fi
if head -n 1 "$T/a.svg" | grep -q '<?xml' && tail -n 1 "$T/a.svg" | grep -q '</svg>'; then pass "the SVG is whole"; else fail "no whole SVG"; fi
if awk -F, 'NR > 1 && NF < 6 { exit 1 } END { exit NR < 1000 }' "$T/a.csv"; then pass "the CSV has a fact a line"; else fail "the CSV is short of fields"; fi
for panel in heat latency nodes scores moves; do
    if grep -q "^[^,]*,$panel," "$T/a.csv"; then pass "the CSV tells of $panel"; else fail "the CSV says nothing of $panel"; fi
done
"$V" --shot end "$T/pair.csv" "$journal" "$journal" >"$out" 2>"$err"
if [ $? = 0 ] && [ "$(grep -c ',nodes,.*,up,' "$T/pair.csv")" = 16 ]; then pass "two journals are two runs in one CSV"; else fail "a pair as CSV"; fi

programs=$PATH
wrong() {
    what=$1 want=$2
    shift 2
    env PATH="$programs" "$V" "$@" >"$out" 2>"$err" </dev/null
    got=$?
    if [ "$got" != "$want" ]; then fail "$what: exit $got, not $want"
    elif [ "$(wc -l <"$err")" != 1 ]; then fail "$what: wants one sentence on stderr"
    elif ls "$T"/film* >/dev/null 2>&1; then fail "$what: left a file behind"
    else pass "$what"; fi
}
wrong "a picture into a missing folder" 2 --shot end "$T/no/a.svg" "$journal"
wrong "a film without an ending" 2 --video "$T/film" "$journal"
wrong "a film of no length" 2 --video "$T/film.mp4" --length 0s "$journal"
wrong "a film that ends before it begins" 2 --video "$T/film.mp4" --from 80% --to 20% "$journal"
wrong "a film from a moment that is none" 2 --video "$T/film.mp4" --from noon "$journal"
wrong "a film and a picture at once" 2 --video "$T/film.mp4" --shot end "$T/a.png" "$journal"
wrong "a film without a journal" 2 --video "$T/film.mp4"
programs=$T
wrong "a film without ffmpeg is exit 3" 3 --video "$T/film.mp4" "$journal"
programs=$PATH
complains "and says what is missing" 'ffmpeg.*not installed'

if command -v ffmpeg >/dev/null 2>&1 && command -v ffprobe >/dev/null 2>&1; then
    "$V" --video "$T/good.mp4" "$journal" --length 1s --size 961x541 --from 50% --to 70% >"$out" 2>"$err"
    got=$?
    shape=$(ffprobe -v error -count_frames -select_streams v -show_entries stream=width,height,nb_read_frames -of csv=p=0 "$T/good.mp4" 2>/dev/null)
    if [ "$got" = 0 ] && [ "$shape" = 962,542,30 ]; then pass "a film has its frames and even sides"; else fail "a film: exit $got, '$shape'"; fi
    if ls "$T"/*.part* >/dev/null 2>&1; then fail "a film left a part behind"; else pass "and nothing beside it"; fi
    "$V" --video "$T/no/such.mp4" "$journal" --length 1s >"$out" 2>"$err"
    got=$?
    if [ "$got" = 3 ]; then pass "a film into a missing folder is exit 3"; else fail "a film into a missing folder: exit $got"; fi
else
    echo "SKIP films: ffmpeg is not installed"
fi

"$V" --bench --json --bench-bytes 3000000 --size 960x540 >"$out" 2>"$err"
if [ $? = 0 ]; then pass "the bench runs without a display"; else fail "the bench: exit $?"; fi
for name in full_ms_p95 idle_ms_p95 column_ms_p95 open_ms seek_ms_p95 rss_bytes; do
    says "it prints $name" "\"$name\":[0-9]"
done
wrong "a bench of a journal" 2 --bench "$journal"
exit $bad
