/* risk_idle.c - seats: kept, shared, mixed; and loads added up by them. */
#include "core/risk/risk_idle.h"

#include <string.h>

enum { SEATS = FORE_RISK_SEATS };

static struct fore_risk_seat *seats_of(const struct fore_risk_idle *idle, uint32_t partition)
{
    FORE_ASSERT(partition < idle->partition_cap);
    return idle->seat + (size_t)partition * SEATS;
}

static void clear(struct fore_risk_seat *seat)
{
    for (int i = 0; i < SEATS; i++)
        seat[i] = (struct fore_risk_seat){.node = FORE_NODE_NONE};
}

static void seat_where_it_is(struct fore_risk_idle *idle, uint32_t partition,
                             const struct fore_partition *p)
{
    struct fore_risk_seat *seat = seats_of(idle, partition);
    clear(seat);
    for (uint16_t r = 0; p->alive && r < p->replica_count; r++) {
        if (r < SEATS)
            seat[r] = (struct fore_risk_seat){
                .node = p->replica[r], .copies = p->replica_count, .part = 1};
        else
            idle->untold[p->replica[r]] = true;
    }
}

void fore_risk_idle_init(struct fore_risk_idle *idle, struct fore_arena *arena,
                         const struct fore_topology *topology)
{
    *idle = (struct fore_risk_idle){
        .seat = FORE_NEW(arena, struct fore_risk_seat, (size_t)topology->partition_cap * SEATS),
        .partition_cap = topology->partition_cap,
        .node_count = topology->node_count,
        .untold = FORE_NEW(arena, bool, topology->node_count),
        .utilization = FORE_NEW(arena, double, topology->node_count),
    };
    for (uint32_t p = 0; p < topology->partition_cap; p++)
        if (p < topology->partition_count)
            seat_where_it_is(idle, p, &topology->partition[p]);
        else
            clear(seats_of(idle, p));
}

void fore_risk_idle_split(struct fore_risk_idle *idle, uint32_t whole, uint32_t part)
{
    memcpy(seats_of(idle, part), seats_of(idle, whole), SEATS * sizeof(struct fore_risk_seat));
}

/* Room is made by losing the smallest part. */
static void sit_down(struct fore_risk_idle *idle, struct fore_risk_seat *seat,
                     struct fore_risk_seat more)
{
    int least = 0;
    if (more.node == FORE_NODE_NONE || more.part <= 0) return;
    for (int i = 0; i < SEATS; i++) {
        if (seat[i].node == more.node && seat[i].copies == more.copies) {
            seat[i].part += more.part;
            return;
        }
        if (seat[least].node == FORE_NODE_NONE) continue;
        if (seat[i].node == FORE_NODE_NONE || seat[i].part < seat[least].part) least = i;
    }
    if (seat[least].node != FORE_NODE_NONE) {
        bool smaller = more.part < seat[least].part;
        idle->untold[smaller ? more.node : seat[least].node] = true;
        if (smaller) return;
    }
    seat[least] = more;
}

void fore_risk_idle_merged(struct fore_risk_idle *idle, uint32_t partition, uint32_t other,
                           double other_share)
{
    FORE_ASSERT(other_share >= 0 && other_share <= 1);
    struct fore_risk_seat *seat = seats_of(idle, partition), *gone = seats_of(idle, other);
    for (int i = 0; i < SEATS; i++)
        seat[i].part *= (float)(1 - other_share);
    for (int i = 0; i < SEATS; i++) {
        gone[i].part *= (float)other_share;
        sit_down(idle, seat, gone[i]);
    }
    clear(gone);
}

void fore_risk_idle_lost(struct fore_risk_idle *idle, uint32_t partition)
{
    const struct fore_risk_seat *seat = seats_of(idle, partition);
    for (int i = 0; i < SEATS; i++)
        if (seat[i].node != FORE_NODE_NONE) idle->untold[seat[i].node] = true;
}

static bool nowhere(const struct fore_risk_seat *seat)
{
    for (int i = 0; i < SEATS; i++)
        if (seat[i].node != FORE_NODE_NONE) return false;
    return true;
}

static bool sits_where_it_is(const struct fore_risk_seat *seat, const struct fore_partition *p)
{
    if (p->replica_count > SEATS) return false;
    for (int i = 0; i < SEATS; i++) {
        bool wanted = i < p->replica_count;
        if (wanted != (seat[i].node != FORE_NODE_NONE)) return false;
        if (wanted && (seat[i].node != p->replica[i] || seat[i].copies != p->replica_count))
            return false;
    }
    return true;
}

void fore_risk_idle_look(struct fore_risk_idle *idle, const struct fore_sample *sample,
                         const struct fore_topology *topology)
{
    double window_ns = (double)(sample->end - sample->begin), *out = idle->utilization;
    for (uint32_t n = 0; n < idle->node_count; n++) {
        double capacity = topology->node[n].cores * window_ns;
        out[n] = sample->node[n].utilization - (double)sample->node[n].busy_move_ns / capacity;
    }
    for (uint32_t p = 0; p < topology->partition_count && p < sample->partition_count; p++) {
        const struct fore_partition *part = &topology->partition[p];
        const struct fore_risk_seat *seat = seats_of(idle, p);
        if (part->alive && nowhere(seat)) seat_where_it_is(idle, p, part); /* not of our making */
        if (!part->alive || sits_where_it_is(seat, part)) continue;
        double reads = (double)sample->partition[p].busy_read_ns / window_ns;
        double writes = (double)sample->partition[p].busy_write_ns / window_ns;
        for (uint16_t r = 0; r < part->replica_count; r++)
            out[part->replica[r]] -=
                (reads / part->replica_count + writes) / topology->node[part->replica[r]].cores;
        for (int i = 0; i < SEATS; i++)
            if (seat[i].node != FORE_NODE_NONE)
                out[seat[i].node] += (double)seat[i].part * (reads / seat[i].copies + writes) /
                                     topology->node[seat[i].node].cores;
    }
}

/* Parts of one partition, seated together: they err together. */
static void seat_kin(const struct fore_risk_idle *idle, uint32_t p, const struct fore_risk_seat *at,
                     struct fore_load *out)
{
    double share = (double)at->part * fore_load_replica_share(out, p, at->copies);
    for (uint32_t q = out->kin[p]; q != p; q = out->kin[q]) {
        const struct fore_risk_seat *seat = seats_of(idle, q);
        if (q > p || !out->topology->partition[q].alive) continue; /* in their turn; gone */
        for (int i = 0; i < SEATS; i++) {
            if (seat[i].node != at->node) continue;
            struct fore_load_shift other = {
                .partition = q,
                .node = at->node,
                .share = (double)seat[i].part * fore_load_replica_share(out, q, seat[i].copies)};
            fore_load_add_kin(out, p, at->node, share, &other);
        }
    }
}

void fore_risk_idle_load(const struct fore_risk_idle *idle, const struct fore_load *like,
                         struct fore_arena *arena, struct fore_load *out)
{
    *out = *like;
    fore_load_begin(out, arena);
    for (uint32_t p = 0; p < like->topology->partition_count; p++) {
        const struct fore_risk_seat *seat = seats_of(idle, p);
        for (int i = 0; i < SEATS && like->topology->partition[p].alive; i++) {
            if (seat[i].node == FORE_NODE_NONE) continue;
            double share = fore_load_replica_share(like, p, seat[i].copies);
            fore_load_add(out, p, seat[i].node, (double)seat[i].part * share);
            if (out->kin != NULL) seat_kin(idle, p, &seat[i], out);
        }
    }
}
