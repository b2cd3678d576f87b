/*
 * waiting.h - moves that wait for another one of their plan, remembered for the case that the
 * daemon ends before their turn.
 *
 * They are told as dropped at the next start, with what they waited for, and not taken up: on Redis
 * a leader that was under way has been left half done (its partition is cut where the owner now
 * changes), the plan's numbers are as old as the pause was long, and the next plan is made from the
 * same history. What has begun is not here: the mover's journal brings its slots to an end.
 * They are written (synchronously, few bytes) whenever they change, so that kill -9 loses none;
 * one that fell in the window of the end may be told although its turn had come.
 */
#ifndef LIVE_WAITING_H
#define LIVE_WAITING_H

#include "core/act/migrate.h"
#include "core/base/buf.h"
#include "live/api/memory.h"

/* One line each: plan, kind, partition, other, source, target as numbers, then what for, in words.
 * Appends nothing when nobody waits. */
void live_waiting_text(const struct fore_migrate *migrate, struct fore_buf *out);
/* Those lines as MOVE events, cancelled, with a reason. Returns how many; *damaged is set when a
 * line cannot be read, and then the others are told all the same. */
uint32_t live_waiting_tell(const char *text, struct fore_sink sink, fore_ns now, bool *damaged);

/* Keeps the memory's note about them as they are; `told` is the note's text and is updated. */
FORE_MUST_USE enum fore_err live_waiting_keep(struct live_memory *memory,
                                              const struct fore_migrate *migrate,
                                              struct fore_buf *told, struct fore_diag *diag);
/* At a start: tells what the memory has noted, and forgets it. */
FORE_MUST_USE enum fore_err live_waiting_recall(struct live_memory *memory, struct fore_sink sink,
                                                fore_ns now, uint32_t *count, bool *damaged,
                                                struct fore_diag *diag);

#endif
