/*
 * window.c - SDL events to controls, the page to the display. The loop sleeps in SDL until an
 * event, the next frame while playing, or the next look at a growing file; a pass that leaves
 * nothing dirty touches neither cairo nor the display. The mouse is in pointer.c, what lies over
 * the page in window_over.c.
 */
#include "viz/window.h"

#include "viz/export.h"
#include "viz/find.h"
#include "viz/format.h"
#include "viz/http.h"
#include "viz/milestone.h"
#include "viz/window_control.h"
#include "viz/window_over.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SAVING_MS = 20 }; /* how soon one is told that a picture is on disk */
#define CATCH_UP_MS 8.0
#define STALE_S     10.0 /* a growing journal that has not grown for so long is worth a word */

static bool is_pair(const struct viz_window *w)
{
    return w->pair.side[1] != NULL;
}

static const struct viz_theme *theme_of(const struct viz_window *w)
{
    return w->theme[w->controls.dark_swap];
}

/* The page is the window's; another size of it, or of the text, begins anew. */
static enum fore_err fit(struct viz_window *w, struct fore_diag *diag)
{
    cairo_surface_t *page = viz_display_page(&w->display);
    double text = w->controls.look.text;
    if (page == NULL)
        return fore_err_set(diag, FORE_E_UNREACHABLE, "the window is gone: %s", SDL_GetError());
    if (page == w->frame.page && text == w->text) return FORE_E_OK;
    viz_frame_init(&w->frame, page, text);
    const struct viz_layout *l = &w->frame.layout;
    w->pair_layout = viz_pair_place(l->width, l->height, text);
    w->text = text;
    if (w->base != NULL) cairo_surface_destroy(w->base);
    w->base = cairo_image_surface_create(CAIRO_FORMAT_RGB24, (int)l->width, (int)l->height);
    FORE_ASSERT(cairo_surface_status(w->base) == CAIRO_STATUS_SUCCESS);
    w->base_valid = w->covered = w->only_time = false;
    w->controls.dirty = true;
    return FORE_E_OK;
}

struct viz_scene viz_window_scene(struct viz_window *w)
{
    struct viz_player *p = w->pair.side[0];
    struct viz_rect heat = w->pair_layout.heat[0];
    double u = w->frame.layout.u;
    struct viz_scene scene = {
        .model = &p->model,
        .view = p->view,
        .scale = {p->view.from, p->view.to, w->frame.layout.plot_x0, w->frame.layout.plot_x1},
        .note = w->trouble[0] != '\0'                ? w->trouble
                : w->controls.growing && !p->damaged ? ""
                                                     : p->note,
        .status = "",
        .look = &p->look,
        .hits = &w->hits,
        .control = w->control != NULL,
    };
    if (is_pair(w)) {
        scene.scale.x0 = heat.x + (double)(int)(104 * u + 0.5);
        scene.scale.x1 = heat.x + heat.w - (double)(int)(16 * u + 0.5);
    }
    return scene;
}

static void status_of(const struct viz_window *w, char *out, size_t size)
{
    const struct viz_controls *c = &w->controls;
    viz_controls_status(c, out, size);
    enum viz_behind behind = is_pair(w) ? VIZ_BEHIND_NOT : w->pair.side[0]->behind;
    if (behind != VIZ_BEHIND_NOT) {
        size_t used = strlen(out);
        snprintf(out + used, size - used, "   reading the %s\342\200\246",
                 behind == VIZ_BEHIND_NOW ? "journal" : "past");
    }
}

static void all_changed(struct viz_window *w)
{
    w->frame.changed[0] = (struct viz_rect){0, 0, w->frame.layout.width, w->frame.layout.height};
    w->frame.changed_count = 1;
}

static void copy_page(cairo_surface_t *from, cairo_surface_t *to)
{
    cairo_t *cr = cairo_create(to);
    cairo_set_source_surface(cr, from, 0, 0);
    cairo_set_operator(cr, CAIRO_OPERATOR_SOURCE);
    cairo_paint(cr);
    cairo_destroy(cr);
    cairo_surface_flush(to);
}

