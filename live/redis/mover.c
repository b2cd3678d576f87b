/* mover.c - see mover.h: the state machine. Admission, recovery and questions are in moves.c. */
#include "live/redis/mover.h"

#include "live/base/clock.h"

#include <stdio.h>
#include <string.h>

enum {
    WEIGH_SLOTS = 64,
    REFRESH_MS = 200,
    RECLAIM_AFTER_MS = 300,
    DWELL_MS = 1000,
    RENEW_OPEN_MS = 1500 /* how long a slot in work waits for it */
};

static void note(struct live_move *move, const struct fore_diag *diag, enum fore_err err)
{
    (void)snprintf(move->why, sizeof move->why, "%.199s",
                   diag->text[0] != '\0' ? diag->text : fore_err_text(err));
}

/* The slot in work, and which way. */
static struct live_slot work_of(const struct live_mover *mover, const struct live_move *move)
{
    bool back = move->open ? move->open_back : move->phase == LIVE_MOVE_GOING_BACK;
    return (struct live_slot){.cluster = mover->cluster,
                              .slot = (uint16_t)(back ? move->next - 1 : move->next),
                              .from = back ? move->to : move->from,
                              .to = back ? move->from : move->to};
}

/* ---- trouble, and when nothing may be done ------------------------------------------------ */

static void trouble(struct live_mover *mover, struct live_move *move, const struct fore_diag *diag,
                    enum fore_err err)
{
    move->trouble = true;
    mover->view_due = true;
    mover->counts.troubles++;
    note(move, diag, err);
}

static bool freeze(struct live_mover *mover, const char *why)
{
    (void)snprintf(mover->frozen, sizeof mover->frozen, "%.199s", why);
    mover->counts.frozen_steps++;
    return false;
}

static bool look_at_cluster(struct live_mover *mover)
{
    uint32_t every = mover->options.refresh_ms != 0 ? mover->options.refresh_ms : REFRESH_MS;
    uint64_t now = live_clock_ms();
    struct fore_diag diag = {0};
    if (!mover->view_due && now < mover->refreshed_ms + every) return true;
    uint64_t changes = mover->cluster->changes;
    if (live_cluster_refresh(mover->cluster, &diag) != FORE_E_OK) return freeze(mover, diag.text);
    mover->refreshed_ms = live_clock_ms();
    mover->view_due = false;
    if (mover->cluster->changes == changes) return true;
    /* Roles, epochs or owners are not what they were: every slot in work is looked at anew. */
    for (uint32_t i = 0; i < LIVE_MOVES_MAX; i++)
        if (mover->move[i].open) mover->move[i].trouble = true;
    return true;
}

static bool have_replicas(const struct live_mover *mover, const struct live_move *move)
{
    const struct live_shard *shard = mover->cluster->shard;
    return shard[move->from].replicas_in_sync > 0 && shard[move->to].replicas_in_sync > 0;
}

/* The unfinished move in whose range a slot is. */
static struct live_move *move_about(struct live_mover *mover, uint32_t slot)
{
    for (uint32_t i = 0; i < LIVE_MOVES_MAX; i++) {
        struct live_move *move = &mover->move[i];
        bool unfinished = move->phase == LIVE_MOVE_READY || live_move_busy(move);
        if (unfinished && slot >= move->first && slot <= move->last) return move;
    }
    return NULL;
}

/* Slots of our moves that nobody claims, but the ones in work, go to the side they had come to. */
static void reclaim(struct live_mover *mover)
{
    struct live_cluster *cluster = mover->cluster;
    uint64_t now = live_clock_ms();
    if (mover->lost_since_ms == 0) mover->lost_since_ms = now;
    if (now < mover->lost_since_ms + RECLAIM_AFTER_MS) return; /* it may still be on its way */
    for (uint32_t slot = 0; slot < FORE_SLOT_COUNT; slot++) {
        if (cluster->own[slot] >= 0) continue;
        const struct live_move *move = move_about(mover, slot);
        if (move == NULL || (move->open && work_of(mover, move).slot == slot)) continue;
        struct live_slot lost = {
            .cluster = cluster, .slot = (uint16_t)slot, .from = move->from, .to = move->to};
        if (live_slot_claim(&lost, slot < move->next, NULL) == FORE_E_OK) mover->counts.reclaimed++;
    }
    mover->lost_since_ms = 0;
    mover->view_due = true;
}

/* A slot in work that nobody claims is what settling is for; any other keeps us away. And a slot
 * in work is brought to its end also when a failover has cost a shard its replica: while its keys
 * are in two places and an heir does not know of it, clients see some of them missing. */
