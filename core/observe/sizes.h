/*
 * sizes.h - how large each partition has been lately: what a forecast of its size is made of.
 *
 * A partition whose size has not changed costs a few words. Once it changes it gets a track of up
 * to FORE_SIZES_POINTS points: as often as windows come at first, so that something can be said
 * soon; whenever the track is full every second point goes, until points lie `step` apart; then the
 * oldest one goes. So a track never reaches further back than POINTS - 1 steps, and what the rate
 * was before that is forgotten.
 *
 * Sizes are what the driver says, and may be estimates. One that is none (negative, not finite,
 * beyond 64 bits) or does not come later than the one before is passed over. One that falls by more
 * than a quarter at once was emptied, cut or compacted: its track begins anew, for the way down
 * says nothing of the way up. One that has not changed for much longer than it usually goes without
 * has stopped: it is one that stays again, until it changes. A rise, however sharp, is growth. The
 * engine tells of splits and merges; an index that begins another life (its generation changes)
 * begins anew, too.
 */
#ifndef FORE_SIZES_H
#define FORE_SIZES_H

#include "core/base/buf.h"
#include "core/base/err.h"
#include "core/cluster/sample.h"
#include "core/cluster/topology.h"

enum { FORE_SIZES_POINTS = 17 };

struct fore_sizes_point {
    fore_ns at;
    double bytes;
};

struct fore_sizes;
struct fore_sizes *fore_sizes_create(uint32_t partition_cap, fore_ns step);
void fore_sizes_destroy(struct fore_sizes *sizes); /* NULL is fine */
/* A window's sizes, of the partitions that live. */
void fore_sizes_push(struct fore_sizes *sizes, const struct fore_sample *sample,
                     const struct fore_topology *topology);
/* One of them; false: passed over. */
bool fore_sizes_note(struct fore_sizes *sizes, uint32_t partition, fore_ns at, double bytes);
/* The past, oldest first, the newest size last; how many (at most FORE_SIZES_POINTS + 1; 0: not
 * seen yet). A partition that has not changed has its first and its newest one. */
size_t fore_sizes_read(const struct fore_sizes *sizes, uint32_t partition,
                       struct fore_sizes_point out[FORE_SIZES_POINTS + 1]);
void fore_sizes_forget(struct fore_sizes *sizes, uint32_t partition);
size_t fore_sizes_bytes(const struct fore_sizes *sizes); /* memory held */
/* For a restart: framed and checksummed; loaded into a fresh one of as many partitions, whatever
 * its step. FORE_E_FORMAT, with what is wrong, and then it is as it was. */
void fore_sizes_save(const struct fore_sizes *sizes, struct fore_buf *out);
FORE_MUST_USE enum fore_err fore_sizes_load(struct fore_sizes *sizes, const void *bytes,
                                            size_t size, struct fore_diag *diag);

#endif
