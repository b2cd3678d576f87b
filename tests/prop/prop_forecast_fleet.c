/*
 * The fleet's books under random splits, merges, gaps and dead partitions: sums kept path by path
 * equal sums counted anew, and every number a planner reads is a number.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/dist.h"
#include "core/forecast/fleet_parts.h"
#include "tests/support/near.h"

enum { CAP = 24, SEEDS = 12, STEPS = 6, WINDOWS = 400 };

struct world {
    struct fore_partition part[CAP];
    struct fore_topology topology;
    struct fore_observe_partition seen[CAP];
    struct fore_observe observe;
    struct fore_arena scratch;
    struct fore_fleet *fleet;
    float load[CAP]; /* usual level; 0: dead */
};

static void books_balance(struct world *w)
{
    for (uint32_t i = 0; i < CAP; i++) {
        const struct fore_fleet_partition *p = w->fleet->partition[i];
        if (!p) continue;
        struct fore_fleet_cell kept[FORE_SCENARIO_KINDS][STEPS];
        for (int kind = 0; kind < FORE_SCENARIO_KINDS; kind++)
            memcpy(kept[kind], p->cell[kind], sizeof(kept[kind]));
        fore_fleet_recount(w->fleet, i);
        for (int kind = 0; kind < FORE_SCENARIO_KINDS; kind++) {
            for (size_t h = 0; h < STEPS; h++) {
                const struct fore_fleet_cell *anew = &p->cell[kind][h];
                assert_int_equal(anew->count, kept[kind][h].count);
                expect_near(anew->square, kept[kind][h].square, 1e-6 * (1 + anew->square));
                expect_near(anew->cross, kept[kind][h].cross, 1e-6 * (1 + anew->square));
            }
        }
    }
}

static void matrices_are_sane(const struct world *w)
{
    for (int kind = 0; kind < FORE_SCENARIO_KINDS; kind++) {
        const struct fore_scenario *s =
            fore_fleet_scenario(w->fleet, (enum fore_scenario_kind)kind);
        for (size_t i = 0; i < (size_t)s->partition_count * STEPS; i++)
            assert_true(s->mean[i] >= 0.0f && s->own[i] >= 0.0f && isfinite(s->mean[i]) &&
                        isfinite(s->own[i]) && isfinite(s->common[i]));
    }
}

static void split_one(struct world *w, struct fore_rng *rng)
{
    uint32_t left = fore_rng_below(rng, CAP), right = 0;
    double share = fore_rng_unit(rng);
    while (right < CAP && w->part[right].alive)
        right++;
    if (right == CAP || !w->part[left].alive) return;
    fore_history_split(w->observe.history, left, right, share);
    fore_fleet_split(w->fleet, left, right, share);
    w->load[right] = w->load[left] * (float)share;
    w->load[left] -= w->load[right];
    w->part[right].alive = true;
    if (right >= w->topology.partition_count) w->topology.partition_count = right + 1;
}

static void merge_one(struct world *w, struct fore_rng *rng)
{
    uint32_t left = fore_rng_below(rng, CAP), right = fore_rng_below(rng, CAP);
    if (left == right || !w->part[left].alive || !w->part[right].alive) return;
    fore_history_merge(w->observe.history, left, right);
    fore_fleet_merge(w->fleet, left, right);
    w->load[left] += w->load[right];
    w->load[right] = 0.0f;
    w->part[right].alive = false;
}

static void push(struct world *w, uint64_t slot, struct fore_rng *rng)
{
    float load[CAP];
    for (uint32_t i = 0; i < CAP; i++) {
        double noise = fabs(1 + 0.1 * fore_dist_normal(rng));
        load[i] = w->load[i] * (float)((1.2 + sin((double)slot * 6.2831853 / 12)) * noise);
        w->seen[i].load = (double)load[i];
    }
    const float *const value[] = {load, load, load, load};
    fore_history_append(w->observe.history, slot * FORE_SEC, value, w->topology.partition_count);
    (void)fore_fleet_refresh(w->fleet, &w->observe, &w->topology, slot * FORE_SEC, &w->scratch);
}

static void run(uint64_t seed)
{
    static const char *const names[] = {"mean-spar", "naive", "seasonal-naive"};
    static const char *const periods[] = {"12s"};
    const struct fore_history_shape shape = {
        .step = {FORE_SEC, FORE_SEC, 60 * FORE_SEC},
          .length = {4,        100,      4            }
    };
    struct fore_rng rng = fore_rng_stream(seed, "fleet", 0);
    struct fore_forecast_options options = {
        .model = names[seed % 3],
        .horizon = STEPS * FORE_SEC,
        .refit_every = 40 * FORE_SEC,
        .refresh_every = (1 + seed % 2) * FORE_SEC,
        .periods = {periods, 1},
        .origins = 6 + fore_rng_below(&rng, 30),
        .origin_every = (1 + seed % 5) * FORE_SEC,
        .spar_periods = 3,
        .spar_recent = 8,
        .ridge = 1e-4,
        .floor_share = 0.8
    };
    struct world w = {0};
    w.topology =
        (struct fore_topology){.partition = w.part, .partition_count = 5, .partition_cap = CAP};
    w.observe.options.window = FORE_SEC;
    w.observe.partition = w.seen;
    w.observe.partition_cap = CAP;
    w.observe.history = fore_history_create(&shape, CAP);
    for (uint32_t i = 0; i < 5; i++) {
        w.part[i].alive = true;
        w.load[i] = (float)(1 + fore_rng_unit(&rng));
    }
    w.fleet = fore_fleet_create(&options, &w.observe, NULL);
    assert_non_null(w.fleet);
    uint64_t slot = 0;
    for (int k = 0; k < WINDOWS; k++) {
        uint32_t dice = fore_rng_below(&rng, 40);
        if (dice == 0) split_one(&w, &rng);
        if (dice == 1) merge_one(&w, &rng);
        if (dice == 2) slot += fore_rng_below(&rng, 20);
        if (dice == 3 && k % 4 == 0) slot += 150; /* more than is kept */
        push(&w, ++slot, &rng);
        matrices_are_sane(&w);
        if (k % 20 == 0) books_balance(&w);
    }
    fore_fleet_destroy(w.fleet);
    fore_history_destroy(w.observe.history);
    fore_arena_fini(&w.scratch);
}

static void sums_kept_equal_sums_counted(void **state)
{
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        fprintf(stderr, "seed %llu\r", (unsigned long long)seed);
        run(seed);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sums_kept_equal_sums_counted),
    };
    return cmocka_run_group_tests_name("prop/forecast_fleet", tests, NULL, NULL);
}
