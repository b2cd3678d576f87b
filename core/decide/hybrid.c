/*
 * hybrid.c - a split and, of its hotter part, copies: one change, priced as one.
 *
 * A partition that fills a node and more may be past every single cure. Cut in two and one part
 * moved, that part finds no node with so much room; copied whole, every copy takes more than is
 * left anywhere, and its bytes travel as often. But the hotter part, read from here and from one or
 * two nodes more, brings each of them little. Neither step gains alone, so they are weighed
 * together: the cut is planned, and once it stands the copies are what pays (the next plan).
 */
#include "core/decide/relieve.h"

#include <string.h>

struct hybrid {
    const struct fore_search *search;
    const struct fore_leaving *leaving;
    uint16_t source;
    double hot;    /* share of the partition's load and data that is the hotter part's */
    double each_s; /* one copy of it */
    const uint16_t *target;
};

/* With each copy that stands the source sheds a little more, and its host takes its part. */
uint32_t fore_candidate_hybrid_changes(const struct fore_search *search,
                                       const struct fore_plan_move *m, struct fore_load_change *out)
{
    uint32_t p = m->move.partition, copies = m->then_copies, count = 0;
    double right = m->move.split_right_share, hot = right < 0.5 ? 1 - right : right;
    double each_s = m->duration_s / copies;
    for (uint32_t node = 0; node <= copies; node++) { /* 0: the source */
        uint16_t where = node == 0 ? m->move.source : m->then_target[node - 1];
        double had = node == 0 ? fore_load_replica_share(&search->load, p, 1) : 0;
        uint32_t first = node == 0 ? 0 : node - 1;
        for (uint32_t k = first; k < copies; k++) {
            double then = fore_load_replica_share(&search->load, p, k + 2);
            struct fore_load_change x = fore_price_change_held(
                search, where, p, hot * (then - had), (k + 1) * each_s, k == first ? 1 : 0);
            bool copying = node == 0 ? k + 1 == copies : k == first;
            if (!copying) x.busy_until_s = 0;
            had = then;
            out[count++] = x;
        }
    }
    return count;
}

static double gain_of(const struct hybrid *h, uint32_t copies, const struct fore_candidate *c)
{
    const struct fore_search *search = h->search;
    const struct fore_decide_options *options = search->input->options;
    double copy = fore_price_move(search, h->leaving->partition, h->hot) +
                  fore_price_seconds(options->split_price);
    double gain = -fore_price_split(search) - copies * copy - fore_price_seconds(options->gain_min);
    for (uint32_t i = 0, next; i < c->change_count; i = next) {
        for (next = i + 1; next < c->change_count && c->change[next].node == c->change[i].node;)
            next++;
        gain -= fore_price_rise(search, &c->change[i], next - i);
    }
    return gain;
}

static void offer(const struct hybrid *h, const struct fore_keyrange_cut *cut, uint32_t copies,
                  struct fore_candidate *c, struct fore_candidate *best)
{
    c->then_source = h->source;
    c->then_target = h->target[0];
    c->move = fore_price_plan(h->search, FORE_MOVE_SPLIT, h->leaving->partition, h->source,
                              h->target[0], copies * h->each_s);
    c->move.move.split_at = cut->at;
    c->move.move.split_right_share = cut->right_share;
    c->move.bytes = 0;
    c->move.then_copies = copies;
    memcpy(c->move.then_target, h->target, copies * sizeof *h->target);
    c->change_count = fore_candidate_hybrid_changes(h->search, &c->move, c->change);
    c->gain_s = gain_of(h, copies, c);
    c->move.gain_s = c->gain_s + fore_price_seconds(h->search->input->options->gain_min);
    fore_price_offer(best, c);
}

void fore_candidate_hybrid(const struct fore_search *search, uint16_t source,
                           const struct fore_leaving *l, struct fore_candidate *best)
{
    const struct fore_planner_input *input = search->input;
    uint32_t most = fore_candidate_copies_room(search, l->partition);
    double alone = 0.5 * input->options->utilization_limit * input->topology->node[source].cores;
    struct fore_keyrange_cut cut;
    if (!input->options->replicas || !(input->caps & FORE_CAP_REPLICA) || most == 0 ||
        input->topology->partition[l->partition].replica_count > 1 || l->load < alone ||
        l->saved_s - fore_price_split(search) <= best->gain_s ||
        !fore_candidate_cut(search, source, l, &cut))
        return;
    uint16_t target[FORE_REPLICAS_MAX];
    double hot = cut.right_share < 0.5 ? 1 - cut.right_share : cut.right_share;
    uint32_t room = fore_candidate_copy_targets(search, l->partition, hot, target);
    if (room > most) room = most;
    struct hybrid h = {
        .search = search, .leaving = l, .source = source, .hot = hot, .target = target};
    h.each_s = room > 0 ? fore_price_copy_s(search, l->partition, source, target[0], h.hot) : 0;
    for (uint32_t copies = 1; copies <= room && copies <= FORE_PLAN_COPIES; copies++) {
        if (copies * h.each_s > search->window_s) break;
        struct fore_candidate c = {0};
        offer(&h, &cut, copies, &c, best);
    }
}
