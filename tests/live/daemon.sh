#!/bin/sh
# `foreshard live` on a real cluster under a load on a few slots of one shard: it only looks unless
# told otherwise, says what it would do, does it, rests when told to, and leaves data as it was.
set -u
. tests/support/cli.sh
"$F" help live >/dev/null 2>&1 && command -v redis-benchmark >/dev/null || {
    echo "SKIP foreshard live: no hiredis, SQLite or redis-server"
    exit 0
}
under=/tmp
[ -w /dev/shm ] && under=/dev/shm
C=$under/foreshard-daemon-$$
loads=
stop_all() {
    for pid in $loads; do kill "$pid" 2>/dev/null; done
    sh live/cluster_down.sh "$C" 2>/dev/null
    rm -rf "$T"
}
trap stop_all EXIT
trap 'exit 1' INT TERM
sh live/cluster_up.sh 3 -d "$C" >/dev/null || { echo "FAIL no cluster" && exit 1; }
port=$(head -n 1 "$C/nodes" | cut -d' ' -f1)
ask() { redis-cli -c -p "$port" "$@"; }

# Four slots of the first shard get all the load: tags whose slots lie far apart.
n=0 tags=
for tag in $(seq 1 400); do
    slot=$(ask cluster keyslot "{$tag}x")
    if [ "$slot" -ge $((n * 1300)) ] && [ "$slot" -lt $((n * 1300 + 600)) ] && [ $n -lt 4 ]; then
        tags="$tags $tag" n=$((n + 1))
    fi
done
for tag in $tags; do
    for i in 1 2 3 4 5 6 7 8 9; do ask set "{$tag}k$i" "$tag-$i" >/dev/null; done
    redis-benchmark -p "$port" -c 1 -P 16 -n 1000000000 -q SET "{$tag}x" v >/dev/null 2>&1 &
    loads="$loads $!"
done
intact() {
    for tag in $tags; do
        for i in 1 2 3 4 5 6 7 8 9; do
            [ "$(ask get "{$tag}k$i")" = "$tag-$i" ] || return 1
        done
    done
}
slots_of_first() { redis-cli -p "$port" cluster nodes | awk '/myself/ { n = 0
    for (i = 9; i <= NF; i++) { split($i, r, "-"); n += (r[2] == "" ? 1 : r[2] - r[1] + 1) } print n }'; }

conf() { # MODE SPAN
    cat >"$T/c.cfg" <<END
live: { nodes = ["127.0.0.1:$port"]; mode = "$1"; span = "$2"; state = "$T/s.db"; log = "$T/log";
        kill_file = "$T/stop"; replicas = "false"; warmup = "2s"; partitions = "64"; slo = "100ms"; };
decide: { plan_every = "1s"; };
act: { watch = "2s"; };
policy: { name = "reactive"; reactive_high = "5%"; reactive_low = "5%"; reactive_cooldown = "1min"; };
END
    rm -f "$T/log"
}
logged() { if grep -qE "$2" "$T/log"; then pass "$1"; else fail "$1: no $2 in the log" && tail -n 3 "$T/log" | cut -c 1-200; fi; }
unlogged() { if grep -qE "$2" "$T/log"; then fail "$1: $2 in the log"; else pass "$1"; fi; }

# Somebody was killed in the middle of a hand-over of slot 5000.
other=$(sed -n 2p "$C/nodes" | cut -d' ' -f1)
mine=$(redis-cli -p "$port" cluster myid) its=$(redis-cli -p "$other" cluster myid)
redis-cli -p "$other" cluster setslot 5000 importing "$mine" >/dev/null
redis-cli -p "$port" cluster setslot 5000 migrating "$its" >/dev/null
half_open() { redis-cli -p "$port" cluster nodes | grep -q '\[5000->-'; }

conf observe 6s
expect 0 "it observes" live "$T/c.cfg"
logged "and says so" '"text":"mode observe'
unlogged "observing plans nothing" '"event":"(plan|proposal|move)"'
logged "it reports what others left half done" '"event":"open-slot".*slot 5000'
half_open && pass "and leaves it alone" || fail "somebody else's slot was touched"
expect 2 "observing it takes nothing over" live "$T/c.cfg" --adopt
complains "and says what that needs" 'needs live.mode = "auto"'
conf auto 2s
: >"$T/stop"
expect 0 "in auto mode it runs beside it" live "$T/c.cfg"
half_open && pass "and still leaves it alone" || fail "somebody else's slot was touched"
expect 0 "with --adopt it runs" live "$T/c.cfg" --adopt
logged "and has taken it over" '"event":"settled"'
rm "$T/stop"
half_open && fail "slot 5000 is still half open" || pass "slot 5000 is whole again"
[ "$(slots_of_first)" = 5460 ] && pass "and where it was going" || fail "slot 5000 went elsewhere"
redis-cli -p "$port" cluster setslot 5000 importing "$its" >/dev/null # and back, for what follows
redis-cli -p "$other" cluster setslot 5000 migrating "$mine" >/dev/null
redis-cli -p "$port" cluster setslot 5000 node "$mine" >/dev/null
redis-cli -p "$other" cluster setslot 5000 node "$mine" >/dev/null

conf propose 8s
expect 0 "it proposes" live "$T/c.cfg" --journal "$T/p.fsj"
logged "what it would do" '"event":"proposal"'
unlogged "proposing moves nothing" '"event":"(plan|move)"'
[ "$(slots_of_first)" = 5461 ] && pass "no slot has moved" || fail "slots have moved"
expect 0 "its journal is readable" journal digest "$T/p.fsj"

conf auto 8s
: >"$T/stop"
expect 0 "with the kill file it runs" live "$T/c.cfg"
logged "and is held" '"event":"held"'
unlogged "and moves nothing" '"event":"(plan|move)"'
rm "$T/stop"

conf auto 20s
"$F" live "$T/c.cfg" 2>"$err" &
daemon=$!
sleep 3
expect 3 "a second one is kept out" live "$T/c.cfg"
complains "and told who holds the lease" 'another mover holds it'
wait "$daemon" && pass "in auto mode it runs to its end" || fail "the daemon failed"
logged "it moves" '"state":"cut-over".*digests equal'
logged "and sweeps" '"state":"watch"'
[ "$(slots_of_first)" -lt 5461 ] && pass "slots have left the hot shard" || fail "no slot has moved"
intact && pass "every key is as it was" || fail "keys are lost or changed"
ask cluster nodes | grep -q -e '->-' -e '-<-' && fail "a slot was left open" || pass "no slot is open"
conf observe 5s
expect 0 "it starts again" live "$T/c.cfg"
logged "and goes on with what it had learned" '"event":"learned","text":"history and forecasts go on'
cp "$T/s.db.learned" "$T/whole"
head -c 3000 "$T/whole" >"$T/s.db.learned"
conf observe 3s
expect 0 "a file cut short does not stop it" live "$T/c.cfg"
logged "it is told, and begun anew" '"level":"warning","event":"learned".*beginning anew'
cp "$T/whole" "$T/s.db.learned"
conf observe 3s
expect 0 "other windows do not stop it either" live "$T/c.cfg" --set observe.window=2s --set observe.mid_step=60s
logged "and are told" '"event":"learned".*windows of 1s; beginning anew'
grep -qE 'k[1-9]"|[0-9]+-[1-9]"' "$T/log" && fail "the log names keys or values" || pass "the log names no key and no value"
exit $bad
