/* test_sim_split_cost.c - what a partition costs to hold, and a split or merge to make: the same in
 * both fidelities, and nothing unless it is asked for. */
#include "sim/pause.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "tests/support/near.h"
#include "tests/support/sim_world.h"

enum { WINDOWS = 60, LINES = 16 };

/* 2000 requests a second of 1 ms on 4 nodes of 4 cores: 12.5 % of each. */
static void open_world(struct sim_world *world, const char *const *more)
{
    const char *sets[LINES + 8] = {"workload.rate=2k/s",
                                   "workload.span=1h",
                                   "workload.keys=10k",
                                   "workload.popularity=uniform",
                                   "workload.read_share=50%",
                                   "cluster.nodes=4",
                                   "cluster.cores=4",
                                   "cluster.partitions=16",
                                   "cluster.partition_bytes=100MiB",
                                   "cluster.partition_bytes_sigma=0",
                                   "cluster.initial=round-robin",
                                   "sim.service_mean=1ms",
                                   "sim.slo=50ms"};
    size_t count = 13;
    while (*more != NULL)
        sets[count++] = *more++;
    sim_world_open(world, 1, sets);
}

struct tally {
    double requests, busy_s, move_s, slow, latency_s;
};

static struct tally play(struct sim_world *world, int windows)
{
    struct tally sum = {0};
    for (int i = 0; i < windows; i++) {
        const struct fore_sample *sample = sim_world_step(world);
        sum.requests += (double)sample->requests;
        sum.slow += (double)sample->slow;
        for (uint32_t n = 0; n < sample->node_count; n++) {
            sum.busy_s += (double)sample->node[n].busy_ns / 1e9;
            sum.move_s += (double)sample->node[n].busy_move_ns / 1e9;
        }
        for (uint32_t p = 0; p < sample->partition_count; p++)
            sum.latency_s += (double)sample->partition[p].latency_sum_ns / 1e9;
    }
    return sum;
}

static const char *const modes[] = {"sim.fidelity=request", "sim.fidelity=fluid"};

static void a_replica_takes_its_share_of_its_node(void **state)
{
    (void)state;
    for (int mode = 0; mode < 2; mode++) {
        struct sim_world free, paid;
        open_world(&free, (const char *const[]){modes[mode], NULL});
        open_world(&paid,
                   (const char *const[]){modes[mode], "cluster.partition_overhead=1%", NULL});
        struct tally a = play(&free, WINDOWS), b = play(&paid, WINDOWS);
        /* 4 of them on a node of 4 cores, for a minute: 4 % of 960 core-seconds */
        expect_near(b.busy_s - a.busy_s, 0.04 * 960, 0.2);
        assert_true(a.requests == b.requests);
        assert_true(b.move_s == 0); /* it is not a move's */
        sim_world_close(&free);
        sim_world_close(&paid);
    }
}

static void a_node_that_is_down_keeps_nothing_up(void **state)
{
    (void)state;
    struct sim_world world;
    open_world(&world, (const char *const[]){modes[0], "cluster.partition_overhead=1%", NULL});
    world.cluster.topology.node[2].up = false;
    (void)play(&world, 1);
    assert_int_equal(world.moves.work_count, 3);
    for (size_t i = 0; i < world.moves.work_count; i++) {
        assert_true(world.moves.work[i].upkeep);
        assert_int_not_equal(world.moves.work[i].node, 2);
    }
    sim_world_close(&world);
}

static struct fore_move split_of(const struct sim_world *world, uint32_t p)
{
    const struct fore_partition *part = &world->cluster.topology.partition[p];
    return (struct fore_move){.kind = FORE_MOVE_SPLIT,
                              .partition = p,
                              .other = FORE_PARTITION_NONE,
                              .source = part->replica[0],
                              .target = FORE_NODE_NONE,
                              .split_at = part->first + (part->last - part->first) / 2,
                              .split_right_share = 0.5};
}

static uint32_t carry_out(struct sim_world *world, const struct fore_move *move)
{
    fore_ticket ticket;
    struct fore_move_status status;
    assert_int_equal(sim_moves_begin(&world->moves, move, &ticket), FORE_E_OK);
    assert_int_equal(sim_moves_cutover(&world->moves, ticket), FORE_E_OK);
    assert_int_equal(sim_moves_poll(&world->moves, ticket, &status), FORE_E_OK);
    return status.partition_new;
}

