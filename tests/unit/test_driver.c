#include "core/cluster/driver.h"
#include "tests/support/fake_driver.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static int set_up(void **state)
{
    *state = fake_create(NULL);
    return 0;
}

static int tear_down(void **state)
{
    fake_destroy(*state);
    return 0;
}

static void every_kind_and_phase_has_a_name(void **state)
{
    assert_string_equal(fore_move_kind_text(FORE_MOVE_MOVE), "move");
    assert_string_equal(fore_move_kind_text(FORE_MOVE_DROP_REPLICA), "drop-replica");
    assert_string_equal(fore_move_phase_text(FORE_PHASE_QUEUED), "queued");
    assert_string_equal(fore_move_phase_text(FORE_PHASE_FAILED), "failed");
}

static void capabilities_are_asked_all_together(void **state)
{
    struct fake *fake = *state;
    fake->ops.caps = FORE_CAP_MOVE | FORE_CAP_DIGEST;
    struct fore_driver driver = fake_driver(fake);
    assert_true(fore_driver_can(driver, FORE_CAP_MOVE));
    assert_true(fore_driver_can(driver, FORE_CAP_MOVE | FORE_CAP_DIGEST));
    assert_false(fore_driver_can(driver, FORE_CAP_MOVE | FORE_CAP_SPLIT));
    assert_true(fore_driver_can(driver, 0));
}

static void a_missing_capability_never_reaches_the_driver(void **state)
{
    struct fake *fake = *state;
    fake->ops.caps = FORE_CAP_MOVE;
    fake->ops.cancel = NULL;
    fake->ops.throttle = NULL;
    fake->ops.digest = NULL;
    struct fore_driver driver = fake_driver(fake);
    struct fore_move split = {.kind = FORE_MOVE_SPLIT, .split_at = 5};
    fore_ticket ticket = 0;
    uint64_t digest = 0;
    assert_int_equal(fore_driver_begin(driver, &split, &ticket), FORE_E_UNSUPPORTED);
    assert_int_equal(fore_driver_cancel(driver, 1), FORE_E_UNSUPPORTED);
    assert_int_equal(fore_driver_throttle(driver, 1, 0), FORE_E_UNSUPPORTED);
    assert_int_equal(fore_driver_digest(driver, 0, 0, &digest), FORE_E_UNSUPPORTED);
}

static void the_nth_call_fails_and_only_that_one(void **state)
{
    struct fake *fake = *state;
    struct fore_driver_fault fault = {
        .inner = fake_driver(fake), .fail_at = 3, .failure = FORE_E_UNREACHABLE};
    struct fore_driver driver = fore_driver_faulty(&fault);
    struct fore_move move = {.kind = FORE_MOVE_MOVE, .partition = 0, .source = 0, .target = 1};
    const struct fore_topology *topology;
    fore_ticket ticket = 0;
    struct fore_sample sample;
    assert_true(fore_driver_now(driver) == 0); /* cannot fail, so it does not count */
    assert_int_equal(fore_driver_topology(driver, &topology), FORE_E_OK);
    assert_int_equal(fore_driver_sample(driver, &sample), FORE_E_AGAIN);
    assert_int_equal(fore_driver_begin(driver, &move, &ticket), FORE_E_UNREACHABLE);
    assert_int_equal(fake->move_count, 0);
    assert_int_equal(fore_driver_begin(driver, &move, &ticket), FORE_E_OK);
    assert_int_equal(fake->move_count, 1);
    assert_int_equal(fault.calls, 4);
}

static void a_faulty_driver_has_the_name_and_capabilities_of_the_inner_one(void **state)
{
    struct fake *fake = *state;
    fake->ops.caps = FORE_CAP_SPLIT;
    struct fore_driver_fault fault = {.inner = fake_driver(fake)};
    struct fore_driver driver = fore_driver_faulty(&fault);
    assert_string_equal(driver.ops->name, "fake");
    assert_true(fore_driver_can(driver, FORE_CAP_SPLIT));
    assert_false(fore_driver_can(driver, FORE_CAP_MOVE));
    for (int i = 0; i < 100; i++) {
        const struct fore_topology *topology;
        assert_int_equal(fore_driver_topology(driver, &topology), FORE_E_OK);
    }
}

/* ---- a driver that lies stops the program ---- */

static enum fore_err lying_begin(void *self, const struct fore_move *move, fore_ticket *out)
{
    *out = 0; /* a ticket that names nothing */
    return FORE_E_OK;
}

static enum fore_err lying_poll(void *self, fore_ticket ticket, struct fore_move_status *out)
{
    *out = (struct fore_move_status){.phase = FORE_MOVE_PHASES};
    return FORE_E_OK;
}

static enum fore_err lying_sample(void *self, struct fore_sample *out)
{
    *out = (struct fore_sample){.begin = 1, .end = 2, .partition_count = 4};
    return FORE_E_OK;
}

