/* live_play.c - see live_play.h: a struct for the run, the sender's thread, and the loop over
 * windows beside it. */
#include "both/live_play.h"

#include "core/cluster/journal.h"
#include "core/engine.h"
#include "live/base/clock.h"
#include "live/entry.h"
#include "live/tape/tape.h"
#include "workloads/workload.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { FINISH_MOST_MS = 60000 };

struct play {
    const struct both_live_request *request;
    struct both_live_result *out;
    struct fore_diag *diag;
    struct fore_arena arena;
    struct live_entry target;
    struct wl_source source;
    struct live_replay *replay;
    struct live_driver *driver;
    struct live_tape *tape;
    struct fore_journal_writer *writer; /* of the digest alone */
    struct fore_engine *engine;
    bool held;
    double utilization_sum;
    uint32_t windows;
    /* the sender's */
    pthread_t thread;
    struct live_replay_play wish;
    struct fore_diag sent_diag;
    enum fore_err sent;
    atomic_bool ended, give_up;
};

static enum fore_err open_load(struct play *p)
{
    const struct live_options *live = &p->request->config->live;
    FORE_TRY(live_entry_open(live, "replay", &p->target, p->diag));
    struct live_replay_options options = {.seed = p->target.seed,
                                          .seed_count = p->target.seed_count,
                                          .access = p->target.access,
                                          .bytes_most = p->request->bytes_most};
    const struct sim_scenario *scenario = p->request->scenario;
    FORE_TRY(wl_open_source(&scenario->workload, p->request->seed, &p->arena, &p->source, p->diag));
    FORE_TRY(live_replay_open(&p->replay, &options, p->diag));
    return live_replay_fill(p->replay, &p->source, scenario->workload.span, &p->out->keys, p->diag);
}

static enum fore_err open_driver(struct play *p)
{
    const struct live_options *live = &p->request->config->live;
    const struct sim_scenario *scenario = p->request->scenario;
    struct live_driver_options options = {
        .seed = p->target.seed,
        .seed_count = p->target.seed_count,
        .access = p->target.access,
        .journal = live->state,
        .holder = p->target.holder,
        .partitions = (uint32_t)scenario->cluster.partitions,
        .window = scenario->engine.observe.window,
        .mover = {.pace = {.stall_ms = (double)live->stall / 1e6},
                  .slot = {.verify = live->verify},
                  .need_replica = live->replicas},
        .heat = { .capture = live->capture,
                  .duty = live->duty > 0 ? live->duty : -1,
                  .slo_ns = p->request->slo_ns,
                  .seed = p->request->seed}
    };
    return live_driver_open(&p->driver, &options, p->diag);
}

/* Nodes by the first slot each owns, and how large partitions are. */
static void look_at_cluster(struct play *p)
{
    const struct fore_topology *t = &p->driver->topology;
    double bytes = 0;
    int next = 0;
    memset(p->out->node_rank, -1, sizeof p->out->node_rank);
    for (uint32_t i = 0; i < t->partition_count; i++) {
        uint16_t node = t->partition[i].replica[0];
        bytes += (double)t->partition[i].bytes;
        if (p->out->node_rank[node] < 0) p->out->node_rank[node] = next++;
    }
    p->out->nodes = (uint32_t)next;
    p->out->partitions = t->alive_count;
    p->out->partition_bytes = t->alive_count > 0 ? bytes / t->alive_count : 0;
}

static void put_both(void *self, fore_ns at, enum fore_event_kind kind, const void *body,
                     size_t len)
{
    struct play *p = self;
    fore_sink_put(both_moves_sink(&p->out->moves), at, kind, body, len);
    fore_sink_put(fore_journal_writer_sink(p->writer), at, kind, body, len);
}

static enum fore_err open_engine(struct play *p)
{
    struct fore_journal_out nowhere = {.write = NULL};
    struct fore_journal_header header = {
        .major = FORE_JOURNAL_MAJOR, .minor = FORE_JOURNAL_MINOR, .text = ""};
    const struct sim_scenario *scenario = p->request->scenario;
    if (p->request->policy == NULL) return FORE_E_OK;
    if (strcmp(p->request->policy, "oracle") == 0)
        return fore_err_set(p->diag, FORE_E_RANGE,
                            "--policy oracle: nobody knows a real cluster's "
                            "future");
    FORE_TRY(open_driver(p));
    look_at_cluster(p);
    p->writer = fore_journal_writer_create(&header, nowhere);
    struct fore_driver door = live_driver_door(p->driver);
    if (p->request->tape != NULL) {
        const struct live_tape_run taped = {.seed = p->request->seed,
                                            .slo_ns = p->request->slo_ns,
                                            .clock_start = scenario->engine.forecast.clock_start};
        FORE_TRY(live_tape_record(&p->tape, p->request->tape, door, &taped, p->diag));
        door = live_tape_door(p->tape);
    }
    struct fore_engine_setup setup = {
        .options = &scenario->engine,
        .policy = p->request->policy,
        .driver = door,
        .sink = {.put = put_both, .self = p},
        .seed = p->request->seed,
        .slo_ns = p->request->slo_ns,
        .act_from = scenario->experiment.act_from,
        .keyframe_every = 60 * FORE_SEC,
    };
    return fore_engine_create(&setup, &p->engine, p->diag);
}

