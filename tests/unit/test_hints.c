#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/dist.h"
#include "core/forecast/hints.h"
#include "tests/support/near.h"

enum { HOURS = 24 * 28, HORIZON = 48, HOUR_S = 3600 };
static const double monday = 1488758400; /* 2017-03-06 */
static const struct fore_model_params params = {
    .spar_periods = 6, .spar_recent = 24, .ridge = 1e-4, .floor_share = 0.8};
static struct fore_arena arena, scratch;

static int teardown(void **state)
{
    fore_arena_fini(&arena);
    fore_arena_fini(&scratch);
    return 0;
}

static struct fore_hints read(const char *text)
{
    struct fore_hints hints;
    struct fore_diag diag = {0};
    fore_hints_init(&hints, "hints.txt", &arena);
    enum fore_err err = fore_hints_parse(&hints, text, strlen(text), &diag);
    if (err != FORE_E_OK) fail_msg("%s", diag.text);
    return hints;
}

static void refused(const char *text, const char *sentence)
{
    struct fore_hints hints;
    struct fore_diag diag = {0};
    fore_hints_init(&hints, "hints.txt", &arena);
    assert_int_not_equal(fore_hints_parse(&hints, text, strlen(text), &diag), FORE_E_OK);
    assert_string_equal(diag.text, sentence);
    assert_int_equal(hints.count, 0);
}

static void shown(const struct fore_hint *hint, const char *text)
{
    struct fore_buf out = {0};
    fore_hint_print(hint, &out);
    assert_string_equal(out.data, text);
    fore_buf_fini(&out);
}

/* ---- text ------------------------------------------------------------------------------------ */

static void every_form_is_read_and_printed(void **state)
{
    struct fore_hints hints = read("# a comment\n\n"
                                   "orders growth 2017-04-01.. +20%/week # and another\n"
                                   "* daily 02:00..02:30 x3\r\n"
                                   "checkout event 2017-03-10T18:00..2017-03-10T23:00:30Z x2.5\n"
                                   "\"blue shoes\" weekly fri-mon,wed 22:00..01:00 +50%\n"
                                   "z1? event 960..1008 -40%\n"
                                   "x growth 10..20 x1.1/step");
    assert_int_equal(hints.count, 6);
    shown(&hints.hint[0], "growth 2017-04-01.. x1.2/week");
    shown(&hints.hint[1], "daily 02:00..02:30 x3");
    shown(&hints.hint[2], "event 2017-03-10T18:00..2017-03-10T23:00:30 x2.5");
    shown(&hints.hint[3], "weekly mon,wed,fri,sat,sun 22:00..01:00 x1.5");
    shown(&hints.hint[4], "event 960..1008 x0.6");
    shown(&hints.hint[5], "growth 10..20 x1.1/step");
    assert_string_equal(hints.hint[3].series, "blue shoes");
    assert_int_equal(hints.hint[5].line, 8);
    expect_near(hints.hint[2].from, monday + 4 * 86400 + 18 * 3600, 0);
    expect_near(hints.hint[3].to - hints.hint[3].from, 3 * 3600, 0);
}

