/*
 * window.c - SDL events to controls, the page to a streaming texture. The loop sleeps in SDL until
 * an event, the next frame while playing, or the next look at a growing file; a pass that leaves
 * nothing dirty touches neither cairo nor the display.
 */
#include "viz/window.h"

#include "viz/controls.h"
#include "viz/format.h"
#include "viz/help.h"

#include <SDL.h>
#include <stdio.h>
#include <string.h>

struct window {
    SDL_Window *window;
    SDL_Renderer *renderer;
    SDL_Texture *texture;
    cairo_surface_t *page;
    int width, height; /* of the page */
    struct viz_layout layout;
    struct viz_player *player;
    const struct viz_theme *theme[2];
    struct viz_controls controls;
    fore_ns span;
    bool dragging;
    char said[160]; /* "saved ..." until the next change */
};

static enum fore_err open_window(struct window *w, struct fore_diag *diag)
{
    SDL_SetHint("SDL_FRAMEBUFFER_ACCELERATION", "0"); /* 2.6x faster without a graphics card */
    SDL_SetHint(SDL_HINT_VIDEO_ALLOW_SCREENSAVER, "1");
    if (SDL_Init(SDL_INIT_VIDEO) != 0)
        return fore_err_set(diag, FORE_E_UNREACHABLE,
                            "no window: %s; --shot draws a picture without a display",
                            SDL_GetError());
    /* SDL falls back to a screen that nobody sees; a person without a display wants to know. */
    const char *driver = SDL_GetCurrentVideoDriver();
    if (SDL_getenv("SDL_VIDEODRIVER") == NULL && driver != NULL &&
        (strcmp(driver, "offscreen") == 0 || strcmp(driver, "dummy") == 0))
        return fore_err_set(diag, FORE_E_UNREACHABLE,
                            "no window: there is no display; --shot draws a picture without one");
    w->window = SDL_CreateWindow("foreshard", SDL_WINDOWPOS_CENTERED, SDL_WINDOWPOS_CENTERED,
                                 w->width, w->height, SDL_WINDOW_RESIZABLE);
    if (w->window != NULL) w->renderer = SDL_CreateRenderer(w->window, -1, 0);
    if (w->renderer == NULL)
        return fore_err_set(diag, FORE_E_UNREACHABLE, "no window: %s", SDL_GetError());
    SDL_SetWindowMinimumSize(w->window, VIZ_WIDTH_MIN, VIZ_HEIGHT_MIN);
    return FORE_E_OK;
}

static void close_window(struct window *w)
{
    if (w->page != NULL) cairo_surface_destroy(w->page);
    if (w->texture != NULL) SDL_DestroyTexture(w->texture);
    if (w->renderer != NULL) SDL_DestroyRenderer(w->renderer);
    if (w->window != NULL) SDL_DestroyWindow(w->window);
    SDL_Quit();
}

/* Page and texture of the window's size, if it changed. */
static enum fore_err fit(struct window *w, struct fore_diag *diag)
{
    int width, height;
    if (SDL_GetRendererOutputSize(w->renderer, &width, &height) != 0)
        SDL_GetWindowSize(w->window, &width, &height);
    if (width < VIZ_WIDTH_MIN) width = VIZ_WIDTH_MIN;
    if (height < VIZ_HEIGHT_MIN) height = VIZ_HEIGHT_MIN;
    if (w->texture != NULL && width == w->width && height == w->height) return FORE_E_OK;
    if (w->texture != NULL) SDL_DestroyTexture(w->texture);
    if (w->page != NULL) cairo_surface_destroy(w->page);
    w->width = width;
    w->height = height;
    w->texture = SDL_CreateTexture(w->renderer, SDL_PIXELFORMAT_RGB888, SDL_TEXTUREACCESS_STREAMING,
                                   width, height);
    w->page = cairo_image_surface_create(CAIRO_FORMAT_RGB24, width, height);
    w->layout = viz_layout_make(width, height);
    if (w->texture == NULL || cairo_surface_status(w->page) != CAIRO_STATUS_SUCCESS)
        return fore_err_set(diag, FORE_E_UNREACHABLE, "no picture of %dx%d: %s", width, height,
                            SDL_GetError());
    return FORE_E_OK;
}

