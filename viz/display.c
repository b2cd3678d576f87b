/* display.c - see display.h. */
#include "viz/display.h"

#include <string.h>

enum { RECTS_MAX = 8 };

static enum fore_err open_window(struct viz_display *d, int width, int height,
                                 struct fore_diag *diag)
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
    d->window = SDL_CreateWindow("foreshard", SDL_WINDOWPOS_CENTERED, SDL_WINDOWPOS_CENTERED, width,
                                 height, SDL_WINDOW_RESIZABLE);
    if (d->window == NULL)
        return fore_err_set(diag, FORE_E_UNREACHABLE, "no window: %s", SDL_GetError());
    return FORE_E_OK;
}

static bool is_plain(const SDL_Surface *surface)
{
    return surface != NULL && surface->format->BytesPerPixel == 4 &&
           surface->format->Rmask == 0xff0000 && surface->format->Gmask == 0xff00 &&
           surface->format->Bmask == 0xff;
}

enum fore_err viz_display_open(struct viz_display *display, int width, int height,
                               struct fore_diag *diag)
{
    *display = (struct viz_display){.stale = true};
    FORE_TRY(open_window(display, width, height, diag));
    if (is_plain(SDL_GetWindowSurface(display->window))) return FORE_E_OK;
    display->renderer = SDL_CreateRenderer(display->window, -1, 0);
    if (display->renderer == NULL)
        return fore_err_set(diag, FORE_E_UNREACHABLE, "no window: %s", SDL_GetError());
    return FORE_E_OK;
}

void viz_display_close(struct viz_display *display)
{
    if (display->texture != NULL) SDL_DestroyTexture(display->texture);
    if (display->renderer != NULL) SDL_DestroyRenderer(display->renderer);
    if (display->window != NULL) SDL_DestroyWindow(display->window);
    SDL_Quit();
    *display = (struct viz_display){0};
}

void viz_display_size(const struct viz_display *display, int *width, int *height)
{
    if (display->renderer == NULL ||
        SDL_GetRendererOutputSize(display->renderer, width, height) != 0)
        SDL_GetWindowSize(display->window, width, height);
}

void viz_display_spoiled(struct viz_display *display)
{
    display->stale = true;
}

/* The part of a page of that size which a rectangle covers. */
static SDL_Rect within(const struct viz_rect *r, int width, int height)
{
    int x = r->x < 0 ? 0 : (int)r->x, y = r->y < 0 ? 0 : (int)r->y;
    int right = (int)(r->x + r->w), bottom = (int)(r->y + r->h);
    if (right > width) right = width;
    if (bottom > height) bottom = height;
    return (SDL_Rect){x, y, right > x ? right - x : 0, bottom > y ? bottom - y : 0};
}

static void copy(SDL_Surface *to, cairo_surface_t *page, SDL_Rect r)
{
    int stride = cairo_image_surface_get_stride(page);
    const unsigned char *from = cairo_image_surface_get_data(page);
    for (int y = r.y; y < r.y + r.h; y++)
        memcpy((char *)to->pixels + (ptrdiff_t)y * to->pitch + 4 * r.x,
               from + (ptrdiff_t)y * stride + 4 * (ptrdiff_t)r.x, 4 * (size_t)r.w);
}

static enum fore_err show_surface(struct viz_display *d, cairo_surface_t *page,
                                  const SDL_Rect *rect, int count, struct fore_diag *diag)
{
    SDL_Surface *surface = SDL_GetWindowSurface(d->window);
    if (!is_plain(surface))
        return fore_err_set(diag, FORE_E_UNREACHABLE, "the window is gone: %s", SDL_GetError());
    SDL_Rect clipped[RECTS_MAX];
    for (int i = 0; i < count; i++) { /* the window may just have become smaller */
        struct viz_rect r = {rect[i].x, rect[i].y, rect[i].w, rect[i].h};
        clipped[i] = within(&r, surface->w, surface->h);
        copy(surface, page, clipped[i]);
    }
    if (SDL_UpdateWindowSurfaceRects(d->window, clipped, count) != 0)
        return fore_err_set(diag, FORE_E_UNREACHABLE, "the window is gone: %s", SDL_GetError());
    return FORE_E_OK;
}

static enum fore_err show_texture(struct viz_display *d, cairo_surface_t *page,
                                  const SDL_Rect *rect, int count, struct fore_diag *diag)
{
    int width = cairo_image_surface_get_width(page), height = cairo_image_surface_get_height(page);
    int stride = cairo_image_surface_get_stride(page);
    const unsigned char *from = cairo_image_surface_get_data(page);
    if (d->texture == NULL || d->width != width || d->height != height) {
        if (d->texture != NULL) SDL_DestroyTexture(d->texture);
        d->texture = SDL_CreateTexture(d->renderer, SDL_PIXELFORMAT_RGB888,
                                       SDL_TEXTUREACCESS_STREAMING, width, height);
        if (d->texture == NULL)
            return fore_err_set(diag, FORE_E_UNREACHABLE, "no picture of %dx%d: %s", width, height,
                                SDL_GetError());
        d->width = width;
        d->height = height;
    }
    for (int i = 0; i < count; i++)
        SDL_UpdateTexture(d->texture, &rect[i],
                          from + (ptrdiff_t)rect[i].y * stride + 4 * (ptrdiff_t)rect[i].x, stride);
    SDL_RenderCopy(d->renderer, d->texture, NULL, NULL);
    SDL_RenderPresent(d->renderer);
    return FORE_E_OK;
}

enum fore_err viz_display_show(struct viz_display *display, cairo_surface_t *page,
                               const struct viz_rect *changed, uint32_t count,
                               struct fore_diag *diag)
{
    int width = cairo_image_surface_get_width(page), height = cairo_image_surface_get_height(page);
    SDL_Rect rect[RECTS_MAX];
    if (count == 0 && !display->stale) return FORE_E_OK;
    if (display->stale || count > RECTS_MAX) {
        rect[0] = (SDL_Rect){0, 0, width, height};
        count = 1;
    } else {
        for (uint32_t i = 0; i < count; i++)
            rect[i] = within(&changed[i], width, height);
    }
    display->stale = false;
    if (display->renderer != NULL) return show_texture(display, page, rect, (int)count, diag);
    return show_surface(display, page, rect, (int)count, diag);
}
