/*
 * ticket.c - begin, poll, throttle, cancel, cut over, sweep: the driver's promises over moves.h.
 *
 * CONFLICT: the topology, or the ticket's phase, is not what the caller takes it to be. REFUSED:
 * the partition is already being worked on. UNREACHABLE: a node that must answer is down. RANGE:
 * there is no such ticket, partition or node.
 */
#include <stdlib.h>

#include "core/base/hash.h"
#include "core/cluster/topology_columns.h"
#include "sim/cluster.h"
#include "sim/moves.h"

#define SALT_PARTIAL UINT64_C(0x7061727469616c)
#define SALT_STALE   UINT64_C(0x7374616c65)

static struct sim_ticket *find(struct sim_moves *moves, fore_ticket number)
{
    if (number == 0 || number > moves->ticket_count) return NULL;
    return &moves->ticket[number - 1];
}

static bool living(const struct fore_topology *topology, uint32_t partition)
{
    return partition < topology->partition_count && topology->partition[partition].alive;
}

static bool is_node(const struct fore_topology *topology, uint16_t node)
{
    return node < topology->node_count;
}

static bool busy(const struct sim_moves *moves, uint32_t partition)
{
    for (size_t i = 0; i < moves->active_count; i++) {
        const struct sim_ticket *ticket = &moves->ticket[moves->active[i]];
        if (ticket->phase >= FORE_PHASE_SWEEPING) continue;
        if (ticket->move.partition == partition) return true;
        if (fore_move_joins(ticket->move.kind) && ticket->move.other == partition) return true;
    }
    return false;
}

/* Data goes from the replica that leaves, or from the owner when a replica is only added. */
static enum fore_err check_copy(const struct fore_topology *topology, const struct fore_move *move,
                                uint16_t *from)
{
    bool leaves = move->kind == FORE_MOVE_MOVE;
    if (!is_node(topology, move->target) || (leaves && !is_node(topology, move->source)))
        return FORE_E_RANGE;
    const struct fore_partition *partition = &topology->partition[move->partition];
    if (leaves && !fore_topology_hosts(topology, move->partition, move->source))
        return FORE_E_CONFLICT;
    if (fore_topology_hosts(topology, move->partition, move->target)) return FORE_E_CONFLICT;
    if (topology->node[move->target].standby) return FORE_E_REFUSED;
    if (!leaves && partition->replica_count == FORE_REPLICAS_MAX) return FORE_E_REFUSED;
    *from = leaves ? move->source : sim_cluster_owner(topology, move->partition);
    if (*from == FORE_NODE_NONE || !topology->node[*from].up || !topology->node[move->target].up)
        return FORE_E_UNREACHABLE;
    return FORE_E_OK;
}

static enum fore_err check_split(const struct sim_moves *moves, const struct fore_move *move)
{
    const struct fore_topology *topology = &moves->cluster->topology;
    const struct fore_partition *partition = &topology->partition[move->partition];
    double smaller =
        move->split_right_share < 0.5 ? move->split_right_share : 1 - move->split_right_share;
    if (move->split_at <= partition->first || move->split_at > partition->last) return FORE_E_RANGE;
    if (partition->apart != 0) return FORE_E_REFUSED;
    if (smaller * (double)partition->bytes < (double)moves->cluster->split_cost.part_bytes_min)
        return FORE_E_REFUSED;
    return topology->alive_count < topology->partition_cap ? FORE_E_OK : FORE_E_REFUSED;
}

static bool same_replicas(const struct fore_topology *topology, uint32_t left, uint32_t right)
{
    const struct fore_partition *a = &topology->partition[left], *b = &topology->partition[right];
    if (a->replica_count != b->replica_count) return false;
    for (uint16_t r = 0; r < a->replica_count; r++)
        if (!fore_topology_hosts(topology, right, a->replica[r])) return false;
    return true;
}

static enum fore_err check_merge(const struct fore_topology *topology, const struct fore_move *move)
{
    if (!living(topology, move->other)) return FORE_E_CONFLICT;
    if (fore_topology_right_of(topology, move->partition) != move->other) return FORE_E_CONFLICT;
    if (topology->partition[move->partition].apart != 0 ||
        topology->partition[move->other].apart != 0)
        return FORE_E_REFUSED;
    return same_replicas(topology, move->partition, move->other) ? FORE_E_OK : FORE_E_CONFLICT;
}

