/* test_live_turns.c - the load of the hot range is what its bench says: each part of a cycle can be
 * carried, none by a placement that carries the other, and the quiet in between by any of these. */
#include "tests/live/turns.h"

#include "core/cluster/placement.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const double cycle_s = 300, long_s = 100, quiet_s = 195, hot_s = 240, quiet_again_s = 285;
enum { PLACEMENTS = 81 }; /* of four tenants on three nodes */

/* Of the fullest node. */
static double fullest(double at_s, int placement)
{
    struct turns_share share = turns_shares(at_s, cycle_s);
    double node[TURNS_NODES] = {0}, most = 0;
    for (int t = 0; t < TURNS_TENANTS; t++, placement /= TURNS_NODES)
        node[placement % TURNS_NODES] += share.tenant[t];
    for (int n = 0; n < TURNS_NODES; n++)
        most = fmax(most, node[n] + share.rest / TURNS_NODES);
    return most;
}

static void no_placement_carries_both_parts(void **state)
{
    (void)state;
    int day = 0, hot = 0;
    for (int p = 0; p < PLACEMENTS; p++) {
        bool by_day = fullest(long_s, p) < 1, when_hot = fullest(hot_s, p) < 1;
        assert_false(by_day && when_hot);
        day += by_day && fullest(long_s, p) <= 0.8;
        hot += when_hot && fullest(hot_s, p) <= 0.8;
    }
    assert_int_equal(day, 6); /* b and c apart, a and d together: three nodes' names in any order */
    assert_int_equal(hot, 6);
}

static void the_quiet_is_carried_by_the_placement_of_either_part(void **state)
{
    (void)state;
    for (int p = 0; p < PLACEMENTS; p++)
        if (fullest(long_s, p) <= 0.8 || fullest(hot_s, p) <= 0.8) {
            assert_true(fullest(quiet_s, p) <= 0.8);
            assert_true(fullest(quiet_again_s, p) <= 0.8);
        }
}

static void the_hot_range_begins_on_one_node_and_is_too_much_for_it(void **state)
{
    (void)state;
    int node[TURNS_TENANTS], placement = 0;
    for (int t = TURNS_TENANTS - 1; t >= 0; t--) {
        node[t] = turns_slot[t] * TURNS_NODES / FORE_SLOT_COUNT; /* as cluster_up.sh gives them */
        placement = placement * TURNS_NODES + node[t];
    }
    assert_int_equal(node[0], node[3]);
    assert_true(fullest(long_s, placement) <= 0.8);
    assert_true(fullest(hot_s, placement) > 1.3);
}

static void draws_are_as_the_shares_say(void **state)
{
    (void)state;
    enum { DRAWS = 100000 };
    struct fore_rng rng = fore_rng_stream(7, "test.turns", 0);
    struct turns_share share = turns_shares(hot_s, cycle_s);
    uint32_t hits[TURNS_TENANTS] = {0};
    for (int i = 0; i < DRAWS; i++) {
        uint16_t slot;
        uint32_t key = turns_draw(&share, &rng, &slot);
        assert_true(slot < FORE_SLOT_COUNT);
        for (int t = 0; t < TURNS_TENANTS; t++)
            if (slot == turns_slot[t] && key < TURNS_KEYS) hits[t]++;
    }
    for (int t = 0; t < TURNS_TENANTS; t++)
        assert_true(fabs(hits[t] / (double)DRAWS - share.tenant[t] / share.all) < 0.01);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_placement_carries_both_parts),
        cmocka_unit_test(the_quiet_is_carried_by_the_placement_of_either_part),
        cmocka_unit_test(the_hot_range_begins_on_one_node_and_is_too_much_for_it),
        cmocka_unit_test(draws_are_as_the_shares_say),
    };
    return cmocka_run_group_tests_name("live: turns", tests, NULL, NULL);
}