static void mistakes_name_line_field_and_remedy(void **state)
{
    refused("a daily 02:00..03:00 x2\nb dayly 02:00..03:00 x2",
            "hints.txt:2: what: \"dayly\" is not one of event daily weekly growth; did you mean "
            "\"daily\"?");
    refused("a daily 02:00 x2",
            "hints.txt:1: when: \"02:00\" is not FROM..TO, with two dots between the times");
    refused("a daily 02:00..24:01 x2",
            "hints.txt:1: when: \"24:01\" is not a time of day, 00:00 to 24:00");
    refused("a weekly mon,thr 02:00..03:00 x2",
            "hints.txt:1: when: \"thr\" is not one of mon tue wed thu fri sat sun; did you mean "
            "\"thu\"?");
    refused("a weekly mon x2", "hints.txt:1: when: \"mon\" lacks the hours: mon 09:00..10:00");
    refused("a event 2017-02-29..2017-03-01 x2",
            "hints.txt:1: when: \"2017-02-29\" is neither a time such as 2017-03-10T18:00 (UTC) "
            "nor a step such as 960");
    refused("a event 960..2017-03-01 x2", "hints.txt:1: when: \"2017-03-01\" and what it is paired "
                                          "with must both be times or both steps");
    refused("a event 960..960 x2", "hints.txt:1: when: \"960\" is not after the beginning");
    refused("a event 960..961 2.5", "hints.txt:1: how much: \"2.5\" is neither a factor such as "
                                    "x2.5 nor +20% or -40%");
    refused("a event 960..961 x1e9", "hints.txt:1: how much: \"x1e9\" is neither a factor such as "
                                     "x2.5 nor +20% or -40%");
    refused("a event 960..961 -100%",
            "hints.txt:1: how much: \"-100%\" is not between x0.001 and x1000");
    refused("a event 960..961 +0%", "hints.txt:1: how much: \"+0%\" changes nothing");
    refused("a event 960..961 +20%/week",
            "hints.txt:1: how much: \"+20%/week\" is growth; an event has x2.5 or +20%");
    refused("a growth 960.. +20%",
            "hints.txt:1: how much: \"+20%\" lacks the time growth takes: +20%/week, x1.1/day");
    refused("a growth 960.. +20%/wek", "hints.txt:1: how much: \"wek\" is not one of step hour day "
                                       "week month year; did you mean \"week\"?");
    refused("a daily", "hints.txt:1: line: \"a\" is not followed by what, when and how much");
    refused("a daily 01:00..02:00 x2 x3", "hints.txt:1: line: \"x3\" is one field too many");
    refused("\"a daily 01:00..02:00 x2",
            "hints.txt:1: line: \"a daily 01:00..02:00 x2\" has no closing quote");
    refused("\"\" daily 01:00..02:00 x2", "hints.txt:1: series: \"\" names nothing");
}

static void hints_are_added_by_program_too(void **state)
{
    struct fore_hints hints;
    struct fore_diag diag = {0};
    fore_hints_init(&hints, NULL, &arena);
    char name[] = "orders";
    struct fore_hint hint = {.series = name,
                             .kind = FORE_HINT_EVENT,
                             .from = monday,
                             .to = monday + 60,
                             .multiplier = 2};
    assert_int_equal(fore_hints_add(&hints, &hint, &diag), FORE_E_OK);
    name[0] = 'x';
    assert_string_equal(hints.hint[0].series, "orders");
    hint.to = monday;
    assert_int_equal(fore_hints_add(&hints, &hint, &diag), FORE_E_RANGE);
    assert_string_equal(diag.text, "hint for \"xrders\": to must be after from");
    assert_int_equal(hints.count, 1);
}

