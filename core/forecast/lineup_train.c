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

void fore_lineup_net_says(const struct fore_lineup *lineup, size_t member,
                          const struct fore_series_view *view, size_t count,
                          struct fore_arena *scratch, float *mean)
{
    const struct fore_global *global = lineup->options.member[member]->global;
    const struct fore_net *net = lineup->net[member];
    size_t horizon = lineup->options.horizon, n = 0;
    for (size_t i = 0; i < count; i++)
        mean[i * horizon] = NAN;
    if (!net || count == 0) return;
    struct fore_net_shape shape = shape_of(lineup, view);
    if (!same_shape(global->shape(net), &shape)) return;
    struct fore_arena_mark mark = fore_arena_mark(scratch);
    struct fore_series_view *able = FORE_NEW(scratch, struct fore_series_view, count);
    size_t *at = FORE_NEW(scratch, size_t, count);
    for (size_t i = 0; i < count; i++) {
        if (!fore_lineup_enough(lineup, member, &view[i])) continue;
        at[n] = i;
        able[n++] = view[i];
    }
    float *said = FORE_NEW(scratch, float, n *horizon);
    struct fore_panel panel = {.series = able, .count = n};
    if (n > 0) global->predict(net, &panel, scratch, said, NULL);
    for (size_t i = 0; i < n; i++)
        memcpy(mean + at[i] * horizon, said + i * horizon, horizon * sizeof(*mean));
    fore_arena_reset(scratch, mark);
}

/* Series that are long enough, evenly taken, without their last `held` points. */
static struct fore_panel sample(const struct fore_lineup *lineup, size_t member,
                                const struct fore_lineup_fleet *fleet, size_t held,
                                struct fore_arena *scratch)
{
    size_t most = (size_t)lineup->options.train_series, n = 0;
    struct fore_series_view *view = FORE_NEW(scratch, struct fore_series_view, fleet->count);
    size_t stride = most > 0 && fleet->count > most ? (fleet->count + most - 1) / most : 1;
    for (size_t i = 0; i < fleet->count; i += stride) {
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

static void finish(struct fore_lineup *lineup, size_t m, const struct fore_lineup_fleet *fleet,
                   struct fore_arena *scratch)
{
    const struct fore_global *global = lineup->options.member[m]->global;
    struct fore_arena_mark mark = fore_arena_mark(scratch);
    struct fore_net *fresh = global->finish(lineup->trainer[m]);
    lineup->trainer[m] = NULL;
    struct fore_panel panel = sample(lineup, m, fleet, lineup->options.horizon, scratch);
    struct fore_lineup_lesson lesson = {
        .at = fleet->points,
        .member = lineup->options.member[m]->name,
        .cause = lineup->net[m] ? "schedule" : "first",
        .series = lineup->training_series[m],
        .before = error_of(lineup, m, lineup->net[m], &panel, scratch),
        .after = error_of(lineup, m, fresh, &panel, scratch),
    };
    if (lineup->net[m] && isnan(lesson.before)) lesson.cause = "periods changed";
    lesson.taken = !(lesson.after >= lesson.before); /* also when nothing is known of either */
    fore_arena_reset(scratch, mark);
    lineup->lesson[lineup->lessons++ % FORE_LINEUP_LESSONS] = lesson;
    struct fore_net *loser = lesson.taken ? lineup->net[m] : fresh;
    if (lesson.taken) lineup->net[m] = fresh;
    if (loser) global->destroy(loser);
}

static void begin(struct fore_lineup *lineup, size_t m, const struct fore_lineup_fleet *fleet,
                  struct fore_arena *scratch)
{
    const struct fore_global *global = lineup->options.member[m]->global;
    struct fore_arena_mark mark = fore_arena_mark(scratch);
    struct fore_panel panel = sample(lineup, m, fleet, lineup->options.horizon, scratch);
    lineup->train_at[m] = fleet->points + lineup->options.horizon; /* or try again then */
    if (panel.count > 0) {
        struct fore_net_shape shape = shape_of(lineup, &panel.series[0]);
        lineup->trainer[m] =
            global->begin(&shape, lineup->net[m], &panel, lineup->options.seed + fleet->points);
        lineup->training_series[m] = panel.count;
        if (lineup->trainer[m]) lineup->train_at[m] = fleet->points + lineup->options.train_every;
    }
    fore_arena_reset(scratch, mark);
}

/* One trainer works at a time, so a refresh never costs more than its slice. */
void fore_lineup_train(struct fore_lineup *lineup, const struct fore_lineup_fleet *fleet,
                       struct fore_arena *scratch)
{
    if (lineup->options.train_work == 0 || fleet->count == 0) return;
    for (size_t m = 0; m < lineup->options.member_count; m++) {
        const struct fore_global *global = lineup->options.member[m]->global;
        if (!global || lineup->options.horizon > FORE_NET_HORIZON_MAX) continue;
        if (lineup->train_wait[m] > 0) {
            lineup->train_at[m] = fleet->points + lineup->train_wait[m];
            lineup->train_wait[m] = 0;
        }
        if (!lineup->trainer[m] && fleet->points >= lineup->train_at[m])
            begin(lineup, m, fleet, scratch);
        if (!lineup->trainer[m]) continue;
        if (global->step(lineup->trainer[m], lineup->options.train_work))
            finish(lineup, m, fleet, scratch);
        return;
    }
}
