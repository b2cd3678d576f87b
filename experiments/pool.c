/*
 * pool.c - the parent keeps a slot per running child and polls their pipes.
 *
 * A child writes messages of one fixed header and, with the last one, its diag and result; each is
 * below PIPE_BUF, so it arrives whole or not at all. End of file without a last message means the
 * child died, and waitpid says how.
 */
#include "experiments/pool.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MESSAGE_PROGRESS, MESSAGE_RESULT, RESULT_MAX = 3072 };

struct message {
    uint64_t kind;
    double share;
    uint64_t err;
};
_Static_assert(sizeof(struct message) + sizeof(struct fore_diag) + RESULT_MAX <= PIPE_BUF,
               "a last message is one atomic write");

struct lab_pool_progress {
    int fd;
    double told;
};

struct child {
    pid_t pid; /* 0: the slot is free */
    int fd;
    size_t index;
    double share;
    size_t have; /* bytes of the message under way */
    unsigned char bytes[PIPE_BUF];
};

struct batch {
    const struct lab_pool *pool;
    unsigned char *results;
    struct lab_pool_report *report;
    struct child *child;
    struct pollfd *poll;
    size_t slots, started, finished;
};

/* A handler can only leave a note; the loop acts on it. */
static volatile sig_atomic_t interrupted;
static void on_signal(int number)
{
    interrupted = number;
}

static void send_all(int fd, const void *bytes, size_t len)
{
    if (write(fd, bytes, len) != (ssize_t)len) _exit(70); /* the parent is gone */
}

void lab_pool_progress(struct lab_pool_progress *progress, double done_share)
{
    if (done_share < progress->told + .005) return;
    progress->told = done_share;
    struct message message = {.kind = MESSAGE_PROGRESS, .share = done_share};
    send_all(progress->fd, &message, sizeof message);
}

/* The child's whole life. stdout's buffer is the parent's: _exit leaves it alone. */
static _Noreturn void work(const struct lab_pool *pool, size_t index, int fd)
{
    static unsigned char out[PIPE_BUF];
    struct lab_pool_progress progress = {.fd = fd};
    struct fore_diag diag = {.code = FORE_E_OK};
    _Alignas(max_align_t) unsigned char result[RESULT_MAX] = {0};
    enum fore_err err = pool->job(pool->context, index, result, &progress, &diag);
    struct message message = {.kind = MESSAGE_RESULT, .share = 1, .err = (uint64_t)err};
    memcpy(out, &message, sizeof message);
    memcpy(out + sizeof message, &diag, sizeof diag);
    memcpy(out + sizeof message + sizeof diag, result, pool->result_size);
    send_all(fd, out, sizeof message + sizeof diag + pool->result_size);
    _exit(0);
}

static void close_others(const struct batch *batch)
{
    for (size_t i = 0; i < batch->slots; i++)
        if (batch->child[i].pid != 0) (void)close(batch->child[i].fd);
}

static enum fore_err start(struct batch *batch, struct child *child, struct fore_diag *diag)
{
    int ends[2];
    if (pipe(ends) != 0)
        return fore_err_set(diag, FORE_E_IO, "no pipe for a worker: %s", strerror(errno));
    (void)fflush(NULL);
    pid_t pid = fork();
    if (pid < 0) {
        (void)close(ends[0]);
        (void)close(ends[1]);
        return fore_err_set(diag, FORE_E_IO, "cannot fork a worker: %s; try fewer --jobs",
                            strerror(errno));
    }
    if (pid == 0) {
        (void)signal(SIGINT, SIG_DFL);
        (void)signal(SIGTERM, SIG_DFL);
        close_others(batch);
        (void)close(ends[0]);
        work(batch->pool, batch->started, ends[1]);
    }
    (void)close(ends[1]);
    *child = (struct child){.pid = pid, .fd = ends[0], .index = batch->started};
    batch->started++;
    return FORE_E_OK;
}

/* Takes whole messages off the child's buffer. True when the last one was among them. */
static bool digest_messages(struct batch *batch, struct child *child)
{
    size_t size = batch->pool->result_size;
    size_t last = sizeof(struct message) + sizeof(struct fore_diag) + size;
    for (;;) {
        struct message message;
        if (child->have < sizeof message) return false;
        memcpy(&message, child->bytes, sizeof message);
        size_t need = message.kind == MESSAGE_RESULT ? last : sizeof message;
        if (child->have < need) return false;
        child->share = message.share;
        if (message.kind == MESSAGE_RESULT) {
            struct lab_pool_report *report = &batch->report[child->index];
            memcpy(&report->diag, child->bytes + sizeof message, sizeof report->diag);
            memcpy(batch->results + child->index * size,
                   child->bytes + sizeof message + sizeof report->diag, size);
            report->outcome = message.err == FORE_E_OK ? LAB_POOL_DONE : LAB_POOL_REFUSED;
            report->diag.code = (enum fore_err)message.err;
            return true;
        }
        child->have -= need;
        memmove(child->bytes, child->bytes + need, child->have);
    }
}

