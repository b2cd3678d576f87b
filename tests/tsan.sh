#!/bin/sh
# The threaded parts under ThreadSanitizer: unit tests of server, deliveries, requests and keeper, then the
# daemon on a simulated cluster while its API is read and written from several sides at once.
set -u
. tests/support/cli.sh
export TSAN_OPTIONS="exitcode=66 halt_on_error=0 ${TSAN_OPTIONS:-}"
for test in "$@"; do
    if timeout 120 "$test" >"$T/log" 2>&1; then pass "$(basename "$test")"; else fail "$(basename "$test"): $(grep -E 'SUMMARY|FAILED' "$T/log" | head -n 2)"; fi
done
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
exit $bad
