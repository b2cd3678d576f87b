/*
 * history.h - what each partition did, at several resolutions, in bounded memory.
 *
 * A history has levels, each a ring per partition: level 0 holds engine windows (say 1 s x 600),
 * level k holds means over `ratio` points of level k-1 (1 min x 1440, 1 h x 1344). Appending is
 * O(1) amortised. Values are floats, per second of window: load in cores, requests, writes, bytes.
 * Time is cut into slots: the window that ended at `end` is slot end/step, rounded. Rings are made
 * when a partition (or one of the fifteen that share its block) is first asked for something, so a
 * million cold partitions cost a pointer per sixteen; before that their points are NaN.
 */
#ifndef FORE_HISTORY_H
#define FORE_HISTORY_H

#include "core/base/arena.h"
#include "core/base/buf.h"
#include "core/base/err.h"

enum { FORE_HISTORY_LEVELS = 3 };
enum fore_history_metric {
    FORE_HIST_LOAD,     /* cores: reads plus one application of each write */
    FORE_HIST_REQUESTS, /* per second */
    FORE_HIST_WRITES,   /* per second */
    FORE_HIST_BYTES,    /* read + written, per second */
    FORE_HIST_METRICS
};

struct fore_history_shape {
    fore_ns step[FORE_HISTORY_LEVELS];    /* step[k+1] is a multiple of step[k] */
    uint32_t length[FORE_HISTORY_LEVELS]; /* points kept */
};

struct fore_history;
struct fore_history *fore_history_create(const struct fore_history_shape *shape,
                                         uint32_t partition_cap);
void fore_history_destroy(struct fore_history *history);
const struct fore_history_shape *fore_history_shape(const struct fore_history *history);
/* One window that ended at `end`, for all partitions: value[metric][partition], NaN for one that
 * does not live. Windows that were skipped (a gap) are NaN at level 0 and left out of the means
 * above. Time does not go backwards. */
void fore_history_append(struct fore_history *history, fore_ns end,
                         const float *const value[FORE_HIST_METRICS], uint32_t partition_count);
/* How many points a level has, and the end time of the newest complete one (0: none). */
size_t fore_history_count(const struct fore_history *history, int level);
fore_ns fore_history_end(const struct fore_history *history, int level);
/* Copies the newest `n` points, oldest first; points before the partition lived are NaN. */
void fore_history_read(const struct fore_history *history, int level,
                       enum fore_history_metric metric, uint32_t partition, size_t n, float *out);
/* After a split: right's past is `right_share` of the parent's, left's the rest. */
void fore_history_split(struct fore_history *history, uint32_t left, uint32_t right,
                        double right_share);
/* After a merge: left's past is the sum, right's is forgotten. */
void fore_history_merge(struct fore_history *history, uint32_t left, uint32_t right);
/* The past would have been `factor` times what it was. */
void fore_history_scale(struct fore_history *history, uint32_t partition, double factor);
/* The index begins another life: its past becomes NaN. */
void fore_history_forget(struct fore_history *history, uint32_t partition);
size_t fore_history_bytes(const struct fore_history *history); /* memory held */
/*
 * The past as bytes, for a restart: the middle and the long level, whole points only; the last
 * minutes' windows are not kept. Framed and checksummed; loaded into a fresh history of the same
 * shape and number of partitions, which then goes on where it was: a first window that ended before
 * fore_history_end(history, 1) is not allowed. FORE_E_FORMAT, with what is wrong, and then it must
 * be created anew.
 */
void fore_history_save(const struct fore_history *history, struct fore_buf *out);
FORE_MUST_USE enum fore_err fore_history_load(struct fore_history *history, const void *bytes,
                                              size_t size, struct fore_diag *diag);

#endif
