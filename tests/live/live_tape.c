/* live_tape.c - a live run with moves is recorded and run again without a cluster: the same events,
 * bit for bit; and what differs, or is damaged, is noticed. */
#include "core/cluster/journal.h"
#include "live/base/clock.h"
#include "live/daemon.h"
#include "live/redis/driver.h"
#include "live/tape/tape.h"
#include "tests/live/ground.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { STEPS = 80 };

static struct ground *ground;
static struct fore_arena arena;
static struct live_config config;
static char tape_path[256];
static uint64_t digest;
static struct fore_engine_counts counts;

static struct fore_journal_writer *new_writer(void)
{
    struct fore_journal_header header = {
        .major = FORE_JOURNAL_MAJOR, .minor = FORE_JOURNAL_MINOR, .text = ""};
    return fore_journal_writer_create(&header, (struct fore_journal_out){.write = NULL});
}

static struct fore_engine *new_engine(struct fore_driver door, struct fore_journal_writer *writer,
                                      uint64_t seed)
{
    struct fore_engine_setup setup = {.options = &config.engine,
                                      .driver = door,
                                      .sink = fore_journal_writer_sink(writer),
                                      .seed = seed,
                                      .slo_ns = 10 * FORE_MS,
                                      .act_from = FORE_SEC,
                                      .keyframe_every = 5 * FORE_SEC};
    struct fore_engine *engine = NULL;
    struct fore_diag diag = {0};
    if (fore_engine_create(&setup, &engine, &diag) != FORE_E_OK) fail_msg("%s", diag.text);
    return engine;
}

/* SETs of a few keys of sixteen slots of the first shard, as fast as they go, until told to stop.
 */
static void *load(void *self)
{
    enum { BATCH = 200 };
    static char key[BATCH][32];
    static const char *arg[BATCH][3];
    struct live_command command[BATCH];
    redisReply *reply[BATCH];
    atomic_bool *stopping = self;
    for (int i = 0; i < BATCH; i++) {
        char tag[LIVE_TAG_MAX];
        live_slot_tag((uint16_t)(200 + 300 * (i % 16)), tag);
        (void)snprintf(key[i], sizeof key[i], "%sk%d", tag, i);
        arg[i][0] = "SET";
        arg[i][1] = key[i];
        arg[i][2] = "value";
        command[i] =
            (struct live_command){.arg = arg[i], .arg_count = 3, .key = 1, .idempotent = true};
    }
    while (!*stopping) {
        enum fore_err err = live_client_batch(&ground->client, command, BATCH, reply);
        for (int i = 0; i < BATCH; i++)
            if (reply[i] != NULL) freeReplyObject(reply[i]);
        if (err != FORE_E_OK) live_clock_sleep_ms(10);
    }
    return NULL;
}

static void a_run_is_recorded(void **state)
{
    (void)state;
    struct live_driver_options options = {
        .seed = &ground->node[0].address,
        .seed_count = 1,
        .access = ground->access,
        .journal = ground_path(ground, "tape.db"),
        .partitions = 512,
        .window = 200 * FORE_MS,
        .heat = {.duty = 0.1, .seed = 1}
    };
    struct live_driver *driver = NULL;
    struct live_tape *tape = NULL;
    struct fore_diag diag = {0};
    if (live_driver_open(&driver, &options, &diag) != FORE_E_OK) fail_msg("%s", diag.text);
    struct fore_driver inner = live_driver_door(driver);
    (void)snprintf(tape_path, sizeof tape_path, "%s", ground_path(ground, "run.tape"));
    assert_int_equal(
        live_tape_record(&tape, tape_path, inner, &(struct live_tape_run){.seed = 7}, &diag),
        FORE_E_OK);
    struct fore_journal_writer *writer = new_writer();
    struct fore_engine *engine = new_engine(live_tape_door(tape), writer, 7);
    atomic_bool stopping = false;
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, load, &stopping), 0);
    for (int i = 0; i < STEPS; i++) {
        bool hold = i > STEPS - 10;
        live_driver_run(driver, 200 * FORE_MS);
        live_tape_put_step(
            tape, (struct live_tape_step){.now = driver->now, .act_from = FORE_SEC, .hold = hold});
        fore_engine_hold(engine, hold);
        enum fore_err err = fore_engine_step(engine, driver->now, &diag);
        if (err != FORE_E_OK && err != FORE_E_AGAIN) fail_msg("%s", diag.text);
    }
    stopping = true;
    (void)pthread_join(thread, NULL);
    counts = fore_engine_counts(engine);
    digest = fore_journal_writer_digest(writer);
    fore_engine_destroy(engine);
    fore_journal_writer_destroy(writer);
    assert_int_equal(live_tape_close(tape, &diag), FORE_E_OK);
    fore_driver_close(inner);
    assert_true(counts.plans > 0 && counts.plans_admitted > 0);
}

