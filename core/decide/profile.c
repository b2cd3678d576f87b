/* profile.c - history folded at its period. */
#include "core/decide/profile.h"

#include <math.h>

/* The level that covers most time with points no longer than `step`; level 0 when none is. */
static int level_for(const struct fore_history *history, fore_ns step)
{
    const struct fore_history_shape *shape = fore_history_shape(history);
    int best = 0;
    for (int level = 1; level < FORE_HISTORY_LEVELS; level++) {
        fore_ns covers = fore_history_count(history, level) * shape->step[level];
        fore_ns covered = fore_history_count(history, best) * shape->step[best];
        if (shape->step[level] <= step && covers > 0 && covers + shape->step[level] > covered)
            best = level;
    }
    return best;
}

fore_ns fore_profile_covers(const struct fore_observe *observe, fore_ns step)
{
    int level = level_for(observe->history, step);
    return fore_history_count(observe->history, level) *
           fore_history_shape(observe->history)->step[level];
}

/* The points that a profile of such slots is made from. */
struct past {
    int level;
    size_t count;
    fore_ns apart, first; /* from one point to the next; where the oldest begins */
};

static struct past past_of(const struct fore_history *history, fore_ns step)
{
    int level = level_for(history, step);
    fore_ns apart = fore_history_shape(history)->step[level];
    size_t count = fore_history_count(history, level);
    fore_ns end = fore_history_end(history, level), reach = count * apart;
    return (struct past){level, count, apart, end > reach ? end - reach : 0};
}

static uint32_t slot_of(const struct past *past, const struct fore_profile *profile, size_t i)
{
    return (uint32_t)((past->first + i * past->apart) / profile->step % profile->slots);
}

/* One partition's points into its slots; `seen` counts them. */
static void fold(const float *point, size_t count, fore_ns first, fore_ns apart, uint32_t slots,
                 fore_ns step, uint32_t *seen, double *sum)
{
    for (uint32_t k = 0; k < slots; k++) {
        seen[k] = 0;
        sum[k] = 0;
    }
    for (size_t i = 0; i < count; i++) {
        if (isnan(point[i])) continue;
        uint32_t k = (uint32_t)((first + i * apart) / step % slots);
        seen[k]++;
        sum[k] += (double)point[i];
    }
}

static void fill(const uint32_t *seen, const double *sum, uint32_t slots, float *out)
{
    double all = 0, points = 0;
    for (uint32_t k = 0; k < slots; k++) {
        all += sum[k];
        points += seen[k];
    }
    double usual = points > 0 ? all / points : 0;
    for (uint32_t k = 0; k < slots; k++)
        out[k] = (float)(seen[k] > 0 ? sum[k] / seen[k] : usual);
}

void fore_profile_read(const struct fore_observe *observe, const struct fore_topology *topology,
                       fore_ns period, fore_ns step, struct fore_arena *arena,
                       struct fore_profile *out)
{
    FORE_ASSERT(period > 0 && step > 0 && (period + step - 1) / step <= UINT32_MAX / 2);
    const struct fore_history *history = observe->history;
    const struct past past = past_of(history, step);
    size_t count = past.count;
    uint32_t slots = (uint32_t)((period + step - 1) / step);
    FORE_ASSERT(slots > 0);
    *out = (struct fore_profile){.slots = slots, .step = step, .points = count};
    out->load = FORE_NEW(arena, float, (size_t)topology->partition_cap *slots);
    out->weight = FORE_NEW(arena, double, slots);
    float *point = FORE_NEW(arena, float, count + 1);
    uint32_t *seen = FORE_NEW(arena, uint32_t, slots);
    double *sum = FORE_NEW(arena, double, slots);
    for (uint32_t p = 0; p < topology->partition_count && count > 0; p++) {
        if (!topology->partition[p].alive) continue;
        fore_history_read(history, past.level, FORE_HIST_LOAD, p, count, point);
        fold(point, count, past.first, past.apart, slots, step, seen, sum);
        fill(seen, sum, slots, out->load + (size_t)p * slots);
    }
    for (size_t i = 0; i < count; i++)
        out->weight[slot_of(&past, out, i)] += 1.0 / (double)count;
}

