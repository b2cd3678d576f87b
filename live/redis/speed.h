/*
 * speed.h - how fast moves have been seen to go, in bytes a second, by spells in which any moved.
 *
 * A plan is only as good as its idea of when a move will be over, and that is no matter of links:
 * batches wait in the queues of servers that are busy, and slots have steps of their own. So the
 * figure is learned from what has moved: from the first move's beginning until none is under way,
 * all their bytes over that time, each spell weighed by the square of its bytes (an empty slot's
 * few steps say nothing of a full one's copy), older ones fading. By spells and not by moves,
 * because moves share the mover: four at once take four times as long and are no slower. A plan
 * that believes moves to be hopeless makes none and learns nothing, so what is known fades with
 * time towards what is guessed where nothing is known.
 */
#ifndef LIVE_SPEED_H
#define LIVE_SPEED_H

#include "core/base/base.h"

struct live_speed {        /* all zero: nothing seen */
    double bytes, seconds; /* weighed sums */
    double spell_bytes;    /* of moves whose copy is over, in the spell that lasts */
    uint64_t began_ms;     /* of that spell; 0: nothing moves */
    uint64_t seen_ms;      /* the last spell's end */
    uint32_t under_way;
};

void live_speed_begin(struct live_speed *speed, uint64_t now_ms);
/* A move is over, with so many bytes copied (0: it failed, or turned back). */
void live_speed_end(struct live_speed *speed, double bytes, uint64_t now_ms);
/* Bytes a second; `guess` before anything was seen, and long after. */
double live_speed_rate(const struct live_speed *speed, double guess, uint64_t now_ms);

#endif
