/*
 * steer.h - the mover's throttle on the foreground: probes (pulse.h), the law (calm.h), and when
 * which window is looked at.
 *
 * While nothing moves every primary is probed seldom, and the idle p99 of each is kept up to date;
 * while something moves its ends are probed often, and after every window the ease changes. A move
 * does not begin to hand slots over before it is known what idle is at both its ends, or 1.5 s
 * have passed.
 */
#ifndef LIVE_STEER_H
#define LIVE_STEER_H

#include "live/redis/calm.h"
#include "live/redis/cluster.h"
#include "live/redis/pulse.h"

struct live_steer_options {
    struct live_calm_options calm; /* calm.over 0: no throttle, nothing is probed */
    uint32_t window_ms;            /* while something moves; 0: 500 */
    uint32_t every_us;             /* from PING to PING then; 0: 2000 */
};

struct live_steer {
    struct live_steer_options options;
    struct live_calm calm;
    struct live_pulse *pulse;  /* NULL: no throttle */
    uint64_t busy;             /* bit set of shards: ends of moves, as last told */
    uint64_t window_ms;        /* the window began then */
    uint64_t waiting_since_ms; /* for the idle p99; 0: nobody waits */
    double worst_ms, goal_ms;  /* of the last window: the end with the most strain, for people */
};

void live_steer_init(struct live_steer *steer, const struct live_steer_options *options,
                     const struct live_access *access);
void live_steer_fini(struct live_steer *steer);
/* `busy`: shards of which slots are handed over; `held`: shards that are worked on otherwise, so
 * that their p99 is not the idle one. Call it often; it looks once a window. */
void live_steer_look(struct live_steer *steer, const struct live_cluster *cluster, uint64_t busy,
                     uint64_t held, uint64_t now_ms);
/* May slots between these shards be handed over, or is idle to be known first? */
bool live_steer_knows(struct live_steer *steer, uint64_t ends, uint64_t now_ms);
double live_steer_ease(const struct live_steer *steer);

#endif
