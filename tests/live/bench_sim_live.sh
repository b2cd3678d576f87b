#!/bin/sh
# How far the simulator is from a real cluster on this machine: calibrated once, then asked about
# workloads the calibration has not seen (other rates, skews, mixes, sizes of values, and moves under way).
#
#   [SPAN=60s] [ONLY="large many"] sh tests/live/bench_sim_live.sh [--realtime]
#
# Prints `compare --sim-vs-live` for each and, at the end, how many errors are within their bounds.
set -u
F=${BUILD:-build/rel}/foreshard
T=$(mktemp -d)
C=$T/cluster
finish() {
    sh live/cluster_down.sh "$C" 2>/dev/null
    rm -rf "$T"
}
trap finish EXIT
trap 'exit 1' INT TERM
sh live/cluster_up.sh 3 -d "$C" >/dev/null || exit 1
port=$(sed -n '1s/ .*//p' "$C/nodes")
cat >"$T/cluster.cfg" <<END
live: { nodes = "127.0.0.1:$port"; mode = "auto"; state = "$T/state.db"; replicas = false; };
END
scenario() { # name, workload
    cat >"$T/$1.cfg" <<END
include = "real.cfg";
workload: { kind = "synthetic"; span = "${SPAN:-60s}"; keys = "30k"; $2 };
cluster: { partitions = "64"; };
observe: { window = "1s"; mid_step = "10s"; mid_points = "1440"; now_span = "10s"; };
policy: { name = "random"; };
random: { high = "$3"; low = "$4"; every = "2s"; cooldown = "5s"; };
experiment: { evaluate_from = "10s"; act_from = "15s"; };
END
}
# What a node is busy at a rate, by the calibration: a command's own CPU and that of waking for it, in percent of PART.
busy() { # requests/s, percent
    awk -v rate="$1" -v part="$2" '
        function asleep(at, rest,  i, sleep, sum) { for (i = 0; i < 64; i++) { sleep = -log(1 - (i + 0.5) / 64) / at; sum += sleep / (sleep + rest) / 64 } return sum }
        function of(line) { gsub(/[^0-9.]/, "", line); return line / 1e3 }
        $1 == "service_mean" { own = of($3) }
        $1 == "wake" { wake = of($3) }
        $1 == "wake_rest" { rest = of($3) }
        END { at = rate / 3e6; b = part * at * (own + wake * (1 - at * own) * asleep(at, rest)); print (b > 5 ? b : 5) "%" }' "$T/real.cfg"
}
"$F" calibrate "$T/cluster.cfg" --out "$T/real.cfg" --quiet "$@" || exit 1
grep '^#   ' "$T/real.cfg"
# Nothing moves in most; two have a hot half, which is what makes "random" act.
scenario quiet 'rate = "2000/s"; zipf_s = "0.6"; read_share = "90%";' 200% 200%
scenario steady 'rate = "6000/s"; zipf_s = "0.8"; read_share = "95%";' 200% 200%
scenario writes 'rate = "12000/s"; zipf_s = "0.9"; read_share = "50%";' 200% 200%
scenario rising 'rate = "15000/s"; zipf_s = "0.7"; read_share = "80%"; drift_load = "50%"; drift_period = "40s";' 200% 200%
scenario skewed 'rate = "20000/s"; zipf_s = "1.25"; read_share = "80%";' "$(busy 20000 100)" "$(busy 20000 95)"
scenario moving 'rate = "12000/s"; zipf_s = "1.3"; read_share = "90%";' "$(busy 12000 100)" "$(busy 12000 95)"
scenario large 'rate = "8000/s"; zipf_s = "0.9"; read_share = "70%"; bytes_mean = "2000";' 200% 200%
scenario many 'rate = "30000/s"; zipf_s = "0.5"; read_share = "70%";' 200% 200%
for name in ${ONLY:-quiet steady writes rising skewed moving large many}; do
    echo "-- $name"
    "$F" compare --sim-vs-live "$T/cluster.cfg" "$T/$name.cfg" "$@" | tee -a "$T/all.txt"
done
awk '/%/ && $NF != "moves" && $4 != "-" { all++; off += / above / } END { printf "within bounds: %d of %d\n", all - off, all }' "$T/all.txt"
