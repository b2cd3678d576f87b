/*
 * queue.h - one node's queue through time, without events.
 *
 * State: the mean wait V. It follows dV/dt = offered - u(V), where u(V) is the utilisation at which
 * a steady queue has mean wait V (the pointwise stationary fluid-flow approximation of Wang, Tipper
 * and Banerjee 1996): it settles to the steady formulas under constant load, grows in a line when
 * offered > 1, and drains in a line afterwards. One implicit step per call, stable for any length.
 *
 * Waits beyond the spread that diffusion can make in a step (sqrt(kappa * step)) are a backlog: the
 * same for everyone who arrives, a ramp over the step. The rest is random with an exponential tail.
 */
#ifndef SIM_QUEUE_H
#define SIM_QUEUE_H

#include "sim/latency.h"

struct sim_queue {    /* {0}: empty */
    double wait_s;    /* V */
    double backlog_s; /* the part of it that is a ramp */
};

struct sim_queue_step {             /* what a request sees that arrives in the step */
    struct sim_latency_state state; /* of the random part */
    double utilization;             /* that the random part stands for */
    double ramp_share;              /* of the step has a backlog, ... */
    double ramp_from_s, ramp_to_s;  /* ... which goes from here to there */
    double clump_s;                 /* mean time that one excursion above a high level lasts */
};

/* Carries the queue through `step_s` seconds of `offered` utilisation (work / capacity). */
struct sim_queue_step sim_queue_advance(struct sim_queue *queue, const struct sim_latency *latency,
                                        double offered, double step_s);
/* Share of the step's requests with latency above t: ramp included. */
double sim_queue_tail(const struct sim_queue_step *step, const struct sim_latency *latency,
                      double t);
/*
 * Share of the slow ones (beyond t) of the random part that come in excursions of the queue: their
 * waits alone are within 2.3 mean services of t, so that one in ten that arrives then is slow at
 * least. The rest come singly, where a middling wait met a long service. The border is fitted to
 * request mode: of 9,600 node-minutes on four cores at 74, 76, 78, 80, 84 %, those with more than
 * 1 % of slow requests are 33, 78, 206, 457, 2,150, and request by request 23, 79, 210, 482, 2,148
 * (README); not fitted to two cores at 74, 80 % (36, 537; 39, 551) and eight at 74, 79 % (13, 114;
 * 14, 207).
 */
double sim_queue_clumped(const struct sim_latency *latency, struct sim_latency_state state,
                         double t);
/* Adds weight * that to sum[SIM_GRID]. */
void sim_queue_grid(const struct sim_queue_step *step, const struct sim_latency *latency,
                    const struct sim_grid *grid, double weight, double *sum);

#endif
