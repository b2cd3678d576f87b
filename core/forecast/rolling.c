/*
 * rolling.c - where the origins lie, what there is to do, and who gets what was found.
 *
 * Origins are numbered so that the newest of all series have the same number, however long each
 * series is: number origins-1 is the forecast after the last point (if wanted), the ones before it
 * are origin_step apart, and the newest scored one lies a horizon before the end.
 */
#include "core/forecast/rolling.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/forecast/rolling_parts.h"

enum { POINTS_LEAST = 3 }; /* an origin with fewer points behind it is none */

size_t fore_rolling_known(const struct fore_rolling *rolling, size_t series, size_t origin)
{
    const struct fore_rolling_options *options = &rolling->options;
    size_t n = rolling->series[series].view.n, back = rolling->origins - 1 - origin;
    if (options->forecast && back == 0) return n;
    size_t steps = back - (options->forecast ? 1 : 0);
    size_t behind = options->scored > 0 ? options->horizon + steps * options->origin_step
                                        : (steps + 1) * options->origin_step;
    return behind < n ? n - behind : 0;
}

bool fore_rolling_has(const struct fore_rolling *rolling, size_t series, size_t origin)
{
    return origin >= rolling->series[series].oldest;
}

const float *fore_rolling_said(const struct fore_rolling *rolling, size_t series, size_t member,
                               size_t origin)
{
    const struct fore_rolling_series *s = &rolling->series[series];
    if (origin < s->oldest) return NULL;
    const float *mean =
        s->mean + (member * s->origins + (origin - s->oldest)) * rolling->options.horizon;
    return isnan(mean[0]) ? NULL : mean;
}

/* Global members first: they take longest. Then members by series. */
static void list_tasks(struct fore_rolling *rolling)
{
    size_t members = rolling->options.member_count, n = 0;
    rolling->task =
        FORE_NEW(&rolling->arena, struct fore_rolling_task, members * (rolling->count + 1));
    for (uint32_t m = 0; m < members; m++)
        if (rolling->options.member[m]->global)
            rolling->task[n++] = (struct fore_rolling_task){.member = m, .series = UINT32_MAX};
    for (uint32_t m = 0; m < members; m++)
        for (uint32_t s = 0; s < rolling->count && !rolling->options.member[m]->global; s++)
            rolling->task[n++] = (struct fore_rolling_task){.member = m, .series = s};
    rolling->task_count = n;
}

static void place_origins(struct fore_rolling *rolling)
{
    size_t horizon = rolling->options.horizon, members = rolling->options.member_count;
    for (size_t i = 0; i < rolling->count; i++) {
        struct fore_rolling_series *s = &rolling->series[i];
        s->oldest = rolling->origins;
        while (s->oldest > 0 && fore_rolling_known(rolling, i, s->oldest - 1) >= POINTS_LEAST)
            s->oldest--;
        if (s->oldest == rolling->origins && rolling->options.forecast && s->view.n > 0)
            s->oldest--; /* a forecast there always is */
        s->origins = rolling->origins - s->oldest;
        size_t cells = members * s->origins * horizon;
        s->mean = FORE_NEW(&rolling->arena, float, cells);
        for (size_t k = 0; k < cells; k += horizon)
            s->mean[k] = NAN;
    }
}

struct fore_rolling *fore_rolling_create(const struct fore_rolling_options *options,
                                         const struct fore_series_view *series, size_t count)
{
    FORE_ASSERT(options->horizon > 0 && options->origin_step > 0);
    FORE_ASSERT(options->member_count > 0 && options->member_count <= FORE_MEMBERS_MAX);
    struct fore_arena arena = {0};
    struct fore_rolling *rolling = FORE_NEW(&arena, struct fore_rolling, 1);
    *rolling = (struct fore_rolling){.options = *options, .count = count};
    rolling->origins = options->warm + options->scored + (options->forecast ? 1 : 0);
    rolling->arena = arena;
    rolling->series = FORE_NEW(&rolling->arena, struct fore_rolling_series, count);
    for (size_t i = 0; i < count; i++)
        rolling->series[i].view = series[i];
    place_origins(rolling);
    list_tasks(rolling);
    rolling->scored =
        FORE_NEW(&rolling->arena, struct fore_rolling_scored, count * options->scored);
    rolling->score =
        FORE_NEW(&rolling->arena, struct fore_backtest_score, count * (options->member_count + 1));
    rolling->forecast = FORE_NEW(&rolling->arena, struct fore_rolling_forecast, count);
    return rolling;
}

void fore_rolling_destroy(struct fore_rolling *rolling)
{
    if (!rolling) return;
    for (size_t m = 0; m < rolling->options.member_count; m++) {
        const struct fore_global *global = rolling->options.member[m]->global;
        if (rolling->held[m] && rolling->held[m] != rolling->full[m])
            global->destroy(rolling->held[m]);
        if (rolling->full[m]) global->destroy(rolling->full[m]);
    }
    struct fore_arena arena = rolling->arena; /* it holds `rolling` too */
    fore_arena_fini(&arena);
}

void fore_rolling_give(struct fore_rolling *rolling, size_t member, struct fore_rolling_nets nets)
{
    FORE_ASSERT(rolling->options.member[member]->global != NULL);
    rolling->given[member] = nets;
}

size_t fore_rolling_task_count(const struct fore_rolling *rolling)
{
    return rolling->task_count;
}

size_t fore_rolling_task_member(const struct fore_rolling *rolling, size_t task)
{
    return rolling->task[task].member;
}

struct fore_rolling_nets fore_rolling_learned(const struct fore_rolling *rolling, size_t member)
{
    return (struct fore_rolling_nets){.held = rolling->held[member], .full = rolling->full[member]};
}

struct fore_rolling_forecast fore_rolling_forecast(const struct fore_rolling *rolling,
                                                   size_t series)
{
    return rolling->forecast[series];
}

bool fore_rolling_scored(const struct fore_rolling *rolling, size_t series, size_t origin,
                         size_t *known_points, const float **mean, const float **grid)
{
    const struct fore_rolling_scored *scored =
        &rolling->scored[series * rolling->options.scored + origin];
    *known_points = fore_rolling_known(rolling, series, rolling->options.warm + origin);
    *mean = scored->mean;
    *grid = scored->grid;
    return scored->mean != NULL;
}

struct fore_backtest_score fore_rolling_score(const struct fore_rolling *rolling, size_t series,
                                              size_t member)
{
    return rolling->score[series * (rolling->options.member_count + 1) + member];
}
