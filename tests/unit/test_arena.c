#include "core/base/arena.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static bool all_zero(const unsigned char *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (p[i] != 0) return false;
    return true;
}

static void memory_is_zeroed_and_aligned(void **state)
{
    struct fore_arena arena;
    fore_arena_init(&arena);
    for (size_t align = 1; align <= 64; align *= 2) {
        for (size_t size = 0; size < 200; size += 7) {
            unsigned char *p = fore_arena_alloc(&arena, size, align);
            assert_int_equal((uintptr_t)p % align, 0);
            assert_true(all_zero(p, size));
            memset(p, 0xff, size);
        }
    }
    fore_arena_fini(&arena);
}

static void a_reset_gives_the_memory_back_and_zeroes_it_again(void **state)
{
    struct fore_arena arena = {0};
    (void)fore_arena_alloc(&arena, 100, 8);
    struct fore_arena_mark mark = fore_arena_mark(&arena);
    size_t used = arena.used_bytes;
    unsigned char *before = fore_arena_alloc(&arena, 1000, 8);
    memset(before, 0xff, 1000);
    fore_arena_reset(&arena, mark);
    assert_int_equal(arena.used_bytes, used);
    unsigned char *after = fore_arena_alloc(&arena, 1000, 8);
    assert_ptr_equal(after, before);
    assert_true(all_zero(after, 1000));
    fore_arena_fini(&arena);
}

static void chunks_never_move(void **state)
{
    struct fore_arena arena = {0};
    char *text[500];
    for (int i = 0; i < 500; i++)
        text[i] = fore_arena_printf(&arena, "%d:%0*d", i, 1 + i * 7, i);
    for (int i = 0; i < 500; i++) {
        assert_int_equal(strlen(text[i]), (i < 10 ? 1 : i < 100 ? 2 : 3) + 2 + i * 7);
        assert_int_equal(strtol(text[i], NULL, 10), i);
    }
    fore_arena_fini(&arena);
}

static void a_step_that_repeats_stops_growing(void **state)
{
    struct fore_arena arena = {0};
    struct fore_arena_mark empty = fore_arena_mark(&arena);
    for (int step = 0; step < 50; step++) {
        unsigned char *big = fore_arena_alloc(&arena, 3000000, 64);
        assert_true(all_zero(big, 3000000));
        memset(big, step | 1, 3000000);
        (void)fore_arena_strdup(&arena, "small");
        fore_arena_reset(&arena, empty);
    }
    assert_int_equal(arena.used_bytes, 0);
    assert_true(arena.high_water_bytes >= 3000006 && arena.high_water_bytes < 3000200);
    fore_arena_fini(&arena);
}

static void nested_marks_unwind_across_chunks(void **state)
{
    struct fore_arena arena = {0};
    char *kept = fore_arena_strdup(&arena, "kept");
    struct fore_arena_mark outer = fore_arena_mark(&arena);
    for (int i = 0; i < 10; i++) {
        struct fore_arena_mark inner = fore_arena_mark(&arena);
        (void)fore_arena_alloc(&arena, 50000, 16);
        if (i % 2) fore_arena_reset(&arena, inner);
    }
    fore_arena_reset(&arena, outer);
    assert_string_equal(kept, "kept");
    assert_int_equal(arena.used_bytes, 5);
    fore_arena_fini(&arena);
    assert_null(arena.head);
    (void)fore_arena_alloc(&arena, 1, 1); /* usable again */
    fore_arena_fini(&arena);
}

static void arrays_are_typed(void **state)
{
    struct fore_arena arena = {0};
    uint64_t *x = FORE_NEW(&arena, uint64_t, 1000);
    for (int i = 0; i < 1000; i++)
        assert_int_equal(x[i], 0);
    assert_non_null(FORE_NEW(&arena, uint64_t, 0));
    fore_arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_is_zeroed_and_aligned),
        cmocka_unit_test(a_reset_gives_the_memory_back_and_zeroes_it_again),
        cmocka_unit_test(chunks_never_move),
        cmocka_unit_test(a_step_that_repeats_stops_growing),
        cmocka_unit_test(nested_marks_unwind_across_chunks),
        cmocka_unit_test(arrays_are_typed),
    };
    return cmocka_run_group_tests_name("core/base/arena", tests, NULL, NULL);
}
