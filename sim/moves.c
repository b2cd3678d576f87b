/*
 * moves.c - how tickets advance through time; what a caller may do with them is in ticket.c.
 */
#include "sim/moves.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/hash.h"
#include "sim/cluster.h"

#define SALT_CONTENT UINT64_C(0x636f6e74656e74)
enum { ROW_BYTES = 1024 };

void sim_moves_init(struct sim_moves *moves, struct sim_cluster *cluster, uint64_t seed,
                    struct fore_arena *perm)
{
    uint32_t cap = cluster->topology.partition_cap;
    *moves = (struct sim_moves){
        .cluster = cluster,
        .identity = FORE_NEW(perm, uint64_t, cap),
        .held = FORE_NEW(perm, struct fore_content, cap),
        .writes = FORE_NEW(perm, uint64_t, cap),
        .orphans = FORE_NEW(perm, uint64_t, cap),
        .dirty_rate = FORE_NEW(perm, double, cap),
        .paused_until = FORE_NEW(perm, fore_ns, cap),
        .node_load = FORE_NEW(perm, uint32_t, cluster->topology.node_count),
    };
    for (uint32_t p = 0; p < cap; p++)
        moves->identity[p] = fore_hash_u64(p, seed);
    for (uint32_t p = 0; p < cluster->topology.partition_count; p++)
        moves->held[p] =
            (struct fore_content){.sum = fore_hash_u64(moves->identity[p], SALT_CONTENT),
                                  .rows = 1 + cluster->topology.partition[p].bytes / ROW_BYTES};
}

void sim_moves_fini(struct sim_moves *moves)
{
    free(moves->ticket);
    free(moves->active);
    free(moves->work);
    *moves = (struct sim_moves){0};
}

void sim_moves_wrote(struct sim_moves *moves, uint32_t partition, uint64_t writes, double bytes,
                     double window_s)
{
    moves->writes[partition] += writes;
    if (writes > 0)
        moves->held[partition].written +=
            fore_hash_u64(moves->identity[partition], moves->writes[partition]);
    moves->dirty_rate[partition] = bytes / window_s;
}

static bool transfers(const struct sim_ticket *ticket)
{
    return ticket->phase == FORE_PHASE_COPYING || ticket->phase == FORE_PHASE_CATCHING_UP;
}

static void add_work(struct sim_moves *moves, struct sim_move_work work)
{
    if (moves->work_count == moves->work_cap) {
        moves->work_cap = moves->work_cap == 0 ? 16 : 2 * moves->work_cap;
        moves->work = realloc(moves->work, moves->work_cap * sizeof *moves->work);
        FORE_ASSERT(moves->work != NULL);
    }
    moves->work[moves->work_count++] = work;
}

/* A ticket that loses an end before its cut-over has failed: the source stays the owner. */
static void notice_faults(struct sim_moves *moves, struct sim_ticket *ticket)
{
    const struct fore_node *node = moves->cluster->topology.node;
    if (ticket->from == FORE_NODE_NONE || ticket->phase >= FORE_PHASE_SWEEPING) return;
    if (!node[ticket->from].up || !node[ticket->to].up) ticket->phase = FORE_PHASE_FAILED;
}

static void boot(struct sim_ticket *ticket, fore_ns now)
{
    if (ticket->phase == FORE_PHASE_QUEUED && now >= ticket->ready_at)
        ticket->phase = FORE_PHASE_READY;
}

uint32_t sim_moves_booting(const struct sim_moves *moves)
{
    uint32_t count = 0;
    for (size_t i = 0; i < moves->active_count; i++)
        count += moves->ticket[moves->active[i]].phase == FORE_PHASE_QUEUED;
    return count;
}

static double rate_of(const struct sim_moves *moves, const struct sim_ticket *ticket)
{
    const struct fore_node *node = moves->cluster->topology.node;
    double from = node[ticket->from].bandwidth_bytes / moves->node_load[ticket->from];
    double to = node[ticket->to].bandwidth_bytes / moves->node_load[ticket->to];
    double rate = fmin(from, to);
    return ticket->move.bytes_per_sec_max > 0 ? fmin(rate, ticket->move.bytes_per_sec_max) : rate;
}

/* Both return the seconds used of `left_s`. */
static double copy(struct sim_ticket *ticket, double rate, double dirty_rate, double bytes,
                   double left_s)
{
    double need = ticket->copy_left / rate, used = fmin(left_s, need);
    bool finished = need <= left_s;
    ticket->done += finished ? ticket->copy_left : rate * used;
    ticket->copy_left = finished ? 0 : ticket->copy_left - rate * used;
    ticket->dirty = fmin(ticket->dirty + dirty_rate * used, bytes);
    if (finished) ticket->phase = FORE_PHASE_CATCHING_UP;
    return used;
}

