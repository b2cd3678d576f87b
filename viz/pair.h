/*
 * pair.h - two journals side by side, locked in time: the same seed under two policies. The header
 * counts the difference of their violation seconds up to the moment shown; below, each has its
 * heat, latency and nodes, and one panel has the race of both.
 */
#ifndef VIZ_PAIR_H
#define VIZ_PAIR_H

#include "viz/panel.h"
#include "viz/player.h"

struct viz_pair {
    struct viz_player *side[2]; /* the caller's; the first leads: its span and look count */
};

/* Both to `now`, with one view. */
void viz_pair_go(struct viz_pair *pair, fore_ns now);
/* The same within about two VIZ_PEEK_MS; what is missing then is read by viz_pair_catch_up(), which
 * is true when a side has come to something worth a draw, after another viz_pair_peek(). */
void viz_pair_peek(struct viz_pair *pair, fore_ns now);
bool viz_pair_catch_up(struct viz_pair *pair, double budget_ms);
/* Of both, what is missed more. One journal (side[1] NULL) will do here and above. */
enum viz_behind viz_pair_behind(const struct viz_pair *pair);
fore_ns viz_pair_first(const struct viz_pair *pair);
fore_ns viz_pair_last(const struct viz_pair *pair);

struct viz_pair_layout {
    double width, height, u;
    struct viz_rect header, race, head[2], heat[2], latency[2], nodes[2];
};
struct viz_pair_layout viz_pair_place(double width, double height, double text);
/* Where time lies on a side's plots. */
struct viz_scale viz_pair_scale(const struct viz_pair_layout *layout, int side,
                                struct viz_view view);
/* `hits` may be NULL; a hit's owner is the side it lies on. */
void viz_pair_draw(cairo_surface_t *surface, const struct viz_pair_layout *layout,
                   const struct viz_theme *theme, const struct viz_pair *pair, const char *status,
                   struct viz_hits *hits);

/* What the comparison says, from the first side's point of view. */
struct viz_pair_verdict {
    double violation_s[2];
    double saved_s;    /* of the second against the first; negative: it is worse */
    const char *doubt; /* why the two should not be compared; NULL: nothing speaks against it */
};
struct viz_pair_verdict viz_pair_judge(const struct viz_model *a, const struct viz_model *b);
/* Violation seconds up to the end of a time bucket; NaN where nothing is known. */
double viz_pair_violation(const struct viz_model *model, fore_ns at);

#endif
