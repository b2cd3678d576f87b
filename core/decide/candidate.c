/*
 * candidate.c - moves, pair swaps and splits that relieve a node; replica.c adds copies to read.
 *
 * From the study (HEADLINE part 2): splits are the largest lever, swaps the next; both belong in
 * the same search as plain moves. A swap is scored as a pair, and only its first half is planned:
 * by the time the second is due, the picture is newer. A split is scored with the move of its part.
 */
#include "core/decide/relieve.h"

#include <math.h>

enum { SWAP_PARTNERS = 6 };
static const double uneven = 0.05; /* off the middle: it matters which part of a split goes */

void fore_candidate_move(const struct fore_search *search, uint16_t source,
                         const struct fore_leaving *l, struct fore_candidate *best)
{
    double least = fore_price_seconds(search->input->options->gain_min);
    if (l->saved_s - l->price_s - least <= best->gain_s) return;
    const struct fore_targets *targets = fore_candidate_targets_of(search, l->partition);
    for (uint32_t i = 0; i < targets->count; i++) {
        uint16_t target = targets->node[i];
        if (target == source || !fore_price_open(search, l->partition, source, target, 1)) continue;
        double due = fore_price_copy_s(search, l->partition, source, target, 1);
        if (due > search->window_s) continue;
        struct fore_candidate c = {.change_count = 2};
        c.change[0] = fore_price_change_held(search, source, l->partition, -l->share, due, -1);
        c.change[1] = fore_price_change_held(search, target, l->partition, l->share, due, 1);
        c.gain_s = l->saved_s - fore_price_rise(search, &c.change[1], 1) - l->price_s - least;
        if (c.gain_s <= best->gain_s) continue;
        c.move = fore_price_plan(search, FORE_MOVE_MOVE, l->partition, source, target, due);
        c.move.gain_s = c.gain_s + least;
        fore_price_offer(best, &c);
    }
}

/* The least costly, then least loaded, of the targets: the only ones worth trying a swap with. */
static size_t calm_nodes(const struct fore_search *search, const struct fore_targets *targets,
                         uint16_t source, uint16_t *out, size_t cap)
{
    const struct fore_load *load = &search->load;
    size_t count = 0;
    for (uint32_t i = 0; i < targets->count; i++) {
        uint16_t n = targets->node[i];
        if (n == source || !load->topology->node[n].up || search->slots[n] == 0) continue;
        size_t at = count < cap ? count++ : cap;
        if (at == cap) {
            if (load->cost[n] >= load->cost[out[cap - 1]]) continue;
            at = cap - 1;
        }
        while (at > 0 && load->cost[out[at - 1]] > load->cost[n]) {
            out[at] = out[at - 1];
            at--;
        }
        out[at] = n;
    }
    return count;
}

static void try_swap_with(const struct fore_search *search, uint16_t source,
                          const struct fore_leaving *l, uint16_t target, uint32_t partner,
                          struct fore_candidate *best)
{
    const struct fore_partition *q = &search->load.topology->partition[partner];
    double least = fore_price_seconds(search->input->options->gain_min);
    double due = fore_price_copy_s(search, l->partition, source, target, 1);
    double back = due + fore_price_copy_s(search, partner, target, source, 1);
    if (back > search->window_s) return;
    double q_share = fore_load_replica_share(&search->load, partner, q->replica_count);
    struct fore_load_change s[2] = {fore_price_change(search, source, l->partition, -l->share, due),
                                    fore_price_change(search, source, partner, q_share, back)};
    struct fore_load_change d[2] = {fore_price_change(search, target, l->partition, l->share, due),
                                    fore_price_change(search, target, partner, -q_share, back)};
    s[0].busy_until_s = d[0].busy_until_s = 0; /* the pair is busy once, until the second is done */
    struct fore_candidate c = {.swap = true, .change_count = 4};
    c.gain_s = -fore_price_rise(search, s, 2) - l->price_s - fore_price_move(search, partner, 1) -
               2 * least;
    if (c.gain_s <= best->gain_s) return;
    c.gain_s -= fore_price_rise(search, d, 2);
    if (c.gain_s <= best->gain_s) return;
    c.change[0] = s[0];
    c.change[1] = s[1];
    c.change[2] = d[0];
    c.change[3] = d[1];
    c.partner = partner;
    c.move = fore_price_plan(search, FORE_MOVE_MOVE, l->partition, source, target, due);
    c.move.gain_s = c.gain_s + 2 * least;
    c.move.then_back = true;
    c.move.then_partner = partner;
    fore_price_offer(best, &c);
}

/* What leaves is gone by then. */
static bool may_come_back(const struct fore_search *search, uint32_t partner, uint16_t from,
                          uint16_t to, uint32_t leaves)
{
    double more = search->room.left == NULL ? 0
                                            : fore_room_bytes(search->input, partner) -
                                                  fore_room_bytes(search->input, leaves);
    if (!fore_room_fits(&search->room, to, more)) return false;
    return search->confined == NULL || fore_constraint_allows(&search->rules, partner, from, to);
}

