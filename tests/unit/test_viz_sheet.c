/* What is asked before a daemon is: the words, the answers there are, and what keys choose. */
#include "core/act/migrate.h"
#include "tests/support/world.h"
#include "viz/label.h"
#include "viz/look.h"
#include "viz/sheet.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct world world;
static struct viz_model model;
static struct viz_sheet sheet;
static const fore_ns now = 100 * FORE_SEC;

static void fold(enum fore_event_kind kind, const void *body, size_t len)
{
    viz_model_fold(&model, now, kind, body, len);
}

static void put_move(uint64_t ticket, enum fore_migrate_state state, uint64_t done, bool paused)
{
    struct fore_event_move move = {.ticket = ticket,
                                   .plan = 3,
                                   .bytes_done = done,
                                   .bytes_total = 800 << 20,
                                   .began_ns = 90 * FORE_SEC,
                                   .partition = (uint32_t)ticket,
                                   .other = FORE_PARTITION_NONE,
                                   .source = 0,
                                   .target = 2,
                                   .kind = FORE_MOVE_MOVE,
                                   .state = (uint8_t)state,
                                   .paused = paused};
    char body[sizeof move + 1] = {0};
    memcpy(body, &move, sizeof move);
    fold(FORE_EV_MOVE, body, sizeof body);
}

static void put_score(uint32_t partition, float rrs, float threshold)
{
    struct fore_event_score score = {
        .partition = partition, .rrs = rrs, .probability = rrs, .threshold = threshold};
    char body[sizeof score + 1] = {0};
    memcpy(body, &score, sizeof score);
    fold(FORE_EV_SCORE, body, sizeof body);
}

static int begin(void **state)
{
    (void)state;
    static const struct fore_journal_header header = {.major = 1, .text = ""};
    struct fore_buf body = {0};
    world_init(&world);
    viz_model_init(&model, &header, "a.fsj");
    viz_model_reset(&model, FORE_SEC, 100);
    fore_event_keyframe_build(&world.topology, &body);
    fold(FORE_EV_KEYFRAME, body.data, body.len);
    fore_buf_fini(&body);
    memset(&sheet, 0, sizeof sheet);
    return 0;
}

static int end(void **state)
{
    (void)state;
    viz_model_fini(&model);
    world_fini(&world);
    return 0;
}

static bool says(const char *text)
{
    for (uint32_t i = 0; i < sheet.line_count; i++)
        if (strstr(sheet.line[i], text) != NULL) return true;
    return strstr(sheet.title, text) != NULL;
}

static const struct viz_choice *chosen(const char *key)
{
    static const struct viz_choice none = {.kind = VIZ_CHOICE_OPEN, .open = VIZ_SHEET_NONE};
    int i = viz_sheet_key(&sheet, key);
    return i >= 0 ? &sheet.choice[i] : &none;
}

static bool offered(const char *key)
{
    return viz_sheet_key(&sheet, key) >= 0;
}

static struct viz_control_plan plan_waiting(void)
{
    struct viz_control_plan plan = {.id = 7,
                                    .engine_plan = 18,
                                    .status = "proposed",
                                    .state = "s-1",
                                    .reason = "p3 is hot",
                                    .move_count = 12,
                                    .bytes = 3.0 * (1 << 30),
                                    .duration_s = 90,
                                    .moves_told = 1};
    plan.move[0] = (struct viz_control_move){.kind = "move",
                                             .source = "n1",
                                             .target = "n2",
                                             .partition = 3,
                                             .bytes = 1 << 30,
                                             .duration_s = 30,
                                             .gain_s = 4};
    return plan;
}

