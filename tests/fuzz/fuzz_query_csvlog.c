/* fuzz_query_csvlog.c - any bytes as one record after the other of PostgreSQL's csvlog, through its
 * SQL parser where that is built in: no crash, every refusal a sentence. */
#include <stdlib.h>
#include <string.h>

#include "workloads/query_read.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fore_query_log log = {0};
    struct fore_arena arena = {0};
    struct fore_diag diag = {0};
    struct wl_query_read_report report = {0};
    enum fore_err err = FORE_E_OK;
    char *text = malloc(size + 1), *line = text;
    if (text == NULL) abort();
    if (size > 0) memcpy(text, data, size);
    text[size] = '\0';
    struct wl_query_csvlog *csvlog = wl_query_csvlog_begin(&log, "fuzz", &report, &arena);
    for (uint64_t n = 1; err == FORE_E_OK && line != NULL; n++) {
        char *end = strchr(line, '\n');
        if (end != NULL) *end = '\0';
        err = wl_query_csvlog_record(csvlog, line, n, &diag);
        line = end != NULL ? end + 1 : NULL;
    }
    if (err != FORE_E_OK && diag.text[0] == '\0') abort();
    free(text);
    fore_query_log_fini(&log);
    fore_arena_fini(&arena);
    return 0;
}
