/* daemon.c - see daemon.h: everything of a run in one struct, and the loop over windows. */
#include "live/daemon.h"

#include "core/cluster/journal.h"
#include "live/log.h"
#include "workloads/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { PASSWORD_MAX = 512 };

struct daemon {
    const struct live_run *run;
    const struct live_options *options;
    struct fore_arena *perm;
    struct fore_diag *diag;
    struct live_address seed[8];
    char password[PASSWORD_MAX], holder[64];
    struct live_driver *driver;
    struct fore_engine *engine;
    struct live_log log;
    struct wl_out *out; /* events */
    struct fore_journal_writer *writer;
    struct fore_sink sinks[2]; /* the log's, the journal's */
    char told_frozen[200];
    bool killed;
};

static void put_both(void *self, fore_ns at, enum fore_event_kind kind, const void *body,
                     size_t len)
{
    struct daemon *d = self;
    for (size_t i = 0; i < FORE_COUNTOF(d->sinks); i++)
        fore_sink_put(d->sinks[i], at, kind, body, len);
}

/* ---- opening ------------------------------------------------------------------------------ */

static enum fore_err read_password(struct daemon *d)
{
    const char *path = d->options->password_file;
    if (path[0] == '\0') return FORE_E_OK;
    FILE *file = fopen(path, "r");
    bool read = file != NULL && fgets(d->password, sizeof d->password, file) != NULL;
    if (file != NULL) (void)fclose(file);
    d->password[strcspn(d->password, "\r\n")] = '\0';
    if (read && d->password[0] != '\0') return FORE_E_OK;
    return fore_err_set(d->diag, FORE_E_IO, "live.password_file: %s holds no password", path);
}

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
                                         .slo_ns = d->options->slo,
                                         .start_unix_s = (uint64_t)time(NULL),
                                         .text = "# live: a Redis Cluster\n"};
    d->writer = fore_journal_writer_create(&header, out);
    d->sinks[1] = fore_journal_writer_sink(d->writer);
    return FORE_E_OK;
}

static enum fore_err open_driver(struct daemon *d)
{
    const struct live_options *o = d->options;
    for (size_t i = 0; i < o->nodes.count; i++)
        FORE_TRY(live_address_parse(o->nodes.item[i], strlen(o->nodes.item[i]), &d->seed[i]));
    (void)snprintf(d->holder, sizeof d->holder, "foreshard live, process %ld", (long)getpid());
    struct live_driver_options options = {
        .seed = d->seed,
        .seed_count = o->nodes.count,
        .access = {.user = o->user[0] != '\0' ? o->user : NULL,
                   .password = d->password[0] != '\0' ? d->password : NULL,
                   .timeout_ms = (uint32_t)(o->timeout / FORE_MS)                                      },
        .journal = o->state,
        .holder = d->holder,
        .partitions = (uint32_t)o->partitions,
        .window = d->run->config->engine.observe.window,
        .mover = {.pace = {.stall_ms = (double)o->stall / 1e6},
                   .slot = {.verify = o->verify},
                   .need_replica = o->replicas                                                         },
        .heat = {.duty = o->duty > 0 ? o->duty : -1,           .slo_ns = o->slo, .seed = d->run->seed}
    };
    return live_driver_open(&d->driver, &options, d->diag);
}

static enum fore_err open_engine(struct daemon *d)
{
    bool plans = d->options->mode != LIVE_OBSERVE;
    struct fore_engine_setup setup = {
        .options = &d->run->config->engine,
        .driver = live_driver_door(d->driver),
        .sink = {.put = put_both, .self = d},
        .seed = d->run->seed,
        .slo_ns = d->options->slo,
        .act_from = plans ? d->options->warmup : UINT64_MAX,
        .keyframe_every = 60 * FORE_SEC
    };
    FORE_TRY(fore_engine_create(&setup, &d->engine, d->diag));
    fore_engine_hold(d->engine, d->options->mode != LIVE_AUTO);
    return FORE_E_OK;
}

static enum fore_err open_all(struct daemon *d)
{
    FORE_TRY(read_password(d));
    FORE_TRY(open_log(d));
    FORE_TRY(open_journal(d));
    FORE_TRY(open_driver(d));
    return open_engine(d);
}

/* ---- running ------------------------------------------------------------------------------ */

static void introduce(struct daemon *d)
{
    static const char *const modes[] = {"observe", "propose", "auto"};
    struct live_open open[8];
    char text[300];
    (void)snprintf(text, sizeof text, "mode %s; %u shards, %u partitions; slots' heat from %s",
                   modes[d->options->mode], d->driver->topology.node_count,
                   d->driver->topology.alive_count, live_heat_source_text(d->driver->heat.source));
    live_log_say(&d->log, "info", "begin", text);
    uint32_t strangers = live_mover_strangers(&d->driver->mover, open, FORE_COUNTOF(open));
    for (uint32_t i = 0; i < strangers && i < FORE_COUNTOF(open); i++) {
        (void)snprintf(text, sizeof text,
                       "slot %u is %s by other hands: it is left alone, and so is its partition",
                       (unsigned)open[i].slot, open[i].importing ? "taken in" : "given away");
        live_log_say(&d->log, "warning", "open-slot", text);
    }
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
        d->driver->mover.held = kill;
    }
    const char *frozen = d->driver->mover.frozen;
    if (strcmp(frozen, d->told_frozen) == 0) return;
    (void)snprintf(d->told_frozen, sizeof d->told_frozen, "%s", frozen);
    live_log_say(&d->log, frozen[0] != '\0' ? "warning" : "info", "moves",
                 frozen[0] != '\0' ? frozen : "going on");
}

static enum fore_err loop(struct daemon *d)
{
    fore_ns window = d->run->config->engine.observe.window, span = d->options->span;
    while (*d->run->stop == 0 && (span == 0 || d->driver->now < span)) {
        look_around(d);
        live_driver_run(d->driver, window);
        enum fore_err err = fore_engine_step(d->engine, d->driver->now, d->diag);
        if (err != FORE_E_OK && err != FORE_E_AGAIN) return err;
        if (d->writer != NULL) fore_journal_writer_flush(d->writer);
        if (live_journal_renew(d->driver->journal) == FORE_E_REFUSED)
            return fore_err_set(d->diag, FORE_E_REFUSED, "%s: the lease went to another mover",
                                d->options->state);
        if (d->log.failed)
            return fore_err_set(d->diag, FORE_E_IO, "live.log: a line cannot be written");
    }
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
    if (d->driver != NULL) { /* what was written is whole up to here, whatever ended the run */
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
    if (d->driver != NULL) fore_driver_close(live_driver_door(d->driver));
    if (d->log.file != NULL && d->log.file != stderr) (void)fclose(d->log.file);
    live_log_fini(&d->log);
    memset(d->password, 0, sizeof d->password);
    free(d);
    return err;
}
