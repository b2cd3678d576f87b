/* elastic_count.c - see elastic_count.h. */
#include "core/decide/elastic_count.h"

#include <math.h>

struct total { /* of the whole cluster, one step of one scenario */
    double mean, common, own_var;
};

static struct total sum_step(const struct fore_planner_input *input,
                             const struct fore_scenario *scenario, size_t step)
{
    struct total total = {0};
    const struct fore_topology *topology = input->topology;
    for (uint32_t p = 0; p < topology->partition_count && p < scenario->partition_count; p++) {
        if (!topology->partition[p].alive) continue;
        size_t at = (size_t)p * scenario->steps + step;
        /* Writes go to every replica. */
        double copies = 1 + input->observe->partition[p].write_share *
                                (topology->partition[p].replica_count - 1.0);
        total.mean += copies * (double)scenario->mean[at];
        total.common += copies * (double)scenario->common[at];
        total.own_var += copies * copies * (double)scenario->own[at] * (double)scenario->own[at];
    }
    return total;
}

static double mean_cores(const struct fore_topology *topology)
{
    double sum = 0;
    for (uint32_t n = 0; n < topology->node_count; n++)
        sum += topology->node[n].cores;
    return sum / topology->node_count;
}

/* Adds the violation of one step to every count's cost. */
static void add_violation(const struct fore_planner_input *input, struct total total, double weight,
                          double cores, double *cost)
{
    double limit = input->options->utilization_limit * cores;
    double blur = input->options->utilization_spread * cores;
    for (uint32_t n = 1; n <= input->topology->node_count; n++) {
        double common = total.common / n;
        double sd = sqrt(common * common + total.own_var / n + blur * blur);
        double excess = total.mean / n - limit;
        double p = sd > 0 ? 0.5 * erfc(-excess / sd / sqrt(2)) : excess > 0;
        cost[n] += weight * n * (p + input->options->excess_weight * fmax(excess, 0) / cores);
    }
}

uint32_t fore_elastic_count_best(const struct fore_planner_input *input, double span_s,
                                 struct fore_arena *scratch)
{
    const struct fore_topology *topology = input->topology;
    double *cost = FORE_NEW(scratch, double, topology->node_count + 1);
    double cores = mean_cores(topology), hours = span_s / 3600;
    for (uint32_t t = 0; t < input->term_count; t++) {
        const struct fore_scenario *scenario = input->term[t].scenario;
        double step_s = (double)scenario->step / 1e9;
        for (size_t h = 0; h < scenario->steps && (double)h * step_s < span_s; h++)
            add_violation(input, sum_step(input, scenario, h), input->term[t].weight * step_s,
                          cores, cost);
    }
    uint32_t best = 1;
    for (uint32_t n = 1; n <= topology->node_count; n++) {
        cost[n] += (double)input->options->node_price / 1e9 * hours * n;
        if (cost[n] < cost[best]) best = n;
    }
    return best;
}
