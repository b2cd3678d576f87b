/*
 * bench_journal.h - the part of the bench that is about files: a journal of a given size is
 * written, opened, and jumped about in. Times are on the wall, the file is in the page cache.
 */
#ifndef VIZ_BENCH_JOURNAL_H
#define VIZ_BENCH_JOURNAL_H

#include "viz/bench.h"

/* Fills in open_ms and seek_ms_p95; the file is gone afterwards. */
FORE_MUST_USE enum fore_err viz_bench_journal(const struct viz_bench_options *options,
                                              struct viz_bench_result *result,
                                              struct fore_diag *diag);
/* A journal of at least so many bytes and one window; without forecasts if so wished. */
struct viz_bench_file {
    uint32_t partitions;
    uint64_t bytes;
    bool no_forecasts;
};
FORE_MUST_USE enum fore_err viz_bench_write(const char *path, const struct viz_bench_file *file,
                                            struct fore_diag *diag);

#endif
