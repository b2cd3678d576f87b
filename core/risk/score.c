/*
 * score.c - RRS for every partition: two factors and a sentence (DESIGN 3.1).
 *
 * One pass over nodes finds each node's riskiest step and the largest load on it at that step; one
 * pass over partitions sets what each carries against that.
 */
#include "core/risk/score.h"

#include <math.h>
#include <stdio.h>

/* Weighted mean load that one replica of the partition brings at a step, in cores. */
static double brings(const struct fore_load *load, uint32_t partition, size_t step)
{
    uint32_t replicas = load->topology->partition[partition].replica_count;
    double sum = 0;
    for (uint32_t t = 0; t < load->term_count; t++) {
        const struct fore_scenario *s = load->term[t].scenario;
        if (partition >= s->partition_count) continue;
        sum += load->term[t].weight * (double)s->mean[(size_t)partition * s->steps + step];
    }
    return sum * fore_load_replica_share(load, partition, replicas);
}

static void largest_by_node(const struct fore_load *load, const struct fore_load_risk *risk,
                            double *largest)
{
    const struct fore_topology *topology = load->topology;
    for (uint32_t p = 0; p < topology->partition_count; p++) {
        const struct fore_partition *part = &topology->partition[p];
        if (!part->alive) continue;
        for (uint32_t r = 0; r < part->replica_count; r++) {
            uint16_t n = part->replica[r];
            double x = brings(load, p, risk[n].step);
            if (x > largest[n]) largest[n] = x;
        }
    }
}

static struct fore_score score_on(const struct fore_load *load, uint32_t partition, uint16_t node,
                                  const struct fore_load_risk *risk, double largest)
{
    double mine = brings(load, partition, risk->step);
    double all = risk->utilization_mean * load->topology->node[node].cores;
    struct fore_score score = {
        .probability = risk->probability,
        .responsibility = largest > 0 ? mine / largest : 0,
        .limit = FORE_LIMIT_NODE,
        .node = node,
        .when_s = (double)(risk->step + 1) * load->step_s,
        .utilization_mean = risk->utilization_mean,
        .utilization_sd = risk->utilization_sd,
        .share = all > 0 ? mine / all : 0,
    };
    /* Only a partition that fills most of a node can break it alone. */
    if (mine > 0.5 * load->limit * load->topology->node[node].cores) {
        struct fore_load_risk own = fore_load_partition_risk(load, partition, node);
        if (own.probability > 0.5 * score.probability && own.probability > 0.01) {
            score.limit = FORE_LIMIT_PARTITION;
            if (own.probability > score.probability) score.probability = own.probability;
        }
    }
    if (score.responsibility > 1) score.responsibility = 1;
    score.rrs = score.probability * score.responsibility;
    return score;
}

void fore_score_all(const struct fore_load *load, const struct fore_calibration *calibration,
                    struct fore_arena *scratch, struct fore_score *out)
{
    const struct fore_topology *topology = load->topology;
    struct fore_load_risk *risk = FORE_NEW(scratch, struct fore_load_risk, topology->node_count);
    double *largest = FORE_NEW(scratch, double, topology->node_count);
    for (uint32_t n = 0; n < topology->node_count; n++)
        risk[n] = fore_load_node_risk(load, (uint16_t)n);
    largest_by_node(load, risk, largest);
    for (uint32_t p = 0; p < topology->partition_count; p++) {
        const struct fore_partition *part = &topology->partition[p];
        out[p] = (struct fore_score){.node = FORE_NODE_NONE};
        if (!part->alive) continue;
        for (uint32_t r = 0; r < part->replica_count; r++) {
            uint16_t n = part->replica[r];
            struct fore_score s = score_on(load, p, n, &risk[n], largest[n]);
            if (calibration != NULL) {
                double x = fore_calibration_logit(s.probability);
                s.probability = fore_calibration_apply(calibration, x);
                s.rrs = s.probability * s.responsibility;
            }
            if (r == 0 || s.rrs > out[p].rrs) out[p] = s;
        }
        out[p].rrs_load = out[p].rrs;
        FORE_ASSERT(out[p].rrs >= 0 && out[p].rrs <= 1.0 + 1e-9);
    }
}

