/*
 * constraint_solve.c - can the rules hold together, and if not, which of them cannot?
 *
 * Partitions of one class may all be on the same nodes, so a class is placed once: `replicas`
 * nodes, in ascending order of preference, checked rule by rule, taken back when the classes after
 * it find none. Nodes that no rule can tell apart are tried once, classes that are apart from
 * nobody are placed by themselves. Conflicting sets are looked for by size, one, two, three rules;
 * larger ones by leaving out what is not needed, which gives a set that no rule can be taken from.
 */
#include "core/decide/constraint.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/buf.h"

enum {
    STEPS_MAX = 200000,
    SUBSETS_MAX = 20000,
    ITEMS_MAX = 2 * FORE_CONSTRAINT_PINS + FORE_CONSTRAINT_APARTS + 1
};

struct solver {
    struct fore_constraint_problem *problem;
    uint32_t *sides[FORE_DOMAINS]; /* by domain: bits 2j + s, which sides of aparts are there */
    uint32_t *uses[FORE_DOMAINS];  /* the counts behind: [domain][2 * apart + side], NODE..ZONE */
    uint64_t *kind;                /* by node: what rules can tell of it */
    struct fore_constraint_class **class; /* those that depend on each other, the tightest first */
    uint32_t class_count;
    uint16_t *order; /* [class][node]: as they are tried */
    uint32_t steps;
};

static bool usable(const struct fore_constraint_problem *problem, uint64_t mask, uint32_t n)
{
    const struct fore_constraints *rules = problem->rules;
    const struct fore_node *node = &problem->topology->node[n];
    if (problem->serving && !fore_node_serves(node)) return false;
    for (uint32_t i = 0; i < rules->pin_count; i++)
        if (problem->active.pin[i] && (mask >> i & 1) != 0 && !rules->pin[i].node[n]) return false;
    for (uint32_t i = 0; i < rules->forbidden_count; i++)
        if (problem->active.forbidden[i] && rules->forbidden[i].node[n]) return false;
    return true;
}

/* The bits of the class's own sides of aparts that are looked at. */
static uint32_t own_sides(const struct fore_constraint_problem *problem, uint64_t mask,
                          enum fore_domain by)
{
    uint32_t bits = 0;
    for (uint32_t j = 0; j < problem->rules->apart_count; j++)
        if (problem->active.apart[j] && problem->rules->apart[j].by == by)
            bits |= (uint32_t)(mask >> (32 + 2 * j) & 3) << (2 * j);
    return bits;
}

static uint32_t opposite(uint32_t bits)
{
    return (bits & 0x55555555u) << 1 | (bits & 0xaaaaaaaau) >> 1;
}

static bool fits(const struct solver *solver, const struct fore_constraint_class *class, uint32_t r,
                 uint16_t n)
{
    const struct fore_constraints *rules = solver->problem->rules;
    if (!usable(solver->problem, class->mask, n)) return false;
    enum fore_domain apart =
        solver->problem->active.replicas_apart ? rules->replicas_apart : FORE_DOMAIN_NODE;
    for (uint32_t i = 0; i < r; i++)
        if (rules->domain[apart][class->home[i]] == rules->domain[apart][n]) return false;
    for (int d = 0; d < FORE_DOMAINS; d++) {
        uint32_t own = own_sides(solver->problem, class->mask, (enum fore_domain)d);
        if ((own & opposite(own)) != 0) return false; /* it would have to be apart from itself */
        if ((solver->sides[d][rules->domain[d][n]] & opposite(own)) != 0) return false;
    }
    return true;
}

static void occupy(struct solver *solver, const struct fore_constraint_class *class, uint16_t n,
                   int by)
{
    const struct fore_constraints *rules = solver->problem->rules;
    for (uint32_t j = 0; j < rules->apart_count; j++) {
        enum fore_domain d = rules->apart[j].by;
        uint16_t at = rules->domain[d][n];
        for (uint32_t s = 0; s < 2; s++) {
            if (!solver->problem->active.apart[j] || (class->mask >> (32 + 2 * j + s) & 1) == 0)
                continue;
            uint32_t bit = 2 * j + s,
                     *uses = &solver->uses[d][at * 2 * FORE_CONSTRAINT_APARTS + bit];
            *uses = (uint32_t)((int)*uses + by);
            solver->sides[d][at] =
                *uses > 0 ? solver->sides[d][at] | 1u << bit : solver->sides[d][at] & ~(1u << bit);
        }
    }
}

/* Two nodes that look alike: one of them is enough to try. */
static bool alike(const struct solver *solver, uint16_t a, uint16_t b)
{
    return solver->kind[a] == solver->kind[b] &&
           solver->sides[FORE_DOMAIN_NODE][a] == solver->sides[FORE_DOMAIN_NODE][b];
}

