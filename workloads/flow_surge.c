/*
 * flow_surge.c - drawing surges, and what they add to a step.
 *
 * A surge is a trapezoid over time, so its mean over a step is a difference of two areas: steps
 * longer than a surge keep its requests, and no surge falls between two of them.
 */
#include "workloads/flow_surge.h"

#include <string.h>

#include "core/base/dist.h"

static uint64_t between(struct fore_rng *rng, uint64_t low, uint64_t high)
{
    uint64_t at = low + (uint64_t)(fore_rng_unit(rng) * ((double)(high - low) + 1));
    return at < high ? at : high;
}

/* Distinct groups, one after the other. */
static void draw_groups(struct fore_rng *rng, uint32_t groups, struct wl_flow_surge *out)
{
    for (uint32_t i = 0; i < out->group_count; i++) {
        uint32_t pick = 0, k = 0;
        while (k <= i) { /* again, while it is one of those before */
            pick = fore_rng_below(rng, groups);
            for (k = 0; k < i && out->group[k] != pick; k++)
                ;
            if (k == i) break;
        }
        out->group[i] = pick;
    }
}

static void draw(struct fore_arena *arena, const struct wl_flow_surge_options *o,
                 struct fore_rng *rng, struct wl_flow_surge *out)
{
    out->group_count = (uint32_t)between(rng, o->groups_min, o->groups_max);
    out->rate = o->rate_min + (o->rate_max - o->rate_min) * fore_rng_unit(rng);
    out->rate /= out->group_count;
    out->rise = between(rng, o->rise_min, o->rise_max);
    out->hold = between(rng, o->hold_min, o->hold_max);
    out->group = FORE_NEW(arena, uint32_t, out->group_count);
    draw_groups(rng, o->groups, out);
}

void wl_flow_surge_draw(struct fore_arena *arena, const struct wl_flow_surge_options *options,
                        struct wl_flow_surges *out)
{
    const struct wl_flow_surge_options *o = options;
    FORE_ASSERT(o->every > 0 && o->groups_min > 0 && o->groups_min <= o->groups_max);
    FORE_ASSERT(o->groups_max <= o->groups);
    size_t room = 64;
    *out = (struct wl_flow_surges){.surge = FORE_NEW(arena, struct wl_flow_surge, room),
                                   .longest = 2 * o->rise_max + o->hold_max};
    double at = 0;
    for (;;) {
        struct fore_rng rng = fore_rng_stream(o->seed, "surge", out->count);
        at += fore_dist_exp(&rng) * (double)o->every;
        if (!(at < (double)o->span)) return;
        if (out->count == room) {
            struct wl_flow_surge *grown = FORE_NEW(arena, struct wl_flow_surge, 2 * room);
            memcpy(grown, out->surge, room * sizeof *grown);
            out->surge = grown;
            room *= 2;
        }
        struct wl_flow_surge *surge = &out->surge[out->count++];
        surge->begin = (fore_ns)at;
        draw(arena, o, &rng, surge);
    }
}

/* Area under a surge of height 1 from its beginning to `age`, in nanoseconds. */
static double area(const struct wl_flow_surge *surge, fore_ns age)
{
    double rise = (double)surge->rise, hold = (double)surge->hold, x = (double)age;
    if (x < rise) return x * x / (2 * rise);
    if (x <= rise + hold) return rise / 2 + (x - rise);
    double left = 2 * rise + hold - x;
    if (left <= 0) return rise + hold;
    return rise + hold - left * left / (2 * rise);
}

/* The first surge that may still be felt at `t`. */
static size_t first_felt(const struct wl_flow_surges *surges, fore_ns t)
{
    size_t low = 0, high = surges->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (surges->surge[middle].begin + surges->longest < t)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

void wl_flow_surge_add(const struct wl_flow_surges *surges, fore_ns from, fore_ns step,
                       double *rate)
{
    for (size_t i = first_felt(surges, from); i < surges->count; i++) {
        const struct wl_flow_surge *surge = &surges->surge[i];
        if (surge->begin >= from + step) return;
        fore_ns begun = from > surge->begin ? from - surge->begin : 0;
        double felt = area(surge, from + step - surge->begin) - area(surge, begun);
        double mean = surge->rate * felt / (double)step;
        for (uint32_t g = 0; g < surge->group_count; g++)
            rate[surge->group[g]] += mean;
    }
}
