/*
 * calibrate.c - see calibrate.h: loads. Round trip, then capacity by a load that grows until it is
 * too much, then what commands cost by kind and size, then what clients see at some loads.
 */
#include "live/calibrate/calibrate.h"

#include "live/base/clock.h"
#include "live/calibrate/replay.h"
#include "workloads/config.h"
#include "workloads/workload.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PREFIX "foreshard:calibrate:"
enum { PINGS = 500, KEYS = 20000, BYTES = 100, ROUNDS = 5, PLAYS = 3 };
static const double SECONDS = 15, WARM_UP = 0.15; /* of a load; the part that does not count */
/* Of the capacity, and of a node at most. Near its capacity a server takes many commands at once,
 * each is cheaper than it was, and no one service time describes both. */
static const double shares[LIVE_FIT_PROBES] = {0.03, 0.08, 0.16, 0.24, 0.32},
                    rates[LIVE_FIT_PROBES] = {1000, 3000, 6000, 9000, 12000};
static const uint32_t sizes[LIVE_CALIBRATE_SIZES] = {0, 1024, 16384}; /* 0: the option's */

struct work {
    const struct live_calibrate_options *options;
    struct live_calibration *out;
    struct live_cluster *cluster;
    struct live_replay *replay;
    struct fore_arena arena;
    struct fore_diag *diag;
    uint32_t seed;
};

static void tell(const struct work *work, const char *what)
{
    if (work->options->told != NULL) work->options->told(work->options->self, what);
}

/* ---- streams ------------------------------------------------------------------------------ */

struct stream {
    double rate, seconds;
    const char *mix; /* "workload.read_share=90%", or another setting */
    uint32_t bytes;
};

/* Uniform keys at a Poisson rate: every node gets its share. */
static enum fore_err open_stream(struct work *work, const struct stream *stream,
                                 struct wl_source *out)
{
    struct wl_options workload;
    struct fore_option_binding binding = {&wl_section, &workload};
    char rate[48], keys[48], span[48], bytes[48];
    const char *item[] = {rate, keys, span, bytes, "workload.popularity=uniform", stream->mix};
    (void)snprintf(rate, sizeof rate, "workload.rate=%.3f/s", stream->rate);
    (void)snprintf(keys, sizeof keys, "workload.keys=%llu",
                   (unsigned long long)work->options->keys);
    (void)snprintf(span, sizeof span, "workload.span=%.3fs", stream->seconds);
    (void)snprintf(bytes, sizeof bytes, "workload.bytes_mean=%u", stream->bytes);
    const struct fore_strings sets = {.item = item, .count = FORE_COUNTOF(item)};
    FORE_TRY(wl_config_load(NULL, &sets, &binding, 1, &work->arena, work->diag));
    return wl_open_source(&workload, ++work->seed, &work->arena, out, work->diag);
}

/* Of a node, at which commands are told apart by their cost. */
static double cost_rate(const struct live_calibration *out)
{
    return fmin(out->capacity * shares[1] / out->nodes, rates[1]);
}

static enum fore_err play_once(struct work *work, const struct stream *stream,
                               struct live_replay_result *result)
{
    struct wl_source source;
    FORE_TRY(open_stream(work, stream, &source));
    struct live_replay_play play = {.source = &source,
                                    .realtime = work->options->realtime,
                                    .span = (fore_ns)(stream->seconds * 1e9),
                                    .count_from = (fore_ns)(stream->seconds * WARM_UP * 1e9)};
    enum fore_err err = live_replay_run(work->replay, &play, result, work->diag);
    wl_source_close(&source);
    if (err == FORE_E_OK && result->counts.answered == 0)
        err = fore_err_set(work->diag, FORE_E_IO, "calibrate: no command was answered");
    return err;
}

/* On a busy machine a cluster may lose sight of a node for seconds, and refuses meanwhile; or the
 * answers to the larger commands do not all come in time, for client and servers get too little of
 * the processors (seen with six busy loops on two of them: none refused, a tenth to a half of them
 * silent). Such a play measures nothing, and is played again. One that fails every time is not
 * that.
 */
