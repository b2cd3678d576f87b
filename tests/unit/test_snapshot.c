#include "core/act/migrate.h"
#include "core/base/buf.h"
#include "core/base/rng.h"
#include "core/cluster/driver.h"
#include "core/cluster/snapshot.h"
#include "tests/support/fake_driver.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* snapshot.c lies below act and knows these by number. */
_Static_assert(FORE_MIGRATE_DONE == 7 && FORE_MIGRATE_CANCELLED == 8 && FORE_MIGRATE_FAILED == 9 &&
                   FORE_MIGRATE_ROLLED_BACK == 10 && FORE_MIGRATE_STATES == 11,
               "part of the journal format");

struct world {
    struct fake *fake;
    struct fore_snapshot snapshot;
    struct fore_buf keyframe;
};

static int set_up(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    if (w == NULL) return 1;
    w->fake = fake_create(NULL); /* 4 nodes, 8 partitions of 2^20 positions */
    fore_snapshot_init(&w->snapshot);
    fore_event_keyframe_build(&w->fake->topology, &w->keyframe);
    *state = w;
    return !fore_snapshot_fold(&w->snapshot, 100, FORE_EV_KEYFRAME, w->keyframe.data,
                               w->keyframe.len);
}

static int tear_down(void **state)
{
    struct world *w = *state;
    fore_snapshot_fini(&w->snapshot);
    fore_buf_fini(&w->keyframe);
    fake_destroy(w->fake);
    free(w);
    return 0;
}

static void expect_same_topology(const struct fore_topology *a, const struct fore_topology *b)
{
    assert_int_equal(a->node_count, b->node_count);
    assert_int_equal(a->partition_count, b->partition_count);
    assert_int_equal(a->alive_count, b->alive_count);
    assert_true(a->epoch == b->epoch);
    for (uint32_t n = 0; n < a->node_count; n++) {
        assert_string_equal(a->node[n].name, b->node[n].name);
        assert_int_equal(a->node[n].up, b->node[n].up);
    }
    for (uint32_t i = 0; i < a->partition_count; i++) {
        const struct fore_partition *p = &a->partition[i], *q = &b->partition[i];
        assert_int_equal(p->alive, q->alive);
        if (!p->alive) continue;
        assert_true(p->first == q->first && p->last == q->last);
        assert_int_equal(p->generation, q->generation);
        assert_int_equal(p->replica_count, q->replica_count);
        for (uint32_t r = 0; r < p->replica_count; r++)
            assert_int_equal(p->replica[r], q->replica[r]);
        assert_int_equal(fore_topology_find(a, p->first), fore_topology_find(b, p->first));
    }
}

static void a_keyframe_gives_the_topology(void **state)
{
    struct world *w = *state;
    assert_true(w->snapshot.has_topology);
    assert_true(w->snapshot.now == 100);
    expect_same_topology(&w->snapshot.topology, &w->fake->topology);
    assert_true(w->snapshot.topology.node[2].cores == 2.0);
    assert_string_equal(w->snapshot.topology.table[0].name, "t");
}

static bool fold_change(struct world *w, struct fore_event_topology event)
{
    event.epoch = w->fake->topology.epoch;
    return fore_snapshot_fold(&w->snapshot, 200, FORE_EV_TOPOLOGY, &event, sizeof event);
}

