/*
 * owners_profile.c - first owners that are the best for how load usually runs over a week.
 *
 * The flow of the days the placement may know is folded at the period into a vector of loads a
 * partition, and core/decide/profile_placement.h packs the vectors. This is the strongest placement
 * that can be had without ever moving anything, and what every policy may be asked to start from.
 */
#include "core/decide/profile_placement.h"
#include "sim/owners.h"
#include "sim/spread.h"

static const double spread = 0.06; /* of a node's load around its mean in a slot */

struct folded {
    double *work;   /* [slots * bucket_count], sums */
    double *weight; /* [slots] */
    uint32_t slots;
};

/* Mean work of every bucket in every slot; false when there is no flow there. */
static bool fold(const struct sim_owners_request *request, struct fore_arena *arena,
                 struct folded *out)
{
    const struct sim_scenario *scenario = request->scenario;
    const struct sim_cluster_options *options = &scenario->cluster;
    struct wl_flow *flow = request->flow;
    fore_ns step = flow->info.step, slot = options->initial_step;
    uint32_t buckets = flow->bucket_count;
    double *reads = FORE_NEW(arena, double, buckets), *writes = FORE_NEW(arena, double, buckets);
    double share = 1 / (double)options->replicas, steps = 0;
    fore_ns from = (options->initial_from + step - 1) / step * step;
    fore_ns until = options->initial_from + options->initial_span;
    if (flow->info.span > 0 && until > flow->info.span) until = flow->info.span;
    for (fore_ns t = from; t + step <= until; t += step) {
        uint32_t k = (uint32_t)(t / slot % out->slots);
        if (wl_flow_rates(flow, t, reads, writes, NULL) != FORE_E_OK) return false;
        double *work = out->work + (size_t)k * buckets;
        for (uint32_t b = 0; b < buckets; b++)
            work[b] += reads[b] * request->read_cost * share + writes[b] * scenario->sim.write_cost;
        out->weight[k] += 1;
        steps += 1;
    }
    for (uint32_t k = 0; k < out->slots; k++) {
        double *work = out->work + (size_t)k * buckets;
        for (uint32_t b = 0; b < buckets && out->weight[k] > 0; b++)
            work[b] /= out->weight[k];
        out->weight[k] /= steps > 0 ? steps : 1;
    }
    return steps > 0;
}

bool sim_owners_profile(const struct sim_owners_request *request,
                        const struct fore_topology *topology, const double *capacity,
                        uint16_t *owner)
{
    const struct sim_scenario *scenario = request->scenario;
    fore_ns slot = scenario->cluster.initial_step, period = scenario->cluster.initial_period;
    uint32_t partitions = topology->partition_count;
    struct fore_arena arena = {0};
    struct folded folded = {.slots = (uint32_t)((period + slot - 1) / slot)};
    folded.work = FORE_NEW(&arena, double, (size_t)folded.slots * request->flow->bucket_count);
    folded.weight = FORE_NEW(&arena, double, folded.slots);
    bool known = fold(request, &arena, &folded);
    if (known) {
        float *load = FORE_NEW(&arena, float, (size_t)partitions *folded.slots);
        double *one = FORE_NEW(&arena, double, topology->partition_cap);
        struct sim_spread by = {0};
        sim_spread_update(&by, topology, (enum fore_placement)scenario->cluster.placement,
                          request->flow);
        for (uint32_t k = 0; k < folded.slots; k++) {
            sim_spread_sum(&by, folded.work + (size_t)k * request->flow->bucket_count, 1, one);
            for (uint32_t p = 0; p < partitions; p++)
                load[(size_t)p * folded.slots + k] =
                    (float)(one[p] * request->service_ns / (double)FORE_SEC);
        }
        sim_spread_fini(&by);
        const struct fore_profile_placement problem = {.partitions = partitions,
                                                       .nodes = topology->node_count,
                                                       .slots = folded.slots,
                                                       .load = load,
                                                       .weight = folded.weight,
                                                       .capacity = capacity,
                                                       .limit = scenario->sim.slo_utilization,
                                                       .spread = spread,
                                                       .seed = request->seed};
        (void)fore_profile_placement_solve(&problem, &arena, owner);
    }
    fore_arena_fini(&arena);
    return known;
}
