#!/bin/sh
# Fluid mode draws minutes above the SLO about as often as they come request by request, also where
# they are rare: steady load on 16 nodes of four cores, ten hours.
set -u
. tests/support/cli.sh

minutes() { # PEAK MODE
    "$F" replay workloads/scenarios/steady.cfg --policy static --set workload.span=10h --set cluster.nodes=16 --set cluster.cores=4 \
        --set cluster.partitions=640 --set observe.window=1min --set observe.mid_step=1min --set forecast.refresh_every=5min \
        --set forecast.origin_every=5min --set decide.plan_every=5min --set cluster.peak_utilization="$1" --set sim.fidelity="$2" --json \
        >"$out" 2>"$err" </dev/null && member slo_violation_node_min
}

for peak in 76% 82%; do
    fluid=$(minutes $peak fluid)
    request=$(minutes $peak request)
    if [ -n "$fluid" ] && [ -n "$request" ] &&
        awk -v f="$fluid" -v r="$request" 'BEGIN { exit !(r > 40 && f > 0.65 * r && f < 1.5 * r) }'; then
        pass "rare minutes at $peak: $fluid in fluid mode, $request request by request"
    else
        fail "rare minutes at $peak: '$fluid' in fluid mode, '$request' request by request"
    fi
done
exit $bad
