/*
 * main.c - foreshard-viz: what a journal looks like, in a window or as a picture.
 *
 *   foreshard-viz JOURNAL                     the window
 *   foreshard-viz JOURNAL JOURNAL             two runs side by side, also with --shot
 *   foreshard-viz --shot T FILE.png JOURNAL   one picture (.svg, .pdf) or its numbers (.csv)
 *   foreshard-viz --video FILE.mp4 JOURNAL    a film, by ffmpeg; neither needs a display
 *   foreshard-viz --fan DATA FILE.png         a forecast's fan (fan.h), or .svg, .pdf
 *
 * Exit codes: 0 done, 2 bad input (a sentence on stderr), 3 the world failed.
 */
#include "core/base/args.h"
#include "viz/bench.h"
#include "viz/export.h"
#include "viz/fan.h"
#include "viz/format.h"
#include "viz/pair.h"
#include "viz/shot.h"
#include "viz/video.h"
#include "viz/window.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EXIT_OK = 0, EXIT_INPUT = 2, EXIT_WORLD = 3 };
static const char size_usual[] = "1920x1080";

struct options {
    const char *shot, *fan, *size, *theme, *span, *look;
    const char *video, *from, *to, *length;
    const char *token_file;
    struct fore_strings operands;
    bool bench, json;
    uint64_t bench_bytes;
};

struct request {
    const char *journal, *other; /* other NULL: one journal */
    const char *picture;         /* NULL: the window */
    const struct viz_theme *theme;
    int width, height;
    fore_ns span;
    struct viz_look look;
};

static enum fore_err request_of(const struct options *o, struct request *out,
                                struct fore_diag *diag)
{
    bool shot = o->shot != NULL;
    if (shot && o->video != NULL)
        return fore_err_set(diag, FORE_E_FORMAT, "--shot or --video: one of them");
    size_t journals = o->operands.count - (shot && o->operands.count > 0);
    if (journals < 1 || journals > 2)
        return fore_err_set(diag, FORE_E_FORMAT,
                            shot ? "--shot T needs the picture and the journal, or two: "
                                   "foreshard-viz --shot end out.png run.fsj"
                                 : "give one journal, or two to compare; --help tells more");
    out->journal = o->operands.item[shot];
    out->other = journals == 2 ? o->operands.item[shot + 1] : NULL;
    out->picture = shot ? o->operands.item[0] : NULL;
    out->theme = viz_colour_theme(o->theme);
    if (out->theme == NULL)
        return fore_err_set(diag, FORE_E_FORMAT, "--theme %s: light or dark", o->theme);
    FORE_TRY(viz_shot_size(o->size, &out->width, &out->height, diag));
    out->look = viz_look_usual;
    FORE_TRY(viz_look_parse(o->look, &out->look, diag));
    out->span = strcmp(o->span, "all") == 0 ? VIZ_SPAN_ALL : VIZ_SPAN_AUTO;
    if (out->span == VIZ_SPAN_ALL || strcmp(o->span, "auto") == 0) return FORE_E_OK;
    if (viz_format_parse_duration(o->span, &out->span) != FORE_E_OK || out->span < FORE_SEC)
        return fore_err_set(diag, FORE_E_FORMAT,
                            "--span %s: auto, all, or a duration of at least 1s", o->span);
    return FORE_E_OK;
}

static void note(const struct viz_player *player)
{
    if (player->note[0] != '\0')
        fprintf(stderr, "foreshard-viz: %s: %s\n", player->path, player->note);
}

/* One journal, or two side by side, and what is to be made of them. */
static enum fore_err open_export(const struct request *request, struct viz_export *out,
                                 struct viz_player side[2], struct fore_diag *diag)
{
    *out = (struct viz_export){
        .theme = request->theme, .width = request->width, .height = request->height};
    FORE_TRY(viz_player_open(&side[0], request->journal, request->span, VIZ_COLUMNS, diag));
    side[0].look = request->look;
    out->pair.side[0] = &side[0];
    if (request->other == NULL) return FORE_E_OK;
    enum fore_err err = viz_player_open(&side[1], request->other, request->span, VIZ_COLUMNS, diag);
    if (err == FORE_E_OK)
        out->pair.side[1] = &side[1];
    else
        viz_player_close(&side[0]);
    return err;
}

static void close_export(struct viz_export *e)
{
    for (int i = 0; i < 2 && e->pair.side[i] != NULL; i++)
        viz_player_close(e->pair.side[i]);
}