static enum fore_err check_drop(const struct fore_topology *topology, const struct fore_move *move)
{
    if (!is_node(topology, move->source)) return FORE_E_RANGE;
    if (!fore_topology_hosts(topology, move->partition, move->source)) return FORE_E_CONFLICT;
    return topology->partition[move->partition].replica_count > 1 ? FORE_E_OK : FORE_E_REFUSED;
}

/* Between the nodes of a base and its sibling, which may be one; neither has followers. */
static enum fore_err check_columns(const struct sim_moves *moves, const struct fore_move *move,
                                   uint16_t *from)
{
    const struct fore_topology *topology = &moves->cluster->topology;
    const struct fore_partition *base = &topology->partition[move->partition];
    if (!moves->cluster->columns) return FORE_E_UNSUPPORTED;
    if (!is_node(topology, move->source) || !is_node(topology, move->target)) return FORE_E_RANGE;
    if (move->kind == FORE_MOVE_VERTICAL_SPLIT) {
        uint64_t all = fore_topology_columns_all(&topology->table[base->table]);
        if (move->columns == 0 || (move->columns & ~all) != 0 || move->columns == all)
            return FORE_E_RANGE;
        if (!(move->split_right_share >= 0 && move->split_right_share <= 1)) return FORE_E_RANGE;
        if (base->apart != 0 || base->replica_count != 1) return FORE_E_REFUSED;
        if (base->replica[0] != move->source) return FORE_E_CONFLICT;
        if (topology->node[move->target].standby) return FORE_E_REFUSED;
        if (topology->alive_count == topology->partition_cap) return FORE_E_REFUSED;
    } else {
        uint32_t sibling = fore_topology_columns_sibling(topology, move->partition);
        if (base->column_group != 0 || sibling == FORE_PARTITION_NONE || sibling != move->other)
            return FORE_E_CONFLICT;
        const struct fore_partition *apart = &topology->partition[sibling];
        if (base->replica_count != 1 || apart->replica_count != 1) return FORE_E_REFUSED;
        if (apart->replica[0] != move->source || base->replica[0] != move->target)
            return FORE_E_CONFLICT;
    }
    if (!topology->node[move->source].up || !topology->node[move->target].up)
        return FORE_E_UNREACHABLE;
    *from = move->source;
    return FORE_E_OK;
}

static bool node_asked_for(const struct sim_moves *moves, uint16_t node)
{
    for (size_t i = 0; i < moves->active_count; i++) {
        const struct sim_ticket *ticket = &moves->ticket[moves->active[i]];
        if (ticket->phase >= FORE_PHASE_SWEEPING) continue;
        if (ticket->move.target == node || ticket->move.source == node) return true;
    }
    return false;
}

static bool holds_any(const struct fore_topology *topology, uint16_t node)
{
    for (uint32_t p = 0; p < topology->partition_count; p++)
        if (topology->partition[p].alive && fore_topology_hosts(topology, p, node)) return true;
    return false;
}

static enum fore_err check_node(const struct sim_moves *moves, const struct fore_move *move)
{
    const struct fore_topology *topology = &moves->cluster->topology;
    bool add = move->kind == FORE_MOVE_ADD_NODE;
    uint16_t node = add ? move->target : move->source;
    if (!is_node(topology, node)) return FORE_E_RANGE;
    if (topology->node[node].standby != add) return FORE_E_CONFLICT;
    if (add && !topology->node[node].up) return FORE_E_UNREACHABLE;
    if (!add && (fore_topology_in_use(topology) < 2 || holds_any(topology, node)))
        return FORE_E_REFUSED;
    return node_asked_for(moves, node) ? FORE_E_REFUSED : FORE_E_OK;
}

