/*
 * bench_forecast_fleet.c - one refresh of the ensemble for 16,384 partitions: 60 steps ahead, 13
 * quantiles, predictions only (all fits are done, nets are learned). One thread, CPU time.
 *
 *   bench_forecast_fleet [PARTITIONS]
 */
#include "core/base/dist.h"
#include "core/base/rng.h"
#include "core/forecast/lineup.h"
#include "core/forecast/residual.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { POINTS = 900, DAY = 48, HORIZON = 60, SHAPES = 64, TRAIN_SERIES = 48 };

static double cpu_ms(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* Partitions share a few dozen noisy seasons, shifted in time: memory stays small. */
static float *load_of(uint64_t shape)
{
    struct fore_rng rng = fore_rng_stream(1, "bench", shape);
    float *y = malloc((POINTS + DAY) * sizeof(*y));
    double wander = 0;
    for (int i = 0; i < POINTS + DAY; i++) {
        wander = 0.9 * wander + 0.05 * fore_dist_normal(&rng);
        y[i] = (float)((10 + (double)shape) * exp(0.5 * sin(i * 6.283185307 / DAY) + wander));
    }
    return y;
}

static void row(const char *name, size_t partitions, double ms)
{
    printf("forecast_fleet_%s,%.1f,ms,%zu partitions x %d steps,%.2f us a partition\n", name, ms,
           partitions, HORIZON, 1e3 * ms / (double)partitions);
}

static struct fore_lineup *lineup_of(const char *const *names, size_t count, uint32_t partitions)
{
    struct fore_lineup_options options = {.ensemble = fore_ensemble_defaults,
                                          .horizon = HORIZON,
                                          .partition_cap = partitions,
                                          .train_work = 1u << 20,
                                          .train_every = 1u << 20,
                                          .train_series = TRAIN_SERIES,
                                          .seed = 1};
    options.params = (struct fore_model_params){
        .spar_periods = 6, .spar_recent = 24, .ridge = 1e-4, .floor_share = 0.8};
    for (size_t m = 0; m < count; m++)
        options.member[options.member_count++] = fore_model_find(names[m]);
    return fore_lineup_create(&options);
}

/* What a fleet does for quantiles: a mean, a spread, a shape. */
static double quantiles(const float *mean, size_t partitions, float *grid)
{
    double z[FORE_LEVELS], began = cpu_ms();
    for (int i = 0; i < FORE_LEVELS; i++)
        z[i] = fore_dist_normal_quantile(fore_quantile_levels[i]);
    for (size_t p = 0; p < partitions; p++) {
        for (size_t h = 0; h < HORIZON; h++) {
            float centre = mean[p * HORIZON + h], spread = 0.3f * sqrtf(centre);
            for (size_t i = 0; i < FORE_LEVELS; i++) {
                float q = centre + (float)z[i] * spread;
                grid[h * FORE_LEVELS + i] = q > 0.0f ? q : 0.0f;
            }
        }
    }
    return cpu_ms() - began;
}

int main(int argc, char **argv)
{
    size_t partitions = argc > 1 ? strtoul(argv[1], NULL, 10) : 16384;
    static const char *const names[] = {"naive", "seasonal-naive", "ses",   "ar",
                                        "spar",  "spar-log",       "trees", "lstm"};
    float *shape[SHAPES], *log_shape[SHAPES];
    for (uint64_t s = 0; s < SHAPES; s++) {
        shape[s] = load_of(s);
        log_shape[s] = malloc((POINTS + DAY) * sizeof(float));
        for (int i = 0; i < POINTS + DAY; i++)
            log_shape[s][i] = logf(shape[s][i]);
    }
    struct fore_series_view *view = calloc(partitions, sizeof(*view));
    uint32_t *index = calloc(partitions, sizeof(*index));
    for (size_t p = 0; p < partitions; p++) {
        size_t s = p % SHAPES, shift = p / SHAPES % DAY;
        view[p] = (struct fore_series_view){.y = shape[s] + shift,
                                            .log_y = log_shape[s] + shift,
                                            .n = POINTS,
                                            .step_s = 60,
                                            .start_s = 60.0 * (double)shift,
                                            .period = {DAY}};
        index[p] = (uint32_t)p;
    }
    struct fore_lineup_fleet fleet = {
        .view = view, .index = index, .count = partitions, .points = POINTS};
    float *mean = calloc(partitions * HORIZON, sizeof(*mean));
    float *grid = calloc((size_t)HORIZON * FORE_LEVELS, sizeof(*grid));
    struct fore_arena scratch = {0};
    for (size_t m = 0; m <= FORE_COUNTOF(names); m++) {
        bool all = m == FORE_COUNTOF(names);
        struct fore_lineup *lineup =
            lineup_of(all ? names : names + m, all ? m : 1, (uint32_t)partitions);
        for (int slice = 0; slice < 40; slice++) /* until every net is learned */
            (void)fore_lineup_fit(lineup, &fleet, false, &scratch);
        fore_lineup_predict(lineup, &fleet, &scratch, mean); /* memory is touched once */
        double began = cpu_ms();
        fore_lineup_predict(lineup, &fleet, &scratch, mean);
        double ms = cpu_ms() - began;
        if (all) ms += quantiles(mean, partitions, grid);
        row(all ? "ensemble_13_quantiles" : names[m], partitions, ms);
        fore_lineup_destroy(lineup);
    }
    fore_arena_fini(&scratch);
    return 0;
}
