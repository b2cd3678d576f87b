/* throttle.c - see throttle.h; and the plain switch that act.throttle_share is. */
#include "core/act/throttle.h"

#include "core/act/running.h"

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

double fore_throttle_room(double limit, double load, double cost, double floor)
{
    double share = cost > 0 ? (limit - load) / cost : 1;
    return fmin(fmax(share, floor), 1);
}

/* Of the end that has less. */
static double room(const struct fore_step *step, const struct fore_migration *m)
{
    const struct fore_migrate *migrate = step->migrate;
    const uint16_t end[] = {m->move.source, m->move.target};
    double share = 1;
    for (size_t i = 0; i < FORE_COUNTOF(end); i++) {
        const struct fore_observe_node *node = &step->observe->node[end[i]];
        share = fmin(share, fore_throttle_room(migrate->options.throttle_room,
                                               node->utilization - node->move_utilization,
                                               migrate->move_utilization,
                                               migrate->options.throttle_floor));
    }
    return share;
}

/* What the loop on p99 gives the copy; the time has come to look when `now_span` is over. */
static double rate_by_p99(struct fore_step *step, struct fore_migration *m, double full, bool cure)
{
    const struct fore_act_options *options = &step->migrate->options;
    if (options->throttle_p99 <= 0 || step->migrate->slo_ms <= 0) return full;
    double before = m->rate_p99 > 0 ? m->rate_p99 : m->throttled ? m->rate : full;
    if (m->steered_at != 0 && step->now - m->steered_at < step->observe->options.now_span)
        return before;
    struct fore_throttle_law law = {
        .goal_ms = fmax(options->throttle_p99 * step->migrate->slo_ms, m->before_p99_ms),
        .floor = options->throttle_floor * full,
        .full = full};
    m->steered_at = step->now;
    m->rate_p99 = fore_throttle_next(&law, before, cure ? 0 : worse_p99_ms(step, m));
    return m->rate_p99;
}

static void close_the_loop(struct fore_step *step, struct fore_migration *m)
{
    const struct fore_act_options *options = &step->migrate->options;
    char note[96];
    double full = full_rate(step, m);
    if (!(full > 0)) return;
    bool cure = beyond_help(step, m);
    double lawful = m->rate_p99;
    double before = m->throttled ? m->rate : full, rate = rate_by_p99(step, m, full, cure);
    if (options->throttle_room > 0 && !cure) {
        double roomy = full * room(step, m);
        if (fabs(roomy - before) >= full / 20 || roomy >= full)
            rate = fmin(rate, roomy);
        else
            rate = fmin(rate, before);
    }
    if (rate == before) return;
    /* At full speed the driver is left to its own cap, if it has one. */
    if (!set_rate(step, m, rate < full ? rate : options->move_bandwidth)) {
        m->rate_p99 = lawful; /* it was not heard: the next look decides again */
        return;
    }
    m->throttled = rate < full;
    (void)snprintf(note, sizeof note, "%.0f %% of full speed: p99 %.1f ms", 100 * rate / full,
                   worse_p99_ms(step, m));
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
    if ((options->throttle_p99 > 0 && step->migrate->slo_ms > 0) || options->throttle_room > 0)
        close_the_loop(step, m);
    else if (options->throttle_share < 1)
        flip(step, m);
}
