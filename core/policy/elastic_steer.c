/*
 * elastic_steer.c - from the placement there is to `want` evenly filled nodes.
 *
 * Everything is counted in replicas and as if moves under way had arrived. The plan holds as many
 * moves as there are free slots; it is made again whenever one has finished.
 */
#include "core/policy/elastic.h"

#include "core/cluster/placement.h"

#include <stdio.h>

struct steer {
    const struct fore_planner_input *in;
    const struct fore_topology *topology;
    struct fore_plan *out;
    uint32_t *held, *quota; /* by node */
    bool *stays;            /* by node: among the `want` */
    bool *engaged;          /* by node: an end of a move under way */
    bool *taken;            /* by partition */
    uint16_t *wish;         /* by partition: the owner that the ring names; NULL: even counts */
    uint8_t *slots;
    uint32_t cluster_slots, in_use, want;
    struct fore_constraint_state rules; /* of placement; asked only if `ruled` */
    bool ruled;
};

static bool may_go(const struct steer *steer, uint32_t partition, uint16_t source, uint16_t target)
{
    return !steer->ruled || fore_constraint_allows(&steer->rules, partition, source, target);
}

static void count_held(struct steer *steer)
{
    const struct fore_planner_input *in = steer->in;
    for (uint32_t p = 0; p < steer->topology->partition_count; p++) {
        const struct fore_partition *part = &steer->topology->partition[p];
        for (uint32_t r = 0; part->alive && r < part->replica_count; r++)
            steer->held[part->replica[r]]++;
    }
    for (size_t i = 0; i < in->pending_count; i++) {
        const struct fore_load_pending *pending = &in->pending[i];
        steer->taken[pending->partition] = true;
        if (pending->from != FORE_NODE_NONE) {
            steer->held[pending->from]--;
            steer->engaged[pending->from] = true;
        }
        if (pending->to == FORE_NODE_NONE) continue;
        steer->held[pending->to]++;
        steer->engaged[pending->to] = true;
    }
}

/* Those in use by index, then those on standby: the last to come is the first to go. */
static void choose_nodes(struct steer *steer)
{
    uint32_t chosen = 0;
    for (int standby = 0; standby < 2; standby++)
        for (uint32_t n = 0; n < steer->topology->node_count && chosen < steer->want; n++) {
            if (steer->topology->node[n].standby != (standby == 1)) continue;
            if (!steer->topology->node[n].up) continue;
            steer->stays[n] = true;
            chosen++;
        }
    steer->want = chosen;
}

/* Even shares; the odd ones stay where most is held already. */
static void set_quotas(struct steer *steer)
{
    uint32_t total = 0, nodes = steer->topology->node_count;
    for (uint32_t n = 0; n < nodes; n++)
        total += steer->held[n];
    uint32_t odd = total % steer->want;
    for (uint32_t n = 0; n < nodes; n++)
        steer->quota[n] = steer->stays[n] ? total / steer->want : 0;
    for (; odd > 0; odd--) {
        uint32_t best = FORE_NODE_NONE;
        for (uint32_t n = 0; n < nodes; n++) {
            if (!steer->stays[n] || steer->quota[n] > total / steer->want) continue;
            if (best == FORE_NODE_NONE || steer->held[n] > steer->held[best]) best = n;
        }
        steer->quota[best]++;
    }
}

enum { RING_POINTS = 64 };

/* First owners as a ring with bounded load wants them, with as few changes as possible; quotas
 * follow. Followers stay where they are. */
static void ask_ring(struct steer *steer, const struct fore_elastic_options *options,
                     struct fore_arena *scratch)
{
    const struct fore_topology *topology = steer->topology;
    uint32_t count = topology->partition_count, living = 0;
    double *weight = FORE_NEW(scratch, double, topology->node_count);
    uint64_t *position = FORE_NEW(scratch, uint64_t, count);
    uint16_t *owner = FORE_NEW(scratch, uint16_t, count);
    for (uint32_t n = 0; n < topology->node_count; n++)
        weight[n] = steer->stays[n] ? topology->node[n].cores : 0;
    for (uint32_t p = 0; p < count; p++) {
        if (!topology->partition[p].alive) continue;
        position[living] = fore_placement_position(FORE_PLACE_RING, topology->partition[p].first);
        owner[living++] = steer->wish[p];
    }
    struct fore_ring ring;
    fore_ring_init(&ring, scratch, topology->node_count, weight, RING_POINTS, 0);
    (void)fore_ring_rebalance(&ring, scratch, position, NULL, living, options->ring_bound, owner);
    for (uint32_t p = 0, i = 0; p < count; p++) {
        if (!topology->partition[p].alive) continue;
        steer->quota[owner[i]]++;
        steer->wish[p] = owner[i++];
    }
}

