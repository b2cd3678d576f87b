/* daemon.c - see daemon.h: everything of a run in one struct, and the loop over windows. */
#include "live/daemon.h"
#include "live/backend.h"

#include "core/cluster/journal.h"
#include "live/api/desk.h"
#include "live/api/http.h"
#include "live/base/clock.h"
#include "live/base/log.h"
#include "live/base/service.h"
#include "live/keeper.h"
#include "live/tape/tape.h"
#include "live/waiting.h"

#include <errno.h>
#include <fcntl.h>
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
    int events; /* file of the journal, once there is a writer */
    struct fore_journal_writer *writer;
    struct live_tape *tape;    /* NULL: none */
    struct fore_sink sinks[3]; /* the log's, the journal's, the desk's */
    struct live_config config; /* the run's, with what was kept from earlier ones */
    struct live_memory *memory;
    struct fore_buf waiting; /* moves that wait for others, as the memory has noted them */
    bool waiting_lost;       /* and it could not: told once */
    struct live_desk *desk;
    struct live_http *http;     /* NULL: no API */
    struct live_notify *notify; /* NULL: nobody is told */
    struct live_service service;
    struct live_kept kept;      /* of an earlier run */
    struct live_keeper *keeper; /* NULL: nothing is kept */
    bool resumed, seeds;
    fore_ns swept, kept_at, began; /* began: by the cluster's clock */
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

/* At once and under its own name: whoever watches reads on as it grows, and a journal cut off by
 * a crash can be read up to there. */
static enum fore_err put_events(void *self, const void *bytes, size_t len)
{
    const struct daemon *d = self;
    const char *at = bytes;
    while (len > 0) {
        ssize_t put = write(d->events, at, len);
        if (put < 0 && errno == EINTR) continue;
        if (put <= 0) return FORE_E_IO;
        at += put;
        len -= (size_t)put;
    }
    return FORE_E_OK;
}

