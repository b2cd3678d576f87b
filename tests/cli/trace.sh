#!/bin/sh
# The trace command as a user meets it: outputs, exit codes, files left behind. Run from the root.
# FORESHARD names another binary to test.
set -u
bin=${FORESHARD:-./foreshard}
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
n=0
failed=0

ok() { n=$((n + 1)); echo "ok $n - $1"; }
fail() { n=$((n + 1)); failed=$((failed + 1)); echo "FAIL $n - $1"; sed 's/^/    /' "$dir/out" "$dir/err"; }

# want NAME CODE WORDS COMMAND...: the exit code, and words somewhere in what it printed
want() {
    name=$1 code=$2 words=$3
    shift 3
    "$@" >"$dir/out" 2>"$dir/err"
    got=$?
    if [ $got -ne "$code" ]; then
        fail "$name (exit $got, want $code)"
    elif ! cat "$dir/out" "$dir/err" | grep -qF -e "$words"; then
        fail "$name (no \"$words\")"
    else
        ok "$name"
    fi
}
holds() { if eval "$2" >"$dir/out" 2>"$dir/err"; then ok "$1"; else fail "$1"; fi; }

cd "$(dirname "$0")/../.." || exit 1
printf 't,key,op,size,client\n10,1,R,100,1\n10.5,2,W,50,2\n70,1,R,100,1\n' >"$dir/a.csv"

want "help of the command" 0 "info|convert|synth" "$bin" trace --help
want "help of info" 0 "--columns" "$bin" trace info --help
want "help of convert" 0 "--to" "$bin" trace convert --help
want "help of synth" 0 "--span" "$bin" trace synth --help
want "no action" 2 "usage" "$bin" trace
want "an unknown action" 2 "no such action" "$bin" trace fnord
want "an unknown option suggests one" 2 "--json" "$bin" trace info --jsn "$dir/a.csv"

want "info counts requests" 0 "requests     3" "$bin" trace info "$dir/a.csv"
want "info --json: requests" 0 '"requests": 3' "$bin" trace info "$dir/a.csv" --json
want "info --json: keys" 0 '"keys": 2' "$bin" trace info "$dir/a.csv" --json
want "info --json: span" 0 '"span_s": 60' "$bin" trace info "$dir/a.csv" --json
want "info --json: bytes" 0 '"bytes": 250' "$bin" trace info "$dir/a.csv" --json
want "info --json: operations" 0 '"read": 2' "$bin" trace info "$dir/a.csv" --json
want "info --json: skew" 0 '"top1pct_share": 0.66' "$bin" trace info "$dir/a.csv" --json
want "info reads standard input" 0 "requests     3" sh -c "\"$bin\" trace info - <\"$dir/a.csv\""

printf '1\tx\tu:1\n2\ty\tu:2\n' >"$dir/b.tsv"
want "columns by number, tabs" 0 "keys         2 (text, hashed)" \
    "$bin" trace info --columns t=1,key=3 "$dir/b.tsv"
want "a file without header says what to do" 2 't=1,key=2' "$bin" trace info "$dir/b.tsv"
want "libCacheSim's column names" 0 "requests     2" \
    "$bin" trace info --format libcachesim-csv --columns time-col=1,obj-id-col=3 "$dir/b.tsv"
printf '\000\000\000\007\000\000\000\007' >"$dir/k.be32"
want "be32 is untimed" 0 "untimed" "$bin" trace info "$dir/k.be32"

want "convert to zst" 0 "3 requests" "$bin" trace convert "$dir/a.csv" "$dir/c.csv.zst"
want "and back" 0 "3 requests" "$bin" trace convert "$dir/c.csv.zst" "$dir/d.csv"
printf 't,key,op,size,client\n0,1,read,100,1\n0.5,2,write,50,2\n60,1,read,100,1\n' >"$dir/want.csv"
holds "what comes back is what went in" "cmp $dir/d.csv $dir/want.csv"
want "convert to oracleGeneral" 0 "whole seconds" \
    "$bin" trace convert "$dir/a.csv" "$dir/e.oracleGeneral"
