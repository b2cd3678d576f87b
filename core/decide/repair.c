/*
 * repair.c - what is somewhere it must not be is moved first.
 *
 * A rule of placement is no matter of gain, but where and in which order things are put right is:
 * of all replicas that break a rule, and all nodes that may take them, the pair is chosen that
 * costs least, the copy's own work and the price of a move included. What is left over is for the
 * next plan.
 */
#include "core/decide/price.h"

#include <math.h>

static void try_targets(const struct fore_search *search, uint32_t partition, uint16_t source,
                        const char *rule, struct fore_candidate *best)
{
    const struct fore_topology *topology = search->load.topology;
    const struct fore_partition *part = &topology->partition[partition];
    double share = fore_load_replica_share(&search->load, partition, part->replica_count);
    double price = fore_price_move(search, partition, 1);
    const struct fore_targets *targets = fore_candidate_targets_of(search, partition);
    for (uint32_t i = 0; i < targets->count; i++) {
        uint16_t target = targets->node[i];
        if (target == source || !fore_price_open(search, partition, source, target, 1)) continue;
        double due = fore_price_copy_s(search, partition, source, target, 1);
        if (due > search->window_s) continue;
        struct fore_candidate c = {.change_count = 2, .repairs = rule};
        c.change[0] = fore_price_change(search, source, partition, -share, due);
        c.change[1] = fore_price_change(search, target, partition, share, due);
        c.gain_s = -fore_price_rise(search, &c.change[0], 1) -
                   fore_price_rise(search, &c.change[1], 1) - price;
        if (best->found && c.gain_s <= best->gain_s) continue;
        c.found = true;
        c.move = fore_price_plan(search, FORE_MOVE_MOVE, partition, source, target, due);
        c.move.gain_s = c.gain_s;
        c.move.binding = true;
        *best = c;
    }
}

bool fore_candidate_repair(struct fore_search *search, struct fore_candidate *best)
{
    const struct fore_topology *topology = search->load.topology;
    if (!(search->input->caps & FORE_CAP_MOVE)) return false;
    fore_candidate_targets(search);
    for (uint32_t p = 0; p < topology->partition_count; p++) {
        const struct fore_partition *part = &topology->partition[p];
        if (!part->alive || search->busy[p]) continue;
        for (uint32_t r = 0; r < part->replica_count; r++) {
            uint16_t source = part->replica[r];
            if (search->slots[source] == 0 || !topology->node[source].up) continue;
            const char *rule = fore_constraint_broken(&search->rules, p, r);
            if (rule != NULL) try_targets(search, p, source, rule, best);
        }
    }
    return best->found;
}
