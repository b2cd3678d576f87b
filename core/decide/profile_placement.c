/*
 * profile_placement.c - greedy packing of load vectors, then moves and swaps away from whoever
 * costs most.
 *
 * The invariant: state.sum holds the loads of every node, slot by slot, and state.cost the node's
 * part of the objective, for the owners as they are. A step is tried by the costs of the two nodes
 * it touches and taken when it is better by more than rounding. A throw moves a few partitions,
 * mostly off the costliest node, whatever it costs; if the search does not come out better than the
 * best placement so far, that one is put back.
 */
#include "core/decide/profile_placement.h"

#include "core/decide/profile_own.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/dist.h"

static const double height_weight = 1e-3; /* of the term that balances what is far from the limit */
static const double least_gain = 1e-9;
static const uint64_t usual_budget = 400000000;
enum { USUAL_THROWS = 200, THROWN_MAX = 4 };

struct state {
    const struct fore_profile_placement *problem;
    uint16_t *owner;
    double *sum;  /* [node * slots] */
    double *cost; /* [node] */
    double *mean; /* [partition]: weighted mean load, to order by */
    struct fore_profile_own own;
    uint64_t used; /* node-slots looked at */
    uint64_t budget;
};

static const float *load_of(const struct state *s, uint32_t p)
{
    return s->problem->load + (size_t)p * s->problem->slots;
}

/* P(a node is above its room, which `load` fills to `fill`); `own`: variance beside the spread. */
static double tail(const struct fore_profile_placement *o, double fill, double load, double own)
{
    double spread = own > 0 ? sqrt(o->spread * o->spread + own / (load * load)) : o->spread;
    return fore_dist_normal_tail((1 / fill - 1) / spread);
}

/* One node's part of J if somebody `comes` and another `leaves`; either may be FORE_PARTITION_NONE.
 */
static double node_cost(struct state *s, uint32_t n, uint32_t comes, uint32_t leaves)
{
    const struct fore_profile_placement *o = s->problem;
    const double *sum = s->sum + (size_t)n * o->slots;
    const float *plus = comes != FORE_PARTITION_NONE ? load_of(s, comes) : NULL;
    const float *minus = leaves != FORE_PARTITION_NONE ? load_of(s, leaves) : NULL;
    const double *tide = s->own.tide;
    double own = tide != NULL ? fore_profile_own_with(&s->own, n, comes, leaves) : 0;
    double room = o->limit * o->capacity[n], over = 0, height = 0;
    s->used += o->slots;
    for (uint32_t k = 0; k < o->slots; k++) {
        double load = sum[k];
        if (plus != NULL) load += (double)plus[k];
        if (minus != NULL) load -= (double)minus[k];
        if (load <= 0 || o->weight[k] <= 0) continue;
        if (room <= 0) return HUGE_VAL;
        double fill = load / room, square = fill * fill;
        height += o->weight[k] * square * square;
        if (fill > 1) over += o->weight[k] * o->depth * (fill - 1);
        if (fill > 0.5)
            over += o->weight[k] * tail(o, fill, load, tide != NULL ? own * tide[k] : 0);
    }
    return over + (o->balance > 0 ? o->balance : height_weight) * height;
}

static void shift(struct state *s, uint32_t n, uint32_t p, double sign)
{
    double *sum = s->sum + (size_t)n * s->problem->slots;
    const float *load = load_of(s, p);
    if (s->own.tide != NULL) fore_profile_own_shift(&s->own, p, n, sign);
    for (uint32_t k = 0; k < s->problem->slots; k++)
        sum[k] += sign * (double)load[k];
}

static double price_at(const struct state *s, uint32_t p, uint32_t n)
{
    const struct fore_profile_placement *o = s->problem;
    return o->from != NULL && o->price != NULL && o->from[p] != n ? o->price[p] : 0;
}

static void begin(struct state *s, const struct fore_profile_placement *problem,
                  struct fore_arena *scratch)
{
    *s = (struct state){.problem = problem,
                        .sum = FORE_NEW(scratch, double, (size_t)problem->nodes * problem->slots),
                        .cost = FORE_NEW(scratch, double, problem->nodes),
                        .mean = FORE_NEW(scratch, double, problem->partitions + 1),
                        .budget = problem->budget > 0 ? problem->budget : usual_budget};
    FORE_ASSERT(problem->slots > 0 && problem->nodes > 0 && problem->nodes <= UINT16_MAX);
    FORE_ASSERT(problem->limit > 0 && problem->spread > 0);
    for (uint32_t p = 0; p < problem->partitions; p++)
        for (uint32_t k = 0; k < problem->slots; k++)
            s->mean[p] += problem->weight[k] * (double)load_of(s, p)[k];
    fore_profile_own_begin(&s->own, problem, scratch);
}

static void settle(struct state *s)
{
    for (uint32_t p = 0; p < s->problem->partitions; p++)
        shift(s, s->owner[p], p, 1);
    for (uint32_t n = 0; n < s->problem->nodes; n++)
        s->cost[n] = node_cost(s, n, FORE_PARTITION_NONE, FORE_PARTITION_NONE);
}