static void patterns_match_whole_names(void **state)
{
    static const struct {
        const char *pattern, *name;
        bool matches;
    } cases[] = {
        {"orders",   "orders",                         true },
        {"orders",   "orders2",                        false},
        {"*",        "",                               true },
        {"or*s",     "orders",                         true },
        {"or*s",     "orderst",                        false},
        {"*er*er*",  "orderers",                       true },
        {"z?",       "z1",                             true },
        {"z?",       "z",                              false},
        {"*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false},
    };
    for (size_t i = 0; i < FORE_COUNTOF(cases); i++) {
        struct fore_hint hint = {.series = cases[i].pattern};
        assert_int_equal(fore_hint_matches(&hint, cases[i].name), cases[i].matches);
    }
}

static void hints_for_unknown_series_are_told(void **state)
{
    struct fore_hints hints = read("orders event 1..2 x2\nchekout event 1..2 x2\nq* event 1..2 x2");
    static const char *const names[] = {"orders", "checkout"};
    struct fore_buf out = {0};
    assert_int_equal(fore_hints_unmatched(&hints, names, 2, &out), 2);
    assert_string_equal(out.data, "hints.txt:2: no series is called \"chekout\"; did you mean "
                                  "\"checkout\"?\nhints.txt:3: no series is called \"q*\"\n");
    fore_buf_fini(&out);
}

/* ---- columns --------------------------------------------------------------------------------- */

static struct fore_hint_series hourly(const char *name, const float *y)
{
    return (struct fore_hint_series){
        .name = name,
        .view = {.y = y, .n = HOURS, .step_s = HOUR_S, .start_s = monday, .period = {24, 168}},
        .horizon = HORIZON,
    };
}

static void columns_stand_where_hints_hold(void **state)
{
    struct fore_hints hints = read("a daily 23:30..01:00 x3\n"
                                   "a weekly tue 09:00..10:00 x2\n"
                                   "a growth 24..48 x1.5/day\n"
                                   "b event 1..2 x2\n"
                                   "a event 2016-01-01..2016-01-02 x2\n"
                                   "a event 670..680 -50%");
    struct fore_hint_series series = hourly("a", NULL);
    struct fore_hint_columns columns;
    fore_hints_columns(&hints, &series, &arena, &columns);
    assert_int_equal(columns.count, 4);
    const struct fore_regressor *r = columns.regressor;
    for (size_t i = 0; i < HOURS + HORIZON; i++) {
        double half = log(2) / log(3); /* half an hour of x3 is an hour of x2 */
        expect_near((double)r[0].value[i], i % 24 == 23 ? half : i % 24 == 0 ? 1.0 : 0.0, 1e-6);
        expect_near((double)r[1].value[i], i % 168 == 33 ? 1.0 : 0.0, 1e-6);
        double days = i < 24 ? 0 : i >= 48 ? 1 : ((double)i + 0.5 - 24) / 24;
        expect_near((double)r[2].value[i], days, 1e-6);
        expect_near((double)r[3].value[i], i >= 670 && i < 680 ? 1.0 : 0.0, 1e-6);
    }
    expect_near(r[0].prior, log(3), 1e-12);
    assert_true(r[0].prior_sd > 0);
    assert_ptr_equal(columns.hint[3], &hints.hint[5]);
}

/* ---- effects --------------------------------------------------------------------------------- */

static double load(int i)
{
    return 100 + 40 * sin(i * 6.283185307179586 / 24);
}

static void made(float *y, uint64_t seed)
{
    struct fore_rng rng = fore_rng_stream(seed, "hints", 0);
    for (int i = 0; i < HOURS; i++)
        y[i] = (float)(load(i) * exp(0.05 * fore_dist_normal(&rng)));
}

static struct fore_hint_effect effect_of(const char *text, const float *y)
{
    static struct fore_hints hints;
    hints = read(text);
    struct fore_hint_series series = hourly("a", y);
    struct fore_hint_effect effect;
    fore_hints_effect(&hints, &series, &params, &arena, &scratch, &effect);
    return effect;
}

static void what_never_happened_is_applied_as_stated(void **state)
{
    float y[HOURS];
    made(y, 1);
    struct fore_hint_effect effect = effect_of("a event 680..690 x2.5", y);
    assert_int_equal(effect.finding[0].verdict, FORE_HINT_STATED);
    assert_string_equal(effect.finding[0].reason, "as stated: it has not happened before");
    for (int i = 0; i < HOURS + HORIZON; i++)
        expect_near(exp((double)effect.log_effect[i]), i >= 680 && i < 690 ? 2.5 : 1, 1e-5);
    assert_true(effect.any);
}

static void what_has_happened_is_learned(void **state)
{
    float y[HOURS];
    made(y, 2);
    struct fore_hints hints = read("a weekly mon,wed,thu,fri 11:00..17:00 x3");
    for (int i = 0; i < HOURS; i++) {
        int weekday = i / 24 % 7, hour = i % 24;
        bool felt = hour >= 11 && hour < 17 &&
                    (weekday == 0 || weekday == 2 || weekday == 3 || weekday == 4);
        if (felt) y[i] *= 2;
    }
    struct fore_hint_series series = hourly("a", y);
    series.view.period[1] = 0; /* no week is known, so no season can do it */
    struct fore_hint_effect effect;
    fore_hints_effect(&hints, &series, &params, &arena, &scratch, &effect);
    assert_int_equal(effect.finding[0].verdict, FORE_HINT_LEARNED);
    assert_int_equal(effect.finding[0].occurrences, 16);
    expect_near(effect.finding[0].multiplier, 2.0, 0.15);
    assert_non_null(strstr(effect.finding[0].reason, " from 16 occurrences (stated x3)"));
}

static void one_occurrence_moves_the_stated_effect_towards_it(void **state)
{
    float y[HOURS], rest[HOURS];
    made(y, 3);
    for (int i = 400; i < 410; i++)
        y[i] *= 1.6f;
    y[405] = NAN;
    struct fore_hint_effect effect = effect_of("a event 400..410 x3", y);
    assert_int_equal(effect.finding[0].verdict, FORE_HINT_LEARNED);
    expect_near(effect.finding[0].multiplier, 1.6, 0.25);
    fore_hints_divide(effect.log_effect, y, HOURS, rest);
    assert_true(isnan(rest[405]));
    expect_near((double)rest[403] / load(403), 1.0, 0.25);
    expect_near((double)rest[300], (double)y[300], 0);
}

static void what_recurs_with_the_season_is_left_to_it(void **state)
{
    float y[HOURS];
    made(y, 4);
    struct fore_hint_effect effect =
        effect_of("a daily 02:00..03:00 x3\na weekly mon 02:00..03:00 x3", y);
    assert_int_equal(effect.finding[0].verdict, FORE_HINT_SEASONAL);
    assert_int_equal(effect.finding[1].verdict, FORE_HINT_SEASONAL);
    assert_string_equal(effect.finding[0].reason, "left to the season, which has seen it 28 times");
    assert_false(effect.any);
    for (int i = 0; i < HOURS + HORIZON; i++)
        assert_true(effect.log_effect[i] == 0.0f);
}

/* Told of once, there again at the same hour of the next day: what cleaning would make of it is a
 * load that rises sixfold out of nothing. */
static void an_event_that_comes_back_untold_is_left_to_the_season(void **state)
{
    float y[HOURS];
    made(y, 7);
    for (int i = 600; i < 604; i++) {
        y[i] *= 6;
        y[i + 24] *= 5;
    }
    struct fore_hint_effect effect = effect_of("a event 600..604 x6", y);
    assert_int_equal(effect.finding[0].verdict, FORE_HINT_SEASONAL);
    assert_string_equal(effect.finding[0].reason,
                        "left to the season: it came back a period later, untold");
    assert_false(effect.any);
    effect = effect_of("a event 600..604 x6\na event 624..628 x6", y); /* told of both times */
    assert_int_equal(effect.finding[0].verdict, FORE_HINT_LEARNED);
    assert_int_equal(effect.finding[1].verdict, FORE_HINT_LEARNED);
    for (int i = 624; i < 628; i++)
        y[i] /= 4; /* hardly any of it */
    effect = effect_of("a event 600..604 x6", y);
    assert_int_equal(effect.finding[0].verdict, FORE_HINT_LEARNED);
    made(y, 7);
    for (int i = 668; i < 672; i++)
        y[i] *= 6; /* the period after it is not over */
    effect = effect_of("a event 668..672 x6", y);
    assert_int_equal(effect.finding[0].verdict, FORE_HINT_LEARNED);
}

static void growth_goes_on_from_what_was_learned(void **state)
{
    float y[HOURS];
    made(y, 5);
    struct fore_hint_effect effect = effect_of("a growth 672.. +20%/day", y);
    assert_int_equal(effect.finding[0].verdict, FORE_HINT_STATED);
    expect_near((double)effect.log_effect[HOURS + 23], log(1.2) * 23.5 / 24, 1e-5);
    made(y, 5);
    for (int i = 504; i < HOURS; i++)
        y[i] *= (float)pow(1.10, (i + 0.5 - 504) / 24);
    effect = effect_of("a growth 504.. +20%/day", y);
    assert_int_equal(effect.finding[0].verdict, FORE_HINT_LEARNED);
    assert_true(effect.finding[0].multiplier > 1.05 && effect.finding[0].multiplier < 1.17);
}

static void hints_that_cannot_be_placed_say_why(void **state)
{
    float y[HOURS];
    made(y, 6);
    struct fore_hints hints = read("a daily 02:00..03:00 x3\na event 5000..5001 x2");
    struct fore_hint_series series = hourly("a", y);
    series.view.start_s = 0;
    struct fore_hint_effect effect;
    fore_hints_effect(&hints, &series, &params, &arena, &scratch, &effect);
    assert_int_equal(effect.findings, 2);
    assert_int_equal(effect.finding[0].verdict, FORE_HINT_OUTSIDE);
    assert_string_equal(effect.finding[0].reason, "not used: the series has no times");
    assert_string_equal(effect.finding[1].reason, "not felt: outside the series and its horizon");
    assert_false(effect.any);
}

static void short_series_and_too_many_hints_are_no_trouble(void **state)
{
    float y[] = {1, 2, 3};
    struct fore_buf text = {0};
    for (int i = 0; i < 100; i++)
        fore_buf_printf(&text, "a event %d..%d x10\n", i % 3, 50);
    struct fore_hints hints = read(text.data);
    struct fore_hint_series series = {
        .name = "a", .view = {.y = y, .n = 3},
             .horizon = HORIZON
    };
    struct fore_hint_effect effect;
    fore_hints_effect(&hints, &series, &params, &arena, &scratch, &effect);
    assert_string_equal(effect.finding[0].reason,
                        "as stated: the series is too short to learn from");
    assert_int_equal(effect.finding[64].verdict, FORE_HINT_OUTSIDE);
    assert_true(isfinite(expf(effect.log_effect[3])));
    fore_buf_fini(&text);
}

static void a_grid_is_multiplied_step_by_step(void **state)
{
    float grid[] = {1, 2, 3, 4, 5, 6};
    const float effect[] = {0, (float)0.6931471805599453, 0};
    fore_hints_multiply(effect, 3, 2, grid);
    static const float want[] = {1, 2, 6, 8, 5, 6};
    for (size_t i = 0; i < 6; i++)
        expect_near((double)grid[i], (double)want[i], 1e-5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_form_is_read_and_printed),
        cmocka_unit_test(mistakes_name_line_field_and_remedy),
        cmocka_unit_test(hints_are_added_by_program_too),
        cmocka_unit_test(patterns_match_whole_names),
        cmocka_unit_test(hints_for_unknown_series_are_told),
        cmocka_unit_test(columns_stand_where_hints_hold),
        cmocka_unit_test(what_never_happened_is_applied_as_stated),
        cmocka_unit_test(what_has_happened_is_learned),
        cmocka_unit_test(one_occurrence_moves_the_stated_effect_towards_it),
        cmocka_unit_test(what_recurs_with_the_season_is_left_to_it),
        cmocka_unit_test(an_event_that_comes_back_untold_is_left_to_the_season),
        cmocka_unit_test(growth_goes_on_from_what_was_learned),
        cmocka_unit_test(hints_that_cannot_be_placed_say_why),
        cmocka_unit_test(short_series_and_too_many_hints_are_no_trouble),
        cmocka_unit_test(a_grid_is_multiplied_step_by_step),
    };
    return cmocka_run_group_tests(tests, NULL, teardown);
}