static void a_plan_is_told_in_bytes_time_and_nodes_before_it_is_approved(void **state)
{
    (void)state;
    struct viz_control_plan plan = plan_waiting();
    viz_sheet_plan(&sheet, &model, &plan);
    assert_string_equal(sheet.title, "Plan 18: carry it out?");
    assert_true(says("12 moves, 3.00 GiB to copy"));
    assert_true(says("move p3 from n1 to n2, 1.00 GiB in 30 s, saves 4 node-s"));
    assert_true(says("and 11 more"));
    assert_true(says("Why: p3 is hot"));
    assert_int_equal(chosen("Return")->kind, VIZ_CHOICE_LEAVE); /* a stray Enter does nothing */
    assert_int_equal(chosen("Escape")->kind, VIZ_CHOICE_LEAVE);
    const struct viz_choice *yes = chosen("y");
    assert_int_equal(yes->deed.kind, VIZ_DEED_APPROVE);
    assert_int_equal(yes->deed.id, 7);
    assert_string_equal(yes->deed.state, "s-1");
    assert_int_equal(chosen("r")->deed.kind, VIZ_DEED_REJECT);
    assert_false(offered("z"));
}

static void a_plan_that_is_decided_offers_no_approval(void **state)
{
    (void)state;
    static const char *const decided[] = {"approved", "admitted", "cancelled", "stale"};
    for (size_t i = 0; i < FORE_COUNTOF(decided); i++) {
        struct viz_control_plan plan = plan_waiting();
        (void)snprintf(plan.status, sizeof plan.status, "%s", decided[i]);
        viz_sheet_plan(&sheet, &model, &plan);
        for (uint32_t c = 0; c < sheet.choice_count; c++)
            assert_int_not_equal(sheet.choice[c].deed.kind, VIZ_DEED_APPROVE);
        assert_true(offered("r") == (i < 2)); /* what runs can be cancelled */
    }
    struct viz_control_plan nothing = plan_waiting();
    nothing.move_count = nothing.moves_told = 0;
    viz_sheet_plan(&sheet, &model, &nothing);
    assert_false(offered("y"));
    assert_int_equal(chosen("A")->deed.kind, VIZ_DEED_ASK_PLAN);
}

static void without_a_move_under_way_there_is_nothing_to_pause(void **state)
{
    (void)state;
    put_move(5, FORE_MIGRATE_WATCH, 800 << 20, false);
    viz_sheet_move(&sheet, &model, 5, false);
    assert_int_equal(sheet.kind, VIZ_SHEET_SAID);
    assert_true(says("changed owners already"));
}

static void a_pause_and_a_cancellation_say_what_becomes_of_the_copy(void **state)
{
    (void)state;
    put_move(5, FORE_MIGRATE_COPY, 200 << 20, false);
    viz_sheet_move(&sheet, &model, 5, false);
    assert_true(says("move of p5 from"));
    assert_true(says("200 MiB of 800 MiB are copied (25 %), begun 10 s ago"));
    assert_true(says("over in about 30 s"));
    assert_int_equal(chosen("Return")->kind, VIZ_CHOICE_LEAVE);
    assert_int_equal(chosen("y")->deed.kind, VIZ_DEED_PAUSE);
    assert_int_equal(chosen("y")->deed.id, 5);
    viz_sheet_move(&sheet, &model, 5, true);
    assert_true(says("throws away the 200 MiB"));
    assert_int_equal(chosen("y")->deed.kind, VIZ_DEED_CANCEL);
    put_move(5, FORE_MIGRATE_COPY, 200 << 20, true);
    viz_sheet_move(&sheet, &model, 5, false);
    assert_true(says("go on"));
    assert_int_equal(chosen("y")->deed.kind, VIZ_DEED_RESUME);
}

