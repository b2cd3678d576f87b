/*
 * global.h - models learned from many series together, and the files they are kept in.
 *
 * A net is what has been learned: immutable, self-contained, made by a trainer. A trainer copies
 * what it needs of the panel when it begins and then works in slices, so that training can go on
 * inside the time budget of many steps. Nothing is lost when a trainer is dropped half-way. The
 * caller compares an old net with a new one and keeps the better.
 */
#ifndef FORE_GLOBAL_H
#define FORE_GLOBAL_H

#include "core/base/buf.h"
#include "core/forecast/model.h"

enum { FORE_LEVELS = 13 }; /* fore_quantile_levels, residual.h */

/* Series of one step and one set of periods; each view ends at what is known. */
struct fore_panel {
    const struct fore_series_view *series;
    size_t count;
};

/* What a net is for. All series it learns from and predicts share it. */
struct fore_net_shape {
    size_t horizon;                    /* <= FORE_NET_HORIZON_MAX */
    uint32_t period[FORE_PERIODS_MAX]; /* in steps, ascending; all 0: no season is known */
};
enum { FORE_NET_HORIZON_MAX = 512 };

struct fore_net; /* each global model has its own; opaque to others */
struct fore_trainer;

struct fore_global {
    const char *kind; /* written in its files: "lstm", "trees" */
    /*
     * Begins to learn from `panel`; from `warm` on when it is not NULL and has this shape. NULL:
     * no series is long enough. `seed` decides every random draw.
     */
    struct fore_trainer *(*begin)(const struct fore_net_shape *shape, const struct fore_net *warm,
                                  const struct fore_panel *panel, uint64_t seed);
    /* Works for about `work` milliseconds of a 3 GHz core, counted in operations, not by a clock:
     * equal calls give equal nets. True when the training is complete. */
    bool (*step)(struct fore_trainer *trainer, uint64_t work);
    /* The net as learned so far; the trainer is gone. */
    struct fore_net *(*finish)(struct fore_trainer *trainer);
    void (*drop)(struct fore_trainer *trainer); /* gone without a net */
    void (*destroy)(struct fore_net *net);

    const struct fore_net_shape *(*shape)(const struct fore_net *net);
    /*
     * Every view has at least points_min points. mean[series * horizon + h], never negative, never
     * NaN. grid[(series * horizon + h) * FORE_LEVELS + i]: the net's own quantiles, ascending, >=
     * 0; NULL: not wanted; models without quantiles of their own are never asked (has_quantiles).
     */
    void (*predict)(const struct fore_net *net, const struct fore_panel *panel,
                    struct fore_arena *scratch, float *mean, float *grid);
    bool has_quantiles;

    /* The net as bytes, little-endian, without the frame that global.c puts around them. */
    void (*write)(const struct fore_net *net, struct fore_buf *out);
    /* NULL, and a sentence in diag, unless bytes[0..size) are exactly one sound net. */
    struct fore_net *(*read)(const void *bytes, size_t size, struct fore_diag *diag);
};

/*
 * A net in its frame (core/base/bytes.h). Files are the caller's business.
 */
void fore_net_save(const struct fore_global *global, const struct fore_net *net,
                   struct fore_buf *out);
/* FORE_E_FORMAT with what is wrong: another kind, cut short, changed, from another version. */
FORE_MUST_USE enum fore_err fore_net_load(const struct fore_global *global, const void *bytes,
                                          size_t size, struct fore_net **out,
                                          struct fore_diag *diag);

#endif
