/* steps.c - what each state of a move does, and where it goes next (migrate.h draws the machine).
 */
#include "core/act/steps.h"

#include "core/act/bound.h"
#include "core/act/probe.h"
#include "core/act/resume.h"
#include "core/act/throttle.h"
#include "core/act/watch.h"

#include <stdio.h>

enum { COMPARES_MAX = 3 };

void fore_step_say(struct fore_step *step, const struct fore_migration *m, const char *note)
{
    struct fore_event_move event = {
        .ticket = m->ticket,
        .plan = m->plan,
        .bytes_done = m->bytes_done,
        .bytes_total = m->bytes_total,
        .began_ns = m->began,
        .bytes_per_sec_max = m->rate,
        .partition = m->move.partition,
        .other = m->partition_new != FORE_PARTITION_NONE ? m->partition_new : m->move.other,
        .source = m->move.source,
        .target = m->move.target,
        .kind = (uint8_t)m->move.kind,
        .state = (uint8_t)m->state,
        .phase = (uint8_t)m->phase,
        .paused = m->paused,
    };
    fore_sink_put_text(step->sink, step->now, FORE_EV_MOVE, &event, sizeof event, note);
}

/* What an alert about the move is about: its partition, or its node. */
static uint32_t subject(const struct fore_migration *m)
{
    if (m->move.kind == FORE_MOVE_ADD_NODE) return m->move.target;
    return m->move.kind == FORE_MOVE_REMOVE_NODE ? m->move.source : m->move.partition;
}

static void resolve(struct fore_step *step, const struct fore_migration *m,
                    enum fore_alert_code code)
{
    if (step->alerts != NULL)
        fore_alert_resolve(step->alerts, step->sink, step->now, code, subject(m));
}

bool fore_step_enter(struct fore_step *step, struct fore_migration *m,
                     enum fore_migrate_state state, const char *note)
{
    m->state = state;
    m->changed = step->now;
    m->retries = 0;
    m->retry_at = 0;
    if (state >= FORE_MIGRATE_CUT_OVER) m->paused = false; /* the cluster went on by itself */
    fore_step_say(step, m, note);
    if (state != FORE_MIGRATE_COPY && state != FORE_MIGRATE_CATCH_UP)
        resolve(step, m, FORE_ALERT_MOVE_STUCK);
    if (state != FORE_MIGRATE_DONE) return true;
    resolve(step, m, FORE_ALERT_MOVE_FAILED);
    if (!m->is_rollback) resolve(step, m, FORE_ALERT_ROLLED_BACK);
    return true;
}

void fore_step_give_up(struct fore_step *step, struct fore_migration *m,
                       enum fore_migrate_state state, const char *why)
{
    if (m->ticket != 0 && m->phase != FORE_PHASE_FAILED &&
        fore_driver_can(step->driver, FORE_CAP_CANCEL)) {
        enum fore_err err = fore_driver_cancel(step->driver, m->ticket);
        (void)err; /* an unreachable cluster drops an unfinished copy by itself */
    }
    if (state == FORE_MIGRATE_FAILED)
        step->migrate->counts.failed++;
    else
        step->migrate->counts.cancelled++;
    fore_step_enter(step, m, state, why);
    if (step->alerts != NULL && state == FORE_MIGRATE_FAILED)
        fore_alert_raise(step->alerts, step->sink, step->now, FORE_ALERT_MOVE_FAILED,
                         FORE_ALERT_WARNING, subject(m), "%s of %s%u failed: %s",
                         fore_move_kind_text(m->move.kind),
                         fore_move_of_node(m->move.kind) ? "node " : "p", subject(m), why);
}

bool fore_step_ask_again(struct fore_step *step, struct fore_migration *m, enum fore_err err)
{
    const struct fore_act_options *options = &step->migrate->options;
    bool lasting = err != FORE_E_UNREACHABLE && err != FORE_E_IO && err != FORE_E_AGAIN;
    bool owner_changed = m->state >= FORE_MIGRATE_SWEEP;
    if (!owner_changed && (lasting || m->retries >= options->retries_max)) {
        if (lasting) step->migrate->counts.refused++;
        fore_step_give_up(step, m, FORE_MIGRATE_FAILED, fore_err_text(err));
        return false;
    }
    uint32_t doublings = m->retries < 6 ? m->retries : 6;
    m->retry_at = step->now + (options->retry_pause << doublings);
    m->retries++;
    return false;
}

/* Its copies differ, and a new attempt would copy it again for nothing. */
static void rest(struct fore_step *step, const struct fore_migration *m)
{
    struct fore_migrate *migrate = step->migrate;
    migrate->rest[migrate->rests++ % FORE_MIGRATE_RESTS] = (struct fore_migrate_rest){
        .partition = m->move.partition, .until = step->now + migrate->options.mismatch_rest};
}

/*
 * What the range must add up to, and whether it does. A difference that three looks in a row show
 * is a fault: an alert, and true in `*faulty`. Anything but OK: ask again.
 */
