/* calibrate_fit.c - see calibrate_fit.h. Grids, because they are small and have no surprises. */
#include "live/calibrate/calibrate_fit.h"

#include "core/base/hist.h"
#include "core/base/rng.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { DRAWS = 40000, SIGMAS = 11, MEANS = 7, STALLS = 9, SHARES = 9, WAYS = 11, WAKES = 6 };
enum { NEAR = 5, PARTS = 3, TURNS = 9 };
static const double PRICE = 1; /* of the logarithm of the mean over a command's CPU time, squared */
static const double STALL_PRICE = 4e-3; /* without them where they explain nothing */
static const double MIDDLE = 3;         /* what a p50 counts for: half of all requests make it */
static const double SHAPE = 0.3;        /* what a p90 counts for: a long way is no stall */
static const double RARE = 0.1;         /* what a p99.9 counts for: few requests make it */
static const double STALL_MIN = 2;      /* of the grid, over a p50: shorter is service, or way */
static const double SHARE_MIN = 2.5e-4;
static const double LOAD_STEP = 1e-3;  /* of a server: loads that are nearer are one */
static const double STRETCH_MOST = 10; /* times the way */
static const double Z90 = 1.282, Z99 = 2.326, Z999 = 3.090; /* of the normal distribution */

struct draws {
    double gap[DRAWS];           /* exponential, mean 1 */
    double z[DRAWS], way[DRAWS]; /* normal */
};

struct candidate {
    double mean_us, sigma, way_sigma;
    double way_us[LIVE_FIT_PROBES];  /* there and back, its median, at every load */
    double wake_us;                  /* sim.wake_delay */
    double stall_us, stall_every_us; /* stall_us 0: none */
};

struct tail {
    double p50_us, p90_us, p99_us, p999_us;
};

struct fitting {
    struct draws *draws;
    double *service_us; /* [DRAWS], of the candidate's mean and sigma */
    double *way;        /* [DRAWS], of its way_sigma, median 1 */
    struct live_fit_probe *probe;
    size_t count;
    double cpu_us, rest_us;
    double priced;         /* of the best so far */
    double turn;           /* the same, since the search last began anew */
    struct candidate best; /* since then */
    struct candidate chosen;
    bool sleeps; /* waking was seen in the cost */
    bool bends;  /* what servers' CPU clocks said is known: so is their load */
    bool fine;   /* near what was found, and not on the whole grid */
};

static double exponential(struct fore_rng *rng)
{
    return -log(1 - fore_rng_unit(rng));
}

static double log_part(double w)
{
    return w > 0 ? w - w * log(w) : 0;
}

/* The i-th of `count` values that share out the exponential law of mean 1 among them, each the mean
 * of its part, in the order of the steps of `stride`. A play sees few stalls, and drawn ones make
 * its tail a matter of luck. (The first 25 of a low-discrepancy sequence have 1.8 times the second
 * moment they should have: stalls were fitted too short, and the simulator's p99 was 40 % below the
 * fitted one at high loads.) */
static double shared_out(uint32_t i, uint32_t count, uint32_t stride)
{
    uint32_t part = (uint32_t)((uint64_t)i * stride % count);
    double n = count, above = (n - part) / n, below = (n - part - 1) / n;
    return (log_part(above) - log_part(below)) * n;
}

/* Near a share of `count`, and without a common divisor with it. */
static uint32_t stride_of(uint32_t count, double share)
{
    uint32_t stride = (uint32_t)fmax(1, share * count);
    for (;; stride++) {
        uint32_t a = count, b = stride;
        while (b != 0) {
            uint32_t rest = a % b;
            a = b;
            b = rest;
        }
        if (a == 1) return stride;
    }
}

/* Stalls of one play: when the next one is due, and how long each takes. */
struct stalls {
    const struct candidate *c;
    uint32_t count, gap_stride, stride, seen;
    double left; /* till the next */
};

static void next_stall(struct stalls *s)
{
    s->left = shared_out(s->seen, s->count, s->gap_stride) * s->c->stall_every_us;
}

