/*
 * journal.h - what the mover is about to do, on disk before it is done (SQLite, WAL, FULL).
 *
 * Kept in one file: moves, the steps of their slots (intent before, result after), which instance
 * belongs to which shard, and the lease. One mover at a time: the lease is a lock on the file
 * beside it, which a dead process cannot hold, with a number that grows with every holder. Every
 * transaction checks that number: whoever was taken for dead and lives (a stopped process) is
 * refused before it can act, because nothing is done whose intent was not written. A lease that
 * was not renewed until it expires may be taken although the lock is held.
 *
 * A full disk or a broken file is IO: the mover stops, nothing is lost.
 */
#ifndef LIVE_JOURNAL_H
#define LIVE_JOURNAL_H

#include "core/base/err.h"

struct live_journal;

#define LIVE_STEP_MAP(X)                                     \
    X(OPEN, "open") /* target takes in, source gives away */ \
    X(COPY, "copy") /* all keys, batch by batch */           \
    X(OWN, "own")   /* the target is the owner: on the target, then elsewhere */

enum live_step {
#define X(name, text) LIVE_STEP_##name,
    LIVE_STEP_MAP(X)
#undef X
        LIVE_STEPS
};
const char *live_step_text(enum live_step step);

enum live_fate {
    LIVE_FATE_RUNNING,
    LIVE_FATE_DONE,
    LIVE_FATE_CANCELLED,
    LIVE_FATE_FAILED,
    LIVE_FATE_SETTLED /* found unfinished and brought to order */
};

struct live_journal_move {
    uint64_t id;
    uint16_t first, last; /* slots */
    uint16_t from, to;    /* shards */
    /* The slot of the last step there was (stepped), and whether its hand-over is not known to have
     * ended; from and to of it, which a move on its way back has the other way round. */
    bool stepped, in_work;
    uint16_t slot, slot_from, slot_to;
};

struct live_journal_step {
    uint64_t move;
    enum live_step step;
    uint16_t slot, from, to;
};

/* `holder` names this process for people. REFUSED: another mover holds the lease (who, in diag). */
FORE_MUST_USE enum fore_err live_journal_open(const char *path, const char *holder,
                                              uint32_t lease_ms, struct live_journal **out,
                                              struct fore_diag *diag);
void live_journal_close(struct live_journal *journal);
/* Call at least every third of lease_ms. REFUSED: the lease went to somebody else. */
FORE_MUST_USE enum fore_err live_journal_renew(struct live_journal *journal);
uint64_t live_journal_token(const struct live_journal *journal);

FORE_MUST_USE enum fore_err live_journal_begin(struct live_journal *journal,
                                               struct live_journal_move *move);
/* Before a step; `id` names it. Results that are due are written in the same transaction. */
FORE_MUST_USE enum fore_err live_journal_step(struct live_journal *journal,
                                              const struct live_journal_step *step, uint64_t *id);
/* Before the first of several: one transaction, one wait for the disk. id[count]. The journal takes
 * the last one for where the move is, and what was written with it for what is in work. */
enum { LIVE_STEPS_MAX = 192 };
FORE_MUST_USE enum fore_err live_journal_steps(struct live_journal *journal,
                                               const struct live_journal_step *step, uint32_t count,
                                               uint64_t *id);
/* Before each of those but the first: OK while the lease is ours. REFUSED; IO. Writes nothing. */
FORE_MUST_USE enum fore_err live_journal_held(struct live_journal *journal);
/* After it; on disk with the next step, end or renewal. */
FORE_MUST_USE enum fore_err live_journal_result(struct live_journal *journal, uint64_t id,
                                                enum fore_err result);
FORE_MUST_USE enum fore_err live_journal_end(struct live_journal *journal, uint64_t move,
                                             enum live_fate fate);
/* Moves that have begun and not ended, oldest first; returns how many, at most `cap` are told. */
size_t live_journal_unfinished(struct live_journal *journal, struct live_journal_move *out,
                               size_t cap);

/* The slots of the steps that were written together with a move's last one and go the same way;
 * returns how many, at most `cap`. What is read is not judged: a file may be damaged. */
size_t live_journal_in_work(struct live_journal *journal, const struct live_journal_move *move,
                            uint16_t *slot, size_t cap);

FORE_MUST_USE enum fore_err live_journal_remember(struct live_journal *journal, const char *id,
                                                  uint16_t shard);
void live_journal_remembered(struct live_journal *journal,
                             void (*each)(void *self, const char *id, uint16_t shard), void *self);

#endif
