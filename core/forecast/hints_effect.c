/*
 * hints_effect.c - hints over one series: columns of numbers, and how large their effect really is.
 *
 * The estimate is the additive model's, on the logarithm: trend and seasons explain what they can,
 * hints the rest, each held to what was stated as firmly as its prior_sd says. A hint without a
 * past has an empty column, so its estimate is the prior.
 */
#include "core/forecast/additive.h"
#include "core/forecast/hints.h"

#include <math.h>
#include <string.h>

enum { DAY_S = 86400, WEEK_S = 7 * DAY_S, SEASONAL_OCCURRENCES = 3 };
static const double EFFECT_LEAST = 0.2; /* of an event that can be seen to come back; a logarithm */
static const double LOG_MOST = 13.815510557964274; /* a million times */

/* ---- one hint, one step ---------------------------------------------------------------------- */

static double overlap(double a0, double a1, double b0, double b1)
{
    return fmax(fmin(a1, b1) - fmax(a0, b0), 0.0);
}

/* Seconds of [t0, t1) that a daily or weekly hint holds. */
static double recurring(const struct fore_hint *hint, double t0, double t1)
{
    double covered = 0.0;
    for (int64_t day = (int64_t)floor(t0 / DAY_S) - 1; (double)day * DAY_S < t1; day++) {
        int64_t weekday = ((day + 3) % 7 + 7) % 7; /* 1970 began on a Thursday */
        if (hint->kind == FORE_HINT_WEEKLY && (hint->weekdays >> weekday & 1) == 0) continue;
        double midnight = (double)day * DAY_S;
        covered += overlap(t0, t1, midnight + hint->from, midnight + hint->to);
    }
    return covered;
}

static double value_at(const struct fore_hint *hint, const struct fore_series_view *view, size_t i)
{
    double width = hint->in_steps ? 1.0 : view->step_s;
    double t0 = (hint->in_steps ? 0.0 : view->start_s) + (double)i * width, t1 = t0 + width;
    if (hint->kind == FORE_HINT_GROWTH) {
        double elapsed =
            fmax(fmin(0.5 * (t0 + t1), hint->to) - hint->from, 0.0) / width; /* steps */
        return hint->per_s > 0 ? elapsed * view->step_s / hint->per_s : elapsed;
    }
    double share = (hint->kind == FORE_HINT_EVENT ? overlap(t0, t1, hint->from, hint->to)
                                                  : recurring(hint, t0, t1)) /
                   width;
    return log1p(share * (hint->multiplier - 1)) / log(hint->multiplier);
}

/* Why it cannot be placed on this series' time; NULL: it can. */
static const char *unplaced(const struct fore_hint *hint, const struct fore_series_view *view)
{
    if (!hint->in_steps && view->start_s == 0.0) return "not used: the series has no times";
    bool by_time = !hint->in_steps || (hint->kind == FORE_HINT_GROWTH && hint->per_s > 0);
    if (by_time && !(view->step_s > 0)) return "not used: the series' step is not known";
    return NULL;
}

/* False: it is not felt anywhere. */
static bool fill_column(const struct fore_hint *hint, const struct fore_hint_series *series,
                        float *out)
{
    bool felt = false;
    for (size_t i = 0; i < series->view.n + series->horizon; i++) {
        out[i] = (float)value_at(hint, &series->view, i);
        felt = felt || out[i] != 0.0f;
    }
    return felt;
}

static struct fore_regressor regressor_of(const struct fore_hint *hint, const float *value)
{
    double stated = log(hint->multiplier), sd = hint->prior_sd;
    if (!(sd > 0)) {
        sd = 0.5 * fabs(stated);
        if (hint->kind != FORE_HINT_GROWTH) sd = fmax(sd, 0.3);
    }
    return (struct fore_regressor){.value = value, .prior = stated, .prior_sd = sd};
}

/* ---- all hints of a series ------------------------------------------------------------------- */

struct columns { /* with a finding for each matching hint */
    struct fore_hint_finding *finding;
    size_t findings;
    const struct fore_hint *hint[FORE_HINTS_OF_A_SERIES_MAX];
    struct fore_regressor regressor[FORE_HINTS_OF_A_SERIES_MAX];
    size_t place[FORE_HINTS_OF_A_SERIES_MAX]; /* of the column's finding */
    size_t count;
};

