/*
 * run.c - workload -> cluster -> driver -> engine -> journal, and the loop over windows.
 *
 * Everything a run needs lives in one struct and is released together, so runs in forked workers,
 * or one after the other, know nothing of each other.
 */
#include "sim/run.h"

#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "sim/account.h"
#include "sim/driver.h"
#include "sim/faults.h"
#include "sim/fluid.h"
#include "sim/future.h"
#include "sim/request.h"
#include "sim/result.h"
#include "sim/served.h"
#include "sim/split_watch.h"

struct run {
    const struct sim_run_request *request;
    const struct sim_scenario *scenario;
    struct fore_arena perm;
    struct wl_flow flow;
    struct wl_source source; /* request fidelity only */
    fore_ns span;
    struct sim_cluster cluster;
    struct sim_moves moves;
    struct sim_window window;
    struct sim_backend backend;
    struct sim_driver driver;
    struct sim_served served;
    struct sim_future future;
    struct sim_account account;
    struct sim_split_watch splits;
    struct sim_fault *fault;
    struct fore_journal_writer *writer;
    struct fore_engine *engine;
    struct sim_result *out;
    struct fore_diag *diag;
    double wall_began_s, cpu_began_s;
};

static double clock_s(clockid_t clock)
{
    struct timespec t;
    if (clock_gettime(clock, &t) != 0) return 0;
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Counting a trace into a flow takes memory in proportion to span / step; for requests themselves
 * a coarse flow will do, so a trace too long for the step asked for is counted in longer steps. */
static enum fore_err open_flow(struct run *run)
{
    struct wl_options options = run->scenario->workload;
    bool may_coarsen = options.kind == WL_KIND_TRACE && run->scenario->sim.fidelity == SIM_REQUEST;
    for (int attempt = 0;; attempt++) {
        struct fore_diag diag = {0};
        enum fore_err err =
            wl_open_flow(&options, run->request->seed, &run->perm, &run->flow, &diag);
        if (err == FORE_E_OK) return FORE_E_OK;
        if (err != FORE_E_RANGE || !may_coarsen || attempt == 3) {
            if (run->diag != NULL) *run->diag = diag;
            return err;
        }
        options.step *= 8;
    }
}

static enum fore_err check_span(struct run *run)
{
    fore_ns asked = run->scenario->workload.span, has = run->flow.info.span;
    fore_ns window = run->scenario->engine.observe.window, step = run->flow.info.step;
    run->span = asked > 0 && (has == 0 || asked < has) ? asked : has;
    if (run->span == 0)
        return fore_err_set(run->diag, FORE_E_RANGE,
                            "workload.span: this workload never ends; say how long to play it");
    if (run->span < window)
        return fore_err_set(
            run->diag, FORE_E_RANGE, "the workload lasts %gs, less than one observe.window (%gs)",
            (double)run->span / (double)FORE_SEC, (double)window / (double)FORE_SEC);
    if (run->scenario->experiment.evaluate_from >= run->span)
        return fore_err_set(run->diag, FORE_E_RANGE,
                            "experiment.evaluate_from (%gs) is not before the end of the workload "
                            "(%gs): nothing would be measured",
                            (double)run->scenario->experiment.evaluate_from / (double)FORE_SEC,
                            (double)run->span / (double)FORE_SEC);
    if (run->scenario->sim.fidelity == SIM_FLUID && window % step != 0 && step % window != 0)
        return fore_err_set(run->diag, FORE_E_RANGE,
                            "observe.window (%gs) and workload.step (%gs): one must be a multiple "
                            "of the other in fluid mode",
                            (double)window / (double)FORE_SEC, (double)step / (double)FORE_SEC);
    return FORE_E_OK;
}

static enum fore_err open_backend(struct run *run)
{
    uint64_t seed = run->request->seed;
    if (run->scenario->sim.fidelity == SIM_FLUID) {
        struct sim_fluid_setup setup = {
            .cluster = &run->cluster, .moves = &run->moves, .flow = &run->flow, .seed = seed};
        run->backend = sim_fluid_create(&setup);
        return FORE_E_OK;
    }
    const struct wl_options *workload = &run->scenario->workload;
    FORE_TRY(wl_open_source(workload, seed, &run->perm, &run->source, run->diag));
    struct sim_request_setup setup = {
        .cluster = &run->cluster,
        .moves = &run->moves,
        .source = &run->source,
        .seed = seed,
        .service_hints =
            workload->kind == WL_KIND_TRACE && !(run->scenario->cluster.peak_utilization > 0),
    };
    run->backend = sim_request_create(&setup);
    return FORE_E_OK;
}

static void open_faults(struct run *run)
{
    const struct fore_strings *faults = &run->scenario->sim.faults;
    run->fault = FORE_NEW(&run->perm, struct sim_fault, faults->count);
    for (size_t i = 0; i < faults->count; i++) {
        enum fore_err err = sim_faults_parse(
            faults->item[i], (uint32_t)run->scenario->cluster.nodes, &run->fault[i], NULL);
        FORE_ASSERT(err == FORE_E_OK); /* the scenario was checked */
    }
}

static const char *label_of(const struct run *run)
{
    const char *label = run->source.ops != NULL ? run->source.info.label : run->flow.info.label;
    return label != NULL ? label : "";
}

static void open_journal(struct run *run)
{
    struct fore_buf text = {0};
    fore_buf_printf(&text, "# scenario: %s\n# policy: %s\n# workload: %s\n", run->scenario->name,
                    run->out->policy, label_of(run));
    sim_scenario_dump(run->scenario, &text);
    struct fore_journal_header header = {.major = FORE_JOURNAL_MAJOR,
                                         .minor = FORE_JOURNAL_MINOR,
                                         .seed = run->request->seed,
                                         .slo_ns = run->cluster.slo_ns,
                                         .text = text.data};
    run->writer = fore_journal_writer_create(&header, run->request->journal);
    fore_buf_fini(&text);
    char note[400];
    (void)snprintf(note, sizeof note,
                   "workload: %s; %u partitions on %u nodes; service %.3g ms, SLO p99 %.3g ms; "
                   "heaviest 5 minutes %.0f %% of capacity",
                   label_of(run), run->cluster.topology.alive_count,
                   run->cluster.topology.node_count, run->cluster.service_mean_ns / 1e6,
                   (double)run->cluster.slo_ns / 1e6,
                   100 * run->cluster.peak_cores / run->cluster.capacity_cores);
    fore_sink_put(fore_journal_writer_sink(run->writer), 0, FORE_EV_NOTE, note, strlen(note) + 1);
}

static enum fore_err open_engine(struct run *run)
{
    const struct sim_scenario *scenario = run->scenario;
    sim_future_init(&run->future, &run->cluster, &run->flow, run->span);
    run->driver = (struct sim_driver){.cluster = &run->cluster, .moves = &run->moves};
    struct fore_engine_setup setup = {
        .options = &scenario->engine,
        .policy = run->out->policy,
        .driver = sim_driver_door(&run->driver),
        .sink = fore_journal_writer_sink(run->writer),
        .future = sim_future_door(&run->future),
        .explain = run->request->explain_at == 0 ? run->request->explain : (struct fore_explain){0},
        .seed = run->request->seed,
        .slo_ns = run->cluster.slo_ns,
        .act_from = scenario->experiment.act_from,
        .journal_every = scenario->journal.every,
        .keyframe_every = scenario->journal.keyframe_every,
    };
    return fore_engine_create(&setup, &run->engine, run->diag);
}

static enum fore_err open_run(struct run *run)
{
    uint64_t seed = run->request->seed;
    FORE_TRY(open_flow(run));
    FORE_TRY(check_span(run));
    FORE_TRY(sim_cluster_build(run->scenario, &run->flow, run->span, seed, &run->perm,
                               &run->cluster, run->diag));
    sim_moves_init(&run->moves, &run->cluster, seed, &run->perm);
    sim_window_init(&run->window, &run->cluster, &run->perm);
    sim_served_init(&run->served, &run->cluster.topology, &run->perm);
    sim_split_watch_init(&run->splits, &run->cluster.topology, &run->perm);
    FORE_TRY(open_backend(run));
    open_faults(run);
    open_journal(run);
    return open_engine(run);
}

static void begin_evaluation(struct run *run)
{
    struct fore_engine_counts counts = fore_engine_counts(run->engine);
    run->account.before = counts.migrate;
    run->account.bytes_before = run->moves.bytes_moved;
    fore_engine_score_from_here(run->engine);
    run->backend.ops->evaluate(run->backend.self);
}

static enum fore_err step_engine(struct run *run, fore_ns now)
{
    double began_s = clock_s(CLOCK_PROCESS_CPUTIME_ID);
    enum fore_err err = fore_engine_step(run->engine, now, run->diag);
    run->out->engine_cpu_s += clock_s(CLOCK_PROCESS_CPUTIME_ID) - began_s;
    return err == FORE_E_AGAIN ? FORE_E_OK : err;
}

/* One window: faults, moves, requests or rates, accounts, engine. */
static enum fore_err run_window(struct run *run, fore_ns begin, fore_ns end, bool *ended)
{
    struct sim_window *window = &run->window;
    struct fore_topology *topology = &run->cluster.topology;
    (void)sim_faults_apply(run->fault, run->scenario->sim.faults.count, begin, topology,
                           fore_journal_writer_sink(run->writer));
    sim_moves_advance(&run->moves, begin, end);
    sim_window_open(window, &run->cluster, begin, end);
    FORE_TRY(run->backend.ops->run(run->backend.self, window, ended, run->diag));
    sim_window_close(window, &run->cluster, &run->moves);
    run->account.elastic = run->cluster.elastic;
    run->account.bytes_max = (double)run->scenario->cluster.partition_bytes_max;
    run->account.node_max = (double)run->scenario->cluster.node_bytes_max;
    run->account.booting = sim_moves_booting(&run->moves);
    bool evaluated = begin >= run->scenario->experiment.evaluate_from;
    if (evaluated) sim_account_window(&run->account, &window->sample, topology, window->even_nodes);
    sim_split_watch_window(&run->splits, &window->sample, topology, evaluated);
    run->driver.sample = run->scenario->sim.served
                             ? sim_served_window(&run->served, &window->sample, topology)
                             : &window->sample;
    run->driver.now = end;
    return step_engine(run, end);
}

static enum fore_err dry_run(struct run *run)
{
    struct fore_whatif *whatif = FORE_NEW(&run->perm, struct fore_whatif, 1);
    FORE_TRY(fore_engine_what_if(run->engine, run->driver.now, whatif, run->diag));
    if (run->request->explain.told != NULL)
        run->request->explain.told(run->request->explain.self, whatif);
    return FORE_E_OK;
}

static enum fore_err check_moment(const struct run *run, fore_ns stop)
{
    fore_ns at = run->request->explain_at, window = run->cluster.window_ns;
    if (at >= window && at <= stop) return FORE_E_OK;
    return fore_err_set(
        run->diag, FORE_E_RANGE,
        "--explain-at: %gs is not within the run, from its first window's end (%gs) "
        "to its own (%gs)",
        (double)at / (double)FORE_SEC, (double)window / (double)FORE_SEC,
        (double)stop / (double)FORE_SEC);
}

static enum fore_err loop(struct run *run)
{
    fore_ns window = run->cluster.window_ns, from = run->scenario->experiment.evaluate_from;
    fore_ns stop = run->request->stop_at;
    if (stop == 0 || stop > run->span) stop = run->span;
    if (run->request->explain_at > 0) {
        FORE_TRY(check_moment(run, stop));
        stop = run->request->explain_at;
    }
    bool ended = false;
    for (fore_ns begin = 0; !ended && stop - begin >= window; begin += window) {
        if (begin == from) begin_evaluation(run);
        FORE_TRY(run_window(run, begin, begin + window, &ended));
        if (run->request->progress != NULL)
            run->request->progress(run->request->progress_self,
                                   (double)(begin + window) / (double)stop);
    }
    if (run->request->explain_at > 0) return dry_run(run);
    if (run->account.windows > 0) return FORE_E_OK;
    return fore_err_set(run->diag, FORE_E_RANGE,
                        "the workload ended before experiment.evaluate_from (%gs): nothing was "
                        "measured",
                        (double)from / (double)FORE_SEC);
}

static void report(struct run *run)
{
    struct sim_result *out = run->out;
    struct fore_engine_counts counts = fore_engine_counts(run->engine);
    sim_account_report(&run->account, &counts.migrate, run->moves.bytes_moved, out);
    out->latency_p50_ns = run->backend.ops->quantile(run->backend.self, 0.5);
    out->latency_p99_ns = run->backend.ops->quantile(run->backend.self, 0.99);
    out->latency_p999_ns = run->backend.ops->quantile(run->backend.self, 0.999);
    out->splits_judged = run->splits.judged;
    out->splits_balanced = run->splits.balanced;
    out->slo_ns = run->cluster.slo_ns;
    out->columns = run->cluster.columns;
    out->alerts = counts.alerts;
    out->rrs = fore_engine_risk_quality(run->engine);
    out->rrs_idle = fore_engine_risk_quality_idle(run->engine);
    (void)snprintf(out->label, sizeof out->label, "%s", label_of(run));
}

/* The summary becomes the journal's last record, without what differs between equal runs. */
static enum fore_err finish(struct run *run)
{
    report(run);
    struct fore_buf text = {0};
    struct fore_json json = fore_json_begin(&text, false);
    fore_json_object(&json, NULL);
    sim_result_json_stable(run->out, &json);
    fore_json_object_end(&json);
    fore_sink_put(fore_journal_writer_sink(run->writer), run->driver.now, FORE_EV_RESULT, text.data,
                  text.len + 1);
    fore_buf_fini(&text);
    run->out->digest = fore_journal_writer_digest(run->writer);
    FORE_TRY(fore_journal_writer_finish(run->writer, run->diag));
    struct rusage usage;
    if (getrusage(RUSAGE_SELF, &usage) == 0)
        run->out->peak_rss_bytes = (uint64_t)usage.ru_maxrss * 1024;
    run->out->wall_s = clock_s(CLOCK_MONOTONIC) - run->wall_began_s;
    run->out->cpu_s = clock_s(CLOCK_PROCESS_CPUTIME_ID) - run->cpu_began_s;
    return FORE_E_OK;
}

static void release(struct run *run)
{
    fore_engine_destroy(run->engine);
    if (run->writer != NULL) fore_journal_writer_destroy(run->writer);
    if (run->backend.ops != NULL) run->backend.ops->close(run->backend.self);
    sim_future_fini(&run->future);
    sim_moves_fini(&run->moves);
    wl_source_close(&run->source);
    wl_flow_close(&run->flow);
    fore_arena_fini(&run->perm);
}

enum fore_err sim_run(const struct sim_run_request *request, struct sim_result *out,
                      struct fore_diag *diag)
{
    *out = (struct sim_result){.seed = request->seed};
    struct run run = {
        .request = request,
        .scenario = request->scenario,
        .out = out,
        .diag = diag,
        .wall_began_s = clock_s(CLOCK_MONOTONIC),
        .cpu_began_s = clock_s(CLOCK_PROCESS_CPUTIME_ID),
    };
    const char *policy =
        request->policy != NULL ? request->policy : request->scenario->engine.policy.name;
    (void)snprintf(out->policy, sizeof out->policy, "%s", policy);
    enum fore_err err = open_run(&run);
    if (err == FORE_E_OK) err = loop(&run);
    if (err == FORE_E_OK) err = finish(&run);
    release(&run);
    return err;
}