static enum fore_err check(const struct sim_moves *moves, const struct fore_move *move,
                           uint16_t *from)
{
    const struct fore_topology *topology = &moves->cluster->topology;
    if (fore_move_of_node(move->kind)) return check_node(moves, move);
    if (move->partition >= topology->partition_cap) return FORE_E_RANGE;
    if (!living(topology, move->partition)) return FORE_E_CONFLICT;
    if (busy(moves, move->partition)) return FORE_E_REFUSED;
    if (fore_move_joins(move->kind) && busy(moves, move->other)) return FORE_E_REFUSED;
    switch (move->kind) {
    case FORE_MOVE_MOVE:
    case FORE_MOVE_ADD_REPLICA: return check_copy(topology, move, from);
    case FORE_MOVE_SPLIT: return check_split(moves, move);
    case FORE_MOVE_MERGE: return check_merge(topology, move);
    case FORE_MOVE_DROP_REPLICA: return check_drop(topology, move);
    case FORE_MOVE_VERTICAL_SPLIT:
    case FORE_MOVE_VERTICAL_MERGE: return check_columns(moves, move, from);
    case FORE_MOVE_ADD_NODE:
    case FORE_MOVE_REMOVE_NODE:
    case FORE_MOVE_KINDS: break;
    }
    return FORE_E_UNSUPPORTED;
}

static void make_room(struct sim_moves *moves)
{
    if (moves->ticket_count == moves->ticket_cap) {
        moves->ticket_cap = moves->ticket_cap == 0 ? 64 : 2 * moves->ticket_cap;
        moves->ticket = realloc(moves->ticket, moves->ticket_cap * sizeof *moves->ticket);
        FORE_ASSERT(moves->ticket != NULL);
    }
    if (moves->active_count == moves->active_cap) {
        moves->active_cap = moves->active_cap == 0 ? 64 : 2 * moves->active_cap;
        moves->active = realloc(moves->active, moves->active_cap * sizeof *moves->active);
        FORE_ASSERT(moves->active != NULL);
    }
}

enum fore_err sim_moves_begin(struct sim_moves *moves, const struct fore_move *move,
                              fore_ticket *out)
{
    uint16_t from = FORE_NODE_NONE;
    FORE_TRY(check(moves, move, &from));
    make_room(moves);
    bool copies = from != FORE_NODE_NONE;
    bool boots = move->kind == FORE_MOVE_ADD_NODE && moves->cluster->node_boot_ns > 0;
    uint32_t subject = move->kind == FORE_MOVE_VERTICAL_MERGE ? move->other : move->partition;
    double bytes = copies ? (double)moves->cluster->topology.partition[subject].bytes : 0;
    if (move->kind == FORE_MOVE_VERTICAL_SPLIT) bytes *= move->split_right_share;
    moves->active[moves->active_count++] = moves->ticket_count;
    moves->ticket[moves->ticket_count++] = (struct sim_ticket){
        .move = *move,
        .phase = copies  ? FORE_PHASE_COPYING
                 : boots ? FORE_PHASE_QUEUED
                         : FORE_PHASE_READY,
        .ready_at = moves->now + moves->cluster->node_boot_ns,
        .flows_at = moves->now + moves->cluster->move_start_ns,
        .from = from,
        .to = copies ? move->target : FORE_NODE_NONE,
        .subject = subject,
        .partition_new = FORE_PARTITION_NONE,
        .copy_left = bytes,
    };
    *out = moves->ticket_count;
    return FORE_E_OK;
}

enum fore_err sim_moves_poll(struct sim_moves *moves, fore_ticket number,
                             struct fore_move_status *out)
{
    const struct sim_ticket *ticket = find(moves, number);
    if (ticket == NULL) return FORE_E_RANGE;
    *out = (struct fore_move_status){
        .phase = ticket->phase,
        .bytes_done = (uint64_t)ticket->done,
        .bytes_total = (uint64_t)(ticket->done + ticket->copy_left + ticket->dirty),
        .partition_new = ticket->partition_new,
    };
    return FORE_E_OK;
}

enum fore_err sim_moves_throttle(struct sim_moves *moves, fore_ticket number,
                                 double bytes_per_sec_max)
{
    struct sim_ticket *ticket = find(moves, number);
    if (ticket == NULL) return FORE_E_RANGE;
    ticket->move.bytes_per_sec_max = bytes_per_sec_max;
    return FORE_E_OK;
}

