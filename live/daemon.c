/* daemon.c - see daemon.h: everything of a run in one struct, and the loop over windows. */
#include "live/daemon.h"

#include "core/cluster/journal.h"
#include "live/clock.h"
#include "live/log.h"
#include "workloads/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct daemon {
    const struct live_run *run;
    const struct live_options *options;
    struct fore_arena *perm;
    struct fore_diag *diag;
    struct live_backend backend;
    struct fore_engine *engine;
    struct live_log log;
    struct wl_out *out; /* events */
    struct fore_journal_writer *writer;
    struct fore_sink sinks[2]; /* the log's, the journal's */
    char told_frozen[200];
    bool killed;
    fore_ns due; /* by our clock: when the window in work ends */
};

static const fore_ns slice = 50 * FORE_MS;

static void put_both(void *self, fore_ns at, enum fore_event_kind kind, const void *body,
                     size_t len)
{
    struct daemon *d = self;
    for (size_t i = 0; i < FORE_COUNTOF(d->sinks); i++)
        fore_sink_put(d->sinks[i], at, kind, body, len);
}

/* ---- opening ------------------------------------------------------------------------------ */

static enum fore_err open_log(struct daemon *d)
{
    const char *path = d->options->log;
    d->log.file = path[0] == '\0' ? stderr : fopen(path, "a");
    if (d->log.file == NULL)
        return fore_err_set(d->diag, FORE_E_IO, "live.log: cannot append to %s", path);
    d->sinks[0] = live_log_sink(&d->log);
    return FORE_E_OK;
}

static enum fore_err open_journal(struct daemon *d)
{
    if (d->run->journal == NULL) return FORE_E_OK;
    struct fore_journal_out out = {.write = NULL};
    FORE_TRY(wl_out_open(d->run->journal, &d->out, d->diag));
    wl_out_journal(d->out, &out);
    struct fore_journal_header header = {.major = FORE_JOURNAL_MAJOR,
                                         .minor = FORE_JOURNAL_MINOR,
                                         .seed = d->run->seed,
                                         .slo_ns = d->backend.slo,
                                         .start_unix_s = (uint64_t)time(NULL),
                                         .text = "# live: a Redis Cluster\n"};
    d->writer = fore_journal_writer_create(&header, out);
    d->sinks[1] = fore_journal_writer_sink(d->writer);
    return FORE_E_OK;
}

static enum fore_err open_backend(struct daemon *d)
{
    const struct live_run *run = d->run;
    if (d->options->driver == LIVE_DRIVER_SIM)
        return live_backend_stand_in(run->config, run->simulator, run->seed, &d->backend, d->diag);
    return live_backend_redis(run->config, run->seed, &d->backend, d->diag);
}

static enum fore_err open_engine(struct daemon *d)
{
    bool plans = d->options->mode != LIVE_OBSERVE;
    struct fore_engine_setup setup = {
        .options = &d->run->config->engine,
        .driver = d->backend.door,
        .sink = {.put = put_both, .self = d},
        .seed = d->run->seed,
        .slo_ns = d->backend.slo,
        .act_from = plans ? d->options->warmup : UINT64_MAX,
        .keyframe_every = 60 * FORE_SEC
    };
    FORE_TRY(fore_engine_create(&setup, &d->engine, d->diag));
    fore_engine_hold(d->engine, d->options->mode != LIVE_AUTO);
    return FORE_E_OK;
}

static enum fore_err open_all(struct daemon *d)
{
    FORE_TRY(open_log(d));
    FORE_TRY(open_backend(d));
    FORE_TRY(open_journal(d));
    return open_engine(d);
}

/* ---- running ------------------------------------------------------------------------------ */

static void introduce(struct daemon *d)
{
    static const char *const modes[] = {"observe", "propose", "auto"};
    char text[120];
    (void)snprintf(text, sizeof text, "mode %s; driver %s", modes[d->options->mode],
                   d->backend.ops->name);
    live_log_say(&d->log, "info", "begin", text);
    if (d->backend.ops->introduce != NULL) d->backend.ops->introduce(d->backend.self, &d->log);
}

