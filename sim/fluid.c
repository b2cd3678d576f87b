/*
 * fluid.c - one window of rates; see fluid.h. What is drawn at random is in chance.c.
 */
#include "sim/fluid.h"

#include <math.h>
#include <string.h>

#include "sim/chance.h"
#include "sim/queue.h"
#include "sim/spread.h"

/* What is summed from buckets to partitions: this step's counts, and expected rates. */
enum lane { LANE_READS, LANE_WRITES, LANE_READ_RATE, LANE_WRITE_RATE, LANES };
enum { MOVE_JOBS_PER_WINDOW_MAX = 16384 }; /* as in request.c */
enum { EVEN_DRAWS = 16 };                  /* of the even node's slow requests, a window */
static const double timeout_s = 10;        /* what a request to nobody takes */

struct busy { /* service of a partition's requests, nominal nanoseconds */
    double read_ns, write_ns;
};

struct node_step {                   /* expected, per second: what a node is offered in a step */
    double jobs, work, work_squared; /* all jobs; work in nominal seconds */
    double clients, client_work;     /* the requests that wait for an answer here */
};

struct node_window {        /* sums over a window */
    struct sim_queue queue; /* carried on */
    double clients;         /* expected number, the weight of the grid */
    double sure, chance;    /* expected slow ones: certain or independent; in clumps */
    double clump;           /* chance-weighted sum of clump_s */
    double latency_sum_s;
    double requests, busy_ns, move_ns; /* as counted, with noise */
    double turned_away;
    double grid[SIM_GRID];
};

struct fluid {
    struct sim_fluid_setup setup;
    struct sim_cluster *cluster;
    struct sim_window *window;
    struct sim_spread spread;
    fore_ns step_ns;           /* of one pass: the smaller of window and flow step */
    fore_ns rates_at;          /* of the rates below; UINT64_MAX: none yet */
    double *reads, *writes;    /* [bucket_count] */
    double *by_bucket;         /* [bucket_count * LANES] */
    double *by_partition;      /* [partition_cap * LANES] */
    double *partition_sum;     /* [partition_cap * LANES]: counts of the window */
    struct busy *window_busy;  /* [partition_cap] */
    struct node_step *offered; /* [node_count + 1]: the last is the even one */
    struct node_window *node;  /* [node_count + 1] */
    double cluster_grid[SIM_GRID], run_grid[SIM_GRID];
    double cluster_clients, run_clients;
    struct sim_grid grid;
    struct sim_chance chance, even_chance;
    struct fore_arena arena; /* holds this struct too */
};

static double seconds(fore_ns ns)
{
    return (double)ns / (double)FORE_SEC;
}

static enum fore_err load_rates(struct fluid *self, fore_ns t, struct fore_diag *diag)
{
    fore_ns at = t / self->setup.flow->info.step * self->setup.flow->info.step;
    if (at == self->rates_at) return FORE_E_OK;
    FORE_TRY(wl_flow_rates(self->setup.flow, at, self->reads, self->writes, diag));
    self->rates_at = at;
    return FORE_E_OK;
}

/* Counts of one step, drawn bucket by bucket: no policy can change them. */
static void draw_buckets(struct fluid *self)
{
    double step_s = seconds(self->step_ns);
    double *lane = self->by_bucket;
    for (uint32_t b = 0; b < self->setup.flow->bucket_count; b++, lane += LANES) {
        double reads = self->reads[b], writes = self->writes[b], all = reads + writes;
        double each = all > 0 ? sim_chance_count(&self->chance, all * step_s) / all : 0;
        lane[LANE_READS] = each * reads;
        lane[LANE_WRITES] = each * writes;
        lane[LANE_READ_RATE] = reads;
        lane[LANE_WRITE_RATE] = writes;
    }
}