/* The steps of a tape under an engine; *steps: how many. */
static enum fore_err play(const char *path, uint64_t seed_wanted, uint64_t *out, uint32_t *steps,
                          struct fore_diag *diag)
{
    struct live_tape *tape = NULL;
    struct live_tape_turn turn;
    struct live_order_outcome outcome = {.taken = 0};
    struct live_tape_run run;
    FORE_TRY(live_tape_play(&tape, path, &run, diag));
    struct fore_journal_writer *writer = new_writer();
    struct fore_engine_setup setup = {.options = &config.engine,
                                      .driver = live_tape_door(tape),
                                      .sink = fore_journal_writer_sink(writer),
                                      .seed = seed_wanted != 0 ? seed_wanted : run.seed,
                                      .slo_ns = 10 * FORE_MS,
                                      .act_from = FORE_SEC,
                                      .keyframe_every = 5 * FORE_SEC};
    struct fore_engine *engine = NULL;
    enum fore_err err = fore_engine_create(&setup, &engine, diag);
    for (*steps = 0; err == FORE_E_OK;) {
        err = live_tape_take(tape, &turn, diag);
        if (err != FORE_E_OK) break;
        if (turn.ordered) { /* one that was refused is refused again */
            enum fore_err again = live_order_do(engine, &turn.order, &outcome, NULL);
            (void)again;
            continue;
        }
        fore_engine_hold(engine, turn.step.hold);
        err = fore_engine_step(engine, turn.step.now, diag);
        if (err == FORE_E_AGAIN || err == FORE_E_UNREACHABLE) err = FORE_E_OK;
        ++*steps;
    }
    *out = fore_journal_writer_digest(writer);
    if (engine != NULL) fore_engine_destroy(engine);
    fore_journal_writer_destroy(writer);
    if (live_tape_close(tape, NULL) != FORE_E_OK) return FORE_E_IO;
    return err == FORE_E_AGAIN ? FORE_E_OK : err;
}

static void it_is_run_again_bit_for_bit(void **state)
{
    (void)state;
    struct fore_diag diag = {0};
    uint64_t again = 0;
    uint32_t steps = 0;
    if (play(tape_path, 0, &again, &steps, &diag) != FORE_E_OK) fail_msg("%s", diag.text);
    assert_int_equal(steps, STEPS);
    assert_int_equal(again, digest);
}

/* Thresholds that would never have moved anything: the first question too few is noticed. */
static void other_decisions_are_noticed(void **state)
{
    (void)state;
    struct fore_diag diag = {0};
    uint64_t again = 0;
    uint32_t steps = 0;
    struct live_config before = config;
    config.engine.policy.name = "static";
    enum fore_err err = play(tape_path, 0, &again, &steps, &diag);
    config = before;
    assert_int_equal(err, FORE_E_CONFLICT);
    assert_non_null(strstr(diag.text, "other decisions"));
    assert_true(steps > 0 && steps < STEPS);
}

static void damage_is_noticed_and_does_no_harm(void **state)
{
    (void)state;
    struct fore_rng rng = fore_rng_stream(1, "test.tape", 0);
    char path[300];
    (void)snprintf(path, sizeof path, "%s.bad", tape_path);
    FILE *file = fopen(tape_path, "rb");
    assert_non_null(file);
    static char bytes[8 << 20];
    size_t len = fread(bytes, 1, sizeof bytes, file), noticed = 0;
    (void)fclose(file);
    assert_true(len > 1000 && len < sizeof bytes);
    for (int round = 0; round < 40; round++) {
        size_t at = fore_rng_below(&rng, (uint32_t)len);
        size_t cut = round % 2 == 0 ? len : fore_rng_below(&rng, (uint32_t)len);
        bytes[at] ^= 1;
        file = fopen(path, "wb");
        assert_non_null(file);
        assert_int_equal(fwrite(bytes, 1, cut, file), cut);
        (void)fclose(file);
        bytes[at] ^= 1;
        struct fore_diag diag = {0};
        uint64_t again;
        uint32_t steps = 0;
        noticed += play(path, 0, &again, &steps, &diag) != FORE_E_OK || steps < STEPS;
    }
    assert_true(noticed > 35); /* a bit of the seed or of what is unused may pass */
    struct fore_diag diag = {0};
    uint64_t again;
    uint32_t steps;
    assert_int_equal(play("no-such-tape", 0, &again, &steps, &diag), FORE_E_IO);
    assert_int_equal(play("Makefile", 0, &again, &steps, &diag), FORE_E_FORMAT);
}

static int begin_group(void **state)
{
    (void)state;
    ground = ground_begin("3");
    char path[256];
    (void)snprintf(path, sizeof path, "%s", ground_path(ground, "tape.cfg"));
    FILE *file = fopen(path, "w");
    if (file == NULL) abort();
    (void)fputs(
        "observe: { window = \"200ms\"; };\n"
        "decide: { plan_every = \"1s\"; };\n"
        "act: { watch = \"1s\"; };\n"
        "policy: { name = \"reactive\"; reactive_high = \"5%\"; reactive_low = \"5%\"; };\n",
        file);
    (void)fclose(file);
    struct fore_diag diag = {0};
    if (live_config_load(path, NULL, &arena, &config, &diag) != FORE_E_OK) {
        (void)fprintf(stderr, "%s\n", diag.text);
        exit(3);
    }
    return 0;
}

static int end_group(void **state)
{
    (void)state;
    ground_end(ground);
    fore_arena_fini(&arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_run_is_recorded),
        cmocka_unit_test(it_is_run_again_bit_for_bit),
        cmocka_unit_test(other_decisions_are_noticed),
        cmocka_unit_test(damage_is_noticed_and_does_no_harm),
    };
    if (!ground_possible()) return 0;
    return cmocka_run_group_tests_name("live: tape", tests, begin_group, end_group);
}
