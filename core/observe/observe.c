/*
 * observe.c - a window's sample becomes averages of the present, a row of the past, and sketches.
 *
 * The present is an exponentially weighted average over `now_span` of plain sums per second, one
 * `struct rates` a partition; every ratio (write share, slow share, mean latency) is formed from
 * averaged sums, so a window of ten requests does not weigh as much as one of ten thousand.
 * The past goes to history as four arrays by partition, which it copies a cache line at a time.
 *
 * A window is checked as a whole before anything is touched. Indexes are reused: `generation` tells
 * the lives of one apart, and what a new life did not inherit through split or merge is forgotten.
 */
#include "core/observe/observe.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum rate {
    BUSY_READ, /* cores */
    BUSY_WRITE,
    READS, /* per second, and so on */
    WRITES,
    BYTES,
    LATENCY_NS,
    SLOW,
    BY_TYPE,
    BY_GROUP = BY_TYPE + FORE_QUERY_TYPES,
    RATES_USED = BY_GROUP + FORE_USER_GROUPS,
    RATES = (RATES_USED + 1) / 2 * 2 /* even, so that averaging them vectorises */
};

struct rates {
    double of[RATES];
    double p99_ms; /* NaN: not measured yet */
    uint32_t generation;
    bool lives;  /* was averaged before: `of` means something */
    bool adopts; /* takes the generation it is next seen with: split or merge made it */
};

struct fore_observe_work {
    struct rates *partition;
    struct node_rates {
        double requests, slow;
        bool lives;
    } * node;
    float *row[FORE_HIST_METRICS]; /* [partition_cap] */
    size_t held_bytes;
};

#define AT(field) FORE_OPTION_AT(struct fore_observe_options, field)
static const double ms_per_ns = 1e-6;
static const struct fore_option rows[] = {
    {"window",           FORE_OPT_DURATION, AT(window),           "1s",    1e6, 86400e9,       NULL,
     "one engine step and one history point; the driver's window"                              },
    {"mid_step",         FORE_OPT_DURATION, AT(mid_step),         "1min",  1e6, 30 * 86400e9,  NULL,
     "one point of the middle history, what forecasts are made of; rounded up to whole windows"},
    {"long_step",        FORE_OPT_DURATION, AT(long_step),        "1h",    1e6, 365 * 86400e9, NULL,
     "one point of the long history; rounded up to whole middle steps"                         },
    {"window_points",    FORE_OPT_COUNT,    AT(window_points),    "600",   1,   100000,        NULL,
     "windows kept a partition"                                                                },
    {"mid_points",       FORE_OPT_COUNT,    AT(mid_points),       "1440",  1,   100000,        NULL,
     "points of the middle history kept a partition"                                           },
    {"long_points",      FORE_OPT_COUNT,    AT(long_points),      "1344",  1,   100000,        NULL,
     "points of the long history kept a partition"                                             },
    {"hot_keys",         FORE_OPT_COUNT,    AT(hot_keys),         "256",   1,   1000000,       NULL,
     "counters for hot keys: every key with more than 1/hot_keys of the load is kept"          },
    {"range_samples",    FORE_OPT_COUNT,    AT(range_samples),    "128",   32,  65536,         NULL,
     "keys sampled a partition, from which split keys are chosen"                              },
    {"sketch_half_life", FORE_OPT_DURATION, AT(sketch_half_life), "10min", 0,   365 * 86400e9, NULL,
     "after this a sampled key counts half; 0 never forgets"                                   },
    {"column_half_life", FORE_OPT_DURATION, AT(column_half_life), "2min",  0,   365 * 86400e9, NULL,
     "after this a sampled set of columns counts half; 0 never forgets"                        },
    {"demand",           FORE_OPT_BOOL,     AT(demand),           "false", 0,   0,             NULL,
     "take what is asked of a full node for its partitions' loads, not what it serves"         },
    {"demand_once",      FORE_OPT_BOOL,     AT(demand_once),      "false", 0,   0,             NULL,
     "with demand: what had to wait is not counted again in the windows that serve it"         },
    {"now_span",         FORE_OPT_DURATION, AT(now_span),         "10s",   1e6, 86400e9,       NULL,
     "what \"now\" means: loads are averaged over it"                                          },
};
const struct fore_option_section fore_observe_section = {
    .name = "observe",
    .help = "what the engine remembers of the past",
    .row = rows,
    .row_count = FORE_COUNTOF(rows),
};

