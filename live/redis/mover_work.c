/* mover_work.c - see mover_inside.h: slots are weighed, and group by group opened, copied and
 * owned, each step in the journal before it is done. */
#include "live/redis/mover_inside.h"

#include "live/base/clock.h"
#include "live/redis/carry.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum {
    WEIGH_MS = 2,
    LIGHT_MS = 30000, /* so long a weight is believed */
    LIGHT_PART = 16,  /* of what travels alone: so large may a key be that is not weighed again */
    ALONE = 1 << 20,
    DWELL_MS = 1000,
    RENEW_LOOK_MS = 20,
    RENEW_OPEN_MS = 1500, /* how long slots in work wait for it */
    GROUP_KEYS = 1500,
    GROUP_KEYS_WHOLE = 5000, /* none of them is open for as long as a group takes */
    STEP_KEYS = 1000,
    STEP_SLOTS = 16, /* as many as are named at once */
    STEP_MS = 8,
    HEAR_MS = 1 /* then others have their turn */
};

/* What batches aim at, within these. */
static const double weigh_stall_most_ms = 0.4, weigh_stall_least_ms = 0.2;

static uint32_t or_else(uint32_t wish, uint32_t other)
{
    return wish != 0 ? wish : other;
}

/* ---- the journal -------------------------------------------------------------------------- */

static bool refused(struct live_mover *mover, enum fore_err err)
{
    mover->fenced |= err == FORE_E_REFUSED;
    return live_mover_freeze(mover, mover->fenced ? "the lease went to another mover"
                                                  : "the journal cannot be written");
}

/* All that will be done to the slots in work, before the first of it. */
static enum fore_err write_intents(struct live_mover *mover, struct live_move *move)
{
    const struct live_group *group = &move->group;
    struct live_journal_step row[LIVE_GROUP_MAX * LIVE_STEPS];
    uint64_t id[LIVE_GROUP_MAX * LIVE_STEPS];
    uint32_t count = 0;
    for (uint32_t i = 0; i < group->count; i++)
        for (int s = 0; s < LIVE_STEPS; s++)
            row[count++] = (struct live_journal_step){.move = move->id,
                                                      .step = (enum live_step)s,
                                                      .slot = group->slot[i].slot,
                                                      .from = group->from,
                                                      .to = group->to};
    FORE_TRY(live_journal_steps(mover->journal, row, count, id));
    memcpy(move->step_id, id, count * sizeof id[0]);
    return FORE_E_OK;
}

static void tell_hook(struct live_mover *mover, const struct live_move *move, enum live_step step,
                      const bool *which, bool after)
{
    if (mover->options.at_step == NULL) return;
    for (uint32_t i = 0; i < move->group.count; i++)
        if (which[i])
            mover->options.at_step(mover->options.at_step_self, step, move->group.slot[i].slot,
                                   after);
}

/* A step may be done: it is in the journal, and the lease is ours. */
static bool intend(struct live_mover *mover, struct live_move *move, enum live_step step,
                   const bool *which)
{
    enum fore_err err = move->step_id[0][LIVE_STEP_OWN] == 0 ? write_intents(mover, move)
                                                             : live_journal_held(mover->journal);
    if (err != FORE_E_OK) return refused(mover, err);
    tell_hook(mover, move, step, which, false);
    return true;
}

static void record(struct live_mover *mover, struct live_move *move, enum live_step step,
                   const bool *which, enum fore_err result)
{
    tell_hook(mover, move, step, which, true);
    for (uint32_t i = 0; i < move->group.count; i++) {
        if (!which[i] || move->step_id[i][step] == 0) continue; /* an earlier run's */
        enum fore_err err = live_journal_result(mover->journal, move->step_id[i][step], result);
        mover->fenced |= err == FORE_E_REFUSED; /* otherwise the next intent fails and says so */
    }
}

void live_mover_end(struct live_mover *mover, struct live_move *move, enum live_move_phase phase,
                    enum live_fate fate)
{
    enum fore_err err = live_journal_end(mover->journal, move->id, fate);
    if (err == FORE_E_OK)
        move->phase = phase;
    else
        (void)live_mover_freeze(mover, "the journal cannot be written");
}

/* ---- what the target believes -------------------------------------------------------------- */

