/* The peers with a formula: hbase-stochastic and nashdb; and the knobs of all. */
#include "tests/support/peer.h"

#include <string.h>

static void rate(uint32_t first, uint32_t last, double requests)
{
    for (uint32_t p = first; p <= last; p++)
        world.observe->partition[p].requests_per_sec = requests;
}

static void hbase_does_nothing_for_requests_at_its_own_weights(void **state)
{
    rate(0, 3, 1000); /* all of them on node 0: 5 / 557 of the cost at most */
    propose("hbase-stochastic");
    assert_int_equal(plan.move_count, 0);
}

static void hbase_evens_the_counts(void **state)
{
    free_slots();
    for (uint32_t p = 4; p < 8; p++)
        assert_int_equal(fore_topology_move(&world.topology, p, 1, 0), FORE_E_OK); /* 8 0 4 4 */
    propose("hbase-stochastic");
    assert_int_equal(plan.move_count, 4);
    carry_out();
    uint32_t held[WORLD_NODES] = {0};
    for (uint32_t p = 0; p < WORLD_PARTITIONS; p++)
        held[world.topology.partition[p].replica[0]]++;
    for (uint32_t n = 0; n < WORLD_NODES; n++)
        assert_int_equal(held[n], 4);
}

static void hbase_spreads_requests_when_they_weigh_enough(void **state)
{
    free_slots();
    world.policy.hbase_stochastic.read = 5000;
    rate(0, 3, 1000);
    propose("hbase-stochastic");
    assert_true(plan.move_count >= 6); /* three swaps */
    carry_out();
    uint32_t hot[WORLD_NODES] = {0};
    for (uint32_t p = 0; p < 4; p++)
        hot[world.topology.partition[p].replica[0]]++;
    for (uint32_t n = 0; n < WORLD_NODES; n++)
        assert_int_equal(hot[n], 1);
}

static void hbase_takes_strict_improvements_only(void **state)
{
    world.policy.hbase_stochastic.min_cost = 0; /* the search runs, and every step would cost */
    propose("hbase-stochastic");
    assert_int_equal(plan.move_count, 0);
}

static void hbase_forbids_more_moves_than_its_cap(void **state)
{
    free_slots();
    world.policy.hbase_stochastic.max_moves = 2;
    world.policy.hbase_stochastic.max_move_share = 0;
    for (uint32_t p = 4; p < 8; p++)
        assert_int_equal(fore_topology_move(&world.topology, p, 1, 0), FORE_E_OK);
    propose("hbase-stochastic");
    assert_int_equal(plan.move_count, 2);
}

/* Sizes are equal, so a fragment's copies are floor(its load over the mean load). */
static void nashdb_buys_what_the_value_pays_for(void **state)
{
    world_set_nowcast(&world, 0, 0.26); /* mean .1334: 1.95 */
    propose("nashdb");
    assert_int_equal(plan.move_count, 0);
    world_set_nowcast(&world, 0, 0.3); /* mean .1359: 2.2 */
    wait_for(60 * FORE_SEC);
    propose("nashdb");
    assert_int_equal(plan.move_count, 1);
    assert_int_equal(plan.move[0].move.kind, FORE_MOVE_ADD_REPLICA);
    assert_int_equal(plan.move[0].move.partition, 0);
}

static void nashdb_counts_size_against_value(void **state)
{
    world_set_nowcast(&world, 0, 0.3);
    world.topology.partition[0].bytes *= 2; /* twice as dear to hold */
    propose("nashdb");
    assert_int_equal(plan.move_count, 0);
    world_set_nowcast(&world, 0, 0.125);
    world.topology.partition[0].bytes /= 5; /* .4 of the others: worth two at plain load */
    wait_for(60 * FORE_SEC);
    propose("nashdb");
    assert_int_equal(plan.move_count, 1);
}

static void nashdb_sells_below_its_margin(void **state)
{
    assert_int_equal(fore_topology_add_replica(&world.topology, 0, 3), FORE_E_OK);
    world_set_nowcast(&world, 0, 0.25); /* 1.88 of the mean: 10 % more would pay for two */
    propose("nashdb");
    assert_int_equal(plan.move_count, 0);
    world_set_nowcast(&world, 0, 0.2); /* 1.54 */
    wait_for(60 * FORE_SEC);
    propose("nashdb");
    assert_int_equal(plan.move_count, 1);
    assert_int_equal(plan.move[0].move.kind, FORE_MOVE_DROP_REPLICA);
}

static void nashdb_does_not_copy_what_is_written(void **state)
{
    world_set_nowcast(&world, 0, 0.3);
    world.observe->partition[0].write_share = 0.5;
    propose("nashdb");
    assert_int_equal(plan.move_count, 0);
}

/* A straw man is a peer that nobody tuned: 6 settings at least, all of options that exist. */
static void every_peer_has_a_grid_of_its_own(void **state)
{
    struct fore_option_binding binding[FORE_POLICY_SECTIONS + 1];
    size_t count = fore_policy_bindings(&world.policy, binding);
    binding[count++] = (struct fore_option_binding){&fore_decide_section, &world.decide};
    for (size_t i = 0; fore_policies[i] != NULL; i++) {
        const struct fore_policy_knob *knob = fore_policies[i]->knob;
        bool fixed = fore_policies[i]->section == NULL || /* static-peak has nothing to tune */
                     fore_policies[i]->section == &fore_elastic_section;
        if (fixed && knob == NULL) continue;
        assert_non_null(knob);
        size_t settings = 1;
        for (; knob->option != NULL; knob++) {
            char values[200];
            size_t tried = 0;
            assert_true(strlen(knob->values) < sizeof values);
            memcpy(values, knob->values, strlen(knob->values) + 1);
            for (char *at = values, *next; at != NULL; at = next, tried++) {
                next = strchr(at, ' ');
                if (next != NULL) *next++ = '\0';
                char *set = fore_arena_printf(&world.arena, "%s=%s", knob->option, at);
                struct fore_diag diag = {0};
                assert_int_equal(
                    fore_option_assign(binding, count, &world.arena, set, "knob", &diag),
                    FORE_E_OK);
            }
            settings *= tried;
        }
        assert_true(settings >= 6 && settings <= 64);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PEER_TEST(hbase_does_nothing_for_requests_at_its_own_weights),
        PEER_TEST(hbase_evens_the_counts),
        PEER_TEST(hbase_spreads_requests_when_they_weigh_enough),
        PEER_TEST(hbase_takes_strict_improvements_only),
        PEER_TEST(hbase_forbids_more_moves_than_its_cap),
        PEER_TEST(nashdb_buys_what_the_value_pays_for),
        PEER_TEST(nashdb_counts_size_against_value),
        PEER_TEST(nashdb_sells_below_its_margin),
        PEER_TEST(nashdb_does_not_copy_what_is_written),
        PEER_TEST(every_peer_has_a_grid_of_its_own),
    };
    return cmocka_run_group_tests_name("core/policy: by formula", tests, NULL, NULL);
}