enum fore_err sim_moves_cancel(struct sim_moves *moves, fore_ticket number)
{
    struct sim_ticket *ticket = find(moves, number);
    if (ticket == NULL) return FORE_E_RANGE;
    if (ticket->phase == FORE_PHASE_CANCELLED || ticket->phase == FORE_PHASE_FAILED)
        return FORE_E_OK;
    if (ticket->phase >= FORE_PHASE_SWEEPING) return FORE_E_CONFLICT;
    ticket->phase = FORE_PHASE_CANCELLED;
    return FORE_E_OK;
}

enum fore_err sim_moves_tickets(const struct sim_moves *moves, struct fore_driver_ticket *out,
                                uint32_t cap, uint32_t *count)
{
    *count = 0;
    for (size_t i = 0; i < moves->active_count; i++) {
        const struct sim_ticket *ticket = &moves->ticket[moves->active[i]];
        if (ticket->phase > FORE_PHASE_SWEEPING) continue; /* over, not yet taken off the list */
        if (*count < cap)
            out[*count] =
                (struct fore_driver_ticket){.ticket = moves->active[i] + 1, .move = ticket->move};
        ++*count;
    }
    return FORE_E_OK;
}

static uint64_t content(const struct sim_moves *moves, uint32_t partition)
{
    return fore_hash_u64(moves->identity[partition], moves->writes[partition]);
}

/* What a node that is no replica holds all the same: a copy under way, or one not yet swept. */
static bool remains(const struct sim_moves *moves, const struct sim_ticket *ticket, uint16_t node,
                    uint64_t *out)
{
    if (fore_move_of_columns(ticket->move.kind)) return false; /* a part of the rows: compare */
    uint64_t whole = content(moves, ticket->move.partition);
    if (ticket->phase == FORE_PHASE_SWEEPING && node == ticket->from) {
        *out = fore_hash_u64(whole, SALT_STALE);
        return true;
    }
    if (ticket->phase >= FORE_PHASE_SWEEPING || node != ticket->to) return false;
    bool follows = ticket->phase == FORE_PHASE_READY;
    *out = follows ? whole : fore_hash_u64(whole, SALT_PARTIAL + (uint64_t)ticket->done);
    return true;
}

enum fore_err sim_moves_digest(struct sim_moves *moves, uint32_t partition, uint16_t node,
                               uint64_t *out)
{
    const struct fore_topology *topology = &moves->cluster->topology;
    if (!living(topology, partition) || !is_node(topology, node)) return FORE_E_RANGE;
    if (!topology->node[node].up) return FORE_E_UNREACHABLE;
    if (fore_topology_hosts(topology, partition, node)) {
        *out = content(moves, partition);
        return FORE_E_OK;
    }
    for (size_t i = 0; i < moves->active_count; i++) {
        const struct sim_ticket *ticket = &moves->ticket[moves->active[i]];
        if (ticket->move.partition == partition && remains(moves, ticket, node, out))
            return FORE_E_OK;
    }
    return FORE_E_RANGE;
}

/* The share that a node which is no replica holds: what has arrived of a copy, or what a source
 * keeps until it is swept, which does not follow any more. */
static double share_held(const struct sim_ticket *ticket, uint16_t node)
{
    bool swept = ticket->phase > FORE_PHASE_SWEEPING, after = ticket->phase == FORE_PHASE_SWEEPING;
    if (ticket->from == FORE_NODE_NONE || swept) return 0;
    if (fore_move_of_columns(ticket->move.kind)) return 0; /* a part of the rows: compare */
    if (after) return node == ticket->from && ticket->move.kind == FORE_MOVE_MOVE ? 0.5 : 0;
    if (node != ticket->to) return 0;
    double total = ticket->done + ticket->copy_left;
    if (ticket->phase == FORE_PHASE_READY) return 1;
    return total > 0 ? ticket->done / total / 2 : 0;
}

