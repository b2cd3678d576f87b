/*
 * hbase.c - HBase's StochasticLoadBalancer.
 *
 * Costs in 0..1, each with a weight: regions per server (500), moves (7), regions per server and
 * table (35), read requests (5), write requests (5), store size (5). When their weighted mean is
 * below `min_cost` (0.025) nothing happens. Else random moves and swaps are tried, one kept only
 * when it makes the mean strictly smaller, for min(1,000,000, 800 x regions x servers) steps; the
 * placement found is then carried out, all of it, before the next look in 5 minutes. Request rates
 * are means of the last 15 samples; a cost is |x - mean| summed over servers, 0 at the best and 1
 * when one server has everything; more moves than max(600, all regions) are forbidden. Mapping:
 * region = partition (its first replica), server = node. Locality, racks and replica hosts have no
 * counterpart. Of the 30 s HBase gives itself nothing is left in a world without a clock: the
 * search ends early when 20 x regions x servers steps running brought nothing.
 */
#include "core/policy/backlog.h"
#include "core/policy/past.h"
#include "core/policy/rows.h"

#include <math.h>

enum { READS, WRITES, SIZE, COUNT, MEASURES };

struct memory {
    struct fore_backlog *backlog;
    struct fore_rng rng;
};

struct state {
    struct fore_board *board;
    const struct fore_hbase_options *options;
    uint32_t *region; /* partition of each region */
    uint16_t *home, *first_home;
    uint32_t regions, servers, tables, moved;
    uint16_t *server;               /* nodes that are up */
    double *amount[MEASURES];       /* by region */
    double *on[MEASURES];           /* by server */
    double *in_table, *table_total; /* [table * servers + server] regions; [table] */
    double total[MEASURES];
};

static double deviation(const double *on, uint32_t servers, double total)
{
    double mean = total / servers, sum = 0;
    for (uint32_t s = 0; s < servers; s++)
        sum += fabs(on[s] - mean);
    double worst = 2 * (total - mean); /* one has everything */
    return worst > 0 ? sum / worst : 0;
}

/* Whole regions cannot be spread finer than one: what rounding forces is no cost. */
static double count_deviation(const double *on, uint32_t servers, double total)
{
    double mean = total / servers, sum = 0;
    for (uint32_t s = 0; s < servers; s++)
        sum += fabs(on[s] - mean);
    double over = total - floor(mean) * servers;
    double least = over * (ceil(mean) - mean) + (servers - over) * (mean - floor(mean));
    double worst = 2 * (total - mean);
    return worst > least ? fmax(0, sum - least) / (worst - least) : 0;
}

static double table_skew(const struct state *state)
{
    double skew = 0;
    for (uint32_t t = 0; t < state->tables; t++)
        skew += count_deviation(state->in_table + (size_t)t * state->servers, state->servers,
                                state->table_total[t]);
    return skew / state->tables;
}

static double total_cost(struct state *state)
{
    const struct fore_hbase_options *options = state->options;
    uint64_t most = (uint64_t)(options->max_move_share * state->regions);
    if (most < options->max_moves) most = options->max_moves;
    if (state->moved > most) return HUGE_VAL;
    double moves = (double)state->moved / fmax(1, fmin(state->regions, (double)most));
    double sum =
        options->count * count_deviation(state->on[COUNT], state->servers, state->total[COUNT]) +
        options->skew * table_skew(state) + options->move * moves +
        options->read * deviation(state->on[READS], state->servers, state->total[READS]) +
        options->write * deviation(state->on[WRITES], state->servers, state->total[WRITES]) +
        options->size * deviation(state->on[SIZE], state->servers, state->total[SIZE]);
    double weights = options->count + options->skew + options->move + options->read +
                     options->write + options->size;
    return weights > 0 ? sum / weights : 0;
}

static void put(struct state *state, uint32_t region, uint16_t to)
{
    uint16_t from = state->home[region];
    for (int m = 0; m < MEASURES; m++) {
        state->on[m][from] -= state->amount[m][region];
        state->on[m][to] += state->amount[m][region];
    }
    uint16_t table = state->board->topology->partition[state->region[region]].table;
    state->in_table[(size_t)table * state->servers + from]--;
    state->in_table[(size_t)table * state->servers + to]++;
    state->moved -= from != state->first_home[region];
    state->moved += to != state->first_home[region];
    state->home[region] = to;
}

