#!/bin/sh
# The rules of the house that no compiler knows: file heads, sizes, names, words. One rule, one line.
set -u
bad=0
sources=$(find foreshard.c core workloads sim live both experiments viz tests -name '*.[ch]' 2>/dev/null | sort)
program=$(printf '%s\n' $sources | grep -v '^tests/')
texts=$(find . -maxdepth 1 -name '*.md' | sort)
scripts="Makefile .ci/run .ci/deps $(find workloads/scenarios tests -name '*.cfg' -o -name '*.sh' 2>/dev/null | sort)"

# rule "what holds" AWK FILE...: whatever the program prints breaks the rule.
rule() {
    what=$1
    check=$2
    shift 2
    said=$(awk "$check" "$@")
    if [ -z "$said" ]; then
        echo "ok $what"
    else
        printf '%s\n' "$said" | sed 's/^/FAIL /'
        bad=1
    fi
}

rule "every file opens with its reason" \
    'FNR == 1 && !/^\/\*/ { print FILENAME ": does not open with what it is for" }' $program

# A reader keeps a file of this size in mind. Tables of numbers are not read.
rule "no file is longer than a reader keeps in mind" \
    'FNR == 521 && FILENAME !~ /_tables\.c$/ { print FILENAME ": more than 520 lines; split it by noun" }' \
    $sources

rule "files are named by their nouns" \
    'FNR == 1 { n = FILENAME; sub(/.*\//, "", n)
        if (n ~ /[^a-z0-9_.]/) print FILENAME ": names are lower case with underscores"
        if (n ~ /^(util|utils|common|misc|helper|helpers)\./) print FILENAME ": names no noun" }' $sources

rule "headers are guarded" \
    'function judge() { if (file != "" && !ok) print file ": has no include guard" }
     FNR == 1 { judge(); file = FILENAME; guard = ""; ok = 0 }
     /^#ifndef [A-Z0-9_]+_H$/ && guard == "" { guard = $2 }
     guard != "" && $0 == "#define " guard { ok = 1 }
     END { judge() }' $(printf '%s\n' $sources | grep '\.h$')

rule "nothing is left unfinished" \
    '/(^|[^A-Za-z])(TO''DO|FIX''ME|XX''X|HA''CK|not imple''mented)([^A-Za-z]|$)/ && !/mktemp|-XXXXXX/ {
        print FILENAME ":" FNR ": unfinished: " $0 }' $sources $texts $scripts

rule "no path of one machine" \
    '/(^|[^A-Za-z0-9_.})$])\/(work|root|home)\// { print FILENAME ":" FNR ": a path of one machine" }' \
    $sources $texts $scripts

# Randomness has a name and a seed; nothing is copied without a bound.
rule "no banned calls" \
    '/(^|[^a-z_])(rand|srand|random|strcpy|strcat|sprintf|gets|strtok|alloca)\(/ {
        print FILENAME ":" FNR ": a call this house does without: " $0 }' $program

rule "no tabs, no trailing blanks" \
    '/\t/ { print FILENAME ":" FNR ": a tab" } /[ \t]$/ { print FILENAME ":" FNR ": trailing blanks" }' $sources
exit $bad
