/* station.c - what a station does off the hot path; the recursions themselves are in station.h. */
#include "sim/station.h"

void sim_station_init(struct sim_station *station, struct fore_arena *arena, uint32_t cores,
                      double slowness)
{
    FORE_ASSERT(cores > 0 && slowness > 0);
    *station = (struct sim_station){.free_at = FORE_NEW(arena, fore_ns, cores),
                                    .cores = cores,
                                    .plain = cores == 1 && !(slowness < 1) && !(slowness > 1),
                                    .slowness = slowness};
}

fore_ns sim_station_backlog(const struct sim_station *station, fore_ns now)
{
    FORE_ASSERT(station->cores > 0);
    fore_ns sum = 0;
    for (uint32_t c = 0; c < station->cores; c++)
        sum += station->free_at[c] > now ? station->free_at[c] - now : 0;
    return sum / station->cores;
}

/* Later and equal amounts keep a heap a heap. */
void sim_station_hold(struct sim_station *station, fore_ns at, fore_ns ns)
{
    for (uint32_t c = 0; c < station->cores; c++) {
        fore_ns *free_at = &station->free_at[c];
        *free_at = (*free_at > at ? *free_at : at) + ns;
    }
}

void sim_station_heap_replace(fore_ns *heap, uint32_t count, fore_ns free_at)
{
    uint32_t hole = 0;
    for (uint32_t child = 1; child < count; child = 2 * hole + 1) {
        child += child + 1 < count && heap[child + 1] < heap[child];
        if (free_at <= heap[child]) break;
        heap[hole] = heap[child];
        hole = child;
    }
    heap[hole] = free_at;
}
