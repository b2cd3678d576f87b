/* test_sim_moves.c - bytes, phases and digests of moves; the driver's promises are in contract_sim.
 */
#include "sim/moves.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/near.h"
#include "tests/support/sim_world.h"

/* 64 MiB a partition, 1 MiB/s: 64 s. No traffic unless the test makes it. */
static const char *const options[] = {"workload.rate=100/s",
                                      "workload.span=1h",
                                      "workload.keys=1k",
                                      "workload.read_share=100%",
                                      "cluster.nodes=4",
                                      "cluster.cores=2",
                                      "cluster.partitions=8",
                                      "cluster.partition_bytes=64MiB",
                                      "cluster.partition_bytes_sigma=0",
                                      "cluster.bandwidth=1MiB/s",
                                      NULL};
enum { MIB = 1 << 20 };

static struct fore_move move_of(const struct sim_world *world, uint32_t partition)
{
    uint16_t source = world->cluster.topology.partition[partition].replica[0];
    return (struct fore_move){.kind = FORE_MOVE_MOVE,
                              .partition = partition,
                              .source = source,
                              .target = (uint16_t)((source + 1) % 4)};
}

static struct fore_move_status poll(struct sim_world *world, fore_ticket ticket)
{
    struct fore_move_status status;
    assert_int_equal(sim_moves_poll(&world->moves, ticket, &status), FORE_E_OK);
    return status;
}

static void a_copy_takes_bytes_over_bandwidth(void **state)
{
    (void)state;
    struct sim_world world;
    sim_world_open(&world, 1, options);
    struct fore_move move = move_of(&world, 3);
    fore_ticket ticket;
    assert_int_equal(sim_moves_begin(&world.moves, &move, &ticket), FORE_E_OK);
    for (int i = 0; i < 32; i++)
        (void)sim_world_step(&world);
    expect_near((double)poll(&world, ticket).bytes_done, 32.0 * MIB, MIB);
    for (int i = 0; i < 33; i++)
        (void)sim_world_step(&world);
    assert_int_equal(poll(&world, ticket).phase, FORE_PHASE_READY);
    expect_near(world.moves.bytes_moved, 64.0 * MIB, 1);
    sim_world_close(&world);
}

/* Half a second into a window, or ten whole ones: the copy takes as long as before, from then on.
 */
static void nothing_travels_before_a_move_has_begun(void **state)
{
    (void)state;
    static const struct {
        const char *start;
        double seconds;
    } cases[] = {
        {"cluster.move_start=500ms",  0.5 },
        {"cluster.move_start=10s",    10  },
        {"cluster.move_start=1250ms", 1.25}
    };
    for (size_t i = 0; i < FORE_COUNTOF(cases); i++) {
        const char *sets[FORE_COUNTOF(options) + 1];
        memcpy(sets, options, sizeof options);
        sets[FORE_COUNTOF(options) - 1] = cases[i].start;
        sets[FORE_COUNTOF(options)] = NULL;
        struct sim_world world;
        sim_world_open(&world, 1, sets);
        struct fore_move move = move_of(&world, 3);
        fore_ticket ticket;
        assert_int_equal(sim_moves_begin(&world.moves, &move, &ticket), FORE_E_OK);
        for (int step = 0; step < 32; step++)
            (void)sim_world_step(&world);
        expect_near((double)poll(&world, ticket).bytes_done, (32 - cases[i].seconds) * MIB, 16);
        assert_int_equal(poll(&world, ticket).phase, FORE_PHASE_COPYING);
        sim_world_close(&world);
    }
}

static void two_copies_share_the_end_they_have_in_common(void **state)
{
    (void)state;
    struct sim_world world;
    sim_world_open(&world, 1, options);
    struct fore_move a = move_of(&world, 0), b;
    uint32_t other = 1;
    while (world.cluster.topology.partition[other].replica[0] != a.source)
        other++;
    b = move_of(&world, other);
    b.target = (uint16_t)((a.source + 2) % 4);
    fore_ticket first, second;
    assert_int_equal(sim_moves_begin(&world.moves, &a, &first), FORE_E_OK);
    assert_int_equal(sim_moves_begin(&world.moves, &b, &second), FORE_E_OK);
    for (int i = 0; i < 20; i++)
        (void)sim_world_step(&world);
    expect_near((double)poll(&world, first).bytes_done, 10.0 * MIB, 1);
    expect_near((double)poll(&world, second).bytes_done, 10.0 * MIB, 1);
    sim_world_close(&world);
}

