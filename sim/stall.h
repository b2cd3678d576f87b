/*
 * stall.h - moments in which a node serves nobody though nothing is wrong with it: the host gives
 * its core to somebody else, a page is fetched, memory is copied on write (request mode). They make
 * the tail of a lightly loaded server's latency, which no queue explains.
 *
 * For each node a Poisson process of moments, sim.stall_every apart in the mean; each takes an
 * exponential time of mean sim.stall_mean, behind what is queued already. A stall is no work: it
 * does not count as busy. Off unless both are given; `foreshard calibrate` measures them.
 */
#ifndef SIM_STALL_H
#define SIM_STALL_H

#include "core/base/arena.h"
#include "core/base/rng.h"
#include "sim/calendar.h"

struct sim_stall { /* {0}: nobody stalls */
    double every_ns, mean_ns;
    struct fore_rng *rng; /* [node] */
};

/* Pushes the first of every node, each with `like`'s kind. */
void sim_stall_init(struct sim_stall *stall, fore_ns every, fore_ns mean, uint32_t nodes,
                    uint64_t seed, struct fore_arena *arena, struct sim_calendar *calendar,
                    const struct sim_event *like);
/* The node's next, after `event`. */
void sim_stall_next(struct sim_stall *stall, const struct sim_event *event,
                    struct sim_calendar *calendar);

#endif
