#include "core/observe/observe.h"

#include "core/cluster/topology_columns.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/near.h"

enum { NODES = 2, PARTITIONS = 4, CAP = 40, WIDTH = 1000 };

struct fixture {
    struct fore_arena arena;
    struct fore_topology topology;
    struct fore_observe_options options;
    struct fore_observe *observe;
    struct fore_partition_sample partition[CAP];
    struct fore_node_sample node[NODES];
    struct fore_key_sample key[CAP];
    struct fore_sample sample;
    struct fore_diag diag;
};
static struct fixture fix;

/* One table of 4 partitions, 1000 positions each, on 2 nodes. */
static void build_topology(void)
{
    fore_topology_init(&fix.topology, &fix.arena, NODES, 1, CAP);
    for (int n = 0; n < NODES; n++)
        fix.topology.node[n] = (struct fore_node){.cores = 4, .bandwidth_bytes = 1e8, .up = true};
    fix.topology.table[0] = (struct fore_table){
        .name = "t", .first = 0, .last = PARTITIONS * WIDTH - 1, .column_groups = 1};
    for (uint32_t p = 0; p < PARTITIONS; p++) {
        struct fore_partition partition = {.first = p * WIDTH,
                                           .last = (p + 1) * WIDTH - 1,
                                           .bytes = 100,
                                           .replica_count = 1,
                                           .replica = {(uint16_t)(p % NODES)},
                                           .alive = true};
        uint32_t index = 0;
        assert_int_equal(fore_topology_add(&fix.topology, &partition, &index), FORE_E_OK);
        assert_int_equal(index, p);
    }
    assert_int_equal(fore_topology_check(&fix.topology, NULL), FORE_E_OK);
}

static int setup(void **state)
{
    memset(&fix, 0, sizeof fix);
    build_topology();
    fore_option_defaults((struct fore_option_binding){&fore_observe_section, &fix.options},
                         &fix.arena);
    fix.observe = fore_observe_create(&fix.options, &fix.topology, 7);
    return 0;
}

static int teardown(void **state)
{
    fore_observe_destroy(fix.observe);
    fore_arena_fini(&fix.arena);
    return 0;
}

/* A window of a second in which partition p serves 100 (p + 1) reads and 50 (p + 1) writes. */
static void fill_window(uint64_t second)
{
    uint32_t count = fix.topology.partition_count;
    for (uint32_t p = 0; p < count; p++) {
        uint64_t n = p + 1;
        fix.partition[p] = (struct fore_partition_sample){
            .reads = 100 * n,
            .writes = 50 * n,
            .bytes_read = 1000 * n,
            .bytes_written = 500 * n,
            .busy_read_ns = 200 * FORE_MS * n,
            .busy_write_ns = 100 * FORE_MS * n,
            .size_bytes = 4096 * n,
            .latency_sum_ns = 150 * n * 2 * FORE_MS,
            .latency_p99_ns = 9 * FORE_MS,
            .slow = 15 * n,
            .by_type = {(uint32_t)(100 * n), (uint32_t)(50 * n)},
            .by_group = {(uint32_t)(150 * n)                  },
        };
        fix.key[p] = (struct fore_key_sample){
            .position = p * WIDTH + second % 10, .weight = 3, .columns = 3};
    }
    for (int n = 0; n < NODES; n++)
        fix.node[n] = (struct fore_node_sample){.requests = 500,
                                                .busy_ns = 2 * FORE_SEC,
                                                .busy_move_ns = FORE_SEC / 2,
                                                .backlog_ns = 3 * FORE_MS,
                                                .latency_p99_ns = 20 * FORE_MS,
                                                .slow = 50,
                                                .utilization = 0.5,
                                                .up = n == 0};
    fix.sample = (struct fore_sample){
        .begin = (second - 1) * FORE_SEC,
        .end = second * FORE_SEC,
        .partition = fix.partition,
        .node = fix.node,
        .key = fix.key,
        .partition_count = count,
        .node_count = NODES,
        .key_count = count,
    };
}

static enum fore_err push(void)
{
    fix.diag = (struct fore_diag){0};
    return fore_observe_push(fix.observe, &fix.sample, &fix.topology, &fix.diag);
}

