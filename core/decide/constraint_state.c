/*
 * constraint_state.c - the rules asked of one placement: may this go there, what is broken now?
 *
 * While two sides of an "apart" share no domain, whoever is in one owns it. Where they do share
 * one, every domain is given to one side: first those in which the solver finds a home for each
 * class, near to where it is now, then the rest to whichever side has more there. Each replica of
 * the other side is then out of place by itself, and every single move that puts one right counts.
 */
#include "core/decide/constraint.h"

#include <string.h>

static bool side_of(const struct fore_constraint_state *state, uint32_t partition, uint32_t apart,
                    uint32_t side)
{
    return (state->mask[state->class_of[partition]] >> (32 + 2 * apart + side) & 1) != 0;
}

static void sort_classes(struct fore_constraint_state *state, struct fore_arena *scratch)
{
    const struct fore_topology *topology = state->topology;
    state->class_of = FORE_NEW(scratch, uint16_t, topology->partition_cap);
    state->mask = FORE_NEW(scratch, uint64_t, FORE_CONSTRAINT_CLASSES);
    for (uint32_t p = 0; p < topology->partition_count; p++) {
        if (!topology->partition[p].alive) continue;
        uint64_t mask = fore_constraint_mask(state->rules, topology, p);
        uint32_t k = 0;
        while (k < state->class_count && state->mask[k] != mask)
            k++;
        /* More kinds of partition than there is room for: the last class obeys for all of them. */
        if (k == FORE_CONSTRAINT_CLASSES) state->mask[--k] |= mask;
        if (k == state->class_count) state->mask[state->class_count++] = mask;
        state->class_of[p] = (uint16_t)k;
    }
}

static void list_allowed(struct fore_constraint_state *state, struct fore_arena *scratch)
{
    const struct fore_constraints *rules = state->rules;
    uint32_t nodes = rules->node_count;
    state->allowed = FORE_NEW(scratch, bool, (size_t)nodes * state->class_count + 1);
    for (uint32_t k = 0; k < state->class_count; k++)
        for (uint32_t n = 0; n < nodes; n++) {
            bool allowed = true;
            for (uint32_t i = 0; i < rules->pin_count; i++)
                if ((state->mask[k] >> i & 1) != 0) allowed = allowed && rules->pin[i].node[n];
            for (uint32_t i = 0; i < rules->forbidden_count; i++)
                allowed = allowed && !rules->forbidden[i].node[n];
            state->allowed[(size_t)k * nodes + n] = allowed;
        }
}

static void hold(struct fore_constraint_state *state, uint32_t partition, uint16_t node)
{
    const struct fore_constraints *rules = state->rules;
    for (uint32_t j = 0; j < rules->apart_count; j++)
        for (uint32_t s = 0; s < 2; s++)
            if (side_of(state, partition, j, s))
                state->held[j][s][rules->domain[rules->apart[j].by][node]]++;
}

static bool mixed(const struct fore_constraint_state *state, uint32_t apart)
{
    for (uint32_t d = 0; d < state->rules->node_count; d++)
        if (state->held[apart][0][d] > 0 && state->held[apart][1][d] > 0) return true;
    return false;
}

/* Homes for every class, as near as the solver finds them to where its partitions are. */
static bool find_homes(const struct fore_constraint_state *state, struct fore_arena *scratch,
                       struct fore_constraint_problem *problem)
{
    const struct fore_topology *topology = state->topology;
    uint32_t nodes = topology->node_count;
    *problem = (struct fore_constraint_problem){.rules = state->rules,
                                                .topology = topology,
                                                .active = fore_constraint_all(state->rules),
                                                .serving = true,
                                                .class_count = state->class_count};
    problem->class = FORE_NEW(scratch, struct fore_constraint_class, state->class_count + 1);
    uint32_t *likes = FORE_NEW(scratch, uint32_t, (size_t)nodes * state->class_count + 1);
    for (uint32_t k = 0; k < state->class_count; k++) {
        problem->class[k].mask = state->mask[k];
        problem->class[k].likes = likes + (size_t)k * nodes;
    }
    for (uint32_t p = 0; p < topology->partition_count; p++) {
        const struct fore_partition *part = &topology->partition[p];
        if (!part->alive) continue;
        struct fore_constraint_class *class = &problem->class[state->class_of[p]];
        if (part->replica_count > class->replicas) class->replicas = part->replica_count;
        for (uint32_t r = 0; r < part->replica_count; r++)
            likes[(size_t)state->class_of[p] * nodes + part->replica[r]]++;
    }
    bool exact;
    return fore_constraint_solve(problem, scratch, &exact) && exact;
}

