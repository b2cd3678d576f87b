/*
 * The option parsers on any text: a refusal leaves the target as it was and says a sentence; what
 * is accepted, dumped and read again, is the same. First byte: the row; the rest: the text.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/option.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct knobs {
    bool on;
    uint64_t many;
    double real;
    fore_ns window;
    uint64_t memory;
    double rate, byte_rate, share;
    const char *label;
    uint32_t mode;
    struct fore_strings files;
};

static const char *const modes[] = {"fluid", "request", NULL};

#define AT(f) FORE_OPTION_AT(struct knobs, f)
static const struct fore_option rows[] = {
    {"on",        FORE_OPT_BOOL,     AT(on),        "yes",     0, 0,   NULL,  "whether it is on"},
    {"many",      FORE_OPT_COUNT,    AT(many),      "10k",     1, 1e6, NULL,  "how many"        },
    {"real",      FORE_OPT_REAL,     AT(real),      "0.99",    0, 0,   NULL,  "an exponent"     },
    {"window",    FORE_OPT_DURATION, AT(window),    "250us",   0, 0,   NULL,  "a step"          },
    {"memory",    FORE_OPT_BYTES,    AT(memory),    "5GiB",    0, 0,   NULL,  "room"            },
    {"rate",      FORE_OPT_RATE,     AT(rate),      "40k/s",   0, 1e9, NULL,  "arrivals"        },
    {"byte_rate", FORE_OPT_BYTERATE, AT(byte_rate), "32MiB/s", 0, 0,   NULL,  "copying"         },
    {"share",     FORE_OPT_SHARE,    AT(share),     "75%",     0, 1,   NULL,  "of a node"       },
    {"mode",      FORE_OPT_CHOICE,   AT(mode),      "request", 0, 0,   modes, "how exact"       },
    {"label",     FORE_OPT_TEXT,     AT(label),     "",        0, 0,   NULL,  "a name"          },
    {"files",     FORE_OPT_LIST,     AT(files),     "",        0, 0,   NULL,  "inputs"          },
};
static const struct fore_option_section section = {"sim", "the simulator", rows,
                                                   FORE_COUNTOF(rows)};
enum { SCALARS = 9 }; /* the rows above whose dump needs no unescaping */

static void require(bool truth)
{
    if (!truth) abort();
}

/* The value between the quotes of the row's line in the dump. */
static char *dumped(struct fore_option_binding binding, const char *name, struct fore_arena *arena)
{
    struct fore_buf dump = {0};
    fore_option_dump(binding, &dump);
    char *line = strstr(dump.data, fore_arena_printf(arena, "%s = \"", name));
    require(line != NULL);
    line += strlen(name) + 4;
    char *text = fore_arena_printf(arena, "%.*s", (int)strcspn(line, "\""), line);
    fore_buf_fini(&dump);
    return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1) return 0;
    struct fore_arena arena = {0};
    struct knobs knobs, before;
    memset(&knobs, 0, sizeof knobs);
    struct fore_option_binding binding = {.section = &section, .target = &knobs};
    fore_option_defaults(binding, &arena);
    memcpy(&before, &knobs, sizeof before);
    const struct fore_option *row = &rows[data[0] % FORE_COUNTOF(rows)];
    char *text = fore_arena_alloc(&arena, size, 1);
    memcpy(text, data + 1, size - 1);
    struct fore_diag diag = {0};
    if (fore_option_set(binding, &arena, row->name, text, "fuzz:1", &diag) != FORE_E_OK) {
        require(memcmp(&before, &knobs, sizeof before) == 0);
        require(diag.code != FORE_E_OK && diag.text[0] != '\0');
    } else if (row < &rows[SCALARS]) {
        memcpy(&before, &knobs, sizeof before);
        char *again = dumped(binding, row->name, &arena);
        require(fore_option_set(binding, &arena, row->name, again, "fuzz:2", NULL) == FORE_E_OK);
        require(memcmp(&before, &knobs, sizeof before) == 0);
    }
    if (fore_option_assign(&binding, 1, &arena, text, "--set", NULL) == FORE_E_OK)
        require(!isnan(knobs.real));
    fore_arena_fini(&arena);
    return 0;
}