void fore_score_sizes(const struct fore_size_outlook *size, const struct fore_topology *topology,
                      struct fore_score *out)
{
    for (uint32_t p = 0; p < topology->partition_count; p++) {
        const struct fore_partition *part = &topology->partition[p];
        if (!part->alive || !(size[p].probability > out[p].rrs)) continue;
        out[p] = (struct fore_score){.rrs = size[p].probability,
                                     .rrs_load = out[p].rrs_load,
                                     .probability = size[p].probability,
                                     .responsibility = 1,
                                     .limit = FORE_LIMIT_SIZE,
                                     .node = part->replica[0],
                                     .when_s = size[p].when_s,
                                     .utilization_mean = out[p].utilization_mean,
                                     .utilization_sd = out[p].utilization_sd,
                                     .share = out[p].share,
                                     .size = size[p],
                                     .partition = p};
    }
}

const char *fore_score_limit_text(enum fore_score_limit limit)
{
    static const char *const text[] = {"node", "partition", "size"};
    return (size_t)limit < FORE_COUNTOF(text) ? text[limit] : "unknown";
}

static void duration_text(double seconds, char *out, size_t size)
{
    if (seconds < 120)
        (void)snprintf(out, size, "%.0f s", seconds);
    else if (seconds < 7200)
        (void)snprintf(out, size, "%.0f min", seconds / 60);
    else
        (void)snprintf(out, size, "%.1f h", seconds / 3600);
}

struct unit {
    const char *name;
    double bytes;
};

/* The unit that both are well said in. */
static struct unit unit_of(double bytes)
{
    static const char *const name[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    struct unit unit = {name[0], 1};
    for (size_t u = 1; u < FORE_COUNTOF(name) && bytes / unit.bytes >= 1024; u++)
        unit = (struct unit){name[u], unit.bytes * 1024};
    return unit;
}

static void size_reason(const struct fore_score *score, const char *when, char *out, size_t size)
{
    const struct fore_size_outlook *s = &score->size;
    char most[32], by[32];
    struct unit limit = unit_of(s->max_bytes), u = unit_of(s->mean_bytes);
    (void)snprintf(most, sizeof most, "%.4g %s", s->max_bytes / limit.bytes, limit.name);
    (void)snprintf(by, sizeof by, "%.4g +- %.2g %s", s->mean_bytes / u.bytes,
                   s->spread_bytes / u.bytes, u.name);
    struct unit n = unit_of(s->now_bytes);
    if (s->when_s > 0)
        (void)snprintf(out, size,
                       "p%u passes %s in %s with P %.2f (now %.4g %s; %s at the horizon): "
                       "split by keys [growth]",
                       score->partition, most, when, score->probability, s->now_bytes / n.bytes,
                       n.name, by);
    else
        (void)snprintf(out, size, "p%u holds %.4g %s, above %s: split by keys [growth]",
                       score->partition, s->now_bytes / n.bytes, n.name, most);
}

void fore_score_reason(const struct fore_load *load, const struct fore_score *score, char *out,
                       size_t out_size)
{
    char when[32];
    duration_text(score->when_s, when, sizeof when);
    const char *node =
        score->node == FORE_NODE_NONE ? "no node" : load->topology->node[score->node].name;
    if (score->limit == FORE_LIMIT_SIZE)
        size_reason(score, when, out, out_size);
    else if (score->limit == FORE_LIMIT_PARTITION)
        (void)snprintf(out, out_size,
                       "alone exceeds %.0f %% of %s within %s with P %.2f: split or replicate [%s]",
                       100 * load->limit, node, when, score->probability,
                       load->term[0].scenario->model);
    else
        (void)snprintf(out, out_size,
                       "%s passes %.0f %% within %s with P %.2f (%.0f +- %.0f %%); "
                       "carries %.0f %% of it [%s]",
                       node, 100 * load->limit, when, score->probability,
                       100 * score->utilization_mean, 100 * score->utilization_sd,
                       100 * score->share, load->term[0].scenario->model);
}
