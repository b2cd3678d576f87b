/*
 * fleet_hints.c - what the application announced, for the partitions it will be felt in.
 *
 * A hint names a table ("orders"), a partition ("orders/p17"), a pattern of either, a part of every
 * table's key space ("20%..26%") or a stretch of positions, both ends included ("0..59999"); of the
 * last two, a partition feels as much as it overlaps, so they stay true through splits. Where
 * hints are felt, the history a model sees is divided by their effect and the forecast multiplied
 * by the effect to come, so a report that runs tonight for the first time is in tonight's forecast.
 */
#include "core/forecast/fleet_parts.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum fore_err fore_fleet_set_hints(struct fore_fleet *fleet, const char *text,
                                   struct fore_diag *diag)
{
    struct fore_arena arena = {0};
    struct fore_hints hints;
    struct fore_buf lines = {0};
    fore_hints_init(&hints, "forecast.hints", &arena);
    fore_buf_puts(&lines, text);
    for (size_t i = 0; i < lines.len; i++)
        if (lines.data[i] == ';') lines.data[i] = '\n';
    enum fore_err err = fore_hints_parse(&hints, lines.data, lines.len, diag);
    fore_buf_fini(&lines);
    if (err != FORE_E_OK) {
        fore_arena_fini(&arena);
        return err;
    }
    fore_arena_fini(&fleet->hint_arena);
    fleet->hint_arena = arena;
    fleet->hints = hints;
    fleet->hints.arena = &fleet->hint_arena;
    fleet->stale = true;
    return FORE_E_OK;
}

/* The part of a partition's positions that lies in "0..59999"; NaN: it is not written like that. */
static double overlap_positions(const char *name, const struct fore_partition *p)
{
    char *end;
    if (name[0] < '0' || name[0] > '9') return (double)NAN;
    uint64_t from = strtoull(name, &end, 10);
    if (strncmp(end, "..", 2) != 0 || end[2] < '0' || end[2] > '9') return (double)NAN;
    uint64_t to = strtoull(end + 2, &end, 10);
    if (*end != '\0' || to < from) return (double)NAN;
    uint64_t low = from > p->first ? from : p->first, high = to < p->last ? to : p->last;
    if (high < low) return 0.0;
    return ((double)(high - low) + 1.0) / ((double)(p->last - p->first) + 1.0);
}

/* The part of a partition's positions that lies in "20%..26%" of its table; NaN: not a range. */
static double overlap(const char *name, const struct fore_partition *p,
                      const struct fore_table *table)
{
    char *end;
    double from = strtod(name, &end);
    if (end == name || strncmp(end, "%..", 3) != 0) return (double)NAN;
    const char *second = end + 3;
    double to = strtod(second, &end);
    if (end == second || strcmp(end, "%") != 0) return (double)NAN;
    double width = (double)(table->last - table->first) + 1.0;
    double low = (double)(p->first - table->first) / width * 100.0;
    double high = ((double)(p->last - table->first) + 1.0) / width * 100.0;
    double shared = fmin(to, high) - fmax(from, low);
    return shared > 0.0 ? shared / (high - low) : 0.0;
}

static double felt(const struct fore_hint *hint, const struct fore_topology *topology,
                   uint32_t index)
{
    const struct fore_partition *p = &topology->partition[index];
    const struct fore_table *table = &topology->table[p->table];
    char name[FORE_NAME_MAX + 16];
    double share = overlap(hint->series, p, table);
    if (isnan(share)) share = overlap_positions(hint->series, p);
    if (!isnan(share)) return share;
    if (fore_hint_matches(hint, table->name)) return 1.0;
    (void)snprintf(name, sizeof(name), "%s/p%u", table->name, index);
    return fore_hint_matches(hint, name) ? 1.0 : 0.0;
}

/* The hints felt in one partition, as if they were its own; steps become times. */
static void gather(const struct fore_fleet *fleet, const struct fore_topology *topology,
                   uint32_t index, struct fore_hints *own)
{
    double step_s = (double)fleet->step / 1e9;
    for (size_t i = 0; i < fleet->hints.count; i++) {
        struct fore_hint hint = fleet->hints.hint[i];
        double share = felt(&hint, topology, index);
        if (share < 0.01) continue;
        hint.series = "*";
        hint.multiplier = 1.0 + share * (hint.multiplier - 1.0);
        if (hint.multiplier == 1.0) continue;
        if (hint.in_steps) {
            hint.from = fleet->options.clock_start + hint.from * step_s;
            hint.to = fleet->options.clock_start + hint.to * step_s;
            hint.in_steps = false;
        }
        enum fore_err err = fore_hints_add(own, &hint, NULL);
        FORE_ASSERT(err == FORE_E_OK || own->count >= FORE_HINTS_OF_A_SERIES_MAX);
    }
}

static void clean(struct fore_series_view *view, const float *log_effect,
                  struct fore_arena *scratch)
{
    float *y = FORE_NEW(scratch, float, view->n);
    fore_hints_divide(log_effect, view->y, view->n, y);
    view->y = y;
    if (!view->log_y) return;
    float *log_y = FORE_NEW(scratch, float, view->n);
    for (size_t i = 0; i < view->n; i++)
        log_y[i] = logf(y[i]);
    view->log_y = log_y;
}

const float **fore_fleet_apply_hints(const struct fore_fleet *fleet,
                                     const struct fore_topology *topology,
                                     struct fore_lineup_fleet *views, struct fore_arena *scratch)
{
    if (fleet->hints.count == 0) return NULL;
    const float **effects = FORE_NEW(scratch, const float *, views->count);
    struct fore_series_view *view = FORE_NEW(scratch, struct fore_series_view, views->count);
    struct fore_arena work = {0};
    const struct fore_model_params params = {.floor_share = fleet->options.floor_share};
    for (size_t i = 0; i < views->count; i++) {
        struct fore_hints own;
        struct fore_hint_effect effect;
        view[i] = views->view[i];
        fore_hints_init(&own, "forecast.hints", scratch);
        gather(fleet, topology, views->index[i], &own);
        if (own.count == 0) continue;
        struct fore_hint_series series = {.name = "*", .view = view[i], .horizon = fleet->steps};
        series.view.start_s = fleet->options.clock_start + (double)fleet->end / 1e9 -
                              (double)view[i].n * view[i].step_s;
        fore_hints_effect(&own, &series, &params, scratch, &work, &effect);
        if (!effect.any) continue;
        clean(&view[i], effect.log_effect, scratch);
        effects[i] = effect.log_effect + view[i].n;
    }
    fore_arena_fini(&work);
    views->view = view;
    return effects;
}

/* What was announced is known before any model has learned: the present, times the hint. */
void fore_fleet_announce(struct fore_fleet *fleet, const struct fore_lineup_fleet *views,
                         const float *const *effect)
{
    for (size_t i = 0; i < views->count; i++) {
        const struct fore_fleet_partition *p = fleet->partition[views->index[i]];
        if (!effect[i] || p->fitted) continue;
        fore_hints_multiply(effect[i], fleet->steps, 1,
                            fleet->mean[FORE_SCENARIO_FORECAST] +
                                (size_t)views->index[i] * fleet->steps);
        for (size_t h = 0; h < fleet->steps && !fleet->scenario[FORE_SCENARIO_FORECAST].ready; h++)
            fleet->scenario[FORE_SCENARIO_FORECAST].ready = effect[i][h] != 0.0f;
    }
}
