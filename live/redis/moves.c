/* moves.c - see mover.h: what may begin, what an earlier run left, and how moves are steered. */
#include "live/redis/mover.h"

#include "live/base/clock.h"

#include <string.h>

const char *live_move_phase_text(enum live_move_phase phase)
{
    static const char *const text[] = {
#define X(name, words) words,
        LIVE_MOVE_PHASE_MAP(X)
#undef X
    };
    return (size_t)phase < FORE_COUNTOF(text) ? text[phase] : "unknown";
}

void live_mover_init(struct live_mover *mover, struct live_cluster *cluster,
                     struct live_journal *journal, const struct live_mover_options *options)
{
    *mover = (struct live_mover){
        .cluster = cluster, .journal = journal, .options = *options, .view_due = true};
    uint64_t now = live_clock_ms(); /* what happened before is not known */
    for (uint32_t slot = 0; slot < FORE_SLOT_COUNT; slot++)
        mover->changed_ms[slot] = now;
    live_steer_init(&mover->steer, &options->steer, &cluster->access);
}

void live_mover_fini(struct live_mover *mover)
{
    live_steer_fini(&mover->steer);
}

bool live_move_busy(const struct live_move *move)
{
    return move->phase == LIVE_MOVE_WEIGHING || move->phase == LIVE_MOVE_MOVING ||
           move->phase == LIVE_MOVE_GOING_BACK || move->phase == LIVE_MOVE_SETTLING;
}

static bool unfinished(const struct live_move *move)
{
    return move->phase != LIVE_MOVE_FREE && move->phase != LIVE_MOVE_FINISHED &&
           move->phase != LIVE_MOVE_BACK && move->phase != LIVE_MOVE_FAILED;
}

static struct live_move *free_place(struct live_mover *mover)
{
    for (uint32_t i = 0; i < LIVE_MOVES_MAX; i++)
        if (mover->move[i].phase == LIVE_MOVE_FREE) return &mover->move[i];
    return NULL;
}

/* ---- begin -------------------------------------------------------------------------------- */

static enum fore_err admissible(const struct live_mover *mover,
                                const struct live_journal_move *move, struct fore_diag *diag)
{
    const struct live_cluster *cluster = mover->cluster;
    if (move->first > move->last || move->last >= FORE_SLOT_COUNT || move->from == move->to ||
        move->from >= cluster->shard_count || move->to >= cluster->shard_count)
        return fore_err_set(diag, FORE_E_RANGE, "move: no such slots or shards");
    for (uint32_t slot = move->first; slot <= move->last; slot++)
        if (live_cluster_shard_of(cluster, (uint16_t)slot) != move->from)
            return fore_err_set(diag, FORE_E_CONFLICT, "move: slot %u is not of shard %u", slot,
                                (unsigned)move->from);
    for (uint32_t i = 0; i < LIVE_MOVES_MAX; i++) {
        const struct live_move *other = &mover->move[i];
        if (unfinished(other) && other->first <= move->last && move->first <= other->last)
            return fore_err_set(diag, FORE_E_CONFLICT, "move: slots %u to %u are moving",
                                (unsigned)other->first, (unsigned)other->last);
    }
    for (uint32_t i = 0; i < cluster->open_count; i++)
        if (cluster->open[i].slot >= move->first && cluster->open[i].slot <= move->last)
            return fore_err_set(diag, FORE_E_CONFLICT, "move: slot %u is open by other hands",
                                (unsigned)cluster->open[i].slot);
    bool synced = cluster->shard[move->from].replicas_in_sync > 0 &&
                  cluster->shard[move->to].replicas_in_sync > 0;
    if (mover->options.need_replica && !synced)
        return fore_err_set(diag, FORE_E_REFUSED, "move: a shard has no replica in sync");
    if (cluster->shard[move->to].primary < 0)
        return fore_err_set(diag, FORE_E_REFUSED, "move: shard %u is down", (unsigned)move->to);
    return FORE_E_OK;
}

enum fore_err live_mover_begin(struct live_mover *mover, const struct live_journal_move *asked,
                               double bytes_per_sec_max, uint32_t *index, struct fore_diag *diag)
{
    struct live_journal_move row = *asked;
    struct live_move *move = free_place(mover);
    if (move == NULL) return fore_err_set(diag, FORE_E_REFUSED, "move: too many at once");
    if (mover->fenced) return fore_err_set(diag, FORE_E_REFUSED, "move: the lease is lost");
    FORE_TRY(admissible(mover, asked, diag));
    enum fore_err err = live_journal_begin(mover->journal, &row);
    if (err != FORE_E_OK) return fore_err_set(diag, err, "move: the journal cannot be written");
    *move = (struct live_move){.id = row.id,
                               .phase = LIVE_MOVE_WEIGHING,
                               .first = row.first,
                               .last = row.last,
                               .from = row.from,
                               .to = row.to,
                               .next = row.first,
                               .weighed = row.first};
    live_pace_init(&move->pace, &mover->options.pace);
    *index = (uint32_t)(move - mover->move);
    live_mover_limit(mover, *index, bytes_per_sec_max);
    return FORE_E_OK;
}

