/*
 * pointer.c - the mouse: point to be told, click to select and pin, drag to scrub, to mark a part
 * of the heat, or to pan it; the wheel zooms about the cursor.
 */
#include "viz/window_state.h"

#include <math.h>
#include <stdio.h>

enum { CLICK_PX = 4 }; /* a press that moved less is a click */

static void to_page(struct viz_window *w, int x, int y)
{
    int window_w = 1, window_h = 1;
    SDL_GetWindowSize(w->display.window, &window_w, &window_h);
    w->mouse_x = (double)x * w->frame.layout.width / (window_w > 0 ? window_w : 1);
    w->mouse_y = (double)y * w->frame.layout.height / (window_h > 0 ? window_h : 1);
}

static struct viz_scale scale_of(const struct viz_window *w, const struct viz_rect *plot)
{
    struct viz_view v = w->controls.view;
    return (struct viz_scale){v.from, v.to, plot->x, plot->x + plot->w};
}

static void point(struct viz_window *w)
{
    struct viz_scene scene = viz_window_scene(w);
    struct viz_hit hit = viz_hits_at(&w->hits, w->mouse_x, w->mouse_y);
    struct viz_tip before = w->tip;
    if (!viz_tip_make(&scene, &hit, w->mouse_x, w->mouse_y, &w->tip)) w->tip.count = 0;
    if (w->tip.count > 0 || before.count > 0) w->over_dirty = true;
}

static void select_partition(struct viz_window *w, uint32_t partition)
{
    struct viz_look *look = &w->controls.look;
    look->partition = partition;
    look->plan = VIZ_PLAN_NONE;
}

static void pin(struct viz_window *w)
{
    point(w);
    w->pinned = w->tip;
    w->over_dirty = true;
}

static void click(struct viz_window *w)
{
    struct viz_hit hit = viz_hits_at(&w->hits, w->mouse_x, w->mouse_y);
    struct viz_controls *c = &w->controls;
    c->dirty = true;
    switch (hit.kind) {
    case VIZ_HIT_HEAT: {
        struct viz_scene scene = viz_window_scene(w);
        struct viz_scale scale = scale_of(w, &hit.r);
        select_partition(
            w, viz_panel_row_at(&scene, hit.r, w->mouse_y, viz_axis_at(&scale, w->mouse_x)));
        pin(w);
        break;
    }
    case VIZ_HIT_PARTITION:
        select_partition(w, (uint32_t)hit.id);
        pin(w);
        break;
    case VIZ_HIT_NODE:
        c->look.node = c->look.node == hit.id ? VIZ_NONE : (uint32_t)hit.id;
        pin(w);
        break;
    case VIZ_HIT_MOVE:
        w->ticket = hit.id;
        pin(w);
        break;
    case VIZ_HIT_CONTROL: viz_controls_do(c, VIZ_DO_CONTROL); break;
    case VIZ_HIT_PLAN:
        c->look.plan = hit.id;
        c->look.tab = VIZ_TAB_WHY;
        break;
    case VIZ_HIT_TAB: c->look.tab = (enum viz_tab)hit.id; break;
    case VIZ_HIT_METRIC: viz_controls_do(c, VIZ_DO_METRIC); break;
    case VIZ_HIT_MOMENT: viz_controls_seek(c, hit.id); break;
    case VIZ_HIT_PLOT:
    case VIZ_HIT_NONE:
    default:
        w->pinned.count = 0;
        c->dirty = w->over_dirty = true;
        break;
    }
}

/* The plan a move belongs to is what a double click on it asks for. */
static void double_click(struct viz_window *w)
{
    struct viz_hit hit = viz_hits_at(&w->hits, w->mouse_x, w->mouse_y);
    struct viz_controls *c = &w->controls;
    if (hit.kind == VIZ_HIT_HEAT) {
        struct viz_scale scale = scale_of(w, &hit.r);
        viz_controls_seek(c, viz_axis_at(&scale, w->mouse_x));
    }
    if (hit.kind != VIZ_HIT_MOVE) return;
    const struct fore_snapshot *snap = &w->pair.side[0]->model.snapshot;
    for (uint32_t i = 0; i < snap->move_count; i++)
        if (snap->move[i].move.ticket == hit.id) c->look.plan = snap->move[i].move.plan;
    c->look.tab = VIZ_TAB_WHY;
    c->dirty = true;
}

static void scrub(struct viz_window *w)
{
    struct viz_scale scale = scale_of(w, &w->heat);
    fore_ns at = viz_axis_at(&scale, fmax(w->mouse_x, w->heat.x));
    if (at != w->controls.now) viz_controls_seek(&w->controls, at);
}

