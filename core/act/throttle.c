/* throttle.c - see throttle.h; and the plain switch that act.throttle_share is. */
#include "core/act/throttle.h"

#include <math.h>
#include <stdio.h>

static const double decrease = 0.5, increase = 0.1, hold_from = 0.9;

double fore_throttle_next(const struct fore_throttle_law *law, double rate, double p99_ms)
{
    FORE_ASSERT(law->goal_ms > 0 && law->floor > 0 && law->full >= law->floor);
    if (p99_ms > law->goal_ms)
        rate *= decrease;
    else if (p99_ms < hold_from * law->goal_ms)
        rate += increase * law->full;
    return fmin(fmax(rate, law->floor), law->full);
}

/* What the copy could use: its cap, or the slower end's bandwidth, or what its plan counted on. */
static double full_rate(const struct fore_step *step, const struct fore_migration *m)
{
    const struct fore_topology *topology;
    double full = step->migrate->options.move_bandwidth;
    if (full > 0) return full;
    if (fore_driver_topology(step->driver, &topology) == FORE_E_OK)
        full = fmin(topology->node[m->move.source].bandwidth_bytes,
                    topology->node[m->move.target].bandwidth_bytes);
    if (full > 0) return full;
    return m->expected_s > 0 ? (double)m->bytes_total / m->expected_s : 0;
}

static bool set_rate(struct fore_step *step, struct fore_migration *m, double rate)
{
    if (fore_driver_throttle(step->driver, m->ticket, rate) != FORE_E_OK) return false;
    m->rate = rate;
    return true;
}

static double worse_p99_ms(const struct fore_step *step, const struct fore_migration *m)
{
    const struct fore_observe_node *node = step->observe->node;
    return fmax(node[m->move.source].p99_ms, node[m->move.target].p99_ms);
}

/* Would clients of an end suffer without the copy too? Then it is the cure, and is not delayed. */
static bool beyond_help(const struct fore_step *step, const struct fore_migration *m)
{
    const uint16_t end[] = {m->move.source, m->move.target};
    double limit = step->migrate->utilization_limit;
    for (size_t i = 0; i < FORE_COUNTOF(end) && limit > 0; i++) {
        const struct fore_observe_node *node = &step->observe->node[end[i]];
        if (node->utilization - node->move_utilization >= limit) return true;
    }
    return false;
}

static void close_the_loop(struct fore_step *step, struct fore_migration *m)
{
    const struct fore_act_options *options = &step->migrate->options;
    char note[96];
    if (m->steered_at != 0 && step->now - m->steered_at < step->observe->options.now_span) return;
    double full = full_rate(step, m), p99_ms = worse_p99_ms(step, m);
    if (!(full > 0)) return;
    m->steered_at = step->now;
    struct fore_throttle_law law = {
        .goal_ms = fmax(options->throttle_p99 * step->migrate->slo_ms, m->before_p99_ms),
        .floor = options->throttle_floor * full,
        .full = full};
    double before = m->throttled ? m->rate : full;
    double rate = fore_throttle_next(&law, before, beyond_help(step, m) ? 0 : p99_ms);
    if (rate == before) return;
    /* At full speed the driver is left to its own cap, if it has one. */
    if (!set_rate(step, m, rate < full ? rate : options->move_bandwidth)) return;
    m->throttled = rate < full;
    (void)snprintf(note, sizeof note, "%.0f %% of full speed: p99 %.1f ms, goal %.1f ms",
                   100 * rate / full, p99_ms, law.goal_ms);
    fore_step_say(step, m, note);
}

/* While an end of the copy is slow, the copy goes slower, by a fixed share. */
static void flip(struct fore_step *step, struct fore_migration *m)
{
    const struct fore_act_options *options = &step->migrate->options;
    bool slow =
        fore_step_breaks_slo(step, m->move.source) || fore_step_breaks_slo(step, m->move.target);
    if (slow == m->throttled) return;
    double full = options->move_bandwidth;
    if (full <= 0 && m->expected_s > 0) full = (double)m->bytes_total / m->expected_s;
    if (!set_rate(step, m, slow ? full * options->throttle_share : options->move_bandwidth)) return;
    m->throttled = slow;
    fore_step_say(step, m, slow ? "throttled: an end breaks the SLO" : "full speed again");
}

void fore_throttle_steer(struct fore_step *step, struct fore_migration *m)
{
    const struct fore_act_options *options = &step->migrate->options;
    if (!fore_migrate_copies(m->move.kind) || !fore_driver_can(step->driver, FORE_CAP_THROTTLE))
        return;
    if (options->throttle_p99 > 0 && step->migrate->slo_ms > 0)
        close_the_loop(step, m);
    else if (options->throttle_share < 1)
        flip(step, m);
}
