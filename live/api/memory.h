/*
 * memory.h - what the daemon wants to know again after a restart, in a file of its own beside the
 * mover's journal (SQLite, WAL): settings made through the API, and who changed what and when; and
 * its own notes, which nobody else is shown. (What was learned is larger, and in another file:
 * keeper.h.)
 *
 * A setting is on disk (synchronous FULL) before the answer says so; a file that cannot be read is
 * refused with a sentence, never silently begun anew.
 */
#ifndef LIVE_MEMORY_H
#define LIVE_MEMORY_H

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
/* A note of the daemon's to itself, on disk when this returns; `value` NULL: none any more. */
FORE_MUST_USE enum fore_err live_memory_note(struct live_memory *memory, const char *name,
                                             const char *value, struct fore_diag *diag);
/* The caller frees it; NULL: there is none. */
char *live_memory_noted(struct live_memory *memory, const char *name);

#endif
