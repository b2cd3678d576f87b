#!/bin/sh
# `foreshard compare`: the table, the JSON, paired seeds, tuning.
set -u
. tests/support/cli.sh

small "$T/small.cfg"
expect 0 "compare prints a table" compare "$T/small.cfg" --policies static,reactive,oracle --seeds 2
for policy in static reactive oracle; do
    says "the table has $policy" "^  $policy "
done
expect 0 "compare --json" compare "$T/small.cfg" --policies static,reactive,oracle --seeds 3 --json \
    --out "$T/out.json"
if cmp -s "$out" "$T/out.json"; then pass "--out holds the same JSON"; else fail "--out differs from stdout"; fi
for field in scenario label policies vs_reactive regret_to_oracle gap_closed runs ci95 mean \
    slo_violation_s slo_violation_node_min slo_violation_request_share bytes_moved nodes_mean \
    imbalance_mean latency_ns moves digest wall_s cpu_s peak_rss_bytes; do
    says "JSON has $field" "\"$field\":"
done
if [ "$(grep -c '"digest":' "$out")" = 9 ]; then pass "every run of 3 policies x 3 seeds is kept"; else
    fail "$(grep -c '"digest":' "$out") runs, not 9"; fi
# Brackets balance and every string closes: a small check that needs no JSON parser.
if awk '{ gsub(/\\./, ""); gsub(/"[^"]*"/, ""); if (/"/) bad = 1
          o += gsub(/[{[]/, ""); c += gsub(/[]}]/, "") } END { exit bad || o != c || o == 0 }' "$out"; then
    pass "the JSON balances"
else fail "the JSON does not balance"; fi

cp "$out" "$T/first"
expect 0 "compare again, one job at a time" compare "$T/small.cfg" --policies static,reactive,oracle \
    --seeds 3 --json --jobs 1
says "what nobody could have avoided is there" '"whole_partitions_node_min"'
grep '"digest":' "$T/first" >"$T/a"
grep '"digest":' "$out" >"$T/b"
if cmp -s "$T/a" "$T/b"; then pass "the same runs whatever the number of jobs"; else fail "jobs changed the runs"; fi

expect 0 "compare tunes reactive" compare "$T/small.cfg" --policies reactive --seeds 1 \
    --set workload.span=40s --set experiment.evaluate_from=20s --set experiment.act_from=10s \
    --set experiment.tune=reactive
says "and says how" 'reactive tuned: .*best of 2[0-9]'
refused "tuning without a past is refused" compare "$T/small.cfg" --policies reactive --seeds 1 \
    --set experiment.tune=reactive
refused "an unknown policy is refused" compare "$T/small.cfg" --policies static,reactiv
complains "and the nearest one is named" 'did you mean reactive'
refused "no policy at all is refused" compare "$T/small.cfg" --policies ''
refused "bad input is said once, not once a run" compare "$T/small.cfg" --set cluster.replicas=7 --seeds 4
refused "--out with a bad scenario" compare "$T/small.cfg" --set cluster.nodes=x --out "$T/never.json"
if ls "$T"/never* >/dev/null 2>&1; then fail "a refused compare left a file"; else pass "a refused compare leaves no file"; fi
exit $bad
