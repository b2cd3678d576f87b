/* Moves that wait for another one: when they begin, what they act on, and with whom they fall. The
 * cluster is the fake, so that every copy has a ticket and a fate of its own. */
#include "tests/support/fake_driver.h"

#include "core/act/migrate.h"
#include "core/base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { NODES = 4 };

static struct fake *fake;
static struct fore_arena arena;
static struct fore_act_options act;
static struct fore_observe *observe;
static struct fore_migrate migrate;
static struct fore_alerts alerts;
static struct fore_plan plan;
static struct fore_diag diag;
static fore_ns now;
static char why[200], last_note[200];
static uint32_t cancelled_seen;

static void put(void *self, fore_ns at, enum fore_event_kind kind, const void *body, size_t len)
{
    struct fore_event_move event;
    if (kind != FORE_EV_MOVE) return;
    memcpy(&event, body, sizeof event);
    if (event.state != FORE_MIGRATE_CANCELLED) return;
    cancelled_seen++;
    strncpy(last_note, (const char *)body + sizeof event, sizeof last_note - 1);
}
static const struct fore_sink sink = {.put = put};

static void be_born(void)
{
    fore_migrate_init(&migrate, &act, &arena, NODES);
    fore_alert_init(&alerts, &arena, 64, 3600 * FORE_SEC);
}

static int begin(void **state)
{
    struct fore_observe_options options;
    fore_arena_init(&arena);
    fake = fake_create(NULL); /* partition p on node p % 4 */
    fore_option_defaults((struct fore_option_binding){&fore_act_section, &act}, &arena);
    fore_option_defaults((struct fore_option_binding){&fore_observe_section, &options}, &arena);
    observe = fore_observe_create(&options, &fake->topology, 1);
    act.watch = 20 * FORE_SEC;
    now = 1000 * FORE_SEC;
    be_born();
    plan = (struct fore_plan){.id = 5, .epoch = fake->topology.epoch};
    last_note[0] = '\0';
    cancelled_seen = 0;
    return 0;
}

static int end(void **state)
{
    fore_observe_destroy(observe);
    fake_destroy(fake);
    fore_arena_fini(&arena);
    return 0;
}

static struct fore_plan_move *add(enum fore_move_kind kind, uint32_t p, uint16_t to, uint32_t after)
{
    struct fore_plan_move *m = &plan.move[plan.move_count++];
    const struct fore_partition *part = &fake->topology.partition[p];
    *m = (struct fore_plan_move){
        .move = {.kind = kind,
                 .partition = p,
                 .other = FORE_PARTITION_NONE,
                 .source = part->replica[0],
                 .target = to,
                 .split_right_share = 0.5},
        .duration_s = 10,
        .after = after
    };
    m->move.split_at = part->first + 1 + (part->last - part->first) / 2;
    return m;
}

static void merge_after(uint32_t left, uint32_t after)
{
    struct fore_plan_move *m = add(FORE_MOVE_MERGE, left, FORE_NODE_NONE, after);
    m->move.other = left + 1;
    m->move.source = FORE_NODE_NONE;
}

static uint32_t admit(void)
{
    return fore_migrate_admit(&migrate, &plan, &fake->topology, fake_driver(fake), observe, now,
                              why, sizeof why);
}

static void tick(void)
{
    struct fore_migrate_change change[8];
    fake_advance(fake, FORE_SEC);
    now += FORE_SEC;
    (void)fore_migrate_tick(&migrate, fake_driver(fake), observe, &alerts, sink, now, change,
                            FORE_COUNTOF(change));
}

static void ticks(int count)
{
    while (count-- > 0)
        tick();
}

static void the_new_part_of_a_split_is_moved_once_it_is_there(void **state)
{
    add(FORE_MOVE_SPLIT, 0, 1, 0);
    add(FORE_MOVE_MOVE, 0, 3, 1)->on_new = true;
    assert_int_equal(admit(), 2);
    uint8_t slots[NODES];
    (void)fore_migrate_slots(&migrate, NODES, slots);
    assert_int_equal(slots[0], 0); /* kept for the move while the split goes on */
    assert_int_equal(slots[3], 0);
    tick();
    assert_int_equal(migrate.counts.done[FORE_MOVE_SPLIT], 1);
    assert_int_equal(migrate.migration[migrate.running - 1].move.partition, 8);
    assert_false(fore_topology_hosts(&fake->topology, 8, 3));
    ticks(60);
    assert_int_equal(migrate.running, 0);
    assert_int_equal(migrate.counts.done[FORE_MOVE_MOVE], 1);
    assert_true(fore_topology_hosts(&fake->topology, 8, 3));
    assert_true(fore_topology_hosts(&fake->topology, 0, 0));
    assert_true(fake_is_sound(fake));
}

