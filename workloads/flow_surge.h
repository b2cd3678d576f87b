/*
 * flow_surge.h - surges that nothing announces, for series that are too regular to have any.
 *
 * Surges begin as a Poisson process. Each hits a few groups of buckets (partitions) drawn at
 * random, rises in a straight line, stays, and goes the way it came; its load comes on top of what
 * the groups have anyway and is shared by them alike. Surge number i is drawn from the stream
 * (seed, "surge", i), so surges depend on nothing but the options and the seed.
 */
#ifndef WL_FLOW_SURGE_H
#define WL_FLOW_SURGE_H

#include "core/base/arena.h"

struct wl_flow_surge_options {
    fore_ns every;                   /* mean time between two beginnings, > 0 */
    uint32_t groups_min, groups_max; /* how many groups one hits */
    double rate_min, rate_max;       /* requests per second at its height, all groups together */
    fore_ns rise_min, rise_max;      /* and the same for its fall */
    fore_ns hold_min, hold_max;
    fore_ns span; /* none begins later */
    uint64_t seed;
    uint32_t groups; /* there are, >= groups_max */
};

struct wl_flow_surge {
    fore_ns begin, rise, hold;
    double rate; /* of each group, at its height */
    uint32_t *group;
    uint32_t group_count;
};

struct wl_flow_surges {
    struct wl_flow_surge *surge; /* by begin */
    size_t count;
    fore_ns longest; /* from the beginning of one to its end, at most */
};

/* Draws all of a span; each range drawn evenly, ends included. Memory from `arena`. */
void wl_flow_surge_draw(struct fore_arena *arena, const struct wl_flow_surge_options *options,
                        struct wl_flow_surges *out);
/* Adds to rate[group] the mean over [from, from + step) of every surge there is. */
void wl_flow_surge_add(const struct wl_flow_surges *surges, fore_ns from, fore_ns step,
                       double *rate);

#endif
