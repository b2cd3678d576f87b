/* static_count.c - a fixed number of nodes: for the highest load of the past, or for its mean. What
 * one pays without elasticity, and what one gets for the price of the mean. */
#include "core/policy/elastic.h"
#include "core/policy/rows.h"

#include <math.h>

static void *begin(const struct fore_topology *topology, uint64_t seed, struct fore_arena *perm)
{
    (void)topology, (void)seed;
    return FORE_NEW(perm, uint32_t, 1); /* nodes; 0: not known yet */
}

static void propose(const struct fore_policy_view *view, uint32_t *want, bool peak,
                    struct fore_arena *scratch, struct fore_plan *out)
{
    if (*want == 0) {
        float *past;
        size_t count = fore_elastic_history(view, SIZE_MAX, scratch, &past);
        double most = fore_elastic_load(view), sum = 0;
        for (size_t i = 0; i < count; i++) {
            most = fmax(most, (double)past[i]);
            sum += (double)past[i];
        }
        *want = fore_elastic_nodes(view, peak || count == 0 ? most : sum / (double)count);
    }
    (void)fore_elastic_steer(view, *want, scratch, out);
}

static void propose_peak(const struct fore_policy_view *view, void *memory,
                         struct fore_arena *scratch, struct fore_plan *out)
{
    propose(view, memory, true, scratch, out);
}

static void propose_mean(const struct fore_policy_view *view, void *memory,
                         struct fore_arena *scratch, struct fore_plan *out)
{
    propose(view, memory, false, scratch, out);
}

const struct fore_policy fore_policy_static_peak = {
    .name = "static-peak",
    .section = &fore_elastic_section,
    .options_at = offsetof(struct fore_policy_options, elastic),
    .about = "as many nodes as the highest load of the past needs, for good",
    .terms = fore_elastic_terms,
    .begin = begin,
    .propose = propose_peak,
};

const struct fore_policy fore_policy_static_mean = {
    .name = "static-mean",
    .section = &fore_elastic_section,
    .options_at = offsetof(struct fore_policy_options, elastic),
    .about = "as many nodes as the mean load of the past needs, for good",
    .terms = fore_elastic_terms,
    .begin = begin,
    .propose = propose_mean,
};
