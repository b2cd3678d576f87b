/* Scenario files: any text either sets options or is refused with a sentence, and leaks nothing. */
#include "workloads/config.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct values {
    bool on;
    uint64_t count, bytes;
    fore_ns window;
    const char *name;
    struct fore_strings files;
};
static const struct fore_option rows[] = {
    {"on",     FORE_OPT_BOOL,     FORE_OPTION_AT(struct values, on),     "no",   0, 0,   NULL, "A switch."},
    {"count",  FORE_OPT_COUNT,    FORE_OPTION_AT(struct values, count),  "3",    1, 9e9, NULL, "A count." },
    {"bytes",  FORE_OPT_BYTES,    FORE_OPTION_AT(struct values, bytes),  "1KiB", 0, 0,   NULL, "Bytes."   },
    {"window", FORE_OPT_DURATION, FORE_OPTION_AT(struct values, window), "1s",   0, 0,   NULL, "Time."    },
    {"name",   FORE_OPT_TEXT,     FORE_OPTION_AT(struct values, name),   "x",    0, 0,   NULL, "A name."  },
    {"files",  FORE_OPT_LIST,     FORE_OPTION_AT(struct values, files),  "",     0, 0,   NULL, "Files."   },
};
static const struct fore_option_section sim = {"sim", "One.", rows, FORE_COUNTOF(rows)};

/* libconfig is not built with the memory sanitizer, whose complaints about it would be noise. */
#if defined(__has_feature)
#    if __has_feature(memory_sanitizer)
#        define FOREIGN 1
#    endif
#endif
#ifndef FOREIGN
#    define FOREIGN 0
#endif

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (FOREIGN) return 0;
    struct fore_arena arena = {0};
    struct fore_diag diag = {0};
    struct values values = {0};
    const struct fore_option_binding binding = {&sim, &values};
    char *text = malloc(size + 1);
    if (text == NULL) abort();
    if (size > 0) memcpy(text, data, size);
    text[size] = '\0';
    enum fore_err err = wl_config_parse(text, "input.cfg", &binding, 1, &arena, &diag);
    FORE_ASSERT((err == FORE_E_OK) == (diag.code == FORE_E_OK));
    FORE_ASSERT(err == FORE_E_OK || diag.text[0] != '\0');
    free(text);
    fore_arena_fini(&arena);
    return 0;
}
