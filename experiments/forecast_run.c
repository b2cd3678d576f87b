/*
 * forecast_run.c - from a wish to a rolling run. Every default a user did not give is chosen here.
 */
#include "experiments/forecast_run.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/base/option.h"
#include "core/forecast/period.h"
#include "experiments/parallel.h"

/* Each adds something the others lack; measured on training data only (README, Forecasting). */
static const char DEFAULT_MEMBERS[] =
    "naive,seasonal-naive,short-seasonal-naive,ses,moving-average,ar,spar,spar-log,holt-winters,"
    "additive,trees,lstm";
enum { PANEL_MIN = 8, PANEL_SHARE = 4, HORIZON_MAX = FORE_NET_HORIZON_MAX };

/* ---- members --------------------------------------------------------------------------------- */

static enum fore_err unknown_model(const char *name, struct fore_diag *diag)
{
    const char *known[64];
    size_t count = 0;
    struct fore_buf list = {0};
    known[count++] = "ensemble";
    fore_buf_puts(&list, "ensemble");
    for (size_t i = 0; fore_models[i] && count < FORE_COUNTOF(known); i++) {
        known[count++] = fore_models[i]->name;
        fore_buf_printf(&list, ", %s", fore_models[i]->name);
    }
    const char *near = fore_option_nearest(name, known, count);
    enum fore_err err = fore_err_set(diag, FORE_E_FORMAT, "no model \"%.40s\"%s%s%s (%s)", name,
                                     near ? "; did you mean \"" : "", near ? near : "",
                                     near ? "\"?" : "", list.data);
    fore_buf_fini(&list);
    return err;
}

static enum fore_err choose_members(const struct lab_forecast_wish *wish,
                                    struct lab_forecast_run *run, struct fore_diag *diag)
{
    bool ensemble = strcmp(wish->model, "ensemble") == 0;
    const char *list = !ensemble ? wish->model : wish->members ? wish->members : DEFAULT_MEMBERS;
    char *text = fore_arena_strdup(&run->arena, list), *rest = NULL;
    for (char *name = strtok_r(text, ", ", &rest); name; name = strtok_r(NULL, ", ", &rest)) {
        const struct fore_model *model = fore_model_find(name);
        if (!model && list == DEFAULT_MEMBERS) continue;
        if (!model) return unknown_model(name, diag);
        if (run->options.member_count == FORE_MEMBERS_MAX)
            return fore_err_set(diag, FORE_E_RANGE, "--members: more than %d", FORE_MEMBERS_MAX);
        run->options.member[run->options.member_count++] = model;
    }
    if (run->options.member_count == 0)
        return fore_err_set(diag, FORE_E_FORMAT, "--members: the list is empty");
    return FORE_E_OK;
}

/* ---- periods --------------------------------------------------------------------------------- */

static enum fore_err read_periods(const char *text, uint32_t *period, struct fore_diag *diag)
{
    size_t n = 0;
    memset(period, 0, FORE_PERIODS_MAX * sizeof(*period));
    if (strcmp(text, "none") == 0) return FORE_E_OK;
    for (const char *at = text; *at;) {
        char *end;
        unsigned long value = strtoul(at, &end, 10);
        if (end == at || (*end != ',' && *end != '\0') || value < 2 || value > 1u << 24 ||
            n == FORE_PERIODS_MAX || (n > 0 && value <= period[n - 1]))
            return fore_err_set(diag, FORE_E_FORMAT,
                                "--period: \"%.40s\" is not auto, none, or up to %d ascending "
                                "numbers of steps such as 24,168",
                                text, FORE_PERIODS_MAX);
        period[n++] = (uint32_t)value;
        at = *end == ',' ? end + 1 : end;
    }
    return FORE_E_OK;
}

struct search {
    struct lab_forecast_run *run;
};

static void find_periods(void *context, size_t index, struct fore_arena *scratch)
{
    const struct search *search = context;
    struct fore_series_view *view = &search->run->view[index];
    (void)fore_period_find(view->y, view->n, view->step_s, scratch, view->period);
}

static size_t with_period(const struct lab_forecast_run *run, size_t count, uint32_t period)
{
    size_t found = 0;
    for (size_t i = 0; i < count; i++)
        for (int k = 0; k < FORE_PERIODS_MAX; k++)
            found += run->view[i].period[k] == period;
    return found;
}

/* A panel's series are alike: a period that a quarter of them show is one of all. */
static void agree_on_periods(struct lab_forecast_run *run, size_t count)
{
    uint32_t agreed[FORE_PERIODS_MAX] = {0}, last = 0;
    size_t n = 0;
    fore_buf_puts(&run->notes, "periods of all series:");
    while (n < FORE_PERIODS_MAX) {
        uint32_t next = UINT32_MAX;
        for (size_t i = 0; i < count; i++)
            for (int k = 0; k < FORE_PERIODS_MAX; k++)
                if (run->view[i].period[k] > last && run->view[i].period[k] < next)
                    next = run->view[i].period[k];
        if (next == UINT32_MAX) break;
        last = next;
        size_t found = with_period(run, count, next);
        if (PANEL_SHARE * found < count) continue;
        agreed[n++] = next;
        fore_buf_printf(&run->notes, " %u steps (seen in %zu of %zu)", next, found, count);
    }
    fore_buf_puts(&run->notes, n > 0 ? "\n" : " none\n");
    for (size_t i = 0; i < count; i++)
        memcpy(run->view[i].period, agreed, sizeof(agreed));
}