/* ---- greedy ---------------------------------------------------------------------------------- */

struct sized {
    double size;
    uint32_t index;
};

static int larger_first(const void *a, const void *b)
{
    const struct sized *x = a, *y = b;
    if (x->size > y->size) return -1;
    if (x->size < y->size) return 1;
    return (x->index > y->index) - (x->index < y->index);
}

static void pack(struct state *s, struct fore_arena *scratch)
{
    const struct fore_profile_placement *o = s->problem;
    struct sized *order = FORE_NEW(scratch, struct sized, o->partitions + 1);
    for (uint32_t p = 0; p < o->partitions; p++)
        order[p] = (struct sized){s->mean[p], p};
    qsort(order, o->partitions, sizeof *order, larger_first);
    for (uint32_t i = 0; i < o->partitions; i++) {
        uint32_t p = order[i].index, best = UINT32_MAX;
        double best_more = HUGE_VAL, best_cost = 0;
        for (uint32_t n = 0; n < o->nodes; n++) {
            if (!(o->capacity[n] > 0)) continue;
            double cost = node_cost(s, n, p, FORE_PARTITION_NONE), more = cost - s->cost[n];
            if (best != UINT32_MAX && !(more < best_more)) continue;
            best = n;
            best_more = more;
            best_cost = cost;
        }
        FORE_ASSERT(best != UINT32_MAX);
        s->owner[p] = (uint16_t)best;
        shift(s, best, p, 1);
        s->cost[best] = best_cost;
    }
}

/* ---- local search ---------------------------------------------------------------------------- */

struct step {
    uint32_t p, q; /* q UINT32_MAX: p moves to `to`; else they change places */
    uint32_t to;
    double gain;
};

/* What p on another node, and q (or nobody) in its place, would save. */
static double gain_of(struct state *s, uint32_t p, uint32_t to, uint32_t q)
{
    uint32_t from = s->owner[p];
    double before = s->cost[from] + s->cost[to] + price_at(s, p, from);
    double after = price_at(s, p, to) + node_cost(s, from, q, p);
    if (q != UINT32_MAX) {
        before += price_at(s, q, to);
        after += price_at(s, q, from);
    }
    if (after >= before) return 0; /* the other node is never free */
    return before - after - node_cost(s, to, p, q);
}

static void take(struct state *s, const struct step *step)
{
    uint32_t from = s->owner[step->p], to = step->to;
    shift(s, from, step->p, -1);
    shift(s, to, step->p, 1);
    s->owner[step->p] = (uint16_t)to;
    if (step->q != UINT32_MAX) {
        shift(s, to, step->q, -1);
        shift(s, from, step->q, 1);
        s->owner[step->q] = (uint16_t)from;
    }
    s->cost[from] = node_cost(s, from, FORE_PARTITION_NONE, FORE_PARTITION_NONE);
    s->cost[to] = node_cost(s, to, FORE_PARTITION_NONE, FORE_PARTITION_NONE);
}

static void offer(struct state *s, struct step *best, uint32_t p, uint32_t to, uint32_t q)
{
    double gain = gain_of(s, p, to, q);
    if (gain > best->gain) *best = (struct step){.p = p, .q = q, .to = to, .gain = gain};
}

/* The best step for one partition: over to any node, or in exchange with anybody elsewhere. */
static struct step best_of(struct state *s, uint32_t p)
{
    const struct fore_profile_placement *o = s->problem;
    struct step best = {.gain = least_gain};
    for (uint32_t n = 0; n < o->nodes; n++)
        if (n != s->owner[p] && o->capacity[n] > 0) offer(s, &best, p, n, UINT32_MAX);
    for (uint32_t q = 0; q < o->partitions && s->used < s->budget; q++)
        if (s->owner[q] != s->owner[p]) offer(s, &best, p, s->owner[q], q);
    return best;
}

/* One step away from node n, for its heaviest partition that has a good one. */
static bool relieve(struct state *s, uint32_t n, struct sized *held)
{
    uint32_t count = 0;
    for (uint32_t p = 0; p < s->problem->partitions; p++)
        if (s->owner[p] == n) held[count++] = (struct sized){s->mean[p], p};
    qsort(held, count, sizeof *held, larger_first);
    for (uint32_t i = 0; i < count && s->used < s->budget; i++) {
        struct step step = best_of(s, held[i].index);
        if (!(step.gain > least_gain)) continue;
        take(s, &step);
        return true;
    }
    return false;
}

/* Costliest node first; when nothing helps it, the next. */
static void search(struct state *s, struct fore_arena *scratch)
{
    uint32_t nodes = s->problem->nodes;
    struct sized *order = FORE_NEW(scratch, struct sized, nodes);
    struct sized *held = FORE_NEW(scratch, struct sized, s->problem->partitions + 1);
    bool better = true;
    while (better && s->used < s->budget) {
        for (uint32_t n = 0; n < nodes; n++)
            order[n] = (struct sized){s->cost[n], n};
        qsort(order, nodes, sizeof *order, larger_first);
        better = false;
        for (uint32_t i = 0; i < nodes && !better; i++)
            better = relieve(s, order[i].index, held);
    }
}

