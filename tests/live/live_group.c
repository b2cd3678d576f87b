/* live_group.c - several slots open at once: what is in work is finished by whoever comes next, and
 * nothing else is touched. */
#include "live/base/clock.h"
#include "tests/live/stage.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct ground *plain;

static const struct live_mover_options careful = {.slot = {.verify = true}};

struct left_alone { /* a mover that is left alone at a call of its hook */
    int at_call, calls;
    uint32_t open_most;
    struct live_mover *mover;
};

static void leave_alone(void *self, enum live_step step, uint16_t slot, bool after)
{
    struct left_alone *left = self;
    (void)step;
    (void)slot;
    (void)after;
    (void)!live_cluster_refresh(left->mover->cluster, NULL);
    if (left->mover->cluster->open_count > left->open_most)
        left->open_most = left->mover->cluster->open_count;
    if (++left->calls == left->at_call) left->mover->fenced = true;
}

/* Wherever a mover stops, the next one brings just those slots to their end that were in work, and
 * what it finds open it knows from the nodes. */
static void a_group_left_open_is_brought_to_its_end(void **state)
{
    (void)state;
    enum { GROUP = 5, CALLS = GROUP * LIVE_STEPS * 2 };
    uint32_t open_most = 0;
    for (int call = GROUP + 1; call <= CALLS; call += GROUP) {
        struct left_alone left = {.at_call = CALLS + call}; /* in the second group */
        struct live_mover_options options = careful;
        options.group_slots = GROUP;
        options.pace.keys_first = options.pace.keys_max = 8;
        options.step_keys = 1;
        options.at_step = leave_alone;
        options.at_step_self = &left;
        struct stage *stage = stage_begin(plain, &options);
        left.mover = &stage->mover;
        ground_fill(plain, 0, 20000, 50);
        uint32_t index = stage_move(stage, 100, 199);
        uint16_t from = stage->mover.move[index].from, to = stage->mover.move[index].to;
        uint64_t give_up = live_clock_ms() + 20000;
        while (!stage->mover.fenced && live_clock_ms() < give_up)
            if (!live_mover_step(&stage->mover)) live_clock_sleep_ms(1);
        assert_true(stage->mover.fenced);
        if (left.open_most > open_most) open_most = left.open_most;
        live_mover_init(&stage->mover, &plain->cluster, stage->journal, &careful);
        assert_int_equal(live_cluster_refresh(&plain->cluster, NULL), FORE_E_OK);
        assert_int_equal(live_mover_recover(&stage->mover), 1);
        (void)stage_until(stage, 0, LIVE_MOVE_FREE);
        assert_true(ground_whole(plain, 5000));
        for (uint16_t slot = 100; slot < 200; slot++)
            assert_int_equal(live_cluster_shard_of(&plain->cluster, slot),
                             slot < 100 + 2 * GROUP ? to : from);
        assert_int_equal(ground_wrong(plain, 0, 20000, 50), 0);
        stage_end(stage);
    }
    assert_int_equal(open_most, 2 * GROUP); /* a flag at each end */
}

static void a_group_is_as_large_as_its_keys_allow(void **state)
{
    (void)state;
    struct live_mover_options options = careful;
    options.group_keys = 100;
    struct stage *stage = stage_begin(plain, &options);
    for (uint16_t slot = 50; slot < 60; slot++)
        for (int i = 0; i < 30; i++) {
            char name[8];
            (void)snprintf(name, sizeof name, "%d", i);
            ground_put(plain, slot, name, name);
        }
    struct live_move *move = stage_until(stage, stage_move(stage, 50, 99), LIVE_MOVE_MOVING);
    uint32_t most = 0;
    uint64_t give_up = live_clock_ms() + 20000;
    while (move->phase != LIVE_MOVE_READY && live_clock_ms() < give_up) {
        if (!live_mover_step(&stage->mover)) live_clock_sleep_ms(1);
        if (move->open && move->next == 50) assert_int_equal(move->group.count, 3);
        if (move->open && move->group.count > most) most = move->group.count;
    }
    assert_int_equal(move->phase, LIVE_MOVE_READY);
    assert_true(most >= LIVE_GROUP_OPEN_MAX); /* of those without */
    assert_int_equal(move->keys_done, 300);
    stage_end(stage);
}