static void *make(size_t *held, size_t count, size_t size)
{
    void *memory = calloc(count > 0 ? count : 1, size);
    FORE_ASSERT(memory != NULL);
    *held += count * size;
    return memory;
}

static fore_ns round_up(fore_ns step, fore_ns unit)
{
    return (step < unit ? unit : (step + unit - 1) / unit * unit);
}

static struct fore_history *history_for(const struct fore_observe_options *options, uint32_t cap)
{
    fore_ns mid = round_up(options->mid_step, options->window);
    const struct fore_history_shape shape = {
        .step = {options->window, mid,               round_up(options->long_step,                 mid)},
        .length = {(uint32_t)options->window_points,               (uint32_t)options->mid_points,
                 (uint32_t)options->long_points},
    };
    return fore_history_create(&shape, cap);
}

/* What an index holds before its first window and after its last. */
static void forget(struct fore_observe *observe, uint32_t p)
{
    observe->work->partition[p] = (struct rates){.p99_ms = (double)NAN};
    observe->partition[p] = (struct fore_observe_partition){.latency_p99_ms = (double)NAN};
}

struct fore_observe *fore_observe_create(const struct fore_observe_options *options,
                                         const struct fore_topology *topology, uint64_t seed)
{
    size_t held = 0;
    uint32_t cap = topology->partition_cap;
    struct fore_observe *observe = make(&held, 1, sizeof *observe);
    observe->options = *options;
    observe->partition_cap = cap;
    observe->node_count = topology->node_count;
    observe->partition = make(&held, cap, sizeof *observe->partition);
    observe->node = make(&held, topology->node_count, sizeof *observe->node);
    observe->work = make(&held, 1, sizeof *observe->work);
    observe->work->partition = make(&held, cap, sizeof *observe->work->partition);
    observe->work->node = make(&held, topology->node_count, sizeof *observe->work->node);
    for (int m = 0; m < FORE_HIST_METRICS; m++)
        observe->work->row[m] = make(&held, cap, sizeof(float));
    for (uint32_t p = 0; p < cap; p++) {
        forget(observe, p);
        observe->work->partition[p].adopts = true;
    }
    for (uint32_t n = 0; n < topology->node_count; n++)
        observe->node[n].up = topology->node[n].up;
    observe->history = history_for(options, cap);
    observe->hot_keys = fore_hotkeys_create((uint32_t)options->hot_keys, options->sketch_half_life);
    observe->key_ranges =
        fore_keyrange_create(cap, (uint32_t)options->range_samples, options->sketch_half_life,
                             fore_rng_stream(seed, "observe.key_ranges", 0));
    observe->frontier = fore_frontier_create(cap, options->sketch_half_life);
    observe->work->held_bytes = held;
    if (options->demand)
        observe->demand = fore_demand_create(cap, topology->node_count, options->demand_once);
    bool columns = false;
    for (uint32_t t = 0; t < topology->table_count; t++)
        columns = columns || topology->table[t].columns > 0;
    if (columns) observe->columns = fore_columns_create(cap, options->column_half_life);
    return observe;
}

void fore_observe_destroy(struct fore_observe *observe)
{
    if (observe == NULL) return;
    fore_history_destroy(observe->history);
    fore_hotkeys_destroy(observe->hot_keys);
    fore_keyrange_destroy(observe->key_ranges);
    fore_frontier_destroy(observe->frontier);
    fore_columns_destroy(observe->columns);
    fore_demand_destroy(observe->demand);
    for (int m = 0; m < FORE_HIST_METRICS; m++)
        free(observe->work->row[m]);
    free(observe->work->partition);
    free(observe->work->node);
    free(observe->work);
    free(observe->partition);
    free(observe->node);
    free(observe);
}

