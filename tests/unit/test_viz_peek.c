/*
 * Large, cut, growing, newer and very wide journals: what a window peeks at is what reading all of
 * it shows in the end, and what cannot be shown is said.
 */
#include "core/cluster/journal_format.h"
#include "tests/support/scratch.h"
#include "viz/bench_journal.h"
#include "viz/bench_source.h"
#include "viz/player.h"
#include "viz/shot.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define MINUTE (60 * FORE_SEC)
/* A sanitizer makes a million of them a matter of minutes. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { WIDE = 100000 };
#elif defined(__has_feature)
#    if __has_feature(address_sanitizer) || __has_feature(memory_sanitizer)
enum { WIDE = 100000 };
#    else
enum { WIDE = 1000000 };
#    endif
#else
enum { WIDE = 1000000 };
#endif

static const char *write_large(struct scratch *scratch, uint32_t partitions, uint64_t bytes)
{
    struct fore_diag diag = {0};
    const char *path = scratch_path(scratch, "large.fsj");
    const struct viz_bench_file file = {.partitions = partitions, .bytes = bytes};
    assert_int_equal(viz_bench_write(path, &file, &diag), FORE_E_OK);
    return path;
}

static void expect_same_picture(struct viz_player *a, struct viz_player *b)
{
    const struct viz_theme *theme = viz_colour_theme("light");
    cairo_surface_t *x = viz_shot_draw(a, theme, 960, 540), *y = viz_shot_draw(b, theme, 960, 540);
    assert_memory_equal(cairo_image_surface_get_data(x), cairo_image_surface_get_data(y),
                        (size_t)cairo_image_surface_get_stride(x) * 540);
    cairo_surface_destroy(x);
    cairo_surface_destroy(y);
}

static void what_was_peeked_at_becomes_what_reading_all_of_it_shows(void **state)
{
    struct scratch scratch = scratch_begin();
    struct fore_diag diag = {0};
    struct viz_player whole, peeker;
    const char *path = write_large(&scratch, 1500, 6 << 20);
    assert_int_equal(viz_player_open(&whole, path, VIZ_SPAN_AUTO, 600, &diag), FORE_E_OK);
    assert_int_equal(viz_player_open(&peeker, path, VIZ_SPAN_AUTO, 600, &diag), FORE_E_OK);
    fore_ns last = viz_player_last(&whole);
    const fore_ns at[] = {last, last / 2, last / 2 + MINUTE, last / 7, last * 6 / 7, 0, last};
    for (size_t i = 0; i < sizeof at / sizeof at[0]; i++) {
        viz_player_go(&whole, at[i]);
        viz_player_peek(&peeker, at[i]);
        if (peeker.behind != VIZ_BEHIND_NOW) /* the state is that of the moment at once */
            assert_int_equal(peeker.model.snapshot.now, whole.model.snapshot.now);
        while (viz_player_catch_up(&peeker, 0.5))
            assert_int_equal(peeker.wanted, at[i]);
        expect_same_picture(&whole, &peeker);
    }
    viz_player_close(&whole);
    viz_player_close(&peeker);
    scratch_end(&scratch);
}

static void who_changes_his_mind_while_it_reads_gets_what_he_asked_for_last(void **state)
{
    struct scratch scratch = scratch_begin();
    struct fore_diag diag = {0};
    struct viz_player whole, peeker;
    const char *path = write_large(&scratch, 1500, 6 << 20);
    assert_int_equal(viz_player_open(&whole, path, 90 * MINUTE, 600, &diag), FORE_E_OK);
    assert_int_equal(viz_player_open(&peeker, path, 90 * MINUTE, 600, &diag), FORE_E_OK);
    fore_ns last = viz_player_last(&whole);
    for (int i = 1; i < 40; i++) {
        viz_player_peek(&peeker, last / 40 * (fore_ns)(i * 17 % 40));
        (void)viz_player_catch_up(&peeker, 0.1);
        if (i % 9 == 0) viz_player_go(&peeker, last / 3);
    }
    viz_player_go(&whole, last / 2);
    viz_player_peek(&peeker, last / 2);
    while (viz_player_catch_up(&peeker, 1))
        ;
    expect_same_picture(&whole, &peeker);
    viz_player_close(&whole);
    viz_player_close(&peeker);
    scratch_end(&scratch);
}