static void moves_are_walked_and_one_that_ends_is_never_replaced_by_another(void **state)
{
    (void)state;
    put_move(5, FORE_MIGRATE_COPY, 1 << 20, false);
    put_move(6, FORE_MIGRATE_COPY, 2 << 20, false);
    viz_sheet_move(&sheet, &model, 0, true);
    assert_int_equal(sheet.about, 6); /* the newest */
    assert_true(says("1 of 2"));
    viz_sheet_other_move(&sheet, &model, 1);
    assert_int_equal(sheet.about, 5);
    viz_sheet_other_move(&sheet, &model, 1);
    assert_int_equal(sheet.about, 6);
    (void)viz_sheet_key(&sheet, "Left"); /* to the answer that does it */
    assert_int_equal(sheet.focus, 0);
    put_move(6, FORE_MIGRATE_COPY, 9 << 20, false);
    viz_sheet_refresh(&sheet, &model);
    assert_true(says("9.00 MiB of"));
    assert_int_equal(sheet.focus, 0); /* stays where somebody put it */
    put_move(6, FORE_MIGRATE_WATCH, 800 << 20, false);
    viz_sheet_refresh(&sheet, &model);
    assert_int_equal(sheet.kind, VIZ_SHEET_SAID);
    assert_int_equal(chosen("Return")->kind, VIZ_CHOICE_LEAVE);
}

static void a_threshold_is_typed_and_its_effect_told(void **state)
{
    (void)state;
    put_score(1, 0.5f, 0.1f);
    put_score(2, 0.3f, 0.1f);
    put_score(3, 0.05f, 0.1f);
    viz_sheet_threshold(&sheet, &model, VIZ_THRESHOLD_ALL);
    assert_true(says("2 of 3 partitions"));
    assert_int_equal(chosen("Return")->kind, VIZ_CHOICE_LEAVE); /* nothing typed, nothing done */
    static const char *const typed[] = {"0", ".", "x", "4", "-", "\b", "4", "5"};
    for (size_t i = 0; i < FORE_COUNTOF(typed); i++)
        viz_sheet_type(&sheet, &model, typed[i]);
    assert_string_equal(sheet.typed, "0.45");
    assert_true(says("From 0.45 on, 1 would"));
    const struct viz_choice *set = chosen("Return");
    assert_int_equal(set->deed.kind, VIZ_DEED_THRESHOLD);
    assert_true(set->deed.id == VIZ_THRESHOLD_ALL);
    assert_true(set->deed.threshold > 0.449 && set->deed.threshold < 0.451);
    viz_sheet_threshold(&sheet, &model, 2);
    assert_true(says("RRS is 0.300"));
    viz_sheet_type(&sheet, &model, "2"); /* above 1 */
    assert_true(says("A number from 0"));
    assert_int_equal(chosen("Return")->kind, VIZ_CHOICE_LEAVE);
    for (int i = 0; i < 40; i++)
        viz_sheet_type(&sheet, &model, "9");
    assert_true(strlen(sheet.typed) < sizeof sheet.typed);
}

static void the_menu_leads_to_the_others_and_enter_leaves_it(void **state)
{
    (void)state;
    viz_sheet_menu(&sheet, &model, VIZ_NONE);
    assert_int_equal(chosen("Return")->kind, VIZ_CHOICE_LEAVE);
    assert_false(offered("u"));
    assert_false(offered("D"));
    put_move(5, FORE_MIGRATE_COPY, 1 << 20, false);
    viz_sheet_menu(&sheet, &model, 9);
    assert_int_equal(chosen("u")->open, VIZ_SHEET_MOVE);
    assert_int_equal(chosen("x")->open, VIZ_SHEET_CANCEL);
    assert_int_equal(chosen("D")->about, 9);
    assert_true(chosen("T")->about == VIZ_THRESHOLD_ALL);
    (void)viz_sheet_key(&sheet, "Down");
    assert_int_equal(sheet.focus, 0); /* round the end */
    (void)viz_sheet_key(&sheet, "Up");
    assert_int_equal(sheet.focus, sheet.choice_count - 1);
}