static bool cluster_allows(struct live_mover *mover, const struct live_move *move)
{
    const struct live_cluster *cluster = mover->cluster;
    bool own_trouble = move->open && cluster->lost == 1 && cluster->contested == 0 &&
                       cluster->own[work_of(mover, move).slot] < 0;
    if (cluster->lost == 0)
        mover->lost_since_ms = 0;
    else if (!own_trouble && live_cluster_up(cluster))
        reclaim(mover);
    if (!live_cluster_healthy(cluster) && !own_trouble)
        return freeze(mover, "an instance is suspected, or a slot has no owner or two");
    if (mover->options.need_replica && !move->open && !have_replicas(mover, move))
        return freeze(mover, "a shard of the move has no replica in sync");
    mover->frozen[0] = '\0';
    return true;
}

/* ---- the journal -------------------------------------------------------------------------- */

static bool intend(struct live_mover *mover, struct live_move *move, enum live_step step)
{
    struct live_slot work = work_of(mover, move);
    struct live_journal_step row = {
        .move = move->id, .step = step, .slot = work.slot, .from = work.from, .to = work.to};
    enum fore_err err = live_journal_step(mover->journal, &row, &move->step_id);
    mover->fenced |= err == FORE_E_REFUSED;
    if (err != FORE_E_OK)
        return freeze(mover, mover->fenced ? "the lease went to another mover"
                                           : "the journal cannot be written");
    if (mover->options.at_step != NULL)
        mover->options.at_step(mover->options.at_step_self, step, work.slot, false);
    return true;
}

static void record(struct live_mover *mover, struct live_move *move, enum live_step step,
                   enum fore_err result)
{
    if (mover->options.at_step != NULL)
        mover->options.at_step(mover->options.at_step_self, step, work_of(mover, move).slot, true);
    enum fore_err err = live_journal_result(mover->journal, move->step_id, result);
    mover->fenced |= err == FORE_E_REFUSED; /* otherwise the next intent fails and says so */
}

static void end_move(struct live_mover *mover, struct live_move *move, enum live_move_phase phase,
                     enum live_fate fate)
{
    enum fore_err err = live_journal_end(mover->journal, move->id, fate);
    if (err == FORE_E_OK)
        move->phase = phase;
    else
        (void)freeze(mover, "the journal cannot be written");
}

/* ---- what the target believes -------------------------------------------------------------- */

/* The target hears anew who owns what is still to come to it. False: not yet. */
static bool renewed(struct live_mover *mover, struct live_move *move)
{
    struct live_slot work = work_of(mover, move);
    bool back = work.from == move->to;
    struct live_renew_range range = {.from = work.from, .to = work.to};
    range.first = back ? move->first : work.slot;
    range.last = back ? work.slot : move->last;
    struct fore_diag diag = {0};
    enum fore_err err = live_renew(mover->cluster, &range, &move->renewal, &diag);
    if (err == FORE_E_CONFLICT) {
        move->renewal.done = true;
        mover->counts.unrenewed++;
        note(move, &diag, err);
    }
    if (err == FORE_E_OK || err == FORE_E_CONFLICT) return true;
    if (err == FORE_E_AGAIN)
        note(move, &diag, err);
    else
        trouble(mover, move, &diag, err);
    return false;
}

/* ---- weighing ----------------------------------------------------------------------------- */

static double key_limit_bytes(const struct live_mover *mover)
{
    const struct live_mover_options *o = &mover->options;
    double ms = o->node_timeout_ms != 0 ? o->node_timeout_ms : 15000;
    return (o->big_bytes_per_ms > 0 ? o->big_bytes_per_ms : 25000) * ms / 4;
}

static void fail(struct live_mover *mover, struct live_move *move, const char *why)
{
    (void)snprintf(move->why, sizeof move->why, "%.199s", why);
    end_move(mover, move, LIVE_MOVE_FAILED, LIVE_FATE_FAILED);
}

