/* Saved moves: what comes back, what is refused, and what a clock that began anew makes of times.
 */
#include "tests/support/near.h"
#include "tests/support/world.h"

#include "core/act/migrate.h"
#include "core/base/buf.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static struct world world;
static struct fore_act_options options;
static struct fore_migrate one, two;
static struct fore_buf bytes;
static struct fore_diag diag;
static const fore_ns then = 5000 * FORE_SEC;

static struct fore_migration sample(uint32_t partition, uint16_t source, uint16_t target)
{
    const struct fore_partition *p = &world.topology.partition[partition];
    return (struct fore_migration){
        .move = {.kind = FORE_MOVE_MOVE,
                 .partition = partition,
                 .other = FORE_PARTITION_NONE,
                 .source = source,
                 .target = target,
                 .bytes_per_sec_max = 1e6},
        .ticket = 40 + partition,
        .plan = 3,
        .state = FORE_MIGRATE_COPY,
        .phase = FORE_PHASE_COPYING,
        .began = then - 100 * FORE_SEC,
        .changed = then - 50 * FORE_SEC,
        .progressed = then - FORE_SEC,
        .bytes_done = 17,
        .bytes_total = 1000,
        .first = p->first,
        .last = p->last,
        .partition_new = FORE_PARTITION_NONE,
        .expected_s = 900,
        .before_p99_ms = 3.5,
        .before_util = 0.7,
        .gain = {.predicted_s = -3,                      .source_before = 0.7,                       .source_predicted = 0.6},
        .check = {.rest = 11,       .rows_rest = 12, .first = p->first,     .last = p->last, .taken = true},
        .throttled = true,
    };
}

static int begin(void **state)
{
    world_init(&world);
    memset(&diag, 0, sizeof diag);
    fore_option_defaults((struct fore_option_binding){&fore_act_section, &options}, &world.arena);
    fore_migrate_init(&one, &options, &world.arena, WORLD_NODES);
    fore_migrate_init(&two, &options, &world.arena, WORLD_NODES);
    one.migration[0] = sample(0, 0, 1);
    one.migration[1] = sample(9, 2, 3);
    one.migration[1].state = FORE_MIGRATE_WATCH;
    one.migration[1].phase = FORE_PHASE_DONE;
    one.migration[1].watch_until = then + 30 * FORE_SEC;
    one.migration[1].is_rollback = true;
    one.running = 2;
    one.counts.done[FORE_MOVE_SPLIT] = 6;
    one.counts.failed = 2;
    one.counts.bytes = 1e9;
    one.move_utilization = 0.11;
    return 0;
}

static int end(void **state)
{
    fore_buf_fini(&bytes);
    bytes = (struct fore_buf){0};
    world_fini(&world);
    return 0;
}

static enum fore_err load(fore_ns now)
{
    return fore_migrate_load(&two, &world.topology, bytes.data, bytes.len, now, &diag);
}

static void save(void)
{
    fore_buf_reset(&bytes);
    fore_migrate_save(&one, then, &bytes);
}

static void what_was_saved_comes_back(void **state)
{
    save();
    assert_int_equal(load(then + 7 * FORE_SEC), FORE_E_OK);
    assert_int_equal(two.running, 2);
    assert_true(two.adopts);
    const struct fore_migration *a = &two.migration[0], *b = &two.migration[1];
    assert_int_equal(a->move.kind, FORE_MOVE_MOVE);
    assert_int_equal(a->move.source, 0);
    assert_int_equal(a->move.target, 1);
    assert_int_equal(a->ticket, 40);
    assert_int_equal(a->state, FORE_MIGRATE_COPY);
    assert_int_equal(a->bytes_done, 17);
    assert_true(a->check.taken && a->check.rest == 11 && a->check.rows_rest == 12);
    assert_true(a->throttled && a->resumed && !a->is_rollback);
    assert_true(a->began == then - 100 * FORE_SEC);
    assert_true(a->progressed == then + 7 * FORE_SEC); /* the time it was away is no stall */
    expect_near(a->before_p99_ms, 3.5, 0);
    expect_near(a->gain.predicted_s, -3, 0);
    expect_near(a->gain.source_predicted, 0.6, 0);
    assert_int_equal(b->state, FORE_MIGRATE_WATCH);
    assert_true(b->is_rollback && b->watch_until == then + 30 * FORE_SEC);
    assert_int_equal(two.counts.done[FORE_MOVE_SPLIT], 6);
    assert_int_equal(two.counts.failed, 2);
    expect_near(two.counts.bytes, 1e9, 0);
    expect_near(two.move_utilization, 0.11, 0);
}

