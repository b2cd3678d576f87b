/*
 * cluster.c - from options and a survey of the workload to a cluster.
 *
 * The order matters: what one request costs -> how heavy the workload is -> the service time that
 * makes it fit (cluster.peak_utilization) -> the SLO that goes with that service time -> cuts,
 * sizes, first owners (owners.c).
 */
#include "sim/cluster.h"

#include <math.h>
#include <stdio.h>

#include "core/base/dist.h"
#include "sim/cuts.h"
#include "sim/owners.h"
#include "sim/way.h"

struct build {
    const struct sim_scenario *scenario;
    struct wl_flow *flow;
    fore_ns span;
    uint64_t seed;
    struct fore_arena *perm;
    struct sim_cluster *out;
    struct fore_diag *diag;
};

static double seconds(fore_ns ns)
{
    return (double)ns / (double)FORE_SEC;
}

static double service_cv2(const struct sim_options *sim)
{
    switch ((enum sim_service)sim->service) {
    case SIM_SERVICE_EXP: return 1;
    case SIM_SERVICE_FIXED: return 0;
    case SIM_SERVICE_LOGNORMAL: break;
    }
    return expm1(sim->service_sigma * sim->service_sigma);
}

static void set_costs(const struct build *build)
{
    const struct sim_scenario *scenario = build->scenario;
    struct sim_cluster *out = build->out;
    out->cost[FORE_QUERY_READ] = out->cost[FORE_QUERY_OTHER] = 1;
    out->cost[FORE_QUERY_WRITE] = scenario->sim.write_cost;
    out->cost[FORE_QUERY_SCAN] = scenario->sim.scan_cost;
    /* Rates count scans as reads. Workload E is the mix whose reads are all scans. */
    bool scans =
        scenario->workload.kind == WL_KIND_SYNTHETIC && scenario->workload.mix == WL_MIX_YCSB_E;
    out->read_cost = scans ? scenario->sim.scan_cost : 1;
    out->service = (enum sim_latency_kind)scenario->sim.service;
    out->service_sigma = scenario->sim.service_sigma;
    out->stall_every = scenario->sim.stall_every;
    out->stall_mean = scenario->sim.stall_mean;
    out->wake_ns = (double)scenario->sim.wake;
    out->wake_delay_ns = (double)scenario->sim.wake_delay;
    out->wake_rest_ns = scenario->sim.wake_rest;
    out->kib_service_ns = (double)scenario->sim.kib_service;
    out->service_cv2 = service_cv2(&scenario->sim);
    out->service_mean_ns = (double)scenario->sim.service_mean;
    out->window_ns = scenario->engine.observe.window;
    out->link_ns = scenario->cluster.link_delay;
    out->link_sigma = scenario->cluster.link_sigma;
    out->link_kib_ns = (double)scenario->cluster.link_kib;
    out->key_samples = scenario->sim.key_samples;
    out->content = scenario->sim.content;
    out->move_cpu = scenario->cluster.move_cpu;
    out->move_start_ns = scenario->cluster.move_start;
    out->node_boot_ns = scenario->cluster.node_boot;
    out->split_cost =
        (struct fore_split_cost){.overhead_share = scenario->cluster.partition_overhead,
                                 .pause_s = seconds(scenario->cluster.split_pause),
                                 .part_bytes_min = scenario->cluster.partition_bytes_min};
    out->elastic = scenario->cluster.nodes_max > scenario->cluster.nodes;
    out->placement = (enum fore_placement)scenario->cluster.placement;
    out->cores = (uint32_t)scenario->cluster.cores;
    out->bytes_mean = build->flow->info.bytes_mean > 0 ? build->flow->info.bytes_mean
                                                       : (double)scenario->workload.bytes_mean;
    out->bandwidth = scenario->cluster.bandwidth;
    if (scenario->cluster.slot_move > 0 && out->placement == FORE_PLACE_SLOT) {
        double bytes = (double)scenario->cluster.partition_bytes;
        double slots = (double)FORE_SLOT_COUNT / (double)scenario->cluster.partitions;
        out->bandwidth =
            bytes / (bytes / out->bandwidth + slots * seconds(scenario->cluster.slot_move));
    }
    if (scenario->cluster.move_time_mean > 0)
        out->bandwidth =
            (double)scenario->cluster.partition_bytes / seconds(scenario->cluster.move_time_mean);
}

