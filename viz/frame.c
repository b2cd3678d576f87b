/* frame.c - see frame.h. */
#include "viz/frame.h"

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

static void remember(struct viz_frame *frame, const struct viz_scene *scene)
{
    frame->view = scene->view;
    frame->forecast_version = scene->model->forecast_version;
    frame->recoloured = viz_heatmap_recoloured(scene->model->map);
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
    for (size_t i = 0; i < viz_panel_count; i++) {
        struct viz_rect r = frame->layout.place[viz_panels[i].place];
        cairo_save(canvas.cr);
        cairo_rectangle(canvas.cr, r.x, r.y, r.w, r.h);
        cairo_clip(canvas.cr);
        viz_panels[i].draw(&canvas, scene, r);
        cairo_restore(canvas.cr);
    }
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
    double u = frame->layout.u, before = viz_axis_x(&scene->scale, frame->view.now);
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
    for (size_t i = 0; i < viz_panel_count; i++) {
        bool heat = viz_panels[i].place == VIZ_PLACE_HEAT;
        if (heat) draw_panel(frame, scene, i, strip(frame, scene));
        /* New forecasts, or new colours, change more of the heat than its strip. */
        if (!heat || scene->model->forecast_version != frame->forecast_version ||
            viz_heatmap_recoloured(scene->model->map) != frame->recoloured)
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
            draw_panel(frame, scene, i, name_strip(frame));
            frame->waiting &= ~NAME_WAITS;
            break;
        }
        if ((frame->waiting & bit) == 0) continue;
        draw_panel(frame, scene, i, frame->layout.place[viz_panels[i].place]);
        frame->waiting &= heat ? ~(bit | NAME_WAITS) : ~bit;
        break;
    }
    frame->recoloured = viz_heatmap_recoloured(scene->model->map);
    cairo_surface_flush(frame->page);
    return true;
}