size_t fore_observe_bytes(const struct fore_observe *observe)
{
    return observe->work->held_bytes + fore_history_bytes(observe->history) +
           fore_hotkeys_bytes(observe->hot_keys) + fore_keyrange_bytes(observe->key_ranges) +
           fore_frontier_bytes(observe->frontier) +
           (observe->columns != NULL ? fore_columns_bytes(observe->columns) : 0) +
           (observe->demand != NULL ? fore_demand_bytes(observe->demand) : 0);
}

/* ---- one window ----------------------------------------------------------------------------- */

static enum fore_err check(const struct fore_observe *observe, const struct fore_sample *sample,
                           const struct fore_topology *topology, struct fore_diag *diag)
{
    if (sample->end <= sample->begin || sample->begin < observe->end)
        return fore_err_set(diag, FORE_E_RANGE,
                            "window %.6f s to %.6f s: time goes backwards, the last one ended at "
                            "%.6f s; drivers must deliver windows in order",
                            (double)sample->begin / 1e9, (double)sample->end / 1e9,
                            (double)observe->end / 1e9);
    if (sample->partition_count > observe->partition_cap ||
        sample->partition_count > topology->partition_cap)
        return fore_err_set(diag, FORE_E_RANGE,
                            "window of %u partitions: the topology has room for %u",
                            sample->partition_count, observe->partition_cap);
    if (sample->node_count != observe->node_count)
        return fore_err_set(diag, FORE_E_RANGE, "window of %u nodes: the topology has %u",
                            sample->node_count, observe->node_count);
    return FORE_E_OK;
}

/* Counts are below 2^63, and converting signed integers takes one instruction instead of eight. */
static double number(uint64_t count)
{
    return (double)(int64_t)count;
}

/* The window's sums as rates. */
static void measure(const struct fore_partition_sample *sample, double per_ns, double *now)
{
    double per_sec = per_ns * 1e9;
    now[BUSY_READ] = number(sample->busy_read_ns) * per_ns;
    now[BUSY_WRITE] = number(sample->busy_write_ns) * per_ns;
    now[READS] = number(sample->reads) * per_sec;
    now[WRITES] = number(sample->writes) * per_sec;
    now[BYTES] = (number(sample->bytes_read) + number(sample->bytes_written)) * per_sec;
    now[LATENCY_NS] = number(sample->latency_sum_ns) * per_sec;
    now[SLOW] = number(sample->slow) * per_sec;
    for (int i = 0; i < FORE_QUERY_TYPES; i++)
        now[BY_TYPE + i] = sample->by_type[i] * per_sec;
    for (int i = 0; i < FORE_USER_GROUPS; i++)
        now[BY_GROUP + i] = sample->by_group[i] * per_sec;
}

/* From served to asked: the ratios stay. */
static void lift(double *now, double by)
{
    static const enum rate lifted[] = {BUSY_READ, BUSY_WRITE, READS, WRITES, BYTES};
    for (size_t i = 0; i < FORE_COUNTOF(lifted); i++)
        now[lifted[i]] *= by;
}

static double mix(double old, double now, double share)
{
    return isnan(old) ? now : old + share * (now - old);
}

static void average(struct rates *rates, const double *restrict now, uint64_t p99_ns, double share)
{
    if (!rates->lives) share = 1;
    double *restrict of = rates->of;
    for (int i = 0; i < RATES; i++)
        of[i] += share * (now[i] - of[i]);
    if (p99_ns > 0) rates->p99_ms = mix(rates->p99_ms, (double)p99_ns * ms_per_ns, share);
    rates->lives = true;
}

