/*
 * hits.h - what was drawn where: panels note it while they draw, the window asks. So what can be
 * clicked is never elsewhere than what is seen.
 */
#ifndef VIZ_HITS_H
#define VIZ_HITS_H

#include "viz/canvas.h"

enum viz_hit_kind {
    VIZ_HIT_NONE,
    VIZ_HIT_PLOT,      /* a plot over time */
    VIZ_HIT_HEAT,      /* the heat: time and key order */
    VIZ_HIT_PARTITION, /* id: partition */
    VIZ_HIT_NODE,      /* id: node */
    VIZ_HIT_MOVE,      /* id: ticket */
    VIZ_HIT_PLAN,      /* id: plan */
    VIZ_HIT_TAB,       /* id: enum viz_tab */
    VIZ_HIT_METRIC,    /* the metric's name: the next one */
    VIZ_HIT_MOMENT,    /* id: a time to go to */
    VIZ_HIT_CONTROL    /* what a live daemon can be told to do */
};

struct viz_hit {
    enum viz_hit_kind kind;
    struct viz_rect r;
    uint64_t id;
};

enum { VIZ_HITS = 2048 };
struct viz_hits {
    struct viz_hit item[VIZ_HITS]; /* what is drawn later lies above */
    size_t count;
};

/* `hits` may be NULL: nobody asks. More than VIZ_HITS are left out. */
void viz_hits_add(struct viz_hits *hits, enum viz_hit_kind kind, struct viz_rect r, uint64_t id);
/* The topmost at a point; its kind is VIZ_HIT_NONE if there is none. */
struct viz_hit viz_hits_at(const struct viz_hits *hits, double x, double y);

#endif