static void draw(struct viz_window *w)
{
    char status[200];
    status_of(w, status, sizeof status);
    bool column = w->only_time && !w->covered && !is_pair(w);
    struct viz_scene scene = viz_window_scene(w);
    scene.status = status;
    if (w->covered) copy_page(w->base, w->frame.page); /* between the cards nothing is drawn */
    w->base_valid = w->covered = false;
    if (column) {
        scene.hits = NULL; /* what was drawn stands where it was */
        viz_frame_column(&w->frame, theme_of(w), &scene);
        return;
    }
    w->hits.count = 0;
    if (is_pair(w)) {
        viz_pair_draw(w->frame.page, &w->pair_layout, theme_of(w), &w->pair, status, &w->hits);
        all_changed(w);
    } else {
        viz_frame_whole(&w->frame, theme_of(w), &scene);
    }
}

/* What lies over the page is drawn on it, once the page is kept as it is without. */
static void cover(struct viz_window *w)
{
    if (w->covered) {
        copy_page(w->base, w->frame.page);
        all_changed(w);
    }
    w->covered = viz_window_over_any(w);
    if (!w->covered) return;
    if (!w->base_valid) copy_page(w->frame.page, w->base);
    w->base_valid = true;
    viz_window_over_draw(w, w->frame.page);
    cairo_surface_flush(w->frame.page);
    all_changed(w);
}

/* ---- wishes: what needs the journal, the clipboard or a file --------------------------------- */

/* Encoding takes longer than a frame may: a thread does it, and `saved` says when it is on disk. */
static void save(struct viz_window *w)
{
    const struct viz_player *p = w->pair.side[0];
    if (w->saving != NULL) {
        snprintf(w->said, sizeof w->said, "still writing %s", w->saving_path);
        return;
    }
    snprintf(w->saving_path, sizeof w->saving_path, "%.80s-%llus.png", p->model.name,
             (unsigned long long)(p->view.now / FORE_SEC));
    w->saving = viz_export_begin(w->covered ? w->base : w->frame.page, w->saving_path);
    snprintf(w->said, sizeof w->said,
             w->saving != NULL ? "writing %s\342\200\246" : "no thread to write %s",
             w->saving_path);
}

static void saved(struct viz_window *w)
{
    struct fore_diag diag = {0};
    enum fore_err err;
    if (w->saving == NULL || !viz_export_poll(w->saving, &err, &diag)) return;
    w->saving = NULL;
    if (err == FORE_E_OK)
        snprintf(w->said, sizeof w->said, "saved %s", w->saving_path);
    else
        snprintf(w->said, sizeof w->said, "%.180s", diag.text);
    w->over_dirty = true;
}

static void copy(struct viz_window *w)
{
    char text[VIZ_TIP_LINES * VIZ_TIP_LINE];
    const struct viz_tip *tip = w->tip.count > 0 ? &w->tip : &w->pinned;
    if (tip->count == 0) {
        snprintf(w->said, sizeof w->said, "point at something first; then y copies it");
        return;
    }
    viz_tip_text(tip, text, sizeof text);
    SDL_SetClipboardText(text);
    snprintf(w->said, sizeof w->said, "copied: %s", tip->line[0]);
}

/* The command that draws this view again. */
static void copy_view(struct viz_window *w)
{
    char look[256], text[1024];
    const struct viz_player *p = w->pair.side[0];
    viz_look_print(&w->controls.look, look, sizeof look);
    snprintf(text, sizeof text,
             "foreshard-viz --shot %llus view.png %.300s%s%.300s --span %llus%s%s",
             (unsigned long long)(p->view.now / FORE_SEC), p->path, is_pair(w) ? " " : "",
             is_pair(w) ? w->pair.side[1]->path : "",
             (unsigned long long)((p->view.now - p->view.from) / FORE_SEC),
             look[0] != '\0' ? " --look " : "", look);
    SDL_SetClipboardText(text);
    snprintf(w->said, sizeof w->said, "copied the command that draws this view");
}

static void jump(struct viz_window *w, enum viz_milestone what, bool back)
{
    fore_ns at;
    if (viz_milestone_find(w->pair.side[0]->feed, what, w->controls.now, back, &at)) {
        w->controls.playing = false;
        viz_controls_seek(&w->controls, at);
    } else {
        snprintf(w->said, sizeof w->said, "no %s %s",
                 what == VIZ_MILESTONE_ALERT ? "alert" : "event", back ? "before" : "after this");
    }
}

