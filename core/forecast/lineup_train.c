/*
 * lineup_train.c - nets learn in slices while decisions go on, and must win their place.
 *
 * A training takes the series as they were a horizon ago. When it is done, the old net and the new
 * one forecast that last horizon, which neither has seen; the one with the smaller error (relative
 * to the naive forecast's) stays. So a bad week of training costs nothing but its time.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/forecast/lineup_parts.h"

static bool same_shape(const struct fore_net_shape *a, const struct fore_net_shape *b)
{
    return a->horizon == b->horizon && memcmp(a->period, b->period, sizeof(a->period)) == 0;
}

static struct fore_net_shape shape_of(const struct fore_lineup *lineup,
                                      const struct fore_series_view *view)
{
    struct fore_net_shape shape = {.horizon = lineup->options.horizon};
    memcpy(shape.period, view->period, sizeof(shape.period));
    return shape;
}

static void group_says(const struct fore_lineup *lineup, size_t member, uint32_t group,
                       const struct fore_lineup_fleet *fleet, size_t from, size_t count,
                       struct fore_arena *scratch, float *mean)
{
    const struct fore_global *global = lineup->options.member[member]->global;
    const struct fore_net *net = lineup->net[member][group].net;
    size_t horizon = lineup->options.horizon, n = 0;
    struct fore_net_shape shape = shape_of(lineup, &fleet->view[from]);
    if (!net || !same_shape(global->shape(net), &shape)) return;
    struct fore_arena_mark mark = fore_arena_mark(scratch);
    struct fore_series_view *able = FORE_NEW(scratch, struct fore_series_view, count);
    size_t *at = FORE_NEW(scratch, size_t, count);
    for (size_t i = 0; i < count; i++) {
        if (fore_lineup_group(fleet, from + i) != group ||
            !fore_lineup_enough(lineup, member, &fleet->view[from + i]))
            continue;
        at[n] = i;
        able[n++] = fleet->view[from + i];
    }
    float *said = FORE_NEW(scratch, float, n *horizon + 1);
    struct fore_panel panel = {.series = able, .count = n};
    if (n > 0) global->predict(net, &panel, scratch, said, NULL);
    for (size_t i = 0; i < n; i++)
        memcpy(mean + at[i] * horizon, said + i * horizon, horizon * sizeof(*mean));
    fore_arena_reset(scratch, mark);
}

void fore_lineup_net_says(const struct fore_lineup *lineup, size_t member,
                          const struct fore_lineup_fleet *fleet, size_t from, size_t count,
                          struct fore_arena *scratch, float *mean)
{
    for (size_t i = 0; i < count; i++)
        mean[i * lineup->options.horizon] = NAN;
    for (uint32_t g = 0; count > 0 && g < (fleet->group ? FORE_LINEUP_GROUPS : 1); g++)
        group_says(lineup, member, g, fleet, from, count, scratch, mean);
}

/* A group's series that are long enough, evenly taken, without their last `held` points. */
static struct fore_panel sample(const struct fore_lineup *lineup, size_t member, uint32_t group,
                                const struct fore_lineup_fleet *fleet, size_t held,
                                struct fore_arena *scratch)
{
    size_t most = (size_t)lineup->options.train_series, n = 0, all = 0, seen = 0;
    struct fore_series_view *view = FORE_NEW(scratch, struct fore_series_view, fleet->count);
    for (size_t i = 0; i < fleet->count; i++)
        all += fore_lineup_group(fleet, i) == group;
    size_t stride = most > 0 && all > most ? (all + most - 1) / most : 1;
    for (size_t i = 0; i < fleet->count; i++) {
        if (fore_lineup_group(fleet, i) != group || seen++ % stride != 0) continue;
        view[n] = fleet->view[i];
        if (view[n].n <= held) continue;
        view[n].n -= held;
        if (fore_lineup_enough(lineup, member, &view[n])) n++;
    }
    return (struct fore_panel){.series = view, .count = n};
}

/* Mean absolute error of the held points over the naive forecast's; NaN: no net, or nothing known.
 */
