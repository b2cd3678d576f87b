/*
 * series_flow.c - measured series as a flow.
 *
 * Counts are summed up over time once; the load of any stretch of time is then a difference of two
 * sums, taken on straight lines between the measured points, or on a monotone cubic spline through
 * them (Fritsch & Carlson 1980), which keeps every measured count and never goes below zero.
 *
 * Series i owns the keys [i * 2^40, (i + 1) * 2^40). Its sub-ranges are equal stretches of them
 * with unequal shares of its load, and eight buckets of unequal weight each, so that a partition
 * can be split inside. The sub-ranges are the flow's cuts, and each wobbles by itself
 * (flow_noise.h); their shares may wander (flow_rank.h), and surges may come on top (flow_surge.h).
 */
#include <math.h>

#include "core/base/dist.h"
#include "workloads/flow_noise.h"
#include "workloads/flow_rank.h"
#include "workloads/flow_surge.h"
#include "workloads/series.h"

enum { KEY_BITS = 40, BUCKETS_EACH = 8, SUBRANGES_MAX = 1 << 20, SURGES_MAX = 1 << 19 };

struct curve {      /* the sums of one series and kind */
    double *sum;    /* steps + 1 */
    float *tangent; /* steps + 1, per step; NULL: straight lines */
};

struct series_flow {
    struct fore_arena arena; /* holds this struct too */
    struct wl_options options;
    struct curve *curve; /* [series * kinds + kind] */
    struct wl_bucket *bucket;
    double *share;   /* of its series' load, per bucket */
    uint64_t *cut;   /* first key of each sub-range */
    uint64_t *bytes; /* their sizes */
    struct wl_flow_noise *noise;
    struct wl_flow_rank *rank;     /* NULL: shares stay */
    struct wl_flow_surges *surges; /* NULL: none */
    double *surge;                 /* of each sub-range, in the step asked for */
    double step_ns;                /* of the measured series, sped up */
    uint32_t series_count, kinds, steps, subranges;
};

/* sum of the first x steps, x real. */
static double sum_until(const struct curve *curve, uint32_t steps, double x)
{
    if (x <= 0) return 0;
    if (x >= steps) return curve->sum[steps];
    uint32_t k = (uint32_t)x;
    double u = x - k, rest = 1 - u, y0 = curve->sum[k], dy = curve->sum[k + 1] - y0;
    if (curve->tangent == NULL) return y0 + u * dy;
    double m0 = (double)curve->tangent[k], m1 = (double)curve->tangent[k + 1];
    return y0 + u * u * (3 - 2 * u) * dy + u * rest * (rest * m0 - u * m1);
}

/* Fritsch-Carlson on a grid of one: mean slopes, then pulled in where they would overshoot. */
static void find_tangents(struct curve *curve, uint32_t steps, struct fore_arena *arena)
{
    float *m = FORE_NEW(arena, float, (size_t)steps + 1);
    for (uint32_t k = 0; k <= steps; k++) {
        double left = curve->sum[k > 0 ? k : 1] - curve->sum[k > 0 ? k - 1 : 0];
        double right = k < steps ? curve->sum[k + 1] - curve->sum[k] : left;
        m[k] = left > 0 && right > 0 ? (float)(0.5 * (left + right)) : 0;
    }
    for (uint32_t k = 0; k < steps; k++) {
        double slope = curve->sum[k + 1] - curve->sum[k];
        if (slope <= 0) continue;
        double a = (double)m[k] / slope, b = (double)m[k + 1] / slope, reach = a * a + b * b;
        if (reach <= 9) continue;
        m[k] = (float)(3 / sqrt(reach) * a * slope);
        m[k + 1] = (float)(3 / sqrt(reach) * b * slope);
    }
    curve->tangent = m;
}

static double total_at(const struct wl_series_set *set, uint32_t step)
{
    double total = 0;
    for (uint32_t i = 0; i < set->count; i++)
        for (int kind = 0; kind < WL_SERIES_KINDS; kind++)
            total += wl_series_at(set, i, kind, step);
    return total;
}

/*
 * What each step's counts are multiplied by: the total compressed to total^compress with shares
 * kept, and the mean brought to workload.rate.
 */
