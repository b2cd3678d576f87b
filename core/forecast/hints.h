/*
 * hints.h - what an application says beforehand about its load, and what came of it.
 *
 * A hint names series, a time and a multiplier: "this report runs every night at two and triples
 * the load". As text, one hint a line, fields separated by blanks, '#' to the end of a line is a
 * comment:
 *
 *     # series     what     when                                  how much
 *     orders       growth   2017-04-01..                          +20%/week
 *     *            daily    02:00..02:30                          x3
 *     checkout     event    2017-03-10T18:00..2017-03-10T23:00    x2.5
 *     "blue shoes" weekly   mon-fri 09:00..10:00                  x1.5
 *     z17          event    960..1008                             -40%
 *
 *   series    a name, or a pattern: * stands for any characters, ? for one. In double quotes when
 *             it holds blanks or '#'.
 *   what      event   once, from..to
 *             daily   every day, HH:MM..HH:MM; past midnight when the end is not after the
 * beginning weekly  the same on some days: mon tue wed thu fri sat sun, as "mon", "mon,thu" or
 *                     "mon-fri"; what runs past midnight belongs to the day it began
 *             growth  from..to, or from.. without an end: ever more (or less) as time goes on, and
 *                     after the end it stays at what it has become
 *   when      begins with the first time and ends before the second. Times are UTC, 2017-03-10 or
 *             2017-03-10T18:00 or 2017-03-10T18:00:30, with or without a Z. Whole numbers are steps
 *             since the series' first point, for series without times: 960..1008 is 48 steps.
 *   how much  x2.5 (times 2.5), +20% or -40%; of growth, per time: +20%/week, x1.1/day, with step,
 *             hour, day, week, month (30 days) or year (365 days). Between x0.001 and x1000; x1 and
 *             +0% are refused, they say nothing.
 *
 * Hints that fall together multiply. A stated multiplier is only the beginning: where a hint has
 * happened before, how large its effect really was is estimated by regression, with what was stated
 * as the prior. Where it recurs with a season of the series, the seasonal models know it already,
 * and it is left to them. So the caller divides the history by the effect, forecasts with any
 * model, and multiplies the forecast by the effect that is to come:
 *
 *     fore_hints_effect(hints, &series, params, &arena, &scratch, &effect);
 *     fore_hints_divide(effect.log_effect, series.view.y, n, rest);       // then forecast `rest`
 *     fore_hints_multiply(effect.log_effect + n, horizon, levels, grid);  // means: levels = 1
 */
#ifndef FORE_HINTS_H
#define FORE_HINTS_H

#include "core/base/buf.h"
#include "core/forecast/model.h"

enum {
    FORE_HINTS_MAX = 10000,          /* in one collection */
    FORE_HINTS_OF_A_SERIES_MAX = 64, /* the first ones; findings of the rest say so */
};

enum fore_hint_kind { FORE_HINT_EVENT, FORE_HINT_DAILY, FORE_HINT_WEEKLY, FORE_HINT_GROWTH };

struct fore_hint {
    const char *series; /* name or pattern */
    enum fore_hint_kind kind;
    bool in_steps;     /* from and to of events and growth are steps, not Unix seconds */
    double from, to;   /* daily, weekly: seconds after midnight, to > from, less than a day later;
                          growth without an end: HUGE_VAL */
    uint32_t weekdays; /* weekly: bit 0 is Monday */
    double multiplier; /* growth: per `per_s` */
    double per_s;      /* growth: seconds; 0: a step */
    double prior_sd;   /* how sure, of the logarithm of the multiplier; 0: as sure as usual */
    size_t line;       /* of its file; 0: it has none */
};

struct fore_hints {
    struct fore_arena *arena; /* of the hints and their names */
    const char *file;         /* for sentences; "hints" where there is none */
    struct fore_hint *hint;
    size_t count, room;
};
void fore_hints_init(struct fore_hints *hints, const char *file, struct fore_arena *arena);
/* Copies the hint. FORE_E_RANGE, and what is wrong with which member, if it makes no sense. */
FORE_MUST_USE enum fore_err fore_hints_add(struct fore_hints *hints, const struct fore_hint *hint,
                                           struct fore_diag *diag);
/* All of a text, or, with a sentence naming file, line and field, none of it. */
FORE_MUST_USE enum fore_err fore_hints_parse(struct fore_hints *hints, const char *text, size_t len,
                                             struct fore_diag *diag);
bool fore_hint_matches(const struct fore_hint *hint, const char *series);
/* A line for each hint that matches none of the names, with the nearest one; returns how many. */
size_t fore_hints_unmatched(const struct fore_hints *hints, const char *const *name, size_t count,
                            struct fore_buf *out);
/* As it would stand in a file, without the series: "event 960..1008 x0.6". */
void fore_hint_print(const struct fore_hint *hint, struct fore_buf *out);

/* The series hints are asked about. The view's regressors are not looked at. */
struct fore_hint_series {
    const char *name;
    struct fore_series_view view; /* start_s 0: it has no times; y is needed for effects only */
    size_t horizon;
};

/*
 * The hints that match and are felt somewhere in past or horizon, as regressors: value 1 where the
 * hint holds for the whole step, so much of it that the mean over the step comes right where it
 * holds for a part, growing with time for growth, and 0 elsewhere. The prior is the logarithm of
 * the stated multiplier, half of it, and at least .3 but for growth, the prior's deviation.
 */
struct fore_hint_columns {
    const struct fore_hint *const *hint; /* [count] */
    const struct fore_regressor *regressor;
    size_t count;
};
void fore_hints_columns(const struct fore_hints *hints, const struct fore_hint_series *series,
                        struct fore_arena *arena, struct fore_hint_columns *out);

enum fore_hint_verdict {
    FORE_HINT_STATED,   /* never happened before: applied as stated */
    FORE_HINT_LEARNED,  /* applied as its past occurrences were */
    FORE_HINT_SEASONAL, /* left to the season: no effect of its own */
    FORE_HINT_OUTSIDE,  /* not felt in this series and horizon, or beyond the bound on hints */
};
struct fore_hint_finding {
    const struct fore_hint *hint;
    enum fore_hint_verdict verdict;
    size_t occurrences; /* in the past, where the load is known */
    double multiplier;  /* applied; growth: per its unit of time */
    const char *reason; /* "learned x2.10 from 4 occurrences (stated x3)" */
};
struct fore_hint_effect {
    const float *log_effect; /* [n + horizon], history then future; all 0: nothing to do */
    const struct fore_hint_finding *finding; /* a row a matching hint, in their order */
    size_t findings;
    bool any; /* some log_effect is not 0 */
};
/* Results from `arena`. Series too short to learn from take hints as stated. What the season has
 * seen is left to it: a daily or weekly hint after three times, an event when at least half of its
 * effect came back a period later, untold. */
void fore_hints_effect(const struct fore_hints *hints, const struct fore_hint_series *series,
                       const struct fore_model_params *params, struct fore_arena *arena,
                       struct fore_arena *scratch, struct fore_hint_effect *out);

/* out[i] = y[i] / exp(log_effect[i]); missing stays missing; out may be y. */
void fore_hints_divide(const float *log_effect, const float *y, size_t n, float *out);
/* value[i][0..width-1] *= exp(log_effect[i]). */
void fore_hints_multiply(const float *log_effect, size_t steps, size_t width, float *value);

#endif
