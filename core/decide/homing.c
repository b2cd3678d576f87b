/* homing.c - the least harmful move first, until slots or patience are used up. */
#include "core/decide/homing.h"

#include "core/decide/beam.h"
#include "core/decide/price.h"

#include <math.h>
#include <string.h>

/* Of partitions with one replica only: whose copies serve reads may be anywhere. */
static bool away(const struct fore_search *search, const struct fore_homing *homing, uint32_t p)
{
    const struct fore_partition *part = &search->load.topology->partition[p];
    return part->alive && part->replica_count == 1 && homing->home[p] != FORE_NODE_NONE &&
           homing->home[p] != part->replica[0] &&
           (homing->tries == NULL || homing->tries[p] < homing->tries_most) &&
           !fore_candidate_never(search, p);
}

/* Replaces *best if sending p home is possible now and does less harm. */
static void offer(const struct fore_search *search, uint32_t p, uint16_t home,
                  struct fore_candidate *best)
{
    const struct fore_partition *part = &search->load.topology->partition[p];
    uint16_t source = part->replica[0];
    if (search->busy[p] || search->slots[source] == 0 ||
        !fore_price_open(search, p, source, home, 1))
        return;
    double due = fore_price_copy_s(search, p, source, home, 1);
    if (due > search->window_s) return;
    double share = fore_load_replica_share(&search->load, p, 1);
    struct fore_candidate c = {.found = true, .change_count = 2};
    c.change[0] = fore_price_change(search, source, p, -share, due);
    c.change[1] = fore_price_change(search, home, p, share, due);
    c.gain_s = -fore_price_rise(search, &c.change[0], 1) - fore_price_rise(search, &c.change[1], 1);
    if (c.gain_s <= best->gain_s) return;
    c.move = fore_price_plan(search, FORE_MOVE_MOVE, p, source, home, due);
    c.move.gain_s = c.gain_s;
    *best = c;
}

static void take_slot(uint8_t *slots, uint16_t node)
{
    if (node != FORE_NODE_NONE && slots[node] > 0) slots[node]--;
}

/* The input as it is once the plan has begun: its copies are under way, and take their slots. */
static struct fore_planner_input beside(const struct fore_planner_input *input,
                                        const struct fore_plan *plan, struct fore_arena *scratch)
{
    struct fore_planner_input out = *input;
    const struct fore_topology *topology = input->topology;
    size_t cap = topology->partition_cap, count = input->pending_count;
    uint8_t *slots = FORE_NEW(scratch, uint8_t, topology->node_count);
    bool *busy = FORE_NEW(scratch, bool, cap);
    struct fore_load_pending *pending =
        FORE_NEW(scratch, struct fore_load_pending, count + FORE_PLAN_MOVES);
    memcpy(slots, input->node_slots, topology->node_count);
    memcpy(busy, input->partition_busy, topology->partition_count * sizeof *busy);
    for (size_t i = 0; i < count; i++)
        pending[i] = input->pending[i];
    for (uint32_t i = 0; i < plan->move_count; i++) {
        const struct fore_move *m = &plan->move[i].move;
        busy[m->partition] = true;
        if (m->other != FORE_PARTITION_NONE) busy[m->other] = true;
        if (m->kind != FORE_MOVE_MOVE && m->kind != FORE_MOVE_ADD_REPLICA) continue;
        take_slot(slots, m->source);
        take_slot(slots, m->target);
        if (out.cluster_slots > 0) out.cluster_slots--;
        if (m->kind != FORE_MOVE_MOVE || topology->partition[m->partition].replica_count != 1)
            continue;
        pending[count++] = (struct fore_load_pending){.partition = m->partition,
                                                      .from = m->source,
                                                      .to = m->target,
                                                      .share = 1,
                                                      .due_s = plan->move[i].duration_s};
    }
    out.node_slots = slots;
    out.partition_busy = busy;
    out.pending = pending;
    out.pending_count = count;
    return out;
}

uint32_t fore_homing_plan(const struct fore_planner_input *asked, const struct fore_homing *homing,
                          struct fore_arena *scratch, struct fore_plan *out)
{
    const struct fore_topology *topology = asked->topology;
    uint32_t left = 0;
    struct fore_search search;
    if (!(asked->caps & FORE_CAP_MOVE)) return 0;
    const struct fore_planner_input later = beside(asked, out, scratch);
    const struct fore_planner_input *input = out->move_count > 0 ? &later : asked;
    fore_planner_search(&search, input, scratch);
    for (uint32_t p = 0; p < topology->partition_count; p++)
        left += away(&search, homing, p);
    while (out->move_count < homing->moves_most && out->move_count < FORE_PLAN_MOVES &&
           search.cluster_slots > 0) {
        struct fore_candidate best = {.gain_s = -homing->harm_most_s};
        for (uint32_t p = 0; p < topology->partition_count; p++)
            if (away(&search, homing, p)) offer(&search, p, homing->home[p], &best);
        if (!best.found) break;
        fore_beam_take(&search, &best);
        out->move[out->move_count++] = best.move;
    }
    return left;
}