static enum fore_err survey(const struct build *build, struct sim_survey *out)
{
    const struct sim_scenario *scenario = build->scenario;
    struct sim_survey_request request = {
        .flow = build->flow,
        .span = build->span,
        .mean_from = scenario->cluster.initial_from,
        .mean_span = scenario->cluster.initial_span,
        .read_cost = build->out->read_cost,
        .write_cost = build->out->cost[FORE_QUERY_WRITE] * (double)scenario->cluster.replicas,
    };
    return sim_survey_take(&request, build->perm, out, build->diag);
}

static void add_nodes(const struct build *build)
{
    const struct sim_cluster_options *options = &build->scenario->cluster;
    struct sim_cluster *out = build->out;
    struct fore_rng rng = fore_rng_stream(build->seed, "node-speed", 0);
    uint32_t count = out->topology.node_count;
    out->slowness = FORE_NEW(build->perm, double, count);
    for (uint32_t i = 0; i < count; i++) {
        double speed = fore_dist_lognormal(&rng, 1, options->slowdown_sigma);
        struct fore_node *node = &out->topology.node[i];
        *node = (struct fore_node){.cores = (double)options->cores * speed,
                                   .bandwidth_bytes = out->bandwidth,
                                   .data_bytes_max = options->node_bytes_max,
                                   .zone = (uint16_t)(i % options->zones),
                                   .rack = (uint16_t)(i / options->zones % options->racks),
                                   .up = true,
                                   .standby = i >= options->nodes};
        (void)snprintf(node->name, sizeof node->name, "node-%02u", (unsigned)i);
        out->slowness[i] = 1 / speed;
        if (!node->standby) out->capacity_cores += node->cores;
    }
}

/* The heaviest five minutes become the asked share of all capacity; then the SLO follows. */
static enum fore_err set_service(const struct build *build, const struct sim_survey *survey)
{
    const struct sim_scenario *scenario = build->scenario;
    struct sim_cluster *out = build->out;
    if (scenario->cluster.peak_utilization > 0)
        out->service_mean_ns = scenario->cluster.peak_utilization * out->capacity_cores /
                               survey->peak_work * (double)FORE_SEC;
    out->peak_cores = survey->peak_work * out->service_mean_ns / (double)FORE_SEC;
    if (out->service_mean_ns < 1 || out->service_mean_ns > 1e13)
        return fore_err_set(build->diag, FORE_E_RANGE,
                            "cluster.peak_utilization: at %.3g requests/s a service time of %.3g "
                            "ns would be needed; change workload.rate or the number of cores",
                            survey->peak_work, out->service_mean_ns);
    struct sim_latency latency =
        sim_latency_make(out->service, out->cores, out->service_mean_ns / (double)FORE_SEC,
                         out->service_cv2, 1, out->service_sigma);
    double p99_s = sim_latency_quantile(&latency, scenario->sim.slo_utilization, 0.01);
    out->slo_ns = scenario->sim.slo;
    if (out->slo_ns == 0)
        out->slo_ns = (fore_ns)(p99_s * (double)FORE_SEC) + (fore_ns)sim_way_quantile_ns(out, 0.01);
    return FORE_E_OK;
}

