/*
 * journal_sample.c - see journal_sample.h. One struct holds the pretend cluster; every `period` the
 * load is computed, every fifth minute it is forecast, scored and perhaps acted on. The pretend
 * policy is crude on purpose: the riskiest node gives its largest partition to the coolest one.
 */
#include "tests/support/journal_sample.h"

#include "core/act/alert.h"
#include "core/act/migrate.h"
#include "core/base/dist.h"
#include "tests/support/journal_sample_player.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

struct sample_options sample_defaults(void)
{
    return (struct sample_options){.seed = 7,
                                   .node_count = 8,
                                   .partition_count = 60,
                                   .duration = 540 * MINUTE,
                                   .period = 30 * FORE_SEC,
                                   .forecast = true,
                                   .start_unix_s = 1551686400 + 7 * 3600};
}

struct fore_journal_header sample_header(const struct sample_options *options)
{
    return (struct fore_journal_header){
        .major = FORE_JOURNAL_MAJOR,
        .minor = FORE_JOURNAL_MINOR,
        .seed = options->seed,
        .slo_ns = (uint64_t)(SLO_MS * 1e6),
        .start_unix_s = options->start_unix_s,
        .text = "# scenario: flash_crowd_sample\n# policy: predictive\n"
                "# workload: composite of synthetic keys (Zipf 0.9) and a drawn daily curve\n"};
}

/* Where the crowd is: a few neighbours in the first table, for 70 minutes late in the run. */
static double crowd(const struct player *p, uint32_t partition, double t_s)
{
    const struct fore_partition *part = &p->topology.partition[partition];
    const struct fore_table *table = &p->topology.table[part->table];
    double at = (double)(part->first - table->first) / (double)(table->last - table->first);
    double start = (double)p->options->duration / 1e9 * 0.72, end = start + 70 * 60;
    if (part->table != 0 || t_s < start || at < 0.42 || at > 0.56) return 1;
    double rise = fmin((t_s - start) / 900, 1), fall = t_s > end ? exp((end - t_s) / 900) : 1;
    return 1 + 4.2 * rise * fall;
}

/* Mean load in cores at a moment, without noise: what a perfect forecast would say. */
double sample_truth(const struct player *p, uint32_t partition, double t_s)
{
    double hour = fmod(t_s / 3600 + 7, 24);
    double day = 0.62 + 0.38 * sin((hour - 8.5) / 24 * 6.283185) + 0.10 * sin(hour / 6 * 6.283185);
    double drift = 1 + 0.35 * sin((double)partition * 1.7 + t_s / 5200);
    return p->weight[partition] * day * drift * crowd(p, partition, t_s);
}

static void build(struct player *p)
{
    const struct sample_options *o = p->options;
    uint32_t cap = o->partition_count * 2 + 8;
    fore_topology_init(&p->topology, &p->arena, o->node_count, 2, cap);
    for (uint32_t n = 0; n < o->node_count; n++) {
        p->topology.node[n] =
            (struct fore_node){.cores = CORES, .bandwidth_bytes = 64e6, .up = true};
        snprintf(p->topology.node[n].name, FORE_NAME_MAX, "node-%02u", n);
    }
    p->topology.table[0] = (struct fore_table){.name = "orders", .last = (1ull << 32) - 1};
    p->topology.table[1] =
        (struct fore_table){.name = "users", .first = 1ull << 32, .last = (2ull << 32) - 1};
    p->topology.table[0].column_groups = p->topology.table[1].column_groups = 1;
    uint32_t left = o->partition_count * 2 / 3, count[2] = {left, o->partition_count - left};
    for (uint32_t i = 0; i < o->partition_count; i++) {
        uint32_t t = i >= left, k = t ? i - left : i, index;
        uint64_t width = (1ull << 32) / (count[t] > 0 ? count[t] : 1),
                 base = p->topology.table[t].first;
        struct fore_partition part = {.first = base + k * width,
                                      .last = k + 1 == count[t] ? p->topology.table[t].last
                                                                : base + (k + 1) * width - 1,
                                      .bytes = (uint64_t)(200e6 + 500e6 * fore_rng_unit(&p->rng)),
                                      .table = (uint16_t)t,
                                      .replica_count = 1};
        part.replica[0] = (uint16_t)((i * 5 + i / 8) % p->topology.node_count);
        FORE_ASSERT(fore_topology_add(&p->topology, &part, &index) == FORE_E_OK);
    }
    FORE_ASSERT(fore_topology_check(&p->topology, NULL) == FORE_E_OK);
    p->weight = FORE_NEW(&p->arena, double, cap);
    p->noise = FORE_NEW(&p->arena, double, cap);
    p->cooled = FORE_NEW(&p->arena, double, cap);
    double all = 0;
    for (uint32_t i = 0; i < o->partition_count; i++)
        all += p->weight[i] = 1 / pow(1 + (double)(i * 37 % o->partition_count), 0.9);
    for (uint32_t i = 0; i < o->partition_count; i++)
        p->weight[i] *= 0.55 * CORES * o->node_count / all;
}