/* The one partition of sixteen that is asked for: 125 requests a second. */
static void requests_wait_while_a_split_takes_hold(void **state)
{
    (void)state;
    double slow[2], waited_s[2];
    for (int mode = 0; mode < 2; mode++) {
        struct sim_world free, paid;
        open_world(&free, (const char *const[]){modes[mode], NULL});
        open_world(&paid, (const char *const[]){modes[mode], "cluster.split_pause=2500ms", NULL});
        (void)play(&free, 5);
        (void)play(&paid, 5);
        struct fore_move move = split_of(&free, 5);
        (void)carry_out(&free, &move);
        (void)carry_out(&paid, &move);
        struct tally a = play(&free, 20), b = play(&paid, 20);
        slow[mode] = b.slow - a.slow;
        waited_s[mode] = b.latency_s - a.latency_s;
        assert_true(a.requests == b.requests); /* late, but not lost */
        expect_near(b.busy_s, a.busy_s, 0.02 * a.busy_s);
        sim_world_close(&free);
        sim_world_close(&paid);
    }
    /* 125/s for 2.5 s, those of the last 50 ms not too late: 306; half of 2.5 s each: 391 s */
    expect_near(slow[0], 306, 50);
    expect_near(waited_s[0], 391, 60);
    expect_near(slow[1], slow[0], 60);
    expect_near(waited_s[1], waited_s[0], 80);
}

static void a_merge_waits_too(void **state)
{
    (void)state;
    struct sim_world world;
    open_world(&world, (const char *const[]){modes[0], "cluster.split_pause=500ms", NULL});
    struct fore_move move = split_of(&world, 3);
    uint32_t right = carry_out(&world, &move);
    assert_true(world.moves.paused_until[3] == 500 * FORE_MS);
    assert_true(world.moves.paused_until[right] == 500 * FORE_MS);
    double before = play(&world, 10).slow;
    assert_true(before > 30); /* 125/s for 0.45 s */
    move.kind = FORE_MOVE_MERGE;
    move.other = right;
    (void)carry_out(&world, &move);
    assert_true(play(&world, 10).slow > 30);
    assert_true(play(&world, 10).slow < 10); /* and it is over */
    sim_world_close(&world);
}

static void two_pauses_at_once_keep_their_requests_apart(void **state)
{
    (void)state;
    struct sim_world free, paid;
    open_world(&free, (const char *const[]){modes[0], NULL});
    open_world(&paid, (const char *const[]){modes[0], "cluster.split_pause=300ms", NULL});
    for (uint32_t p = 0; p < 8; p++) {
        struct fore_move move = split_of(&free, p);
        (void)carry_out(&free, &move);
        (void)carry_out(&paid, &move);
    }
    const struct fore_sample *a = sim_world_step(&free), *b = sim_world_step(&paid);
    for (uint32_t p = 0; p < a->partition_count; p++) {
        assert_int_equal(a->partition[p].reads, b->partition[p].reads);
        assert_int_equal(a->partition[p].writes, b->partition[p].writes);
        assert_true(a->partition[p].busy_read_ns == b->partition[p].busy_read_ns);
        assert_true((b->partition[p].slow > 0) == (p < 8 || p >= 16));
    }
    sim_world_close(&free);
    sim_world_close(&paid);
}

static void parts_that_would_be_too_small_are_refused(void **state)
{
    (void)state;
    struct sim_world world;
    open_world(&world, (const char *const[]){modes[0], "cluster.partition_bytes_min=40MiB", NULL});
    struct fore_move move = split_of(&world, 7);
    fore_ticket ticket;
    move.split_right_share = 0.39;
    assert_int_equal(sim_moves_begin(&world.moves, &move, &ticket), FORE_E_REFUSED);
    move.split_right_share = 0.61;
    assert_int_equal(sim_moves_begin(&world.moves, &move, &ticket), FORE_E_REFUSED);
    move.split_right_share = 0.5;
    assert_int_equal(sim_moves_begin(&world.moves, &move, &ticket), FORE_E_OK);
    sim_world_close(&world);
}

static void the_door_tells_what_splits_cost(void **state)
{
    (void)state;
    struct sim_world free, paid;
    open_world(&free, (const char *const[]){modes[0], NULL});
    open_world(&paid, (const char *const[]){modes[0], "cluster.partition_overhead=0.0025%",
                                            "cluster.split_pause=1s",
                                            "cluster.partition_bytes_min=20MiB", NULL});
    struct fore_split_cost cost = fore_driver_split_cost(sim_driver_door(&free.driver));
    assert_true(cost.overhead_share == 0 && cost.pause_s == 0 && cost.part_bytes_min == 0);
    struct fore_driver_fault fault = {.inner = sim_driver_door(&paid.driver)};
    cost = fore_driver_split_cost(fore_driver_faulty(&fault));
    expect_near(cost.overhead_share, 25e-6, 1e-12);
    expect_near(cost.pause_s, 1, 1e-12);
    assert_int_equal(cost.part_bytes_min, 20 << 20);
    sim_world_close(&free);
    sim_world_close(&paid);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_replica_takes_its_share_of_its_node),
        cmocka_unit_test(a_node_that_is_down_keeps_nothing_up),
        cmocka_unit_test(requests_wait_while_a_split_takes_hold),
        cmocka_unit_test(a_merge_waits_too),
        cmocka_unit_test(two_pauses_at_once_keep_their_requests_apart),
        cmocka_unit_test(parts_that_would_be_too_small_are_refused),
        cmocka_unit_test(the_door_tells_what_splits_cost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