static void changes_are_followed(void **state)
{
    struct world *w = *state;
    struct fore_topology *t = &w->fake->topology;
    uint32_t right = 0;
    assert_int_equal(fore_topology_split(t, 3, (3 << 20) + 5, 0.25, &right), FORE_E_OK);
    assert_true(fold_change(w, (struct fore_event_topology){.kind = FORE_MOVE_SPLIT,
                                                            .partition = 3,
                                                            .other = right,
                                                            .split_at = (3 << 20) + 5,
                                                            .right_share = 0.25f}));
    assert_int_equal(fore_topology_move(t, 3, 3, 0), FORE_E_OK);
    assert_true(fold_change(
        w, (struct fore_event_topology){.kind = FORE_MOVE_MOVE, .partition = 3, .source = 3}));
    assert_int_equal(fore_topology_add_replica(t, right, 1), FORE_E_OK);
    assert_true(fold_change(w, (struct fore_event_topology){.kind = FORE_MOVE_ADD_REPLICA,
                                                            .partition = right,
                                                            .target = 1}));
    assert_int_equal(fore_topology_drop_replica(t, right, 3), FORE_E_OK);
    assert_true(fold_change(w, (struct fore_event_topology){.kind = FORE_MOVE_DROP_REPLICA,
                                                            .partition = right,
                                                            .source = 3}));
    assert_int_equal(fore_topology_move(t, right, 1, 0), FORE_E_OK);
    assert_true(fold_change(
        w, (struct fore_event_topology){.kind = FORE_MOVE_MOVE, .partition = right, .source = 1}));
    expect_same_topology(&w->snapshot.topology, t);
    assert_int_equal(fore_topology_merge(t, 3, right), FORE_E_OK);
    assert_true(fold_change(
        w, (struct fore_event_topology){.kind = FORE_MOVE_MERGE, .partition = 3, .other = right}));
    expect_same_topology(&w->snapshot.topology, t);
}

static void a_change_older_than_the_keyframe_is_not_made_twice(void **state)
{
    struct world *w = *state;
    struct fore_event_topology move = {.kind = FORE_MOVE_MOVE, .source = 0, .target = 1};
    assert_true(fold_change(w, move));
    assert_int_equal(w->snapshot.topology.partition[0].replica[0], 0);
}

static void changes_that_cannot_be_are_ignored(void **state)
{
    struct world *w = *state;
    w->fake->topology.epoch += 10;
    struct fore_event_topology bad[] = {
        {.kind = FORE_MOVE_KINDS },
        {.kind = 255             },
        {.kind = FORE_MOVE_MOVE,   .partition = 8},
        {.kind = FORE_MOVE_MOVE,                        .partition = UINT32_MAX},
        {.kind = FORE_MOVE_MOVE,.source = 1, .target = 2},
        {.kind = FORE_MOVE_MOVE,   .target = 9},
        {.kind = FORE_MOVE_SPLIT,             .split_at = 0},
        {.kind = FORE_MOVE_MERGE,   .other = 1},
        {.kind = FORE_MOVE_DROP_REPLICA                       },
    };
    for (size_t i = 0; i < FORE_COUNTOF(bad); i++)
        assert_false(fold_change(w, bad[i]));
    w->fake->topology.epoch = w->snapshot.topology.epoch;
    expect_same_topology(&w->snapshot.topology, &w->fake->topology);
    assert_true(w->snapshot.now == 100);
}

static void more_splits_than_there_was_room_for_are_followed(void **state)
{
    struct world *w = *state;
    uint32_t cap = w->snapshot.topology.partition_cap;
    w->snapshot.score[2].at = 7;
    for (uint64_t i = 1; i <= 3 * cap; i++) {
        w->fake->topology.epoch++;
        assert_true(fold_change(w, (struct fore_event_topology){.kind = FORE_MOVE_SPLIT,
                                                                .partition = 0,
                                                                .split_at = (1 << 20) - i,
                                                                .right_share = 0.1f}));
    }
    assert_int_equal(w->snapshot.topology.alive_count, 8 + 3 * cap);
    assert_int_equal(fore_topology_check(&w->snapshot.topology, NULL), FORE_E_OK);
    assert_int_equal(w->snapshot.score[2].at, 7);
    assert_string_equal(w->snapshot.topology.node[1].name, "node-b");
}