static struct stalls stalls_of(const struct candidate *c, double gap_us)
{
    struct stalls s = {.c = c, .left = (double)INFINITY};
    if (!(c->stall_us > 0)) return s;
    s.count = (uint32_t)fmax(1, round(DRAWS * gap_us / c->stall_every_us));
    s.gap_stride = stride_of(s.count, 0.7549); /* those of two-dimensional golden steps */
    s.stride = stride_of(s.count, 0.5698);
    next_stall(&s);
    return s;
}

static double take_stall(struct stalls *s)
{
    double us = shared_out(s->seen++, s->count, s->stride) * s->c->stall_us;
    next_stall(s);
    return us;
}

static void draw(struct draws *draws)
{
    struct fore_rng rng = fore_rng_stream(1, "live.fit", 0);
    for (int i = 0; i < DRAWS; i++) {
        double u = 1 - fore_rng_unit(&rng), v = fore_rng_unit(&rng);
        draws->gap[i] = exponential(&rng);
        double angle = 2 * 3.14159265358979323846 * v; /* Box and Muller */
        draws->z[i] = sqrt(-2 * log(u)) * cos(angle);
        draws->way[i] = sqrt(-2 * log(u)) * sin(angle);
    }
}

/* Share of the time in which the server is at work. */
static double load_of(const struct live_fit_probe *probe)
{
    return fmin(1, probe->rate * probe->cpu_us / 1e6);
}

