/* Colour: heat must be readable without hue. */
#include "tests/support/near.h"
#include "viz/colour.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void the_ramp_gets_lighter_with_every_step(void **state)
{
    double before = -1;
    for (int i = 0; i < VIZ_RAMP; i++) {
        double now = viz_colour_luminance(viz_colour_heat((double)i / (VIZ_RAMP - 1)));
        assert_true(now > before);
        before = now;
    }
    assert_true(before > 0.8);
}

/* Deutan and protan sight, simplified: red and green are one signal. */
static void hot_and_cold_stay_apart_for_the_colour_blind(void **state)
{
    for (int i = 0; i + 64 < VIZ_RAMP; i++) {
        struct viz_rgb a = viz_colour_heat(i / 255.0), b = viz_colour_heat((i + 64) / 255.0);
        double mix_a = 0.6 * a.g + 0.4 * a.r, mix_b = 0.6 * b.g + 0.4 * b.r;
        assert_true(mix_b > mix_a + 0.05);
    }
}

static double contrast(struct viz_rgb a, struct viz_rgb b)
{
    double x = viz_colour_luminance(a) + 0.05, y = viz_colour_luminance(b) + 0.05;
    return x > y ? x / y : y / x;
}

static void text_can_be_read_on_cards_in_both_themes(void **state)
{
    const struct viz_theme *theme = viz_colour_theme("light");
    for (int i = 0; i < 2; i++, theme = viz_colour_other(theme)) {
        assert_true(contrast(theme->ink, theme->card) > 7);
        assert_true(contrast(theme->muted, theme->card) > 4.5);
        assert_true(contrast(theme->bad, theme->card) > 4.5);
        assert_true(contrast(theme->accent, theme->card) > 4.5);
        assert_true(contrast(theme->faint, theme->card) > 2.8);
    }
}

static void there_are_two_themes_and_no_third(void **state)
{
    const struct viz_theme *light = viz_colour_theme("light"), *dark = viz_colour_theme("dark");
    assert_non_null(light);
    assert_ptr_equal(viz_colour_other(light), dark);
    assert_ptr_equal(viz_colour_other(dark), light);
    assert_null(viz_colour_theme("solarized"));
}

static void the_ramp_as_pixels_is_the_ramp(void **state)
{
    uint32_t pixel[VIZ_RAMP];
    viz_colour_ramp(pixel);
    assert_int_equal(pixel[255], viz_colour_pixel(viz_colour_heat(1)));
    assert_int_equal(viz_colour_pixel((struct viz_rgb){1, 0.5, 0}), 0xff8000);
    expect_near(viz_colour_mix((struct viz_rgb){0, 0, 0}, (struct viz_rgb){1, 1, 1}, 0.25).g, 0.25,
                1e-12);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_ramp_gets_lighter_with_every_step),
        cmocka_unit_test(hot_and_cold_stay_apart_for_the_colour_blind),
        cmocka_unit_test(text_can_be_read_on_cards_in_both_themes),
        cmocka_unit_test(there_are_two_themes_and_no_third),
        cmocka_unit_test(the_ramp_as_pixels_is_the_ramp),
    };
    return cmocka_run_group_tests_name("viz/colour", tests, NULL, NULL);
}