static enum fore_err choose_periods(const struct lab_forecast_wish *wish,
                                    struct lab_forecast_run *run, size_t count,
                                    struct fore_diag *diag)
{
    if (strcmp(wish->period, "auto") != 0) {
        uint32_t given[FORE_PERIODS_MAX];
        FORE_TRY(read_periods(wish->period, given, diag));
        for (size_t i = 0; i < count; i++)
            memcpy(run->view[i].period, given, sizeof(given));
        return FORE_E_OK;
    }
    struct search search = {.run = run};
    lab_parallel(count, wish->jobs, find_periods, &search);
    if (count >= PANEL_MIN) agree_on_periods(run, count);
    return FORE_E_OK;
}

/* ---- origins --------------------------------------------------------------------------------- */

/*
 * A forecast, and a backtest of one origin, learn from 28 earlier origins a quarter of a horizon
 * apart: seven horizons of errors. A longer backtest takes its origins a horizon apart and keeps
 * the errors of the last 96 (28 where the horizon is long). Slow fits are made anew once a season.
 */
static void choose_origins(const struct lab_forecast_wish *wish, struct lab_forecast_run *run)
{
    struct fore_rolling_options *options = &run->options;
    bool one = wish->origins <= 1;
    size_t step = one ? (wish->horizon + 3) / 4 : wish->horizon;
    options->horizon = wish->horizon;
    options->scored = wish->origins;
    options->forecast = wish->origins == 0;
    options->origin_step = wish->origin_step > 0 ? wish->origin_step : step;
    options->warm = wish->warm > 0 ? wish->warm : one || wish->horizon > 24 ? 28 : 96;
    size_t season = run->view[0].period[0] > 0 ? run->view[0].period[0] : 24;
    options->refit_origins = season / options->origin_step;
    if (options->refit_origins < options->warm / 4) options->refit_origins = options->warm / 4;
    if (options->refit_origins == 0) options->refit_origins = 1;
}

/* ---- the run --------------------------------------------------------------------------------- */

static uint64_t thread_ns(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void run_task(void *context, size_t index, struct fore_arena *scratch)
{
    struct lab_forecast_run *run = context;
    size_t member = fore_rolling_task_member(run->rolling, index);
    uint64_t began = thread_ns();
    fore_rolling_task(run->rolling, index, scratch);
    (void)__atomic_fetch_add(&run->member_ns[member], thread_ns() - began, __ATOMIC_RELAXED);
}

static void make_views(const struct lab_forecast_input *input, struct lab_forecast_run *run)
{
    run->view = FORE_NEW(&run->arena, struct fore_series_view, input->count);
    for (size_t i = 0; i < input->count; i++) {
        const struct lab_forecast_series *series = &input->series[i];
        float *log_y = FORE_NEW(&run->arena, float, series->n);
        for (size_t k = 0; k < series->n; k++)
            log_y[k] = logf(series->y[k]);
        run->view[i] = (struct fore_series_view){.y = series->y,
                                                 .log_y = log_y,
                                                 .n = series->n,
                                                 .step_s = input->step_s,
                                                 .start_s = series->start_s};
    }
}

static void count_short(const struct lab_forecast_input *input, struct lab_forecast_run *run)
{
    size_t shorter = 0;
    for (size_t i = 0; i < input->count; i++)
        shorter += input->series[i].n < run->options.horizon;
    if (shorter > 0)
        fore_buf_printf(&run->notes,
                        "%zu series are shorter than the horizon of %zu steps: the members that "
                        "can, forecast them\n",
                        shorter, run->options.horizon);
}

enum fore_err lab_forecast_run(const struct lab_forecast_wish *wish,
                               const struct lab_forecast_input *input, struct lab_forecast_run *run,
                               struct fore_diag *diag)
{
    struct lab_forecast_nets nets[FORE_MEMBERS_MAX] = {0};
    *run = (struct lab_forecast_run){0};
    if (wish->horizon == 0 || wish->horizon > HORIZON_MAX)
        return fore_err_set(diag, FORE_E_RANGE, "--horizon: 1 to %d steps", HORIZON_MAX);
    FORE_TRY(choose_members(wish, run, diag));
    if (wish->models) FORE_TRY(lab_forecast_nets_folder(wish->models, diag));
    make_views(input, run);
    FORE_TRY(choose_periods(wish, run, input->count, diag));
    choose_origins(wish, run);
    run->options.seed = wish->seed;
    run->options.ensemble = fore_ensemble_defaults;
    run->options.params = (struct fore_model_params){
        .spar_periods = 6, .spar_recent = 24, .ridge = 1e-4, .floor_share = 0.8};
    if (wish->hints) FORE_TRY(lab_forecast_hints(run, input, wish->hints, diag));
    count_short(input, run);
    run->rolling = fore_rolling_create(&run->options, run->view, input->count);
    for (size_t m = 0; wish->models && m < run->options.member_count; m++)
        lab_forecast_nets_fetch(run, wish->models, m, &nets[m]);
    lab_parallel(fore_rolling_task_count(run->rolling), wish->jobs, run_task, run);
    struct fore_arena scratch = {0};
    uint64_t began = thread_ns();
    fore_rolling_combine(run->rolling, &scratch);
    run->combine_ns = thread_ns() - began;
    fore_arena_fini(&scratch);
    enum fore_err err = FORE_E_OK;
    for (size_t m = 0; wish->models && m < run->options.member_count && err == FORE_E_OK; m++) {
        const struct fore_global *global = run->options.member[m]->global;
        if (!nets[m].full) err = lab_forecast_nets_keep(run, wish->models, m, diag);
        if (nets[m].held) global->destroy(nets[m].held);
        if (nets[m].full) global->destroy(nets[m].full);
    }
    return err;
}

void lab_forecast_run_fini(struct lab_forecast_run *run)
{
    fore_rolling_destroy(run->rolling);
    fore_buf_fini(&run->notes);
    fore_arena_fini(&run->arena);
    *run = (struct lab_forecast_run){0};
}
