/*
 * load.c - node loads as normal distributions, and the price of changing them.
 *
 * The planner asks one question thousands of times: what would this node cost if that partition
 * came or went? So the sums are kept per node and step, a question touches one node's row only,
 * and the normal tail is a table look-up. A change that falls inside a step counts in proportion.
 */
#include "core/risk/load.h"

#include "core/forecast/spread.h"
#include "core/risk/normal_loss.h"

#include <math.h>
#include <string.h>

enum { CHANGES_MAX = 4, KIN_MAX = 16 };

static size_t row_of(const struct fore_load *load, uint32_t term, uint16_t node)
{
    return ((size_t)term * load->topology->node_count + node) * load->steps;
}

static double clamp01(double x)
{
    return x < 0 ? 0 : x > 1 ? 1 : x;
}

/* The share of step h that lies after `from_s`. */
static double part_after(const struct fore_load *load, size_t h, double from_s)
{
    return clamp01((double)(h + 1) - from_s / load->step_s);
}

/* The share of step h that lies before `until_s`. */
static double part_before(const struct fore_load *load, size_t h, double until_s)
{
    return clamp01(until_s / load->step_s - (double)h);
}

double fore_load_replica_share(const struct fore_load *load, uint32_t partition,
                               uint32_t replica_count)
{
    FORE_ASSERT(replica_count > 0);
    double read = load->read_share == NULL ? 1.0 : load->read_share[partition];
    return read / replica_count + (1.0 - read);
}

/* What `share` more of a partition does to a node's own variance, as a factor of own squared: parts
 * of one load err together (forecast/spread.h). `held` is what is there when something leaves;
 * coming and going cancel exactly. */
static double variance_of(double share, double held)
{
    if (share >= 0) return fore_spread_part(share);
    return fore_spread_part(fmax(held + share, 0)) - fore_spread_part(held);
}

/* Adds `share` of a partition's distribution to m, v, c at step h. A negative share takes away from
 * `held`. */
static inline void add_at(const struct fore_scenario *s, uint32_t partition, size_t h, double share,
                          double held, double *m, double *v, double *c)
{
    if (partition >= s->partition_count) return; /* younger than the scenario: nothing known */
    size_t at = (size_t)partition * s->steps + h;
    double own = (double)s->own[at];
    *m += share * (double)s->mean[at];
    *v += variance_of(share, held) * (own * own);
    *c += share * (double)s->common[at];
}

double fore_load_capacity(const struct fore_load *load, uint16_t node)
{
    const struct fore_node *n = &load->topology->node[node];
    return n->up ? n->cores : 1e-3 * n->cores; /* a node that is down has no room */
}

/* A change in whole steps: nothing before `first`, a part of it in `first`, all of it after. */
struct stepped {
    const struct fore_load_change *change;
    size_t first, busy; /* steps; `busy` is the last one with any copying */
    double first_part, busy_part;
};

struct kin { /* others of a partition's kin on a node */
    uint32_t partition[KIN_MAX];
    double share[KIN_MAX];
    uint32_t count;
};

static double shifted(const struct fore_load *load, uint32_t partition, uint16_t node)
{
    double sum = 0;
    for (uint32_t i = 0; i < load->shift_count; i++)
        if (load->shift[i].partition == partition && load->shift[i].node == node)
            sum += load->shift[i].share;
    return sum;
}

/* Of its load at each node that has it. */
static double held_share(const struct fore_load *load, uint32_t partition)
{
    uint32_t count = load->topology->partition[partition].replica_count;
    return count > 0 ? fore_load_replica_share(load, partition, count) : 0;
}

