/*
 * Any bytes as a journal, shown: opened, peeked into, read on, drawn, jumped about in, exported.
 *
 * What begins with a journal's magic is taken as it is, with its checksums mended; all else is a
 * row of {u8 kind, u16 length, payload}, written as a journal first, so that mutations reach what
 * lies behind checksum and compression. The length of the input chooses the look.
 */
#include "tests/fuzz/mend.h"
#include "viz/export.h"
#include "viz/milestone.h"
#include "viz/player.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Small: what is drawn is the same code, and a picture is most of the time. */
enum { WIDTH = 480, HEIGHT = 270, COLUMNS = 96 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static enum fore_err append(void *self, const void *bytes, size_t len)
{
    fore_buf_append(self, bytes, len);
    return FORE_E_OK;
}

static void write_records(const uint8_t *data, size_t size, struct fore_buf *out)
{
    struct fore_journal_header header = {.text = "# scenario: fuzz", .slo_ns = 1000000};
    struct fore_journal_writer *writer = fore_journal_writer_create(
        &header, (struct fore_journal_out){.write = append, .self = out});
    struct fore_sink sink = fore_journal_writer_sink(writer);
    for (fore_ns at = 0; size >= 3; at += size % 7 * 10 * FORE_SEC) {
        uint16_t len;
        memcpy(&len, data + 1, sizeof len);
        size_t take = len < size - 3 ? len : size - 3;
        fore_sink_put(sink, at, (enum fore_event_kind)data[0], data + 3, take);
        data += 3 + take;
        size -= 3 + take;
    }
    if (size % 2 == 0) /* else it is still growing */
        FORE_ASSERT(fore_journal_writer_finish(writer, NULL) == FORE_E_OK);
    else
        fore_journal_writer_flush(writer);
    fore_journal_writer_destroy(writer);
}

static void look_at(struct viz_player *player, size_t size)
{
    static cairo_surface_t *page;
    if (page == NULL) page = cairo_image_surface_create(CAIRO_FORMAT_RGB24, WIDTH, HEIGHT);
    player->look.metric = (enum viz_metric)(size % VIZ_METRICS);
    player->look.tab = (enum viz_tab)(size / 3 % VIZ_TABS);
    player->look.error = size % 5 == 0;
    player->look.quantile = (int)(size % 3);
    player->look.partition = size % 4 == 0 ? VIZ_NONE : (uint32_t)(size % 17);
    viz_player_peek(player, viz_player_last(player));
    while (viz_player_catch_up(player, 50))
        ;
    struct viz_export e = {.theme = viz_colour_theme("dark"),
                           .width = WIDTH,
                           .height = HEIGHT,
                           .pair = {.side = {player}}};
    viz_export_page(&e, page);
    viz_export_go(&e, viz_player_last(player) / 2);
    struct fore_buf csv = {0};
    if (size % 8 == 1) viz_export_csv(&e, &csv);
    fore_buf_fini(&csv);
    fore_ns at;
    (void)viz_milestone_find(player->feed, VIZ_MILESTONE_EVENT, viz_player_last(player) / 2,
                             size % 2 == 0, &at);
    (void)viz_player_poll(player);
}

static void show(const struct fore_buf *bytes, size_t size)
{
    static FILE *file;
    static char path[64];
    static struct viz_player player;
    if (file == NULL) {
        file = tmpfile();
        if (file == NULL) abort();
        (void)snprintf(path, sizeof path, "/proc/self/fd/%d", fileno(file));
    }
    rewind(file);
    if (ftruncate(fileno(file), 0) != 0) abort();
    if (bytes->len > 0 && fwrite(bytes->data, 1, bytes->len, file) != bytes->len) abort();
    if (fflush(file) != 0) abort();
    if (viz_player_open(&player, path, size % 3 == 0 ? VIZ_SPAN_ALL : VIZ_SPAN_AUTO, COLUMNS,
                        NULL) != FORE_E_OK)
        return;
    look_at(&player, size);
    viz_player_close(&player);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fore_buf bytes = {0};
    if (size >= 8 && memcmp(data, FORE_JOURNAL_MAGIC_FILE, 8) == 0) {
        fore_buf_append(&bytes, data, size);
        show(&bytes, size);
        mend(&bytes);
    } else {
        write_records(data, size, &bytes);
    }
    show(&bytes, size);
    fore_buf_fini(&bytes);
    return 0;
}