/* False: the rest of it has to be waited for. */
static bool weigh(struct live_mover *mover, struct live_move *move)
{
    struct live_instance *from = live_cluster_primary(mover->cluster, move->from);
    struct fore_diag diag = {0};
    bool any = false; /* a piece of work is one slot with keys, or many without */
    for (int i = 0; i < WEIGH_SLOTS && move->weighed <= move->last && !any; i++) {
        struct live_slot_size size;
        enum fore_err err = from == NULL
                                ? FORE_E_UNREACHABLE
                                : live_slot_weigh(&from->link, (uint16_t)move->weighed, &size);
        if (err != FORE_E_OK) {
            trouble(mover, move, &diag, err);
            return true;
        }
        move->keys_total += size.keys;
        move->bytes_total += size.bytes;
        if ((double)size.largest > key_limit_bytes(mover)) {
            char why[160];
            (void)snprintf(why, sizeof why,
                           "slot %u holds a key of %llu bytes: moving it might hold its node up "
                           "for more than a quarter of the node timeout",
                           (unsigned)move->weighed, (unsigned long long)size.largest);
            fail(mover, move, why);
            return true;
        }
        any = size.keys > 0;
        move->weighed++;
    }
    if (move->weighed <= move->last) return true;
    if (!renewed(mover, move)) return false;
    move->phase = LIVE_MOVE_MOVING;
    return true;
}

/* ---- one slot ----------------------------------------------------------------------------- */

static void slot_is_done(struct live_mover *mover, struct live_move *move)
{
    mover->counts.slots++;
    mover->changed_ms[work_of(mover, move).slot] = live_clock_ms();
    move->next += move->open_back ? UINT32_MAX : 1; /* one down, or one up */
    move->open = false;
}

/* A new primary of the target's shard has to hear of it as well, before it takes the slot in; but
 * clients find keys missing until it does, so not for long. */
static bool renewed_in_work(struct live_mover *mover, struct live_move *move)
{
    struct live_slot work = work_of(mover, move);
    if (!live_slot_is_closed(&work) || renewed(mover, move)) return true;
    return move->renewal.begun && live_clock_ms() > move->renewal.begun_ms + RENEW_OPEN_MS;
}

/* Both ends show the flags that copying needs, or the slot is where it shall be. */
static bool settle(struct live_mover *mover, struct live_move *move)
{
    struct live_slot work = work_of(mover, move);
    struct fore_diag diag = {0};
    bool owned = false;
    if (!renewed_in_work(mover, move)) return false;
    enum fore_err err = live_slot_settle(&work, &owned, &diag);
    if (err != FORE_E_OK) {
        trouble(mover, move, &diag, err);
        return false;
    }
    move->trouble = false;
    if (owned) slot_is_done(mover, move);
    return true;
}

static bool has_dwelt(const struct live_mover *mover, const struct live_move *move)
{
    uint32_t ms = mover->options.dwell_ms != 0 ? mover->options.dwell_ms : DWELL_MS;
    return live_clock_ms() >= mover->changed_ms[work_of(mover, move).slot] + ms;
}

static void open_slot(struct live_mover *mover, struct live_move *move)
{
    if (!intend(mover, move, LIVE_STEP_OPEN)) return;
    move->open_back = move->phase == LIVE_MOVE_GOING_BACK;
    move->open = true;
    bool settled = settle(mover, move);
    record(mover, move, LIVE_STEP_OPEN, settled ? FORE_E_OK : FORE_E_AGAIN);
    if (settled && move->open && !intend(mover, move, LIVE_STEP_COPY)) move->trouble = true;
}

static void own_slot(struct live_mover *mover, struct live_move *move)
{
    struct live_slot work = work_of(mover, move);
    struct fore_diag diag = {0};
    record(mover, move, LIVE_STEP_COPY, FORE_E_OK);
    if (!intend(mover, move, LIVE_STEP_OWN)) return;
    enum fore_err err = live_slot_own(&work, &diag);
    record(mover, move, LIVE_STEP_OWN, err);
    if (err == FORE_E_OK)
        slot_is_done(mover, move);
    else
        trouble(mover, move, &diag, err);
}