enum fore_err sim_moves_content(const struct sim_moves *moves, uint32_t partition, uint16_t node,
                                struct fore_content *out)
{
    const struct fore_topology *topology = &moves->cluster->topology;
    if (!living(topology, partition) || !is_node(topology, node)) return FORE_E_RANGE;
    if (!topology->node[node].up) return FORE_E_UNREACHABLE;
    double part = fore_topology_hosts(topology, partition, node) ? 1 : 0;
    for (size_t i = 0; i < moves->active_count && part == 0; i++) {
        const struct sim_ticket *ticket = &moves->ticket[moves->active[i]];
        if (ticket->move.partition == partition) part = share_held(ticket, node);
    }
    if (part == 0) return FORE_E_RANGE;
    *out = moves->held[partition];
    out->sum += out->written;
    out->rows += out->rows_written;
    if (part == 1) return FORE_E_OK;
    out->sum = fore_hash_u64(out->sum, SALT_PARTIAL);
    out->rows = (uint64_t)((double)out->rows * part);
    return FORE_E_OK;
}

/* The sums of both parts make up the whole's; what was written stays with the left one. */
static void split_held(struct sim_moves *moves, uint32_t left, uint32_t right, uint64_t at,
                       double right_share)
{
    struct fore_content *l = &moves->held[left], *r = &moves->held[right];
    *r = (struct fore_content){.sum = fore_hash_u64(l->sum, at),
                               .rows = (uint64_t)((double)l->rows * right_share)};
    l->sum -= r->sum;
    l->rows -= r->rows;
}

static void merge_held(struct sim_moves *moves, uint32_t left, uint32_t right)
{
    struct fore_content *l = &moves->held[left], *r = &moves->held[right];
    l->sum += r->sum;
    l->rows += r->rows;
    l->written += r->written;
    l->rows_written += r->rows_written;
    *r = (struct fore_content){0};
}

/* Both parts have every row, and their sums make up the whole's. */
static void split_columns_held(struct sim_moves *moves, uint32_t base, uint32_t sibling,
                               uint64_t columns)
{
    struct fore_content *b = &moves->held[base], *s = &moves->held[sibling];
    *s = (struct fore_content){.sum = fore_hash_u64(b->sum, columns), .rows = b->rows};
    b->sum -= s->sum;
}

static void merge_columns_held(struct sim_moves *moves, uint32_t base, uint32_t sibling)
{
    struct fore_content *b = &moves->held[base], *s = &moves->held[sibling];
    b->sum += s->sum;
    b->written += s->written;
    *s = (struct fore_content){0};
}

enum fore_err sim_moves_compare(struct sim_moves *moves, fore_ticket number, uint64_t *rows,
                                uint64_t *copy)
{
    const struct sim_ticket *ticket = find(moves, number);
    if (ticket == NULL) return FORE_E_RANGE;
    if (ticket->phase != FORE_PHASE_READY || !fore_move_of_columns(ticket->move.kind))
        return FORE_E_CONFLICT;
    const struct fore_node *node = moves->cluster->topology.node;
    if (!node[ticket->from].up || !node[ticket->to].up) return FORE_E_UNREACHABLE;
    *rows = *copy = fore_hash_u64(content(moves, ticket->subject), ticket->move.columns);
    return FORE_E_OK;
}

static void split_content(struct sim_moves *moves, uint32_t left, uint32_t right, uint64_t at)
{
    uint64_t parent = moves->identity[left];
    moves->identity[left] = fore_hash_u64(parent, at);
    moves->identity[right] = fore_hash_u64(parent, ~at);
    moves->writes[right] = moves->writes[left];
    moves->orphans[right] = 0;
    moves->dirty_rate[right] = moves->dirty_rate[left] /= 2; /* until the next window tells */
}

static void merge_content(struct sim_moves *moves, uint32_t left, uint32_t right)
{
    moves->identity[left] = fore_hash_u64(moves->identity[left], moves->identity[right]);
    moves->writes[left] += moves->writes[right];
    moves->dirty_rate[left] += moves->dirty_rate[right];
}

/* Requests to what was just cut, or joined, wait until the change has taken hold. */
static void hold_requests(struct sim_moves *moves, uint32_t partition)
{
    double pause_s = moves->cluster->split_cost.pause_s;
    if (!(pause_s > 0)) return;
    moves->paused_until[partition] = moves->now + (fore_ns)(pause_s * (double)FORE_SEC);
    if (moves->paused_until[partition] > moves->pause_end)
        moves->pause_end = moves->paused_until[partition];
}

