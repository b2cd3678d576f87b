/* queue.c - the implicit step and the tails of queue.h. */
#include "sim/queue.h"

#include <math.h>

enum { RAMP_POINTS = 8 }; /* a ramp stands for so many waits in equal parts */
static const double utilization_max = 1 - 1e-9;
static const double clump_from = 2.3; /* services below the bound: there one in ten is slow */

/*
 * Solves  wait(u) + step * u = V + step * offered  for u: the mean wait at the end of the step is
 * then wait(u). The left side rises from 0 without bound, so there is one root. Where the queue
 * forgets quickly u is `offered` but for a small correction, which one division gives.
 */
static double solve(const struct sim_latency *latency, double wait_s, double offered, double step_s)
{
    double goal = wait_s + step_s * offered;
    double low = 0, high = utilization_max;
    if (offered < 0.97) {
        double correction = (wait_s - sim_latency_wait(latency, offered)) / step_s;
        if (fabs(correction) < 1e-4 * (1 - offered)) return fmax(0, offered + correction);
    }
    double u = fmin(fmax(offered, 0.5), 0.999);
    for (int i = 0; i < 50; i++) {
        double wait = sim_latency_wait(latency, u);
        double excess = wait + step_s * u - goal;
        if (excess > 0)
            high = u;
        else
            low = u;
        if (fabs(excess) <= 1e-7 * (goal + 1e-12) || high - low < 1e-12) break;
        double slope = wait / (1 - u) + step_s; /* of the steepest factor, 1 / (1 - u) */
        double next = u - excess / slope;
        u = next > low && next < high ? next : (low + high) / 2;
    }
    return u;
}

/* The ramp between two backlogs; when it runs empty, for only a part of the step. */
static void set_ramp(struct sim_queue_step *step, double before_s, double after_s, double offered,
                     double step_s)
{
    step->ramp_from_s = before_s;
    step->ramp_to_s = after_s;
    step->ramp_share = before_s > 0 || after_s > 0 ? 1 : 0;
    double drain_s = offered < 1 ? before_s / (1 - offered) : (double)INFINITY;
    if (after_s <= 0 && drain_s < step_s) step->ramp_share = drain_s / step_s;
    if (before_s > 0 || after_s <= 0 || offered <= 1) return;
    double build_s = after_s / (offered - 1); /* it began to build only then */
    if (build_s < step_s) step->ramp_share = build_s / step_s;
}

/* Integral over 0..y of e^(-(rate - decay) v) dv, times the rate. */
static double built_up(double rate, double decay, double y)
{
    double off = (rate - decay) * y;
    return fabs(off) < 1e-6 ? rate * y : rate * y * (1 - exp(-off)) / off;
}

/*
 * With exponential service (rate m) above waits that fall off with decay d, a request is slow
 * beyond t where its wait is w and its service longer than t - w, and of these the wait was above t
 * - y in (1 + d/m I(y)) / (1 + d/m I(t)),  I(y) = m integral over 0..y of e^(-(m - d) v) dv.
 */
double sim_queue_clumped(const struct sim_latency *latency, struct sim_latency_state state,
                         double t)
{
    if (latency->kind != SIM_LATENCY_EXP) return 1;
    double rate = 1 / latency->service_s, decay = fmin(state.decay, 20 * rate);
    double near_s = fmin(t, clump_from / rate);
    return fmin(1, (1 + decay / rate * built_up(rate, decay, near_s)) /
                       (1 + decay / rate * built_up(rate, decay, t)));
}

struct sim_queue_step sim_queue_advance(struct sim_queue *queue, const struct sim_latency *latency,
                                        double offered, double step_s)
{
    double u = solve(latency, queue->wait_s, offered, step_s);
    double spread_s = sqrt(latency->kappa_s * step_s);
    double before_s = queue->backlog_s;
    queue->wait_s = sim_latency_wait(latency, u);
    queue->backlog_s = fmax(0, queue->wait_s - spread_s);

    double random = fmin(u, 1 - latency->kappa_s / spread_s);
    if (before_s > 0 && offered < 1) random = fmin(random, fmax(offered, 0));
    struct sim_queue_step step = {.utilization = fmax(0, random)};
    step.state = sim_latency_at(latency, step.utilization);
    double idle = 1 - step.utilization;
    step.clump_s = latency->kappa_s / (idle * idle);
    set_ramp(&step, before_s, queue->backlog_s, offered, step_s);
    return step;
}

static double ramp_at(const struct sim_queue_step *step, int i)
{
    return step->ramp_from_s + (step->ramp_to_s - step->ramp_from_s) * (i + 0.5) / RAMP_POINTS;
}

double sim_queue_tail(const struct sim_queue_step *step, const struct sim_latency *latency,
                      double t)
{
    double tail = (1 - step->ramp_share) * sim_latency_tail(latency, step->state, t);
    if (step->ramp_share <= 0) return tail;
    for (int i = 0; i < RAMP_POINTS; i++)
        tail += step->ramp_share / RAMP_POINTS *
                sim_latency_tail(latency, step->state, t - ramp_at(step, i));
    return tail;
}

void sim_queue_grid(const struct sim_queue_step *step, const struct sim_latency *latency,
                    const struct sim_grid *grid, double weight, double *sum)
{
    sim_grid_add(grid, latency, step->state, weight * (1 - step->ramp_share), sum);
    if (step->ramp_share <= 0) return;
    for (uint32_t g = 0; g < SIM_GRID; g++) {
        double t = sim_grid_at(grid, g), tail = 0;
        for (int i = 0; i < RAMP_POINTS; i++)
            tail += sim_latency_tail(latency, step->state, t - ramp_at(step, i));
        sum[g] += weight * step->ramp_share / RAMP_POINTS * tail;
    }
}
