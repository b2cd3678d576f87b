/* later.c - see later.h. */
#include "viz/later.h"

#include "core/base/hash.h"
#include "viz/pool.h"

#include <stdlib.h>
#include <string.h>

struct viz_later {
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

struct viz_later *viz_later_create(void)
{
    return wanted(calloc(1, sizeof(struct viz_later)));
}

void viz_later_destroy(struct viz_later *later)
{
    if (later == NULL) return;
    free(later->step);
    free(later);
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

static float scaled(const struct viz_later_picture *picture, uint32_t partition, float load)
{
    return picture->scale != NULL ? load * picture->scale[partition] : load;
}

static void pool_steps(struct viz_later *later, const struct viz_model *model,
                       const struct viz_later_picture *picture, uint32_t steps)
{
    const struct viz_matrix_window *window = picture->window;
    uint32_t rows = model->heat.row_cap;
    uint8_t *column = wanted(calloc(rows + (size_t)1, 1));
    struct viz_lines *lines = viz_lines_create(window->order, window->order_count, window->height);
    free(later->step);
    later->step = wanted(calloc((size_t)steps * window->height + 1, 1));
    later->steps = steps;
    later->height = window->height;
    for (uint32_t k = 0; k < steps; k++) {
        for (uint32_t i = 0; i < window->order_count; i++) {
            uint32_t p = window->order[i];
            bool known = p < model->forecast_cap && model->forecast[p].steps == steps;
            float load = known ? model->forecast[p].q[(size_t)picture->quantile * steps + k] : 0.0f;
            column[p] = viz_matrix_quantise_float(scaled(picture, p, load));
        }
        viz_lines_pool(lines, column, later->step + (size_t)k * window->height, 1);
    }
    viz_lines_destroy(lines);
    free(column);
}

static fore_ns moment(const struct viz_matrix_window *window, uint32_t x)
{
    double span = (double)(window->to - window->from);
    return window->from + (fore_ns)(span * (x + 0.5) / window->width);
}

static void paint_steps(const struct viz_later *later, const struct viz_forecast *one,
                        const struct viz_later_picture *picture, uint8_t *level)
{
    const struct viz_matrix_window *window = picture->window;
    uint32_t x0 = picture->x0;
    uint32_t width = window->width;
    uint32_t *step = wanted(calloc(width + (size_t)1, sizeof *step));
    for (uint32_t x = x0; x < width; x++) {
        fore_ns at = moment(window, x),
                k = at < one->at ? one->steps : (at - one->at) / one->step_ns;
        step[x] = k < one->steps ? (uint32_t)k : UINT32_MAX;
    }
    for (uint32_t y = 0; y < window->height; y++)
        for (uint32_t x = x0; x < width; x++)
            if (step[x] != UINT32_MAX)
                level[(size_t)y * width + x] = later->step[(size_t)step[x] * later->height + y];
    free(step);
}

static void paint_each(const struct viz_model *model, const struct viz_later_picture *picture,
                       uint8_t *level)
{
    const struct viz_matrix_window *window = picture->window;
    uint8_t *column = wanted(calloc(model->heat.row_cap + (size_t)1, 1));
    struct viz_lines *lines = viz_lines_create(window->order, window->order_count, window->height);
    for (uint32_t x = picture->x0; x < window->width; x++) {
        fore_ns at = moment(window, x);
        for (uint32_t i = 0; i < window->order_count; i++) {
            uint32_t p = window->order[i];
            float load = (float)viz_model_forecast(model, p, at, picture->quantile);
            column[p] = viz_matrix_quantise_float(scaled(picture, p, load));
        }
        viz_lines_pool(lines, column, level + x, window->width);
    }
    viz_lines_destroy(lines);
    free(column);
}

void viz_later_paint(const struct viz_model *model, const struct viz_later_picture *picture,
                     uint8_t *level)
{
    const struct viz_matrix_window *window = picture->window;
    struct viz_later *later = model->later;
    FORE_ASSERT(picture->quantile >= 0 && picture->quantile <= 2);
    if (picture->x0 >= window->width || window->order_count == 0 || window->height == 0) return;
    const struct viz_forecast *one = common(model, window);
    if (one == NULL) {
        if (model->forecast_at > 0) paint_each(model, picture, level);
        return;
    }
    const uint64_t parts[] = {model->forecast_version, window->height,
                              (uint64_t)picture->quantile + 1, picture->scale != NULL};
    uint64_t key = fore_hash_bytes(window->order, window->order_count * sizeof *window->order,
                                   fore_hash_bytes(parts, sizeof parts, 0));
    if (picture->scale != NULL)
        key = fore_hash_bytes(picture->scale, model->heat.row_cap * sizeof *picture->scale, key);
    if (later->step == NULL || later->key != key) {
        pool_steps(later, model, picture, one->steps);
        later->key = key;
    }
    paint_steps(later, one, picture, level);
}