static void find_kin(const struct fore_load *load, uint32_t partition, uint16_t node,
                     struct kin *out)
{
    out->count = 0;
    if (load->kin == NULL || load->kin[partition] == partition) return;
    for (uint32_t q = load->kin[partition]; q != partition; q = load->kin[q]) {
        if (q >= load->topology->partition_count || !load->topology->partition[q].alive) continue;
        double share = shifted(load, q, node);
        if (fore_topology_hosts(load->topology, q, node)) share += held_share(load, q);
        if (!(share > 1e-9) || out->count == KIN_MAX) continue;
        out->partition[out->count] = q;
        out->share[out->count++] = share;
    }
}

/* Sum of what they err by at step h. */
static double kin_own(const struct kin *kin, const struct fore_scenario *s, size_t h)
{
    double sum = 0;
    for (uint32_t i = 0; i < kin->count; i++)
        if (kin->partition[i] < s->partition_count)
            sum += kin->share[i] * (double)s->own[(size_t)kin->partition[i] * s->steps + h];
    return sum;
}

static double cross_at(const struct kin *kin, const struct fore_scenario *s, uint32_t partition,
                       size_t h, double share)
{
    if (kin->count == 0 || partition >= s->partition_count) return 0;
    return 2 * FORE_SPREAD_TOGETHER * share * (double)s->own[(size_t)partition * s->steps + h] *
           kin_own(kin, s, h);
}

static struct stepped in_steps(const struct fore_load *load, const struct fore_load_change *change)
{
    struct stepped s = {.change = change};
    double from = change->from_s / load->step_s, until = change->busy_until_s / load->step_s;
    double last = (double)load->steps;
    s.first = from >= last ? load->steps : (size_t)from;
    s.first_part = 1 - (from - floor(from));
    s.busy = until >= last ? load->steps : (size_t)until;
    s.busy_part = until - floor(until);
    return s;
}

/* Steps are worked on a block at a time, one simple loop after the other: the compiler makes
 * vectors of them, and no step waits for the root and the table look-up of the one before. */
enum { BLOCK = 32 };
struct block {
    size_t from, count; /* steps */
    double m[BLOCK], v[BLOCK], c[BLOCK];
};

static void block_busy(struct block *block, const struct stepped *x, double copying)
{
    size_t end = x->busy < block->from ? 0 : x->busy - block->from;
    for (size_t k = 0; k < end && k < block->count; k++)
        block->m[k] += copying;
    if (x->busy >= block->from && end < block->count) block->m[end] += copying * x->busy_part;
}

/* What replicas take by being there. */
static void block_held(struct block *block, const struct stepped *x, double each)
{
    double more = x->change->replicas * each;
    size_t k = x->first > block->from ? x->first - block->from : 0;
    if (more == 0 || k >= block->count) return;
    if (x->first >= block->from) block->m[k++] += more * x->first_part;
    for (; k < block->count; k++)
        block->m[k] += more;
}

static void block_share(struct block *block, const struct fore_scenario *s, const struct stepped *x,
                        double held)
{
    uint32_t partition = x->change->partition;
    if (x->change->share == 0 || partition >= s->partition_count) return;
    size_t k = x->first > block->from ? x->first - block->from : 0;
    if (k >= block->count) return;
    if (x->first >= block->from) {
        add_at(s, partition, x->first, x->change->share * x->first_part, held, &block->m[k],
               &block->v[k], &block->c[k]);
        k++;
    }
    size_t at = (size_t)partition * s->steps + block->from;
    const float *mean = s->mean + at, *own = s->own + at, *common = s->common + at;
    double share = x->change->share, factor = variance_of(share, held);
    for (; k < block->count; k++) {
        block->m[k] += share * (double)mean[k];
        block->v[k] += factor * ((double)own[k] * (double)own[k]);
        block->c[k] += share * (double)common[k];
    }
}

/* Expected violation seconds of the block's steps: each one's probability, and the depth that lies
 * beyond it; added to `sum` in their order. */
