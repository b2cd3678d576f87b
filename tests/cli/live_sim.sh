#!/bin/sh
# `foreshard live` on a simulated cluster: no server is needed for it.
set -u
. tests/support/cli.sh
"$F" help live >/dev/null 2>&1 || {
    echo "SKIP foreshard live: no hiredis or SQLite"
    exit 0
}
D=live/deploy/demo.cfg
set_common="--set live.log=$T/log --set live.state=$T/s.db"
expect 0 "the daemon drives a simulated cluster to the end of its span" \
    live $D $set_common --set live.speed=800 --set live.span=20min --journal "$T/j.fsj"
grep -q '"event":"begin","text":"mode auto; driver sim"' "$T/log" && pass "it says what it drives" || fail "no begin in the log"
grep -q '"event":"move".*"state":"done"' "$T/log" && pass "it moves partitions" || fail "no move was done"
expect 0 "its journal is readable" journal digest "$T/j.fsj"
sed 's/span = "12h"/span = "2min"/; s/report_from = "5min"/report_from = "0s"/' live/deploy/demo_cluster.cfg >"$T/short.cfg"
expect 0 "the end of the workload ends it" live $D $set_common --set live.scenario="$T/short.cfg" --set live.speed=500
grep -q '"event":"workload"' "$T/log" && pass "and it says so" || fail "the end of the workload was not told"
refused "no scenario" live $D --set live.scenario=
complains "is one sentence" 'needs live.scenario'
expect 3 "a scenario that is not there" live $D $set_common --set live.scenario=nowhere.cfg
refused "a speed at which windows vanish" live $D $set_common --set live.speed=5000
refused "an unknown driver" live $D --set live.driver=postgres
exit $bad