/* Where every first replica is, once moves under way have arrived. */
static void list_owners(struct steer *steer, struct fore_arena *scratch)
{
    steer->wish = FORE_NEW(scratch, uint16_t, steer->topology->partition_cap);
    for (uint32_t p = 0; p < steer->topology->partition_count; p++)
        steer->wish[p] = steer->topology->partition[p].replica[0];
    for (size_t i = 0; i < steer->in->pending_count; i++) {
        const struct fore_load_pending *pending = &steer->in->pending[i];
        if (pending->from == steer->wish[pending->partition])
            steer->wish[pending->partition] = pending->to;
    }
}

static void plan(struct steer *steer, struct fore_move move, double bytes, double duration_s)
{
    steer->out->move[steer->out->move_count++] =
        (struct fore_plan_move){.move = move, .bytes = bytes, .duration_s = duration_s};
}

static bool full(const struct steer *steer)
{
    return steer->out->move_count == FORE_PLAN_MOVES;
}

/* No more newcomers at a time than there are nodes to send to them. */
static void add_nodes(struct steer *steer)
{
    uint32_t unfilled = 0, senders = 0;
    for (uint32_t n = 0; n < steer->topology->node_count; n++) {
        bool coming = steer->in->node_changing != NULL && steer->in->node_changing[n];
        bool here = !steer->topology->node[n].standby || coming;
        unfilled += here && steer->stays[n] && steer->held[n] < steer->quota[n];
        senders += here && steer->held[n] > steer->quota[n];
    }
    for (uint32_t n = 0; n < steer->topology->node_count && unfilled < senders; n++) {
        if (!steer->stays[n] || !steer->topology->node[n].standby || full(steer)) continue;
        if (steer->in->node_changing != NULL && steer->in->node_changing[n]) continue;
        plan(steer,
             (struct fore_move){.kind = FORE_MOVE_ADD_NODE,
                                .partition = FORE_PARTITION_NONE,
                                .other = FORE_PARTITION_NONE,
                                .source = FORE_NODE_NONE,
                                .target = (uint16_t)n},
             0, 0);
        unfilled++;
    }
}

/* The node that most wants to send, those that leave first, the last of them first of all. */
static uint32_t next_sender(const struct steer *steer, const bool *stuck)
{
    uint32_t best = FORE_NODE_NONE;
    for (uint32_t n = 0; n < steer->topology->node_count; n++) {
        if (steer->held[n] <= steer->quota[n] || steer->slots[n] == 0 || stuck[n]) continue;
        if (best == FORE_NODE_NONE || !steer->stays[n] ||
            (steer->stays[best] &&
             steer->held[n] - steer->quota[n] > steer->held[best] - steer->quota[best]))
            best = n;
    }
    return best;
}

static uint32_t next_receiver(const struct steer *steer)
{
    uint32_t best = FORE_NODE_NONE;
    for (uint32_t n = 0; n < steer->topology->node_count; n++) {
        if (steer->held[n] >= steer->quota[n] || steer->slots[n] == 0) continue;
        if (best == FORE_NODE_NONE ||
            steer->quota[n] - steer->held[n] > steer->quota[best] - steer->held[best])
            best = n;
    }
    return best;
}

static void send(struct steer *steer, uint32_t p, uint16_t source, uint16_t target)
{
    double bytes = (double)steer->topology->partition[p].bytes;
    plan(steer,
         (struct fore_move){.kind = FORE_MOVE_MOVE,
                            .partition = p,
                            .other = FORE_PARTITION_NONE,
                            .source = source,
                            .target = target},
         bytes, bytes / steer->topology->node[source].bandwidth_bytes);
    if (steer->ruled) fore_constraint_take(&steer->rules, p, target);
    steer->taken[p] = true;
    steer->held[source]--;
    steer->held[target]++;
    steer->slots[source]--;
    steer->slots[target]--;
    steer->cluster_slots--;
}