static void load_stays_with_a_keyframe_and_goes_with_the_next_window(void **state)
{
    struct world *w = *state;
    struct fore_snapshot *s = &w->snapshot;
    struct fore_event_partition_load load[] = {
        {.partition = 2,          .load_cores = 0.5f },
        {.partition = 7,          .load_cores = 0.25f},
        {.partition = 8,          .load_cores = 9.0f },
        {.partition = UINT32_MAX, .load_cores = 9.0f }
    };
    struct fore_event_node_load node[4] = {{.utilization = 0.1f}, {.utilization = 0.9f}};
    assert_true(fore_snapshot_fold(s, 300, FORE_EV_PARTITION_LOAD, load, sizeof load));
    assert_true(fore_snapshot_fold(s, 300, FORE_EV_NODE_LOAD, node, sizeof node));
    assert_false(fore_snapshot_fold(s, 300, FORE_EV_NODE_LOAD, node, sizeof node - 1));
    assert_true(fore_snapshot_fold(s, 301, FORE_EV_KEYFRAME, w->keyframe.data, w->keyframe.len));
    assert_true(s->partition_load[2].load_cores == 0.5f);
    assert_true(s->partition_load[8].load_cores == 0.0f);
    assert_true(s->node_load[1].utilization == 0.9f);
    assert_true(fore_snapshot_fold(s, 400, FORE_EV_PARTITION_LOAD, &load[1], sizeof load[1]));
    assert_true(s->partition_load[2].load_cores == 0.0f);
    assert_true(s->partition_load[7].load_cores == 0.25f);
    assert_int_equal(s->partition_load[2].partition, 2);
}

static bool fold_move(struct world *w, fore_ns at, struct fore_event_move move, const char *note)
{
    struct fore_buf body = {0};
    fore_buf_append(&body, &move, sizeof move);
    fore_buf_append(&body, note, strlen(note) + 1);
    bool folded = fore_snapshot_fold(&w->snapshot, at, FORE_EV_MOVE, body.data, body.len);
    fore_buf_fini(&body);
    return folded;
}

static void a_move_is_one_entry_from_queue_to_end(void **state)
{
    struct world *w = *state;
    struct fore_snapshot *s = &w->snapshot;
    struct fore_event_move move = {
        .plan = 4, .partition = 1, .source = 1, .target = 2, .state = FORE_MIGRATE_QUEUED};
    assert_true(fold_move(w, 10, move, "queued"));
    move.ticket = 9;
    move.state = FORE_MIGRATE_COPY;
    move.bytes_done = 100;
    assert_true(fold_move(w, 20, move, ""));
    move.bytes_done = 250;
    move.state = FORE_MIGRATE_DONE;
    assert_true(fold_move(w, 30, move, "as predicted"));
    assert_true(fold_move(w, 40, move, "as predicted"));
    assert_int_equal(s->move_count, 1);
    assert_int_equal(s->move[0].move.ticket, 9);
    assert_true(s->move[0].ended_ns == 30);
    assert_true(s->move[0].changed_ns == 40);
    assert_string_equal(s->move[0].note, "as predicted");
    assert_int_equal(s->moves_done, 1);
    assert_true(s->bytes_moved == 250.0);

    move.ticket = 10;
    move.state = FORE_MIGRATE_ROLLED_BACK;
    assert_true(fold_move(w, 50, move, ""));
    move.ticket = 11;
    move.state = FORE_MIGRATE_FAILED;
    assert_true(fold_move(w, 50, move, ""));
    move.ticket = 12;
    move.state = FORE_MIGRATE_CANCELLED;
    assert_true(fold_move(w, 50, move, ""));
    assert_int_equal(s->move_count, 4);
    assert_int_equal(s->moves_rolled_back, 1);
    assert_int_equal(s->moves_failed, 1);
    assert_int_equal(s->moves_cancelled, 1);
}

static void the_oldest_moves_are_forgotten_first(void **state)
{
    struct world *w = *state;
    for (uint64_t i = 1; i <= FORE_SNAPSHOT_MOVES + 10; i++)
        assert_true(fold_move(w, i, (struct fore_event_move){.ticket = i}, ""));
    assert_int_equal(w->snapshot.move_count, FORE_SNAPSHOT_MOVES);
    assert_int_equal(w->snapshot.move[0].move.ticket, 11);
    assert_int_equal(w->snapshot.move[FORE_SNAPSHOT_MOVES - 1].move.ticket,
                     FORE_SNAPSHOT_MOVES + 10);
}