static enum fore_err play(struct work *work, const struct stream *stream,
                          struct live_replay_result *result)
{
    for (int tries = 0; tries < PLAYS; tries++) {
        FORE_TRY(play_once(work, stream, result));
        if (result->counts.failed * 100 <= result->counts.sent) return FORE_E_OK;
        tell(work, "commands were refused, or not answered in time: once more");
    }
    return fore_err_set(work->diag, FORE_E_REFUSED,
                        "calibrate: of %llu commands %llu were refused and %llu not answered in "
                        "time: is the machine busy with other work?",
                        (unsigned long long)result->counts.sent,
                        (unsigned long long)(result->counts.failed - result->counts.silent),
                        (unsigned long long)result->counts.silent);
}

/* ---- what is measured --------------------------------------------------------------------- */

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static enum fore_err round_trip(struct work *work)
{
    double took[PINGS];
    uint32_t count = 0;
    tell(work, "round trip");
    for (uint32_t i = 0; i < PINGS; i++) {
        uint16_t shard = (uint16_t)(i % work->cluster->shard_count);
        struct live_instance *at = live_cluster_primary(work->cluster, shard);
        if (at == NULL) continue;
        fore_ns began = live_clock_now();
        redisReply *reply = live_link_call(&at->link, "PING");
        if (reply == NULL) continue;
        freeReplyObject(reply);
        took[count++] = (double)(live_clock_now() - began) / 1e3;
    }
    if (count == 0) return fore_err_set(work->diag, FORE_E_UNREACHABLE, "calibrate: no PING");
    qsort(took, count, sizeof took[0], ascending);
    work->out->round_trip_us = took[count / 2];
    return FORE_E_OK;
}

/* Rates grow by a third until half of the answers are later than 20 ms: then more is asked than
 * there is, and what is answered per second is the capacity. */
static enum fore_err find_capacity(struct work *work)
{
    struct live_replay_result *result = calloc(1, sizeof *result);
    enum fore_err err = FORE_E_OK;
    double rate = 3000, best = 0;
    FORE_ASSERT(result != NULL);
    tell(work, "capacity");
    for (int step = 0; step < 24 && err == FORE_E_OK; step++) {
        struct stream stream = {.rate = rate,
                                .seconds = 0.8,
                                .mix = "workload.read_share=90%",
                                .bytes = work->options->bytes};
        err = play(work, &stream, result);
        if (err == FORE_E_UNREACHABLE && best > 0) { /* far more than it can do */
            err = FORE_E_OK;
            break;
        }
        double answered =
            (double)result->counts.answered / (1 - WARM_UP) / ((double)result->elapsed / 1e9);
        if (err == FORE_E_OK && answered > best) best = answered;
        if (fore_hist_quantile(&result->latency, 0.5) > 20 * FORE_MS) break;
        rate *= 4.0 / 3;
    }
    free(result);
    work->out->capacity = best;
    return err;
}

static double cpu_us(struct live_cluster *cluster)
{
    double sum = 0;
    for (uint32_t s = 0; s < cluster->shard_count; s++) {
        struct live_instance *at = live_cluster_primary(cluster, (uint16_t)s);
        if (at != NULL) sum += live_calibrate_cpu_us(&at->link);
    }
    return sum;
}

static double quantile_us(const struct live_replay_result *result, double q)
{
    return (double)fore_hist_quantile(&result->latency, q) / 1e3;
}

/* One play, and the CPU that its commands took of the servers. */
static enum fore_err play_costed(struct work *work, const struct stream *stream,
                                 struct live_replay_result *result, double *us)
{
    double before = cpu_us(work->cluster);
    enum fore_err err = play(work, stream, result);
    double answered = (double)result->counts.answered / (1 - WARM_UP);
    *us = answered > 0 ? (cpu_us(work->cluster) - before) / answered : 0;
    return err;
}

static double median_of(const double *value, int count)
{
    double sorted[ROUNDS];
    memcpy(sorted, value, (size_t)count * sizeof *value);
    qsort(sorted, (size_t)count, sizeof *sorted, ascending);
    return sorted[count / 2];
}

struct rounds { /* of one load */
    double p50[ROUNDS], p90[ROUNDS], p99[ROUNDS], p999[ROUNDS], cpu[ROUNDS], late[ROUNDS];
};

