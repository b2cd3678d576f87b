/*
 * contract_faults.c - a scripted move in which the N-th call fails, for N = 1, 2, 3 ... until a run
 * meets no failure. After every step one node owns the partition; at the end it is the target, the
 * source holds nothing, and digests were equal before the owner changed.
 */
#include "tests/support/contract_help.h"

struct script {
    struct fore_driver driver; /* the faulty one */
    struct fore_driver inner;
    struct fore_move move;
    fore_ticket ticket;
    bool compared, done;
};

static void reopen(struct script *s)
{
    s->ticket = 0;
    s->compared = false;
}

/* Both digests, and whether they are equal; any failure means: not known yet. */
static bool digests_equal(struct script *s)
{
    uint64_t source = 1, target = 2;
    if (!fore_driver_can(s->driver, FORE_CAP_DIGEST)) return true;
    if (fore_driver_digest(s->driver, s->move.partition, s->move.source, &source) != FORE_E_OK)
        return false;
    if (fore_driver_digest(s->driver, s->move.partition, s->move.target, &target) != FORE_E_OK)
        return false;
    assert_true(source == target); /* READY promises it */
    return true;
}

/*
 * One step of a simple caller. It asks where the move is and does the next thing; a failure means
 * asking again at the next step. With `give_up` it first cancels a move that failed it.
 */
static void step(struct script *s, bool give_up)
{
    uint64_t orphans = 0;
    struct fore_move_status status;
    if (s->ticket == 0) {
        if (fore_driver_begin(s->driver, &s->move, &s->ticket) != FORE_E_OK) s->ticket = 0;
        return;
    }
    enum fore_err err = fore_driver_poll(s->driver, s->ticket, &status);
    if (err == FORE_E_OK && status.phase == FORE_PHASE_READY) {
        if (!s->compared) s->compared = digests_equal(s);
        err = s->compared ? fore_driver_cutover(s->driver, s->ticket) : FORE_E_UNREACHABLE;
    } else if (err == FORE_E_OK && status.phase == FORE_PHASE_SWEEPING) {
        err = fore_driver_sweep(s->driver, s->ticket, &orphans);
    } else if (err == FORE_E_OK && status.phase == FORE_PHASE_DONE) {
        s->done = true;
    }
    bool cancels = give_up && err != FORE_E_OK && fore_driver_can(s->driver, FORE_CAP_CANCEL);
    if (cancels && fore_driver_cancel(s->driver, s->ticket) == FORE_E_OK) {
        assert_int_equal(contract_owner(s->inner, s->move.partition), s->move.source);
        contract_expect_nothing_on(s->inner, s->move.partition, s->move.target);
        reopen(s);
    }
}

/* Returns true when the run met the failure. */
static bool run_with_failure(uint64_t fail_at, enum fore_err failure, bool give_up)
{
    struct fore_driver inner = contract_open();
    struct fore_driver_fault fault = {.inner = inner, .fail_at = fail_at, .failure = failure};
    struct script s = {.driver = fore_driver_faulty(&fault),
                       .inner = inner,
                       .move = contract_move(inner, contract_partition(inner, 0))};
    for (fore_ns waited = 0; !s.done; waited += contract_current->step_ns) {
        if (waited > 3 * contract_current->patience_ns)
            fail_msg("call %d failed and it hangs", (int)fail_at);
        step(&s, give_up);
        uint16_t owner = contract_owner(inner, s.move.partition);
        assert_true(owner == s.move.source || owner == s.move.target);
        contract_current->advance(inner, contract_current->step_ns);
    }
    assert_int_equal(contract_owner(inner, s.move.partition), s.move.target);
    assert_false(fore_topology_hosts(contract_view(inner), s.move.partition, s.move.source));
    contract_expect_nothing_on(inner, s.move.partition, s.move.source);
    contract_expect_valid(inner);
    bool met = fault.calls >= fail_at;
    contract_close(inner);
    return met;
}

static void fail_every_call_in_turn(enum fore_err failure, bool give_up)
{
    uint64_t fail_at = 1;
    while (run_with_failure(fail_at, failure, give_up))
        fail_at++;
    assert_true(fail_at > 5); /* begin, poll, two digests, cutover, sweep were all failed once */
}

static void any_call_may_be_unreachable_once(void **state)
{
    (void)state;
    struct fore_driver driver = contract_open();
    contract_need(driver, FORE_CAP_MOVE);
    contract_close(driver);
    fail_every_call_in_turn(FORE_E_UNREACHABLE, false);
}

static void any_call_may_fail_a_caller_that_gives_up_and_starts_over(void **state)
{
    (void)state;
    struct fore_driver driver = contract_open();
    contract_need(driver, FORE_CAP_MOVE | FORE_CAP_CANCEL);
    contract_close(driver);
    fail_every_call_in_turn(FORE_E_IO, true);
}

int contract_faults_run(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_call_may_be_unreachable_once),
        cmocka_unit_test(any_call_may_fail_a_caller_that_gives_up_and_starts_over),
    };
    return cmocka_run_group_tests_name("contract: one failing call, everywhere", tests, NULL, NULL);
}
