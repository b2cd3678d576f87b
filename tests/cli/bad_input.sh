#!/bin/sh
# Bad input: one clear sentence, exit 2, nothing half-written.
set -u
. tests/support/cli.sh

small "$T/small.cfg"
J=$T/never.fsj

# scenarios that cannot be
refused "more replicas than nodes" replay "$T/small.cfg" --set cluster.replicas=5 --journal "$J"
refused "a rate of zero" replay "$T/small.cfg" --set workload.rate=0 --journal "$J"
refused "10^9 partitions" replay "$T/small.cfg" --set cluster.partitions=1000000000 --journal "$J"
complains "says how many are possible" 'at most'
refused "a policy that does not exist" replay "$T/small.cfg" --set policy.name=prophet --journal "$J"
complains "names a policy" 'policy'
refused "a pin to an unknown node" replay "$T/small.cfg" --set 'placement.pin=keys -> node-11' --journal "$J"
complains "names a node that is" 'did you mean "node-01"'
refused "rules that contradict each other" replay "$T/small.cfg" --set 'placement.pin=keys -> node-01, p3 -> zone-0' --set 'placement.forbidden=node-01' --journal "$J"
complains "names the smallest conflicting set" 'hold on 4 nodes .*: pin "keys -> node-01", forbidden "node-01"$'
refused "more replicas than zones" replay "$T/small.cfg" --set cluster.zones=2 --set cluster.replicas=3 --set placement.replicas_apart=zone --journal "$J"
complains "names the rule" 'replicas_apart "zone"'
refused "a schedule that leaves no time" replay "$T/small.cfg" --set 'planner.quiet=mon-sat 00:00-24:00; sun 00:00-24:00' --journal "$J"
complains "says so" 'leaves no time in the week'
refused "a time that is none" replay "$T/small.cfg" --set 'planner.finish_before=2026-02-30' --journal "$J"
refused "a threshold above one" replay "$T/small.cfg" --set 'decide.thresholds=keys:3=1.5' --journal "$J"
complains "says what a threshold is" 'from 0 .always. to 1 .never.'
refused "a threshold of what is not there" replay "$T/small.cfg" --set 'decide.thresholds=kyes=0.5' --journal "$J"
complains "names the nearest" 'did you mean "keys"'
refused "rules in a scenario that is only shown" config "$T/small.cfg" --set 'placement.apart=p1 <> p1'
refused "an unknown option" replay "$T/small.cfg" --set cluster.nodse=4 --journal "$J"
complains "has a nearest name" 'did you mean'
refused "a column without a width" replay "$T/small.cfg" --set workload.row_columns=id --journal "$J"
complains "shows how to write one" 'photo=4KiB'
refused "queries for a column that is not there" replay "$T/small.cfg" --set workload.row_columns=id=8 --set 'workload.row_sets=50% nmae' --journal "$J"
complains "names it" 'nmae'
refused "a price on bytes of rows without columns" replay "$T/small.cfg" --set sim.byte_cost=50% --journal "$J"
refused "stalls without a length" replay "$T/small.cfg" --set sim.stall_every=1s --journal "$J"
refused "stalls of rates" replay "$T/small.cfg" --set sim.stall_every=1s --set sim.stall_mean=1ms --set sim.fidelity=fluid --journal "$J"
refused "rows of rates" replay "$T/small.cfg" --set cluster.insert_bytes=1KiB --set sim.fidelity=fluid --journal "$J"
refused "rows in no order" replay "$T/small.cfg" --set cluster.insert_bytes=1KiB --set cluster.placement=slot --journal "$J"
refused "a node that always stalls" replay "$T/small.cfg" --set sim.stall_every=1ms --set sim.stall_mean=1ms --journal "$J"
refused "a quantity without sense" replay "$T/small.cfg" --set sim.service_mean=fast --journal "$J"
refused "a negative time" replay "$T/small.cfg" --set workload.span=-5s --journal "$J"
head -c 4096 "$F" >"$T/binary.cfg"
refused "a program as a scenario" replay "$T/binary.cfg" --journal "$J"

# traces that are not what they say
printf 't,key,op,size,client\n0,1,R,10,1\n5,2,R,10,1\n3,3,R,10,1\n' >"$T/back.csv"
refused "time going backwards" replay "$T/back.csv" --journal "$J"
complains "names the line" 'back\.csv:4'
printf 't,key,op,size,client\n0,1,R\n' >"$T/short.csv"
refused "a line with missing fields" replay "$T/short.csv" --journal "$J"
complains "names the line" 'short\.csv:2'
printf 't,key,op,size,client\nnoon,1,R,10,1\n' >"$T/noon.csv"
refused "a time that is none" replay "$T/noon.csv" --journal "$J"
complains "names the line and the word" 'noon\.csv:2.*noon'
: >"$T/empty.csv"
refused "an empty trace" replay "$T/empty.csv" --journal "$J"
printf 't,key,op,size,client\n' >"$T/header.csv"
refused "a trace without a request" replay "$T/header.csv" --journal "$J"
head -c 29 /dev/zero >"$T/cut.oracleGeneral.bin"
refused "a truncated binary trace" replay "$T/cut.oracleGeneral.bin" --set workload.format=oracleGeneral --journal "$J"
complains "names the record" 'record 2'
refused "a format that does not exist" replay "$T/header.csv" --set workload.format=parquet --journal "$J"
if command -v zstd >/dev/null 2>&1; then
    awk 'BEGIN { print "t,key,op,size,client"; for (i = 0; i < 20000; i++) print i / 100 "," i * 7919 % 1000 ",R,10,1" }' |
        zstd -q -o "$T/good.csv.zst"
    size=$(wc -c <"$T/good.csv.zst")
    head -c $((size / 2)) "$T/good.csv.zst" >"$T/cut.csv.zst"
    refused "a truncated compressed trace" replay "$T/cut.csv.zst" --journal "$J"
    { head -c $((size / 2)) "$T/good.csv.zst" && printf 'garbage!' && tail -c +$((size / 2 + 9)) "$T/good.csv.zst"; } >"$T/corrupt.csv.zst"
    refused "a corrupt compressed trace" replay "$T/corrupt.csv.zst" --journal "$J"
else
    echo "SKIP compressed traces: no zstd"
fi

# files that cannot be written or read
expect 3 "a scenario that is not there" replay "$T/none.cfg" --journal "$J"
expect 3 "a journal where no folder is" replay "$T/small.cfg" --journal "$T/no/such/folder.fsj"

if ls "$T"/never* >/dev/null 2>&1; then fail "something half-written was left: $(ls "$T"/never*)"; else
    pass "nothing half-written is left"; fi
exit $bad