static enum fore_err one_round(struct work *work, int round, struct rounds rounds[LIVE_FIT_PROBES])
{
    struct live_replay_result *result = calloc(1, sizeof *result);
    enum fore_err err = FORE_E_OK;
    FORE_ASSERT(result != NULL);
    for (int i = 0; i < LIVE_FIT_PROBES && err == FORE_E_OK; i++) {
        struct rounds *r = &rounds[i];
        struct stream stream = {.rate = work->out->probe[i].rate * work->out->nodes,
                                .seconds = work->options->seconds / ROUNDS,
                                .mix = "workload.read_share=90%",
                                .bytes = work->options->bytes};
        err = play_costed(work, &stream, result, &r->cpu[round]);
        r->p50[round] = quantile_us(result, 0.5);
        r->p90[round] = quantile_us(result, 0.9);
        r->p99[round] = quantile_us(result, 0.99);
        r->p999[round] = quantile_us(result, 0.999);
        r->late[round] = (double)fore_hist_quantile(&result->late, 0.99) / 1e3;
    }
    free(result);
    return err;
}

/* How far the rounds of a load are apart: their largest p99 over their least. */
static double unrest_of(const double p99[ROUNDS])
{
    double least = p99[0], most = p99[0];
    for (int i = 1; i < ROUNDS; i++) {
        least = fmin(least, p99[i]);
        most = fmax(most, p99[i]);
    }
    return least > 0 ? most / least : 1;
}

/* The loads take turns, so that what else the machine does for a while is not one load's; of each
 * the middle round speaks. */
static enum fore_err probe_loads(struct work *work)
{
    struct rounds rounds[LIVE_FIT_PROBES] = {0};
    struct live_calibration *out = work->out;
    for (int i = 0; i < LIVE_FIT_PROBES; i++)
        out->probe[i].rate = fmin(out->capacity * shares[i] / out->nodes, rates[i]);
    tell(work, "latency by load");
    for (int round = 0; round < ROUNDS; round++)
        FORE_TRY(one_round(work, round, rounds));
    for (int i = 0; i < LIVE_FIT_PROBES; i++) {
        struct rounds *r = &rounds[i];
        out->probe[i].p50_us = median_of(r->p50, ROUNDS);
        out->probe[i].p90_us = median_of(r->p90, ROUNDS);
        out->probe[i].p99_us = median_of(r->p99, ROUNDS);
        out->probe[i].p999_us = median_of(r->p999, ROUNDS);
        out->probe[i].cpu_us = fmax(median_of(r->cpu, ROUNDS), 0.1);
        out->late_us = fmax(out->late_us, median_of(r->late, ROUNDS));
        out->unrest = fmax(out->unrest, unrest_of(r->p99));
    }
    struct live_fit_cost cost;
    live_fit_cost(out->probe, LIVE_FIT_PROBES, &cost);
    live_fit_queue(out->probe, LIVE_FIT_PROBES, &cost, &out->fit);
    return FORE_E_OK;
}

static enum fore_err cost_of(struct work *work, const char *mix, uint32_t bytes, double *us,
                             double *p50_us)
{
    struct live_replay_result *result = calloc(1, sizeof *result);
    FORE_ASSERT(result != NULL);
    struct stream stream = {
        .rate = cost_rate(work->out) * work->out->nodes, .seconds = 1, .mix = mix, .bytes = bytes};
    enum fore_err err = play_costed(work, &stream, result, us);
    *p50_us = quantile_us(result, 0.5);
    free(result);
    return err;
}

/* What a KiB adds: to the servers' work, and to the rest of the latency. */
static void find_slopes(struct live_calibration *out, const double p50_us[LIVE_CALIBRATE_SIZES])
{
    const struct live_calibrate_cost *small = &out->cost[0],
                                     *large = &out->cost[LIVE_CALIBRATE_SIZES - 1];
    double kib = ((double)large->bytes - small->bytes) / 1024;
    if (!(kib > 1)) return;
    double read_us = fmax(0, large->read_us - small->read_us);
    double write_us = fmax(0, large->write_us - small->write_us);
    out->kib_service_us = (read_us + write_us) / 2 / kib;
    double all_us = p50_us[LIVE_CALIBRATE_SIZES - 1] - p50_us[0];
    out->kib_way_us = fmax(0, all_us - read_us) / kib;
}

