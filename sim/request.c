/*
 * request.c - see request.h.
 *
 * The hot path is serve_until(): requests of a batch up to the next thing that is not an arrival.
 * What it counts per partition and node sits in small structs of its own, indexed by read/write
 * instead of branching, and becomes a sample once a window (report).
 */
#include "sim/request.h"

#include <math.h>
#include <string.h>

#include "core/base/hist.h"
#include "sim/calendar.h"
#include "sim/pause.h"
#include "sim/router.h"
#include "sim/service.h"
#include "sim/stall.h"
#include "sim/station.h"
#include "sim/way.h"
#include "sim/wide.h"

enum { BATCH = 256, MOVE_JOBS_PER_WINDOW_MAX = 16384 };
enum event_kind { EVENT_FOLLOW, EVENT_MOVE_WORK, EVENT_RESUME, EVENT_STALL };
enum { PRIORITY_MOVE, PRIORITY_FOLLOW };
static const fore_ns timeout_ns = 10 * FORE_SEC; /* what a request to nobody takes */

struct tally { /* of one partition in this window; [0] reads, [1] writes */
    uint64_t busy_ns[2], bytes[2];
    uint64_t latency_sum_ns, slow;
    uint32_t by_type[FORE_QUERY_TYPES], by_group[FORE_USER_GROUPS];
};
struct server { /* a node: its queue, and what it did in this window; one cache line */
    _Alignas(64) struct sim_station station;
    struct fore_hist *hist;
    uint64_t busy_ns, move_ns, slow;
    double stretch; /* of ways to it, by the last window's load (way.h) */
};

struct arrival { /* a request at a node, some time after it was sent */
    const struct wl_request *r;
    fore_ns at;
    uint64_t work, number;
    fore_ns way_ns;
};

struct request {
    struct sim_request_setup setup;
    struct sim_cluster *cluster;
    struct sim_window *window; /* the one being simulated */
    struct sim_router router;
    struct sim_wide wide;  /* of a cluster with columns */
    struct server *server; /* [node_count] */
    struct tally *tally;   /* [partition_cap] */
    struct fore_hist cluster_hist, run_hist;
    struct sim_calendar calendar;
    struct fore_rng service, way;
    struct wl_request batch[BATCH];
    uint64_t work[BATCH]; /* nanoseconds, nominal */
    fore_ns way_ns[BATCH];
    size_t at, count; /* in the batch */
    struct sim_pause pause;
    struct sim_stall stall;
    bool ended;
    uint64_t arrivals;            /* before this batch */
    uint64_t key_every, key_wait; /* one request in so many is shown to the engine */
    struct fore_arena arena;      /* holds this struct too */
};

static uint64_t whole_ns(double ns)
{
    return (uint64_t)(int64_t)ns;
}

static enum fore_err refill(struct request *self, struct fore_diag *diag)
{
    self->arrivals += self->count;
    self->at = self->count = 0;
    FORE_TRY(wl_source_next(self->setup.source, self->batch, BATCH, &self->count, diag));
    self->ended = self->count == 0;
    sim_service_draw(self->cluster, self->batch, self->count, &self->service, self->work);
    sim_way_draw(self->cluster, self->batch, self->count, &self->way, self->way_ns);
    for (size_t i = 0; self->setup.service_hints && i < self->count; i++)
        if (self->batch[i].tag != 0) self->work[i] = self->batch[i].tag * FORE_MS;
    return FORE_E_OK;
}

static void follow(struct request *self, const struct sim_route *route, fore_ns at, uint64_t work,
                   uint32_t partition)
{
    for (uint16_t r = 1; r < route->count; r++)
        sim_calendar_push(&self->calendar, PRIORITY_FOLLOW,
                          (struct sim_event){.at = at + self->cluster->link_ns,
                                             .work_ns = work,
                                             .subject = partition,
                                             .node = route->node[r],
                                             .kind = EVENT_FOLLOW});
}

static void show_key(struct request *self, uint64_t position, bool write, uint32_t columns)
{
    self->key_wait = self->key_every;
    struct sim_window *window = self->window;
    if (window->sample.key_count == window->key_cap) return;
    window->key[window->sample.key_count++] =
        (struct fore_key_sample){.position = position,
                                 .weight = (uint32_t)self->key_every,
                                 .write = write,
                                 .columns = columns};
}

