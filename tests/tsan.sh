#!/bin/sh
# What has threads under ThreadSanitizer: the tests named, a forecast on two threads, then the daemon on a
# simulated cluster while its API is read and written from several sides at once, by the dashboard too.
set -u
. tests/support/cli.sh
export TSAN_OPTIONS="exitcode=66 halt_on_error=0 suppressions=tests/tsan.supp ${TSAN_OPTIONS:-}"
V=${BUILD:-build/tsan}/foreshard-viz
unset DISPLAY WAYLAND_DISPLAY SDL_VIDEODRIVER
# Races are what is looked for: on a starved machine a test may miss a time it has set, and is tried once more
# where the sanitizer has said nothing.
races() { grep -q 'WARNING: ThreadSanitizer' "$T/log"; }
for test in "$@"; do
    name=$(basename "$test") err=$T/log
    if timeout 180 "$test" >"$T/log" 2>&1 || { ! races && timeout 180 "$test" >"$T/log" 2>&1; }; then
        pass "$name"
    else
        cp "$T/log" "${BUILD:-build}/tsan.$name.log"
        fail "$name: $(grep -E 'SUMMARY|FAILED' "$T/log" | head -n 2)"
    fi
done
awk 'BEGIN { print "time,a,b,c"; for (i = 0; i < 400; i++)
    printf "%d,%.2f,%.2f,%.2f\n", 1483228800 + 3600 * i, 100 + 40 * sin(i / 3.8), 50 + i % 24, 7 + i % 5 }' >"$T/series.csv"
expect 0 "a forecast on two threads" forecast "$T/series.csv" --horizon 24 --jobs 2 --members naive,seasonal-naive,ses,ar --out "$T/out.csv"
command -v curl >/dev/null 2>&1 || {
    echo "SKIP the daemon under load: no curl"
    exit $bad
}
echo 0123456789abcdef0123456789abcdef >"$T/token"
"$F" live live/deploy/demo.cfg --set live.state="$T/s.db" --set live.log="$T/log" --set live.speed=60 --set live.span=10min \
    --set api.listen=:0 --set api.rate=10000 --set api.write_rate=1000 --set api.token_file="$T/token" \
    --set notify.webhook=http://127.0.0.1:9/ --tape "$T/tape" --journal "$T/j.fsj" 2>"$T/stderr" &
pid=$!
for i in $(seq 300); do
    U=$(sed -n 's/.*"event":"api","text":"\([^"]*\)".*/\1/p' "$T/log" 2>/dev/null | tail -n 1)
    [ -n "$U" ] && curl -sf "$U/readyz" >/dev/null 2>&1 && break
    sleep 0.1
done
trap 'kill $pid 2>/dev/null; rm -rf "$T"' EXIT
readers=
for page in status partitions plans settings migrations metrics recommendations events; do
    path=/v1/$page
    [ $page = metrics ] && path=/metrics
    (while curl -s -m 2 -o /dev/null "$U$path"; [ $? != 7 ]; do :; done) & # 7: nobody is there any more
    readers="$readers $!"
done
if [ -x "$V" ]; then
    (while "$V" --shot end "$T/v.csv" "$U" >/dev/null 2>>"$T/viz"; do :; done) & # 3: nobody is there any more
    readers="$readers $!"
fi
for i in $(seq 8); do
    for value in reactive predictive; do
        curl -s -m 5 -X PUT -H "Authorization: Bearer $(cat "$T/token")" -H 'Content-Type: application/json' \
            -d "{\"value\":\"$value\"}" -o /dev/null "$U/v1/settings/strategy"
    done
    curl -s -m 5 -X POST -H "Authorization: Bearer $(cat "$T/token")" -H 'Content-Type: application/json' \
        -d '{}' -o /dev/null "$U/v1/reshard"
done
kill $pid 2>/dev/null # its span may be over
wait $pid
code=$?
for reader in $readers; do wait "$reader"; done
if grep -q 'WARNING: ThreadSanitizer' "$T/stderr" || [ $code != 0 ]; then
    err=$T/stderr
    fail "the daemon under load: exit $code: $(grep -m 3 -E 'SUMMARY|WARNING' "$T/stderr")"
    cp "$T/stderr" "${BUILD:-build}/tsan.log"
else
    pass "the daemon under load"
fi
if [ -x "$V" ] && grep -q 'WARNING: ThreadSanitizer' "$T/viz"; then
    cp "$T/viz" "${BUILD:-build}/tsan.viz.log"
    fail "a dashboard that follows it: $(grep -m 3 -E 'SUMMARY' "$T/viz")"
elif [ -x "$V" ]; then
    pass "a dashboard that follows it"
fi
exit $bad
