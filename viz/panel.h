/*
 * panel.h - the panels of the dashboard: one file each, one row each in viz_panels[].
 *
 * A panel is a pure picture: it reads the scene and draws into its rectangle. Nothing is kept
 * between two draws, so a shot, a window and a video frame are the same code.
 */
#ifndef VIZ_PANEL_H
#define VIZ_PANEL_H

#include "viz/axis.h"
#include "viz/hits.h"
#include "viz/layout.h"
#include "viz/look.h"
#include "viz/model.h"

struct viz_scene {
    const struct viz_model *model; /* sorted */
    struct viz_view view;
    struct viz_scale scale;      /* view.from..view.to on plot_x0..plot_x1 */
    const char *note;            /* what is wrong with the journal; "" if nothing */
    const char *status;          /* "paused", "following", "x60"; "" in a shot */
    const struct viz_look *look; /* NULL: as usual; never NULL inside a panel */
    struct viz_hits *hits;       /* NULL: nobody asks what was drawn where */
    bool control;                /* a daemon can be told what to do */
};

struct viz_panel {
    const char *name;
    enum viz_place place;
    void (*draw)(struct viz_canvas *canvas, const struct viz_scene *scene, struct viz_rect r);
};
extern const struct viz_panel viz_panels[];
extern const size_t viz_panel_count;

void viz_panel_header(struct viz_canvas *canvas, const struct viz_scene *scene, struct viz_rect r);
void viz_panel_heat(struct viz_canvas *canvas, const struct viz_scene *scene, struct viz_rect r);
void viz_panel_latency(struct viz_canvas *canvas, const struct viz_scene *scene, struct viz_rect r);
void viz_panel_strip(struct viz_canvas *canvas, const struct viz_scene *scene, struct viz_rect r);
void viz_panel_nodes(struct viz_canvas *canvas, const struct viz_scene *scene, struct viz_rect r);
void viz_panel_scores(struct viz_canvas *canvas, const struct viz_scene *scene, struct viz_rect r);
void viz_panel_detail(struct viz_canvas *canvas, const struct viz_scene *scene, struct viz_rect r);

/* Units from the heat's card to its plot: above are its legend and the name of now. */
#define VIZ_HEAT_TOP 66
/* Every panel in its place, where the ground stands already; what can be hit is listed anew. */
void viz_panel_all(struct viz_canvas *canvas, const struct viz_layout *layout,
                   struct viz_scene *scene);
/* The whole page onto a surface. */
void viz_panel_page(cairo_surface_t *surface, const struct viz_layout *layout,
                    const struct viz_theme *theme, struct viz_scene *scene);

/* Shared by the panels that have the time axis. */
void viz_panel_grid(struct viz_canvas *canvas, const struct viz_scene *scene, struct viz_rect plot);
void viz_panel_now(struct viz_canvas *canvas, const struct viz_scene *scene, struct viz_rect plot);
void viz_panel_clock(struct viz_canvas *canvas, const struct viz_scene *scene, double y);
/* The first of the rows shown, in key order, and how many; at least one of those there are. */
uint32_t viz_panel_rows(const struct viz_scene *scene, uint32_t *count);
/* The partition drawn at y of the heat's plot; of those that share the pixel the hottest at that
 * moment. VIZ_NONE outside. */
uint32_t viz_panel_row_at(const struct viz_scene *scene, struct viz_rect plot, double y,
                          fore_ns at);
/* A muted sentence in the middle of a panel that has nothing to show. */
void viz_panel_empty(struct viz_canvas *canvas, struct viz_rect r, const char *text);

/* How a move is told: mark and colour of its state, mark of its kind, "p17 n03 > n05". */
struct viz_move_look {
    enum viz_mark state, kind;
    struct viz_rgb colour;
    const char *word;
    char what[48];
    char percent[16]; /* under way and copying: "62 %"; else "" */
};
/* "p17 n03 > n05", "p4 split", "n07 joins". */
void viz_panel_move_text(const struct viz_model *model, const struct fore_event_move *move,
                         char *out, size_t size);
/* The plan to explain: the one selected, else the newest about the partition selected, else the
 * newest carried out; NULL: none was made. */
const struct viz_plan *viz_panel_plan(const struct viz_scene *scene);
struct viz_move_look viz_panel_move_look(const struct viz_canvas *canvas,
                                         const struct viz_model *model,
                                         const struct fore_snapshot_move *move);

#endif