static void bury(struct batch *batch, struct child *child, bool answered)
{
    int status = 0;
    (void)close(child->fd);
    while (waitpid(child->pid, &status, 0) < 0 && errno == EINTR) {}
    struct lab_pool_report *report = &batch->report[child->index];
    if (!answered) {
        *report = (struct lab_pool_report){.outcome = LAB_POOL_CRASHED};
        report->diag.code = FORE_E_IO;
        if (WIFSIGNALED(status))
            (void)snprintf(report->diag.text, sizeof report->diag.text,
                           "worker died of signal %d (%s)", WTERMSIG(status),
                           strsignal(WTERMSIG(status)));
        else
            (void)snprintf(report->diag.text, sizeof report->diag.text,
                           "worker left with status %d before it answered", WEXITSTATUS(status));
    }
    child->pid = 0;
    batch->finished++;
    const struct lab_pool *pool = batch->pool;
    if (pool->heard != NULL)
        pool->heard(pool->context, child->index, batch->results + child->index * pool->result_size,
                    report);
}

static void listen_to(struct batch *batch, struct child *child)
{
    ssize_t got = read(child->fd, child->bytes + child->have, sizeof child->bytes - child->have);
    if (got < 0 && (errno == EINTR || errno == EAGAIN)) return;
    if (got <= 0) {
        bury(batch, child, false);
        return;
    }
    child->have += (size_t)got;
    if (digest_messages(batch, child)) bury(batch, child, true);
}

static void tell(const struct batch *batch)
{
    if (batch->pool->progress == NULL) return;
    double share = (double)batch->finished;
    for (size_t i = 0; i < batch->slots; i++)
        if (batch->child[i].pid != 0) share += batch->child[i].share;
    batch->pool->progress(batch->pool->context, share / (double)batch->pool->count);
}

/* Ends our own children, each by its pid. */
static void end_all(struct batch *batch)
{
    for (size_t i = 0; i < batch->slots; i++)
        if (batch->child[i].pid != 0) (void)kill(batch->child[i].pid, SIGKILL);
    for (size_t i = 0; i < batch->slots; i++)
        if (batch->child[i].pid != 0) bury(batch, &batch->child[i], false);
}

/* The jobs that are left will not be begun. */
static void skip_rest(struct batch *batch)
{
    for (; batch->started < batch->pool->count; batch->started++, batch->finished++)
        batch->report[batch->started].outcome = LAB_POOL_SKIPPED;
}

static enum fore_err run(struct batch *batch, struct fore_diag *diag)
{
    const struct lab_pool *pool = batch->pool;
    while (batch->finished < pool->count && interrupted == 0) {
        if (pool->enough != NULL && pool->enough(pool->context)) skip_rest(batch);
        for (size_t i = 0; i < batch->slots && batch->started < pool->count; i++)
            if (batch->child[i].pid == 0) FORE_TRY(start(batch, &batch->child[i], diag));
        for (size_t i = 0; i < batch->slots; i++)
            batch->poll[i] = (struct pollfd){
                .fd = batch->child[i].pid != 0 ? batch->child[i].fd : -1, .events = POLLIN};
        if (poll(batch->poll, (nfds_t)batch->slots, 200) < 0 && errno != EINTR)
            return fore_err_set(diag, FORE_E_IO, "cannot wait for workers: %s", strerror(errno));
        for (size_t i = 0; i < batch->slots; i++)
            if (batch->child[i].pid != 0 && batch->poll[i].revents != 0)
                listen_to(batch, &batch->child[i]);
        tell(batch);
    }
    return FORE_E_OK;
}

static size_t slots_of(const struct lab_pool *pool)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    size_t slots = pool->jobs > 0 ? pool->jobs : (size_t)(cores > 0 ? cores : 1);
    return slots < pool->count ? slots : pool->count;
}

enum fore_err lab_pool_run(const struct lab_pool *pool, void *results,
                           struct lab_pool_report *report, struct fore_diag *diag)
{
    FORE_ASSERT(pool->result_size <= RESULT_MAX);
    if (pool->count == 0) return FORE_E_OK;
    struct batch batch = {
        .pool = pool, .results = results, .report = report, .slots = slots_of(pool)};
    batch.child = calloc(batch.slots, sizeof *batch.child);
    batch.poll = calloc(batch.slots, sizeof *batch.poll);
    FORE_ASSERT(batch.child != NULL && batch.poll != NULL);

    struct sigaction note = {.sa_handler = on_signal}, was_int, was_term;
    (void)sigemptyset(&note.sa_mask);
    interrupted = 0;
    (void)sigaction(SIGINT, &note, &was_int);
    (void)sigaction(SIGTERM, &note, &was_term);
    enum fore_err err = run(&batch, diag);
    end_all(&batch);
    (void)sigaction(SIGINT, &was_int, NULL);
    (void)sigaction(SIGTERM, &was_term, NULL);
    free(batch.poll);
    free(batch.child);
    if (interrupted != 0) {
        (void)raise((int)interrupted);
        return fore_err_set(diag, FORE_E_IO, "interrupted");
    }
    return err;
}