static bool place(struct solver *solver, uint32_t k, uint32_t r, uint32_t from)
{
    struct fore_constraint_problem *problem = solver->problem;
    uint32_t nodes = problem->topology->node_count;
    if (k == solver->class_count) return true;
    struct fore_constraint_class *class = solver->class[k];
    if (r == class->replicas) return place(solver, k + 1, 0, 0);
    const uint16_t *order = solver->order + (size_t)k * nodes;
    for (uint32_t i = from; i < nodes; i++) {
        if (++solver->steps > STEPS_MAX) return false;
        if (!fits(solver, class, r, order[i])) continue;
        bool tried = false;
        for (uint32_t m = from; m < i && !tried; m++)
            tried = alike(solver, order[m], order[i]);
        if (tried) continue;
        class->home[r] = order[i];
        occupy(solver, class, order[i], 1);
        if (place(solver, k, r + 1, i + 1)) return true;
        occupy(solver, class, order[i], -1);
    }
    return false;
}

/* Bits of the mask that count now. */
static uint64_t active_mask(const struct fore_constraint_problem *problem, uint64_t mask)
{
    uint64_t active = 0;
    for (uint32_t i = 0; i < problem->rules->pin_count; i++)
        if (problem->active.pin[i]) active |= UINT64_C(1) << i;
    for (uint32_t j = 0; j < problem->rules->apart_count; j++)
        if (problem->active.apart[j]) active |= UINT64_C(3) << (32 + 2 * j);
    return mask & active;
}

/* Zone, rack and the node sets it belongs to, mixed into one word. */
static uint64_t kind_of(const struct fore_constraint_problem *problem, uint32_t n)
{
    const struct fore_constraints *rules = problem->rules;
    uint64_t kind = (uint64_t)rules->domain[FORE_DOMAIN_RACK][n] + 1;
    for (uint32_t i = 0; i < rules->pin_count; i++)
        kind = kind * 0x9e3779b97f4a7c15u + (problem->active.pin[i] && rules->pin[i].node[n]);
    for (uint32_t i = 0; i < rules->forbidden_count; i++)
        kind = kind * 0x9e3779b97f4a7c15u +
               (problem->active.forbidden[i] && rules->forbidden[i].node[n]);
    return kind * 2 + fore_node_serves(&problem->topology->node[n]);
}

static void set_order(const struct fore_constraint_class *class, uint32_t nodes, uint16_t *order)
{
    for (uint32_t n = 0; n < nodes; n++) {
        uint32_t at = n;
        for (; class->likes != NULL && at > 0 && class->likes[order[at - 1]] < class->likes[n];
             at--)
            order[at] = order[at - 1];
        order[at] = (uint16_t)n;
    }
}

static uint32_t freedom(const struct fore_constraint_problem *problem,
                        const struct fore_constraint_class *class)
{
    uint32_t count = 0;
    for (uint32_t n = 0; n < problem->topology->node_count; n++)
        count += usable(problem, class->mask, n);
    return count > class->replicas ? count - class->replicas : 0;
}

/* Classes that look alike under what is active are placed as one, by the most demanding of them. */
static bool stands_in(const struct fore_constraint_problem *problem, uint32_t k)
{
    const struct fore_constraint_class *class = &problem->class[k];
    for (uint32_t m = 0; class->likes == NULL && m < problem->class_count; m++) {
        const struct fore_constraint_class *other = &problem->class[m];
        if (m == k || active_mask(problem, other->mask) != active_mask(problem, class->mask))
            continue;
        if (other->replicas > class->replicas || (other->replicas == class->replicas && m < k))
            return false;
    }
    return true;
}

/* Alone: whatever it takes is no matter to the others. */
static bool place_alone(struct solver *solver, struct fore_constraint_class *class)
{
    solver->class[0] = class;
    solver->class_count = 1;
    set_order(class, solver->problem->topology->node_count, solver->order);
    bool found = place(solver, 0, 0, 0);
    solver->class_count = 0;
    return found;
}

/* First those that are apart from nobody, then the others together. */
static bool place_all(struct solver *solver)
{
    struct fore_constraint_problem *problem = solver->problem;
    uint32_t nodes = problem->topology->node_count;
    for (uint32_t k = 0; k < problem->class_count; k++)
        if (active_mask(problem, problem->class[k].mask) >> 32 == 0 && stands_in(problem, k) &&
            !place_alone(solver, &problem->class[k]))
            return false;
    for (uint32_t k = 0; k < problem->class_count; k++) {
        struct fore_constraint_class *class = &problem->class[k];
        if (active_mask(problem, class->mask) >> 32 == 0 || !stands_in(problem, k)) continue;
        uint32_t at = solver->class_count++;
        for (; at > 0 && freedom(problem, solver->class[at - 1]) > freedom(problem, class); at--)
            solver->class[at] = solver->class[at - 1];
        solver->class[at] = class;
    }
    for (uint32_t k = 0; k < solver->class_count; k++)
        set_order(solver->class[k], nodes, solver -> order + (size_t)k * nodes);
    return place(solver, 0, 0, 0);
}