static enum fore_err add_partitions(const struct build *build, const struct sim_cuts *cuts)
{
    const struct sim_cluster_options *options = &build->scenario->cluster;
    struct fore_topology *topology = &build->out->topology;
    struct fore_rng rng = fore_rng_stream(build->seed, "partition-bytes", 0);
    double sigma = options->partition_bytes_sigma;
    for (uint32_t i = 0; i < cuts->count; i++) {
        double bytes = fore_dist_lognormal(&rng, (double)options->partition_bytes, sigma);
        if (cuts->bytes != NULL && cuts->bytes[i] > 0) bytes = (double)cuts->bytes[i];
        struct fore_partition partition = {
            .first = cuts->first[i],
            .last = i + 1 < cuts->count ? cuts->first[i + 1] - 1 : UINT64_MAX,
            .bytes = (uint64_t)fmax(1, bytes),
            .replica_count = 1,
        };
        FORE_TRY(fore_topology_add(topology, &partition, NULL));
    }
    return FORE_E_OK;
}

static uint32_t partition_cap(const struct sim_cluster_options *options, uint32_t start)
{
    if (options->partitions_max == 0) return 4 * start + 64;
    return options->partitions_max > start ? (uint32_t)options->partitions_max : start;
}

enum fore_err sim_cluster_build(const struct sim_scenario *scenario, struct wl_flow *flow,
                                fore_ns span, uint64_t seed, struct fore_arena *perm,
                                struct sim_cluster *out, struct fore_diag *diag)
{
    *out = (struct sim_cluster){0};
    struct build build = {.scenario = scenario,
                          .flow = flow,
                          .span = span,
                          .seed = seed,
                          .perm = perm,
                          .out = out,
                          .diag = diag};
    struct sim_survey seen;
    set_costs(&build);
    FORE_TRY(survey(&build, &seen));
    FORE_TRY(wl_wide_parse(&scenario->workload, &out->wide, diag));
    FORE_TRY(sim_stretch_parse(&scenario->cluster.link_stretch, "cluster.link_stretch",
                               &out->link_stretch, diag));
    struct sim_cuts cuts = sim_cuts_make(scenario, flow, &seen, perm);
    uint64_t nodes = out->elastic ? scenario->cluster.nodes_max : scenario->cluster.nodes;
    fore_topology_init(&out->topology, perm, (uint32_t)nodes, 1,
                       partition_cap(&scenario->cluster, cuts.count));
    sim_growth_init(&out->growth, (double)scenario->cluster.insert_bytes,
                    out->topology.partition_cap, perm);
    out->topology.table[0] =
        (struct fore_table){.name = "keys", .first = 0, .last = UINT64_MAX, .column_groups = 1};
    out->topology.table[0].columns = (uint16_t)out->wide.columns;
    for (uint32_t c = 0; c < out->wide.columns; c++)
        out->topology.table[0].column_bytes[c] = out->wide.bytes[c];
    out->columns = out->wide.columns > 0 && scenario->sim.fidelity == SIM_REQUEST;
    out->byte_cost = scenario->sim.byte_cost;
    add_nodes(&build);
    FORE_TRY(set_service(&build, &seen));
    FORE_TRY(add_partitions(&build, &cuts));
    FORE_TRY(fore_topology_check(&out->topology, diag));
    struct sim_owners_request owners = {.scenario = scenario,
                                        .flow = flow,
                                        .survey = &seen,
                                        .read_cost = out->read_cost,
                                        .service_ns = out->service_mean_ns,
                                        .seed = seed};
    sim_owners_assign(&owners, &out->topology);
    return fore_topology_check(&out->topology, diag);
}

struct sim_latency sim_cluster_latency(const struct sim_cluster *cluster, uint16_t node,
                                       double service_ns, double cv2)
{
    double service_s = service_ns * cluster->slowness[node] / (double)FORE_SEC;
    return sim_latency_make(cluster->service, cluster->cores, service_s, cv2, 1,
                            cluster->service_sigma);
}

uint16_t sim_cluster_owner(const struct fore_topology *topology, uint32_t partition)
{
    const struct fore_partition *p = &topology->partition[partition];
    for (uint16_t r = 0; r < p->replica_count; r++)
        if (topology->node[p->replica[r]].up) return p->replica[r];
    return FORE_NODE_NONE;
}
