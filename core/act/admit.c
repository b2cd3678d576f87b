/*
 * admit.c - which moves of a plan may start: what the driver can, what is not busy already, and the
 * caps on a node, on a link between zones, on the cluster, on partitions and on what a node holds.
 */
#include "core/act/running.h"

#include <stdio.h>
#include <string.h>

static bool partition_cap_reached(const struct fore_migrate *migrate,
                                  const struct fore_topology *topology, uint32_t coming)
{
    uint32_t cap = topology->partition_cap, most = migrate->partitions_max;
    if (most > 0 && most < cap) cap = most;
    return (uint64_t)topology->alive_count + coming >= cap;
}

/* ---- rules ----------------------------------------------------------------------------------- */

static bool node_busy(const struct fore_migrate *migrate, uint16_t node)
{
    for (uint32_t i = 0; i < migrate->running; i++) {
        const struct fore_migration *m = &migrate->migration[i];
        if (m->state >= FORE_MIGRATE_WATCH) continue;
        if (m->move.source == node || m->move.target == node) return true;
    }
    return false;
}

/* Of adding or removing a node. */
static const char *node_forbidden(const struct fore_migrate *migrate,
                                  const struct fore_topology *topology,
                                  const struct fore_move *move)
{
    bool add = move->kind == FORE_MOVE_ADD_NODE;
    uint16_t node = add ? move->target : move->source;
    if (node >= topology->node_count) return "there is no such node";
    if (topology->node[node].standby != add)
        return add ? "the node is in use already" : "the node is not in use";
    if (node_busy(migrate, node)) return "the node takes part in a move";
    if (!add && fore_topology_in_use(topology) < 2) return "it is the last node in use";
    for (uint32_t p = 0; !add && p < topology->partition_count; p++)
        if (topology->partition[p].alive && fore_topology_hosts(topology, p, node))
            return "the node still holds partitions";
    return NULL;
}

/* NULL when the move may start but for its slots, else the rule that forbids it. */
static const char *forbidden(const struct fore_migrate *migrate,
                             const struct fore_topology *topology, struct fore_driver driver,
                             const struct fore_move *move, fore_ns now)
{
    if (!fore_driver_can(driver, fore_driver_caps_for(move->kind))) return "the driver cannot";
    if (fore_move_of_node(move->kind)) return node_forbidden(migrate, topology, move);
    if (move->partition >= topology->partition_count || !topology->partition[move->partition].alive)
        return "the partition is gone";
    if (fore_migrate_partition_busy(migrate, move->partition)) return "the partition is moving";
    if (fore_migrate_rests(migrate, move->partition, now)) return "its copies differ: it rests";
    if (fore_move_joins(move->kind) && fore_migrate_partition_busy(migrate, move->other))
        return "what it is joined with is moving";
    if (fore_migrate_copies(move->kind) && topology->node[move->target].standby)
        return "the target is not in use";
    return NULL;
}

/* Bytes that are on their way to a node. */
static double coming_to(const struct fore_migrate *migrate, const struct fore_topology *topology,
                        uint16_t node)
{
    double sum = 0;
    for (uint32_t i = 0; i < migrate->running; i++) {
        const struct fore_migration *m = &migrate->migration[i];
        if (m->move.target == node && fore_migrate_copies(m->move.kind) &&
            m->state < FORE_MIGRATE_SWEEP && m->move.partition < topology->partition_count)
            sum += fore_migrate_share(migrate, m) *
                   (double)topology->partition[m->move.partition].bytes;
    }
    return sum;
}

/* What its target could not hold at all is not begun, whoever planned it; `bytes` of it travel. */
static bool overfills(const struct fore_migrate *migrate, const struct fore_topology *topology,
                      const struct fore_move *move, double bytes)
{
    if (!fore_migrate_copies(move->kind) || move->source == move->target) return false;
    uint64_t most = topology->node[move->target].data_bytes_max;
    if (most == 0) return false;
    double held = coming_to(migrate, topology, move->target);
    for (uint32_t p = 0; p < topology->partition_count; p++)
        if (topology->partition[p].alive && fore_topology_hosts(topology, p, move->target))
            held += (double)topology->partition[p].bytes;
    return held + bytes > (double)most;
}

struct room { /* what is left for copies */
    uint8_t slots[UINT16_MAX + 1];
    uint32_t free;
};

static const char *take_slots(struct room *room, struct fore_links *links,
                              const struct fore_topology *topology, const struct fore_move *move)
{
    if (!fore_migrate_copies(move->kind)) return NULL;
    if (room->free == 0) return "cluster cap";
    if (room->slots[move->source] == 0 || room->slots[move->target] == 0) return "node cap";
    if (!fore_links_open(links, topology, move->source, move->target)) return "link cap";
    fore_links_take(links, topology, move->source, move->target);
    room->free--;
    room->slots[move->source]--;
    if (move->target != move->source) room->slots[move->target]--;
    return NULL;
}