static void run(uint64_t first, uint64_t last)
{
    for (uint64_t s = first; s <= last; s++) {
        fill_window(s);
        assert_int_equal(push(), FORE_E_OK);
    }
}

static double load_at(uint32_t partition, size_t ago)
{
    float x[64];
    fore_history_read(fix.observe->history, 0, FORE_HIST_LOAD, partition, ago + 1, x);
    return (double)x[0];
}

static void the_first_window_is_the_present(void **state)
{
    run(1, 1);
    const struct fore_observe_partition *seen = &fix.observe->partition[2];
    expect_near(seen->load, 0.9, 1e-12);
    expect_near(seen->write_share, 1.0 / 3, 1e-12);
    expect_near(seen->requests_per_sec, 450, 1e-9);
    expect_near(seen->writes_per_sec, 150, 1e-9);
    expect_near(seen->bytes_per_sec, 4500, 1e-9);
    expect_near(seen->latency_mean_ms, 2, 1e-9);
    expect_near(seen->latency_p99_ms, 9, 1e-9);
    expect_near(seen->slow_share, 0.1, 1e-12);
    expect_near(seen->by_type[FORE_QUERY_WRITE], 1.0 / 3, 1e-12);
    expect_near(seen->by_group[0], 1, 1e-12);
    assert_int_equal(seen->size_bytes, 4096 * 3);
    const struct fore_observe_node *node = &fix.observe->node[1];
    expect_near(node->utilization, 0.5, 1e-12);
    expect_near(node->move_utilization, 0.125, 1e-12);
    expect_near(node->p99_ms, 20, 1e-12);
    expect_near(node->slow_share, 0.1, 1e-12);
    expect_near(node->backlog_ms, 3, 1e-12);
    assert_false(node->up);
    assert_int_equal(fix.observe->windows, 1);
    assert_int_equal(fix.observe->end, FORE_SEC);
}

static void averages_follow_with_their_span(void **state)
{
    run(1, 5);
    for (uint64_t s = 6; s <= 15; s++) { /* ten seconds of silence: one span */
        fill_window(s);
        memset(fix.partition, 0, sizeof fix.partition);
        assert_int_equal(push(), FORE_E_OK);
    }
    const struct fore_observe_partition *seen = &fix.observe->partition[0];
    expect_near(seen->load, 0.3 * exp(-1), 1e-9);
    expect_near(seen->slow_share, 0.1, 1e-9);   /* ratios of sums do not move without requests */
    expect_near(seen->latency_p99_ms, 9, 1e-9); /* nor does what was not measured */
    expect_near(load_at(0, 0), 0, 0);
    expect_near(load_at(0, 10), 0.3, 1e-6);
}

/* An average fades to a number so small that one over it is infinite, and then to nothing. */
static void what_has_faded_away_has_no_shares(void **state)
{
    run(1, 5);
    for (uint64_t s = 6; s <= 7600; s++) {
        fill_window(s);
        memset(fix.partition, 0, sizeof fix.partition);
        assert_int_equal(push(), FORE_E_OK);
        const struct fore_observe_partition *seen = &fix.observe->partition[0];
        for (int t = 0; t < FORE_QUERY_TYPES; t++)
            assert_true(isfinite(seen->by_type[t]) && seen->by_type[t] <= 1.0 + 1e-9);
        assert_true(isfinite(seen->slow_share) && isfinite(seen->latency_mean_ms));
    }
}

static void windows_become_history(void **state)
{
    run(1, 120);
    expect_near(load_at(3, 0), 1.2, 1e-6);
    float x = 0;
    fore_history_read(fix.observe->history, 1, FORE_HIST_WRITES, 1, 1, &x);
    expect_near((double)x, 100, 1e-3);
    assert_int_equal(fore_history_count(fix.observe->history, 1), 2);
}

static void keys_reach_both_sketches(void **state)
{
    run(1, 100);
    struct fore_hotkey top[3];
    assert_int_equal(fore_hotkeys_top(fix.observe->hot_keys, top, 3), 3);
    struct fore_keyrange_cut cut;
    assert_true(fore_keyrange_cut(fix.observe->key_ranges, 2, 2 * WIDTH, 3 * WIDTH - 1, 0.5, &cut));
    assert_int_equal(cut.samples, 100);
    assert_true(cut.at > 2 * WIDTH && cut.at < 2 * WIDTH + 10);
}

