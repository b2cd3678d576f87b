/* prop_ring_rebalance.c - over random rings: no node outside its bounds, no more moves than 5 %
 * above the lower bound (it is met exactly), overrides hold. The bound is computed here on its own:
 * what is on nodes that may hold less now, or what nodes lack, whichever is more. */
#include "core/base/rng.h"
#include "core/cluster/placement.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { NODES = 24, ITEMS = 3000, RINGS = 400 };

struct world {
    struct fore_arena arena;
    struct fore_rng rng;
    struct fore_ring ring;
    double weight[NODES];
    uint64_t position[ITEMS];
    uint16_t owner[ITEMS], before[ITEMS];
    uint32_t nodes;
    size_t items;
    double c;
    uint64_t seed;
};

static void build_ring(struct world *w)
{
    fore_ring_init(&w->ring, &w->arena, w->nodes, w->weight, 64, w->seed);
}

static void begin(struct world *w, uint64_t seed)
{
    static const double c[] = {1.0, 1.05, 1.25, 2.0};
    memset(w, 0, sizeof *w);
    fore_arena_init(&w->arena);
    w->seed = seed;
    w->rng = fore_rng_stream(seed, "rebalance", 0);
    w->nodes = 2 + fore_rng_below(&w->rng, NODES - 1);
    w->items = w->nodes * 10 + fore_rng_below(&w->rng, ITEMS - 10 * NODES);
    w->c = c[fore_rng_below(&w->rng, 4)];
    bool alike = fore_rng_below(&w->rng, 2) == 0;
    for (uint32_t n = 0; n < w->nodes; n++)
        w->weight[n] = alike ? 1 : 0.5 + 2 * fore_rng_unit(&w->rng);
    for (size_t i = 0; i < w->items; i++) {
        w->position[i] = (uint64_t)fore_rng_u32(&w->rng) << 32 | fore_rng_u32(&w->rng);
        w->owner[i] = FORE_NODE_NONE;
    }
    build_ring(w);
}

/* floor(share / c) and ceil(c * share). */
static void bounds(const struct world *w, uint32_t node, double *least, double *most)
{
    double sum = 0;
    for (uint32_t n = 0; n < w->nodes; n++)
        sum += w->weight[n];
    double share = (double)w->items * w->weight[node] / sum;
    *least = floor(share / w->c + 1e-9);
    *most = ceil(share * w->c - 1e-9);
}

static double lower_bound(const struct world *w)
{
    double excess = 0, deficit = 0;
    for (uint32_t n = 0; n < w->nodes; n++) {
        double least, most, held = 0;
        bounds(w, n, &least, &most);
        for (size_t i = 0; i < w->items; i++)
            held += w->owner[i] == n;
        excess += fmax(0, held - most);
        deficit += fmax(0, least - held);
    }
    return fmax(excess, deficit);
}

static void expect_bounded(const struct world *w)
{
    for (uint32_t n = 0; n < w->nodes; n++) {
        double least, most, held = 0;
        bounds(w, n, &least, &most);
        for (size_t i = 0; i < w->items; i++)
            held += w->owner[i] == n;
        if (held < least || held > most)
            fail_msg("seed %llu: node %u holds %.0f, not %.0f..%.0f", (unsigned long long)w->seed,
                     n, held, least, most);
    }
}

static size_t rebalance(struct world *w, const uint16_t *pinned)
{
    memcpy(w->before, w->owner, sizeof w->owner);
    size_t moved =
        fore_ring_rebalance(&w->ring, &w->arena, w->position, pinned, w->items, w->c, w->owner);
    size_t seen = 0;
    for (size_t i = 0; i < w->items; i++)
        seen += w->owner[i] != w->before[i];
    assert_int_equal(seen, moved);
    return moved;
}

static void change_nodes(struct world *w)
{
    uint32_t node = fore_rng_below(&w->rng, w->nodes);
    switch (fore_rng_below(&w->rng, 3)) {
    case 0: /* one comes back, or gains */ w->weight[node] = 1 + fore_rng_unit(&w->rng); break;
    case 1: /* one goes, unless it is the last */ {
        uint32_t alive = 0;
        for (uint32_t n = 0; n < w->nodes; n++)
            alive += w->weight[n] > 0;
        if (alive > 1) w->weight[node] = 0;
        break;
    }
    default: /* one is new */
        if (w->nodes < NODES) w->weight[w->nodes++] = 1;
    }
}

static void changes_of_nodes_move_no_more_than_they_must(void **state)
{
    (void)state;
    static struct world w;
    for (uint64_t seed = 1; seed <= RINGS; seed++) {
        begin(&w, seed);
        assert_int_equal(rebalance(&w, NULL), w.items);
        expect_bounded(&w);
        for (int change = 0; change < 5; change++) {
            change_nodes(&w);
            build_ring(&w);
            double least = lower_bound(&w);
            size_t moved = rebalance(&w, NULL);
            if ((double)moved > 1.05 * least)
                fail_msg("seed %llu: moved %zu, %.0f would do", (unsigned long long)seed, moved,
                         least);
            expect_bounded(&w);
        }
        fore_arena_fini(&w.arena);
    }
}

static void a_cluster_that_does_not_change_is_left_alone(void **state)
{
    (void)state;
    static struct world w;
    for (uint64_t seed = 1; seed <= 50; seed++) {
        begin(&w, seed);
        (void)rebalance(&w, NULL);
        assert_int_equal(rebalance(&w, NULL), 0);
        fore_arena_fini(&w.arena);
    }
}

static void overrides_hold_and_the_rest_makes_room(void **state)
{
    (void)state;
    static struct world w;
    static uint16_t pinned[ITEMS];
    for (uint64_t seed = 1; seed <= 50; seed++) {
        begin(&w, seed);
        for (size_t i = 0; i < w.items; i++)
            pinned[i] = i < 5 ? 1 : FORE_NODE_NONE;
        (void)rebalance(&w, pinned);
        for (size_t i = 0; i < 5; i++)
            assert_int_equal(w.owner[i], 1);
        expect_bounded(&w);
        fore_arena_fini(&w.arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(changes_of_nodes_move_no_more_than_they_must),
        cmocka_unit_test(a_cluster_that_does_not_change_is_left_alone),
        cmocka_unit_test(overrides_hold_and_the_rest_makes_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
