/* test_key_advice.c - counting, routing and column splits on logs small enough to reason about. */
#include "core/advise/key_advice.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/advise/column_advice.h"
#include "core/advise/distinct.h"
#include "core/base/hash.h"
#include "tests/support/near.h"

static struct fore_arena arena;
static struct fore_query_log log_;

static int teardown(void **state)
{
    (void)state;
    fore_query_log_fini(&log_);
    fore_arena_fini(&arena);
    return 0;
}

static struct fore_query_term term(uint8_t role, const char *column, int value)
{
    char text[16];
    uint16_t table = fore_query_log_table(&log_, "t");
    struct fore_query_term out = {.role = role,
                                  .column = fore_query_log_column(&log_, table, column)};
    int len = snprintf(text, sizeof text, "%d", value);
    fore_query_log_value(&out, text, (size_t)len);
    return out;
}

static void counts_are_exact_then_close(void **state)
{
    (void)state;
    struct fore_distinct distinct = fore_distinct_make(&arena);
    for (uint64_t i = 0; i < 200000; i++) {
        (void)fore_distinct_add(&distinct, fore_hash_u64(i % 4000, 9));
        if (i == 9999) expect_near(fore_distinct_count(&distinct), 4000, 0);
    }
    for (uint64_t i = 0; i < 100000; i++)
        (void)fore_distinct_add(&distinct, fore_hash_u64(i, 9));
    assert_false(fore_distinct_is_exact(&distinct));
    expect_near(fore_distinct_count(&distinct) / 100000, 1, 0.05);
}

static void order_words_ascend_with_values(void **state)
{
    (void)state;
    static const char *const ascending[] = {"-10", "-1.5", "0", "2", "10", "1e3"};
    static const char *const days[] = {"2026-01-31", "2026-02-01 07:00:00", "2026-02-01 07:00:01"};
    struct fore_query_term a, b;
    for (size_t i = 1; i < FORE_COUNTOF(ascending); i++) {
        fore_query_log_value(&a, ascending[i - 1], strlen(ascending[i - 1]));
        fore_query_log_value(&b, ascending[i], strlen(ascending[i]));
        assert_true(a.order < b.order);
    }
    for (size_t i = 1; i < FORE_COUNTOF(days); i++) {
        fore_query_log_value(&a, days[i - 1], strlen(days[i - 1]));
        fore_query_log_value(&b, days[i], strlen(days[i]));
        assert_true(a.order < b.order);
    }
}

static void a_bound_key_goes_to_one_partition_and_a_range_to_neighbours(void **state)
{
    (void)state;
    for (int i = 0; i < 6400; i++) {
        struct fore_query_term t = term(FORE_TERM_EQUAL, "a", i);
        fore_query_log_add(&log_, (struct fore_query){.t = (fore_ns)i}, &t, 1);
    }
    struct fore_query_term scan[2] = {term(FORE_TERM_LEAST, "a", 1000),
                                      term(FORE_TERM_MOST, "a", 1250)};
    fore_query_log_add(&log_, (struct fore_query){.t = 6400}, scan, 2);
    struct fore_key_layout layout = {
        .key = {.columns = 1, .kind = FORE_KEY_RANGE}
    };
    fore_key_cut(&log_, 0, 0, 6400, &layout, &arena);
    assert_int_equal(layout.cuts, FORE_KEY_PARTITIONS - 1);
    assert_int_equal(fore_key_route(&log_, &log_.query[50], &layout), 1);
    assert_int_equal(fore_key_route(&log_, &log_.query[6399], &layout), UINT64_C(1) << 63);
    assert_int_equal(fore_key_route(&log_, &log_.query[6400], &layout), UINT64_C(7) << 10);
    layout.key.kind = FORE_KEY_HASH;
    uint64_t set = fore_key_route(&log_, &log_.query[50], &layout);
    assert_true(set != 0 && (set & (set - 1)) == 0);
    assert_true(fore_key_route(&log_, &log_.query[6400], &layout) == UINT64_MAX);
}

static void a_wide_column_that_few_read_is_split_off(void **state)
{
    (void)state;
    fore_query_log_fini(&log_);
    for (int i = 0; i < 1000; i++) {
        struct fore_query_term t[2] = {term(FORE_TERM_EQUAL, "id", i),
                                       term(FORE_TERM_READ, i % 50 ? "name" : "photo", 0)};
        fore_query_log_add(&log_, (struct fore_query){.t = (fore_ns)i}, t, 2);
    }
    static const struct {
        const char *name;
        double bytes;
    } width[] = {
        {"id",    8   },
        {"name",  20  },
        {"photo", 5000}
    };
    for (size_t i = 0; i < FORE_COUNTOF(width); i++) {
        uint16_t c = fore_query_log_find_column(&log_, 0, width[i].name);
        log_.column[c].width = width[i].bytes;
        log_.column[c].width_source = FORE_WIDTH_TOLD;
    }
    struct fore_column_advice advice = fore_column_advise(&log_, 0, 0, 1000, &arena, &arena);
    assert_true(advice.worth && advice.exact);
    for (size_t c = 0; c < advice.columns; c++)
        assert_int_equal(advice.column[c].apart,
                         strcmp(log_.column[advice.column[c].column].name, "photo") == 0);
    expect_near(advice.spanning_share, 0.02, 1e-9);
    expect_near(advice.bytes_before, 1000 * 5036.0, 1e-6);
    expect_near(advice.bytes_after, 1000 * 36.0 + 20 * (5008.0 + 32.0), 1e-6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_are_exact_then_close),
        cmocka_unit_test(order_words_ascend_with_values),
        cmocka_unit_test(a_bound_key_goes_to_one_partition_and_a_range_to_neighbours),
        cmocka_unit_test(a_wide_column_that_few_read_is_split_off),
    };
    return cmocka_run_group_tests(tests, NULL, teardown);
}