static void put_some(uint16_t slot, int first, int count)
{
    for (int i = first; i < first + count; i++) {
        char name[16];
        (void)snprintf(name, sizeof name, "%d", i);
        ground_put(plain, slot, name, name);
    }
}

/* Clients add keys after a slot was weighed, and it is copied in many steps, with the cluster
 * looked at before each: it passes when it is empty, and at the first try. */
static void a_slot_that_grew_passes_at_the_first_try(void **state)
{
    (void)state;
    struct live_mover_options options = careful;
    options.pace.keys_first = options.pace.keys_max = 4;
    options.step_keys = options.refresh_ms = 1;
    struct stage *stage = stage_begin(plain, &options);
    for (uint16_t slot = 60; slot < 80; slot++)
        put_some(slot, 0, 8);
    uint32_t index = stage_move(stage, 60, 79);
    (void)stage_until(stage, index, LIVE_MOVE_MOVING);
    for (uint16_t slot = 60; slot < 80; slot++)
        put_some(slot, 8, 12);
    struct live_move *move = stage_until(stage, index, LIVE_MOVE_READY);
    assert_int_equal(move->keys_done, 20 * 20);
    assert_int_equal(stage->mover.counts.troubles, 0);
    assert_int_equal(stage->mover.counts.frozen_steps, 0);
    assert_true(live_move_adds_up(&stage->mover, move));
    assert_true(ground_whole(plain, 5000));
    stage_end(stage);
}

static void may_take_epochs(uint32_t shard, const char *sign)
{
    struct live_link *link = &live_cluster_primary(&plain->cluster, (uint16_t)shard)->link;
    redisReply *reply = live_link_call(link, "ACL SETUSER default %scluster|bumpepoch", sign);
    assert_true(reply != NULL && reply->type == REDIS_REPLY_STATUS);
    freeReplyObject(reply);
}

/* What names several at once begins with it, and is refused as a whole then. */
static void where_we_may_not_take_an_epoch_slots_are_named_one_by_one(void **state)
{
    (void)state;
    struct stage *stage = stage_begin(plain, &careful);
    for (uint16_t slot = 60; slot < 80; slot++)
        put_some(slot, 0, 8);
    uint32_t index = stage_move(stage, 60, 79);
    uint16_t to = stage->mover.move[index].to;
    may_take_epochs(to, "-");
    struct live_move *move = stage_until(stage, index, LIVE_MOVE_READY);
    assert_int_equal(live_cluster_primary(&plain->cluster, to)->names, LIVE_NAMES_EACH);
    assert_int_equal(stage->mover.counts.troubles, 0);
    assert_int_equal(move->keys_done, 20 * 8);
    may_take_epochs(to, "+");
    live_cluster_primary(&plain->cluster, to)->names = LIVE_NAMES_UNKNOWN;
    assert_true(ground_whole(plain, 5000));
    stage_end(stage);
}

static bool holds(struct live_link *at, const char *key, const char *value)
{
    live_link_append(at, "ASKING");
    live_link_append(at, "GET %s", key);
    live_link_flush(at);
    redisReply *asking = live_link_take(at), *reply = live_link_take(at);
    bool same =
        reply != NULL && reply->type == REDIS_REPLY_STRING && strcmp(reply->str, value) == 0;
    if (asking != NULL) freeReplyObject(asking);
    if (reply != NULL) freeReplyObject(reply);
    return same;
}

/* A source that was stopped with a MIGRATE in hand sends it when it goes on; what clients have
 * written to the slot's new owner since must not be overwritten by it. So a first try does not
 * replace; keys of an earlier try are met, said, and replaced by the next. */
