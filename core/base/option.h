/*
 * option.h - every tunable is one row: name, kind, default, bounds, help, and where it is stored.
 *
 * The scenario file, --set, `config --explain`, the journal header and the tests read the same
 * rows. Values are text with units, because libconfig 1.5 silently truncates large integers:
 *   DURATION "250us" "15min" "7d"      stored as fore_ns
 *   BYTES    "5GiB" "64MB" "512"       stored as uint64_t
 *   RATE     "40k/s" "2.5M/s" "120/min" "7"  stored as double, per second
 *   BYTERATE "32MiB/s"                 stored as double, bytes per second
 *   SHARE    "75%" or "0.75"           stored as double
 *   COUNT    "1000" "10k" "2M"         stored as uint64_t
 *   REAL     "0.99"                    stored as double
 *   BOOL     true/false/yes/no/on/off  stored as bool
 *   TEXT     anything                  stored as const char * (arena)
 *   CHOICE   one of `choices`          stored as uint32_t, the index
 *   LIST     "a, b, c"                 stored as struct fore_strings (arena)
 * `min`/`max` bound the stored number in its stored unit (ns, bytes, per second, share).
 */
#ifndef FORE_OPTION_H
#define FORE_OPTION_H

#include "core/base/arena.h"
#include "core/base/buf.h"
#include "core/base/err.h"

enum fore_option_kind {
    FORE_OPT_BOOL,
    FORE_OPT_COUNT,
    FORE_OPT_REAL,
    FORE_OPT_DURATION,
    FORE_OPT_BYTES,
    FORE_OPT_RATE,
    FORE_OPT_BYTERATE,
    FORE_OPT_SHARE,
    FORE_OPT_TEXT,
    FORE_OPT_CHOICE,
    FORE_OPT_LIST,
};

struct fore_strings {
    const char *const *item;
    size_t count;
};

struct fore_option {
    const char *name; /* "window" in section "engine" is set as engine.window */
    enum fore_option_kind kind;
    size_t offset;              /* of the field in the section's struct */
    const char *fallback;       /* default, as text; "" is valid for TEXT and LIST */
    double min, max;            /* both 0: unbounded */
    const char *const *choices; /* CHOICE: NULL-ended */
    const char *help;           /* one sentence: what it means, its unit */
};

struct fore_option_section {
    const char *name; /* "sim" */
    const char *help;
    const struct fore_option *row;
    size_t row_count;
};

/* A section and the struct its rows write into. */
struct fore_option_binding {
    const struct fore_option_section *section;
    void *target;
};

/* Writes every default. The defaults must parse: a bad one is our bug and panics. */
void fore_option_defaults(struct fore_option_binding binding, struct fore_arena *arena);
/*
 * Sets section.name to the value in `text`. `where` ("steady.cfg:12" or "--set") opens the
 * sentence in `diag`. Unknown name, bad unit, out of bounds: FORE_E_FORMAT or FORE_E_RANGE, the
 * target unchanged, the nearest known name suggested.
 */
FORE_MUST_USE enum fore_err fore_option_set(struct fore_option_binding binding,
                                            struct fore_arena *arena, const char *name,
                                            const char *text, const char *where,
                                            struct fore_diag *diag);
/* "section.name=value" over several bindings, as --set gives it. */
FORE_MUST_USE enum fore_err fore_option_assign(const struct fore_option_binding *binding,
                                               size_t binding_count, struct fore_arena *arena,
                                               const char *assignment, const char *where,
                                               struct fore_diag *diag);
/* Every row with kind, bounds, default and help, as `config --explain` prints it. */
void fore_option_explain(const struct fore_option_section *section, struct fore_buf *out);
/* The values in force, in the scenario file's own syntax: `name = "value";` a line. */
void fore_option_dump(struct fore_option_binding binding, struct fore_buf *out);
/* The known name closest to `word` (edit distance <= 1/2 its length + 1), or NULL. */
const char *fore_option_nearest(const char *word, const char *const *known, size_t known_count);

/* The parsers behind the kinds; the whole text must be used. */
FORE_MUST_USE enum fore_err fore_option_duration(const char *text, fore_ns *out);
FORE_MUST_USE enum fore_err fore_option_bytes(const char *text, uint64_t *out);
FORE_MUST_USE enum fore_err fore_option_real(const char *text, double *out);

#define FORE_OPTION_AT(type, field) offsetof(type, field)

#endif
