/* calm.c - see calm.h. */
#include "live/redis/calm.h"

#include <math.h>

enum { STUCK = 8, CREEP_AFTER = 6, SETTLE = 2 };
static const double step_up = 0.1, step_down = 0.6, below_ceiling = 0.9, creep_first = 0.1;
static const double rest_weight = 0.3, sink_weight = 0.05;

void live_calm_init(struct live_calm *calm, const struct live_calm_options *options)
{
    *calm = (struct live_calm){.options = *options};
    struct live_calm_options *o = &calm->options;
    if (!(o->hold > 0)) o->hold = 0.6;
    if (!(o->floor > 0)) o->floor = 0.1;
    if (!(o->first > 0)) o->first = 0.3;
    calm->ease = o->over > 0 ? o->first : 1;
    calm->ceiling = 1;
    calm->creep = creep_first;
}

void live_calm_rest(struct live_calm *calm, uint32_t shard, double p99_ms)
{
    if (shard >= LIVE_CALM_SHARDS || !(p99_ms > 0)) return;
    double *idle = &calm->idle_ms[shard];
    *idle = *idle > 0 ? *idle + rest_weight * (p99_ms - *idle) : p99_ms;
}

void live_calm_begin(struct live_calm *calm)
{
    if (!(calm->options.over > 0)) return;
    calm->ease = calm->options.first;
    calm->ceiling = 1;
    calm->windows = calm->settling = calm->at_floor = calm->calm_run = 0;
}

double live_calm_goal_ms(const struct live_calm *calm, uint32_t shard)
{
    const struct live_calm_options *o = &calm->options;
    if (shard >= LIVE_CALM_SHARDS || !(calm->idle_ms[shard] > 0)) return 0;
    double idle = calm->idle_ms[shard];
    double goal = fmax(fmax(o->over, 1) * idle, idle + o->slack_ms);
    if (!(o->slo_ms > 0)) return goal;
    return idle < o->slo_ms ? fmin(goal, o->slo_ms) : (double)INFINITY;
}

/* 0 at the idle p99 or with no goal, 1 at the goal. */
static double strain_of(const struct live_calm *calm, const struct live_calm_felt *felt)
{
    double idle = calm->idle_ms[felt->shard], goal = live_calm_goal_ms(calm, felt->shard);
    return (felt->p99_ms - idle) / fmax(goal - idle, 1e-6);
}

static double median_of_last(const struct live_calm *calm)
{
    const double *x = calm->last;
    if (calm->windows < 3) return x[(calm->windows + 2) % 3];
    return fmax(fmin(x[0], x[1]), fmin(fmax(x[0], x[1]), x[2]));
}

/* Where clients are better off while we move than in what is taken for idle, idle was not: sinks
 * slowly, so that a lucky window is no new standard. */
static double worst(struct live_calm *calm, const struct live_calm_felt *felt, size_t count)
{
    double most = 0;
    for (size_t i = 0; i < count; i++) {
        if (felt[i].shard >= LIVE_CALM_SHARDS || !(felt[i].p99_ms > 0)) continue;
        double *idle = &calm->idle_ms[felt[i].shard];
        if (!(*idle > 0)) *idle = felt[i].p99_ms;
        if (felt[i].p99_ms < *idle) *idle += sink_weight * (felt[i].p99_ms - *idle);
        most = fmax(most, strain_of(calm, &felt[i]));
    }
    return most;
}

static void slow_down(struct live_calm *calm, const struct live_calm_felt *felt, size_t count)
{
    calm->calm_run = 0;
    calm->creep = creep_first;
    if (calm->ease > calm->options.floor) {
        calm->ceiling = fmax(calm->ease * below_ceiling, calm->options.floor);
        calm->ease = fmax(calm->ease * step_down, calm->options.floor);
        calm->settling = SETTLE;
        calm->at_floor = 0;
        calm->eased++;
        return;
    }
    if (++calm->at_floor < STUCK) return;
    for (size_t i = 0; i < count; i++)
        if (felt[i].shard < LIVE_CALM_SHARDS && felt[i].p99_ms > calm->idle_ms[felt[i].shard])
            calm->idle_ms[felt[i].shard] = felt[i].p99_ms;
    calm->at_floor = 0;
    calm->ceiling = 1;
    calm->relearned++;
}

static void speed_up(struct live_calm *calm)
{
    calm->at_floor = 0;
    calm->calm_run++;
    if (calm->ease >= calm->ceiling && calm->ceiling < 1) {
        if (calm->calm_run < CREEP_AFTER) return;
        calm->calm_run = 0;
        calm->ceiling = fmin(calm->ceiling * (1 + calm->creep), 1);
        calm->creep *= 2;
    }
    calm->ease = fmin(calm->ease + step_up, calm->ceiling);
}

double live_calm_turn(struct live_calm *calm, const struct live_calm_felt *felt, size_t count)
{
    if (!(calm->options.over > 0)) return calm->ease = 1;
    if (count == 0) return calm->ease;
    calm->last[calm->windows++ % 3] = worst(calm, felt, count);
    if (calm->settling > 0) {
        calm->settling--;
        return calm->ease;
    }
    double strain = median_of_last(calm);
    if (strain > 1)
        slow_down(calm, felt, count);
    else if (strain < calm->options.hold)
        speed_up(calm);
    else
        calm->calm_run = calm->at_floor = 0;
    return calm->ease;
}
