/*
 * bench.h - what a frame, an opening and a jump cost, on a generated cluster of 16,384 partitions
 * and 1,440 columns at 1920x1080. Frames are counted in CPU time of the drawing thread, opening
 * and jumping in time on the wall. Nothing is drawn on a display that a person sees unless there is
 * one; without any the page goes to SDL's offscreen driver.
 */
#ifndef VIZ_BENCH_H
#define VIZ_BENCH_H

#include "viz/colour.h"

#include "core/base/err.h"

struct viz_bench_options {
    const struct viz_theme *theme;
    uint32_t partitions, columns;
    uint32_t frames;        /* measured of each kind */
    uint64_t journal_bytes; /* of the journal to open; 0: leave that part out */
    int width, height;
    bool json;
};
/* Prints to standard output. */
FORE_MUST_USE enum fore_err viz_bench_run(const struct viz_bench_options *options,
                                          struct fore_diag *diag);

#endif
