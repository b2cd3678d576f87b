/*
 * room_relief.c - of a node that holds too much, or soon will, the move that does least harm for
 * the bytes it takes away.
 */
#include "core/decide/price.h"

#include <math.h>

static void try_targets(const struct fore_search *search, uint32_t p, uint16_t source,
                        double *least_harm, struct fore_candidate *best)
{
    const struct fore_targets *targets = fore_candidate_targets_of(search, p);
    const struct fore_partition *part = &search->load.topology->partition[p];
    double share = fore_load_replica_share(&search->load, p, part->replica_count);
    double bytes = fore_room_bytes(search->input, p), price = fore_price_move(search, p, 1);
    for (uint32_t i = 0; i < targets->count; i++) {
        uint16_t target = targets->node[i];
        if (target == source || !fore_price_open(search, p, source, target, 1)) continue;
        double due = fore_price_copy_s(search, p, source, target, 1);
        if (due > search->window_s) continue;
        struct fore_candidate c = {
            .found = true, .change_count = 2, .repairs = "decide.node_fill_max"};
        c.change[0] = fore_price_change_held(search, source, p, -share, due, -1);
        c.change[1] = fore_price_change_held(search, target, p, share, due, 1);
        c.gain_s = -fore_price_rise(search, &c.change[0], 1) -
                   fore_price_rise(search, &c.change[1], 1) - price;
        double harm = (fmax(-c.gain_s, 0) + 1) / fmin(bytes, search->room.over[source]);
        if (harm >= *least_harm) continue;
        *least_harm = harm;
        c.move = fore_price_plan(search, FORE_MOVE_MOVE, p, source, target, due);
        c.move.gain_s = c.gain_s;
        c.move.binding = true;
        *best = c;
    }
}

bool fore_room_relieve(struct fore_search *search, struct fore_candidate *best)
{
    const struct fore_topology *topology = search->load.topology;
    double least_harm = HUGE_VAL;
    if (search->room.left == NULL || !(search->input->caps & FORE_CAP_MOVE)) return false;
    fore_candidate_targets(search);
    for (uint32_t n = 0; n < topology->node_count; n++) {
        if (!(search->room.over[n] > 0) || search->slots[n] == 0 || !topology->node[n].up) continue;
        const uint32_t *end = search->hosted + search->hosted_at[n + 1];
        for (const uint32_t *p = search->hosted + search->hosted_at[n]; p < end; p++)
            if (!search->busy[*p] && !fore_candidate_never(search, *p) &&
                topology->partition[*p].bytes > 0)
                try_targets(search, *p, (uint16_t)n, &least_harm, best);
    }
    return best->found;
}
