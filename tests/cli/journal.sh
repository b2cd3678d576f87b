#!/bin/sh
# `foreshard journal`: digest, dump and report; cut off and damaged files.
set -u
. tests/support/cli.sh

small "$T/small.cfg"
J=$T/run.fsj
expect 0 "replay writes a journal" replay "$T/small.cfg" --journal "$J" --json
printed=$(member digest)
expect 0 "journal digest" journal digest "$J"
says "the file's digest is the one that replay printed" "^$printed "
expect 0 "journal digest --json" journal digest "$J" --json
says "JSON digest" "\"digest\":\"$printed\""
says "it was closed properly" '"truncated":false'
expect 0 "journal dump" journal dump "$J"
says "a note opens it" '^0\.000000 note text="workload: '
says "a keyframe follows" ' keyframe epoch=[0-9]+ nodes=4 '
says "loads follow" ' cluster-load '
expect 0 "journal dump of one kind" journal dump "$J" --kind node-load
if grep -vq ' node-load ' "$out"; then fail "--kind let other kinds through"; else pass "--kind shows only that kind"; fi
expect 0 "journal dump --json" journal dump "$J" --json --kind cluster-load
if awk '!/^\{"t_s":.*"kind":"cluster-load".*\}$/ { bad = 1 } END { exit bad || NR == 0 }' "$out"; then
    pass "one JSON object a line"
else fail "not one JSON object a line"; fi
expect 0 "journal dump of a time" journal dump "$J" --from 20s --to 30s
if awk '$1 < 20 || $1 > 30 { bad = 1 } END { exit bad || NR == 0 }' "$out"; then
    pass "--from and --to are kept"
else fail "--from 20s --to 30s showed other times"; fi
expect 0 "journal report" journal report "$J"
says "the report has a run" '^run '
says "the report has an SLO" '^SLO '
says "the report has the hottest partitions" '^hottest partitions'
refused "a kind that does not exist" journal dump "$J" --kind node-laod
complains "the nearest kind is named" 'did you mean node-load'
refused "a time that is none" journal dump "$J" --from yesterday

size=$(wc -c <"$J")
head -c $((size * 9 / 10)) "$J" >"$T/cut.fsj" # the header, which is long, is whole
expect 1 "a cut journal is read as far as it goes" journal digest "$T/cut.fsj"
complains "and said to be cut off" 'cut off'
expect 1 "a cut journal has a report" journal report "$T/cut.fsj"
# Flip a byte in the middle of the first frame.
{ head -c $((size / 3)) "$J" && printf '\377\000\377\000' && tail -c +$((size / 3 + 5)) "$J"; } >"$T/damaged.fsj"
refused "a damaged journal is refused" journal digest "$T/damaged.fsj"
printf 'this is not a journal, it is a sentence of some length' >"$T/text.fsj"
refused "what is no journal is refused" journal report "$T/text.fsj"
: >"$T/empty.fsj"
refused "an empty file is refused" journal digest "$T/empty.fsj"
expect 3 "a journal that is not there: the world failed" journal digest "$T/none.fsj"
exit $bad
