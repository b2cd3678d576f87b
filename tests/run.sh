#!/bin/sh
# Runs every test there is and ends with one line: `N passed, N failed` (and `, N skipped`).
#
#   BUILD=build/rel sh tests/run.sh PROGRAM...     test programs and fuzz harnesses of one build
#   ONLY=fuzz|swarm|...                            just the programs given, no scripts
#   SOURCES=no                                     no scripts that look at the sources alone
#   ALONE="PROGRAM..."                             these afterwards, one at a time
#
# What counts: a case of a cmocka program, a fuzz harness over its corpus, and every line of a
# script that begins with `ok`, `FAIL` or `SKIP`. A program that dies counts as a failed case, as
# does a script that fails without saying so. Only failures are shown in full; everything that was
# printed stays under $BUILD/results/.
set -u
BUILD=${BUILD:-build/rel}
export BUILD
results=$BUILD/results
export CMOCKA_MESSAGE_OUTPUT=STDOUT

# Counts cmocka's own lines: a RUN that is never answered is a crash. The lists in the summary
# repeat failed names, so lines outside of a group are not looked at. A case may have written
# something without a newline before its line.
count_cmocka='
/^\[==========\].*Running/ { inside = 1; next }
/^\[==========\]/          { inside = 0; next }
!inside                    { next }
/\[ RUN      \]/           { open++ }
/\[       OK \]/           { passed++; open-- }
/\[  FAILED  \]/           { failed++; open-- }
/\[  SKIPPED \]/           { skipped++; open-- }
END {
    if (open > 0) failed += open
    if (status != 0 && failed == 0) failed = 1
    print passed + 0, failed + 0, skipped + 0
}'
count_lines='
/^ok( |$)/   { passed++ }
/^FAIL( |$)/ { failed++ }
/^SKIP( |$)/ { skipped++ }
END {
    if (status != 0 && failed == 0) failed = 1
    if (passed + failed + skipped == 0) failed = 1 # a script that says nothing tests nothing
    print passed + 0, failed + 0, skipped + 0
}'

# What a failing program said of the cases that passed is not shown.
passing='^ok( |$)|^\[ RUN      \]|^\[       OK \]'

# One program or script: its output into NAME.out, its three counts into NAME.count.
run_one() {
    what=$1
    name=$(printf '%s' "${what#"$BUILD"/}" | tr '/' '.' | sed 's,^\.*,,')
    out=$results/$name.out
    began=$(date +%s)
    case $what in
    */f/fuzz_*)
        corpus=tests/fuzz/corpus/${what##*/fuzz_}
        # shellcheck disable=SC2046 # corpus names have no blanks
        "$what" $(find "$corpus" -type f 2>/dev/null | sort) >"$out" 2>&1 &&
            echo '1 0 0' || echo '0 1 0'
        ;;
    *.sh)
        sh "$what" >"$out" 2>&1
        awk -v status=$? "$count_lines" "$out"
        ;;
    *)
        "$what" >"$out" 2>&1
        awk -v status=$? "$count_cmocka" "$out"
        ;;
    esac >"$results/$name.count"
    read -r passed failed skipped <"$results/$name.count"
    seconds=$(($(date +%s) - began))
    line=$(printf '%-34s %4d passed' "$name" "$passed")
    [ "$skipped" = 0 ] || line="$line, $skipped skipped"
    [ "$seconds" -lt 5 ] || line="$line  (${seconds} s)"
    if [ "$failed" = 0 ]; then
        echo "$line"
    else # one write, so that parallel failures do not mix
        printf '%s, %d FAILED\n%s\n' "$line" "$failed" "$(grep -avE "$passing" "$out" |
            tail -n 60 | cut -c 1-300 | sed 's/^/    | /')"
    fi
}

if [ "${1:-}" = --one ]; then
    run_one "$2"
    exit 0
fi

rm -rf "$results"
mkdir -p "$results"
scripts=
if [ -z "${ONLY:-}" ]; then
    scripts=$(ls tests/cli/*.sh 2>/dev/null)
    [ "${SOURCES:-}" = no ] || scripts="tests/layers.sh tests/headers.sh tests/tidy.sh $scripts"
fi
# The slow ones first, so that the processors finish together.
for what in $(printf '%s\n' "$@" | grep '/swarm/') $(printf '%s\n' $scripts) \
    $(printf '%s\n' "$@" | grep -v '/swarm/'); do
    printf '%s\n' "$what"
done | xargs -r -P "${JOBS:-$(nproc 2>/dev/null || echo 1)}" -n 1 sh "$0" --one
for what in ${ALONE:-}; do
    sh "$0" --one "$what"
done

cat "$results"/*.count 2>/dev/null | awk '
    { passed += $1; failed += $2; skipped += $3 }
    END {
        line = (passed + 0) " passed, " (failed + 0) " failed"
        if (skipped > 0) line = line ", " skipped " skipped"
        print line
        exit failed > 0 || passed == 0
    }'