static void draw(struct window *w)
{
    char status[160];
    struct viz_player *p = w->player;
    const struct viz_theme *theme = w->theme[w->controls.dark_swap];
    viz_controls_status(&w->controls, status, sizeof status);
    struct viz_scene scene = {.model = &p->model,
                              .view = p->view,
                              .note = w->controls.growing && !p->damaged ? "" : p->note,
                              .status = w->said[0] != '\0' ? w->said : status};
    viz_panel_page(w->page, &w->layout, theme, &scene);
    if (w->controls.help) viz_help_draw(w->page, &w->layout, theme);
}

static void show(struct window *w)
{
    SDL_UpdateTexture(w->texture, NULL, cairo_image_surface_get_data(w->page),
                      cairo_image_surface_get_stride(w->page));
    SDL_RenderCopy(w->renderer, w->texture, NULL, NULL);
    SDL_RenderPresent(w->renderer);
}

static void save(struct window *w)
{
    char path[128];
    struct fore_diag diag = {0};
    snprintf(path, sizeof path, "%s-%llus.png", w->player->model.name,
             (unsigned long long)(w->player->view.now / FORE_SEC));
    cairo_surface_t *picture =
        viz_shot_draw(w->player, w->theme[w->controls.dark_swap], w->width, w->height);
    if (viz_shot_write(picture, path, &diag) == FORE_E_OK)
        snprintf(w->said, sizeof w->said, "saved %.140s", path);
    else
        snprintf(w->said, sizeof w->said, "%.155s", diag.text);
    cairo_surface_destroy(picture);
    w->controls.save = false;
}

/* The span asked for, widened or narrowed by [ and ]. */
static fore_ns span_of(const struct window *w)
{
    int zoom = w->controls.zoom;
    if (zoom == 0) return w->span;
    fore_ns now = w->player->view.now - w->player->view.from;
    fore_ns base = w->span == VIZ_SPAN_AUTO && w->player->horizon > 0 ? 4 * w->player->horizon
                   : w->span == VIZ_SPAN_AUTO || w->span == VIZ_SPAN_ALL
                       ? w->controls.last - w->controls.first
                       : w->span;
    if (base < FORE_SEC) base = now > FORE_SEC ? now : FORE_SEC;
    fore_ns span = zoom > 0 ? (base < UINT64_MAX >> 9 ? base << zoom : base) : base >> -zoom;
    return span > FORE_SEC ? span : FORE_SEC;
}

static void update(struct window *w)
{
    w->player->span = span_of(w);
    viz_player_go(w->player, w->controls.now);
    fore_ns width = w->player->view.now - w->player->view.from;
    w->controls.step = width / 100 > FORE_SEC ? width / 100 : FORE_SEC;
    if (w->controls.save) save(w);
    draw(w);
    show(w);
    w->controls.dirty = false;
}

static void press(struct window *w, const SDL_KeyboardEvent *key)
{
    bool far = (key->keysym.mod & KMOD_SHIFT) != 0;
    struct viz_controls *c = &w->controls;
    switch (key->keysym.sym) {
    case SDLK_SPACE: viz_controls_do(c, VIZ_DO_PLAY); break;
    case SDLK_LEFT: viz_controls_do(c, far ? VIZ_DO_FAR_BACK : VIZ_DO_BACK); break;
    case SDLK_RIGHT: viz_controls_do(c, far ? VIZ_DO_FAR_FORWARD : VIZ_DO_FORWARD); break;
    case SDLK_HOME: viz_controls_do(c, VIZ_DO_START); break;
    case SDLK_END: viz_controls_do(c, VIZ_DO_END); break;
    case SDLK_ESCAPE:
        if (c->help) viz_controls_do(c, VIZ_DO_HELP);
        break;
    default: break;
    }
}

/* Signs come as text, so that every keyboard layout has them where its owner expects. */
static void type(struct window *w, const char *text)
{
    static const struct {
        char sign;
        enum viz_command command;
    } signs[] = {
        {'+', VIZ_DO_FASTER  },
        {'=', VIZ_DO_FASTER  },
        {'-', VIZ_DO_SLOWER  },
        {'[', VIZ_DO_NARROWER},
        {']', VIZ_DO_WIDER   },
        {'0', VIZ_DO_FIT     },
        {'t', VIZ_DO_THEME   },
        {'s', VIZ_DO_SAVE    },
        {'?', VIZ_DO_HELP    },
        {'q', VIZ_DO_QUIT    }
    };
    for (size_t i = 0; i < FORE_COUNTOF(signs); i++)
        if (text[0] == signs[i].sign) viz_controls_do(&w->controls, signs[i].command);
}

