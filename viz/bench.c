/* bench.c - see bench.h. */
#include "viz/bench.h"

#include "viz/bench_source.h"
#include "viz/model.h"
#include "viz/panel.h"

#include <SDL.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static double cpu_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void fold_into(void *self, fore_ns at, enum fore_event_kind kind, const void *body,
                      size_t len)
{
    viz_model_fold(self, at, kind, body, len);
}

enum fore_err viz_bench_run(const struct viz_bench_options *o, struct fore_diag *diag)
{
    static struct viz_model model;
    struct viz_bench_source source;
    viz_model_init(&model, &(struct fore_journal_header){.text = ""}, "bench");
    viz_model_reset(&model, 60 * FORE_SEC, o->columns);
    viz_bench_source_init(&source, o->partitions,
                          (struct fore_sink){.put = fold_into, .self = &model});
    double t0 = cpu_ms();
    for (uint32_t i = 0; i < o->columns; i++)
        viz_bench_source_window(&source);
    printf("fill %.1f ms\n", cpu_ms() - t0);
    cairo_surface_t *page = cairo_image_surface_create(CAIRO_FORMAT_RGB24, o->width, o->height);
    struct viz_layout layout = viz_layout_make(o->width, o->height);
    for (int i = 0; i < 5; i++) {
        t0 = cpu_ms();
        viz_model_sort(&model);
        double t1 = cpu_ms();
        struct viz_scene scene = {
            .model = &model,
            .view = {.from = source.at - 1400 * source.period,
                     .now = source.at,
                     .to = source.at + 360 * source.period},
            .note = "",
            .status = ""
        };
        viz_panel_page(page, &layout, o->theme, &scene);
        double t2 = cpu_ms();
        printf("sort %.2f page %.2f\n", t1 - t0, t2 - t1);
        struct viz_canvas canvas;
        viz_canvas_init(&canvas, page, o->theme, layout.u);
        for (size_t k = 0; k < viz_panel_count; k++) {
            t1 = cpu_ms();
            viz_panels[k].draw(&canvas, &scene, layout.place[viz_panels[k].place]);
            t2 = cpu_ms();
            printf("   %s %.2f\n", viz_panels[k].name, t2 - t1);
        }
        viz_canvas_fini(&canvas);
        t0 = cpu_ms();
        viz_bench_source_window(&source);
        printf("window incl. source %.2f\n", cpu_ms() - t0);
    }
    cairo_surface_destroy(page);
    viz_bench_source_fini(&source);
    viz_model_fini(&model);
    return FORE_E_OK;
}
