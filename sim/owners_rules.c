/*
 * owners_rules.c - a cluster whose operator has rules of placement starts by them.
 *
 * Owners and followers are chosen as if anything could be anywhere, so that a scenario without
 * rules starts as it always did. Then whatever breaks a rule goes, the heaviest first, to the least
 * loaded node that may have it. Nobody moves bytes for that: it is before the first request. What
 * leaves a node may make room for another's rule, so it is looked at again until nothing changes;
 * rules that cannot all hold are left to the engine, which names them.
 */
#include "core/decide/constraint.h"
#include "sim/owners.h"

enum { ROUNDS = 8 };

static uint16_t lightest(const struct sim_owners_rules *with,
                         const struct fore_constraint_state *state, uint32_t p, uint16_t from)
{
    const struct fore_topology *topology = with->topology;
    uint16_t best = FORE_NODE_NONE;
    for (uint16_t n = 0; n < topology->node_count; n++) {
        if (!fore_node_serves(&topology->node[n]) || fore_topology_hosts(topology, p, n) ||
            !fore_constraint_allows(state, p, from, n))
            continue;
        if (best == FORE_NODE_NONE ||
            with->held[n] / with->capacity[n] < with->held[best] / with->capacity[best])
            best = n;
    }
    return best;
}

/* The heaviest partition with a replica out of place that is not `done`; and its rank. */
static uint32_t next_broken(const struct sim_owners_rules *with,
                            const struct fore_constraint_state *state, const bool *done,
                            uint32_t *rank)
{
    uint32_t worst = FORE_PARTITION_NONE;
    for (uint32_t p = 0; p < with->topology->partition_count; p++) {
        const struct fore_partition *part = &with->topology->partition[p];
        if (!part->alive || done[p] ||
            (worst != FORE_PARTITION_NONE && with->load[p] <= with->load[worst]))
            continue;
        for (uint32_t r = 0; r < part->replica_count; r++) {
            if (fore_constraint_broken(state, p, r) == NULL) continue;
            worst = p;
            *rank = r;
            break;
        }
    }
    return worst;
}

static bool one_round(const struct sim_owners_rules *with, const struct fore_constraints *rules,
                      struct fore_arena *arena)
{
    struct fore_topology *topology = with->topology;
    struct fore_constraint_state state;
    bool *done = FORE_NEW(arena, bool, topology->partition_count + 1), changed = false;
    fore_constraint_begin(rules, topology, arena, &state);
    for (;;) {
        uint32_t rank = 0, p = next_broken(with, &state, done, &rank);
        if (p == FORE_PARTITION_NONE) return changed;
        uint16_t from = topology->partition[p].replica[rank];
        uint16_t to = lightest(with, &state, p, from);
        done[p] = to == FORE_NODE_NONE; /* else its other replicas are looked at, too */
        if (done[p]) continue;
        topology->partition[p].replica[rank] = to;
        fore_constraint_take(&state, p, to);
        with->held[from] -= with->load[p];
        with->held[to] += with->load[p];
        changed = true;
    }
}

void sim_owners_keep_rules(const struct sim_owners_rules *with)
{
    struct fore_arena arena = {0};
    struct fore_constraints rules;
    enum fore_err err =
        fore_constraint_compile(with->options, with->topology, &arena, &rules, NULL);
    bool any = err == FORE_E_OK && fore_constraint_any(&rules);
    for (int i = 0; any && i < ROUNDS; i++)
        any = one_round(with, &rules, &arena);
    fore_arena_fini(&arena);
}
