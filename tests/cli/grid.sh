#!/bin/sh
# `foreshard grid`: cells, tuning, finalists, claims, the cache that goes on where it was.
set -u
. tests/support/cli.sh

small "$T/small.cfg"
cat >"$T/grid.cfg" <<END
grid: {
    cells = "$T/small.cfg workload.span=40s experiment.evaluate_from=20s experiment.act_from=10s cluster.move_time_mean=1s|5s";
    policies = "static, reactive, crdb, predictive, oracle";
    claims = "ours against peers: small move_time_mean=1s|5s: peer: 1000x: -99%, gap: small: gap: -900%: 99999%";
    seeds = "2";
    settings = "3";
    finalists = "1";
    confirm = "10s";
};
END
expect 0 "a grid prints its report" grid "$T/grid.cfg" --work "$T/work" --out "$T/report.md"
if cmp -s "$out" "$T/report.md"; then pass "--out holds the same page"; else fail "--out differs from stdout"; fi
says "two cells" '^# 2 cells, 5 policies, 2 seeds'
says "a cell is named by its options" '^### small .*move_time_mean=5s'
says "a claim is judged" '^\| ours against peers \| 1000x \| -99% \| '
says "settings were tried before" 'policy\.reactive_high=|as the scenario has it \('
says "a part is confirmed request by request" 'node-min as expected values'
if [ "$(grep -c '(best peer)' "$out")" = 2 ]; then pass "each cell has one best peer"; else fail "best peers"; fi
if [ "$(grep -cE '^\| (reactive|crdb) .*\| 0 \|' "$out")" = 0 ]; then pass "nothing had happened before: all peers are level and play"
else fail "peers that are level"; fi
cp "$out" "$T/first"
expect 0 "again, from the cache" grid "$T/grid.cfg" --work "$T/work"
if grep -q ' 0 runs played' "$err"; then pass "nothing is played twice"; else fail "runs were played again"; fi
if cmp -s "$out" "$T/first"; then pass "the same report"; else fail "the cache changed the report"; fi
# The best settings of one seed are put to two others, and nobody else is.
seeds_of() { grep "\"policy\":\"$1\"" "$T/work/answers.jsonl" | grep -c "\"seed\":$2,"; }
if [ "$(seeds_of predictive 1000000)" = 6 ] && [ "$(seeds_of predictive 1000002)" = 6 ] &&
    [ "$(seeds_of oracle 1000001)" = 0 ]; then pass "settings are tuned under three seeds"; else fail "seeds of the tuning"; fi
# A line cut off by a crash costs that answer and no other.
lines=$(wc -l <"$T/work/answers.jsonl")
head -c -40 "$T/work/answers.jsonl" >"$T/cut" && cp "$T/cut" "$T/work/answers.jsonl"
expect 0 "after a crash" grid "$T/grid.cfg" --work "$T/work"
if grep -q "$((lines - 1)) answers were known, 1 runs played" "$err"; then pass "one run is played again"
else fail "not one run"; fi
if cmp -s "$out" "$T/first"; then pass "and the report is the same"; else fail "the report changed"; fi
expect 0 "--json" grid "$T/grid.cfg" --work "$T/work" --json
for field in claims verdict worst_cell cells stand_in policies tuned runs slo_violation_node_min; do
    says "JSON has $field" "\"$field\""
done
expect 0 "a budget that is over at once" grid "$T/grid.cfg" --work "$T/other" --budget 1us
says "says what was not begun" 'runs were not begun'
# What is shipped can be begun. (Without the data its stand-ins are: DIR is empty.)
mkdir -p "$T/none"
for shipped in headline quick taxi claims; do
    expect 0 "$shipped.cfg is read, with every scenario and claim" \
        grid "experiments/grids/$shipped.cfg" --work "$T/shipped" --data "$T/none" --budget 1us
    says "$shipped.cfg: claims stand in the report" 'RRS while acting \(shadow run\)'
done
refused "no cells" grid "$T/small.cfg"
refused "a claim that cannot be read" grid "$T/grid.cfg" --work "$T/work" --set grid.claims=nonsense
refused "a budget that is no time" grid "$T/grid.cfg" --work "$T/work" --budget soon
cat >"$T/rivals.cfg" <<END
grid: { cells = "workloads/scenarios/adversary.cfg"; policies = "reactive, slicer, crdb"; seeds = "1"; settings = "1"; finalists = "1"; };
END
expect 0 "three rivals" grid "$T/rivals.cfg" --work "$T/rivals"
if [ "$(grep -cE '^\| (reactive|crdb) \| 0 \|' "$out")" = 2 ]; then pass "one finalist, the other peers wait"
else fail "finalists"; fi
exit $bad
