/* gain.c - see gain.h. */
#include "core/act/gain.h"

#include "core/act/steps.h"

#include <math.h>

static const double full = 0.98; /* above it 1/(1-u) says nothing about a window's p99 */

/* Cores of the whole rows, of which a split by column leaves `load_base` and `load_apart`. A copy
 * that stays on its node changes that one only: it is rid of what both parts need no more. */
static void load_of_columns(const struct fore_migration *m, const struct fore_observe *observe,
                            bool after, double *lost, double *gained)
{
    const struct fore_move *move = &m->move;
    bool split = move->kind == FORE_MOVE_VERTICAL_SPLIT;
    double base = (double)move->load_base, apart = (double)move->load_apart;
    uint32_t other = split ? m->partition_new : move->other;
    double whole = observe->partition[move->partition].load;
    *lost = *gained = 0;
    if (!(base + apart > 0)) return;
    if (split == after) /* it is in two parts */
        whole = (whole + (other < observe->partition_cap ? observe->partition[other].load : 0)) /
                (base + apart);
    *lost = whole * (split ? 1 - base : apart);
    *gained = whole * (split ? apart : 1 - base);
    if (move->source == move->target) {
        *lost -= *gained;
        *gained = -*lost;
    }
}

/* Cores that the source is rid of and that the target takes on, `replicas` being those before the
 * change; of a cluster that has none of the partition's load, nothing. */
static void load_that_moves(const struct fore_migration *m, uint16_t replicas,
                            const struct fore_observe *observe, bool after, double *lost,
                            double *gained)
{
    if (fore_move_of_columns(m->move.kind)) {
        load_of_columns(m, observe, after, lost, gained);
        return;
    }
    const struct fore_observe_partition *p = &observe->partition[m->move.partition];
    double write = p->write_share, read = 1 - write, count = replicas > 0 ? replicas : 1;
    bool grows = m->move.kind == FORE_MOVE_ADD_REPLICA;
    *lost = p->load * (grows ? read / count - read / (count + 1) : read / count + write);
    *gained = p->load * (grows ? read / (count + 1) + write : read / count + write);
}

/* A node that is both counts once. */
static bool two_ends(const struct fore_migration *m)
{
    return m->move.source != m->move.target;
}

static double cores_of(const struct fore_topology *topology, uint16_t node)
{
    double cores = topology->node[node].cores;
    return cores > 0 ? cores : 1;
}

static double scaled_p99(double p99_ms, double from, double to)
{
    double before = fmin(fmax(from, 0), full), after = fmin(fmax(to, 0), full);
    return p99_ms * (1 - before) / (1 - after);
}

void fore_gain_promise(struct fore_gain *gain, const struct fore_migrate *migrate,
                       const struct fore_migration *m, const struct fore_topology *topology,
                       const struct fore_observe *observe, double predicted_s)
{
    *gain = (struct fore_gain){.predicted_s = predicted_s};
    if (!fore_migrate_copies(m->move.kind) || m->move.partition >= topology->partition_count)
        return;
    const struct fore_observe_node *source = &observe->node[m->move.source];
    const struct fore_observe_node *target = &observe->node[m->move.target];
    double lost, gained;
    load_that_moves(m, topology->partition[m->move.partition].replica_count, observe, false, &lost,
                    &gained);
    gain->source_before = source->utilization;
    gain->target_before = target->utilization;
    gain->source_predicted =
        fmax(0, source->utilization - lost / cores_of(topology, m->move.source));
    gain->target_predicted = target->utilization + gained / cores_of(topology, m->move.target);
    gain->p99_predicted_ms =
        fmax(scaled_p99(source->p99_ms, gain->source_before, gain->source_predicted),
             scaled_p99(target->p99_ms, gain->target_before, gain->target_predicted));
    gain->violating_before =
        migrate->violating[m->move.source] + (two_ends(m) ? migrate->violating[m->move.target] : 0);
}

