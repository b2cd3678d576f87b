/*
 * fleet_series.c - each partition's own copy of its past, contiguous, so that a model reads it
 * without asking the history for weeks of points at every step; its fits; its predictions.
 */
#include "core/forecast/fleet_parts.h"
#include "core/forecast/period.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct fore_fleet_partition *fore_fleet_partition(struct fore_fleet *fleet, uint32_t index)
{
    FORE_ASSERT(index < fleet->partition_cap);
    struct fore_fleet_partition *p = fleet->partition[index];
    if (p) return p;
    p = fore_fleet_memory(NULL, 1, sizeof(*p));
    p->generation = FORE_FLEET_ADOPT;
    p->common_gain = 1.0f;
    p->y = fore_fleet_memory(NULL, fleet->room, sizeof(*p->y));
    if (fleet->wants_log) p->log_y = fore_fleet_memory(NULL, fleet->room, sizeof(*p->log_y));
    for (int kind = 0; kind < FORE_SCENARIO_KINDS; kind++) {
        p->cell[kind] = fore_fleet_memory(NULL, fleet->steps, sizeof(*p->cell[kind]));
        p->common[kind] = fore_fleet_memory(NULL, fleet->steps, sizeof(float));
        p->own[kind] = fore_fleet_memory(NULL, fleet->steps, sizeof(float));
    }
    fleet->partition[index] = p;
    return p;
}

void fore_fleet_release(struct fore_fleet *fleet, uint32_t index)
{
    struct fore_fleet_partition *p = fleet->partition[index];
    if (!p) return;
    fore_lineup_forget(fleet->lineup, index);
    for (int kind = 0; kind < FORE_SCENARIO_KINDS; kind++) {
        free(p->cell[kind]);
        free(p->common[kind]);
        free(p->own[kind]);
    }
    free(p->y);
    free(p->log_y);
    free(p);
    fleet->partition[index] = NULL;
}

void fore_fleet_forget(struct fore_fleet *fleet, uint32_t index)
{
    if (!fleet->partition[index]) return;
    fore_fleet_release(fleet, index);
    fore_fleet_kin_leave(fleet, index);
    fore_fleet_blank(fleet, index);
    fleet->stale = true;
}

/* ---- points ---------------------------------------------------------------------------------- */

static void append(const struct fore_fleet *fleet, struct fore_fleet_partition *p,
                   const float *value, size_t n)
{
    if (p->n + n > fleet->room) { /* slide: one move a quarter of a buffer */
        size_t keep = fleet->points_kept - n < p->n ? fleet->points_kept - n : p->n;
        memmove(p->y, p->y + p->n - keep, keep * sizeof(*p->y));
        if (p->log_y) memmove(p->log_y, p->log_y + p->n - keep, keep * sizeof(*p->log_y));
        p->n = keep;
    }
    for (size_t i = 0; i < n; i++) {
        if (p->n == 0 && isnan(value[i])) continue; /* before its life */
        p->y[p->n] = value[i] < 0.0f ? 0.0f : value[i];
        if (p->log_y) p->log_y[p->n] = logf(p->y[p->n]);
        p->n++;
    }
}

bool fore_fleet_take(struct fore_fleet *fleet, const struct fore_observe *observe,
                     const struct fore_topology *topology, struct fore_arena *scratch)
{
    size_t count = fore_history_count(observe->history, 1);
    fore_ns end = fore_history_end(observe->history, 1);
    if (count > fleet->points_kept) count = fleet->points_kept;
    uint64_t steps = count;
    if (fleet->points > 0) steps = end > fleet->end ? (end - fleet->end) / fleet->step : 0;
    fleet->points += steps;
    bool lost = steps > count; /* nothing that is kept joins up with what came */
    size_t fresh = lost ? count : (size_t)steps;
    float *value = FORE_NEW(scratch, float, count + 1);
    for (uint32_t i = 0; i < topology->partition_count; i++) {
        const struct fore_partition *live = &topology->partition[i];
        struct fore_fleet_partition *p = fleet->partition[i];
        if (p && (!live->alive ||
                  (p->generation != FORE_FLEET_ADOPT && p->generation != live->generation)))
            fore_fleet_forget(fleet, i);
        if (!live->alive) continue;
        p = fore_fleet_partition(fleet, i);
        p->generation = live->generation;
        if (lost) p->n = 0;
        size_t n = p->seen ? fresh : count;
        if (n > 0) {
            fore_history_read(observe->history, 1, FORE_HIST_LOAD, i, n, value);
            append(fleet, p, value, n);
        }
        if (!p->seen) fleet->stale = true;
        p->seen = true;
    }
    if (count > 0) fleet->end = end;
    return fresh > 0;
}

void fore_fleet_describe(struct fore_fleet *fleet, const struct fore_observe *observe,
                         const struct fore_topology *topology)
{
    for (uint32_t i = 0; i < topology->partition_count; i++) {
        const struct fore_observe_partition *now = &observe->partition[i];
        struct fore_fleet_partition *p = fleet->partition[i];
        if (!p || !topology->partition[i].alive) continue;
        double largest = 0;
        for (int g = 0; g < FORE_USER_GROUPS; g++)
            if (now->by_group[g] > largest) largest = now->by_group[g]; /* false for NaN */
        const double trait[FORE_TRAITS] = {
            log1p((double)now->size_bytes) / 40.0, now->write_share, now->by_type[FORE_QUERY_SCAN],
            largest,
            observe->node ? observe->node[topology->partition[i].replica[0]].utilization : 0};
        for (size_t k = 0; k < FORE_TRAITS; k++)
            p->trait[k] = isfinite(trait[k]) ? (float)trait[k] : 0.0f;
    }
}

