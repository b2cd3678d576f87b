/*
 * tidy.c - what the planner does when nothing is in trouble: give back what it no longer needs.
 *
 * A merge must be worth its moment: the overhead that one partition fewer saves over the horizon,
 * in core-seconds, against the work that would wait while the merge takes hold. Where partitions
 * are free to have, cold neighbours are merged all the same; they only clutter.
 *
 * A replica added for load is dropped when the cluster would be as safe without it over the whole
 * horizon; two cold neighbours that a split made are merged. Both cost nothing to carry out, and
 * both are reversed at a price, so they are done only with room to spare.
 */
#include "core/decide/grain.h"
#include "core/decide/relieve.h"
#include "core/decide/size_split.h"

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

bool fore_candidate_roomy(const struct fore_search *search, uint16_t node, double more_cores)
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
        if (!fore_candidate_roomy(search, part->replica[r], more)) return false;
    return true;
}

/* Both of them together ask for at most `peak` cores. */
static bool worth(const struct fore_search *search, uint32_t left, double peak)
{
    const struct fore_split_cost *cost = &search->input->split_cost;
    const struct fore_topology *topology = search->input->topology;
    const struct fore_partition *l = &topology->partition[left];
    if (!(cost->pause_s > 0)) return true;
    double horizon_s = search->load.step_s * (double)search->load.steps, cores = 0;
    for (uint16_t r = 0; r < l->replica_count; r++)
        cores += topology->node[l->replica[r]].cores;
    return cost->overhead_share * cores * horizon_s > peak * cost->pause_s;
}

/* Close to the partition cap a cold fragment stands in the way of a split that is needed: what was
 * split lately may go again, what was merged lately still rests. */
bool fore_candidate_short_of_room(const struct fore_search *search)
{
    return search->split_room <= fore_planner_partition_cap(search->input) / 32;
}

static bool rests(const struct fore_search *search, uint32_t partition)
{
    return fore_candidate_short_of_room(search) ? fore_planner_split_rests(search->input, partition)
                                                : search->input->partition_split_rest[partition];
}

bool fore_candidate_neighbours(const struct fore_search *search, uint32_t left, uint32_t *right,
                               double *peak)
{
    const struct fore_planner_input *input = search->input;
    const struct fore_topology *topology = input->topology;
    const struct fore_partition *l = &topology->partition[left];
    if (!l->alive || fore_candidate_never(search, left) || search->busy[left] ||
        rests(search, left))
        return false;
    *right = fore_topology_right_of(topology, left);
    if (*right == FORE_PARTITION_NONE || fore_candidate_never(search, *right) ||
        search->busy[*right] || rests(search, *right))
        return false;
    if (fore_ahead_of(&input->arrivals, left) != NULL) return false; /* what comes is kept apart */
    if (!fore_size_split_fits(input, left, *right)) return false;    /* it would be cut again */
    if (fore_grain_keeps(input, left, *right)) return false;         /* ... so would this */
    if (search->confined != NULL && search->rules.class_of[left] != search->rules.class_of[*right])
        return false; /* other rules hold for them */
    const struct fore_partition *r = &topology->partition[*right];
    if (l->replica_count != r->replica_count || l->apart != 0 || r->apart != 0) return false;
    *peak = peak_mean(search, left) + peak_mean(search, *right);
    return *peak < input->options->merge_load_max * topology->node[l->replica[0]].cores;
}

static bool mergeable(const struct fore_search *search, uint32_t left, uint32_t *right)
{
    const struct fore_topology *topology = search->input->topology;
    double peak;
    if (!fore_candidate_neighbours(search, left, right, &peak)) return false;
    const struct fore_partition *l = &topology->partition[left], *r = &topology->partition[*right];
    for (uint32_t i = 0; i < l->replica_count; i++)
        if (l->replica[i] != r->replica[i]) return false;
    return fore_candidate_short_of_room(search) || worth(search, left, peak);
}

static struct fore_move merge_of(uint32_t left, uint32_t right)
{
    return (struct fore_move){.kind = FORE_MOVE_MERGE,
                              .partition = left,
                              .other = right,
                              .source = FORE_NODE_NONE,
                              .target = FORE_NODE_NONE};
}

bool fore_candidate_may_merge(const struct fore_search *search)
{
    const struct fore_planner_input *input = search->input;
    return input->options->merges && (input->caps & FORE_CAP_SPLIT) &&
           input->topology->alive_count > input->baseline_partitions;
}

/* In trouble, too, where a partition's overhead is a price to be saved. */
void fore_candidate_merge(const struct fore_search *search, uint16_t source,
                          struct fore_candidate *best)
{
    const struct fore_topology *topology = search->load.topology;
    double price =
        search->input->split_cost.pause_s + fore_price_seconds(search->input->options->gain_min);
    if (!(search->load.replica_overhead > 0) || !fore_candidate_may_merge(search)) return;
    const uint32_t *end = search->hosted + search->hosted_at[source + 1];
    for (const uint32_t *at = search->hosted + search->hosted_at[source]; at < end; at++) {
        uint32_t right;
        if (topology->partition[*at].replica[0] != source || !mergeable(search, *at, &right))
            continue;
        const struct fore_partition *left = &topology->partition[*at];
        struct fore_candidate c = {.gain_s = -price, .change_count = left->replica_count};
        for (uint16_t r = 0; r < left->replica_count; r++) {
            c.change[r] = fore_price_change_held(search, left->replica[r], *at, 0, 0, -1);
            c.gain_s -= fore_price_rise(search, &c.change[r], 1);
        }
        c.move = (struct fore_plan_move){.move = merge_of(*at, right), .gain_s = c.gain_s};
        fore_price_offer(best, &c);
    }
}

void fore_candidate_make_room(const struct fore_search *search, struct fore_candidate *best)
{
    const struct fore_topology *topology = search->input->topology;
    double least = HUGE_VAL;
    if (!fore_candidate_short_of_room(search) || !fore_candidate_may_merge(search)) return;
    for (uint32_t p = 0; p < topology->partition_count; p++) {
        uint32_t right;
        if (!mergeable(search, p, &right)) continue;
        double peak = peak_mean(search, p) + peak_mean(search, right);
        if (peak >= least) continue;
        least = peak;
        best->found = true;
        best->move.move = merge_of(p, right);
    }
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
    if (!fore_candidate_may_merge(search)) return;
    for (uint32_t p = 0; p < topology->partition_count; p++) {
        uint32_t right;
        if (!mergeable(search, p, &right)) continue;
        best->found = true;
        best->move.move = merge_of(p, right);
        return;
    }
}
