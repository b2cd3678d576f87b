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

static void drop_page(struct viz_display *d)
{
    if (d->page != NULL) cairo_surface_destroy(d->page);
    if (d->texture != NULL) SDL_DestroyTexture(d->texture);
    d->page = NULL;
    d->texture = NULL;
    d->pixels = NULL;
}

/* The window itself goes with the process. SDL wakes its event loop by messages on an X connection
 * of their own; on a loaded machine the last one reached the server after the window was destroyed,
 * and Xlib ended the process with "BadWindow" and exit 1. */
void viz_display_close(struct viz_display *display)
{
    drop_page(display);
    if (display->renderer != NULL) SDL_DestroyRenderer(display->renderer);
    if (display->window == NULL) SDL_Quit();
    *display = (struct viz_display){0};
}

/* SDL makes a new surface when the window's size changes, and frees the old one. */
static cairo_surface_t *page_on_surface(struct viz_display *d)
{
    SDL_Surface *surface = SDL_GetWindowSurface(d->window);
    if (!is_plain(surface)) return NULL;
    if (d->page != NULL && d->pixels == surface->pixels && d->width == surface->w &&
        d->height == surface->h)
        return d->page;
    drop_page(d);
    d->page = cairo_image_surface_create_for_data(surface->pixels, CAIRO_FORMAT_RGB24, surface->w,
                                                  surface->h, surface->pitch);
    d->pixels = surface->pixels;
    d->width = surface->w;
    d->height = surface->h;
    return d->page;
}

static cairo_surface_t *page_on_texture(struct viz_display *d)
{
    int width, height;
    if (SDL_GetRendererOutputSize(d->renderer, &width, &height) != 0) return NULL;
    if (d->page != NULL && d->width == width && d->height == height) return d->page;
    drop_page(d);
    d->texture = SDL_CreateTexture(d->renderer, SDL_PIXELFORMAT_RGB888, SDL_TEXTUREACCESS_STREAMING,
                                   width, height);
    if (d->texture == NULL) return NULL;
    d->page = cairo_image_surface_create(CAIRO_FORMAT_RGB24, width, height);
    d->width = width;
    d->height = height;
    return d->page;
}

cairo_surface_t *viz_display_page(struct viz_display *display)
{
    const cairo_surface_t *before = display->page;
    cairo_surface_t *page =
        display->renderer != NULL ? page_on_texture(display) : page_on_surface(display);
    if (page != before) display->stale = true;
    if (page == NULL || cairo_surface_status(page) != CAIRO_STATUS_SUCCESS) return NULL;
    return page;
}

void viz_display_spoiled(struct viz_display *display)
{
    display->stale = true;
}

static SDL_Rect within(const struct viz_rect *r, int width, int height)
{
    int x = r->x < 0 ? 0 : (int)r->x, y = r->y < 0 ? 0 : (int)r->y;
    int right = (int)(r->x + r->w), bottom = (int)(r->y + r->h);
    if (right > width) right = width;
    if (bottom > height) bottom = height;
    return (SDL_Rect){x, y, right > x ? right - x : 0, bottom > y ? bottom - y : 0};
}

static void show_texture(struct viz_display *d, const SDL_Rect *rect, int count)
{
    int stride = cairo_image_surface_get_stride(d->page);
    const unsigned char *from = cairo_image_surface_get_data(d->page);
    for (int i = 0; i < count; i++)
        SDL_UpdateTexture(d->texture, &rect[i],
                          from + (ptrdiff_t)rect[i].y * stride + 4 * (ptrdiff_t)rect[i].x, stride);
    SDL_RenderCopy(d->renderer, d->texture, NULL, NULL);
    SDL_RenderPresent(d->renderer);
}

enum fore_err viz_display_show(struct viz_display *display, const struct viz_rect *changed,
                               uint32_t count, struct fore_diag *diag)
{
    SDL_Rect rect[RECTS_MAX];
    if (display->page == NULL || (count == 0 && !display->stale)) return FORE_E_OK;
    if (display->stale || count > RECTS_MAX) {
        rect[0] = (SDL_Rect){0, 0, display->width, display->height};
        count = 1;
    } else {
        for (uint32_t i = 0; i < count; i++)
            rect[i] = within(&changed[i], display->width, display->height);
    }
    display->stale = false;
    cairo_surface_flush(display->page);
    if (display->renderer != NULL)
        show_texture(display, rect, (int)count);
    else if (SDL_UpdateWindowSurfaceRects(display->window, rect, (int)count) != 0)
        return fore_err_set(diag, FORE_E_UNREACHABLE, "the window is gone: %s", SDL_GetError());
    return FORE_E_OK;
}
