/*
 * display.h - the page on the screen: an SDL window, and the rectangles that changed copied to it.
 *
 * On a display without a graphics card a texture costs ten times a plain copy, so the page is
 * drawn on the window's own surface, with SDL told not to go through OpenGL for it. Where there is
 * no such surface (Wayland), a renderer is.
 */
#ifndef VIZ_DISPLAY_H
#define VIZ_DISPLAY_H

#include "core/base/err.h"
#include "viz/canvas.h"

#include <SDL.h>

struct viz_display {
    SDL_Window *window;
    SDL_Renderer *renderer; /* NULL: the window's surface is used */
    SDL_Texture *texture;
    cairo_surface_t *page;
    void *pixels; /* the page's, where they are the window's own */
    int width, height;
    bool stale; /* the window has lost what was shown */
};

/* FORE_E_UNREACHABLE: there is no display a person could see, and none is asked for by name. */
FORE_MUST_USE enum fore_err viz_display_open(struct viz_display *display, int width, int height,
                                             struct fore_diag *diag);
/* For the end of the program: the window goes with the process. */
void viz_display_close(struct viz_display *display);
/* What to draw on: an RGB24 image as large as the window. Another pointer than last time: the
 * window has another size and the page is blank. NULL: there is no window any more. */
cairo_surface_t *viz_display_page(struct viz_display *display);
/* The window was uncovered: the next show is of everything. */
void viz_display_spoiled(struct viz_display *display);
/* Shows these parts of the page. */
FORE_MUST_USE enum fore_err viz_display_show(struct viz_display *display,
                                             const struct viz_rect *changed, uint32_t count,
                                             struct fore_diag *diag);

#endif