static void collect(const struct fore_hints *hints, const struct fore_hint_series *series,
                    struct fore_arena *arena, struct columns *out)
{
    size_t matching = 0, points = series->view.n + series->horizon;
    for (size_t i = 0; i < hints->count; i++)
        matching += fore_hint_matches(&hints->hint[i], series->name);
    out->finding = FORE_NEW(arena, struct fore_hint_finding, matching);
    float *value = NULL;
    for (size_t i = 0; i < hints->count; i++) {
        const struct fore_hint *hint = &hints->hint[i];
        if (!fore_hint_matches(hint, series->name)) continue;
        struct fore_hint_finding *finding = &out->finding[out->findings++];
        *finding = (struct fore_hint_finding){.hint = hint, .verdict = FORE_HINT_OUTSIDE};
        finding->multiplier = 1.0;
        finding->reason = unplaced(hint, &series->view);
        if (finding->reason != NULL) continue;
        if (out->count == FORE_HINTS_OF_A_SERIES_MAX) {
            finding->reason = "not used: more than 64 hints are felt in this series";
            continue;
        }
        if (value == NULL) value = FORE_NEW(arena, float, points);
        finding->reason = "not felt: outside the series and its horizon";
        if (!fill_column(hint, series, value)) continue;
        finding->verdict = FORE_HINT_STATED;
        out->hint[out->count] = hint;
        out->regressor[out->count] = regressor_of(hint, value);
        out->place[out->count++] = out->findings - 1;
        value = NULL;
    }
}

void fore_hints_columns(const struct fore_hints *hints, const struct fore_hint_series *series,
                        struct fore_arena *arena, struct fore_hint_columns *out)
{
    struct columns *columns = FORE_NEW(arena, struct columns, 1);
    collect(hints, series, arena, columns);
    *out = (struct fore_hint_columns){
        .hint = columns->hint, .regressor = columns->regressor, .count = columns->count};
}

/* ---- effects --------------------------------------------------------------------------------- */

/* How often it has been felt where the load is known. */
static size_t occurrences(const struct fore_series_view *view, const float *value)
{
    size_t count = 0;
    bool seen = false;
    for (size_t i = 0; i < view->n; i++) {
        if (value[i] == 0.0f) {
            seen = false;
        } else if (!seen && !isnan(view->y[i])) {
            seen = true;
            count++;
        }
    }
    return count;
}

/* A day or a week fits a whole number of times into a period the seasonal models know. */
static bool recurs_with_season(const struct fore_hint *hint, const struct fore_series_view *view)
{
    if (hint->kind != FORE_HINT_DAILY && hint->kind != FORE_HINT_WEEKLY) return false;
    double every = hint->kind == FORE_HINT_DAILY ? DAY_S : WEEK_S;
    for (size_t i = 0; i < FORE_PERIODS_MAX && view->period[i] > 0; i++) {
        double times = view->period[i] * view->step_s / every;
        if (times > 0.5 && fabs(times - round(times)) < 1e-6) return true;
    }
    return false;
}

/* Mean load where the hint was felt, `shift` steps from there; NaN: not all of it is past. */
static double felt_mean(const struct fore_series_view *view, const float *value, ptrdiff_t shift)
{
    double sum = 0;
    size_t known = 0;
    for (size_t i = 0; i < view->n; i++) {
        if (value[i] == 0.0f) continue;
        ptrdiff_t at = (ptrdiff_t)i + shift;
        if (at < 0 || at >= (ptrdiff_t)view->n) return (double)NAN;
        if (isnan(view->y[at])) continue;
        sum += (double)view->y[at];
        known++;
    }
    return known > 0 ? sum / (double)known : (double)NAN;
}

/* An event told of once that was there again a period later, untold: the season has it now. Taking
 * it out of the past would teach the models that a load like any other is followed by this one. */
static bool came_back(const struct columns *columns, size_t which,
                      const struct fore_series_view *view)
{
    const float *value = columns->regressor[which].value;
    if (columns->hint[which]->kind != FORE_HINT_EVENT) return false;
    for (size_t k = 0; k < FORE_PERIODS_MAX && view->period[k] > 0; k++) {
        ptrdiff_t period = (ptrdiff_t)view->period[k];
        double before = felt_mean(view, value, -period), then = felt_mean(view, value, 0);
        double after = felt_mean(view, value, period);
        if (!(before > 0) || !(then > 0) || !(after > 0)) continue;
        bool told = false;
        for (size_t i = 0; i + (size_t)period < view->n && !told; i++)
            for (size_t c = 0; c < columns->count && value[i] != 0.0f; c++)
                told = told || columns->regressor[c].value[i + (size_t)period] != 0.0f;
        double effect = log(then / before);
        if (!told && fabs(effect) > EFFECT_LEAST && log(after / before) / effect > 0.5) return true;
    }
    return false;
}

