#!/bin/sh
# `foreshard config`: what can be set and what is set.
set -u
. tests/support/cli.sh

expect 0 "config --explain" config --explain
for section in workload cluster sim observe forecast decide policy act experiment journal; do
    says "explains section $section" "^$section: "
done
expect 0 "config --explain of one section" config --explain policy
says "explains reactive_high" 'reactive_high +share'
if grep -q '^sim: ' "$out"; then fail "explains a section nobody asked for"; else pass "and no other section"; fi
expect 0 "config --explain --json" config --explain --json policy
says "rows in JSON have a default" '"default": *"'
refused "an unknown section is refused" config --explain polic
complains "and the nearest one is named" "did you mean 'policy'"

small "$T/small.cfg"
expect 0 "config of a scenario" config "$T/small.cfg"
says "shows what the file sets" 'nodes = "4"'
says "shows what it leaves alone" 'reactive_high = "'
cp "$out" "$T/again.cfg"
expect 0 "what it prints is a scenario" config "$T/again.cfg"
if cmp -s "$out" "$T/again.cfg"; then pass "and prints itself"; else
    fail "a printed scenario does not print itself"
    diff "$T/again.cfg" "$out" | head -n 5
fi
expect 0 "--set overrides" config "$T/small.cfg" --set cluster.nodes=9
says "the override is in force" 'nodes = "9"'
expect 0 "config --json" config "$T/small.cfg" --json
says "JSON holds the value" '"nodes": *"4"'

refused "an unknown option is refused" config "$T/small.cfg" --set cluster.nodse=4
complains "and the nearest one is named" 'did you mean "?nodes'
refused "a value without sense is refused" config "$T/small.cfg" --set cluster.nodes=many
refused "a value out of bounds is refused" config "$T/small.cfg" --set cluster.nodes=0
printf 'cluster: { nodes = "4"; };\nsimm: { };\n' >"$T/section.cfg"
refused "an unknown section in a file is refused" config "$T/section.cfg"
complains "with file and line" 'section.cfg:2'
printf 'cluster: {\n nodes = "4";\n nodse = "5";\n};\n' >"$T/option.cfg"
refused "an unknown option in a file is refused" config "$T/option.cfg"
complains "with file and line of the option" 'option.cfg:3'
printf 'cluster: { nodes = ' >"$T/syntax.cfg"
refused "a file that is no configuration is refused" config "$T/syntax.cfg"
for scenario in workloads/scenarios/*.cfg; do
    grep -q 'shared/data' "$scenario" && continue # real data may not be there
    expect 0 "config $(basename "$scenario")" config "$scenario"
done
exit $bad