bool fore_constraint_solve(struct fore_constraint_problem *problem, struct fore_arena *scratch,
                           bool *exact)
{
    struct fore_arena_mark mark = fore_arena_mark(scratch);
    uint32_t nodes = problem->topology->node_count;
    struct solver solver = {.problem = problem};
    for (int d = 0; d < FORE_DOMAINS; d++) {
        solver.sides[d] = FORE_NEW(scratch, uint32_t, nodes);
        solver.uses[d] = FORE_NEW(scratch, uint32_t, (size_t)nodes * 2 * FORE_CONSTRAINT_APARTS);
    }
    solver.kind = FORE_NEW(scratch, uint64_t, nodes);
    solver.class = FORE_NEW(scratch, struct fore_constraint_class *, problem->class_count + 1);
    solver.order = FORE_NEW(scratch, uint16_t, (size_t)nodes * problem->class_count + 1);
    for (uint32_t n = 0; n < nodes; n++)
        solver.kind[n] = kind_of(problem, n);
    bool found = place_all(&solver);
    *exact = found || solver.steps <= STEPS_MAX;
    fore_arena_reset(scratch, mark);
    return found || !*exact;
}

struct fore_constraint_subset fore_constraint_all(const struct fore_constraints *rules)
{
    struct fore_constraint_subset all = {.replicas_apart =
                                             rules->replicas_apart != FORE_DOMAIN_NODE};
    for (uint32_t i = 0; i < rules->pin_count; i++)
        all.pin[i] = true;
    for (uint32_t i = 0; i < rules->forbidden_count; i++)
        all.forbidden[i] = true;
    for (uint32_t j = 0; j < rules->apart_count; j++)
        all.apart[j] = true;
    return all;
}

/* ---- the smallest conflicting set ------------------------------------------------------------ */

struct quarrel {
    struct fore_constraint_problem problem;
    struct fore_arena *scratch;
    bool *item[ITEMS_MAX]; /* into problem.active */
    uint32_t items;
};

static bool can_hold(struct quarrel *q)
{
    bool exact;
    return fore_constraint_solve(&q->problem, q->scratch, &exact);
}

static void list_items(struct quarrel *q)
{
    const struct fore_constraints *rules = q->problem.rules;
    struct fore_constraint_subset *active = &q->problem.active;
    for (uint32_t i = 0; i < rules->pin_count; i++)
        q->item[q->items++] = &active->pin[i];
    for (uint32_t j = 0; j < rules->apart_count; j++)
        q->item[q->items++] = &active->apart[j];
    for (uint32_t i = 0; i < rules->forbidden_count; i++)
        q->item[q->items++] = &active->forbidden[i];
    if (rules->replicas_apart != FORE_DOMAIN_NODE) q->item[q->items++] = &active->replicas_apart;
}

/* Any `size` more of the items from `from` on that cannot hold; left active. */
static bool conflict_of(struct quarrel *q, uint32_t size, uint32_t from, uint32_t *tries)
{
    if (size == 0) return ++*tries <= SUBSETS_MAX && !can_hold(q);
    for (uint32_t i = from; i + size <= q->items && *tries <= SUBSETS_MAX; i++) {
        *q->item[i] = true;
        if (conflict_of(q, size - 1, i + 1, tries)) return true;
        *q->item[i] = false;
    }
    return false;
}

static void reduce(struct quarrel *q)
{
    for (uint32_t i = 0; i < q->items; i++)
        *q->item[i] = true;
    for (uint32_t i = 0; i < q->items; i++) {
        *q->item[i] = false;
        if (can_hold(q)) *q->item[i] = true;
    }
}

static void find_conflict(struct quarrel *q)
{
    uint32_t tries = 0;
    q->problem.active = (struct fore_constraint_subset){0};
    for (uint32_t size = 0; size <= 3 && size <= q->items; size++)
        if (conflict_of(q, size, 0, &tries)) return;
    reduce(q);
}

static uint32_t usable_nodes(const struct quarrel *q)
{
    uint32_t count = 0;
    for (uint32_t n = 0; n < q->problem.topology->node_count; n++)
        count += !q->problem.serving || fore_node_serves(&q->problem.topology->node[n]);
    return count;
}

static uint32_t most_replicas(const struct quarrel *q)
{
    uint32_t most = 1;
    for (uint32_t k = 0; k < q->problem.class_count; k++)
        if (q->problem.class[k].replicas > most) most = q->problem.class[k].replicas;
    return most;
}

