/* What the daemon has learned, as a file: whole or refused, its clock gone on, and written by a
 * thread that keeps only the newest. */
#include "core/base/bytes.h"
#include "core/cluster/placement.h"
#include "live/keeper.h"
#include "tests/support/scratch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct live_cut cuts[3] = {
    {0, 0,    99   },
    {2, 5000, 16383},
    {7, 100,  4999 }
};

static struct live_kept sample(void)
{
    struct live_kept kept = {.now = 100 * FORE_SEC,
                             .window = FORE_SEC,
                             .unix_ms = 1795824000000,
                             .partition_cap = 64,
                             .cut_count = 3,
                             .cut = cuts};
    fore_buf_puts(&kept.engine, "the engine's own");
    return kept;
}

static struct fore_buf written(const struct live_kept *kept)
{
    struct fore_buf out = {0};
    live_kept_write(kept, &out);
    return out;
}

static void it_comes_back_as_it_was(void **state)
{
    (void)state;
    struct live_kept kept = sample(), back;
    struct fore_buf bytes = written(&kept);
    assert_int_equal(live_kept_read(bytes.data, bytes.len, &back, NULL), FORE_E_OK);
    assert_int_equal(back.now, kept.now);
    assert_int_equal(back.cut_count, 3);
    assert_int_equal(back.cut[1].index, 2);
    assert_int_equal(back.cut[2].first, 100);
    assert_int_equal(back.engine.len, kept.engine.len);
    assert_memory_equal(back.engine.data, kept.engine.data, kept.engine.len);
    live_kept_fini(&back);
    fore_buf_fini(&bytes);
    fore_buf_fini(&kept.engine);
}

static void cuts_that_are_no_cuts_are_refused(void **state)
{
    (void)state;
    static const struct live_cut bad[][3] = {
        {{0, 0, 99},  {2, 5000, 16383}, {7, 101, 4999} }, /* a slot in none */
        {{0, 0, 100}, {2, 5000, 16383}, {7, 100, 4999} }, /* a slot in two */
        {{0, 0, 99},  {7, 5000, 16383}, {2, 100, 4999} }, /* indexes not ascending */
        {{0, 0, 99},  {2, 5000, 16383}, {64, 100, 4999}}, /* beyond the room */
        {{0, 99, 0},  {2, 5000, 16383}, {7, 100, 4999} },
        {{0, 0, 99},  {2, 5000, 16384}, {7, 100, 4999} },
    };
    for (size_t i = 0; i < FORE_COUNTOF(bad); i++) {
        struct live_kept kept = sample(), back;
        struct live_cut copy[3];
        memcpy(copy, bad[i], sizeof copy);
        kept.cut = copy;
        struct fore_buf bytes = written(&kept);
        assert_int_equal(live_kept_read(bytes.data, bytes.len, &back, NULL), FORE_E_FORMAT);
        fore_buf_fini(&bytes);
        fore_buf_fini(&kept.engine);
    }
}

static void damage_is_refused(void **state)
{
    (void)state;
    struct live_kept kept = sample(), back;
    struct fore_buf bytes = written(&kept);
    for (size_t at = 0; at < bytes.len; at++) {
        bytes.data[at] = (char)(bytes.data[at] ^ 4);
        assert_int_equal(live_kept_read(bytes.data, bytes.len, &back, NULL), FORE_E_FORMAT);
        assert_int_equal(live_kept_read(bytes.data, at, &back, NULL), FORE_E_FORMAT);
        bytes.data[at] = (char)(bytes.data[at] ^ 4);
    }
    fore_buf_fini(&bytes);
    fore_buf_fini(&kept.engine);
}

static void time_goes_on_while_we_are_away(void **state)
{
    (void)state;
    struct scratch scratch = scratch_begin();
    struct live_kept kept = sample(), back;
    struct fore_buf bytes = written(&kept);
    char why[200];
    const char *path = scratch_put(&scratch, "learned", bytes.data, bytes.len);
    assert_true(live_kept_resume(path, FORE_SEC, kept.unix_ms + 60700, &back, why, sizeof why));
    assert_int_equal(back.now, 160 * FORE_SEC); /* whole windows */
    live_kept_fini(&back);
    assert_true(live_kept_resume(path, FORE_SEC, kept.unix_ms - 5000, &back, why, sizeof why));
    assert_int_equal(back.now, 100 * FORE_SEC); /* a clock set back */
    live_kept_fini(&back);
    assert_false(live_kept_resume(path, 2 * FORE_SEC, kept.unix_ms, &back, why, sizeof why));
    assert_non_null(strstr(why, "windows of 1s"));
    assert_false(live_kept_resume("no/such", FORE_SEC, kept.unix_ms, &back, why, sizeof why));
    assert_string_equal(why, "");
    path = scratch_text(&scratch, "other", "not ours");
    assert_false(live_kept_resume(path, FORE_SEC, kept.unix_ms, &back, why, sizeof why));
    assert_true(strlen(why) > 10);
    fore_buf_fini(&bytes);
    fore_buf_fini(&kept.engine);
    scratch_end(&scratch);
}

static void the_newest_is_on_disk_at_the_end(void **state)
{
    (void)state;
    struct scratch scratch = scratch_begin();
    char path[256];
    (void)snprintf(path, sizeof path, "%s", scratch_path(&scratch, "learned"));
    struct live_keeper *keeper = live_keeper_open(path);
    for (int i = 0; i < 20; i++) {
        struct live_kept kept = sample();
        kept.now = (fore_ns)i * FORE_SEC;
        struct fore_buf bytes = written(&kept);
        live_keeper_put(keeper, &bytes);
        assert_null(bytes.data);
        fore_buf_fini(&kept.engine);
    }
    assert_true(live_keeper_close(keeper));
    bool found;
    struct live_kept back;
    assert_int_equal(live_kept_load(path, &back, &found, NULL), FORE_E_OK);
    assert_true(found);
    assert_int_equal(back.now, 19 * FORE_SEC);
    assert_int_equal(scratch_count(&scratch), 1);
    live_kept_fini(&back);
    scratch_end(&scratch);
    keeper = live_keeper_open("no/such/folder/learned");
    struct fore_buf bytes = {0};
    fore_buf_puts(&bytes, "x");
    live_keeper_put(keeper, &bytes);
    assert_false(live_keeper_close(keeper));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_comes_back_as_it_was),
        cmocka_unit_test(cuts_that_are_no_cuts_are_refused),
        cmocka_unit_test(damage_is_refused),
        cmocka_unit_test(time_goes_on_while_we_are_away),
        cmocka_unit_test(the_newest_is_on_disk_at_the_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
