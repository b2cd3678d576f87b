/*
 * mover.h - moves of slot ranges between shards: slots in order, a group of them open at a time in
 * each move (group.h).
 *
 *   WEIGHING -> MOVING -> READY -> FINISHED        every slot of the range is the target's at READY
 *       |          |        |
 *       +--FAILED  +--------+--> GOING_BACK -> BACK     a slot in work is finished first: keys are
 *                                                  only ever moved the way the flags point
 *
 * live_mover_step() does one small piece of one move and returns: weighs some slots, or opens a
 * group, or sends some batches, or passes ownership. What will be done to a group is in the journal
 * before the first of it, all three steps of all its slots in one transaction (a wait for the disk
 * is as long as a batch) together with what is known of the group before; and the lease is looked
 * at before each piece. Nothing is touched while an instance is suspected, a slot has no owner, or
 * a shard of the move has no replica in sync (where that is asked for); after any trouble the
 * cluster is looked at again, as a whole, and the slots in work are brought to order before the
 * move goes on. A slot that has just come stays for a while, because Redis 7.0 is not safe against
 * one that goes forth and back faster than its gossip: a message from the short time in between,
 * read late, takes the slot from its owner whatever the epochs, and the owner throws its keys away
 * (seen with slots that came back within some 10 ms). A slot that had passed may be lost when the
 * new owner dies before its replica has heard of it: then nobody claims it, and the shard that has
 * its keys is told to. So the same code finishes a move after a lost link, after a failover, and,
 * by live_mover_recover(), after the mover itself died.
 */
#ifndef LIVE_MOVER_H
#define LIVE_MOVER_H

#include "live/redis/epochs.h"
#include "live/redis/group.h"
#include "live/redis/heir.h"
#include "live/redis/journal.h"
#include "live/redis/renew.h"
#include "live/redis/slot.h"
#include "live/redis/steer.h"

enum { LIVE_MOVES_MAX = 32 };

struct live_mover_options {
    struct live_pace_options pace;
    struct live_slot_options slot;
    struct live_steer_options steer; /* throttle on what clients feel; zeroed: none */
    bool need_replica;               /* both shards must have one in sync, always */
    uint32_t
        node_timeout_ms;     /* the cluster's; a key may hold its node up for a quarter; 0: 15000 */
    double big_bytes_per_ms; /* what MIGRATE of one key takes at least; 0: 25000 */
    double strange_max;      /* share of keys that may differ after the journey; 0: 0.01 */
    uint32_t refresh_ms;     /* the cluster is looked at this often; 0: 200 */
    uint32_t dwell_ms;       /* a slot stays where it has come to for so long; 0: 1000 */
    uint32_t group_slots;    /* in work at a time in a move; 0, and at most: LIVE_GROUP_MAX */
    uint32_t group_keys;     /* in them: no further slot with keys beyond; 0: 1500, or 5000 */
    uint32_t step_keys;      /* no further batch in a step beyond, nor before WAIT; 0: 1000 */
    bool adopt;              /* recovery takes over what others left half done */
    /* For tests: called after the journal has the intent (after = false) or before it is told
     * the result (after = true) of a step. */
    void (*at_step)(void *self, enum live_step step, uint16_t slot, bool after);
    void *at_step_self;
};

#define LIVE_MOVE_PHASE_MAP(X)  \
    X(FREE, "free")             \
    X(WEIGHING, "weighing")     \
    X(MOVING, "moving")         \
    X(READY, "ready")           \
    X(FINISHED, "finished")     \
    X(GOING_BACK, "going back") \
    X(BACK, "back")             \
    X(FAILED, "failed")         \
    X(SETTLING, "settling")

enum live_move_phase {
#define X(name, text) LIVE_MOVE_##name,
    LIVE_MOVE_PHASE_MAP(X)
#undef X
};
const char *live_move_phase_text(enum live_move_phase phase);

struct live_move {
    uint64_t id; /* the journal's */
    enum live_move_phase phase;
    uint16_t first, last, from, to; /* slots; shards */
    uint32_t next;                  /* the first slot of the range that is not the target's yet */
    uint32_t weighed;               /* the first slot not weighed yet */
    double weigh_ms;                /* what weighing one takes, by moving average */
    bool open, open_back;           /* slots are in work: the group; they are on their way back */
    bool trouble;                   /* look at the cluster and settle before going on */
    bool paused;
    bool begun;                                   /* it has begun to hand slots over */
    struct live_renewal renewal;                  /* of the side that the slots go to */
    uint64_t renew_due_ms;                        /* it is looked at again then */
    struct live_group group;                      /* in work; none unless open */
    struct live_heir heir;                        /* of the side that gives them away */
    uint64_t step_id[LIVE_GROUP_MAX][LIVE_STEPS]; /* in the journal; 0: an earlier run's */
    struct live_pace pace;
    uint64_t keys_total, bytes_total, keys_done, bytes_done;
    struct live_digest out, in, strange; /* see struct live_batch */
    uint64_t unchecked;
    char why[200]; /* of the last trouble, or of the failure */
};

