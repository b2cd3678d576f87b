/*
 * Random splits, merges, moves and replica changes against a naive model: an owner for every single
 * position of a small key space, and linear scans. Each seed is its own world; a failure names it.
 */
#include "core/base/rng.h"
#include "core/cluster/topology.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { SEEDS = 60, STEPS = 200, NODES = 5, CAP = 40, SPAN = 300, GROUPS = 2, TABLES = 2 };

struct world {
    struct fore_arena arena;
    struct fore_topology topology;
    uint32_t owner[TABLES][GROUPS][SPAN]; /* partition of each position: the model */
    uint64_t base[TABLES], step;          /* position = base + step * slot */
    uint64_t seed;
    struct fore_rng rng;
};

static uint64_t at(const struct world *w, uint32_t table, uint32_t slot)
{
    return w->base[table] + w->step * slot;
}

static uint64_t table_last(const struct world *w, uint32_t table)
{
    return at(w, table, SPAN - 1) + w->step - 1;
}

static void begin(struct world *w, uint64_t seed)
{
    fore_arena_init(&w->arena);
    w->seed = seed;
    w->rng = fore_rng_stream(seed, "prop-topology", 0);
    w->step = seed % 3 == 0 ? 1 : UINT64_C(1) << (seed % 50);
    w->base[0] = seed % 2 == 0 ? 0 : 1000;
    w->base[1] = at(w, 0, SPAN) + (seed % 5) * 17;
    fore_topology_init(&w->topology, &w->arena, NODES, TABLES, CAP);
    for (uint16_t t = 0; t < TABLES; t++) {
        w->topology.table[t] = (struct fore_table){
            .name = "t", .first = w->base[t], .last = table_last(w, t), .column_groups = GROUPS};
        for (uint16_t g = 0; g < GROUPS; g++) {
            struct fore_partition p = {.first = w->base[t],
                                       .last = table_last(w, t),
                                       .bytes = 1 << 20,
                                       .table = t,
                                       .column_group = g,
                                       .replica_count = 1,
                                       .replica = {(uint16_t)fore_rng_below(&w->rng, NODES)}};
            uint32_t index = 0;
            assert_int_equal(fore_topology_add(&w->topology, &p, &index), FORE_E_OK);
            for (uint32_t s = 0; s < SPAN; s++)
                w->owner[t][g][s] = index;
        }
    }
    assert_int_equal(fore_topology_check(&w->topology, NULL), FORE_E_OK);
}

/* The naive search: look at every partition. */
static uint32_t scan(const struct fore_topology *t, uint64_t position, uint16_t group)
{
    for (uint32_t i = 0; i < t->partition_count; i++) {
        const struct fore_partition *p = &t->partition[i];
        if (p->alive && p->column_group == group && p->first <= position && position <= p->last)
            return i;
    }
    return FORE_PARTITION_NONE;
}

static void expect_model(struct world *w)
{
    uint64_t bytes = 0;
    for (uint32_t i = 0; i < w->topology.partition_count; i++)
        if (w->topology.partition[i].alive) bytes += w->topology.partition[i].bytes;
    bool wrong = bytes != (uint64_t)TABLES * GROUPS << 20; /* splits and merges lose no byte */
    for (uint32_t t = 0; t < TABLES; t++)
        for (uint16_t g = 0; g < GROUPS; g++)
            for (uint32_t s = 0; s < SPAN; s++) {
                uint64_t position = at(w, t, s) + fore_rng_below(&w->rng, 2) * (w->step - 1);
                uint32_t found = fore_topology_find_group(&w->topology, position, g);
                wrong |= found != w->owner[t][g][s] || found != scan(&w->topology, position, g);
                if (g == 0) wrong |= found != fore_topology_find(&w->topology, position);
            }
    if (wrong) fail_msg("the topology is not the model's, seed %d", (int)w->seed);
    struct fore_topology copy = {0};
    struct fore_diag diag = {0};
    struct fore_arena_mark mark = fore_arena_mark(&w->arena);
    fore_topology_copy(&copy, &w->topology, &w->arena);
    if (fore_topology_check(&copy, &diag) != FORE_E_OK)
        fail_msg("%s, seed %d", diag.text, (int)w->seed);
    fore_arena_reset(&w->arena, mark);
}

static void try_split(struct world *w)
{
    uint32_t table = fore_rng_below(&w->rng, TABLES), group = fore_rng_below(&w->rng, GROUPS);
    uint32_t slot = fore_rng_below(&w->rng, SPAN), right = 0;
    double share = fore_rng_unit(&w->rng);
    uint32_t left = w->owner[table][group][slot];
    bool possible =
        slot > 0 && w->owner[table][group][slot - 1] == left && w->topology.alive_count < CAP;
    enum fore_err err = fore_topology_split(&w->topology, left, at(w, table, slot), share, &right);
    if ((err == FORE_E_OK) != possible) fail_msg("a split's legality, seed %d", (int)w->seed);
    for (uint32_t s = slot; possible && s < SPAN && w->owner[table][group][s] == left; s++)
        w->owner[table][group][s] = right;
}

static bool same_set(const struct fore_partition *a, const struct fore_partition *b)
{
    bool in_a[NODES] = {false}, in_b[NODES] = {false};
    for (uint32_t i = 0; i < a->replica_count; i++)
        in_a[a->replica[i]] = true;
    for (uint32_t i = 0; i < b->replica_count; i++)
        in_b[b->replica[i]] = true;
    for (uint32_t n = 0; n < NODES; n++)
        if (in_a[n] != in_b[n]) return false;
    return true;
}