/* Nobody is up to answer: the client waits for its timeout, counted where the owner was. */
static void turn_away(struct request *self, const struct wl_request *r, uint32_t partition)
{
    uint16_t node = self->cluster->topology.partition[partition].replica[0];
    struct tally *p = &self->tally[partition];
    uint64_t slo_ns = self->cluster->slo_ns;
    fore_ns latency = timeout_ns > 2 * slo_ns ? timeout_ns : 2 * slo_ns;
    fore_hist_add(self->server[node].hist, latency);
    self->server[node].slow++;
    p->slow++;
    p->latency_sum_ns += latency;
    p->by_type[r->op % FORE_QUERY_TYPES]++;
    p->by_group[r->group % FORE_USER_GROUPS]++;
}

/* One part of a row, at the owner or whoever reads; the latency there. */
static fore_ns visit_part(struct request *self, const struct arrival *arrival,
                          const struct sim_wide_visit *visit, uint16_t *node)
{
    const struct wl_request *r = arrival->r;
    const struct sim_route *route = &self->router.route[visit->partition];
    bool write = r->op == FORE_QUERY_WRITE;
    uint64_t part = whole_ns((double)arrival->work * visit->work);
    *node = route->node[0];
    if (write)
        follow(self, route, arrival->at, part, visit->partition);
    else if (route->count > 1)
        *node = sim_route_reader(route, arrival->number);
    struct server *server = &self->server[*node];
    struct tally *p = &self->tally[visit->partition];
    const struct sim_cluster *cluster = self->cluster;
    double asleep = sim_station_asleep(&server->station, arrival->at, cluster->wake_rest_ns);
    uint64_t busy = part + whole_ns(asleep * cluster->wake_ns);
    fore_ns latency = sim_station_serve(&server->station, arrival->at, part) - r->t;
    latency += whole_ns((double)arrival->way_ns * server->stretch) +
               whole_ns(asleep * cluster->wake_delay_ns);
    server->busy_ns += busy;
    if (write && self->cluster->growth.top != NULL)
        sim_growth_write(&self->cluster->growth, visit->partition, r->key);
    p->latency_sum_ns += latency;
    p->slow += latency > self->cluster->slo_ns;
    p->busy_ns[write] += busy;
    p->bytes[write] += visit->bytes;
    p->by_type[r->op % FORE_QUERY_TYPES]++;
    p->by_group[r->group % FORE_USER_GROUPS]++;
    return latency;
}

static void answer(struct request *self, uint16_t node, fore_ns latency)
{
    fore_hist_add(self->server[node].hist, latency);
    self->server[node].slow += latency > self->cluster->slo_ns;
}

/* A request for some columns: it has its answer when the last part is there, and counts there. */
static void serve_parts(struct request *self, const struct arrival *arrival, uint32_t partition)
{
    const struct wl_request *r = arrival->r;
    struct sim_wide_visit visit[2];
    uint32_t count = sim_wide_visits(&self->wide, partition, r->columns, visit);
    for (uint32_t i = 0; i < count; i++)
        if (self->router.route[visit[i].partition].count == 0) {
            turn_away(self, r, visit[i].partition);
            return;
        }
    fore_ns latest = 0;
    uint16_t latest_node = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint16_t node;
        fore_ns latency = visit_part(self, arrival, &visit[i], &node);
        if (latency < latest) continue;
        latest = latency;
        latest_node = node;
    }
    answer(self, latest_node, latest);
}

/* The partition is being split or merged: the request's turn comes when that has taken hold. */
static void let_wait(struct request *self, const struct wl_request *r, uint64_t work,
                     uint32_t partition)
{
    sim_pause_add(&self->pause,
                  &(struct sim_waiting){.request = *r,
                                        .work_ns = work,
                                        .number = self->arrivals + (uint64_t)(r - self->batch),
                                        .partition = partition});
}

static void apply_resume(struct request *self, const struct sim_event *event)
{
    uint32_t partition = event->subject;
    struct sim_waiting w;
    sim_pause_end(&self->router, partition);
    for (size_t at = 0; sim_pause_take(&self->pause, partition, &at, &w);) {
        struct arrival arrival = {.r = &w.request,
                                  .at = event->at,
                                  .work = w.work_ns,
                                  .number = w.number,
                                  .way_ns = 2 * self->cluster->link_ns};
        if (self->cluster->columns) {
            serve_parts(self, &arrival, partition);
        } else if (self->router.route[partition].count == 0) {
            turn_away(self, &w.request, partition);
        } else {
            struct sim_wide_visit whole = {
                .partition = partition, .work = 1, .bytes = w.request.bytes};
            uint16_t node;
            fore_ns latency = visit_part(self, &arrival, &whole, &node);
            answer(self, node, latency);
        }
    }
}

