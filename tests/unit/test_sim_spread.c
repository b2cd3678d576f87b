#include "sim/spread.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "tests/support/near.h"
#include "tests/support/sim_world.h"

enum { BUCKETS = 50 };

struct fixture {
    struct fore_arena arena;
    struct fore_topology topology;
    struct wl_bucket bucket[BUCKETS];
    struct wl_flow flow;
    struct sim_spread spread;
};

/* Buckets of 1..97 keys, five partitions of 1,000 positions (range) or a fifth of all (hashed). */
static void setup(struct fixture *f, bool hashed)
{
    *f = (struct fixture){0};
    fore_topology_init(&f->topology, &f->arena, 1, 1, 32);
    f->topology.node[0] = (struct fore_node){.name = "n", .cores = 1, .up = true};
    f->topology.table[0] = (struct fore_table){.name = "t", .last = UINT64_MAX, .column_groups = 1};
    uint64_t width = hashed ? UINT64_MAX / 5 : 1000;
    for (uint64_t i = 0; i < 5; i++) {
        struct fore_partition p = {.first = i * width,
                                   .last = i == 4 ? UINT64_MAX : (i + 1) * width - 1,
                                   .bytes = 1,
                                   .replica_count = 1};
        assert_int_equal(fore_topology_add(&f->topology, &p, NULL), FORE_E_OK);
    }
    struct fore_diag diag = {0};
    assert_int_equal(fore_topology_check(&f->topology, &diag), FORE_E_OK);
    uint64_t at = 0;
    for (uint64_t b = 0; b < BUCKETS; b++) {
        uint64_t keys = hashed && b == 7 ? 100000 : 1 + (b * 37) % 97;
        f->bucket[b] = (struct wl_bucket){.first = at, .last = at + keys - 1};
        at += keys;
    }
    f->flow = (struct wl_flow){.bucket = f->bucket, .bucket_count = BUCKETS};
}

static void teardown(struct fixture *f)
{
    sim_spread_fini(&f->spread);
    fore_arena_fini(&f->arena);
}

/* Key by key. */
static void naive(const struct fixture *f, enum fore_placement placement, const double *rate,
                  double *out)
{
    for (uint32_t b = 0; b < BUCKETS; b++) {
        const struct wl_bucket *bucket = &f->bucket[b];
        double each = rate[b] / (double)(bucket->last - bucket->first + 1);
        for (uint64_t key = bucket->first; key <= bucket->last; key++)
            out[fore_topology_find(&f->topology, fore_placement_position(placement, key))] += each;
    }
}

static void check(enum fore_placement placement, double error)
{
    struct fixture f;
    setup(&f, placement != FORE_PLACE_RANGE);
    double rate[BUCKETS], want[32] = {0}, got[32] = {0};
    for (uint32_t b = 0; b < BUCKETS; b++)
        rate[b] = 1 + b % 11;
    sim_spread_update(&f.spread, &f.topology, placement, &f.flow);
    sim_spread_sum(&f.spread, rate, 1, got);
    naive(&f, placement, rate, want);
    for (uint32_t p = 0; p < f.topology.partition_count; p++)
        expect_near(got[p], want[p], error * want[p] + 1e-9);
    teardown(&f);
}

static void ranges_get_the_share_of_keys_they_hold(void **state)
{
    (void)state;
    check(FORE_PLACE_RANGE, 1e-12);
}

static void hashed_keys_are_followed_one_by_one_or_spread_evenly(void **state)
{
    (void)state;
    check(FORE_PLACE_RING, 0.1);
    check(FORE_PLACE_SLOT, 0.1);
}

static void nothing_is_lost_by_a_split_in_the_middle_of_a_bucket(void **state)
{
    (void)state;
    struct fixture f;
    setup(&f, false);
    double rate[BUCKETS * 4], before[32 * 4] = {0}, after[32 * 4] = {0};
    for (uint32_t i = 0; i < BUCKETS * 4; i++)
        rate[i] = i;
    sim_spread_update(&f.spread, &f.topology, FORE_PLACE_RANGE, &f.flow);
    sim_spread_sum(&f.spread, rate, 4, before);
    uint32_t right;
    assert_int_equal(fore_topology_split(&f.topology, 1, 1333, 0.5, &right), FORE_E_OK);
    sim_spread_update(&f.spread, &f.topology, FORE_PLACE_RANGE, &f.flow);
    sim_spread_sum(&f.spread, rate, 4, after);
    for (uint32_t i = 0; i < 4; i++) {
        expect_near(after[1 * 4 + i] + after[right * 4 + i], before[1 * 4 + i], 1e-9);
        assert_true(after[right * 4 + i] > 0);
        expect_near(after[0 * 4 + i], before[0 * 4 + i], 0);
    }
    teardown(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ranges_get_the_share_of_keys_they_hold),
        cmocka_unit_test(hashed_keys_are_followed_one_by_one_or_spread_evenly),
        cmocka_unit_test(nothing_is_lost_by_a_split_in_the_middle_of_a_bucket),
    };
    return cmocka_run_group_tests_name("sim/spread", tests, NULL, NULL);
}
