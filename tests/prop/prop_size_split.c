/*
 * prop_size_split.c - a cluster in which partitions begin and cease to grow, at random, under a
 * ceiling: nothing is ever above it that could be seen coming, nothing is split twice as often as
 * what is held asks for, and what was merged is not split again. And of any picture the planner is
 * shown, the splits it makes for size are ones that can be made.
 */
#include "core/base/dist.h"
#include "tests/support/engine_case.h"
#include "tests/support/world.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { SEEDS = 12, WINDOWS = 900, CELLS = 64 /* a partition's, at the start */, WORLDS = 500 };
static const double MIB = 1024 * 1024, ceiling = 512;
static double cell[CELLS * ENGINE_CASE_PARTITIONS]; /* MiB */
static double rate[ENGINE_CASE_PARTITIONS];         /* of each range, MiB a window */
static uint64_t cell_width;

static void begin_case(uint64_t seed, struct fore_rng *rng)
{
    (void)engine_case_begin(NULL);
    fake_destroy(ec.fake);
    ec.fake = fake_create(&(struct fake_options){.node_count = ENGINE_CASE_NODES,
                                                 .partition_count = ENGINE_CASE_PARTITIONS,
                                                 .partition_cap = 96});
    ec.setup.driver = fake_driver(ec.fake);
    ec.options.decide.size_max = (uint64_t)(ceiling * MIB);
    ec.options.decide.cooldown = 10 * FORE_SEC;
    ec.setup.seed = seed;
    engine_case_start();
    const struct fore_partition *part = &ec.fake->topology.partition[0];
    cell_width = (part->last - part->first + 1) / CELLS;
    for (uint32_t p = 0; p < ENGINE_CASE_PARTITIONS; p++) {
        double holds = 420 * fore_rng_unit(rng);
        for (uint32_t i = 0; i < CELLS; i++)
            cell[p * CELLS + i] = holds / CELLS;
        rate[p] = 0;
    }
}

/* What lies in a range; cells are divided evenly. */
static double between(uint64_t first, uint64_t last)
{
    double sum = 0;
    for (uint64_t i = first / cell_width; i <= last / cell_width; i++) {
        uint64_t from = i * cell_width, to = from + cell_width - 1;
        if (from < first) from = first;
        if (to > last) to = last;
        sum += cell[i] * (double)(to - from + 1) / (double)cell_width;
    }
    return sum;
}

static void grow(struct fore_rng *rng)
{
    for (uint32_t p = 0; p < ENGINE_CASE_PARTITIONS; p++) {
        if (fore_rng_below(rng, 150) == 0)
            rate[p] = fore_rng_below(rng, 2) * 1.5 * fore_rng_unit(rng);
        double more = rate[p] * fore_dist_gamma(rng, 4) / 4;
        for (uint32_t i = 0; i < CELLS; i++)
            cell[p * CELLS + i] += more / CELLS;
    }
}

/* One window; the most that a partition holds, in MiB. */
static double window(struct fore_rng *rng)
{
    double most = 0;
    grow(rng);
    engine_case_load(0, 0.1);
    for (uint32_t p = 0; p < ec.fake->topology.partition_count; p++) {
        struct fore_partition *part = &ec.fake->topology.partition[p];
        if (!part->alive) continue;
        double holds = between(part->first, part->last);
        ec.fake->partition_sample[p].size_bytes = part->bytes = (uint64_t)(holds * MIB);
        most = fmax(most, holds);
    }
    fake_advance(ec.fake, FORE_SEC);
    enum fore_err err = fore_engine_step(ec.engine, fore_driver_now(ec.setup.driver), &ec.diag);
    assert_true(err == FORE_E_OK || err == FORE_E_AGAIN);
    return most;
}

static void what_can_be_seen_coming_never_passes_the_ceiling(void **state)
{
    uint64_t splits = 0;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct fore_rng rng = fore_rng_stream(seed, "prop/size_split", 0);
        begin_case(seed, &rng);
        double most = 0, all = 0;
        for (int w = 0; w < WINDOWS; w++)
            most = fmax(most, window(&rng));
        for (size_t i = 0; i < FORE_COUNTOF(cell); i++)
            all += cell[i];
        struct fore_migrate_counts counts = fore_engine_counts(ec.engine).migrate;
        uint64_t made = counts.done[FORE_MOVE_SPLIT], joined = counts.done[FORE_MOVE_MERGE];
        unsigned long long id = seed;
        if (most > ceiling) fail_msg("seed %llu: one holds %.0f MiB of %.0f", id, most, ceiling);
        if ((double)made > 2 * all / ceiling) /* halves of what is full hold half */
            fail_msg("seed %llu: %llu splits for %.0f MiB", id, (unsigned long long)made, all);
        if (joined > made) fail_msg("seed %llu: more merges than splits", id);
        splits += made;
        (void)engine_case_end(NULL);
    }
    print_message("%llu splits\n", (unsigned long long)splits);
    assert_true(splits > SEEDS);
}

