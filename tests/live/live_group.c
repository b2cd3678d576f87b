/* live_group.c - several slots open at once: what is in work is finished by whoever comes next, and
 * nothing else is touched. */
#include "live/base/clock.h"
#include "tests/live/stage.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

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
    assert_int_equal(most, LIVE_GROUP_MAX); /* of those without */
    assert_int_equal(move->keys_done, 300);
    stage_end(stage);
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
    };
    if (!ground_possible()) return 0;
    return cmocka_run_group_tests_name("live: groups of slots", tests, begin_group, end_group);
}