struct live_mover_counts {
    uint64_t batches, keys, bytes, slots, troubles, frozen_steps, unreplicated, reclaimed,
        unrenewed, /* moves whose target could not be made to hear anew: see renew.h */
        heirs;     /* were told what their primaries had been giving away: see heir.h */
};

struct live_weight { /* of a slot, when it was weighed */
    uint64_t keys, bytes;
    uint64_t at_ms; /* 0: never */
    bool light;     /* no key is large, nor will be in a moment */
};

struct live_mover {
    struct live_cluster *cluster;
    struct live_journal *journal;
    struct live_mover_options options;
    struct live_move move[LIVE_MOVES_MAX];
    uint64_t changed_ms[FORE_SLOT_COUNT]; /* when it last came to another owner, for all we know */
    struct live_weight weight[FORE_SLOT_COUNT];
    struct live_steer steer;
    struct live_epochs epochs; /* of the ends of its moves */
    fore_ns rest_until;        /* a pause that the throttle wants */
    uint32_t turn;
    uint64_t refreshed_ms;
    uint64_t lost_since_ms; /* slots that nobody claims have been seen since; 0: none */
    bool view_due;          /* refresh before anything else */
    bool held;        /* no slot is opened in any move; those in work are brought to their end */
    bool fenced;      /* the lease is somebody else's: nothing is done any more */
    char frozen[200]; /* why nothing moves just now; "" when it does */
    struct live_mover_counts counts;
};

void live_mover_init(struct live_mover *mover, struct live_cluster *cluster,
                     struct live_journal *journal, const struct live_mover_options *options);
void live_mover_fini(struct live_mover *mover); /* its probes end */
/* Takes up what the journal knows to be unfinished: slots in work are brought to an end, the rest
 * of such a move is left where it is. Returns how many. Steps do the work. */
uint32_t live_mover_recover(struct live_mover *mover);
/* Takes over somebody else's half-done work at one slot, as one that is to be brought to its end:
 * where both ends are known and one of them owns the slot. Recovery does so for all of them where
 * `adopt` says so, and without it nobody does. CONFLICT: it is not that clear whose it is, or a
 * move of ours is about it; REFUSED: too many at once; IO: the journal. */
FORE_MUST_USE enum fore_err live_mover_adopt(struct live_mover *mover, const struct live_open *open,
                                             struct fore_diag *diag);
/* Flags of open slots that no move of ours accounts for: somebody else's half-done work. */
uint32_t live_mover_strangers(const struct live_mover *mover, struct live_open *out, uint32_t cap);

/* How long until these slots have all been where they are for dwell_ms: before that no move takes
 * them up. */
uint32_t live_mover_dwells_ms(const struct live_mover *mover, uint16_t first, uint16_t last);
/* `index` names the move until it is released. CONFLICT: the range is not all of shard `from`, or
 * overlaps with another move; REFUSED: no replica in sync; RANGE; IO: the journal. */
FORE_MUST_USE enum fore_err live_mover_begin(struct live_mover *mover,
                                             const struct live_journal_move *move,
                                             double bytes_per_sec_max, uint32_t *index,
                                             struct fore_diag *diag);
/* Closes what was named (group.h): to be called before anybody looks at the cluster. */
void live_mover_pass_on(struct live_mover *mover);
/* One piece of work. False: there was nothing to do, or nothing may be done. */
bool live_mover_step(struct live_mover *mover);
void live_mover_limit(struct live_mover *mover, uint32_t index, double bytes_per_sec_max);
/* Holds everything and brings the slots in work to their end, for the end of a run. False: some are
 * open still, after so long or because nothing may be done; the next recovery settles them. */
bool live_mover_rest(struct live_mover *mover, uint64_t most_ms);
/* A paused move opens no further slot; those in work are brought to their end. */
void live_mover_pause(struct live_mover *mover, uint32_t index, bool pause);
/* Turns round. The move is BACK when every slot is the source's again. */
void live_mover_cancel(struct live_mover *mover, uint32_t index);
/* READY -> FINISHED: what has come stays. */
FORE_MUST_USE enum fore_err live_mover_finish(struct live_mover *mover, uint32_t index);
/* Forgets a move that is FINISHED, BACK or FAILED. */
void live_mover_release(struct live_mover *mover, uint32_t index);
/* Something is left to do for it. */
bool live_move_busy(const struct live_move *move);
/* Were all keys the same after their journey, but for what clients may have changed? */
bool live_move_adds_up(const struct live_mover *mover, const struct live_move *move);

#endif