static void name_rules(const struct quarrel *q, struct fore_buf *out)
{
    static const char *const domain[] = {"node", "rack", "zone"};
    const struct fore_constraints *rules = q->problem.rules;
    const struct fore_constraint_subset *active = &q->problem.active;
    for (uint32_t i = 0; i < rules->pin_count; i++)
        if (active->pin[i]) fore_buf_printf(out, ", pin \"%.50s\"", rules->pin[i].text);
    for (uint32_t j = 0; j < rules->apart_count; j++)
        if (active->apart[j]) fore_buf_printf(out, ", apart \"%.50s\"", rules->apart[j].text);
    for (uint32_t i = 0; i < rules->forbidden_count; i++)
        if (active->forbidden[i])
            fore_buf_printf(out, ", forbidden \"%.30s\"", rules->forbidden[i].text);
    if (active->replicas_apart)
        fore_buf_printf(out, ", replicas_apart \"%s\"", domain[rules->replicas_apart]);
}

/* Partitions that a rule would keep apart from themselves. */
static uint32_t torn(const struct quarrel *q)
{
    const struct fore_topology *topology = q->problem.topology;
    for (uint32_t p = 0; p < topology->partition_count; p++) {
        if (!topology->partition[p].alive) continue;
        uint64_t mask =
            active_mask(&q->problem, fore_constraint_mask(q->problem.rules, topology, p));
        uint32_t sides = (uint32_t)(mask >> 32);
        if ((sides & opposite(sides)) != 0) return p;
    }
    return FORE_PARTITION_NONE;
}

static enum fore_err complain(const struct quarrel *q, struct fore_diag *diag)
{
    struct fore_buf names = {0};
    uint32_t replicas = most_replicas(q), nodes = usable_nodes(q), count = 0;
    for (uint32_t i = 0; i < q->items; i++)
        count += *q->item[i];
    name_rules(q, &names);
    uint32_t both = count == 1 ? torn(q) : FORE_PARTITION_NONE;
    enum fore_err err;
    if (both != FORE_PARTITION_NONE) {
        err = fore_err_set(diag, FORE_E_REFUSED,
                           "placement: this cannot hold, p%u is on both sides of it: %s", both,
                           names.data + 2);
        fore_buf_fini(&names);
        return err;
    }
    if (count == 0)
        err = fore_err_set(diag, FORE_E_REFUSED,
                           "placement: %u replicas of a partition need as many "
                           "nodes, there %s %u%s",
                           replicas, nodes == 1 ? "is" : "are", nodes,
                           q->problem.serving ? " in use and up" : "");
    else
        err =
            fore_err_set(diag, FORE_E_REFUSED,
                         "placement: %s cannot %s on %u nodes%s with %u replica%s a partition: %s",
                         count == 1 ? "this" : "these", count == 1 ? "hold" : "all hold", nodes,
                         q->problem.serving ? " in use and up" : "", replicas,
                         replicas == 1 ? "" : "s", names.data + 2);
    fore_buf_fini(&names);
    return err;
}

/* Classes that are there, with the most replicas any partition of theirs needs. */
static uint32_t list_classes(const struct fore_constraints *rules,
                             const struct fore_topology *topology, const uint16_t *replicas,
                             struct fore_constraint_class *out)
{
    uint32_t count = 0;
    for (uint32_t p = 0; p < topology->partition_count; p++) {
        if (!topology->partition[p].alive) continue;
        uint64_t mask = fore_constraint_mask(rules, topology, p);
        uint32_t need = replicas != NULL ? replicas[p] : topology->partition[p].replica_count,
                 k = 0;
        while (k < count && out[k].mask != mask)
            k++;
        if (k == count && count == FORE_CONSTRAINT_CLASSES) continue;
        if (k == count) out[count++] = (struct fore_constraint_class){.mask = mask};
        if (need > out[k].replicas) out[k].replicas = need;
    }
    return count;
}

enum fore_err fore_constraint_check(const struct fore_constraints *rules,
                                    const struct fore_topology *topology, const uint16_t *replicas,
                                    bool serving, struct fore_arena *scratch,
                                    struct fore_diag *diag)
{
    struct quarrel q = {.scratch = scratch};
    q.problem = (struct fore_constraint_problem){.rules = rules,
                                                 .topology = topology,
                                                 .active = fore_constraint_all(rules),
                                                 .serving = serving};
    q.problem.class = FORE_NEW(scratch, struct fore_constraint_class, FORE_CONSTRAINT_CLASSES);
    q.problem.class_count = list_classes(rules, topology, replicas, q.problem.class);
    if (can_hold(&q)) return FORE_E_OK;
    list_items(&q);
    find_conflict(&q);
    return complain(&q, diag);
}
