/*
 * prop_join.c - neighbours joined over two nodes, on random calm clusters under random rules of
 * placement: what is planned is lawful, and no lawful way that brute force finds saves more.
 */
#include "core/base/rng.h"
#include "tests/support/world.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

enum { CASES = 500 };

static struct world world;
static struct fore_plan plan;
static struct fore_constraints rules;

static struct fore_strings list(const char *text)
{
    struct fore_placement_options options = {0};
    FORE_ASSERT(fore_option_set((struct fore_option_binding){&fore_placement_section, &options},
                                &world.arena, "pin", text, "test", NULL) == FORE_E_OK);
    return options.pin;
}

/* Rules that hold of the placement there is: nothing is to be repaired, only not to be broken. */
static void random_rules(struct fore_rng *rng)
{
    static const char *const pin[] = {"", "0%..50% -> node-00|node-01|node-02",
                                      "t:3 -> node-00|node-01, t:9 -> node-02|node-03"};
    static const char *const apart[] = {"", "t:4 <> t:11", "0%..20% <> 80%..100%"};
    static const char *const forbidden[] = {"", "", "node-03"};
    struct fore_diag diag = {0};
    struct fore_placement_options options = {.pin = list(pin[fore_rng_below(rng, 3)]),
                                             .apart = list(apart[fore_rng_below(rng, 3)]),
                                             .forbidden = list(forbidden[fore_rng_below(rng, 3)])};
    FORE_ASSERT(fore_constraint_compile(&options, &world.topology, &world.arena, &rules, &diag) ==
                FORE_E_OK);
    world.input.placement = &rules;
}

static void random_world(uint64_t seed)
{
    struct fore_rng rng = fore_rng_stream(seed, "prop/join", 0);
    world_init(&world);
    for (uint32_t p = 0; p < WORLD_PARTITIONS; p++) {
        struct fore_partition *part = &world.topology.partition[p];
        uint32_t step = 1 + fore_rng_below(&rng, WORLD_NODES - 1); /* neighbours on two nodes */
        part->replica[0] = (uint16_t)((p > 0 ? part[-1].replica[0] + step : step) % WORLD_NODES);
        part->bytes = (uint64_t)((1 << 22) * (1 + 8 * fore_rng_unit(&rng)));
        bool cold = fore_rng_below(&rng, 3) > 0;
        world_set(&world, p, 0, cold ? 0.012 * fore_rng_unit(&rng) : 0.1);
        world.busy[p] = fore_rng_below(&rng, 10) == 0;
        world.rest[p] = fore_rng_below(&rng, 10) == 0;
    }
    for (uint32_t n = 0; n < WORLD_NODES; n++)
        world.slots[n] = (uint8_t)(fore_rng_below(&rng, 6) > 0);
    world.input.calm = true;
    world.input.baseline_partitions = 1;
    world.input.split_cost.overhead_share = 0.001 * fore_rng_unit(&rng);
    world.input.split_cost.pause_s = 20 * fore_rng_unit(&rng);
    random_rules(&rng);
}

static double peak(uint32_t p)
{
    double most = 0;
    for (size_t h = 0; h < WORLD_STEPS; h++)
        most = fmax(most, (double)world.forecast_mean[p * WORLD_STEPS + h]);
    return most;
}

static double copy_s(uint32_t p)
{
    return (double)world.topology.partition[p].bytes / world.topology.node[0].bandwidth_bytes;
}

static bool alike(const struct fore_constraint_state *state, uint32_t a, uint32_t b)
{
    return !fore_constraint_any(&rules) || state->class_of[a] == state->class_of[b];
}

/* Core-seconds that joining p with the partition right of it saves, `moved` going to `to`; negative
 * where it may not be. Written from the rules, not from the planner. */
static double worth(const struct fore_constraint_state *state, uint32_t p, uint32_t moved,
                    uint16_t to)
{
    const struct fore_partition *l = &world.topology.partition[p], *r = l + 1;
    uint16_t from = world.topology.partition[moved].replica[0];
    bool free = !world.busy[p] && !world.busy[p + 1] && !world.rest[p] && !world.rest[p + 1] &&
                world.slots[l->replica[0]] > 0 && world.slots[r->replica[0]] > 0;
    double both = peak(p) + peak(p + 1), node = 0;
    for (uint32_t q = 0; q < WORLD_PARTITIONS; q++)
        if (world.topology.partition[q].replica[0] == to)
            node += peak(q) + world.input.split_cost.overhead_share;
    if (!free || from == to || both >= world.decide.merge_load_max ||
        node + both >= 0.75 * world.decide.utilization_limit || !alike(state, p, p + 1) ||
        (fore_constraint_any(&rules) && !fore_constraint_allows(state, moved, from, to)))
        return -1;
    const struct fore_split_cost *cost = &world.input.split_cost;
    double horizon = 300.0 * WORLD_STEPS, due = copy_s(moved);
    return cost->overhead_share * (horizon - due) - both * cost->pause_s -
           2 * world.input.move_utilization * due;
}

static double best_by_force(const struct fore_constraint_state *state)
{
    double best = 0;
    for (uint32_t p = 0; p + 1 < WORLD_PARTITIONS; p++) {
        const struct fore_partition *l = &world.topology.partition[p], *r = l + 1;
        best = fmax(best, worth(state, p, p, r->replica[0]));
        best = fmax(best, worth(state, p, p + 1, l->replica[0]));
    }
    return best;
}

static bool merges_at_once(void)
{
    return plan.move_count > 0 && plan.move[0].move.kind == FORE_MOVE_MERGE;
}

static void the_best_lawful_way_is_taken_and_no_other(void **state)
{
    uint32_t joined = 0;
    for (uint64_t seed = 1; seed <= CASES; seed++) {
        random_world(seed);
        struct fore_constraint_state rule;
        fore_constraint_begin(&rules, &world.topology, &world.arena, &rule);
        fore_planner_plan(&world.input, &world.arena, &plan);
        unsigned long long id = seed;
        double best = best_by_force(&rule), got = 0;
        bool repairs = plan.move_count > 0 && plan.move[0].binding;
        if (!merges_at_once() &&
            !repairs) { /* these go first: nothing is to be copied, or it must be */
            if (plan.move_count > 0) {
                const struct fore_move *move = &plan.move[0].move, *merge = &plan.move[1].move;
                assert_int_equal(plan.move_count, 2);
                assert_int_equal(merge->kind, FORE_MOVE_MERGE);
                assert_true(move->partition == merge->partition || move->partition == merge->other);
                got = worth(&rule, merge->partition, move->partition, move->target);
                if (!(got > 0))
                    fail_msg("seed %llu: %s: it may not be, or pays nothing", id, plan.reason);
                joined++;
            }
            if (fabs(got - best) > 1e-6 * (1 + best))
                fail_msg("seed %llu: %s saves %.3f core-s, %.3f could be", id, plan.reason, got,
                         best);
        }
        world_fini(&world);
    }
    (void)fprintf(stderr, "joined in %u of %d cases\n", joined, CASES);
    assert_true(joined > CASES / 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_best_lawful_way_is_taken_and_no_other),
    };
    return cmocka_run_group_tests_name("prop/join", tests, NULL, NULL);
}
