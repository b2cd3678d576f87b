/*
 * generator_flow.c - the synthetic model as rates per bucket.
 *
 * Buckets are equal cells of the key space; a key that alone carries a cell's fair share of the
 * load gets a bucket of one key, because inside a bucket the load counts as even. Each part of the
 * moment is added to the buckets it touches by the same sums of popularity the source draws from.
 */
#include "workloads/generator.h"

#include <math.h>

struct generator_flow {
    struct fore_arena arena; /* holds this struct too */
    struct wl_generator_model model;
    struct wl_flow_noise *noise;
    struct wl_bucket *bucket;
    uint32_t *group;     /* noise walk of each bucket */
    double *younger_sum; /* latest: sums of model.cumulative */
    uint32_t bucket_count;
};

static bool is_hot(const struct wl_generator_model *model, uint64_t key)
{
    if (model->options.hot_key_share > 0 && key == model->hot_key) return true;
    if (model->weight == NULL || model->popularity == WL_KEYS_LATEST) return false;
    return model->weight[key] > 1.0 / model->cell_count;
}

static void add_bucket(struct generator_flow *f, uint64_t first, uint64_t end)
{
    if (first == end) return;
    f->bucket[f->bucket_count++] = (struct wl_bucket){.first = first, .last = end - 1};
}

/* At most cell_count keys weigh more than 1/cell_count, and each adds two buckets. */
static void cut_buckets(struct generator_flow *f)
{
    const struct wl_generator_model *model = &f->model;
    f->bucket = FORE_NEW(&f->arena, struct wl_bucket, (size_t)3 * model->cell_count + 2);
    bool weighted = model->weight != NULL;
    for (uint64_t begin = 0; begin < model->keys; begin += model->cell_keys) {
        uint64_t end = begin + model->cell_keys, from = begin;
        if (end > model->keys) end = model->keys;
        bool holds_hot = model->hot_key >= begin && model->hot_key < end;
        uint64_t low = weighted ? begin : model->hot_key, high = weighted ? end : low + 1;
        if (!weighted && !holds_hot) high = low;
        for (uint64_t key = low; key < high; key++) {
            if (!is_hot(model, key)) continue;
            add_bucket(f, from, key);
            add_bucket(f, key, key + 1);
            from = key + 1;
        }
        add_bucket(f, from, end);
    }
    f->group = FORE_NEW(&f->arena, uint32_t, f->bucket_count);
    for (uint32_t b = 0; b < f->bucket_count; b++)
        f->group[b] = wl_generator_group(model, f->bucket[b].first);
}

/* The bucket that holds `key`. */
static uint32_t find(const struct generator_flow *f, uint64_t key)
{
    uint32_t low = 0, high = f->bucket_count - 1;
    while (low < high) {
        uint32_t middle = low + (high - low + 1) / 2;
        if (f->bucket[middle].first <= key)
            low = middle;
        else
            high = middle - 1;
    }
    return low;
}

struct rates {
    double *read, *write;
};

static void pour(struct rates out, uint32_t b, double rate, const struct wl_generator_ops *ops)
{
    out.read[b] += rate * (ops->read + ops->scan);
    out.write[b] += rate * ops->write;
}

/* `rate` spread evenly over the real interval [from, to) of the key space. */
static void pour_interval(const struct generator_flow *f, const struct wl_generator_part *part,
                          double rate, double from, double to, struct rates out)
{
    if (to <= from) return;
    for (uint32_t b = find(f, (uint64_t)from); b < f->bucket_count; b++) {
        double first = (double)f->bucket[b].first, end = (double)f->bucket[b].last + 1;
        double low = from > first ? from : first, high = to < end ? to : end;
        if (high > low) pour(out, b, rate * ((high - low) / (to - from)), &part->ops);
        if (end >= to) return;
    }
}

static void pour_popular(const struct generator_flow *f, const struct wl_generator_part *part,
                         struct rates out)
{
    const double *sum = f->model.cumulative;
    double mass = sum[part->last + 1] - sum[part->first];
    if (mass <= 0) return;
    for (uint32_t b = find(f, part->first); b < f->bucket_count; b++) {
        uint64_t first = f->bucket[b].first, last = f->bucket[b].last;
        if (first > part->last) return;
        if (first < part->first) first = part->first;
        if (last > part->last) last = part->last;
        pour(out, b, part->rate * ((sum[last + 1] - sum[first]) / mass), &part->ops);
    }
}

/* The head crosses [from, to) in this step, round the end of the key space if need be. */
static void pour_head(const struct generator_flow *f, const struct wl_generator_part *part,
                      fore_ns t, struct rates out)
{
    double keys = (double)f->model.keys;
    double from = wl_generator_head(&f->model, t);
    double length = wl_generator_head(&f->model, t + f->model.options.step) - from;
    double laps = floor(length / keys);
    if (laps > 0) pour_interval(f, part, part->rate * laps * keys / length, 0, keys, out);
    double rest = length - laps * keys;
    if (length <= 0 || rest <= 0) return;
    from = fmod(from, keys);
    double first_leg = from + rest <= keys ? rest : keys - from;
    pour_interval(f, part, part->rate * first_leg / length, from, from + first_leg, out);
    pour_interval(f, part, part->rate * (rest - first_leg) / length, 0, rest - first_leg, out);
}