static struct busy draw_busy(struct fluid *self, const double *lane)
{
    const struct sim_cluster *cluster = self->cluster;
    double read_cost = cluster->read_cost, write_cost = cluster->cost[FORE_QUERY_WRITE];
    double reads = lane[LANE_READS] * read_cost, writes = lane[LANE_WRITES] * write_cost;
    double variance = cluster->service_cv2 * (reads * read_cost + writes * write_cost);
    double factor = sim_chance_factor(&self->chance, reads + writes, variance);
    double unit_ns = factor * cluster->service_mean_ns;
    return (struct busy){.read_ns = reads * unit_ns, .write_ns = writes * unit_ns};
}

static void add_jobs(struct node_step *node, double rate, double work)
{
    node->jobs += rate;
    node->work += rate * work;
    node->work_squared += rate * work * work;
}

static void turn_away(struct fluid *self, uint32_t p, const double *lane)
{
    struct node_window *node = &self->node[self->cluster->topology.partition[p].replica[0]];
    double count = lane[LANE_READS] + lane[LANE_WRITES];
    node->turned_away += count;
    node->requests += count;
    node->clients += count;
    node->latency_sum_s += count * timeout_s;
    for (uint32_t g = 0; g < SIM_GRID && sim_grid_at(&self->grid, g) < timeout_s; g++)
        node->grid[g] += count;
}

/* What the partition brings to the nodes that hold it: reads are shared, writes go to all. */
static void offer_partition(struct fluid *self, uint32_t p, const double *lane)
{
    const struct sim_cluster *cluster = self->cluster;
    const struct fore_topology *topology = &cluster->topology;
    const struct fore_partition *partition = &topology->partition[p];
    uint16_t up[FORE_REPLICAS_MAX], count = 0;
    for (uint16_t r = 0; r < partition->replica_count; r++)
        if (topology->node[partition->replica[r]].up) up[count++] = partition->replica[r];
    if (count == 0) {
        turn_away(self, p, lane);
        return;
    }
    double service_s = cluster->service_mean_ns / (double)FORE_SEC, share = 1.0 / count;
    double read_s = service_s * cluster->read_cost;
    double write_s = service_s * cluster->cost[FORE_QUERY_WRITE];
    double reads = lane[LANE_READ_RATE] * share, writes = lane[LANE_WRITE_RATE];
    struct busy busy = draw_busy(self, lane);
    self->window_busy[p].read_ns += busy.read_ns;
    self->window_busy[p].write_ns += busy.write_ns;
    for (uint16_t r = 0; r < count; r++) {
        struct node_step *node = &self->offered[up[r]];
        struct node_window *sums = &self->node[up[r]];
        add_jobs(node, reads, read_s);
        add_jobs(node, writes, write_s);
        bool owner = r == 0;
        node->clients += reads + (owner ? writes : 0);
        node->client_work += reads * read_s + (owner ? writes * write_s : 0);
        sums->requests += lane[LANE_READS] * share + (owner ? lane[LANE_WRITES] : 0);
        sums->busy_ns += busy.read_ns * share + busy.write_ns;
    }
}

/* Requests to what is being split or merged wait; what they then bring all at once is left out. */
static void hold_requests(struct fluid *self, fore_ns begin, fore_ns end)
{
    const struct sim_moves *moves = self->setup.moves;
    const struct fore_topology *topology = &self->cluster->topology;
    double slo_s = seconds(self->cluster->slo_ns), step_s = seconds(end - begin);
    for (uint32_t p = 0; p < topology->partition_count && moves->pause_end > begin; p++) {
        if (!topology->partition[p].alive || moves->paused_until[p] <= begin) continue;
        const double *lane = &self->by_partition[(size_t)p * LANES];
        double rate = lane[LANE_READ_RATE] + lane[LANE_WRITE_RATE];
        double longest_s = seconds(moves->paused_until[p] - begin);
        double shortest_s = fmax(0, longest_s - step_s);
        struct node_window *node = &self->node[topology->partition[p].replica[0]];
        node->sure += rate * fmax(0, longest_s - fmax(slo_s, shortest_s));
        node->latency_sum_s += rate * (longest_s * longest_s - shortest_s * shortest_s) / 2;
        for (uint32_t g = 0; g < SIM_GRID && sim_grid_at(&self->grid, g) < longest_s; g++)
            node->grid[g] += rate * (longest_s - fmax(sim_grid_at(&self->grid, g), shortest_s));
    }
}

