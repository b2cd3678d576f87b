/*
 * rolling_tasks.c - what the members say at every origin, each knowing only what came before it.
 *
 * A local member is fitted at its first possible origin and every refit_origins after it (at every
 * one, when its fit is quick), and once more for the forecast. A global one learns from all series
 * of one shape up to the middle of the warm origins (before that there is too little to learn from
 * and it keeps silent), goes on from there at the first scored origin and each refit after it, and
 * likewise for the forecast.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/forecast/rolling.h"
#include "core/forecast/rolling_parts.h"

enum { WORK = 1 << 20 };

static struct fore_series_view known_view(const struct fore_rolling *rolling, size_t series,
                                          size_t origin)
{
    struct fore_series_view view = rolling->series[series].view;
    view.n = fore_rolling_known(rolling, series, origin);
    return view;
}

static bool enough(const struct fore_rolling *rolling, const struct fore_model *model,
                   const struct fore_series_view *view)
{
    if (model->seasonal && view->period[0] == 0) return false;
    return view->n >=
           model->points_min(&rolling->options.params, view->period[0], rolling->options.horizon);
}

static float *said(const struct fore_rolling *rolling, size_t series, size_t member, size_t origin)
{
    struct fore_rolling_series *s = &rolling->series[series];
    return s->mean + (member * s->origins + (origin - s->oldest)) * rolling->options.horizon;
}

static bool refit_due(const struct fore_rolling *rolling, const struct fore_model *model,
                      size_t origin, size_t fitted)
{
    size_t every = model->quick_fit ? 1 : rolling->options.refit_origins;
    bool last = rolling->options.forecast && origin + 1 == rolling->origins;
    return fitted == SIZE_MAX || last || (every > 0 && origin >= fitted + every);
}

/* ---- local members --------------------------------------------------------------------------- */

static void run_local(struct fore_rolling *rolling, size_t member, size_t series,
                      struct fore_arena *scratch)
{
    const struct fore_model *model = rolling->options.member[member];
    struct fore_arena states = {0};
    void *state = NULL;
    size_t fitted = SIZE_MAX;
    for (size_t o = rolling->series[series].oldest; o < rolling->origins; o++) {
        struct fore_series_view view = known_view(rolling, series, o);
        if (!enough(rolling, model, &view)) continue;
        if (model->fit && refit_due(rolling, model, o, fitted)) {
            fore_arena_reset(&states, (struct fore_arena_mark){0});
            enum fore_err err = model->fit(&rolling->options.params, &view,
                                           rolling->options.horizon, &states, scratch, &state);
            fitted = err == FORE_E_OK ? o : SIZE_MAX;
            if (err != FORE_E_OK) continue;
        }
        model->predict(&rolling->options.params, state, &view, rolling->options.horizon,
                       said(rolling, series, member, o));
    }
    fore_arena_fini(&states);
}

/* ---- global members -------------------------------------------------------------------------- */

struct group { /* series that share their periods */
    const struct fore_global *global;
    const struct fore_model *model;
    size_t member;
    struct fore_net_shape shape;
    uint32_t *series;
    size_t count;
};

static bool same_shape(const struct fore_net_shape *a, const struct fore_net_shape *b)
{
    return a->horizon == b->horizon && memcmp(a->period, b->period, sizeof(a->period)) == 0;
}

/* The series of `group` known well enough at an origin; `who` says which. */
static struct fore_panel panel_at(const struct fore_rolling *rolling, const struct group *group,
                                  size_t origin, struct fore_arena *scratch, uint32_t **who)
{
    struct fore_series_view *view = FORE_NEW(scratch, struct fore_series_view, group->count);
    size_t count = 0;
    *who = FORE_NEW(scratch, uint32_t, group->count);
    for (size_t i = 0; i < group->count; i++) {
        uint32_t series = group->series[i];
        if (!fore_rolling_has(rolling, series, origin)) continue;
        view[count] = known_view(rolling, series, origin);
        if (!enough(rolling, group->model, &view[count])) continue;
        (*who)[count++] = series;
    }
    return (struct fore_panel){.series = view, .count = count};
}

