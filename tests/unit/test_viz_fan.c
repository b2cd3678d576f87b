#include "viz/fan.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/near.h"

static const char good[] =
    "foreshard-fan 1\ntitle z5\nabout ensemble\nstart 1483228800\nstep 3600\n"
    "history 3\n1\nnan\n2.5\ntruth 1\n3\n"
    "fan 2 3\n0.05 0.5 0.95\n1 2 3\n2 3 4\n";

static struct fore_arena arena;

static int teardown(void **state)
{
    fore_arena_fini(&arena);
    return 0;
}

static enum fore_err read_text(const char *text, struct viz_fan *fan, struct fore_diag *diag)
{
    FILE *file = fmemopen((void *)(uintptr_t)text, strlen(text), "r");
    assert_non_null(file);
    enum fore_err err = viz_fan_read(file, &arena, fan, diag);
    fclose(file);
    return err;
}

static void a_fan_is_read_as_it_was_written(void **state)
{
    struct viz_fan fan;
    struct fore_diag diag = {0};
    assert_int_equal(read_text(good, &fan, &diag), FORE_E_OK);
    assert_string_equal(fan.title, "z5");
    assert_int_equal(fan.history_count, 3);
    assert_true(isnan(fan.history[1]));
    expect_near(fan.history[2], 2.5, 0);
    expect_near(fan.truth[0], 3, 0);
    assert_int_equal(fan.steps, 2);
    expect_near(fan.quantile[5], 4, 0);
}

/* Every cut and every changed character either gives a fan or names the line. */
static void a_damaged_fan_is_refused_with_its_line(void **state)
{
    char text[sizeof good];
    for (size_t at = 0; at + 1 < sizeof good; at++) {
        struct viz_fan fan;
        struct fore_diag diag = {0};
        memcpy(text, good, sizeof good);
        text[at] = '\0';
        if (at > 0) {
            assert_int_equal(read_text(text, &fan, &diag), FORE_E_FORMAT);
            assert_non_null(strstr(diag.text, "line "));
        }
        memcpy(text, good, sizeof good);
        text[at] = '#';
        if (read_text(text, &fan, &diag) != FORE_E_OK) assert_non_null(strstr(diag.text, "line "));
    }
}

static void sizes_and_levels_that_make_no_sense_are_refused(void **state)
{
    static const char *const bad[] = {
        "foreshard-fan 2\n",
        "foreshard-fan 1\ntitle a\nabout b\nstart 0\nstep 0\n",
        "foreshard-fan 1\ntitle a\nabout b\nstart 0\nstep 1\nhistory 1e9\n",
        "foreshard-fan 1\ntitle a\nabout b\nstart 0\nstep 1\nhistory -1\n",
        "foreshard-fan 1\ntitle a\nabout b\nstart 0\nstep 1\nhistory 0\ntruth 0\nfan 1 0\n",
        "foreshard-fan 1\ntitle a\nabout b\nstart 0\nstep 1\nhistory 0\ntruth 0\nfan 1 2\n.5 .1\n",
        "foreshard-fan 1\ntitle a\nabout b\nstart 0\nstep 1\nhistory 0\ntruth 0\nfan 1 1\n.5\n1 2\n",
    };
    for (size_t i = 0; i < FORE_COUNTOF(bad); i++) {
        struct viz_fan fan;
        struct fore_diag diag = {0};
        assert_int_not_equal(read_text(bad[i], &fan, &diag), FORE_E_OK);
        assert_non_null(strstr(diag.text, "line "));
    }
}

static uint32_t pixel(cairo_surface_t *surface, int x, int y)
{
    uint32_t out;
    memcpy(&out,
           cairo_image_surface_get_data(surface) + y * cairo_image_surface_get_stride(surface) +
               4 * x,
           sizeof out);
    return out & 0xffffff;
}

static void bands_are_drawn_ahead_of_the_history_and_nowhere_else(void **state)
{
    struct viz_fan fan;
    struct fore_diag diag = {0};
    assert_int_equal(read_text(good, &fan, &diag), FORE_E_OK);
    cairo_surface_t *surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, 1200, 560);
    const struct viz_theme *theme = viz_colour_theme("light");
    viz_fan_draw(&fan, theme, surface, 1200, 560);
    cairo_surface_flush(surface);
    /* steps 0..4 stand at x = 70, 345, 620, 895, 1170; the fan at 3 and 4, from 1 to 4 of 4.25 */
    uint32_t ground = viz_colour_pixel(theme->card) & 0xffffff;
    assert_int_equal(pixel(surface, 500, 300), ground);
    assert_int_not_equal(pixel(surface, 1030, 300), ground);
    cairo_surface_destroy(surface);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_fan_is_read_as_it_was_written),
        cmocka_unit_test(a_damaged_fan_is_refused_with_its_line),
        cmocka_unit_test(sizes_and_levels_that_make_no_sense_are_refused),
        cmocka_unit_test(bands_are_drawn_ahead_of_the_history_and_nowhere_else),
    };
    return cmocka_run_group_tests_name("viz/fan", tests, NULL, teardown);
}