static bool plausible(const struct live_journal_move *row)
{
    bool forth = row->slot_from == row->from && row->slot_to == row->to;
    bool back = row->slot_from == row->to && row->slot_to == row->from;
    return row->first <= row->last && row->last < FORE_SLOT_COUNT && row->slot >= row->first &&
           row->slot <= row->last && row->from < LIVE_SHARDS_MAX && row->to < LIVE_SHARDS_MAX &&
           row->from != row->to && (forth || back);
}

static bool accounted_for(const struct live_mover *mover, uint16_t slot)
{
    for (uint32_t i = 0; i < LIVE_MOVES_MAX; i++) {
        const struct live_move *move = &mover->move[i];
        if (unfinished(move) && move->open && slot >= move->first && slot <= move->last)
            return true;
    }
    return false;
}

/* ---- what others left ----------------------------------------------------------------------- */

/* From which shard to which, by a flag. */
static bool ends_of(const struct live_cluster *cluster, const struct live_open *open,
                    struct live_journal_move *out)
{
    int peer = live_cluster_find(cluster, open->peer_id);
    int holder = cluster->instance[open->holder].shard;
    int other = peer < 0 ? -1 : cluster->instance[peer].shard;
    int owner = live_cluster_shard_of(cluster, open->slot);
    if (holder < 0 || other < 0 || holder == other) return false;
    *out = (struct live_journal_move){.first = open->slot,
                                      .last = open->slot,
                                      .from = (uint16_t)(open->importing ? other : holder),
                                      .to = (uint16_t)(open->importing ? holder : other)};
    return owner == out->from || owner == out->to;
}

/* Slots in work that were found so. */
static struct live_group group_of(const struct live_mover *mover, const struct live_move *move,
                                  const uint16_t *slot, size_t count)
{
    struct live_group group = {.cluster = mover->cluster,
                               .from = move->open_back ? move->to : move->from,
                               .to = move->open_back ? move->from : move->to};
    FORE_ASSERT(count <= LIVE_GROUP_MAX);
    for (size_t i = 0; i < count; i++)
        group.slot[group.count++].slot = slot[i];
    return group;
}

enum fore_err live_mover_adopt(struct live_mover *mover, const struct live_open *open,
                               struct fore_diag *diag)
{
    struct live_journal_move row;
    struct live_move *move = free_place(mover);
    if (move == NULL) return fore_err_set(diag, FORE_E_REFUSED, "adopt: too many at once");
    if (!ends_of(mover->cluster, open, &row))
        return fore_err_set(diag, FORE_E_CONFLICT,
                            "adopt: slot %u: its owner and the ends of its hand-over do not agree",
                            (unsigned)open->slot);
    if (accounted_for(mover, open->slot))
        return fore_err_set(diag, FORE_E_CONFLICT, "adopt: slot %u is moving",
                            (unsigned)open->slot);
    enum fore_err err = live_journal_begin(mover->journal, &row);
    struct live_journal_step step = {
        .move = row.id, .step = LIVE_STEP_OPEN, .slot = row.first, .from = row.from, .to = row.to};
    uint64_t id = 0;
    if (err == FORE_E_OK) err = live_journal_step(mover->journal, &step, &id);
    if (err != FORE_E_OK) return fore_err_set(diag, err, "adopt: the journal cannot be written");
    *move = (struct live_move){.id = row.id,
                               .phase = LIVE_MOVE_SETTLING,
                               .first = row.first,
                               .last = row.last,
                               .from = row.from,
                               .to = row.to,
                               .next = row.first,
                               .open = true,
                               .trouble = true,
                               .step_id[0][LIVE_STEP_OPEN] = id};
    move->group = group_of(mover, move, &row.first, 1);
    live_pace_init(&move->pace, &mover->options.pace);
    return FORE_E_OK;
}

static uint32_t adopt_all(struct live_mover *mover)
{
    uint32_t taken = 0;
    for (uint32_t i = 0; i < mover->cluster->open_count; i++)
        if (!accounted_for(mover, mover->cluster->open[i].slot))
            taken += live_mover_adopt(mover, &mover->cluster->open[i], NULL) == FORE_E_OK;
    return taken;
}

/* ---- what an earlier run left ------------------------------------------------------------- */

/* The slots of the last steps are taken for unfinished, also where the journal says that they were:
 * their new owner may have died since, and nobody claim them. They lie side by side; a file may be
 * damaged, and what does not is left alone. */
