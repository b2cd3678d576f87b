/* gain.c - see gain.h. */
#include "core/act/gain.h"

#include "core/act/running.h"
#include "core/act/step.h"

#include <math.h>

static const double full = 0.98; /* above it 1/(1-u) says nothing about a window's p99 */

/* Cores of the whole rows, of which a split by column leaves `load_base` and `load_apart`. A copy
 * that stays on its node changes that one only: it is rid of what both parts need no more. */
static void load_of_columns(const struct fore_move *move, const struct fore_observe *observe,
                            bool after, double *lost, double *gained)
{
    bool split = move->kind == FORE_MOVE_VERTICAL_SPLIT;
    double base = (double)move->load_base, apart = (double)move->load_apart;
    uint32_t other = move->other;
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
static void load_that_moves(const struct fore_move *move, uint16_t replicas,
                            const struct fore_observe *observe, bool after, double *lost,
                            double *gained)
{
    if (fore_move_of_columns(move->kind)) {
        load_of_columns(move, observe, after, lost, gained);
        return;
    }
    const struct fore_observe_partition *p = &observe->partition[move->partition];
    double write = p->write_share, read = 1 - write, count = replicas > 0 ? replicas : 1;
    bool grows = move->kind == FORE_MOVE_ADD_REPLICA;
    *lost = p->load * (grows ? read / count - read / (count + 1) : read / count + write);
    *gained = p->load * (grows ? read / (count + 1) + write : read / count + write);
}

/* A node that is both counts once. */
static bool two_ends(const struct fore_move *move)
{
    return move->source != move->target;
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
    load_that_moves(&m->move, topology->partition[m->move.partition].replica_count, observe, false,
                    &lost, &gained);
    gain->source_before = source->utilization;
    gain->target_before = target->utilization;
    gain->source_predicted =
        fmax(0, source->utilization - lost / cores_of(topology, m->move.source));
    gain->target_predicted = target->utilization + gained / cores_of(topology, m->move.target);
    gain->p99_predicted_ms =
        fmax(scaled_p99(source->p99_ms, gain->source_before, gain->source_predicted),
             scaled_p99(target->p99_ms, gain->target_before, gain->target_predicted));
    gain->violating_before = migrate->violating[m->move.source] +
                             (two_ends(&m->move) ? migrate->violating[m->move.target] : 0);
}

static void look(const struct fore_step *step, struct fore_gain *gain, const struct fore_move *move)
{
    const struct fore_topology *topology;
    fore_ns from = gain->looked_at;
    gain->looked_at = step->now;
    if (gain->cutover == 0) gain->cutover = step->now;
    fore_ns settle = step->observe->options.now_span;
    if (2 * settle > step->migrate->options.watch) settle = step->migrate->options.watch / 2;
    if (from == 0 || step->now - gain->cutover <= settle ||
        fore_driver_topology(step->driver, &topology) != FORE_E_OK ||
        move->partition >= topology->partition_count)
        return;
    double seconds = (double)(step->now - from) / 1e9, lost, gained;
    double limit = step->migrate->utilization_limit;
    double source = step->observe->node[move->source].utilization;
    double target = step->observe->node[move->target].utilization;
    uint16_t now = topology->partition[move->partition].replica_count;
    bool grew = move->kind == FORE_MOVE_ADD_REPLICA;
    load_that_moves(move, grew && now > 0 ? (uint16_t)(now - 1) : now, step->observe, true, &lost,
                    &gained);
    double source_without = source + lost / cores_of(topology, move->source);
    double target_without = target - gained / cores_of(topology, move->target);
    bool two = two_ends(move);
    int spared_load = (source_without >= limit) - (source >= limit);
    if (two) spared_load += (target_without >= limit) - (target >= limit);
    bool source_bad = fore_step_breaks_slo(step, move->source);
    bool target_bad = two && fore_step_breaks_slo(step, move->target);
    /* Without it the source would carry more, and be no better than now; the target less. */
    bool source_would = source_bad || (limit > 0 && source_without >= limit);
    bool target_would = target_bad && limit > 0 && target_without >= limit;
    double bad = (double)source_bad + (double)target_bad;
    gain->seconds += seconds;
    gain->source_sum += source * seconds;
    gain->target_sum += target * seconds;
    gain->violating_s += bad * seconds;
    gain->realised_s += limit > 0 ? spared_load * seconds : 0;
    gain->spared_s += ((double)source_would + (double)target_would - bad) * seconds;
}

/* As it was made: a split by column has its sibling since. */
static struct fore_move move_made(const struct fore_migration *m)
{
    struct fore_move move = m->move;
    if (move.kind == FORE_MOVE_VERTICAL_SPLIT) move.other = m->partition_new;
    return move;
}

void fore_gain_look(const struct fore_step *step, struct fore_migration *m)
{
    struct fore_move move = move_made(m);
    if (fore_migrate_copies(move.kind)) look(step, &m->gain, &move);
}

bool fore_gain_is_worse(const struct fore_step *step, const struct fore_migration *m)
{
    const struct fore_gain *gain = &m->gain;
    return gain->seconds > 0 &&
           gain->spared_s < -step->migrate->options.worse_margin * gain->seconds;
}

static void tell(const struct fore_step *step, const struct fore_gain_after *after)
{
    const struct fore_gain *gain = &after->gain;
    const struct fore_observe_node *node = step->observe->node;
    if (!(gain->seconds > 0)) return;
    struct fore_event_gain event = {
        .ticket = after->ticket,
        .plan = after->plan,
        .began_ns = after->began,
        .cutover_ns = gain->cutover,
        .horizon_s = (float)step->migrate->horizon_s,
        .window_s = (float)gain->seconds,
        .predicted_s = (float)gain->predicted_s,
        .realised_s = (float)gain->realised_s,
        .violation_before = (float)gain->violating_before,
        .violation_after = (float)(gain->violating_s / gain->seconds),
        .source_before = (float)gain->source_before,
        .source_predicted = (float)gain->source_predicted,
        .source_after = (float)(gain->source_sum / gain->seconds),
        .target_before = (float)gain->target_before,
        .target_predicted = (float)gain->target_predicted,
        .target_after = (float)(gain->target_sum / gain->seconds),
        .p99_before_ms = (float)after->before_p99_ms,
        .p99_predicted_ms = (float)gain->p99_predicted_ms,
        .p99_after_ms =
            (float)fmax(node[after->move.source].p99_ms, node[after->move.target].p99_ms),
        .partition = after->move.partition,
        .source = after->move.source,
        .target = after->move.target,
        .kind = (uint8_t)after->move.kind,
        .worse = after->worse,
    };
    fore_sink_put(step->sink, step->now, FORE_EV_GAIN, &event, sizeof event);
}

void fore_gain_follow(const struct fore_step *step, const struct fore_migration *m, bool taken_back)
{
    struct fore_migrate *migrate = step->migrate;
    const struct fore_topology *topology;
    if (!fore_migrate_copies(m->move.kind)) return;
    struct fore_gain_after after = {.gain = m->gain,
                                    .move = move_made(m),
                                    .ticket = m->ticket,
                                    .plan = m->plan,
                                    .began = m->began,
                                    .until = m->began + (fore_ns)(migrate->horizon_s * 1e9),
                                    .before_p99_ms = m->before_p99_ms,
                                    .worse = fore_gain_is_worse(step, m)};
    if (taken_back || step->now >= after.until || migrate->after_count == migrate->cap ||
        fore_driver_topology(step->driver, &topology) != FORE_E_OK ||
        m->move.partition >= topology->partition_count) {
        tell(step, &after);
        return;
    }
    const struct fore_partition *p = &topology->partition[m->move.partition];
    after.first = p->first;
    after.last = p->last;
    after.replicas = p->replica_count;
    migrate->after[migrate->after_count++] = after;
}

/* Does the partition still lie where the move put it? */
static bool stands(const struct fore_gain_after *after, const struct fore_topology *topology)
{
    if (after->move.partition >= topology->partition_count) return false;
    const struct fore_partition *p = &topology->partition[after->move.partition];
    if (!p->alive || p->first != after->first || p->last != after->last ||
        p->replica_count != after->replicas)
        return false;
    if (fore_move_of_columns(after->move.kind)) return p->apart == after->move.columns;
    return fore_topology_hosts(topology, after->move.partition, after->move.target);
}

static void follow_all(const struct fore_step *step)
{
    struct fore_migrate *migrate = step->migrate;
    const struct fore_topology *topology;
    uint32_t kept = 0;
    if (migrate->after_count == 0 || fore_driver_topology(step->driver, &topology) != FORE_E_OK)
        return;
    for (uint32_t i = 0; i < migrate->after_count; i++) {
        struct fore_gain_after *after = &migrate->after[i];
        bool goes_on = stands(after, topology);
        if (goes_on) look(step, &after->gain, &after->move);
        if (goes_on && step->now < after->until)
            migrate->after[kept++] = *after;
        else
            tell(step, after);
    }
    migrate->after_count = kept;
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
    follow_all(step);
}
