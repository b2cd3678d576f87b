#!/bin/sh
# The additive model against R prophet, side by side: the same series of M4 hourly (every k-th of
# the training file, SERIES=30 of them; 0: all 414), the same 48 points held out (the last, or
# BACK=168: those before the last week), one thread each, CPU time of fit and predict only.
#
#   BENCH=build/rel/b/bench_forecast sh tests/bench/prophet.sh
set -u
BENCH=${BENCH:-build/rel/b/bench_forecast}
SERIES=${SERIES:-30}
BACK=${BACK:-0}
data=../shared/data/forecast/m4_hourly_train.csv.zst
skip() {
    echo "SKIP additive against prophet: $*"
    exit 0
}
[ -r "$data" ] || skip "no $data"
[ -x "$BENCH" ] || skip "no $BENCH; make builds it"
command -v zstd >/dev/null 2>&1 || skip "no zstd (Debian: zstd)"
command -v Rscript >/dev/null 2>&1 || skip "no R (Debian: r-cran-prophet)"
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
Rscript -e 'library(prophet)' >/dev/null 2>&1 || skip "R has no prophet (Debian: r-cran-prophet)"

zstd -dcq "$data" >"$scratch/train.csv" || exit 1
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1
Rscript tests/bench/prophet.R "$scratch/train.csv" "$SERIES" "$BACK" \
    >"$scratch/theirs" 2>"$scratch/said" || {
    cat "$scratch/said" >&2
    exit 1
}
"$BENCH" additive --series "$SERIES" --back "$BACK" --json >"$scratch/ours" || exit 1

awk -v back="$BACK" '
    function field(name) {
        match($0, "\"" name "\":[-+.0-9e]+")
        return substr($0, RSTART + length(name) + 3, RLENGTH - length(name) - 3) + 0
    }
    NR == FNR { n = $1 + 0; smape = $2 + 0; mase = $3 + 0; ms = $4 + 0; next }
    {
        print "M4 hourly, " n " series, 48 points held out, " back " more points not shown to either:"
        printf "  %-22s %8s %8s %14s\n", "", "sMAPE", "MASE", "ms a series"
        printf "  %-22s %8.2f %8.3f %14.2f\n", "R prophet (point only)", smape, mase, ms
        printf "  %-22s %8.2f %8.3f %14.2f\n", "foreshard additive", field("smape"), field("mase"),
            field("ms_per_series")
        printf "  prophet / additive     %8.2f %8.2f %13.0fx\n", smape / field("smape"),
            mase / field("mase"), ms / field("ms_per_series")
        same = n == field("series")
        better = field("smape") < smape && field("mase") < mase && ms >= 100 * field("ms_per_series")
        print same && better ? "  better on both and 100 times as fast: holds" : \
            "  better on both and 100 times as fast: DOES NOT HOLD"
        exit same && better ? 0 : 1
    }' "$scratch/theirs" "$scratch/ours"