/* The picture that readers see, from the averaged sums. */
static void publish(const struct rates *rates, struct fore_observe_partition *out)
{
    const double *of = rates->of;
    double requests = of[READS] + of[WRITES], load = of[BUSY_READ] + of[BUSY_WRITE];
    double per_request = isnormal(requests) ? 1 / requests : 0; /* of a faded average: none */
    out->load = load;
    out->write_share = load > 0 ? of[BUSY_WRITE] / load : 0;
    out->requests_per_sec = requests;
    out->writes_per_sec = of[WRITES];
    out->bytes_per_sec = of[BYTES];
    out->latency_mean_ms = of[LATENCY_NS] * per_request * ms_per_ns;
    out->latency_p99_ms = rates->p99_ms;
    out->slow_share = of[SLOW] * per_request;
    for (int i = 0; i < FORE_QUERY_TYPES; i++)
        out->by_type[i] = of[BY_TYPE + i] * per_request;
    for (int i = 0; i < FORE_USER_GROUPS; i++)
        out->by_group[i] = of[BY_GROUP + i] * per_request;
}

/* A new life of an index starts from nothing, unless split or merge prepared it. */
static void follow_generation(struct fore_observe *observe, uint32_t p, uint32_t generation)
{
    struct rates *rates = &observe->work->partition[p];
    if (rates->generation != generation && !rates->adopts) {
        forget(observe, p);
        fore_history_forget(observe->history, p);
        fore_keyrange_forget(observe->key_ranges, p);
        fore_frontier_forget(observe->frontier, p);
        if (observe->columns != NULL) fore_columns_forget(observe->columns, p);
    }
    rates->generation = generation;
    rates->adopts = false;
}

static void row_set(struct fore_observe *observe, uint32_t p, const double *now)
{
    float **row = observe->work->row;
    row[FORE_HIST_LOAD][p] = now != NULL ? (float)(now[BUSY_READ] + now[BUSY_WRITE]) : (float)NAN;
    row[FORE_HIST_REQUESTS][p] = now != NULL ? (float)(now[READS] + now[WRITES]) : (float)NAN;
    row[FORE_HIST_WRITES][p] = now != NULL ? (float)now[WRITES] : (float)NAN;
    row[FORE_HIST_BYTES][p] = now != NULL ? (float)now[BYTES] : (float)NAN;
}

/* The weight of a window of this length in an average over now_span. */
static double window_share(const struct fore_observe *observe, const struct fore_sample *sample)
{
    return -expm1(-(double)(sample->end - sample->begin) / (double)observe->options.now_span);
}

static void push_partitions(struct fore_observe *observe, const struct fore_sample *sample,
                            const struct fore_topology *topology)
{
    double share = window_share(observe, sample);
    double per_ns = 1 / (double)(sample->end - sample->begin);
    for (uint32_t p = 0; p < sample->partition_count; p++) {
        const struct fore_partition_sample *seen = &sample->partition[p];
        if (!topology->partition[p].alive) {
            row_set(observe, p, NULL);
            if (observe->work->partition[p].lives) forget(observe, p);
            continue;
        }
        double now[RATES] = {0};
        measure(seen, per_ns, now);
        if (observe->demand != NULL) lift(now, fore_demand_lift(observe->demand, topology, p));
        follow_generation(observe, p, topology->partition[p].generation);
        average(&observe->work->partition[p], now, seen->latency_p99_ns, share);
        publish(&observe->work->partition[p], &observe->partition[p]);
        observe->partition[p].size_bytes = seen->size_bytes;
        row_set(observe, p, now);
    }
    const float *const value[FORE_HIST_METRICS] = {
        observe->work->row[FORE_HIST_LOAD],
        observe->work->row[FORE_HIST_REQUESTS],
        observe->work->row[FORE_HIST_WRITES],
        observe->work->row[FORE_HIST_BYTES],
    };
    fore_history_append(observe->history, sample->end, value, sample->partition_count);
}