static double block_cost(const struct fore_load *load, double cores, const struct block *block,
                         double sum)
{
    double blur = (load->spread * load->spread + 1e-12) * cores * cores;
    double sd[BLOCK], z[BLOCK];
    for (size_t k = 0; k < block->count; k++) {
        double own = block->v[k] > 0 ? block->v[k] : 0;
        sd[k] = sqrt(own + block->c[k] * block->c[k] + blur);
    }
    for (size_t k = 0; k < block->count; k++)
        z[k] = (load->limit * cores - block->m[k]) / sd[k];
    for (size_t k = 0; k < block->count; k++) {
        if (z[k] > 6) continue; /* most steps */
        struct fore_normal_loss at = fore_normal_loss_at(z[k]);
        sum += load->step_s *
               ((double)at.tail + load->excess_weight * sd[k] * (double)at.loss / cores);
    }
    return sum;
}

/* With what it leaves behind, or comes to. */
static void block_kin(struct block *block, const struct fore_scenario *s, const struct stepped *x,
                      const struct kin *kin)
{
    if (kin->count == 0 || x->change->share == 0) return;
    size_t k = x->first > block->from ? x->first - block->from : 0;
    for (; k < block->count; k++) {
        size_t h = block->from + k;
        double part = h == x->first ? x->first_part : 1;
        block->v[k] += cross_at(kin, s, x->change->partition, h, part * x->change->share);
    }
}

static double cost_within(const struct fore_load *load, uint16_t node,
                          const struct fore_load_change *change, size_t change_count)
{
    FORE_ASSERT(change_count <= CHANGES_MAX);
    struct stepped stepped[CHANGES_MAX];
    for (size_t i = 0; i < change_count; i++)
        stepped[i] = in_steps(load, &change[i]);
    double held[CHANGES_MAX];
    struct kin kin[CHANGES_MAX];
    for (size_t i = 0; i < change_count; i++) {
        held[i] = held_share(load, change[i].partition);
        find_kin(load, change[i].partition, node, &kin[i]);
    }
    double cores = fore_load_capacity(load, node), total = 0;
    double copying = load->move_utilization * cores;
    for (uint32_t t = 0; t < load->term_count; t++) {
        size_t row = row_of(load, t, node);
        double sum = 0;
        for (size_t from = 0; from < load->steps; from += BLOCK) {
            struct block block;
            block.from = from;
            block.count = load->steps - from < BLOCK ? load->steps - from : BLOCK;
            memcpy(block.m, load->mean + row + from, block.count * sizeof(double));
            memcpy(block.v, load->own_var + row + from, block.count * sizeof(double));
            memcpy(block.c, load->common + row + from, block.count * sizeof(double));
            for (size_t i = 0; i < change_count; i++) {
                block_busy(&block, &stepped[i], copying);
                block_held(&block, &stepped[i], load->replica_overhead * cores);
                block_share(&block, load->term[t].scenario, &stepped[i], held[i]);
                block_kin(&block, load->term[t].scenario, &stepped[i], &kin[i]);
            }
            sum = block_cost(load, cores, &block, sum);
        }
        total += load->term[t].weight * sum;
    }
    return total;
}

/* The change as those see it whose time begins `from_s` later. */
static struct fore_load_change later(struct fore_load_change change, double from_s)
{
    change.from_s = fmax(0, change.from_s - from_s);
    change.busy_until_s = fmax(0, change.busy_until_s - from_s);
    return change;
}

double fore_load_cost_with(const struct fore_load *load, uint16_t node,
                           const struct fore_load_change *change, size_t change_count)
{
    double cost = cost_within(load, node, change, change_count);
    if (load->beyond == NULL) return cost;
    FORE_ASSERT(change_count <= CHANGES_MAX);
    struct fore_load_change then[CHANGES_MAX];
    for (size_t i = 0; i < change_count; i++)
        then[i] = later(change[i], load->beyond_from_s);
    return cost + load->beyond_weight * cost_within(load->beyond, node, then, change_count);
}

