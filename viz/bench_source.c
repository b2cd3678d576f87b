/* bench_source.c - see bench_source.h. */
#include "viz/bench_source.h"

#include "core/cluster/topology.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NODES = 24, STEPS = 24, FORECAST_EVERY = 30, KEYFRAME_EVERY = 60, SCORED = 50 };
#define PERIOD (60 * FORE_SEC)
#define SLO_NS UINT64_C(25000000)

/* A share of 2^24 in (0, 1): a multiplicative generator is noise enough for a picture. */
static float noise(struct viz_bench_source *s)
{
    s->state = s->state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return ((float)(s->state >> 40) + 0.5f) / 16777216.0f;
}

void viz_bench_source_init(struct viz_bench_source *source, uint32_t partitions,
                           struct fore_sink sink)
{
    FORE_ASSERT(partitions > 0);
    *source = (struct viz_bench_source){.partitions = partitions,
                                        .nodes = NODES,
                                        .period = PERIOD,
                                        .forecast_every = FORECAST_EVERY,
                                        .state = 7,
                                        .sink = sink};
    source->load = calloc(partitions, sizeof *source->load);
    FORE_ASSERT(source->load != NULL);
}

void viz_bench_source_fini(struct viz_bench_source *source)
{
    fore_buf_fini(&source->body);
    free(source->load);
    *source = (struct viz_bench_source){0};
}

/* The wire's structs one behind the other: what a million partitions are told by in one record. */
static void put_keyframe(struct viz_bench_source *s)
{
    struct fore_event_keyframe head = {
        .epoch = 1, .node_count = s->nodes, .table_count = 1, .partition_count = s->partitions};
    struct fore_event_table table = {.name = "orders", .last = UINT64_MAX};
    fore_buf_reset(&s->body);
    fore_buf_append(&s->body, &head, sizeof head);
    for (uint32_t n = 0; n < s->nodes; n++) {
        struct fore_event_node node = {.cores = 16, .up = 1};
        (void)snprintf(node.name, sizeof node.name, "node-%02u", n);
        fore_buf_append(&s->body, &node, sizeof node);
    }
    fore_buf_append(&s->body, &table, sizeof table);
    uint64_t width = UINT64_MAX / s->partitions;
    for (uint32_t p = 0; p < s->partitions; p++) {
        struct fore_event_partition part = {.first = p * width,
                                            .last = p + 1 == s->partitions ? UINT64_MAX
                                                                           : (p + 1) * width - 1,
                                            .bytes = 1 << 30,
                                            .replica_count = 1};
        part.replica[0] = (uint16_t)(p % s->nodes);
        fore_buf_append(&s->body, &part, sizeof part);
    }
    fore_sink_put(s->sink, s->at, FORE_EV_KEYFRAME, s->body.data, s->body.len);
}

/* Cores: a sixteenth of the keys is ten times hotter, and that part wanders once a day. */
static float mean_load(const struct viz_bench_source *s, uint32_t partition)
{
    double day = (double)s->at / 86400e9, place = (double)partition / s->partitions;
    double far = fabs(place - (day - floor(day)));
    double hot = far < 1.0 / 32 ? 10 : 1, base = 200.0 / s->partitions;
    return (float)(base * hot * (1.2 + sin(6.283185307 * day)));
}

static void put_loads(struct viz_bench_source *s)
{
    for (uint32_t p = 0; p < s->partitions; p++) {
        float load = mean_load(s, p) * (0.4f + noise(s) + (noise(s) > 0.999f ? 20.0f : 0.0f));
        s->load[p] = (struct fore_event_partition_load){.partition = p,
                                                        .reads_per_sec = load * 2000,
                                                        .writes_per_sec = load * 400 * noise(s),
                                                        .bytes_per_sec = load * 1e6f * noise(s),
                                                        .load_cores = load,
                                                        .p99_ms = 2 + 3 * noise(s)};
    }
    fore_sink_put(s->sink, s->at, FORE_EV_PARTITION_LOAD, s->load, s->partitions * sizeof *s->load);
}

static void put_nodes(struct viz_bench_source *s)
{
    struct fore_event_node_load node[NODES];
    for (uint32_t n = 0; n < s->nodes; n++) {
        float busy = 0.4f + 0.4f * noise(s);
        node[n] = (struct fore_event_node_load){.utilization = busy,
                                                .requests_per_sec = 20000 * busy,
                                                .p50_ms = 2,
                                                .p99_ms = 9 + 8 * noise(s),
                                                .forecast_peak = busy * 1.2f,
                                                .forecast_peak_low = busy,
                                                .forecast_peak_high = busy * 1.5f};
    }
    struct fore_event_cluster_load cluster = {.window_ns = s->period,
                                              .requests = 28800000,
                                              .p50_ns = 2000000,
                                              .p99_ns = 9000000 + (uint64_t)(2e7f * noise(s)),
                                              .p999_ns = 60000000,
                                              .slo_ns = SLO_NS,
                                              .violation_s = (float)s->windows,
                                              .imbalance = 1.4f};
    fore_sink_put(s->sink, s->at, FORE_EV_NODE_LOAD, node, s->nodes * sizeof node[0]);
    fore_sink_put(s->sink, s->at, FORE_EV_CLUSTER_LOAD, &cluster, sizeof cluster);
}

static void put_forecasts(struct viz_bench_source *s)
{
    struct {
        struct fore_event_forecast head;
        float q[3][STEPS];
    } f = {
        .head = {.steps = STEPS, .step_ns = 5 * PERIOD, .model = "spar"}
    };
    for (uint32_t p = 0; p < s->partitions; p++) {
        f.head.partition = p;
        for (int k = 0; k < STEPS; k++) {
            float mid = mean_load(s, p) * (0.8f + 0.4f * noise(s));
            f.q[0][k] = mid * 0.8f;
            f.q[1][k] = mid;
            f.q[2][k] = mid * 1.3f;
        }
        fore_sink_put(s->sink, s->at, FORE_EV_FORECAST, &f, sizeof f);
    }
    for (uint32_t i = 0; i < SCORED && i < s->partitions; i++) {
        struct fore_event_score score = {.partition =
                                             i * (s->partitions / SCORED + 1) % s->partitions,
                                         .rrs = noise(s),
                                         .probability = noise(s),
                                         .responsibility = noise(s),
                                         .threshold = 0.35f,
                                         .node = i % s->nodes};
        fore_sink_put_text(s->sink, s->at, FORE_EV_SCORE, &score, sizeof score,
                           "node-03 passes 85 % of capacity in 40 min with P 0.62");
    }
}

static void put_move(struct viz_bench_source *s)
{
    struct fore_event_move move = {.ticket = s->windows,
                                   .plan = s->windows,
                                   .bytes_done = (uint64_t)1 << 29,
                                   .bytes_total = (uint64_t)1 << 30,
                                   .began_ns = s->at,
                                   .bytes_per_sec_max = 1e8,
                                   .partition = s->windows % s->partitions,
                                   .source = (uint16_t)(s->windows % s->nodes),
                                   .target = (uint16_t)((s->windows + 7) % s->nodes)};
    fore_sink_put_text(s->sink, s->at, FORE_EV_MOVE, &move, sizeof move, "");
}

void viz_bench_source_window(struct viz_bench_source *source)
{
    struct viz_bench_source *s = source;
    if (s->windows % KEYFRAME_EVERY == 0) put_keyframe(s);
    s->windows++;
    s->at += s->period;
    put_loads(s);
    put_nodes(s);
    if (s->forecast_every > 0 && s->windows % s->forecast_every == 1) put_forecasts(s);
    if (s->windows % 10 == 0) put_move(s);
}
