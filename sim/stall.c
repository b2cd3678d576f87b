/* stall.c - see stall.h. An event's work_ns is how long the stall takes. */
#include "sim/stall.h"

#include "core/base/dist.h"

enum { PRIORITY = 0 }; /* before requests that are there at the same moment */

void sim_stall_next(struct sim_stall *stall, const struct sim_event *event,
                    struct sim_calendar *calendar)
{
    struct fore_rng *rng = &stall->rng[event->node];
    struct sim_event next = *event;
    next.at += (fore_ns)(fore_dist_exp(rng) * stall->every_ns) + 1;
    next.work_ns = (uint64_t)(fore_dist_exp(rng) * stall->mean_ns);
    sim_calendar_push(calendar, PRIORITY, next);
}

void sim_stall_init(struct sim_stall *stall, fore_ns every, fore_ns mean, uint32_t nodes,
                    uint64_t seed, struct fore_arena *arena, struct sim_calendar *calendar,
                    const struct sim_event *like)
{
    if (every == 0 || mean == 0) return;
    *stall = (struct sim_stall){.every_ns = (double)every,
                                .mean_ns = (double)mean,
                                .rng = FORE_NEW(arena, struct fore_rng, nodes)};
    for (uint32_t n = 0; n < nodes; n++) {
        struct sim_event first = *like;
        first.node = (uint16_t)n;
        stall->rng[n] = fore_rng_stream(seed, "stall", n);
        sim_stall_next(stall, &first, calendar);
    }
}