static enum fore_err look(struct fore_step *step, struct fore_migration *m, uint16_t also,
                          uint16_t but, bool *faulty)
{
    struct fore_check_result seen;
    char why[120];
    enum fore_err err = FORE_E_OK;
    bool agreed = m->check.taken;
    *faulty = false;
    if (!agreed) err = fore_check_take(&m->check, step->driver, &m->move, also, &seen);
    if (agreed || (m->check.taken && also != FORE_NODE_NONE))
        err = fore_check_now(&m->check, step->driver, also, but, &seen);
    if (err != FORE_E_OK) return err;
    if (seen.verdict == FORE_CHECK_SAME || seen.verdict == FORE_CHECK_MOOT) return FORE_E_OK;
    if (++m->check.misses < COMPARES_MAX) return FORE_E_AGAIN;
    *faulty = true;
    rest(step, m);
    step->migrate->counts.corrupt++;
    fore_check_say(&seen, why, sizeof why);
    fore_alert_raise(step->alerts, step->sink, step->now, FORE_ALERT_DIGEST_MISMATCH,
                     FORE_ALERT_CRITICAL, m->move.partition, "%s of %s",
                     fore_move_kind_text(m->move.kind), why);
    return FORE_E_OK;
}

static bool overlaps(const struct fore_check *a, const struct fore_check *b)
{
    bool same_group = a->column_group == b->column_group || a->pair || b->pair;
    return a->taken && b->taken && a->table == b->table && same_group && a->first <= b->last &&
           b->first <= a->last;
}

/* Is another move at work on rows of this one's range? Its copy is half done. One that was taken
 * up after a restart may have agreed on nothing yet; then only its range is known. */
static bool crossed(const struct fore_step *step, const struct fore_migration *m)
{
    for (uint32_t i = 0; i < step->migrate->running; i++) {
        const struct fore_migration *other = &step->migrate->migration[i];
        if (other == m || other->state >= FORE_MIGRATE_WATCH) continue;
        bool unagreed = other->ticket != 0 && !other->check.taken && m->check.taken &&
                        other->first <= m->check.last && m->check.first <= other->last;
        if (unagreed || overlaps(&other->check, &m->check)) return true;
    }
    return false;
}

/* A new agreement must not bless what happened under an older one that is still being watched:
 * the older one is asked first. True when it has no complaint. */
static bool elders_agree(struct fore_step *step, const struct fore_migration *m)
{
    for (uint32_t i = 0; i < step->migrate->running; i++) {
        struct fore_migration *elder = &step->migrate->migration[i];
        bool faulty;
        if (elder == m || elder->state != FORE_MIGRATE_WATCH || !elder->check.taken ||
            elder->move.partition != m->move.partition || crossed(step, elder))
            continue;
        if (look(step, elder, FORE_NODE_NONE, FORE_NODE_NONE, &faulty) != FORE_E_OK) return false;
        elder->check.misses = 0;
        if (!faulty) continue;
        elder->check.taken = false;
        return false;
    }
    return true;
}

/* True when the transition may go on; else it has been put off, or given up before the cut-over. */
static bool adds_up(struct fore_step *step, struct fore_migration *m, uint16_t also)
{
    bool faulty;
    bool keeps_rows = !fore_move_of_node(m->move.kind); /* those have no range to add up */
    if (!keeps_rows || !fore_driver_can(step->driver, FORE_CAP_CONTENT)) return true;
    if (!m->check.taken && !elders_agree(step, m)) return false;
    enum fore_err err = look(step, m, also, FORE_NODE_NONE, &faulty);
    if (err == FORE_E_AGAIN) return false; /* the next tick looks again */
    if (err != FORE_E_OK) return fore_step_ask_again(step, m, err);
    m->check.misses = 0;
    if (faulty) fore_step_give_up(step, m, FORE_MIGRATE_FAILED, "the content does not add up");
    return !faulty;
}

static bool begin(struct fore_step *step, struct fore_migration *m)
{
    if (!m->check.taken && !adds_up(step, m, FORE_NODE_NONE)) return false;
    enum fore_err err = fore_driver_begin(step->driver, &m->move, &m->ticket);
    if (err != FORE_E_OK) return fore_step_ask_again(step, m, err);
    m->began = m->progressed = step->now;
    return fore_step_enter(step, m, FORE_MIGRATE_COPY, "");
}

