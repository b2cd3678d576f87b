/*
 * bench_journal.c - see bench_journal.h. To open is: to open the file, to find its end, and to draw
 * the page of its last moment. To seek is: to bring the model to another moment and to draw it.
 */
#include "viz/bench_journal.h"

#include "viz/bench_source.h"
#include "viz/shot.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { SEEKS = 40, COLUMNS = 1440 };

struct sink_file {
    FILE *file;
    uint64_t bytes;
};

static enum fore_err put(void *self, const void *bytes, size_t len)
{
    struct sink_file *out = self;
    out->bytes += len;
    return fwrite(bytes, 1, len, out->file) == len ? FORE_E_OK : FORE_E_IO;
}

enum fore_err viz_bench_write(const char *path, const struct viz_bench_file *file,
                              struct fore_diag *diag)
{
    struct sink_file out = {.file = fopen(path, "wb")};
    if (out.file == NULL)
        return fore_err_set(diag, FORE_E_IO, "cannot write %s: %s", path, strerror(errno));
    struct fore_journal_header header = {
        .seed = 7, .slo_ns = 25000000, .text = "# scenario: bench"};
    struct fore_journal_writer *writer =
        fore_journal_writer_create(&header, (struct fore_journal_out){.write = put, .self = &out});
    struct viz_bench_source source;
    viz_bench_source_init(&source, file->partitions, fore_journal_writer_sink(writer));
    if (file->no_forecasts) source.forecast_every = 0;
    do
        viz_bench_source_window(&source);
    while (out.bytes < file->bytes && ferror(out.file) == 0);
    enum fore_err err = fore_journal_writer_finish(writer, diag);
    viz_bench_source_fini(&source);
    fore_journal_writer_destroy(writer);
    if (fclose(out.file) != 0 && err == FORE_E_OK)
        err = fore_err_set(diag, FORE_E_IO, "cannot write %s: %s", path, strerror(errno));
    return err;
}

static double wall_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static int ascending(const void *a, const void *b)
{
    const double *x = a, *y = b;
    return *x < *y ? -1 : *x > *y;
}

static void draw(struct viz_player *player, const struct viz_bench_options *o)
{
    cairo_surface_destroy(viz_shot_draw(player, o->theme, o->width, o->height));
}

static enum fore_err measure(const char *path, const struct viz_bench_options *o,
                             struct viz_bench_result *result, struct fore_diag *diag)
{
    static struct viz_player player;
    double sample[SEEKS], exact[SEEKS], began = wall_ms();
    FORE_TRY(viz_player_open(&player, path, VIZ_SPAN_AUTO, COLUMNS, diag));
    viz_player_peek(&player, viz_player_last(&player));
    draw(&player, o);
    result->open_ms = wall_ms() - began;
    while (viz_player_catch_up(&player, 1000))
        ;
    result->history_ms = wall_ms() - began;
    uint64_t state = 11;
    for (int i = 0; i < SEEKS; i++) {
        state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        double share = 0.02 + 0.98 * (double)(state >> 40) / 16777216.0;
        fore_ns at = (fore_ns)(share * (double)viz_player_last(&player));
        began = wall_ms();
        viz_player_peek(&player, at);
        draw(&player, o);
        sample[i] = wall_ms() - began;
        while (player.behind == VIZ_BEHIND_NOW)
            (void)viz_player_catch_up(&player, 8);
        exact[i] = wall_ms() - began;
    }
    qsort(sample, SEEKS, sizeof sample[0], ascending);
    qsort(exact, SEEKS, sizeof exact[0], ascending);
    result->seek_ms_p95 = sample[(int)ceil(0.95 * SEEKS) - 1];
    result->settle_ms_p95 = exact[(int)ceil(0.95 * SEEKS) - 1];
    viz_player_close(&player);
    return FORE_E_OK;
}

enum fore_err viz_bench_journal(const struct viz_bench_options *options,
                                struct viz_bench_result *result, struct fore_diag *diag)
{
    char path[4096];
    const char *folder = getenv("TMPDIR");
    int n =
        snprintf(path, sizeof path, "%s/foreshard-bench-XXXXXX", folder != NULL ? folder : "/tmp");
    if (n < 0 || (size_t)n >= sizeof path)
        return fore_err_set(diag, FORE_E_RANGE, "TMPDIR is too long");
    int fd = mkstemp(path);
    if (fd < 0) return fore_err_set(diag, FORE_E_IO, "cannot write %s: %s", path, strerror(errno));
    close(fd);
    const struct viz_bench_file file = {.partitions = options->partitions,
                                        .bytes = options->journal_bytes};
    enum fore_err err = viz_bench_write(path, &file, diag);
    if (err == FORE_E_OK) err = measure(path, options, result, diag);
    remove(path);
    return err;
}
