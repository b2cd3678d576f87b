/* targets.c - see targets.h. */
#include "core/decide/targets.h"

#include "core/decide/candidate.h"

#include <math.h>

/* Ascending in what a node costs, then in its mean load over the horizon. */
static double restlessness(const struct fore_load *load, uint32_t node)
{
    double sum = 0;
    const double *mean = load->mean + (size_t)node * load->steps;
    for (size_t h = 0; h < load->steps; h++)
        sum += mean[h];
    return load->cost[node] * 1e3 +
           sum / (double)load->steps / fmax(load->topology->node[node].cores, 1e-9);
}

static void list_targets(const struct fore_search *search, const bool *allowed,
                         struct fore_targets *out)
{
    const struct fore_load *load = &search->load;
    double rest[FORE_CANDIDATE_TARGETS], most = -1;
    size_t at_most = 0;
    out->count = 0;
    for (uint32_t n = 0; n < load->topology->node_count; n++) {
        if (!load->topology->node[n].up || search->slots[n] == 0) continue;
        if (allowed != NULL && !allowed[n]) continue;
        double x = restlessness(load, n);
        uint32_t count = out->count;
        if (count == FORE_CANDIDATE_TARGETS) { /* the most restless one gives way */
            if (x >= most) continue;
            for (size_t i = at_most; i + 1 < count; i++) {
                out->node[i] = out->node[i + 1];
                rest[i] = rest[i + 1];
            }
            count--;
        }
        out->node[count] = (uint16_t)n;
        rest[count] = x;
        out->count = count + 1;
        most = rest[at_most = 0];
        for (size_t i = 1; i <= count; i++)
            if (rest[i] > most) most = rest[at_most = i];
    }
}

void fore_candidate_targets(struct fore_search *search)
{
    list_targets(search, NULL, &search->targets);
    if (search->confined == NULL) return;
    const struct fore_constraint_state *rules = &search->rules;
    for (uint32_t k = 0; k < rules->class_count; k++)
        list_targets(search, rules->allowed + (size_t)k * rules->rules->node_count,
                     &search->confined[k]);
}

const struct fore_targets *fore_candidate_targets_of(const struct fore_search *search,
                                                     uint32_t partition)
{
    return search->confined == NULL ? &search->targets
                                    : &search->confined[search->rules.class_of[partition]];
}
