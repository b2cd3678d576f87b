/* live_replay.c - the open-loop client and the calibration on a real cluster: nothing is lost or
 * left behind, a stall is seen by all who fell into it, and slots are where they were. */
#include "live/base/clock.h"
#include "live/calibrate/calibrate.h"
#include "live/calibrate/replay.h"
#include "live/redis/group.h"
#include "tests/live/ground.h"
#include "workloads/config.h"
#include "workloads/workload.h"

#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct ground *ground;
static struct fore_arena arena;

static struct wl_source stream(const char *rate, const char *more, const char *span)
{
    static struct wl_options workload;
    struct fore_option_binding binding = {&wl_section, &workload};
    const char *item[] = {rate, more, span, "workload.bytes_mean=100"};
    const struct fore_strings sets = {.item = item, .count = FORE_COUNTOF(item)};
    struct fore_diag diag = {0};
    struct wl_source source = {.ops = NULL};
    if (wl_config_load(NULL, &sets, &binding, 1, &arena, &diag) != FORE_E_OK ||
        wl_open_source(&workload, 1, &arena, &source, &diag) != FORE_E_OK)
        fail_msg("%s", diag.text);
    return source;
}

static struct live_replay *open_replay(fore_ns give_up_after)
{
    struct live_replay_options options = {.seed = &ground->node[0].address,
                                          .seed_count = 1,
                                          .access = ground->access,
                                          .give_up_after = give_up_after};
    options.access.timeout_ms = 10000; /* a busy machine is no reason to fail */
    struct live_replay *replay = NULL;
    struct fore_diag diag = {0};
    if (live_replay_open(&replay, &options, &diag) != FORE_E_OK) fail_msg("%s", diag.text);
    return replay;
}

static uint64_t keys_there(void)
{
    uint64_t sum = 0;
    for (uint32_t s = 0; s < ground->cluster.shard_count; s++) {
        struct live_instance *at = live_cluster_primary(&ground->cluster, (uint16_t)s);
        if (at == NULL) continue;
        redisReply *reply = live_link_call(&at->link, "DBSIZE");
        assert_non_null(reply);
        sum += (uint64_t)reply->integer;
        freeReplyObject(reply);
    }
    return sum;
}

static void every_request_is_answered_and_its_key_goes(void **state)
{
    (void)state;
    ground_reset(ground);
    struct live_replay *replay = open_replay(60 * FORE_SEC);
    struct live_replay_result *result = calloc(1, sizeof *result);
    struct wl_source source =
        stream("workload.rate=3000/s", "workload.keys=5k", "workload.span=2s");
    struct fore_diag diag = {0};
    uint64_t keys = 0;
    assert_int_equal(live_replay_fill(replay, &source, 0, &keys, &diag), FORE_E_OK);
    assert_int_equal(keys_there(), keys);
    assert_in_range(keys, 500, 5000);
    struct live_replay_play play = {.source = &source, .count_from = FORE_SEC, .slo_ns = 1};
    assert_int_equal(live_replay_run(replay, &play, result, &diag), FORE_E_OK);
    assert_in_range(result->counts.sent, 2500, 3500);
    assert_int_equal(result->counts.answered, result->counts.sent);
    assert_int_equal(result->counts.failed + result->counts.moved + result->counts.lost, 0);
    assert_int_equal(result->latency.count, result->counts.answered);
    assert_int_equal(result->read.count + result->write.count + result->scan.count,
                     result->counts.answered);
    assert_int_equal(result->slow, result->counts.answered);
    assert_true(result->elapsed >= 1900 * FORE_MS); /* not sooner; later is the machine's doing */
    assert_int_equal(live_replay_clear(replay, &source, 0, &diag), FORE_E_OK);
    assert_int_equal(keys_there(), 0);
    wl_source_close(&source);
    live_replay_close(replay);
    free(result);
}

/* A node that stands still for 0.4 s, by a thread that begins when the play says that it is under
 * way: on a busy machine a thread's own clock would stop it before the play begins, or after it. */
struct stall {
    struct live_address address;
    atomic_bool begin, over;
    fore_ns from, to; /* by our clock */
    fore_ns done;     /* by the play's; 0: not yet */
};

static void *stop_for_a_while(void *self)
{
    struct stall *stall = self;
    while (!stall->begin)
        live_clock_sleep_ms(5);
    stall->from = live_clock_now();
    ground_signal(ground, &stall->address, SIGSTOP);
    live_clock_sleep_ms(400);
    stall->to = live_clock_now();
    ground_signal(ground, &stall->address, SIGCONT);
    stall->over = true;
    return NULL;
}

static bool until_it_is_over(void *self, fore_ns at)
{
    struct stall *stall = self;
    if (at >= 500 * FORE_MS) stall->begin = true;
    if (stall->over && stall->done == 0) stall->done = at;
    return stall->done == 0 || at < stall->done + 300 * FORE_MS;
}

