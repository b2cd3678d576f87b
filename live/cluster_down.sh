#!/bin/sh
# Stops the instances that cluster_up.sh started, by the pids it wrote down, and removes the folder.
#   sh live/cluster_down.sh FOLDER [keep]     keep: the files stay, for a look at the logs
set -eu
folder=${1:?usage: sh live/cluster_down.sh FOLDER [keep]}
[ -f "$folder/nodes" ] || { echo "cluster_down: $folder holds no cluster" >&2 && exit 2; }
# A pid may have been given to somebody else since: only a redis-server on that port is ours.
ours() { [ -r "/proc/$2/cmdline" ] && tr '\0' ' ' 2>/dev/null <"/proc/$2/cmdline" | grep -q "redis-server.*:$1"; }
while read -r port pid role; do
    ! ours "$port" "$pid" || kill -KILL "$pid" 2>/dev/null || :
done <"$folder/nodes"
while read -r port pid role; do
    left=100
    while ours "$port" "$pid" && [ $left -gt 0 ]; do
        sleep 0.02
        left=$((left - 1))
    done
done <"$folder/nodes"
[ "${2:-}" = keep ] || rm -rf "$folder"