static enum fore_err find_scale(const struct wl_series_set *set, const struct wl_options *o,
                                double *scale, struct fore_diag *diag)
{
    double step_s = (double)set->step / (double)FORE_SEC / o->speedup, sum = 0;
    for (uint32_t s = 0; s < set->steps; s++) {
        double per_s = total_at(set, s) / step_s;
        scale[s] = per_s > 0 ? pow(per_s, o->compress - 1) : 0;
        sum += scale[s] * per_s;
    }
    if (!(sum > 0))
        return fore_err_set(diag, FORE_E_RANGE, "%s: every load in it is 0", set->first_file);
    double wanted = o->rate > 0 ? o->rate / (sum / set->steps) : 1;
    for (uint32_t s = 0; s < set->steps; s++)
        scale[s] *= wanted * o->thin;
    return FORE_E_OK;
}

static void sum_up(struct series_flow *f, const struct wl_series_set *set, const double *scale)
{
    f->curve = FORE_NEW(&f->arena, struct curve, (size_t)f->series_count * f->kinds);
    for (uint32_t i = 0; i < f->series_count * f->kinds; i++) {
        struct curve *curve = &f->curve[i];
        curve->sum = FORE_NEW(&f->arena, double, (size_t)f->steps + 1);
        for (uint32_t s = 0; s < f->steps; s++) {
            double count = wl_series_at(set, i / f->kinds, (int)(i % f->kinds), s);
            curve->sum[s + 1] = curve->sum[s] + count * scale[s];
        }
        if (f->options.interpolate == 1) find_tangents(curve, f->steps, &f->arena);
    }
}

/* Random positive shares that add up to `whole`. */
static void draw_shares(struct fore_rng *rng, double low, double high, double whole, double *out,
                        uint32_t count)
{
    double sum = 0;
    for (uint32_t i = 0; i < count; i++) {
        out[i] = low + (high - low) * fore_rng_unit(rng);
        sum += out[i];
    }
    for (uint32_t i = 0; i < count; i++)
        out[i] *= whole / sum;
}

/* With two sub-ranges one has 35 to 65 % of the load. */
static void lay_out(struct series_flow *f, const struct wl_series_set *set, uint64_t seed)
{
    uint32_t ranges = f->series_count * f->subranges;
    uint64_t width = (UINT64_C(1) << KEY_BITS) / f->subranges;
    f->bucket = FORE_NEW(&f->arena, struct wl_bucket, (size_t)ranges * BUCKETS_EACH);
    f->share = FORE_NEW(&f->arena, double, (size_t)ranges *BUCKETS_EACH);
    f->cut = FORE_NEW(&f->arena, uint64_t, ranges);
    f->bytes = FORE_NEW(&f->arena, uint64_t, ranges);
    double *part = FORE_NEW(&f->arena, double, f->subranges);
    for (uint32_t r = 0; r < ranges; r++) {
        uint32_t series = r / f->subranges, place = r % f->subranges;
        struct fore_rng rng = fore_rng_stream(seed, "series.subrange", series);
        bool even = f->options.subrange_shares == WL_SHARES_ZIPF; /* the ranks make them unequal */
        if (place == 0) draw_shares(&rng, even ? 1 : 0.35, even ? 1 : 0.65, 1, part, f->subranges);
        f->cut[r] = ((uint64_t)series << KEY_BITS) + place * width;
        const struct wl_series *s = &set->series[series];
        if (s->size_rows > 0) f->bytes[r] = (uint64_t)(s->size_sum / s->size_rows * part[place]);
        rng = fore_rng_stream(seed, "series.bucket", r);
        draw_shares(&rng, 0.4, 1.6, part[place], &f->share[(size_t)r * BUCKETS_EACH], BUCKETS_EACH);
        for (uint32_t b = 0; b < BUCKETS_EACH; b++)
            f->bucket[(size_t)r * BUCKETS_EACH + b].first = f->cut[r] + b * (width / BUCKETS_EACH);
    }
    for (size_t b = 0; b + 1 < (size_t)ranges * BUCKETS_EACH; b++)
        f->bucket[b].last = f->bucket[b + 1].first - 1;
    f->bucket[(size_t)ranges * BUCKETS_EACH - 1].last = ((uint64_t)f->series_count << KEY_BITS) - 1;
}

