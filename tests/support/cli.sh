# cli.sh - what the command-line tests share. Source it from a script in tests/cli/.
#
#   expect CODE "sentence" ARGS...   runs foreshard; one ok or FAIL line; output in $out and $err
#   refused "sentence" ARGS...       exit 2, exactly one line on stderr, nothing on stdout
#   says "sentence" PATTERN          the last stdout matches
#   small FILE                       writes a scenario that runs in a second
#
# Every line a script prints begins with ok, FAIL or SKIP: tests/run.sh counts them.
F=${BUILD:-build/rel}/foreshard
T=$(mktemp -d)
trap 'rm -rf "$T"' EXIT
out=$T/stdout
err=$T/stderr
bad=0

fail() {
    echo "FAIL $*"
    [ -s "$err" ] && sed 's/^/    stderr: /' "$err" | head -n 5
    bad=1
    return 0
}
pass() { echo "ok $*"; }

expect() {
    want=$1
    what=$2
    shift 2
    "$F" "$@" >"$out" 2>"$err" </dev/null
    got=$?
    if [ "$got" = "$want" ]; then pass "$what"; else fail "$what: exit $got, not $want: foreshard $*"; fi
}

refused() {
    what=$1
    shift
    "$F" "$@" >"$out" 2>"$err" </dev/null
    got=$?
    if [ "$got" != 2 ]; then
        fail "$what: exit $got, not 2: foreshard $*"
    elif [ "$(wc -l <"$err")" != 1 ] || [ "$(wc -c <"$err")" -gt 400 ]; then
        fail "$what: wants one sentence on stderr: foreshard $*"
    elif [ -s "$out" ]; then
        fail "$what: printed something although it refused: foreshard $*"
    else
        pass "$what"
    fi
}

says() {
    if grep -qE -e "$2" "$out"; then pass "$1"; else
        fail "$1: no match for '$2' in"
        head -n 5 "$out" | sed 's/^/    stdout: /'
    fi
}
complains() {
    if grep -qE -e "$2" "$err"; then pass "$1"; else fail "$1: no match for '$2' on stderr"; fi
}

# The value of a top-level or nested member of the last JSON on stdout, first occurrence.
member() { sed -n "s/.*\"$1\": *\"\{0,1\}\([^\",}]*\)\"\{0,1\}.*/\1/p" "$out" | head -n 1; }

small() {
    cat >"$1" <<'EOF'
workload: { kind = "synthetic"; rate = "300/s"; span = "60s"; keys = "10000"; popularity = "zipf"; };
cluster: { nodes = "4"; partitions = "16"; cores = "1"; partition_bytes = "10MB"; };
sim: { fidelity = "request"; service_mean = "2ms"; };
observe: { window = "1s"; };
EOF
}