static char *load(const char *path, size_t *len)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL || fseek(file, 0, SEEK_END) != 0) abort();
    *len = (size_t)ftell(file);
    rewind(file);
    char *bytes = malloc(*len);
    if (bytes == NULL || fread(bytes, 1, *len, file) != *len || fclose(file) != 0) abort();
    return bytes;
}

/* Cut anywhere: in the header, a frame's head, its bytes, the index, the trailer. */
static void a_journal_cut_anywhere_is_shown_as_far_as_it_goes(void **state)
{
    struct scratch scratch = scratch_begin();
    struct fore_diag diag = {0};
    size_t len;
    char *bytes = load(write_large(&scratch, 50, 60000), &len);
    fore_ns before = 0;
    for (size_t cut = 0; cut < len; cut += cut < 3000 || cut + 3000 > len ? 61 : 1013) {
        struct viz_player player;
        const char *path = scratch_put(&scratch, "cut.fsj", bytes, cut);
        if (viz_player_open(&player, path, VIZ_SPAN_AUTO, 600, &diag) != FORE_E_OK) {
            assert_true(cut < 200); /* not even its header is whole */
            assert_true(diag.text[0] != '\0');
            continue;
        }
        fore_ns last = viz_player_last(&player);
        viz_player_peek(&player, last);
        while (viz_player_catch_up(&player, 5))
            ;
        assert_true(last >= before); /* more bytes never show less */
        assert_non_null(strstr(player.note, "no end yet"));
        before = last;
        viz_player_close(&player);
    }
    free(bytes);
    scratch_end(&scratch);
}

static void a_journal_may_grow_while_the_past_is_read(void **state)
{
    struct scratch scratch = scratch_begin();
    struct fore_diag diag = {0};
    struct viz_player whole, peeker;
    size_t len;
    const char *path = write_large(&scratch, 1500, 6 << 20);
    assert_int_equal(viz_player_open(&whole, path, VIZ_SPAN_AUTO, 600, &diag), FORE_E_OK);
    char *bytes = load(path, &len);
    path = scratch_put(&scratch, "growing.fsj", bytes, len * 2 / 3);
    assert_int_equal(viz_player_open(&peeker, path, VIZ_SPAN_AUTO, 600, &diag), FORE_E_OK);
    viz_player_peek(&peeker, viz_player_last(&peeker));
    FILE *file = fopen(path, "ab");
    if (file == NULL) abort();
    size_t done = len * 2 / 3;
    for (int i = 0; done < len || i < 300; i++) {
        size_t more = len - done < 777777 ? len - done : 777777;
        if (fwrite(bytes + done, 1, more, file) != more || fflush(file) != 0) abort();
        done += more;
        (void)viz_player_poll(&peeker);
        (void)viz_player_catch_up(&peeker, 1);
        viz_player_peek(&peeker, viz_player_last(&peeker));
    }
    (void)fclose(file);
    while (viz_player_catch_up(&peeker, 50) || viz_player_poll(&peeker))
        viz_player_peek(&peeker, viz_player_last(&peeker));
    viz_player_go(&whole, viz_player_last(&whole));
    assert_int_equal(viz_player_last(&peeker), viz_player_last(&whole));
    viz_player_go(&peeker, viz_player_last(&peeker));
    expect_same_picture(&whole, &peeker);
    viz_player_close(&whole);
    viz_player_close(&peeker);
    free(bytes);
    scratch_end(&scratch);
}

static enum fore_err put_file(void *self, const void *bytes, size_t len)
{
    return fwrite(bytes, 1, len, self) == len ? FORE_E_OK : FORE_E_IO;
}