static void push_nodes(struct fore_observe *observe, const struct fore_sample *sample)
{
    double average_share = window_share(observe, sample);
    double per_sec = 1e9 / (double)(sample->end - sample->begin);
    for (uint32_t n = 0; n < sample->node_count; n++) {
        const struct fore_node_sample *seen = &sample->node[n];
        struct fore_observe_node *node = &observe->node[n];
        struct node_rates *rates = &observe->work->node[n];
        double share = rates->lives ? average_share : 1;
        double moves = seen->busy_ns > 0 ? (double)seen->busy_move_ns / (double)seen->busy_ns : 0;
        node->utilization = mix(node->utilization, seen->utilization, share);
        node->move_utilization = mix(node->move_utilization, seen->utilization * moves, share);
        if (seen->latency_p99_ns > 0)
            node->p99_ms = mix(node->p99_ms, (double)seen->latency_p99_ns * ms_per_ns, share);
        rates->requests = mix(rates->requests, (double)seen->requests * per_sec, share);
        rates->slow = mix(rates->slow, (double)seen->slow * per_sec, share);
        node->slow_share = rates->requests > 0 ? rates->slow / rates->requests : 0;
        node->backlog_ms = (double)seen->backlog_ns * ms_per_ns;
        node->up = seen->up;
        rates->lives = true;
    }
}

static void push_keys(struct fore_observe *observe, const struct fore_sample *sample,
                      const struct fore_topology *topology)
{
    for (uint32_t i = 0; i < sample->key_count; i++) {
        const struct fore_key_sample *key = &sample->key[i];
        uint32_t p = fore_topology_find(topology, key->position);
        fore_hotkeys_add(observe->hot_keys, sample->end, key->position, key->weight);
        if (p < observe->partition_cap)
            fore_keyrange_add(observe->key_ranges, sample->end, p, key->position, key->weight);
        if (p < observe->partition_cap && key->write)
            fore_frontier_note(observe->frontier, p, key->position);
        if (p < observe->partition_cap && observe->columns != NULL)
            fore_columns_add(observe->columns, sample->end, p, key->columns, key->weight);
    }
}

enum fore_err fore_observe_push(struct fore_observe *observe, const struct fore_sample *sample,
                                const struct fore_topology *topology, struct fore_diag *diag)
{
    FORE_TRY(check(observe, sample, topology, diag));
    if (observe->demand != NULL) fore_demand_push(observe->demand, sample, topology);
    push_partitions(observe, sample, topology);
    push_nodes(observe, sample);
    push_keys(observe, sample, topology);
    fore_frontier_close(observe->frontier, sample->end);
    observe->end = sample->end;
    observe->windows++;
    return FORE_E_OK;
}

/* ---- split and merge ------------------------------------------------------------------------ */

void fore_observe_split(struct fore_observe *observe, uint32_t left, uint32_t right, uint64_t at,
                        double right_share)
{
    FORE_ASSERT(left < observe->partition_cap && right < observe->partition_cap);
    FORE_ASSERT(right_share >= 0 && right_share <= 1);
    struct rates *l = &observe->work->partition[left], *r = &observe->work->partition[right];
    *r = *l;
    for (int i = 0; i < RATES; i++) {
        r->of[i] = l->of[i] * right_share;
        l->of[i] -= r->of[i];
    }
    l->adopts = r->adopts = true;
    uint64_t bytes = observe->partition[left].size_bytes;
    uint64_t right_bytes = (uint64_t)((double)bytes * right_share);
    if (right_bytes > bytes) right_bytes = bytes;
    publish(l, &observe->partition[left]);
    publish(r, &observe->partition[right]);
    observe->partition[left].size_bytes = bytes - right_bytes;
    observe->partition[right].size_bytes = right_bytes;
    fore_history_split(observe->history, left, right, right_share);
    fore_keyrange_split(observe->key_ranges, left, right, at);
    fore_frontier_split(observe->frontier, left, right, at);
    if (observe->columns != NULL) fore_columns_split(observe->columns, left, right, right_share);
}