static void what_is_at_the_target_is_replaced_by_a_second_try_only(void **state)
{
    (void)state;
    struct stage *stage = stage_begin(plain, &careful);
    struct fore_diag diag = {0};
    struct live_group_copied copied;
    struct live_slot_options options = {.verify = true};
    struct live_group_limits limits = {
        .slots = 1, .batch_keys = 8, .keys = 100, .ms = 5000, .bytes = 1 << 20};
    ground_put(plain, 77, "a", "new");
    ground_put(plain, 77, "b", "only");
    assert_int_equal(live_cluster_refresh(&plain->cluster, &diag), FORE_E_OK);
    uint16_t from = (uint16_t)live_cluster_shard_of(&plain->cluster, 77);
    struct live_group group = {
        .cluster = &plain->cluster, .from = from, .to = (uint16_t)(from == 0 ? 1 : 0), .count = 1};
    group.slot[0].slot = 77;
    assert_int_equal(live_group_settle(&group, &diag), FORE_E_OK);
    struct live_link *target = &live_cluster_primary(&plain->cluster, group.to)->link;
    char tag[LIVE_TAG_MAX], name[64];
    live_slot_tag(77, tag);
    (void)snprintf(name, sizeof name, "%sa", tag);
    live_link_append(target, "ASKING");
    live_link_append(target, "SET %s old", name);
    live_link_flush(target);
    freeReplyObject(live_link_take(target));
    freeReplyObject(live_link_take(target));
    assert_int_equal(live_group_copy(&group, &options, &limits, &copied, &diag), FORE_E_AGAIN);
    assert_true(group.replace);
    assert_true(holds(target, name, "old"));
    for (int tries = 0; tries < 5 && !live_group_drained(&group); tries++)
        (void)!live_group_copy(&group, &options, &limits, &copied, &diag);
    assert_true(live_group_drained(&group));
    assert_int_equal(live_group_name(&group, &diag), FORE_E_OK);
    assert_int_equal(live_group_own(&group, &diag), FORE_E_OK);
    assert_true(holds(target, name, "new"));
    stage_end(stage);
}

/* Nodes with a timeout of 30 s speak to one another every 15 s or so, some pairs sooner; what the
 * move waits for is said when it is asked for. */
static void a_target_hears_anew_without_waiting_for_gossip(void **state)
{
    (void)state;
    struct ground *slow = ground_begin("9 -t 30000");
    struct stage *stage = stage_begin(slow, &careful);
    for (uint16_t from = 0; from < 2;
         from++) { /* a low epoch, which has to be raised, and one more */
        uint16_t first = (uint16_t)(FORE_SLOT_COUNT * from / 9 + 20);
        uint64_t began = live_clock_ms();
        uint32_t index = stage_move(stage, first, (uint16_t)(first + 20));
        (void)stage_until(stage, index, LIVE_MOVE_READY);
        uint64_t took = live_clock_ms() - began;
        if (stage->mover.move[index].renewal.told && took > 5000)
            fail_msg("%llu ms", (unsigned long long)took);
        assert_int_equal(live_mover_finish(&stage->mover, index), FORE_E_OK);
    }
    assert_true(ground_whole(slow, 60000));
    stage_end(stage);
    ground_end(slow);
}

static int begin_group(void **state)
{
    (void)state;
    plain = ground_begin("3");
    return 0;
}

static int end_group(void **state)
{
    (void)state;
    ground_end(plain);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_group_left_open_is_brought_to_its_end),
        cmocka_unit_test(a_group_is_as_large_as_its_keys_allow),
        cmocka_unit_test(a_slot_that_grew_passes_at_the_first_try),
        cmocka_unit_test(where_we_may_not_take_an_epoch_slots_are_named_one_by_one),
        cmocka_unit_test(what_is_at_the_target_is_replaced_by_a_second_try_only),
        cmocka_unit_test(a_target_hears_anew_without_waiting_for_gossip),
    };
    if (!ground_possible()) return 0;
    return cmocka_run_group_tests_name("live: groups of slots", tests, begin_group, end_group);
}