static double error_of(const struct fore_lineup *lineup, size_t member, const struct fore_net *net,
                       const struct fore_panel *panel, struct fore_arena *scratch)
{
    const struct fore_global *global = lineup->options.member[member]->global;
    size_t horizon = lineup->options.horizon;
    if (!net || panel->count == 0) return (double)NAN;
    struct fore_net_shape shape = shape_of(lineup, &panel->series[0]);
    if (!same_shape(global->shape(net), &shape)) return (double)NAN;
    float *said = FORE_NEW(scratch, float, panel->count *horizon);
    global->predict(net, panel, scratch, said, NULL);
    double sum = 0.0, naive = 0.0;
    for (size_t i = 0; i < panel->count; i++) {
        const struct fore_series_view *view = &panel->series[i];
        for (size_t h = 0; h < horizon; h++) {
            double truth = (double)view->y[view->n + h], last = (double)view->y[view->n - 1];
            if (isnan(truth) || isnan(last)) continue;
            sum += fabs(truth - (double)said[i * horizon + h]);
            naive += fabs(truth - last);
        }
    }
    return naive > 0.0 ? sum / naive : (double)NAN;
}

static void finish(struct fore_lineup *lineup, size_t m, uint32_t group,
                   const struct fore_lineup_fleet *fleet, struct fore_arena *scratch)
{
    const struct fore_global *global = lineup->options.member[m]->global;
    struct fore_lineup_net *kept = &lineup->net[m][group];
    struct fore_arena_mark mark = fore_arena_mark(scratch);
    struct fore_net *fresh = global->finish(kept->trainer);
    kept->trainer = NULL;
    struct fore_panel panel = sample(lineup, m, group, fleet, lineup->options.horizon, scratch);
    struct fore_lineup_lesson lesson = {
        .at = fleet->points,
        .member = lineup->options.member[m]->name,
        .cause = kept->net ? "schedule" : "first",
        .group = group,
        .series = kept->training_series,
        .before = error_of(lineup, m, kept->net, &panel, scratch),
        .after = error_of(lineup, m, fresh, &panel, scratch),
    };
    if (kept->net && isnan(lesson.before)) lesson.cause = "periods changed";
    lesson.taken = !(lesson.after >= lesson.before); /* also when nothing is known of either */
    fore_arena_reset(scratch, mark);
    lineup->lesson[lineup->lessons++ % FORE_LINEUP_LESSONS] = lesson;
    struct fore_net *loser = lesson.taken ? kept->net : fresh;
    if (lesson.taken) kept->net = fresh;
    if (loser) global->destroy(loser);
}

static void begin(struct fore_lineup *lineup, size_t m, uint32_t group,
                  const struct fore_lineup_fleet *fleet, struct fore_arena *scratch)
{
    const struct fore_global *global = lineup->options.member[m]->global;
    struct fore_lineup_net *kept = &lineup->net[m][group];
    struct fore_arena_mark mark = fore_arena_mark(scratch);
    struct fore_panel panel = sample(lineup, m, group, fleet, lineup->options.horizon, scratch);
    kept->train_at = fleet->points + lineup->options.horizon; /* or try again then */
    if (panel.count > 0) {
        struct fore_net_shape shape = shape_of(lineup, &panel.series[0]);
        kept->trainer =
            global->begin(&shape, kept->net, &panel, lineup->options.seed + fleet->points);
        kept->training_series = panel.count;
        if (kept->trainer) kept->train_at = fleet->points + lineup->options.train_every;
    }
    fore_arena_reset(scratch, mark);
}

/* One group's net; true when the slice is used up. */
static bool train_one(struct fore_lineup *lineup, size_t m, uint32_t group,
                      const struct fore_lineup_fleet *fleet, struct fore_arena *scratch)
{
    const struct fore_global *global = lineup->options.member[m]->global;
    struct fore_lineup_net *kept = &lineup->net[m][group];
    if (kept->train_wait > 0) {
        kept->train_at = fleet->points + kept->train_wait;
        kept->train_wait = 0;
    }
    if (!kept->trainer && fleet->points >= kept->train_at) begin(lineup, m, group, fleet, scratch);
    if (!kept->trainer) return false;
    if (global->step(kept->trainer, lineup->options.train_work))
        finish(lineup, m, group, fleet, scratch);
    return true;
}

/* One trainer works at a time, so a refresh never costs more than its slice. */
void fore_lineup_train(struct fore_lineup *lineup, const struct fore_lineup_fleet *fleet,
                       struct fore_arena *scratch)
{
    if (lineup->options.train_work == 0 || fleet->count == 0 ||
        lineup->options.horizon > FORE_NET_HORIZON_MAX)
        return;
    for (size_t m = 0; m < lineup->options.member_count; m++) {
        if (!lineup->options.member[m]->global) continue;
        for (uint32_t g = 0; g < (fleet->group ? FORE_LINEUP_GROUPS : 1); g++)
            if (train_one(lineup, m, g, fleet, scratch)) return;
    }
}
