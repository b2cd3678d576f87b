/*
 * resume.c - see resume.h. The engine may have died between any two calls of the driver, and what
 * was saved may be older still, so nothing saved is believed about the cluster. The ticket is asked
 * first; what it does not know the topology tells, because a cut-over changes it and nothing else
 * does: either the change is there, or it is not and the source is the owner as before. Both ways
 * on are safe, and neither makes a change twice.
 */
#include "core/act/resume.h"

#include "core/act/running.h"
#include "core/cluster/topology_columns.h"

#include <math.h>
#include <stdlib.h>

enum change_seen {
    NOT_MADE, /* everything is as it was when the move was planned */
    MADE,
    MOOT /* neither: the partition has lived on without this move */
};

static enum change_seen judge_split(const struct fore_topology *t, struct fore_migration *m)
{
    const struct fore_partition *left = &t->partition[m->move.partition];
    if (left->first != m->first) return MOOT;
    if (left->last == m->last) return NOT_MADE;
    for (uint32_t p = 0; p < t->partition_count; p++) {
        const struct fore_partition *right = &t->partition[p];
        if (!right->alive || right->table != left->table ||
            right->column_group != left->column_group || right->first != m->move.split_at)
            continue;
        m->partition_new = p;
        return left->last == m->move.split_at - 1 ? MADE : MOOT;
    }
    return MOOT;
}

static enum change_seen judge_merge(const struct fore_topology *t, const struct fore_migration *m)
{
    const struct fore_partition *left = &t->partition[m->move.partition];
    if (left->first != m->first) return MOOT;
    if (left->last == m->last) return MADE;
    if (m->move.other >= t->partition_count) return MOOT;
    const struct fore_partition *right = &t->partition[m->move.other];
    return right->alive && right->last == m->last && left->last + 1 == right->first ? NOT_MADE
                                                                                    : MOOT;
}

/* The base's columns tell; its range is what it was, or it is another partition by now. */
static enum change_seen judge_columns(const struct fore_topology *t, struct fore_migration *m)
{
    const struct fore_partition *base = &t->partition[m->move.partition];
    bool split = m->move.kind == FORE_MOVE_VERTICAL_SPLIT;
    if (base->first != m->first || base->last != m->last || base->column_group != 0) return MOOT;
    if (base->apart == 0) return split ? NOT_MADE : MADE;
    uint32_t sibling = fore_topology_columns_sibling(t, m->move.partition);
    if (!split) return sibling == m->move.other ? NOT_MADE : MOOT;
    if (base->apart != m->move.columns) return MOOT;
    m->partition_new = sibling;
    return MADE;
}

static enum change_seen judge(const struct fore_topology *t, struct fore_migration *m)
{
    const struct fore_move *move = &m->move;
    if (move->kind == FORE_MOVE_ADD_NODE) return t->node[move->target].standby ? NOT_MADE : MADE;
    if (move->kind == FORE_MOVE_REMOVE_NODE) return t->node[move->source].standby ? MADE : NOT_MADE;
    if (move->partition >= t->partition_count || !t->partition[move->partition].alive) return MOOT;
    if (move->kind == FORE_MOVE_SPLIT) return judge_split(t, m);
    if (move->kind == FORE_MOVE_MERGE) return judge_merge(t, m);
    if (fore_move_of_columns(move->kind)) return judge_columns(t, m);
    bool at_source = fore_topology_hosts(t, move->partition, move->source);
    if (move->kind == FORE_MOVE_DROP_REPLICA) return at_source ? NOT_MADE : MADE;
    bool at_target = fore_topology_hosts(t, move->partition, move->target);
    if (move->kind == FORE_MOVE_ADD_REPLICA) return at_target ? MADE : NOT_MADE;
    if (at_source == at_target) return MOOT;
    return at_target ? MADE : NOT_MADE;
}