static void keyframe(struct player *p)
{
    fore_buf_reset(&p->buf);
    fore_event_keyframe_build(&p->topology, &p->buf);
    fore_sink_put(p->sink, p->now, FORE_EV_KEYFRAME, p->buf.data, p->buf.len);
}

void sample_alert(struct player *p, uint8_t severity, uint8_t code, uint16_t node, const char *text)
{
    struct fore_event_alert a = {
        .severity = severity, .code = code, .node = node, .partition = FORE_PARTITION_NONE};
    fore_sink_put_text(p->sink, p->now, FORE_EV_ALERT, &a, sizeof a, text);
}

static double waiting_ms(double utilization)
{
    return utilization < 0.985 ? 4.2 / (1 - utilization) : 280 + 1400 * (utilization - 0.985);
}

static void put_nodes(struct player *p)
{
    struct fore_event_node_load load[NODES_MAX];
    memset(load, 0, sizeof load);
    for (uint32_t n = 0; n < p->options->node_count; n++) {
        double u = p->node_load[n] + p->node_move[n];
        load[n] = (struct fore_event_node_load){
            .utilization = (float)u,
            .move_utilization = (float)p->node_move[n],
            .requests_per_sec = (float)(p->node_load[n] * CORES * 2400),
            .p50_ms = (float)(waiting_ms(u) / 6),
            .p99_ms = (float)waiting_ms(u),
            .slow_share = u > 0.85 ? (float)((u - 0.85) / 3) : 0,
            .forecast_peak = p->options->forecast ? (float)p->node_peak[n][1] : NAN,
            .forecast_peak_low = p->options->forecast ? (float)p->node_peak[n][0] : NAN,
            .forecast_peak_high = p->options->forecast ? (float)p->node_peak[n][2] : NAN};
    }
    fore_sink_put(p->sink, p->now, FORE_EV_NODE_LOAD, load,
                  sizeof load[0] * p->options->node_count);
}

static uint32_t busy_moves(const struct player *p)
{
    uint32_t n = 0;
    for (int i = 0; i < MOVES_MAX; i++)
        n += p->running[i].used;
    return n;
}

static void put_cluster(struct player *p, double cores)
{
    double worst = 0, mean = 0;
    for (uint32_t n = 0; n < p->options->node_count; n++) {
        worst = fmax(worst, p->node_load[n] + p->node_move[n]);
        mean += p->node_load[n] / p->options->node_count;
    }
    double jitter = 0.9 + 0.2 * fore_rng_unit(&p->rng), p99 = waiting_ms(worst) * jitter;
    double seconds = (double)p->options->period / 1e9;
    p->violated = p99 > SLO_MS;
    if (p->violated) p->violation_s += seconds;
    struct fore_event_cluster_load c = {.window_ns = p->options->period,
                                        .requests = (uint64_t)(cores * 2400 * seconds),
                                        .slow = (uint64_t)(p->violated ? cores * 24 * seconds : 0),
                                        .p50_ns = (uint64_t)(p99 / 7 * 1e6),
                                        .p99_ns = (uint64_t)(p99 * 1e6),
                                        .p999_ns = (uint64_t)(p99 * 2.1e6),
                                        .slo_ns = (uint64_t)(SLO_MS * 1e6),
                                        .violation_s = (float)p->violation_s,
                                        .imbalance = (float)(worst / fmax(mean, 1e-9)),
                                        .moves_running = busy_moves(p)};
    fore_sink_put(p->sink, p->now, FORE_EV_CLUSTER_LOAD, &c, sizeof c);
}

static void loads(struct player *p)
{
    double t = (double)p->now / 1e9, cores = 0;
    memset(p->node_load, 0, sizeof p->node_load);
    fore_buf_reset(&p->buf);
    for (uint32_t i = 0; i < p->topology.partition_count; i++) {
        const struct fore_partition *part = &p->topology.partition[i];
        p->noise[i] = 0.9 * p->noise[i] + 0.05 * fore_dist_normal(&p->rng);
        if (!part->alive) continue;
        double load = sample_truth(p, i, t) * exp(p->noise[i]);
        cores += load;
        for (uint16_t r = 0; r < part->replica_count; r++)
            p->node_load[part->replica[r]] += load / CORES / part->replica_count;
        struct fore_event_partition_load l = {.partition = i,
                                              .reads_per_sec = (float)(load * 2000),
                                              .writes_per_sec = (float)(load * 400),
                                              .bytes_per_sec = (float)(load * 2.4e6),
                                              .load_cores = (float)load,
                                              .p99_ms = 5};
        fore_buf_append(&p->buf, &l, sizeof l);
    }
    bool was = p->violated;
    fore_sink_put(p->sink, p->now, FORE_EV_PARTITION_LOAD, p->buf.data, p->buf.len);
    put_nodes(p);
    put_cluster(p, cores);
    if (p->violated && !was)
        sample_alert(p, FORE_ALERT_CRITICAL, FORE_ALERT_SLO, FORE_NODE_NONE,
                     "cluster p99 is above the SLO of 25 ms");
}

