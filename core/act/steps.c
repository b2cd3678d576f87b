/*
 * steps.c - what each state of a move does, and where it goes next (migrate.h draws the machine).
 *
 * advance() makes one transition and says whether another may follow at once, so that a split (no
 * data) finishes in one tick while a copy waits for its bytes. Before a move's cut-over the source
 * owns everything and giving up is always safe; after it the target owns everything and only the
 * sweep of the source is left to repeat. That is the whole safety argument.
 */
#include "core/act/steps.h"

#include "core/act/agree.h"
#include "core/act/bound.h"
#include "core/act/probe.h"
#include "core/act/resume.h"
#include "core/act/running.h"
#include "core/act/throttle.h"
#include "core/act/watch.h"

#include <stdio.h>

static bool begin(struct fore_step *step, struct fore_migration *m)
{
    if (!m->check.taken && !fore_agree_adds_up(step, m, FORE_NODE_NONE)) return false;
    enum fore_err err = fore_driver_begin(step->driver, &m->move, &m->ticket);
    if (err != FORE_E_OK) return fore_step_ask_again(step, m, err);
    m->began = m->progressed = step->now;
    return fore_step_enter(step, m, FORE_MIGRATE_COPY, "");
}

/* What is left must shrink. A copy whose partition is written to faster than it catches up moves
 * bytes and gets nowhere; so does one that waits. */
static void watch_progress(struct fore_step *step, struct fore_migration *m)
{
    uint64_t left = m->bytes_total > m->bytes_done ? m->bytes_total - m->bytes_done : 0;
    if (!fore_migrate_copies(m->move.kind)) return;
    if (m->least_left == 0 || left < m->least_left || m->phase >= FORE_PHASE_READY) {
        m->least_left = left;
        m->polls_idle = 0;
        m->shrunk = step->now;
        fore_step_resolve(step, m, FORE_ALERT_MOVE_STUCK);
        return;
    }
    if (++m->polls_idle < step->migrate->options.stuck_polls) return;
    fore_alert_raise(step->alerts, step->sink, step->now, FORE_ALERT_MOVE_STUCK, FORE_ALERT_WARNING,
                     m->move.partition,
                     "%s of p%u from node %u to node %u: %u polls and %llu bytes are still left",
                     fore_move_kind_text(m->move.kind), m->move.partition, m->move.source,
                     m->move.target, m->polls_idle, (unsigned long long)left);
}

static bool never_catches_up(const struct fore_step *step, struct fore_migration *m)
{
    if (m->shrunk == 0 || m->phase != FORE_PHASE_CATCHING_UP) m->shrunk = step->now;
    return step->now - m->shrunk > step->migrate->options.catch_up_max;
}

static void note_progress(struct fore_step *step, struct fore_migration *m,
                          const struct fore_move_status *status)
{
    uint64_t total = status->bytes_total > 0 ? status->bytes_total : 1;
    bool visible = status->bytes_done * 16 / total != m->bytes_done * 16 / total;
    if (status->bytes_done != m->bytes_done || status->phase != m->phase) m->progressed = step->now;
    m->bytes_done = status->bytes_done;
    m->bytes_total = status->bytes_total;
    m->phase = status->phase;
    if (visible) fore_step_say(step, m, "");
    if (!m->paused) watch_progress(step, m);
}

/* It rests: only what becomes of the copy by itself is followed. A mover that was started anew does
 * not know that it is to rest, so it is told again. */
static bool rests_where_it_is(struct fore_step *step, struct fore_migration *m)
{
    if (!m->paused || m->phase > FORE_PHASE_READY) return false;
    m->progressed = step->now;
    enum fore_err err = fore_driver_throttle(step->driver, m->ticket, 1);
    (void)err; /* not reached: the poll says so */
    return true;
}

