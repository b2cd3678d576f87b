/* fuzz_series.c - any bytes as a series file, in every layout: no crash, no unbounded memory. */
#include <stdlib.h>
#include <string.h>

#include "workloads/series.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void parse(const uint8_t *data, size_t size, const char *layout)
{
    const struct wl_series_options options = {.layout = layout, .step = FORE_SEC};
    struct fore_arena scratch;
    struct wl_series_set set;
    struct fore_diag diag = {.code = FORE_E_OK};
    fore_arena_init(&scratch);
    wl_series_init(&set);
    char *text = malloc(size + 1), *line = text;
    if (text == NULL) abort();
    if (size > 0) memcpy(text, data, size);
    text[size] = '\0';
    struct wl_series_parser *p = wl_series_parse_begin(&set, &options, "fuzz", &scratch);
    enum fore_err err = FORE_E_OK;
    for (uint64_t n = 1; err == FORE_E_OK && line != NULL; n++) {
        char *end = strchr(line, '\n');
        if (end != NULL) *end = '\0';
        err = wl_series_parse_line(p, line, n, &diag);
        line = end != NULL ? end + 1 : NULL;
    }
    if (err == FORE_E_OK) err = wl_series_parse_end(p, &diag);
    if (err == FORE_E_OK && (set.steps == 0 || set.count == 0)) abort();
    if (err != FORE_E_OK && diag.text[0] == '\0') abort();
    free(text);
    wl_series_fini(&set);
    fore_arena_fini(&scratch);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const layouts[] = {"auto", "wide", "long", "transposed", "counts"};
    for (size_t i = 0; i < FORE_COUNTOF(layouts); i++)
        parse(data, size, layouts[i]);
    return 0;
}
