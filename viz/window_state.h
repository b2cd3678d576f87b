/* window_state.h - what window.c (the loop) and pointer.c (the mouse) share. Internal to both. */
#ifndef VIZ_WINDOW_STATE_H
#define VIZ_WINDOW_STATE_H

#include "viz/controls.h"
#include "viz/display.h"
#include "viz/frame.h"
#include "viz/hits.h"
#include "viz/pair.h"
#include "viz/sheet.h"
#include "viz/tip.h"
#include "viz/window.h"

enum viz_drag { VIZ_DRAG_NONE, VIZ_DRAG_SCRUB, VIZ_DRAG_BRUSH, VIZ_DRAG_PAN };

struct viz_window {
    struct viz_display display;
    struct viz_frame frame;
    double text;           /* the page's size of text */
    cairo_surface_t *base; /* the page without what lies over it, while anything does */
    bool base_valid, covered;
    bool only_time;       /* since the last draw nothing but the moment has changed */
    struct viz_pair pair; /* side[1] NULL: one journal */
    struct viz_pair_layout pair_layout;
    const struct viz_theme *theme[2];
    struct viz_controls controls;
    fore_ns span;            /* asked for at the start */
    struct viz_hits hits;    /* of what was drawn last */
    bool over_dirty;         /* only what lies over the page has changed */
    double mouse_x, mouse_y; /* in the page's pixels; negative: outside */
    enum viz_drag drag;
    double press_x, press_y;
    struct viz_rect heat;    /* the plot pressed on */
    struct viz_view pressed; /* the view at that time */
    double pressed_rows[2];
    struct viz_tip tip, pinned;    /* count 0: none */
    double quiet_s;                /* since a growing journal last grew */
    char trouble[160];             /* what is wrong with its growing; "" if nothing */
    char said[200];                /* until the next key */
    struct viz_control *control;   /* of a daemon; NULL: none */
    struct viz_sheet sheet;        /* kind NONE: nothing is asked */
    fore_ns sheet_at;              /* the moment of the model it was made of */
    uint64_t ticket;               /* of the move clicked on last; 0: none */
    struct viz_export_job *saving; /* a picture on its way to disk; NULL: none */
    char saving_path[128];
};

/* The scene as drawn last, for tips and rows. */
struct viz_scene viz_window_scene(struct viz_window *w);

/* Where the mouse is, from an event of its. */
void viz_pointer_at(struct viz_window *w, const SDL_Event *event);
void viz_pointer_event(struct viz_window *w, const SDL_Event *event);
/* After all motion has been read: a drag goes where the mouse is now. */
void viz_pointer_moved(struct viz_window *w);

#endif