/* What every node would have if all had the same: of clients' work, not of copies. */
static void offer_evenly(struct fluid *self)
{
    uint32_t count = self->cluster->topology.node_count, up = 0;
    struct node_step *even = &self->offered[count];
    *even = (struct node_step){0};
    for (uint32_t n = 0; n < count; n++) {
        const struct node_step *one = &self->offered[n];
        up += fore_node_serves(&self->cluster->topology.node[n]);
        even->jobs += one->jobs;
        even->work += one->work;
        even->work_squared += one->work_squared;
        even->clients += one->clients;
        even->client_work += one->client_work;
    }
    double share = up > 0 ? 1.0 / up : 0;
    even->jobs *= share;
    even->work *= share;
    even->work_squared *= share;
    even->clients *= share;
    even->client_work *= share;
}

static void offer_moves(struct fluid *self, fore_ns begin, fore_ns end)
{
    const struct sim_moves *moves = self->setup.moves;
    double job_min_s = seconds(self->cluster->window_ns) / MOVE_JOBS_PER_WINDOW_MAX;
    for (size_t i = 0; i < moves->work_count; i++) {
        const struct sim_move_work *work = &moves->work[i];
        fore_ns from = work->begin > begin ? work->begin : begin;
        fore_ns to = work->end < end ? work->end : end;
        if (from >= to || !(work->cores > 0)) continue;
        double cores = work->cores * (double)(to - from) / (double)(end - begin);
        double job_s =
            fmax(self->cluster->service_mean_ns / (double)FORE_SEC, job_min_s * work->cores);
        add_jobs(&self->offered[work->node], cores / job_s, job_s);
        double busy_ns = cores * (double)(end - begin);
        self->node[work->node].busy_ns += busy_ns;
        if (!work->upkeep) self->node[work->node].move_ns += busy_ns;
    }
}

/* Node formulas: the wait comes from all jobs, the latency's own service from clients' requests. */
static struct sim_latency latency_of(const struct fluid *self, const struct node_step *offered,
                                     uint16_t n)
{
    const struct sim_cluster *cluster = self->cluster;
    double own_s = offered->client_work / offered->clients;
    struct sim_latency latency =
        sim_cluster_latency(cluster, n, own_s * (double)FORE_SEC, cluster->service_cv2);
    double square = offered->work_squared * (1 + cluster->service_cv2);
    latency.kappa_s = square / offered->work / (2.0 * cluster->cores) * cluster->slowness[n];
    return latency;
}

/* What is offered at `at`, by a node like n. */
static void run_node(struct fluid *self, uint32_t at, uint16_t n, double step_s)
{
    const struct sim_cluster *cluster = self->cluster;
    const struct node_step *offered = &self->offered[at];
    struct node_window *node = &self->node[at];
    double utilization = offered->work / cluster->topology.node[n].cores;
    if (!(offered->clients > 0)) { /* nobody asks: an empty queue but for what drains */
        node->queue.wait_s = fmax(0, node->queue.wait_s - step_s * (1 - utilization));
        node->queue.backlog_s = fmin(node->queue.backlog_s, node->queue.wait_s);
        return;
    }
    struct sim_latency latency = latency_of(self, offered, n);
    struct sim_queue_step step = sim_queue_advance(&node->queue, &latency, utilization, step_s);
    double weight = offered->clients * step_s;
    double slo_s = ((double)cluster->slo_ns - 2 * (double)cluster->link_ns) / (double)FORE_SEC;
    double tail = sim_queue_tail(&step, &latency, slo_s);
    double random = sim_latency_tail(&latency, step.state, slo_s);
    double own = sim_latency_service_tail(&latency, slo_s);
    double chance = sim_queue_clumped(&latency, step.state, slo_s) * (1 - step.ramp_share) *
                    fmax(0, random - own);
    node->clients += weight;
    node->chance += weight * chance;
    node->sure += weight * fmax(0, tail - chance);
    node->clump += weight * chance * step.clump_s;
    double wait_s = sim_latency_wait(&latency, step.utilization) +
                    step.ramp_share * (step.ramp_from_s + step.ramp_to_s) / 2;
    node->latency_sum_s += weight * (wait_s + latency.service_s + 2 * seconds(cluster->link_ns));
    sim_queue_grid(&step, &latency, &self->grid, weight, node->grid);
}