/* The neighbour of the selected partition in key order; without one, the first or last shown. */
static void next_row(struct viz_window *w, int by)
{
    struct viz_scene scene = viz_window_scene(w);
    const struct viz_model *model = scene.model;
    uint32_t count, first = viz_panel_rows(&scene, &count), i = 0;
    if (count == 0) return;
    while (i < model->order_count && model->order[i] != w->controls.look.partition)
        i++;
    if (i == model->order_count)
        i = by > 0 ? first : first + count - 1;
    else if (by > 0 ? i + 1 < model->order_count : i > 0)
        i += (uint32_t)by;
    w->controls.look.partition = model->order[i];
    w->controls.look.plan = VIZ_PLAN_NONE;
    double share = (double)count / model->order_count;
    if (i < first) w->controls.look.row_from = (double)i / model->order_count;
    if (i >= first + count) w->controls.look.row_from = (i + 1.0 - count) / model->order_count;
    if (share < 1 && (i < first || i >= first + count))
        w->controls.look.row_to = w->controls.look.row_from + share;
}

static void find(struct viz_window *w)
{
    struct viz_found found;
    const struct viz_model *model = &w->pair.side[0]->model;
    struct viz_look *look = &w->controls.look;
    if (viz_find(model, w->controls.search, &found)) {
        if (found.partition != VIZ_NONE) {
            look->partition = found.partition;
            look->plan = VIZ_PLAN_NONE;
            look->row_from = 0;
            look->row_to = 1;
        }
        if (found.node != VIZ_NONE) look->node = found.node;
    }
    snprintf(w->said, sizeof w->said, "%s", found.said);
}

static void grant(struct viz_window *w)
{
    struct viz_wish wish = w->controls.wish;
    w->controls.wish = (struct viz_wish){.quit = wish.quit};
    if (wish.save) save(w);
    if (wish.copy) copy(w);
    if (wish.copy_view) copy_view(w);
    if (wish.pin) w->pinned = w->tip;
    if (wish.event != 0) jump(w, VIZ_MILESTONE_EVENT, wish.event < 0);
    if (wish.alert != 0) jump(w, VIZ_MILESTONE_ALERT, wish.alert < 0);
    if (wish.row != 0) next_row(w, wish.row);
    if (wish.find) find(w);
}

/* ---- the loop -------------------------------------------------------------------------------- */

static void go(struct viz_window *w)
{
    struct viz_player *p = w->pair.side[0];
    p->look = w->controls.look;
    p->span = w->controls.span > 0 ? w->controls.span : w->span;
    p->ahead = w->controls.ahead;
    if (is_pair(w))
        viz_pair_go(&w->pair, w->controls.now);
    else
        viz_player_peek(p, w->controls.now);
    w->controls.view = p->view;
    fore_ns width = p->view.now - p->view.from;
    w->controls.step = width / 100 > FORE_SEC ? width / 100 : FORE_SEC;
}

static enum fore_err update(struct viz_window *w, struct fore_diag *diag)
{
    grant(w);
    FORE_TRY(fit(w, diag));
    w->frame.changed_count = 0;
    if (w->controls.dirty) {
        go(w);
        draw(w);
    }
    cover(w);
    w->controls.dirty = w->over_dirty = w->only_time = false;
    return viz_display_show(&w->display, w->frame.changed, w->frame.changed_count, diag);
}

/* Between events: a panel that waits, or more of a past that is still being read. True: go on. */
static bool work_on(struct viz_window *w, enum fore_err *err, struct fore_diag *diag)
{
    struct viz_player *p = w->pair.side[0];
    if (w->frame.waiting != 0 && !w->covered) {
        struct viz_scene scene = viz_window_scene(w);
        char status[200];
        status_of(w, status, sizeof status);
        scene.status = status;
        scene.hits = NULL;
        (void)viz_frame_follow(&w->frame, &scene);
        *err = viz_display_show(&w->display, w->frame.changed, w->frame.changed_count, diag);
        return true;
    }
    if (is_pair(w) || p->behind == VIZ_BEHIND_NOT) return false;
    enum viz_behind before = p->behind;
    bool more = viz_player_catch_up(p, CATCH_UP_MS);
    if (!more || p->behind != before) w->controls.dirty = true;
    return true;
}