/* ---- a plan ---------------------------------------------------------------------------------- */

struct admission {
    struct fore_migrate *migrate;
    const struct fore_plan *plan;
    const struct fore_topology *topology;
    struct fore_driver driver;
    const struct fore_observe *observe;
    fore_ns now;
    uint64_t id[FORE_PLAN_MOVES]; /* of those taken */
};

/* Then it does so without slots of its own. */
static bool waits_for_copy(const struct fore_plan *plan, uint32_t at)
{
    while (plan->move[at].after != 0) {
        at = plan->move[at].after - 1;
        if (fore_migrate_copies(plan->move[at].move.kind)) return true;
    }
    return false;
}

static void take(struct admission *a, uint32_t at)
{
    struct fore_migrate *migrate = a->migrate;
    const struct fore_plan_move *planned = &a->plan->move[at];
    struct fore_migration *m =
        fore_migrate_enlist(migrate, &planned->move, a->topology, a->observe, a->now);
    a->id[at] = m->id;
    m->plan = a->plan->id;
    m->expected_s = planned->duration_s;
    m->is_rollback = planned->binding;
    m->move.bytes_per_sec_max = migrate->options.move_bandwidth;
    if (planned->after != 0) {
        m->leader = a->id[planned->after - 1];
        m->waits = true;
        m->on_new = planned->on_new;
        m->slotless = fore_migrate_copies(planned->move.kind) && waits_for_copy(a->plan, at);
    }
    fore_gain_promise(&m->gain, migrate, m, a->topology, a->observe, planned->gain_s);
}

/* NULL when move `from` and all that is bound to it may be taken; else why not, and which. */
static const char *chain_forbidden(const struct admission *a, uint32_t from, uint32_t *which)
{
    const struct fore_plan *plan = a->plan;
    struct room room;
    uint32_t splits = fore_migrate_coming(a->migrate), moves = 0;
    room.free = fore_migrate_slots(a->migrate, a->topology->node_count, room.slots);
    (void)fore_migrate_links(a->migrate, a->topology);
    for (uint32_t i = from; i < plan->move_count; i++) {
        if (!fore_plan_in_chain(plan, i, from)) continue;
        const struct fore_move *move = &plan->move[i].move;
        *which = i;
        if (a->migrate->running + moves++ >= a->migrate->cap) return "too many moves are watched";
        const char *rule = forbidden(a->migrate, a->topology, a->driver, move, a->now);
        if (rule != NULL) return rule;
        if (fore_migrate_makes_partition(move->kind) &&
            partition_cap_reached(a->migrate, a->topology, splits++))
            return "partition cap reached";
        rule = waits_for_copy(plan, i) ? NULL
                                       : take_slots(&room, &a->migrate->links, a->topology, move);
        if (rule != NULL) return rule;
        if (overfills(a->migrate, a->topology, move, plan->move[i].bytes))
            return "its target has no room for its data";
    }
    return NULL;
}

uint32_t fore_migrate_admit(struct fore_migrate *migrate, const struct fore_plan *plan,
                            const struct fore_topology *topology, struct fore_driver driver,
                            const struct fore_observe *observe, fore_ns now, char *why,
                            size_t why_size)
{
    struct admission a = {.migrate = migrate,
                          .plan = plan,
                          .topology = topology,
                          .driver = driver,
                          .observe = observe,
                          .now = now};
    uint32_t taken = 0;
    const char *fault = plan->epoch != topology->epoch
                            ? "the topology changed since the plan was made"
                            : fore_plan_fault(plan);
    if (why_size > 0) (void)snprintf(why, why_size, "%s", fault != NULL ? fault : "");
    if (fault != NULL) return 0;
    for (uint32_t i = 0; i < plan->move_count; i++) {
        uint32_t which = i;
        if (plan->move[i].after != 0) continue; /* with its leader, or not */
        const char *rule = chain_forbidden(&a, i, &which);
        for (uint32_t j = i; rule == NULL && j < plan->move_count; j++) {
            if (!fore_plan_in_chain(plan, j, i)) continue;
            take(&a, j);
            taken++;
        }
        if (rule != NULL && why_size > 0 && why[0] == '\0')
            (void)snprintf(why, why_size, "%s p%u: %s",
                           fore_move_kind_text(plan->move[which].move.kind),
                           plan->move[which].move.partition, rule);
    }
    return taken;
}