static enum fore_err run_step(struct fluid *self, fore_ns begin, struct fore_diag *diag)
{
    const struct fore_topology *topology = &self->cluster->topology;
    FORE_TRY(load_rates(self, begin, diag));
    draw_buckets(self);
    sim_spread_sum(&self->spread, self->by_bucket, LANES, self->by_partition);
    memset(self->offered, 0, topology->node_count * sizeof *self->offered);
    for (uint32_t p = 0; p < topology->partition_count; p++) {
        if (!topology->partition[p].alive) continue;
        const double *lane = &self->by_partition[(size_t)p * LANES];
        for (int i = 0; i < LANES; i++)
            self->partition_sum[(size_t)p * LANES + i] += lane[i];
        offer_partition(self, p, lane);
    }
    offer_evenly(self);
    offer_moves(self, begin, begin + self->step_ns);
    for (uint16_t n = 0; n < topology->node_count; n++)
        run_node(self, n, n, seconds(self->step_ns));
    run_node(self, topology->node_count, 0, seconds(self->step_ns));
    hold_requests(self, begin, begin + self->step_ns);
    return FORE_E_OK;
}

static void clear_sums(struct fluid *self)
{
    const struct fore_topology *topology = &self->cluster->topology;
    memset(self->partition_sum, 0,
           (size_t)topology->partition_count * LANES * sizeof *self->partition_sum);
    memset(self->window_busy, 0, topology->partition_count * sizeof *self->window_busy);
    for (uint32_t n = 0; n <= topology->node_count; n++) {
        struct sim_queue queue = self->node[n].queue;
        self->node[n] = (struct node_window){.queue = queue};
    }
    memset(self->cluster_grid, 0, sizeof self->cluster_grid);
    self->cluster_clients = 0;
}

/* The latency that 1 - q exceed, when a share `slow` of requests was seen above the SLO where
 * `expected` was; never on the other side of the SLO than the count says. */
static uint64_t quantile_ns(const struct fluid *self, const double *grid, double total, double q,
                            double ratio)
{
    double tail = fmin((1 - q) * total / ratio, 0.999 * total);
    double ns = sim_grid_quantile(&self->grid, grid, total, tail) * (double)FORE_SEC;
    return total > 0 ? (uint64_t)ns + 2 * self->cluster->link_ns : 0;
}

static uint64_t agree(const struct fluid *self, uint64_t p99_ns, double slow, double requests)
{
    if (!(requests > 0)) return 0;
    bool violated = slow > 0.01 * requests;
    if (violated) return p99_ns > self->cluster->slo_ns ? p99_ns : self->cluster->slo_ns + 1;
    return p99_ns < self->cluster->slo_ns ? p99_ns : self->cluster->slo_ns;
}

static double ratio_of(double slow, double expected)
{
    if (!(expected > 0)) return 1;
    return fmin(8, fmax(0.125, slow / expected));
}

static double draw_slow(struct sim_chance *chance, const struct node_window *node, double requests,
                        double window_s)
{
    return sim_chance_slow(chance,
                           &(struct sim_chance_slow){
                               .requests = requests,
                               .sure = node->clients > 0 ? fmin(1, node->sure / node->clients) : 0,
                               .chance = node->clients > 0 ? node->chance / node->clients : 0,
                               .clump_s = node->chance > 0 ? node->clump / node->chance : 0,
                               .window_s = window_s});
}

