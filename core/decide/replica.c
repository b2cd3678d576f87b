/*
 * replica.c - how many nodes should answer for what one cannot.
 *
 * A key that would fill a node and a half cannot be helped by one more copy: that would only put
 * two nodes in trouble for one. So one, two, three ... copies more are priced together, on the
 * calmest nodes, and the best number wins; its first copy is planned, and by the time it stands
 * the next plan sees a newer picture and the same gain ahead. Copies of one partition are made one
 * after the other, because a partition moves once at a time.
 */
#include "core/decide/relieve.h"

enum { COPIES_MAX = 4 }; /* more at once; a change list has no room for more */

/* Copies must not share a domain with each other either: the better one of it stays. */
static bool make_room(const struct fore_search *search, uint16_t node, double k,
                      double key[FORE_REPLICAS_MAX], uint16_t out[FORE_REPLICAS_MAX],
                      uint32_t *count)
{
    for (uint32_t i = 0; i < *count; i++) {
        if (fore_constraint_together(&search->rules, out[i], node)) continue;
        if (key[i] <= k) return false;
        --*count;
        for (; i < *count; i++) {
            key[i] = key[i + 1];
            out[i] = out[i + 1];
        }
        return true;
    }
    return true;
}

/* Ascending in cost, then in load: where `extra` more copies, of so much of it, would go. */
uint32_t fore_candidate_copy_targets(const struct fore_search *search, uint32_t partition,
                                     double share, uint16_t out[FORE_REPLICAS_MAX])
{
    const struct fore_load *load = &search->load;
    double key[FORE_REPLICAS_MAX];
    uint32_t count = 0;
    const struct fore_targets *targets = fore_candidate_targets_of(search, partition);
    for (uint32_t i = 0; i < targets->count; i++) {
        uint16_t n = targets->node[i];
        if (!fore_price_open(search, partition, FORE_NODE_NONE, n, share)) continue;
        double k = 1e3 * load->cost[n] +
                   load->mean[(size_t)n * load->steps] / load->topology->node[n].cores;
        if (search->confined != NULL && !make_room(search, n, k, key, out, &count)) continue;
        uint32_t at = count < FORE_REPLICAS_MAX ? count++ : count;
        if (at == FORE_REPLICAS_MAX) {
            if (k >= key[at - 1]) continue;
            at--;
        }
        for (; at > 0 && key[at - 1] > k; at--) {
            key[at] = key[at - 1];
            out[at] = out[at - 1];
        }
        key[at] = k;
        out[at] = n;
    }
    return count;
}

/* `extra` copies more: with each that stands every host sheds a little and it takes its part. */
static void list_changes(const struct fore_search *search, const struct fore_leaving *l,
                         const uint16_t *target, uint32_t extra, struct fore_candidate *c)
{
    const struct fore_partition *part = &search->load.topology->partition[l->partition];
    double each = fore_price_copy_s(search, l->partition, part->replica[0], target[0], 1);
    uint32_t hosts = part->replica_count;
    c->change_count = 0;
    for (uint32_t r = 0; r < hosts + extra; r++) {
        uint16_t node = r < hosts ? part->replica[r] : target[r - hosts];
        uint32_t from =
            r < hosts ? 0 : r - hosts; /* copies that stand before this one takes part */
        double had = r < hosts ? l->share : 0;
        for (uint32_t k = from; k < extra; k++) {
            double then = fore_load_replica_share(&search->load, l->partition, hosts + k + 1);
            struct fore_load_change x =
                fore_price_change(search, node, l->partition, then - had, (k + 1) * each);
            bool copies = r == 0 ? k + 1 == extra : r >= hosts && k == from;
            if (!copies) x.busy_until_s = 0;
            x.replicas = r >= hosts && k == from ? 1 : 0;
            had = then;
            c->change[c->change_count++] = x;
        }
    }
}

/* The changes lie node by node, a few for each. */
static double gain_of(const struct fore_search *search, const struct fore_leaving *l,
                      uint32_t extra, const struct fore_candidate *c)
{
    const struct fore_decide_options *options = search->input->options;
    double price = l->price_s + fore_price_seconds(options->split_price);
    double gain = -(double)extra * price - fore_price_seconds(options->gain_min);
    for (uint32_t i = 0, next; i < c->change_count; i = next) {
        for (next = i + 1; next < c->change_count && c->change[next].node == c->change[i].node;)
            next++;
        gain -= fore_price_rise(search, &c->change[i], next - i);
    }
    return gain;
}

uint32_t fore_candidate_copies_room(const struct fore_search *search, uint32_t partition)
{
    const struct fore_planner_input *input = search->input;
    uint32_t most = (uint32_t)input->options->replicas_max;
    uint32_t has = input->topology->partition[partition].replica_count;
    if (most > FORE_REPLICAS_MAX) most = FORE_REPLICAS_MAX;
    bool written =
        input->observe->partition[partition].write_share > input->options->replica_write_share_max;
    return has >= most || written ? 0 : most - has;
}

void fore_candidate_replicate(const struct fore_search *search, uint16_t source,
                              const struct fore_leaving *l, struct fore_candidate *best)
{
    const struct fore_planner_input *input = search->input;
    const struct fore_decide_options *options = input->options;
    const struct fore_partition *part = &input->topology->partition[l->partition];
    uint32_t most = fore_candidate_copies_room(search, l->partition);
    if (most == 0 || search->slots[part->replica[0]] == 0 ||
        l->load < options->split_load_min * input->topology->node[source].cores ||
        l->saved_s <= best->gain_s)
        return;
    uint16_t target[FORE_REPLICAS_MAX];
    uint32_t room = fore_candidate_copy_targets(search, l->partition, 1, target);
    if (room > most) room = most;
    if (room > COPIES_MAX) room = COPIES_MAX;
    /* Several at once only for what could break a node by itself; the rest has cheaper cures. */
    double alone = 0.5 * options->utilization_limit * input->topology->node[source].cores;
    if (l->load < alone && room > 1) room = 1;
    for (uint32_t extra = 1; extra <= room; extra++) {
        struct fore_candidate c = {.extra_copies = extra};
        list_changes(search, l, target, extra, &c);
        if (c.change[c.change_count - 1].from_s - search->offset_s > search->window_s) break;
        c.gain_s = gain_of(search, l, extra, &c);
        if (c.gain_s <= best->gain_s) continue;
        c.move = fore_price_plan(
            search, FORE_MOVE_ADD_REPLICA, l->partition, part->replica[0], target[0],
            fore_price_copy_s(search, l->partition, part->replica[0], target[0], 1));
        c.move.gain_s = c.gain_s + fore_price_seconds(options->gain_min);
        fore_price_offer(best, &c);
    }
}
