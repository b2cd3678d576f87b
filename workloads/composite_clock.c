/* composite_clock.c - a rate series, summed up. */
#include "workloads/composite_clock.h"

enum fore_err wl_composite_clock_init(struct wl_composite_clock *clock,
                                      const struct wl_series_set *rate,
                                      const struct wl_composite_options *options,
                                      struct fore_arena *arena, struct fore_diag *diag)
{
    *clock = (struct wl_composite_clock){.steps = rate->steps,
                                         .step_ns = (double)rate->step / options->speedup,
                                         .skip = options->skip};
    clock->sum = FORE_NEW(arena, double, (size_t)rate->steps + 1);
    for (uint32_t s = 0; s < rate->steps; s++) {
        clock->sum[s + 1] = clock->sum[s];
        for (uint32_t i = 0; i < rate->count; i++)
            clock->sum[s + 1] += wl_series_at(rate, i, WL_SERIES_READS, s) +
                                 wl_series_at(rate, i, WL_SERIES_WRITES, s);
    }
    double total = clock->sum[rate->steps], span = clock->step_ns * rate->steps;
    if (!(total > 0))
        return fore_err_set(diag, FORE_E_RANGE, "%s: every rate in it is 0", rate->first_file);
    if ((double)options->skip >= span)
        return fore_err_set(diag, FORE_E_RANGE, "workload.skip: %s ends after %.0f s",
                            rate->first_file, span / (double)FORE_SEC);
    double wanted = options->rate > 0 ? options->rate * (span / (double)FORE_SEC) / total : 1;
    for (uint32_t s = 0; s <= rate->steps; s++)
        clock->sum[s] *= wanted * options->factor;
    clock->span = (fore_ns)span - options->skip;
    if (options->span > 0 && options->span < clock->span) clock->span = options->span;
    return FORE_E_OK;
}

static double sum_until(const struct wl_composite_clock *clock, double x)
{
    if (x >= clock->steps) return clock->sum[clock->steps];
    uint32_t k = (uint32_t)x;
    return clock->sum[k] + (x - k) * (clock->sum[k + 1] - clock->sum[k]);
}

double wl_composite_clock_at(const struct wl_composite_clock *clock, fore_ns t)
{
    double skip = (double)clock->skip / clock->step_ns;
    double x = (double)(t + clock->skip) / clock->step_ns;
    return sum_until(clock, x) - sum_until(clock, skip);
}

const char *wl_composite_clock_label(const struct wl_source *keys, const struct wl_series_set *rate,
                                     struct fore_arena *arena)
{
    const char *name = rate->first_file;
    for (const char *p = name; *p != '\0'; p++)
        if (*p == '/') name = p + 1;
    return fore_arena_printf(
        arena, "composite of %s (keys, from the start again at its end) and %s (rate)",
        keys->info.label, name);
}
