/* past.c - steps of history, from the coarsest level that is fine enough. */
#include "core/policy/past.h"

#include <math.h>

enum { CHUNK = 1024 };

static int level_for(const struct fore_history *history, fore_ns step)
{
    const struct fore_history_shape *shape = fore_history_shape(history);
    int level = 0;
    while (level + 1 < FORE_HISTORY_LEVELS && shape->step[level + 1] <= step &&
           fore_history_count(history, level + 1) > 0)
        level++;
    return level;
}

/* Of the known ones; NaN when there is none. */
static double mean_of(const float *value, size_t count)
{
    double sum = 0;
    size_t known = 0;
    for (size_t i = 0; i < count; i++) {
        if (isnan(value[i])) continue;
        sum += (double)value[i];
        known++;
    }
    return known > 0 ? sum / (double)known : (double)NAN;
}

size_t fore_past_steps(const struct fore_observe *observe, enum fore_history_metric metric,
                       uint32_t partition, fore_ns step, size_t n, double *out)
{
    FORE_ASSERT(n <= FORE_PAST_STEPS);
    const struct fore_history *history = observe->history;
    int level = level_for(history, step);
    fore_ns point = fore_history_shape(history)->step[level];
    size_t per = step > point ? (size_t)(step / point) : 1;
    size_t have = fore_history_count(history, level);
    float value[CHUNK];
    if (per > CHUNK) per = CHUNK; /* the newest part stands for the step */
    size_t room = CHUNK / per < n ? CHUNK / per : n;
    while (room > 0 && room * per > have)
        room--;
    if (room == 0) return 0;
    fore_history_read(history, level, metric, partition, room * per, value);
    size_t known = 0;
    for (size_t i = 0; i < room; i++) { /* newest first, until the first gap */
        double mean = mean_of(value + (room - 1 - i) * per, per);
        if (isnan(mean)) break;
        out[n - 1 - i] = mean;
        known++;
    }
    return known;
}

double fore_past_mean(const struct fore_observe *observe, enum fore_history_metric metric,
                      uint32_t partition, fore_ns step, size_t n, double decay, double now)
{
    double value[FORE_PAST_STEPS], sum = 0, weights = 0, weight = 1;
    size_t known = fore_past_steps(observe, metric, partition, step, n, value);
    for (size_t i = 0; i < known; i++) {
        sum += weight * value[n - 1 - i];
        weights += weight;
        weight *= decay;
    }
    if (weights > 0) return sum / weights;
    return isnan(now) ? 0 : now; /* a part that has just been split off has not been seen */
}