static struct world world;
static struct fore_plan plan;

static void random_sizes(struct fore_rng *rng, struct fore_size_outlook *size)
{
    double max = (double)(1 << 30) * (0.2 + fore_rng_unit(rng));
    world.decide.size_max = (uint64_t)max;
    for (uint32_t p = 0; p < WORLD_CAP; p++) {
        double now = 1.2 * max * fore_rng_unit(rng);
        bool above = now > max;
        size[p] = (struct fore_size_outlook){.probability = above ? 1 : fore_rng_unit(rng),
                                             .when_s = above ? 0 : 3600 * fore_rng_unit(rng),
                                             .now_bytes = now,
                                             .mean_bytes = now,
                                             .grown_bytes = now * (1 + fore_rng_unit(rng)),
                                             .rate = 1e6 * (fore_rng_unit(rng) - 0.3),
                                             .max_bytes = max,
                                             .known = true};
    }
    world.input.size = size;
}

/* Ranges of any width, down to one key; keys known or not; inserts in order or not. */
static void random_world(struct fore_rng *rng, struct fore_size_outlook *size)
{
    world_init(&world);
    random_sizes(rng, size);
    for (uint32_t p = 0; p < WORLD_PARTITIONS; p++) {
        struct fore_partition *part = &world.topology.partition[p];
        if (fore_rng_below(rng, 3) == 0) part->last = part->first + fore_rng_below(rng, 40);
        uint32_t keys = fore_rng_below(rng, 80);
        for (uint32_t i = 0; i < keys; i++)
            fore_keyrange_add(world.observe->key_ranges, FORE_SEC, p,
                              part->first + fore_rng_u64(rng) % (part->last - part->first + 1), 1);
        uint64_t at = part->first;
        for (uint64_t w = 1; w <= 30 && fore_rng_below(rng, 2) == 0; w++, at += 3) {
            for (int i = 0; i < 5; i++)
                fore_frontier_note(world.observe->frontier, p, at < part->last ? at : part->last);
            fore_frontier_close(world.observe->frontier, w * 10 * FORE_SEC);
        }
        world.busy[p] = fore_rng_below(rng, 5) == 0;
        world_set(&world, p, 0, fore_rng_below(rng, 3) == 0 ? 0.0001 : 0.25 * fore_rng_unit(rng));
    }
    if (fore_rng_below(rng, 3) == 0) world.decide.partitions_max = 16 + fore_rng_below(rng, 4);
    world.input.baseline_partitions = 4;
    world.input.calm = fore_rng_below(rng, 2) == 0;
}

static void splits_for_size_can_be_made_and_merges_do_not_ask_for_one(void **state)
{
    uint32_t sized = 0, merges = 0;
    for (uint64_t seed = 1; seed <= WORLDS; seed++) {
        struct fore_rng rng = fore_rng_stream(seed, "prop/size_plan", 0);
        struct fore_size_outlook size[WORLD_CAP];
        unsigned long long id = seed;
        random_world(&rng, size);
        uint32_t room = fore_planner_split_room(&world.input), splits = 0;
        fore_planner_plan(&world.input, &world.arena, &plan);
        if (fore_plan_fault(&plan) != NULL) fail_msg("seed %llu: %s", id, fore_plan_fault(&plan));
        for (uint32_t i = 0; i < plan.move_count; i++) {
            const struct fore_move *m = &plan.move[i].move;
            const struct fore_partition *part = &world.topology.partition[m->partition];
            splits += m->kind == FORE_MOVE_SPLIT;
            if (m->kind == FORE_MOVE_MERGE &&
                size[m->partition].grown_bytes + size[m->other].grown_bytes >
                    0.5 * (double)world.decide.size_max)
                fail_msg("seed %llu: p%u and p%u are merged", id, m->partition, m->other);
            merges += m->kind == FORE_MOVE_MERGE;
            if (!plan.move[i].for_size) continue;
            sized++;
            bool good = m->kind == FORE_MOVE_SPLIT && m->split_at > part->first &&
                        m->split_at <= part->last && m->split_right_share > 0 &&
                        m->split_right_share < 1 && !world.busy[m->partition] &&
                        size[m->partition].probability >= world.decide.size_risk;
            if (!good) fail_msg("seed %llu: p%u is split where it cannot be", id, m->partition);
        }
        if (splits > room) fail_msg("seed %llu: %u splits, room for %u", id, splits, room);
        world_fini(&world);
    }
    print_message("%u splits for size, %u merges\n", sized, merges);
    assert_true(sized > WORLDS / 2 && merges > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_can_be_seen_coming_never_passes_the_ceiling),
        cmocka_unit_test(splits_for_size_can_be_made_and_merges_do_not_ask_for_one),
    };
    return cmocka_run_group_tests_name("decide/size_split", tests, NULL, NULL);
}