static void what_is_refused_is_said_and_a_new_plan_offered_where_that_helps(void **state)
{
    (void)state;
    struct viz_outcome out = {.deed = {.kind = VIZ_DEED_APPROVE}, .status = 409};
    (void)snprintf(out.text, sizeof out.text, "that state has passed");
    viz_sheet_refused(&sheet, &out);
    assert_true(sheet.bad && says("that state has passed"));
    assert_int_equal(chosen("A")->deed.kind, VIZ_DEED_ASK_PLAN);
    assert_int_equal(chosen("Return")->kind, VIZ_CHOICE_LEAVE);
    out.status = 401; /* another plan would be refused as well */
    viz_sheet_refused(&sheet, &out);
    assert_false(offered("A"));
    out = (struct viz_outcome){.deed = {.kind = VIZ_DEED_PAUSE}, .status = 404};
    viz_sheet_refused(&sheet, &out);
    assert_false(offered("A"));
}

static void what_is_drawn_is_where_a_click_finds_it(void **state)
{
    (void)state;
    struct viz_control_plan plan = plan_waiting();
    (void)memset(plan.reason, 'w', sizeof plan.reason - 1); /* one word, longer than a line */
    for (int w = 640; w <= 1920; w += 640) {
        cairo_surface_t *page = cairo_image_surface_create(CAIRO_FORMAT_RGB24, w, w * 9 / 16);
        struct viz_layout layout = viz_layout_sized(w, w * 9 / 16, 1);
        viz_sheet_plan(&sheet, &model, &plan);
        viz_sheet_draw(&sheet, page, &layout, viz_colour_theme("light"));
        for (uint32_t i = 0; i < sheet.choice_count; i++) {
            struct viz_rect r = sheet.choice[i].where;
            assert_true(r.x > 0 && r.y > 0 && r.x + r.w < w && r.y + r.h < w * 9.0 / 16);
            assert_int_equal(viz_sheet_at(&sheet, r.x + r.w / 2, r.y + r.h / 2), (int)i);
        }
        assert_int_equal(viz_sheet_at(&sheet, 1, 1), -1);
        cairo_surface_destroy(page);
    }
}

static void what_operators_had_done_is_kept_apart_from_other_notes(void **state)
{
    (void)state;
    static const char asked[] = "asked: move 3 paused; by 127.0.0.1", other[] = "workload: x";
    fold(FORE_EV_NOTE, asked, sizeof asked);
    fold(FORE_EV_NOTE, other, sizeof other);
    fold(FORE_EV_NOTE, "asked: ", 7); /* cut off */
    assert_int_equal(model.asked_total, 1);
    assert_string_equal(model.asked[0].text, "move 3 paused; by 127.0.0.1");
    assert_string_equal(model.label, "x");
    for (int i = 0; i < 3 * VIZ_ASKED; i++)
        fold(FORE_EV_NOTE, asked, sizeof asked);
    assert_int_equal(model.asked_total, 3 * VIZ_ASKED + 1);
    viz_model_reset(&model, FORE_SEC, 100); /* read again from the start */
    assert_int_equal(model.asked_total, 0);
}

static void a_daemon_is_named_by_host_and_port(void **state)
{
    (void)state;
    char name[64];
    viz_label_from_path("http://127.0.0.1:7461/", name, sizeof name);
    assert_string_equal(name, "127.0.0.1:7461");
    viz_label_from_path("http://db.example", name, sizeof name);
    assert_string_equal(name, "db.example");
    viz_label_from_path("runs/flash.crowd.fsj", name, sizeof name);
    assert_string_equal(name, "flash.crowd");
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        T(a_plan_is_told_in_bytes_time_and_nodes_before_it_is_approved),
        T(a_plan_that_is_decided_offers_no_approval),
        T(without_a_move_under_way_there_is_nothing_to_pause),
        T(a_pause_and_a_cancellation_say_what_becomes_of_the_copy),
        T(moves_are_walked_and_one_that_ends_is_never_replaced_by_another),
        T(a_threshold_is_typed_and_its_effect_told),
        T(the_menu_leads_to_the_others_and_enter_leaves_it),
        T(what_is_refused_is_said_and_a_new_plan_offered_where_that_helps),
        T(what_is_drawn_is_where_a_click_finds_it),
        T(what_operators_had_done_is_kept_apart_from_other_notes),
        T(a_daemon_is_named_by_host_and_port),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
