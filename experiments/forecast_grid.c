/*
 * forecast_grid.c - from points to regular series: sorted, one value a step, holes as NaN.
 *
 * The step is the median distance of successive times over all series. A point lies in the step
 * its time falls into; with a larger --step, steps are summed (counts) or averaged.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/series.h"
#include "experiments/forecast_input.h"

enum { HOLES_MAX = 64 }; /* a grid with so many holes a point is not one */

static int by_time(const void *a, const void *b)
{
    const struct lab_forecast_point *x = a, *y = b;
    return (x->t > y->t) - (x->t < y->t);
}

/* Sorts where needed (merge sort of glibc's qsort is stable: the last of equals stays last). */
static void sort_points(struct lab_forecast_series *series, struct lab_forecast_input *input)
{
    bool sorted = true;
    for (size_t i = 1; i < series->points; i++)
        if (series->point[i].t < series->point[i - 1].t) {
            input->unsorted++;
            sorted = false;
        }
    if (!sorted) qsort(series->point, series->points, sizeof(*series->point), by_time);
    size_t n = 0;
    for (size_t i = 0; i < series->points; i++) {
        if (n > 0 && series->point[n - 1].t == series->point[i].t) {
            input->duplicates++;
            n--;
        }
        series->point[n++] = series->point[i];
    }
    series->points = n;
}

static double median_step(struct lab_forecast_input *input)
{
    size_t all = 0, n = 0;
    for (size_t i = 0; i < input->count; i++)
        all += input->series[i].points;
    size_t stride = all / 100000 + 1;
    double *gap = calloc(all / stride + input->count + 1, sizeof(*gap));
    FORE_ASSERT(gap != NULL);
    for (size_t i = 0; i < input->count; i++) {
        const struct lab_forecast_series *s = &input->series[i];
        for (size_t k = 1; k < s->points; k += stride)
            gap[n++] = s->point[k].t - s->point[k - 1].t;
    }
    double step = n > 0 ? fore_series_median(gap, n) : 1.0;
    free(gap);
    return step > 0.0 ? step : 1.0;
}

/* A counter's values become what it grew by; a fall is a reset, and what it shows then has come
 * since. */
static void difference(struct lab_forecast_series *series, struct lab_forecast_input *input)
{
    float last = NAN;
    for (size_t i = 0; i < series->points; i++) {
        float now = series->point[i].value;
        float grown = now - last;
        if (grown < 0.0f) {
            input->resets++;
            grown = now;
        }
        series->point[i].value = grown; /* NaN where either is missing */
        if (!isnan(now)) last = now;
    }
}

struct cell {
    double sum;
    uint32_t known;
};

static enum fore_err lay(struct lab_forecast_series *series, double step, double unit,
                         const struct lab_forecast_reading *how, struct lab_forecast_input *input,
                         struct fore_diag *diag)
{
    if (series->points == 0) return FORE_E_OK;
    double first = floor(series->point[0].t / step + 1e-6);
    double last = floor(series->point[series->points - 1].t / step + 1e-6);
    if (last - first > (double)HOLES_MAX * ((double)series->points + 16.0))
        return fore_err_set(diag, FORE_E_FORMAT,
                            "series \"%.60s\": %zu points over %.0f steps of %g s are no regular "
                            "series; give a larger --step",
                            series->name, series->points, last - first, step);
    series->n = (size_t)(last - first) + 1;
    struct cell *cell = calloc(series->n, sizeof(*cell));
    FORE_ASSERT(cell != NULL);
    for (size_t i = 0; i < series->points; i++) {
        double at = floor(series->point[i].t / step + 1e-6) - first;
        float value = series->point[i].value;
        if (value < 0.0f) {
            input->negative++;
            value = NAN;
        }
        if (isnan(value)) continue;
        cell[(size_t)at].sum += (double)value;
        cell[(size_t)at].known++;
    }
    series->y = FORE_NEW(&input->arena, float, series->n);
    for (size_t i = 0; i < series->n; i++) {
        bool average = how->mean || how->step_s == 0.0;
        double value = average && cell[i].known > 0 ? cell[i].sum / cell[i].known : cell[i].sum;
        series->y[i] = cell[i].known > 0 ? (float)value : NAN;
        input->missing += cell[i].known == 0 ? 1 : 0;
    }
    if (input->timed) series->start_s = first * step * unit;
    free(cell);
    return FORE_E_OK;
}

enum fore_err lab_forecast_finish(const struct lab_forecast_reading *how,
                                  struct lab_forecast_input *input, struct fore_diag *diag)
{
    for (size_t i = 0; i < input->count; i++) {
        sort_points(&input->series[i], input);
        if (how->counter) difference(&input->series[i], input);
    }
    if (input->count == 0) return fore_err_set(diag, FORE_E_FORMAT, "there is no such series");
    double step = median_step(input); /* seconds, or rows */
    double unit = input->timed ? 1.0 : how->unit_s > 0.0 ? how->unit_s : 3600.0;
    input->step_s = step * unit;
    if (how->step_s > 0.0) {
        step = how->step_s / unit;
        input->step_s = how->step_s;
    }
    for (size_t i = 0; i < input->count; i++) {
        struct lab_forecast_series *s = &input->series[i];
        FORE_TRY(lay(s, step, unit, how, input, diag));
        free(s->point);
        s->point = NULL;
        size_t known = 0;
        for (size_t k = 0; k < s->n; k++)
            known += isnan(s->y[k]) ? 0 : 1;
        if (known == 0)
            return fore_err_set(diag, FORE_E_FORMAT, "series \"%.60s\" has no usable point",
                                s->name);
    }
    return FORE_E_OK;
}
