#!/bin/sh
# How good forecasts are on real series, as a Markdown table: `make forecast-table`. The newest points
# of every series are held out; models, weights and interval widths see only what came before each
# origin. Sets whose data is absent are left out and named.
set -u
F=${F:-./foreshard}
data=${DATA:-../shared/data}
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT

# member NAME of the ensemble's line in the last table; simple: the least of the plain members.
field() {
    awk -v want="$1" -v k="$2" '$1 == want { print $k }' "$scratch/table"
}
simple() {
    awk '$1 ~ /^(naive|seasonal-naive|short-seasonal-naive|ses|moving-average|ar|spar|spar-log|holt-winters)$/ &&
        (best == "" || $8 < best) { best = $8 } END { print best }' "$scratch/table"
}

# set "what" ARGS...: a line of the table.
set_line() {
    what=$1
    shift
    for file in "$@"; do
        case $file in --*) break ;; esac
        [ -r "$file" ] || {
            echo "SKIP $what: no $file" >&2
            return
        }
    done
    began=$(date +%s.%N)
    "$F" forecast "$@" >"$scratch/table" 2>"$scratch/said" || {
        cat "$scratch/said" >&2
        exit 1
    }
    took=$(echo "$(date +%s.%N) $began" | awk '{ printf "%.0f", $1 - $2 }')
    awk '{ if ($1 == "ensemble") { $1 = ""; print } }' "$scratch/table" >"$scratch/ours"
    read -r smape mase msis crps cov peak rel_crps rel_peak series ms <"$scratch/ours"
    printf '| %s | %s | %s | %s | %s | %s | %s | %s | %s |\n' "$what" "$smape" "$mase" "$msis" "$cov" \
        "$rel_crps" "$(simple)" "$rel_peak" "$took"
}

d=$data/forecast
fine="--horizon 12 --backtest 72 --origin-step 12"
echo '| series, horizon, origins | sMAPE | MASE | MSIS 95 % | covered by 90 % | CRPS / naive | best simple member | peak pinball / naive | s |'
echo '|---|--:|--:|--:|--:|--:|--:|--:|--:|'
set_line "M4 hourly, 414 series, 48 h, the last 48 points" "$d/m4_hourly_train.csv.zst" --horizon 48 --backtest 1
set_line "tweets of four firms and ELB requests, 5 min, 1 h, 72 origins" "$d"/nab/Twitter_volume_AAPL.csv \
    "$d"/nab/Twitter_volume_FB.csv "$d"/nab/Twitter_volume_IBM.csv "$d"/nab/Twitter_volume_UPS.csv \
    "$d"/nab/elb_request_count_8c0756.csv $fine
set_line "NASA HTTP, 5 min, 1 h, 72 origins" "$d/nasa_http_per_second_A_1995-07-01.txt.zst" --row-step 1s --step 5min $fine
set_line "EC2, RDS, ASG and network load, 5 min, 1 h, 72 origins" "$d"/nab/ec2_cpu_utilization_fe7f93.csv \
    "$d"/nab/ec2_network_in_257a54.csv "$d"/nab/rds_cpu_utilization_cc0c53.csv \
    "$d"/nab/cpu_utilization_asg_misconfiguration.csv $fine
set_line "World Cup 1998, 1 min, 1 h, 168 hourly origins" "$d/worldcup98_per_minute.csv.zst" --horizon 60 --backtest 168 --origin-step 60
set_line "taxi, 73 zones, 1 h, 24 h, 28 origins" "$data/series/nyc_taxi_zone_hourly_01_03.csv.zst" --horizon 24 --backtest 28 --origin-step 6
