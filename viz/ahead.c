/* ahead.c - see ahead.h. */
#include "viz/ahead.h"

#include "core/base/hash.h"
#include "viz/pool.h"

#include <stdlib.h>
#include <string.h>

struct viz_ahead {
    uint64_t key;   /* of order, height, quantile and the model's forecasts */
    uint32_t steps; /* kept */
    uint32_t height;
    uint8_t *step; /* [steps][height] */
};

static void *wanted(void *memory)
{
    FORE_ASSERT(memory != NULL);
    return memory;
}

struct viz_ahead *viz_ahead_create(void)
{
    return wanted(calloc(1, sizeof(struct viz_ahead)));
}

void viz_ahead_destroy(struct viz_ahead *ahead)
{
    if (ahead == NULL) return;
    free(ahead->step);
    free(ahead);
}

/* A forecast that stands for all: same moment, same steps. NULL when they differ or none is. */
static const struct viz_forecast *common(const struct viz_model *model,
                                         const struct viz_matrix_window *window)
{
    const struct viz_forecast *one = NULL;
    for (uint32_t i = 0; i < window->order_count; i++) {
        if (window->order[i] >= model->forecast_cap) continue;
        const struct viz_forecast *f = &model->forecast[window->order[i]];
        if (f->steps == 0) continue;
        if (one == NULL) one = f;
        if (f->at != one->at || f->step_ns != one->step_ns || f->steps != one->steps) return NULL;
    }
    return one;
}

static void pool_steps(struct viz_ahead *ahead, const struct viz_model *model,
                       const struct viz_matrix_window *window, uint32_t steps, int q)
{
    uint32_t rows = model->heat.row_cap;
    uint8_t *column = wanted(calloc(rows + (size_t)1, 1));
    struct viz_lines *lines =
        viz_lines_create(window->order, window->order_count, window->height);
    free(ahead->step);
    ahead->step = wanted(calloc((size_t)steps * window->height + 1, 1));
    ahead->steps = steps;
    ahead->height = window->height;
    for (uint32_t k = 0; k < steps; k++) {
        for (uint32_t i = 0; i < window->order_count; i++) {
            uint32_t p = window->order[i];
            bool known = p < model->forecast_cap && model->forecast[p].steps == steps;
            column[p] = known ? viz_matrix_quantise_float(
                                    model->forecast[p].q[(size_t)q * steps + k])
                              : 0;
        }
        viz_lines_pool(lines, column, ahead->step + (size_t)k * window->height, 1);
    }
    viz_lines_destroy(lines);
    free(column);
}

static fore_ns moment(const struct viz_matrix_window *window, uint32_t x)
{
    double span = (double)(window->to - window->from);
    return window->from + (fore_ns)(span * (x + 0.5) / window->width);
}

static void paint_steps(const struct viz_ahead *ahead, const struct viz_forecast *one,
                        const struct viz_matrix_window *window, uint32_t x0, uint8_t *level)
{
    uint32_t width = window->width;
    uint32_t *step = wanted(calloc(width + (size_t)1, sizeof *step));
    for (uint32_t x = x0; x < width; x++) {
        fore_ns at = moment(window, x), k = at < one->at ? one->steps : (at - one->at) / one->step_ns;
        step[x] = k < one->steps ? (uint32_t)k : UINT32_MAX;
    }
    for (uint32_t y = 0; y < window->height; y++)
        for (uint32_t x = x0; x < width; x++)
            if (step[x] != UINT32_MAX)
                level[(size_t)y * width + x] = ahead->step[(size_t)step[x] * ahead->height + y];
    free(step);
}

static void paint_each(const struct viz_model *model, const struct viz_matrix_window *window,
                       uint32_t x0, int q, uint8_t *level)
{
    uint8_t *column = wanted(calloc(model->heat.row_cap + (size_t)1, 1));
    struct viz_lines *lines =
        viz_lines_create(window->order, window->order_count, window->height);
    for (uint32_t x = x0; x < window->width; x++) {
        fore_ns at = moment(window, x);
        for (uint32_t i = 0; i < window->order_count; i++) {
            uint32_t p = window->order[i];
            column[p] = viz_matrix_quantise_float((float)viz_model_forecast(model, p, at, q));
        }
        viz_lines_pool(lines, column, level + x, window->width);
    }
    viz_lines_destroy(lines);
    free(column);
}

void viz_ahead_paint(const struct viz_model *model, const struct viz_matrix_window *window,
                     uint32_t x0, int q, uint8_t *level)
{
    struct viz_ahead *ahead = model->ahead;
    if (x0 >= window->width || window->order_count == 0 || window->height == 0) return;
    const struct viz_forecast *one = common(model, window);
    if (one == NULL) {
        if (model->forecast_at > 0) paint_each(model, window, x0, q, level);
        return;
    }
    const uint64_t parts[] = {model->forecast_version, window->height, (uint64_t)q + 1,
                              window->order_count};
    uint64_t key = fore_hash_bytes(
        window->order, window->order_count * sizeof *window->order,
        fore_hash_bytes(parts, sizeof parts, 0));
    if (ahead->step == NULL || ahead->key != key) {
        pool_steps(ahead, model, window, one->steps, q);
        ahead->key = key;
    }
    paint_steps(ahead, one, window, x0, level);
}
