/*
 * milestone.h - the next or the last moment at which something happened, found in the journal by a
 * reader of its own, so that what is shown is not disturbed.
 */
#ifndef VIZ_MILESTONE_H
#define VIZ_MILESTONE_H

#include "viz/feed.h"

enum viz_milestone {
    VIZ_MILESTONE_EVENT, /* a plan, a move's change of state, a split, a fault, an alert */
    VIZ_MILESTONE_ALERT
};

/* Strictly after `from`, or strictly before it; false if there is none, or damage hides it. */
bool viz_milestone_find(struct viz_feed *feed, enum viz_milestone what, fore_ns from, bool back,
                        fore_ns *at);

#endif