static void a_bad_window_changes_nothing(void **state)
{
    run(1, 10);
    struct fore_observe_partition before = fix.observe->partition[1];
    fill_window(11);
    fix.sample.begin = 9 * FORE_SEC + 1;
    assert_int_equal(push(), FORE_E_RANGE);
    assert_non_null(strstr(fix.diag.text, "time goes backwards"));
    fill_window(11);
    fix.sample.end = fix.sample.begin;
    assert_int_equal(push(), FORE_E_RANGE);
    fill_window(11);
    fix.sample.partition_count = CAP + 1;
    assert_int_equal(push(), FORE_E_RANGE);
    assert_string_equal(fix.diag.text, "window of 41 partitions: the topology has room for 40");
    fill_window(11);
    fix.sample.node_count = 3;
    assert_int_equal(push(), FORE_E_RANGE);
    assert_memory_equal(&before, &fix.observe->partition[1], sizeof before);
    assert_int_equal(fix.observe->windows, 10);
    run(11, 11);
}

static void a_split_conserves_load_and_samples(void **state)
{
    run(1, 50);
    uint32_t right = 0;
    assert_int_equal(fore_topology_split(&fix.topology, 1, 1005, 0.3, &right), FORE_E_OK);
    fore_observe_split(fix.observe, 1, right, 1005, 0.3);
    const struct fore_observe_partition *seen = fix.observe->partition;
    expect_near(seen[1].load, 0.42, 1e-9);
    expect_near(seen[right].load, 0.18, 1e-9);
    expect_near(seen[right].write_share, 1.0 / 3, 1e-9);
    assert_int_equal(seen[1].size_bytes + seen[right].size_bytes, 8192);
    expect_near(load_at(1, 20) + load_at(right, 20), 0.6, 1e-6);
    run(51, 51); /* the new generation is expected: the past stays */
    expect_near(load_at(right, 1), 0.18, 1e-6);
    assert_true(seen[right].load < 0.18 + 0.15 * (1.5 - 0.18)); /* an average, not a fresh start */
}

/* The parts do less than the whole did, in the past as they will; where keys lie stays the base's.
 */
static void columns_part_with_their_past_and_come_back(void **state)
{
    struct fore_column_set set[FORE_COLUMNS_SETS];
    double rest;
    fix.topology.table[0].columns = 4;
    fore_observe_destroy(fix.observe);
    fix.observe = fore_observe_create(&fix.options, &fix.topology, 7);
    run(1, 50);
    uint32_t sibling = 0;
    assert_int_equal(fore_topology_columns_split(&fix.topology, 1, 3, 0.5, 0, &sibling), FORE_E_OK);
    fore_observe_split_columns(fix.observe, 1, sibling, 0.3, 0.2);
    const struct fore_observe_partition *seen = fix.observe->partition;
    expect_near(seen[1].load, 0.6 * 0.3, 1e-9);
    expect_near(seen[sibling].load, 0.6 * 0.2, 1e-9);
    expect_near(load_at(1, 20), 0.6 * 0.3, 1e-6);
    expect_near(load_at(sibling, 20), 0.6 * 0.2, 1e-6);
    run(51, 51); /* what is seen now replaces what was guessed at once; the past stays */
    expect_near(load_at(1, 1), 0.6 * 0.3, 1e-6);
    expect_near(seen[1].load, 0.6, 1e-9);
    assert_int_equal(fore_columns_read(fix.observe->columns, 1, set, &rest), 1);
    assert_true(set[0].columns == 3 && rest <= 0);
    assert_true(fore_columns_total(fix.observe->columns, sibling) <= 0);

    assert_int_equal(fore_topology_columns_merge(&fix.topology, 1, sibling), FORE_E_OK);
    fore_observe_merge_columns(fix.observe, 1, sibling, 0.3, 0.2);
    expect_near(load_at(1, 20), 0.6, 1e-5);
    assert_true(isnan(load_at(sibling, 20)));
    assert_int_equal(fore_columns_read(fix.observe->columns, 1, set, &rest), 1);
}

