/*
 * bench_forecast.c - what a forecast costs and how good it is: every local model on M4 hourly, one
 * thread, CPU time.
 *
 *   bench_forecast [MODEL ...] [--series N] [--back POINTS] [--json]
 *
 * Every k-th series of the training file so that there are N (default all, 414); the 48 points that
 * end `--back` points before the end are held out and everything after them too. Periods are 24 and
 * 168 h. Without the data it says so and succeeds.
 *
 *   name,value,unit,...  lines as from the other benches; ms is fit + predict of one series
 */
#include "core/forecast/model.h"
#include "core/forecast/residual.h"
#include "workloads/file.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { HORIZON = 48, SERIES_MAX = 1000, POINTS_MAX = 2000, ORIGINS = 31, REPEATS = 20 };
static const char data_path[] = "../shared/data/forecast/m4_hourly_train.csv.zst";
static const struct fore_model_params params = {
    .spar_periods = 6, .spar_recent = 24, .ridge = 1e-4, .floor_share = 0.8};

struct set {
    float *y[SERIES_MAX]; /* all of it: history, then what came */
    size_t n[SERIES_MAX]; /* of the history */
    size_t count;
};

static double cpu_ms(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* ---- data ------------------------------------------------------------------------------------ */

static size_t cells_of(char *line, float *out)
{
    size_t n = 0;
    char *cell = strchr(line, ','); /* the first is the name */
    while (cell != NULL && n < POINTS_MAX) {
        cell += 1 + (cell[1] == '"');
        char *end;
        float value = strtof(cell, &end);
        if (end == cell) break;
        out[n++] = value;
        cell = strchr(end, ',');
    }
    return n;
}

static enum fore_err load(struct fore_arena *arena, struct set *all, struct fore_diag *diag)
{
    struct wl_file *file;
    FORE_TRY(wl_file_open(data_path, &file, diag));
    char *line;
    size_t len;
    enum fore_err err = wl_file_line(file, &line, &len, diag); /* the header */
    while (err == FORE_E_OK && all->count < SERIES_MAX) {
        err = wl_file_line(file, &line, &len, diag);
        if (err != FORE_E_OK || line == NULL) break;
        float cells[POINTS_MAX];
        size_t n = cells_of(line, cells);
        if (n == 0) continue;
        all->y[all->count] = FORE_NEW(arena, float, n);
        memcpy(all->y[all->count], cells, n * sizeof(*cells));
        all->n[all->count++] = n;
    }
    wl_file_close(file);
    return err;
}

/* Every k-th series; the history ends HORIZON + back points before the end. */
static struct set chosen(const struct set *all, size_t wanted, size_t back)
{
    struct set out = {0};
    if (wanted == 0 || wanted > all->count) wanted = all->count;
    for (size_t i = 0; i < wanted; i++) {
        size_t from = i * all->count / wanted;
        if (all->n[from] <= HORIZON + back) continue;
        out.y[out.count] = all->y[from];
        out.n[out.count++] = all->n[from] - HORIZON - back;
    }
    return out;
}

static struct fore_series_view view_of(const struct set *set, size_t i)
{
    return (struct fore_series_view){
        .y = set->y[i], .n = set->n[i], .step_s = 3600, .period = {24, 168}
    };
}

/* ---- one model ------------------------------------------------------------------------------- */

struct outcome {
    double smape, mase, fit_ms, predict_ms;
    size_t series;
};

static void score(const struct set *set, size_t i, const float *mean, struct outcome *out)
{
    const float *y = set->y[i], *truth = y + set->n[i];
    double smape = 0, error = 0, scale = 0;
    for (size_t h = 0; h < HORIZON; h++) {
        double off = fabs((double)mean[h] - (double)truth[h]);
        error += off / HORIZON;
        smape += 200 * off / ((double)mean[h] + (double)truth[h]) / HORIZON;
    }
    for (size_t t = 24; t < set->n[i]; t++)
        scale += fabs((double)y[t] - (double)y[t - 24]) / (double)(set->n[i] - 24);
    out->smape += smape;
    out->mase += error / scale;
}

static struct outcome run(const struct fore_model *model, const struct set *set)
{
    struct outcome out = {0};
    struct fore_arena arena = {0}, scratch = {0};
    for (size_t i = 0; i < set->count; i++) {
        struct fore_series_view view = view_of(set, i);
        float mean[HORIZON], log_y[POINTS_MAX];
        for (size_t t = 0; t < view.n; t++)
            log_y[t] = logf(view.y[t]);
        view.log_y = log_y;
        void *state = NULL;
        fore_arena_reset(&arena, (struct fore_arena_mark){0});
        double began = cpu_ms();
        if (model->fit != NULL &&
            model->fit(&params, &view, HORIZON, &arena, &scratch, &state) != FORE_E_OK)
            continue;
        double fitted = cpu_ms();
        for (int r = 0; r < REPEATS; r++)
            model->predict(&params, state, &view, HORIZON, mean);
        out.predict_ms += (cpu_ms() - fitted) / REPEATS;
        out.fit_ms += fitted - began;
        out.series++;
        score(set, i, mean, &out);
    }
    fore_arena_fini(&arena);
    fore_arena_fini(&scratch);
    double n = out.series > 0 ? (double)out.series : 1;
    return (struct outcome){out.smape / n, out.mase / n, out.fit_ms / n, out.predict_ms / n,
                            out.series};
}

static void report(const struct fore_model *model, const struct set *set, bool json)
{
    struct outcome o = run(model, set);
    if (json)
        printf("{\"model\":\"%s\",\"series\":%zu,\"smape\":%.4f,\"mase\":%.4f,"
               "\"ms_per_series\":%.4f,\"predict_ms\":%.4f}\n",
               model->name, o.series, o.smape, o.mase, o.fit_ms + o.predict_ms, o.predict_ms);
    else
        printf("forecast_%s,%.4f,ms a series,%.4f ms of it predict,sMAPE %.3f,MASE %.3f,"
               "%zu series\n",
               model->name, o.fit_ms + o.predict_ms, o.predict_ms, o.smape, o.mase, o.series);
}

/* SPAR on both scales, its residuals at ORIGINS earlier origins aside: fit, mean of 48 steps, and
 * 13 quantiles a step. The paths behind the quantiles are collected before the clock starts. */
static void report_spar_quantiles(const struct set *set)
{
    const struct fore_model *model = fore_model_find("mean-spar");
    struct fore_arena arena = {0}, scratch = {0};
    double ms = 0;
    size_t series = 0;
    for (size_t i = 0; i < set->count; i++) {
        struct fore_series_view view = view_of(set, i);
        float mean[HORIZON], grid[HORIZON * 13];
        struct fore_residual *residual = fore_residual_create(&arena, ORIGINS, HORIZON);
        for (size_t o = 0; o < ORIGINS; o++) {
            size_t end = view.n - HORIZON - 5 * o;
            struct fore_series_view then = view;
            then.n = end;
            fore_model_find("seasonal-naive")->predict(&params, NULL, &then, HORIZON, mean);
            fore_residual_add(residual, mean, view.y + end);
        }
        void *state = NULL;
        double began = cpu_ms();
        if (model->fit(&params, &view, HORIZON, &arena, &scratch, &state) != FORE_E_OK) continue;
        model->predict(&params, state, &view, HORIZON, mean);
        fore_residual_quantiles(residual, NULL, mean, fore_quantile_levels, 13, &scratch, grid);
        ms += cpu_ms() - began;
        series++;
        fore_arena_reset(&arena, (struct fore_arena_mark){0});
    }
    printf("forecast_spar_lin_log_48x13,%.4f,ms a series,fit + predict + quantiles,%zu series\n",
           series > 0 ? ms / (double)series : 0.0, series);
    fore_arena_fini(&arena);
    fore_arena_fini(&scratch);
}

/* ---- the command ----------------------------------------------------------------------------- */

struct wanted {
    const struct fore_model *model[32];
    size_t models, series, back;
    bool json;
};

static bool number(const char *text, size_t *out)
{
    char *end = NULL;
    errno = 0;
    unsigned long value = text != NULL ? strtoul(text, &end, 10) : 0;
    if (text == NULL || errno != 0 || end == text || *end != '\0') return false;
    *out = value;
    return true;
}

static bool understand(int argc, char **argv, struct wanted *w)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--json") == 0) {
            w->json = true;
        } else if (strcmp(argv[i], "--series") == 0 || strcmp(argv[i], "--back") == 0) {
            size_t *target = argv[i][2] == 's' ? &w->series : &w->back;
            if (!number(argv[i + 1], target)) return false;
            i++;
        } else {
            const struct fore_model *model = fore_model_find(argv[i]);
            if (model == NULL || model->predict == NULL) return false;
            if (w->models < FORE_COUNTOF(w->model)) w->model[w->models++] = model;
        }
    }
    return true;
}

int main(int argc, char **argv)
{
    struct wanted w = {0};
    if (!understand(argc, argv, &w)) {
        (void)fprintf(stderr,
                      "usage: bench_forecast [LOCAL MODEL ...] [--series N] [--back POINTS] "
                      "[--json]\n");
        return 2;
    }
    struct fore_arena arena = {0};
    struct fore_diag diag = {0};
    static struct set all;
    if (load(&arena, &all, &diag) != FORE_E_OK) {
        (void)fprintf(stderr, "SKIP bench_forecast: %s\n", diag.text);
        fore_arena_fini(&arena);
        return 0;
    }
    static struct set set;
    set = chosen(&all, w.series, w.back);
    for (size_t m = 0; m < w.models; m++)
        report(w.model[m], &set, w.json);
    for (size_t m = 0; w.models == 0 && fore_models[m] != NULL; m++)
        if (fore_models[m]->predict != NULL) report(fore_models[m], &set, w.json);
    if (w.models == 0 && !w.json) report_spar_quantiles(&set);
    fore_arena_fini(&arena);
    return 0;
}
