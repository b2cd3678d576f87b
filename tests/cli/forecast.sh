#!/bin/sh
# `foreshard forecast`: every layout, what it prints, and bad input.
set -u
. tests/support/cli.sh

# Two noisy days-and-weeks, hourly, 40 days; the second is twice the first.
awk 'BEGIN { srand(7); for (i = 0; i < 960; i++) {
    v = 100 + 40 * sin(i * 6.2831853 / 24) + (int(i / 24) % 7 < 5 ? 20 : 0) + 5 * rand()
    printf "%d,%.2f,%.2f\n", 1483228800 + 3600 * i, v, 2 * v } }' >"$T/rows"
{ echo time,a,b && cat "$T/rows"; } >"$T/wide.csv"
{ echo series_id,time,value && awk -F, '{ print "a," $1 "," $2; print "b," $1 "," $3 }' "$T/rows"; } >"$T/long.csv"
{ echo timestamp,value && awk -F, '{ print $1 "," $2 }' "$T/rows"; } >"$T/single.csv"
awk -F, '{ print $2 }' "$T/rows" >"$T/counts.txt"
awk -F, 'NR == 1 { a = "\"H1\""; b = "\"H2\"" } { a = a ",\"" $2 "\""; b = b ",\"" $3 "\"" }
    END { print "\"V1\",\"V2\",\"V3\"\n" a "\n" b }' "$T/rows" >"$T/m4.csv"
zstd -q "$T/wide.csv" -o "$T/wide.csv.zst"

# lines FILE N: a header and N lines of 16 cells, no NaN, nothing negative, quantiles ascending.
sound() {
    awk -F, -v want="$2" 'NR == 1 { if ($0 !~ /^series_id,step,mean,q0.025,.*,q0.975$/) exit 1; next }
        { if (NF != 16) exit 1
          for (i = 3; i <= 16; i++) { if ($i !~ /^[0-9.e+-]+$/ || $i < 0) exit 1
            if (i > 4 && $i + 0 < $(i - 1) + 0) exit 1 } n++ }
        END { exit n == want ? 0 : 1 }' "$1" && pass "$3" || fail "$3"
}

light="--members naive,seasonal-naive,ses,ar,spar,spar-log"
for layout in wide.csv wide.csv.zst long.csv m4.csv; do
    expect 0 "$layout" forecast "$T/$layout" --horizon 24 $light --out "$T/out.csv"
    sound "$T/out.csv" 48 "$layout: forecasts are sound"
done
expect 0 "one series with times" forecast "$T/single.csv" --horizon 24 $light --out "$T/out.csv"
sound "$T/out.csv" 24 "one series: forecasts are sound"
expect 0 "one number a line" forecast "$T/counts.txt" --row-step 1h --horizon 24 $light --out "$T/counts.csv"
sed 's/^[^,]*,//' "$T/out.csv" >"$T/a" && sed 's/^[^,]*,//' "$T/counts.csv" >"$T/b"
cmp -s "$T/a" "$T/b" && pass "the same numbers from two layouts" || fail "two layouts, two forecasts"
expect 0 "aggregated" forecast "$T/single.csv" --step 4h --horizon 6 $light --out "$T/out.csv"
sound "$T/out.csv" 6 "aggregated: forecasts are sound"

expect 0 "backtest" forecast "$T/wide.csv" --horizon 24 $light --backtest 3
says "a table with the ensemble" '^ensemble '
expect 0 "backtest --json" forecast "$T/wide.csv" --horizon 24 $light --backtest 3 --json
for field in model smape mase msis crps coverage90 peak_pinball90 ms_per_series; do
    says "JSON has $field" "\"$field\""
done
says "the combination is called ensemble" '"model": *"ensemble"'
expect 0 "one model" forecast "$T/wide.csv" --horizon 24 --model holt-winters --backtest 2
expect 0 "trees and lstm, kept" forecast "$T/wide.csv" --horizon 12 --members naive,trees,lstm --models "$T/nets" --out "$T/first.csv"
expect 0 "trees and lstm, read again" forecast "$T/wide.csv" --horizon 12 --members naive,trees,lstm --models "$T/nets" --out "$T/second.csv"
complains "it says where they are from" 'lstm: read from'
cmp -s "$T/first.csv" "$T/second.csv" && pass "kept nets say the same" || fail "kept nets differ from learned ones"
for net in "$T"/nets/lstm*full.net; do printf 'x' | dd of="$net" bs=1 seek=900 conv=notrunc 2>/dev/null; done
expect 0 "a damaged net is learned anew" forecast "$T/wide.csv" --horizon 12 --members naive,lstm --models "$T/nets" --out "$T/out.csv"
complains "and that is said" 'corrupt.*learning it anew'

if [ -x "${BUILD:-build/rel}/foreshard-viz" ]; then
    for picture in plot.png plot.svg plot.pdf; do
        expect 0 "--plot $picture" forecast "$T/wide.csv" --horizon 24 $light --backtest 2 --plot "$T/$picture"
        [ "$(wc -c <"$T/$picture")" -gt 4000 ] && pass "$picture is a picture" || fail "$picture is nearly empty"
    done
    code=$(LC_ALL=C; "$F" forecast "$T/wide.csv" --horizon 24 $light --plot "$T/no/where.png" >/dev/null 2>"$err"; echo $?)
    [ "$code" = 3 ] && pass "--plot into nowhere is the world's failure" || fail "--plot into nowhere: exit $code"