bool live_mover_renewed(struct live_mover *mover, struct live_move *move)
{
    bool back = move->open ? move->open_back : move->phase == LIVE_MOVE_GOING_BACK;
    struct live_renew_range range = {.from = back ? move->to : move->from,
                                     .to = back ? move->from : move->to};
    range.first = back ? move->first : (uint16_t)move->next;
    range.last = back ? (uint16_t)(move->next - 1) : move->last;
    struct fore_diag diag = {0};
    enum fore_err err = live_renew(mover->cluster, &range, &move->renewal, &diag);
    if (err == FORE_E_CONFLICT) {
        move->renewal.done = true;
        mover->counts.unrenewed++;
        live_mover_note(move, &diag, err);
    }
    if (err == FORE_E_OK || err == FORE_E_CONFLICT) return true;
    if (err == FORE_E_AGAIN)
        live_mover_note(move, &diag, err);
    else
        live_mover_trouble(mover, move, &diag, err);
    return false;
}

/* Looks at it every now and then only. */
static bool renewed_meanwhile(struct live_mover *mover, struct live_move *move)
{
    if (move->renewal.done) return true;
    if (live_clock_ms() < move->renew_due_ms) return false;
    bool heard = live_mover_renewed(mover, move);
    move->renew_due_ms = live_clock_ms() + RENEW_LOOK_MS;
    return heard;
}

/* ---- weighing ----------------------------------------------------------------------------- */

static double key_limit_bytes(const struct live_mover *mover)
{
    const struct live_mover_options *o = &mover->options;
    double ms = o->node_timeout_ms != 0 ? o->node_timeout_ms : 15000;
    return (o->big_bytes_per_ms > 0 ? o->big_bytes_per_ms : 25000) * ms / 4;
}

static void fail(struct live_mover *mover, struct live_move *move, uint32_t slot, uint64_t largest)
{
    (void)snprintf(move->why, sizeof move->why,
                   "slot %u holds a key of %llu bytes: moving it might hold its node up for more "
                   "than a quarter of the node timeout",
                   (unsigned)slot, (unsigned long long)largest);
    live_mover_end(mover, move, LIVE_MOVE_FAILED, LIVE_FATE_FAILED);
}

static void note_weight(struct live_mover *mover, uint32_t slot, const struct live_slot_size *size)
{
    uint64_t alone = mover->options.slot.alone_bytes;
    if (alone == 0) alone = ALONE;
    mover->weight[slot] = (struct live_weight){.keys = size->keys,
                                               .bytes = size->bytes,
                                               .at_ms = live_clock_ms(),
                                               .light = size->largest <= alone / LIGHT_PART};
}

/* False: it cannot be moved. */
static bool take_weight(struct live_mover *mover, struct live_move *move,
                        const struct live_slot_size *size)
{
    move->keys_total += size->keys;
    move->bytes_total += size->bytes;
    note_weight(mover, move->weighed, size);
    if ((double)size->largest > key_limit_bytes(mover)) {
        fail(mover, move, move->weighed, size->largest);
        return false;
    }
    move->weighed++;
    return true;
}

/* How many in one call, which holds the source up until the last has been weighed. */
static uint32_t weigh_fits(const struct live_move *move)
{
    double aim = move->pace.options.stall_ms * move->pace.ease;
    double stall = fmin(fmax(aim, weigh_stall_least_ms), weigh_stall_most_ms);
    uint32_t count = (uint32_t)fmin(stall / fmax(move->weigh_ms, 1e-3), LIVE_WEIGH_MAX);
    return count == 0 || !(move->weigh_ms > 0) ? 1 : count;
}

static uint32_t weigh_at_once(const struct live_move *move)
{
    uint32_t left = move->last - move->weighed + 1u, count = weigh_fits(move);
    return count < left ? count : left;
}

static void learn_weighing(struct live_move *move, uint32_t count, double ms)
{
    double each = ms / count, weight = move->weigh_ms > 0 ? 0.2 : 1;
    move->weigh_ms += weight * (each - move->weigh_ms);
}

bool live_mover_weigh(struct live_mover *mover, struct live_move *move)
{
    struct live_instance *from = live_cluster_primary(mover->cluster, move->from);
    struct fore_diag diag = {0};
    uint64_t until = live_clock_ms() + WEIGH_MS;
    while (move->weighed <= move->last && live_clock_ms() < until) {
        struct live_slot_size size[LIVE_WEIGH_MAX];
        uint32_t count = weigh_at_once(move);
        fore_ns began = live_clock_now();
        enum fore_err err =
            from == NULL ? FORE_E_UNREACHABLE
                         : live_slot_weigh(&from->link, (uint16_t)move->weighed, count, size);
        if (err != FORE_E_OK) {
            live_mover_trouble(mover, move, &diag, err);
            return true;
        }
        learn_weighing(move, count, (double)(live_clock_now() - began) / 1e6);
        for (uint32_t i = 0; i < count; i++)
            if (!take_weight(mover, move, &size[i])) return true;
    }
    bool heard = renewed_meanwhile(mover, move); /* which takes a moment, and needs nobody */
    if (move->weighed <= move->last) return true;
    if (!heard) return false;
    move->phase = LIVE_MOVE_MOVING;
    return true;
}

