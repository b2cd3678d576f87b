/*
 * shot.h - one picture into a PNG file, without a window. The file appears whole or not at all: it
 * is written beside its name and renamed.
 */
#ifndef VIZ_SHOT_H
#define VIZ_SHOT_H

#include "viz/panel.h"
#include "viz/player.h"

/* "1920x1080"; FORE_E_RANGE or FORMAT with a sentence. */
FORE_MUST_USE enum fore_err viz_shot_size(const char *text, int *width, int *height,
                                          struct fore_diag *diag);
/* Draws the player's moment on a new surface; the caller destroys it. */
cairo_surface_t *viz_shot_draw(struct viz_player *player, const struct viz_theme *theme, int width,
                               int height);
FORE_MUST_USE enum fore_err viz_shot_write(cairo_surface_t *surface, const char *path,
                                           struct fore_diag *diag);

#endif
