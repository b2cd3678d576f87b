#include "core/decide/profile_placement.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/dist.h"
#include "core/base/rng.h"
#include "tests/support/near.h"

enum { P = 8, N = 3, K = 6 };

struct instance {
    float load[P * K];
    double weight[K], capacity[N];
    struct fore_profile_placement problem;
};

/* Waves of random phase and size that fill the nodes to about `use` of their cores on average. */
static void draw(struct instance *i, struct fore_rng *rng, double use)
{
    double sum = 0, cores = 0;
    for (int n = 0; n < N; n++)
        cores += i->capacity[n] = 3 + 2 * fore_rng_unit(rng);
    for (int p = 0; p < P; p++) {
        double size = 0.2 + fore_rng_unit(rng), phase = K * fore_rng_unit(rng);
        for (int k = 0; k < K; k++) {
            double value = size * (1 + cos(2 * 3.14159265 * (k + phase) / K));
            i->load[p * K + k] = (float)value;
            sum += value / K;
        }
    }
    for (int c = 0; c < P * K; c++)
        i->load[c] *= (float)(use * cores / sum);
    for (int k = 0; k < K; k++)
        i->weight[k] = 1.0 / K;
    i->problem = (struct fore_profile_placement){.partitions = P,
                                                 .nodes = N,
                                                 .slots = K,
                                                 .load = i->load,
                                                 .weight = i->weight,
                                                 .capacity = i->capacity,
                                                 .limit = 0.85,
                                                 .spread = 0.08};
}

static double brute_force(const struct instance *i, struct fore_arena *arena)
{
    uint16_t owner[P];
    double best = HUGE_VAL;
    for (int code = 0; code < 6561; code++) { /* 3^8 */
        int rest = code;
        for (int p = 0; p < P; p++, rest /= N)
            owner[p] = (uint16_t)(rest % N);
        struct fore_arena_mark mark = fore_arena_mark(arena);
        best = fmin(best, fore_profile_placement_cost(&i->problem, owner, arena).all);
        fore_arena_reset(arena, mark);
    }
    return best;
}

static void it_is_near_the_best_of_all_placements(void **state)
{
    struct fore_arena arena = {0};
    struct fore_rng rng = fore_rng_stream(11, "profile", 0);
    int close = 0, exact = 0;
    enum { INSTANCES = 100 };
    for (int t = 0; t < INSTANCES; t++) {
        struct instance i;
        uint16_t owner[P];
        draw(&i, &rng, 0.55 + 0.25 * fore_rng_unit(&rng));
        struct fore_profile_cost found = fore_profile_placement_solve(&i.problem, &arena, owner);
        double best = brute_force(&i, &arena);
        assert_true(found.all >= best - 1e-9);
        expect_near(fore_profile_placement_cost(&i.problem, owner, &arena).all, found.all, 1e-6);
        close += found.all <= 1.05 * best + 1e-6;
        exact += found.all <= best + 1e-6;
    }
    if (close < INSTANCES * 95 / 100 || exact < INSTANCES * 3 / 4)
        fail_msg("within 5 %%: %d, optimal: %d of %d", close, exact, INSTANCES);
    fore_arena_fini(&arena);
}

static void loads_at_different_hours_share_a_node(void **state)
{
    /* Two day loads and two night loads of .8 on two nodes of one core: by their means any pairing
     * looks alike; only day with night never passes the limit. */
    static const float load[] = {0.8f, 0, 0.8f, 0, 0, 0.8f, 0, 0.8f};
    static const double weight[] = {0.5, 0.5}, capacity[] = {1, 1};
    struct fore_profile_placement problem = {.partitions = 4,
                                             .nodes = 2,
                                             .slots = 2,
                                             .load = load,
                                             .weight = weight,
                                             .capacity = capacity,
                                             .limit = 0.85,
                                             .spread = 0.02};
    struct fore_arena arena = {0};
    uint16_t owner[4];
    struct fore_profile_cost cost = fore_profile_placement_solve(&problem, &arena, owner);
    assert_true(owner[0] != owner[1] && owner[2] != owner[3]);
    expect_near(cost.peak, 0.8, 1e-6);
    assert_true(cost.overload < 0.01);
    static const uint16_t bad[] = {0, 0, 1, 1};
    expect_near(fore_profile_placement_cost(&problem, bad, &arena).overload, 1, 1e-6);
    fore_arena_fini(&arena);
}

/* Two partitions, each in two halves: evenly laid in both ways, but what one whole errs by alone is
 * halved where its halves are apart. */
