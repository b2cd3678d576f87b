#!/bin/sh
# Starts one instance of a cluster made by cluster_up.sh (again) and writes down its new pid.
#   sh live/cluster_restart.sh FOLDER PORT      prints the pid
set -eu
folder=${1:?usage: sh live/cluster_restart.sh FOLDER PORT} port=${2:?a port}
cd "$folder/$port"
# shellcheck disable=SC2046 # arguments
redis-server redis.conf $(cat more) >>log 2>&1 &
pid=$!
sed -i "s/^$port [0-9]* /$port $pid /" "$folder/nodes"
echo "$pid"