bool fore_step_breaks_slo(const struct fore_step *step, uint16_t node)
{
    return node != FORE_NODE_NONE &&
           step->observe->node[node].slow_share > step->migrate->options.throttle_slow_share;
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
        resolve(step, m, FORE_ALERT_MOVE_STUCK);
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
        resolve(step, m, FORE_ALERT_ANSWERS_DIFFER);
        (void)snprintf(note, size, "digests equal; %u sampled reads agree", seen.asked);
        return true;
    }
    if (++m->probe_misses < COMPARES_MAX) return false;
    rest(step, m);
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
    if (!adds_up(step, m, copies && !columns ? m->move.target : FORE_NODE_NONE)) return false;
    if (!copies) return fore_step_enter(step, m, FORE_MIGRATE_CUT_OVER, "");
    enum fore_err err = read_digests(step, m);
    if (err != FORE_E_OK) return fore_step_ask_again(step, m, err);
    if (m->digest_source == m->digest_target) {
        if (columns || fore_driver_can(step->driver, FORE_CAP_DIGEST)) {
            resolve(step, m, FORE_ALERT_DIGEST_MISMATCH); /* of an earlier copy */
            (void)snprintf(note, sizeof note, "digests equal");
        }
        /* Columns on their way are no part of the rows yet: no read could be sampled there. */
        if (!columns && !answers_agree(step, m, note, sizeof note)) return false;
        return fore_step_enter(step, m, FORE_MIGRATE_CUT_OVER, note);
    }
    /* A write may have come between the two readings; a difference that stays is a fault. */
    if (++m->retries < COMPARES_MAX) return false;
    rest(step, m);
    fore_alert_raise(step->alerts, step->sink, step->now, FORE_ALERT_DIGEST_MISMATCH,
                     FORE_ALERT_CRITICAL, m->move.partition,
                     "p%u: source %016llx and target %016llx differ; nothing was cut over",
                     m->move.partition, (unsigned long long)m->digest_source,
                     (unsigned long long)m->digest_target);
    fore_step_give_up(step, m, FORE_MIGRATE_FAILED, "digests differ");
    return false;
}

static void record_change(struct fore_step *step, struct fore_migration *m)
{
    FORE_ASSERT(step->change_count < step->change_cap);
    bool vertical = m->move.kind == FORE_MOVE_VERTICAL_SPLIT;
    bool split = m->move.kind == FORE_MOVE_SPLIT || vertical;
    struct fore_migrate_change change = {
        .kind = m->move.kind,
        .partition = m->move.partition,
        .other = split ? m->partition_new : m->move.other,
        .source = m->move.source,
        .target = m->move.target,
        .began = m->began,
        .split_at = vertical ? m->move.columns : m->move.split_at,
        .right_share = m->move.split_right_share,
        .load_base = (double)m->move.load_base,
        .load_apart = (double)m->move.load_apart,
    };
    step->change[step->change_count++] = change;
    const struct fore_topology *topology;
    uint64_t epoch = 0;
    if (fore_driver_topology(step->driver, &topology) == FORE_E_OK) epoch = topology->epoch;
    struct fore_event_topology event = {
        .epoch = epoch,
        .split_at = change.split_at,
        .partition = change.partition,
        .other = change.other,
        .source = change.source,
        .target = change.target,
        .kind = (uint8_t)change.kind,
        .right_share = (float)change.right_share,
    };
    fore_sink_put(step->sink, step->now, FORE_EV_TOPOLOGY, &event, sizeof event);
    step->migrate->counts.done[m->move.kind]++;
    step->migrate->counts.bytes += (double)m->bytes_done;
}

bool fore_step_changed(struct fore_step *step, struct fore_migration *m, const char *note)
{
    record_change(step, m);
    bool sweeps = fore_migrate_copies(m->move.kind) || m->check.taken;
    return fore_step_enter(step, m, sweeps ? FORE_MIGRATE_SWEEP : FORE_MIGRATE_DONE, note);
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

/* The new owner must hold what the old one held, or the old copy is the only good one: it stays,
 * for a person to repair from, and the move ends here. */
static bool may_sweep(struct fore_step *step, struct fore_migration *m)
{
    bool faulty;
    if (!m->check.taken || m->checked) return true;
    uint16_t old = m->move.kind == FORE_MOVE_MOVE ? m->move.source : FORE_NODE_NONE;
    enum fore_err err = look(step, m, FORE_NODE_NONE, old, &faulty);
    if (err == FORE_E_AGAIN) return false;
    if (err != FORE_E_OK) return fore_step_ask_again(step, m, err);
    m->check.misses = 0;
    m->checked = true;
    if (!faulty) return true;
    step->migrate->counts.failed++;
    (void)fore_step_enter(step, m, FORE_MIGRATE_FAILED,
                          "the content does not add up after the cut-over; the old copy is kept");
    return false;
}

static bool sweep(struct fore_step *step, struct fore_migration *m)
{
    if (!may_sweep(step, m)) return false;
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
        resolve(step, m, FORE_ALERT_ORPHANS);
    m->watch_until = step->now + step->migrate->options.watch;
    return fore_step_enter(step, m, FORE_MIGRATE_WATCH, "");
}

/* The ownership sweep: every node of the cluster is asked once more. While another move works on
 * the range its copy is half done, and the look waits for it to end. */
bool fore_step_last_look(struct fore_step *step, struct fore_migration *m)
{
    bool faulty;
    if (!m->check.taken) return true;
    if (crossed(step, m)) return false;
    enum fore_err err = look(step, m, FORE_NODE_NONE, FORE_NODE_NONE, &faulty);
    if (err == FORE_E_AGAIN) return false;
    if (err != FORE_E_OK) return fore_step_ask_again(step, m, err);
    m->check.taken = false;
    if (!faulty) return true;
    step->migrate->counts.failed++;
    (void)fore_step_enter(step, m, FORE_MIGRATE_FAILED,
                          "rows changed or strayed after the cut-over");
    return false;
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
