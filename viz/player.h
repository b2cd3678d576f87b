/*
 * player.h - a journal and the moment one looks at. Going forward folds on; going back, or to
 * another width of view, starts again from a keyframe before the view. What is wrong with the
 * journal becomes a sentence to draw, not a reason to stop.
 *
 * A view of a large journal can hold seconds of reading. So a window peeks: it gets the state at
 * the moment from the keyframe before it, and the past follows while it is looked at, into a second
 * model that takes the first one's place when it has caught up.
 */
#ifndef VIZ_PLAYER_H
#define VIZ_PLAYER_H

#include "viz/axis.h"
#include "viz/feed.h"
#include "viz/look.h"
#include "viz/model.h"

#define VIZ_SPAN_AUTO UINT64_C(0)
#define VIZ_SPAN_ALL  UINT64_MAX

enum viz_behind {
    VIZ_BEHIND_NOT,
    VIZ_BEHIND_NOW,  /* the model has not reached the moment yet */
    VIZ_BEHIND_PAST, /* it has, but what the view shows of the past is missing */
};

struct viz_player {
    struct viz_look look; /* may be changed at any time; the next viz_player_go() follows */
    struct viz_feed *feed;
    struct fore_journal_reader *reader;
    struct viz_model model;
    struct viz_view view;
    fore_ns span;    /* asked for; VIZ_SPAN_AUTO, VIZ_SPAN_ALL or a duration */
    fore_ns ahead;   /* of the future, at most; UINT64_MAX: as much as there is room for */
    fore_ns horizon; /* of the forecasts, once seen */
    fore_ns period;  /* of the loads, once seen */
    uint32_t columns;
    struct fore_journal_record pending; /* read, but after the moment */
    bool has_pending, begun, damaged;
    enum viz_behind behind;
    fore_ns wanted;         /* where behind is to end */
    struct viz_model *past; /* under construction while VIZ_BEHIND_PAST */
    char note[240];         /* "" while all is well */
    const char *path;
};

FORE_MUST_USE enum fore_err viz_player_open(struct viz_player *player, const char *path,
                                            fore_ns span, uint32_t columns, struct fore_diag *diag);
void viz_player_close(struct viz_player *player);
fore_ns viz_player_first(const struct viz_player *player);
fore_ns viz_player_last(const struct viz_player *player);
/* Brings model and view to `now`, and to what the look asks for. */
void viz_player_go(struct viz_player *player, fore_ns now);
/* The same within about VIZ_PEEK_MS: all of it where that is enough, else what `behind` says. */
enum { VIZ_PEEK_MS = 20 };
void viz_player_peek(struct viz_player *player, fore_ns now);
/* Reads on for so long at most; true while it is still behind. Draw again when it no longer is. */
bool viz_player_catch_up(struct viz_player *player, double budget_ms);
/* Reads what a growing journal has gained; true if its end moved. */
bool viz_player_poll(struct viz_player *player);

#endif
