/*
 * window.h - the same page in a window: play, scrub, follow. The page is drawn by cairo into an
 * image and handed to SDL; a frame in which nothing changed draws nothing and costs nothing.
 */
#ifndef VIZ_WINDOW_H
#define VIZ_WINDOW_H

#include "viz/player.h"
#include "viz/shot.h"

enum { VIZ_COLUMNS = 1440 };

/* Until the user closes it. FORE_E_UNREACHABLE: there is no display. */
FORE_MUST_USE enum fore_err viz_window_run(struct viz_player *player, const struct viz_theme *theme,
                                           int width, int height, struct fore_diag *diag);

#endif
