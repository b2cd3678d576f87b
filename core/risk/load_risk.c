/*
 * load_risk.c - of a picture of the coming load (load.h): how likely a node is to be overloaded,
 * when most, and whether one partition alone would be enough.
 */
#include "core/base/dist.h"
#include "core/forecast/spread.h"
#include "core/risk/load.h"

#include <math.h>

/* Weighted over terms at one step. */
static void mix_at(const struct fore_load *load, double cores, size_t h, const double *m,
                   const double *v, const double *c, struct fore_load_risk *best)
{
    double p = 0, mean = 0, second = 0;
    for (uint32_t t = 0; t < load->term_count; t++) {
        double blur = (load->spread * load->spread + 1e-12) * cores * cores;
        double sd = sqrt((v[t] > 0 ? v[t] : 0) + c[t] * c[t] + blur);
        double w = load->term[t].weight;
        p += w * fore_dist_normal_tail((load->limit * cores - m[t]) / sd);
        mean += w * m[t];
        second += w * (sd * sd + m[t] * m[t]);
    }
    mean /= cores;
    bool better = p > best->probability + 1e-12 ||
                  (fabs(p - best->probability) <= 1e-12 && mean > best->utilization_mean);
    if (!better) return;
    double variance = second / (cores * cores) - mean * mean;
    *best = (struct fore_load_risk){.probability = p,
                                    .step = h,
                                    .utilization_mean = mean,
                                    .utilization_sd = variance > 0 ? sqrt(variance) : 0};
}

static const struct fore_load_risk none = {.probability = -1};

struct fore_load_risk fore_load_node_risk(const struct fore_load *load, uint16_t node)
{
    return fore_load_node_risk_between(load, node, 0, load->steps);
}

struct fore_load_risk fore_load_node_risk_between(const struct fore_load *load, uint16_t node,
                                                  size_t from, size_t to)
{
    struct fore_load_risk best = none;
    double cores = fore_load_capacity(load, node);
    FORE_ASSERT(from < to && to <= load->steps);
    for (size_t h = from; h < to; h++) {
        double m[FORE_LOAD_SCENARIOS], v[FORE_LOAD_SCENARIOS], c[FORE_LOAD_SCENARIOS];
        for (uint32_t t = 0; t < load->term_count; t++) {
            size_t row = ((size_t)t * load->topology->node_count + node) * load->steps;
            m[t] = load->mean[row + h];
            v[t] = load->own_var[row + h];
            c[t] = load->common[row + h];
        }
        mix_at(load, cores, h, m, v, c, &best);
    }
    return best;
}

struct fore_load_risk fore_load_partition_risk(const struct fore_load *load, uint32_t partition,
                                               uint16_t node)
{
    struct fore_load_risk best = none;
    double cores = fore_load_capacity(load, node);
    uint32_t replicas = load->topology->partition[partition].replica_count;
    double share = fore_load_replica_share(load, partition, replicas);
    for (size_t h = 0; h < load->steps; h++) {
        double m[FORE_LOAD_SCENARIOS] = {0}, v[FORE_LOAD_SCENARIOS] = {0},
               c[FORE_LOAD_SCENARIOS] = {0};
        for (uint32_t t = 0; t < load->term_count; t++) {
            const struct fore_scenario *s = load->term[t].scenario;
            if (partition >= s->partition_count) continue; /* younger: nothing known */
            size_t at = (size_t)partition * s->steps + h;
            double own = (double)s->own[at];
            m[t] = share * (double)s->mean[at];
            v[t] = fore_spread_part(share) * (own * own);
            c[t] = share * (double)s->common[at];
        }
        mix_at(load, cores, h, m, v, c, &best);
    }
    return best;
}