/* The end of the batch's requests that arrive before `stop`. */
static const struct wl_request *end_before(const struct request *self, fore_ns stop)
{
    size_t end = self->count;
    if (self->batch[end - 1].t < stop) return &self->batch[end];
    for (end = self->at; self->batch[end].t < stop;)
        end++;
    return &self->batch[end];
}

/* Serves the batch's requests that arrive before `stop`, or up to one that makes an event. */
static void serve_until(struct request *self, fore_ns stop)
{
    const struct sim_cluster *cluster = self->cluster;
    const fore_ns slo_ns = cluster->slo_ns, *way_ns = &self->way_ns[self->at];
    const bool hashed = cluster->placement != FORE_PLACE_RANGE;
    const struct sim_router *const router = &self->router;
    const struct sim_growth *const growth = cluster->growth.top != NULL ? &cluster->growth : NULL;
    struct server *const servers = self->server;
    struct tally *const tallies = self->tally;
    const struct wl_request *r = &self->batch[self->at], *end = end_before(self, stop);
    const uint64_t *work = &self->work[self->at];
    for (; r < end; r++, work++, way_ns++) {
        uint64_t position = r->key;
        if (hashed) position = fore_placement_position(cluster->placement, position);
        uint32_t partition = sim_router_find(router, position);
        FORE_DASSERT(partition != FORE_PARTITION_NONE);
        if (cluster->columns) {
            struct arrival arrival = {.r = r, .at = r->t, .work = *work, .way_ns = *way_ns};
            arrival.number = self->arrivals + (uint64_t)(r - self->batch);
            if (router->route[partition].paused != 0)
                let_wait(self, r, *work, partition);
            else
                serve_parts(self, &arrival, partition);
            if (--self->key_wait == 0)
                show_key(self, position, r->op == FORE_QUERY_WRITE, r->columns);
            if (sim_calendar_next(&self->calendar) < stop) end = r + 1; /* a write to follow */
            continue;
        }
        const struct sim_route *route = &router->route[partition];
        uint32_t node = route->node[0], write = r->op == FORE_QUERY_WRITE;
        if (route->count != 1) {
            if (route->count == 0) {
                if (route->paused != 0)
                    let_wait(self, r, *work, partition);
                else
                    turn_away(self, r, partition);
                continue;
            }
            if (!write) {
                node = sim_route_reader(route, self->arrivals + (uint64_t)(r - self->batch));
            } else {
                follow(self, route, r->t, *work, partition);
                end = r + 1; /* the calendar is to be looked at again */
            }
        }
        struct server *server = &servers[node];
        struct tally *p = &tallies[partition];
        double asleep = sim_station_asleep(&server->station, r->t, cluster->wake_rest_ns);
        uint64_t busy = *work + whole_ns(asleep * cluster->wake_ns);
        fore_ns latency = sim_station_serve(&server->station, r->t, *work) - r->t +
                          whole_ns((double)*way_ns * server->stretch) +
                          whole_ns(asleep * cluster->wake_delay_ns);
        if (latency > slo_ns) {
            server->slow++;
            p->slow++;
        }
        fore_hist_add(server->hist, latency);
        server->busy_ns += busy;
        if (growth != NULL && write) sim_growth_write(growth, partition, position);
        p->latency_sum_ns += latency;
        p->busy_ns[write] += busy;
        p->bytes[write] += r->bytes;
        p->by_type[r->op % FORE_QUERY_TYPES]++;
        p->by_group[r->group % FORE_USER_GROUPS]++;
        if (--self->key_wait == 0) show_key(self, position, write, r->columns);
    }
    self->at = (size_t)(r - self->batch);
}

static void apply_follow(struct request *self, const struct sim_event *event)
{
    if (!fore_topology_hosts(&self->cluster->topology, event->subject, event->node)) {
        self->setup.moves->orphans[event->subject]++; /* it moved while the write was on its way */
        return;
    }
    struct server *server = &self->server[event->node];
    (void)sim_station_serve(&server->station, event->at, event->work_ns);
    server->busy_ns += event->work_ns;
}

