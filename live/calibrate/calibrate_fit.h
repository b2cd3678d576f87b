/*
 * calibrate_fit.h - the simulator's queue, fitted to latencies that were seen.
 *
 * Model: Poisson arrivals at one FIFO server (Lindley's recursion), log-normal service, a constant
 * delay there and back, and now and then a stall (sim/stall.h): on a host with other work these
 * make the tail, whatever the load. Given p50, p99 and p99.9 at some loads, the mean service, the
 * spread of its logarithm, the delay and the stalls are chosen so that the squared logarithms of
 * predicted over seen add up to least; service and stalls in turns, each on a grid. The mean is
 * held near the CPU time of a command by a price, because utilisation, which policies decide by, is
 * that. One stream of random numbers for every candidate, so that they compare.
 */
#ifndef LIVE_CALIBRATE_FIT_H
#define LIVE_CALIBRATE_FIT_H

#include "core/base/base.h"

enum { LIVE_FIT_PROBES = 3 };

struct live_fit_probe {             /* of one node */
    double rate;                    /* requests per second */
    double p50_us, p99_us, p999_us; /* seen */
    double fit_p50_us, fit_p99_us, fit_p999_us;
};

struct live_fit {
    double service_us, sigma, delay_us; /* delay: one way */
    double stall_every_us, stall_us;    /* mean time between stalls, and of one; 0: none */
    double error;                       /* root mean square of the logarithms */
};

/* `service_us`: CPU time of a command. Fills the probes' fit_ fields too. */
void live_fit_queue(struct live_fit_probe *probe, size_t count, double service_us,
                    struct live_fit *out);

#endif