/* The kill file comes and goes; so do reasons for which nothing moves. Each is told once. */
static void look_around(struct daemon *d)
{
    const char *path = d->options->kill_file;
    bool kill = path[0] != '\0' && access(path, F_OK) == 0;
    if (kill != d->killed) {
        live_log_say(&d->log, "warning", kill ? "held" : "released",
                     kill ? "the kill file is there: nothing begins, moves rest"
                          : "the kill file is gone");
        d->killed = kill;
        fore_engine_hold(d->engine, kill || d->options->mode != LIVE_AUTO);
        if (d->backend.ops->hold != NULL) d->backend.ops->hold(d->backend.self, kill);
    }
    const char *frozen =
        d->backend.ops->frozen != NULL ? d->backend.ops->frozen(d->backend.self) : "";
    if (strcmp(frozen, d->told_frozen) == 0) return;
    (void)snprintf(d->told_frozen, sizeof d->told_frozen, "%s", frozen);
    live_log_say(&d->log, frozen[0] != '\0' ? "warning" : "info", "moves",
                 frozen[0] != '\0' ? frozen : "going on");
}

/* A window of the cluster's time, by our clock: `due` is when it ends. A daemon that has fallen
 * behind by more than a window does not catch up in a rush. */
static void pass_time(struct daemon *d, fore_ns real_window)
{
    fore_ns now = live_clock_now();
    d->due = d->due + 2 * real_window < now ? now : d->due + real_window;
    while (*d->run->stop == 0 && (now = live_clock_now()) < d->due) {
        fore_ns left = d->due - now;
        d->backend.ops->work(d->backend.self, left < slice ? left : slice);
    }
}

static enum fore_err step(struct daemon *d, fore_ns window, bool *ended)
{
    FORE_TRY(d->backend.ops->pass(d->backend.self, window, ended, d->diag));
    if (*ended) return FORE_E_OK;
    enum fore_err err = fore_engine_step(d->engine, fore_driver_now(d->backend.door), d->diag);
    if (err != FORE_E_OK && err != FORE_E_AGAIN) return err;
    if (d->writer != NULL) fore_journal_writer_flush(d->writer);
    if (d->backend.ops->tend != NULL) FORE_TRY(d->backend.ops->tend(d->backend.self, d->diag));
    if (d->log.failed)
        return fore_err_set(d->diag, FORE_E_IO, "live.log: a line cannot be written");
    return FORE_E_OK;
}

static enum fore_err loop(struct daemon *d)
{
    fore_ns window = d->run->config->engine.observe.window, span = d->options->span;
    double speed = d->options->driver == LIVE_DRIVER_SIM ? d->options->speed : 1;
    bool ended = false;
    d->due = live_clock_now();
    while (*d->run->stop == 0 && !ended && (span == 0 || fore_driver_now(d->backend.door) < span)) {
        look_around(d);
        pass_time(d, (fore_ns)((double)window / speed));
        FORE_TRY(step(d, window, &ended));
    }
    if (ended) live_log_say(&d->log, "info", "workload", "the simulated workload is over");
    return FORE_E_OK;
}

static enum fore_err close_journal(struct daemon *d, enum fore_err err)
{
    if (d->writer != NULL) {
        enum fore_err finished = fore_journal_writer_finish(d->writer, d->diag);
        fore_journal_writer_destroy(d->writer);
        if (err == FORE_E_OK) err = finished;
    }
    if (d->out == NULL) return err;
    if (d->backend.ops != NULL) { /* what was written is whole up to here, whatever ended the run */
        enum fore_err committed = wl_out_commit(d->out, d->diag);
        return err == FORE_E_OK ? committed : err;
    }
    wl_out_abort(d->out);
    return err;
}

enum fore_err live_daemon_run(const struct live_run *run, struct fore_arena *perm,
                              struct fore_diag *diag)
{
    struct daemon *d = calloc(1, sizeof *d);
    FORE_ASSERT(d != NULL);
    d->run = run;
    d->options = &run->config->live;
    d->perm = perm;
    d->diag = diag;
    enum fore_err err = open_all(d);
    if (err == FORE_E_OK) {
        introduce(d);
        err = loop(d);
        live_log_say(&d->log, err == FORE_E_OK ? "info" : "error", "end",
                     err == FORE_E_OK ? "told to stop" : diag->text);
    }
    if (d->engine != NULL) fore_engine_destroy(d->engine);
    err = close_journal(d, err);
    live_backend_close(&d->backend);
    if (d->log.file != NULL && d->log.file != stderr) (void)fclose(d->log.file);
    live_log_fini(&d->log);
    free(d);
    return err;
}
