/* Copies at once between zones: counted by the link, for whoever plans and for whoever admits. */
#include "core/cluster/links.h"
#include "tests/support/migrate_script.h"

static void zones(uint16_t a, uint16_t b, uint16_t c, uint16_t d)
{
    const uint16_t zone[WORLD_NODES] = {a, b, c, d};
    for (uint16_t n = 0; n < WORLD_NODES; n++)
        world.topology.node[n].zone = zone[n];
}

static void a_link_is_the_same_both_ways_and_none_within_a_zone(void **state)
{
    struct fore_links links;
    zones(0, 0, 1, 2);
    fore_links_init(&links, 1, 8, &world.arena);
    fore_links_take(&links, &world.topology, 0, 2);
    assert_false(fore_links_open(&links, &world.topology, 2, 1)); /* 1 - 0 as 0 - 1 */
    assert_true(fore_links_open(&links, &world.topology, 0, 1));
    assert_true(fore_links_open(&links, &world.topology, 0, 3));
    assert_true(fore_links_open(&links, &world.topology, 2, 3));
    links.count = 0;
    assert_true(fore_links_open(&links, &world.topology, 2, 1));
    links.cap = 0;
    for (int i = 0; i < 20; i++)
        fore_links_take(&links, &world.topology, 0, 2);
    assert_true(fore_links_open(&links, &world.topology, 0, 2));
}

static void what_is_admitted_fills_its_link(void **state)
{
    zones(0, 0, 1, 1);
    options.moves_per_link = 1;
    migrate.options = options;
    struct fore_plan plan = plan_of(FORE_MOVE_MOVE, 0, 0, 2);
    plan.move_count = 2;
    plan.move[1].move = plan.move[0].move;
    plan.move[1].move.partition = 4;
    plan.move[1].move.source = 1;
    plan.move[1].move.target = 3;
    assert_int_equal(admit(&plan), 1);
    assert_string_equal(why, "move p4: link cap");
    zones(0, 0, 1, 0); /* within a zone nothing is counted */
    plan.move_count = 1;
    plan.move[0] = plan.move[1];
    assert_int_equal(admit(&plan), 1);
}

/* Nodes 0 and 1 are in trouble, and room is in the other zone only. */
static void a_plan_keeps_to_the_cap(void **state)
{
    static struct fore_plan plan;
    struct fore_links links;
    zones(0, 0, 1, 1);
    for (uint32_t p = 0; p < 8; p++)
        world_set_forecast(&world, p, 6, 0.25);
    for (uint16_t n = 0; n < WORLD_NODES; n++)
        world.slots[n] = 4;
    world.input.cluster_slots = 16;
    world.decide.splits = world.decide.replicas = world.decide.swaps = false;
    fore_planner_plan(&world.input, &world.arena, &plan);
    assert_true(plan.move_count >= 2);
    for (uint32_t cap = 1; cap <= 2; cap++)
        for (uint32_t under_way = 0; under_way < 2; under_way++) {
            fore_links_init(&links, cap, 4, &world.arena);
            for (uint32_t i = 0; i < under_way; i++)
                fore_links_take(&links, &world.topology, 0, 2);
            world.input.links = &links;
            world.decide.effort = 3000;
            fore_planner_plan(&world.input, &world.arena, &plan);
            uint32_t across = 0;
            for (uint32_t i = 0; i < plan.move_count; i++)
                across += plan.move[i].move.source / 2 != plan.move[i].move.target / 2;
            assert_int_equal(across, cap - under_way);
            assert_int_equal(links.count, under_way); /* it was not written to */
        }
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        T(a_link_is_the_same_both_ways_and_none_within_a_zone),
        T(what_is_admitted_fills_its_link),
        T(a_plan_keeps_to_the_cap),
    };
    return cmocka_run_group_tests_name("core/cluster/links", tests, NULL, NULL);
}
