/*
 * price.c - the words every candidate is priced in: what a change does to a node, how long a copy
 * takes, what it costs, and whether a node may take it.
 */
#include "core/decide/price.h"

#include "core/decide/beam.h"

#include <math.h>

static const double never_s = 30 * 86400; /* for all that is planned */

double fore_price_seconds(fore_ns t)
{
    return (double)t / 1e9;
}

static double written_per_sec(const struct fore_observe_partition *seen)
{
    double asked = seen->requests_per_sec;
    return asked > 0 ? seen->bytes_per_sec * seen->writes_per_sec / asked : 0;
}

double fore_price_copy_s(const struct fore_search *search, uint32_t partition, uint16_t from,
                         uint16_t to, double share)
{
    const struct fore_topology *topology = search->load.topology;
    double rate = fmin(topology->node[from].bandwidth_bytes, topology->node[to].bandwidth_bytes);
    double bytes = share * (double)topology->partition[partition].bytes;
    if (!(rate > 0)) return 0;
    double copy_s = bytes / rate;
    double written = share * written_per_sec(&search->input->observe->partition[partition]);
    double left = fmin(written * copy_s, bytes); /* to be copied once more, and again */
    if (!(left > 0)) return copy_s;
    return written < rate ? fmin(copy_s + left / (rate - written), never_s) : never_s;
}

double fore_price_move(const struct fore_search *search, uint32_t partition, double share)
{
    double bytes = share * (double)search->load.topology->partition[partition].bytes;
    const struct fore_planner_input *in = search->input;
    double unit = in->bytes_unit > 0 ? in->bytes_unit : in->bytes_mean;
    double relative = unit > 0 ? bytes / unit : 1;
    const struct fore_partition *part = &search->load.topology->partition[partition];
    if (in->home != NULL && part->replica_count > 0 && in->home[partition] == part->replica[0])
        relative *= 2; /* and back some day */
    return fore_price_seconds(in->options->move_price) * relative;
}

bool fore_price_open(const struct fore_search *search, uint32_t partition, uint16_t from,
                     uint16_t node, double share)
{
    const struct fore_topology *topology = search->load.topology;
    uint16_t source = from != FORE_NODE_NONE ? from : topology->partition[partition].replica[0];
    return topology->node[node].up && search->slots[node] > 0 &&
           !fore_topology_hosts(topology, partition, node) &&
           fore_links_open(&search->links, topology, source, node) &&
           (search->room.left == NULL ||
            fore_room_fits(&search->room, node,
                           share * fore_room_bytes(search->input, partition))) &&
           (search->confined == NULL ||
            fore_constraint_allows(&search->rules, partition, from, node));
}

struct fore_load_change fore_price_change(const struct fore_search *search, uint16_t node,
                                          uint32_t partition, double share, double due_s)
{
    return (struct fore_load_change){.node = node,
                                     .partition = partition,
                                     .share = share,
                                     .from_s = search->offset_s + due_s,
                                     .busy_until_s = search->offset_s + due_s};
}

struct fore_load_change fore_price_change_held(const struct fore_search *search, uint16_t node,
                                               uint32_t partition, double share, double due_s,
                                               double replicas)
{
    struct fore_load_change change = fore_price_change(search, node, partition, share, due_s);
    change.replicas = replicas;
    return change;
}

double fore_price_split(const struct fore_search *search)
{
    return fore_price_seconds(search->input->options->split_price) +
           search->input->split_cost.pause_s;
}

double fore_price_rise(const struct fore_search *search, const struct fore_load_change *change,
                       size_t count)
{
    ++*search->asked;
    return fore_load_cost_with(&search->load, change->node, change, count) -
           search->load.cost[change->node];
}

/* Returns what the next one must beat. */
static double shortlist(struct fore_shortlist *list, const struct fore_candidate *candidate)
{
    uint32_t at = list->count < list->room ? list->count++ : list->room - 1;
    for (; at > 0 && list->item[at - 1].gain_s < candidate->gain_s; at--)
        list->item[at] = list->item[at - 1];
    list->item[at] = *candidate;
    return list->count < list->room ? 0 : list->item[list->room - 1].gain_s;
}

void fore_price_offer(struct fore_candidate *best, const struct fore_candidate *candidate)
{
    if (candidate->gain_s <= best->gain_s) return;
    if (best->shortlist == NULL)
        *best = *candidate;
    else
        best->gain_s = shortlist(best->shortlist, candidate);
}

struct fore_plan_move fore_price_plan(const struct fore_search *search, enum fore_move_kind kind,
                                      uint32_t partition, uint16_t source, uint16_t target,
                                      double duration_s)
{
    const struct fore_partition *part = &search->load.topology->partition[partition];
    return (struct fore_plan_move){
        .move = {.kind = kind,
                 .partition = partition,
                 .other = FORE_PARTITION_NONE,
                 .source = source,
                 .target = target},
        .bytes = (double)part->bytes,
        .duration_s = duration_s
    };
}
