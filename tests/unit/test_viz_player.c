/*
 * A journal played: feed, model and player together, over the sample journal. With a path as its
 * argument this program only writes that journal there, for tests/cli/viz.sh.
 */
#include "tests/support/journal_sample.h"
#include "tests/support/near.h"
#include "tests/support/scratch.h"
#include "viz/label.h"
#include "viz/player.h"
#include "viz/shot.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define MINUTE (60 * FORE_SEC)
#define HOUR   (60 * MINUTE)

static struct sample_options brief(void)
{
    struct sample_options options = sample_defaults();
    options.duration = 4 * HOUR;
    return options;
}

static void open_sample(struct scratch *scratch, struct viz_player *player, fore_ns span)
{
    struct sample_options options = brief();
    struct fore_diag diag = {0};
    const char *path = scratch_path(scratch, "sample.fsj");
    assert_int_equal(sample_write(&options, path, &diag), FORE_E_OK);
    assert_int_equal(viz_player_open(player, path, span, 600, &diag), FORE_E_OK);
}

static void names_come_from_the_header(void **state)
{
    struct scratch scratch = scratch_begin();
    struct viz_player player;
    open_sample(&scratch, &player, VIZ_SPAN_AUTO);
    assert_string_equal(player.model.name, "flash_crowd_sample");
    assert_string_equal(player.model.policy, "predictive");
    assert_non_null(strstr(player.model.label, "composite of"));
    assert_int_equal(player.model.seed, 7);
    viz_player_close(&player);
    scratch_end(&scratch);
}

static void a_moment_shows_the_past_up_to_it_and_the_forecast_known_then(void **state)
{
    struct scratch scratch = scratch_begin();
    struct viz_player player;
    open_sample(&scratch, &player, VIZ_SPAN_AUTO);
    viz_player_go(&player, 2 * HOUR);
    const struct viz_model *m = &player.model;
    assert_int_equal(m->snapshot.now, 2 * HOUR);
    assert_int_equal(m->horizon_ns, 2 * HOUR);
    assert_int_equal(m->period_ns, 30 * FORE_SEC);
    assert_true(m->order_count >= 60);
    assert_non_null(viz_matrix_column(&m->heat, (HOUR - 1) / m->heat.bucket_ns));
    assert_null(viz_matrix_column(&m->heat, (2 * HOUR + 5 * MINUTE) / m->heat.bucket_ns));
    double low = viz_model_forecast(m, 0, 150 * MINUTE, 0);
    double mid = viz_model_forecast(m, 0, 150 * MINUTE, 1);
    assert_true(low > 0 && mid > low && viz_model_forecast(m, 0, 150 * MINUTE, 2) > mid);
    assert_true(isnan(viz_model_forecast(m, 0, 5 * HOUR, 1)));
    assert_true(player.view.to > player.view.now);
    assert_string_equal(player.note, "");
    viz_player_close(&player);
    scratch_end(&scratch);
}

static void key_order_is_by_table_and_first_key(void **state)
{
    struct scratch scratch = scratch_begin();
    struct viz_player player;
    open_sample(&scratch, &player, VIZ_SPAN_ALL);
    viz_player_go(&player, 4 * HOUR);
    const struct fore_partition *part = player.model.snapshot.topology.partition;
    for (uint32_t i = 1; i < player.model.order_count; i++) {
        const struct fore_partition *a = &part[player.model.order[i - 1]];
        const struct fore_partition *b = &part[player.model.order[i]];
        assert_true(a->table < b->table || (a->table == b->table && a->first < b->first));
    }
    viz_player_close(&player);
    scratch_end(&scratch);
}

/* Forward in small steps, there and back, or at once: the picture is of the moment. */
static void how_one_got_there_does_not_matter(void **state)
{
    struct scratch scratch = scratch_begin();
    struct viz_player walker, jumper;
    open_sample(&scratch, &walker, 2 * HOUR);
    open_sample(&scratch, &jumper, 2 * HOUR);
    for (fore_ns t = HOUR; t <= 3 * HOUR; t += 7 * MINUTE)
        viz_player_go(&walker, t);
    viz_player_go(&walker, 150 * MINUTE);
    viz_player_go(&jumper, 150 * MINUTE);
    const struct viz_theme *theme = viz_colour_theme("light");
    cairo_surface_t *a = viz_shot_draw(&walker, theme, 960, 540);
    cairo_surface_t *b = viz_shot_draw(&jumper, theme, 960, 540);
    size_t bytes = (size_t)cairo_image_surface_get_stride(a) * 540;
    assert_memory_equal(cairo_image_surface_get_data(a), cairo_image_surface_get_data(b), bytes);
    cairo_surface_destroy(a);
    cairo_surface_destroy(b);
    viz_player_close(&walker);
    viz_player_close(&jumper);
    scratch_end(&scratch);
}

static size_t load_file(const char *path, char **bytes)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL || fseek(file, 0, SEEK_END) != 0) abort();
    size_t len = (size_t)ftell(file);
    rewind(file);
    *bytes = malloc(len);
    if (*bytes == NULL || fread(*bytes, 1, len, file) != len || fclose(file) != 0) abort();
    return len;
}

