#include "experiments/pool.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

struct answer {
    uint64_t index, square;
    double pid;
};

struct heard {
    double last;
    int times;
    bool fell;
};

static enum fore_err job(void *context, size_t index, void *result,
                         struct lab_pool_progress *progress, struct fore_diag *diag)
{
    if (index == 3) abort();
    if (index == 5) _exit(4);
    if (index == 6) return fore_err_set(diag, FORE_E_RANGE, "six is too many");
    for (int i = 1; i <= 10; i++)
        lab_pool_progress(progress, i / 10.0);
    struct timespec pause = {.tv_nsec = (long)(10 - index % 10) * 1000000};
    (void)nanosleep(&pause, NULL); /* early jobs finish late */
    struct answer answer = {.index = index, .square = index * index, .pid = (double)getpid()};
    memcpy(result, &answer, sizeof answer);
    return FORE_E_OK;
}

static void hear(void *context, double share)
{
    struct heard *heard = context;
    heard->fell |= share < heard->last;
    heard->last = share;
    heard->times++;
}

static void results_come_in_job_order_and_a_crash_is_one_row(void **state)
{
    struct answer answer[24] = {0};
    struct lab_pool_report report[24] = {0};
    struct heard heard = {0};
    struct fore_diag diag = {0};
    struct lab_pool pool = {.count = 24,
                            .jobs = 4,
                            .result_size = sizeof answer[0],
                            .job = job,
                            .progress = hear,
                            .context = &heard};
    assert_int_equal(lab_pool_run(&pool, answer, report, &diag), FORE_E_OK);
    for (size_t i = 0; i < 24; i++) {
        if (i == 3 || i == 5 || i == 6) continue;
        assert_int_equal(report[i].outcome, LAB_POOL_DONE);
        assert_int_equal(answer[i].index, i);
        assert_int_equal(answer[i].square, i * i);
        assert_true((pid_t)answer[i].pid != getpid());
    }
    assert_int_equal(report[3].outcome, LAB_POOL_CRASHED);
    assert_non_null(strstr(report[3].diag.text, "signal 6"));
    assert_int_equal(report[5].outcome, LAB_POOL_CRASHED);
    assert_non_null(strstr(report[5].diag.text, "status 4"));
    assert_int_equal(report[6].outcome, LAB_POOL_REFUSED);
    assert_int_equal(report[6].diag.code, FORE_E_RANGE);
    assert_string_equal(report[6].diag.text, "six is too many");
    assert_true(heard.times > 0 && heard.last > .99 && !heard.fell);
    assert_true(waitpid(-1, NULL, WNOHANG) < 0); /* nobody is left behind */
}

static void no_jobs_is_no_work(void **state)
{
    struct fore_diag diag = {0};
    struct lab_pool pool = {.count = 0, .result_size = 8, .job = job};
    assert_int_equal(lab_pool_run(&pool, NULL, NULL, &diag), FORE_E_OK);
}

struct listener {
    size_t ended;
    bool seen[24];
};

static void note_end(void *context, size_t index, const void *result,
                     const struct lab_pool_report *report)
{
    struct listener *listener = context;
    struct answer answer;
    memcpy(&answer, result, sizeof answer);
    if (report->outcome == LAB_POOL_DONE) assert_int_equal(answer.index, index);
    assert_false(listener->seen[index]);
    listener->seen[index] = true;
    listener->ended++;
}

static bool after_six(void *context)
{
    return ((const struct listener *)context)->ended >= 6;
}

static void every_end_is_told_and_enough_begins_no_more(void **state)
{
    struct answer answer[24] = {0};
    struct lab_pool_report report[24] = {0};
    struct listener listener = {0};
    struct fore_diag diag = {0};
    struct lab_pool pool = {.count = 24,
                            .jobs = 2,
                            .result_size = sizeof answer[0],
                            .job = job,
                            .heard = note_end,
                            .enough = after_six,
                            .context = &listener};
    assert_int_equal(lab_pool_run(&pool, answer, report, &diag), FORE_E_OK);
    assert_true(listener.ended >= 6 && listener.ended <= 8); /* what ran was let finish */
    for (size_t i = 0; i < 24; i++)
        assert_true(listener.seen[i] == (report[i].outcome != LAB_POOL_SKIPPED));
}

static enum fore_err sleeper(void *context, size_t index, void *result,
                             struct lab_pool_progress *progress, struct fore_diag *diag)
{
    lab_pool_progress(progress, .5);
    (void)sleep(30);
    return FORE_E_OK;
}

static void interrupt_parent(void *context, double share)
{
    if (share > 0) (void)kill(getpid(), SIGTERM);
}

/* In a process of its own, because the signal is delivered again when the workers are gone. */
static void an_interrupt_ends_the_workers_at_once(void **state)
{
    time_t began = time(NULL);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        uint64_t result[4];
        struct lab_pool_report report[4];
        struct fore_diag diag = {0};
        struct lab_pool pool = {.count = 4,
                                .jobs = 2,
                                .result_size = sizeof result[0],
                                .job = sleeper,
                                .progress = interrupt_parent};
        (void)signal(SIGTERM, SIG_DFL);
        enum fore_err err = lab_pool_run(&pool, result, report, &diag);
        _exit(err == FORE_E_OK ? 1 : 2); /* not reached: SIGTERM came first */
    }
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
    assert_true(time(NULL) - began < 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(results_come_in_job_order_and_a_crash_is_one_row),
        cmocka_unit_test(every_end_is_told_and_enough_begins_no_more),
        cmocka_unit_test(no_jobs_is_no_work),
        cmocka_unit_test(an_interrupt_ends_the_workers_at_once),
    };
    return cmocka_run_group_tests_name("experiments/pool", tests, NULL, NULL);
}