static void moves_that_cannot_be_drawn_are_ignored(void **state)
{
    struct world *w = *state;
    assert_false(fold_move(w, 1, (struct fore_event_move){.kind = FORE_MOVE_KINDS}, ""));
    assert_false(fold_move(w, 1, (struct fore_event_move){.phase = FORE_MOVE_PHASES}, ""));
    assert_false(fold_move(w, 1, (struct fore_event_move){.state = FORE_MIGRATE_STATES}, ""));
    assert_false(fold_move(w, 1, (struct fore_event_move){.partition = 1u << 30}, ""));
    assert_false(fold_move(w, 1, (struct fore_event_move){.source = 4}, ""));
    assert_false(fold_move(w, 1, (struct fore_event_move){.target = 400}, ""));
    assert_true(fold_move(w, 1, (struct fore_event_move){.target = FORE_NODE_NONE}, ""));
}

static void scores_alerts_plans_and_faults_are_kept(void **state)
{
    struct world *w = *state;
    struct fore_snapshot *s = &w->snapshot;
    struct {
        struct fore_event_score score;
        char reason[4];
    } score = {
        .score = {.partition = 5, .rrs = 0.75f, .node = 1},
          .reason = { 'h',           'o',          't',       '!'}
    };
    assert_true(fore_snapshot_fold(s, 5, FORE_EV_SCORE, &score, sizeof score.score + 4));
    assert_true(s->score[5].at == 5 && s->score[5].score.rrs == 0.75f);
    assert_string_equal(s->score[5].reason, "hot!"); /* although its NUL was missing */
    score.score.partition = 8;
    assert_false(fore_snapshot_fold(s, 5, FORE_EV_SCORE, &score, sizeof score));
    score.score.partition = 5;
    score.score.node = 77;
    assert_false(fore_snapshot_fold(s, 5, FORE_EV_SCORE, &score, sizeof score));

    struct fore_event_alert alert = {.severity = 2};
    for (uint8_t i = 0; i < FORE_SNAPSHOT_ALERTS + 3; i++) {
        alert.code = i;
        assert_true(fore_snapshot_fold(s, i, FORE_EV_ALERT, &alert, sizeof alert));
    }
    assert_int_equal(s->alert_total, FORE_SNAPSHOT_ALERTS + 3);
    const struct fore_snapshot_alert *newest =
        &s->alert[(s->alert_total - 1) % FORE_SNAPSHOT_ALERTS];
    assert_int_equal(newest->alert.code, FORE_SNAPSHOT_ALERTS + 2);
    struct fore_event_resolved over = {.severity = 2, .code = FORE_SNAPSHOT_ALERTS + 2};
    over.node = 1; /* another one's */
    assert_true(fore_snapshot_fold(s, 7, FORE_EV_RESOLVED, &over, sizeof over));
    assert_true(newest->resolved_ns == 0);
    over.node = 0;
    assert_true(fore_snapshot_fold(s, 8, FORE_EV_RESOLVED, &over, sizeof over));
    assert_true(newest->resolved_ns == 8);
    assert_false(fore_snapshot_fold(s, 8, FORE_EV_RESOLVED, &over, sizeof over - 1));

    struct fore_event_plan plan = {.admitted = 1};
    assert_true(fore_snapshot_fold(s, 6, FORE_EV_PLAN, &plan, sizeof plan));
    plan.admitted = 0;
    assert_true(fore_snapshot_fold(s, 6, FORE_EV_PLAN, &plan, sizeof plan));
    assert_int_equal(s->plans_admitted, 1);
    assert_int_equal(s->plans_refused, 1);

    struct fore_event_fault fault = {.node = 2, .up = 0};
    assert_true(fore_snapshot_fold(s, 6, FORE_EV_FAULT, &fault, sizeof fault));
    assert_false(s->topology.node[2].up);
    fault.node = 4;
    assert_false(fore_snapshot_fold(s, 6, FORE_EV_FAULT, &fault, sizeof fault));
}