/* ---- which slots -------------------------------------------------------------------------- */

static bool has_dwelt(const struct live_mover *mover, uint32_t slot)
{
    return live_clock_ms() >= mover->changed_ms[slot] + or_else(mover->options.dwell_ms, DWELL_MS);
}

uint32_t live_mover_dwells_ms(const struct live_mover *mover, uint16_t first, uint16_t last)
{
    uint64_t now = live_clock_ms(), until = now;
    for (uint32_t slot = first; slot <= last; slot++) {
        uint64_t may = mover->changed_ms[slot] + or_else(mover->options.dwell_ms, DWELL_MS);
        if (mover->changed_ms[slot] != 0 && may > until) until = may;
    }
    return (uint32_t)(until - now);
}

static struct live_group_slot as_weighed(const struct live_mover *mover, uint32_t slot)
{
    const struct live_weight *weight = &mover->weight[slot];
    bool fresh = weight->at_ms != 0 && live_clock_ms() < weight->at_ms + LIGHT_MS;
    return (struct live_group_slot){.slot = (uint16_t)slot,
                                    .light = fresh && weight->light,
                                    .keys = weight->keys,
                                    .bytes = weight->bytes};
}

/* What was weighed too long ago, just before it moves: some slots in one call. */
static void weigh_anew(struct live_mover *mover, const struct live_move *move, uint32_t slot)
{
    bool back = move->phase == LIVE_MOVE_GOING_BACK;
    struct live_instance *from = live_cluster_primary(mover->cluster, back ? move->to : move->from);
    struct live_slot_size size[LIVE_WEIGH_MAX];
    uint64_t now = live_clock_ms();
    uint32_t most = weigh_fits(move), left = back ? slot - move->first + 1 : move->last - slot + 1u;
    uint32_t count = most < left ? most : left, first = back ? slot - count + 1 : slot;
    if (from == NULL || mover->weight[slot].at_ms + LIGHT_MS > now) return;
    if (live_slot_weigh(&from->link, (uint16_t)first, count, size) != FORE_E_OK) return;
    for (uint32_t i = 0; i < count; i++)
        note_weight(mover, first + i, &size[i]);
}

/* Both ends can, as far as is known; slots that suit are not open for as long as the group is. */
static bool carries(const struct live_group *group)
{
    const struct live_instance *from = live_cluster_primary(group->cluster, group->from);
    const struct live_instance *to = live_cluster_primary(group->cluster, group->to);
    return group->carries && from != NULL && to != NULL && from->carries && to->carries;
}

bool live_mover_choose(struct live_mover *mover, struct live_move *move)
{
    bool back = move->phase == LIVE_MOVE_GOING_BACK;
    uint64_t keys = 0;
    struct live_group *group = &move->group;
    uint32_t left = back ? move->next - move->first : move->last - move->next + 1u;
    uint32_t most = or_else(mover->options.group_slots, LIVE_GROUP_MAX);
    *group = (struct live_group){.cluster = mover->cluster,
                                 .from = back ? move->to : move->from,
                                 .to = back ? move->from : move->to,
                                 .carries = !mover->options.slot.migrate_only};
    if (most > LIVE_GROUP_MAX) most = LIVE_GROUP_MAX;
    for (uint32_t i = 0; i < left && group->count < most; i++) {
        uint32_t slot = back ? move->next - 1 - i : move->next + i;
        weigh_anew(mover, move, slot);
        struct live_group_slot next = as_weighed(mover, slot);
        bool whole = carries(group) && live_carry_suits(&next);
        uint32_t keys_most =
            or_else(mover->options.group_keys, whole ? GROUP_KEYS_WHOLE : GROUP_KEYS);
        keys += next.keys;
        if (!has_dwelt(mover, slot) || (group->count > 0 && keys > keys_most)) break;
        if (group->count >= LIVE_GROUP_OPEN_MAX && !whole) break;
        group->slot[group->count++] = next;
    }
    return group->count > 0;
}

