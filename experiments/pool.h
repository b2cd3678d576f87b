/*
 * pool.h - independent jobs in forked workers, a few at a time.
 *
 * One child a job: it computes into a fixed struct, sends it through a pipe and leaves. So a job
 * that crashes is one failed row and not the end of the batch, every core is used without threads,
 * and a job cannot disturb the next one's memory. Results arrive in job order whatever order they
 * finish in. On SIGINT or SIGTERM the children still running are ended by their pids and the
 * signal is then delivered to the caller as if it had just come.
 */
#ifndef LAB_POOL_H
#define LAB_POOL_H

#include "core/base/err.h"

enum lab_pool_outcome {
    LAB_POOL_DONE,    /* the result is there */
    LAB_POOL_REFUSED, /* the job returned an error; the diag says what */
    LAB_POOL_CRASHED, /* the worker died before it answered; the diag says how */
    LAB_POOL_SKIPPED, /* never begun: `enough` said so */
};

struct lab_pool_report { /* one a job */
    enum lab_pool_outcome outcome;
    struct fore_diag diag;
};

struct lab_pool_progress; /* handed to the job: where it reports how far it is */
void lab_pool_progress(struct lab_pool_progress *progress, double done_share);

struct lab_pool {
    size_t count;       /* of jobs */
    size_t jobs;        /* at once; 0: one per processor */
    size_t result_size; /* <= 3 KiB: a result is one atomic write */
    /* Runs in the child. Fills result[result_size]. */
    enum fore_err (*job)(void *context, size_t index, void *result,
                         struct lab_pool_progress *progress, struct fore_diag *diag);
    /* Runs in the parent whenever something was heard; may be NULL. */
    void (*progress)(void *context, double done_share);
    /* Runs in the parent when a job has ended, in the order they end; may be NULL. */
    void (*heard)(void *context, size_t index, const void *result,
                  const struct lab_pool_report *report);
    /* Asked before a job is begun; true: no further one is. May be NULL. */
    bool (*enough)(void *context);
    void *context;
};

/* results[count * result_size] and report[count]. An error is the pool's own: no pipe, no fork. */
FORE_MUST_USE enum fore_err lab_pool_run(const struct lab_pool *pool, void *results,
                                         struct lab_pool_report *report, struct fore_diag *diag);

#endif
