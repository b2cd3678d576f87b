/* Laws of the planner on random clusters; the seed of a failing case is printed. */
#include "core/base/rng.h"
#include "tests/support/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

enum { CASES = 200 };

static struct world world;
static struct fore_plan plan;

static void random_world(uint64_t seed)
{
    struct fore_rng rng = fore_rng_stream(seed, "prop/planner", 0);
    world_init(&world);
    double level = 0.1 + 0.1 * fore_rng_unit(&rng);
    for (uint32_t p = 0; p < WORLD_PARTITIONS; p++) {
        double now = level * (0.5 + fore_rng_unit(&rng));
        double later = level * (0.5 + 1.5 * fore_rng_unit(&rng));
        size_t from = fore_rng_below(&rng, WORLD_STEPS);
        bool keys = fore_rng_below(&rng, 3) > 0, single = fore_rng_below(&rng, 4) == 0;
        world_set(&world, p, 0, now);
        world_set_forecast(&world, p, from, later);
        if (keys) world_keys(&world, p, 200, single);
        world.busy[p] = fore_rng_below(&rng, 8) == 0;
        world.rest[p] = fore_rng_below(&rng, 8) == 0;
        world.observe->partition[p].write_share = fore_rng_unit(&rng);
        if (fore_rng_below(&rng, 4) == 0)
            FORE_ASSERT(fore_topology_add_replica(&world.topology, p,
                                                  (uint16_t)((p / 4 + 1) % WORLD_NODES)) ==
                        FORE_E_OK);
    }
    for (uint32_t n = 0; n < WORLD_NODES; n++)
        world.slots[n] = (uint8_t)fore_rng_below(&rng, 3);
    world.input.cluster_slots = fore_rng_below(&rng, WORLD_NODES + 1);
    world.input.term[1] = (struct fore_load_term){&world.nowcast, 0.15};
    world.input.term[0].weight = 0.85;
    world.input.term_count = 2;
    fore_planner_plan(&world.input, &world.arena, &plan);
}

static bool lawful_move(const struct fore_move *m, uint8_t *slots)
{
    const struct fore_topology *t = &world.topology;
    if (world.busy[m->partition] || !t->partition[m->partition].alive) return false;
    switch (m->kind) {
    case FORE_MOVE_MOVE:
    case FORE_MOVE_ADD_REPLICA:
        if (!fore_topology_hosts(t, m->partition, m->source) ||
            fore_topology_hosts(t, m->partition, m->target))
            return false;
        if (slots[m->source] == 0 || slots[m->target] == 0) return false;
        slots[m->source]--;
        slots[m->target]--;
        return true;
    case FORE_MOVE_SPLIT:
        return !world.rest[m->partition] && m->split_at > t->partition[m->partition].first &&
               m->split_at <= t->partition[m->partition].last;
    case FORE_MOVE_DROP_REPLICA:
        return t->partition[m->partition].replica_count > 1 &&
               fore_topology_hosts(t, m->partition, m->source);
    case FORE_MOVE_MERGE: return fore_topology_right_of(t, m->partition) == m->other;
    case FORE_MOVE_ADD_NODE:
    case FORE_MOVE_REMOVE_NODE:
    case FORE_MOVE_VERTICAL_SPLIT:
    case FORE_MOVE_VERTICAL_MERGE:
    case FORE_MOVE_KINDS: break;
    }
    return false;
}

static void plans_are_lawful_and_never_make_things_worse(void **state)
{
    for (uint64_t seed = 1; seed <= CASES; seed++) {
        random_world(seed);
        uint8_t slots[WORLD_NODES];
        for (uint32_t n = 0; n < WORLD_NODES; n++)
            slots[n] = world.slots[n];
        uint32_t copies = 0;
        bool lawful = true;
        double gain = 0;
        for (uint32_t i = 0; i < plan.move_count; i++) {
            const struct fore_move *m = &plan.move[i].move;
            lawful &= lawful_move(m, slots);
            copies += m->kind == FORE_MOVE_MOVE || m->kind == FORE_MOVE_ADD_REPLICA;
            gain += plan.move[i].gain_s;
        }
        bool better = plan.move_count == 0 || plan.violation_after_s <= plan.violation_before_s ||
                      gain == 0 || plan.move[0].gain_s > 0;
        if (!lawful || !better || copies > world.input.cluster_slots)
            fprintf(stderr, "seed %llu: %s\n", (unsigned long long)seed, plan.reason);
        assert_true(lawful);
        assert_true(better);
        assert_true(copies <= world.input.cluster_slots);
        world_fini(&world);
    }
}

static void some_plans_are_made(void **state)
{
    uint32_t made = 0;
    for (uint64_t seed = 1; seed <= CASES; seed++) {
        random_world(seed);
        made += plan.move_count > 0;
        world_fini(&world);
    }
    assert_true(made > CASES / 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plans_are_lawful_and_never_make_things_worse),
        cmocka_unit_test(some_plans_are_made),
    };
    return cmocka_run_group_tests_name("core/decide/planner laws", tests, NULL, NULL);
}
