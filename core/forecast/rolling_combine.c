/*
 * rolling_combine.c - walks all series' origins in step: what has become known teaches weights and
 * widths, then the ensemble speaks, then rolling_judge.c makes the intervals that are wanted.
 */
#include <math.h>
#include <string.h>

#include "core/forecast/rolling.h"
#include "core/forecast/rolling_parts.h"

static float *combined_at(const struct fore_rolling_run *run, const struct fore_rolling_walk *walk,
                          size_t origin, int combination)
{
    return walk->combined + (origin * FORE_COMBINATIONS + (size_t)combination) * run->horizon;
}

/* ---- learning -------------------------------------------------------------------------------- */

bool fore_rolling_members_at(const struct fore_rolling_run *run, size_t series, size_t origin,
                             const float **member)
{
    bool any = false;
    for (size_t m = 0; m < run->members; m++) {
        member[m] = fore_rolling_said(run->rolling, series, m, origin);
        any = any || member[m];
    }
    return any;
}

static void tell_ensemble(struct fore_rolling_run *run, size_t series, size_t origin, size_t first,
                          size_t last, const float *truth)
{
    struct fore_rolling_walk *walk = &run->walk[series];
    const float *member[FORE_MEMBERS_MAX];
    if (!fore_rolling_members_at(run, series, origin, member)) return;
    for (size_t lead = first; lead < last; lead++) {
        float said[FORE_MEMBERS_MAX], combined[FORE_COMBINATIONS];
        for (size_t m = 0; m < run->members; m++)
            said[m] = member[m] ? member[m][lead] : NAN;
        for (int c = 0; c < FORE_COMBINATIONS; c++)
            combined[c] = combined_at(run, walk, origin, c)[lead];
        fore_ensemble_learn(walk->ensemble, &run->rolling->options.ensemble, said, combined, lead,
                            truth[lead]);
    }
}

/* Everything of the earlier origins that is known at this one. */
static void tell(struct fore_rolling_run *run, size_t series, size_t now)
{
    struct fore_rolling_walk *walk = &run->walk[series];
    const struct fore_series_view *view = &run->rolling->series[series].view;
    size_t known = fore_rolling_known(run->rolling, series, now);
    for (size_t o = run->rolling->series[series].oldest; o < now; o++) {
        size_t origin = fore_rolling_known(run->rolling, series, o), first = walk->told[o];
        size_t last = known - origin < run->horizon ? known - origin : run->horizon;
        if (last <= first) continue;
        const float *truth = view->y + origin;
        if (!run->alone) tell_ensemble(run, series, o, first, last, truth);
        fore_rolling_check_width(run, series, o, first, last, truth);
        walk->told[o] = last;
    }
}

/* ---- speaking -------------------------------------------------------------------------------- */

/* When no member can speak: the season if there is one, else the last value. */
static void fall_back(struct fore_rolling_run *run, size_t series, size_t origin, float *out)
{
    struct fore_series_view view = run->rolling->series[series].view;
    view.n = fore_rolling_known(run->rolling, series, origin);
    bool seasonal = view.period[0] > 0 && view.n >= view.period[0];
    const struct fore_model *model = fore_model_find(seasonal ? "seasonal-naive" : "naive");
    model->predict(&run->rolling->options.params, NULL, &view, run->horizon, out);
}

static void speak(struct fore_rolling_run *run, size_t series, size_t origin)
{
    struct fore_rolling_walk *walk = &run->walk[series];
    const float *member[FORE_MEMBERS_MAX];
    float *chosen = walk->chosen + origin * run->horizon;
    walk->fallback = !fore_rolling_members_at(run, series, origin, member);
    if (walk->fallback) {
        fall_back(run, series, origin, chosen);
    } else if (run->alone) {
        memcpy(chosen, member[0], run->horizon * sizeof(*chosen));
    } else {
        float *out[FORE_COMBINATIONS];
        for (int c = 0; c < FORE_COMBINATIONS; c++)
            out[c] = combined_at(run, walk, origin, c);
        fore_ensemble_combine(walk->ensemble, &run->rolling->options.ensemble, member, out);
        memcpy(chosen, out[fore_ensemble_choice(walk->ensemble)], run->horizon * sizeof(*chosen));
    }
    for (size_t v = 0; v <= run->members; v++)
        walk->voice[v].mean = v < run->members ? member[v] : chosen;
}

/* ---- the walk -------------------------------------------------------------------------------- */

static float *blank(struct fore_rolling_run *run, size_t count)
{
    float *out = FORE_NEW(run->scratch, float, count);
    for (size_t i = 0; i < count; i++)
        out[i] = NAN;
    return out;
}

static void begin(struct fore_rolling_run *run, size_t series)
{
    const struct fore_rolling *rolling = run->rolling;
    const struct fore_series_view *view = &rolling->series[series].view;
    struct fore_rolling_walk *walk = &run->walk[series];
    walk->ensemble = fore_arena_alloc(run->scratch, fore_ensemble_size(run->members), 16);
    fore_ensemble_init(walk->ensemble, run->members, run->horizon);
    walk->combined = FORE_NEW(run->scratch, float, run->origins *FORE_COMBINATIONS * run->horizon);
    walk->chosen = FORE_NEW(run->scratch, float, run->origins * run->horizon);
    walk->told = FORE_NEW(run->scratch, size_t, run->origins);
    walk->voice = FORE_NEW(run->scratch, struct fore_rolling_voice, run->members + 1);
    size_t first = rolling->options.warm < rolling->series[series].oldest
                       ? rolling->series[series].oldest
                       : rolling->options.warm;
    size_t known = first < run->origins ? fore_rolling_known(rolling, series, first) : view->n;
    for (size_t v = 0; v <= run->members; v++) {
        walk->voice[v].residual = fore_residual_create(run->scratch, run->kept, run->horizon);
        fore_backtest_init(&walk->voice[v].score, view, known);
        walk->voice[v].low = blank(run, run->origins * run->horizon);
        walk->voice[v].high = blank(run, run->origins * run->horizon);
    }
}

void fore_rolling_combine(struct fore_rolling *rolling, struct fore_arena *scratch)
{
    struct fore_arena_mark mark = fore_arena_mark(scratch);
    struct fore_rolling_run run = {.rolling = rolling,
                                   .scratch = scratch,
                                   .horizon = rolling->options.horizon,
                                   .members = rolling->options.member_count,
                                   .origins = rolling->origins,
                                   .kept = rolling->options.warm > 0 ? rolling->options.warm : 1,
                                   .alone = rolling->options.member_count == 1};
    run.then = FORE_NEW(scratch, float, run.horizon);
    run.truth = FORE_NEW(scratch, float, run.horizon);
    run.walk = FORE_NEW(scratch, struct fore_rolling_walk, rolling->count);
    for (size_t s = 0; s < rolling->count; s++)
        begin(&run, s);
    for (size_t o = 0; o < rolling->origins; o++) {
        for (size_t s = 0; s < rolling->count; s++) {
            if (!fore_rolling_has(rolling, s, o)) continue;
            tell(&run, s, o);
            speak(&run, s, o);
        }
        fore_rolling_judge(&run, o);
    }
    for (size_t s = 0; s < rolling->count; s++)
        for (size_t v = 0; v <= run.members; v++)
            rolling->score[s * (run.members + 1) + v] =
                fore_backtest_score(&run.walk[s].voice[v].score);
    fore_arena_reset(scratch, mark);
}