/* "Left", "Shift Left", "Ctrl C"; "" for a key that comes as text too. */
static void name_of(const SDL_KeyboardEvent *key, char *out, size_t size)
{
    SDL_Keycode sym = key->keysym.sym;
    bool plain = sym >= 32 && sym < 127, ctrl = (key->keysym.mod & KMOD_CTRL) != 0;
    bool shift = (key->keysym.mod & KMOD_SHIFT) != 0;
    snprintf(out, size, "%s%.40s", ctrl ? "Ctrl " : shift ? "Shift " : "", SDL_GetKeyName(sym));
    if (plain && !ctrl) out[0] = '\0';
}

static void press(struct viz_window *w, const SDL_KeyboardEvent *key, const char *name)
{
    struct viz_controls *c = &w->controls;
    SDL_Keycode sym = key->keysym.sym;
    if (c->searching) {
        if (sym == SDLK_RETURN || sym == SDLK_KP_ENTER) viz_controls_type(c, "\n");
        if (sym == SDLK_BACKSPACE) viz_controls_type(c, "\b");
        if (sym == SDLK_ESCAPE) viz_controls_do(c, VIZ_DO_CLEAR);
        return;
    }
    if (name[0] == '\0') return;
    enum viz_command command = viz_controls_named(name);
    if (command == VIZ_DO_CLEAR && !c->help) w->pinned.count = 0;
    viz_controls_do(c, command);
}

/* To the open sheet, or to the page. */
static void give(struct viz_window *w, const SDL_Event *event)
{
    struct viz_controls *c = &w->controls;
    char key[48] = "";
    bool help = c->help;
    if (event->type == SDL_KEYDOWN) name_of(&event->key, key, sizeof key);
    if (event->type == SDL_TEXTINPUT) snprintf(key, sizeof key, "%.40s", event->text.text);
    if (event->type == SDL_MOUSEMOTION || event->type == SDL_MOUSEBUTTONUP)
        viz_pointer_at(w, event);
    if (!help && viz_window_control_event(w, event, key)) return;
    if (event->type == SDL_KEYDOWN) press(w, &event->key, key);
    if (event->type == SDL_TEXTINPUT && c->searching) viz_controls_type(c, key);
    if (event->type == SDL_TEXTINPUT && !c->searching) viz_controls_do(c, viz_controls_named(key));
    viz_pointer_event(w, event);
    if (c->wish.control != VIZ_DO_NOTHING) { /* at once: what is typed next is the sheet's */
        viz_window_control_wish(w, c->wish.control);
        c->wish.control = VIZ_DO_NOTHING;
    }
}

static void handle(struct viz_window *w, const SDL_Event *event)
{
    struct viz_controls *c = &w->controls;
    if (event->type == SDL_QUIT) c->wish.quit = true;
    if (event->type == SDL_WINDOWEVENT && (event->window.event == SDL_WINDOWEVENT_EXPOSED ||
                                           event->window.event == SDL_WINDOWEVENT_SIZE_CHANGED)) {
        viz_display_spoiled(&w->display);
        c->dirty = true;
    }
    if ((event->type == SDL_KEYDOWN || event->type == SDL_MOUSEBUTTONDOWN) && w->said[0] != '\0') {
        w->said[0] = '\0';
        w->over_dirty = true;
        c->dirty = true;
    }
    give(w, event);
}

static bool grew(struct viz_window *w)
{
    bool any = viz_player_poll(w->pair.side[0]);
    if (is_pair(w)) any = viz_player_poll(w->pair.side[1]) || any;
    return any;
}

static bool growing(const struct viz_player *p)
{
    return p != NULL && !p->damaged && fore_journal_reader_truncated(p->reader);
}

/* A writer that has stopped, a file that is gone: what was read stays, and what to do is said. */
static void look_for_trouble(struct viz_window *w)
{
    const char *path = w->pair.side[0]->path;
    unsigned quiet = (unsigned)(w->quiet_s / STALE_S) * (unsigned)STALE_S;
    w->trouble[0] = '\0';
    if (viz_http_named(path))
        viz_feed_trouble(w->pair.side[0]->feed, w->trouble, sizeof w->trouble);
    else if (strcmp(path, "-") != 0 && access(path, F_OK) != 0)
        snprintf(w->trouble, sizeof w->trouble,
                 "the journal's file is gone: what was read of it is shown; open it again");
    if (w->trouble[0] == '\0' && quiet > 0)
        snprintf(w->trouble, sizeof w->trouble,
                 "nothing new for %u s: look whether its writer still runs", quiet);
}

