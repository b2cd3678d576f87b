/*
 * reactive.c - what today's balancers do, at its best: a node above `high` sheds partitions to the
 * least loaded node until it is below `low`, on the load seen now, with a hold time, a cool-down
 * per partition, and the same slots, splits and replicas as everybody. It does not know the future
 * and it does not weigh a move's price. Every parameter is an option and is tuned for comparisons.
 */
#include "core/policy/rows.h"

#include <stdio.h>

struct look {
    const struct fore_policy_view *view;
    const struct fore_planner_input *in;
    double *cores; /* by node: load now, changed by what this plan has already taken */
    uint8_t *slots;
    uint32_t cluster_slots;
    bool *taken; /* by partition: in this plan */
};

/* Hysteresis cannot be below nothing: a `high` under `low` sheds down to `high` itself. */
static double low_of(const struct fore_policy_options *options)
{
    return options->reactive_low < options->reactive_high ? options->reactive_low
                                                          : options->reactive_high;
}

static double brings(const struct fore_planner_input *in, uint32_t p)
{
    const struct fore_observe_partition *seen = &in->observe->partition[p];
    uint32_t replicas = in->topology->partition[p].replica_count;
    return seen->load * ((1 - seen->write_share) / replicas + seen->write_share);
}

static bool rested(const struct look *look, uint32_t p)
{
    fore_ns at = look->view->partition_moved_at[p];
    return at == 0 || look->in->now - at >= look->view->options->reactive_cooldown;
}

static uint16_t coldest_for(const struct look *look, uint32_t p, uint16_t source)
{
    const struct fore_topology *topology = look->in->topology;
    uint16_t best = FORE_NODE_NONE;
    double best_u = 0;
    for (uint32_t n = 0; n < topology->node_count; n++) {
        if (n == source || !fore_node_serves(&topology->node[n]) || look->slots[n] == 0 ||
            fore_topology_hosts(topology, p, (uint16_t)n))
            continue;
        double u = look->cores[n] / topology->node[n].cores;
        if (best == FORE_NODE_NONE || u < best_u) {
            best = (uint16_t)n;
            best_u = u;
        }
    }
    return best;
}

/* May `p` go from source to target? Both must be better off than the source is now. */
static bool fits(const struct look *look, uint32_t p, uint16_t source, uint16_t target)
{
    const struct fore_topology *topology = look->in->topology;
    double after = (look->cores[target] + brings(look->in, p)) / topology->node[target].cores;
    double before = look->cores[source] / topology->node[source].cores;
    return after < before && after <= look->view->options->reactive_high;
}

static bool preferred(const struct look *look, uint16_t source, double a, double b)
{
    const struct fore_policy_options *options = look->view->options;
    double excess = look->cores[source] - low_of(options) * look->in->topology->node[source].cores;
    switch (options->reactive_pick) {
    case FORE_PICK_COLDEST: return a < b;
    case FORE_PICK_FIT: /* the smallest that is enough, else the largest */
        if ((a >= excess) != (b >= excess)) return a >= excess;
        return a >= excess ? a < b : a > b;
    default: return a > b;
    }
}

static bool pick_move(const struct look *look, uint16_t source, uint32_t *partition,
                      uint16_t *target)
{
    const struct fore_topology *topology = look->in->topology;
    bool found = false;
    double best = 0;
    for (uint32_t p = 0; p < topology->partition_count; p++) {
        if (!topology->partition[p].alive || look->taken[p] ||
            !fore_topology_hosts(topology, p, source) || !rested(look, p))
            continue;
        double load = brings(look->in, p);
        uint16_t to = load > 0 ? coldest_for(look, p, source) : FORE_NODE_NONE;
        if (to == FORE_NODE_NONE || !fits(look, p, source, to)) continue;
        if (found && !preferred(look, source, load, best)) continue;
        found = true;
        best = load;
        *partition = p;
        *target = to;
    }
    return found;
}

static uint32_t hottest_on(const struct look *look, uint16_t source)
{
    const struct fore_topology *topology = look->in->topology;
    uint32_t best = FORE_PARTITION_NONE;
    for (uint32_t p = 0; p < topology->partition_count; p++)
        if (topology->partition[p].alive && !look->taken[p] &&
            fore_topology_hosts(topology, p, source) &&
            (best == FORE_PARTITION_NONE || brings(look->in, p) > brings(look->in, best)))
            best = p;
    return best;
}

