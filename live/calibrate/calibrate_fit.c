/* calibrate_fit.c - see calibrate_fit.h. Grids, because they are small and have no surprises. */
#include "live/calibrate/calibrate_fit.h"

#include "core/base/hist.h"
#include "core/base/rng.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { DRAWS = 40000, SIGMAS = 21, MEANS = 7, STALLS = 9, SHARES = 9, TURNS = 4 };
static const double PRICE = 1; /* of the logarithm of the mean over a command's CPU time, squared */
static const double STALL_PRICE = 4e-3; /* without them where they explain nothing */
static const double MIDDLE = 3;         /* what a p50 counts for: half of all requests make it */
static const double RARE = 0.1;         /* what a p99.9 counts for: few requests make it */
static const double STALL_MIN = 20;     /* of the grid, over a service: shorter is service */
static const double SHARE_MIN = 2.5e-4;

struct draws {
    double gap[DRAWS];                     /* exponential, mean 1 */
    double z[DRAWS];                       /* normal */
    double stall_gap[DRAWS], stall[DRAWS]; /* exponential, mean 1 */
};

struct candidate {
    double mean_us, sigma, stall_us, stall_every_us; /* stall_us 0: none */
};

struct tail {
    double p50_us, p99_us, p999_us;
};

struct fitting {
    struct draws *draws;
    double *service_us; /* [DRAWS], of the candidate's mean and sigma */
    struct live_fit_probe *probe;
    size_t count;
    double cpu_us, priced; /* of the best so far */
    double turn;           /* the same, since the search last began anew */
    struct candidate best; /* since then */
    struct live_fit *out;
};

static double exponential(struct fore_rng *rng)
{
    return -log(1 - fore_rng_unit(rng));
}

/* Exponential too, but even: a play sees few stalls, and they shall be typical ones (the steps are
 * those of the two-dimensional golden ratio, Roberts 2018). */
static double spread(int i, double step)
{
    double x = (i + 0.5) * step;
    return -log(1 - (x - floor(x)));
}

static void draw(struct draws *draws)
{
    struct fore_rng rng = fore_rng_stream(1, "live.fit", 0);
    for (int i = 0; i < DRAWS; i++) {
        double u = 1 - fore_rng_unit(&rng), v = fore_rng_unit(&rng);
        draws->gap[i] = exponential(&rng);
        draws->z[i] = sqrt(-2 * log(u)) * cos(2 * 3.14159265358979323846 * v); /* Box and Muller */
        draws->stall_gap[i] = spread(i, 0.7548776662466927);
        draws->stall[i] = spread(i, 0.5698402909980532);
    }
}