/* ---- fits ------------------------------------------------------------------------------------ */

static struct fore_series_view view(const struct fore_fleet *fleet,
                                    const struct fore_fleet_partition *p)
{
    struct fore_series_view series = {.n = p->n < fleet->points_kept ? p->n : fleet->points_kept,
                                      .step_s = (double)fleet->step / 1e9};
    series.y = p->y + p->n - series.n;
    series.log_y = p->log_y ? p->log_y + p->n - series.n : NULL;
    series.start_s = (double)(fleet->points - series.n) * series.step_s; /* since the first point */
    series.trait = p->trait;
    memcpy(series.period, fleet->period, sizeof(series.period));
    return series;
}

/* Looks for periods in the load of the whole cluster. */
/* What was told stands. Of what was found, the shortest joins if the shortest told one is a
 * multiple of it, the told one has been seen three times, and it is the better guide: timers that
 * fire every ten minutes repeat every hour, too, but the last ten minutes know more of the present.
 * In: found; out: the periods to use. */
static void add_to_told(const struct fore_fleet *fleet, const float *total, size_t n,
                        struct fore_arena *scratch, uint32_t found[FORE_PERIODS_MAX])
{
    uint32_t shortest = found[0], told = fleet->told[0];
    bool fraction = shortest > 0 && shortest < told && told % shortest == 0;
    bool joins = fraction && fleet->told[FORE_PERIODS_MAX - 1] == 0 && n >= 3 * (size_t)told &&
                 fore_period_strength(total, n, shortest, scratch) >
                     fore_period_strength(total, n, told, scratch);
    memset(found, 0, FORE_PERIODS_MAX * sizeof *found);
    if (joins) found[0] = shortest;
    memcpy(found + joins, fleet->told, (FORE_PERIODS_MAX - (size_t)joins) * sizeof *found);
}

void fore_fleet_search_periods(struct fore_fleet *fleet, struct fore_arena *scratch)
{
    fleet->search_at = fleet->points + fleet->points / 4 + 1;
    size_t n = 0;
    for (uint32_t i = 0; i < fleet->count; i++)
        if (fleet->partition[i] && fleet->partition[i]->n > n) n = fleet->partition[i]->n;
    float *total = FORE_NEW(scratch, float, n);
    for (uint32_t i = 0; i < fleet->count; i++) {
        const struct fore_fleet_partition *p = fleet->partition[i];
        for (size_t k = 0; p && k < p->n; k++)
            if (!isnan(p->y[k])) total[n - p->n + k] += p->y[k];
    }
    uint32_t found[FORE_PERIODS_MAX];
    size_t periods = fore_period_find(total, n, (double)fleet->step / 1e9, scratch, found);
    if (fleet->told[0] > 0) add_to_told(fleet, total, n, scratch, found);
    if (periods == 0 && fleet->told[0] == 0 &&
        (fleet->period[0] == 0 || fore_period_holds(total, n, fleet->period[0], scratch)))
        return;
    if (memcmp(found, fleet->period, sizeof(found)) == 0) return;
    memcpy(fleet->period, found, sizeof(found));
    fore_lineup_outdate(fleet->lineup);
}

struct fore_lineup_fleet fore_fleet_views(const struct fore_fleet *fleet, uint32_t partition_count,
                                          struct fore_arena *scratch)
{
    struct fore_series_view *series = FORE_NEW(scratch, struct fore_series_view, partition_count);
    uint32_t *index = FORE_NEW(scratch, uint32_t, partition_count);
    size_t n = 0;
    for (uint32_t i = 0; i < partition_count; i++) {
        if (!fleet->partition[i]) continue;
        index[n] = i;
        series[n++] = view(fleet, fleet->partition[i]);
    }
    return (struct fore_lineup_fleet){
        .view = series, .index = index, .count = n, .points = fleet->points};
}

void fore_fleet_fit(struct fore_fleet *fleet, const struct fore_lineup_fleet *views, fore_ns now,
                    struct fore_arena *scratch)
{
    bool all = now >= fleet->refit + fleet->options.refit_every;
    if (all) fleet->refit = now;
    size_t fits = fore_lineup_fit(fleet->lineup, views, all, scratch);
    fleet->counts.fits += fits;
    fleet->stale = fleet->stale || fits > 0;
}

/* ---- predictions ----------------------------------------------------------------------------- */

void fore_fleet_predict(struct fore_fleet *fleet, const struct fore_lineup_fleet *views,
                        const float *const *effect, uint32_t partition_count,
                        struct fore_arena *scratch)
{
    bool ready = false;
    float *mean = fleet->mean[FORE_SCENARIO_FORECAST];
    fore_lineup_predict(fleet->lineup, views, scratch, mean);
    fleet->lift = fleet->lifts ? fore_fleet_lift(fleet) : 1.0f;
    for (size_t i = 0; fleet->lifts && i < (size_t)partition_count * fleet->steps; i++)
        mean[i] *= fleet->lift;
    for (size_t i = 0; effect && i < views->count; i++)
        if (effect[i])
            fore_hints_multiply(effect[i], fleet->steps, 1,
                                mean + (size_t)views->index[i] * fleet->steps);
    for (uint32_t i = 0; i < partition_count; i++) {
        struct fore_fleet_partition *p = fleet->partition[i];
        if (!p) {
            memset(mean + (size_t)i * fleet->steps, 0, fleet->steps * sizeof(*mean));
            continue;
        }
        p->fitted = fore_lineup_speaks(fleet->lineup, i);
        fleet->counts.predictions += p->fitted ? 1 : 0;
        ready = ready || p->fitted;
    }
    fleet->scenario[FORE_SCENARIO_FORECAST].ready = ready;
}
