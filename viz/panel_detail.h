/* panel_detail.h - the tabs of the card at the lower right; each draws below the tab's heads. */
#ifndef VIZ_PANEL_DETAIL_H
#define VIZ_PANEL_DETAIL_H

#include "viz/panel.h"

void viz_tab_moves(struct viz_canvas *canvas, const struct viz_scene *scene, struct viz_rect r);
void viz_tab_why(struct viz_canvas *canvas, const struct viz_scene *scene, struct viz_rect r);
void viz_tab_forecast(struct viz_canvas *canvas, const struct viz_scene *scene, struct viz_rect r);
void viz_tab_events(struct viz_canvas *canvas, const struct viz_scene *scene, struct viz_rect r);

#endif