/* Waiting and service of a queue, without the network. */
static struct tail play(const struct fitting *f, const struct candidate *c, double rate)
{
    static struct fore_hist hist;
    const struct draws *draws = f->draws;
    double wait = 0, gap_us = 1e6 / rate, left = (double)INFINITY; /* till the next stall */
    int stalls = 0;
    fore_hist_clear(&hist);
    if (c->stall_us > 0) left = draws->stall_gap[0] * c->stall_every_us;
    for (int i = 0; i < DRAWS; i++) {
        double gap = draws->gap[i] * gap_us;
        while (left <= gap && stalls < DRAWS - 1) {
            wait = fmax(0, wait - left) + draws->stall[stalls++] * c->stall_us;
            gap -= left;
            left = draws->stall_gap[stalls] * c->stall_every_us;
        }
        left -= gap;
        wait = fmax(0, wait - gap);
        fore_hist_add(&hist, (uint64_t)((wait + f->service_us[i]) * 1e3));
        wait += f->service_us[i];
    }
    return (struct tail){.p50_us = (double)fore_hist_quantile(&hist, 0.5) / 1e3,
                         .p99_us = (double)fore_hist_quantile(&hist, 0.99) / 1e3,
                         .p999_us = (double)fore_hist_quantile(&hist, 0.999) / 1e3};
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

static void draw_services(struct fitting *f, const struct candidate *c)
{
    for (int i = 0; i < DRAWS; i++)
        f->service_us[i] = c->mean_us * exp(c->sigma * f->draws->z[i] - c->sigma * c->sigma / 2);
}

/* Plays one candidate, whose services are drawn, at every load; keeps it when it is the best. */
static void judge(struct fitting *f, const struct candidate *c)
{
    struct tail tail[LIVE_FIT_PROBES];
    double error = 0, weight = MIDDLE + 1 + RARE;
    for (size_t i = 0; i < f->count; i++)
        tail[i] = play(f, c, f->probe[i].rate);
    double both = 2 * delay_of(f->probe, tail, f->count);
    for (size_t i = 0; i < f->count; i++)
        error += MIDDLE * square(log((tail[i].p50_us + both) / f->probe[i].p50_us)) +
                 square(log((tail[i].p99_us + both) / f->probe[i].p99_us)) +
                 RARE * square(log((tail[i].p999_us + both) / f->probe[i].p999_us));
    error /= weight * (double)f->count;
    double priced = error + PRICE * square(log(c->mean_us / f->cpu_us));
    if (c->stall_us > 0) priced += STALL_PRICE;
    if (!(priced < f->turn)) return;
    f->turn = priced;
    f->best = *c;
    if (!(priced < f->priced)) return;
    f->priced = priced;
    *f->out = (struct live_fit){.service_us = c->mean_us,
                                .sigma = c->sigma,
                                .delay_us = both / 2,
                                .stall_every_us = c->stall_us > 0 ? c->stall_every_us : 0,
                                .stall_us = c->stall_us,
                                .error = sqrt(error)};
    for (size_t i = 0; i < f->count; i++) {
        f->probe[i].fit_p50_us = tail[i].p50_us + both;
        f->probe[i].fit_p99_us = tail[i].p99_us + both;
        f->probe[i].fit_p999_us = tail[i].p999_us + both;
    }
}

static void try_services(struct fitting *f)
{
    const struct candidate from = f->best;
    for (int m = 0; m < MEANS; m++)
        for (int s = 0; s < SIGMAS; s++) {
            struct candidate c = from;
            c.mean_us = f->cpu_us * pow(2, (m - 3) / 4.0);
            c.sigma = s * 0.15;
            draw_services(f, &c);
            judge(f, &c);
        }
}

/* In steps of sqrt(2), from 20 to 5120 services long, and from 0.025 to 6.4 % of the time. */
static void try_stalls(struct fitting *f)
{
    const struct candidate from = f->best;
    draw_services(f, &from);
    for (int l = 0; l < 2 * STALLS - 1; l++)
        for (int s = 0; s < 2 * SHARES - 1; s++) {
            struct candidate c = from;
            c.stall_us = STALL_MIN * f->cpu_us * pow(2, l / 2.0);
            c.stall_every_us = c.stall_us / (SHARE_MIN * pow(2, s / 2.0));
            judge(f, &c);
        }
}

void live_fit_queue(struct live_fit_probe *probe, size_t count, double service_us,
                    struct live_fit *out)
{
    FORE_ASSERT(count > 0 && count <= LIVE_FIT_PROBES);
    struct fitting f = {.draws = malloc(sizeof *f.draws),
                        .service_us = malloc(DRAWS * sizeof *f.service_us),
                        .probe = probe,
                        .count = count,
                        .cpu_us = service_us,
                        .priced = (double)INFINITY,
                        .best = {.mean_us = service_us},
                        .out = out};
    FORE_ASSERT(f.draws != NULL && f.service_us != NULL);
    draw(f.draws);
    /* Both orders, because either alone may explain with one what is the other's. */
    for (int first = 0; first < 2; first++) {
        f.best = (struct candidate){.mean_us = service_us};
        f.turn = (double)INFINITY;
        for (int turn = 0; turn < TURNS; turn++)
            (turn + first) % 2 == 0 ? try_services(&f) : try_stalls(&f);
    }
    free(f.service_us);
    free(f.draws);
}
