#include "experiments/table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void columns_are_as_wide_as_their_widest_cell(void **state)
{
    struct fore_arena arena;
    struct lab_table table;
    struct fore_buf out = {0};
    fore_arena_init(&arena);
    lab_table_init(&table, &arena, 3, 1);
    const char *const cell[] = {"name",
                                "x",
                                "note",
                                "a",
                                "12",
                                "\xc2\xb1"
                                "1",
                                "longer",
                                "7",
                                ""};
    for (size_t i = 0; i < FORE_COUNTOF(cell); i++)
        lab_table_add(&table, "%s", cell[i]);
    lab_table_print(&table, "> ", &out);
    assert_string_equal(out.data, "> name     x  note\n"
                                  "> ────────────────\n"
                                  "> a       12    ±1\n"
                                  "> longer   7      \n");
    fore_buf_fini(&out);
    fore_arena_fini(&arena);
}

static void numbers_read_as_people_write_them(void **state)
{
    struct fore_arena arena;
    fore_arena_init(&arena);
    assert_string_equal(lab_table_number(&arena, 0), "0");
    assert_string_equal(lab_table_number(&arena, .012345), "0.012");
    assert_string_equal(lab_table_number(&arena, 9.876), "9.88");
    assert_string_equal(lab_table_number(&arena, 98.76), "98.8");
    assert_string_equal(lab_table_number(&arena, -1234567), "-1,234,567");
    assert_string_equal(lab_table_number(&arena, 999.9), "1,000");
    assert_string_equal(lab_table_bytes(&arena, 0), "0");
    assert_string_equal(lab_table_bytes(&arena, 999), "999 B");
    assert_string_equal(lab_table_bytes(&arena, 999.7e3), "1.0 MB");
    assert_string_equal(lab_table_bytes(&arena, 42e9), "42 GB");
    assert_string_equal(lab_table_latency(&arena, 1250), "1.25 us");
    assert_string_equal(lab_table_latency(&arena, 25e6), "25.0 ms");
    assert_string_equal(lab_table_span(&arena, 59), "59 s");
    assert_string_equal(lab_table_span(&arena, 7200), "2 h");
    assert_string_equal(lab_table_span(&arena, 90000), "1 d 1 h");
    fore_arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_are_as_wide_as_their_widest_cell),
        cmocka_unit_test(numbers_read_as_people_write_them),
    };
    return cmocka_run_group_tests_name("experiments/table", tests, NULL, NULL);
}
