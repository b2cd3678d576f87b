/* shape.c - see shape.h. */
#include "core/forecast/shape.h"

#include <math.h>
#include <string.h>

enum { BINS = 24, PERIODS_MIN = 2, PASSES = 2 };

struct shape {
    double at[BINS];
    bool known;
};

static void make_unit(struct shape *shape)
{
    double mean = 0, square = 0;
    for (int b = 0; b < BINS; b++)
        mean += shape->at[b] / BINS;
    for (int b = 0; b < BINS; b++) {
        shape->at[b] -= mean;
        square += shape->at[b] * shape->at[b];
    }
    double length = sqrt(square);
    shape->known = length > 1e-6 * fabs(mean) && length > 0;
    for (int b = 0; shape->known && b < BINS; b++)
        shape->at[b] /= length;
}

/* Phases are counted from the end, where all views of a panel meet. */
static struct shape shape_of(const struct fore_series_view *view)
{
    struct shape out = {0};
    uint32_t period = view->period[0];
    double known[BINS] = {0};
    if (period < 2 || view->n < (size_t)PERIODS_MIN * period) return out;
    for (size_t i = view->n % period; i < view->n; i++) {
        size_t phase = (i - view->n % period) % period;
        size_t bin = phase * BINS / period;
        if (isnan(view->y[i])) continue;
        out.at[bin] += (double)view->y[i];
        known[bin] += 1;
    }
    for (int b = 0; b < BINS; b++) { /* a period of few steps leaves bins out: the one before */
        if (known[b] > 0)
            out.at[b] /= known[b];
        else if (b > 0)
            out.at[b] = out.at[b - 1];
    }
    make_unit(&out);
    return out;
}

static double cosine(const struct shape *a, const struct shape *b)
{
    double sum = 0;
    for (int i = 0; i < BINS; i++)
        sum += a->at[i] * b->at[i];
    return sum;
}

static size_t nearest(const struct shape *centre, size_t groups, const struct shape *shape,
                      double *likeness)
{
    size_t best = 0;
    *likeness = -2;
    for (size_t g = 0; g < groups; g++) {
        double x = cosine(&centre[g], shape);
        if (x <= *likeness) continue;
        *likeness = x;
        best = g;
    }
    return best;
}

/* The mean of its members takes a leader's place. */
static void move_centres(const struct shape *shape, const uint8_t *group, size_t count,
                         struct shape *centre, size_t groups)
{
    memset(centre, 0, groups * sizeof(*centre));
    for (size_t i = 0; i < count; i++)
        for (int b = 0; shape[i].known && b < BINS; b++)
            centre[group[i]].at[b] += shape[i].at[b];
    for (size_t g = 0; g < groups; g++)
        make_unit(&centre[g]);
}

size_t fore_shape_groups(const struct fore_series_view *view, size_t count, size_t most,
                         double likeness, struct fore_arena *scratch, uint8_t *group)
{
    struct fore_arena_mark mark = fore_arena_mark(scratch);
    struct shape *shape = FORE_NEW(scratch, struct shape, count + 1);
    struct shape *centre = FORE_NEW(scratch, struct shape, most + 1);
    size_t groups = 0;
    double x;
    memset(group, 0, count);
    for (size_t i = 0; i < count; i++) {
        shape[i] = shape_of(&view[i]);
        if (!shape[i].known) continue;
        size_t best = nearest(centre, groups, &shape[i], &x);
        if (x < likeness && groups < most) {
            best = groups++;
            centre[best] = shape[i];
        }
        group[i] = (uint8_t)best;
    }
    for (int pass = 0; groups > 1 && pass < PASSES; pass++) {
        move_centres(shape, group, count, centre, groups);
        for (size_t i = 0; i < count; i++)
            if (shape[i].known) group[i] = (uint8_t)nearest(centre, groups, &shape[i], &x);
    }
    fore_arena_reset(scratch, mark);
    return groups > 0 ? groups : 1;
}
