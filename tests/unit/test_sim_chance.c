#include "sim/chance.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "core/base/series.h"
#include "tests/support/near.h"

enum { DRAWS = 40000 };
static double drawn[DRAWS];

static void counts_have_the_mean_and_variance_of_poisson(void **state)
{
    (void)state;
    static const double means[] = {0.3, 5, 11.9, 12.1, 400};
    for (size_t m = 0; m < FORE_COUNTOF(means); m++) {
        struct sim_chance chance = sim_chance_make(1);
        for (int i = 0; i < DRAWS; i++) {
            drawn[i] = sim_chance_count(&chance, means[m]);
            assert_true(drawn[i] >= 0 && drawn[i] <= floor(drawn[i]));
        }
        double sd = fore_series_sd(drawn, DRAWS);
        expect_near(fore_series_mean(drawn, DRAWS), means[m], 5 * sqrt(means[m] / DRAWS));
        expect_near(sd * sd / means[m], 1, 0.05);
    }
}

static void clumps_keep_the_mean_and_spread_it(void **state)
{
    (void)state;
    static const double clump_s[] = {0.001, 0.05, 2};
    for (size_t c = 0; c < FORE_COUNTOF(clump_s); c++) {
        struct sim_chance chance = sim_chance_make(2);
        struct sim_chance_slow slow = {
            .requests = 1e6, .sure = 0.002, .chance = 0.01, .clump_s = clump_s[c], .window_s = 60};
        for (int i = 0; i < DRAWS; i++)
            drawn[i] = sim_chance_slow(&chance, &slow) / slow.requests;
        double variance = 4 * slow.chance * clump_s[c] / 60; /* of the share: n E[C^2] / w^2 */
        expect_near(fore_series_mean(drawn, DRAWS), 0.012, 6 * sqrt(variance / DRAWS) + 1e-4);
        expect_near(fore_series_sd(drawn, DRAWS) / sqrt(variance), 1, 0.08);
    }
}

static void sure_things_are_sure(void **state)
{
    (void)state;
    struct sim_chance chance = sim_chance_make(3);
    struct sim_chance_slow all = {.requests = 500, .sure = 1, .window_s = 1};
    struct sim_chance_slow none = {.requests = 500, .window_s = 1};
    for (int i = 0; i < 100; i++) {
        expect_near(sim_chance_slow(&chance, &all), 500, 0);
        expect_near(sim_chance_slow(&chance, &none), 0, 0);
    }
}

static void a_factor_has_mean_one(void **state)
{
    (void)state;
    struct sim_chance chance = sim_chance_make(4);
    for (int i = 0; i < DRAWS; i++)
        drawn[i] = sim_chance_factor(&chance, 100, 100);
    expect_near(fore_series_mean(drawn, DRAWS), 1, 0.003);
    expect_near(fore_series_sd(drawn, DRAWS), 0.1, 0.003);
    expect_near(sim_chance_factor(&chance, 0, 1), 1, 0);
}

static void keys_are_shown_in_proportion_to_the_rates(void **state)
{
    (void)state;
    struct wl_bucket bucket[3] = {
        {0,   99  },
        {100, 100 },
        {101, 1000}
    };
    double reads[3] = {10, 70, 0}, writes[3] = {0, 0, 20};
    struct wl_flow flow = {.bucket = bucket, .bucket_count = 3};
    struct fore_key_sample room[64];
    struct sim_window window = {.key = room, .key_cap = 64, .sample.requests = 6400};
    struct sim_chance chance = sim_chance_make(5);
    struct sim_chance_keys keys = {.flow = &flow, .reads = reads, .writes = writes, .wanted = 50};
    int hot = 0, written = 0;
    sim_chance_show_keys(&chance, &keys, &window);
    expect_near(window.sample.key_count, 50.0, 1);
    for (uint32_t i = 0; i < window.sample.key_count; i++) {
        hot += room[i].position == 100;
        written += room[i].write;
        assert_true(room[i].write == (room[i].position > 100));
        assert_int_equal(room[i].weight, 128);
    }
    expect_near((double)hot, 35, 1);
    expect_near((double)written, 10, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_have_the_mean_and_variance_of_poisson),
        cmocka_unit_test(clumps_keep_the_mean_and_spread_it),
        cmocka_unit_test(sure_things_are_sure),
        cmocka_unit_test(a_factor_has_mean_one),
        cmocka_unit_test(keys_are_shown_in_proportion_to_the_rates),
    };
    return cmocka_run_group_tests_name("sim/chance", tests, NULL, NULL);
}
