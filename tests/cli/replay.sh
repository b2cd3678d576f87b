#!/bin/sh
# `foreshard replay`: the fields it prints, and equal seeds making equal runs.
set -u
. tests/support/cli.sh

small "$T/small.cfg"
expect 0 "replay of a small scenario" replay "$T/small.cfg"
expect 0 "replay --json" replay "$T/small.cfg" --json
for field in policy seed requests duration_s latency_ns p50 p99 p999 slo_violation_s \
    slo_violation_node_min slo_violation_request_share bytes_moved moves nodes_mean \
    imbalance_mean digest wall_s cpu_s peak_rss_bytes; do
    says "JSON has $field" "\"$field\""
done
requests=$(member requests)
if [ "${requests:-0}" -gt 15000 ] && [ "$requests" -lt 21000 ]; then
    pass "300/s for 60 s are about 18,000 requests ($requests)"
else fail "300/s for 60 s gave '$requests' requests"; fi

for policy in static reactive nowcast predictive oracle; do
    expect 0 "replay with $policy" replay "$T/small.cfg" --set policy.name=$policy --json
    says "the result names $policy" "\"policy\": *\"$policy\""
done

digest_of() {
    "$F" replay "$@" --json >"$out" 2>"$err" </dev/null || fail "replay $*"
    member digest
}
for fidelity in request fluid; do
    first=$(digest_of "$T/small.cfg" --set sim.fidelity=$fidelity --seed 1)
    again=$(digest_of "$T/small.cfg" --set sim.fidelity=$fidelity --seed 1)
    other=$(digest_of "$T/small.cfg" --set sim.fidelity=$fidelity --seed 2)
    if [ -n "$first" ] && [ "$first" = "$again" ]; then pass "$fidelity: equal seeds, equal digests"; else
        fail "$fidelity: seed 1 gave $first and $again"; fi
    if [ "$first" != "$other" ]; then pass "$fidelity: different seeds, different digests"; else
        fail "$fidelity: seeds 1 and 2 both gave $first"; fi
done
exit $bad