static void close_even(struct fluid *self, double window_s)
{
    const struct fore_topology *topology = &self->cluster->topology;
    const struct node_window *even = &self->node[topology->node_count];
    bool alike = true;
    uint32_t up = 0, above = 0;
    for (uint32_t n = 0; n < topology->node_count; n++) {
        up += fore_node_serves(&topology->node[n]);
        alike = alike && topology->node[n].cores == topology->node[0].cores;
    }
    for (int i = 0; i < EVEN_DRAWS && alike; i++)
        above +=
            draw_slow(&self->even_chance, even, even->clients, window_s) > 0.01 * even->clients;
    self->window->even_nodes = alike ? (double)up * above / EVEN_DRAWS : -1;
}

static void close_nodes(struct fluid *self)
{
    struct sim_window *window = self->window;
    double window_s = seconds(window->sample.end - window->sample.begin), expected_all = 0;
    close_even(self, window_s);
    for (uint32_t n = 0; n < window->sample.node_count; n++) {
        struct node_window *node = &self->node[n];
        struct fore_node_sample *out = &window->node[n];
        double expected = node->sure + node->chance;
        double share = draw_slow(&self->chance, node, node->requests - node->turned_away, window_s);
        double slow = share + node->turned_away, ratio = ratio_of(share, expected);
        *out = (struct fore_node_sample){0};
        out->requests = (uint64_t)llround(node->requests);
        out->slow = (uint64_t)llround(fmin(slow, node->requests));
        out->busy_ns = (uint64_t)llround(fmax(0, node->busy_ns));
        out->busy_move_ns = (uint64_t)llround(node->move_ns);
        out->backlog_ns = (uint64_t)(node->queue.wait_s * (double)FORE_SEC);
        out->latency_p50_ns = quantile_ns(self, node->grid, node->clients, 0.5, 1);
        uint64_t p99 = quantile_ns(self, node->grid, node->clients, 0.99, ratio);
        out->latency_p99_ns = agree(self, p99, slow, node->requests);
        window->sample.slow += out->slow;
        expected_all += expected + node->turned_away;
        self->cluster_clients += node->clients;
        for (uint32_t g = 0; g < SIM_GRID; g++)
            self->cluster_grid[g] += node->grid[g];
    }
    double ratio = ratio_of((double)window->sample.slow, expected_all);
    const double *grid = self->cluster_grid;
    double all = self->cluster_clients;
    window->sample.latency_p50_ns = quantile_ns(self, grid, all, 0.5, 1);
    window->sample.latency_p99_ns = quantile_ns(self, grid, all, 0.99, ratio);
    window->sample.latency_p999_ns = quantile_ns(self, grid, all, 0.999, ratio);
}

static void close_partitions(struct fluid *self)
{
    struct sim_window *window = self->window;
    const struct sim_cluster *cluster = self->cluster;
    for (uint32_t p = 0; p < window->sample.partition_count; p++) {
        const struct fore_partition *partition = &cluster->topology.partition[p];
        struct fore_partition_sample *out = &window->partition[p];
        const double *lane = &self->partition_sum[(size_t)p * LANES];
        *out = (struct fore_partition_sample){0};
        if (!partition->alive) continue;
        out->reads = (uint64_t)llround(lane[LANE_READS]);
        out->writes = (uint64_t)llround(lane[LANE_WRITES]);
        out->by_type[FORE_QUERY_READ] = (uint32_t)out->reads;
        out->by_type[FORE_QUERY_WRITE] = (uint32_t)out->writes;
        out->by_group[0] = (uint32_t)(out->reads + out->writes);
        out->bytes_read = (uint64_t)(lane[LANE_READS] * cluster->bytes_mean);
        out->bytes_written = (uint64_t)(lane[LANE_WRITES] * cluster->bytes_mean);
        out->busy_read_ns = (uint64_t)self->window_busy[p].read_ns;
        out->busy_write_ns = (uint64_t)self->window_busy[p].write_ns;
        double requests = lane[LANE_READS] + lane[LANE_WRITES], latency_s = 0, slow = 0;
        for (uint16_t r = 0; r < partition->replica_count; r++) {
            const struct node_window *node = &self->node[partition->replica[r]];
            const struct fore_node_sample *sample = &window->node[partition->replica[r]];
            if (node->clients > 0) latency_s += node->latency_sum_s / node->clients;
            if (sample->requests > 0) slow += (double)sample->slow / (double)sample->requests;
        }
        double each = requests / partition->replica_count;
        out->latency_sum_ns = (uint64_t)(latency_s * each * (double)FORE_SEC);
        out->slow = (uint64_t)llround(slow * each);
        window->sample.requests += out->reads + out->writes;
    }
}