/* ---- playing ------------------------------------------------------------------------------ */

static bool go_on(void *self, fore_ns at)
{
    struct play *p = self;
    (void)at;
    return !p->give_up && (p->request->stop == NULL || *p->request->stop == 0);
}

static void *send_all(void *self)
{
    struct play *p = self;
    p->sent = live_replay_run(p->replay, &p->wish, &p->out->play, &p->sent_diag);
    p->ended = true;
    return NULL;
}

static enum fore_err one_window(struct play *p)
{
    struct live_driver *driver = p->driver;
    live_driver_run(driver, p->request->scenario->engine.observe.window);
    struct live_tape_step step = {
        .now = driver->now, .act_from = p->request->scenario->experiment.act_from, .hold = p->held};
    if (p->tape != NULL) live_tape_put_step(p->tape, step);
    enum fore_err err = fore_engine_step(p->engine, driver->now, p->diag);
    if (err != FORE_E_OK && err != FORE_E_AGAIN) return err;
    double sum = 0;
    uint32_t up = 0;
    for (uint32_t n = 0; n < driver->sample.node_count; n++)
        if (driver->sample.node[n].up) {
            sum += driver->sample.node[n].utilization;
            up++;
        }
    if (driver->now >= p->request->scenario->experiment.evaluate_from && up > 0 && !p->ended) {
        p->utilization_sum += sum / up;
        p->windows++;
    }
    if (live_journal_renew(driver->journal) != FORE_E_REFUSED) return FORE_E_OK;
    return fore_err_set(p->diag, FORE_E_REFUSED, "%s: the lease went to another mover",
                        p->request->config->live.state);
}

/* Nothing new begins; what moves arrives, so that no slot stays open. */
static enum fore_err finish_moves(struct play *p)
{
    uint64_t until = live_clock_ms() + FINISH_MOST_MS;
    p->held = true;
    fore_engine_hold(p->engine, true);
    while (fore_engine_counts(p->engine).moves_running > 0 && live_clock_ms() < until)
        FORE_TRY(one_window(p));
    return FORE_E_OK;
}

static enum fore_err run_beside(struct play *p)
{
    if (p->engine == NULL) return FORE_E_OK;
    while (!p->ended)
        FORE_TRY(one_window(p));
    return finish_moves(p);
}

static enum fore_err run(struct play *p)
{
    const struct sim_scenario *scenario = p->request->scenario;
    p->wish = (struct live_replay_play){.source = &p->source,
                                        .span = scenario->workload.span,
                                        .count_from = scenario->experiment.evaluate_from,
                                        .slo_ns = p->request->slo_ns,
                                        .realtime = p->request->realtime,
                                        .look = go_on,
                                        .self = p};
    if (pthread_create(&p->thread, NULL, send_all, p) != 0)
        return fore_err_set(p->diag, FORE_E_IO, "replay: no thread");
    enum fore_err err = run_beside(p);
    p->give_up = err != FORE_E_OK;
    (void)pthread_join(p->thread, NULL);
    if (err == FORE_E_OK && p->sent != FORE_E_OK && p->diag != NULL) *p->diag = p->sent_diag;
    if (p->windows > 0) p->out->utilization = p->utilization_sum / p->windows;
    return err != FORE_E_OK ? err : p->sent;
}

static enum fore_err clean_up(struct play *p, enum fore_err err)
{
    bool ours = p->replay != NULL && p->source.ops != NULL && !p->request->keep;
    if (!ours) return err;
    enum fore_err cleared =
        live_replay_clear(p->replay, &p->source, p->request->scenario->workload.span,
                          err == FORE_E_OK ? p->diag : NULL);
    return err != FORE_E_OK ? err : cleared;
}

enum fore_err both_live_play(const struct both_live_request *request, struct both_live_result *out,
                             struct fore_diag *diag)
{
    struct play *p = calloc(1, sizeof *p);
    FORE_ASSERT(p != NULL);
    memset(out, 0, sizeof *out);
    p->request = request;
    p->out = out;
    p->diag = diag;
    enum fore_err err = open_load(p);
    if (err == FORE_E_OK) err = open_engine(p);
    if (err == FORE_E_OK) err = run(p);
    err = clean_up(p, err);
    if (p->engine != NULL) fore_engine_destroy(p->engine);
    if (p->tape != NULL) {
        enum fore_err taped = live_tape_close(p->tape, err == FORE_E_OK ? diag : NULL);
        if (err == FORE_E_OK) err = taped;
    }
    if (p->writer != NULL) {
        out->digest = fore_journal_writer_digest(p->writer);
        fore_journal_writer_destroy(p->writer);
    }
    if (p->driver != NULL) fore_driver_close(live_driver_door(p->driver));
    if (p->replay != NULL) live_replay_close(p->replay);
    wl_source_close(&p->source);
    live_entry_close(&p->target);
    fore_arena_fini(&p->arena);
    free(p);
    return err;
}