static bool copy(struct fore_step *step, struct fore_migration *m)
{
    struct fore_move_status status;
    enum fore_err err = fore_driver_poll(step->driver, m->ticket, &status);
    if (err != FORE_E_OK) return fore_step_ask_again(step, m, err);
    m->retries = 0;
    m->retry_at = 0;
    note_progress(step, m, &status);
    if (rests_where_it_is(step, m)) return false;
    switch (status.phase) {
    case FORE_PHASE_QUEUED:
    case FORE_PHASE_COPYING: break;
    case FORE_PHASE_CATCHING_UP:
        if (m->state == FORE_MIGRATE_COPY)
            return fore_step_enter(step, m, FORE_MIGRATE_CATCH_UP, "");
        break;
    case FORE_PHASE_READY:
        if (m->state == FORE_MIGRATE_COPY)
            return fore_step_enter(step, m, FORE_MIGRATE_CATCH_UP, "");
        return fore_step_enter(step, m, FORE_MIGRATE_COMPARE, "");
    case FORE_PHASE_SWEEPING:
    case FORE_PHASE_DONE:
    case FORE_PHASE_CANCELLED:
    case FORE_PHASE_FAILED:
    case FORE_MOVE_PHASES:
        fore_step_give_up(step, m, FORE_MIGRATE_FAILED, "the cluster gave the copy up");
        return false;
    }
    if (step->now - m->progressed > step->migrate->options.stall_max) {
        fore_step_give_up(step, m, FORE_MIGRATE_CANCELLED, "no progress");
        return false;
    }
    if (never_catches_up(step, m)) {
        fore_step_give_up(step, m, FORE_MIGRATE_CANCELLED, "written to faster than it catches up");
        return false;
    }
    fore_throttle_steer(step, m);
    return false;
}

/* Do both copies answer alike? `note` says on how many reads. False: look again in the next tick,
 * or the move has been given up. */
static bool answers_agree(struct fore_step *step, struct fore_migration *m, char *note, size_t size)
{
    uint32_t wanted = (uint32_t)step->migrate->options.probes;
    struct fore_probe_result seen;
    if (wanted == 0 || !fore_driver_can(step->driver, FORE_CAP_PROBE)) return true;
    enum fore_err err = fore_probe_compare(step->driver, step->observe, &m->move, wanted, &seen);
    if (err != FORE_E_OK) return fore_step_ask_again(step, m, err);
    if (seen.differ == 0) {
        m->probe_misses = 0;
        fore_step_resolve(step, m, FORE_ALERT_ANSWERS_DIFFER);
        (void)snprintf(note, size, "digests equal; %u sampled reads agree", seen.asked);
        return true;
    }
    if (++m->probe_misses < FORE_AGREE_LOOKS) return false;
    fore_step_rest(step, m);
    fore_alert_raise(step->alerts, step->sink, step->now, FORE_ALERT_ANSWERS_DIFFER,
                     FORE_ALERT_CRITICAL, m->move.partition,
                     "p%u: %u of %u sampled reads differ between node %u and node %u, the first at "
                     "%016llx; nothing was cut over",
                     m->move.partition, seen.differ, seen.asked, m->move.source, m->move.target,
                     (unsigned long long)seen.position);
    fore_step_give_up(step, m, FORE_MIGRATE_FAILED, "the two copies answer differently");
    return false;
}

/* Of both ends: the whole partition, or the columns that are on their way. */
static enum fore_err read_digests(struct fore_step *step, struct fore_migration *m)
{
    uint32_t p = m->move.partition;
    m->digest_source = m->digest_target = 0;
    if (fore_move_of_columns(m->move.kind))
        return fore_driver_compare(step->driver, m->ticket, &m->digest_source, &m->digest_target);
    if (!fore_driver_can(step->driver, FORE_CAP_DIGEST)) return FORE_E_OK;
    FORE_TRY(fore_driver_digest(step->driver, p, m->move.source, &m->digest_source));
    return fore_driver_digest(step->driver, p, m->move.target, &m->digest_target);
}