static double recent(const struct state *state, enum fore_history_metric metric, uint32_t p,
                     double now)
{
    const struct fore_hbase_options *options = state->options;
    size_t n = options->samples < FORE_PAST_STEPS ? (size_t)options->samples : FORE_PAST_STEPS;
    return fore_past_mean(state->board->in->observe, metric, p, options->sample_every, n, 1, now);
}

static void measure(struct state *state, uint32_t region, uint32_t p)
{
    const struct fore_observe_partition *seen = &state->board->in->observe->partition[p];
    double writes = recent(state, FORE_HIST_WRITES, p, seen->writes_per_sec);
    double all = recent(state, FORE_HIST_REQUESTS, p, seen->requests_per_sec);
    state->amount[READS][region] = fmax(0, all - writes);
    state->amount[WRITES][region] = writes;
    state->amount[SIZE][region] = (double)state->board->topology->partition[p].bytes;
    state->amount[COUNT][region] = 1;
}

static void allocate(struct state *state)
{
    const struct fore_topology *topology = state->board->topology;
    struct fore_arena *arena = state->board->scratch;
    uint32_t nodes = topology->node_count, most = topology->alive_count + 1;
    state->server = FORE_NEW(arena, uint16_t, nodes);
    for (uint32_t n = 0; n < nodes; n++)
        if (fore_node_serves(&topology->node[n])) state->server[state->servers++] = (uint16_t)n;
    state->region = FORE_NEW(arena, uint32_t, most);
    state->home = FORE_NEW(arena, uint16_t, most);
    state->first_home = FORE_NEW(arena, uint16_t, most);
    for (int m = 0; m < MEASURES; m++) {
        state->amount[m] = FORE_NEW(arena, double, most);
        state->on[m] = FORE_NEW(arena, double, nodes);
    }
    state->tables = topology->table_count;
    state->in_table = FORE_NEW(arena, double, (size_t)state->tables *nodes);
    state->table_total = FORE_NEW(arena, double, state->tables);
}

static void survey(struct state *state)
{
    allocate(state);
    const struct fore_topology *topology = state->board->topology;
    for (uint32_t p = 0; p < topology->partition_count; p++) {
        const struct fore_partition *part = &topology->partition[p];
        uint16_t home = 0;
        while (part->alive && home < state->servers && state->server[home] != part->replica[0])
            home++;
        if (!part->alive || home == state->servers) continue; /* its server is down */
        uint32_t region = state->regions++;
        state->region[region] = p;
        state->home[region] = state->first_home[region] = home;
        measure(state, region, p);
        for (int m = 0; m < MEASURES; m++) {
            state->on[m][home] += state->amount[m][region];
            state->total[m] += state->amount[m][region];
        }
        state->in_table[(size_t)part->table * state->servers + home]++;
        state->table_total[part->table]++;
    }
}

static bool allowed(const struct state *state, uint32_t region, uint16_t to)
{
    return to == state->first_home[region] ||
           fore_board_may_move(state->board, state->region[region],
                               state->server[state->first_home[region]], state->server[to]);
}

/* A random region to a random server, or exchanged with a random one of it. True when kept. */
static bool try_step(struct state *state, struct fore_rng *rng, double *cost)
{
    uint32_t a = fore_rng_below(rng, state->regions);
    uint32_t b = fore_rng_below(rng, 2 * state->regions); /* half of the steps are moves */
    uint16_t from = state->home[a];
    bool swap = b < state->regions;
    uint16_t to = swap ? state->home[b] : (uint16_t)fore_rng_below(rng, state->servers);
    if (from == to || !allowed(state, a, to) || (swap && !allowed(state, b, from))) return false;
    put(state, a, to);
    if (swap) put(state, b, from);
    double now = total_cost(state);
    if (now < *cost - 1e-12) {
        *cost = now;
        return true;
    }
    if (swap) put(state, b, to);
    put(state, a, from);
    return false;
}

static void climb(struct state *state, struct fore_rng *rng, double cost)
{
    uint64_t area = (uint64_t)state->regions * state->servers;
    uint64_t steps = state->options->steps_per_region * area, patience = 20 * area, idle = 0;
    if (steps > state->options->max_steps) steps = state->options->max_steps;
    for (uint64_t i = 0; i < steps && idle < patience; i++)
        idle = try_step(state, rng, &cost) ? 0 : idle + 1;
}