/* Integral over x of the popularity of all ages below floor(x); popularity sums to 1. */
static double younger_until(const struct generator_flow *f, double x)
{
    double keys = (double)f->model.keys;
    if (x <= 0) return 0;
    if (x >= keys) return f->younger_sum[f->model.keys] + (x - keys);
    uint64_t whole = (uint64_t)x;
    return f->younger_sum[whole] + (x - (double)whole) * f->model.cumulative[whole];
}

/*
 * Reads chase the head: popularity by age, averaged over the head's way from..to in this step. A
 * bucket is met on every lap round the key space; `at` is where it lies on the lap in question.
 */
static void pour_behind(const struct generator_flow *f, const struct wl_generator_part *part,
                        fore_ns t, struct rates out)
{
    const struct wl_generator_model *model = &f->model;
    double keys = (double)model->keys, start = wl_generator_head(model, t);
    double length = wl_generator_head(model, t + model->options.step) - start;
    double from = floor(fmod(start, keys)), to = from + 1; /* a head that stands still */
    if (length > 0) {
        from = fmod(start, keys);
        to = from + length;
    }
    for (uint32_t b = 0; b < f->bucket_count; b++) {
        double width = (double)(f->bucket[b].last - f->bucket[b].first) + 1, mass = 0;
        double first = (double)f->bucket[b].first;
        uint64_t laps = (uint64_t)ceil((to - first) / keys + 1);
        for (uint64_t lap = 0; lap < laps; lap++) {
            double at = first + ((double)lap - 1) * keys;
            mass += younger_until(f, to - at) - younger_until(f, from - at);
            mass -= younger_until(f, to - at - width) - younger_until(f, from - at - width);
        }
        if (mass > 0) pour(out, b, part->rate * mass / (to - from), &part->ops);
    }
}

static enum fore_err flow_rates(void *self, fore_ns t, double *reads, double *writes,
                                struct fore_diag *diag)
{
    struct generator_flow *f = self;
    struct wl_generator_moment moment;
    struct rates out = {reads, writes};
    FORE_ASSERT(t % f->model.options.step == 0);
    for (uint32_t b = 0; b < f->bucket_count; b++)
        reads[b] = writes[b] = 0;
    wl_generator_moment(&f->model, t, &moment);
    for (uint32_t i = 0; i < moment.count; i++) {
        const struct wl_generator_part *part = &moment.part[i];
        switch (part->spread) {
        case WL_SPREAD_POPULAR: pour_popular(f, part, out); break;
        case WL_SPREAD_HEAD: pour_head(f, part, t, out); break;
        case WL_SPREAD_BEHIND: pour_behind(f, part, t, out); break;
        case WL_SPREAD_EVEN:
            pour_interval(f, part, part->rate, (double)part->first, (double)part->last + 1, out);
            break;
        }
    }
    if (f->noise == NULL) return FORE_E_OK;
    const float *factor = wl_flow_noise_at(f->noise, t / f->model.options.step);
    for (uint32_t b = 0; b < f->bucket_count; b++) {
        reads[b] *= (double)factor[f->group[b]];
        writes[b] *= (double)factor[f->group[b]];
    }
    return FORE_E_OK;
}

static void sum_younger(struct generator_flow *f)
{
    f->younger_sum = FORE_NEW(&f->arena, double, f->model.keys + 1);
    for (uint64_t k = 0; k < f->model.keys; k++)
        f->younger_sum[k + 1] = f->younger_sum[k] + f->model.cumulative[k];
}

static void flow_close(void *self)
{
    struct fore_arena arena = ((struct generator_flow *)self)->arena;
    fore_arena_fini(&arena);
}

enum fore_err wl_generator_flow(const struct wl_options *options, uint64_t seed,
                                struct wl_flow *out, struct fore_diag *diag)
{
    static const struct wl_flow_ops ops = {.rates = flow_rates, .close = flow_close};
    struct fore_arena arena, scratch;
    fore_arena_init(&arena);
    fore_arena_init(&scratch);
    struct generator_flow *f = FORE_NEW(&arena, struct generator_flow, 1);
    enum fore_err err = wl_generator_init(&f->model, options, seed, &arena, &scratch, diag);
    f->arena = arena;
    if (err != FORE_E_OK) {
        fore_arena_fini(&scratch);
        flow_close(f);
        return err;
    }
    wl_generator_sum_popularity(&f->model, &f->arena);
    if (f->model.popularity == WL_KEYS_LATEST) sum_younger(f);
    cut_buckets(f);
    f->model.weight = NULL;
    fore_arena_fini(&scratch);
    f->noise = wl_generator_noise(&f->model, &f->arena);
    *out = (struct wl_flow){
        .ops = &ops,
        .self = f,
        .bucket = f->bucket,
        .bucket_count = f->bucket_count,
        .info = {.kind = "synthetic",
                 .label = f->model.label,
                 .span = options->span,
                 .step = options->step,
                 .bytes_mean = (uint32_t)options->bytes_mean}
    };
    return FORE_E_OK;
}
