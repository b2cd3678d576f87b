/*
 * rolling_combine.c - walks all series' origins in step: what has become known teaches weights and
 * residuals, then the ensemble speaks, then (at scored origins and at the forecast) the errors of
 * all series give the intervals their shape. The ensemble's errors are those its present weights
 * would have made at the earlier origins: what it said then, with weights it no longer has, says
 * little about what it says now.
 *
 * Every member is given intervals in the same way as the ensemble, so that scores compare the
 * means and not the trimmings.
 */
#include <math.h>
#include <string.h>

#include "core/forecast/rolling.h"
#include "core/forecast/rolling_parts.h"

enum { POOL_MAX = 1 << 15, Q90 = 10 };

struct voice {                      /* a member, or the ensemble */
    struct fore_residual *residual; /* made anew at each origin that is judged */
    struct fore_backtest score;
    const float *mean; /* now; NULL: silent */
};

struct walk { /* one series */
    struct fore_ensemble *ensemble;
    float *combined;     /* [origins][FORE_COMBINATIONS][horizon] */
    float *chosen;       /* [origins][horizon] */
    size_t *told;        /* [origins] steps whose truth has been told */
    struct voice *voice; /* [members + 1], the ensemble last */
    bool fallback;
};

struct run {
    struct fore_rolling *rolling;
    struct fore_arena *scratch;
    struct walk *walk;
    size_t horizon, members, origins;
    size_t kept;         /* earlier origins whose errors make the intervals */
    bool alone;          /* one member: it is the ensemble */
    float *then, *truth; /* [horizon], work space */
};

static float *combined_at(const struct run *run, const struct walk *walk, size_t origin,
                          int combination)
{
    return walk->combined + (origin * FORE_COMBINATIONS + (size_t)combination) * run->horizon;
}

/* ---- learning -------------------------------------------------------------------------------- */

static bool members_at(const struct run *run, size_t series, size_t origin, const float **member)
{
    bool any = false;
    for (size_t m = 0; m < run->members; m++) {
        member[m] = fore_rolling_said(run->rolling, series, m, origin);
        any = any || member[m];
    }
    return any;
}