static fore_ns move_period(const struct request *self, const struct sim_move_work *work)
{
    double period = self->cluster->service_mean_ns / work->cores;
    double least = (double)self->cluster->window_ns / MOVE_JOBS_PER_WINDOW_MAX;
    return (fore_ns)fmax(1, fmax(period, least));
}

/* A move's work comes as evenly spaced jobs of about one request's size. */
static void apply_move_work(struct request *self, const struct sim_event *event)
{
    const struct sim_move_work *work = &self->setup.moves->work[event->subject];
    fore_ns period = move_period(self, work);
    struct server *server = &self->server[work->node];
    (void)sim_station_serve(&server->station, event->at, event->work_ns);
    server->busy_ns += event->work_ns;
    if (!work->upkeep) server->move_ns += event->work_ns;
    struct sim_event next = *event;
    next.at += period;
    if (next.at < work->end) sim_calendar_push(&self->calendar, PRIORITY_MOVE, next);
}

static void start_move_work(struct request *self)
{
    const struct sim_moves *moves = self->setup.moves;
    for (uint32_t i = 0; i < moves->work_count; i++) {
        const struct sim_move_work *work = &moves->work[i];
        if (!(work->cores > 0)) continue;
        fore_ns period = move_period(self, work);
        struct sim_event event = {.at = work->begin + period / 2,
                                  .work_ns = (uint64_t)(work->cores * (double)period),
                                  .subject = i,
                                  .kind = EVENT_MOVE_WORK};
        if (event.at < work->end) sim_calendar_push(&self->calendar, PRIORITY_MOVE, event);
    }
}

static void apply_stall(struct request *self, const struct sim_event *event)
{
    sim_station_hold(&self->server[event->node].station, event->at, event->work_ns);
    sim_stall_next(&self->stall, event, &self->calendar);
}

/* Everything that is due before `until`, or at it when `inclusive`. */
static void drain(struct request *self, fore_ns until, bool inclusive)
{
    while (self->calendar.count > 0) {
        fore_ns next = sim_calendar_next(&self->calendar);
        if (next > until || (next == until && !inclusive)) return;
        struct sim_event event = sim_calendar_pop(&self->calendar);
        switch ((enum event_kind)event.kind) {
        case EVENT_FOLLOW: apply_follow(self, &event); break;
        case EVENT_MOVE_WORK: apply_move_work(self, &event); break;
        case EVENT_RESUME: apply_resume(self, &event); break;
        case EVENT_STALL: apply_stall(self, &event); break;
        }
    }
}

static void choose_key_rate(struct request *self)
{
    uint64_t wanted = self->cluster->key_samples, last = self->window->sample.requests;
    if (last == 0) last = self->cluster_hist.count;
    self->key_every = wanted == 0 ? UINT64_MAX : last / wanted + 1;
    if (self->key_every > UINT32_MAX && wanted > 0) self->key_every = UINT32_MAX;
    if (self->key_wait == 0 || self->key_wait > self->key_every) self->key_wait = self->key_every;
}

static void report_node(struct request *self, uint32_t n)
{
    struct fore_node_sample *out = &self->window->node[n];
    struct server *server = &self->server[n];
    *out = (struct fore_node_sample){
        .requests = server->hist->count,
        .busy_ns = server->busy_ns,
        .busy_move_ns = server->move_ns,
        .backlog_ns = sim_station_backlog(&server->station, self->window->sample.end),
        .latency_p50_ns = fore_hist_quantile(server->hist, 0.5),
        .latency_p99_ns = fore_hist_quantile(server->hist, 0.99),
        .slow = server->slow,
    };
    self->window->sample.slow += server->slow;
    fore_hist_merge(&self->cluster_hist, server->hist);
    fore_hist_clear(server->hist);
    server->stretch = sim_way_stretch(self->cluster, n, out->busy_ns, self->cluster->window_ns);
    server->busy_ns = server->move_ns = server->slow = 0;
}

static void report_partition(struct request *self, uint32_t p)
{
    struct tally *tally = &self->tally[p];
    struct fore_partition_sample *out = &self->window->partition[p];
    *out = (struct fore_partition_sample){
        .reads = (uint64_t)tally->by_type[FORE_QUERY_READ] + tally->by_type[FORE_QUERY_SCAN] +
                 tally->by_type[FORE_QUERY_OTHER],
        .writes = tally->by_type[FORE_QUERY_WRITE],
        .bytes_read = tally->bytes[0],
        .bytes_written = tally->bytes[1],
        .busy_read_ns = tally->busy_ns[0],
        .busy_write_ns = tally->busy_ns[1],
        .latency_sum_ns = tally->latency_sum_ns,
        .slow = tally->slow,
    };
    memcpy(out->by_type, tally->by_type, sizeof out->by_type);
    memcpy(out->by_group, tally->by_group, sizeof out->by_group);
    *tally = (struct tally){0};
}