static void unknown_kinds_and_short_payloads_are_told(void **state)
{
    struct world *w = *state;
    static const uint8_t zeros[4096];
    assert_false(fore_snapshot_fold(&w->snapshot, 1, (enum fore_event_kind)0, zeros, 100));
    assert_false(fore_snapshot_fold(&w->snapshot, 1, (enum fore_event_kind)40, zeros, 100));
    assert_false(fore_snapshot_fold(&w->snapshot, 1, (enum fore_event_kind)60000, zeros, 100));
    static const enum fore_event_kind fixed[] = {
        FORE_EV_KEYFRAME, FORE_EV_CLUSTER_LOAD, FORE_EV_HOT_KEY,  FORE_EV_FORECAST, FORE_EV_SCORE,
        FORE_EV_PLAN,     FORE_EV_MOVE,         FORE_EV_TOPOLOGY, FORE_EV_FAULT,    FORE_EV_ALERT};
    for (size_t i = 0; i < FORE_COUNTOF(fixed); i++)
        assert_false(fore_snapshot_fold(&w->snapshot, 1, fixed[i], zeros, 3));
    assert_true(fore_snapshot_fold(&w->snapshot, 1, FORE_EV_NOTE, NULL, 0));
    struct fore_event_cluster_load load[2] = {{.requests = 5}, {.requests = 6}};
    assert_true(fore_snapshot_fold(&w->snapshot, 1, FORE_EV_CLUSTER_LOAD, load, sizeof load));
    assert_int_equal(w->snapshot.cluster.requests, 5); /* a newer minor's longer struct */
}

static void without_a_keyframe_there_is_nothing_to_index(void **state)
{
    static const uint8_t zeros[4096];
    struct fore_snapshot s;
    fore_snapshot_init(&s);
    for (int kind = 1; kind < 20; kind++)
        (void)fore_snapshot_fold(&s, 1, (enum fore_event_kind)kind, zeros, sizeof zeros);
    assert_false(s.has_topology);
    assert_int_equal(s.move_count, 0);
    fore_snapshot_fini(&s);
}

static void a_keyframe_that_cannot_be_a_topology_is_refused_whole(void **state)
{
    struct world *w = *state;
    char *bytes = w->keyframe.data;
    size_t len = w->keyframe.len;
    for (size_t cut = 0; cut < len; cut++)
        assert_false(fore_snapshot_fold(&w->snapshot, 900, FORE_EV_KEYFRAME, bytes, cut));
    struct fore_rng rng = fore_rng_stream(11, "snapshot-bytes", 0);
    for (int i = 0; i < 20000; i++) { /* a few bytes at random: refused, or another topology */
        struct fore_buf bent = {0};
        fore_buf_append(&bent, bytes, len);
        for (uint32_t n = 1 + fore_rng_below(&rng, 3); n > 0; n--) {
            uint32_t where = fore_rng_below(&rng, (uint32_t)len);
            bent.data[where] = (char)fore_rng_u32(&rng);
        }
        if (fore_snapshot_fold(&w->snapshot, 900, FORE_EV_KEYFRAME, bent.data, bent.len))
            assert_int_equal(fore_topology_check(&w->snapshot.topology, NULL), FORE_E_OK);
        fore_buf_fini(&bent);
    }
    memset(bytes + 8, 0xff, 12); /* counts beyond all bounds */
    assert_false(fore_snapshot_fold(&w->snapshot, 900, FORE_EV_KEYFRAME, bytes, len));
    assert_true(w->snapshot.has_topology);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        TEST(a_keyframe_gives_the_topology),
        TEST(changes_are_followed),
        TEST(a_change_older_than_the_keyframe_is_not_made_twice),
        TEST(changes_that_cannot_be_are_ignored),
        TEST(more_splits_than_there_was_room_for_are_followed),
        TEST(load_stays_with_a_keyframe_and_goes_with_the_next_window),
        TEST(a_move_is_one_entry_from_queue_to_end),
        TEST(the_oldest_moves_are_forgotten_first),
        TEST(moves_that_cannot_be_drawn_are_ignored),
        TEST(scores_alerts_plans_and_faults_are_kept),
        TEST(unknown_kinds_and_short_payloads_are_told),
        TEST(without_a_keyframe_there_is_nothing_to_index),
        TEST(a_keyframe_that_cannot_be_a_topology_is_refused_whole),
#undef TEST
    };
    return cmocka_run_group_tests_name("core/cluster/snapshot", tests, NULL, NULL);
}
