/* retrace.c - see retrace.h. The setup is that of daemon.c: what differs would differ in the
 * events. */
#include "live/retrace.h"

#include "core/cluster/journal.h"
#include "live/tape/tape.h"
#include "workloads/file.h"

#include <stdlib.h>

struct retrace {
    struct live_tape *tape;
    struct live_tape_run run;
    struct live_config config; /* the run's, by its own clock */
    struct fore_engine *engine;
    struct fore_journal_writer *writer;
    struct wl_out *out;
    struct live_retrace_result *result;
};

static void put(void *self, fore_ns at, enum fore_event_kind kind, const void *body, size_t len)
{
    struct retrace *r = self;
    fore_sink_put(fore_journal_writer_sink(r->writer), at, kind, body, len);
}

static enum fore_err open_journal(struct retrace *r, const char *path, struct fore_diag *diag)
{
    struct fore_journal_out out = {.write = NULL};
    if (path != NULL) {
        FORE_TRY(wl_out_open(path, &r->out, diag));
        wl_out_journal(r->out, &out);
    }
    struct fore_journal_header header = {.major = FORE_JOURNAL_MAJOR,
                                         .minor = FORE_JOURNAL_MINOR,
                                         .seed = r->run.seed,
                                         .slo_ns = r->run.slo_ns,
                                         .text = "# live: retraced from a tape\n"};
    r->writer = fore_journal_writer_create(&header, out);
    return FORE_E_OK;
}

static enum fore_err open_engine(struct retrace *r, struct fore_diag *diag)
{
    struct fore_engine_setup setup = {
        .options = &r->config.engine,
        .driver = live_tape_door(r->tape),
        .sink = {.put = put, .self = r},
        .seed = r->run.seed,
        .slo_ns = r->run.slo_ns,
        .act_from = UINT64_MAX,
        .keyframe_every = 60 * FORE_SEC
    };
    return fore_engine_create(&setup, &r->engine, diag);
}

/* Whether it was done is in the event, and so in the digest. */
static void obey(struct retrace *r, const struct live_order *order)
{
    struct live_order_outcome outcome = {.taken = 0};
    enum fore_err err = live_order_do(r->engine, order, &outcome, NULL);
    (void)err;
    r->result->orders++;
}

static enum fore_err take_step(struct retrace *r, const struct live_tape_step *step,
                               struct fore_diag *diag)
{
    fore_engine_hold(r->engine, step->hold);
    fore_engine_act_from(r->engine, step->act_from);
    enum fore_err err = fore_engine_step(r->engine, step->now, diag);
    r->result->steps++;
    /* A call that the tape has no answer to is told by the next turn. */
    return err == FORE_E_AGAIN || err == FORE_E_UNREACHABLE ? FORE_E_OK : err;
}

static enum fore_err play(struct retrace *r, struct fore_diag *diag)
{
    struct live_tape_turn *turn = calloc(1, sizeof *turn);
    enum fore_err err = FORE_E_OK;
    FORE_ASSERT(turn != NULL);
    while (err == FORE_E_OK && (err = live_tape_take(r->tape, turn, diag)) == FORE_E_OK) {
        if (turn->ordered)
            obey(r, &turn->order);
        else
            err = take_step(r, &turn->step, diag);
    }
    free(turn);
    return err == FORE_E_AGAIN ? FORE_E_OK : err;
}

static void count(struct retrace *r)
{
    struct fore_engine_counts counts = fore_engine_counts(r->engine);
    r->result->plans = counts.plans;
    for (size_t kind = 0; kind < FORE_MOVE_KINDS; kind++)
        r->result->moves_done += counts.migrate.done[kind];
}

enum fore_err live_retrace(const struct live_config *config, const char *tape, const char *journal,
                           struct live_retrace_result *out, struct fore_diag *diag)
{
    struct retrace r = {.config = *config, .result = out};
    *out = (struct live_retrace_result){.steps = 0};
    FORE_TRY(live_tape_play(&r.tape, tape, &r.run, diag));
    r.config.engine.forecast.clock_start = r.run.clock_start;
    enum fore_err err = open_journal(&r, journal, diag);
    if (err == FORE_E_OK) err = open_engine(&r, diag);
    if (err == FORE_E_OK) err = play(&r, diag);
    if (r.engine != NULL) {
        count(&r);
        fore_engine_destroy(r.engine);
    }
    if (r.writer != NULL) {
        out->digest = fore_journal_writer_digest(r.writer);
        enum fore_err finished =
            fore_journal_writer_finish(r.writer, err == FORE_E_OK ? diag : NULL);
        fore_journal_writer_destroy(r.writer);
        if (err == FORE_E_OK) err = finished;
    }
    if (r.out != NULL && err == FORE_E_OK)
        err = wl_out_commit(r.out, diag);
    else if (r.out != NULL)
        wl_out_abort(r.out);
    enum fore_err closed = live_tape_close(r.tape, NULL);
    return err != FORE_E_OK ? err : closed;
}