/* What changes have brought to a node, or taken, beside what the topology says. */
static void note_shift(struct fore_load *load, const struct fore_load_change *x)
{
    if (x->share == 0 || load->kin == NULL || load->kin[x->partition] == x->partition) return;
    if (load->shift_count == FORE_LOAD_SHIFTS) return;
    load->shift[load->shift_count++] =
        (struct fore_load_shift){.partition = x->partition, .node = x->node, .share = x->share};
}

static void apply_within(struct fore_load *load, const struct fore_load_change *change,
                         size_t change_count)
{
    for (size_t i = 0; i < change_count; i++) {
        const struct fore_load_change *x = &change[i];
        double cores = fore_load_capacity(load, x->node), held = held_share(load, x->partition);
        struct kin kin;
        find_kin(load, x->partition, x->node, &kin);
        for (uint32_t t = 0; t < load->term_count; t++) {
            size_t row = row_of(load, t, x->node);
            for (size_t h = 0; h < load->steps; h++) {
                double after = part_after(load, h, x->from_s);
                if (after > 0 && x->share != 0)
                    add_at(load->term[t].scenario, x->partition, h, x->share * after, held,
                           &load->mean[row + h], &load->own_var[row + h], &load->common[row + h]);
                if (after > 0)
                    load->own_var[row + h] +=
                        cross_at(&kin, load->term[t].scenario, x->partition, h, x->share * after);
                load->mean[row + h] +=
                    load->move_utilization * cores * part_before(load, h, x->busy_until_s);
                if (load->replica_overhead > 0)
                    load->mean[row + h] += load->replica_overhead * cores * x->replicas * after;
            }
        }
        note_shift(load, x);
    }
}

void fore_load_apply(struct fore_load *load, const struct fore_load_change *change,
                     size_t change_count)
{
    apply_within(load, change, change_count);
    for (size_t i = 0; i < change_count && load->beyond != NULL; i++) {
        struct fore_load_change then = later(change[i], load->beyond_from_s);
        apply_within(load->beyond, &then, 1);
    }
    for (size_t i = 0; i < change_count; i++)
        load->cost[change[i].node] = fore_load_cost_with(load, change[i].node, NULL, 0);
}

void fore_load_add(struct fore_load *load, uint32_t partition, uint16_t node, double share)
{
    double held = load->replica_overhead * fore_load_capacity(load, node);
    for (uint32_t t = 0; t < load->term_count; t++) {
        size_t row = row_of(load, t, node);
        for (size_t h = 0; h < load->steps; h++)
            add_at(load->term[t].scenario, partition, h, share, 0, &load->mean[row + h],
                   &load->own_var[row + h], &load->common[row + h]);
        for (size_t h = 0; h < load->steps && held > 0; h++)
            load->mean[row + h] += held;
    }
}

static void add_cross(struct fore_load *load, uint32_t partition, uint16_t node, double share,
                      const struct kin *kin)
{
    for (uint32_t t = 0; t < load->term_count && kin->count > 0; t++) {
        double *own_var = load->own_var + row_of(load, t, node);
        for (size_t h = 0; h < load->steps; h++)
            own_var[h] += cross_at(kin, load->term[t].scenario, partition, h, share);
    }
}

void fore_load_add_kin(struct fore_load *load, uint32_t partition, uint16_t node, double share,
                       const struct fore_load_shift *other)
{
    struct kin kin = {.partition = {other->partition}, .share = {other->share}, .count = 1};
    add_cross(load, partition, node, share, &kin);
}

static void add_partition(struct fore_load *load, uint32_t partition)
{
    const struct fore_partition *p = &load->topology->partition[partition];
    double share = fore_load_replica_share(load, partition, p->replica_count);
    for (uint32_t r = 0; r < p->replica_count; r++) {
        fore_load_add(load, partition, p->replica[r], share);
        struct kin kin, before = {.count = 0}; /* those before it are there already */
        find_kin(load, partition, p->replica[r], &kin);
        for (uint32_t i = 0; i < kin.count; i++) {
            if (kin.partition[i] > partition) continue;
            before.partition[before.count] = kin.partition[i];
            before.share[before.count++] = kin.share[i];
        }
        add_cross(load, partition, p->replica[r], share, &before);
    }
}

