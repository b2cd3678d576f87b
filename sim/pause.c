/* pause.c - see pause.h. Few wait at a time, and for few partitions: the list is searched. */
#include "sim/pause.h"

#include <stdlib.h>

#include "sim/cluster.h"

enum { PRIORITY_RESUME = 255 }; /* after everything else that is due then */

void sim_pause_fini(struct sim_pause *pause)
{
    free(pause->waiting);
    *pause = (struct sim_pause){0};
}

void sim_pause_add(struct sim_pause *pause, const struct sim_waiting *waiting)
{
    if (pause->count == pause->cap) {
        pause->cap = pause->cap == 0 ? 256 : 2 * pause->cap;
        pause->waiting = realloc(pause->waiting, pause->cap * sizeof *pause->waiting);
        FORE_ASSERT(pause->waiting != NULL);
    }
    pause->waiting[pause->count++] = *waiting;
}

void sim_pause_begin(const struct sim_moves *moves, fore_ns begin, fore_ns end,
                     struct sim_router *router, struct sim_calendar *calendar,
                     const struct sim_event *resume)
{
    const struct fore_topology *topology = &moves->cluster->topology;
    for (uint32_t p = 0; moves->pause_end > begin && p < topology->partition_count; p++) {
        fore_ns until = moves->paused_until[p];
        if (until <= begin || !topology->partition[p].alive) continue;
        struct sim_route *route = &router->route[p];
        if (route->paused == 0) route->paused = route->count;
        route->count = 0;
        if (until > end) continue; /* the next window sees to it */
        struct sim_event event = *resume;
        event.at = until;
        event.subject = p;
        sim_calendar_push(calendar, PRIORITY_RESUME, event);
    }
}

void sim_pause_end(struct sim_router *router, uint32_t partition)
{
    struct sim_route *route = &router->route[partition];
    if (route->paused != 0) route->count = route->paused;
    route->paused = 0;
}

static void forget_taken(struct sim_pause *pause)
{
    size_t kept = 0;
    for (size_t i = 0; i < pause->count; i++)
        if (pause->waiting[i].partition != FORE_PARTITION_NONE)
            pause->waiting[kept++] = pause->waiting[i];
    pause->count = kept;
}

bool sim_pause_take(struct sim_pause *pause, uint32_t partition, size_t *at,
                    struct sim_waiting *out)
{
    for (; *at < pause->count; ++*at) {
        if (pause->waiting[*at].partition != partition) continue;
        *out = pause->waiting[*at];
        pause->waiting[*at].partition = FORE_PARTITION_NONE;
        return true;
    }
    forget_taken(pause);
    return false;
}