static void call_begin(struct fore_driver driver)
{
    struct fore_move move = {.kind = FORE_MOVE_MOVE};
    fore_ticket ticket;
    (void)!fore_driver_begin(driver, &move, &ticket);
}

static void call_poll(struct fore_driver driver)
{
    struct fore_move_status status;
    (void)!fore_driver_poll(driver, 1, &status);
}

static void call_sample(struct fore_driver driver)
{
    struct fore_sample sample;
    (void)!fore_driver_sample(driver, &sample);
}

static void call_throttle_backwards(struct fore_driver driver)
{
    (void)!fore_driver_throttle(driver, 1, -1.0);
}

static bool dies(void (*call)(struct fore_driver driver), struct fore_driver driver)
{
    pid_t child = fork();
    if (child == 0) {
        (void)signal(SIGABRT, SIG_DFL);
        call(driver);
        _exit(0);
    }
    int status = 0;
    return child > 0 && waitpid(child, &status, 0) == child && WIFSIGNALED(status) &&
           WTERMSIG(status) == SIGABRT;
}

static void a_broken_promise_is_a_bug_and_aborts(void **state)
{
    struct fake *fake = *state;
    struct fore_driver driver = fake_driver(fake);
    assert_true(dies(call_throttle_backwards, driver));
    fake->ops.begin = lying_begin;
    fake->ops.poll = lying_poll;
    fake->ops.sample = lying_sample;
    assert_true(dies(call_begin, driver));
    assert_true(dies(call_poll, driver));
    assert_true(dies(call_sample, driver));
}

/* ---- the fake itself, where the contract does not look ---- */

static void the_fake_stalls_a_move_while_a_node_is_down(void **state)
{
    struct fake *fake = *state;
    struct fore_driver driver = fake_driver(fake);
    struct fore_move move = {.kind = FORE_MOVE_MOVE, .partition = 0, .source = 0, .target = 1};
    struct fore_move_status status;
    fore_ticket ticket = 0;
    assert_int_equal(fore_driver_begin(driver, &move, &ticket), FORE_E_OK);
    fake->topology.node[1].up = false;
    fake_advance(fake, 100 * FORE_SEC);
    assert_int_equal(fore_driver_poll(driver, ticket, &status), FORE_E_OK);
    assert_int_equal(status.phase, FORE_PHASE_QUEUED);
    fake->topology.node[1].up = true;
    fake_advance(fake, 100 * FORE_SEC);
    fake_fail(fake, ticket);
    assert_int_equal(fore_driver_poll(driver, ticket, &status), FORE_E_OK);
    assert_int_equal(status.phase, FORE_PHASE_FAILED);
    assert_int_equal(fake_orphan_count(fake), 0);
}

static void the_fake_tells_corruption_by_its_digest(void **state)
{
    struct fake *fake = *state;
    struct fore_driver driver = fake_driver(fake);
    uint64_t before = 0, after = 0;
    assert_int_equal(fore_driver_digest(driver, 2, 2, &before), FORE_E_OK);
    fake_corrupt(fake, 2, 2);
    assert_int_equal(fore_driver_digest(driver, 2, 2, &after), FORE_E_OK);
    assert_true(before != after);
}

static void the_fake_samples_what_the_test_set(void **state)
{
    struct fake *fake = *state;
    struct fore_sample sample;
    fake->partition_sample[3].reads = 40;
    fake->partition_sample[3].writes = 2;
    fake->node_sample[1].utilization = 0.5;
    fake_advance(fake, 2500 * FORE_MS);
    assert_int_equal(fore_driver_sample(fake_driver(fake), &sample), FORE_E_OK);
    assert_true(sample.begin == FORE_SEC && sample.end == 2 * FORE_SEC);
    assert_int_equal(sample.requests, 42);
    assert_int_equal(sample.partition[3].size_bytes, fake->topology.partition[3].bytes);
    assert_true(sample.node[1].utilization > 0.4);
    assert_int_equal(fore_driver_sample(fake_driver(fake), &sample), FORE_E_AGAIN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        cmocka_unit_test(every_kind_and_phase_has_a_name),
        TEST(capabilities_are_asked_all_together),
        TEST(a_missing_capability_never_reaches_the_driver),
        TEST(the_nth_call_fails_and_only_that_one),
        TEST(a_faulty_driver_has_the_name_and_capabilities_of_the_inner_one),
        TEST(a_broken_promise_is_a_bug_and_aborts),
        TEST(the_fake_stalls_a_move_while_a_node_is_down),
        TEST(the_fake_tells_corruption_by_its_digest),
        TEST(the_fake_samples_what_the_test_set),
#undef TEST
    };
    return cmocka_run_group_tests_name("core/cluster/driver", tests, NULL, NULL);
}
