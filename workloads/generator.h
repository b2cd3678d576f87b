/*
 * generator.h - the synthetic workload: one model, two views.
 *
 * The load at a moment is a short list of parts, each a rate spread over keys in some way: the
 * base popularity, a flash crowd, a drifting window, a report ... `wl_generator_moment` makes the
 * list for one step of time; the source (generator.c) draws requests from it and the flow
 * (generator_flow.c) adds it up per bucket, so the two agree in the mean by construction.
 *
 * A day is `diurnal_period` long: the weekly pattern, growth and the daily report follow it.
 */
#ifndef WL_GENERATOR_H
#define WL_GENERATOR_H

#include "workloads/flow_noise.h"
#include "workloads/workload.h"

enum wl_generator_spread {
    WL_SPREAD_EVEN,    /* every key in first..last alike */
    WL_SPREAD_POPULAR, /* by popularity, inside first..last */
    WL_SPREAD_HEAD,    /* at the insert head */
    WL_SPREAD_BEHIND,  /* by popularity of age: rank 0 is the newest key behind the head */
};

struct wl_generator_ops { /* shares, sum 1 */
    double read, scan, write;
    bool pairs; /* a write follows a read of its key at once (read-modify-write) */
};

struct wl_generator_part {
    double rate; /* requests per second */
    enum wl_generator_spread spread;
    struct wl_generator_ops ops;
    uint64_t first, last; /* keys, both included */
};

enum { WL_GENERATOR_PARTS = 9, WL_GENERATOR_GROUPS = 256 };
struct wl_generator_moment {
    struct wl_generator_part part[WL_GENERATOR_PARTS];
    uint32_t count;
    double rate; /* of all parts */
};

struct wl_generator_model {
    struct wl_options options;
    uint64_t seed;
    uint64_t keys;
    uint32_t popularity;           /* the mix may overrule the option */
    struct wl_generator_ops ops;   /* of the base load; inserts left out */
    double insert_share;           /* of the base load goes to the head */
    double head_start, head_speed; /* keys, keys per second */
    uint64_t hot_key;
    uint64_t cell_keys; /* the flow's buckets are cells of this many keys, hot keys cut out */
    uint32_t cell_count, group_count;
    double *cumulative; /* keys + 1 sums of popularity (by key, or by age); NULL: even */
    double *weight;     /* the same, not summed; released after set-up */
    bool modulated;     /* the moment depends on time */
    const char *label;  /* in the arena given to init */
};

/* Checks the options and fills the model. `scratch` holds model->weight, `arena` the rest. */
FORE_MUST_USE enum fore_err wl_generator_init(struct wl_generator_model *model,
                                              const struct wl_options *options, uint64_t seed,
                                              struct fore_arena *arena, struct fore_arena *scratch,
                                              struct fore_diag *diag);
/* The sums of popularity, made on first need. */
void wl_generator_sum_popularity(struct wl_generator_model *model, struct fore_arena *arena);
/* The load in the step that begins at t. */
void wl_generator_moment(const struct wl_generator_model *model, fore_ns t,
                         struct wl_generator_moment *out);
/* Which noise walk a key follows. */
uint32_t wl_generator_group(const struct wl_generator_model *model, uint64_t key);
struct wl_flow_noise *wl_generator_noise(const struct wl_generator_model *model,
                                         struct fore_arena *arena);
/* Position of the insert head at t, in keys, not yet wrapped round. */
double wl_generator_head(const struct wl_generator_model *model, fore_ns t);

FORE_MUST_USE enum fore_err wl_generator_source(const struct wl_options *options, uint64_t seed,
                                                struct wl_source *out, struct fore_diag *diag);
FORE_MUST_USE enum fore_err wl_generator_flow(const struct wl_options *options, uint64_t seed,
                                              struct wl_flow *out, struct fore_diag *diag);

#endif
