/*
 * window.h - the same page in a window: play, scrub, follow, point, select, compare. A frame in
 * which nothing changed draws nothing and costs nothing.
 */
#ifndef VIZ_WINDOW_H
#define VIZ_WINDOW_H

#include "viz/player.h"
#include "viz/shot.h"

enum { VIZ_COLUMNS = 1440 };

/* Until the user closes it; `other` may be NULL, else the two are shown side by side (pair.h).
 * FORE_E_UNREACHABLE: there is no display. */
FORE_MUST_USE enum fore_err viz_window_run(struct viz_player *player, struct viz_player *other,
                                           const struct viz_theme *theme, int width, int height,
                                           struct fore_diag *diag);

#endif