else
    echo "SKIP --plot: foreshard-viz is not built"
fi

printf 'a event 2017-02-10T00:00..2017-02-10T12:00 x3\n' >"$T/hints"
expect 0 "hints" forecast "$T/wide.csv" --horizon 24 $light --hints "$T/hints" --out "$T/hinted.csv"
complains "what became of them" 'hint for a: as stated'
expect 0 "without hints" forecast "$T/wide.csv" --horizon 24 $light --out "$T/plain.csv"
paste -d, "$T/hinted.csv" "$T/plain.csv" | awk -F, 'NR > 1 && $1 == "a" && $2 <= 12 { r = $3 / $19; if (r < 2.99 || r > 3.01) bad = 1 }
    NR > 1 && ($1 == "b" || $2 > 12) && $3 != $19 { bad = 1 } END { exit bad }' &&
    pass "a hint triples the hours it names and no others" || fail "hint not applied as stated"
printf 'zz event 2017-02-10T00:00..2017-02-10T12:00 x3\n' >"$T/hints"
expect 0 "a hint for nobody" forecast "$T/wide.csv" --horizon 24 $light --hints "$T/hints" --out "$T/out.csv"
complains "is named" 'zz'
printf 'a event soon x3\n' >"$T/hints"
refused "a hint that makes no sense" forecast "$T/wide.csv" --horizon 24 --hints "$T/hints"

# Odd but usable data.
awk -F, 'NR % 50 == 3 { $2 = "NaN" } NR % 50 == 5 { $2 = -4 } { print $1 "," $2 }' "$T/rows" >"$T/x"
{ echo time,a && sort -r "$T/x" && head -n 5 "$T/x"; } >"$T/odd.csv"
expect 0 "missing, negative, repeated, unsorted" forecast "$T/odd.csv" --horizon 24 $light --out "$T/out.csv"
sound "$T/out.csv" 24 "odd data: forecasts are sound"
for word in 'without a value' negative repeated 'out of order'; do complains "odd data: $word" "$word"; done
awk 'BEGIN { for (i = 0; i < 200; i++) print 7 }' >"$T/constant.txt"
expect 0 "a constant" forecast "$T/constant.txt" --horizon 24 $light --out "$T/out.csv"
sound "$T/out.csv" 24 "a constant: forecasts are sound"
printf '3\n4\n5\n' >"$T/short.txt"
expect 0 "shorter than the horizon" forecast "$T/short.txt" --horizon 24 --out "$T/out.csv"
complains "and that is said" 'shorter than the horizon'
sound "$T/out.csv" 24 "short series: forecasts are sound"
expect 0 "too short for the model" forecast "$T/short.txt" --horizon 24 --model spar --out "$T/out.csv" --report "$T/report"
grep -q 'fallback.*spar' "$T/report" && pass "the fallback is named" || fail "no word of the fallback"
awk 'BEGIN { c = 0; for (i = 0; i < 300; i++) { c = i == 150 ? 5 : c + 10; print c } }' >"$T/counter.txt"
expect 0 "a counter" forecast "$T/counter.txt" --counter --horizon 4 --model naive --out "$T/out.csv"
complains "its reset is counted" '1 resets? of a counter'
awk -F, 'NR == 2 { exit $3 == 10 ? 0 : 1 }' "$T/out.csv" && pass "a counter's growth" || fail "a counter's growth"

# Bad input.
: >"$T/empty.csv"
printf 'time,a\n1,2\n2,x\n' >"$T/word.csv"
printf 'time,a,b\n1,2,3\n2,3\n' >"$T/ragged.csv"
printf 'time,a\n1,NaN\n2,NA\n' >"$T/nothing.csv"
printf 'a\0b\n' >"$T/binary.csv"
refused "no horizon" forecast "$T/wide.csv"
refused "no file" forecast --horizon 24
refused "an empty file" forecast "$T/empty.csv" --horizon 24
refused "a word for a number" forecast "$T/word.csv" --horizon 24
complains "with file and line" 'word.csv:3'
refused "a row too short" forecast "$T/ragged.csv" --horizon 24
refused "nothing but missing values" forecast "$T/nothing.csv" --horizon 24
refused "a zero byte" forecast "$T/binary.csv" --horizon 24
refused "an unknown model" forecast "$T/wide.csv" --horizon 24 --model spar-lag
complains "with the nearest name" 'did you mean "spar-log"'
refused "an unknown member" forecast "$T/wide.csv" --horizon 24 --members naive,lstn
refused "periods that are none" forecast "$T/wide.csv" --horizon 24 --period 168,24
refused "an unknown series" forecast "$T/wide.csv" --horizon 24 --series q
refused "--out with --backtest" forecast "$T/wide.csv" --horizon 24 --backtest 2 --out "$T/x.csv"
expect 3 "a file that is not there" forecast "$T/none.csv" --horizon 24
exit $bad