/* The partition is gone because what was bound to the move has joined it with another one since. */
static bool joined_since(const struct fore_step *step, const struct fore_topology *t,
                         const struct fore_migration *m)
{
    for (uint32_t i = 0; m->move.kind == FORE_MOVE_MOVE && i < step->migrate->running; i++) {
        const struct fore_migration *next = &step->migrate->migration[i];
        if (next->leader == m->id && next->move.kind == FORE_MOVE_MERGE &&
            next->move.other == m->move.partition && t->partition[next->move.partition].alive &&
            judge_merge(t, next) == MADE)
            return true;
    }
    return false;
}

/* Made, but by a ticket that nobody can sweep any more, and saved before anything was agreed on:
 * the agreement is made now, and what the old owner still holds is told. */
static void agree_late(struct fore_step *step, struct fore_migration *m)
{
    struct fore_check_result seen;
    char why[120];
    if (m->move.kind != FORE_MOVE_MOVE || m->check.taken ||
        !fore_driver_can(step->driver, FORE_CAP_CONTENT) ||
        fore_check_take(&m->check, step->driver, &m->move, FORE_NODE_NONE, &seen) != FORE_E_OK ||
        seen.verdict != FORE_CHECK_STRANGER)
        return;
    step->migrate->counts.corrupt++;
    fore_check_say(&seen, why, sizeof why);
    fore_alert_raise(step->alerts, step->sink, step->now, FORE_ALERT_DIGEST_MISMATCH,
                     FORE_ALERT_CRITICAL, m->move.partition, "after a restart: %s", why);
}

/* The ticket is unknown, or there never was one. */
static bool settle_by_topology(struct fore_step *step, struct fore_migration *m)
{
    const struct fore_topology *topology;
    enum fore_err err = fore_driver_topology(step->driver, &topology);
    if (err != FORE_E_OK) return fore_step_ask_again(step, m, err);
    m->resumed = false;
    enum change_seen seen = judge(topology, m);
    bool joined = seen == MOOT && joined_since(step, topology, m);
    if (joined) seen = MADE;
    if (m->state == FORE_MIGRATE_QUEUED && seen == NOT_MADE) return true; /* it was never begun */
    if (m->state == FORE_MIGRATE_SWEEP || seen == MADE) {
        if (seen == MADE && !joined) agree_late(step, m);
        m->phase = FORE_PHASE_DONE; /* nobody is left to sweep: the last look finds what stayed */
        if (m->state == FORE_MIGRATE_SWEEP) return true;
        return fore_step_changed(step, m, "it was cut over before the restart");
    }
    m->phase = FORE_PHASE_FAILED; /* there is nothing to cancel */
    if (seen == MOOT) {
        fore_step_give_up(step, m, FORE_MIGRATE_CANCELLED,
                          "the partition was changed in other ways meanwhile");
        return false;
    }
    m->ticket = 0;
    m->bytes_done = 0;
    m->rate = 0;
    m->throttled = false;
    m->phase = FORE_PHASE_QUEUED;
    return fore_step_enter(step, m, FORE_MIGRATE_QUEUED,
                           "the cluster has forgotten it: begun again");
}

static bool settle_by_ticket(struct fore_step *step, struct fore_migration *m,
                             const struct fore_move_status *status)
{
    bool changed = status->phase == FORE_PHASE_SWEEPING || status->phase == FORE_PHASE_DONE;
    if (m->state == FORE_MIGRATE_SWEEP && !changed) return settle_by_topology(step, m);
    m->resumed = false;
    m->phase = status->phase;
    m->bytes_done = status->bytes_done;
    m->bytes_total = status->bytes_total;
    if (m->state == FORE_MIGRATE_SWEEP) return true;
    if (changed) {
        m->partition_new = status->partition_new;
        return fore_step_changed(step, m, "it was cut over before the restart");
    }
    if (status->phase == FORE_PHASE_CANCELLED || status->phase == FORE_PHASE_FAILED) {
        fore_step_give_up(step, m, FORE_MIGRATE_FAILED, "the cluster gave the copy up");
        return false;
    }
    /* Everything that was compared before the restart is compared again. */
    return fore_step_enter(step, m, FORE_MIGRATE_COPY, "taken up again after a restart");
}

