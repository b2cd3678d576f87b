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
exit $bad
