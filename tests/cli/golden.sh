#!/bin/sh
# Golden digests: the runs of tests/golden/digests.txt still make the same journal, event by event.
# Lines: SCENARIO POLICY SEED SPAN DIGEST. On a mismatch the new value is printed, ready to paste.
# Forecasts are SPAR's: the last bits of the LSTM depend on the kernel that BLAS picks for a processor.
set -u
. tests/support/cli.sh

libc=$(getconf GNU_LIBC_VERSION 2>/dev/null)
arch=$(uname -m)
if [ "$libc $arch" != "glibc 2.36 x86_64" ]; then
    echo "SKIP golden digests: they hold for glibc 2.36 on x86_64, this is $libc on $arch"
    exit 0
fi
if ! grep -qw fma /proc/cpuinfo 2>/dev/null; then
    echo "SKIP golden digests: glibc's exp and log differ in the last bit without FMA instructions"
    exit 0
fi
count=0
while read -r scenario policy seed span digest; do
    case $scenario in '' | '#'*) continue ;; esac
    count=$((count + 1))
    "$F" replay "workloads/scenarios/$scenario.cfg" --seed "$seed" --set policy.name="$policy" --set forecast.model=mean-spar \
        --set workload.span="$span" --json >"$out" 2>"$err" </dev/null || {
        fail "golden $scenario $policy $seed: replay failed"
        continue
    }
    now=$(member digest)
    if [ "$now" = "$digest" ]; then pass "golden $scenario $policy seed $seed"; else
        fail "golden: the line is now"
        echo "    $scenario $policy $seed $span $now"
    fi
done <tests/golden/digests.txt
[ $count -gt 0 ] || echo "SKIP golden digests: none are recorded"
exit $bad
