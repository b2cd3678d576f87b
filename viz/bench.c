/*
 * bench.c - see bench.h. The frames are those of the window: viz/frame.h draws, viz/display.h
 * shows; only who turns the wheel is different. Each kind of frame is measured on its own:
 *
 *   full    the view moves by a bucket: every panel is drawn, the whole page shown
 *   column  a window of loads arrives at the end of a standing view: folded, drawn, shown
 *   follow  one of the panels that wait for such a frame
 *   window  both: the column and all the panels that follow it, before the next one comes
 *   idle    nothing happened
 *   input   a key is pressed: from the event's birth to the whole page shown, on the wall
 */
#include "viz/bench.h"

#include "core/base/json.h"
#include "viz/bench_journal.h"
#include "viz/bench_source.h"
#include "viz/display.h"
#include "viz/frame.h"
#include "viz/text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct bench {
    const struct viz_bench_options *options;
    struct viz_model *model;
    struct viz_bench_source source;
    struct viz_display display;
    struct viz_frame frame;
    struct viz_view view;  /* as it stands */
    struct viz_hits *hits; /* noted as in a window */
    double *sample;
};

static double ms_of(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static double cpu_ms(void)
{
    return ms_of(CLOCK_THREAD_CPUTIME_ID);
}

static double wall_ms(void)
{
    return ms_of(CLOCK_MONOTONIC);
}

static int ascending(const void *a, const void *b)
{
    const double *x = a, *y = b;
    return *x < *y ? -1 : *x > *y;
}

/* Nearest rank. */
static double p95(double *sample, uint32_t count)
{
    qsort(sample, count, sizeof *sample, ascending);
    uint32_t rank = (uint32_t)ceil(0.95 * count);
    return sample[rank > 0 ? rank - 1 : 0];
}

static void fold_into(void *self, fore_ns at, enum fore_event_kind kind, const void *body,
                      size_t len)
{
    viz_model_fold(self, at, kind, body, len);
}

/* The window's view of a moment that moves on, shifted by some buckets. */
static struct viz_scene scene_of(struct bench *b, fore_ns shift)
{
    fore_ns width = b->options->columns * b->source.period, now = b->source.at;
    b->view = viz_axis_stand(b->view, viz_axis_view(0, now, width / 4, width), 0);
    return (struct viz_scene){
        .model = b->model,
        .view = {.from = b->view.from + shift, .now = now, .to = b->view.to + shift},
        .note = "",
        .status = "following",
        .look = &viz_look_usual,
        .hits = b->hits
    };
}

static enum fore_err show(struct bench *b, struct fore_diag *diag)
{
    return viz_display_show(&b->display, b->frame.changed, b->frame.changed_count, diag);
}

static enum fore_err whole(struct bench *b, fore_ns shift, struct fore_diag *diag)
{
    viz_model_sort(b->model);
    struct viz_scene scene = scene_of(b, shift);
    b->hits->count = 0;
    viz_frame_whole(&b->frame, b->options->theme, &scene);
    return show(b, diag);
}

static enum fore_err measure_full(struct bench *b, double *out, struct fore_diag *diag)
{
    for (uint32_t i = 0; i < b->options->frames; i++) {
        double began = cpu_ms();
        FORE_TRY(whole(b, (i + 1) % 32 * b->source.period, diag));
        b->sample[i] = cpu_ms() - began;
    }
    *out = p95(b->sample, b->options->frames);
    return FORE_E_OK;
}

static enum fore_err measure_idle(struct bench *b, double *out, struct fore_diag *diag)
{
    for (uint32_t i = 0; i < b->options->frames; i++) {
        SDL_Event event;
        double began = cpu_ms();
        while (SDL_PollEvent(&event) == 1)
            ;
        b->frame.changed_count = 0;
        FORE_TRY(show(b, diag));
        b->sample[i] = cpu_ms() - began;
    }
    *out = p95(b->sample, b->options->frames);
    return FORE_E_OK;
}

/* A keyframe, and the forecasts of all partitions, come with a window now and then; that is their
 * cost, not the column's, so the source is asked beforehand and only its window is folded here. */
struct held {
    struct fore_buf body[64];
    enum fore_event_kind kind[64];
    fore_ns at[64];
    uint32_t count;
    struct viz_model *model;
};

static void hold(void *self, fore_ns at, enum fore_event_kind kind, const void *body, size_t len)
{
    struct held *held = self;
    bool window = kind == FORE_EV_PARTITION_LOAD || kind == FORE_EV_NODE_LOAD ||
                  kind == FORE_EV_CLUSTER_LOAD || kind == FORE_EV_MOVE;
    if (!window || held->count == 64) {
        viz_model_fold(held->model, at, kind, body, len);
        return;
    }
    fore_buf_reset(&held->body[held->count]);
    fore_buf_append(&held->body[held->count], body, len);
    held->kind[held->count] = kind;
    held->at[held->count++] = at;
}

static enum fore_err measure_column(struct bench *b, struct viz_bench_result *r,
                                    struct fore_diag *diag)
{
    static struct held held;
    uint32_t frames = b->options->frames;
    double *later = b->sample + frames, *all = later + frames;
    held.model = b->model;
    b->source.sink = (struct fore_sink){.put = hold, .self = &held};
    for (uint32_t i = 0; i < frames; i++) {
        held.count = 0;
        viz_bench_source_window(&b->source);
        double began = cpu_ms();
        for (uint32_t k = 0; k < held.count; k++)
            viz_model_fold(b->model, held.at[k], held.kind[k], held.body[k].data, held.body[k].len);
        viz_model_sort(b->model);
        struct viz_scene scene = scene_of(b, 0);
        viz_frame_column(&b->frame, b->options->theme, &scene);
        FORE_TRY(show(b, diag));
        b->sample[i] = cpu_ms() - began;
        later[i] = 0;
        all[i] = b->sample[i];
        for (;;) {
            began = cpu_ms();
            if (!viz_frame_follow(&b->frame, &scene)) break;
            FORE_TRY(show(b, diag));
            double took = cpu_ms() - began;
            later[i] = fmax(later[i], took);
            all[i] += took;
        }
    }
    for (uint32_t k = 0; k < 64; k++)
        fore_buf_fini(&held.body[k]);
    r->column_ms_p95 = p95(b->sample, frames);
    r->follow_ms_p95 = p95(later, frames);
    r->window_ms_p95 = p95(all, frames);
    return FORE_E_OK;
}

static enum fore_err measure_input(struct bench *b, double *out, struct fore_diag *diag)
{
    for (uint32_t i = 0; i < b->options->frames; i++) {
        SDL_Event event = {.type = SDL_KEYDOWN};
        double began = wall_ms();
        SDL_PushEvent(&event);
        while (SDL_WaitEventTimeout(&event, 100) == 1 && event.type != SDL_KEYDOWN)
            ;
        FORE_TRY(whole(b, (i + 7) % 32 * b->source.period, diag));
        b->sample[i] = wall_ms() - began;
    }
    *out = p95(b->sample, b->options->frames);
    return FORE_E_OK;
}

/* Resident memory at its peak, from the kernel. */
static uint64_t rss_bytes(void)
{
    char line[256];
    uint64_t kib = 0;
    FILE *file = fopen("/proc/self/status", "r");
    if (file == NULL) return 0;
    while (kib == 0 && fgets(line, sizeof line, file) != NULL)
        if (strncmp(line, "VmHWM:", 6) == 0) kib = strtoull(line + 6, NULL, 10);
    fclose(file);
    return kib * 1024;
}

static enum fore_err measure(struct bench *b, struct viz_bench_result *r, struct fore_diag *diag)
{
    FORE_TRY(whole(b, 0, diag));
    FORE_TRY(measure_full(b, &r->full_ms_p95, diag));
    FORE_TRY(whole(b, 0, diag));
    FORE_TRY(measure_idle(b, &r->idle_ms_p95, diag));
    FORE_TRY(measure_column(b, r, diag));
    FORE_TRY(measure_input(b, &r->input_ms_p95, diag));
    return FORE_E_OK;
}

static void print(const struct viz_bench_options *o, const struct viz_bench_result *r)
{
    struct fore_buf out = {0};
    struct fore_json json = fore_json_begin(&out, !o->json);
    fore_json_object(&json, NULL);
    fore_json_u64(&json, "partitions", o->partitions);
    fore_json_u64(&json, "columns", o->columns);
    fore_json_f64(&json, "full_ms_p95", r->full_ms_p95);
    fore_json_f64(&json, "idle_ms_p95", r->idle_ms_p95);
    fore_json_f64(&json, "column_ms_p95", r->column_ms_p95);
    fore_json_f64(&json, "follow_ms_p95", r->follow_ms_p95);
    fore_json_f64(&json, "window_ms_p95", r->window_ms_p95);
    fore_json_f64(&json, "input_ms_p95", r->input_ms_p95);
    fore_json_f64(&json, "open_ms", r->open_ms);
    fore_json_f64(&json, "history_ms", r->history_ms);
    fore_json_f64(&json, "seek_ms_p95", r->seek_ms_p95);
    fore_json_f64(&json, "settle_ms_p95", r->settle_ms_p95);
    fore_json_u64(&json, "journal_bytes", o->journal_bytes);
    fore_json_u64(&json, "rss_bytes", r->rss_bytes);
    fore_json_object_end(&json);
    fwrite(out.data, 1, out.len, stdout);
    fputc('\n', stdout);
    fore_buf_fini(&out);
}

static void fill(struct bench *b)
{
    const struct viz_bench_options *o = b->options;
    viz_model_init(b->model, &(struct fore_journal_header){.text = ""}, "bench");
    viz_model_reset(b->model, 60 * FORE_SEC, o->columns);
    viz_bench_source_init(&b->source, o->partitions,
                          (struct fore_sink){.put = fold_into, .self = b->model});
    for (uint32_t i = 0; i < o->columns; i++)
        viz_bench_source_window(&b->source);
}

enum fore_err viz_bench_run(const struct viz_bench_options *options, struct fore_diag *diag)
{
    struct viz_bench_result result = {.open_ms = (double)NAN,
                                      .history_ms = (double)NAN,
                                      .seek_ms_p95 = (double)NAN,
                                      .settle_ms_p95 = (double)NAN};
    static struct viz_model model;
    struct bench b = {.options = options, .model = &model};
    if (SDL_getenv("DISPLAY") == NULL && SDL_getenv("WAYLAND_DISPLAY") == NULL)
        SDL_setenv("SDL_VIDEODRIVER", "dummy",
                   0); /* no display needed to know what drawing costs */
    enum fore_err err = viz_display_open(&b.display, options->width, options->height, diag);
    if (err == FORE_E_OK) {
        b.sample = calloc(3 * (size_t)options->frames, sizeof *b.sample);
        b.hits = calloc(1, sizeof *b.hits);
        FORE_ASSERT(b.sample != NULL && b.hits != NULL);
        fill(&b);
        cairo_surface_t *page = viz_display_page(&b.display);
        if (page == NULL)
            err = fore_err_set(diag, FORE_E_UNREACHABLE, "no picture: %s", SDL_GetError());
        else
            viz_frame_init(&b.frame, page, 1);
        if (err == FORE_E_OK) err = measure(&b, &result, diag);
        viz_bench_source_fini(&b.source);
        viz_model_fini(&model);
        free(b.sample);
        free(b.hits);
    }
    viz_display_close(&b.display);
    if (err == FORE_E_OK && options->journal_bytes > 0)
        err = viz_bench_journal(options, &result, diag);
    result.rss_bytes = rss_bytes();
    if (err == FORE_E_OK) print(options, &result);
    viz_text_forget();
    return err;
}
