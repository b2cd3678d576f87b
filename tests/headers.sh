#!/bin/sh
# Every header compiles alone: whoever includes it needs to know nothing else.
set -u
CC=${CC:-gcc}
bad=0
flags="-I. -std=c17 -D_POSIX_C_SOURCE=200809L -Wall -Wextra -Wpedantic -Wno-unused-parameter -fsyntax-only"
drawing=$(pkg-config --cflags sdl2 cairo pangocairo 2>/dev/null)
for header in $(find core workloads sim live both experiments viz tests/support -name '*.h' 2>/dev/null | sort); do
    extra=
    case $header in
    live/* | both/*) pkg-config --exists hiredis sqlite3 2>/dev/null || continue ;;
    viz/*) [ -n "$drawing" ] || continue && extra=$drawing ;;
    esac
    # shellcheck disable=SC2086 # flags are words
    said=$(printf '#include "%s"\n#include "%s"\nextern int used;\n' "$header" "$header" |
        $CC $flags $extra -x c - 2>&1) || {
        echo "FAIL $header does not compile alone: $(printf '%s' "$said" | head -n 3)"
        bad=1
    }
done
[ $bad = 0 ] && echo "ok every header compiles alone, twice"
exit $bad
