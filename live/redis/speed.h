/*
 * speed.h - how fast moves have been seen to go, in bytes a second, from ticket to READY.
 *
 * A plan is only as good as its idea of when a move will be over, and that is no matter of links:
 * batches wait in the queues of servers that are busy, slots have steps of their own, and moves
 * share one mover. So the figure is learned from whole moves: bytes over seconds, each move weighed
 * by the square of its bytes (an empty slot's few steps say nothing of a full one's copy), older
 * ones fading.
 */
#ifndef LIVE_SPEED_H
#define LIVE_SPEED_H

struct live_speed {        /* all zero: nothing seen */
    double bytes, seconds; /* weighed sums */
};

/* A move of so many bytes took so long. One of no bytes or no time teaches nothing. */
void live_speed_seen(struct live_speed *speed, double bytes, double seconds);
/* Bytes a second; `other` before anything was seen. */
double live_speed_rate(const struct live_speed *speed, double other);

#endif