/* Load of one series in steps x0..x1, per second. */
static void series_rate(const struct series_flow *f, uint32_t series, double x0, double x1,
                        double *read, double *write)
{
    double per_s = (double)FORE_SEC / (double)f->options.step, rate[WL_SERIES_KINDS] = {0, 0};
    for (uint32_t kind = 0; kind < f->kinds; kind++) {
        const struct curve *curve = &f->curve[series * f->kinds + kind];
        double count = sum_until(curve, f->steps, x1) - sum_until(curve, f->steps, x0);
        rate[kind] = count > 0 ? count * per_s : 0; /* a rounding may leave less than nothing */
    }
    *read = f->kinds > 1 ? rate[0] : rate[0] * (1 - f->options.write_share);
    *write = f->kinds > 1 ? rate[1] : rate[0] * f->options.write_share;
}

/* What the surges bring, over the sub-range's buckets as its own load is. */
static void add_surges(const struct series_flow *f, fore_ns t, double *reads, double *writes)
{
    uint32_t ranges = f->series_count * f->subranges;
    for (uint32_t r = 0; r < ranges; r++)
        f->surge[r] = 0;
    wl_flow_surge_add(f->surges, t, f->options.step, f->surge);
    for (uint32_t r = 0; r < ranges; r++) {
        if (!(f->surge[r] > 0)) continue;
        size_t first = (size_t)r * BUCKETS_EACH;
        double whole = 0;
        for (size_t b = first; b < first + BUCKETS_EACH; b++)
            whole += f->share[b];
        for (size_t b = first; b < first + BUCKETS_EACH; b++) {
            double rate = f->surge[r] * f->share[b] / whole;
            reads[b] += rate * (1 - f->options.write_share);
            writes[b] += rate * f->options.write_share;
        }
    }
}

static enum fore_err flow_rates(void *self, fore_ns t, double *reads, double *writes,
                                struct fore_diag *diag)
{
    struct series_flow *f = self;
    FORE_ASSERT(t % f->options.step == 0);
    double x0 = (double)(t + f->options.skip) / f->step_ns;
    double x1 = (double)(t + f->options.step + f->options.skip) / f->step_ns;
    const float *factor = NULL, *weight = NULL;
    if (f->noise != NULL) factor = wl_flow_noise_at(f->noise, t / f->options.step);
    if (f->rank != NULL) weight = wl_flow_rank_at(f->rank, t + f->options.step / 2);
    size_t b = 0;
    for (uint32_t i = 0; i < f->series_count; i++) {
        double read, write;
        series_rate(f, i, x0, x1, &read, &write);
        for (uint32_t r = i * f->subranges; r < (i + 1) * f->subranges; r++) {
            double wobble = factor != NULL ? (double)factor[r] : 1;
            if (weight != NULL) wobble *= (double)weight[r];
            for (uint32_t k = 0; k < BUCKETS_EACH; k++, b++) {
                reads[b] = read * f->share[b] * wobble;
                writes[b] = write * f->share[b] * wobble;
            }
        }
    }
    if (f->surges != NULL) add_surges(f, t, reads, writes);
    return FORE_E_OK;
}

static void flow_close(void *self)
{
    struct fore_arena arena = ((struct series_flow *)self)->arena;
    fore_arena_fini(&arena);
}

static enum fore_err in_order(const char *name, double low, double high, struct fore_diag *diag)
{
    if (low <= high) return FORE_E_OK;
    return fore_err_set(diag, FORE_E_RANGE, "workload.%s_min is above workload.%s_max", name, name);
}