void fore_observe_merge(struct fore_observe *observe, uint32_t left, uint32_t right)
{
    FORE_ASSERT(left < observe->partition_cap && right < observe->partition_cap);
    struct rates *l = &observe->work->partition[left], *r = &observe->work->partition[right];
    for (int i = 0; i < RATES; i++)
        l->of[i] += r->of[i];
    l->p99_ms = fmax(l->p99_ms, r->p99_ms); /* of the two that are numbers */
    l->lives = l->lives || r->lives;
    l->adopts = true;
    observe->partition[left].size_bytes += observe->partition[right].size_bytes;
    publish(l, &observe->partition[left]);
    forget(observe, right);
    observe->work->partition[right].adopts = true;
    fore_history_merge(observe->history, left, right);
    fore_keyrange_merge(observe->key_ranges, left, right);
    fore_frontier_merge(observe->frontier, left, right);
    if (observe->columns != NULL) fore_columns_merge(observe->columns, left, right);
}

/* The keys and column sets of a pair stay with its base: it is what a position is found as. */
void fore_observe_split_columns(struct fore_observe *observe, uint32_t base, uint32_t sibling,
                                double load_base, double load_apart)
{
    FORE_ASSERT(base < observe->partition_cap && sibling < observe->partition_cap);
    double whole = load_base + load_apart;
    FORE_ASSERT(load_base > 0 && load_apart > 0);
    struct rates *b = &observe->work->partition[base], *s = &observe->work->partition[sibling];
    *s = *b;
    for (int i = 0; i < RATES; i++) {
        s->of[i] = b->of[i] * load_apart;
        b->of[i] *= load_base;
    }
    b->adopts = s->adopts = true;
    b->lives = s->lives =
        false; /* loads were guessed, requests not at all: the next window tells */
    publish(b, &observe->partition[base]);
    publish(s, &observe->partition[sibling]);
    fore_history_scale(observe->history, base, whole);
    fore_history_split(observe->history, base, sibling, load_apart / whole);
    fore_keyrange_forget(observe->key_ranges, sibling);
    fore_columns_forget(observe->columns, sibling);
}

void fore_observe_merge_columns(struct fore_observe *observe, uint32_t base, uint32_t sibling,
                                double load_base, double load_apart)
{
    double whole = load_base + load_apart;
    FORE_ASSERT(whole > 0);
    struct rates *b = &observe->work->partition[base];
    fore_keyrange_forget(observe->key_ranges, sibling);
    fore_columns_forget(observe->columns, sibling);
    fore_observe_merge(observe, base, sibling);
    for (int i = 0; i < RATES; i++)
        b->of[i] /= whole;
    publish(b, &observe->partition[base]);
    fore_history_scale(observe->history, base, 1 / whole);
}

/* ---- a past from before ---------------------------------------------------------------------- */

void fore_observe_save(const struct fore_observe *observe, struct fore_buf *out)
{
    fore_history_save(observe->history, out);
}

enum fore_err fore_observe_load(struct fore_observe *observe, const void *bytes, size_t size,
                                struct fore_diag *diag)
{
    FORE_ASSERT(observe->windows == 0);
    FORE_TRY(fore_history_load(observe->history, bytes, size, diag));
    observe->end = fore_history_end(observe->history, 1);
    return FORE_E_OK;
}

void fore_observe_seed(struct fore_observe *observe, fore_ns end, const float *load,
                       uint32_t partition_count)
{
    FORE_ASSERT(observe->windows == 0 && end > observe->end);
    FORE_ASSERT(partition_count <= observe->partition_cap);
    float *nothing = observe->work->row[FORE_HIST_BYTES];
    for (uint32_t p = 0; p < partition_count; p++)
        nothing[p] = (float)NAN;
    const float *const value[FORE_HIST_METRICS] = {load, nothing, nothing, nothing};
    fore_history_append(observe->history, end, value, partition_count);
    observe->end = end;
}
