#!/bin/sh
# `foreshard replay --explain` and `--explain-at`: plans explained, and asked for without being made.
set -u
. tests/support/cli.sh

S=workloads/scenarios/drift.cfg
A="--seed 4 --set forecast.model=mean-spar --set workload.span=20min --policy predictive"
expect 0 "a run without explanations" replay $S $A --json
digest=$(member digest)
expect 0 "replay --explain" replay $S $A --explain
says "a plan has its moment, its size and its time" '^plan [0-9]+ at [0-9:]+ \[.* ahead\]: [0-9]+ changes?, '
says "risk before and after" 'risk [01]\.[0-9]+ -> [01]\.[0-9]+ at the worst node'
says "p99 with an interval" 'p99 [0-9.]+ m?s \([0-9.]+ m?s \.\. ([0-9.]+ m?s|overload)\)'
says "what was not done, and why" '(move|split|swap|replicate) p[0-9]+ node-[0-9]+.*(outdone|too-dear|target-full|cool-down|cap|does-not-pay)'
says "reasons are counted" '^why not, over all plans: .*(outdone|too-dear|target-full) [0-9]+'
expect 0 "replay at the partition cap" replay $S $A --explain --set decide.partitions_max=1 --set decide.split_load_min=0 --set decide.split_bytes_min=1
says "the partition cap is a reason, with its numbers" 'partition-cap: partition cap reached: [0-9]+ of 1, '
says "and counted" '^why not, over all plans: .*partition-cap [0-9]+'
expect 0 "replay --explain --json" replay $S $A --explain --json
[ "$(member digest)" = "$digest" ] && pass "explaining changes no run" || fail "explaining changed the run"
says "plans are an array" '"plans": \['
says "an alternative has a reason" '"why_not": "'
if command -v python3 >/dev/null 2>&1; then
    python3 -c 'import json, sys; d = json.load(sys.stdin); sys.exit(0 if len(d["plans"]) > 0 and all(p["taken"] > 0 for p in d["plans"]) else 1)' <"$out" &&
        pass "the document is JSON" || fail "the document is not JSON, or a plan was not acted on"
fi
expect 0 "replay --explain-at" replay $S $A --explain-at 10min
says "a dry run says when" '^would be planned at 00:10:00'
expect 0 "replay --explain-at --json" replay $S $A --explain-at 10min --json
says "a dry run is one object" '"dry_run": \{'
cp "$out" "$T/first"
expect 0 "replay --explain-at, again" replay $S $A --explain-at 10min --json
cmp -s "$out" "$T/first" && pass "equal questions, equal answers" || fail "two dry runs differ"
refused "a moment after the end" replay $S $A --explain-at 3h
complains "says how long the run is" 'not within the run'
refused "a moment that is none" replay $S $A --explain-at noon
complains "says what a moment is" '90min'
exit $bad
