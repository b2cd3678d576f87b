/*
 * elastic.h - what policies that decide on a number of nodes share: what the whole cluster's load
 * is and was, and the plan that takes the cluster to that number.
 *
 * Partitions are spread evenly by count, with as few moves as that takes (P-Store's even chunks):
 * only what a node has above its quota leaves it. Nodes are taken into use as late as somebody can
 * send to them, and leave as soon as they are empty; so a change that needs several rounds pays for
 * them round by round (P-Store, section 4.4.1).
 */
#ifndef FORE_POLICY_ELASTIC_H
#define FORE_POLICY_ELASTIC_H

#include "core/policy/policy.h"

/* Cores that all partitions need now, as the last now_span showed. */
double fore_elastic_load(const struct fore_policy_view *view);
/* The newest points of the whole cluster's load in observe.mid_step; at most `most`. */
size_t fore_elastic_history(const struct fore_policy_view *view, size_t most,
                            struct fore_arena *scratch, float **out);
double fore_elastic_node_load(const struct fore_policy_view *view); /* Q, in cores */
/* Nodes for a load; from 1 to as many as there are. */
uint32_t fore_elastic_nodes(const struct fore_policy_view *view, double load);
/* One more, one fewer or as many as `nodes`, as the last samples say (reactive-pstore). */
struct fore_elastic_samples {
    double value[16];
    size_t count;
    fore_ns at; /* of the newest; 0: none yet */
};
/* True when a sample was due and taken. */
bool fore_elastic_sample(const struct fore_policy_view *view, struct fore_elastic_samples *samples);
uint32_t fore_elastic_react(const struct fore_policy_view *view,
                            const struct fore_elastic_samples *samples, uint32_t nodes);
/* The next moves towards `want` evenly filled nodes; true when there is nothing left to do. */
bool fore_elastic_steer(const struct fore_policy_view *view, uint32_t want,
                        struct fore_arena *scratch, struct fore_plan *out);
/* Present load as the only scenario: what these policies' risk is judged by. */
uint32_t fore_elastic_terms(const struct fore_policy_view *view, struct fore_load_term *term);

#endif