/* A third of the requests that were due while it stood still were answered after it; each of them
 * counts from its own moment, and a closed loop would have seen a handful. */
static void a_stall_is_seen_by_all_who_fell_into_it(void **state)
{
    (void)state;
    ground_reset(ground);
    struct live_replay *replay = open_replay(60 * FORE_SEC);
    struct live_replay_result *result = calloc(1, sizeof *result);
    struct wl_source source =
        stream("workload.rate=3000/s", "workload.popularity=uniform", "workload.span=20s");
    struct stall stall = {.address = ground->node[0].address};
    struct live_replay_play play = {
        .source = &source, .slo_ns = 50 * FORE_MS, .look = until_it_is_over, .self = &stall};
    struct fore_diag diag = {0};
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, stop_for_a_while, &stall), 0);
    enum fore_err err = live_replay_run(replay, &play, result, &diag);
    stall.begin = true;
    (void)pthread_join(thread, NULL);
    assert_int_equal(err, FORE_E_OK);
    assert_int_equal(result->counts.answered, result->counts.sent);
    /* 1000/s to that node, but for those due in its last 50 ms. */
    double due = 1000 * ((double)(stall.to - stall.from) / 1e9 - 0.05);
    if ((double)result->slow < 0.7 * due)
        fail_msg("%llu slow of %.0f", (unsigned long long)result->slow, due);
    assert_true(result->latency.max_ns > 300 * FORE_MS);
    wl_source_close(&source);
    live_replay_close(replay);
    free(result);
}

/* No refusal: nothing comes at all. */
static void what_is_never_answered_is_told_apart(void **state)
{
    (void)state;
    ground_reset(ground);
    struct live_replay *replay = open_replay(FORE_SEC);
    struct live_replay_result *result = calloc(1, sizeof *result);
    struct wl_source source =
        stream("workload.rate=3000/s", "workload.popularity=uniform", "workload.span=1s");
    struct live_replay_play play = {.source = &source};
    struct fore_diag diag = {0};
    ground_signal(ground, &ground->node[0].address, SIGSTOP);
    enum fore_err err = live_replay_run(replay, &play, result, &diag);
    ground_signal(ground, &ground->node[0].address, SIGCONT);
    assert_int_equal(err, FORE_E_OK);
    assert_true(result->counts.silent > 100);
    assert_int_equal(result->counts.failed, result->counts.silent);
    assert_int_equal(result->counts.answered + result->counts.silent, result->counts.sent);
    wl_source_close(&source);
    live_replay_close(replay);
    free(result);
}

/* Slots pass to another node in the middle: redirections are followed, nothing fails. The play goes
 * on until enough have passed, however long a busy machine takes for that, and a second more. */
enum { SLOTS_PASSED = 24 };
struct passing {
    uint32_t passed;
    fore_ns done; /* 0: not yet */
};

static bool pass_a_slot(void *self, fore_ns at)
{
    struct passing *passing = self;
    uint32_t *passed = &passing->passed;
    if (*passed >= SLOTS_PASSED && passing->done == 0) passing->done = at;
    if (passing->done != 0) return at < passing->done + FORE_SEC;
    if (at < 500 * FORE_MS) return true;
    uint16_t slot = (uint16_t)(16 * *passed);
    struct live_group group = {.cluster = &ground->cluster, .count = 1, .slot[0].slot = slot};
    group.from = (uint16_t)live_cluster_shard_of(&ground->cluster, slot);
    group.to = (uint16_t)((group.from + 1) % 3);
    if (live_group_settle(&group, NULL) != FORE_E_OK) return true;
    struct live_group_copied copied;
    struct live_slot_options options = {.verify = false};
    struct live_group_limits limits = {
        .slots = 1, .batch_keys = 100, .keys = 1000, .ms = 10, .bytes = 1 << 20};
    while (!live_group_drained(&group))
        if (live_group_copy(&group, &options, &limits, &copied, NULL) != FORE_E_OK) return true;
    if (live_group_name(&group, NULL) != FORE_E_OK) return true;
    if (live_group_own(&group, NULL) == FORE_E_OK) ++*passed;
    return true;
}

static void slots_that_move_are_followed(void **state)
{
    (void)state;
    ground_reset(ground);
    struct live_replay *replay = open_replay(60 * FORE_SEC);
    struct live_replay_result *result = calloc(1, sizeof *result);
    struct wl_source source =
        stream("workload.rate=5000/s", "workload.popularity=uniform", "workload.span=20s");
    struct fore_diag diag = {0};
    struct passing passing = {.passed = 0};
    uint64_t keys;
    assert_int_equal(live_replay_fill(replay, &source, 2 * FORE_SEC, &keys, &diag), FORE_E_OK);
    struct live_replay_play play = {.source = &source, .look = pass_a_slot, .self = &passing};
    assert_int_equal(live_replay_run(replay, &play, result, &diag), FORE_E_OK);
    assert_int_equal(passing.passed, SLOTS_PASSED);
    assert_int_equal(result->counts.answered, result->counts.sent);
    assert_true(result->counts.moved > 0);
    wl_source_close(&source);
    live_replay_close(replay);
    free(result);
}

