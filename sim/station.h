/*
 * station.h - a node's processors: one FIFO queue before `cores` equal servers.
 *
 * No events. While requests reach a station in time order and their service is known on arrival,
 * a departure is arithmetic: for one core Lindley's recursion, departure = max(arrival, last
 * departure) + service; for more, Kiefer and Wolfowitz's, with the earliest of the cores' free
 * times (PERF.md: 9 to 12 times a textbook event calendar, the same departures to the nanosecond;
 * tests/unit/test_sim_station.c holds it to that). It would not be valid with priorities,
 * processor sharing or work taken back out of the queue: a node that fails therefore finishes what
 * it has accepted.
 */
#ifndef SIM_STATION_H
#define SIM_STATION_H

#include "core/base/arena.h"

enum { SIM_STATION_SCAN = 8 }; /* up to here a scan finds the earliest; above, a heap keeps it */

struct sim_station {
    fore_ns *free_at; /* by core; above SIM_STATION_SCAN a binary heap, earliest first */
    uint32_t cores;
    bool plain;      /* one core of nominal speed: the shortest way */
    double slowness; /* nanoseconds a core needs for one of nominal work */
};

void sim_station_init(struct sim_station *station, struct fore_arena *arena, uint32_t cores,
                      double slowness);
/* Work queued at `now`, per core. */
fore_ns sim_station_backlog(const struct sim_station *station, fore_ns now);
/* All cores do nothing for `ns` from `at` on, or from when they are done with what they have. */
void sim_station_hold(struct sim_station *station, fore_ns at, fore_ns ns);
/* Replaces the earliest free time of a heap by `free_at`, which is not earlier. */
void sim_station_heap_replace(fore_ns *heap, uint32_t count, fore_ns free_at);

/* How deep the core sleeps that a request wakes which arrives at `at`: 0 when it is at work, then
 * the nearer to 1 the longer it had nothing to do, a half after `rest_ns`. Sleeping and waking cost
 * a core work (sim.wake) and the request time (sim.wake_delay): a command of a server under little
 * load costs several times what it costs one that is never idle. 0 without a rest. */
static inline double sim_station_asleep(const struct sim_station *station, fore_ns at,
                                        fore_ns rest_ns)
{
    if (rest_ns == 0) return 0;
    fore_ns earliest = station->free_at[0];
    for (uint32_t c = 1; c < station->cores && station->cores <= SIM_STATION_SCAN; c++)
        if (station->free_at[c] < earliest) earliest = station->free_at[c];
    if (earliest >= at) return 0;
    double idle_ns = (double)(int64_t)(at - earliest);
    return idle_ns / (idle_ns + (double)(int64_t)rest_ns);
}

/* One request of `work_ns` nominal nanoseconds that arrives at `at`; returns its departure.
 * Arrivals must not go backwards. */
static inline fore_ns sim_station_serve(struct sim_station *station, fore_ns at, uint64_t work_ns)
{
    fore_ns *free_at = station->free_at;
    if (station->plain) return free_at[0] = (free_at[0] > at ? free_at[0] : at) + work_ns;
    fore_ns service = (fore_ns)(int64_t)((double)(int64_t)work_ns * station->slowness);
    if (station->cores > SIM_STATION_SCAN) {
        fore_ns leave = (free_at[0] > at ? free_at[0] : at) + service;
        sim_station_heap_replace(free_at, station->cores, leave);
        return leave;
    }
    uint32_t first = 0;
    fore_ns earliest = free_at[0];
    for (uint32_t c = 1; c < station->cores; c++) {
        bool sooner = free_at[c] < earliest;
        first = sooner ? c : first;
        earliest = sooner ? free_at[c] : earliest;
    }
    return free_at[first] = (earliest > at ? earliest : at) + service;
}

#endif
