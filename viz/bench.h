/*
 * bench.h - what a frame, an opening and a jump cost, on a generated cluster of 16,384 partitions
 * and 1,440 columns at 1920x1080. Frames are counted in CPU time of the drawing thread, opening
 * and jumping in time on the wall. Nothing is drawn on a display that a person sees unless there is
 * one; without any the page goes to SDL's offscreen driver.
 */
#ifndef VIZ_BENCH_H
#define VIZ_BENCH_H

#include "core/base/err.h"
#include "viz/colour.h"

struct viz_bench_options {
    const struct viz_theme *theme;
    uint32_t partitions, columns;
    uint32_t frames;        /* measured of each kind */
    uint64_t journal_bytes; /* of the journal to open; 0: leave that part out */
    int width, height;
    bool json;
};
struct viz_bench_result {
    double full_ms_p95, idle_ms_p95, column_ms_p95, follow_ms_p95, window_ms_p95; /* CPU */
    double input_ms_p95, open_ms, history_ms, seek_ms_p95, settle_ms_p95;         /* wall */
    uint64_t rss_bytes;
};
/* Prints to standard output. */
FORE_MUST_USE enum fore_err viz_bench_run(const struct viz_bench_options *options,
                                          struct fore_diag *diag);

#endif