static void nobody_there_is_said(void **state)
{
    (void)state;
    struct live_address nobody = {.host = "127.0.0.1", .port = 1};
    struct live_replay_options options = {.seed = &nobody, .seed_count = 1};
    struct live_replay *replay = NULL;
    struct fore_diag diag = {0};
    assert_int_equal(live_replay_open(&replay, &options, &diag), FORE_E_UNREACHABLE);
    assert_null(replay);
    assert_true(diag.text[0] != '\0');
}

/* ---- calibration -------------------------------------------------------------------------- */

static void a_calibration_leaves_no_trace(void **state)
{
    (void)state;
    ground_reset(ground);
    ground_put(ground, 0, "somebodys", "x"); /* that slot is not empty: not to be touched */
    int16_t own[FORE_SLOT_COUNT];
    memcpy(own, ground->cluster.own, sizeof own);
    struct live_calibrate_options options = {.seed = &ground->node[0].address,
                                             .seed_count = 1,
                                             .access = ground->access,
                                             .journal = ground_path(ground, "calibrate.db"),
                                             .holder = "a test",
                                             .seconds = 0.5,
                                             .slots = 5,
                                             .keys = 2000};
    options.access.timeout_ms = 5000; /* a busy machine is no reason to fail */
    struct live_calibration *c = calloc(1, sizeof *c);
    struct fore_diag diag = {0};
    struct fore_buf text = {0};
    /* 1000 keys take longer than 30, and a slot rests for a second where it has come to, which is
     * no part of a move: unless something else ran meanwhile, but not three times. */
    for (int tries = 0; tries < 3; tries++) {
        if (live_calibrate(&options, c, &diag) != FORE_E_OK) fail_msg("%s", diag.text);
        if (c->batch[4].stall_mean_ms > c->batch[1].stall_mean_ms && c->start_ms < 900) break;
    }
    assert_int_equal(c->nodes, 3);
    assert_true(c->round_trip_us > 1 && c->round_trip_us < 1e6);
    assert_true(c->capacity > 100 && c->capacity < 1e7);
    assert_true(c->fit.service_us > 0 && c->fit.delay_us >= 0);
    for (int i = 0; i < LIVE_CALIBRATE_SIZES; i++)
        assert_true(c->cost[i].read_us > 0.2 && c->cost[i].write_us > 0.2);
    assert_true(c->moved);
    for (int i = 0; i < LIVE_CALIBRATE_BATCHES; i++)
        assert_true(c->batch[i].keys_per_sec > 100 && c->batch[i].stall_mean_ms > 0 &&
                    c->batch[i].stall_max_ms >= c->batch[i].stall_mean_ms);
    assert_true(c->batch[4].stall_mean_ms > c->batch[1].stall_mean_ms);
    assert_true(c->move_bytes > 5 * 60 * 100 && c->move_bytes_per_sec > 0 && c->start_ms > 0);
    assert_true(c->start_ms < 900);
    assert_int_equal(keys_there(), 1);
    assert_int_equal(live_cluster_refresh(&ground->cluster, NULL), FORE_E_OK);
    assert_int_equal(ground->cluster.open_count, 0);
    assert_memory_equal(own, ground->cluster.own, sizeof own);
    live_calibrate_print(c, &options, &text);
    assert_non_null(strstr(text.data, "service_mean = \""));
    assert_non_null(strstr(text.data, "bandwidth = \""));
    assert_non_null(strstr(text.data, "split_pause = \"0s\"")); /* see live_split.c */
    fore_buf_fini(&text);
    free(c);
}

static int begin_group(void **state)
{
    (void)state;
    ground = ground_begin("3 -t 5000");
    return 0;
}

static int end_group(void **state)
{
    (void)state;
    ground_end(ground);
    fore_arena_fini(&arena);
    return 0;
}

/* live_replay [PATTERN]: only tests whose names match. */
int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_request_is_answered_and_its_key_goes),
        cmocka_unit_test(a_stall_is_seen_by_all_who_fell_into_it),
        cmocka_unit_test(what_is_never_answered_is_told_apart),
        cmocka_unit_test(slots_that_move_are_followed),
        cmocka_unit_test(nobody_there_is_said),
        cmocka_unit_test(a_calibration_leaves_no_trace),
    };
    if (!ground_possible()) return 0;
    if (argc > 1) cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests_name("live: replay", tests, begin_group, end_group);
}