void fore_gain_look(const struct fore_step *step, struct fore_migration *m)
{
    struct fore_gain *gain = &m->gain;
    const struct fore_topology *topology;
    fore_ns from = gain->looked_at;
    if (!fore_migrate_copies(m->move.kind)) return;
    gain->looked_at = step->now;
    if (gain->cutover == 0) gain->cutover = step->now;
    fore_ns settle = step->observe->options.now_span;
    if (2 * settle > step->migrate->options.watch) settle = step->migrate->options.watch / 2;
    if (from == 0 || step->now - gain->cutover <= settle ||
        fore_driver_topology(step->driver, &topology) != FORE_E_OK ||
        m->move.partition >= topology->partition_count)
        return;
    double seconds = (double)(step->now - from) / 1e9, lost, gained;
    double limit = step->migrate->utilization_limit;
    double source = step->observe->node[m->move.source].utilization;
    double target = step->observe->node[m->move.target].utilization;
    uint16_t now = topology->partition[m->move.partition].replica_count;
    bool grew = m->move.kind == FORE_MOVE_ADD_REPLICA;
    load_that_moves(m, grew && now > 0 ? (uint16_t)(now - 1) : now, step->observe, true, &lost,
                    &gained);
    bool source_bad = fore_step_breaks_slo(step, m->move.source);
    bool target_bad = two_ends(m) && fore_step_breaks_slo(step, m->move.target);
    /* Without the move: the source would carry more, so it is no better than now; the target less.
     */
    bool source_would =
        source_bad || (limit > 0 && source + lost / cores_of(topology, m->move.source) >= limit);
    bool target_would =
        target_bad && limit > 0 && target - gained / cores_of(topology, m->move.target) >= limit;
    gain->seconds += seconds;
    gain->source_sum += source * seconds;
    gain->target_sum += target * seconds;
    gain->violating_s += ((double)source_bad + (double)target_bad) * seconds;
    gain->saved_s +=
        ((double)source_would - (double)source_bad + (double)target_would - (double)target_bad) *
        seconds;
}

bool fore_gain_is_worse(const struct fore_step *step, const struct fore_migration *m)
{
    const struct fore_gain *gain = &m->gain;
    return gain->seconds > 0 &&
           gain->saved_s < -step->migrate->options.worse_margin * gain->seconds;
}

void fore_gain_tell(const struct fore_step *step, const struct fore_migration *m)
{
    const struct fore_gain *gain = &m->gain;
    if (!(gain->seconds > 0)) return;
    double horizon_s = step->migrate->horizon_s;
    const struct fore_observe_node *node = step->observe->node;
    struct fore_event_gain event = {
        .ticket = m->ticket,
        .plan = m->plan,
        .began_ns = m->began,
        .cutover_ns = gain->cutover,
        .horizon_s = (float)horizon_s,
        .window_s = (float)gain->seconds,
        .predicted_s = (float)gain->predicted_s,
        .realised_s = (float)(gain->saved_s / gain->seconds * horizon_s),
        .violation_before = (float)gain->violating_before,
        .violation_after = (float)(gain->violating_s / gain->seconds),
        .source_before = (float)gain->source_before,
        .source_predicted = (float)gain->source_predicted,
        .source_after = (float)(gain->source_sum / gain->seconds),
        .target_before = (float)gain->target_before,
        .target_predicted = (float)gain->target_predicted,
        .target_after = (float)(gain->target_sum / gain->seconds),
        .p99_before_ms = (float)m->before_p99_ms,
        .p99_predicted_ms = (float)gain->p99_predicted_ms,
        .p99_after_ms = (float)fmax(node[m->move.source].p99_ms, node[m->move.target].p99_ms),
        .partition = m->move.partition,
        .source = m->move.source,
        .target = m->move.target,
        .kind = (uint8_t)m->move.kind,
        .worse = fore_gain_is_worse(step, m),
    };
    fore_sink_put(step->sink, step->now, FORE_EV_GAIN, &event, sizeof event);
}

void fore_gain_tick(const struct fore_step *step)
{
    struct fore_migrate *migrate = step->migrate;
    fore_ns span = migrate->options.watch > 0 ? migrate->options.watch : FORE_SEC;
    fore_ns before = migrate->ticked_at;
    migrate->ticked_at = step->now;
    if (before == 0 || step->now <= before) return;
    double share = -expm1(-(double)(step->now - before) / (double)span);
    for (uint32_t n = 0; n < migrate->node_count; n++) {
        double *violating = &migrate->violating[n];
        bool breaks = fore_step_breaks_slo(step, (uint16_t)n);
        *violating += share * ((breaks ? 1.0 : 0.0) - *violating);
        if (!breaks && *violating < 0.5)
            fore_alert_resolve(step->alerts, step->sink, step->now, FORE_ALERT_DEGRADED, n);
    }
}