/* Waiting, service and the way of a candidate whose services and ways are drawn. */
static struct tail play(const struct fitting *f, const struct candidate *c, size_t probe)
{
    static struct fore_hist hist;
    const struct draws *draws = f->draws;
    double way_us = c->way_us[probe];
    double wait = 0, gap_us = 1e6 / f->probe[probe].rate;
    struct stalls stalls = stalls_of(c, gap_us);
    fore_hist_clear(&hist);
    for (int i = 0; i < DRAWS; i++) {
        double gap = draws->gap[i] * gap_us;
        while (stalls.left <= gap) {
            wait = fmax(0, wait - stalls.left);
            gap -= stalls.left;
            wait += take_stall(&stalls);
        }
        stalls.left -= gap;
        double idle = fmax(0, gap - wait), woken = 0;
        if (idle > 0 && c->wake_us > 0) woken = c->wake_us * idle / (idle + f->rest_us);
        wait = fmax(0, wait - gap);
        wait += f->service_us[i];
        fore_hist_add(&hist, (uint64_t)((wait + woken + f->way[i] * way_us) * 1e3));
    }
    return (struct tail){.p50_us = (double)fore_hist_quantile(&hist, 0.5) / 1e3,
                         .p90_us = (double)fore_hist_quantile(&hist, 0.9) / 1e3,
                         .p99_us = (double)fore_hist_quantile(&hist, 0.99) / 1e3,
                         .p999_us = (double)fore_hist_quantile(&hist, 0.999) / 1e3};
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

static void draw_ways(struct fitting *f, const struct candidate *c)
{
    for (int i = 0; i < DRAWS; i++)
        f->way[i] = exp(c->way_sigma * f->draws->way[i]);
}

/* What is to be added to the way at every load, so that the medians fit: what they are off by, or
 * the mean of that where loads are not known. The way is never below nothing. */
static void straighten(const struct fitting *f, struct candidate *c,
                       const double off[LIVE_FIT_PROBES])
{
    double mean = 0;
    for (size_t i = 0; i < f->count; i++)
        mean += off[i] / (double)f->count;
    for (size_t i = 0; i < f->count; i++)
        c->way_us[i] = fmax(0, c->way_us[i] + (f->bends ? off[i] : mean));
}

/* Plays at every load, and corrects the way. A quantile goes with the way's own, nearly. */
static void play_all(const struct fitting *f, struct candidate *c,
                     struct tail tail[LIVE_FIT_PROBES])
{
    double off[LIVE_FIT_PROBES];
    const struct candidate before = *c;
    for (size_t i = 0; i < f->count; i++) {
        tail[i] = play(f, c, i);
        off[i] = f->probe[i].p50_us - tail[i].p50_us;
    }
    straighten(f, c, off);
    for (size_t i = 0; i < f->count; i++) {
        double more = c->way_us[i] - before.way_us[i];
        tail[i].p50_us += more;
        tail[i].p90_us = fmax(0, tail[i].p90_us + more * exp(Z90 * c->way_sigma));
        tail[i].p99_us = fmax(0, tail[i].p99_us + more * exp(Z99 * c->way_sigma));
        tail[i].p999_us = fmax(0, tail[i].p999_us + more * exp(Z999 * c->way_sigma));
    }
}

static double error_of(const struct fitting *f, const struct tail tail[LIVE_FIT_PROBES])
{
    double error = 0, weight = MIDDLE + SHAPE + 1 + RARE;
    for (size_t i = 0; i < f->count; i++)
        error += MIDDLE * square(log(fmax(tail[i].p50_us, 1e-3) / f->probe[i].p50_us)) +
                 SHAPE * square(log(fmax(tail[i].p90_us, 1e-3) / f->probe[i].p90_us)) +
                 square(log(fmax(tail[i].p99_us, 1e-3) / f->probe[i].p99_us)) +
                 RARE * square(log(fmax(tail[i].p999_us, 1e-3) / f->probe[i].p999_us));
    return error / (weight * (double)f->count);
}

/* Judges one candidate, whose services and ways are drawn; keeps it when it is the best. */
static void judge(struct fitting *f, const struct candidate *proposed)
{
    struct tail tail[LIVE_FIT_PROBES];
    struct candidate c = *proposed;
    play_all(f, &c, tail);
    double error = error_of(f, tail);
    double priced = error + PRICE * square(log(c.mean_us / f->cpu_us));
    if (c.stall_us > 0) priced += STALL_PRICE;
    if (!(priced < f->turn)) return;
    f->turn = priced;
    f->best = c;
    if (!(priced < f->priced)) return;
    f->priced = priced;
    f->chosen = c;
}

/* First a coarse grid, then the neighbours of what was found. */
static void try_services(struct fitting *f)
{
    const struct candidate from = f->best;
    draw_ways(f, &from);
    for (int m = 0; m < (f->fine ? NEAR : MEANS); m++)
        for (int s = 0; s < (f->fine ? NEAR : SIGMAS); s++) {
            struct candidate c = from;
            c.mean_us =
                f->fine ? from.mean_us * pow(2, (m - 2) / 8.0) : f->cpu_us * pow(2, (m - 3) / 4.0);
            c.sigma = f->fine ? fmin(3, fmax(0, from.sigma + (s - 2) * 0.075)) : s * 0.3;
            draw_services(f, &c);
            judge(f, &c);
        }
}

/* Ways in steps of a tenth, and wakings that add up to half of the least load's median. */
static void try_ways(struct fitting *f)
{
    const struct candidate from = f->best;
    double wake_us = f->probe[0].p50_us / 2 / (WAKES - 1);
    draw_services(f, &from);
    for (int s = 0; s < (f->fine ? NEAR : WAYS); s++) {
        struct candidate c = from;
        c.way_sigma = f->fine ? fmax(0, from.way_sigma + (s - 2) * 0.03) : s * 0.1;
        draw_ways(f, &c);
        for (int w = 0; w < (!f->sleeps ? 1 : f->fine ? NEAR : WAKES); w++) {
            memcpy(c.way_us, from.way_us, sizeof c.way_us);
            c.wake_us = !f->sleeps ? 0
                        : f->fine  ? fmax(0, from.wake_us + (w - 2) * wake_us / 4)
                                   : w * wake_us;
            judge(f, &c);
        }
    }
}

/* From 2 to 512 medians long, and from 0.025 to 6.4 % of the time; then in steps of sqrt(2). */
static void try_stalls(struct fitting *f)
{
    const struct candidate from = f->best;
    bool fine = f->fine && from.stall_us > 0;
    double share = fine ? from.stall_us / from.stall_every_us : 0;
    draw_services(f, &from);
    draw_ways(f, &from);
    for (int l = 0; l < (fine ? NEAR : STALLS); l++)
        for (int s = 0; s < (fine ? NEAR : SHARES); s++) {
            struct candidate c = from;
            c.stall_us = fine ? from.stall_us * pow(2, (l - 2) / 2.0)
                              : STALL_MIN * f->probe[0].p50_us * pow(2, l);
            c.stall_every_us =
                c.stall_us / (fine ? share * pow(2, (s - 2) / 2.0) : SHARE_MIN * pow(2, s));
            judge(f, &c);
        }
}

/* What a server does that is busier than any was seen: by the line through all loads, if it rises.
 */
static double way_when_full(const struct fitting *f, const struct candidate *c)
{
    double n = (double)f->count, u = 0, y = 0, uu = 0, uy = 0;
    double last = load_of(&f->probe[f->count - 1]), there = c->way_us[f->count - 1];
    for (size_t i = 0; i < f->count; i++) {
        double load = load_of(&f->probe[i]);
        u += load / n;
        y += c->way_us[i] / n;
        uu += load * load / n;
        uy += load * c->way_us[i] / n;
    }
    double spread = uu - u * u, slope = spread > 1e-9 ? (uy - u * y) / spread : 0;
    return there + fmax(0, slope) * (1 - last);
}

static void add_stretch(struct live_fit *out, double load, double factor)
{
    uint32_t n = out->stretch_count;
    if (n > 0 && load < out->stretch[n - 1].load + LOAD_STEP) return;
    out->stretch[n].load = load;
    out->stretch[n].factor = fmin(factor, STRETCH_MOST);
    out->stretch_count++;
}

/* Over the way at the least load, or the longest where that is hardly any. */
static void hand_out_ways(const struct fitting *f, const struct candidate *c, struct live_fit *out)
{
    double longest = 0;
    for (size_t i = 0; i < f->count; i++)
        longest = fmax(longest, c->way_us[i]);
    double base = c->way_us[0] * STRETCH_MOST > longest ? c->way_us[0] : longest;
    out->delay_us = base / 2;
    if (!(base > 0) || !f->bends) return;
    for (size_t i = 0; i < f->count; i++)
        add_stretch(out, load_of(&f->probe[i]), c->way_us[i] / base);
    add_stretch(out, 1, way_when_full(f, c) / base);
}

/* The chosen one, played as it is. */
static void hand_out(struct fitting *f, struct live_fit *out)
{
    struct candidate *c = &f->chosen;
    struct tail tail[LIVE_FIT_PROBES];
    draw_services(f, c);
    draw_ways(f, c);
    for (int i = 0; i < 3; i++)
        play_all(f, c, tail);
    *out = (struct live_fit){.service_us = c->mean_us,
                             .sigma = c->sigma,
                             .wake_us = c->wake_us,
                             .delay_sigma = c->way_sigma,
                             .stall_every_us = c->stall_us > 0 ? c->stall_every_us : 0,
                             .stall_us = c->stall_us,
                             .error = sqrt(error_of(f, tail))};
    hand_out_ways(f, c, out);
    for (size_t i = 0; i < f->count; i++) {
        f->probe[i].fit_p50_us = tail[i].p50_us;
        f->probe[i].fit_p90_us = tail[i].p90_us;
        f->probe[i].fit_p99_us = tail[i].p99_us;
        f->probe[i].fit_p999_us = tail[i].p999_us;
    }
}

void live_fit_queue(struct live_fit_probe *probe, size_t count, const struct live_fit_cost *cost,
                    struct live_fit *out)
{
    FORE_ASSERT(count > 0 && count <= LIVE_FIT_PROBES);
    struct fitting f = {.draws = malloc(sizeof *f.draws),
                        .service_us = malloc(DRAWS * sizeof *f.service_us),
                        .way = malloc(DRAWS * sizeof *f.way),
                        .probe = probe,
                        .count = count,
                        .cpu_us = cost->service_us,
                        .rest_us = cost->rest_us,
                        .sleeps = cost->wake_us > 0 && cost->rest_us > 0,
                        .bends = probe[0].cpu_us > 0,
                        .priced = (double)INFINITY};
    static void (*const part[PARTS])(struct fitting *) = {try_ways, try_services, try_stalls};
    FORE_ASSERT(f.draws != NULL && f.service_us != NULL && f.way != NULL);
    draw(f.draws);
    /* In every order, because what is tried first may explain what is another's. */
    for (int first = 0; first < PARTS; first++) {
        f.best = (struct candidate){.mean_us = cost->service_us};
        f.turn = (double)INFINITY;
        for (int turn = 0; turn < TURNS; turn++) {
            f.fine = turn >= 2 * PARTS;
            part[(turn + first) % PARTS](&f);
        }
    }
    hand_out(&f, out);
    out->cost = *cost;
    free(f.way);
    free(f.service_us);
    free(f.draws);
}