holds "24 bytes a record" "[ \$(wc -c <$dir/e.oracleGeneral) -eq 72 ]"
want "oracleGeneral is recognised" 0 "oracleGeneral" "$bin" trace info "$dir/e.oracleGeneral"
want "convert to standard output" 0 "60,1,read,100,1" "$bin" trace convert "$dir/a.csv" -
want "an unknown output format" 2 "cannot be written" \
    "$bin" trace convert --to vscsi "$dir/a.csv" "$dir/x"

printf 't,key\n5,1\n4,2\n' >"$dir/back.csv"
want "time going backwards" 2 "back.csv:3:" "$bin" trace info "$dir/back.csv"
want "a failed convert is told" 2 "back.csv:3:" "$bin" trace convert "$dir/back.csv" "$dir/f.csv"
holds "and leaves nothing" "! ls $dir | grep -q '^f.csv'"
printf 't,key\n1,1\n2,x\n' >"$dir/mixed.csv"
want "a key that is not a number" 2 "keys=text" "$bin" trace info "$dir/mixed.csv"
head -c 40 "$dir/c.csv.zst" >"$dir/cut.csv.zst"
want "a truncated file" 2 "truncated" "$bin" trace info "$dir/cut.csv.zst"
head -c 70 "$dir/e.oracleGeneral" >"$dir/cut.oracleGeneral"
want "a truncated record" 2 "record 3" "$bin" trace info "$dir/cut.oracleGeneral"
: >"$dir/empty.csv"
want "an empty file" 2 "empty" "$bin" trace info "$dir/empty.csv"
printf 't,key\n' >"$dir/header.csv"
want "a header and no rows" 2 "no rows" "$bin" trace info "$dir/header.csv"
{ printf 'key,op\n'; head -c 65536 /dev/zero | tr '\0' k; printf ',R\n'; } >"$dir/long.csv"
want "a key of 64 KiB" 2 "long.csv:2: column key" "$bin" trace info "$dir/long.csv"
want "a missing file" 3 "absent.csv" "$bin" trace info "$dir/absent.csv"
want "a folder" 3 "folder" "$bin" trace info "$dir"
want "an output folder that is not there" 3 "cannot write" \
    "$bin" trace convert "$dir/a.csv" "$dir/no/x.csv"

want "synth needs to know where to" 2 "--out" "$bin" trace synth --span 1s
want "synth writes a trace" 0 "requests from" "$bin" trace synth --out "$dir/s.csv" --span 10s \
    --set workload.kind=synthetic --set workload.rate=100/s --set workload.keys=50
want "which can be read" 0 '"format": "csv"' "$bin" trace info --json "$dir/s.csv"
"$bin" trace synth --out "$dir/t.csv" --span 10s --set workload.kind=synthetic \
    --set workload.rate=100/s --set workload.keys=50 2>/dev/null
holds "equal seeds, equal bytes" "cmp $dir/s.csv $dir/t.csv"
"$bin" trace synth --out "$dir/u.csv" --span 10s --seed 2 --set workload.kind=synthetic \
    --set workload.rate=100/s --set workload.keys=50 2>/dev/null
holds "other seeds, other bytes" "! cmp -s $dir/s.csv $dir/u.csv"
want "synth refuses an unknown option" 2 "--set" "$bin" trace synth --out "$dir/v.csv" \
    --span 1s --set workload.raet=1

data=../shared/data/key
if [ -r $data/mathoverflow.csv.zst ]; then
    want "mathoverflow: rows" 0 '"requests": 506550' \
        "$bin" trace info --json $data/mathoverflow.csv.zst
    want "mathoverflow: its own operations" 0 '"a2q": 107581' \
        "$bin" trace info --json $data/mathoverflow.csv.zst
    want "web07: keys" 0 '"keys": 20484' "$bin" trace info --json $data/seq_web07.be32.xz
    want "a foreign layout is explained" 2 "no column is called key" \
        "$bin" trace info $data/genai_lora_requests.orig.csv.zst
else
    echo "SKIP real data: $data is not here"
fi

echo "trace: $((n - failed)) passed, $failed failed"
[ $failed -eq 0 ]