static void a_cut_or_damaged_journal_is_shown_as_far_as_it_goes(void **state)
{
    struct scratch scratch = scratch_begin();
    struct sample_options options = brief();
    struct fore_diag diag = {0};
    struct viz_player player;
    char *bytes;
    assert_int_equal(sample_write(&options, scratch_path(&scratch, "whole.fsj"), &diag), FORE_E_OK);
    size_t len = load_file(scratch.path, &bytes);
    for (int damaged = 0; damaged < 2; damaged++) {
        if (damaged) bytes[len / 2] ^= 0x55;
        const char *path = scratch_put(&scratch, "cut.fsj", bytes, damaged ? len : len * 2 / 3);
        assert_int_equal(viz_player_open(&player, path, VIZ_SPAN_ALL, 600, &diag), FORE_E_OK);
        viz_player_go(&player, viz_player_last(&player));
        assert_true(player.model.snapshot.now > HOUR);
        assert_true(strlen(player.note) > 20);
        assert_int_equal(player.damaged, damaged);
        viz_player_close(&player);
    }
    free(bytes);
    scratch_end(&scratch);
}

static void a_growing_journal_is_followed(void **state)
{
    struct scratch scratch = scratch_begin();
    struct sample_options options = brief();
    struct fore_diag diag = {0};
    struct viz_player player;
    char *bytes;
    assert_int_equal(sample_write(&options, scratch_path(&scratch, "whole.fsj"), &diag), FORE_E_OK);
    size_t len = load_file(scratch.path, &bytes);
    const char *path = scratch_put(&scratch, "growing.fsj", bytes, len / 2);
    assert_int_equal(viz_player_open(&player, path, VIZ_SPAN_AUTO, 600, &diag), FORE_E_OK);
    fore_ns before = viz_player_last(&player);
    viz_player_go(&player, before);
    assert_false(viz_player_poll(&player));
    FILE *more = fopen(scratch.path, "ab");
    if (more == NULL || fwrite(bytes + len / 2, 1, len - len / 2, more) != len - len / 2) abort();
    (void)fclose(more);
    assert_true(viz_player_poll(&player)); /* one look sees how far it goes, many frames on */
    assert_int_equal(viz_player_last(&player), options.duration);
    viz_player_go(&player, viz_player_last(&player));
    (void)viz_player_poll(&player);
    assert_string_equal(player.note, "");
    viz_player_close(&player);
    free(bytes);
    scratch_end(&scratch);
}

static void what_is_no_journal_is_refused_with_its_name(void **state)
{
    struct scratch scratch = scratch_begin();
    struct viz_player player;
    struct fore_diag diag = {0};
    const char *path = scratch_text(&scratch, "letter.txt", "dear reader, this is not a journal");
    assert_int_not_equal(viz_player_open(&player, path, 0, 600, &diag), FORE_E_OK);
    assert_non_null(strstr(diag.text, "letter.txt"));
    memset(&diag, 0, sizeof diag);
    assert_int_not_equal(viz_player_open(&player, "nowhere.fsj", 0, 600, &diag), FORE_E_OK);
    assert_non_null(strstr(diag.text, "nowhere.fsj"));
    memset(&diag, 0, sizeof diag);
    assert_int_not_equal(viz_player_open(&player, scratch.folder, 0, 600, &diag), FORE_E_OK);
    scratch_end(&scratch);
}

static void hostile_records_are_left_out(void **state)
{
    struct viz_model model;
    struct fore_journal_header header = {.text = ""};
    char bytes[200];
    viz_model_init(&model, &header, "x/evil.fsj");
    assert_string_equal(model.name, "evil");
    viz_model_reset(&model, FORE_SEC, 100);
    for (int kind = 0; kind < 20; kind++)
        for (size_t len = 0; len < sizeof bytes; len += 3) {
            memset(bytes, (int)(0xa5 ^ (len * 7)), sizeof bytes);
            viz_model_fold(&model, len * FORE_SEC, (enum fore_event_kind)kind, bytes, len);
        }
    struct {
        struct fore_event_forecast head;
        float q[3];
    } liar = {
        .head = {.steps = UINT32_MAX / 3, .step_ns = UINT64_MAX}
    };
    viz_model_fold(&model, 1, FORE_EV_FORECAST, &liar, sizeof liar);
    assert_int_equal(model.horizon_ns, 0);
    viz_model_sort(&model);
    viz_model_fini(&model);
}

static void a_short_node_name_keeps_the_names_own_number(void **state)
{
    char name[8];
    struct fore_node node[2] = {{.name = "pg-17"}, {.name = "alpha"}};
    struct viz_model model = {0};
    model.snapshot.topology.node = node;
    model.snapshot.topology.node_count = 2;
    viz_label_node(&model, 0, name, sizeof name);
    assert_string_equal(name, "n17");
    viz_label_node(&model, 1, name, sizeof name);
    assert_string_equal(name, "n1");
    viz_label_node(&model, 9, name, sizeof name);
    assert_string_equal(name, "-");
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_come_from_the_header),
        cmocka_unit_test(a_moment_shows_the_past_up_to_it_and_the_forecast_known_then),
        cmocka_unit_test(key_order_is_by_table_and_first_key),
        cmocka_unit_test(how_one_got_there_does_not_matter),
        cmocka_unit_test(a_cut_or_damaged_journal_is_shown_as_far_as_it_goes),
        cmocka_unit_test(a_growing_journal_is_followed),
        cmocka_unit_test(what_is_no_journal_is_refused_with_its_name),
        cmocka_unit_test(hostile_records_are_left_out),
        cmocka_unit_test(a_short_node_name_keeps_the_names_own_number),
    };
    if (argc > 1) {
        struct sample_options options = sample_defaults();
        return sample_write(&options, argv[1], NULL) == FORE_E_OK ? 0 : 1;
    }
    return cmocka_run_group_tests_name("viz/player", tests, NULL, NULL);
}
