/*
 * crdb.c - CockroachDB's load-based splitting and store rebalancer.
 *
 * Split: a range above 2500 QPS or 500 ms CPU a second is cut where the keys sampled fall evenly on
 * both sides, |L - R| / (L + R) < 0.25, once 100 of them were seen. Rebalance, every 60 s +- 25 %:
 * a store above the mean by 10 % and by 50 ms (100 QPS) hands its hottest replicas to the least
 * loaded store, if the two differ by 100 ms (200 QPS), the replica is 2 % of the store's load or
 * more, and the target does not become overfull itself; until it is below. Loads are averages over
 * 30 minutes whose weight falls by 0.8 every 5.
 * Mapping: a range is a partition, a store a node; absolute loads, as there. The split key comes
 * from the sketch's best cut, where CockroachDB takes the best of 20 keys; `contained` (scans over
 * the key) is not known here. Leases: reads go to all replicas here, so there is nothing to lease.
 */
#include "core/policy/board.h"
#include "core/policy/past.h"
#include "core/policy/rows.h"

#include <math.h>

struct memory {
    fore_ns next;
    struct fore_rng rng;
};

static const fore_ns weigh_step = 300 * FORE_SEC;

static void split(struct fore_board *board, const struct fore_crdb_options *options)
{
    bool cpu = options->objective == 0;
    for (uint32_t p = 0; p < board->topology->partition_count; p++) {
        const struct fore_observe_partition *seen = &board->in->observe->partition[p];
        double load = cpu ? seen->load : seen->requests_per_sec;
        struct fore_keyrange_cut cut;
        if (load <= (cpu ? options->split_cpu : options->split_rate) ||
            !fore_board_cut(board, p, &cut) || cut.samples < options->split_samples ||
            fabs(1 - 2 * cut.right_share) >= options->split_balance)
            continue;
        (void)fore_board_split(board, p, &cut);
    }
}

static void average(struct fore_board *board, const struct fore_crdb_options *options)
{
    const struct fore_observe *observe = board->in->observe;
    size_t steps = (size_t)(options->memory / weigh_step);
    fore_ns step = steps == 0 ? options->memory : weigh_step;
    steps = steps == 0 ? 1 : steps > FORE_PAST_STEPS ? FORE_PAST_STEPS : steps;
    for (uint32_t p = 0; p < board->topology->partition_count; p++) {
        const struct fore_partition *part = &board->topology->partition[p];
        if (!part->alive) continue;
        bool cpu = options->objective == 0;
        double load = fore_past_mean(
            observe, cpu ? FORE_HIST_LOAD : FORE_HIST_REQUESTS, p, step, steps, options->decay,
            cpu ? observe->partition[p].load : observe->partition[p].requests_per_sec);
        board->load[p] = fore_board_share(board, p, load, part->replica_count);
    }
    fore_board_sum(board);
}

struct stores {
    struct fore_board *board;
    const struct fore_crdb_options *options;
    double overfull, pair;
};

static uint32_t hottest_on(const struct stores *stores, uint16_t store)
{
    const struct fore_board *board = stores->board;
    uint32_t best = FORE_PARTITION_NONE;
    for (uint32_t p = 0; p < board->topology->partition_count; p++)
        if (board->topology->partition[p].alive && !board->taken[p] &&
            fore_topology_hosts(board->topology, p, store) &&
            (best == FORE_PARTITION_NONE || board->load[p] > board->load[best]))
            best = p;
    return best;
}

static uint16_t least_for(const struct stores *stores, uint32_t p, uint16_t store)
{
    const struct fore_board *board = stores->board;
    uint16_t best = FORE_NODE_NONE;
    for (uint32_t n = 0; n < board->topology->node_count; n++)
        if (fore_board_may_move(board, p, store, (uint16_t)n) &&
            (best == FORE_NODE_NONE || board->node[n] < board->node[best]))
            best = (uint16_t)n;
    if (best == FORE_NODE_NONE || board->node[store] - board->node[best] < stores->pair ||
        board->node[best] + board->load[p] > stores->overfull)
        return FORE_NODE_NONE;
    return best;
}

static void rebalance(struct stores *stores, uint16_t store)
{
    struct fore_board *board = stores->board;
    double all = board->node[store];
    while (board->node[store] > stores->overfull) {
        uint32_t p = hottest_on(stores, store);
        if (p == FORE_PARTITION_NONE || board->load[p] < stores->options->replica_share * all)
            return;
        uint16_t target = least_for(stores, p, store);
        bool moved = target != FORE_NODE_NONE && fore_board_move(board, p, store, target);
        if (!moved) board->taken[p] = true; /* the next hottest */
    }
}

