/* watch.c - see watch.h. */
#include "core/act/watch.h"

#include "core/act/agree.h"
#include "core/act/bound.h"
#include "core/act/running.h"

#include <math.h>

static void report(struct fore_step *step, const struct fore_migration *m)
{
    if (!fore_migrate_copies(m->move.kind)) return; /* nothing travelled: no two ends to compare */
    const struct fore_observe_node *target = &step->observe->node[m->move.target];
    const struct fore_observe_node *source = &step->observe->node[m->move.source];
    struct fore_event_verify event = {
        .ticket = m->ticket,
        .digest_source = m->digest_source,
        .digest_target = m->digest_target,
        .orphans = m->orphans,
        .p99_before_ms = (float)m->before_p99_ms,
        .p99_after_ms = (float)fmax(target->p99_ms, source->p99_ms),
        .p99_predicted_ms = (float)m->gain.p99_predicted_ms,
        .partition = m->move.partition,
        .digests_equal = m->digest_source == m->digest_target,
    };
    fore_sink_put(step->sink, step->now, FORE_EV_VERIFY, &event, sizeof event);
}

/* Utilisation of the source if the partition came back; false where it cannot: it has moved on, or
 * the old node holds a copy again. */
static bool load_if_back(const struct fore_step *step, const struct fore_migration *m, double *back)
{
    const struct fore_topology *topology;
    if (fore_driver_topology(step->driver, &topology) != FORE_E_OK) return false;
    if (!fore_topology_hosts(topology, m->move.partition, m->move.target) ||
        fore_topology_hosts(topology, m->move.partition, m->move.source))
        return false;
    double cores = topology->node[m->move.source].cores;
    *back = step->observe->node[m->move.source].utilization +
            step->observe->partition[m->move.partition].load / cores;
    return true;
}

/* The target breaks the SLO, fares worse than the source did, and the old home has room again:
 * going back must help, or a rising load would be chased to and fro. */
static bool regretted(const struct fore_step *step, const struct fore_migration *m)
{
    const struct fore_act_options *options = &step->migrate->options;
    double back, margin = options->rollback_margin;
    if (!options->rollback || m->move.kind != FORE_MOVE_MOVE || m->is_rollback || m->led ||
        !fore_step_breaks_slo(step, m->move.target) || !load_if_back(step, m, &back))
        return false;
    double target = step->observe->node[m->move.target].utilization;
    if (target > m->before_util + margin && back < target - margin &&
        back < m->before_util + margin)
        return true;
    double limit = step->migrate->utilization_limit;
    return options->rollback_worse && fore_gain_is_worse(step, m) &&
           (limit <= 0 || back < limit - margin);
}

/*
 * The first half of a swap, whose second half will not come: on its own it would not have been
 * planned. It stays where its target has room for both, and where the old home would be no better
 * off with it. Until the averages have forgotten what was before the cut-over, what was foreseen
 * for the target counts.
 */
static bool out_of_place(const struct fore_step *step, const struct fore_migration *m)
{
    const struct fore_act_options *options = &step->migrate->options;
    double back, limit = step->migrate->utilization_limit;
    if (!m->alone || !options->rollback || m->is_rollback || !(limit > 0)) return false;
    double target = step->observe->node[m->move.target].utilization;
    bool young = step->now - m->gain.cutover <= step->observe->options.now_span;
    if (young) target = fmax(target, m->gain.target_predicted);
    return target > limit && load_if_back(step, m, &back) &&
           back < target - options->rollback_margin;
}

static void move_back(struct fore_step *step, const struct fore_migration *m)
{
    struct fore_migrate *migrate = step->migrate;
    if (migrate->running == migrate->cap) return;
    struct fore_migration *back = &migrate->migration[migrate->running++];
    *back = (struct fore_migration){.move = m->move,
                                    .plan = m->plan,
                                    .id = ++migrate->ids,
                                    .state = FORE_MIGRATE_QUEUED,
                                    .began = step->now,
                                    .changed = step->now,
                                    .progressed = step->now,
                                    .partition_new = FORE_PARTITION_NONE,
                                    .first = m->first,
                                    .last = m->last,
                                    .expected_s = m->expected_s,
                                    .before_util = m->predicted_util,
                                    .is_rollback = true};
    back->move.source = m->move.target;
    back->move.target = m->move.source;
    const struct fore_topology *topology;
    back->gain.predicted_s = (double)NAN; /* no planner spoke for it */
    if (fore_driver_topology(step->driver, &topology) == FORE_E_OK)
        fore_gain_promise(&back->gain, migrate, back, topology, step->observe, (double)NAN);
}

static void complain(struct fore_step *step, const struct fore_migration *m)
{
    if (!fore_gain_is_worse(step, m)) return;
    double worse = -100 * m->gain.spared_s / m->gain.seconds;
    if (fore_move_of_columns(m->move.kind))
        fore_alert_raise(
            step->alerts, step->sink, step->now, FORE_ALERT_DEGRADED, FORE_ALERT_WARNING,
            m->move.target, "since the %s of p%u, node %u suffers %.0f %% of the time more",
            fore_move_kind_text(m->move.kind), m->move.partition, m->move.target, worse);
    else
        fore_alert_raise(step->alerts, step->sink, step->now, FORE_ALERT_DEGRADED,
                         FORE_ALERT_WARNING, m->move.target,
                         "since p%u came from node %u, node %u suffers %.0f %% of the time more",
                         m->move.partition, m->move.source, m->move.target, worse);
}

bool fore_watch_advance(struct fore_step *step, struct fore_migration *m)
{
    fore_gain_look(step, m);
    bool half = out_of_place(step, m);
    m->alone = half;
    if (!half && (step->now < m->watch_until || fore_bound_awaits(step->migrate, m))) return false;
    if (!fore_agree_last_look(step, m)) return false;
    report(step, m);
    if (!(half || regretted(step, m)) ||
        fore_migrate_partition_busy(step->migrate, m->move.partition)) {
        fore_gain_follow(step, m, false);
        complain(step, m);
        return fore_step_enter(step, m, FORE_MIGRATE_DONE, "");
    }
    fore_gain_follow(step, m, true);
    move_back(step, m);
    step->migrate->counts.rolled_back++;
    const char *why = half ? "what was to make room for it stays where it is"
                           : "its new node fares worse than the old one did";
    fore_alert_raise(step->alerts, step->sink, step->now, FORE_ALERT_ROLLED_BACK,
                     FORE_ALERT_WARNING, m->move.partition, "p%u is moved back: %s",
                     m->move.partition, why);
    return fore_step_enter(step, m, FORE_MIGRATE_ROLLED_BACK,
                           half ? why : "the target fares worse than the source did");
}
