/*
 * keeper.h - what the daemon has learned, in a file, for the next start: the engine's bytes
 * (core/engine.h), how the cluster was cut into partitions, and what time it was there.
 *
 * Bytes are made by the engine's thread and written by one of the keeper's own, whole or not at all
 * (a new file renamed into place). A file that does not fit is told, left aside, and the daemon
 * begins anew; it is never half-believed.
 */
#ifndef LIVE_KEEPER_H
#define LIVE_KEEPER_H

#include "core/engine.h"
#include "live/redis/driver.h"

struct live_kept {
    fore_ns now, window; /* of the cluster's clock when it was kept */
    uint64_t unix_ms;    /* our clock then */
    uint32_t partition_cap, cut_count;
    struct live_cut *cut; /* by index, ascending */
    struct fore_buf engine;
};
void live_kept_fini(struct live_kept *kept);
void live_kept_write(const struct live_kept *kept, struct fore_buf *out);
/* FORMAT: damaged, or from another version. */
FORE_MUST_USE enum fore_err live_kept_read(const void *bytes, size_t size, struct live_kept *out,
                                           struct fore_diag *diag);
/* From a file; *found false: there is none. */
FORE_MUST_USE enum fore_err live_kept_load(const char *path, struct live_kept *out, bool *found,
                                           struct fore_diag *diag);
/* The same for a start now, with windows of this length: its time has gone on by as much as ours.
 * False: there is nothing to go on from; `why` says what is wrong with what there is, or "". */
bool live_kept_resume(const char *path, fore_ns window, uint64_t unix_ms, struct live_kept *out,
                      char *why, size_t why_size);
/* What is to be kept of an engine in front of this topology. */
void live_kept_take(const struct fore_engine *engine, const struct fore_topology *topology,
                    fore_ns now, fore_ns window, uint64_t unix_ms, struct live_kept *out);

struct live_keeper;
struct live_keeper *live_keeper_open(const char *path);
/* Hands bytes over to be written; those that still wait are replaced. Takes their memory. */
void live_keeper_put(struct live_keeper *keeper, struct fore_buf *bytes);
/* Writes what waits. False: the last writing failed. */
bool live_keeper_close(struct live_keeper *keeper);
bool live_keeper_failed(struct live_keeper *keeper);

#endif