static void forecast(struct player *p)
{
    double peak[NODES_MAX][STEPS] = {{0}};
    double t = (double)p->now / 1e9;
    for (uint32_t i = 0; i < p->topology.partition_count; i++) {
        const struct fore_partition *part = &p->topology.partition[i];
        if (!part->alive) continue;
        struct {
            struct fore_event_forecast head;
            float q[3][STEPS];
        } f = {
            .head = {.partition = i, .steps = STEPS, .step_ns = 5 * MINUTE, .model = "spar"}
        };
        for (int k = 0; k < STEPS; k++) {
            double mid = sample_truth(p, i, t + 300 * (k + 0.5)) * 0.97, spread = 0.10 + 0.012 * k;
            f.q[0][k] = (float)(mid * (1 - spread));
            f.q[1][k] = (float)mid;
            f.q[2][k] = (float)(mid * (1 + 1.3 * spread));
            for (uint16_t r = 0; r < part->replica_count; r++)
                peak[part->replica[r]][k] += mid / CORES / part->replica_count;
        }
        fore_sink_put(p->sink, p->now, FORE_EV_FORECAST, &f, sizeof f);
    }
    for (uint32_t n = 0; n < p->options->node_count; n++) {
        double top = 0;
        for (int k = 0; k < STEPS; k++)
            top = fmax(top, peak[n][k]);
        p->node_peak[n][0] = top * 0.91;
        p->node_peak[n][1] = top;
        p->node_peak[n][2] = top * 1.13;
    }
}

static void scores(struct player *p)
{
    double t = (double)p->now / 1e9;
    for (uint32_t i = 0; i < p->topology.partition_count; i++) {
        const struct fore_partition *part = &p->topology.partition[i];
        if (!part->alive) continue;
        uint16_t node = part->replica[0];
        double largest = 0, mine = 0;
        for (uint32_t j = 0; j < p->topology.partition_count; j++) {
            const struct fore_partition *other = &p->topology.partition[j];
            if (!other->alive || other->replica[0] != node) continue;
            double load = sample_truth(p, j, t + 2400);
            largest = fmax(largest, load);
            if (j == i) mine = load;
        }
        double risk = fore_dist_normal_tail((0.85 - p->node_peak[node][1]) / 0.08);
        struct fore_event_score s = {.partition = i,
                                     .probability = (float)risk,
                                     .responsibility = (float)(mine / fmax(largest, 1e-9)),
                                     .rrs = (float)(risk * mine / fmax(largest, 1e-9)),
                                     .threshold = 0.35f,
                                     .node = node};
        char why[160];
        snprintf(why, sizeof why,
                 "node-%02u passes 85 %% of capacity in 40 min with P %.2f (%.2f +- 0.08); carries "
                 "%.0f %% [mean-spar]",
                 node, risk, p->node_peak[node][1],
                 100 * mine / CORES / fmax(p->node_peak[node][1], 1e-9));
        fore_sink_put_text(p->sink, p->now, FORE_EV_SCORE, &s, sizeof s, why);
    }
}

void sample_play(const struct sample_options *options, struct fore_sink sink)
{
    FORE_ASSERT(options->node_count > 0 && options->node_count <= NODES_MAX);
    FORE_ASSERT(options->partition_count > 0 && options->period > 0);
    struct player p = {.options = options, .sink = sink};
    p.rng = fore_rng_stream(options->seed, "sample", 0);
    fore_arena_init(&p.arena);
    build(&p);
    keyframe(&p);
    static const char note[] = "workload: composite of synthetic keys and a drawn daily curve";
    fore_sink_put(sink, 0, FORE_EV_NOTE, note, sizeof note);
    for (p.now = options->period; p.now <= options->duration; p.now += options->period) {
        if (p.now % (60 * MINUTE) < options->period) keyframe(&p);
        sample_moves(&p);
        loads(&p);
        if (options->forecast && p.now % (5 * MINUTE) < options->period) {
            forecast(&p);
            scores(&p);
            if (p.now > 40 * MINUTE) sample_act(&p);
        }
    }
    fore_buf_fini(&p.buf);
    fore_arena_fini(&p.arena);
}

static enum fore_err write_file(void *self, const void *bytes, size_t len)
{
    return fwrite(bytes, 1, len, self) == len ? FORE_E_OK : FORE_E_IO;
}

enum fore_err sample_write(const struct sample_options *options, const char *path,
                           struct fore_diag *diag)
{
    FILE *file = fopen(path, "wb");
    if (file == NULL) return fore_err_set(diag, FORE_E_IO, "cannot write %s", path);
    struct fore_journal_header header = sample_header(options);
    struct fore_journal_writer *writer = fore_journal_writer_create(
        &header, (struct fore_journal_out){.write = write_file, .self = file});
    sample_play(options, fore_journal_writer_sink(writer));
    enum fore_err err = fore_journal_writer_finish(writer, diag);
    fore_journal_writer_destroy(writer);
    if (fclose(file) != 0 && err == FORE_E_OK)
        err = fore_err_set(diag, FORE_E_IO, "cannot finish %s", path);
    return err;
}