static void add_pending(struct fore_load *load, const struct fore_load_pending *move)
{
    const struct fore_partition *p = &load->topology->partition[move->partition];
    if (!p->alive) return;
    double now = fore_load_replica_share(load, move->partition, p->replica_count);
    struct fore_load_change change = {.partition = move->partition,
                                      .from_s = move->due_s,
                                      .busy_until_s = move->by_itself ? 0 : move->due_s};
    if (move->by_itself || (move->from != FORE_NODE_NONE && move->to != FORE_NODE_NONE)) {
        change.node = move->from;
        change.share = -now * move->share;
        /* a part's other part stays */
        change.replicas = move->by_itself || move->share < 1 ? 0 : -1;
        if (move->from != FORE_NODE_NONE) fore_load_apply(load, &change, 1);
        change.node = move->to;
        change.share = now * (move->share - move->lost);
        change.replicas = move->by_itself ? 0 : 1;
        if (move->to != FORE_NODE_NONE) fore_load_apply(load, &change, 1);
        return;
    }
    /* One replica more or fewer: every host's part changes. */
    uint32_t count = p->replica_count + (move->from == FORE_NODE_NONE ? 1u : 0u);
    if (move->to == FORE_NODE_NONE && count > 1) count--;
    double then = fore_load_replica_share(load, move->partition, count);
    for (uint32_t r = 0; r < p->replica_count; r++) {
        bool leaves = p->replica[r] == move->from;
        change.node = p->replica[r];
        change.share = leaves ? -now : then - now;
        change.replicas = leaves ? -1 : 0;
        change.busy_until_s = r == 0 ? move->due_s : 0;
        fore_load_apply(load, &change, 1);
    }
    if (move->to != FORE_NODE_NONE) {
        change.node = move->to;
        change.share = then;
        change.replicas = 1;
        change.busy_until_s = move->due_s;
        fore_load_apply(load, &change, 1);
    }
}

void fore_load_begin(struct fore_load *load, struct fore_arena *arena)
{
    FORE_ASSERT(load->term_count >= 1 && load->term_count <= FORE_LOAD_SCENARIOS);
    const struct fore_topology *topology = load->topology;
    load->steps = load->term[0].scenario->steps;
    load->step_s = (double)load->term[0].scenario->step / (double)FORE_SEC;
    for (uint32_t t = 0; t < load->term_count; t++)
        FORE_ASSERT(load->term[t].scenario->steps == load->steps);
    size_t cells = (size_t)load->term_count * topology->node_count * load->steps;
    load->mean = FORE_NEW(arena, double, cells);
    load->own_var = FORE_NEW(arena, double, cells);
    load->common = FORE_NEW(arena, double, cells);
    load->cost = FORE_NEW(arena, double, topology->node_count);
    load->kin = load->term[0].scenario->kin;
    load->shift_count = 0;
    load->shift = FORE_NEW(arena, struct fore_load_shift, FORE_LOAD_SHIFTS);
}

static void lay(struct fore_load *load, struct fore_arena *arena)
{
    fore_load_begin(load, arena);
    for (uint32_t p = 0; p < load->topology->partition_count; p++)
        if (load->topology->partition[p].alive) add_partition(load, p);
}

void fore_load_build(struct fore_load *load, struct fore_arena *arena,
                     const struct fore_load_pending *pending, size_t pending_count)
{
    const struct fore_topology *topology = load->topology;
    lay(load, arena);
    if (load->beyond != NULL) lay(load->beyond, arena);
    for (size_t i = 0; i < pending_count; i++)
        add_pending(load, &pending[i]);
    for (uint32_t n = 0; n < topology->node_count; n++)
        load->cost[n] = fore_load_cost_with(load, (uint16_t)n, NULL, 0);
}
