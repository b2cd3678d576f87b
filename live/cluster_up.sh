#!/bin/sh
# A loopback Redis Cluster for demos and tests, up and agreed within a few seconds.
#
#   sh live/cluster_up.sh N [options]          N primaries that share the 16384 slots evenly
#     -r COUNT   replicas of each primary (0)        -e COUNT  more primaries, without slots (0)
#     -d FOLDER  its files (a new one under /tmp)    -p PORT   the first port (by the process id)
#     -t MS      cluster-node-timeout (2000)         -a WORD   password of the default user
#     -b PREFIX  each at an address of its own, from which it also speaks: "127.0.1" is 127.0.1.1 and on
#     -c TEXT    more lines of redis.conf, as arguments: "--appendonly yes"
#
# Prints the folder. In it: `nodes` (a line each: port pid role address, primaries first, then the empty
# ones, then replicas) and a folder a port with its log and nodes.conf. cluster_down.sh FOLDER stops
# them by their pids; cluster_restart.sh FOLDER PORT starts one again. Instances listen on 127.0.0.1 only and persist nothing.
set -eu
count=${1:-}
case $count in '' | *[!0-9]* | 0) echo "usage: sh live/cluster_up.sh N [-r COUNT] [-e COUNT] [-d FOLDER] [-p PORT] [-t MS] [-a WORD] [-b PREFIX] [-c TEXT]" >&2 && exit 2 ;; esac
shift
replicas=0 empty=0 folder='' port=$((21000 + $$ % 110 * 100)) timeout=2000 word='' more='' prefix=''
while getopts r:e:d:p:t:a:b:c: option; do
    case $option in
    r) replicas=$OPTARG ;;
    e) empty=$OPTARG ;;
    d) folder=$OPTARG ;;
    p) port=$OPTARG ;;
    t) timeout=$OPTARG ;;
    a) word=$OPTARG ;;
    b) prefix=$OPTARG ;;
    c) more=$OPTARG ;;
    *) exit 2 ;;
    esac
done
command -v redis-server >/dev/null || { echo "cluster_up: redis-server is not installed" >&2 && exit 3; }
total=$((count + empty + count * replicas))
[ "$total" -le 49 ] || { echo "cluster_up: at most 49 instances" >&2 && exit 2; }
[ -n "$folder" ] || folder=$(mktemp -d /tmp/foreshard-cluster-XXXXXX)
mkdir -p "$folder"
folder=$(cd "$folder" && pwd)
here=$(cd "$(dirname "$0")" && pwd)
: >"$folder/nodes"
printf '%s' "$word" >"$folder/password"

host() { [ -n "$prefix" ] && echo "$prefix.$(($1 - port + 1))" || echo 127.0.0.1; } # PORT
ask() { # PORT COMMAND...
    at=$1
    shift
    redis-cli ${word:+--no-auth-warning -a "$word"} -h "$(host "$at")" -p "$at" "$@"
}
fail() {
    echo "cluster_up: $*" >&2
    sh "$here/cluster_down.sh" "$folder" >/dev/null 2>&1 || :
    exit 3
}

# Somebody else's server would answer in the place of ours, and two clusters would become one.
i=0
while [ $i -lt $total ]; do
    for at in $((port + i)) $((port + i + 50)); do
        ! redis-cli -h "$(host $((port + i)))" -p "$at" ping >/dev/null 2>&1 || fail "port $at is taken"
    done
    i=$((i + 1))
done

i=0
while [ $i -lt $total ]; do
    at=$((port + i))
    role=primary
    [ $i -lt "$count" ] || role=empty
    [ $i -lt $((count + empty)) ] || role=replica
    mkdir -p "$folder/$at"
    cat >"$folder/$at/redis.conf" <<END
port $at
cluster-port $((at + 50))
bind $(host $at)
cluster-enabled yes
cluster-node-timeout $timeout
save ""
appendonly no
repl-diskless-sync-delay 0
END
    # Redis takes only 127.0.0.1 for a friend.
    [ -z "$prefix" ] || printf 'bind-source-addr %s\ncluster-announce-ip %s\nprotected-mode no\n' "$(host $at)" "$(host $at)" >>"$folder/$at/redis.conf"
    [ -z "$word" ] || printf 'requirepass "%s"\nmasterauth "%s"\n' "$word" "$word" >>"$folder/$at/redis.conf"
    printf '%s' "$more" >"$folder/$at/more"
    echo "$at 0 $role $(host $at)" >>"$folder/nodes"
    sh "$here/cluster_restart.sh" "$folder" "$at" >/dev/null
    i=$((i + 1))
done

# wait_for SECONDS COMMAND...: until the command succeeds.
wait_for() {
    left=$(($1 * 20))
    shift
    until "$@" >/dev/null 2>&1; do
        left=$((left - 1))
        [ $left -gt 0 ] || return 1
        sleep 0.05
    done
}
answers() { [ "$(ask "$1" ping)" = PONG ]; }
# One that found its port taken has ended, and has no command line any more even if nobody noticed.
runs() { tr '\0' ' ' 2>/dev/null <"/proc/$(sed -n "s/^$1 \([0-9]*\) .*/\1/p" "$folder/nodes")/cmdline" | grep -q redis-server; }
knows_all() { ask "$1" cluster info | grep -q "cluster_known_nodes:$total"; }
agrees() {
    ask "$1" cluster info | tr -d '\r' | grep -q '^cluster_state:ok' || return 1
    [ "$(ask "$1" cluster nodes | grep -c -E 'handshake|noaddr|fail')" = 0 ] || return 1
    [ "$(ask "$1" cluster nodes | grep -c slave)" = $((count * replicas)) ]
}
synced() { ask "$1" info replication | grep -q 'master_link_status:up'; }

i=0
while [ $i -lt $total ]; do
    wait_for 10 answers $((port + i)) || fail "no answer from port $((port + i)); see $folder/$((port + i))/log"
    runs $((port + i)) || fail "port $((port + i)) was taken at the same time; see its log"
    [ $i -ge $((count + empty)) ] || ask $((port + i)) cluster set-config-epoch $((i + 1)) >/dev/null
    [ $i = 0 ] || ask $((port + i)) cluster meet "$(host "$port")" "$port" $((port + 50)) >/dev/null
    i=$((i + 1))
done
i=0
while [ $i -lt "$count" ]; do
    ask $((port + i)) cluster addslotsrange $((16384 * i / count)) $((16384 * (i + 1) / count - 1)) >/dev/null
    i=$((i + 1))
done
i=0
while [ $i -lt $total ]; do
    wait_for 15 knows_all $((port + i)) || fail "port $((port + i)) does not know all $total nodes"
    i=$((i + 1))
done
i=$((count + empty))
while [ $i -lt $total ]; do
    id=$(ask $((port + (i - count - empty) % count)) cluster myid)
    wait_for 5 ask $((port + i)) -e cluster replicate "$id" || fail "port $((port + i)) does not replicate"
    i=$((i + 1))
done
i=0
while [ $i -lt $total ]; do
    wait_for 20 agrees $((port + i)) || fail "port $((port + i)) does not see a healthy cluster"
    [ $i -lt $((count + empty)) ] || wait_for 20 synced $((port + i)) || fail "replica $((port + i)) is not in sync"
    i=$((i + 1))
done
echo "$folder"
