/* mover.c - see mover.h: the state machine, and when nothing may be done. What is done to the slots
 * in work is in mover_work.c; admission, recovery and questions are in moves.c. */
#include "live/redis/mover_inside.h"

#include "live/base/clock.h"

#include <stdio.h>
#include <string.h>

enum { REFRESH_MS = 200, RECLAIM_AFTER_MS = 300, NODE_TIMEOUT_MS = 15000 };

void live_mover_note(struct live_move *move, const struct fore_diag *diag, enum fore_err err)
{
    (void)snprintf(move->why, sizeof move->why, "%.199s",
                   diag->text[0] != '\0' ? diag->text : fore_err_text(err));
}

/* ---- trouble, and when nothing may be done ------------------------------------------------ */

void live_mover_trouble(struct live_mover *mover, struct live_move *move,
                        const struct fore_diag *diag, enum fore_err err)
{
    move->trouble = true;
    mover->view_due = true;
    mover->counts.troubles++;
    live_mover_note(move, diag, err);
}

bool live_mover_freeze(struct live_mover *mover, const char *why)
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
    live_mover_pass_on(mover);
    if (mover->fenced) return false;
    uint64_t changes = mover->cluster->changes;
    if (live_cluster_refresh(mover->cluster, &diag) != FORE_E_OK)
        return live_mover_freeze(mover, diag.text);
    mover->refreshed_ms = live_clock_ms();
    mover->view_due = false;
    if (mover->cluster->changes == changes) return true;
    /* Roles, epochs or owners are not what they were: all slots in work are looked at anew. */
    for (uint32_t i = 0; i < LIVE_MOVES_MAX; i++)
        if (mover->move[i].open) mover->move[i].trouble = true;
    return true;
}

bool live_mover_has_replicas(const struct live_mover *mover, const struct live_move *move)
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
        if (move == NULL || (move->open && live_group_has(&move->group, (uint16_t)slot))) continue;
        struct live_slot lost = {
            .cluster = cluster, .slot = (uint16_t)slot, .from = move->from, .to = move->to};
        if (live_slot_claim(&lost, slot < move->next, NULL) == FORE_E_OK) mover->counts.reclaimed++;
    }
    mover->lost_since_ms = 0;
    mover->view_due = true;
}

/* Are all slots that nobody claims in work? */
static bool own_trouble(const struct live_cluster *cluster, const struct live_move *move)
{
    uint32_t ours = 0;
    for (uint32_t i = 0; move->open && i < move->group.count; i++)
        ours += cluster->own[move->group.slot[i].slot] < 0;
    return ours > 0 && cluster->lost == ours && cluster->contested == 0;
}

/* A slot in work that nobody claims is what settling is for; any other keeps us away. And a slot
 * in work is brought to its end also when a failover has cost a shard its replica: while its keys
 * are in two places and an heir does not know of it, clients see some of them missing. */
static bool cluster_allows(struct live_mover *mover, const struct live_move *move)
{
    const struct live_cluster *cluster = mover->cluster;
    bool ours = own_trouble(cluster, move);
    if (cluster->lost == 0)
        mover->lost_since_ms = 0;
    else if (!ours && live_cluster_up(cluster))
        reclaim(mover);
    if (!live_cluster_healthy(cluster) && !ours)
        return live_mover_freeze(mover, "an instance is suspected, or a slot has no owner or two");
    if (mover->options.need_replica && !move->open && !live_mover_has_replicas(mover, move))
        return live_mover_freeze(mover, "a shard of the move has no replica in sync");
    mover->frozen[0] = '\0';
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

/* With no slot in work: the next ones, or the end. False: it is too early for them. */
static bool next_slots(struct live_mover *mover, struct live_move *move)
{
    if (move->phase == LIVE_MOVE_SETTLING)
        live_mover_end(mover, move, LIVE_MOVE_FREE, LIVE_FATE_SETTLED);
    else if (move->phase == LIVE_MOVE_GOING_BACK && move->next == move->first)
        live_mover_end(mover, move, LIVE_MOVE_BACK, LIVE_FATE_CANCELLED);
    else if (move->phase == LIVE_MOVE_MOVING && move->next > move->last)
        move->phase = LIVE_MOVE_READY;
    else if (may_begin(mover, move) && live_mover_renewed(mover, move) &&
             live_mover_choose(mover, move))
        live_mover_open(mover, move);
    else
        return false;
    return true;
}

static bool rests(const struct live_mover *mover, const struct live_move *move)
{
    return (move->paused || mover->held) && !move->open;
}

static bool advance(struct live_mover *mover, struct live_move *move)
{
    if (!look_at_cluster(mover) || !cluster_allows(mover, move)) return false;
    /* And on with it at once: a picture that changes at every look must not keep us settling. */
    if (move->trouble && move->open && !live_mover_settle(mover, move)) return false;
    move->trouble = false;
    if (rests(mover, move)) return true; /* the slots in work were all there */
    fore_ns began = live_clock_now();
    if (began < mover->rest_until) return false;
    live_pace_ease(&move->pace, live_steer_ease(&mover->steer));
    bool copies = move->open && move->phase != LIVE_MOVE_WEIGHING;
    bool worked = move->phase == LIVE_MOVE_WEIGHING ? live_mover_weigh(mover, move)
                  : move->open                      ? live_mover_copy(mover, move)
                                                    : next_slots(mover, move);
    if (worked && move->begun && !copies) { /* which makes its own pauses */
        fore_ns ended = live_clock_now();
        mover->rest_until = ended + live_pace_pause(&move->pace, ended - began);
    }
    /* What could not be written or done is not tried again at once. */
    return worked && !move->trouble && mover->frozen[0] == '\0';
}

/* Before anything else: it cannot wait for the next picture, nor for another move's turn. */
static void mind_heirs(struct live_mover *mover)
{
    uint32_t timeout_ms = mover->options.node_timeout_ms;
    for (uint32_t i = 0; i < LIVE_MOVES_MAX; i++) {
        struct live_move *move = &mover->move[i];
        if (!move->open || !live_move_busy(move)) continue;
        struct live_instance *heir = live_heir_find(&move->heir, mover->cluster, move->group.from,
                                                    timeout_ms != 0 ? timeout_ms : NODE_TIMEOUT_MS);
        if (heir == NULL || live_journal_held(mover->journal) != FORE_E_OK) continue;
        if (live_heir_tell(&move->group, heir) == FORE_E_OK) mover->counts.heirs++;
        move->trouble = true;
        mover->view_due = true;
    }
}

/* Of a move that waits, too: what its end has taken may be from before. */
static void mind_epochs(struct live_mover *mover)
{
    for (uint32_t i = 0; i < 2 * LIVE_MOVES_MAX; i++) {
        const struct live_move *move = &mover->move[i / 2];
        uint16_t end = i % 2 == 0 ? move->from : move->to;
        if (move->phase == LIVE_MOVE_FREE) continue;
        if (!live_epochs_amiss(&mover->epochs, mover->cluster, end)) continue;
        if (live_journal_held(mover->journal) == FORE_E_OK)
            live_epochs_mind(&mover->epochs, mover->cluster, end);
    }
}

bool live_mover_step(struct live_mover *mover)
{
    feel(mover);
    mind_heirs(mover);
    mind_epochs(mover);
    for (uint32_t i = 0; i < LIVE_MOVES_MAX && !mover->fenced; i++) {
        struct live_move *move = &mover->move[mover->turn++ % LIVE_MOVES_MAX];
        if (live_move_busy(move) && !rests(mover, move) && advance(mover, move)) return true;
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
