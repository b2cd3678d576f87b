/*
 * flow_noise.c - AR(1) multipliers, remembered in a ring of steps.
 *
 * Only the newest state of the walk is kept in full; the ring holds finished multipliers. Rows are
 * made one block at a time, so a short run touches little memory.
 */
#include "workloads/flow_noise.h"

#include <math.h>

#include "core/base/dist.h"

enum { RING_STEPS = 16384, RING_FLOATS_MAX = 1 << 25, BLOCK_STEPS = 256 };

struct wl_flow_noise {
    struct wl_flow_noise_options options;
    struct fore_arena *arena;
    double phi;
    double *walk;  /* groups, then the common one; state after step `next - 1` */
    float **block; /* ring of blocks of BLOCK_STEPS rows */
    uint32_t block_count;
    uint64_t next; /* first step not walked yet */
};

struct wl_flow_noise *wl_flow_noise_create(struct fore_arena *arena,
                                           const struct wl_flow_noise_options *options)
{
    if (options->own <= 0 && options->common <= 0) return NULL;
    FORE_ASSERT(options->groups > 0 && options->step > 0);
    struct wl_flow_noise *noise = FORE_NEW(arena, struct wl_flow_noise, 1);
    uint64_t steps = RING_FLOATS_MAX / options->groups;
    if (steps > RING_STEPS) steps = RING_STEPS;
    noise->options = *options;
    noise->arena = arena;
    noise->phi = options->memory > 0 ? exp(-(double)options->step / (double)options->memory) : 0;
    noise->walk = FORE_NEW(arena, double, options->groups + 1);
    noise->block_count = (uint32_t)(steps / BLOCK_STEPS) + 2;
    noise->block = FORE_NEW(arena, float *, noise->block_count);
    return noise;
}

static float *row_of(struct wl_flow_noise *noise, uint64_t step)
{
    float **block = &noise->block[step / BLOCK_STEPS % noise->block_count];
    size_t width = noise->options.groups;
    if (*block == NULL) *block = FORE_NEW(noise->arena, float, width *BLOCK_STEPS);
    return *block + step % BLOCK_STEPS * width;
}

static void walk_one(double *x, double phi, double spread, struct fore_rng *rng)
{
    double z = fore_dist_normal(rng);
    *x = phi * *x + spread * z;
}

static void walk_step(struct wl_flow_noise *noise)
{
    const struct wl_flow_noise_options *o = &noise->options;
    uint64_t step = noise->next++;
    double phi = step == 0 ? 0 : noise->phi; /* the first state is drawn from the stationary law */
    double spread = sqrt(1 - phi * phi);
    struct fore_rng own = fore_rng_stream(o->seed, "noise.own", step);
    struct fore_rng common = fore_rng_stream(o->seed, "noise.common", step);
    walk_one(&noise->walk[o->groups], phi, spread, &common);
    double shared = o->common * noise->walk[o->groups] - 0.5 * o->common * o->common;
    float *row = row_of(noise, step);
    for (uint32_t g = 0; g < o->groups; g++) {
        if (o->own > 0) walk_one(&noise->walk[g], phi, spread, &own);
        row[g] = (float)exp(shared + o->own * noise->walk[g] - 0.5 * o->own * o->own);
    }
}

const float *wl_flow_noise_at(struct wl_flow_noise *noise, uint64_t step)
{
    uint64_t kept = (uint64_t)(noise->block_count - 1) * BLOCK_STEPS;
    if (step + kept < noise->next) noise->next = 0; /* forgotten: step 0 resets the walk itself */
    while (noise->next <= step)
        walk_step(noise);
    return row_of(noise, step);
}