static enum fore_err check_surges(const struct wl_options *o, const struct wl_series_set *set,
                                  struct fore_diag *diag)
{
    double ranges = (double)set->count * (double)o->subranges;
    FORE_TRY(in_order("surge_parts", (double)o->surge_parts_min, (double)o->surge_parts_max, diag));
    FORE_TRY(in_order("surge_load", o->surge_load_min, o->surge_load_max, diag));
    FORE_TRY(in_order("surge_rise", (double)o->surge_rise_min, (double)o->surge_rise_max, diag));
    FORE_TRY(in_order("surge_hold", (double)o->surge_hold_min, (double)o->surge_hold_max, diag));
    if ((double)o->surge_parts_max > ranges)
        return fore_err_set(diag, FORE_E_RANGE,
                            "workload.surge_parts_max is %llu, but there are only %.0f partitions",
                            (unsigned long long)o->surge_parts_max, ranges);
    double span = (double)set->step * set->steps / o->speedup;
    if (span / (double)o->surge_every > SURGES_MAX)
        return fore_err_set(diag, FORE_E_RANGE,
                            "workload.surge_every: %gs makes more than %d surges; make it longer",
                            (double)o->surge_every / (double)FORE_SEC, SURGES_MAX);
    return FORE_E_OK;
}

static enum fore_err check(const struct wl_options *o, const struct wl_series_set *set,
                           struct fore_diag *diag)
{
    if (o->step < FORE_SEC) return fore_err_set(diag, FORE_E_RANGE, "workload.step is below 1 s");
    if (o->subranges == 0 || (uint64_t)set->count * o->subranges > SUBRANGES_MAX)
        return fore_err_set(diag, FORE_E_RANGE,
                            "workload.subranges: %u series x %llu is not in 1..1048576 partitions",
                            set->count, (unsigned long long)o->subranges);
    double span = (double)set->step * set->steps / o->speedup;
    if ((double)o->skip >= span)
        return fore_err_set(diag, FORE_E_RANGE,
                            "workload.skip: %s ends after %.0f s, nothing is left", set->first_file,
                            span / (double)FORE_SEC);
    return o->surge_every > 0 ? check_surges(o, set, diag) : FORE_E_OK;
}

static const char *describe(struct series_flow *f, const struct wl_series_set *set)
{
    const struct wl_options *o = &f->options;
    const char *slash = set->first_file;
    for (const char *p = slash; *p != '\0'; p++)
        if (*p == '/') slash = p + 1;
    const char *compressed = o->compress < 1 || o->compress > 1
                                 ? fore_arena_printf(&f->arena, ", total^%g", o->compress)
                                 : "";
    const char *surges = o->surge_every > 0 ? ", with surges" : "";
    const char *zipf = o->subrange_shares == WL_SHARES_ZIPF
                           ? fore_arena_printf(&f->arena, " by zipf(%g)", o->zipf_s)
                           : "";
    return fore_arena_printf(&f->arena, "%u series of %s%s, %u sub-range%s each%s%s", set->count,
                             slash, compressed, f->subranges, f->subranges == 1 ? "" : "s", zipf,
                             surges);
}

static fore_ns span_of(const struct series_flow *f)
{
    fore_ns all = (fore_ns)(f->step_ns * f->steps) - f->options.skip;
    return f->options.span > 0 && f->options.span < all ? f->options.span : all;
}

/* The highest total of a measured step in the part that is played, per second. */
static double peak_of(const struct series_flow *f, const struct wl_series_set *set,
                      const double *scale)
{
    double from = (double)f->options.skip / f->step_ns, highest = 0;
    double until = from + (double)span_of(f) / f->step_ns;
    for (uint32_t s = 0; s < f->steps; s++) {
        double total = scale[s] * total_at(set, s) / (f->step_ns / (double)FORE_SEC);
        if (s + 1.0 > from && s < until && total > highest) highest = total;
    }
    return highest;
}

static void prepare_surges(struct series_flow *f, double peak, uint64_t seed)
{
    const struct wl_options *o = &f->options;
    struct wl_flow_surge_options how = {.every = o->surge_every,
                                        .groups_min = (uint32_t)o->surge_parts_min,
                                        .groups_max = (uint32_t)o->surge_parts_max,
                                        .rate_min = o->surge_load_min * peak,
                                        .rate_max = o->surge_load_max * peak,
                                        .rise_min = o->surge_rise_min,
                                        .rise_max = o->surge_rise_max,
                                        .hold_min = o->surge_hold_min,
                                        .hold_max = o->surge_hold_max,
                                        .span = span_of(f),
                                        .seed = seed,
                                        .groups = f->series_count * f->subranges};
    f->surges = FORE_NEW(&f->arena, struct wl_flow_surges, 1);
    f->surge = FORE_NEW(&f->arena, double, how.groups);
    wl_flow_surge_draw(&f->arena, &how, f->surges);
}

