/*
 * calendar.h - what is going to happen, earliest first: the few events of a request-level run that
 * are not the next arrival (a write on its way to a follower, a move's next piece of work).
 *
 * A 4-ary heap in total order (time, priority, sequence): equal runs, equal order, whatever the
 * heap's shape. The key is compared as one 128-bit number; priority sits above the sequence.
 */
#ifndef SIM_CALENDAR_H
#define SIM_CALENDAR_H

#include "core/base/base.h"

struct sim_event {
    fore_ns at;
    uint64_t order; /* priority in the top 8 bits, sequence below: given by push */
    uint64_t work_ns;
    uint32_t subject; /* partition, or index of a move's work */
    uint16_t node;
    uint16_t kind; /* enum of whoever pushed it */
};

struct sim_calendar { /* {0} is a valid empty calendar */
    struct sim_event *event;
    size_t count, cap;
    uint64_t pushed;
};

void sim_calendar_push(struct sim_calendar *calendar, uint8_t priority, struct sim_event event);
/* The earliest; the calendar must not be empty. */
struct sim_event sim_calendar_pop(struct sim_calendar *calendar);
void sim_calendar_fini(struct sim_calendar *calendar);

/* When the earliest is due; UINT64_MAX when there is none. */
static inline fore_ns sim_calendar_next(const struct sim_calendar *calendar)
{
    return calendar->count > 0 ? calendar->event[0].at : UINT64_MAX;
}

#endif