static struct fore_net *learn(const struct fore_rolling *rolling, const struct group *group,
                              const struct fore_net *warm, size_t origin,
                              struct fore_arena *scratch)
{
    struct fore_arena_mark mark = fore_arena_mark(scratch);
    uint32_t *who = NULL;
    struct fore_panel panel = panel_at(rolling, group, origin, scratch, &who);
    struct fore_trainer *trainer =
        group->global->begin(&group->shape, warm, &panel, rolling->options.seed);
    fore_arena_reset(scratch, mark);
    if (!trainer) return NULL;
    while (!group->global->step(trainer, WORK))
        continue;
    return group->global->finish(trainer);
}

static void predict_at(struct fore_rolling *rolling, const struct group *group,
                       const struct fore_net *net, size_t origin, struct fore_arena *scratch)
{
    struct fore_arena_mark mark = fore_arena_mark(scratch);
    size_t horizon = rolling->options.horizon;
    uint32_t *who = NULL;
    struct fore_panel panel = panel_at(rolling, group, origin, scratch, &who);
    float *mean = FORE_NEW(scratch, float, panel.count *horizon);
    if (panel.count > 0) group->global->predict(net, &panel, scratch, mean, NULL);
    for (size_t i = 0; i < panel.count; i++)
        memcpy(said(rolling, who[i], group->member, origin), mean + i * horizon,
               horizon * sizeof(*mean));
    fore_arena_reset(scratch, mark);
}

static void run_given(struct fore_rolling *rolling, const struct group *group,
                      struct fore_arena *scratch)
{
    struct fore_rolling_nets nets = rolling->given[group->member];
    for (size_t o = rolling->options.warm / 2; o < rolling->origins; o++) {
        bool last = rolling->options.forecast && o + 1 == rolling->origins;
        const struct fore_net *net = last || !nets.held ? nets.full : nets.held;
        if (same_shape(group->global->shape(net), &group->shape))
            predict_at(rolling, group, net, o, scratch);
    }
}

/* `first` group only: its nets are the ones kept to be saved. */
static void run_group(struct fore_rolling *rolling, const struct group *group, bool first,
                      struct fore_arena *scratch)
{
    struct fore_net *net = NULL, *held = NULL;
    size_t fitted = SIZE_MAX;
    size_t warm = rolling->options.warm;
    for (size_t o = warm / 2; o < rolling->origins; o++) {
        if ((o >= warm || !net) && (o == warm || refit_due(rolling, group->model, o, fitted))) {
            struct fore_net *next = learn(rolling, group, net, o, scratch);
            if (!next) continue;
            if (net && net != held) group->global->destroy(net);
            if (!held) held = next;
            net = next;
            fitted = o;
        }
        predict_at(rolling, group, net, o, scratch);
    }
    if (first) {
        rolling->held[group->member] = held;
        rolling->full[group->member] = net;
        return;
    }
    if (held && held != net) group->global->destroy(held);
    if (net) group->global->destroy(net);
}

static bool next_group(const struct fore_rolling *rolling, struct group *group, bool *taken)
{
    group->count = 0;
    for (uint32_t s = 0; s < rolling->count; s++) {
        const struct fore_series_view *view = &rolling->series[s].view;
        struct fore_net_shape shape = {.horizon = rolling->options.horizon};
        memcpy(shape.period, view->period, sizeof(shape.period));
        if (taken[s] || (group->count > 0 && !same_shape(&shape, &group->shape))) continue;
        if (group->count == 0) group->shape = shape;
        group->series[group->count++] = s;
        taken[s] = true;
    }
    return group->count > 0;
}

static void run_global(struct fore_rolling *rolling, size_t member, struct fore_arena *scratch)
{
    struct group group = {.model = rolling->options.member[member],
                          .global = rolling->options.member[member]->global,
                          .member = member};
    if (rolling->options.horizon > FORE_NET_HORIZON_MAX) return;
    group.series = FORE_NEW(scratch, uint32_t, rolling->count);
    bool *taken = FORE_NEW(scratch, bool, rolling->count);
    bool first = true;
    while (next_group(rolling, &group, taken)) {
        if (rolling->given[member].full)
            run_given(rolling, &group, scratch);
        else
            run_group(rolling, &group, first, scratch);
        first = first && rolling->full[member] == NULL;
    }
}

void fore_rolling_task(struct fore_rolling *rolling, size_t task, struct fore_arena *scratch)
{
    struct fore_arena_mark mark = fore_arena_mark(scratch);
    struct fore_rolling_task what = rolling->task[task];
    if (what.series == UINT32_MAX)
        run_global(rolling, what.member, scratch);
    else
        run_local(rolling, what.member, what.series, scratch);
    fore_arena_reset(scratch, mark);
}
