/* calibrate_fit.c - see calibrate_fit.h. A grid, because it is small and has no surprises. */
#include "live/calibrate/calibrate_fit.h"

#include "core/base/hist.h"
#include "core/base/rng.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { DRAWS = 40000, SIGMAS = 31, MEANS = 9 };
static const double PRICE = 1; /* of the logarithm of the mean over a command's CPU time, squared */

struct draws {
    double gap[DRAWS]; /* exponential, mean 1 */
    double z[DRAWS];   /* normal */
};

static void draw(struct draws *draws)
{
    struct fore_rng rng = fore_rng_stream(1, "live.fit", 0);
    for (int i = 0; i < DRAWS; i++) {
        double u = 1 - fore_rng_unit(&rng), v = fore_rng_unit(&rng);
        draws->gap[i] = -log(1 - fore_rng_unit(&rng));
        draws->z[i] = sqrt(-2 * log(u)) * cos(2 * 3.14159265358979323846 * v); /* Box and Muller */
    }
}

struct tail {
    double p50_us, p99_us;
};

/* Waiting and service of a queue, without the network. */
static struct tail play(const struct draws *draws, const double *service_us, double rate)
{
    static struct fore_hist hist;
    double wait = 0, gap_us = 1e6 / rate;
    fore_hist_clear(&hist);
    for (int i = 0; i < DRAWS; i++) {
        wait = fmax(0, wait - draws->gap[i] * gap_us);
        fore_hist_add(&hist, (uint64_t)((wait + service_us[i]) * 1e3));
        wait += service_us[i];
    }
    return (struct tail){.p50_us = (double)fore_hist_quantile(&hist, 0.5) / 1e3,
                         .p99_us = (double)fore_hist_quantile(&hist, 0.99) / 1e3};
}

/* The delay that fits the medians best; never below nothing. */
static double delay_of(const struct live_fit_probe *probe, const struct tail *tail, size_t count)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += (probe[i].p50_us - tail[i].p50_us) / 2;
    return fmax(0, sum / (double)count);
}

static double square(double x)
{
    return x * x;
}

void live_fit_queue(struct live_fit_probe *probe, size_t count, double service_us,
                    struct live_fit *out)
{
    struct draws *draws = malloc(sizeof *draws);
    double *service = malloc(DRAWS * sizeof *service);
    double best = (double)INFINITY;
    FORE_ASSERT(draws != NULL && service != NULL && count > 0 && count <= LIVE_FIT_PROBES);
    draw(draws);
    for (int m = 0; m < MEANS; m++)
        for (int s = 0; s < SIGMAS; s++) {
            double mean = service_us * pow(2, (m - 4) / 4.0), sigma = s / 10.0, error = 0;
            struct tail tail[LIVE_FIT_PROBES];
            for (int i = 0; i < DRAWS; i++)
                service[i] = mean * exp(sigma * draws->z[i] - sigma * sigma / 2);
            for (size_t i = 0; i < count; i++)
                tail[i] = play(draws, service, probe[i].rate);
            double delay = delay_of(probe, tail, count);
            for (size_t i = 0; i < count; i++)
                error += square(log((tail[i].p50_us + 2 * delay) / probe[i].p50_us)) +
                         square(log((tail[i].p99_us + 2 * delay) / probe[i].p99_us));
            double priced = error / (double)(2 * count) + PRICE * square(log(mean / service_us));
            if (!(priced < best)) continue;
            best = priced;
            *out = (struct live_fit){.service_us = mean,
                                     .sigma = sigma,
                                     .delay_us = delay,
                                     .error = sqrt(error / (double)(2 * count))};
            for (size_t i = 0; i < count; i++) {
                probe[i].fit_p50_us = tail[i].p50_us + 2 * delay;
                probe[i].fit_p99_us = tail[i].p99_us + 2 * delay;
            }
        }
    free(service);
    free(draws);
}