/* ---- thrown elsewhere ------------------------------------------------------------------------ */

static double total(const struct state *s)
{
    double sum = 0;
    for (uint32_t n = 0; n < s->problem->nodes; n++)
        sum += s->cost[n];
    for (uint32_t p = 0; p < s->problem->partitions; p++)
        sum += price_at(s, p, s->owner[p]);
    return sum;
}

static void put(struct state *s, uint32_t p, uint32_t to)
{
    if (s->owner[p] == to) return;
    take(s, &(struct step){.p = p, .q = UINT32_MAX, .to = to});
}

static uint32_t costliest(const struct state *s)
{
    uint32_t worst = 0;
    for (uint32_t n = 1; n < s->problem->nodes; n++)
        if (s->cost[n] > s->cost[worst]) worst = n;
    return worst;
}

static uint32_t any_node(const struct state *s, struct fore_rng *rng)
{
    uint32_t n = fore_rng_below(rng, s->problem->nodes);
    while (!(s->problem->capacity[n] > 0))
        n = (n + 1) % s->problem->nodes;
    return n;
}

static void throw_some(struct state *s, struct fore_rng *rng)
{
    uint32_t worst = costliest(s), count = 2 + fore_rng_below(rng, THROWN_MAX - 1);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t p = fore_rng_below(rng, s->problem->partitions);
        for (uint32_t tries = 0; i < 2 && tries < s->problem->partitions; tries++) {
            if (s->owner[p] == worst) break;
            p = (p + 1) % s->problem->partitions;
        }
        put(s, p, any_node(s, rng));
    }
}

static void search_again(struct state *s, struct fore_arena *scratch)
{
    const struct fore_profile_placement *o = s->problem;
    uint32_t throws = o->throws > 0 ? o->throws : USUAL_THROWS;
    uint16_t *best = FORE_NEW(scratch, uint16_t, o->partitions + 1);
    struct fore_rng rng = fore_rng_stream(o->seed, "profile-placement", 0);
    double least = total(s);
    if (o->partitions == 0 || o->nodes < 2) return;
    memcpy(best, s->owner, o->partitions * sizeof *best);
    for (uint32_t t = 0; t < throws && s->used < s->budget; t++) {
        struct fore_arena_mark mark = fore_arena_mark(scratch);
        throw_some(s, &rng);
        search(s, scratch);
        fore_arena_reset(scratch, mark);
        double now = total(s);
        if (now < least - least_gain) {
            least = now;
            memcpy(best, s->owner, o->partitions * sizeof *best);
            continue;
        }
        for (uint32_t p = 0; p < o->partitions; p++)
            put(s, p, best[p]);
    }
    for (uint32_t p = 0; p < o->partitions; p++) /* a search cut short by the budget */
        put(s, p, best[p]);
}

/* ---- the door -------------------------------------------------------------------------------- */

static struct fore_profile_cost add_up(struct state *s)
{
    const struct fore_profile_placement *o = s->problem;
    struct fore_profile_cost out = {0};
    for (uint32_t n = 0; n < o->nodes; n++) {
        const double *tide = s->own.tide;
        double own = tide != NULL ? fore_profile_own_with(&s->own, n, FORE_PARTITION_NONE,
                                                          FORE_PARTITION_NONE)
                                  : 0;
        out.all += s->cost[n];
        for (uint32_t k = 0; k < o->slots; k++) {
            double load = s->sum[(size_t)n * o->slots + k];
            if (!(load > 0) || o->weight[k] <= 0 || !(o->capacity[n] > 0)) continue;
            double use = load / o->capacity[n];
            out.peak = fmax(out.peak, use);
            out.overload +=
                o->weight[k] * tail(o, use / o->limit, load, tide != NULL ? own * tide[k] : 0);
        }
    }
    for (uint32_t p = 0; p < o->partitions; p++)
        out.price += price_at(s, p, s->owner[p]);
    out.all += out.price;
    return out;
}

struct fore_profile_cost fore_profile_placement_cost(const struct fore_profile_placement *problem,
                                                     const uint16_t *owner,
                                                     struct fore_arena *scratch)
{
    struct state s;
    uint16_t *copy = FORE_NEW(scratch, uint16_t, problem->partitions + 1);
    if (problem->partitions > 0) memcpy(copy, owner, problem->partitions * sizeof *copy);
    begin(&s, problem, scratch);
    s.owner = copy;
    settle(&s);
    return add_up(&s);
}

struct fore_profile_cost fore_profile_placement_solve(const struct fore_profile_placement *problem,
                                                      struct fore_arena *scratch, uint16_t *owner)
{
    struct state s;
    begin(&s, problem, scratch);
    s.owner = owner;
    const uint16_t *start = problem->start != NULL ? problem->start : problem->from;
    if (start != NULL && problem->partitions > 0) {
        memcpy(owner, start, problem->partitions * sizeof *owner);
        settle(&s);
    } else {
        pack(&s, scratch);
    }
    search(&s, scratch);
    search_again(&s, scratch);
    return add_up(&s);
}
