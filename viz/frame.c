/* frame.c - see frame.h. */
#include "viz/frame.h"

#include "core/base/hash.h"
#include "viz/heatmap.h"

#include <math.h>

#define NAME_WAITS (UINT32_C(1) << 31)

void viz_frame_init(struct viz_frame *frame, cairo_surface_t *page, double text)
{
    *frame =
        (struct viz_frame){.page = page,
                           .layout = viz_layout_sized(cairo_image_surface_get_width(page),
                                                      cairo_image_surface_get_height(page), text)};
}

static void note(struct viz_frame *frame, struct viz_rect r)
{
    double x = fmax(0, floor(r.x)), y = fmax(0, floor(r.y));
    double right = fmin(frame->layout.width, ceil(r.x + r.w));
    double bottom = fmin(frame->layout.height, ceil(r.y + r.h));
    if (right <= x || bottom <= y || frame->changed_count == VIZ_FRAME_RECTS) return;
    frame->changed[frame->changed_count++] = (struct viz_rect){x, y, right - x, bottom - y};
}

static void rule(const struct viz_frame *frame, struct viz_scene *scene)
{
    if (scene->look == NULL) scene->look = &viz_look_usual;
    scene->scale = (struct viz_scale){.from = scene->view.from,
                                      .to = scene->view.to,
                                      .x0 = frame->layout.plot_x0,
                                      .x1 = frame->layout.plot_x1};
}

/* The part of a panel that lies within `clip`, on the page's ground. */
static void draw_panel(struct viz_frame *frame, const struct viz_scene *scene, size_t panel,
                       struct viz_rect clip)
{
    struct viz_canvas canvas;
    viz_canvas_init(&canvas, frame->page, frame->theme, frame->layout.u);
    cairo_rectangle(canvas.cr, clip.x, clip.y, clip.w, clip.h);
    cairo_clip(canvas.cr);
    viz_canvas_limit(&canvas, clip);
    viz_canvas_fill(&canvas, clip, frame->theme->page);
    viz_panels[panel].draw(&canvas, scene, frame->layout.place[viz_panels[panel].place]);
    viz_canvas_fini(&canvas);
    note(frame, clip);
}

/* What the heat shows left and right of its strip: its picture, the marks of moves that are over,
 * the nodes in the gutter, how long a sample stands. */
static uint64_t heat_key(const struct viz_scene *scene)
{
    const struct fore_snapshot *snap = &scene->model->snapshot;
    uint64_t key = snap->topology.epoch;
    for (uint32_t m = 0; m < snap->move_count; m++) {
        const struct fore_event_move *move = &snap->move[m].move;
        const uint64_t parts[] = {move->ticket, move->state};
        key = fore_hash_bytes(parts, sizeof parts, key);
    }
    const uint64_t parts[] = {viz_heatmap_key(scene->model->map), scene->model->heat.hold,
                              scene->model->heat.bucket_ns};
    return fore_hash_bytes(parts, sizeof parts, key);
}

/* The start of the newest column: it may still grow, and those after it are not known. */
static fore_ns settled(const struct viz_matrix *heat)
{
    return heat->next > heat->first ? (heat->next - 1) * heat->bucket_ns : 0;
}

static void remember(struct viz_frame *frame, const struct viz_scene *scene)
{
    frame->view = scene->view;
    frame->forecast_version = scene->model->forecast_version;
    frame->recoloured = viz_heatmap_recoloured(scene->model->map);
    frame->heat_key = heat_key(scene);
    frame->settled = settled(&scene->model->heat);
}

/* Does time alone change more of the heat than its strip? Where a forecast is made of the present
 * mix, where there is none (the words that say so stand in its middle), in the forecast's error,
 * and in a legend that tells how old the newest forecast is. */
static bool all_moves(const struct viz_scene *scene)
{
    const struct viz_look *look = scene->look;
    bool ahead = viz_metric_row[look->metric].ahead && scene->model->forecast_at > 0;
    return look->error || look->metric != VIZ_METRIC_LOAD || !ahead ||
           scene->view.to <= scene->view.now;
}

/* A card covers its place but for the corners; the header has none. */
static void ground(struct viz_canvas *canvas, const struct viz_layout *layout)
{
    double side = ceil(9 * canvas->u);
    struct viz_rgb page = canvas->theme->page;
    for (int i = 0; i < VIZ_PLACES; i++) {
        const struct viz_rect *r = &layout->place[i];
        if (i == VIZ_PLACE_HEADER) viz_canvas_fill(canvas, *r, page);
        for (int k = 0; i != VIZ_PLACE_HEADER && k < 4; k++)
            viz_canvas_fill(canvas,
                            (struct viz_rect){k % 2 == 0 ? r->x : r->x + r->w - side,
                                              k < 2 ? r->y : r->y + r->h - side, side, side},
                            page);
    }
}

