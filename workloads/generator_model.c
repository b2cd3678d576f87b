/*
 * generator_model.c - what a synthetic workload is made of: key popularity and its set-up.
 *
 * Popularity is a weight per key, already in key order: with `scatter` the ranks are shuffled over
 * the key space once, here, so that drawing a key stays one look into an alias table. An even
 * popularity needs no weights, so its key space may be as large as keys go.
 */
#include "workloads/generator.h"

#include <math.h>

#include "core/base/dist.h"

/* Weights are 8 bytes a key and the alias table 8 more. */
#define TABLE_KEYS_MAX (UINT64_C(1) << 26)
#define EVEN_KEYS_MAX  (UINT64_C(1) << 62)

static void shuffle(double *weight, uint32_t count, uint64_t seed)
{
    struct fore_rng rng = fore_rng_stream(seed, "popularity.scatter", 0);
    for (uint32_t i = count - 1; i > 0; i--) {
        uint32_t j = fore_rng_below(&rng, i + 1);
        double held = weight[i];
        weight[i] = weight[j];
        weight[j] = held;
    }
}

static void hotspot_weights(double *weight, uint32_t keys, const struct wl_options *o)
{
    uint32_t hot = (uint32_t)ceil(o->hotspot_keys * (double)keys);
    if (hot < 1) hot = 1;
    if (hot > keys) hot = keys;
    double load = hot == keys ? 1 : o->hotspot_load;
    for (uint32_t k = 0; k < keys; k++)
        weight[k] = k < hot ? load / hot : (1 - load) / (keys - hot);
}

/* By age: a window that goes along with the insert head. */
static void recent_weights(double *weight, uint32_t keys, uint64_t recent)
{
    uint32_t read = recent < keys ? (uint32_t)recent : keys;
    for (uint32_t k = 0; k < keys; k++)
        weight[k] = k < read ? 1.0 / read : 0;
}

static void popularity_weights(struct wl_generator_model *model, struct fore_arena *scratch)
{
    if (model->popularity == WL_KEYS_UNIFORM || model->popularity == WL_KEYS_SEQUENTIAL) return;
    uint32_t keys = (uint32_t)model->keys;
    model->weight = FORE_NEW(scratch, double, keys);
    if (model->popularity == WL_KEYS_HOTSPOT)
        hotspot_weights(model->weight, keys, &model->options);
    else if (model->popularity == WL_KEYS_LATEST && model->options.latest_keys > 0)
        recent_weights(model->weight, keys, model->options.latest_keys);
    else
        fore_dist_zipf_weights(model->weight, keys, model->options.zipf_s);
    if (model->options.scatter && model->popularity != WL_KEYS_LATEST)
        shuffle(model->weight, keys, model->seed);
}

void wl_generator_sum_popularity(struct wl_generator_model *model, struct fore_arena *arena)
{
    if (model->weight == NULL || model->cumulative != NULL) return;
    model->cumulative = FORE_NEW(arena, double, model->keys + 1);
    for (uint64_t k = 0; k < model->keys; k++)
        model->cumulative[k + 1] = model->cumulative[k] + model->weight[k];
}

/* Cooper et al., Benchmarking cloud serving systems with YCSB (SoCC 2010), table 2. */
static void choose_mix(struct wl_generator_model *model)
{
    static const struct {
        struct wl_generator_ops ops;
        double insert;
    } mix[] = {
        [WL_MIX_YCSB_A] = {{.read = 0.5, .write = 0.5},                        0   },
        [WL_MIX_YCSB_B] = {{.read = 0.95, .write = 0.05},                      0   },
        [WL_MIX_YCSB_C] = {{.read = 1},                                        0   },
        [WL_MIX_YCSB_D] = {{.read = 1},                                        0.05},
        [WL_MIX_YCSB_E] = {{.scan = 1},                                        0.05},
        [WL_MIX_YCSB_F] = {{.read = 2.0 / 3, .write = 1.0 / 3, .pairs = true}, 0   },
    };
    const struct wl_options *o = &model->options;
    model->popularity = o->mix == WL_MIX_YCSB_D ? (uint32_t)WL_KEYS_LATEST : o->popularity;
    if (o->mix == WL_MIX_CUSTOM) {
        model->ops = (struct wl_generator_ops){.read = o->read_share, .write = 1 - o->read_share};
    } else {
        model->ops = mix[o->mix].ops;
        model->insert_share = mix[o->mix].insert;
    }
    /* Where new keys are the popular ones, a write makes a new key. */
    if (model->popularity == WL_KEYS_LATEST && model->insert_share <= 0 && model->ops.write > 0) {
        model->insert_share = model->ops.pairs ? 0 : model->ops.write;
        if (!model->ops.pairs) model->ops = (struct wl_generator_ops){.read = 1};
    }
    if (model->popularity == WL_KEYS_SEQUENTIAL) {
        model->insert_share = 1;
        model->head_start = 0;
    } else {
        model->head_start = floor((double)model->keys / 2);
    }
    model->head_speed = o->rate * model->insert_share;
}

static enum fore_err refuse(struct fore_diag *diag, const char *what)
{
    return fore_err_set(diag, FORE_E_RANGE, "workload.%s", what);
}

