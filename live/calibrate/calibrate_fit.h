/*
 * calibrate_fit.h - the simulator's queue, fitted to latencies that were seen.
 *
 * Model: Poisson arrivals at one FIFO server (Lindley's recursion), log-normal service, a constant
 * delay there and back. Given p50 and p99 at some loads, the mean service, the spread of its
 * logarithm and the delay are chosen so that the squared logarithms of predicted over seen add up
 * to least. The mean is held near the CPU time of a command by a price, because utilisation, which
 * policies decide by, is that. One stream of random numbers for every candidate, so that they
 * compare.
 */
#ifndef LIVE_CALIBRATE_FIT_H
#define LIVE_CALIBRATE_FIT_H

#include "core/base/base.h"

enum { LIVE_FIT_PROBES = 3 };

struct live_fit_probe {    /* of one node */
    double rate;           /* requests per second */
    double p50_us, p99_us; /* seen */
    double fit_p50_us, fit_p99_us;
};

struct live_fit {
    double service_us, sigma, delay_us; /* delay: one way */
    double error;                       /* root mean square of the logarithms */
};

/* `service_us`: CPU time of a command. Fills the probes' fit_ fields too. */
void live_fit_queue(struct live_fit_probe *probe, size_t count, double service_us,
                    struct live_fit *out);

#endif