static void propose(const struct fore_policy_view *view, void *memory, struct fore_arena *scratch,
                    struct fore_plan *out)
{
    struct memory *self = memory;
    const struct fore_hbase_options *options = &view->options->hbase_stochastic;
    struct fore_board board = fore_board_open(view, scratch, out);
    if (fore_backlog_drain(self->backlog, &board) ||
        !fore_board_due(&self->backlog->looked, board.in->now, options->every))
        return;
    struct state state = {.board = &board, .options = options};
    survey(&state);
    if (state.regions == 0 || state.servers < 2) return;
    double cost = total_cost(&state);
    if (cost < options->min_cost) return;
    climb(&state, &self->rng, cost);
    for (uint32_t r = 0; r < state.regions; r++)
        if (state.home[r] != state.first_home[r])
            fore_backlog_add(self->backlog, board.topology, state.region[r],
                             state.server[state.first_home[r]], state.server[state.home[r]]);
    (void)fore_backlog_drain(self->backlog, &board);
}

static void *begin(const struct fore_topology *topology, uint64_t seed, struct fore_arena *perm)
{
    struct memory *self = FORE_NEW(perm, struct memory, 1);
    self->backlog = fore_backlog_create(topology, perm);
    self->rng = fore_rng_stream(seed, "policy-hbase", 0);
    return self;
}

#define AT(field) FORE_OPTION_AT(struct fore_hbase_options, field)
static const struct fore_option rows[] = {
    {"count",            FORE_OPT_REAL,     AT(count),            "500",   0,   1e9,  NULL,
     "weight of unequal numbers of regions"                                                                                   },
    {"move",             FORE_OPT_REAL,     AT(move),             "7",     0,   1e9,  NULL, "weight of the moves themselves"  },
    {"skew",             FORE_OPT_REAL,     AT(skew),             "35",    0,   1e9,  NULL,
     "weight of unequal numbers of a table's regions"                                                                         },
    {"read",             FORE_OPT_REAL,     AT(read),             "5",     0,   1e9,  NULL, "weight of unequal read requests" },
    {"write",            FORE_OPT_REAL,     AT(write),            "5",     0,   1e9,  NULL, "weight of unequal write requests"},
    {"size",             FORE_OPT_REAL,     AT(size),             "5",     0,   1e9,  NULL, "weight of unequal data"          },
    {"min_cost",         FORE_OPT_REAL,     AT(min_cost),         "0.025", 0,   1,    NULL,
     "the weighted mean cost from which on it acts"                                                                           },
    {"max_steps",        FORE_OPT_COUNT,    AT(max_steps),        "1M",    0,   1e9,  NULL,
     "steps of the search, at most"                                                                                           },
    {"steps_per_region", FORE_OPT_COUNT,    AT(steps_per_region), "800",   0,   1e6,  NULL,
     "steps per region and server"                                                                                            },
    {"max_moves",        FORE_OPT_COUNT,    AT(max_moves),        "600",   0,   1e9,  NULL,
     "moves that are always allowed"                                                                                          },
    {"max_move_share",   FORE_OPT_SHARE,    AT(max_move_share),   "100%",  0,   1,    NULL,
     "and this share of the regions if it is more"                                                                            },
    {"samples",          FORE_OPT_COUNT,    AT(samples),          "15",    1,   64,   NULL,
     "rates are means of this many samples"                                                                                   },
    {"sample_every",     FORE_OPT_DURATION, AT(sample_every),     "1min",  1e9, 1e15, NULL,
     "of this length"                                                                                                         },
    {"every",            FORE_OPT_DURATION, AT(every),            "5min",  1e6, 1e18, NULL, "time between looks"              },
};
#undef AT
static const struct fore_option_section section = {.name = "hbase_stochastic",
                                                   .help = "HBase's StochasticLoadBalancer",
                                                   .row = rows,
                                                   .row_count = FORE_COUNTOF(rows)};

static const struct fore_policy_knob knobs[] = {
    {"hbase_stochastic.read",    "5 500 5000"},
    {"hbase_stochastic.count",   "5 500"     },
    {"hbase_stochastic.samples", "5 15"      },
    {NULL,                       NULL        },
};

const struct fore_policy fore_policy_hbase_stochastic = {
    .name = "hbase-stochastic",
    .about = "HBase: random steps that lower a weighted cost of counts, requests, data and moves",
    .section = &section,
    .options_at = offsetof(struct fore_policy_options, hbase_stochastic),
    .knob = knobs,
    .own_clock = true,
    .terms = fore_policy_nowcast_terms,
    .begin = begin,
    .propose = propose,
};