static bool compare(struct fore_step *step, struct fore_migration *m)
{
    bool copies = fore_migrate_copies(m->move.kind), columns = fore_move_of_columns(m->move.kind);
    char note[80] = "";
    if (m->paused) return false;
    if (!fore_agree_adds_up(step, m, copies && !columns ? m->move.target : FORE_NODE_NONE))
        return false;
    if (!copies) return fore_step_enter(step, m, FORE_MIGRATE_CUT_OVER, "");
    enum fore_err err = read_digests(step, m);
    if (err != FORE_E_OK) return fore_step_ask_again(step, m, err);
    if (m->digest_source == m->digest_target) {
        if (columns || fore_driver_can(step->driver, FORE_CAP_DIGEST)) {
            fore_step_resolve(step, m, FORE_ALERT_DIGEST_MISMATCH); /* of an earlier copy */
            (void)snprintf(note, sizeof note, "digests equal");
        }
        /* Columns on their way are no part of the rows yet: no read could be sampled there. */
        if (!columns && !answers_agree(step, m, note, sizeof note)) return false;
        return fore_step_enter(step, m, FORE_MIGRATE_CUT_OVER, note);
    }
    /* A write may have come between the two readings; a difference that stays is a fault. */
    if (++m->retries < FORE_AGREE_LOOKS) return false;
    fore_step_rest(step, m);
    fore_alert_raise(step->alerts, step->sink, step->now, FORE_ALERT_DIGEST_MISMATCH,
                     FORE_ALERT_CRITICAL, m->move.partition,
                     "p%u: source %016llx and target %016llx differ; nothing was cut over",
                     m->move.partition, (unsigned long long)m->digest_source,
                     (unsigned long long)m->digest_target);
    fore_step_give_up(step, m, FORE_MIGRATE_FAILED, "digests differ");
    return false;
}

static bool cut_over(struct fore_step *step, struct fore_migration *m)
{
    struct fore_move_status status;
    enum fore_err err = FORE_E_OK;
    bool done = false;
    if (m->retries > 0) { /* the last call may have been carried out and its answer lost */
        err = fore_driver_poll(step->driver, m->ticket, &status);
        if (err != FORE_E_OK) return fore_step_ask_again(step, m, err);
        done = status.phase == FORE_PHASE_SWEEPING || status.phase == FORE_PHASE_DONE;
    }
    if (!done) err = fore_driver_cutover(step->driver, m->ticket);
    if (err == FORE_E_OK) err = fore_driver_poll(step->driver, m->ticket, &status);
    if (err != FORE_E_OK) return fore_step_ask_again(step, m, err);
    m->phase = status.phase;
    m->partition_new = status.partition_new;
    return fore_step_changed(step, m, "");
}

static bool sweep(struct fore_step *step, struct fore_migration *m)
{
    if (!fore_agree_may_sweep(step, m)) return false;
    if (m->phase == FORE_PHASE_SWEEPING) {
        enum fore_err err = fore_driver_sweep(step->driver, m->ticket, &m->orphans);
        if (err != FORE_E_OK) return fore_step_ask_again(step, m, err);
        m->phase = FORE_PHASE_DONE;
    }
    if (m->orphans > 0)
        fore_alert_raise(step->alerts, step->sink, step->now, FORE_ALERT_ORPHANS, FORE_ALERT_INFO,
                         m->move.partition,
                         "p%u: %llu keys were still on the source and were removed",
                         m->move.partition, (unsigned long long)m->orphans);
    else
        fore_step_resolve(step, m, FORE_ALERT_ORPHANS);
    m->watch_until = step->now + step->migrate->options.watch;
    return fore_step_enter(step, m, FORE_MIGRATE_WATCH, "");
}

bool fore_step_advance(struct fore_step *step, struct fore_migration *m)
{
    if (m->retry_at != 0 && step->now < m->retry_at) return false;
    bool bound = m->leader != 0 && m->state == FORE_MIGRATE_QUEUED && m->ticket == 0;
    if (bound && !fore_bound_take_up(step, m)) return false;
    if (m->resumed && !fore_resume_settle(step, m)) return false;
    switch (m->state) {
    case FORE_MIGRATE_QUEUED: return begin(step, m);
    case FORE_MIGRATE_COPY:
    case FORE_MIGRATE_CATCH_UP: return copy(step, m);
    case FORE_MIGRATE_COMPARE: return compare(step, m);
    case FORE_MIGRATE_CUT_OVER: return cut_over(step, m);
    case FORE_MIGRATE_SWEEP: return sweep(step, m);
    case FORE_MIGRATE_WATCH: return fore_watch_advance(step, m);
    case FORE_MIGRATE_DONE:
    case FORE_MIGRATE_CANCELLED:
    case FORE_MIGRATE_FAILED:
    case FORE_MIGRATE_ROLLED_BACK:
    case FORE_MIGRATE_STATES: break;
    }
    return false;
}