static void tell_ensemble(struct run *run, size_t series, size_t origin, size_t first, size_t last,
                          const float *truth)
{
    struct walk *walk = &run->walk[series];
    const float *member[FORE_MEMBERS_MAX];
    if (!members_at(run, series, origin, member)) return;
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
static void tell(struct run *run, size_t series, size_t now)
{
    struct walk *walk = &run->walk[series];
    const struct fore_series_view *view = &run->rolling->series[series].view;
    size_t known = fore_rolling_known(run->rolling, series, now);
    for (size_t o = run->rolling->series[series].oldest; o < now; o++) {
        size_t origin = fore_rolling_known(run->rolling, series, o), first = walk->told[o];
        size_t last = known - origin < run->horizon ? known - origin : run->horizon;
        if (last <= first) continue;
        const float *truth = view->y + origin;
        if (!run->alone) tell_ensemble(run, series, o, first, last, truth);
        walk->told[o] = last;
    }
}

/* ---- speaking -------------------------------------------------------------------------------- */

/* When no member can speak: the season if there is one, else the last value. */
static void fall_back(struct run *run, size_t series, size_t origin, float *out)
{
    struct fore_series_view view = run->rolling->series[series].view;
    view.n = fore_rolling_known(run->rolling, series, origin);
    bool seasonal = view.period[0] > 0 && view.n >= view.period[0];
    const struct fore_model *model = fore_model_find(seasonal ? "seasonal-naive" : "naive");
    model->predict(&run->rolling->options.params, NULL, &view, run->horizon, out);
}

static void speak(struct run *run, size_t series, size_t origin)
{
    struct walk *walk = &run->walk[series];
    const float *member[FORE_MEMBERS_MAX];
    float *chosen = walk->chosen + origin * run->horizon;
    walk->fallback = !members_at(run, series, origin, member);
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

/* ---- errors of earlier origins --------------------------------------------------------------- */

/* What a voice says of an earlier origin: a member what it said, the ensemble what its present
 * weights make of what the members said. NULL: nothing. */
static const float *said_then(struct run *run, size_t series, size_t voice, size_t origin)
{
    struct walk *walk = &run->walk[series];
    const float *member[FORE_MEMBERS_MAX];
    if (voice < run->members) return fore_rolling_said(run->rolling, series, voice, origin);
    if (run->alone || !members_at(run, series, origin, member))
        return walk->chosen + origin * run->horizon;
    float *out[FORE_COMBINATIONS] = {0};
    out[fore_ensemble_choice(walk->ensemble)] = run->then;
    fore_ensemble_combine(walk->ensemble, &run->rolling->options.ensemble, member, out);
    return run->then;
}

static void recall(struct run *run, size_t series, size_t voice, size_t now)
{
    const struct fore_series_view *view = &run->rolling->series[series].view;
    struct fore_residual *residual = run->walk[series].voice[voice].residual;
    size_t known = fore_rolling_known(run->rolling, series, now), kept = run->kept;
    size_t oldest = run->rolling->series[series].oldest;
    fore_residual_clear(residual);
    for (size_t o = now > oldest + kept ? now - kept : oldest; o < now; o++) {
        size_t origin = fore_rolling_known(run->rolling, series, o);
        const float *mean = said_then(run, series, voice, o);
        if (!mean) continue;
        for (size_t h = 0; h < run->horizon; h++)
            run->truth[h] = origin + h < known ? view->y[origin + h] : NAN;
        fore_residual_add(residual, mean, run->truth);
    }
}

/* ---- intervals and scores -------------------------------------------------------------------- */

static struct fore_residual_shape pooled_shape(const struct run *run, size_t voice)
{
    size_t all = 0;
    for (size_t s = 0; s < run->rolling->count; s++)
        all += fore_residual_count(run->walk[s].voice[voice].residual) * run->horizon;
    size_t stride = all / POOL_MAX + 1;
    struct fore_residual_shape shape = {.room = all / stride + run->rolling->count};
    shape.x = FORE_NEW(run->scratch, double, shape.room);
    shape.profile = FORE_NEW(run->scratch, double, run->horizon);
    for (size_t s = 0; s < run->rolling->count; s++)
        fore_residual_pool(run->walk[s].voice[voice].residual, stride, run->scratch, &shape);
    fore_residual_shape_sort(&shape);
    return shape;
}

static void keep_scored(struct run *run, size_t series, size_t origin, const float *mean,
                        const float *grid)
{
    struct fore_rolling *rolling = run->rolling;
    const struct fore_rolling_options *options = &rolling->options;
    struct fore_rolling_scored *kept =
        &rolling->scored[series * options->scored + (origin - options->warm)];
    kept->mean = FORE_NEW(&rolling->arena, float, run->horizon);
    kept->grid = FORE_NEW(&rolling->arena, float, run->horizon *FORE_LEVELS);
    memcpy(kept->mean, mean, run->horizon * sizeof(*mean));
    memcpy(kept->grid, grid, run->horizon * FORE_LEVELS * sizeof(*grid));
}

static void score(struct run *run, size_t series, size_t voice, size_t origin,
                  const struct fore_residual_shape *shape)
{
    struct voice *v = &run->walk[series].voice[voice];
    if (!v->mean) return;
    const float *truth =
        run->rolling->series[series].view.y + fore_rolling_known(run->rolling, series, origin);
    float *grid = FORE_NEW(run->scratch, float, run->horizon *FORE_LEVELS), peak = 0.0f;
    fore_residual_quantiles(v->residual, shape, v->mean, fore_quantile_levels, FORE_LEVELS,
                            run->scratch, grid);
    struct fore_residual_peak wanted = {
        .last = run->horizon - 1, .level = &fore_quantile_levels[Q90], .level_count = 1};
    fore_residual_peak(v->residual, v->mean, &wanted, run->scratch, &peak);
    fore_backtest_add(&v->score, v->mean, grid, peak, truth, run->horizon);
    if (voice == run->members) keep_scored(run, series, origin, v->mean, grid);
}

static const char *reason(const struct run *run, size_t series)
{
    const struct fore_rolling_options *options = &run->rolling->options;
    struct fore_buf text = {0};
    if (run->walk[series].fallback)
        fore_buf_printf(&text, "fallback: %zu points are too few for %s",
                        run->rolling->series[series].view.n,
                        run->alone ? options->member[0]->name : "every member");
    else if (run->alone)
        fore_buf_puts(&text, options->member[0]->name);
    else
        fore_ensemble_reason(run->walk[series].ensemble, &options->ensemble, options->member,
                             &text);
    const char *kept = fore_arena_strdup(&run->rolling->arena, text.data);
    fore_buf_fini(&text);
    return kept;
}

static void forecast(struct run *run, size_t series, const struct fore_residual_shape *shape)
{
    struct fore_arena *arena = &run->rolling->arena;
    const struct walk *walk = &run->walk[series];
    const struct voice *v = &walk->voice[run->members];
    float *mean = FORE_NEW(arena, float, run->horizon);
    float *grid = FORE_NEW(arena, float, run->horizon *FORE_LEVELS);
    float *peak = FORE_NEW(arena, float, FORE_LEVELS);
    double *weight = FORE_NEW(arena, double, run->members);
    memcpy(mean, v->mean, run->horizon * sizeof(*mean));
    fore_residual_quantiles(v->residual, shape, mean, fore_quantile_levels, FORE_LEVELS,
                            run->scratch, grid);
    struct fore_residual_peak wanted = {
        .last = run->horizon - 1, .level = fore_quantile_levels, .level_count = FORE_LEVELS};
    fore_residual_peak(v->residual, mean, &wanted, run->scratch, peak);
    if (run->alone)
        weight[0] = 1.0;
    else
        fore_ensemble_weights(walk->ensemble, &run->rolling->options.ensemble, weight);
    run->rolling->forecast[series] = (struct fore_rolling_forecast){
        .mean = mean, .grid = grid, .peak = peak, .weight = weight, .reason = reason(run, series)};
}

static void judge(struct run *run, size_t origin)
{
    const struct fore_rolling_options *options = &run->rolling->options;
    bool last = options->forecast && origin + 1 == run->origins;
    if (!last && origin < options->warm) return;
    for (size_t v = last ? run->members : 0; v <= run->members; v++) {
        struct fore_arena_mark mark = fore_arena_mark(run->scratch);
        for (size_t s = 0; s < run->rolling->count; s++)
            if (fore_rolling_has(run->rolling, s, origin)) recall(run, s, v, origin);
        struct fore_residual_shape shape = pooled_shape(run, v);
        for (size_t s = 0; s < run->rolling->count; s++) {
            struct fore_arena_mark inner = fore_arena_mark(run->scratch);
            if (last && run->rolling->series[s].view.n > 0)
                forecast(run, s, &shape);
            else if (!last && fore_rolling_has(run->rolling, s, origin))
                score(run, s, v, origin, &shape);
            fore_arena_reset(run->scratch, inner);
        }
        fore_arena_reset(run->scratch, mark);
    }
}

/* ---- the walk -------------------------------------------------------------------------------- */

static void begin(struct run *run, size_t series)
{
    const struct fore_rolling *rolling = run->rolling;
    const struct fore_series_view *view = &rolling->series[series].view;
    struct walk *walk = &run->walk[series];
    walk->ensemble = fore_arena_alloc(run->scratch, fore_ensemble_size(run->members), 16);
    fore_ensemble_init(walk->ensemble, run->members, run->horizon);
    walk->combined = FORE_NEW(run->scratch, float, run->origins *FORE_COMBINATIONS * run->horizon);
    walk->chosen = FORE_NEW(run->scratch, float, run->origins * run->horizon);
    walk->told = FORE_NEW(run->scratch, size_t, run->origins);
    walk->voice = FORE_NEW(run->scratch, struct voice, run->members + 1);
    size_t first = rolling->options.warm < rolling->series[series].oldest
                       ? rolling->series[series].oldest
                       : rolling->options.warm;
    size_t known = first < run->origins ? fore_rolling_known(rolling, series, first) : view->n;
    for (size_t v = 0; v <= run->members; v++) {
        walk->voice[v].residual = fore_residual_create(run->scratch, run->kept, run->horizon);
        fore_backtest_init(&walk->voice[v].score, view, known);
    }
}

void fore_rolling_combine(struct fore_rolling *rolling, struct fore_arena *scratch)
{
    struct fore_arena_mark mark = fore_arena_mark(scratch);
    struct run run = {.rolling = rolling,
                      .scratch = scratch,
                      .horizon = rolling->options.horizon,
                      .members = rolling->options.member_count,
                      .origins = rolling->origins,
                      .kept = rolling->options.warm > 0 ? rolling->options.warm : 1,
                      .alone = rolling->options.member_count == 1};
    run.then = FORE_NEW(scratch, float, run.horizon);
    run.truth = FORE_NEW(scratch, float, run.horizon);
    run.walk = FORE_NEW(scratch, struct walk, rolling->count);
    for (size_t s = 0; s < rolling->count; s++)
        begin(&run, s);
    for (size_t o = 0; o < rolling->origins; o++) {
        for (size_t s = 0; s < rolling->count; s++) {
            if (!fore_rolling_has(rolling, s, o)) continue;
            tell(&run, s, o);
            speak(&run, s, o);
        }
        judge(&run, o);
    }
    for (size_t s = 0; s < rolling->count; s++)
        for (size_t v = 0; v <= run.members; v++)
            rolling->score[s * (run.members + 1) + v] =
                fore_backtest_score(&run.walk[s].voice[v].score);
    fore_arena_reset(scratch, mark);
}