static double catch_up(struct sim_ticket *ticket, double rate, double dirty_rate, double bytes,
                       double left_s)
{
    double net = rate - dirty_rate;
    double need = ticket->dirty <= 0 ? 0 : net > 0 ? ticket->dirty / net : (double)INFINITY;
    double used = fmin(left_s, need);
    bool finished = need <= left_s;
    ticket->done += rate * used;
    ticket->dirty = finished ? 0 : fmin(fmax(0, ticket->dirty - net * used), bytes);
    if (finished) ticket->phase = FORE_PHASE_READY;
    return used;
}

static void advance(struct sim_moves *moves, struct sim_ticket *ticket, fore_ns begin,
                    double window_s)
{
    const struct fore_topology *topology = &moves->cluster->topology;
    double rate = rate_of(moves, ticket), used = 0, before = ticket->done;
    double dirty_rate = moves->dirty_rate[ticket->subject];
    double bytes = (double)topology->partition[ticket->subject].bytes;
    if (ticket->flows_at > begin) {
        double wait_s = (double)(ticket->flows_at - begin) / (double)FORE_SEC;
        window_s = fmax(0, window_s - wait_s);
        begin = ticket->flows_at;
    }
    if (ticket->phase == FORE_PHASE_COPYING && window_s > 0)
        used += copy(ticket, rate, dirty_rate, bytes, window_s);
    if (ticket->phase == FORE_PHASE_CATCHING_UP && window_s > 0)
        used += catch_up(ticket, rate, dirty_rate, bytes, window_s - used);
    moves->bytes_moved += ticket->done - before;
    const uint16_t end_node[] = {ticket->from, ticket->to};
    for (size_t i = 0; i < FORE_COUNTOF(end_node) && used > 0; i++) {
        const struct fore_node *node = &topology->node[end_node[i]];
        add_work(moves, (struct sim_move_work){.node = end_node[i],
                                               .begin = begin,
                                               .end = begin + (fore_ns)(used * (double)FORE_SEC),
                                               .cores = moves->cluster->move_cpu * node->cores *
                                                        rate / node->bandwidth_bytes});
    }
}

static bool is_over(const struct sim_ticket *ticket)
{
    return ticket->phase == FORE_PHASE_DONE || ticket->phase == FORE_PHASE_CANCELLED ||
           ticket->phase == FORE_PHASE_FAILED;
}

static void forget_finished(struct sim_moves *moves)
{
    size_t kept = 0;
    for (size_t i = 0; i < moves->active_count; i++)
        if (!is_over(&moves->ticket[moves->active[i]])) moves->active[kept++] = moves->active[i];
    moves->active_count = kept;
}

/* Every replica on a node that is up takes its share of it. */
static void add_upkeep(struct sim_moves *moves, fore_ns begin, fore_ns end)
{
    const struct fore_topology *topology = &moves->cluster->topology;
    double share = moves->cluster->split_cost.overhead_share;
    if (!(share > 0)) return;
    uint32_t *held = moves->node_load;
    memset(held, 0, topology->node_count * sizeof *held);
    for (uint32_t p = 0; p < topology->partition_count; p++)
        for (uint16_t r = 0;
             topology->partition[p].alive && r < topology->partition[p].replica_count; r++)
            held[topology->partition[p].replica[r]]++;
    for (uint16_t n = 0; n < topology->node_count; n++)
        if (topology->node[n].up && held[n] > 0)
            add_work(moves,
                     (struct sim_move_work){.node = n,
                                            .upkeep = true,
                                            .begin = begin,
                                            .end = end,
                                            .cores = share * held[n] * topology->node[n].cores});
}

void sim_moves_advance(struct sim_moves *moves, fore_ns begin, fore_ns end)
{
    moves->work_count = 0;
    moves->now = end;
    add_upkeep(moves, begin, end);
    if (moves->active_count == 0) return;
    memset(moves->node_load, 0, moves->cluster->topology.node_count * sizeof *moves->node_load);
    for (size_t i = 0; i < moves->active_count; i++) {
        struct sim_ticket *ticket = &moves->ticket[moves->active[i]];
        notice_faults(moves, ticket);
        boot(ticket, end);
        if (!transfers(ticket)) continue;
        moves->node_load[ticket->from]++;
        moves->node_load[ticket->to]++;
    }
    double window_s = (double)(end - begin) / (double)FORE_SEC;
    for (size_t i = 0; i < moves->active_count; i++) {
        struct sim_ticket *ticket = &moves->ticket[moves->active[i]];
        if (transfers(ticket)) advance(moves, ticket, begin, window_s);
    }
    forget_finished(moves);
}
