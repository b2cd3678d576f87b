#!/bin/sh
# A ceiling on what a partition holds (workloads/scenarios/size_ceiling.cfg): who knows of it cuts
# partitions before they pass it; who is not told, or looks at load alone, does not.
set -u
. tests/support/cli.sh
S=workloads/scenarios/size_ceiling.cfg
LAST="--set workload.span=100min"

over() { # policy, seed, more: partition-minutes above the ceiling, rounded down
    policy=$1
    seed=$2
    shift 2
    "$F" replay $S --policy "$policy" --seed "$seed" $LAST --json --quiet "$@" >"$out" 2>"$err" </dev/null ||
        fail "size ceiling: $policy, seed $seed"
    member size_violation_partition_min | sed 's/\..*//'
}
whole() { # a number below 2^53, without exponent
    member "$1" | awk '{ printf "%.0f", $1 }'
}

for seed in 1 2; do
    ours=$(over predictive $seed)
    peak=$(whole partition_bytes_peak)
    cuts=$(member split)
    [ "${ours:-1}" = 0 ] && [ "$peak" -le 536870912 ] && [ "$cuts" -ge 1 ] && [ "$cuts" -le 3 ] &&
        pass "predictive cuts in time, seed $seed" ||
        fail "seed $seed: predictive was $ours partition-minutes above the ceiling, at most $peak bytes, $cuts splits"
done
blind=$(over predictive 1 --set decide.size_max=0)
[ "${blind:-0}" -ge 10 ] && pass "without the option it does not" || fail "decide.size_max=0: ${blind:-?} partition-minutes"
load=$(over reactive 1)
[ "${load:-0}" -ge 10 ] && pass "who looks at load alone does not" || fail "reactive: ${load:-?} partition-minutes"

expect 0 "a run with a journal" replay $S --policy predictive $LAST --journal "$T/j.fsj" --quiet
expect 0 "its scores" journal dump "$T/j.fsj" --kind score
says "the score says which limit, when, how sure and from what" \
    'p[0-9]+ passes 512 MiB in [0-9]+ min with P [01]\.[0-9]+ \(now [0-9.]+ MiB; [0-9.]+ \+- [0-9.]+ MiB at the horizon\): split by keys \[growth\]'
expect 0 "its plans" journal dump "$T/j.fsj" --kind plan
says "the plan says why" 'split p[0-9]+ ahead of its inserts, for its size: [0-9.]+ of 537 MB'

expect 0 "partitions that are too large from the start" replay $S --policy predictive $LAST --json --quiet \
    --set cluster.partition_bytes=900MiB --set experiment.evaluate_from=5min
peak=$(whole partition_bytes_peak)
[ "$(member size_violation_partition_min)" = 0 ] && [ "$peak" -le 536870912 ] &&
    pass "are halved by their keys at once" || fail "a partition holds $peak bytes five minutes later"
[ "$(member merge)" = 0 ] && pass "and not merged again" || fail "merged and split: $(member merge)"

expect 0 "no more partitions allowed" replay $S --policy predictive $LAST --set decide.partitions_max=4 \
    --journal "$T/k.fsj" --quiet
expect 0 "its alerts" journal dump "$T/k.fsj" --kind alert
says "what cannot be cut is an alert" 'code=partition-exceeds-size .*cannot be split: there may be no more partitions'
expect 0 "a plan explained" replay $S --policy predictive $LAST --explain
says "the explanation says what for" 'split p[0-9]+, for its size'
# ... and on what a node holds: all of the growth is on one.
room() { # policy, more: node-minutes above what the node may hold, rounded down
    policy=$1
    shift
    "$F" replay $S --policy "$policy" --set cluster.node_bytes_max=900MiB --json --quiet "$@" >"$out" 2>"$err" </dev/null ||
        fail "room: $policy"
    member node_full_min | sed 's/\..*//'
}
full=$(room static)
[ "${full:-0}" -ge 5 ] && pass "a node that nobody relieves is filled" || fail "static: ${full:-?} node-minutes"
full=$(room predictive --journal "$T/r.fsj")
peak=$(whole node_bytes_peak)
[ "${full:-1}" = 0 ] && [ "$peak" -le 850000000 ] && pass "predictive makes room in time" ||
    fail "predictive: $full node-minutes, at most $peak bytes"
expect 0 "its plans" journal dump "$T/r.fsj" --kind plan
says "the plan says for what" 'move p[0-9]+ node-[0-9]+ -> node-[0-9]+.*"decide.node_fill_max" does not hold'
expect 0 "nobody makes room" replay $S --policy static --set cluster.node_bytes_max=900MiB --journal "$T/s.fsj" --quiet
expect 0 "its alerts" journal dump "$T/s.fsj" --kind alert
says "a node that will be too full is an alert" 'code=node-full .*will hold [0-9.]+ MB of 943.7 within the horizon'
refused "a ceiling that is no size" replay $S --set decide.size_max=tall
refused "a probability above one" replay $S --set decide.size_risk=120%
refused "none at all" replay $S --set decide.size_risk=0
exit $bad