/* ---- the slots in work -------------------------------------------------------------------- */

static void has_come(struct live_mover *mover, struct live_group_slot *slot)
{
    mover->changed_ms[slot->slot] = live_clock_ms();
    mover->counts.slots += !slot->counted;
    slot->counted = true;
}

static void end_of_group(struct live_mover *mover, struct live_move *move)
{
    for (uint32_t i = 0; i < move->group.count; i++)
        has_come(mover, &move->group.slot[i]);
    move->next += move->open_back ? 0 - move->group.count : move->group.count;
    move->open = false;
    move->group.count = 0;
    memset(move->step_id, 0, sizeof move->step_id);
}

/* Has the target been told that a closed slot in work is a third one's, and not heard otherwise? */
static bool waits_to_hear(struct live_mover *mover, const struct live_move *move)
{
    for (uint32_t i = 0; i < move->group.count; i++) {
        bool waits = false;
        struct live_slot slot = live_group_at(&move->group, i);
        struct live_renew_range one = {
            .first = slot.slot, .last = slot.slot, .from = slot.from, .to = slot.to};
        if (!live_slot_is_closed(&slot)) continue;
        if (live_renew_waits(mover->cluster, &one, &waits) != FORE_E_OK || waits) return true;
    }
    return false;
}

/* A new primary of the target's shard has to hear of it as well, before it takes the slots in; but
 * clients that are sent to the old one wait until it does, so not for long. Except where the target
 * has been told already: then taking the slots in would do the harm (renew.h). */
static bool renewed_in_work(struct live_mover *mover, struct live_move *move)
{
    bool closed = false;
    for (uint32_t i = 0; i < move->group.count; i++) {
        struct live_slot slot = live_group_at(&move->group, i);
        closed |= live_slot_is_closed(&slot);
    }
    if (!closed || live_mover_renewed(mover, move)) return true;
    return move->renewal.begun && live_clock_ms() > move->renewal.begun_ms + RENEW_OPEN_MS &&
           !waits_to_hear(mover, move);
}

bool live_mover_settle(struct live_mover *mover, struct live_move *move)
{
    struct fore_diag diag = {0};
    if (live_heir_uncover(&move->group) > 0) mover->counts.heirs++;
    if (!renewed_in_work(mover, move)) return false;
    enum fore_err err = live_group_settle(&move->group, &diag);
    if (err != FORE_E_OK) {
        live_mover_trouble(mover, move, &diag, err);
        return false;
    }
    move->trouble = false;
    if (live_group_owned(&move->group)) end_of_group(mover, move);
    return true;
}

void live_mover_open(struct live_mover *mover, struct live_move *move)
{
    bool all[LIVE_GROUP_MAX];
    memset(all, true, sizeof all);
    if (!intend(mover, move, LIVE_STEP_OPEN, all)) return;
    move->open_back = move->phase == LIVE_MOVE_GOING_BACK;
    move->open = true;
    bool settled = live_mover_settle(mover, move);
    if (!move->open) return; /* all were there already */
    record(mover, move, LIVE_STEP_OPEN, all, settled ? FORE_E_OK : FORE_E_AGAIN);
    if (settled && !intend(mover, move, LIVE_STEP_COPY, all)) move->trouble = true;
}

/* Those that are drained pass to the target. False: trouble, or the lease or the journal is lost.
 */
static bool name(struct live_mover *mover, struct live_move *move, const bool *next)
{
    struct fore_diag diag = {0};
    record(mover, move, LIVE_STEP_COPY, next, FORE_E_OK);
    if (!intend(mover, move, LIVE_STEP_OWN, next)) return false;
    enum fore_err err = live_group_name(&move->group, &diag);
    if (err == FORE_E_OK) return true;
    live_mover_trouble(mover, move, &diag, err);
    return false;
}

/* Closes what was named. */
static void own(struct live_mover *mover, struct live_move *move)
{
    struct fore_diag diag = {0};
    bool named[LIVE_GROUP_MAX] = {false}, done[LIVE_GROUP_MAX] = {false};
    bool left[LIVE_GROUP_MAX] = {false};
    for (uint32_t i = 0; i < move->group.count; i++)
        named[i] = move->group.slot[i].named;
    enum fore_err err = live_group_own(&move->group, &diag);
    for (uint32_t i = 0; i < move->group.count; i++) {
        done[i] = named[i] && move->group.slot[i].owned;
        left[i] = named[i] && !done[i];
        if (done[i]) has_come(mover, &move->group.slot[i]);
    }
    record(mover, move, LIVE_STEP_OWN, done, FORE_E_OK);
    record(mover, move, LIVE_STEP_OWN, left, FORE_E_AGAIN);
    if (err != FORE_E_OK)
        live_mover_trouble(mover, move, &diag, err);
    else if (live_group_owned(&move->group))
        end_of_group(mover, move);
}

