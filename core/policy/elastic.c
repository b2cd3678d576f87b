/* elastic.c - loads and counts of the whole cluster; the plan is in elastic_steer.c. */
#include "core/policy/elastic.h"

#include <math.h>

double fore_elastic_load(const struct fore_policy_view *view)
{
    const struct fore_planner_input *in = view->planner;
    double sum = 0;
    for (uint32_t p = 0; p < in->topology->partition_count; p++)
        if (in->topology->partition[p].alive) sum += in->observe->partition[p].load;
    return sum;
}

size_t fore_elastic_history(const struct fore_policy_view *view, size_t most,
                            struct fore_arena *scratch, float **out)
{
    const struct fore_planner_input *in = view->planner;
    const struct fore_history *history = in->observe->history;
    size_t count = fore_history_count(history, 1);
    if (count > most) count = most;
    *out = FORE_NEW(scratch, float, count + 1);
    float *one = FORE_NEW(scratch, float, count + 1);
    for (uint32_t p = 0; p < in->topology->partition_count; p++) {
        if (!in->topology->partition[p].alive) continue;
        fore_history_read(history, 1, FORE_HIST_LOAD, p, count, one);
        for (size_t i = 0; i < count; i++)
            (*out)[i] += isnan(one[i]) ? 0 : one[i];
    }
    return count;
}

double fore_elastic_node_load(const struct fore_policy_view *view)
{
    const struct fore_topology *topology = view->planner->topology;
    double cores = 0;
    for (uint32_t n = 0; n < topology->node_count; n++)
        cores += topology->node[n].cores;
    return view->options->elastic.node_load * cores / topology->node_count;
}

uint32_t fore_elastic_nodes(const struct fore_policy_view *view, double load)
{
    double nodes = ceil(load / fore_elastic_node_load(view) - 1e-9);
    uint32_t most = view->planner->topology->node_count;
    return nodes < 1 ? 1 : nodes > most ? most : (uint32_t)nodes;
}

bool fore_elastic_sample(const struct fore_policy_view *view, struct fore_elastic_samples *samples)
{
    const struct fore_elastic_options *options = &view->options->elastic;
    fore_ns now = view->planner->now;
    if (samples->at != 0 && now - samples->at < options->sample) return false;
    samples->at = now;
    samples->value[samples->count++ % FORE_COUNTOF(samples->value)] =
        fore_elastic_load(view) * options->inflation;
    return true;
}

uint32_t fore_elastic_react(const struct fore_policy_view *view,
                            const struct fore_elastic_samples *samples, uint32_t nodes)
{
    size_t need = view->options->elastic.samples, above = 0, below = 0;
    if (samples->count < need) return nodes;
    double q = fore_elastic_node_load(view);
    for (size_t i = samples->count - need; i < samples->count; i++) {
        double load = samples->value[i % FORE_COUNTOF(samples->value)];
        above += load > q * nodes;
        below += load < q * (nodes - 1.0);
    }
    if (above == need && nodes < view->planner->topology->node_count) return nodes + 1;
    return below == need && nodes > 1 ? nodes - 1 : nodes;
}

uint32_t fore_elastic_terms(const struct fore_policy_view *view, struct fore_load_term *term)
{
    term[0] = (struct fore_load_term){.scenario = view->nowcast, .weight = 1};
    return 1;
}
