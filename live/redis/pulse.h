/*
 * pulse.h - PINGs at fixed moments to some nodes, and how long they took: what clients feel.
 *
 * A PING waits in the node's queue as a client's command does, behind MIGRATE too; LATENCY
 * HISTOGRAM and INFO latencystats time only the command itself and see nothing of that wait. The
 * thread that moves keys blocks in MIGRATE and would ask only when it is over (coordinated
 * omission), so this is a thread of its own, which sends at its moments whether or not the last
 * answer has come. Times count from when a PING was sent, not from its moment: that this thread
 * itself came late says nothing about the node. What has not been answered when one looks counts
 * with its age, so that a node that hangs is seen while it hangs.
 */
#ifndef LIVE_PULSE_H
#define LIVE_PULSE_H

#include "live/redis/link.h"

enum { LIVE_PULSE_PLACES = 64 };

struct live_pulse;

/* A thread that probes nothing yet. `access` is copied, its strings borrowed. NULL: no thread. */
struct live_pulse *live_pulse_open(const struct live_access *access);
void live_pulse_close(struct live_pulse *pulse); /* NULL is fine */
/* Place `place` probes this address from now on; NULL: none. */
void live_pulse_aim(struct live_pulse *pulse, uint32_t place, const struct live_address *address);
/* Microseconds from one PING to the next at each place; at first 10000. */
void live_pulse_every(struct live_pulse *pulse, uint32_t us);
/* The p99 at a place since it was last asked for, in ms, and how many PINGs that is from; 0: none
 * was sent. */
uint32_t live_pulse_take(struct live_pulse *pulse, uint32_t place, double *p99_ms);

#endif