static enum fore_err change_owner(struct sim_moves *moves, struct sim_ticket *ticket)
{
    struct fore_topology *topology = &moves->cluster->topology;
    const struct fore_move *move = &ticket->move;
    const struct sim_growth *growth = &moves->cluster->growth;
    switch (move->kind) {
    case FORE_MOVE_MOVE:
        return fore_topology_move(topology, move->partition, move->source, move->target);
    case FORE_MOVE_ADD_REPLICA:
        return fore_topology_add_replica(topology, move->partition, move->target);
    case FORE_MOVE_DROP_REPLICA:
        return fore_topology_drop_replica(topology, move->partition, move->source);
    case FORE_MOVE_ADD_NODE: return fore_topology_set_standby(topology, move->target, false);
    case FORE_MOVE_REMOVE_NODE: return fore_topology_set_standby(topology, move->source, true);
    case FORE_MOVE_SPLIT:
        FORE_TRY(fore_topology_split(topology, move->partition, move->split_at,
                                     sim_growth_share(growth, topology, move->partition,
                                                      move->split_at, move->split_right_share),
                                     &ticket->partition_new));
        sim_growth_split(growth, move->partition, ticket->partition_new, move->split_at);
        split_content(moves, move->partition, ticket->partition_new, move->split_at);
        split_held(moves, move->partition, ticket->partition_new, move->split_at,
                   move->split_right_share);
        hold_requests(moves, move->partition);
        hold_requests(moves, ticket->partition_new);
        return FORE_E_OK;
    case FORE_MOVE_MERGE:
        FORE_TRY(fore_topology_merge(topology, move->partition, move->other));
        sim_growth_merge(growth, move->partition, move->other);
        merge_content(moves, move->partition, move->other);
        merge_held(moves, move->partition, move->other);
        hold_requests(moves, move->partition);
        return FORE_E_OK;
    case FORE_MOVE_VERTICAL_SPLIT:
        FORE_TRY(fore_topology_columns_split(topology, move->partition, move->columns,
                                             move->split_right_share, move->target,
                                             &ticket->partition_new));
        split_content(moves, move->partition, ticket->partition_new, move->columns);
        split_columns_held(moves, move->partition, ticket->partition_new, move->columns);
        return FORE_E_OK;
    case FORE_MOVE_VERTICAL_MERGE:
        FORE_TRY(fore_topology_columns_merge(topology, move->partition, move->other));
        merge_content(moves, move->partition, move->other);
        merge_columns_held(moves, move->partition, move->other);
        return FORE_E_OK;
    case FORE_MOVE_KINDS: break;
    }
    return FORE_E_UNSUPPORTED;
}

enum fore_err sim_moves_cutover(struct sim_moves *moves, fore_ticket number)
{
    struct sim_ticket *ticket = find(moves, number);
    if (ticket == NULL) return FORE_E_RANGE;
    if (ticket->phase != FORE_PHASE_READY) return FORE_E_CONFLICT;
    const struct fore_node *node = moves->cluster->topology.node;
    bool copied = ticket->from != FORE_NODE_NONE;
    if (copied && (!node[ticket->from].up || !node[ticket->to].up)) return FORE_E_UNREACHABLE;
    enum fore_err err = change_owner(moves, ticket);
    /* What the topology refuses now it will not allow later: two splits for the last free place. */
    ticket->phase = FORE_PHASE_FAILED;
    if (err == FORE_E_OK) ticket->phase = copied ? FORE_PHASE_SWEEPING : FORE_PHASE_DONE;
    return err;
}

enum fore_err sim_moves_sweep(struct sim_moves *moves, fore_ticket number, uint64_t *orphans)
{
    struct sim_ticket *ticket = find(moves, number);
    if (ticket == NULL) return FORE_E_RANGE;
    *orphans = 0;
    if (ticket->phase == FORE_PHASE_DONE) return FORE_E_OK;
    if (ticket->phase != FORE_PHASE_SWEEPING) return FORE_E_CONFLICT;
    if (!moves->cluster->topology.node[ticket->from].up) return FORE_E_UNREACHABLE;
    *orphans = moves->orphans[ticket->move.partition];
    moves->orphans[ticket->move.partition] = 0;
    ticket->phase = FORE_PHASE_DONE;
    return FORE_E_OK;
}