static void claim(struct fore_constraint_state *state, uint32_t apart,
                  const struct fore_constraint_problem *homes)
{
    const struct fore_constraints *rules = state->rules;
    enum fore_domain by = rules->apart[apart].by;
    for (uint32_t k = 0; homes != NULL && k < homes->class_count; k++)
        for (uint32_t s = 0; s < 2; s++)
            for (uint32_t r = 0; r < homes->class[k].replicas; r++)
                if ((homes->class[k].mask >> (32 + 2 * apart + s) & 1) != 0)
                    state->side[apart][rules->domain[by][homes->class[k].home[r]]] =
                        (uint8_t)(s + 1);
    for (uint32_t d = 0; d < rules->node_count; d++) {
        uint32_t a = state->held[apart][0][d], b = state->held[apart][1][d];
        if (state->side[apart][d] == 0 && a + b > 0) state->side[apart][d] = a >= b ? 1 : 2;
    }
}

void fore_constraint_begin(const struct fore_constraints *rules,
                           const struct fore_topology *topology, struct fore_arena *scratch,
                           struct fore_constraint_state *out)
{
    *out = (struct fore_constraint_state){.rules = rules, .topology = topology};
    sort_classes(out, scratch);
    list_allowed(out, scratch);
    bool any = false;
    for (uint32_t j = 0; j < rules->apart_count; j++) {
        for (uint32_t s = 0; s < 2; s++)
            out->held[j][s] = FORE_NEW(scratch, uint32_t, rules->node_count);
        out->side[j] = FORE_NEW(scratch, uint8_t, rules->node_count);
    }
    for (uint32_t p = 0; rules->apart_count > 0 && p < topology->partition_count; p++)
        for (uint32_t r = 0;
             topology->partition[p].alive && r < topology->partition[p].replica_count; r++)
            hold(out, p, topology->partition[p].replica[r]);
    for (uint32_t j = 0; j < rules->apart_count; j++)
        any = any || mixed(out, j);
    struct fore_constraint_problem homes;
    bool known = any && find_homes(out, scratch, &homes);
    for (uint32_t j = 0; j < rules->apart_count; j++)
        claim(out, j, known ? &homes : NULL);
}

/* No other side's domain. */
static bool at_home(const struct fore_constraint_state *state, uint32_t partition, uint16_t node,
                    uint32_t apart)
{
    uint8_t side = state->side[apart][state->rules->domain[state->rules->apart[apart].by][node]];
    if (side == 0) return true;
    return !side_of(state, partition, apart, side == 1 ? 1 : 0);
}

bool fore_constraint_together(const struct fore_constraint_state *state, uint16_t a, uint16_t b)
{
    const uint16_t *domain = state->rules->domain[state->rules->replicas_apart];
    return domain[a] != domain[b];
}

bool fore_constraint_allows(const struct fore_constraint_state *state, uint32_t partition,
                            uint16_t from, uint16_t to)
{
    const struct fore_partition *part = &state->topology->partition[partition];
    if (!state->allowed[(size_t)state->class_of[partition] * state->rules->node_count + to])
        return false;
    for (uint32_t r = 0; r < part->replica_count; r++)
        if (part->replica[r] != from && !fore_constraint_together(state, part->replica[r], to))
            return false;
    for (uint32_t j = 0; j < state->rules->apart_count; j++)
        if (!at_home(state, partition, to, j)) return false;
    return true;
}

void fore_constraint_take(struct fore_constraint_state *state, uint32_t partition, uint16_t to)
{
    for (uint32_t j = 0; j < state->rules->apart_count; j++)
        for (uint32_t s = 0; s < 2; s++) {
            uint8_t *side = &state->side[j][state->rules->domain[state->rules->apart[j].by][to]];
            if (side_of(state, partition, j, s) && *side == 0) *side = (uint8_t)(s + 1);
        }
    hold(state, partition, to);
}

const char *fore_constraint_broken(const struct fore_constraint_state *state, uint32_t partition,
                                   uint32_t rank)
{
    const struct fore_constraints *rules = state->rules;
    const struct fore_partition *part = &state->topology->partition[partition];
    uint16_t node = part->replica[rank];
    uint64_t mask = state->mask[state->class_of[partition]];
    for (uint32_t i = 0; i < rules->pin_count; i++)
        if ((mask >> i & 1) != 0 && !rules->pin[i].node[node]) return rules->pin[i].text;
    for (uint32_t i = 0; i < rules->forbidden_count; i++)
        if (rules->forbidden[i].node[node]) return rules->forbidden[i].text;
    for (uint32_t j = 0; j < rules->apart_count; j++)
        if (!at_home(state, partition, node, j)) return rules->apart[j].text;
    for (uint32_t r = 0; r < rank; r++)
        if (!fore_constraint_together(state, part->replica[r], node))
            return rules->replicas_apart == FORE_DOMAIN_ZONE ? "replicas in one zone"
                                                             : "replicas in one rack";
    return NULL;
}

bool fore_constraint_confined(const struct fore_constraint_state *state, uint32_t partition)
{
    return (uint32_t)state->mask[state->class_of[partition]] != 0;
}