static enum fore_err open_journal(struct daemon *d)
{
    if (d->run->journal == NULL) return FORE_E_OK;
    d->events = open(d->run->journal, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (d->events < 0)
        return fore_err_set(d->diag, FORE_E_IO, "cannot write %s: %s", d->run->journal,
                            strerror(errno));
    struct fore_journal_header header = {.major = FORE_JOURNAL_MAJOR,
                                         .minor = FORE_JOURNAL_MINOR,
                                         .seed = d->run->seed,
                                         .slo_ns = d->backend.slo,
                                         .start_unix_s = (uint64_t)time(NULL),
                                         .text = "# live: a Redis Cluster\n"};
    d->writer = fore_journal_writer_create(
        &header, (struct fore_journal_out){.write = put_events, .self = d});
    d->sinks[1] = fore_journal_writer_sink(d->writer);
    return FORE_E_OK;
}

/* A simulated cluster begins anew at every start; what was learned of it is of no use then. */
static void open_kept(struct daemon *d)
{
    char why[240], text[400];
    double unix_s = (double)time(NULL);
    d->config.engine.forecast.clock_start = unix_s; /* timetable and hints go by the clock */
    if (d->options->driver == LIVE_DRIVER_SIM || d->options->keep_every == 0) return;
    const char *path = fore_arena_printf(d->perm, "%s.learned", d->options->state);
    d->resumed = live_kept_resume(path, d->config.engine.observe.window, live_unix_ms(), &d->kept,
                                  why, sizeof why);
    d->keeper = live_keeper_open(path);
    d->seeds = !d->resumed && d->config.seed.prometheus[0] != '\0';
    if (d->seeds) { /* room for a past before the first window */
        fore_ns window = d->config.engine.observe.window;
        d->kept.now = (d->config.seed.span / window + 1) * window;
    }
    d->config.engine.forecast.clock_start -= (double)d->kept.now / 1e9;
    if (why[0] == '\0') return;
    (void)rename(path, fore_arena_printf(d->perm, "%s.old", path));
    (void)snprintf(text, sizeof text,
                   "%s: %s; beginning anew, the old file has .old behind its name", path, why);
    live_log_say(&d->log, "warning", "learned", text);
}

static enum fore_err open_backend(struct daemon *d)
{
    const struct live_run *run = d->run;
    if (d->options->driver == LIVE_DRIVER_SIM)
        return live_backend_stand_in(run->config, run->simulator, run->seed, &d->backend, d->diag);
    return live_backend_redis(run->config, d->resumed || d->seeds ? &d->kept : NULL, run->seed,
                              run->adopt, &d->backend, d->diag);
}

static enum fore_err open_memory(struct daemon *d)
{
    char *path = fore_arena_printf(d->perm, "%s.memory", d->options->state);
    return live_memory_open(path, &d->memory, d->diag);
}

static void open_desk(struct daemon *d)
{
    d->desk = calloc(1, sizeof *d->desk);
    FORE_ASSERT(d->desk != NULL);
    live_desk_open(d->desk, &d->config, &d->backend, &d->log, d->memory);
    d->desk->journal = d->run->journal;
    d->sinks[2] = live_desk_sink(d->desk);
}

/* A past that Prometheus knows; without it everything works, only later. */
static void seed(struct daemon *d)
{
    char text[400];
    uint64_t points = 0;
    const struct fore_topology *topology;
    struct fore_diag diag = {.code = FORE_E_OK};
    if (d->run->tape != NULL || !d->seeds ||
        fore_driver_topology(d->backend.door, &topology) != FORE_E_OK)
        return;
    enum fore_err err =
        live_seed_run(&d->config.seed, d->engine, topology, fore_driver_now(d->backend.door),
                      live_unix_ms(), &points, &diag);
    (void)snprintf(text, sizeof text, "%llu steps of the past are known from Prometheus%s%s",
                   (unsigned long long)points, err != FORE_E_OK ? "; " : "",
                   err != FORE_E_OK ? diag.text : "");
    live_log_say(&d->log, err == FORE_E_OK && points > 0 ? "info" : "warning", "seed", text);
}

/* What does not fit, of other options say, is told, and the engine is a new one. */
static enum fore_err recall(struct daemon *d, const struct fore_engine_setup *setup)
{
    char text[400];
    struct fore_diag diag = {.code = FORE_E_OK};
    if (!d->resumed) return FORE_E_OK;
    if (d->run->tape != NULL) { /* a tape is played to an engine that knows nothing */
        live_kept_fini(&d->kept);
        live_log_say(&d->log, "warning", "learned", "not used: a tape is recorded");
        return FORE_E_OK;
    }
    enum fore_err err = fore_engine_load(d->engine, d->kept.engine.data, d->kept.engine.len, &diag);
    live_kept_fini(&d->kept);
    if (err == FORE_E_OK) {
        live_log_say(&d->log, "info", "learned", "history and forecasts go on where they were");
        return FORE_E_OK;
    }
    (void)snprintf(text, sizeof text, "%s; beginning anew", diag.text);
    live_log_say(&d->log, "warning", "learned", text);
    fore_engine_destroy(d->engine);
    d->engine = NULL;
    return fore_engine_create(setup, &d->engine, d->diag);
}

static void tape_order(void *self, const struct live_order *order)
{
    live_tape_put_order(self, order);
}

static enum fore_err open_tape(struct daemon *d, struct fore_driver *door)
{
    struct live_tape_run run = {.seed = d->run->seed,
                                .slo_ns = d->backend.slo,
                                .clock_start = d->config.engine.forecast.clock_start};
    if (d->run->tape == NULL) return FORE_E_OK;
    FORE_TRY(live_tape_record(&d->tape, d->run->tape, d->backend.door, &run, d->diag));
    *door = live_tape_door(d->tape);
    d->desk->order_seen = tape_order;
    d->desk->order_self = d->tape;
    return FORE_E_OK;
}

/* What holds in the next step, and when it is; orders are on the tape already. */
static void tape_step(struct daemon *d)
{
    enum live_mode mode = d->desk->mode;
    if (d->tape == NULL) return;
    live_tape_put_step(
        d->tape,
        (struct live_tape_step){.now = fore_driver_now(d->backend.door),
                                .act_from = mode == LIVE_OBSERVE ? UINT64_MAX : d->options->warmup,
                                .hold = d->desk->killed || mode != LIVE_AUTO});
}

static enum fore_err open_engine(struct daemon *d)
{
    struct fore_driver door = d->backend.door;
    FORE_TRY(open_tape(d, &door));
    struct fore_engine_setup setup = {
        .options = &d->config.engine,
        .driver = door,
        .sink = {.put = put_both, .self = d},
        .seed = d->run->seed,
        .slo_ns = d->backend.slo,
        .act_from = UINT64_MAX, /* until the desk says what holds */
        .keyframe_every = 60 * FORE_SEC
    };
    FORE_TRY(fore_engine_create(&setup, &d->engine, d->diag));
    FORE_TRY(recall(d, &setup));
    seed(d);
    live_desk_begin(d->desk, d->engine);
    d->began = fore_driver_now(d->backend.door);
    return FORE_E_OK;
}

/* In the log alone: a journal is what this run's engine did, and is retraced as that. */
static enum fore_err recall_waiting(struct daemon *d)
{
    uint32_t count;
    bool damaged;
    FORE_TRY(live_waiting_recall(d->memory, d->sinks[0], fore_driver_now(d->backend.door), &count,
                                 &damaged, d->diag));
    if (damaged)
        live_log_say(&d->log, "warning", "moves",
                     "what waited when the daemon ended can only be read in part");
    return FORE_E_OK;
}

static enum fore_err open_http(struct daemon *d)
{
    if (d->config.api.listen[0] == '\0') return FORE_E_OK;
    FORE_TRY(live_http_open(&d->http, &d->config.api, d->desk, d->diag));
    live_log_say(&d->log, "info", "api", live_http_url(d->http));
    return FORE_E_OK;
}

static enum fore_err open_all(struct daemon *d)
{
    FORE_TRY(open_log(d));
    open_kept(d);
    FORE_TRY(open_backend(d));
    FORE_TRY(open_journal(d));
    FORE_TRY(open_memory(d));
    open_desk(d);
    FORE_TRY(open_engine(d));
    FORE_TRY(recall_waiting(d));
    FORE_TRY(live_notify_open(&d->notify, &d->config.notify, &d->desk->board, d->diag));
    return open_http(d);
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
        live_desk_hold(d->desk, kill);
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
    do {
        if (d->http != NULL) live_http_serve(d->http);
        live_service_beat(&d->service, live_clock_now());
        now = live_clock_now();
        fore_ns left = now < d->due ? d->due - now : 0;
        if (left > 0) d->backend.ops->work(d->backend.self, left < slice ? left : slice);
    } while (*d->run->stop == 0 && live_clock_now() < d->due);
}

static void keep(struct daemon *d)
{
    struct live_kept kept;
    struct fore_buf bytes = {0};
    const struct fore_topology *topology;
    if (d->keeper == NULL || fore_engine_observe(d->engine)->windows == 0 ||
        fore_driver_topology(d->backend.door, &topology) != FORE_E_OK)
        return;
    live_kept_take(d->engine, topology, fore_driver_now(d->backend.door),
                   d->config.engine.observe.window, live_unix_ms(), &kept);
    live_kept_write(&kept, &bytes);
    live_keeper_put(d->keeper, &bytes);
    live_kept_fini(&kept);
}

/* About once a second. */
static void sweep(struct daemon *d, fore_ns now)
{
    if (now - d->swept < FORE_SEC) return;
    d->swept = now;
    if (d->http != NULL) live_http_sweep(d->http);
    struct live_notify_counts told = live_notify_counts(d->notify);
    d->desk->health.told = told.delivered;
    d->desk->health.untold = told.failed;
    if (d->kept_at == 0) d->kept_at = now;
    if (now - d->kept_at < d->options->keep_every) return;
    d->kept_at = now;
    keep(d);
    if (d->keeper != NULL && live_keeper_failed(d->keeper))
        live_log_say(&d->log, "warning", "learned", "what was learned could not be kept");
}

static void keep_waiting(struct daemon *d)
{
    struct fore_diag diag = {.code = FORE_E_OK};
    enum fore_err err =
        live_waiting_keep(d->memory, fore_engine_moves(d->engine), &d->waiting, &diag);
    if (err != FORE_E_OK && !d->waiting_lost) live_log_say(&d->log, "warning", "moves", diag.text);
    d->waiting_lost = err != FORE_E_OK;
}

static enum fore_err step(struct daemon *d, fore_ns window, bool *ended)
{
    fore_ns began = live_clock_now();
    double late_s = began > d->due ? (double)(began - d->due) / 1e9 : 0;
    FORE_TRY(d->backend.ops->pass(d->backend.self, window, ended, d->diag));
    if (*ended) return FORE_E_OK;
    tape_step(d);
    enum fore_err err = fore_engine_step(d->engine, fore_driver_now(d->backend.door), d->diag);
    if (err != FORE_E_OK && err != FORE_E_AGAIN) return err;
    if (d->writer != NULL) fore_journal_writer_flush(d->writer);
    keep_waiting(d);
    if (d->backend.ops->tend != NULL) FORE_TRY(d->backend.ops->tend(d->backend.self, d->diag));
    if (d->log.failed)
        return fore_err_set(d->diag, FORE_E_IO, "live.log: a line cannot be written");
    fore_ns now = live_clock_now();
    live_desk_stepped(d->desk, (double)(now - began) / 1e9, late_s);
    sweep(d, now);
    return FORE_E_OK;
}

static enum fore_err loop(struct daemon *d)
{
    fore_ns window = d->run->config->engine.observe.window, span = d->options->span;
    double speed = d->options->driver == LIVE_DRIVER_SIM ? d->options->speed : 1;
    bool ended = false;
    d->due = live_clock_now();
    (void)live_service_say(&d->service, "READY=1\nSTATUS=watching the cluster");
    while (*d->run->stop == 0 && !ended &&
           (span == 0 || fore_driver_now(d->backend.door) - d->began < span)) {
        look_around(d);
        pass_time(d, (fore_ns)((double)window / speed));
        FORE_TRY(step(d, window, &ended));
    }
    if (ended) live_log_say(&d->log, "info", "workload", "the simulated workload is over");
    return FORE_E_OK;
}

static enum fore_err close_journal(struct daemon *d, enum fore_err err)
{
    if (d->writer == NULL) return err;
    enum fore_err finished = fore_journal_writer_finish(d->writer, d->diag);
    fore_journal_writer_destroy(d->writer);
    if (close(d->events) != 0 && finished == FORE_E_OK)
        finished = fore_err_set(d->diag, FORE_E_IO, "cannot finish %s: %s", d->run->journal,
                                strerror(errno));
    return err == FORE_E_OK ? finished : err;
}

enum fore_err live_daemon_run(const struct live_run *run, struct fore_arena *perm,
                              struct fore_diag *diag)
{
    struct daemon *d = calloc(1, sizeof *d);
    FORE_ASSERT(d != NULL);
    d->run = run;
    d->config = *run->config;
    d->options = &d->config.live;
    live_service_open(&d->service);
    d->perm = perm;
    d->diag = diag;
    enum fore_err err = open_all(d);
    if (err == FORE_E_OK) {
        introduce(d);
        err = loop(d);
        live_log_say(&d->log, err == FORE_E_OK ? "info" : "error", "end",
                     err == FORE_E_OK ? "told to stop" : diag->text);
    }
    (void)live_service_say(&d->service, "STOPPING=1");
    if (d->http != NULL) live_http_close(d->http);
    live_notify_close(d->notify);
    if (d->engine != NULL && d->backend.ops != NULL) keep(d);
    if (!live_keeper_close(d->keeper))
        live_log_say(&d->log, "warning", "learned", "what was learned could not be kept");
    if (d->engine != NULL) fore_engine_destroy(d->engine);
    if (d->tape != NULL) {
        enum fore_err taped = live_tape_close(d->tape, err == FORE_E_OK ? diag : NULL);
        if (err == FORE_E_OK) err = taped;
    }
    err = close_journal(d, err);
    if (d->desk != NULL) live_desk_close(d->desk);
    free(d->desk);
    live_backend_close(&d->backend);
    if (d->memory != NULL) live_memory_close(d->memory);
    if (d->log.file != NULL && d->log.file != stderr) (void)fclose(d->log.file);
    live_log_fini(&d->log);
    fore_buf_fini(&d->waiting);
    free(d);
    return err;
}