static void try_merge(struct world *w)
{
    uint32_t left = fore_rng_below(&w->rng, CAP), right = fore_rng_below(&w->rng, CAP);
    struct fore_partition before[CAP];
    for (uint32_t i = 0; i < CAP; i++)
        before[i] = i < w->topology.partition_count ? w->topology.partition[i]
                                                    : (struct fore_partition){.alive = false};
    if (fore_rng_below(&w->rng, 4) > 0) right = fore_topology_right_of(&w->topology, left);
    bool possible = right < CAP && left != right && before[left].alive && before[right].alive &&
                    before[left].table == before[right].table &&
                    before[left].column_group == before[right].column_group &&
                    before[left].last + 1 == before[right].first &&
                    same_set(&before[left], &before[right]);
    enum fore_err err = fore_topology_merge(&w->topology, left, right);
    if ((err == FORE_E_OK) != possible) fail_msg("a merge's legality, seed %d", (int)w->seed);
    if (!possible) return;
    for (uint32_t s = 0; s < SPAN; s++) {
        uint32_t *owner = &w->owner[before[left].table][before[left].column_group][s];
        if (*owner == right) *owner = left;
    }
}

static void try_replicas(struct world *w)
{
    struct fore_topology *t = &w->topology;
    uint32_t p = fore_rng_below(&w->rng, CAP), what = fore_rng_below(&w->rng, 3);
    uint16_t a = (uint16_t)fore_rng_below(&w->rng, NODES + 1);
    uint16_t b = (uint16_t)fore_rng_below(&w->rng, NODES + 1);
    bool alive = p < t->partition_count && t->partition[p].alive;
    bool on_a = fore_topology_hosts(t, p, a), on_b = fore_topology_hosts(t, p, b), possible;
    uint16_t count = alive ? t->partition[p].replica_count : 0;
    enum fore_err err;
    if (what == 0) {
        possible = alive && on_a && !on_b && b < NODES;
        err = fore_topology_move(t, p, a, b);
    } else if (what == 1) {
        possible = alive && !on_b && b < NODES;
        err = fore_topology_add_replica(t, p, b);
    } else {
        possible = alive && on_a && count > 1;
        err = fore_topology_drop_replica(t, p, a);
    }
    if ((err == FORE_E_OK) != possible) fail_msg("a replica's legality, seed %d", (int)w->seed);
    if (!possible) return;
    assert_int_equal(fore_topology_hosts(t, p, b), what == 2 ? on_b && a != b : true);
    if (what != 1) assert_false(fore_topology_hosts(t, p, a));
}

static void changes_keep_the_invariant_and_the_naive_model(void **state)
{
    (void)state;
    static struct world world;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        begin(&world, seed);
        for (int i = 0; i < STEPS; i++) {
            uint32_t what = fore_rng_below(&world.rng, 10);
            uint64_t epoch = world.topology.epoch;
            if (what < 4)
                try_split(&world);
            else if (what < 7)
                try_merge(&world);
            else
                try_replicas(&world);
            assert_true(world.topology.epoch - epoch <= 1);
            if (i % 10 == 0) expect_model(&world);
        }
        expect_model(&world);
        fore_arena_fini(&world.arena);
    }
}

/* Widths from 1 to 2^57 side by side: nearly all partitions share one bucket of the guide. */
static void crowded_positions_are_found_as_a_scan_finds_them(void **state)
{
    (void)state;
    struct fore_arena arena;
    struct fore_topology t;
    fore_arena_init(&arena);
    for (uint64_t seed = 0; seed < 20; seed++) {
        struct fore_rng rng = fore_rng_stream(seed, "prop-crowded", 0);
        fore_topology_init(&t, &arena, 1, 1, 600);
        t.table[0] = (struct fore_table){.name = "t", .last = UINT64_MAX};
        uint64_t first = 0;
        for (uint32_t i = 0; i < 500; i++) {
            uint64_t width = i % 50 == 0 ? UINT64_C(1) << fore_rng_below(&rng, 58) : 1 + i % 3;
            struct fore_partition p = {
                .first = first, .last = first + width - 1, .replica_count = 1};
            if (i == 499) p.last = UINT64_MAX;
            assert_int_equal(fore_topology_add(&t, &p, NULL), FORE_E_OK);
            first += width;
        }
        assert_int_equal(fore_topology_check(&t, NULL), FORE_E_OK);
        for (uint32_t i = 0; i < 4000; i++) {
            uint64_t high = fore_rng_u32(&rng), low = fore_rng_u32(&rng);
            uint64_t position = (high << 32 | low) >> fore_rng_below(&rng, 64);
            if (i < 1000) { /* the edges */
                const struct fore_partition *p = &t.partition[i / 2];
                position = i % 2 == 0 ? p->first : p->last;
            }
            if (fore_topology_find(&t, position) != scan(&t, position, 0))
                fail_msg("a scan finds another partition, seed %d", (int)seed);
        }
    }
    fore_arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(changes_keep_the_invariant_and_the_naive_model),
        cmocka_unit_test(crowded_positions_are_found_as_a_scan_finds_them),
    };
    return cmocka_run_group_tests_name("prop/topology", tests, NULL, NULL);
}
