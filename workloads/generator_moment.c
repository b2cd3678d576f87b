/*
 * generator_moment.c - the load of one step of time as a list of parts.
 *
 * Every pattern is read off at the middle of the step and held for it, in both views. Shares of
 * the load that a pattern takes (drift, swing) come off the base; crowds, hot key and report come
 * on top.
 */
#include "workloads/generator.h"

#include <math.h>

static const double two_pi = 6.283185307179586;
static const struct wl_generator_ops scans = {.scan = 1}, writes = {.write = 1};

/* The level of the whole load against workload.rate: day, week and growth. Midnight is t = 0. */
static double level(const struct wl_options *o, fore_ns t)
{
    double days =
        (double)t / (double)(o->diurnal_period > 0 ? o->diurnal_period : 86400 * FORE_SEC);
    double at = 1;
    if (o->diurnal > 0) at *= 1 - o->diurnal * cos(two_pi * days);
    if (o->weekly > 0) {
        bool weekend = fmod(days, 7) >= 5;
        at *= (weekend ? 1 - o->weekly : 1) / (1 - o->weekly * 2 / 7);
    }
    if (o->growth != 0) at *= pow(1 + o->growth, days);
    return at;
}

static struct wl_generator_part *add(struct wl_generator_moment *out, double rate,
                                     enum wl_generator_spread spread, struct wl_generator_ops ops)
{
    FORE_ASSERT(out->count < WL_GENERATOR_PARTS);
    struct wl_generator_part *part = &out->part[out->count++];
    *part = (struct wl_generator_part){.rate = rate, .spread = spread, .ops = ops};
    out->rate += rate;
    return part;
}

static void add_base(const struct wl_generator_model *model, double rate,
                     struct wl_generator_moment *out)
{
    enum wl_generator_spread spread = WL_SPREAD_POPULAR;
    if (model->popularity == WL_KEYS_UNIFORM) spread = WL_SPREAD_EVEN;
    if (model->popularity == WL_KEYS_LATEST) spread = WL_SPREAD_BEHIND;
    bool only_head = model->popularity == WL_KEYS_SEQUENTIAL;
    double inserts = model->insert_share;
    if (!only_head) add(out, rate * (1 - inserts), spread, model->ops)->last = model->keys - 1;
    if (inserts > 0) add(out, rate * inserts, WL_SPREAD_HEAD, only_head ? model->ops : writes);
}

/* `share` of the key space from `from` (0..1) on, round the end if need be. */
static void add_window(const struct wl_generator_model *model, double rate, double from,
                       double share, struct wl_generator_moment *out)
{
    double keys = (double)model->keys;
    uint64_t width = (uint64_t)(share * keys);
    if (width < 1) width = 1;
    if (width > model->keys) width = model->keys;
    uint64_t first = (uint64_t)(from * keys);
    if (first >= model->keys) first = model->keys - 1;
    uint64_t before_end = model->keys - first;
    uint64_t here = width < before_end ? width : before_end;
    struct wl_generator_part *part =
        add(out, rate * (double)here / (double)width, WL_SPREAD_EVEN, model->ops);
    part->first = first;
    part->last = first + here - 1;
    if (here == width) return;
    part = add(out, rate * (double)(width - here) / (double)width, WL_SPREAD_EVEN, model->ops);
    part->last = width - here - 1;
}

/* Height of a crowd `age` after it began: up, hold, down the way it came; 0 outside. */
static double crowd_height(const struct wl_options *o, fore_ns age)
{
    fore_ns length = 2 * o->flash_rise + o->flash_hold;
    if (age >= length) return 0;
    fore_ns to_end = length - age, edge = age < to_end ? age : to_end;
    return edge >= o->flash_rise ? 1 : (double)edge / (double)o->flash_rise;
}

/* One crowd in each `flash_every`, somewhere in it; nothing before it tells when or where. */
static void add_crowd(const struct wl_generator_model *model, double base_rate, fore_ns t,
                      struct wl_generator_moment *out)
{
    const struct wl_options *o = &model->options;
    if (t < o->flash_at) return;
    fore_ns age = t - o->flash_at;
    uint64_t number = o->flash_every > 0 ? age / o->flash_every : 0;
    struct fore_rng rng = fore_rng_stream(model->seed, "crowd", number);
    double when = fore_rng_unit(&rng), where = fore_rng_unit(&rng);
    if (o->flash_every > 0) {
        fore_ns room = o->flash_every - (2 * o->flash_rise + o->flash_hold);
        fore_ns wait = (fore_ns)(when * (double)room);
        age -= number * o->flash_every;
        if (age < wait) return;
        age -= wait;
    }
    double height = (o->flash_peak - 1) * crowd_height(o, age);
    if (height <= 0) return;
    uint64_t width = (uint64_t)(o->flash_range * (double)model->keys);
    if (width < 1) width = 1;
    if (width > model->keys) width = model->keys;
    uint64_t first = (uint64_t)(where * (double)(model->keys - width + 1));
    bool even = model->cumulative == NULL || model->popularity == WL_KEYS_LATEST;
    double mass = even ? (double)width / (double)model->keys
                       : model->cumulative[first + width] - model->cumulative[first];
    struct wl_generator_part *part =
        add(out, base_rate * mass * height, even ? WL_SPREAD_EVEN : WL_SPREAD_POPULAR, model->ops);
    part->first = first;
    part->last = first + width - 1;
}

static void add_extras(const struct wl_generator_model *model, double rate, fore_ns t,
                       struct wl_generator_moment *out)
{
    const struct wl_options *o = &model->options;
    bool hot = t >= o->hot_key_at && (o->hot_key_for == 0 || t - o->hot_key_at < o->hot_key_for);
    if (o->hot_key_share > 0 && hot) {
        struct wl_generator_part *part =
            add(out, rate * o->hot_key_share, WL_SPREAD_EVEN, model->ops);
        part->first = part->last = model->hot_key;
    }
    if (o->report_load > 0) {
        fore_ns of_day = t % o->diurnal_period;
        bool running =
            of_day >= o->report_at && of_day - o->report_at < o->report_for && t >= o->report_from;
        uint64_t width = (uint64_t)(o->report_range * (double)model->keys);
        if (running)
            add(out, o->rate * o->report_load, WL_SPREAD_EVEN, scans)->last =
                width < 1 ? 0 : width - 1;
    }
}

void wl_generator_moment(const struct wl_generator_model *model, fore_ns t,
                         struct wl_generator_moment *out)
{
    const struct wl_options *o = &model->options;
    fore_ns middle = t + o->step / 2;
    double rate = o->rate * level(o, middle);
    double base = rate * (1 - o->drift_load - o->swing_load);
    *out = (struct wl_generator_moment){0};
    add_base(model, base, out);
    if (o->flash_peak > 1) add_crowd(model, base, middle, out);
    if (o->drift_load > 0)
        add_window(model, rate * o->drift_load, fmod((double)middle / (double)o->drift_period, 1),
                   o->drift_range, out);
    if (o->swing_load > 0) { /* one sixteenth of the keys, then another half the space away */
        bool second = middle % o->swing_period >= o->swing_period / 2;
        add_window(model, rate * o->swing_load, second ? 0.625 : 0.125, 1.0 / 16, out);
    }
    add_extras(model, rate, middle, out);
}

double wl_generator_head(const struct wl_generator_model *model, fore_ns t)
{
    return model->head_start + model->head_speed * ((double)t / (double)FORE_SEC);
}
