/*
 * tidy.c - what the planner does when nothing is in trouble: give back what it no longer needs.
 *
 * A replica added for load is dropped when the cluster would be as safe without it over the whole
 * horizon; two cold neighbours that a split made are merged. Both cost nothing to carry out, and
 * both are reversed at a price, so they are done only with room to spare.
 */
#include "core/decide/candidate.h"

#include <math.h>

/* Hysteresis: after giving something back, nodes must stay this far below the limit. */
static const double room = 0.75;

static double peak_mean(const struct fore_search *search, uint32_t partition)
{
    double peak = 0;
    for (uint32_t t = 0; t < search->load.term_count; t++) {
        const struct fore_scenario *s = search->load.term[t].scenario;
        if (partition >= s->partition_count) return HUGE_VAL; /* not known: not cold */
        for (size_t h = 0; h < s->steps; h++)
            peak = fmax(peak, (double)s->mean[(size_t)partition * s->steps + h]);
    }
    return peak;
}

static bool roomy(const struct fore_search *search, uint16_t node, double more_cores)
{
    const struct fore_load *load = &search->load;
    double most = 0;
    for (uint32_t t = 0; t < load->term_count; t++)
        for (size_t h = 0; h < load->steps; h++)
            most =
                fmax(most,
                     load->mean[((size_t)t * load->topology->node_count + node) * load->steps + h]);
    return most + more_cores < room * load->limit * load->topology->node[node].cores;
}

static bool droppable(const struct fore_search *search, uint32_t partition)
{
    const struct fore_planner_input *input = search->input;
    const struct fore_partition *part = &input->topology->partition[partition];
    if (!part->alive || fore_candidate_never(search, partition) || search->busy[partition] ||
        search->grown[partition] || part->replica_count <= input->baseline_replicas[partition])
        return false;
    double now = fore_load_replica_share(&search->load, partition, part->replica_count);
    double then = fore_load_replica_share(&search->load, partition, part->replica_count - 1u);
    double more = (then - now) * peak_mean(search, partition);
    for (uint32_t r = 0; r + 1 < part->replica_count; r++)
        if (!roomy(search, part->replica[r], more)) return false;
    return true;
}

static bool mergeable(const struct fore_search *search, uint32_t left, uint32_t *right)
{
    const struct fore_planner_input *input = search->input;
    const struct fore_topology *topology = input->topology;
    const struct fore_partition *l = &topology->partition[left];
    if (!l->alive || fore_candidate_never(search, left) || search->busy[left] ||
        input->partition_split_rest[left])
        return false;
    *right = fore_topology_right_of(topology, left);
    if (*right == FORE_PARTITION_NONE || fore_candidate_never(search, *right) ||
        search->busy[*right] || input->partition_split_rest[*right])
        return false;
    if (fore_ahead_of(&input->arrivals, left) != NULL) return false; /* what comes is kept apart */
    if (search->confined != NULL && search->rules.class_of[left] != search->rules.class_of[*right])
        return false; /* other rules hold for them */
    const struct fore_partition *r = &topology->partition[*right];
    if (l->replica_count != r->replica_count || l->apart != 0 || r->apart != 0) return false;
    for (uint32_t i = 0; i < l->replica_count; i++)
        if (l->replica[i] != r->replica[i]) return false;
    double cores = topology->node[l->replica[0]].cores;
    return peak_mean(search, left) + peak_mean(search, *right) <
           input->options->merge_load_max * cores;
}

void fore_candidate_tidy(const struct fore_search *search, struct fore_candidate *best)
{
    const struct fore_planner_input *input = search->input;
    const struct fore_topology *topology = input->topology;
    if (input->options->replicas && (input->caps & FORE_CAP_REPLICA))
        for (uint32_t p = 0; p < topology->partition_count; p++) {
            if (!droppable(search, p)) continue;
            const struct fore_partition *part = &topology->partition[p];
            best->found = true;
            best->move.move = (struct fore_move){.kind = FORE_MOVE_DROP_REPLICA,
                                                 .partition = p,
                                                 .other = FORE_PARTITION_NONE,
                                                 .source = part->replica[part->replica_count - 1],
                                                 .target = FORE_NODE_NONE};
            return;
        }
    if (!input->options->merges || !(input->caps & FORE_CAP_SPLIT) ||
        topology->alive_count <= input->baseline_partitions)
        return;
    for (uint32_t p = 0; p < topology->partition_count; p++) {
        uint32_t right;
        if (!mergeable(search, p, &right)) continue;
        best->found = true;
        best->move.move = (struct fore_move){.kind = FORE_MOVE_MERGE,
                                             .partition = p,
                                             .other = right,
                                             .source = FORE_NODE_NONE,
                                             .target = FORE_NODE_NONE};
        return;
    }
}
