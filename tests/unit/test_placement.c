#include "core/cluster/placement.h"

#include "core/base/rng.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void range_placement_keeps_the_order_of_keys(void **state)
{
    assert_true(fore_placement_position(FORE_PLACE_RANGE, 0) == 0);
    assert_true(fore_placement_position(FORE_PLACE_RANGE, UINT64_MAX) == UINT64_MAX);
}

static void slots_fill_evenly(void **state)
{
    static uint32_t count[FORE_SLOT_COUNT];
    for (uint64_t key = 0; key < 64 * FORE_SLOT_COUNT; key++)
        count[fore_placement_position(FORE_PLACE_SLOT, key) >> FORE_SLOT_SHIFT]++;
    for (uint32_t s = 0; s < FORE_SLOT_COUNT; s++) /* 64 +- 8 each; 6 sigma */
        assert_in_range(count[s], 64 - 48, 64 + 48);
}

static void ring_and_slot_positions_are_not_the_same_hash(void **state)
{
    assert_true(fore_placement_position(FORE_PLACE_SLOT, 7) !=
                fore_placement_position(FORE_PLACE_RING, 7));
}

static void the_next_point_clockwise_owns_and_the_ring_closes(void **state)
{
    struct fore_ring_point point[] = {
        {100, 0},
        {200, 1},
        {300, 2}
    };
    struct fore_ring ring = {.point = point, .point_count = 3, .node_count = 3};
    assert_int_equal(fore_ring_find(&ring, 0), 0);
    assert_int_equal(fore_ring_find(&ring, 100), 0);
    assert_int_equal(fore_ring_find(&ring, 101), 1);
    assert_int_equal(fore_ring_find(&ring, 300), 2);
    assert_int_equal(fore_ring_find(&ring, 301), 0);
    assert_int_equal(fore_ring_find(&ring, UINT64_MAX), 0);
}

static void a_full_node_is_walked_past(void **state)
{
    struct fore_arena arena;
    fore_arena_init(&arena);
    struct fore_ring_point point[] = {
        {100, 0},
        {200, 1},
        {300, 2}
    };
    struct fore_ring ring = {.point = point, .point_count = 3, .node_count = 3};
    uint64_t position[] = {50, 51, 52, 53, 54, 55};
    uint16_t owner[6];
    fore_ring_assign(&ring, &arena, position, NULL, 6, 0.0, owner);
    for (int i = 0; i < 6; i++)
        assert_int_equal(owner[i], i / 2);
    fore_ring_assign(&ring, &arena, position, NULL, 6, (double)INFINITY, owner);
    for (int i = 0; i < 6; i++)
        assert_int_equal(owner[i], 0);
    double load[] = {0, 0, 0, 0, 0, 0};
    fore_ring_assign(&ring, &arena, position, load, 6, 0.0, owner);
    for (int i = 0; i < 6; i++)
        assert_int_equal(owner[i], 0);
    assert_int_equal(arena.used_bytes, 0);
    fore_arena_fini(&arena);
}

static void weightless_nodes_get_nothing_and_tiny_ones_a_point(void **state)
{
    struct fore_arena arena;
    struct fore_ring ring;
    fore_arena_init(&arena);
    double weight[] = {1.0, 0.0, 1e-6};
    fore_ring_init(&ring, &arena, 3, weight, 50, 1);
    uint32_t points[3] = {0};
    for (uint32_t i = 0; i < ring.point_count; i++)
        points[ring.point[i].node]++;
    assert_int_equal(points[0], 50);
    assert_int_equal(points[1], 0);
    assert_int_equal(points[2], 1);
    fore_arena_fini(&arena);
}

static void the_heaviest_item_goes_first_to_the_lightest_node(void **state)
{
    struct fore_arena arena;
    fore_arena_init(&arena);
    double load[] = {1, 5, 3, 4, 2};
    uint16_t owner[5];
    fore_placement_balance(&arena, load, 5, NULL, 2, owner);
    const uint16_t expected[] = {0, 0, 1, 1, 0}; /* 5 | 4 3 | 2 | 1, ties to the lower node */
    for (int i = 0; i < 5; i++)
        assert_int_equal(owner[i], expected[i]);
    double weight[] = {3, 1};
    fore_placement_balance(&arena, load, 5, weight, 2, owner);
    double sum[2] = {0, 0};
    for (int i = 0; i < 5; i++)
        sum[owner[i]] += load[i];
    assert_true(sum[0] / 3 <= 5 && sum[1] <= 5);
    fore_arena_fini(&arena);
}

static void items_without_load_are_spread_too(void **state)
{
    struct fore_arena arena;
    fore_arena_init(&arena);
    double load[12] = {0};
    uint16_t owner[12];
    uint32_t count[4] = {0};
    fore_placement_balance(&arena, load, 12, NULL, 4, owner);
    for (int i = 0; i < 12; i++)
        count[owner[i]]++;
    for (int n = 0; n < 4; n++)
        assert_int_equal(count[n], 3);
    fore_arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(range_placement_keeps_the_order_of_keys),
        cmocka_unit_test(slots_fill_evenly),
        cmocka_unit_test(ring_and_slot_positions_are_not_the_same_hash),
        cmocka_unit_test(the_next_point_clockwise_owns_and_the_ring_closes),
        cmocka_unit_test(a_full_node_is_walked_past),
        cmocka_unit_test(weightless_nodes_get_nothing_and_tiny_ones_a_point),
        cmocka_unit_test(the_heaviest_item_goes_first_to_the_lightest_node),
        cmocka_unit_test(items_without_load_are_spread_too),
    };
    return cmocka_run_group_tests_name("core/cluster/placement", tests, NULL, NULL);
}
