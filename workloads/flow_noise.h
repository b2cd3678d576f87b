/*
 * flow_noise.h - the wobble that real load has on top of its pattern.
 *
 * Every group of buckets follows a stationary AR(1) walk of its own, and all follow one together:
 * x' = phi x + sqrt(1 - phi^2) N(0, 1) with phi = exp(-step / memory). The multipliers are
 * exp(sigma x - sigma^2 / 2), so their mean is 1. The draws of a step come from a stream named by
 * the step, so the walk is the same whoever asks for it and in whatever order.
 */
#ifndef WL_FLOW_NOISE_H
#define WL_FLOW_NOISE_H

#include "core/base/arena.h"

struct wl_flow_noise_options {
    double own, common; /* sigma of each group's walk, and of the one they share */
    fore_ns memory;     /* correlation time */
    fore_ns step;
    uint64_t seed;
    uint32_t groups;
};

struct wl_flow_noise;
/* NULL when both sigmas are 0. */
struct wl_flow_noise *wl_flow_noise_create(struct fore_arena *arena,
                                           const struct wl_flow_noise_options *options);
/*
 * The multiplier of each group in step number `step`. The newest 16,384 steps (fewer when there
 * are more than 2,048 groups: the ring holds 128 MiB at most) are remembered; before them the walk
 * is walked again from 0. Valid until the next call.
 */
const float *wl_flow_noise_at(struct wl_flow_noise *noise, uint64_t step);

#endif
