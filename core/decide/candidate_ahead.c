/*
 * candidate_ahead.c - what can be done about inserts in the order of the key (ahead.h): cut off the
 * range that they will come to, and put it on a calm node while it is still empty.
 *
 * Both are priced by what the node is spared from the head's arrival on. The cut lies as far ahead
 * as the head gets while the split and the move of an empty range are planned and carried out.
 */
#include "core/decide/relieve.h"

#include <math.h>
#include <string.h>

static const double part_of_bytes = 0.01; /* of an empty range: next to nothing */

/* Load that changes place from the head's arrival on, without any work: `times` a copy's. */
static void arrives(const struct fore_search *search, uint16_t node, const struct fore_arrival *a,
                    double times, double at_s, struct fore_load_change out[FORE_AHEAD_STEPS])
{
    for (uint32_t k = 0; k < FORE_AHEAD_STEPS; k++) {
        out[k] =
            fore_price_change(search, node, a->partition, times * a->part[k], at_s + a->later_s[k]);
        out[k].busy_until_s = 0;
    }
}

struct ahead { /* what is to be placed: one copy of it */
    const struct fore_arrival *arrival;
    struct fore_move move; /* but for its target */
    double copy;           /* share of the load that one of its copies will bring */
    double at_s, price_s, bytes;
};

static void place(const struct fore_search *search, const struct ahead *ahead,
                  struct fore_candidate *best)
{
    const struct fore_arrival *a = ahead->arrival;
    uint16_t source = ahead->move.source;
    double least = fore_price_seconds(search->input->options->gain_min);
    struct fore_load_change leaves[FORE_AHEAD_STEPS];
    arrives(search, source, a, -ahead->copy, ahead->at_s, leaves);
    double saved_s = -fore_price_rise(search, leaves, FORE_AHEAD_STEPS);
    const struct fore_targets *targets = fore_candidate_targets_of(search, ahead->move.partition);
    for (uint32_t i = 0; i < targets->count; i++) {
        uint16_t target = targets->node[i];
        if (target == source ||
            !fore_price_open(search, ahead->move.partition, source, target,
                             ahead->move.kind == FORE_MOVE_SPLIT ? part_of_bytes : 1))
            continue;
        struct fore_candidate c = {
            .change_count = 2 * FORE_AHEAD_STEPS, .then_source = source, .then_target = target};
        memcpy(c.change, leaves, sizeof leaves);
        arrives(search, target, a, ahead->copy, ahead->at_s, c.change + FORE_AHEAD_STEPS);
        c.gain_s = saved_s -
                   fore_price_rise(search, c.change + FORE_AHEAD_STEPS, FORE_AHEAD_STEPS) -
                   ahead->price_s - least;
        if (c.gain_s <= best->gain_s) continue;
        c.move =
            fore_price_plan(search, ahead->move.kind, ahead->move.partition, source, target, 0);
        c.move.move.split_at = ahead->move.split_at;
        c.move.move.split_right_share = ahead->move.split_right_share;
        c.move.bytes = ahead->bytes;
        c.move.gain_s = c.gain_s + least;
        fore_price_offer(best, &c);
    }
}

/* Of load that is the partition's now, and will be another one's with so many copies. */
static double copy_of(const struct fore_search *search, const struct fore_arrival *a,
                      uint32_t copies)
{
    return copies == 1 ? 1 : fore_load_replica_share(&search->load, a->partition, copies);
}

/* The next range lies on the source: it could be elsewhere by then. */
static void try_next(const struct fore_search *search, uint16_t source,
                     const struct fore_arrival *a, struct fore_candidate *best)
{
    const struct fore_topology *topology = search->load.topology;
    uint32_t q = a->next;
    if (q == FORE_PARTITION_NONE || search->busy[q] || search->grown[q] ||
        fore_candidate_held(search, q) || !fore_topology_hosts(topology, q, source) ||
        !fore_topology_hosts(topology, a->partition, source))
        return;
    double copy_s = fore_price_copy_s(search, q, source, source, 1);
    if (copy_s > search->window_s || copy_s > a->at_s) return; /* too late to be of use */
    struct ahead ahead = {
        .arrival = a,
        .move = {.kind = FORE_MOVE_MOVE, .partition = q, .source = source},
        .copy = copy_of(search, a, topology->partition[q].replica_count),
        .at_s = a->at_s,
        .price_s = fore_price_move(search, q, 1),
        .bytes = (double)topology->partition[q].bytes
    };
    place(search, &ahead, best);
}

/* Seconds to plan a split and the move that follows, and to carry both out. */
static double lead_s(const struct fore_search *search, uint32_t partition, uint16_t source)
{
    return 3 * fore_price_seconds(search->input->options->plan_every) +
           fore_price_copy_s(search, partition, source, source, part_of_bytes);
}

static void try_cut(const struct fore_search *search, uint16_t source, const struct fore_arrival *a,
                    struct fore_candidate *best)
{
    const struct fore_topology *topology = search->load.topology;
    double lead = lead_s(search, a->partition, source);
    if (!fore_topology_hosts(topology, a->partition, source) || search->busy[a->partition] ||
        fore_candidate_held(search, a->partition) || search->split_room == 0 || a->at_s < 2 * lead)
        return;
    double ahead_keys = ceil(a->keys_per_sec * lead);
    struct ahead ahead = {
        .arrival = a,
        .move = {.kind = FORE_MOVE_SPLIT,
                 .partition = a->partition,
                 .source = source,
                 .split_at = a->head + 1 + (uint64_t)ahead_keys,
                 .split_right_share = part_of_bytes},
        .copy = copy_of(search, a, topology->partition[a->partition].replica_count),
        .at_s = lead,
        .price_s = fore_price_split(search) + fore_price_move(search, a->partition, part_of_bytes)
    };
    if (ahead.move.split_at > topology->partition[a->partition].last) return;
    place(search, &ahead, best);
}

void fore_candidate_ahead(const struct fore_search *search, uint16_t source,
                          struct fore_candidate *best)
{
    const struct fore_planner_input *input = search->input;
    bool moves = input->options->moves && (input->caps & FORE_CAP_MOVE);
    bool splits = input->options->splits && (input->caps & FORE_CAP_SPLIT);
    for (uint32_t i = 0; i < input->arrivals.count && moves; i++) {
        try_next(search, source, &input->arrivals.item[i], best);
        if (splits) try_cut(search, source, &input->arrivals.item[i], best);
    }
}