static enum fore_err prepare_ranks(struct series_flow *f, uint64_t seed, struct fore_diag *diag)
{
    const struct wl_flow_rank_options how = {.s = f->options.zipf_s,
                                             .memory = f->options.rank_memory,
                                             .span = span_of(f),
                                             .seed = seed,
                                             .sets = f->series_count,
                                             .groups = f->subranges};
    return wl_flow_rank_create(&f->arena, &how, &f->rank, diag);
}

static enum fore_err build(struct series_flow *f, const struct wl_series_set *set, uint64_t seed,
                           struct fore_diag *diag)
{
    const struct wl_options *o = &f->options;
    FORE_TRY(check(o, set, diag));
    f->series_count = set->count;
    f->kinds = set->split ? 2 : 1;
    f->steps = set->steps;
    f->subranges = (uint32_t)o->subranges;
    f->step_ns = (double)set->step / o->speedup;
    double *scale = FORE_NEW(&f->arena, double, set->steps);
    FORE_TRY(find_scale(set, o, scale, diag));
    sum_up(f, set, scale);
    lay_out(f, set, seed);
    struct wl_flow_noise_options noise = {.own = o->noise_own,
                                          .common = o->noise_common,
                                          .memory = o->noise_memory,
                                          .step = o->step,
                                          .seed = seed,
                                          .groups = f->series_count * f->subranges};
    f->noise = wl_flow_noise_create(&f->arena, &noise);
    if (o->surge_every > 0) prepare_surges(f, peak_of(f, set, scale), seed);
    return o->subrange_shares == WL_SHARES_ZIPF ? prepare_ranks(f, seed, diag) : FORE_E_OK;
}

static struct wl_flow hand_out(struct series_flow *f, const struct wl_series_set *set)
{
    static const struct wl_flow_ops ops = {.rates = flow_rates, .close = flow_close};
    uint32_t ranges = f->series_count * f->subranges;
    double requests = 0, bytes = (double)f->options.bytes_mean;
    for (uint32_t s = 0; s < set->steps && set->bytes > 0; s++)
        requests += total_at(set, s);
    if (requests > 0) bytes = set->bytes / requests;
    return (struct wl_flow){
        .ops = &ops,
        .self = f,
        .bucket = f->bucket,
        .bucket_count = ranges * BUCKETS_EACH,
        .cut = f->cut,
        .cut_bytes = set->series[0].size_rows > 0 ? f->bytes : NULL,
        .cut_count = ranges,
        .info = {.kind = "series",
                 .label = describe(f, set),
                 .span = span_of(f),
                 .step = f->options.step,
                 .bytes_mean = bytes < (double)UINT32_MAX ? (uint32_t)bytes : UINT32_MAX}
    };
}

enum fore_err wl_series_flow(const struct wl_options *options, uint64_t seed, struct wl_flow *out,
                             struct fore_diag *diag)
{
    if (options->series.count == 0)
        return fore_err_set(diag, FORE_E_RANGE,
                            "workload.series names no file; set it, e.g. series = \"load.csv\"");
    struct wl_series_options how = {.layout = options->series_layout,
                                    .value = options->series_value,
                                    .step = options->rate_step};
    struct wl_series_set set;
    struct fore_arena arena;
    fore_arena_init(&arena);
    struct series_flow *f = FORE_NEW(&arena, struct series_flow, 1);
    f->arena = arena;
    f->options = *options;
    wl_series_init(&set);
    enum fore_err err = wl_series_load(&set, &options->series, &how, diag);
    if (err == FORE_E_OK) err = build(f, &set, seed, diag);
    if (err == FORE_E_OK)
        *out = hand_out(f, &set);
    else
        flow_close(f);
    wl_series_fini(&set);
    return err;
}
