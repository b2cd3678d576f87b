#!/bin/sh
# A hot range that returns every five minutes (workloads/scenarios/hot_range_5min.cfg): after the third
# cycle, with nobody telling how long a cycle is, prediction has at most half the seconds above the SLO
# of the same planner without a forecast, and of reaction.
set -u
. tests/support/cli.sh

above() {
    "$F" replay workloads/scenarios/hot_range_5min.cfg --policy "$1" --seed "$2" --json --quiet \
        >"$out" 2>"$err" </dev/null || fail "hot_range: $1, seed $2"
    member slo_violation_s | sed 's/\..*//'
}

for seed in 1 2; do
    ours=$(above predictive $seed)
    for other in nowcast reactive; do
        theirs=$(above $other $seed)
        if [ -n "$ours" ] && [ -n "$theirs" ] && [ $((2 * ours)) -lt "$theirs" ]; then
            pass "hot range: predictive against $other, seed $seed"
        else
            fail "hot range: predictive ${ours:-?} s above the SLO, $other ${theirs:-?} s, seed $seed"
        fi
    done
done
exit $bad
