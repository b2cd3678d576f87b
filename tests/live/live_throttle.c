/* live_throttle.c - the probes see what clients see of a node, and a mover goes slower for it and
 * faster again, on a real cluster. */
#include "live/base/clock.h"
#include "live/redis/mover.h"
#include "tests/live/ground.h"

#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static struct ground *ground;

static const struct live_address *address_of(uint16_t shard)
{
    return &live_cluster_primary(&ground->cluster, shard)->link.address;
}

static void a_node_that_hangs_is_seen_while_it_hangs(void **state)
{
    (void)state;
    double here = 0, there = 0;
    struct live_pulse *pulse = live_pulse_open(&ground->access);
    assert_non_null(pulse);
    assert_int_equal(live_pulse_take(pulse, 0, &here), 0);
    live_pulse_every(pulse, 2000);
    live_pulse_aim(pulse, 0, address_of(0));
    live_pulse_aim(pulse, 1, address_of(1));
    live_clock_sleep_ms(500);
    assert_true(live_pulse_take(pulse, 0, &here) > 50);
    assert_true(live_pulse_take(pulse, 1, &there) > 50 && there > 0);
    ground_signal(ground, address_of(0), SIGSTOP);
    live_clock_sleep_ms(400);
    assert_true(live_pulse_take(pulse, 0, &here) > 0);
    assert_true(live_pulse_take(pulse, 1, &there) > 50);
    ground_signal(ground, address_of(0), SIGCONT);
    assert_true(here > 200 && here < 1000 && there < here / 2);
    live_clock_sleep_ms(300);
    (void)live_pulse_take(pulse, 0, &here); /* the late ones */
    live_clock_sleep_ms(500);
    assert_true(live_pulse_take(pulse, 0, &here) > 50 && here < 200);
    live_pulse_aim(pulse, 0, NULL);
    (void)live_pulse_take(pulse, 0, &here);
    live_clock_sleep_ms(100);
    assert_int_equal(live_pulse_take(pulse, 0, &here), 0);
    live_pulse_close(pulse);
}

static void a_node_that_is_gone_is_no_harm(void **state)
{
    (void)state;
    double p99 = 0;
    struct live_pulse *pulse = live_pulse_open(&ground->access);
    struct live_address nobody = {.host = "127.0.0.1", .port = 9};
    assert_non_null(pulse);
    live_pulse_every(pulse, 1000);
    live_pulse_aim(pulse, 0, &nobody);
    live_pulse_aim(pulse, 63, address_of(2));
    live_clock_sleep_ms(500);
    assert_int_equal(live_pulse_take(pulse, 0, &p99), 0);
    assert_true(live_pulse_take(pulse, 63, &p99) > 50);
    live_pulse_close(pulse);
    live_pulse_close(NULL);
}

struct hog { /* a client whose scripts hold a node up */
    struct live_link link;
    atomic_bool wanted, over;
};

static void *hog_thread(void *self)
{
    struct hog *hog = self;
    while (!atomic_load(&hog->over)) {
        if (atomic_load(&hog->wanted)) {
            redisReply *reply = live_link_call(&hog->link, "EVAL %s 0", "for i=1,6e6 do end");
            if (reply != NULL) freeReplyObject(reply);
        }
        live_clock_sleep_ms(10);
    }
    return NULL;
}

/* Steps until the ease is there; false: it took longer than that, or there is nothing to move. */
static bool until_ease(struct live_mover *mover, const struct live_move *move, bool below,
                       double ease)
{
    uint64_t give_up = live_clock_ms() + 60000;
    while (live_clock_ms() < give_up && live_move_busy(move)) {
        double now = live_steer_ease(&mover->steer);
        if (move->begun && (below ? now <= ease : now >= ease)) return true;
        if (!live_mover_step(mover)) live_clock_sleep_ms(1);
    }
    return false;
}

static void a_mover_gives_way_to_clients_and_goes_on(void **state)
{
    (void)state;
    static struct live_mover mover;
    static struct hog hog;
    struct live_journal *journal = NULL;
    struct fore_diag diag = {0};
    pthread_t thread;
    uint32_t index = 0;
    struct live_mover_options options = {
        .slot = {.verify = true},
        .pace = {                     .keys_first = 2,                .keys_max = 4}, /* or it would be through before all is seen */
        .group_slots = 1,
        .steer = { .calm = {.over = 2, .slack_ms = 3}, .window_ms = 200, .every_us = 1000}
    };
    struct live_journal_move row = {.first = 0, .last = 5000};
    row.from = (uint16_t)live_cluster_shard_of(&ground->cluster, 0);
    row.to = (uint16_t)((row.from + 1u) % 3);
    ground_fill(ground, 0, 60000, 100);
    assert_int_equal(
        live_journal_open(ground_path(ground, "throttle.db"), "test", 600000, &journal, &diag),
        FORE_E_OK);
    live_mover_init(&mover, &ground->cluster, journal, &options);
    live_link_init(&hog.link, address_of(row.from), &ground->access);
    assert_int_equal(pthread_create(&thread, NULL, hog_thread, &hog), 0);
    double slow = 100e3; /* bytes a second, of some 3e6: not through before all is seen */
    if (live_mover_begin(&mover, &row, slow, &index, &diag) != FORE_E_OK) fail_msg("%s", diag.text);
    struct live_move *move = &mover.move[index];
    assert_true(until_ease(&mover, move, false, 0.6)); /* nobody minds */
    assert_true(mover.steer.calm.idle_ms[row.from] > 0);
    assert_true(mover.steer.calm.idle_ms[row.to] > 0);

    atomic_store(&hog.wanted, true);
    assert_true(until_ease(&mover, move, true, 0.2));
    uint64_t slots = mover.counts.slots, until = live_clock_ms() + 1000;
    while (live_clock_ms() < until)
        if (!live_mover_step(&mover)) live_clock_sleep_ms(1);
    assert_true(mover.counts.slots > slots); /* slow is not still */
    assert_true(mover.steer.calm.eased > 0);

    atomic_store(&hog.wanted, false);
    assert_true(until_ease(&mover, move, false, 0.3));
    atomic_store(&hog.over, true);
    (void)pthread_join(thread, NULL);
    assert_true(live_mover_rest(&mover, 10000));
    live_mover_fini(&mover);
    live_link_close(&hog.link);
    live_journal_close(journal);
    assert_true(ground_whole(ground, 5000));
    assert_int_equal(ground_wrong(ground, 0, 60000, 100), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_node_that_hangs_is_seen_while_it_hangs),
        cmocka_unit_test(a_node_that_is_gone_is_no_harm),
        cmocka_unit_test(a_mover_gives_way_to_clients_and_goes_on),
    };
    if (!ground_possible()) return 0;
    ground = ground_begin("3 -t 10000");
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    ground_end(ground);
    return failed;
}