/* Records of a kind that does not exist yet, and payloads longer than we know them. */
static const char *write_newer(struct scratch *scratch)
{
    const char *path = scratch_path(scratch, "newer.fsj");
    FILE *file = fopen(path, "w+b");
    if (file == NULL) abort();
    struct fore_journal_header header = {.text = ""};
    struct fore_journal_writer *writer = fore_journal_writer_create(
        &header, (struct fore_journal_out){.write = put_file, .self = file});
    struct viz_bench_source source;
    viz_bench_source_init(&source, 30, fore_journal_writer_sink(writer));
    for (int i = 0; i < 5; i++) {
        viz_bench_source_window(&source);
        struct {
            struct fore_event_cluster_load known;
            char news[40];
        } longer = {
            .known = {.window_ns = MINUTE, .requests = 7777, .slo_ns = 1000000}
        };
        fore_sink_put(source.sink, source.at, FORE_EV_CLUSTER_LOAD, &longer, sizeof longer);
        fore_sink_put(source.sink, source.at, (enum fore_event_kind)999, "news", 4);
    }
    viz_bench_source_fini(&source);
    assert_int_equal(fore_journal_writer_finish(writer, NULL), FORE_E_OK);
    fore_journal_writer_destroy(writer);
    struct fore_journal_file_head head;
    rewind(file);
    if (fread(&head, 1, sizeof head, file) != sizeof head) abort();
    head.minor = FORE_JOURNAL_MINOR + 3;
    head.crc32c = fore_journal_file_crc(head, "");
    rewind(file);
    if (fwrite(&head, 1, sizeof head, file) != sizeof head || fclose(file) != 0) abort();
    return path;
}

static void a_newer_minor_version_is_shown_and_what_is_left_out_is_said(void **state)
{
    struct scratch scratch = scratch_begin();
    struct fore_diag diag = {0};
    struct viz_player player;
    assert_int_equal(viz_player_open(&player, write_newer(&scratch), VIZ_SPAN_AUTO, 600, &diag),
                     FORE_E_OK);
    viz_player_go(&player, viz_player_last(&player));
    assert_int_equal(player.model.snapshot.cluster.requests, 7777);
    assert_int_equal(player.model.order_count, 30);
    assert_non_null(strstr(player.note, "newer foreshard"));
    assert_non_null(strstr(player.note, "5 records"));
    viz_player_close(&player);
    scratch_end(&scratch);
}

static void a_million_partitions_are_shown(void **state)
{
    struct scratch scratch = scratch_begin();
    struct fore_diag diag = {0};
    static struct viz_player player;
    const struct viz_bench_file file = {.partitions = WIDE, .no_forecasts = true};
    const char *path = scratch_path(&scratch, "wide.fsj");
    assert_int_equal(viz_bench_write(path, &file, &diag), FORE_E_OK);
    assert_int_equal(viz_player_open(&player, path, VIZ_SPAN_AUTO, 1440, &diag), FORE_E_OK);
    viz_player_go(&player, viz_player_last(&player));
    assert_int_equal(player.model.order_count, WIDE);
    assert_true((uint64_t)player.model.heat.row_cap * player.model.heat.column_cap <=
                VIZ_MATRIX_BYTES);
    cairo_surface_destroy(viz_shot_draw(&player, viz_colour_theme("dark"), 1920, 1080));
    assert_string_equal(player.note, "");
    viz_player_close(&player);
    scratch_end(&scratch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_peeked_at_becomes_what_reading_all_of_it_shows),
        cmocka_unit_test(who_changes_his_mind_while_it_reads_gets_what_he_asked_for_last),
        cmocka_unit_test(a_journal_cut_anywhere_is_shown_as_far_as_it_goes),
        cmocka_unit_test(a_journal_may_grow_while_the_past_is_read),
        cmocka_unit_test(a_newer_minor_version_is_shown_and_what_is_left_out_is_said),
        cmocka_unit_test(a_million_partitions_are_shown),
    };
    return cmocka_run_group_tests_name("viz/peek", tests, NULL, NULL);
}
