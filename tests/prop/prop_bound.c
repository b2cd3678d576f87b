/*
 * prop_bound.c - what the planner binds, the machine takes: on random clusters every plan made with
 * bound moves is well formed, and admitted whole by who counts the slots.
 */
#include "core/act/migrate.h"
#include "core/base/rng.h"
#include "tests/support/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

enum { CASES = 400 };

static struct world world;
static struct fore_plan plan;
static struct fore_migrate migrate;

static const struct fore_driver_ops ops = {
    .name = "caps", .caps = FORE_CAP_MOVE | FORE_CAP_SPLIT | FORE_CAP_REPLICA};

/* A node or two hold one partition that is too hot, mostly read or not, cut evenly or not. */
static void random_world(uint64_t seed)
{
    struct fore_rng rng = fore_rng_stream(seed, "prop/bound", 0);
    struct fore_act_options act;
    world_init(&world);
    for (uint32_t p = 0; p < WORLD_PARTITIONS; p++) {
        bool hot = fore_rng_below(&rng, 8) == 0;
        world_set(&world, p, 0, hot ? 0.5 + 0.8 * fore_rng_unit(&rng) : 0.12 * fore_rng_unit(&rng));
        if (fore_rng_below(&rng, 4) > 0) world_keys(&world, p, 300, false);
        const struct fore_partition *part = &world.topology.partition[p];
        uint64_t heavy = part->first + (part->last - part->first) / 16 * fore_rng_below(&rng, 16);
        for (uint32_t i = fore_rng_below(&rng, 150); i > 0; i--)
            fore_keyrange_add(world.observe->key_ranges, FORE_SEC, p, heavy, 1);
        world.observe->partition[p].write_share = fore_rng_below(&rng, 2) * fore_rng_unit(&rng);
        world.topology.partition[p].bytes = (uint64_t)((1 << 26) * (1 + 15 * fore_rng_unit(&rng)));
    }
    fore_option_defaults((struct fore_option_binding){&fore_act_section, &act}, &world.arena);
    act.moves_per_node = 1 + fore_rng_below(&rng, 2);
    act.moves_max = 1 + fore_rng_below(&rng, 5);
    fore_migrate_init(&migrate, &act, &world.arena, WORLD_NODES);
    world.decide.bound = FORE_BOUND_ALL;
    world.input.cluster_slots = fore_migrate_slots(&migrate, WORLD_NODES, world.slots);
    fore_planner_plan(&world.input, &world.arena, &plan);
}

static void what_is_bound_is_admitted_whole(void **state)
{
    uint32_t chains = 0, copies = 0, lefts = 0, halves = 0;
    for (uint64_t seed = 1; seed <= CASES; seed++) {
        char why[200];
        struct fore_driver driver = {.ops = &ops};
        unsigned long long id = seed;
        random_world(seed);
        const char *fault = fore_plan_fault(&plan);
        if (fault != NULL) fail_msg("seed %llu: %s", id, fault);
        uint32_t taken = fore_migrate_admit(&migrate, &plan, &world.topology, driver, world.observe,
                                            FORE_SEC, why, sizeof why);
        for (uint32_t i = 0; i < plan.move_count; i++) {
            const struct fore_plan_move *m = &plan.move[i];
            bool copies_it = m->move.kind == FORE_MOVE_ADD_REPLICA;
            chains += m->after != 0;
            copies += m->after != 0 && copies_it;
            bool swaps = m->after != 0 && plan.move[m->after - 1].then_back;
            halves += swaps;
            lefts += m->after != 0 && !m->on_new && !swaps;
            bool hosted = fore_topology_hosts(&world.topology, m->move.partition, m->move.target);
            if (m->after != 0 && hosted) fail_msg("seed %llu: it is there already", id);
        }
        if (taken != plan.move_count)
            fail_msg("seed %llu: %u of %u are taken: %s", id, taken, plan.move_count, why);
        world_fini(&world);
    }
    (void)fprintf(stderr, "bound: %u moves, %u of them copies, %u of left parts, %u of swaps\n",
                  chains, copies, lefts, halves);
    assert_true(chains > CASES / 10 && copies > 0 && lefts > 0 && halves > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_bound_is_admitted_whole),
    };
    return cmocka_run_group_tests_name("prop/bound", tests, NULL, NULL);
}
