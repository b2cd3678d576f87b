/*
 * queries.c - arrivals and begun phases in time order; a phase's end is known when it begins.
 */
#include "sim/queries.h"

#include <math.h>

#include "core/base/hash.h"
#include "core/base/hist.h"
#include "sim/calendar.h"
#include "sim/latency.h"
#include "sim/station.h"

static const double slow_share_max = 0.01; /* as in account.c */

struct window {
    uint64_t queries, slow;
    double *busy; /* [nodes], nanoseconds of work */
};
struct playing {
    const struct sim_queries_setup *setup;
    struct sim_queries_result *out;
    struct sim_station *station;
    struct window *window;
    fore_ns window_ns;
    struct fore_hist *all, *watched;
    struct sim_calendar calendar; /* later phases: subject the query, kind the phase */
    struct fore_arena arena;
};

/* Exponential with mean 1, from what the part is rather than from a stream. */
static double luck(uint64_t seed, size_t query, uint32_t phase, uint32_t node)
{
    uint64_t word = fore_hash_u64((uint64_t)query << 16 | phase << 8 | node, seed);
    return -log1p(-(double)(int64_t)(word >> 11) * 0x1p-53);
}

static struct window *window_at(struct playing *p, fore_ns t)
{
    fore_ns since = t > p->setup->begin ? t - p->setup->begin : 0;
    size_t index = (size_t)(since / p->window_ns);
    return &p->window[index < p->setup->windows ? index : p->setup->windows - 1];
}

static void finish(struct playing *p, const struct sim_query *query, fore_ns latency)
{
    struct window *window = window_at(p, query->t);
    window->queries++;
    window->slow += latency > p->setup->slo_ns;
    fore_hist_add(p->all, latency);
    if (query->watched) fore_hist_add(p->watched, latency);
}

/* One phase of one query begins now: its parts, then the next phase or the end. */
static void begin_phase(struct playing *p, size_t index, uint32_t number, fore_ns now)
{
    const struct sim_query *query = &p->setup->query[index];
    const struct sim_query_phase *phase = &p->setup->phase[query->phase + number];
    struct window *window = window_at(p, now);
    fore_ns done = now;
    for (uint64_t nodes = phase->nodes; nodes != 0; nodes &= nodes - 1) {
        /* A lone part of a first phase has the same luck wherever it is sent. */
        uint32_t node = (uint32_t)__builtin_ctzll(nodes);
        uint32_t named = (phase->nodes & (phase->nodes - 1)) == 0 ? SIM_QUERIES_NODES : node;
        double work =
            luck(p->setup->seed, index, number, named) * (double)phase->work * p->setup->service_ns;
        fore_ns leave = sim_station_serve(&p->station[node], now, (uint64_t)(int64_t)work);
        window->busy[node] += work;
        if (leave > done) done = leave;
        p->out->parts++;
    }
    if (number + 1u == query->phases) {
        finish(p, query, done - query->t + 2 * p->setup->link_ns * query->phases);
        return;
    }
    sim_calendar_push(
        &p->calendar, 0,
        (struct sim_event){.at = done, .subject = (uint32_t)index, .kind = (uint16_t)(number + 1)});
}

static void drain(struct playing *p, fore_ns until)
{
    while (p->calendar.count > 0 && sim_calendar_next(&p->calendar) <= until) {
        struct sim_event event = sim_calendar_pop(&p->calendar);
        begin_phase(p, event.subject, event.kind, event.at);
    }
}

static void account(const struct playing *p)
{
    const struct sim_queries_setup *setup = p->setup;
    double seconds = (double)p->window_ns / (double)FORE_SEC, busy = 0, imbalance = 0, counted = 0;
    for (uint32_t w = 0; w < setup->windows; w++) {
        const struct window *window = &p->window[w];
        double sum = 0, hottest = 0;
        for (uint32_t n = 0; n < setup->nodes; n++) {
            sum += window->busy[n];
            if (window->busy[n] > hottest) hottest = window->busy[n];
        }
        busy += sum;
        if (sum > 0) imbalance += hottest * setup->nodes / sum;
        counted += sum > 0;
        if ((double)window->slow > slow_share_max * (double)window->queries)
            p->out->violation_s += seconds;
    }
    p->out->duration_s = seconds * setup->windows;
    p->out->imbalance = counted > 0 ? imbalance / counted : 1;
    p->out->utilization =
        busy / ((double)FORE_SEC * p->out->duration_s * setup->nodes * setup->cores);
}

static void prepare(struct playing *p)
{
    const struct sim_queries_setup *setup = p->setup;
    FORE_ASSERT(setup->nodes > 0 && setup->nodes <= SIM_QUERIES_NODES && setup->windows > 0);
    FORE_ASSERT(setup->end > setup->begin);
    p->window_ns = (setup->end - setup->begin + setup->windows - 1) / setup->windows;
    p->station = FORE_NEW(&p->arena, struct sim_station, setup->nodes);
    for (uint32_t n = 0; n < setup->nodes; n++)
        sim_station_init(&p->station[n], &p->arena, setup->cores, 1);
    p->window = FORE_NEW(&p->arena, struct window, setup->windows);
    for (uint32_t w = 0; w < setup->windows; w++)
        p->window[w].busy = FORE_NEW(&p->arena, double, setup->nodes);
    p->all = FORE_NEW(&p->arena, struct fore_hist, 1);
    p->watched = FORE_NEW(&p->arena, struct fore_hist, 1);
}

void sim_queries_run(const struct sim_queries_setup *setup, struct sim_queries_result *out)
{
    *out = (struct sim_queries_result){.queries = setup->count};
    struct playing p = {.setup = setup, .out = out};
    prepare(&p);
    for (size_t i = 0; i < setup->count; i++) {
        drain(&p, setup->query[i].t);
        begin_phase(&p, i, 0, setup->query[i].t);
    }
    drain(&p, UINT64_MAX);
    account(&p);
    out->p50_ns = fore_hist_quantile(p.all, 0.5);
    out->p99_ns = fore_hist_quantile(p.all, 0.99);
    out->watched_p50_ns = fore_hist_quantile(p.watched, 0.5);
    out->watched_p99_ns = fore_hist_quantile(p.watched, 0.99);
    sim_calendar_fini(&p.calendar);
    fore_arena_fini(&p.arena);
}

fore_ns sim_queries_slo(uint32_t cores, double service_ns, double utilization, fore_ns link_ns)
{
    struct sim_latency latency =
        sim_latency_make(SIM_LATENCY_EXP, cores, service_ns / (double)FORE_SEC, 1, 1, 0);
    return (fore_ns)(sim_latency_quantile(&latency, utilization, 0.01) * (double)FORE_SEC) +
           2 * link_ns;
}