static void take_up(struct live_mover *mover, struct live_move *move,
                    const struct live_journal_move *row)
{
    uint16_t slot[LIVE_GROUP_MAX], taken[LIVE_GROUP_MAX];
    size_t found = live_journal_in_work(mover->journal, row, slot, FORE_COUNTOF(slot)), count = 0;
    bool back = row->slot_from == row->to;
    for (size_t i = 0; i < found; i++) {
        bool inside = slot[i] >= row->first && slot[i] <= row->last;
        bool beside = count == 0 || slot[i] == taken[count - 1] + 1;
        if (inside && beside) taken[count++] = slot[i];
    }
    if (count == 0) taken[count++] = row->slot;
    *move = (struct live_move){.id = row->id,
                               .phase = LIVE_MOVE_SETTLING,
                               .first = row->first,
                               .last = row->last,
                               .from = row->from,
                               .to = row->to,
                               .next = back ? taken[count - 1] + 1u : taken[0],
                               .open = true,
                               .open_back = back,
                               .trouble = true};
    move->group = group_of(mover, move, taken, count);
    live_pace_init(&move->pace, &mover->options.pace);
}

uint32_t live_mover_recover(struct live_mover *mover)
{
    struct live_journal_move row[LIVE_MOVES_MAX];
    size_t count = live_journal_unfinished(mover->journal, row, LIVE_MOVES_MAX);
    uint32_t taken = 0;
    for (size_t i = 0; i < count && i < LIVE_MOVES_MAX; i++) {
        struct live_move *move = free_place(mover);
        if (move == NULL) break;
        if (!row[i].stepped || !plausible(&row[i])) {
            enum fore_err err = live_journal_end(mover->journal, row[i].id, LIVE_FATE_SETTLED);
            (void)err; /* it is found again at the next start */
            continue;
        }
        take_up(mover, move, &row[i]);
        taken++;
    }
    return taken + (mover->options.adopt ? adopt_all(mover) : 0);
}

uint32_t live_mover_strangers(const struct live_mover *mover, struct live_open *out, uint32_t cap)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < mover->cluster->open_count; i++) {
        if (accounted_for(mover, mover->cluster->open[i].slot)) continue;
        if (count < cap) out[count] = mover->cluster->open[i];
        count++;
    }
    return count;
}

/* ---- steering ----------------------------------------------------------------------------- */

void live_mover_limit(struct live_mover *mover, uint32_t index, double bytes_per_sec_max)
{
    FORE_ASSERT(index < LIVE_MOVES_MAX);
    live_pace_limit(&mover->move[index].pace, bytes_per_sec_max, live_clock_ms());
}

void live_mover_pause(struct live_mover *mover, uint32_t index, bool pause)
{
    FORE_ASSERT(index < LIVE_MOVES_MAX);
    mover->move[index].paused = pause;
}

void live_mover_cancel(struct live_mover *mover, uint32_t index)
{
    FORE_ASSERT(index < LIVE_MOVES_MAX);
    struct live_move *move = &mover->move[index];
    bool may = move->phase == LIVE_MOVE_WEIGHING || move->phase == LIVE_MOVE_MOVING ||
               move->phase == LIVE_MOVE_READY;
    if (!may) return;
    move->phase = LIVE_MOVE_GOING_BACK;
    move->renewal = (struct live_renewal){.begun = false};
    move->paused = false;
    live_pace_limit(&move->pace, 0, live_clock_ms());
}

enum fore_err live_mover_finish(struct live_mover *mover, uint32_t index)
{
    FORE_ASSERT(index < LIVE_MOVES_MAX);
    struct live_move *move = &mover->move[index];
    if (move->phase == LIVE_MOVE_FINISHED) return FORE_E_OK;
    if (move->phase != LIVE_MOVE_READY) return FORE_E_CONFLICT;
    FORE_TRY(live_journal_end(mover->journal, move->id, LIVE_FATE_DONE));
    move->phase = LIVE_MOVE_FINISHED;
    return FORE_E_OK;
}

void live_mover_release(struct live_mover *mover, uint32_t index)
{
    FORE_ASSERT(index < LIVE_MOVES_MAX);
    if (!unfinished(&mover->move[index]))
        mover->move[index] = (struct live_move){.phase = LIVE_MOVE_FREE};
}

bool live_move_adds_up(const struct live_mover *mover, const struct live_move *move)
{
    double most = mover->options.strange_max > 0 ? mover->options.strange_max : 0.01;
    struct live_digest whole = move->in;
    live_digest_add(&whole, &move->strange);
    bool excused = (double)move->strange.keys <= 4 + most * (double)move->out.keys;
    return excused && live_digest_same(&whole, &move->out);
}
