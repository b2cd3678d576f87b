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

/* As the two kinds of red-green blindness see them, every palette still gets lighter, and hot stays
 * far from cold. */
static void every_palette_is_told_by_luminance_alone(void **state)
{
    for (int p = 0; p < VIZ_PALETTES; p++)
        for (int sight = 0; sight < VIZ_SIGHTS; sight++) {
            double before = -1, first = 0, middle = 0;
            for (int i = 0; i <= 64; i++) {
                struct viz_rgb c = viz_colour_palette((enum viz_palette)p, i / 64.0);
                double now = viz_colour_luminance(viz_colour_seen((enum viz_sight)sight, c));
                assert_true(now > before);
                before = now;
                if (i == 0) first = now;
                if (i == 32) middle = now;
            }
            assert_true((before + 0.05) / (first + 0.05) > 7);
            assert_true((before + 0.05) / (middle + 0.05) > 2.5);
            assert_true((middle + 0.05) / (first + 0.05) > 1.8);
        }
}

static void the_sign_of_an_error_is_told_by_luminance_alone(void **state)
{
    for (int sight = 0; sight < VIZ_SIGHTS; sight++) {
        double before = -1;
        for (int i = -32; i <= 32; i++) {
            struct viz_rgb c = viz_colour_seen((enum viz_sight)sight, viz_colour_error(i / 32.0));
            assert_true(viz_colour_luminance(c) > before);
            before = viz_colour_luminance(c);
        }
    }
}

static void a_grey_looks_alike_to_every_eye(void **state)
{
    for (int sight = 0; sight < VIZ_SIGHTS; sight++) {
        struct viz_rgb c = viz_colour_seen((enum viz_sight)sight, (struct viz_rgb){.5, .5, .5});
        expect_near(c.r, 0.5, 2e-3);
        expect_near(c.g, 0.5, 2e-3);
        expect_near(c.b, 0.5, 2e-3);
    }
}

static void palettes_go_by_their_names(void **state)
{
    enum viz_palette found;
    for (int p = 0; p < VIZ_PALETTES; p++) {
        assert_true(viz_colour_palette_named(viz_colour_palette_name((enum viz_palette)p), &found));
        assert_int_equal(found, p);
    }
    assert_false(viz_colour_palette_named("jet", &found));
    assert_int_equal(viz_colour_pixel(viz_colour_palette(VIZ_PALETTE_VIRIDIS, 0)), 0x440154);
    assert_int_equal(viz_colour_pixel(viz_colour_palette(VIZ_PALETTE_CIVIDIS, 1)), 0xffea46);
    assert_int_equal(viz_colour_pixel(viz_colour_palette(VIZ_PALETTE_INFERNO, 1)), 0xfcffa4);
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
        cmocka_unit_test(every_palette_is_told_by_luminance_alone),
        cmocka_unit_test(the_sign_of_an_error_is_told_by_luminance_alone),
        cmocka_unit_test(a_grey_looks_alike_to_every_eye),
        cmocka_unit_test(palettes_go_by_their_names),
        cmocka_unit_test(text_can_be_read_on_cards_in_both_themes),
        cmocka_unit_test(there_are_two_themes_and_no_third),
        cmocka_unit_test(the_ramp_as_pixels_is_the_ramp),
    };
    return cmocka_run_group_tests_name("viz/colour", tests, NULL, NULL);
}
