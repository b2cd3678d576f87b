/*
 * candidate.c - moves, pair swaps and splits that relieve a node; replica.c adds copies to read.
 *
 * From the study (HEADLINE part 2): splits are the largest lever, swaps the next; both belong in
 * the same search as plain moves. A swap is scored as a pair, and only its first half is planned:
 * by the time the second is due, the picture is newer. A split is scored with the move of its part.
 */
#include "core/decide/price.h"

#include <math.h>

/* ---- where to ---- */

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

enum { LEAVING_MAX = 256, SWAP_PARTNERS = 6 };
static const double uneven = 0.05; /* off the middle: it matters which part of a split goes */
static const double enough = 0.6;  /* of a node's cost saved: no swap is looked for */

/* The least that any change of this partition is charged: a move, or a split and a tenth of one. */
static double cheapest(const struct fore_search *search, double move_price_s)
{
    const struct fore_decide_options *options = search->input->options;
    if (search->columns != NULL) return fore_price_seconds(options->gain_min); /* few bytes, too */
    double split = 0.1 * move_price_s + fore_price_seconds(options->split_price);
    return fore_price_seconds(options->gain_min) +
           (options->splits ? fmin(move_price_s, split) : move_price_s);
}

static size_t smallest(const struct fore_search *search, const uint32_t *partition, size_t count)
{
    size_t at = 0;
    for (size_t i = 1; i < count; i++)
        if (search->peak[partition[i]] < search->peak[partition[at]]) at = i;
    return at;
}

/* Of a node that holds very many, those that bring most at their peak. */
static size_t choose_leaving(const struct fore_search *search, uint16_t source, double best_gain_s,
                             uint32_t *out)
{
    size_t count = 0, least = 0;
    const uint32_t *end = search->hosted + search->hosted_at[source + 1];
    for (const uint32_t *at = search->hosted + search->hosted_at[source]; at < end; at++) {
        uint32_t p = *at;
        if (search->busy[p] || fore_candidate_held(search, p)) continue;
        double price_s = fore_price_move(search, p, 1);
        if (search->load.cost[source] - cheapest(search, price_s) <= best_gain_s) continue;
        if (count < LEAVING_MAX) {
            out[count++] = p;
            if (count == LEAVING_MAX) least = smallest(search, out, count);
        } else if (search->peak[p] > search->peak[out[least]]) {
            out[least] = p;
            least = smallest(search, out, count);
        }
    }
    return count;
}

/* Everything on the source that may leave and could gain more than the best so far, with what its
 * leaving saves. No change saves more than the node costs, so most are passed over unasked. */
static size_t list_leaving(const struct fore_search *search, uint16_t source, double best_gain_s,
                           struct fore_leaving *out)
{
    const struct fore_topology *topology = search->load.topology;
    uint32_t partition[LEAVING_MAX];
    size_t count = choose_leaving(search, source, best_gain_s, partition);
    for (size_t i = 0; i < count; i++) {
        uint32_t p = partition[i];
        const struct fore_partition *part = &topology->partition[p];
        struct fore_leaving l = {.partition = p, .price_s = fore_price_move(search, p, 1)};
        l.share = fore_load_replica_share(&search->load, p, part->replica_count);
        l.duration_s = fore_price_copy_s(search, p, source, source, 1);
        l.load = search->brings[p];
        struct fore_load_change gone =
            fore_price_change_held(search, source, p, -l.share, l.duration_s, -1);
        l.saved_s = -fore_price_rise(search, &gone, 1);
        out[i] = l;
    }
    return count;
}

static void try_moves(const struct fore_search *search, uint16_t source,
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

static void try_swaps(const struct fore_search *search, uint16_t source,
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
    try_swaps(search, source, &l, best);
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
static void try_split(const struct fore_search *search, uint16_t source,
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

void fore_candidate_relieve(const struct fore_search *search, uint16_t source,
                            struct fore_candidate *best)
{
    struct fore_leaving list[LEAVING_MAX];
    size_t count = list_leaving(search, source, best->gain_s, list);
    const struct fore_decide_options *options = search->input->options;
    uint32_t caps = search->input->caps;
    bool columns = fore_candidate_columns_allowed(search);
    fore_candidate_merge(search, source, best);
    fore_candidate_join(search, source, best);
    for (size_t i = 0; i < count; i++) {
        bool rests = search->grown[list[i].partition];
        if (options->moves && (caps & FORE_CAP_MOVE) && !rests)
            try_moves(search, source, &list[i], best);
        if (options->splits && !rests && (caps & FORE_CAP_SPLIT) && (caps & FORE_CAP_MOVE)) {
            try_split(search, source, &list[i], best);
            if (options->hybrids) fore_candidate_hybrid(search, source, &list[i], best);
        }
        if (columns && !rests) fore_candidate_split_columns(search, source, &list[i], best);
        if (options->replicas && (caps & FORE_CAP_REPLICA))
            fore_candidate_replicate(search, source, &list[i], best);
    }
    fore_candidate_ahead(search, source, best);
    /* A swap costs two copies and many prices to ask: only where nothing simpler does most of it.
     */
    if (!options->moves || !options->swaps || !(caps & FORE_CAP_MOVE) ||
        best->gain_s > enough * search->load.cost[source])
        return;
    for (size_t i = 0; i < count; i++)
        if (!search->grown[list[i].partition]) try_swaps(search, source, &list[i], best);
}