void fore_candidate_swaps(const struct fore_search *search, uint16_t source,
                          const struct fore_leaving *l, struct fore_candidate *best)
{
    const struct fore_topology *topology = search->load.topology;
    if (l->saved_s <= best->gain_s) return;
    uint16_t calm[SWAP_PARTNERS];
    size_t calm_count = calm_nodes(search, fore_candidate_targets_of(search, l->partition), source,
                                   calm, SWAP_PARTNERS);
    for (size_t i = 0; i < calm_count; i++) {
        if (!fore_price_open(search, l->partition, source, calm[i], 1)) continue;
        const uint32_t *end = search->hosted + search->hosted_at[calm[i] + 1];
        for (const uint32_t *at = search->hosted + search->hosted_at[calm[i]]; at < end; at++) {
            uint32_t q = *at;
            if (search->busy[q] || search->grown[q] || fore_candidate_held(search, q) ||
                fore_topology_hosts(topology, q, source))
                continue;
            double load = search->brings[q];
            if ((search->thorough || (load < 0.9 * l->load && load > 0.1 * l->load)) &&
                may_come_back(search, q, calm[i], source, l->partition))
                try_swap_with(search, source, l, calm[i], q, best);
        }
    }
}

void fore_candidate_swap(const struct fore_search *search, uint16_t source, uint32_t partition,
                         struct fore_candidate *best)
{
    const struct fore_partition *part = &search->load.topology->partition[partition];
    struct fore_leaving l = {.partition = partition,
                             .price_s = fore_price_move(search, partition, 1),
                             .load = search->brings[partition]};
    l.share = fore_load_replica_share(&search->load, partition, part->replica_count);
    l.saved_s = HUGE_VAL;
    fore_candidate_swaps(search, source, &l, best);
}

static bool may_split(const struct fore_search *search, uint16_t source,
                      const struct fore_leaving *l)
{
    const struct fore_planner_input *input = search->input;
    const struct fore_topology *topology = input->topology;
    return search->split_room > 0 && topology->partition[l->partition].apart == 0 &&
           !fore_planner_split_rests(input, l->partition) &&
           /* of inserts in the order of the key the left part would get none */
           !fore_ahead_takes_all(fore_ahead_of(&input->arrivals, l->partition)) &&
           topology->partition[l->partition].bytes >= input->options->split_bytes_min &&
           search->peak[l->partition] >=
               input->options->split_load_min * topology->node[source].cores;
}

/* Where the partition falls in two halves of equal load; sorting its samples is done once. */
static const struct fore_cut *half_of(const struct fore_search *search, uint32_t partition)
{
    struct fore_cut *cut = &search->cut[partition];
    const struct fore_partition *part = &search->load.topology->partition[partition];
    if (!cut->asked)
        cut->known = fore_keyrange_cut(search->input->observe->key_ranges, partition, part->first,
                                       part->last, 0.5, &cut->at);
    cut->asked = true;
    return cut;
}

bool fore_candidate_cut(const struct fore_search *search, uint16_t source,
                        const struct fore_leaving *l, struct fore_keyrange_cut *out)
{
    const struct fore_planner_input *input = search->input;
    double bytes = (double)input->topology->partition[l->partition].bytes;
    if (!may_split(search, source, l) || !half_of(search, l->partition)->known) return false;
    *out = half_of(search, l->partition)->at;
    return out->top_share <= 0.5 && out->right_share >= 0.1 && out->right_share <= 0.9 &&
           fore_split_cost_allows(&input->split_cost, bytes, out->right_share);
}

/* Cut there, and the right part moved, or the left one. */
static void try_part(const struct fore_search *search, uint16_t source,
                     const struct fore_leaving *l, const struct fore_keyrange_cut *cut, bool left,
                     struct fore_candidate *best)
{
    double least = fore_price_seconds(search->input->options->gain_min);
    double r = left ? 1 - cut->right_share : cut->right_share;
    double price = fore_price_move(search, l->partition, r) + fore_price_split(search) + least;
    const struct fore_targets *targets = fore_candidate_targets_of(search, l->partition);
    for (uint32_t i = 0; i < targets->count; i++) {
        uint16_t target = targets->node[i];
        if (target == source || !fore_price_open(search, l->partition, source, target, r)) continue;
        double due = fore_price_copy_s(search, l->partition, source, target, r);
        if (due > search->window_s) continue;
        struct fore_candidate c = {
            .change_count = 2, .then_source = source, .then_target = target, .then_left = left};
        c.change[0] = fore_price_change(search, source, l->partition, -l->share * r, due);
        c.change[1] = fore_price_change_held(search, target, l->partition, l->share * r, due, 1);
        c.gain_s = -fore_price_rise(search, &c.change[0], 1) - price;
        if (c.gain_s <= best->gain_s) continue;
        c.gain_s -= fore_price_rise(search, &c.change[1], 1);
        if (c.gain_s <= best->gain_s) continue;
        c.move = fore_price_plan(search, FORE_MOVE_SPLIT, l->partition, source, target, due);
        c.move.move.split_at = cut->at;
        c.move.move.split_right_share = cut->right_share;
        c.move.bytes = 0;
        c.move.gain_s = c.gain_s + least;
        fore_price_offer(best, &c);
    }
}

/* Left to the next plan, the part that moves is the one with a number of its own, the right one.
 * Where its move is bound to the split either may go, and where they differ that is asked. */
void fore_candidate_split(const struct fore_search *search, uint16_t source,
                          const struct fore_leaving *l, struct fore_candidate *best)
{
    const struct fore_decide_options *options = search->input->options;
    double fixed = fore_price_split(search) + fore_price_seconds(options->gain_min);
    struct fore_keyrange_cut cut;
    if (l->saved_s - fixed <= best->gain_s || !fore_candidate_cut(search, source, l, &cut)) return;
    try_part(search, source, l, &cut, false, best);
    if (options->bound == FORE_BOUND_ALL && fabs(cut.right_share - 0.5) > uneven)
        try_part(search, source, l, &cut, true, best);
}