static void move_as_wished(struct steer *steer)
{
    const struct fore_topology *topology = steer->topology;
    for (uint32_t p = 0; p < topology->partition_count; p++) {
        uint16_t source = topology->partition[p].replica[0], target = steer->wish[p];
        if (full(steer) || steer->cluster_slots == 0) return;
        if (!topology->partition[p].alive || steer->taken[p] || source == target) continue;
        if (steer->slots[source] == 0 || steer->slots[target] == 0 ||
            fore_topology_hosts(topology, p, target) || !may_go(steer, p, source, target))
            continue;
        send(steer, p, source, target);
    }
}

static bool send_one(struct steer *steer, uint16_t source, uint16_t target)
{
    const struct fore_topology *topology = steer->topology;
    for (uint32_t p = 0; p < topology->partition_count; p++) {
        if (!topology->partition[p].alive || steer->taken[p] ||
            !fore_topology_hosts(topology, p, source) || fore_topology_hosts(topology, p, target) ||
            !may_go(steer, p, source, target))
            continue;
        send(steer, p, source, target);
        return true;
    }
    return false;
}

static void move_partitions(struct steer *steer, struct fore_arena *scratch)
{
    bool *stuck = FORE_NEW(scratch, bool, steer->topology->node_count);
    while (!full(steer) && steer->cluster_slots > 0) {
        uint32_t source = next_sender(steer, stuck), target = next_receiver(steer);
        if (source == FORE_NODE_NONE || target == FORE_NODE_NONE) return;
        if (!send_one(steer, (uint16_t)source, (uint16_t)target)) stuck[source] = true;
    }
}

static void remove_nodes(struct steer *steer)
{
    for (uint32_t n = 0; n < steer->topology->node_count && !full(steer); n++) {
        if (steer->stays[n] || steer->topology->node[n].standby || steer->held[n] > 0) continue;
        if (steer->engaged[n] || (steer->in->node_changing != NULL && steer->in->node_changing[n]))
            continue;
        bool sends = false; /* in this very plan */
        for (uint32_t i = 0; i < steer->out->move_count; i++)
            sends = sends || steer->out->move[i].move.source == n;
        if (sends) continue;
        plan(steer,
             (struct fore_move){.kind = FORE_MOVE_REMOVE_NODE,
                                .partition = FORE_PARTITION_NONE,
                                .other = FORE_PARTITION_NONE,
                                .source = (uint16_t)n,
                                .target = FORE_NODE_NONE},
             0, 0);
    }
}

bool fore_elastic_steer(const struct fore_policy_view *view, uint32_t want,
                        struct fore_arena *scratch, struct fore_plan *out)
{
    const struct fore_planner_input *in = view->planner;
    const struct fore_topology *topology = in->topology;
    uint32_t nodes = topology->node_count;
    *out = (struct fore_plan){.epoch = topology->epoch};
    struct steer steer = {.in = in,
                          .topology = topology,
                          .out = out,
                          .held = FORE_NEW(scratch, uint32_t, nodes),
                          .quota = FORE_NEW(scratch, uint32_t, nodes),
                          .stays = FORE_NEW(scratch, bool, nodes),
                          .engaged = FORE_NEW(scratch, bool, nodes),
                          .taken = FORE_NEW(scratch, bool, topology->partition_cap),
                          .slots = FORE_NEW(scratch, uint8_t, nodes),
                          .cluster_slots = in->cluster_slots,
                          .in_use = fore_topology_in_use(topology),
                          .want = want};
    for (uint32_t n = 0; n < nodes; n++)
        steer.slots[n] = topology->node[n].up ? in->node_slots[n] : 0;
    /* Without the capability only the spreading is left. */
    if (!(in->caps & FORE_CAP_NODES)) steer.want = steer.in_use;
    steer.ruled = fore_constraint_any(in->placement);
    if (steer.ruled) fore_constraint_begin(in->placement, topology, scratch, &steer.rules);
    count_held(&steer);
    choose_nodes(&steer);
    if (steer.want == 0) return true;
    if (view->options->elastic.spread == FORE_SPREAD_RING) {
        list_owners(&steer, scratch);
        ask_ring(&steer, &view->options->elastic, scratch);
    } else {
        set_quotas(&steer);
    }
    add_nodes(&steer);
    if (steer.wish != NULL)
        move_as_wished(&steer);
    else
        move_partitions(&steer, scratch);
    remove_nodes(&steer);
    (void)snprintf(out->reason, sizeof out->reason, "%u -> %u nodes, evenly filled", steer.in_use,
                   steer.want);
    return out->move_count == 0 && in->pending_count == 0 && steer.in_use == steer.want;
}
