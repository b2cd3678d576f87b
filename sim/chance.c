/* chance.c - the draws of chance.h. */
#include "sim/chance.h"

#include <math.h>

#include "core/base/dist.h"

static const double normal_from = 12;  /* counts: the normal's skew error is small beside its sd */
static const double clumps_many = 200; /* likewise for clumps */

struct sim_chance sim_chance_make(uint64_t seed)
{
    return (struct sim_chance){
        .counts = fore_rng_stream(seed, "fluid-counts", 0),
        .service = fore_rng_stream(seed, "fluid-service", 0),
        .slow = fore_rng_stream(seed, "fluid-slow", 0),
        .keys = fore_rng_stream(seed, "fluid-keys", 0),
    };
}

static double draw_count(struct fore_rng *rng, double mean)
{
    if (mean < normal_from) return (double)fore_dist_poisson(rng, mean);
    double drawn = mean + sqrt(mean) * fore_dist_normal(rng) + 0.5;
    return drawn > 0 ? (double)(int64_t)drawn : 0;
}

double sim_chance_count(struct sim_chance *chance, double mean)
{
    return draw_count(&chance->counts, mean);
}

double sim_chance_factor(struct sim_chance *chance, double mean, double variance)
{
    if (!(mean > 0) || !(variance > 0)) return 1;
    return fmax(0, 1 + sqrt(variance) / mean * fore_dist_normal(&chance->service));
}

/*
 * The time that a Brownian motion with negative drift m and variance 1 spends above its start, its
 * mean 1/(2 m^2) taken as 1: its Laplace transform is 2m / (m + sqrt(m^2 + 2s)), which is that of
 * the first passage of a level with drift m where the level is exponential of rate 2m; and a first
 * passage is inverse Gaussian (drawn after Michael, Schucany and Haas 1976).
 */
static double draw_sojourn(struct fore_rng *rng)
{
    const double drift = 0.7071067811865476;
    double level = -log(1 - fore_rng_unit(rng)) / (2 * drift);
    double mean = level / drift, shape = level * level, z = fore_dist_normal(rng);
    double y = mean * z * z;
    double x = mean + mean / (2 * shape) * (y - sqrt(y * (4 * shape + y)));
    return fore_rng_unit(rng) * (mean + x) <= mean ? x : mean * mean / x;
}

/* Share of the window spent in excursions. */
static double draw_clumps(struct fore_rng *rng, const struct sim_chance_slow *slow)
{
    if (!(slow->chance > 0) || !(slow->clump_s > 0)) return slow->chance;
    double mean = slow->chance * slow->window_s / slow->clump_s;
    if (mean > clumps_many) {
        double z = fore_dist_normal(rng);
        return fmax(0, slow->chance * (1 + 2 * z / sqrt(mean)));
    }
    double sum = 0;
    for (uint64_t left = fore_dist_poisson(rng, mean); left > 0; left--)
        sum += draw_sojourn(rng);
    return sum * slow->clump_s / slow->window_s;
}

double sim_chance_slow(struct sim_chance *chance, const struct sim_chance_slow *slow)
{
    if (!(slow->requests > 0)) return 0;
    double share = fmin(1, slow->sure + draw_clumps(&chance->slow, slow));
    if (!(share > 0)) return 0;
    double mean = slow->requests * share, spread = sqrt(mean * (1 - share));
    if (share < 0.5 && mean < normal_from)
        return fmin(slow->requests, draw_count(&chance->slow, mean));
    double drawn = round(mean + spread * fore_dist_normal(&chance->slow));
    return fmin(slow->requests, fmax(0, drawn));
}

/* Systematic sampling: one random start, then even steps through the summed rates. */
void sim_chance_show_keys(struct sim_chance *chance, const struct sim_chance_keys *keys,
                          struct sim_window *window)
{
    double total = 0;
    for (uint32_t b = 0; b < keys->flow->bucket_count; b++)
        total += keys->reads[b] + keys->writes[b];
    if (keys->wanted == 0 || !(total > 0) || window->sample.requests == 0) return;
    double step = total / keys->wanted, seen = 0;
    double next = step * fore_rng_unit(&chance->keys);
    uint32_t weight = (uint32_t)fmin((double)window->sample.requests / keys->wanted + 0.5, 4e9);
    for (uint32_t b = 0; b < keys->flow->bucket_count; b++) {
        const struct wl_bucket *bucket = &keys->flow->bucket[b];
        double all = keys->reads[b] + keys->writes[b];
        double width = (double)(bucket->last - bucket->first) + 1;
        while (next < seen + all && window->sample.key_count < window->key_cap) {
            double place = fore_rng_unit(&chance->keys), kind = fore_rng_unit(&chance->keys);
            uint64_t key = bucket->first + (uint64_t)(place * width);
            window->key[window->sample.key_count++] = (struct fore_key_sample){
                .position = fore_placement_position(keys->placement, key),
                .weight = weight,
                .write = kind * all < keys->writes[b],
            };
            next += step;
        }
        seen += all;
    }
}
