/* calendar.c - the 4-ary heap behind calendar.h. Four children to a node keep the tree shallow and
 * a node's children side by side; a hole is moved, not swapped. */
#include "sim/calendar.h"

#include <stdlib.h>

enum { FANOUT = 4, FIRST_CAP = 256 };

static inline bool before(const struct sim_event *a, const struct sim_event *b)
{
    return a->at != b->at ? a->at < b->at : a->order < b->order;
}

static void grow(struct sim_calendar *calendar)
{
    size_t cap = calendar->cap == 0 ? FIRST_CAP : 2 * calendar->cap;
    struct sim_event *event = realloc(calendar->event, cap * sizeof *event);
    FORE_ASSERT(event != NULL);
    calendar->event = event;
    calendar->cap = cap;
}

void sim_calendar_push(struct sim_calendar *calendar, uint8_t priority, struct sim_event event)
{
    if (calendar->count == calendar->cap) grow(calendar);
    event.order = ((uint64_t)priority << 56) | calendar->pushed++;
    size_t hole = calendar->count++;
    while (hole > 0) {
        size_t parent = (hole - 1) / FANOUT;
        if (!before(&event, &calendar->event[parent])) break;
        calendar->event[hole] = calendar->event[parent];
        hole = parent;
    }
    calendar->event[hole] = event;
}

/* The earliest child of `parent`, or `count` when it has none. */
static size_t earliest_child(const struct sim_calendar *calendar, size_t parent)
{
    size_t first = FANOUT * parent + 1, best = first;
    if (first >= calendar->count) return calendar->count;
    size_t end = first + FANOUT < calendar->count ? first + FANOUT : calendar->count;
    for (size_t child = first + 1; child < end; child++)
        best = before(&calendar->event[child], &calendar->event[best]) ? child : best;
    return best;
}

struct sim_event sim_calendar_pop(struct sim_calendar *calendar)
{
    FORE_ASSERT(calendar->count > 0);
    struct sim_event top = calendar->event[0];
    struct sim_event last = calendar->event[--calendar->count];
    size_t hole = 0;
    for (;;) {
        size_t child = earliest_child(calendar, hole);
        if (child == calendar->count || !before(&calendar->event[child], &last)) break;
        calendar->event[hole] = calendar->event[child];
        hole = child;
    }
    if (calendar->count > 0) calendar->event[hole] = last;
    return top;
}

void sim_calendar_fini(struct sim_calendar *calendar)
{
    free(calendar->event);
    *calendar = (struct sim_calendar){0};
}
