/*
 * flow_rank.c - the walks, sorted at every knot; weights in between by straight lines.
 */
#include "workloads/flow_rank.h"

#include <math.h>
#include <stdlib.h>

#include "core/base/dist.h"

enum { KNOTS_IN_MEMORY = 64, WEIGHTS_MAX = 1 << 25 };

struct wl_flow_rank {
    uint32_t width; /* sets * groups */
    uint32_t knots;
    fore_ns apart;  /* 0: one knot */
    float *weight;  /* [knot][width] */
    float *between; /* [width]: what was asked for last */
};

struct place {
    double value;
    uint32_t group;
};

static int higher_first(const void *a, const void *b)
{
    const struct place *x = a, *y = b;
    if (x->value > y->value) return -1;
    if (x->value < y->value) return 1;
    return (x->group > y->group) - (x->group < y->group);
}

static void rank_all(const struct wl_flow_rank_options *o, const double *walk, const double *zipf,
                     struct place *place, float *weight)
{
    for (uint32_t set = 0; set < o->sets; set++) {
        const double *value = walk + (size_t)set * o->groups;
        for (uint32_t g = 0; g < o->groups; g++)
            place[g] = (struct place){value[g], g};
        qsort(place, o->groups, sizeof *place, higher_first);
        for (uint32_t r = 0; r < o->groups; r++)
            weight[(size_t)set * o->groups + place[r].group] = (float)(zipf[r] * o->groups);
    }
}

static void walk_all(struct wl_flow_rank *rank, const struct wl_flow_rank_options *o,
                     struct fore_arena *scratch)
{
    double *walk = FORE_NEW(scratch, double, rank->width);
    double *zipf = FORE_NEW(scratch, double, o->groups);
    struct place *place = FORE_NEW(scratch, struct place, o->groups);
    double phi = exp(-1.0 / KNOTS_IN_MEMORY);
    fore_dist_zipf_weights(zipf, o->groups, o->s);
    for (uint32_t k = 0; k < rank->knots; k++) {
        struct fore_rng rng = fore_rng_stream(o->seed, "rank", k);
        double keep = k == 0 ? 0 : phi, spread = sqrt(1 - keep * keep);
        for (uint32_t g = 0; g < rank->width; g++)
            walk[g] = keep * walk[g] + spread * fore_dist_normal(&rng);
        rank_all(o, walk, zipf, place, rank->weight + (size_t)k * rank->width);
    }
}

enum fore_err wl_flow_rank_create(struct fore_arena *arena,
                                  const struct wl_flow_rank_options *options,
                                  struct wl_flow_rank **out, struct fore_diag *diag)
{
    const struct wl_flow_rank_options *o = options;
    FORE_ASSERT(o->sets > 0 && o->groups > 0 && o->s >= 0);
    fore_ns apart = o->memory / KNOTS_IN_MEMORY;
    double width = (double)o->sets * o->groups;
    double knots = apart > 0 ? (double)o->span / (double)apart + 2 : 1;
    if (knots * width > WEIGHTS_MAX)
        return fore_err_set(diag, FORE_E_RANGE,
                            "workload.rank_memory: the ranks of %.0f sub-ranges over %.0f s are "
                            "too much to keep when they last %.0f s; make it longer",
                            width, (double)o->span / (double)FORE_SEC,
                            (double)o->memory / (double)FORE_SEC);
    struct wl_flow_rank *rank = FORE_NEW(arena, struct wl_flow_rank, 1);
    struct fore_arena scratch = {0};
    rank->width = (uint32_t)width;
    rank->knots = (uint32_t)knots;
    rank->apart = apart;
    rank->weight = FORE_NEW(arena, float, (size_t)rank->knots * rank->width);
    rank->between = FORE_NEW(arena, float, rank->width);
    walk_all(rank, o, &scratch);
    fore_arena_fini(&scratch);
    *out = rank;
    return FORE_E_OK;
}

const float *wl_flow_rank_at(struct wl_flow_rank *rank, fore_ns t)
{
    if (rank->apart == 0) return rank->weight;
    uint64_t knot = t / rank->apart, last = rank->knots - 1;
    if (knot >= last) return rank->weight + last * rank->width;
    float into = (float)((double)(t % rank->apart) / (double)rank->apart);
    const float *low = rank->weight + knot * rank->width, *high = low + rank->width;
    for (uint32_t g = 0; g < rank->width; g++)
        rank->between[g] = low[g] + into * (high[g] - low[g]);
    return rank->between;
}