static void parts_of_one_partition_are_spread(void **state)
{
    static const float load[] = {0.36f, 0.36f, 0.36f, 0.36f};
    static const double weight[] = {1}, capacity[] = {1, 1};
    static const uint32_t group[] = {0, 0, 2, 2};
    static const double stray[] = {0.072, 0.072, 0.072, 0.072};
    static const uint16_t together[] = {0, 0, 1, 1}, apart[] = {0, 1, 0, 1};
    struct fore_profile_placement problem = {.partitions = 4,
                                             .nodes = 2,
                                             .slots = 1,
                                             .load = load,
                                             .weight = weight,
                                             .capacity = capacity,
                                             .limit = 0.85,
                                             .spread = 0.05};
    struct fore_arena arena = {0};
    uint16_t owner[4];
    double blind = fore_profile_placement_cost(&problem, together, &arena).all;
    expect_near(fore_profile_placement_cost(&problem, apart, &arena).all, blind, 1e-12);
    problem.stray = stray;
    problem.group = group;
    double common = 0.05 * 0.72, whole = 0.2 * 0.72, half = 0.2 * 0.36;
    expect_near(fore_profile_placement_cost(&problem, together, &arena).overload,
                2 * fore_dist_normal_tail(0.13 / hypot(common, whole)), 1e-6);
    expect_near(fore_profile_placement_cost(&problem, apart, &arena).overload,
                2 * fore_dist_normal_tail(0.13 / hypot(common, hypot(half, half))), 1e-6);
    problem.start = together;
    (void)fore_profile_placement_solve(&problem, &arena, owner);
    assert_true(owner[0] != owner[1] && owner[2] != owner[3]);
    fore_arena_fini(&arena);
}

/* What the search adds up as it goes is what an arrangement costs. */
static void shares_of_kin_are_kept_in_step(void **state)
{
    struct fore_arena arena = {0};
    struct fore_rng rng = fore_rng_stream(14, "profile", 0);
    static const uint32_t group[P] = {0, 0, 0, 3, 3, 5, 6, 6};
    double stray[P];
    int close = 0;
    enum { INSTANCES = 40 };
    for (int t = 0; t < INSTANCES; t++) {
        struct instance i;
        uint16_t owner[P];
        draw(&i, &rng, 0.55 + 0.25 * fore_rng_unit(&rng));
        for (int p = 0; p < P; p++)
            stray[p] = 0.3 * fore_rng_unit(&rng);
        i.problem.stray = stray;
        i.problem.group = group;
        struct fore_profile_cost found = fore_profile_placement_solve(&i.problem, &arena, owner);
        expect_near(fore_profile_placement_cost(&i.problem, owner, &arena).all, found.all, 1e-6);
        close += found.all <= 1.05 * brute_force(&i, &arena) + 1e-6;
    }
    assert_true(close >= INSTANCES * 9 / 10);
    fore_arena_fini(&arena);
}

static void nodes_without_capacity_stay_empty(void **state)
{
    struct fore_arena arena = {0};
    struct fore_rng rng = fore_rng_stream(12, "profile", 0);
    struct instance i;
    uint16_t owner[P];
    draw(&i, &rng, 0.5);
    i.capacity[1] = 0;
    (void)fore_profile_placement_solve(&i.problem, &arena, owner);
    for (int p = 0; p < P; p++)
        assert_true(owner[p] == 0 || owner[p] == 2);
    fore_arena_fini(&arena);
}

static void a_price_keeps_partitions_where_they_are(void **state)
{
    struct fore_arena arena = {0};
    struct fore_rng rng = fore_rng_stream(13, "profile", 0);
    uint16_t from[P] = {0}, owner[P], again[P];
    double price[P];
    int moved_dear = 0, moved_free = 0;
    struct instance i;
    draw(&i, &rng, 0.6);
    i.problem.from = from; /* all on node 0 */
    i.problem.price = price;
    for (int dear = 0; dear < 2; dear++) {
        for (int p = 0; p < P; p++)
            price[p] = dear ? 10 : 0;
        (void)fore_profile_placement_solve(&i.problem, &arena, owner);
        for (int p = 0; p < P; p++)
            *(dear ? &moved_dear : &moved_free) += owner[p] != 0;
    }
    assert_true(moved_dear == 0 && moved_free >= 3);
    i.problem.price = NULL;
    i.problem.from = owner; /* a local optimum stays what it is */
    i.problem.budget = 1;
    (void)fore_profile_placement_solve(&i.problem, &arena, again);
    assert_memory_equal(owner, again, sizeof owner);
    fore_arena_fini(&arena);
}

static void nothing_to_place_is_no_trouble(void **state)
{
    static const double one[] = {1};
    static const float none[] = {0};
    struct fore_profile_placement problem = {.nodes = 1,
                                             .slots = 1,
                                             .load = none,
                                             .weight = one,
                                             .capacity = one,
                                             .limit = 1,
                                             .spread = 1};
    struct fore_arena arena = {0};
    uint16_t owner[1];
    expect_near(fore_profile_placement_solve(&problem, &arena, owner).all, 0, 0);
    problem.partitions = 1; /* without load */
    expect_near(fore_profile_placement_solve(&problem, &arena, owner).peak, 0, 0);
    assert_int_equal(owner[0], 0);
    fore_arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_near_the_best_of_all_placements),
        cmocka_unit_test(loads_at_different_hours_share_a_node),
        cmocka_unit_test(parts_of_one_partition_are_spread),
        cmocka_unit_test(shares_of_kin_are_kept_in_step),
        cmocka_unit_test(nodes_without_capacity_stay_empty),
        cmocka_unit_test(a_price_keeps_partitions_where_they_are),
        cmocka_unit_test(nothing_to_place_is_no_trouble),
    };
    return cmocka_run_group_tests_name("decide/profile_placement", tests, NULL, NULL);
}