static void press(struct viz_window *w, bool pan)
{
    struct viz_hit hit = viz_hits_at(&w->hits, w->mouse_x, w->mouse_y);
    w->press_x = w->mouse_x;
    w->press_y = w->mouse_y;
    w->heat = hit.r;
    w->pressed = w->controls.view;
    w->pressed_rows[0] = w->controls.look.row_from;
    w->pressed_rows[1] = w->controls.look.row_to;
    if (hit.kind == VIZ_HIT_HEAT)
        w->drag = pan ? VIZ_DRAG_PAN : VIZ_DRAG_BRUSH;
    else if (hit.kind == VIZ_HIT_PLOT && !pan)
        w->drag = VIZ_DRAG_SCRUB;
    if (w->drag == VIZ_DRAG_SCRUB) scrub(w);
}

static bool moved_far(const struct viz_window *w)
{
    return fabs(w->mouse_x - w->press_x) > CLICK_PX || fabs(w->mouse_y - w->press_y) > CLICK_PX;
}

/* The part of the heat that was marked becomes all of it. */
static void brush(struct viz_window *w)
{
    struct viz_controls *c = &w->controls;
    struct viz_rect p = w->heat;
    struct viz_scale scale = scale_of(w, &p);
    double x0 = fmax(fmin(w->press_x, w->mouse_x), p.x);
    double x1 = fmin(fmax(w->press_x, w->mouse_x), p.x + p.w);
    double y0 = fmax(fmin(w->press_y, w->mouse_y), p.y);
    double y1 = fmin(fmax(w->press_y, w->mouse_y), p.y + p.h);
    double from = w->pressed_rows[0], width = w->pressed_rows[1] - from;
    if (x1 - x0 > 2 * CLICK_PX)
        viz_controls_show(c, viz_axis_at(&scale, x0), viz_axis_at(&scale, x1));
    if (y1 - y0 > 2 * CLICK_PX) {
        c->look.row_from = from + width * (y0 - p.y) / p.h;
        c->look.row_to = from + width * (y1 - p.y) / p.h;
    }
    c->dirty = true;
}

static void pan(struct viz_window *w)
{
    struct viz_controls *c = &w->controls;
    struct viz_view v = w->pressed;
    double share = (w->press_x - w->mouse_x) / w->heat.w, width = (double)(v.to - v.from);
    double to = (double)v.now + share * width;
    viz_controls_seek(c, to > 0 ? (fore_ns)to : 0);
    c->look.row_from = w->pressed_rows[0];
    c->look.row_to = w->pressed_rows[1];
    viz_look_pan_rows(&c->look, (w->press_y - w->mouse_y) / w->heat.h);
}

static void release(struct viz_window *w)
{
    enum viz_drag drag = w->drag;
    w->drag = VIZ_DRAG_NONE;
    w->over_dirty = true;
    if (!moved_far(w)) {
        if (drag != VIZ_DRAG_PAN) click(w);
    } else if (drag == VIZ_DRAG_BRUSH) {
        brush(w);
    }
}

static void wheel(struct viz_window *w, double turns)
{
    struct viz_hit hit = viz_hits_at(&w->hits, w->mouse_x, w->mouse_y);
    struct viz_controls *c = &w->controls;
    if (turns == 0 || (hit.kind != VIZ_HIT_HEAT && hit.kind != VIZ_HIT_PLOT)) return;
    double factor = pow(0.8, turns);
    if (hit.kind == VIZ_HIT_HEAT && (SDL_GetModState() & KMOD_SHIFT) != 0) {
        viz_look_zoom_rows(&c->look, factor, (w->mouse_y - hit.r.y) / hit.r.h);
        c->dirty = true;
        return;
    }
    struct viz_scale scale = scale_of(w, &hit.r);
    viz_controls_zoom(c, viz_axis_at(&scale, w->mouse_x), factor);
}

void viz_pointer_at(struct viz_window *w, const SDL_Event *event)
{
    if (event->type == SDL_MOUSEMOTION)
        to_page(w, event->motion.x, event->motion.y);
    else
        to_page(w, event->button.x, event->button.y);
}

void viz_pointer_event(struct viz_window *w, const SDL_Event *event)
{
    switch (event->type) {
    case SDL_MOUSEMOTION: to_page(w, event->motion.x, event->motion.y); break;
    case SDL_MOUSEBUTTONDOWN:
        to_page(w, event->button.x, event->button.y);
        if (w->controls.help) break;
        if (event->button.button == SDL_BUTTON_LEFT && event->button.clicks == 2)
            double_click(w);
        else
            press(w, event->button.button != SDL_BUTTON_LEFT);
        break;
    case SDL_MOUSEBUTTONUP:
        to_page(w, event->button.x, event->button.y);
        if (!w->controls.help) release(w);
        break;
    case SDL_MOUSEWHEEL: wheel(w, (double)event->wheel.preciseY); break;
    default: break;
    }
}

void viz_pointer_moved(struct viz_window *w)
{
    if (w->drag == VIZ_DRAG_SCRUB) scrub(w);
    if (w->drag == VIZ_DRAG_PAN && moved_far(w)) pan(w);
    if (w->drag == VIZ_DRAG_BRUSH) w->over_dirty = true;
    if (w->drag == VIZ_DRAG_NONE && !w->controls.help && w->sheet.kind == VIZ_SHEET_NONE) point(w);
}
