/*
 * Laws of placement rules on random clusters: the solver agrees with trying every placement, the
 * named conflict is as small as any, no plan breaks a rule that holds, and plans carried out one
 * after the other put everything right. The seed of a failing case is printed.
 */
#include "core/base/rng.h"
#include "core/decide/constraint.h"
#include "tests/support/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { CASES = 300, ROUNDS = 60, RULES_MAX = 6 };

static struct world world;
static struct fore_constraints rules;

static const char *subject_text(struct fore_rng *rng)
{
    static const char *const word[] = {"*",       "0%..25%",   "25%..50%", "50%..75%", "75%..100%",
                                       "0%..50%", "50%..100%", "t:0",      "t:5",      "t:15"};
    return word[fore_rng_below(rng, FORE_COUNTOF(word))];
}

static const char *nodes_text(struct fore_rng *rng)
{
    static const char *const word[] = {"node-00", "node-01",  "node-02|node-03", "zone-0",
                                       "zone-1",  "rack-0-1", "node-00|zone-1"};
    return word[fore_rng_below(rng, FORE_COUNTOF(word))];
}

static void add(struct fore_strings *list, const char *text)
{
    const char **item = FORE_NEW(&world.arena, const char *, list->count + 1);
    if (list->count > 0) memcpy(item, list->item, list->count * sizeof *item);
    item[list->count] = text;
    *list = (struct fore_strings){.item = item, .count = list->count + 1};
}

static void random_rules(struct fore_rng *rng, uint32_t most)
{
    static const char *const by[] = {"", " by rack", " by zone"};
    struct fore_placement_options options = {0};
    uint32_t count = fore_rng_below(rng, most + 1);
    for (uint32_t i = 0; i < count; i++) {
        const char *a = subject_text(rng), *b = subject_text(rng);
        switch (fore_rng_below(rng, 3)) {
        case 0:
            add(&options.pin, fore_arena_printf(&world.arena, "%s -> %s", a, nodes_text(rng)));
            break;
        case 1:
            add(&options.apart,
                fore_arena_printf(&world.arena, "%s <> %s%s", a, b, by[fore_rng_below(rng, 3)]));
            break;
        default: add(&options.forbidden, nodes_text(rng)); break;
        }
    }
    options.replicas_apart = (uint32_t)fore_rng_below(rng, 3);
    FORE_ASSERT(fore_constraint_compile(&options, &world.topology, &world.arena, &rules, NULL) ==
                FORE_E_OK);
}

static void random_world(uint64_t seed, struct fore_rng *rng)
{
    *rng = fore_rng_stream(seed, "prop/constraint", 0);
    world_init(&world);
    for (uint32_t n = 0; n < WORLD_NODES; n++) {
        world.topology.node[n].zone = (uint16_t)(n % 2);
        world.topology.node[n].rack = (uint16_t)(n / 2);
    }
    for (uint32_t p = 0; p < WORLD_PARTITIONS; p++) {
        struct fore_partition *part = &world.topology.partition[p];
        part->replica[0] = (uint16_t)fore_rng_below(rng, WORLD_NODES);
        world_set(&world, p, 0, 0.05 + 0.15 * fore_rng_unit(rng));
        if (fore_rng_below(rng, 3) > 0) continue;
        part->replica[1] = (uint16_t)((part->replica[0] + 1 + fore_rng_below(rng, 3)) % 4);
        part->replica_count = 2;
    }
}

/* ---- every placement of every class, tried ---- */

struct naive {
    struct fore_constraint_subset active;
    uint64_t mask[WORLD_PARTITIONS];
    uint32_t need[WORLD_PARTITIONS], set[WORLD_PARTITIONS]; /* nodes as bits */
    uint32_t count;
};

static bool naive_holds(const struct naive *x, uint32_t k)
{
    for (uint32_t n = 0; n < WORLD_NODES; n++) {
        if (!(x->set[k] >> n & 1)) continue;
        for (uint32_t i = 0; i < rules.pin_count; i++)
            if (x->active.pin[i] && (x->mask[k] >> i & 1) && !rules.pin[i].node[n]) return false;
        for (uint32_t i = 0; i < rules.forbidden_count; i++)
            if (x->active.forbidden[i] && rules.forbidden[i].node[n]) return false;
        for (uint32_t m = 0; m < n; m++)
            if ((x->set[k] >> m & 1) && x->active.replicas_apart &&
                rules.domain[rules.replicas_apart][m] == rules.domain[rules.replicas_apart][n])
                return false;
        for (uint32_t j = 0; j < rules.apart_count; j++)
            for (uint32_t other = 0; other <= k && x->active.apart[j]; other++)
                for (uint32_t m = 0; m < WORLD_NODES; m++) {
                    const uint16_t *domain = rules.domain[rules.apart[j].by];
                    uint32_t a = x->mask[k] >> (32 + 2 * j) & 3;
                    uint32_t b = x->mask[other] >> (32 + 2 * j) & 3;
                    bool opposed = ((a & 1) && (b & 2)) || ((a & 2) && (b & 1));
                    if ((x->set[other] >> m & 1) && domain[m] == domain[n] && opposed) return false;
                }
    }
    return true;
}

static bool naive_place(struct naive *x, uint32_t k)
{
    if (k == x->count) return true;
    for (x->set[k] = 1; x->set[k] < 1u << WORLD_NODES; x->set[k]++)
        if ((uint32_t)__builtin_popcount(x->set[k]) == x->need[k] && naive_holds(x, k) &&
            naive_place(x, k + 1))
            return true;
    return false;
}