void live_mover_pass_on(struct live_mover *mover)
{
    for (uint32_t i = 0; i < LIVE_MOVES_MAX && !mover->fenced; i++) {
        struct live_move *move = &mover->move[i];
        if (!live_move_busy(move) || !move->open || !live_group_named(&move->group)) continue;
        enum fore_err held = live_journal_held(mover->journal);
        if (held == FORE_E_OK)
            own(mover, move);
        else
            (void)refused(mover, held);
    }
}

static void account(struct live_mover *mover, struct live_move *move,
                    const struct live_batch *batch)
{
    live_pace_learn(&move->pace, batch->keys, batch->bytes, batch->stall_ms);
    live_pace_spend(&move->pace, batch->bytes);
    mover->counts.batches++;
    mover->counts.keys += batch->keys;
    mover->counts.bytes += batch->bytes;
    if (!move->open_back) {
        move->keys_done += batch->keys;
        move->bytes_done += batch->bytes;
        live_digest_add(&move->out, &batch->out);
        live_digest_add(&move->in, &batch->in);
        live_digest_add(&move->strange, &batch->strange);
        move->unchecked += batch->unchecked;
    } else {
        move->bytes_done -= batch->bytes < move->bytes_done ? batch->bytes : move->bytes_done;
    }
}

static struct live_group_limits limits_of(const struct live_mover *mover,
                                          const struct live_move *move, uint64_t room)
{
    return (struct live_group_limits){.slots = STEP_SLOTS,
                                      .batch_keys = live_pace_keys(&move->pace),
                                      .keys = or_else(mover->options.step_keys, STEP_KEYS),
                                      .ms = STEP_MS,
                                      .bytes = room,
                                      .rest = live_pace_rest(&move->pace)};
}

static void copy(struct live_mover *mover, struct live_move *move, uint64_t room)
{
    struct live_group_copied copied;
    struct fore_diag diag = {0};
    struct live_slot_options options = mover->options.slot;
    struct live_group_limits limits = limits_of(mover, move, room);
    options.wait_replicas = mover->options.need_replica && live_mover_has_replicas(mover, move);
    enum fore_err err = live_carry_due(&move->group)
                            ? live_carry(&move->group, &options, &limits, &copied, &diag)
                            : live_group_copy(&move->group, &options, &limits, &copied, &diag);
    for (uint32_t i = 0; i < copied.count; i++)
        account(mover, move, &copied.batch[i]);
    mover->counts.unreplicated += copied.unreplicated;
    if (err != FORE_E_OK) live_mover_trouble(mover, move, &diag, err);
    /* A replica that does not follow is waited for, with at most these keys at stake. */
    if (copied.unreplicated && mover->options.need_replica) mover->view_due = true;
}

/* What was named is closed as soon as the source has heard of it; after trouble at once. */
static bool close_named(struct live_mover *mover, struct live_move *move, bool copied)
{
    if (!live_group_named(&move->group)) return false;
    if (!move->trouble && !live_group_heard(&move->group, copied ? 0 : HEAR_MS)) return false;
    own(mover, move);
    return true;
}

bool live_mover_copy(struct live_mover *mover, struct live_move *move)
{
    bool next[LIVE_GROUP_MAX], any = false, fine = true, copied = false;
    uint64_t room =
        live_pace_room_for(&move->pace, live_carry_bytes(&move->group), live_clock_ms());
    if (room == 0 && !live_group_named(&move->group)) return false;
    enum fore_err held = live_journal_held(mover->journal);
    if (held != FORE_E_OK) return refused(mover, held);
    if (room == 0) return close_named(mover, move, true);
    live_group_next(&move->group, next);
    for (uint32_t i = 0; i < move->group.count; i++)
        any |= next[i];
    if (any) fine = name(mover, move, next);
    if (fine && !live_group_drained(&move->group)) {
        copy(mover, move, room);
        copied = true;
    }
    return close_named(mover, move, copied) || any || copied;
}