static void report(struct request *self)
{
    struct fore_sample *sample = &self->window->sample;
    fore_hist_clear(&self->cluster_hist);
    for (uint32_t n = 0; n < sample->node_count; n++)
        report_node(self, n);
    for (uint32_t p = 0; p < sample->partition_count; p++)
        report_partition(self, p);
    fore_hist_merge(&self->run_hist, &self->cluster_hist);
    sample->requests = self->cluster_hist.count;
    sample->latency_p50_ns = fore_hist_quantile(&self->cluster_hist, 0.5);
    sample->latency_p99_ns = fore_hist_quantile(&self->cluster_hist, 0.99);
    sample->latency_p999_ns = fore_hist_quantile(&self->cluster_hist, 0.999);
}

static enum fore_err run(void *opaque, struct sim_window *out, bool *ended, struct fore_diag *diag)
{
    struct request *self = opaque;
    fore_ns end = out->sample.end;
    self->window = out;
    sim_router_update(&self->router);
    if (self->cluster->columns) sim_wide_update(&self->wide);
    sim_pause_begin(self->setup.moves, out->sample.begin, end, &self->router, &self->calendar,
                    &(struct sim_event){.kind = EVENT_RESUME});
    choose_key_rate(self);
    start_move_work(self);
    for (;;) {
        if (self->at == self->count) {
            if (!self->ended) FORE_TRY(refill(self, diag));
            if (self->ended) break;
        }
        fore_ns arrival = self->batch[self->at].t;
        if (arrival >= end) break;
        if (sim_calendar_next(&self->calendar) <= arrival) drain(self, arrival, true);
        fore_ns event = sim_calendar_next(&self->calendar);
        serve_until(self, event < end ? event : end);
    }
    drain(self, end, false);
    report(self);
    out->even_nodes = -1;
    *ended = self->ended;
    return FORE_E_OK;
}

static void evaluate(void *opaque)
{
    struct request *self = opaque;
    fore_hist_clear(&self->run_hist);
}

static uint64_t quantile(void *opaque, double q)
{
    const struct request *self = opaque;
    return fore_hist_quantile(&self->run_hist, q);
}

static void close_backend(void *opaque)
{
    struct request *self = opaque;
    sim_calendar_fini(&self->calendar);
    sim_pause_fini(&self->pause);
    struct fore_arena arena = self->arena;
    fore_arena_fini(&arena);
}

static const struct sim_backend_ops request_ops = {.name = "request",
                                                   .run = run,
                                                   .evaluate = evaluate,
                                                   .quantile = quantile,
                                                   .close = close_backend};

struct sim_backend sim_request_create(const struct sim_request_setup *setup)
{
    struct fore_arena arena = {0};
    struct request *self = FORE_NEW(&arena, struct request, 1);
    uint32_t node_count = setup->cluster->topology.node_count;
    self->setup = *setup;
    self->cluster = setup->cluster;
    self->server = FORE_NEW(&arena, struct server, node_count);
    self->tally = FORE_NEW(&arena, struct tally, setup->cluster->topology.partition_cap);
    for (uint32_t n = 0; n < node_count; n++) {
        self->server[n].hist = FORE_NEW(&arena, struct fore_hist, 1);
        self->server[n].stretch = 1;
        sim_station_init(&self->server[n].station, &arena, setup->cluster->cores,
                         setup->cluster->slowness[n]);
    }
    sim_router_init(&self->router, &setup->cluster->topology, &arena);
    if (setup->cluster->columns)
        sim_wide_init(&self->wide, &setup->cluster->topology, setup->cluster->byte_cost, &arena);
    self->service = fore_rng_stream(setup->seed, "service", 0);
    self->way = fore_rng_stream(setup->seed, "way", 0);
    sim_stall_init(&self->stall, setup->cluster->stall_every, setup->cluster->stall_mean,
                   node_count, setup->seed, &arena, &self->calendar,
                   &(struct sim_event){.kind = EVENT_STALL});
    self->arena = arena;
    return (struct sim_backend){.ops = &request_ops, .self = self};
}
