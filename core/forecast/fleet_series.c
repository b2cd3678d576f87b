/*
 * fleet_series.c - each partition's own copy of its past, contiguous, so that a model reads it
 * without asking the history for weeks of points at every step; its fits; its predictions.
 */
#include "core/forecast/fleet_parts.h"
#include "core/forecast/period.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SEARCH_MIN = 32 }; /* points before periods are looked for */

struct fore_fleet_partition *fore_fleet_partition(struct fore_fleet *fleet, uint32_t index)
{
    FORE_ASSERT(index < fleet->partition_cap);
    struct fore_fleet_partition *p = fleet->partition[index];
    if (p) return p;
    p = fore_fleet_memory(NULL, 1, sizeof(*p));
    p->generation = FORE_FLEET_ADOPT;
    p->common_gain = 1.0f;
    p->y = fore_fleet_memory(NULL, fleet->room, sizeof(*p->y));
    if (fleet->model->wants_log) p->log_y = fore_fleet_memory(NULL, fleet->room, sizeof(*p->log_y));
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

/* ---- fits ------------------------------------------------------------------------------------ */

static struct fore_series_view view(const struct fore_fleet *fleet,
                                    const struct fore_fleet_partition *p)
{
    struct fore_series_view series = {.n = p->n < fleet->points_kept ? p->n : fleet->points_kept,
                                      .step_s = (double)fleet->step / 1e9};
    series.y = p->y + p->n - series.n;
    series.log_y = p->log_y ? p->log_y + p->n - series.n : NULL;
    memcpy(series.period, fleet->period, sizeof(series.period));
    return series;
}

/* Looks for periods in the load of the whole cluster. */
static void search_periods(struct fore_fleet *fleet, struct fore_arena *scratch)
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
    if (fore_period_find(total, n, (double)fleet->step / 1e9, scratch, found) == 0) return;
    if (memcmp(found, fleet->period, sizeof(found)) == 0) return;
    memcpy(fleet->period, found, sizeof(found));
    for (uint32_t i = 0; i < fleet->count; i++)
        if (fleet->partition[i]) fleet->partition[i]->fit_at = 0;
}

static void fit_one(struct fore_fleet *fleet, struct fore_fleet_partition *p,
                    struct fore_arena *scratch)
{
    struct fore_series_view series = view(fleet, p);
    size_t need = fleet->model->points_min(&fleet->params, fleet->period[0], fleet->steps);
    p->fit_at = need;
    p->fitted = false;
    if (series.n < need || (fleet->model->seasonal && fleet->period[0] == 0)) return;
    p->fit_at = SIZE_MAX;
    fleet->stale = true;
    p->fitted = true;
    if (!fleet->model->fit) return;
    enum fore_err err = fleet->model->fit(&fleet->params, &series, fleet->steps,
                                          &fleet->models[fleet->models_now], scratch, &p->state);
    fleet->counts.fits++;
    p->fitted = err == FORE_E_OK;
    if (!p->fitted) p->fit_at = p->n + fleet->steps;
}

void fore_fleet_fit(struct fore_fleet *fleet, fore_ns now, struct fore_arena *scratch)
{
    bool all = now >= fleet->refit + fleet->options.refit_every;
    if (all) { /* every state moves to the other arena, then this one is emptied */
        fleet->refit = now;
        fleet->models_now ^= 1;
    }
    if (!fleet->periods_given && fleet->points >= SEARCH_MIN &&
        (all || fleet->points >= fleet->search_at))
        search_periods(fleet, scratch);
    for (uint32_t i = 0; i < fleet->count; i++) {
        struct fore_fleet_partition *p = fleet->partition[i];
        if (!p) continue;
        if (all || p->n >= p->fit_at) fit_one(fleet, p, scratch);
    }
    if (all) fore_arena_reset(&fleet->models[fleet->models_now ^ 1], (struct fore_arena_mark){0});
}

/* ---- predictions ----------------------------------------------------------------------------- */

void fore_fleet_predict(struct fore_fleet *fleet, uint32_t partition_count)
{
    bool ready = false;
    for (uint32_t i = 0; i < partition_count; i++) {
        const struct fore_fleet_partition *p = fleet->partition[i];
        float *mean = fleet->mean[FORE_SCENARIO_FORECAST] + (size_t)i * fleet->steps;
        if (!p) {
            memset(mean, 0, fleet->steps * sizeof(*mean));
        } else if (p->fitted) {
            struct fore_series_view series = view(fleet, p);
            fleet->model->predict(&fleet->params, p->state, &series, fleet->steps, mean);
            fleet->counts.predictions++;
            ready = true;
        }
    }
    fleet->scenario[FORE_SCENARIO_FORECAST].ready = ready;
}