/* All panels on a page whose ground stands already. */
static void redraw(struct viz_frame *frame, struct viz_scene *scene)
{
    struct viz_canvas canvas;
    viz_canvas_init(&canvas, frame->page, frame->theme, frame->layout.u);
    ground(&canvas, &frame->layout);
    rule(frame, scene);
    viz_panel_all(&canvas, &frame->layout, scene);
    viz_canvas_fini(&canvas);
    cairo_surface_flush(frame->page);
}

void viz_frame_whole(struct viz_frame *frame, const struct viz_theme *theme,
                     struct viz_scene *scene)
{
    bool again = frame->theme == theme;
    frame->changed_count = 0;
    frame->waiting = 0;
    frame->theme = theme;
    if (again)
        redraw(frame, scene);
    else
        viz_panel_page(frame->page, &frame->layout, theme, scene);
    remember(frame, scene);
    note(frame, (struct viz_rect){0, 0, frame->layout.width, frame->layout.height});
}

/* Where the heat changes when now moves on: the line with the columns it passed. */
static struct viz_rect strip(const struct viz_frame *frame, const struct viz_scene *scene)
{
    struct viz_rect r = frame->layout.place[VIZ_PLACE_HEAT];
    fore_ns since = frame->settled < frame->view.now ? frame->settled : frame->view.now;
    double u = frame->layout.u, before = viz_axis_x(&scene->scale, since);
    double after = viz_axis_x(&scene->scale, scene->view.now);
    double x0 = floor(fmax(r.x, fmin(before, after) - 4 * u)), y0 = floor(r.y + VIZ_HEAT_TOP * u);
    double x1 = ceil(fmin(r.x + r.w, fmax(before, after) + 4 * u));
    return (struct viz_rect){x0, y0, x1 - x0, r.y + r.h - y0};
}

/* The name of now and the words beside it, above the plot: from edge to edge, because nobody
 * remembers where it stood. */
static struct viz_rect name_strip(const struct viz_frame *frame)
{
    struct viz_rect r = frame->layout.place[VIZ_PLACE_HEAT];
    double u = frame->layout.u, y0 = floor(r.y + (VIZ_HEAT_TOP - 20) * u);
    return (struct viz_rect){r.x, y0, r.w, floor(r.y + VIZ_HEAT_TOP * u) - y0};
}

void viz_frame_column(struct viz_frame *frame, const struct viz_theme *theme,
                      struct viz_scene *scene)
{
    bool same = frame->theme == theme && frame->view.from == scene->view.from &&
                frame->view.to == scene->view.to;
    if (!same) {
        viz_frame_whole(frame, theme, scene);
        return;
    }
    frame->changed_count = 0;
    rule(frame, scene);
    struct viz_scene part = *scene;
    part.hits = NULL; /* a strip of the heat: what was noted of it stands where it was */
    for (size_t i = 0; i < viz_panel_count; i++) {
        bool heat = viz_panels[i].place == VIZ_PLACE_HEAT;
        if (heat) draw_panel(frame, &part, i, strip(frame, scene));
        /* New forecasts, colours, rows or marks change more of the heat than its strip. */
        if (!heat || scene->model->forecast_version != frame->forecast_version ||
            viz_heatmap_recoloured(scene->model->map) != frame->recoloured ||
            heat_key(scene) != frame->heat_key || all_moves(scene))
            frame->waiting |= UINT32_C(1) << i;
        if (heat) frame->waiting |= NAME_WAITS;
    }
    remember(frame, scene);
    cairo_surface_flush(frame->page);
}

bool viz_frame_follow(struct viz_frame *frame, struct viz_scene *scene)
{
    frame->changed_count = 0;
    if (frame->waiting == 0) return false;
    rule(frame, scene);
    for (size_t i = 0; i < viz_panel_count; i++) {
        uint32_t bit = UINT32_C(1) << i;
        bool heat = viz_panels[i].place == VIZ_PLACE_HEAT;
        if (heat && (frame->waiting & (bit | NAME_WAITS)) == NAME_WAITS) {
            struct viz_scene part = *scene;
            part.hits = NULL;
            draw_panel(frame, &part, i, name_strip(frame));
            frame->waiting &= ~NAME_WAITS;
            break;
        }
        if ((frame->waiting & bit) == 0) continue;
        viz_hits_begin(scene->hits, (uint32_t)i);
        draw_panel(frame, scene, i, frame->layout.place[viz_panels[i].place]);
        frame->waiting &= heat ? ~(bit | NAME_WAITS) : ~bit;
        break;
    }
    frame->recoloured = viz_heatmap_recoloured(scene->model->map);
    cairo_surface_flush(frame->page);
    return true;
}
