/*
 * live_fence.c - a node is stopped with a command of ours in its socket and goes on later. What
 * would give it an epoch, and slots with it, must then do nothing (fence.h).
 */
#include "live/redis/fence.h"

#include "live/base/clock.h"
#include "live/redis/epochs.h"
#include "tests/live/stage.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { SLOT = 5 };

static struct ground *ground;

static struct live_instance *primary(uint32_t shard)
{
    struct live_instance *at = live_cluster_primary(&ground->cluster, (uint16_t)shard);
    assert_non_null(at);
    return at;
}

static uint64_t epoch_of(struct live_link *link)
{
    uint64_t epoch = 0;
    redisReply *info = live_link_call(link, "CLUSTER INFO");
    assert_int_equal(live_epochs_read(info, "cluster_my_epoch:", &epoch), FORE_E_OK);
    freeReplyObject(info);
    return epoch;
}

/* The slot is taken in by `to`, as if it were about to pass. */
static struct live_fenced naming(struct live_instance *to)
{
    int owner = ground->cluster.owner[SLOT];
    struct live_fenced commands = {.count = 0};
    assert_true(owner >= 0 && to != &ground->cluster.instance[owner]);
    assert_int_equal(live_link_do(&to->link, NULL, "CLUSTER SETSLOT %d IMPORTING %s", (int)SLOT,
                                  ground->cluster.instance[owner].id),
                     FORE_E_OK);
    live_fenced_add(&commands, "BUMPEPOCH");
    live_fenced_add(&commands, "SETSLOT %u NODE %s", (unsigned)SLOT, to->id);
    return commands;
}

/* Another than the slot's owner, and not the one with the highest epoch, which takes no other. */
static struct live_instance *taker(void)
{
    struct live_instance *owner = &ground->cluster.instance[ground->cluster.owner[SLOT]];
    struct live_instance *low = NULL;
    for (uint32_t shard = 0; shard < ground->cluster.shard_count; shard++) {
        struct live_instance *at = primary(shard);
        bool lower = low == NULL || epoch_of(&at->link) < epoch_of(&low->link);
        if (at != owner && lower) low = at;
    }
    return low;
}

static void too_late_nothing_is_done(void **state)
{
    (void)state;
    struct live_instance *to = taker();
    struct live_fenced commands = naming(to);
    struct live_fence fence;
    redisReply *done = NULL;
    uint64_t before = epoch_of(&to->link);
    live_fence_ask(&to->link);
    assert_int_equal(live_fence_take(&to->link, &fence), FORE_E_OK);
    ground_signal(ground, &to->link.address, SIGSTOP);
    assert_int_equal(live_fenced_run(&to->link, &fence, &commands, &done), FORE_E_UNREACHABLE);
    live_clock_sleep_ms(LIVE_FENCE_MS);
    ground_signal(ground, &to->link.address, SIGCONT);
    live_clock_sleep_ms(200);
    assert_int_equal(epoch_of(&to->link), before);
    assert_int_equal(live_cluster_refresh(&ground->cluster, NULL), FORE_E_OK);
    assert_ptr_not_equal(&ground->cluster.instance[ground->cluster.owner[SLOT]], to);

    /* And asked again while it hears us, it says why. */
    assert_int_equal(live_fenced_run(&to->link, &fence, &commands, &done), FORE_E_AGAIN);
    assert_null(done);
    assert_int_equal(live_link_do(&to->link, NULL, "CLUSTER SETSLOT %d STABLE", (int)SLOT),
                     FORE_E_OK);
}

/* Or the test above would show nothing. */
static void without_it_a_stopped_node_does_what_it_was_told(void **state)
{
    (void)state;
    struct live_instance *at = taker();
    uint64_t before = epoch_of(&at->link);
    ground_signal(ground, &at->link.address, SIGSTOP);
    assert_null(live_link_call(&at->link, "CLUSTER BUMPEPOCH"));
    live_clock_sleep_ms(LIVE_FENCE_MS);
    ground_signal(ground, &at->link.address, SIGCONT);
    live_clock_sleep_ms(200);
    assert_true(epoch_of(&at->link) > before);
}