static void a_merge_waits_for_its_neighbour_to_come(void **state)
{
    add(FORE_MOVE_MOVE, 3, 2, 0);
    merge_after(2, 1);
    assert_int_equal(admit(), 2);
    ticks(3);
    assert_int_equal(migrate.migration[1].state, FORE_MIGRATE_QUEUED);
    assert_true(fore_migrate_partition_busy(&migrate, 2));
    assert_true(fore_migrate_due_bound_s(&migrate, &migrate.migration[1], now) >
                fore_migrate_due_s(&migrate.migration[0], now));
    ticks(60);
    assert_int_equal(migrate.counts.done[FORE_MOVE_MERGE], 1);
    assert_false(fake->topology.partition[3].alive);
    assert_true(fake_is_sound(fake));
}

static void it_falls_with_a_leader_that_fails(void **state)
{
    add(FORE_MOVE_MOVE, 3, 2, 0);
    merge_after(2, 1);
    assert_int_equal(admit(), 2);
    ticks(2);
    fake_fail(fake, migrate.migration[0].ticket);
    tick();
    assert_int_equal(migrate.running, 0);
    assert_int_equal(migrate.counts.failed, 1);
    assert_int_equal(migrate.counts.cancelled, 1);
    assert_int_equal(cancelled_seen, 1);
    assert_string_equal(last_note, "it was to follow the move of p3, which is failed");
    assert_true(fake->topology.partition[3].alive);
}

static void a_whole_chain_falls_with_a_leader_that_is_cancelled(void **state)
{
    add(FORE_MOVE_MOVE, 3, 2, 0);
    merge_after(2, 1);
    add(FORE_MOVE_MOVE, 2, 1, 2);
    assert_int_equal(admit(), 3);
    ticks(2);
    fore_migrate_cancel(&migrate, fake_driver(fake), migrate.migration[0].ticket, "asked", sink,
                        now);
    assert_int_equal(migrate.running, 0);
    assert_int_equal(migrate.counts.cancelled, 3);
    assert_string_equal(last_note, "it was to follow the merge of p2, which is cancelled");
}

static void copies_that_are_abandoned_take_what_waits_along(void **state)
{
    add(FORE_MOVE_MOVE, 3, 2, 0);
    merge_after(2, 1);
    assert_int_equal(admit(), 2);
    ticks(2);
    assert_int_equal(fore_migrate_cancel_copies(&migrate, fake_driver(fake), "quiet", sink, now),
                     1);
    assert_int_equal(migrate.running, 0);
    assert_int_equal(migrate.counts.cancelled, 2);
}

/* The node of the first move suffers and its old one has room: it is taken back. */
static void regret(uint16_t source, uint16_t target)
{
    observe->node[source].utilization = 0.3;
    observe->node[target].utilization = 0.99;
    observe->node[target].slow_share = 0.5;
}

static void it_falls_with_a_leader_that_is_rolled_back(void **state)
{
    observe->node[0].utilization = 0.8;
    add(FORE_MOVE_MOVE, 0, 1, 0);
    add(FORE_MOVE_MOVE, 2, 3, 1);
    assert_int_equal(admit(), 2);
    plan.move_count = 0;
    add(FORE_MOVE_MOVE, 6, 3, 0)->duration_s = 1000; /* takes the slots that the second waits for */
    assert_int_equal(admit(), 1);
    tick();
    assert_int_equal(fore_migrate_pause(&migrate, fake_driver(fake), migrate.migration[2].ticket,
                                        true, "", sink, now),
                     FORE_E_OK);
    regret(0, 1);
    ticks(60);
    assert_int_equal(migrate.counts.rolled_back, 1);
    assert_int_equal(migrate.counts.cancelled, 1);
    assert_string_equal(last_note, "it was to follow the move of p0, which is rolled-back");
    assert_true(fore_topology_hosts(&fake->topology, 2, 2));
}

static void a_leader_that_has_been_followed_is_not_taken_back_alone(void **state)
{
    observe->node[0].utilization = 0.8;
    add(FORE_MOVE_MOVE, 0, 1, 0);
    add(FORE_MOVE_MOVE, 2, 3, 1);
    assert_int_equal(admit(), 2);
    regret(0, 1);
    ticks(80);
    assert_int_equal(migrate.counts.rolled_back, 0);
    assert_int_equal(migrate.counts.done[FORE_MOVE_MOVE], 2);
}

