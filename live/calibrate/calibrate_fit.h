/*
 * calibrate_fit.h - the simulator's queue, fitted to what was seen at some loads.
 *
 * Model: Poisson arrivals at one FIFO server (Lindley's recursion), log-normal service, a way there
 * and back that is log-normal and independent of the queue (sim/way.h), and now and then a stall
 * (sim/stall.h): on a host with other work these make the tail, whatever the load. Beside it, a
 * server's CPU goes into sleeping and waking too (sim/station.h).
 *
 * Why all of them: a command of a server that is awake costs a fraction of what it costs one that
 * sleeps, and the spread of a loopback's or a network's latency is there without any queue. A model
 * that has only service calls both service; then its p50 and p99 rise with the load, and real ones
 * stay where they are.
 *
 * The way changes with the load of its server (sim/stretch.h). Nearly idle, processors leave deep
 * idle states for every request, and what is asked often is answered sooner; near the end clients
 * and servers wait for the same processors, and medians rise long before a queue could explain it.
 * So it has a median of its own at every load that was seen, and a line between two.
 *
 * What a command costs is measured, as CPU per command at every load: the part that goes away as
 * the server rests less is the waking. Then the mean service (near that, by a price, because
 * utilisation, which policies decide by, is that), its spread, the way, its spread and the stalls
 * are chosen so that the squared logarithms of predicted over seen p50, p90, p99 and p99.9 add up
 * to least; in turns, each on a grid. One stream of random numbers for every candidate, so that
 * they compare.
 */
#ifndef LIVE_CALIBRATE_FIT_H
#define LIVE_CALIBRATE_FIT_H

#include "core/base/base.h"

enum { LIVE_FIT_PROBES = 5 };

struct live_fit_probe {                     /* of one node */
    double rate;                            /* requests per second */
    double p50_us, p90_us, p99_us, p999_us; /* seen */
    double cpu_us;                          /* of the server, per command */
    double fit_p50_us, fit_p90_us, fit_p99_us, fit_p999_us;
};

struct live_fit_cost {
    double service_us;       /* of a command of a server that is awake */
    double wake_us, rest_us; /* sim.wake, sim.wake_rest */
};

struct live_fit {
    double service_us, sigma;     /* of a server that is awake */
    double wake_us;               /* sim.wake_delay */
    struct live_fit_cost cost;    /* as it was measured, without the latencies */
    double delay_us, delay_sigma; /* one way, median, idle; sigma of there and back */
    struct {
        double load, factor;
    } stretch[LIVE_FIT_PROBES + 1];  /* of it by the share of its time a server is at work, rising:
                                        cluster.link_stretch */
    uint32_t stretch_count;          /* 0: the same at all loads, as far as is known */
    double stall_every_us, stall_us; /* mean time between stalls, and of one; 0: none */
    double error;                    /* root mean square of the logarithms */
};

/* CPU of a command by load, taken apart: service, and wake times the mean share of a sleep. By the
 * least squares of the relative error, on a grid. */
void live_fit_cost(const struct live_fit_probe *probe, size_t count, struct live_fit_cost *out);
/* How much of `wake_us` a command at this rate comes to, 0..1. */
double live_fit_asleep(double rate, double service_us, double rest_us);
/* Fills the probes' fit_ fields too. By rising rates. */
void live_fit_queue(struct live_fit_probe *probe, size_t count, const struct live_fit_cost *cost,
                    struct live_fit *out);

#endif
