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
    uint8_t *step;  /* [steps][height] */
    bool *pooled;   /* [steps] */
    uint64_t asked; /* the forecasts and the order that `common` is of */
    const struct viz_forecast *common;
    struct viz_lines *lines;
    uint8_t *row; /* [heat.row_cap] */
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
    free(later->pooled);
    free(later->row);
    viz_lines_destroy(later->lines);
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

/* Room for another picture's steps; each is pooled when it is asked for. */
static void adopt(struct viz_later *later, const struct viz_model *model,
                  const struct viz_matrix_window *window, uint64_t key)
{
    if (later->step != NULL && later->key == key) return;
    free(later->step);
    free(later->pooled);
    free(later->row);
    viz_lines_destroy(later->lines);
    uint32_t steps = later->common != NULL ? later->common->steps : 0;
    later->step = wanted(calloc((size_t)steps * window->height + 1, 1));
    later->pooled = wanted(calloc(steps + (size_t)1, sizeof *later->pooled));
    later->row = wanted(calloc(model->heat.row_cap + (size_t)1, 1));
    later->lines = viz_lines_create(window->order, window->order_count, window->height);
    later->steps = steps;
    later->height = window->height;
    later->key = key;
}

static void pool_step(struct viz_later *later, const struct viz_model *model,
                      const struct viz_later_picture *picture, uint32_t step)
{
    const struct viz_matrix_window *window = picture->window;
    size_t at = (size_t)picture->quantile * later->steps + step;
    if (later->pooled[step]) return;
    for (uint32_t i = 0; i < window->order_count; i++) {
        uint32_t p = window->order[i];
        bool known = p < model->forecast_cap && model->forecast[p].steps == later->steps;
        float load = known ? model->forecast[p].q[at] : 0.0f;
        later->row[p] = viz_matrix_quantise_float(scaled(picture, p, load));
    }
    viz_lines_pool(later->lines, later->row, later->step + (size_t)step * later->height, 1);
    later->pooled[step] = true;
}

struct viz_later_columns viz_later_columns(const struct viz_model *model,
                                           const struct viz_later_picture *picture)
{
    struct viz_later_columns columns = {.model = model, .picture = picture};
    const struct viz_matrix_window *window = picture->window;
    struct viz_later *later = model->later;
    FORE_ASSERT(picture->quantile >= 0 && picture->quantile <= 2);
    if (window->order_count == 0 || model->forecast_at == 0) return columns;
    const uint64_t parts[] = {model->forecast_version, window->height,
                              (uint64_t)picture->quantile + 1, picture->scale != NULL};
    uint64_t asked = fore_hash_bytes(window->order, window->order_count * sizeof *window->order,
                                     model->forecast_version);
    uint64_t key = fore_hash_bytes(parts, sizeof parts, asked);
    if (picture->scale != NULL)
        key = fore_hash_bytes(picture->scale, model->heat.row_cap * sizeof *picture->scale, key);
    if (later->step == NULL || later->asked != asked) later->common = common(model, window);
    later->asked = asked;
    adopt(later, model, window, key);
    columns.one = later->common;
    columns.known = true;
    return columns;
}

static fore_ns moment(const struct viz_matrix_window *window, uint32_t x)
{
    double span = (double)(window->to - window->from);
    return window->from + (fore_ns)(span * (x + 0.5) / window->width);
}

/* The step of pixel x; `steps` beyond what was forecast. */
static fore_ns step_of(const struct viz_forecast *one, const struct viz_matrix_window *window,
                       uint32_t x)
{
    fore_ns at = moment(window, x);
    if (at < one->at) return one->steps;
    fore_ns step = (at - one->at) / one->step_ns;
    return step < one->steps ? step : one->steps;
}

uint64_t viz_later_name(const struct viz_later_columns *columns, uint32_t x)
{
    if (columns->one == NULL) return columns->known ? 0 : 2;
    fore_ns step = step_of(columns->one, columns->picture->window, x);
    return ((columns->model->later->key ^ step << 8) * UINT64_C(0x9e3779b97f4a7c15)) | 4;
}

void viz_later_column(const struct viz_later_columns *columns, uint32_t x, uint8_t *line)
{
    const struct viz_matrix_window *window = columns->picture->window;
    struct viz_later *later = columns->model->later;
    memset(line, 0, window->height);
    if (columns->one != NULL) {
        fore_ns step = step_of(columns->one, window, x);
        if (step >= columns->one->steps) return;
        pool_step(later, columns->model, columns->picture, (uint32_t)step);
        memcpy(line, later->step + (size_t)step * later->height, later->height);
        return;
    }
    if (!columns->known) return;
    fore_ns at = moment(window, x);
    for (uint32_t i = 0; i < window->order_count; i++) {
        uint32_t p = window->order[i];
        float load = (float)viz_model_forecast(columns->model, p, at, columns->picture->quantile);
        later->row[p] = viz_matrix_quantise_float(scaled(columns->picture, p, load));
    }
    viz_lines_pool(later->lines, later->row, line, 1);
}