static struct fore_buf bytes;

static enum fore_err save_and_load(void)
{
    fore_buf_reset(&bytes);
    fore_migrate_save(&migrate, now, &bytes);
    be_born();
    return fore_migrate_load(&migrate, &fake->topology, bytes.data, bytes.len, now, &diag);
}

/* Partition 0 goes to node 1, where 1 makes room for it; the copies take a second. */
static void swap(void)
{
    migrate.utilization_limit = 0.8;
    add(FORE_MOVE_MOVE, 0, 1, 0);
    add(FORE_MOVE_MOVE, 1, 0, 1);
    assert_int_equal(admit(), 2);
    ticks(4);
    assert_int_equal(migrate.migration[0].state, FORE_MIGRATE_WATCH);
    assert_int_equal(fore_migrate_pause(&migrate, fake_driver(fake), migrate.migration[1].ticket,
                                        true, "", sink, now),
                     FORE_E_OK);
}

static void the_watch_of_a_swaps_first_half_lasts_until_the_second_is_done(void **state)
{
    swap();
    ticks(60); /* act.watch is 20 */
    assert_int_equal(migrate.migration[0].state, FORE_MIGRATE_WATCH);
    assert_int_equal(fore_migrate_pause(&migrate, fake_driver(fake), migrate.migration[1].ticket,
                                        false, "", sink, now),
                     FORE_E_OK);
    ticks(60);
    assert_int_equal(migrate.running, 0);
    assert_int_equal(migrate.counts.done[FORE_MOVE_MOVE], 2);
    assert_int_equal(migrate.counts.rolled_back, 0);
}

static void a_first_half_left_alone_goes_back_from_a_node_that_is_too_full(void **state)
{
    swap();
    observe->node[1].utilization = 0.95;
    fore_migrate_cancel(&migrate, fake_driver(fake), migrate.migration[1].ticket, "asked", sink,
                        now);
    assert_int_equal(save_and_load(), FORE_E_OK); /* and a restart forgets nothing of it */
    migrate.utilization_limit = 0.8;
    assert_true(migrate.migration[0].alone);
    ticks(60);
    assert_int_equal(migrate.counts.rolled_back, 1);
    assert_true(fore_topology_hosts(&fake->topology, 0, 0));
    assert_true(fake_is_sound(fake));
    fore_buf_fini(&bytes);
    bytes = (struct fore_buf){0};
}

static void it_stays_where_there_is_room_or_nothing_better(void **state)
{
    swap();
    observe->node[1].utilization = 0.7;
    fake_fail(fake, migrate.migration[1].ticket);
    ticks(60);
    assert_int_equal(migrate.counts.rolled_back, 0);
    (void)end(NULL);
    (void)begin(NULL);
    swap();
    observe->node[1].utilization = 0.95;
    observe->node[0].utilization = 0.94;
    fake_fail(fake, migrate.migration[1].ticket);
    ticks(60);
    assert_int_equal(migrate.counts.rolled_back, 0);
}

static void nothing_goes_back_in_a_quiet_time(void **state)
{
    swap();
    observe->node[1].utilization = 0.95;
    assert_int_equal(fore_migrate_cancel_copies(&migrate, fake_driver(fake), "quiet", sink, now),
                     1);
    ticks(60);
    assert_int_equal(migrate.counts.rolled_back, 0);
    assert_int_equal(migrate.counts.done[FORE_MOVE_MOVE], 1);
}

static void no_slot_is_waited_for_for_ever(void **state)
{
    act.stall_max = 30 * FORE_SEC;
    be_born();
    add(FORE_MOVE_MOVE, 0, 1, 0);
    add(FORE_MOVE_MOVE, 2, 3, 1);
    assert_int_equal(admit(), 2);
    plan.move_count = 0;
    add(FORE_MOVE_MOVE, 6, 3, 0);
    assert_int_equal(admit(), 1);
    tick();
    assert_int_equal(fore_migrate_pause(&migrate, fake_driver(fake), migrate.migration[2].ticket,
                                        true, "", sink, now),
                     FORE_E_OK);
    ticks(80);
    assert_int_equal(migrate.counts.cancelled, 1);
    assert_string_equal(last_note, "no slot has come free for it");
    assert_int_equal(migrate.running, 1);
}