static void account(struct live_mover *mover, struct live_move *move,
                    const struct live_batch *batch)
{
    live_pace_learn(&move->pace, batch->keys, batch->bytes, batch->stall_ms);
    live_pace_spend(&move->pace, batch->bytes);
    mover->counts.batches++;
    mover->counts.keys += batch->keys;
    mover->counts.bytes += batch->bytes;
    mover->counts.unreplicated += batch->unreplicated;
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

static bool copy_slot(struct live_mover *mover, struct live_move *move)
{
    struct live_slot work = work_of(mover, move);
    struct live_batch batch;
    struct fore_diag diag = {0};
    struct live_slot_options options = mover->options.slot;
    options.wait_replicas = mover->options.need_replica && have_replicas(mover, move);
    uint64_t room = live_pace_room(&move->pace, live_clock_ms());
    if (room == 0) return false;
    enum fore_err err =
        live_slot_copy(&work, &options, live_pace_keys(&move->pace), room, &batch, &diag);
    if (err != FORE_E_OK) {
        trouble(mover, move, &diag, err);
        return true;
    }
    if (batch.empty) {
        own_slot(mover, move);
        return true;
    }
    account(mover, move, &batch);
    /* A replica that does not follow is waited for, with at most this batch at stake. */
    if (batch.unreplicated && mover->options.need_replica) mover->view_due = true;
    return true;
}

/* ---- what clients feel -------------------------------------------------------------------- */

static uint64_t ends_of(const struct live_move *move)
{
    return UINT64_C(1) << move->from | UINT64_C(1) << move->to;
}

/* Somebody hands slots over, or works on a shard otherwise. */
static void feel(struct live_mover *mover)
{
    uint64_t busy = 0, held = 0;
    for (uint32_t i = 0; i < LIVE_MOVES_MAX; i++) {
        const struct live_move *move = &mover->move[i];
        bool works = live_move_busy(move) && (!move->paused || move->open);
        bool hands_over = works && (move->open || move->begun);
        if (hands_over) busy |= ends_of(move);
        if (works && move->phase == LIVE_MOVE_WEIGHING) held |= ends_of(move);
    }
    live_steer_look(&mover->steer, mover->cluster, busy, held, live_clock_ms());
}

/* False: idle is to be known first. */
static bool may_begin(struct live_mover *mover, struct live_move *move)
{
    if (!move->begun) move->begun = live_steer_knows(&mover->steer, ends_of(move), live_clock_ms());
    return move->begun;
}

/* ---- one piece of one move ---------------------------------------------------------------- */

/* With no slot in work: the next one, or the end. False: it is too early for the next one. */
static bool next_slot(struct live_mover *mover, struct live_move *move)
{
    if (move->phase == LIVE_MOVE_SETTLING)
        end_move(mover, move, LIVE_MOVE_FREE, LIVE_FATE_SETTLED);
    else if (move->phase == LIVE_MOVE_GOING_BACK && move->next == move->first)
        end_move(mover, move, LIVE_MOVE_BACK, LIVE_FATE_CANCELLED);
    else if (move->phase == LIVE_MOVE_MOVING && move->next > move->last)
        move->phase = LIVE_MOVE_READY;
    else if (may_begin(mover, move) && has_dwelt(mover, move) && renewed(mover, move))
        open_slot(mover, move);
    else
        return false;
    return true;
}

static bool advance(struct live_mover *mover, struct live_move *move)
{
    if (!look_at_cluster(mover) || !cluster_allows(mover, move)) return false;
    /* And on with it at once: a picture that changes at every look must not keep us settling. */
    if (move->trouble && move->open && !settle(mover, move)) return false;
    move->trouble = false;
    fore_ns began = live_clock_now();
    if (began < mover->rest_until) return false;
    live_pace_ease(&move->pace, live_steer_ease(&mover->steer));
    bool worked = move->phase == LIVE_MOVE_WEIGHING ? weigh(mover, move)
                  : move->open                      ? copy_slot(mover, move)
                                                    : next_slot(mover, move);
    if (worked && move->begun) {
        fore_ns ended = live_clock_now();
        mover->rest_until = ended + live_pace_pause(&move->pace, ended - began);
    }
    /* What could not be written or done is not tried again at once. */
    return worked && !move->trouble && mover->frozen[0] == '\0';
}

bool live_mover_step(struct live_mover *mover)
{
    feel(mover);
    for (uint32_t i = 0; i < LIVE_MOVES_MAX && !mover->fenced; i++) {
        struct live_move *move = &mover->move[mover->turn++ % LIVE_MOVES_MAX];
        bool rests = (move->paused || mover->held) && !move->open;
        if (live_move_busy(move) && !rests && advance(mover, move)) return true;
    }
    return false;
}

static bool any_open(const struct live_mover *mover)
{
    for (uint32_t i = 0; i < LIVE_MOVES_MAX; i++)
        if (live_move_busy(&mover->move[i]) && mover->move[i].open) return true;
    return false;
}

bool live_mover_rest(struct live_mover *mover, uint64_t most_ms)
{
    uint64_t until = live_clock_ms() + most_ms;
    mover->held = true;
    while (any_open(mover) && !mover->fenced && live_clock_ms() < until)
        if (!live_mover_step(mover)) live_clock_sleep_ms(1);
    return !any_open(mover);
}
