/*
 * replica.c - how many nodes should answer for what one cannot.
 *
 * A key that would fill a node and a half cannot be helped by one more copy: that would only put
 * two nodes in trouble for one. So one, two, three ... copies more are priced together, on the
 * calmest nodes, and the best number wins; its first copy is planned, and by the time it stands
 * the next plan sees a newer picture and the same gain ahead. Copies of one partition are made one
 * after the other, because a partition moves once at a time.
 */
#include "core/decide/price.h"

/* Ascending in cost, then in load: where `extra` more copies would go. */
static uint32_t choose_targets(const struct fore_search *search, uint32_t partition,
                               uint16_t out[FORE_REPLICAS_MAX])
{
    const struct fore_load *load = &search->load;
    double key[FORE_REPLICAS_MAX];
    uint32_t count = 0;
    for (uint32_t i = 0; i < search->target_count; i++) {
        uint16_t n = search->target[i];
        if (!fore_price_open(search, partition, n)) continue;
        double k = 1e3 * load->cost[n] +
                   load->mean[(size_t)n * load->steps] / load->topology->node[n].cores;
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

/* `extra` copies more: every present host sheds a little, each new one takes its part. The k-th
 * copy stands when the ones before it do. */
static double gain_of(const struct fore_search *search, const struct fore_leaving *l,
                      const uint16_t *target, uint32_t extra, struct fore_candidate *c)
{
    const struct fore_partition *part = &search->load.topology->partition[l->partition];
    double then = fore_load_replica_share(&search->load, l->partition, part->replica_count + extra);
    double each = fore_price_copy_s(search, l->partition, part->replica[0], target[0], 1);
    double least = fore_price_seconds(search->input->options->gain_min);
    double gain =
        -extra * (l->price_s + fore_price_seconds(search->input->options->split_price)) - least;
    c->change_count = 0;
    for (uint32_t r = 0; r < part->replica_count; r++) {
        struct fore_load_change x = fore_price_change(search, part->replica[r], l->partition,
                                                      then - l->share, extra * each);
        if (r > 0) x.busy_until_s = 0;
        gain -= fore_price_rise(search, &x, 1);
        c->change[c->change_count++] = x;
    }
    for (uint32_t k = 0; k < extra; k++) {
        struct fore_load_change x =
            fore_price_change(search, target[k], l->partition, then, (k + 1) * each);
        gain -= fore_price_rise(search, &x, 1);
        c->change[c->change_count++] = x;
    }
    return gain;
}

void fore_candidate_replicate(const struct fore_search *search, uint16_t source,
                              const struct fore_leaving *l, struct fore_candidate *best)
{
    const struct fore_planner_input *input = search->input;
    const struct fore_decide_options *options = input->options;
    const struct fore_partition *part = &input->topology->partition[l->partition];
    const struct fore_observe_partition *seen = &input->observe->partition[l->partition];
    uint32_t most = (uint32_t)options->replicas_max;
    if (most > FORE_REPLICAS_MAX) most = FORE_REPLICAS_MAX;
    if (part->replica_count >= most || search->slots[part->replica[0]] == 0 ||
        seen->write_share > options->replica_write_share_max ||
        l->load < options->split_load_min * input->topology->node[source].cores ||
        l->saved_s <= best->gain_s)
        return;
    uint16_t target[FORE_REPLICAS_MAX];
    uint32_t room = choose_targets(search, l->partition, target);
    if (room > most - part->replica_count) room = most - part->replica_count;
    for (uint32_t extra = 1; extra <= room; extra++) {
        struct fore_candidate c = {.extra_copies = extra};
        c.gain_s = gain_of(search, l, target, extra, &c);
        if (c.gain_s <= best->gain_s) continue;
        c.move = fore_price_plan(
            search, FORE_MOVE_ADD_REPLICA, l->partition, part->replica[0], target[0],
            fore_price_copy_s(search, l->partition, part->replica[0], target[0], 1));
        c.move.gain_s = c.gain_s + fore_price_seconds(options->gain_min);
        fore_price_offer(best, &c);
    }
}
