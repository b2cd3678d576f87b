#!/bin/sh
# Our PCG32 against its author's C++ (Debian's libpcg-cpp-dev): 10,000 draws of several seeds.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
CC=${CC:-gcc}
command -v g++ >/dev/null 2>&1 || { echo "SKIP pcg_check: no g++"; exit 0; }
echo '#include <pcg_random.hpp>' | g++ -E -x c++ - >/dev/null 2>&1 ||
    { echo "SKIP pcg_check: no pcg_random.hpp (Debian: libpcg-cpp-dev)"; exit 0; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

pairs='{42, 54}, {0, 0}, {1, 1}, {0xffffffffffffffff, 0x7fffffffffffffff}, {123456789, 987654321}'
cat >"$work/theirs.cpp" <<EOF
#include <cstdint>
#include <cstdio>
#include <pcg_random.hpp>
int main()
{
    const uint64_t pair[][2] = {$pairs};
    for (const auto &p : pair) {
        pcg32 rng(p[0], p[1]);
        for (int i = 0; i < 10000; i++)
            std::printf("%08x\n", (unsigned)rng());
    }
}
EOF
cat >"$work/ours.c" <<EOF
#include <stdio.h>

#include "core/base/rng.h"
int main(void)
{
    const uint64_t pair[][2] = {$pairs};
    for (size_t p = 0; p < FORE_COUNTOF(pair); p++) {
        struct fore_rng rng = fore_rng_seeded(pair[p][0], pair[p][1]);
        for (int i = 0; i < 10000; i++)
            printf("%08x\n", (unsigned)fore_rng_u32(&rng));
    }
}
EOF
g++ -O1 -o "$work/theirs" "$work/theirs.cpp"
"$CC" -std=c17 -O1 -I"$root" -o "$work/ours" "$work/ours.c" "$root/core/base/rng.c" "$root/core/base/base.c"
"$work/theirs" >"$work/theirs.txt"
"$work/ours" >"$work/ours.txt"
if ! cmp -s "$work/theirs.txt" "$work/ours.txt"; then
    echo "pcg_check: draws differ from pcg_random.hpp:" >&2
    diff "$work/theirs.txt" "$work/ours.txt" | head -5 >&2
    exit 1
fi
echo "ok pcg_check: $(wc -l <"$work/ours.txt") draws equal"
