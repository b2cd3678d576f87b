/*
 * join.c - cold neighbours that live on two nodes: one is brought to the other, then they are
 * merged. Two moves bound to each other (plan.h), weighed as one change.
 *
 * The one with fewer bytes travels, unless rules of placement, its slow home or a node without
 * slots or room forbid that way; then the other one does. What it brings is one partition fewer to
 * keep up. With the cluster at rest that is core-seconds over the horizon, against the work of the
 * copy on both ends and what waits while the merge takes hold; near the cap on partitions it is the
 * room for a split. In trouble it is a move whose target keeps as many partitions as it had. Where
 * partitions are free to have and there is room, nothing is joined: copies are not free.
 */
#include "core/decide/relieve.h"

#include <math.h>

struct way { /* which one goes where */
    uint32_t left, right, moved;
    uint16_t from, to;
    double share, due_s, peak;
};

/* After the merge the left one's number lives on, and so does its home. */
static bool at_home(const struct fore_search *search, const struct way *way)
{
    const uint16_t *home = search->input->home;
    return home == NULL || home[way->left] == FORE_NODE_NONE || home[way->left] == way->to;
}

static bool passable(const struct fore_search *search, struct way *way)
{
    const struct fore_partition *part = &search->load.topology->partition[way->moved];
    way->due_s = fore_price_copy_s(search, way->moved, way->from, way->to, 1);
    way->share = fore_load_replica_share(&search->load, way->moved, part->replica_count);
    return search->slots[way->from] > 0 && search->cluster_slots > 0 &&
           fore_price_open(search, way->moved, way->from, way->to, 1) &&
           way->due_s <= search->window_s && at_home(search, way);
}

static bool may_join(const struct fore_search *search)
{
    const struct fore_decide_options *options = search->input->options;
    return options->joins && options->moves && (search->input->caps & FORE_CAP_MOVE) &&
           fore_candidate_may_merge(search);
}

/* Both ways of joining `left` with its right neighbour, the one with fewer bytes first; how many
 * can be gone. */
static uint32_t ways_of(const struct fore_search *search, uint32_t left, struct way out[2])
{
    const struct fore_topology *topology = search->load.topology;
    uint32_t right, count = 0;
    double peak;
    if (!fore_candidate_neighbours(search, left, &right, &peak)) return 0;
    const struct fore_partition *l = &topology->partition[left], *r = &topology->partition[right];
    if (l->replica_count != 1 || r->replica_count != 1 || l->replica[0] == r->replica[0]) return 0;
    bool left_first = l->bytes <= r->bytes;
    for (int i = 0; i < 2; i++) {
        bool goes_right = left_first == (i == 0);
        struct way way = {.left = left,
                          .right = right,
                          .moved = goes_right ? left : right,
                          .from = goes_right ? l->replica[0] : r->replica[0],
                          .to = goes_right ? r->replica[0] : l->replica[0],
                          .peak = peak};
        if (passable(search, &way)) out[count++] = way;
    }
    return count;
}

/* The change, and what it saves of violation before any price. */
static double effect(const struct fore_search *search, const struct way *way,
                     struct fore_candidate *c)
{
    *c = (struct fore_candidate){
        .change_count = 2, .then_merge = true, .merge_left = way->left, .merge_right = way->right};
    c->change[0] =
        fore_price_change_held(search, way->from, way->moved, -way->share, way->due_s, -1);
    /* What comes is merged with what is there: no replica more. */
    c->change[1] = fore_price_change(search, way->to, way->moved, way->share, way->due_s);
    c->move = fore_price_plan(search, FORE_MOVE_MOVE, way->moved, way->from, way->to, way->due_s);
    return -fore_price_rise(search, &c->change[0], 1) - fore_price_rise(search, &c->change[1], 1);
}

static uint32_t left_of(const struct fore_topology *topology, uint32_t partition)
{
    const struct fore_partition *part = &topology->partition[partition];
    if (part->first == 0) return FORE_PARTITION_NONE;
    uint32_t left = fore_topology_find_group(topology, part->first - 1, part->column_group);
    bool neighbour =
        left != FORE_PARTITION_NONE && fore_topology_right_of(topology, left) == partition;
    return neighbour ? left : FORE_PARTITION_NONE;
}

void fore_candidate_join(const struct fore_search *search, uint16_t source,
                         struct fore_candidate *best)
{
    const struct fore_topology *topology = search->load.topology;
    double fixed =
        search->input->split_cost.pause_s + fore_price_seconds(search->input->options->gain_min);
    if (!(search->load.replica_overhead > 0) || !may_join(search)) return;
    const uint32_t *end = search->hosted + search->hosted_at[source + 1];
    for (const uint32_t *at = search->hosted + search->hosted_at[source]; at < end; at++) {
        uint32_t before = left_of(topology, *at);
        for (int side = 0; side < 2; side++) {
            uint32_t left = side == 0 ? *at : before;
            struct way way[2];
            uint32_t ways = left == FORE_PARTITION_NONE ? 0 : ways_of(search, left, way);
            for (uint32_t i = 0; i < ways; i++) {
                struct fore_candidate c;
                if (way[i].moved != *at) continue; /* only what leaves relieves */
                c.gain_s = 0;
                double saved_s = effect(search, &way[i], &c);
                c.gain_s = saved_s - fore_price_move(search, *at, 1) - fixed;
                c.move.gain_s = c.gain_s + fore_price_seconds(search->input->options->gain_min);
                fore_price_offer(best, &c);
            }
        }
    }
}

/* Core-seconds over the horizon that one partition fewer saves, less what that takes. */
static double saving(const struct fore_search *search, const struct way *way)
{
    const struct fore_topology *topology = search->load.topology;
    const struct fore_split_cost *cost = &search->input->split_cost;
    double horizon_s = search->load.step_s * (double)search->load.steps;
    double from = topology->node[way->from].cores, to = topology->node[way->to].cores;
    double kept_s = fmax(horizon_s - way->due_s, 0);
    return cost->overhead_share * from * kept_s - way->peak * cost->pause_s -
           search->load.move_utilization * (from + to) * way->due_s;
}

void fore_candidate_join_idle(const struct fore_search *search, bool for_room,
                              struct fore_candidate *best)
{
    const struct fore_topology *topology = search->load.topology;
    double most = for_room ? -HUGE_VAL : 0;
    double harm_max = 0.1 * fore_price_seconds(search->input->options->gain_min);
    if (!may_join(search)) return;
    for (uint32_t p = 0; p < topology->partition_count; p++) {
        struct way way[2];
        uint32_t ways = ways_of(search, p, way);
        for (uint32_t i = 0; i < ways; i++) {
            struct fore_candidate c;
            double saved = saving(search, &way[i]);
            if (saved <= most || !fore_candidate_roomy(search, way[i].to, way[i].peak)) continue;
            if (effect(search, &way[i], &c) < -harm_max) continue;
            most = saved;
            *best = c;
            best->found = true;
            break; /* the other way moves more bytes */
        }
    }
}