static void in_time_all_of_it_is_done_or_nothing_after_an_error(void **state)
{
    (void)state;
    struct live_instance *to = taker();
    struct live_fenced commands = naming(to), wrong = {.count = 0};
    redisReply *done = NULL;
    live_fenced_add(&wrong, "SETSLOT %u STABLE", (unsigned)SLOT);
    live_fenced_add(&wrong, "SETSLOT %u NODE %s", (unsigned)SLOT, "nobody");
    live_fenced_add(&wrong, "BUMPEPOCH");
    uint64_t before = epoch_of(&to->link);
    assert_int_equal(live_fenced_do(&to->link, &wrong, &done), FORE_E_OK);
    assert_int_equal(done->elements, 2);
    assert_int_equal(live_reply_kind(done->element[0]), LIVE_FINE);
    assert_int_equal(done->element[1]->type, REDIS_REPLY_ERROR);
    freeReplyObject(done);
    assert_int_equal(epoch_of(&to->link), before);

    assert_int_equal(live_fenced_do(&to->link, &commands, &done), FORE_E_OK);
    assert_int_equal(done->elements, 2);
    freeReplyObject(done);
    assert_true(epoch_of(&to->link) > before);
    assert_true(ground_whole(ground, 10000));
    assert_ptr_equal(&ground->cluster.instance[ground->cluster.owner[SLOT]], to);
}

static void permit(struct live_link *link, const char *what)
{
    assert_int_equal(live_link_do(link, NULL, "ACL SETUSER default %s", what), FORE_E_OK);
}

static void without_scripts_it_is_a_transaction(void **state)
{
    (void)state;
    struct live_instance *at = taker();
    uint64_t before = epoch_of(&at->link);
    permit(&at->link, "-eval");
    uint64_t taken = live_fence_bump(&at->link);
    assert_true(taken > before);
    assert_int_equal(epoch_of(&at->link), taken);
    permit(&at->link, "-cluster|bumpepoch");
    struct live_fenced commands = {.count = 0};
    redisReply *done = NULL;
    live_fenced_add(&commands, "BUMPEPOCH");
    assert_int_equal(live_fenced_do(&at->link, &commands, &done), FORE_E_REFUSED);
    permit(&at->link, "+eval");
    assert_int_equal(live_fenced_do(&at->link, &commands, &done), FORE_E_OK);
    assert_int_equal(done->element[0]->type, REDIS_REPLY_ERROR);
    freeReplyObject(done);
    assert_int_equal(live_fence_bump(&at->link), 0);
    permit(&at->link, "+cluster|bumpepoch");
}

/* Calls since CONFIG RESETSTAT; 0: none. */
static uint64_t calls_of(struct live_link *link, const char *command)
{
    char name[64];
    (void)snprintf(name, sizeof name, "cmdstat_%s:calls=", command);
    redisReply *info = live_link_call(link, "INFO commandstats");
    assert_true(info != NULL && info->type == REDIS_REPLY_STRING);
    const char *at = strstr(info->str, name);
    uint64_t calls = at != NULL ? strtoull(at + strlen(name), NULL, 10) : 0;
    freeReplyObject(info);
    return calls;
}

static void a_mover_has_slots_pass_by_it(void **state)
{
    (void)state;
    struct live_mover_options options = {
        .pace = {.keys_first = 8, .keys_max = 8}
    };
    struct stage *stage = stage_begin(ground, &options);
    for (uint16_t slot = 60; slot < 80; slot++)
        ground_put(ground, slot, "here", "so it is");
    uint32_t index = stage_move(stage, 60, 79);
    struct live_instance *to = primary(stage->mover.move[index].to);
    assert_int_equal(live_link_do(&to->link, NULL, "CONFIG RESETSTAT"), FORE_E_OK);
    (void)stage_until(stage, index, LIVE_MOVE_READY);
    assert_int_equal(to->names, LIVE_NAMES_AT_ONCE);
    assert_true(calls_of(&to->link, "cluster|bumpepoch") >= 2); /* 20 slots, 16 at most at once */
    assert_true(calls_of(&to->link, "eval") >= calls_of(&to->link, "cluster|bumpepoch"));
    assert_int_equal(calls_of(&to->link, "exec"), 0);
    assert_true(ground_whole(ground, 10000));
    stage_end(stage);
}

static int begin_group(void **state)
{
    (void)state;
    ground = ground_begin("3 -t 15000");
    return 0;
}

static int end_group(void **state)
{
    (void)state;
    ground_end(ground);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(too_late_nothing_is_done),
        cmocka_unit_test(without_it_a_stopped_node_does_what_it_was_told),
        cmocka_unit_test(in_time_all_of_it_is_done_or_nothing_after_an_error),
        cmocka_unit_test(without_scripts_it_is_a_transaction),
        cmocka_unit_test(a_mover_has_slots_pass_by_it),
    };
    if (!ground_possible()) return 0;
    return cmocka_run_group_tests_name("live: fence", tests, begin_group, end_group);
}