static void writes_during_a_copy_are_caught_up(void **state)
{
    (void)state;
    struct sim_world world;
    sim_world_open(&world, 1, options);
    struct fore_move move = move_of(&world, 2);
    fore_ticket ticket;
    assert_int_equal(sim_moves_begin(&world.moves, &move, &ticket), FORE_E_OK);
    uint64_t source = 0, target = 0;
    for (fore_ns t = 0; t < 64; t++) { /* a quarter of the bandwidth is written meanwhile */
        sim_moves_wrote(&world.moves, 2, 10, MIB / 4, 1);
        sim_moves_advance(&world.moves, t * FORE_SEC, (t + 1) * FORE_SEC);
    }
    assert_int_equal(sim_moves_digest(&world.moves, 2, move.source, &source), FORE_E_OK);
    assert_int_equal(sim_moves_digest(&world.moves, 2, move.target, &target), FORE_E_OK);
    assert_true(source != target);
    assert_int_equal(poll(&world, ticket).phase, FORE_PHASE_CATCHING_UP);
    fore_ns t = 64;
    for (; poll(&world, ticket).phase != FORE_PHASE_READY && t < 200; t++)
        sim_moves_advance(&world.moves, t * FORE_SEC, (t + 1) * FORE_SEC);
    expect_near((double)t, 64 + 16 / 0.75, 2); /* 16 MiB dirty, caught up at 3/4 MiB/s */
    assert_int_equal(sim_moves_digest(&world.moves, 2, move.source, &source), FORE_E_OK);
    assert_int_equal(sim_moves_digest(&world.moves, 2, move.target, &target), FORE_E_OK);
    assert_int_equal(source, target);
    sim_moves_wrote(&world.moves, 2, 1, 100, 1); /* a follower applies what comes after READY */
    uint64_t later = 0;
    assert_int_equal(sim_moves_digest(&world.moves, 2, move.source, &later), FORE_E_OK);
    assert_true(later != source);
    assert_int_equal(sim_moves_digest(&world.moves, 2, move.target, &target), FORE_E_OK);
    assert_int_equal(later, target);
    sim_world_close(&world);
}

static void a_writer_faster_than_the_copy_is_never_caught_up(void **state)
{
    (void)state;
    struct sim_world world;
    sim_world_open(&world, 1, options);
    struct fore_move move = move_of(&world, 2);
    fore_ticket ticket;
    assert_int_equal(sim_moves_begin(&world.moves, &move, &ticket), FORE_E_OK);
    for (fore_ns t = 0; t < 1000; t++) {
        sim_moves_wrote(&world.moves, 2, 1, 2 * MIB, 1);
        sim_moves_advance(&world.moves, t * FORE_SEC, (t + 1) * FORE_SEC);
    }
    assert_int_equal(poll(&world, ticket).phase, FORE_PHASE_CATCHING_UP);
    sim_world_close(&world);
}

static void a_move_costs_its_share_on_both_ends(void **state)
{
    (void)state;
    struct sim_world world;
    sim_world_open(&world, 1, options);
    struct fore_move move = move_of(&world, 2);
    fore_ticket ticket;
    assert_int_equal(sim_moves_begin(&world.moves, &move, &ticket), FORE_E_OK);
    const struct fore_sample *sample = sim_world_step(&world);
    double full_ns = 0.07 * 2 * (double)FORE_SEC;
    expect_near((double)sample->node[move.source].busy_move_ns, full_ns, full_ns * 0.03);
    expect_near((double)sample->node[move.target].busy_move_ns, full_ns, full_ns * 0.03);
    assert_int_equal(sim_moves_throttle(&world.moves, ticket, MIB / 4), FORE_E_OK);
    sample = sim_world_step(&world);
    expect_near((double)sample->node[move.source].busy_move_ns, full_ns / 4, full_ns * 0.03);
    sim_world_close(&world);
}

static void a_move_fails_with_either_end(void **state)
{
    (void)state;
    for (int target = 0; target < 2; target++) {
        struct sim_world world;
        sim_world_open(&world, 1, options);
        struct fore_move move = move_of(&world, 5);
        fore_ticket ticket;
        assert_int_equal(sim_moves_begin(&world.moves, &move, &ticket), FORE_E_OK);
        world.cluster.topology.node[target ? move.target : move.source].up = false;
        (void)sim_world_step(&world);
        assert_int_equal(poll(&world, ticket).phase, FORE_PHASE_FAILED);
        assert_int_equal(world.cluster.topology.partition[5].replica[0], move.source);
        sim_world_close(&world);
    }
}

static void split_parts_have_contents_of_their_own(void **state)
{
    (void)state;
    struct sim_world world;
    sim_world_open(&world, 1, options);
    const struct fore_partition *whole = &world.cluster.topology.partition[4];
    struct fore_move split = {.kind = FORE_MOVE_SPLIT,
                              .partition = 4,
                              .split_at = whole->first + 50,
                              .split_right_share = 0.25};
    fore_ticket ticket;
    uint64_t before, left, right;
    uint16_t node = whole->replica[0];
    assert_int_equal(sim_moves_digest(&world.moves, 4, node, &before), FORE_E_OK);
    assert_int_equal(sim_moves_begin(&world.moves, &split, &ticket), FORE_E_OK);
    assert_int_equal(sim_moves_cutover(&world.moves, ticket), FORE_E_OK);
    uint32_t part = poll(&world, ticket).partition_new;
    assert_int_equal(sim_moves_digest(&world.moves, 4, node, &left), FORE_E_OK);
    assert_int_equal(sim_moves_digest(&world.moves, part, node, &right), FORE_E_OK);
    assert_true(before != left && left != right && right != before);
    expect_near((double)world.cluster.topology.partition[part].bytes, 16.0 * MIB, 1);
    sim_world_close(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_copy_takes_bytes_over_bandwidth),
        cmocka_unit_test(nothing_travels_before_a_move_has_begun),
        cmocka_unit_test(two_copies_share_the_end_they_have_in_common),
        cmocka_unit_test(writes_during_a_copy_are_caught_up),
        cmocka_unit_test(a_writer_faster_than_the_copy_is_never_caught_up),
        cmocka_unit_test(a_move_costs_its_share_on_both_ends),
        cmocka_unit_test(a_move_fails_with_either_end),
        cmocka_unit_test(split_parts_have_contents_of_their_own),
    };
    return cmocka_run_group_tests_name("sim/moves", tests, NULL, NULL);
}
