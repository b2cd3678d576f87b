/* step.c - see step.h. */
#include "core/act/step.h"

#include "core/act/running.h"

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

void fore_step_resolve(struct fore_step *step, const struct fore_migration *m,
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
        fore_step_resolve(step, m, FORE_ALERT_MOVE_STUCK);
    if (state != FORE_MIGRATE_DONE) return true;
    fore_step_resolve(step, m, FORE_ALERT_MOVE_FAILED);
    if (!m->is_rollback) fore_step_resolve(step, m, FORE_ALERT_ROLLED_BACK);
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

void fore_step_rest(struct fore_step *step, const struct fore_migration *m)
{
    struct fore_migrate *migrate = step->migrate;
    migrate->rest[migrate->rests++ % FORE_MIGRATE_RESTS] = (struct fore_migrate_rest){
        .partition = m->move.partition, .until = step->now + migrate->options.mismatch_rest};
}

bool fore_step_breaks_slo(const struct fore_step *step, uint16_t node)
{
    return node != FORE_NODE_NONE &&
           step->observe->node[node].slow_share > step->migrate->options.throttle_slow_share;
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