static void propose(const struct fore_policy_view *view, void *memory, struct fore_arena *scratch,
                    struct fore_plan *out)
{
    struct memory *self = memory;
    const struct fore_crdb_options *options = &view->options->crdb;
    struct fore_board board = fore_board_open(view, scratch, out);
    split(&board, options);
    if (board.in->now >= self->next) {
        double jitter = 1 + options->jitter * (2 * fore_rng_unit(&self->rng) - 1);
        self->next = board.in->now + (fore_ns)((double)options->every * jitter);
        average(&board, options);
        double mean = 0;
        uint32_t up = 0;
        for (uint32_t n = 0; n < board.topology->node_count; n++)
            if (fore_node_serves(&board.topology->node[n])) {
                mean += board.node[n];
                up++;
            }
        mean /= up > 0 ? up : 1;
        bool cpu = options->objective == 0;
        struct stores stores = {.board = &board, .options = options};
        stores.overfull = fmax(mean * (1 + options->store_threshold),
                               mean + (cpu ? options->min_cpu : options->min_rate));
        stores.pair = cpu ? options->pair_cpu : options->pair_rate;
        for (uint32_t n = 0; n < board.topology->node_count; n++)
            if (board.slots[n] > 0) rebalance(&stores, (uint16_t)n);
    }
    fore_board_say(&board, "a store is overfull, or a range is hot");
}

static void *begin(const struct fore_topology *topology, uint64_t seed, struct fore_arena *perm)
{
    (void)topology;
    struct memory *self = FORE_NEW(perm, struct memory, 1);
    self->rng = fore_rng_stream(seed, "policy-crdb", 0);
    return self;
}

static const char *const objectives[] = {"cpu", "qps", NULL};
#define AT(field) FORE_OPTION_AT(struct fore_crdb_options, field)
static const struct fore_option rows[] = {
    {"objective",       FORE_OPT_CHOICE,   AT(objective),       "cpu",    0,   0,     objectives,
     "what load is: cores busy, or requests a second"                                                                       },
    {"split_cpu",       FORE_OPT_REAL,     AT(split_cpu),       "0.5",    0,   1e6,   NULL,
     "cpu: a range above this many cores is split"                                                                          },
    {"split_rate",      FORE_OPT_RATE,     AT(split_rate),      "2500/s", 0,   1e12,  NULL,
     "qps: a range above this rate is split"                                                                                },
    {"split_samples",   FORE_OPT_COUNT,    AT(split_samples),   "100",    1,   1e6,   NULL,
     "keys that must have been sampled for a split"                                                                         },
    {"split_balance",   FORE_OPT_REAL,     AT(split_balance),   "0.25",   0,   1,     NULL,
     "the halves' difference over their sum must stay below this"                                                           },
    {"every",           FORE_OPT_DURATION, AT(every),           "60s",    1e6, 1e18,  NULL,
     "time between looks at the stores"                                                                                     },
    {"jitter",          FORE_OPT_SHARE,    AT(jitter),          "25%",    0,   0.9,   NULL,       "of that time, up or down"},
    {"store_threshold", FORE_OPT_SHARE,    AT(store_threshold), "10%",    0,   10,    NULL,
     "a store above the mean by this share is overfull"                                                                     },
    {"min_cpu",         FORE_OPT_REAL,     AT(min_cpu),         "0.05",   0,   1e6,   NULL,
     "cpu: and by this many cores at least"                                                                                 },
    {"min_rate",        FORE_OPT_RATE,     AT(min_rate),        "100/s",  0,   1e12,  NULL,
     "qps: and by this rate at least"                                                                                       },
    {"pair_cpu",        FORE_OPT_REAL,     AT(pair_cpu),        "0.1",    0,   1e6,   NULL,
     "cpu: source and target must differ by this many cores"                                                                },
    {"pair_rate",       FORE_OPT_RATE,     AT(pair_rate),       "200/s",  0,   1e12,  NULL,
     "qps: source and target must differ by this rate"                                                                      },
    {"replica_share",   FORE_OPT_SHARE,    AT(replica_share),   "2%",     0,   1,     NULL,
     "a replica below this share of its store's load stays"                                                                 },
    {"memory",          FORE_OPT_DURATION, AT(memory),          "30min",  1e9, 19e12, NULL,
     "loads are averages over this long"                                                                                    },
    {"decay",           FORE_OPT_REAL,     AT(decay),           "0.8",    0.1, 1,     NULL,
     "whose weight falls by this factor every 5 minutes"                                                                    },
};
#undef AT
static const struct fore_option_section section = {
    .name = "crdb",
    .help = "CockroachDB: load-based splitting and the store rebalancer",
    .row = rows,
    .row_count = FORE_COUNTOF(rows)};

static const struct fore_policy_knob knobs[] = {
    {"crdb.store_threshold", "5% 10% 20%"      },
    {"crdb.memory",          "1min 10min 30min"},
    {"crdb.split_cpu",       "0.25 0.5"        },
    {NULL,                   NULL              },
};

const struct fore_policy fore_policy_crdb = {
    .name = "crdb",
    .about = "CockroachDB: splits by load, and stores kept within 10 % of the mean",
    .section = &section,
    .options_at = offsetof(struct fore_policy_options, crdb),
    .knob = knobs,
    .own_clock = true,
    .terms = fore_policy_nowcast_terms,
    .begin = begin,
    .propose = propose,
};