static enum fore_err moment_of(const struct viz_export *e, const char *text, fore_ns *at,
                               struct fore_diag *diag)
{
    const struct viz_player *one = e->pair.side[0];
    if (e->pair.side[1] == NULL)
        return viz_format_parse_moment(text, viz_player_first(one), viz_player_last(one), at, diag);
    return viz_format_parse_moment(text, viz_pair_first(&e->pair), viz_pair_last(&e->pair), at,
                                   diag);
}

static enum fore_err shoot(const struct request *request, const char *moment,
                           struct fore_diag *diag)
{
    struct viz_player side[2];
    struct viz_export e;
    fore_ns at;
    FORE_TRY(open_export(request, &e, side, diag));
    enum fore_err err = moment_of(&e, moment, &at, diag);
    if (err == FORE_E_OK) {
        viz_export_go(&e, at);
        err = viz_export_file(&e, request->picture, diag);
        for (int i = 0; i < 2 && e.pair.side[i] != NULL; i++)
            note(e.pair.side[i]);
    }
    close_export(&e);
    return err;
}

static enum fore_err film(const struct options *o, const struct request *request,
                          struct fore_diag *diag)
{
    struct viz_player side[2];
    struct viz_export e;
    struct viz_video video = {.frames_per_sec = 30};
    fore_ns length = 20 * FORE_SEC;
    if (viz_format_parse_duration(o->length, &length) != FORE_E_OK || length < FORE_SEC ||
        length > 3600 * FORE_SEC)
        return fore_err_set(diag, FORE_E_FORMAT, "--length %s: a duration from 1s to 1h",
                            o->length);
    video.frames = (uint32_t)(length / FORE_SEC * video.frames_per_sec);
    FORE_TRY(open_export(request, &e, side, diag));
    enum fore_err err = moment_of(&e, o->from, &video.from, diag);
    if (err == FORE_E_OK) err = moment_of(&e, o->to, &video.to, diag);
    if (err == FORE_E_OK && video.from >= video.to)
        err = fore_err_set(diag, FORE_E_RANGE, "--from %s is not before --to %s", o->from, o->to);
    if (err == FORE_E_OK) err = viz_video_write(&e, &video, o->video, diag);
    close_export(&e);
    return err;
}

static enum fore_err show(const struct request *request, struct fore_diag *diag)
{
    struct viz_player player, other;
    FORE_TRY(viz_player_open(&player, request->journal, request->span, VIZ_COLUMNS, diag));
    player.look = request->look;
    bool two = request->other != NULL;
    enum fore_err err = FORE_E_OK;
    if (two) err = viz_player_open(&other, request->other, request->span, VIZ_COLUMNS, diag);
    if (err == FORE_E_OK) {
        err = viz_window_run(&player, two ? &other : NULL, request->theme, request->width,
                             request->height, diag);
        if (two) viz_player_close(&other);
    }
    viz_player_close(&player);
    return err;
}

static enum fore_err draw_fan(const struct options *o, struct fore_diag *diag)
{
    const struct viz_theme *theme = viz_colour_theme(o->theme);
    int width, height;
    if (o->operands.count != 1 || o->shot != NULL)
        return fore_err_set(diag, FORE_E_FORMAT, "--fan DATA needs one picture's name");
    if (theme == NULL)
        return fore_err_set(diag, FORE_E_FORMAT, "--theme %s: light or dark", o->theme);
    FORE_TRY(viz_shot_size(strcmp(o->size, size_usual) == 0 ? "1200x560" : o->size, &width, &height,
                           diag));
    return viz_fan_picture(o->fan, o->operands.item[0], theme, width, height, diag);
}

static enum fore_err bench(const struct options *o, struct fore_diag *diag)
{
    struct viz_bench_options options = {.theme = viz_colour_theme(o->theme),
                                        .partitions = 16384,
                                        .columns = VIZ_COLUMNS,
                                        .frames = 200,
                                        .journal_bytes = o->bench_bytes,
                                        .json = o->json};
    if (o->operands.count > 0)
        return fore_err_set(diag, FORE_E_FORMAT, "--bench makes its own journal; give none");
    if (options.theme == NULL)
        return fore_err_set(diag, FORE_E_FORMAT, "--theme %s: light or dark", o->theme);
    FORE_TRY(viz_shot_size(o->size, &options.width, &options.height, diag));
    return viz_bench_run(&options, diag);
}

