#!/bin/sh
# A run of `foreshard live` is recorded at the driver's door; the engine run again on the tape puts
# out the same events, bit for bit, and one that would decide otherwise says where.
set -u
. tests/support/cli.sh
"$F" help live >/dev/null 2>&1 || {
    echo "SKIP retrace: built without the live room"
    exit 0
}
cat >"$T/c.cfg" <<END
live: { driver = "sim"; scenario = "workloads/scenarios/flash_crowd.cfg"; speed = 900.0; mode = "auto";
        state = "$T/s.db"; log = "$T/log"; kill_file = ""; warmup = "10min"; span = "35min"; };
api: { listen = ""; };
observe: { window = "10s"; };
policy: { name = "reactive"; reactive_high = "60%"; reactive_low = "50%"; };
END
"$F" live "$T/c.cfg" --tape "$T/run.tape" --journal "$T/run.fsj" 2>"$T/err" || fail "the run: $(cat "$T/err")"
"$F" live "$T/c.cfg" --retrace "$T/run.tape" --journal "$T/again.fsj" >"$T/out" 2>&1 || fail "retrace: $(cat "$T/out")"
a=$("$F" journal digest "$T/run.fsj" | cut -d' ' -f1)
b=$("$F" journal digest "$T/again.fsj" | cut -d' ' -f1)
if [ -n "$a" ] && [ "$a" = "$b" ] && grep -q "digest $a" "$T/out"; then
    pass "a live run's events come out again, bit for bit"
else
    fail "digests $a and $b; $(cat "$T/out")"
fi
if grep -qE '[1-9][0-9]* plans, [1-9][0-9]* moves' "$T/out"; then
    pass "the run that was retraced had moves"
else
    fail "nothing was moved: $(cat "$T/out")"
fi
"$F" live "$T/c.cfg" --retrace "$T/run.tape" --set policy.reactive_high=95% >"$T/out" 2>&1
code=$?
if [ $code = 1 ] && grep -q 'other decisions' "$T/out"; then
    pass "other decisions are noticed"
else
    fail "exit $code: $(cat "$T/out")"
fi
head -c 3000 "$T/run.tape" >"$T/cut.tape"
"$F" live "$T/c.cfg" --retrace "$T/cut.tape" >"$T/out" 2>&1 && pass "what was cut off is the end" || fail "a cut tape: $(cat "$T/out")"
printf 'x' | dd of="$T/run.tape" bs=1 seek=2000 conv=notrunc 2>/dev/null
"$F" live "$T/c.cfg" --retrace "$T/run.tape" >"$T/out" 2>&1
code=$?
if [ $code = 2 ] && grep -q damaged "$T/out"; then pass "damage is refused"; else fail "damage: exit $code: $(cat "$T/out")"; fi

# ---- a run with an operator at its API
command -v curl >/dev/null 2>&1 || {
    echo "SKIP orders on a tape: no curl"
    exit $bad
}
echo 0123456789abcdef0123456789abcdef >"$T/token"
"$F" live live/deploy/demo.cfg --set live.state="$T/o.db" --set live.log="$T/olog" --set live.speed=120 --set live.warmup=20s \
    --set api.listen=:0 --set api.write_rate=1000 --set api.token_file="$T/token" --tape "$T/o.tape" --journal "$T/o.fsj" 2>"$T/err" &
pid=$!
trap 'kill $pid 2>/dev/null; wait $pid; rm -rf "$T"' EXIT
for i in $(seq 100); do
    U=$(sed -n 's/.*"event":"api","text":"\([^"]*\)".*/\1/p' "$T/olog" 2>/dev/null | tail -n 1)
    [ -n "$U" ] && curl -sf "$U/readyz" >/dev/null 2>&1 && break
    sleep 0.1
done
ask() { # METHOD PATH [BODY]
    curl -s -m 10 -X "$1" -H "Authorization: Bearer $(cat "$T/token")" -H 'Content-Type: application/json' ${3:+-d "$3"} "$U$2"
}
set_to() { ask PUT "/v1/settings/$1" "{\"value\":\"$2\"}" >"$T/set"; }
set_to strategy reactive
grep -q '"in_force":"from the next step on"' "$T/set" && pass "another strategy needs no restart" || fail "strategy: $(cat "$T/set")"
set_to hints 'keys daily 02:00..02:30 x3'
set_to thresholds '*=0.05'
set_to mode propose
sleep 0.3
plan=$(ask POST /v1/plans '{}' | sed -n 's/.*"id":\([0-9]*\),"status":"dry-run".*/\1/p')
ask POST "/v1/plans/$plan/approve" '{}' >"$T/approved"
plan=$(ask POST /v1/plans '{}' | sed -n 's/.*"id":\([0-9]*\),"status":"dry-run".*/\1/p')
ask POST "/v1/plans/$plan/cancel" >"$T/cancelled"
for target in 00 01 02 03 04 05 06 07; do ask POST /v1/reshard "{\"partition\":7,\"target\":\"node-$target\"}" >"$T/by_hand"; done
set_to strategy predictive
set_to mode auto
sleep 1
kill $pid
wait $pid
trap 'rm -rf "$T"' EXIT
"$F" live live/deploy/demo.cfg --retrace "$T/o.tape" --journal "$T/o2.fsj" >"$T/out" 2>&1 || fail "retrace: $(cat "$T/out")"
a=$("$F" journal digest "$T/o.fsj" | cut -d' ' -f1)
b=$("$F" journal digest "$T/o2.fsj" | cut -d' ' -f1)
if [ -n "$a" ] && [ "$a" = "$b" ] && grep -qE ' (1[0-9]|2[0-9]) orders' "$T/out"; then
    pass "so do those of a run with orders through the API"
else
    fail "digests $a and $b; $(cat "$T/out")"
fi
"$F" journal dump "$T/o2.fsj" --kind order >"$T/orders" 2>&1
for said in 'strategy: .*reactive' 'approved, by' 'rejected, by' 'mode: .*propose' 'resharding asked for, by'; do
    grep -q "$said" "$T/orders" || fail "the journal does not say: $said; $(head -n 5 "$T/orders")"
done
exit $bad
