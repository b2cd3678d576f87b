/*
 * pace.h - how many keys the next MIGRATE takes, and when it may go.
 *
 * MIGRATE holds its source up for as long as it lasts. The size of a batch is steered so that the
 * mean stall is `stall_ms`, but not below 4 small keys, or 16 where those are quick, nor so small
 * that the keys take less than half of what the journey takes without any (which is learned from
 * batches of different sizes: on a network with a round trip of 1 ms every batch holds its source
 * up for that long, and few large ones are less harm than many small ones). A bucket of bytes keeps
 * a move below a rate it was given. With an `ease` below 1 (calm.h) batches aim at that share of
 * the stall, and below 0.3 each is followed by a pause as well. In this order, because the p99 of
 * clients of a node that is held up for S at a time, for a share U of the time, is S (1 - 0.01 /
 * U): it follows the stall, and hardly the share until that is a few percent (measured: at the same
 * p99 five times as fast as with both by the root of the ease).
 */
#ifndef LIVE_PACE_H
#define LIVE_PACE_H

#include "core/base/base.h"

struct live_pace_options {
    double stall_ms;     /* aim for the mean; 0: 0.1 */
    uint32_t keys_first; /* 0: 64 */
    uint32_t keys_max;   /* 0: 1000 */
    uint64_t bytes_max;  /* of a batch; 0: 4 MiB */
};

struct live_pace {
    struct live_pace_options options;
    double keys;     /* of the next batch */
    double stall_ms; /* moving average of what was seen */
    double bytes_per_ms;
    struct { /* sums over small keys' batches, older ones fading: count, keys, ms and products */
        double n, x, y, xx, xy;
    } fit;
    double key_ms, fixed_ms; /* of a small key; of a batch without any. 0: not known */
    uint64_t batches;
    double rate;         /* bytes per second; 0: not limited */
    double saved;        /* bytes that may go now; below 0: a debt */
    uint64_t settled_ms; /* up to here `saved` is counted */
    double ease;         /* share of full speed */
};

void live_pace_init(struct live_pace *pace, const struct live_pace_options *options);
/* A batch of `keys` and `bytes` took `ms`. */
void live_pace_learn(struct live_pace *pace, uint32_t keys, uint64_t bytes, double ms);
void live_pace_ease(struct live_pace *pace, double ease);
/* The pause after work, as a multiple of how long that took. */
double live_pace_rest(const struct live_pace *pace);
/* The pause after work that took `took` ns; at most half a second. */
fore_ns live_pace_pause(const struct live_pace *pace, fore_ns took);
uint32_t live_pace_keys(const struct live_pace *pace);
/* The rate from now on; 0: none. */
void live_pace_limit(struct live_pace *pace, double bytes_per_sec, uint64_t now_ms);
/* Bytes that the rate leaves for a batch now; 0: none yet, wait. */
uint64_t live_pace_room(struct live_pace *pace, uint64_t now_ms);
/* The same for a piece of `bytes` that cannot be cut: none until all of it is saved up. */
uint64_t live_pace_room_for(struct live_pace *pace, uint64_t bytes, uint64_t now_ms);
void live_pace_spend(struct live_pace *pace, uint64_t bytes);

#endif
