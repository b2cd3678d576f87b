/*
 * latency.c - Erlang C, exponential tails, and the grid they are summed on.
 *
 * The grid exists for speed: 16 nodes, three quantiles and a whole distribution are wanted for
 * each of 130,000 windows. On a log-linear grid exp(-a t) needs one call of exp(); every further
 * point is a multiplication, and each octave squares the factor.
 */
#include "sim/latency.h"

#include <math.h>

#include "core/base/dist.h"

static const double tiny = 1e-13; /* a tail below this is none: 10^13 requests are not simulated */

struct sim_latency sim_latency_make(enum sim_latency_kind kind, uint32_t cores, double service_s,
                                    double cv2, double arrival_cv2, double sigma)
{
    FORE_ASSERT(cores > 0 && service_s > 0);
    struct sim_latency latency = {
        .kind = kind,
        .cores = cores,
        .service_s = service_s,
        .kappa_s = service_s / cores * (cv2 + arrival_cv2) / 2,
        .point = {service_s},
        .point_count = 1,
    };
    if (kind != SIM_LATENCY_LOGNORMAL || sigma <= 0) return latency;
    latency.point_count = SIM_LATENCY_POINTS;
    for (uint32_t i = 0; i < SIM_LATENCY_POINTS; i++) {
        double z = fore_dist_normal_quantile((i + 0.5) / SIM_LATENCY_POINTS);
        latency.point[i] = service_s * exp(sigma * z - sigma * sigma / 2);
    }
    return latency;
}

double sim_latency_erlang_c(uint32_t cores, double utilization)
{
    if (utilization <= 0) return 0;
    if (utilization >= 1) return 1;
    double offered = utilization * cores, blocked = 1;
    for (uint32_t c = 1; c <= cores; c++)
        blocked = offered * blocked / (c + offered * blocked);
    return blocked / (1 - utilization * (1 - blocked));
}

double sim_latency_wait(const struct sim_latency *latency, double utilization)
{
    return sim_latency_erlang_c(latency->cores, utilization) * latency->kappa_s / (1 - utilization);
}

struct sim_latency_state sim_latency_at(const struct sim_latency *latency, double utilization)
{
    return (struct sim_latency_state){
        .wait_probability = sim_latency_erlang_c(latency->cores, utilization),
        .decay = (1 - utilization) / latency->kappa_s,
    };
}

/* Waiting plus exponential service: the tail is slow * exp(-decay t) + own * exp(-rate t). */
struct two_exponentials {
    double slow, own, rate;
};
static struct two_exponentials split(const struct sim_latency *latency,
                                     struct sim_latency_state state)
{
    double rate = 1 / latency->service_s, gap = rate - state.decay;
    if (fabs(gap) < 1e-6 * rate) gap = 1e-6 * rate; /* the limit, well within double precision */
    double slow = state.wait_probability * rate / gap;
    return (struct two_exponentials){.slow = slow, .own = 1 - slow, .rate = rate};
}

double sim_latency_tail(const struct sim_latency *latency, struct sim_latency_state state, double t)
{
    if (t < 0) return 1;
    if (latency->kind == SIM_LATENCY_EXP) {
        struct two_exponentials e = split(latency, state);
        return fmax(0, e.slow * exp(-state.decay * t) + e.own * exp(-e.rate * t));
    }
    double sum = 0;
    for (uint32_t i = 0; i < latency->point_count; i++) {
        double beyond = t - latency->point[i];
        sum += beyond < 0 ? 1 : state.wait_probability * exp(-state.decay * beyond);
    }
    return sum / latency->point_count;
}

double sim_latency_service_tail(const struct sim_latency *latency, double t)
{
    return sim_latency_tail(latency, (struct sim_latency_state){.decay = 1}, t);
}

double sim_latency_quantile(const struct sim_latency *latency, double utilization, double tail)
{
    FORE_ASSERT(tail > 0 && tail < 1);
    struct sim_latency_state state = sim_latency_at(latency, utilization);
    double low = 0, high = latency->service_s;
    while (sim_latency_tail(latency, state, high) > tail)
        high *= 2;
    for (int i = 0; i < 60; i++) {
        double middle = (low + high) / 2;
        if (sim_latency_tail(latency, state, middle) > tail)
            low = middle;
        else
            high = middle;
    }
    return high;
}

double sim_grid_at(const struct sim_grid *grid, uint32_t index)
{
    double within = 1 + (double)(index % SIM_GRID_SUB) / SIM_GRID_SUB;
    return ldexp(grid->base_s * within, (int)(index / SIM_GRID_SUB));
}

/* Adds weight * exp(-rate * t) at every grid point. */
static void add_exponential(const struct sim_grid *grid, double rate, double weight, double *sum)
{
    double q = exp(-rate * grid->base_s / SIM_GRID_SUB);
    double value = q * q * q * q;
    for (uint32_t i = 0; i < SIM_GRID && value > tiny; i += SIM_GRID_SUB) {
        double second = value * q, third = second * q, fourth = third * q;
        sum[i] += weight * value;
        sum[i + 1] += weight * second;
        sum[i + 2] += weight * third;
        sum[i + 3] += weight * fourth;
        value = fourth * q;
        q *= q;
    }
}

void sim_grid_add(const struct sim_grid *grid, const struct sim_latency *latency,
                  struct sim_latency_state state, double weight, double *sum)
{
    if (latency->kind == SIM_LATENCY_EXP) {
        struct two_exponentials e = split(latency, state);
        add_exponential(grid, state.decay, weight * e.slow, sum);
        add_exponential(grid, e.rate, weight * e.own, sum);
        return;
    }
    for (uint32_t i = 0; i < SIM_GRID; i++) {
        double tail = sim_latency_tail(latency, state, sim_grid_at(grid, i));
        if (tail < tiny) return;
        sum[i] += weight * tail;
    }
}

/* Between two points the logarithm of the tail is a line, as it is for an exponential. */
double sim_grid_quantile(const struct sim_grid *grid, const double *sum, double total, double tail)
{
    if (!(total > tail)) return 0;
    uint32_t low = 0, high = SIM_GRID; /* the first point with sum <= tail is in low..high */
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (sum[middle] > tail)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == SIM_GRID) return sim_grid_at(grid, SIM_GRID - 1);
    double before = low > 0 ? sum[low - 1] : total;
    double from = low > 0 ? sim_grid_at(grid, low - 1) : 0, to = sim_grid_at(grid, low);
    double after = fmax(sum[low], tail * 1e-6);
    double share = log(before / tail) / log(before / after);
    return from + (to - from) * fmin(1, fmax(0, share));
}