static void a_merge_adds_and_the_index_may_live_again(void **state)
{
    run(1, 50);
    assert_int_equal(fore_topology_move(&fix.topology, 1, 1, 0), FORE_E_OK);
    assert_int_equal(fore_topology_merge(&fix.topology, 0, 1), FORE_E_OK);
    fore_observe_merge(fix.observe, 0, 1);
    const struct fore_observe_partition *seen = fix.observe->partition;
    expect_near(seen[0].load, 0.9, 1e-9);
    expect_near(seen[1].load, 0, 0);
    assert_true(isnan(seen[1].latency_p99_ms));
    expect_near(load_at(0, 30), 0.9, 1e-6);
    assert_true(isnan(load_at(1, 30)));
    run(51, 55);
    assert_true(isnan(load_at(1, 0))); /* dead: its sample is not believed */
    uint32_t right = 0;
    assert_int_equal(fore_topology_split(&fix.topology, 3, 3500, 0.5, &right), FORE_E_OK);
    assert_int_equal(right, 1);
    fore_observe_split(fix.observe, 3, 1, 3500, 0.5);
    run(56, 56);
    expect_near(load_at(1, 5), 0.6, 1e-6); /* half of partition 3, nothing of its own past */
}

static void a_life_nobody_announced_starts_from_nothing(void **state)
{
    run(1, 50);
    fix.topology.partition[2].generation++; /* somebody else resharded */
    run(51, 51);
    assert_true(isnan(load_at(2, 1)));
    expect_near(fix.observe->partition[2].load, 0.9, 1e-9);
    struct fore_keyrange_cut cut;
    assert_false(
        fore_keyrange_cut(fix.observe->key_ranges, 2, 2 * WIDTH, 3 * WIDTH - 1, 0.5, &cut));
    expect_near(load_at(3, 1), 1.2, 1e-6); /* its neighbours keep theirs */
}

static void memory_stops_growing(void **state)
{
    run(1, 200);
    size_t bytes = fore_observe_bytes(fix.observe);
    run(201, 4000);
    assert_int_equal(fore_observe_bytes(fix.observe), bytes);
}

static void equal_seeds_see_equal_things(void **state)
{
    run(1, 300);
    struct fore_keyrange_cut a, b;
    assert_true(fore_keyrange_cut(fix.observe->key_ranges, 0, 0, WIDTH - 1, 0.5, &a));
    (void)teardown(NULL);
    (void)setup(NULL);
    run(1, 300);
    assert_true(fore_keyrange_cut(fix.observe->key_ranges, 0, 0, WIDTH - 1, 0.5, &b));
    assert_true(a.at == b.at && a.right_share == b.right_share);
}

static void odd_steps_are_rounded_up(void **state)
{
    fore_observe_destroy(fix.observe);
    fix.options.window = 7 * FORE_SEC;
    fix.observe = fore_observe_create(&fix.options, &fix.topology, 7);
    const struct fore_history_shape *shape = fore_history_shape(fix.observe->history);
    assert_int_equal(shape->step[1], 63 * FORE_SEC);
    assert_int_equal(shape->step[2], 58 * 63 * FORE_SEC);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_first_window_is_the_present, setup, teardown),
        cmocka_unit_test_setup_teardown(averages_follow_with_their_span, setup, teardown),
        cmocka_unit_test_setup_teardown(what_has_faded_away_has_no_shares, setup, teardown),
        cmocka_unit_test_setup_teardown(windows_become_history, setup, teardown),
        cmocka_unit_test_setup_teardown(keys_reach_both_sketches, setup, teardown),
        cmocka_unit_test_setup_teardown(a_bad_window_changes_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(a_split_conserves_load_and_samples, setup, teardown),
        cmocka_unit_test_setup_teardown(columns_part_with_their_past_and_come_back, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_merge_adds_and_the_index_may_live_again, setup, teardown),
        cmocka_unit_test_setup_teardown(a_life_nobody_announced_starts_from_nothing, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(memory_stops_growing, setup, teardown),
        cmocka_unit_test_setup_teardown(equal_seeds_see_equal_things, setup, teardown),
        cmocka_unit_test_setup_teardown(odd_steps_are_rounded_up, setup, teardown),
    };
    return cmocka_run_group_tests_name("core/observe/observe", tests, NULL, NULL);
}