static struct naive naive_begin(void)
{
    struct naive x = {.active = fore_constraint_all(&rules)};
    for (uint32_t p = 0; p < WORLD_PARTITIONS; p++) {
        uint64_t mask = fore_constraint_mask(&rules, &world.topology, p);
        uint32_t k = 0;
        while (k < x.count && x.mask[k] != mask)
            k++;
        if (k == x.count) x.mask[x.count++] = mask;
        if (world.topology.partition[p].replica_count > x.need[k])
            x.need[k] = world.topology.partition[p].replica_count;
    }
    return x;
}

/* The fewest rules that cannot hold. */
static uint32_t naive_conflict(void)
{
    struct naive x = naive_begin();
    bool *item[64];
    uint32_t items = 0, least = UINT32_MAX;
    for (uint32_t i = 0; i < rules.pin_count; i++)
        item[items++] = &x.active.pin[i];
    for (uint32_t j = 0; j < rules.apart_count; j++)
        item[items++] = &x.active.apart[j];
    for (uint32_t i = 0; i < rules.forbidden_count; i++)
        item[items++] = &x.active.forbidden[i];
    if (rules.replicas_apart != FORE_DOMAIN_NODE) item[items++] = &x.active.replicas_apart;
    for (uint32_t chosen = 0; chosen < 1u << items; chosen++) {
        uint32_t size = (uint32_t)__builtin_popcount(chosen);
        for (uint32_t i = 0; i < items; i++)
            *item[i] = chosen >> i & 1;
        if (size < least && !naive_place(&x, 0)) least = size;
    }
    return least;
}

static uint32_t named(const char *text)
{
    uint32_t count = 0;
    const char *list = strstr(text, "of it: ");
    if (list == NULL) list = strstr(text, "partition: ");
    for (const char *at = list; at != NULL && *at != '\0'; at++)
        count += *at == '"';
    return count / 2;
}

static void what_cannot_be_is_found_and_its_smallest_reason_named(void **state)
{
    uint32_t refused = 0, held = 0;
    for (uint64_t seed = 1; seed <= CASES; seed++) {
        struct fore_rng rng;
        struct fore_diag diag = {.code = FORE_E_OK};
        random_world(seed, &rng);
        random_rules(&rng, RULES_MAX);
        struct naive x = naive_begin();
        bool possible = naive_place(&x, 0);
        bool found = fore_constraint_check(&rules, &world.topology, NULL, true, &world.arena,
                                           &diag) == FORE_E_OK;
        bool small = possible || named(diag.text) == naive_conflict() || strlen(diag.text) > 230;
        if (possible != found || !small)
            fprintf(stderr, "seed %llu: possible %d, found %d: %s\n", (unsigned long long)seed,
                    possible, found, diag.text);
        assert_int_equal(possible, found);
        assert_true(small);
        refused += !possible;
        held += possible;
        world_fini(&world);
    }
    assert_true(refused > CASES / 10 && held > CASES / 10);
}

/* ---- plans, carried out ---- */

static uint32_t broken_count(void)
{
    uint32_t count = 0;
    struct fore_constraint_state at;
    fore_constraint_begin(&rules, &world.topology, &world.arena, &at);
    for (uint32_t p = 0; p < world.topology.partition_count; p++)
        for (uint32_t r = 0; r < world.topology.partition[p].replica_count; r++)
            count += fore_constraint_broken(&at, p, r) != NULL;
    return count;
}

static bool carry_out(struct fore_plan *plan)
{
    world.input.placement = &rules;
    fore_planner_plan(&world.input, &world.arena, plan);
    for (uint32_t i = 0; i < plan->move_count; i++) {
        const struct fore_move *m = &plan->move[i].move;
        enum fore_err err = FORE_E_OK;
        if (m->kind == FORE_MOVE_MOVE)
            err = fore_topology_move(&world.topology, m->partition, m->source, m->target);
        if (m->kind == FORE_MOVE_ADD_REPLICA)
            err = fore_topology_add_replica(&world.topology, m->partition, m->target);
        if (err != FORE_E_OK) return false;
    }
    return true;
}

static void plans_put_everything_right_and_break_nothing(void **state)
{
    uint32_t repaired = 0;
    for (uint64_t seed = 1; seed <= CASES; seed++) {
        struct fore_rng rng;
        random_world(seed, &rng);
        random_rules(&rng, 4);
        world.decide.splits = world.decide.merges = false;
        world.observe->partition[1].write_share = 0;
        if (fore_constraint_check(&rules, &world.topology, NULL, true, &world.arena, NULL) !=
            FORE_E_OK) {
            world_fini(&world);
            continue;
        }
        uint32_t before = broken_count(), now = before;
        repaired += before > 0;
        bool worse = false, done = true;
        for (int round = 0; round < ROUNDS; round++) {
            struct fore_plan plan;
            done = done && carry_out(&plan);
            uint32_t after = broken_count();
            worse |= now == 0 && after > 0;
            now = after;
        }
        if (!done || worse || now > 0)
            fprintf(stderr, "seed %llu: %u broken, then %u, worse %d\n", (unsigned long long)seed,
                    before, now, worse);
        assert_true(done && !worse);
        assert_int_equal(now, 0);
        world_fini(&world);
    }
    assert_true(repaired > CASES / 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_cannot_be_is_found_and_its_smallest_reason_named),
        cmocka_unit_test(plans_put_everything_right_and_break_nothing),
    };
    return cmocka_run_group_tests_name("core/decide/constraint laws", tests, NULL, NULL);
}