static void a_chain_is_taken_whole_or_not_at_all(void **state)
{
    add(FORE_MOVE_MOVE, 7, 2, 0); /* node 3 and node 2 are busy then */
    add(FORE_MOVE_SPLIT, 0, 1, 0);
    add(FORE_MOVE_MOVE, 0, 3, 2)->on_new = true;
    assert_int_equal(admit(), 1);
    assert_string_equal(why, "move p0: node cap");
    assert_int_equal(migrate.running, 1);
    assert_int_equal(migrate.migration[0].move.partition, 7);
}

static void chains_that_make_no_sense_are_refused(void **state)
{
    add(FORE_MOVE_MOVE, 0, 1, 1);
    assert_int_equal(admit(), 0);
    assert_non_null(strstr(why, "does not stand before it"));
    plan.move_count = 0;
    add(FORE_MOVE_MOVE, 0, 1, 0)->on_new = true;
    assert_int_equal(admit(), 0);
    assert_non_null(strstr(why, "nothing makes"));
    plan.move_count = 0;
    add(FORE_MOVE_MOVE, 0, 1, 0);
    add(FORE_MOVE_MOVE, 0, 2, 1)->on_new = true;
    assert_int_equal(admit(), 0);
    assert_non_null(strstr(why, "does not make"));
    assert_int_equal(migrate.running, 0);
}

static void what_waits_is_saved_and_goes_on_after_a_restart(void **state)
{
    add(FORE_MOVE_MOVE, 3, 2, 0);
    merge_after(2, 1);
    assert_int_equal(admit(), 2);
    ticks(2);
    assert_int_equal(save_and_load(), FORE_E_OK);
    assert_true(migrate.migration[1].waits);
    assert_int_equal(migrate.migration[1].leader, migrate.migration[0].id);
    ticks(60);
    assert_int_equal(migrate.counts.done[FORE_MOVE_MERGE], 1);
    assert_int_equal(migrate.counts.done[FORE_MOVE_MOVE], 1);
    fore_buf_fini(&bytes);
    bytes = (struct fore_buf){0};
}

static void refuse(const char *what)
{
    if (save_and_load() != FORE_E_FORMAT) fail_msg("%s was taken", what);
    (void)end(NULL);
    (void)begin(NULL);
    add(FORE_MOVE_SPLIT, 0, 1, 0);
    add(FORE_MOVE_MOVE, 0, 3, 1)->on_new = true;
    assert_int_equal(admit(), 2);
}

static void saved_chains_that_make_no_sense_are_refused(void **state)
{
    add(FORE_MOVE_SPLIT, 0, 1, 0);
    add(FORE_MOVE_MOVE, 0, 3, 1)->on_new = true;
    assert_int_equal(admit(), 2);
    migrate.migration[1].leader = 0;
    refuse("one that waits for nobody");
    migrate.migration[1].leader = 2;
    refuse("one that waits for itself");
    migrate.migration[0].id = 7;
    refuse("a number that was not given out");
    migrate.migration[1].waits = false;
    refuse("a partition that is to come and not waited for");
    migrate.migration[0].move.kind = FORE_MOVE_MERGE;
    migrate.migration[0].move.other = 1;
    refuse("a part that no move makes");
    migrate.migration[1].id = 1;
    refuse("two moves of one number");
    fore_buf_fini(&bytes);
    bytes = (struct fore_buf){0};
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        T(the_new_part_of_a_split_is_moved_once_it_is_there),
        T(a_merge_waits_for_its_neighbour_to_come),
        T(it_falls_with_a_leader_that_fails),
        T(a_whole_chain_falls_with_a_leader_that_is_cancelled),
        T(copies_that_are_abandoned_take_what_waits_along),
        T(it_falls_with_a_leader_that_is_rolled_back),
        T(a_leader_that_has_been_followed_is_not_taken_back_alone),
        T(the_watch_of_a_swaps_first_half_lasts_until_the_second_is_done),
        T(a_first_half_left_alone_goes_back_from_a_node_that_is_too_full),
        T(it_stays_where_there_is_room_or_nothing_better),
        T(nothing_goes_back_in_a_quiet_time),
        T(no_slot_is_waited_for_for_ever),
        T(a_chain_is_taken_whole_or_not_at_all),
        T(chains_that_make_no_sense_are_refused),
        T(what_waits_is_saved_and_goes_on_after_a_restart),
        T(saved_chains_that_make_no_sense_are_refused),
    };
    return cmocka_run_group_tests_name("core/act: moves bound to others", tests, NULL, NULL);
}