static void pass_time(struct viz_window *w, double wall_s)
{
    struct viz_controls *c = &w->controls;
    bool asked = c->dirty;
    if (c->growing) {
        char before[sizeof w->trouble];
        memcpy(before, w->trouble, sizeof before);
        w->quiet_s = grew(w) ? 0 : w->quiet_s + wall_s;
        look_for_trouble(w);
        if (strcmp(before, w->trouble) != 0) c->dirty = true;
    }
    bool was = c->growing;
    c->growing = growing(w->pair.side[0]) || growing(w->pair.side[1]);
    if (was != c->growing) {
        w->trouble[0] = '\0';
        c->dirty = true;
    }
    asked = asked || c->dirty;
    viz_controls_tick(c, wall_s,
                      is_pair(w) ? viz_pair_last(&w->pair) : viz_player_last(w->pair.side[0]));
    w->only_time = !asked && c->dirty;
}

static enum fore_err loop(struct viz_window *w, struct fore_diag *diag)
{
    Uint64 before = SDL_GetPerformanceCounter();
    enum fore_err err = FORE_E_OK;
    while (!w->controls.wish.quit && err == FORE_E_OK) {
        if (w->controls.dirty || w->over_dirty) FORE_TRY(update(w, diag));
        bool busy = work_on(w, &err, diag);
        SDL_Event event;
        bool moved = false;
        int sleep_ms = busy ? 0 : viz_controls_sleep_ms(&w->controls);
        if (w->saving != NULL && (sleep_ms < 0 || sleep_ms > SAVING_MS)) sleep_ms = SAVING_MS;
        if (SDL_WaitEventTimeout(&event, sleep_ms) == 1) do {
                if (event.type == SDL_MOUSEMOTION) moved = true;
                handle(w, &event);
            } while (SDL_PollEvent(&event) == 1);
        if (moved) viz_pointer_moved(w);
        Uint64 now = SDL_GetPerformanceCounter();
        double wall_s = (double)(now - before) / (double)SDL_GetPerformanceFrequency();
        before = now;
        pass_time(w, wall_s);
        saved(w);
        viz_window_control_poll(w);
    }
    return err;
}

/* Shown while a journal is read for the first time. */
static enum fore_err reading(struct viz_window *w, struct fore_diag *diag)
{
    struct viz_canvas canvas;
    struct viz_rect all = {0, 0, w->frame.layout.width, w->frame.layout.height};
    viz_canvas_init(&canvas, w->frame.page, theme_of(w), w->frame.layout.u);
    viz_canvas_fill(&canvas, all, theme_of(w)->page);
    viz_panel_empty(&canvas, all, "Reading the journal\342\200\246");
    viz_canvas_fini(&canvas);
    cairo_surface_flush(w->frame.page);
    return viz_display_show(&w->display, &all, 1, diag);
}

static enum fore_err run(struct viz_window *w, struct fore_diag *diag)
{
    struct viz_player *p = w->pair.side[0];
    bool two = is_pair(w);
    viz_controls_init(&w->controls, two ? viz_pair_first(&w->pair) : viz_player_first(p),
                      two ? viz_pair_last(&w->pair) : viz_player_last(p), false);
    w->controls.look = p->look;
    FORE_TRY(fit(w, diag));
    FORE_TRY(reading(w, diag));
    w->controls.growing = w->controls.following = growing(p) || growing(w->pair.side[1]);
    SDL_StartTextInput();
    return loop(w, diag);
}

enum fore_err viz_window_run(struct viz_player *player, struct viz_player *other,
                             const struct viz_theme *theme, int width, int height,
                             struct fore_diag *diag)
{
    struct viz_window *w = calloc(1, sizeof *w);
    FORE_ASSERT(w != NULL);
    w->pair.side[0] = player;
    w->pair.side[1] = other;
    w->theme[0] = theme;
    w->theme[1] = viz_colour_other(theme);
    w->span = player->span;
    w->mouse_x = w->mouse_y = -1;
    enum fore_err err = viz_display_open(&w->display, width, height, diag);
    viz_window_control_open(w);
    if (err == FORE_E_OK) err = run(w, diag);
    viz_window_control_close(w);
    if (w->saving != NULL && viz_export_end(w->saving, diag) != FORE_E_OK && err == FORE_E_OK)
        err = FORE_E_IO; /* closed before the picture was on disk, and it never came there */
    if (w->base != NULL) cairo_surface_destroy(w->base);
    viz_display_close(&w->display);
    free(w);
    return err;
}
