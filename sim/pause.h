/*
 * pause.h - requests that wait while their partition's split or merge takes hold (request mode).
 *
 * A paused partition's route has no replicas until the pause is over; what is asked of it meanwhile
 * is kept here in its order, and served all at once when the calendar says so. With
 * cluster.split_pause at 0 nothing is ever paused.
 */
#ifndef SIM_PAUSE_H
#define SIM_PAUSE_H

#include "sim/calendar.h"
#include "sim/moves.h"
#include "sim/router.h"
#include "workloads/source.h"

struct sim_waiting {
    struct wl_request request;
    uint64_t work_ns, number; /* its own, in the order of all requests */
    uint32_t partition;
};

struct sim_pause { /* {0}: nobody waits */
    struct sim_waiting *waiting;
    size_t count, cap;
};

void sim_pause_fini(struct sim_pause *pause);
void sim_pause_add(struct sim_pause *pause, const struct sim_waiting *waiting);
/* At a window's start, after the router's update: closes the routes of what is paused, and pushes
 * `resume`, with the partition as its subject, for every pause that ends by `end`. */
void sim_pause_begin(const struct sim_moves *moves, fore_ns begin, fore_ns end,
                     struct sim_router *router, struct sim_calendar *calendar,
                     const struct sim_event *resume);
/* Opens the route again. */
void sim_pause_end(struct sim_router *router, uint32_t partition);
/* The next of those who waited for it, in their order, from *at = 0 on; until it returns false:
 * there are no more. */
bool sim_pause_take(struct sim_pause *pause, uint32_t partition, size_t *at,
                    struct sim_waiting *out);

#endif