bool fore_resume_settle(struct fore_step *step, struct fore_migration *m)
{
    struct fore_move_status status;
    enum fore_err err = FORE_E_RANGE;
    if (m->state >= FORE_MIGRATE_WATCH) {
        m->resumed = false;
        return true;
    }
    if (m->ticket == 0 && step->migrate->adopts) return false; /* it may turn out to have one */
    if (m->ticket != 0) err = fore_driver_poll(step->driver, m->ticket, &status);
    if (err == FORE_E_UNREACHABLE || err == FORE_E_IO || err == FORE_E_AGAIN)
        return fore_step_ask_again(step, m, err);
    m->progressed = step->now;
    return err == FORE_E_OK ? settle_by_ticket(step, m, &status) : settle_by_topology(step, m);
}

/* ---- what nobody remembers ----------------------------------------------------------------- */

/* A move that was saved before the cluster's answer came gets its ticket here. */
static bool claimed(struct fore_migrate *migrate, const struct fore_driver_ticket *row)
{
    struct fore_migration *queued = NULL;
    for (uint32_t i = 0; i < migrate->running; i++) {
        struct fore_migration *m = &migrate->migration[i];
        if (m->ticket == row->ticket) return true;
        if (m->ticket == 0 && m->resumed && m->state == FORE_MIGRATE_QUEUED && !m->on_new &&
            fore_migrate_same(&m->move, &row->move))
            queued = m;
    }
    if (queued == NULL) return false;
    queued->ticket = row->ticket;
    queued->waits = queued->slotless = false; /* it was begun, so its leader was through */
    queued->state = FORE_MIGRATE_COPY;
    return true;
}

static bool names_what_is_there(const struct fore_move *move, const struct fore_topology *t)
{
    bool copies = fore_migrate_copies(move->kind), add = move->kind == FORE_MOVE_ADD_NODE;
    bool loses = move->kind == FORE_MOVE_DROP_REPLICA || move->kind == FORE_MOVE_REMOVE_NODE;
    if ((copies || add) && move->target >= t->node_count) return false;
    if ((copies || loses) && move->source >= t->node_count) return false;
    if (fore_move_of_node(move->kind)) return true;
    if (move->kind == FORE_MOVE_MERGE && move->other >= t->partition_count) return false;
    /* One that is cut over and not swept yet: its sibling may have been the last partition. */
    if (move->kind == FORE_MOVE_VERTICAL_MERGE && move->other >= t->partition_cap) return false;
    return move->partition < t->partition_count;
}

void fore_resume_adopt(struct fore_step *step)
{
    struct fore_migrate *migrate = step->migrate;
    const struct fore_topology *topology;
    uint32_t count = 0, cap;
    if (!fore_driver_can(step->driver, FORE_CAP_TICKETS)) {
        migrate->adopts = false;
        return;
    }
    if (fore_driver_tickets(step->driver, NULL, 0, &count) != FORE_E_OK) return;
    struct fore_driver_ticket *row = calloc(count + 1, sizeof *row);
    FORE_ASSERT(row != NULL);
    cap = count;
    if (fore_driver_tickets(step->driver, row, cap, &count) == FORE_E_OK &&
        fore_driver_topology(step->driver, &topology) == FORE_E_OK) {
        migrate->adopts = false;
        for (uint32_t i = 0; i < cap && i < count; i++) {
            if (claimed(migrate, &row[i]) || migrate->running == migrate->cap ||
                !names_what_is_there(&row[i].move, topology))
                continue;
            struct fore_migration *m =
                fore_migrate_enlist(migrate, &row[i].move, topology, step->observe, step->now);
            fore_gain_promise(&m->gain, migrate, m, topology, step->observe, (double)NAN);
            m->ticket = row[i].ticket;
            m->state = FORE_MIGRATE_COPY;
            m->resumed = true;
        }
    }
    free(row);
}
