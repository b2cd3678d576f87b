/* fuzz_query_csv.c - any bytes as our query log: no crash, every refusal a sentence; what is
 * accepted is advised on without one either. */
#include <stdlib.h>
#include <string.h>

#include "core/advise/column_advice.h"
#include "core/advise/key_advice.h"
#include "workloads/query_csv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void look(struct fore_query_log *log, struct fore_arena *arena)
{
    static struct fore_key_candidate candidate[FORE_KEY_CANDIDATES];
    if (log->query_count == 0 || log->table_count == 0) return;
    struct fore_key_request request = {.log = log, .to = log->query_count, .nodes = 8};
    size_t count = fore_key_candidates(&request, candidate, arena);
    for (size_t i = 0; i < count; i++) {
        struct fore_key_layout layout = {.key = candidate[i].key};
        if (layout.key.kind == FORE_KEY_RANGE)
            fore_key_cut(log, 0, 0, log->query_count, &layout, arena);
        if (fore_key_route(log, &log->query[0], &layout) == 0) abort();
    }
    fore_column_widths(log, arena);
    (void)fore_column_advise(log, 0, 0, log->query_count, arena, arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fore_query_log log = {0};
    struct fore_arena arena = {0};
    struct fore_diag diag = {0};
    enum fore_err err = FORE_E_OK;
    char *text = malloc(size + 1), *line = text;
    if (text == NULL) abort();
    if (size > 0) memcpy(text, data, size);
    text[size] = '\0';
    struct wl_query_csv *csv = wl_query_csv_begin(&log, "fuzz", &arena);
    for (uint64_t n = 1; err == FORE_E_OK && line != NULL; n++) {
        char *end = strchr(line, '\n');
        if (end != NULL) *end = '\0';
        err = wl_query_csv_line(csv, line, n, &diag);
        line = end != NULL ? end + 1 : NULL;
    }
    if (err != FORE_E_OK && diag.text[0] == '\0') abort();
    look(&log, &arena);
    free(text);
    fore_query_log_fini(&log);
    fore_arena_fini(&arena);
    return 0;
}