double fore_profile_spread(const struct fore_observe *observe, const struct fore_topology *topology,
                           const struct fore_profile *profile, struct fore_arena *scratch)
{
    const struct fore_history *history = observe->history;
    const struct past past = past_of(history, profile->step);
    size_t count = past.count, nodes = topology->node_count;
    float *point = FORE_NEW(scratch, float, count + 1);
    float *strayed = FORE_NEW(scratch, float, nodes *count + 1);
    float *usual = FORE_NEW(scratch, float, nodes *count + 1);
    for (uint32_t p = 0; p < topology->partition_count && count > 0; p++) {
        const struct fore_partition *part = &topology->partition[p];
        if (!part->alive || part->replica_count == 0) continue;
        const float *mean = profile->load + (size_t)p * profile->slots;
        size_t row = part->replica[0] * count;
        fore_history_read(history, past.level, FORE_HIST_LOAD, p, count, point);
        for (size_t i = 0; i < count; i++) {
            if (isnan(point[i])) continue;
            float m = mean[slot_of(&past, profile, i)];
            strayed[row + i] += point[i] - m;
            usual[row + i] += m;
        }
    }
    double square = 0, whole = 0;
    for (size_t i = 0; i < nodes * count; i++) {
        square += (double)strayed[i] * (double)strayed[i];
        whole += (double)usual[i] * (double)usual[i];
    }
    return whole > 0 ? sqrt(square / whole) : (double)NAN;
}

double *fore_profile_strays(const struct fore_observe *observe,
                            const struct fore_topology *topology,
                            const struct fore_profile *profile, struct fore_arena *arena)
{
    const struct fore_history *history = observe->history;
    const struct past past = past_of(history, profile->step);
    size_t count = past.count;
    double *out = FORE_NEW(arena, double, topology->partition_cap);
    float *point = FORE_NEW(arena, float, count + 1);
    for (uint32_t p = 0; p < topology->partition_count && count > 0; p++) {
        if (!topology->partition[p].alive) continue;
        const float *mean = profile->load + (size_t)p * profile->slots;
        double square = 0;
        size_t seen = 0;
        fore_history_read(history, past.level, FORE_HIST_LOAD, p, count, point);
        for (size_t i = 0; i < count; i++) {
            if (isnan(point[i])) continue;
            double off = (double)(point[i] - mean[slot_of(&past, profile, i)]);
            square += off * off;
            seen++;
        }
        if (seen > 0) out[p] = sqrt(square / (double)seen);
    }
    return out;
}

double fore_profile_above(const struct fore_observe *observe, const struct fore_topology *topology,
                          const struct fore_profile *profile, double times,
                          struct fore_arena *scratch)
{
    FORE_ASSERT(profile->slots > 0 && profile->step > 0);
    const struct fore_history *history = observe->history;
    const struct past past = past_of(history, profile->step);
    size_t above = 0;
    float *point = FORE_NEW(scratch, float, past.count + 1);
    double *all = FORE_NEW(scratch, double, past.count + 1);
    double *usual = FORE_NEW(scratch, double, profile->slots);
    for (uint32_t p = 0; p < topology->partition_count && past.count > 0; p++) {
        if (!topology->partition[p].alive) continue;
        fore_history_read(history, past.level, FORE_HIST_LOAD, p, past.count, point);
        for (size_t i = 0; i < past.count; i++)
            if (!isnan(point[i])) all[i] += (double)point[i];
        for (uint32_t k = 0; k < profile->slots; k++)
            usual[k] += (double)profile->load[(size_t)p * profile->slots + k];
    }
    for (size_t i = 0; i < past.count; i++) {
        double then = usual[slot_of(&past, profile, i)];
        above += then > 0 && all[i] > times * then;
    }
    return past.count > 0 ? (double)above / (double)past.count : 0;
}

double *fore_profile_busiest(const struct fore_observe *observe,
                             const struct fore_topology *topology, fore_ns step,
                             struct fore_arena *arena)
{
    const struct fore_history *history = observe->history;
    int level = level_for(history, step);
    size_t count = fore_history_count(history, level);
    double *out = FORE_NEW(arena, double, topology->partition_cap);
    float *point = FORE_NEW(arena, float, count + 1);
    for (uint32_t p = 0; p < topology->partition_count && count > 0; p++) {
        if (!topology->partition[p].alive) continue;
        float most = 0;
        fore_history_read(history, level, FORE_HIST_LOAD, p, count, point);
        for (size_t i = 0; i < count; i++)
            if (point[i] > most) most = point[i];
        out[p] = (double)most;
    }
    return out;
}