/* Drops the columns of hints that the season knows. */
static void leave_to_season(const struct fore_series_view *view, struct fore_arena *arena,
                            struct columns *columns)
{
    size_t kept = 0;
    bool back[FORE_HINTS_OF_A_SERIES_MAX];
    for (size_t i = 0; i < columns->count; i++)
        back[i] = came_back(columns, i, view);
    for (size_t i = 0; i < columns->count; i++) {
        struct fore_hint_finding *finding = &columns->finding[columns->place[i]];
        finding->occurrences = occurrences(view, columns->regressor[i].value);
        if (finding->occurrences >= SEASONAL_OCCURRENCES &&
            recurs_with_season(columns->hint[i], view)) {
            finding->verdict = FORE_HINT_SEASONAL;
            finding->reason = fore_arena_printf(
                arena, "left to the season, which has seen it %zu times", finding->occurrences);
            continue;
        }
        if (back[i]) {
            finding->verdict = FORE_HINT_SEASONAL;
            finding->reason = "left to the season: it came back a period later, untold";
            continue;
        }
        columns->hint[kept] = columns->hint[i];
        columns->regressor[kept] = columns->regressor[i];
        columns->place[kept++] = columns->place[i];
    }
    columns->count = kept;
}

static void conclude(struct fore_hint_finding *finding, double effect, bool learned,
                     struct fore_arena *arena)
{
    bool growth = finding->hint->kind == FORE_HINT_GROWTH;
    finding->multiplier = exp(effect);
    if (!learned || finding->occurrences == 0) {
        finding->multiplier = finding->hint->multiplier;
        finding->reason = finding->occurrences == 0
                              ? "as stated: it has not happened before"
                              : "as stated: the series is too short to learn from";
        return;
    }
    finding->verdict = FORE_HINT_LEARNED;
    finding->reason =
        growth ? fore_arena_printf(arena, "learned x%.3g from what has grown (stated x%.3g)",
                                   finding->multiplier, finding->hint->multiplier)
               : fore_arena_printf(arena, "learned x%.3g from %zu occurrence%s (stated x%.3g)",
                                   finding->multiplier, finding->occurrences,
                                   finding->occurrences == 1 ? "" : "s", finding->hint->multiplier);
}

void fore_hints_effect(const struct fore_hints *hints, const struct fore_hint_series *series,
                       const struct fore_model_params *params, struct fore_arena *arena,
                       struct fore_arena *scratch, struct fore_hint_effect *out)
{
    struct fore_arena_mark mark = fore_arena_mark(scratch);
    size_t points = series->view.n + series->horizon;
    float *log_effect = FORE_NEW(arena, float, points);
    struct columns columns = {0};
    collect(hints, series, arena, &columns);
    leave_to_season(&series->view, arena, &columns);
    *out = (struct fore_hint_effect){
        .log_effect = log_effect, .finding = columns.finding, .findings = columns.findings};
    struct fore_series_view view = series->view;
    view.regressor = columns.regressor;
    view.regressor_count = columns.count;
    struct fore_additive *fitted = FORE_NEW(scratch, struct fore_additive, 1);
    fitted->scale = FORE_ADDITIVE_LOGARITHM;
    double effect[FORE_HINTS_OF_A_SERIES_MAX] = {0};
    bool learned =
        columns.count > 0 && fore_additive_fit(params, &view, scratch, fitted, effect) == FORE_E_OK;
    for (size_t k = 0; k < columns.count; k++) {
        struct fore_hint_finding *finding = &columns.finding[columns.place[k]];
        conclude(finding, effect[k], learned, arena);
        double applied = log(finding->multiplier);
        for (size_t i = 0; i < points; i++)
            log_effect[i] += (float)(applied * (double)columns.regressor[k].value[i]);
    }
    for (size_t i = 0; i < points; i++) {
        log_effect[i] = fmaxf(fminf(log_effect[i], (float)LOG_MOST), -(float)LOG_MOST);
        out->any = out->any || log_effect[i] != 0.0f;
    }
    fore_arena_reset(scratch, mark);
}

void fore_hints_divide(const float *log_effect, const float *y, size_t n, float *out)
{
    for (size_t i = 0; i < n; i++)
        out[i] = log_effect[i] == 0.0f ? y[i] : y[i] / expf(log_effect[i]);
}

void fore_hints_multiply(const float *log_effect, size_t steps, size_t width, float *value)
{
    for (size_t i = 0; i < steps; i++) {
        if (log_effect[i] == 0.0f) continue;
        float times = expf(log_effect[i]);
        for (size_t k = 0; k < width; k++)
            value[i * width + k] *= times;
    }
}
