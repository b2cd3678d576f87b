#!/bin/sh
# The front door: help, version, unknown words, exit codes.
set -u
. tests/support/cli.sh

expect 0 "help lists the commands" help
for command in replay compare watch trace journal config; do
    says "help names $command" "^  $command "
done
cp "$out" "$T/help"
expect 0 "--help is help" --help
if cmp -s "$out" "$T/help"; then pass "--help and help say the same"; else fail "--help differs from help"; fi
expect 2 "no command at all is bad input"
for command in replay compare watch trace journal config; do
    expect 0 "$command --help" "$command" --help
    says "$command --help shows its usage" "foreshard $command"
    cp "$out" "$T/help"
    expect 0 "help $command" help "$command"
    if cmp -s "$out" "$T/help"; then pass "help $command is $command --help"; else fail "help $command differs"; fi
done
expect 0 "version" --version
says "version has a number, a build and a compiler" '^foreshard [0-9]+\.[0-9]+\.[0-9]+ \(build .+, (gcc|clang) '
says "version names the features" '^features: libconfig'
refused "an unknown command is refused" replya
complains "and the nearest one is named" "did you mean 'replay'"
refused "a word like no command is refused" qqqqqqqqqqqqqqqq
complains "and the list is pointed to" 'foreshard help'
refused "help of an unknown command is refused" help compar
for command in replay compare journal config; do
    refused "$command refuses an unknown option" "$command" --no-such-option
done
refused "journal refuses an unknown verb" journal digset FILE
complains "and names the nearest" 'did you mean digest'
exit $bad
