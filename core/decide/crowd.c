/* crowd.c - recent means, and the factor that fills the cluster. */
#include "core/decide/crowd.h"

#include <math.h>

static const double filled[] = {0.70, 0.82, 0.94}; /* of the limit: the rest is for who strays */
static const fore_ns slot_step = 600 * FORE_SEC;   /* in which order they come does not matter */

/* The finest level that reaches back so far, or the one that reaches furthest. */
static int level_of(const struct fore_history *history, fore_ns memory)
{
    const struct fore_history_shape *shape = fore_history_shape(history);
    int best = 0;
    fore_ns reach = 0;
    for (int level = 0; level < FORE_HISTORY_LEVELS && reach < memory; level++) {
        fore_ns covers = fore_history_count(history, level) * shape->step[level];
        if (covers <= reach) continue;
        best = level;
        reach = covers;
    }
    return best;
}

static double mean_of(const float *point, size_t count)
{
    double sum = 0;
    size_t seen = 0;
    for (size_t i = 0; i < count; i++) {
        if (isnan(point[i])) continue;
        sum += (double)point[i];
        seen++;
    }
    return seen > 0 ? sum / (double)seen : 0;
}

static double cores_of(const struct fore_topology *topology)
{
    double cores = 0;
    for (uint32_t n = 0; n < topology->node_count; n++)
        if (fore_node_serves(&topology->node[n])) cores += topology->node[n].cores;
    return cores;
}

void fore_crowd_profile(const struct fore_observe *observe, const struct fore_topology *topology,
                        fore_ns memory, double limit, double share, struct fore_arena *arena,
                        struct fore_profile *out)
{
    enum { SLOTS = FORE_COUNTOF(filled) };
    const struct fore_history *history = observe->history;
    int level = level_of(history, memory);
    fore_ns apart = fore_history_shape(history)->step[level];
    size_t count = fore_history_count(history, level),
           most = (size_t)((memory + apart - 1) / apart);
    if (count > most) count = most;
    *out = (struct fore_profile){.slots = SLOTS, .step = slot_step};
    out->load = FORE_NEW(arena, float, (size_t)topology->partition_cap *SLOTS);
    out->weight = FORE_NEW(arena, double, SLOTS);
    float *point = FORE_NEW(arena, float, count + 1);
    double *mean = FORE_NEW(arena, double, topology->partition_cap);
    double all = 0;
    for (uint32_t p = 0; p < topology->partition_count && count > 0; p++) {
        if (!topology->partition[p].alive) continue;
        fore_history_read(history, level, FORE_HIST_LOAD, p, count, point);
        mean[p] = mean_of(point, count);
        all += mean[p];
    }
    if (!(all > 0)) return;
    out->points = count;
    double times = limit * cores_of(topology) / all;
    for (uint32_t p = 0; p < topology->partition_count; p++)
        for (size_t k = 0; k < SLOTS; k++)
            out->load[(size_t)p * SLOTS + k] = (float)(mean[p] * times * filled[k]);
    for (size_t k = 0; k < SLOTS; k++)
        out->weight[k] = share / SLOTS;
}
