/* calibrate_cost.c - what a command costs by load, taken apart into service and waking; see
 * calibrate_fit.h. */
#include "live/calibrate/calibrate_fit.h"

#include <math.h>

enum { STEPS = 64, RESTS = 21, SERVICES = 61 };
static const double REST_MIN_US = 4,
                    SERVICE_MIN = 0.1; /* of the grid; the second of the least CPU */
static const double WORTH = 0.01;      /* waking explains at least so much, or there is none */

/* Of a sleep of exponential length, I / (I + rest), by the midpoints of its quantiles. */
double live_fit_asleep(double rate, double service_us, double rest_us)
{
    double mean_us = 1e6 / rate, sum = 0;
    for (int i = 0; i < STEPS; i++) {
        double sleep_us = -log(1 - (i + 0.5) / STEPS) * mean_us;
        sum += sleep_us / (sleep_us + rest_us) / STEPS;
    }
    return sum * fmax(0, 1 - rate * service_us / 1e6);
}

/* The best waking for this service and rest; returns the mean squared relative error. */
static double try_cost(const struct live_fit_probe *probe, size_t count, struct live_fit_cost *cost)
{
    double asleep[LIVE_FIT_PROBES], top = 0, bottom = 0, error = 0;
    for (size_t i = 0; i < count; i++) {
        double cpu_us = probe[i].cpu_us;
        asleep[i] = live_fit_asleep(probe[i].rate, cost->service_us, cost->rest_us);
        top += asleep[i] * (cpu_us - cost->service_us) / (cpu_us * cpu_us);
        bottom += asleep[i] * asleep[i] / (cpu_us * cpu_us);
    }
    cost->wake_us = bottom > 0 ? fmax(0, top / bottom) : 0;
    for (size_t i = 0; i < count; i++) {
        double off = (cost->service_us + cost->wake_us * asleep[i]) / probe[i].cpu_us - 1;
        error += off * off / (double)count;
    }
    return error;
}

void live_fit_cost(const struct live_fit_probe *probe, size_t count, struct live_fit_cost *out)
{
    FORE_ASSERT(count > 0 && count <= LIVE_FIT_PROBES);
    double least_us = probe[0].cpu_us, mean_us = 0, best = (double)INFINITY;
    for (size_t i = 0; i < count; i++) {
        least_us = fmin(least_us, probe[i].cpu_us);
        mean_us += probe[i].cpu_us / (double)count;
    }
    struct live_fit_cost plain = {.service_us = mean_us};
    double alone = 0;
    for (size_t i = 0; i < count; i++)
        alone += pow(mean_us / probe[i].cpu_us - 1, 2) / (double)count;
    for (int r = 0; r < RESTS; r++)
        for (int s = 0; s < SERVICES; s++) {
            struct live_fit_cost cost = {.service_us = least_us * SERVICE_MIN * pow(10, s / 60.0),
                                         .rest_us = REST_MIN_US * pow(2, r / 2.0)};
            double error = try_cost(probe, count, &cost);
            if (!(error < best)) continue;
            best = error;
            *out = cost;
        }
    if (!(best < alone - WORTH * WORTH)) *out = plain;
}
