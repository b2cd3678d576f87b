/* Laws of the ring and of the balance, over seeds. A failure names its seed. */
#include "core/base/rng.h"
#include "core/cluster/placement.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { SEEDS = 40, ITEMS = 4000, POINTS = 200 };

static uint64_t position_of(uint64_t seed, uint64_t i)
{
    struct fore_rng rng = fore_rng_stream(seed, "prop-position", i);
    uint64_t high = fore_rng_u32(&rng), low = fore_rng_u32(&rng);
    return high << 32 | low;
}

static void a_new_node_takes_its_share_and_nothing_else_moves(void **state)
{
    struct fore_arena arena;
    fore_arena_init(&arena);
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        struct fore_ring before, after;
        uint32_t nodes = 2 + (uint32_t)seed % 15, moved = 0;
        fore_ring_init(&before, &arena, nodes, NULL, POINTS, seed);
        fore_ring_init(&after, &arena, nodes + 1, NULL, POINTS, seed);
        for (uint64_t i = 0; i < ITEMS; i++) {
            uint64_t position = position_of(seed, i);
            uint16_t old = fore_ring_find(&before, position);
            uint16_t new = fore_ring_find(&after, position);
            if (old == new) continue;
            if (new != nodes) fail_msg("an item moved between old nodes, seed %d", (int)seed);
            moved++;
        }
        double share = moved / (double)ITEMS, fair = 1.0 / (nodes + 1);
        if (share < 0.6 * fair || share > 1.5 * fair) /* 200 points: sd about 7 % of the share */
            fail_msg("the new node took %d of %d, seed %d", (int)moved, ITEMS, (int)seed);
    }
    fore_arena_fini(&arena);
}

static void owners_follow_the_weights(void **state)
{
    struct fore_arena arena;
    struct fore_ring ring;
    fore_arena_init(&arena);
    const double weight[] = {1, 2, 3, 4};
    for (uint64_t seed = 0; seed < 10; seed++) {
        uint32_t count[4] = {0};
        fore_ring_init(&ring, &arena, 4, weight, 400, seed);
        for (uint64_t i = 0; i < ITEMS; i++)
            count[fore_ring_find(&ring, position_of(seed, i))]++;
        for (int n = 0; n < 4; n++) {
            double fair = ITEMS * weight[n] / 10;
            if (fabs(count[n] - fair) > 0.35 * fair)
                fail_msg("node %d owns %d, seed %d", n, (int)count[n], (int)seed);
        }
    }
    fore_arena_fini(&arena);
}

static void no_node_gets_more_than_its_bound(void **state)
{
    struct fore_arena arena;
    struct fore_ring ring;
    static uint64_t position[ITEMS];
    static uint16_t owner[ITEMS];
    static double load[ITEMS];
    fore_arena_init(&arena);
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        struct fore_rng rng = fore_rng_stream(seed, "prop-bound", 0);
        uint32_t nodes = 1 + fore_rng_below(&rng, 20), items = 1 + fore_rng_below(&rng, ITEMS);
        double epsilon = fore_rng_below(&rng, 3) * 0.125, weight[20], sum = 0, total = 0, most = 0;
        bool unit = seed % 2 == 0;
        for (uint32_t n = 0; n < nodes; n++)
            sum += weight[n] = unit ? 1 : 1 + fore_rng_below(&rng, 4);
        for (uint32_t i = 0; i < items; i++) {
            position[i] = position_of(seed, i);
            load[i] = unit ? 1 : exp(3 * fore_rng_unit(&rng));
            total += load[i];
            most = fmax(most, load[i]);
        }
        fore_ring_init(&ring, &arena, nodes, weight, POINTS, seed);
        fore_ring_assign(&ring, &arena, position, unit ? NULL : load, items, epsilon, owner);
        double held[20] = {0};
        for (uint32_t i = 0; i < items; i++)
            held[owner[i]] += load[i];
        for (uint32_t n = 0; n < nodes; n++) {
            double limit = (1 + epsilon) * total * weight[n] / sum;
            double bound = unit ? ceil(limit - 1e-9) : limit + most;
            if (held[n] > bound * (1 + 1e-12))
                fail_msg("node %d holds %d, bound %d, seed %d", (int)n, (int)held[n], (int)bound,
                         (int)seed);
        }
    }
    fore_arena_fini(&arena);
}

static void without_a_bound_it_is_the_plain_ring(void **state)
{
    struct fore_arena arena;
    struct fore_ring ring;
    uint64_t position[500];
    uint16_t owner[500];
    fore_arena_init(&arena);
    fore_ring_init(&ring, &arena, 7, NULL, 30, 5);
    for (uint64_t i = 0; i < 500; i++)
        position[i] = position_of(5, i);
    fore_ring_assign(&ring, &arena, position, NULL, 500, (double)INFINITY, owner);
    for (int i = 0; i < 500; i++)
        assert_int_equal(owner[i], fore_ring_find(&ring, position[i]));
    fore_arena_fini(&arena);
}

/* Every node's time is cut into pieces, so that the best makespan is known: `whole`. */
static void the_balance_keeps_grahams_bound(void **state)
{
    enum { NODES = 12, WHOLE = 1000 };
    struct fore_arena arena;
    double load[NODES * WHOLE];
    uint16_t owner[NODES * WHOLE];
    fore_arena_init(&arena);
    for (uint64_t seed = 0; seed < 300; seed++) {
        struct fore_rng rng = fore_rng_stream(seed, "prop-lpt", 0);
        uint32_t nodes = 1 + fore_rng_below(&rng, NODES), piece = 50 + fore_rng_below(&rng, 600);
        size_t items = 0;
        for (uint32_t n = 0; n < nodes; n++)
            for (uint32_t left = WHOLE; left > 0; items++) {
                uint32_t take = 1 + fore_rng_below(&rng, piece);
                take = take < left ? take : left;
                load[items] = take;
                left -= take;
            }
        fore_placement_balance(&arena, load, items, NULL, nodes, owner);
        double held[NODES] = {0}, makespan = 0;
        for (size_t i = 0; i < items; i++)
            held[owner[i]] += load[i];
        for (uint32_t n = 0; n < nodes; n++)
            makespan = fmax(makespan, held[n]);
        double bound = (4.0 / 3.0 - 1.0 / (3.0 * nodes)) * WHOLE;
        if (makespan > bound + 1e-9)
            fail_msg("a makespan of %d, bound %d, seed %d", (int)makespan, (int)bound, (int)seed);
    }
    fore_arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_node_takes_its_share_and_nothing_else_moves),
        cmocka_unit_test(owners_follow_the_weights),
        cmocka_unit_test(no_node_gets_more_than_its_bound),
        cmocka_unit_test(without_a_bound_it_is_the_plain_ring),
        cmocka_unit_test(the_balance_keeps_grahams_bound),
    };
    return cmocka_run_group_tests_name("prop/placement", tests, NULL, NULL);
}
