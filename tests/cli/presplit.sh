#!/bin/sh
# Inserts in the order of the key, up to what one node can do: cutting ahead of them must spare
# violation against cutting in the middle, planned (decide.ahead=off) or as a reaction, and the
# partition that is inserted into must never be too much for a node.
set -u
. tests/support/cli.sh

S=workloads/scenarios/insert_ceiling.cfg
J=$T/presplit.fsj
# node_min POLICY [--set ...]: violation node-minutes up to the 45th minute
node_min() {
    policy=$1
    shift
    "$F" replay $S --seed 2 --set policy.name="$policy" --set workload.span=45min "$@" --json >"$out" 2>"$err" </dev/null || {
        fail "presplit $policy $*: replay failed"
        exit 1
    }
    member slo_violation_node_min
}
# below A SHARE B: A < SHARE * B
below() { awk -v a="$1" -v share="$2" -v b="$3" 'BEGIN { exit !(a < share * b) }'; }
exceeds() { "$F" journal dump "$J" --from 16min --kind alert 2>/dev/null | grep -c partition-exceeds-node; }

ahead=$(node_min predictive --journal "$J")
reached_ahead=$(exceeds)
"$F" journal dump "$J" --kind topology >"$T/presplit.topology" 2>/dev/null
off=$(node_min predictive --set decide.ahead=off --journal "$J")
reached_off=$(exceeds)
reactive=$(node_min reactive)
far=$(node_min predictive --set forecast.horizon=12min)
far_off=$(node_min predictive --set decide.ahead=off --set forecast.horizon=12min)

if below "$ahead" 0.3 "$reactive"; then pass "cut ahead $ahead node-min, in the middle when it hurts $reactive"; else
    fail "cut ahead $ahead node-min, reactive $reactive"; fi
if below "$ahead" 0.3 "$off"; then pass "cut ahead $ahead node-min, without $off"; else
    fail "cut ahead $ahead node-min, without $off"; fi
if below "$far" 0.9 "$far_off"; then pass "also where halves are moved in time: $far node-min, without $far_off"; else
    fail "with time to move halves: cut ahead $far node-min, without $far_off"; fi
if [ "$reached_ahead" = 0 ] && [ "$reached_off" != 0 ]; then pass "the ceiling of one partition is reached only without"; else
    fail "the ceiling of one partition: $reached_ahead times with, $reached_off without"; fi
# A part that is cut off ahead, and moved to another node, all in order: at least twice.
moved=$(awk '/kind=split/ { match($0, /other=[0-9]+/); part[substr($0, RSTART + 6, RLENGTH - 6)] = 1 }
             /kind=move/ { match($0, /partition=[0-9]+/); if (substr($0, RSTART + 10, RLENGTH - 10) in part) n++ }
             END { print n + 0 }' "$T/presplit.topology")
if [ "$moved" -ge 2 ]; then pass "$moved moves of parts that were cut off"; else
    fail "only $moved moves of parts that were cut off"; fi
exit $bad