/* Nothing fits anywhere: cut the hottest one, or copy it when a single key carries it. */
static bool pick_division(const struct look *look, uint16_t source, struct fore_move *move)
{
    const struct fore_planner_input *in = look->in;
    uint32_t p = hottest_on(look, source);
    if (p == FORE_PARTITION_NONE || in->partition_split_rest[p] ||
        brings(in, p) < in->options->split_load_min * in->topology->node[source].cores)
        return false;
    const struct fore_partition *part = &in->topology->partition[p];
    struct fore_keyrange_cut cut;
    bool known = fore_keyrange_cut(in->observe->key_ranges, p, part->first, part->last, 0.5, &cut);
    *move = (struct fore_move){
        .partition = p, .other = FORE_PARTITION_NONE, .source = source, .target = FORE_NODE_NONE};
    if (known && cut.top_share <= 0.5 && cut.right_share >= 0.1 && cut.right_share <= 0.9 &&
        in->options->splits && (in->caps & FORE_CAP_SPLIT) &&
        fore_split_cost_allows(&in->split_cost, (double)part->bytes, cut.right_share)) {
        move->kind = FORE_MOVE_SPLIT;
        move->split_at = cut.at;
        move->split_right_share = cut.right_share;
        return true;
    }
    uint16_t to = coldest_for(look, p, source);
    if (to == FORE_NODE_NONE || !in->options->replicas || !(in->caps & FORE_CAP_REPLICA) ||
        part->replica_count >= in->options->replicas_max || look->slots[part->replica[0]] == 0 ||
        in->observe->partition[p].write_share > in->options->replica_write_share_max)
        return false;
    move->kind = FORE_MOVE_ADD_REPLICA;
    move->source = part->replica[0];
    move->target = to;
    return true;
}

static void add(struct look *look, const struct fore_move *move, struct fore_plan *out)
{
    double load = brings(look->in, move->partition);
    look->taken[move->partition] = true;
    out->move[out->move_count++] = (struct fore_plan_move){
        .move = *move,
        .bytes = move->kind == FORE_MOVE_SPLIT
                     ? 0
                     : (double)look->in->topology->partition[move->partition].bytes};
    if (move->kind == FORE_MOVE_SPLIT) return;
    look->slots[move->source]--;
    look->slots[move->target]--;
    look->cluster_slots--;
    look->cores[move->source] -= load;
    look->cores[move->target] += load;
}

static void shed(struct look *look, uint16_t node, struct fore_plan *out)
{
    struct fore_move move = {.kind = FORE_MOVE_MOVE,
                             .other = FORE_PARTITION_NONE,
                             .source = node,
                             .target = FORE_NODE_NONE};
    if (look->slots[node] == 0 || look->cluster_slots == 0) return;
    bool found = pick_move(look, node, &move.partition, &move.target);
    if (!found && look->view->options->reactive_split) found = pick_division(look, node, &move);
    if (found) add(look, &move, out);
}

/* Since when the node has been in the state of shedding; 0 when it is not. */
static bool must_shed(const struct fore_policy_options *options, double utilization, fore_ns now,
                      fore_ns *since)
{
    if (utilization < low_of(options)) *since = 0;
    if (utilization > options->reactive_high && *since == 0) *since = now;
    return *since != 0 && utilization >= low_of(options) && now - *since >= options->reactive_hold;
}

/* By node: since when it has been shedding; and one more: when it looked last. */
static void *begin(const struct fore_topology *topology, uint64_t seed, struct fore_arena *perm)
{
    (void)seed;
    return FORE_NEW(perm, fore_ns, topology->node_count + 1);
}

static void propose(const struct fore_policy_view *view, void *memory, struct fore_arena *scratch,
                    struct fore_plan *out)
{
    fore_ns *since = memory;
    const struct fore_planner_input *in = view->planner;
    const struct fore_topology *topology = in->topology;
    *out = (struct fore_plan){.epoch = topology->epoch};
    fore_ns *looked = &since[topology->node_count];
    if (*looked != 0 && in->now - *looked < view->options->reactive_every) return;
    *looked = in->now;
    struct look look = {.view = view, .in = in, .cluster_slots = in->cluster_slots};
    look.cores = FORE_NEW(scratch, double, topology->node_count);
    look.slots = FORE_NEW(scratch, uint8_t, topology->node_count);
    look.taken = FORE_NEW(scratch, bool, topology->partition_cap);
    for (uint32_t n = 0; n < topology->node_count; n++) {
        look.cores[n] = in->observe->node[n].utilization * topology->node[n].cores;
        look.slots[n] = in->node_slots[n];
    }
    for (size_t i = 0; i < in->pending_count; i++)
        look.taken[in->pending[i].partition] = true;
    for (uint32_t n = 0; n < topology->node_count && out->move_count < FORE_PLAN_MOVES; n++)
        if (must_shed(view->options, in->observe->node[n].utilization, in->now, &since[n]))
            shed(&look, (uint16_t)n, out);
    (void)snprintf(out->reason, sizeof out->reason, "%u nodes above %.0f %% shed a partition",
                   out->move_count, 100 * view->options->reactive_high);
}

static uint32_t terms(const struct fore_policy_view *view, struct fore_load_term *term)
{
    term[0] = (struct fore_load_term){.scenario = view->nowcast, .weight = 1};
    return 1;
}

static const struct fore_policy_knob knobs[] = {
    {"policy.reactive_high",     "70% 75% 80% 85%"},
    {"policy.reactive_pick",     "hottest fit"    },
    {"policy.reactive_cooldown", "10min 30min 2h" },
    {NULL,                       NULL             },
};

const struct fore_policy fore_policy_reactive = {
    .name = "reactive",
    .about = "threshold on the load seen now, with hysteresis and cool-down",
    .knob = knobs,
    .own_clock = true,
    .terms = terms,
    .begin = begin,
    .propose = propose,
};
