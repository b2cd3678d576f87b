/*
 * chance.h - what a fluid run draws at random, so that it looks as noisy as a request-level one:
 * counts and summed service (Poisson arrivals, random service), slow requests, keys to look at.
 */
#ifndef SIM_CHANCE_H
#define SIM_CHANCE_H

#include "core/base/rng.h"
#include "sim/window.h"
#include "workloads/flow.h"

struct sim_chance { /* one stream for each, so that none shifts another */
    struct fore_rng counts, service, slow, keys;
};
struct sim_chance sim_chance_make(uint64_t seed);

/* A Poisson count; a rounded normal above a mean of 12. */
double sim_chance_count(struct sim_chance *chance, double mean);
/* What a sum with that mean and variance is of its mean: normal, never negative. */
double sim_chance_factor(struct sim_chance *chance, double mean, double variance);

/*
 * How many of a node's requests were slow. A long wait hits many requests in a row, so slow ones
 * come in clumps: excursions of the queue above the SLO arrive as a Poisson process and last
 * clump_s on average, by the law of the time that a Brownian motion with negative drift spends
 * above its start, E[C^2] = 4 E[C]^2 (Aldous 1989, "Probability approximations via the Poisson
 * clumping heuristic"). The rest are independent.
 */
struct sim_chance_slow {
    double requests;
    double sure;   /* probability of the independent ones */
    double chance; /* mean share of time in an excursion */
    double clump_s;
    double window_s;
};
double sim_chance_slow(struct sim_chance *chance, const struct sim_chance_slow *slow);

/* About `wanted` keys, in proportion to the rates, into the window. */
struct sim_chance_keys {
    const struct wl_flow *flow;
    const double *reads, *writes; /* [bucket_count] */
    enum fore_placement placement;
    uint32_t wanted;
};
void sim_chance_show_keys(struct sim_chance *chance, const struct sim_chance_keys *keys,
                          struct sim_window *window);

#endif
