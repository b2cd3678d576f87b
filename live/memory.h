/*
 * memory.h - what the daemon wants to know again after a restart, in a file of its own beside the
 * mover's journal (SQLite, WAL): settings made through the API, who changed what and when, and
 * larger things under a name as bytes (forecasts' state, history, the cuts of partitions).
 *
 * A setting is on disk (synchronous FULL) before the answer says so. Bytes are kept whole or not
 * at all, and are checksummed by whoever made them; a file that cannot be read is refused with a
 * sentence, never silently begun anew.
 */
#ifndef LIVE_MEMORY_H
#define LIVE_MEMORY_H

#include "core/base/buf.h"
#include "core/base/err.h"

struct live_memory;

struct live_memory_change {
    uint64_t id, unix_ms;
    const char *name, *before, *after, *who; /* before NULL: was as configured */
};

FORE_MUST_USE enum fore_err live_memory_open(const char *path, struct live_memory **out,
                                             struct fore_diag *diag);
void live_memory_close(struct live_memory *memory);
/* `value` NULL: forgotten, as configured again. */
FORE_MUST_USE enum fore_err live_memory_set(struct live_memory *memory, const char *name,
                                            const char *value, const char *who, uint64_t unix_ms,
                                            struct fore_diag *diag);
void live_memory_settings(struct live_memory *memory,
                          void (*each)(void *self, const char *name, const char *value,
                                       uint64_t unix_ms),
                          void *self);
/* The newest first. */
void live_memory_changes(struct live_memory *memory, uint32_t limit,
                         void (*each)(void *self, const struct live_memory_change *change),
                         void *self);
/* Several at once are one transaction between begin and end. */
struct live_memory_item {
    const char *name;
    const struct fore_buf *bytes;
};
FORE_MUST_USE enum fore_err live_memory_keep(struct live_memory *memory,
                                             const struct live_memory_item *item, size_t count,
                                             uint64_t unix_ms, struct fore_diag *diag);
/* False: nothing of that name. */
bool live_memory_kept(struct live_memory *memory, const char *name, struct fore_buf *out,
                      uint64_t *unix_ms);

#endif
