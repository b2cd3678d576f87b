/*
 * live_epochs.c - a target dies with an epoch that it has given itself and nobody has heard of. Its
 * heir must come out above it, or the dead one may win when it comes back, and with it what the
 * cluster was before (epochs.h).
 *
 * The instant between the file and the message is some milliseconds long, so it is not waited for:
 * the dead one's nodes.conf is given the epoch that it would have taken.
 */
#include "live/base/clock.h"
#include "tests/live/stage.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { FIRST = 0, LAST = 15, KEYS = 60, NODE_TIMEOUT_MS = 2000, RECOVER_MS = 20000 };

static struct ground *ground;

static void fill(void)
{
    for (uint16_t slot = FIRST; slot <= LAST; slot++)
        for (int i = 0; i < KEYS; i++) {
            char name[16];
            (void)snprintf(name, sizeof name, "e%d", i);
            ground_put(ground, slot, name, "here");
        }
}

static uint64_t asked_epoch(struct live_link *link, const char *name)
{
    redisReply *info = live_link_call(link, "CLUSTER INFO");
    const char *at =
        info != NULL && info->type == REDIS_REPLY_STRING ? strstr(info->str, name) : NULL;
    uint64_t epoch = at != NULL ? strtoull(at + strlen(name), NULL, 10) : 0;
    if (info != NULL) freeReplyObject(info);
    return epoch;
}

/* The epoch in the dead one's own line, the eighth word of it, and the last line's as well. */
static void has_taken(const struct live_address *dead, uint64_t epoch)
{
    char name[32], line[4096];
    (void)snprintf(name, sizeof name, "%u/nodes.conf", (unsigned)dead->port);
    char path[256], other[300];
    (void)snprintf(path, sizeof path, "%s", ground_path(ground, name));
    (void)snprintf(other, sizeof other, "%s.new", path);
    FILE *in = fopen(path, "r"), *out = fopen(other, "w");
    assert_non_null(in);
    assert_non_null(out);
    bool own = false, vars = false;
    while (fgets(line, sizeof line, in) != NULL) {
        int before = 0, after = 0;
        if (strncmp(line, "vars currentEpoch ", 18) == 0) {
            (void)fprintf(out, "vars currentEpoch %llu lastVoteEpoch 0\n",
                          (unsigned long long)epoch);
            vars = true;
        } else if (strstr(line, "myself") != NULL &&
                   sscanf(line, "%*s %*s %*s %*s %*s %*s %n%*s%n", &before, &after) == 0 &&
                   after > 0) {
            (void)fprintf(out, "%.*s%llu%s", before, line, (unsigned long long)epoch, line + after);
            own = true;
        } else {
            (void)fputs(line, out);
        }
    }
    (void)fclose(in);
    (void)fclose(out);
    assert_true(own && vars);
    assert_int_equal(rename(other, path), 0);
}

static void a_target_that_comes_back_does_not_win_over_its_heir(void **state)
{
    (void)state;
    struct live_mover_options how = {
        .pace = {.keys_first = 8, .keys_max = 8},
        .step_keys = 40,
        .need_replica = true,
        .node_timeout_ms = NODE_TIMEOUT_MS
    };
    assert_true(ground_replicated(ground, 60000));
    struct stage *stage = stage_begin(ground, &how);
    struct live_mover *mover = &stage->mover;
    fill();
    assert_true(ground_replicated(ground, 60000));
    uint32_t index = stage_move(stage, FIRST, LAST);
    struct live_move *move = &mover->move[index];
    uint64_t give_up = live_clock_ms() + 30000;
    while (!move->open || mover->counts.batches == 0) {
        if (live_clock_ms() > give_up) fail_msg("never open: %s; %s", move->why, mover->frozen);
        if (!live_mover_step(mover)) live_clock_sleep_ms(1);
    }
    struct live_address target = live_cluster_primary(&ground->cluster, move->to)->link.address;
    struct live_link *source = &live_cluster_primary(&ground->cluster, move->from)->link;
    ground_signal(ground, &target, SIGKILL);
    uint64_t unheard = asked_epoch(source, "cluster_current_epoch:") + 1;
    has_taken(&target, unheard);
    give_up = live_clock_ms() + RECOVER_MS;
    struct live_instance *heir = NULL;
    while (heir == NULL || heir->link.address.port == target.port ||
           live_epochs_amiss(&mover->epochs, &ground->cluster, move->to)) {
        if (live_clock_ms() > give_up)
            fail_msg("no heir above epoch %llu: %s; %s", (unsigned long long)unheard, move->why,
                     mover->frozen);
        if (!live_mover_step(mover)) live_clock_sleep_ms(1);
        heir = live_cluster_primary(&ground->cluster, move->to);
    }
    uint64_t epoch = asked_epoch(&heir->link, "cluster_my_epoch:");
    print_message("# the dead one has taken %llu, its heir has %llu\n", (unsigned long long)unheard,
                  (unsigned long long)epoch);
    assert_true(epoch > unheard);
    for (uint32_t shard = 0; shard < 3; shard++) { /* or it meets one with the same */
        struct live_instance *at = live_cluster_primary(&ground->cluster, (uint16_t)shard);
        assert_non_null(at);
        assert_int_not_equal(asked_epoch(&at->link, "cluster_my_epoch:"), unheard);
    }
    ground_restart(ground, &target);
    assert_true(ground_replicated(ground, 60000));
    assert_true(live_cluster_primary(&ground->cluster, move->to) == heir);
    (void)stage_until(stage, index, LIVE_MOVE_READY);
    for (uint16_t slot = FIRST; slot <= LAST; slot++)
        assert_int_equal(ground_count(ground, move->to, slot), KEYS);
    stage_end(stage);
}

static int begin_group(void **state)
{
    (void)state;
    ground = ground_begin("3 -r 1 -t 2000");
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
        cmocka_unit_test(a_target_that_comes_back_does_not_win_over_its_heir),
    };
    if (!ground_possible()) return 0;
    return cmocka_run_group_tests_name("live: epochs", tests, begin_group, end_group);
}