static void what_was_not_measured_stays_so(void **state)
{
    one.migration[0].before_p99_ms = NAN;
    save();
    assert_int_equal(load(then), FORE_E_OK);
    assert_true(isnan(two.migration[0].before_p99_ms));
}

static void under_a_new_clock_times_become_ages(void **state)
{
    save();
    assert_int_equal(load(200 * FORE_SEC), FORE_E_OK);
    assert_true(two.migration[0].began == 100 * FORE_SEC);
    assert_true(two.migration[0].changed == 150 * FORE_SEC);
    assert_true(two.migration[1].watch_until == 230 * FORE_SEC);
    fore_migrate_init(&two, &options, &world.arena, WORLD_NODES);
    assert_int_equal(load(FORE_SEC), FORE_E_OK);
    assert_true(two.migration[0].began == 0); /* older than the clock */
}

static void any_changed_or_missing_byte_is_refused(void **state)
{
    save();
    size_t whole = bytes.len;
    for (size_t at = 0; at < whole; at++) {
        bytes.data[at] ^= 1;
        assert_int_equal(load(then), FORE_E_FORMAT);
        bytes.data[at] ^= 1;
        bytes.len = at;
        assert_int_equal(load(then), FORE_E_FORMAT);
        bytes.len = whole;
        assert_int_equal(two.running, 0);
    }
    assert_true(diag.text[0] != '\0');
}

/* Framed with a right checksum, so that the parts are what is refused. */
static void refuse(const char *what)
{
    save();
    diag.text[0] = '\0';
    if (load(then) != FORE_E_FORMAT || two.running != 0 || diag.text[0] == '\0')
        fail_msg("%s was taken", what);
    (void)end(NULL);
    (void)begin(NULL);
}

static void what_does_not_fit_the_cluster_is_refused(void **state)
{
    one.migration[0].move.partition = WORLD_CAP;
    refuse("a partition that cannot be");
    one.migration[0].move.source = WORLD_NODES;
    refuse("a node that cannot be");
    one.migration[0].move.target = FORE_NODE_NONE;
    refuse("a copy to nowhere");
    one.migration[0].move.kind = FORE_MOVE_KINDS;
    refuse("a kind of move that cannot be");
    one.migration[0].state = FORE_MIGRATE_DONE;
    refuse("a move that is over");
    one.migration[0].phase = FORE_MOVE_PHASES;
    refuse("a phase that cannot be");
    one.migration[1].move.kind = FORE_MOVE_ADD_NODE;
    one.migration[1].move.partition = FORE_PARTITION_NONE;
    refuse("a node that is watched");
    one.migration[0].ticket = 0;
    refuse("a copy without a ticket");
    one.migration[0].ticket = one.migration[1].ticket;
    refuse("two moves with one ticket");
    one.migration[1] = one.migration[0];
    one.migration[1].ticket++;
    refuse("a partition in two moves");
    one.migration[0].move.split_right_share = 1.5;
    refuse("a share above one");
    one.migration[0].move.bytes_per_sec_max = -1;
    refuse("a rate below zero");
    one.migration[0].expected_s = -7;
    refuse("a duration below zero");
    one.move_utilization = 2;
    refuse("a utilisation above one");
    one.running = 0;
    one.counts.bytes = NAN;
    refuse("no number of bytes");
}

static void more_moves_than_there_is_room_for_are_refused(void **state)
{
    save();
    two.cap = 1;
    assert_int_equal(load(then), FORE_E_FORMAT);
    assert_non_null(strstr(diag.text, "moves_max"));
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        T(what_was_saved_comes_back),
        T(what_was_not_measured_stays_so),
        T(under_a_new_clock_times_become_ages),
        T(any_changed_or_missing_byte_is_refused),
        T(what_does_not_fit_the_cluster_is_refused),
        T(more_moves_than_there_is_room_for_are_refused),
    };
    return cmocka_run_group_tests_name("core/act: saved moves", tests, NULL, NULL);
}
