/* beyond.c - the profile, cut out where the forecast ends. */
#include "core/decide/beyond.h"

#include "core/decide/profile.h"

#include <math.h>

static const fore_ns hour = 3600 * FORE_SEC, day = 86400 * FORE_SEC, week = 604800 * FORE_SEC;

/* The errors of a sum of requests grow with the root of its level. */
static float spread_at(float mean, const float *sd, const float *level, size_t last)
{
    float least = 1e-6f + 0.05f * level[last];
    return level[last] > 0 ? sd[last] * sqrtf(fmaxf(mean, least) / level[last]) : 0;
}

const struct fore_scenario *fore_beyond_make(const struct fore_decide_options *options,
                                             const struct fore_observe *observe,
                                             const struct fore_topology *topology,
                                             const struct fore_scenario *forecast,
                                             struct fore_arena *arena)
{
    size_t steps = (size_t)((options->beyond_span + hour - 1) / hour);
    fore_ns covers = fore_profile_covers(observe, hour), period = covers >= 2 * week ? week : day;
    if (steps == 0 || !forecast->ready || covers < 2 * day) return NULL;
    struct fore_profile profile;
    fore_profile_read(observe, topology, period, hour, arena, &profile);
    if (profile.points == 0) return NULL;
    size_t cells = (size_t)topology->partition_cap * steps, last = forecast->steps - 1;
    float *mean = FORE_NEW(arena, float, cells), *own = FORE_NEW(arena, float, cells);
    float *common = FORE_NEW(arena, float, cells);
    fore_ns end = forecast->origin + forecast->steps * forecast->step;
    uint32_t count = topology->partition_count < forecast->partition_count
                         ? topology->partition_count
                         : forecast->partition_count;
    for (uint32_t p = 0; p < count; p++) {
        if (!topology->partition[p].alive) continue;
        const float *usual = profile.load + (size_t)p * profile.slots;
        size_t row = (size_t)p * forecast->steps;
        for (size_t k = 0; k < steps; k++) {
            size_t at = (size_t)p * steps + k;
            mean[at] = usual[(end / hour + k) % profile.slots];
            own[at] = spread_at(mean[at], forecast->own + row, forecast->mean + row, last);
            common[at] = spread_at(mean[at], forecast->common + row, forecast->mean + row, last);
        }
    }
    struct fore_scenario *out = FORE_NEW(arena, struct fore_scenario, 1);
    *out = (struct fore_scenario){.model = "profile",
                                  .origin = end / hour * hour,
                                  .step = hour,
                                  .steps = steps,
                                  .partition_count = count,
                                  .mean = mean,
                                  .common = common,
                                  .own = own,
                                  .kin = forecast->kin,
                                  .ready = true};
    return out;
}
