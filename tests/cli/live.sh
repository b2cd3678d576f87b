#!/bin/sh
# `foreshard live` where there is no cluster: help, and bad input refused in one sentence.
set -u
. tests/support/cli.sh
"$F" help live >/dev/null 2>&1 || {
    echo "SKIP foreshard live: this build has no hiredis or SQLite"
    exit 0
}
conf() { printf 'live: { %s };\n%s\n' "$1" "${2:-}" >"$T/c.cfg"; }
state="state = \"$T/s.db\"; log = \"$T/log\"; timeout = \"100ms\";"

expect 0 "help tells every option" live --help
says "of its section" 'kill_file'
conf "nodes = [\"127.0.0.1\"]; $state"
refused "an address without a port" live "$T/c.cfg"
complains "shows it" '127\.0\.0\.1'
conf "nodes = [\"127.0.0.1:99999\"]; $state"
refused "a port that is none" live "$T/c.cfg"
conf "mode = \"autopilot\"; $state"
refused "an unknown mode" live "$T/c.cfg"
conf "nodse = [\"127.0.0.1:1\"]; $state"
refused "an unknown option" live "$T/c.cfg"
complains "has a nearest name" 'did you mean'
conf "$state" 'policy: { name = "oracle"; };'
refused "a policy that needs the truth" live "$T/c.cfg"
conf "duty = \"50%\"; $state"
refused "MONITOR for half of the time" live "$T/c.cfg"
conf "$state" 'cluster: { nodes = "4"; };'
refused "a section of the simulator" live "$T/c.cfg"
expect 3 "a file that is not there" live "$T/none.cfg"

conf "nodes = [\"127.0.0.1:1\"]; $state"
expect 3 "nobody at the address is the world's fault" live "$T/c.cfg" --journal "$T/never.fsj"
complains "says that nobody answers" 'no instance answers'
[ ! -e "$T/never.fsj" ] && pass "no journal is left" || fail "a journal was left"
conf "password_file = \"$T/none\"; $state"
expect 3 "a password file that is not there" live "$T/c.cfg"
conf "nodes = [\"127.0.0.1:1\"]; state = \"$T/no/s.db\";"
expect 3 "a state file that cannot be made" live "$T/c.cfg"
exit $bad
