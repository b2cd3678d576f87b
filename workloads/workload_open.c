/*
 * workload_open.c - from options to a source or a flow: which generator, reader and combinators.
 *
 * Each kind has one natural view and gets the other from it: a series is a flow, sampled when
 * requests are wanted; a trace is a stream, counted when rates are. The synthetic model and the
 * composite have both by themselves.
 */
#include "workloads/combine.h"
#include "workloads/composite.h"
#include "workloads/generator.h"
#include "workloads/reader.h"
#include "workloads/series.h"
#include "workloads/wide.h"

enum { PROFILE_MEMORY_MAX = 512 << 20 };

static enum fore_err check(const struct wl_options *o, struct fore_diag *diag)
{
    if (!(o->thin > 0))
        return fore_err_set(diag, FORE_E_RANGE, "workload.thin is 0: no request would be left");
    if (!(o->speedup > 0))
        return fore_err_set(diag, FORE_E_RANGE, "workload.speedup must be above 0");
    if (o->multiply == 0)
        return fore_err_set(diag, FORE_E_RANGE,
                            "workload.multiply is 0: use 1 for each record once");
    if (o->surge_every > 0 && o->kind != WL_KIND_SERIES)
        return fore_err_set(diag, FORE_E_RANGE,
                            "workload.surge_every: only series have surges; a synthetic workload "
                            "has crowds, workload.flash_every");
    return FORE_E_OK;
}

static enum fore_err open_reader(const struct wl_options *o, struct fore_arena *perm,
                                 struct wl_source *out, struct fore_diag *diag)
{
    const struct wl_reader_options how = {
        .format = o->format, .columns = o->columns, .time_unit = o->time_unit};
    if (o->trace == NULL || o->trace[0] == '\0')
        return fore_err_set(
            diag, FORE_E_RANGE,
            "workload.trace names no file; set it, e.g. trace = \"access.csv.zst\"");
    return wl_reader_open(o->trace, &how, perm, out, diag);
}

/* A trace by itself: sped up, multiplied, thinned, cut. */
static enum fore_err open_trace(const struct wl_options *o, uint64_t seed, struct fore_arena *perm,
                                struct wl_source *out, struct fore_diag *diag)
{
    struct wl_source s = {0};
    FORE_TRY(open_reader(o, perm, &s, diag));
    if (o->speedup < 1 || o->speedup > 1) s = wl_combine_speed(s, o->speedup);
    if (o->skip > 0) s = wl_combine_slice(s, o->skip, 0);
    if (o->multiply > 1) s = wl_combine_scale(s, (double)o->multiply, seed);
    if (o->thin < 1) s = wl_combine_thin(s, o->thin, seed);
    if (o->span > 0) s = wl_combine_slice(s, 0, o->span);
    *out = s;
    return FORE_E_OK;
}

static struct wl_composite_options composite_options(const struct wl_options *o, uint64_t seed)
{
    return (struct wl_composite_options){.rate = o->rate,
                                         .speedup = o->speedup,
                                         .factor = (double)o->multiply * o->thin,
                                         .skip = o->skip,
                                         .span = o->span,
                                         .step = o->step,
                                         .buckets = (uint32_t)o->buckets,
                                         .seed = seed};
}

/* The keys and the rate of a composite; the set wants its fini also on failure. */
static enum fore_err open_parts(const struct wl_options *o, struct fore_arena *perm,
                                struct wl_source *keys, struct wl_series_set *rate,
                                struct fore_diag *diag)
{
    const struct wl_series_options how = {
        .layout = o->series_layout, .value = o->series_value, .step = o->rate_step};
    wl_series_init(rate);
    FORE_TRY(wl_series_load(rate, &o->rate_series, &how, diag));
    return open_reader(o, perm, keys, diag);
}

static enum fore_err open_trace_source(const struct wl_options *o, uint64_t seed,
                                       struct fore_arena *perm, struct wl_source *out,
                                       struct fore_diag *diag)
{
    if (o->rate_series.count == 0) return open_trace(o, seed, perm, out, diag);
    const struct wl_composite_options how = composite_options(o, seed);
    struct wl_source keys = {0};
    struct wl_series_set rate;
    enum fore_err err = open_parts(o, perm, &keys, &rate, diag);
    if (err == FORE_E_OK) err = wl_composite_source(keys, &rate, &how, out, diag);
    wl_series_fini(&rate);
    return err;
}

static enum fore_err open_trace_flow(const struct wl_options *o, uint64_t seed,
                                     struct fore_arena *perm, struct wl_flow *out,
                                     struct fore_diag *diag)
{
    if (o->rate_series.count > 0) {
        const struct wl_composite_options how = composite_options(o, seed);
        struct wl_source keys = {0};
        struct wl_series_set rate;
        enum fore_err err = open_parts(o, perm, &keys, &rate, diag);
        if (err == FORE_E_OK) err = wl_composite_flow(keys, &rate, &how, out, diag);
        wl_series_fini(&rate);
        return err;
    }
    struct wl_source source = {0};
    FORE_TRY(open_trace(o, seed, perm, &source, diag));
    enum fore_err err =
        wl_flow_profile(&source, o->step, (uint32_t)o->buckets, PROFILE_MEMORY_MAX, out, diag);
    wl_source_close(&source);
    return err;
}

static enum fore_err open_plain(const struct wl_options *options, uint64_t seed,
                                struct fore_arena *perm, struct wl_source *out,
                                struct fore_diag *diag)
{
    switch ((enum wl_kind)options->kind) {
    case WL_KIND_SYNTHETIC: return wl_generator_source(options, seed, out, diag);
    case WL_KIND_TRACE: return open_trace_source(options, seed, perm, out, diag);
    case WL_KIND_SERIES: break;
    }
    struct wl_flow flow = {0};
    FORE_TRY(wl_series_flow(options, seed, &flow, diag));
    *out = wl_combine_sample(flow, options->span, seed);
    return FORE_E_OK;
}

enum fore_err wl_open_source(const struct wl_options *options, uint64_t seed,
                             struct fore_arena *perm, struct wl_source *out, struct fore_diag *diag)
{
    struct wl_wide wide;
    FORE_TRY(check(options, diag));
    FORE_TRY(wl_wide_parse(options, &wide, diag));
    FORE_TRY(open_plain(options, seed, perm, out, diag));
    if (wide.columns > 0) *out = wl_wide_source(*out, &wide, seed);
    return FORE_E_OK;
}

enum fore_err wl_open_flow(const struct wl_options *options, uint64_t seed, struct fore_arena *perm,
                           struct wl_flow *out, struct fore_diag *diag)
{
    FORE_TRY(check(options, diag));
    switch ((enum wl_kind)options->kind) {
    case WL_KIND_SYNTHETIC: return wl_generator_flow(options, seed, out, diag);
    case WL_KIND_TRACE: return open_trace_flow(options, seed, perm, out, diag);
    case WL_KIND_SERIES: break;
    }
    return wl_series_flow(options, seed, out, diag);
}