static enum fore_err find_costs(struct work *work)
{
    struct live_calibration *out = work->out;
    double p50_us[LIVE_CALIBRATE_SIZES], unused;
    for (int i = 0; i < LIVE_CALIBRATE_SIZES; i++) {
        struct live_calibrate_cost *cost = &out->cost[i];
        cost->bytes = sizes[i] != 0 ? sizes[i] : work->options->bytes;
        tell(work, "cost of commands");
        /* Writes first: they leave values of that size behind for the reads. */
        FORE_TRY(cost_of(work, "workload.read_share=0%", cost->bytes, &cost->write_us, &unused));
        FORE_TRY(
            cost_of(work, "workload.read_share=100%", cost->bytes, &cost->read_us, &p50_us[i]));
        FORE_TRY(cost_of(work, "workload.mix=ycsb-e", cost->bytes, &cost->scan_us, &unused));
    }
    find_slopes(out, p50_us);
    return FORE_E_OK;
}

/* Over a read's, by the work of a server that is awake: waking is the same for all. */
static double relative_cost(const struct live_calibration *out, double us)
{
    const struct live_fit_cost *cost = &out->fit.cost;
    double asleep = live_fit_asleep(cost_rate(out), cost->service_us, cost->rest_us);
    double read_us = out->cost[0].read_us, wake_us = cost->wake_us * asleep;
    double least_us = 0.1 * read_us;
    return read_us > 0 ? fmax(us - wake_us, least_us) / fmax(read_us - wake_us, least_us) : 1;
}

/* ---- all of it ---------------------------------------------------------------------------- */

static enum fore_err loads(struct work *work)
{
    uint64_t keys = work->options->keys;
    enum fore_err err = live_replay_fill_numbers(work->replay, keys, work->diag);
    if (err == FORE_E_OK) err = round_trip(work);
    if (err == FORE_E_OK) err = find_capacity(work);
    if (err == FORE_E_OK) err = find_costs(work);
    if (err == FORE_E_OK) err = probe_loads(work);
    if (err == FORE_E_OK) {
        work->out->write_cost = relative_cost(work->out, work->out->cost[0].write_us);
        work->out->scan_cost = relative_cost(work->out, work->out->cost[0].scan_us);
    }
    /* Whatever happened, our keys go. */
    enum fore_err cleared =
        live_replay_clear_numbers(work->replay, keys, err == FORE_E_OK ? work->diag : NULL);
    return err != FORE_E_OK ? err : cleared;
}

static enum fore_err run(struct work *work)
{
    const struct live_calibrate_options *o = work->options;
    FORE_TRY(live_cluster_open(work->cluster, &o->access, o->seed, o->seed_count, work->diag));
    FORE_TRY(live_cluster_refresh(work->cluster, work->diag));
    if (!live_cluster_healthy(work->cluster))
        return fore_err_set(work->diag, FORE_E_CONFLICT,
                            "calibrate: the cluster is not whole: %u slots unowned, %u contested, "
                            "%u being moved",
                            work->cluster->unowned, work->cluster->contested,
                            work->cluster->open_count);
    for (uint32_t s = 0; s < work->cluster->shard_count; s++)
        work->out->nodes += work->cluster->shard[s].slot_count > 0;
    struct live_replay_options replay = {.seed = o->seed,
                                         .seed_count = o->seed_count,
                                         .access = o->access,
                                         .prefix = PREFIX,
                                         .bytes = o->bytes};
    FORE_TRY(live_replay_open(&work->replay, &replay, work->diag));
    FORE_TRY(loads(work));
    tell(work, "moves");
    return live_calibrate_moves(o, work->cluster, work->out, work->diag);
}

enum fore_err live_calibrate(const struct live_calibrate_options *options,
                             struct live_calibration *out, struct fore_diag *diag)
{
    struct live_calibrate_options filled = *options;
    if (!(filled.seconds > 0)) filled.seconds = SECONDS;
    if (filled.bytes == 0) filled.bytes = BYTES;
    if (filled.keys == 0) filled.keys = KEYS;
    struct work work = {
        .options = &filled, .out = out, .cluster = calloc(1, sizeof *work.cluster), .diag = diag};
    FORE_ASSERT(work.cluster != NULL);
    memset(out, 0, sizeof *out);
    enum fore_err err = run(&work);
    if (err != FORE_E_OK && diag != NULL && diag->code == FORE_E_OK)
        err = fore_err_set(diag, err, "calibrate: %s", fore_err_text(err));
    if (work.replay != NULL) live_replay_close(work.replay);
    live_cluster_close(work.cluster);
    fore_arena_fini(&work.arena);
    free(work.cluster);
    return err;
}