static void point(struct window *w, int x, int y)
{
    const struct viz_rect *top = &w->layout.place[VIZ_PLACE_HEAT];
    const struct viz_rect *low = &w->layout.place[VIZ_PLACE_STRIP];
    if (y < top->y || y > low->y + low->h || x < w->layout.plot_x0 - 4 || x > w->layout.plot_x1)
        return;
    struct viz_scale scale = {w->player->view.from, w->player->view.to, w->layout.plot_x0,
                              w->layout.plot_x1};
    viz_controls_seek(&w->controls, viz_axis_at(&scale, x));
    w->dragging = true;
}

static void handle(struct window *w, const SDL_Event *event)
{
    if (event->type == SDL_QUIT) w->controls.quit = true;
    if (event->type == SDL_WINDOWEVENT && event->window.event == SDL_WINDOWEVENT_EXPOSED)
        w->controls.dirty = true;
    if (event->type == SDL_WINDOWEVENT && event->window.event == SDL_WINDOWEVENT_SIZE_CHANGED)
        w->controls.dirty = true;
    if (event->type == SDL_KEYDOWN || event->type == SDL_TEXTINPUT ||
        event->type == SDL_MOUSEBUTTONDOWN)
        w->said[0] = '\0';
    if (event->type == SDL_KEYDOWN) press(w, &event->key);
    if (event->type == SDL_TEXTINPUT) type(w, event->text.text);
    if (event->type == SDL_MOUSEBUTTONDOWN && event->button.button == SDL_BUTTON_LEFT)
        point(w, event->button.x, event->button.y);
    if (event->type == SDL_MOUSEBUTTONUP) w->dragging = false;
}

/* A drag goes where the mouse is now, not through every place it has been. */
static void drag(struct window *w)
{
    int x, y;
    if (!w->dragging) return;
    (void)SDL_GetMouseState(&x, &y);
    double edge = x < w->layout.plot_x0 ? w->layout.plot_x0 : x;
    struct viz_scale scale = {w->player->view.from, w->player->view.to, w->layout.plot_x0,
                              w->layout.plot_x1};
    fore_ns at = viz_axis_at(&scale, edge);
    if (at != w->controls.now) viz_controls_seek(&w->controls, at);
}

static enum fore_err loop(struct window *w, struct fore_diag *diag)
{
    Uint64 before = SDL_GetPerformanceCounter();
    while (!w->controls.quit) {
        if (w->controls.dirty) {
            FORE_TRY(fit(w, diag));
            update(w);
        }
        SDL_Event event;
        bool moved = false;
        if (SDL_WaitEventTimeout(&event, viz_controls_sleep_ms(&w->controls)) == 1) do {
                if (event.type == SDL_MOUSEMOTION) moved = true;
                handle(w, &event);
            } while (SDL_PollEvent(&event) == 1);
        if (moved) drag(w);
        Uint64 now = SDL_GetPerformanceCounter();
        double wall_s = (double)(now - before) / (double)SDL_GetPerformanceFrequency();
        before = now;
        if (w->controls.growing) (void)viz_player_poll(w->player);
        w->controls.growing =
            !w->player->damaged && fore_journal_reader_truncated(w->player->reader);
        viz_controls_tick(&w->controls, wall_s, viz_player_last(w->player));
    }
    return FORE_E_OK;
}

enum fore_err viz_window_run(struct viz_player *player, const struct viz_theme *theme, int width,
                             int height, struct fore_diag *diag)
{
    struct window w = {
        .width = width,
        .height = height,
        .player = player,
        .theme = {theme, viz_colour_other(theme)},
        .span = player->span
    };
    enum fore_err err = open_window(&w, diag);
    if (err == FORE_E_OK) {
        viz_controls_init(&w.controls, viz_player_first(player), viz_player_last(player), false);
        viz_player_go(player, w.controls.now);
        w.controls.growing = w.controls.following =
            !player->damaged && fore_journal_reader_truncated(player->reader);
        SDL_StartTextInput();
        err = loop(&w, diag);
    }
    close_window(&w);
    return err;
}
