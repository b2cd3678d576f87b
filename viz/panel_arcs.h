/* panel_arcs.h - moves under way, drawn between the lanes of the nodes panel. Internal to it. */
#ifndef VIZ_PANEL_ARCS_H
#define VIZ_PANEL_ARCS_H

#include "viz/panel.h"

struct viz_arcs {
    const uint32_t *node; /* [count], from the top */
    uint32_t count;
    double top, pitch; /* of the lanes */
    double x, w;       /* where arcs may be drawn */
};
void viz_panel_arcs(struct viz_canvas *canvas, const struct viz_scene *scene,
                    const struct viz_arcs *arcs);

#endif