static enum fore_err check_times(const struct wl_options *o, struct fore_diag *diag)
{
    if (o->step < FORE_SEC) return refuse(diag, "step is below 1 s: rates are held for a step");
    if (o->diurnal_period < 4 * o->step && (o->diurnal > 0 || o->weekly > 0 || o->report_load > 0))
        return refuse(diag, "diurnal_period is shorter than 4 steps: lower workload.step");
    if (o->swing_load > 0 && o->swing_period < 2 * o->step)
        return refuse(diag, "swing_period is shorter than 2 steps: lower workload.step");
    if (o->drift_load > 0 && o->drift_period < o->step)
        return refuse(diag, "drift_period is shorter than a step: lower workload.step");
    if (o->flash_peak > 1 && o->flash_every > 0 &&
        o->flash_every < 2 * o->flash_rise + o->flash_hold)
        return refuse(diag, "flash_every is shorter than one crowd (2 * flash_rise + flash_hold)");
    return FORE_E_OK;
}

static enum fore_err check(const struct wl_generator_model *model, struct fore_diag *diag)
{
    const struct wl_options *o = &model->options;
    if (!(o->rate > 0))
        return refuse(diag, "rate is 0: nothing would happen; set it, e.g. rate = \"1k/s\"");
    if (o->keys == 0) return refuse(diag, "keys is 0: set the size of the key space");
    bool table = model->popularity != WL_KEYS_UNIFORM && model->popularity != WL_KEYS_SEQUENTIAL;
    if (table && o->keys > TABLE_KEYS_MAX)
        return refuse(diag, "keys is above 67108864, the most a popularity table holds; use fewer "
                            "keys, or popularity = \"uniform\"");
    if (o->keys > EVEN_KEYS_MAX) return refuse(diag, "keys is above 2^62");
    if (o->buckets == 0) return refuse(diag, "buckets is 0");
    if (o->drift_load + o->swing_load > 1)
        return refuse(diag, "drift_load and swing_load add up to more than all of the load");
    return check_times(o, diag);
}

/* The flow's cells: equal runs of keys, gathered into at most 256 groups that share a noise. */
static void cut_cells(struct wl_generator_model *model)
{
    uint64_t cells = model->options.buckets < model->keys ? model->options.buckets : model->keys;
    FORE_ASSERT(cells > 0);
    model->cell_keys = (model->keys - 1) / cells + 1;
    model->cell_count = (uint32_t)((model->keys - 1) / model->cell_keys + 1);
    model->group_count =
        model->cell_count < WL_GENERATOR_GROUPS ? model->cell_count : (uint32_t)WL_GENERATOR_GROUPS;
}

uint32_t wl_generator_group(const struct wl_generator_model *model, uint64_t key)
{
    uint64_t cell = key / model->cell_keys;
    return (uint32_t)(cell * model->group_count / model->cell_count);
}

struct wl_flow_noise *wl_generator_noise(const struct wl_generator_model *model,
                                         struct fore_arena *arena)
{
    const struct wl_options *o = &model->options;
    struct wl_flow_noise_options options = {.own = o->noise_own,
                                            .common = o->noise_common,
                                            .memory = o->noise_memory,
                                            .step = o->step,
                                            .seed = model->seed,
                                            .groups = model->group_count};
    return wl_flow_noise_create(arena, &options);
}

static const char *describe(const struct wl_generator_model *model, struct fore_arena *arena)
{
    static const char *const keys[] = {"Zipf", "uniform", "hotspot", "latest", "sequential"};
    const struct wl_options *o = &model->options;
    return fore_arena_printf(
        arena, "synthetic: %s over %llu keys, %g requests/s%s%s%s%s%s", keys[model->popularity],
        (unsigned long long)model->keys, o->rate, o->diurnal > 0 ? ", diurnal" : "",
        o->flash_peak > 1 ? ", flash crowds" : "", o->drift_load > 0 ? ", drift" : "",
        o->swing_load > 0 ? ", swing" : "", o->report_load > 0 ? ", report" : "");
}

enum fore_err wl_generator_init(struct wl_generator_model *model, const struct wl_options *options,
                                uint64_t seed, struct fore_arena *arena, struct fore_arena *scratch,
                                struct fore_diag *diag)
{
    *model = (struct wl_generator_model){.options = *options, .seed = seed, .keys = options->keys};
    choose_mix(model);
    FORE_TRY(check(model, diag));
    cut_cells(model);
    popularity_weights(model, scratch);
    struct fore_rng rng = fore_rng_stream(seed, "hot_key", 0);
    model->hot_key = (uint64_t)(fore_rng_unit(&rng) * (double)model->keys);
    if (options->flash_peak > 1) wl_generator_sum_popularity(model, arena);
    model->modulated = options->diurnal > 0 || options->weekly > 0 || options->growth != 0 ||
                       options->flash_peak > 1 || options->drift_load > 0 ||
                       options->report_load > 0 || options->swing_load > 0 ||
                       options->hot_key_share > 0 || options->noise_own > 0 ||
                       options->noise_common > 0;
    model->label = describe(model, arena);
    return FORE_E_OK;
}
