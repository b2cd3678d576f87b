/* cuts.c - the four ways to cut; see cuts.h. */
#include "sim/cuts.h"

#include "core/cluster/placement.h"

/* Equal ranges of all 2^64 positions; under slot placement a range is whole slots. */
static void cut_positions(struct sim_cuts *cuts, bool slots)
{
    uint64_t width = UINT64_MAX / cuts->count, rest = UINT64_MAX % cuts->count + 1;
    for (uint64_t i = 0; i < cuts->count; i++)
        cuts->first[i] = slots ? i * FORE_SLOT_COUNT / cuts->count << FORE_SLOT_SHIFT
                               : i * width + (i < rest ? i : rest);
}

/* keys * i / count without overflow. */
static void cut_keys(struct sim_cuts *cuts, uint64_t keys)
{
    if (keys < cuts->count) cuts->count = (uint32_t)keys;
    uint64_t width = keys / cuts->count, rest = keys % cuts->count;
    for (uint64_t i = 0; i < cuts->count; i++)
        cuts->first[i] = i * width + (i < rest ? i : rest);
}

/* What the workload itself names: one partition a series, or part of one. */
static void cut_as_named(struct sim_cuts *cuts, const struct wl_flow *flow)
{
    for (uint32_t i = 1; i < cuts->count; i++)
        cuts->first[i] = flow->cut[i];
    cuts->bytes = flow->cut_bytes;
}

/* Quantiles of the requests, even inside a bucket. Every bucket counts a little, so that a stretch
 * the past did not touch is cut too. */
static void cut_quantiles(struct sim_cuts *cuts, const struct wl_flow *flow,
                          const struct sim_survey *survey)
{
    uint32_t buckets = flow->bucket_count, wanted = cuts->count;
    double total = survey->reads_total + survey->writes_total;
    double floor = total > 0 ? 0.01 * total / buckets : 1;
    double part = (total + floor * buckets) / wanted, seen = 0;
    cuts->count = 1;
    cuts->first[0] = 0;
    for (uint32_t b = 0; b < buckets; b++) {
        double load = survey->reads[b] + survey->writes[b] + floor;
        double keys = (double)(flow->bucket[b].last - flow->bucket[b].first) + 1;
        double goal = part * cuts->count;
        while (cuts->count < wanted && goal < seen + load) {
            double into = (goal - seen) / load * keys;
            uint64_t last = flow->bucket[b].last, first = flow->bucket[b].first;
            uint64_t at = into >= keys - 1 ? last : first + (uint64_t)into;
            if (at > cuts->first[cuts->count - 1])
                cuts->first[cuts->count++] = at;
            else
                wanted--; /* a single hot key: there is no room for this cut */
            goal += part;
        }
        seen += load;
    }
}

static bool named(const struct sim_scenario *scenario, const struct wl_flow *flow)
{
    return scenario->cluster.placement == FORE_PLACE_RANGE && flow->cut_count > 0;
}

struct sim_cuts sim_cuts_make(const struct sim_scenario *scenario, const struct wl_flow *flow,
                              const struct sim_survey *survey, struct fore_arena *perm)
{
    struct sim_cuts cuts = {
        .count = named(scenario, flow) ? flow->cut_count : (uint32_t)scenario->cluster.partitions};
    cuts.first = FORE_NEW(perm, uint64_t, cuts.count);
    if (scenario->cluster.placement != FORE_PLACE_RANGE)
        cut_positions(&cuts, scenario->cluster.placement == FORE_PLACE_SLOT);
    else if (named(scenario, flow))
        cut_as_named(&cuts, flow);
    else if (scenario->workload.kind == WL_KIND_SYNTHETIC)
        cut_keys(&cuts, scenario->workload.keys);
    else
        cut_quantiles(&cuts, flow, survey);
    return cuts;
}
