#!/bin/sh
# foreshard advise: the sample log, PostgreSQL's csvlog, the ORM trace, bad input.
set -u
. tests/support/cli.sh

expect 0 "advice on the sample log" advise workloads/logs/shop.csv
says "orders go by customer" 'Shard `orders` by `hash\(customer_id\)`'
says "customers go with them" 'Shard `customers` by `hash\(id\)`'
says "the short list is copied" 'Replicate `countries`'
says "the wide column is split off" 'split off `note`'
cp "$out" "$T/first"
expect 0 "again" advise workloads/logs/shop.csv
if cmp -s "$out" "$T/first"; then pass "the same advice twice"; else fail "advice differs"; fi
expect 0 "as JSON into a file" advise workloads/logs/shop.csv --json --table orders --out "$T/a.json"
if grep -q '"best": "hash(customer_id)"' "$T/a.json"; then pass "JSON names the key"; else fail "JSON names no key"; fi
zstd -q workloads/logs/shop.csv -o "$T/shop.csv.zst" 2>/dev/null &&
    expect 0 "a compressed log" advise "$T/shop.csv.zst" --holdout 50%

if "$F" version | grep -q '^features:.* sql'; then
    expect 0 "PostgreSQL's csvlog" advise tests/data/shop.csvlog
    says "what does not parse is counted" '1 statements are not SQL .*line 13'
    says "orders go by customer there too" '`orders`.*`hash\(customer_id\)`'
else
    expect 2 "csvlog needs the SQL parser" advise tests/data/shop.csvlog
    echo "SKIP csvlog: built without libpg_query"
fi

trace=${FORE_SHARED:-../shared}/data/key/seq_orm-busy.first2500k.be32.xz
if [ -r "$trace" ]; then
    expect 0 "the ORM trace" advise "$trace" --holdout 50% --queries 200k --json
    if grep -q '"best_later_rank": 1,' "$out"; then pass "its best key is the best later"; else fail "another key is better later"; fi
else
    echo "SKIP the ORM trace: $trace is not there"
fi

h=t,table,op,where,columns,join,bytes
printf '%s\n' "$h" '0,a,read,x=1,,,' '1,a,raed,x=1,,,' >"$T/op.csv"
printf '%s\n' "$h" '5,a,read,x=1,,,' '1,a,read,x=1,,,' >"$T/back.csv"
printf '%s\n' "$h" '0,a,read,x,,,' >"$T/where.csv"
printf '%s\n' "$h" '0,a,read,"x=1,,,' >"$T/quote.csv"
printf '%s\n' 't,tabel,op' '0,a,read' >"$T/header.csv"
printf '%s\n' "$h" '0,a,read,x=1,,,1XB' >"$T/bytes.csv"
: >"$T/empty.csv"
refused "an unknown operation" advise "$T/op.csv"
complains "with file, line and the nearest name" 'op.csv:3: op: "raed".*did you mean read'
refused "a time that goes back" advise "$T/back.csv"
complains "with its line" 'back.csv:3: t:'
refused "a condition without a value" advise "$T/where.csv"
complains "with its field" 'where.csv:2: where:'
refused "a quote that is not closed" advise "$T/quote.csv"
refused "a header that is none" advise "$T/header.csv"
complains "with the nearest column" 'did you mean table'
refused "a size that is none" advise "$T/bytes.csv"
refused "an empty log" advise "$T/empty.csv"
refused "a table that is not there" advise workloads/logs/shop.csv --table order
complains "with the nearest" 'did you mean orders'
refused "an unknown format" advise workloads/logs/shop.csv --format csvlgo
refused "one node" advise workloads/logs/shop.csv --nodes 1
refused "a share that is none" advise workloads/logs/shop.csv --holdout 95%
expect 3 "a file that is not there" advise "$T/none.csv"
exit $bad