static enum fore_err run(void *opaque, struct sim_window *out, bool *ended, struct fore_diag *diag)
{
    struct fluid *self = opaque;
    self->window = out;
    sim_spread_update(&self->spread, &self->cluster->topology, self->cluster->placement,
                      self->setup.flow);
    clear_sums(self);
    for (fore_ns t = out->sample.begin; t < out->sample.end; t += self->step_ns)
        FORE_TRY(run_step(self, t, diag));
    close_nodes(self);
    close_partitions(self);
    struct sim_chance_keys keys = {.flow = self->setup.flow,
                                   .reads = self->reads,
                                   .writes = self->writes,
                                   .placement = self->cluster->placement,
                                   .wanted = (uint32_t)self->cluster->key_samples};
    sim_chance_show_keys(&self->chance, &keys, out);
    self->run_clients += self->cluster_clients;
    for (uint32_t g = 0; g < SIM_GRID; g++)
        self->run_grid[g] += self->cluster_grid[g];
    *ended = false;
    return FORE_E_OK;
}

static void evaluate(void *opaque)
{
    struct fluid *self = opaque;
    memset(self->run_grid, 0, sizeof self->run_grid);
    self->run_clients = 0;
}

static uint64_t quantile(void *opaque, double q)
{
    const struct fluid *self = opaque;
    return quantile_ns(self, self->run_grid, self->run_clients, q, 1);
}

static void close_backend(void *opaque)
{
    struct fluid *self = opaque;
    sim_spread_fini(&self->spread);
    struct fore_arena arena = self->arena;
    fore_arena_fini(&arena);
}

static const struct sim_backend_ops fluid_ops = {.name = "fluid",
                                                 .run = run,
                                                 .evaluate = evaluate,
                                                 .quantile = quantile,
                                                 .close = close_backend};

struct sim_backend sim_fluid_create(const struct sim_fluid_setup *setup)
{
    struct fore_arena arena = {0};
    struct fluid *self = FORE_NEW(&arena, struct fluid, 1);
    const struct fore_topology *topology = &setup->cluster->topology;
    size_t buckets = setup->flow->bucket_count, partitions = topology->partition_cap;
    fore_ns step = setup->flow->info.step, window = setup->cluster->window_ns;
    FORE_ASSERT(window % step == 0 || step % window == 0);
    self->setup = *setup;
    self->cluster = setup->cluster;
    self->step_ns = step < window ? step : window;
    self->rates_at = UINT64_MAX;
    self->reads = FORE_NEW(&arena, double, buckets);
    self->writes = FORE_NEW(&arena, double, buckets);
    self->by_bucket = FORE_NEW(&arena, double, buckets *LANES);
    self->by_partition = FORE_NEW(&arena, double, partitions *LANES);
    self->partition_sum = FORE_NEW(&arena, double, partitions *LANES);
    self->window_busy = FORE_NEW(&arena, struct busy, partitions);
    self->offered = FORE_NEW(&arena, struct node_step, topology->node_count + 1);
    self->node = FORE_NEW(&arena, struct node_window, topology->node_count + 1);
    self->grid.base_s = setup->cluster->service_mean_ns / (double)FORE_SEC / 16;
    self->chance = sim_chance_make(setup->seed);
    self->even_chance = sim_chance_make(~setup->seed);
    self->arena = arena;
    return (struct sim_backend){.ops = &fluid_ops, .self = self};
}
