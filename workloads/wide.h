/*
 * wide.h - rows with columns, and requests that touch some of them.
 *
 * A table's columns and the column sets its requests use, from three lists of the "workload"
 * section:
 *   row_columns  "id=8, name=24, photo=4KiB"         mean widths, bytes; at most 32 columns
 *   row_sets     "50% name id, 12% photo, 5% *"      what reads touch, by share; * is all of them
 *   row_then     the same                            what they touch in every second row_every
 *   row_writes   the same                            what writes touch; none given: all columns
 * Shares are relative. A set is drawn for each request from a stream of its own, so times, keys and
 * operations are those of the workload without columns. Requests that name columns already (a
 * trace's) keep them.
 */
#ifndef WL_WIDE_H
#define WL_WIDE_H

#include "workloads/workload.h"

enum { WL_WIDE_COLUMNS = 32, WL_WIDE_SETS = 32 };

struct wl_wide_mix { /* sets of columns and how often they are used */
    uint32_t count;
    uint32_t set[WL_WIDE_SETS];
    double until[WL_WIDE_SETS]; /* sum of the shares so far, the last one 1 */
};

struct wl_wide {
    uint32_t columns; /* 0: the workload names none */
    uint32_t bytes[WL_WIDE_COLUMNS];
    struct wl_wide_mix reads[2], writes; /* count 0: none given */
    fore_ns every;                       /* reads change over; 0: never */
};

/* Column names are unknown, widths are nonsense, sets without columns: FORE_E_FORMAT, and says so.
 */
FORE_MUST_USE enum fore_err wl_wide_parse(const struct wl_options *options, struct wl_wide *out,
                                          struct fore_diag *diag);
/* The sets that a request at `t` draws from; NULL: all columns, always. */
const struct wl_wide_mix *wl_wide_mix_at(const struct wl_wide *wide, fore_ns t, bool write);
/* Takes `source` over and names columns in what it gives. */
struct wl_source wl_wide_source(struct wl_source source, const struct wl_wide *wide, uint64_t seed);

#endif