static enum fore_err run(const struct options *o, struct fore_diag *diag)
{
    struct request request = {0};
    if (o->token_file != NULL && setenv("FORESHARD_TOKEN_FILE", o->token_file, 1) != 0)
        return fore_err_set(diag, FORE_E_RANGE, "--token-file: the name is too long");
    if (o->bench) return bench(o, diag);
    if (o->fan != NULL) return draw_fan(o, diag);
    FORE_TRY(request_of(o, &request, diag));
    if (request.picture != NULL) return shoot(&request, o->shot, diag);
    if (o->video != NULL) return film(o, &request, diag);
    return show(&request, diag);
}

int main(int argc, char **argv)
{
    struct options o = {.size = size_usual,
                        .theme = "light",
                        .span = "auto",
                        .look = "",
                        .from = "start",
                        .to = "end",
                        .length = "20s",
                        .bench_bytes = 1 << 30};
    const struct fore_arg rows[] = {
        {"bench",       FORE_ARG_FLAG,  &o.bench,       NULL,
         "measure what a frame, opening and seeking cost, on a generated cluster, and exit"                         },
        {"bench-bytes", FORE_ARG_COUNT, &o.bench_bytes, "N",
         "size of the journal that --bench writes and opens, default 1 GiB; 0: none"                                },
        {"json",        FORE_ARG_FLAG,  &o.json,        NULL,    "what --bench found, on one line"                  },
        {"shot",        FORE_ARG_TEXT,  &o.shot,        "T",
         "draw moment T (45min, 2d3h, 50%, start, end) into FILE.png, .svg, .pdf or .csv and exit"                  },
        {"video",       FORE_ARG_TEXT,  &o.video,       "FILE",
         "make a film (.mp4, .webm, .gif) with ffmpeg and exit"                                                     },
        {"from",        FORE_ARG_TEXT,  &o.from,        "T",     "where --video begins, default start"              },
        {"to",          FORE_ARG_TEXT,  &o.to,          "T",     "where --video ends, default end"                  },
        {"length",      FORE_ARG_TEXT,  &o.length,      "TIME",  "how long the film is to be, default 20s"          },
        {"fan",         FORE_ARG_TEXT,  &o.fan,         "DATA",  "draw a forecast's fan into FILE.png, .svg or .pdf"},
        {"token-file",  FORE_ARG_TEXT,  &o.token_file,  "FILE",
         "first line: the token of a live daemon, to tell it what to do; else FORESHARD_TOKEN_FILE"                 },
        {"size",        FORE_ARG_TEXT,  &o.size,        "WxH",   "pixels of picture or window, default 1920x1080"   },
        {"theme",       FORE_ARG_TEXT,  &o.theme,       "NAME",  "light or dark"                                    },
        {"span",        FORE_ARG_TEXT,  &o.span,        "TIME",
         "how much of the past to show: a duration, all, or auto (four forecast horizons)"                          },
        {"look",        FORE_ARG_TEXT,  &o.look,        "WORDS",
         "metric=latency,palette=inferno,overlay=error,tab=why,select=p41,...: what is shown, and how"              },
    };
    const struct fore_args args = {
        .usage = "foreshard-viz [--shot T FILE.png] JOURNAL [JOURNAL] [options]",
        .about =
            "Shows a journal: heat now and forecast, nodes, scores, migrations, latency.\n"
            "Two journals of one seed are shown side by side, locked in time.\n"
            "JOURNAL may still be growing; http://HOST:PORT is a live daemon's; - reads standard input. In the window ? lists the "
            "keys.",
        .row = rows,
        .row_count = FORE_COUNTOF(rows),
        .operand_min = 0,
        .operand_max = 3};
    struct fore_arena arena = {0};
    struct fore_diag diag = {0};
    bool help = false;
    enum fore_err err = fore_args_parse(&args, argc, argv, &arena, &o.operands, &help, &diag);
    if (err == FORE_E_OK && help) {
        struct fore_buf text = {0};
        fore_args_help(&args, &text);
        fwrite(text.data, 1, text.len, stdout);
        fore_buf_fini(&text);
    } else if (err == FORE_E_OK) {
        err = run(&o, &diag);
    }
    if (err != FORE_E_OK)
        fprintf(stderr, "foreshard-viz: %s\n", diag.text[0] ? diag.text : fore_err_text(err));
    fore_arena_fini(&arena);
    return err == FORE_E_OK ? EXIT_OK : err == FORE_E_UNREACHABLE ? EXIT_WORLD : EXIT_INPUT;
}
