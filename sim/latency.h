/*
 * latency.h - queueing formulas: what the latencies at a node look like at a given utilisation.
 *
 * A node is a G/G/c queue. Its waiting times follow Erlang's C and an exponential tail, scaled by
 * the variability of arrivals and service (Allen and Cunneen 1978): exact for M/M/c, for M/G/1 in
 * the mean. Latency is waiting plus service, the two independent. All times here are seconds.
 *
 * Utilisation u is the share of the cores' time that is used, 0 <= u < 1. `kappa` is the scale of
 * waiting: in heavy traffic the mean wait is kappa / (1 - u), and the queue forgets its past in
 * about 2 kappa / (1 - u)^2.
 */
#ifndef SIM_LATENCY_H
#define SIM_LATENCY_H

#include "core/base/base.h"

enum sim_latency_kind { SIM_LATENCY_EXP, SIM_LATENCY_FIXED, SIM_LATENCY_LOGNORMAL };
enum { SIM_LATENCY_POINTS = 8 }; /* a log-normal service time stands for this many equal shares */

struct sim_latency { /* of one kind of node; by sim_latency_make */
    enum sim_latency_kind kind;
    uint32_t cores;
    double service_s;                 /* mean, on this node */
    double kappa_s;                   /* service / cores * (ca2 + cs2) / 2 */
    double point[SIM_LATENCY_POINTS]; /* service times of equal probability */
    uint32_t point_count;
};

/* `cv2` is the squared coefficient of variation of service, `arrival_cv2` of times between
 * arrivals (1: Poisson). `sigma` matters for LOGNORMAL only. */
struct sim_latency sim_latency_make(enum sim_latency_kind kind, uint32_t cores, double service_s,
                                    double cv2, double arrival_cv2, double sigma);
/* P(a request has to wait): Erlang's C. */
double sim_latency_erlang_c(uint32_t cores, double utilization);
/* Mean wait in steady state. */
double sim_latency_wait(const struct sim_latency *latency, double utilization);

/* The two numbers that the tail of a node's latency is made of. */
struct sim_latency_state {
    double wait_probability;
    double decay; /* of the wait's tail, per second */
};
struct sim_latency_state sim_latency_at(const struct sim_latency *latency, double utilization);
/* P(latency > t) for a request in steady state; 1 for t < 0. */
double sim_latency_tail(const struct sim_latency *latency, struct sim_latency_state state,
                        double t);
/* P(service alone > t). */
double sim_latency_service_tail(const struct sim_latency *latency, double t);
/* The latency that a share `tail` of requests exceeds. */
double sim_latency_quantile(const struct sim_latency *latency, double utilization, double tail);

/*
 * A log-linear grid of latencies from 1/16 of a time unit up: SIM_GRID_SUB points in each power of
 * two. Tails of several nodes are summed on it, and quantiles read off it.
 */
enum { SIM_GRID_SUB = 4, SIM_GRID_OCTAVES = 28, SIM_GRID = SIM_GRID_SUB * SIM_GRID_OCTAVES };
struct sim_grid {
    double base_s;
};
double sim_grid_at(const struct sim_grid *grid, uint32_t index);
/* Adds weight * P(latency > grid point) to sum[SIM_GRID]. */
void sim_grid_add(const struct sim_grid *grid, const struct sim_latency *latency,
                  struct sim_latency_state state, double weight, double *sum);
/* The latency above which `tail` (a weight, as summed) lies; `total` is the weight of everything,
 * the tail at 0. */
double sim_grid_quantile(const struct sim_grid *grid, const double *sum, double total, double tail);

#endif
