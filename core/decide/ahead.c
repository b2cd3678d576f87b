/* ahead.c - heads, from what is observed of every partition. */
#include "core/decide/ahead.h"

#include <math.h>

static const double share_min = 1.0 / 3; /* of the load: less, and a cut at the median helps */

/* What is asked of rows made in the last `s` seconds, as a share of the partition's load. */
static double share_since(const struct fore_observe *observe, const struct fore_partition *part,
                          uint32_t p, const struct fore_insertion *in, double s)
{
    double behind = in->keys_per_sec * s, inside = (double)(in->head - part->first);
    uint64_t since = behind < inside ? in->head - (uint64_t)behind : part->first;
    return fore_keyrange_share(observe->key_ranges, p, since, in->head);
}

/* Rows made beyond the border take over what rows of their age are asked for now. A step's share is
 * that of its middle. */
static void spread_out(const struct fore_observe *observe, const struct fore_partition *part,
                       uint32_t p, const struct fore_insertion *in, double follow_s,
                       struct fore_arrival *out)
{
    static const double begins[] = {0, 1.0 / 6, 1.0 / 2}, middle[] = {1.0 / 12, 1.0 / 3, 1};
    double gone = 0;
    for (uint32_t k = 0; k < FORE_AHEAD_STEPS; k++) {
        double by_then = share_since(observe, part, p, in, middle[k] * follow_s);
        out->later_s[k] = begins[k] * follow_s;
        out->part[k] = by_then - gone;
        gone = by_then;
    }
}

static bool head_in(const struct fore_observe *observe, const struct fore_topology *topology,
                    uint32_t p, double follow_s, struct fore_arrival *out)
{
    const struct fore_partition *part = &topology->partition[p];
    struct fore_insertion in;
    if (!part->alive || part->apart != 0) return false;
    if (!fore_frontier_of(observe->frontier, p, &in) || !(in.keys_per_sec > 0)) return false;
    if (in.head < part->first || in.head > part->last) return false; /* it is still to come */
    double share = share_since(observe, part, p, &in, follow_s);
    *out = (struct fore_arrival){.partition = p,
                                 .next = fore_topology_right_of(topology, p),
                                 .at_s = (double)(part->last - in.head) / in.keys_per_sec,
                                 .share = share,
                                 .head = in.head,
                                 .keys_per_sec = in.keys_per_sec,
                                 .read_share = 1 - observe->partition[p].write_share};
    spread_out(observe, part, p, &in, follow_s, out);
    return share >= share_min;
}

struct fore_arrivals fore_ahead_list(const struct fore_observe *observe,
                                     const struct fore_topology *topology, double follow_s,
                                     struct fore_arena *arena)
{
    struct fore_arrivals out = {0};
    struct fore_arrival one;
    uint32_t count = 0;
    for (uint32_t p = 0; p < topology->partition_count; p++)
        count += head_in(observe, topology, p, follow_s, &one);
    if (count == 0) return out;
    out.item = FORE_NEW(arena, struct fore_arrival, count);
    for (uint32_t p = 0; p < topology->partition_count; p++)
        if (head_in(observe, topology, p, follow_s, &one)) out.item[out.count++] = one;
    return out;
}

const struct fore_arrival *fore_ahead_of(const struct fore_arrivals *arrivals, uint32_t partition)
{
    for (uint32_t i = 0; i < arrivals->count; i++)
        if (arrivals->item[i].partition == partition) return &arrivals->item[i];
    return NULL;
}

/* What one of so many copies brings, as a share of the load. */
static double copy_share(double read_share, uint16_t copies)
{
    return read_share / copies + (1 - read_share);
}

/* Hosts of `p` that are none of `q`'s, or, the other way round, those they have in common. */
static uint32_t hosts_of(const struct fore_topology *topology, uint32_t p, uint32_t q, bool common,
                         uint16_t *out)
{
    const struct fore_partition *part = &topology->partition[p];
    uint32_t count = 0;
    for (uint16_t r = 0; r < part->replica_count; r++)
        if (fore_topology_hosts(topology, q, part->replica[r]) == common)
            out[count++] = part->replica[r];
    return count;
}

/* One node gives the load away, or NONE; one gets it, or NONE: `more` times what a copy of the old
 * partition brings. */
static size_t pass_on(const struct fore_arrival *a, uint16_t from, uint16_t to, double more,
                      double offset_s, struct fore_load_pending *out)
{
    for (uint32_t k = 0; k < FORE_AHEAD_STEPS; k++)
        out[k] = (struct fore_load_pending){.partition = a->partition,
                                            .from = from,
                                            .to = to,
                                            .share = a->part[k],
                                            .lost = a->part[k] * (1 - more),
                                            .due_s = offset_s + a->at_s + a->later_s[k],
                                            .by_itself = true};
    return FORE_AHEAD_STEPS;
}

static size_t arrive(const struct fore_arrival *a, const struct fore_topology *topology,
                     double offset_s, struct fore_load_pending *out)
{
    uint16_t from[FORE_REPLICAS_MAX], to[FORE_REPLICAS_MAX], both[FORE_REPLICAS_MAX];
    uint32_t leave = hosts_of(topology, a->partition, a->next, false, from);
    uint32_t come = hosts_of(topology, a->next, a->partition, false, to);
    uint32_t stay = hosts_of(topology, a->partition, a->next, true, both);
    double old = copy_share(a->read_share, topology->partition[a->partition].replica_count);
    double new = copy_share(a->read_share, topology->partition[a->next].replica_count);
    double more = old > 0 ? new / old : 1; /* fewer copies: each gets more */
    size_t count = 0;
    for (uint32_t i = 0; i < leave || i < come; i++)
        count += pass_on(a, i < leave ? from[i] : FORE_NODE_NONE, i < come ? to[i] : FORE_NODE_NONE,
                         more, offset_s, out + count);
    for (uint32_t i = 0; i < stay && (more < 1 || more > 1); i++)
        count += pass_on(a, FORE_NODE_NONE, both[i], more - 1, offset_s, out + count);
    return count;
}

size_t fore_ahead_pending(const struct fore_arrivals *arrivals,
                          const struct fore_topology *topology, double offset_s, double horizon_s,
                          struct fore_load_pending *out)
{
    size_t count = 0;
    for (uint32_t i = 0; i < arrivals->count; i++) {
        const struct fore_arrival *a = &arrivals->item[i];
        if (a->next == FORE_PARTITION_NONE || !(a->at_s < horizon_s)) continue;
        count += arrive(a, topology, offset_s, out + count);
    }
    return count;
}
