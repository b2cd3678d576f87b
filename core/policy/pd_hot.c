/*
 * pd_hot.c - TiKV PD's hot-region scheduler.
 *
 * A source store is above 1.05 x the mean now and after the operators under way, and was in every
 * one of the last history samples (5 min, every 30 s); a destination is below mean / 1.05 likewise.
 * Nothing is done while the stores' standard deviation is below a tenth of the mean. The hottest
 * peer is moved that leaves target / source <= 0.95 and does not work against what is pending
 * (amplified by 1 + 2 src / (src - dst)); a region above 20 % of its store is split instead. Four
 * operators at most; the scheduler runs every second while it finds work and backs off by 1.3
 * to 20. Mapping: region = partition, store = node; of PD's dimensions (query, byte, key, cpu) the
 * load in cores is balanced, which all of them stand for; thresholds on utilisation, so that unlike
 * nodes compare. Leaders: reads go to all replicas here, so only peers are moved. A peer is hot
 * when it had `min_rate` in each of `hits` samples. Store limits (15 peers a minute) are the
 * testbed's slots.
 */
#include "core/policy/board.h"
#include "core/policy/past.h"
#include "core/policy/rows.h"

#include <math.h>

struct memory {
    fore_ns looked, wait;
};

struct stores {
    struct fore_board *board; /* node[]: future, operators under way done */
    const struct fore_pd_hot_options *options;
    double *lowest, *highest; /* by node: utilisation over the history and now */
    double mean;
};

/* Past loads of the partitions a node holds now, added up. */
static void read_history(struct stores *stores)
{
    const struct fore_board *board = stores->board;
    const struct fore_topology *topology = board->topology;
    const struct fore_pd_hot_options *options = stores->options;
    size_t n = (size_t)(options->history / options->step);
    n = n < 1 ? 1 : n > FORE_PAST_STEPS ? FORE_PAST_STEPS : n;
    double *sum = FORE_NEW(board->scratch, double, topology->node_count *n), step[FORE_PAST_STEPS];
    size_t known = n; /* what every hot partition has; a young one limits nobody */
    bool any = false;
    for (uint32_t p = 0; p < topology->partition_count; p++) {
        const struct fore_partition *part = &topology->partition[p];
        if (!part->alive) continue;
        size_t have =
            fore_past_steps(board->in->observe, FORE_HIST_LOAD, p, options->step, n, step);
        if (have > 0) any = true;
        double fill = have > 0 ? step[n - have] : board->in->observe->partition[p].load;
        for (size_t i = 0; i < n; i++) {
            double load = i < n - have ? fill : step[i];
            for (uint32_t r = 0; r < part->replica_count; r++)
                sum[part->replica[r] * n + i] +=
                    fore_board_share(board, p, load, part->replica_count);
        }
    }
    for (uint32_t s = 0; s < topology->node_count; s++) {
        double cores = topology->node[s].cores;
        double now = (board->node[s] - board->arriving[s] + board->leaving[s]) / cores;
        stores->lowest[s] = fmin(now, fore_board_use(board, s));
        stores->highest[s] = fmax(now, fore_board_use(board, s));
        for (size_t i = 0; any && i < known; i++) {
            stores->lowest[s] = fmin(stores->lowest[s], sum[s * n + i] / cores);
            stores->highest[s] = fmax(stores->highest[s], sum[s * n + i] / cores);
        }
    }
}

static bool even(const struct stores *stores)
{
    const struct fore_board *board = stores->board;
    double sum = 0;
    uint32_t up = 0;
    for (uint32_t n = 0; n < board->topology->node_count; n++) {
        if (!fore_node_serves(&board->topology->node[n])) continue;
        double off = fore_board_use(board, n) - stores->mean;
        sum += off * off;
        up++;
    }
    return up == 0 || sqrt(sum / up) < stores->options->stddev * stores->mean;
}

static bool hot(const struct stores *stores, uint32_t p)
{
    const struct fore_observe *observe = stores->board->in->observe;
    const struct fore_pd_hot_options *options = stores->options;
    double rate[FORE_PAST_STEPS];
    size_t n = options->hits < FORE_PAST_STEPS ? (size_t)options->hits : FORE_PAST_STEPS;
    size_t known = fore_past_steps(observe, FORE_HIST_REQUESTS, p, options->step, n, rate);
    for (size_t i = n - known; i < n; i++)
        if (rate[i] < options->min_rate) return false;
    return known > 0 || observe->partition[p].requests_per_sec >= options->min_rate ||
           observe->windows == 0; /* a world without counters has only loads */
}

static bool works(const struct stores *stores, uint32_t p, uint16_t source, uint16_t target)
{
    const struct fore_board *board = stores->board;
    if (!fore_board_may_move(board, p, source, target)) return false;
    double src = board->node[source] / board->topology->node[source].cores;
    double dst = board->node[target] / board->topology->node[target].cores;
    double out = board->leaving[source] / board->topology->node[source].cores;
    double in = board->arriving[target] / board->topology->node[target].cores;
    double amp = 1 + stores->options->pending_amp * src / fmax(src - dst, 1e-9);
    double after_src = src - board->load[p] / board->topology->node[source].cores;
    double after_dst = dst + board->load[p] / board->topology->node[target].cores;
    if (out + in > 0 && src - amp * out <= dst + amp * in) return false;
    return after_dst <= stores->options->great * after_src;
}

static bool move_peer(struct stores *stores, uint16_t source)
{
    struct fore_board *board = stores->board;
    uint32_t best = FORE_PARTITION_NONE;
    uint16_t to = FORE_NODE_NONE;
    for (uint32_t n = 0; n < board->topology->node_count; n++) {
        if (n == source || stores->highest[n] * stores->options->dst_ratio >= stores->mean ||
            board->slots[n] == 0)
            continue;
        for (uint32_t p = 0; p < board->topology->partition_count; p++) {
            if (best != FORE_PARTITION_NONE &&
                (board->load[p] < board->load[best] ||
                 (board->load[p] <= board->load[best] &&
                  fore_board_use(board, n) >= fore_board_use(board, to))))
                continue;
            if (!works(stores, p, source, (uint16_t)n) || !hot(stores, p)) continue;
            best = p;
            to = (uint16_t)n;
        }
    }
    return best != FORE_PARTITION_NONE && fore_board_move(board, best, source, to);
}

static bool split_region(struct stores *stores, uint16_t source)
{
    struct fore_board *board = stores->board;
    struct fore_keyrange_cut cut;
    for (uint32_t p = 0; p < board->topology->partition_count; p++)
        if (fore_topology_hosts(board->topology, p, source) &&
            board->load[p] > stores->options->split_share * board->node[source] &&
            fore_board_cut(board, p, &cut) && hot(stores, p))
            return fore_board_split(board, p, &cut);
    return false;
}

static uint16_t hottest_source(const struct stores *stores, const bool *tried)
{
    const struct fore_board *board = stores->board;
    uint16_t best = FORE_NODE_NONE;
    for (uint32_t n = 0; n < board->topology->node_count; n++)
        if (fore_node_serves(&board->topology->node[n]) && !tried[n] &&
            stores->lowest[n] > stores->options->src_ratio * stores->mean &&
            (best == FORE_NODE_NONE || fore_board_use(board, n) > fore_board_use(board, best)))
            best = (uint16_t)n;
    return best;
}

static void schedule(struct stores *stores)
{
    struct fore_board *board = stores->board;
    bool *tried = FORE_NEW(board->scratch, bool, board->topology->node_count);
    for (uint16_t source; (source = hottest_source(stores, tried)) != FORE_NODE_NONE;) {
        if (board->in->pending_count + board->plan->move_count >= stores->options->limit) return;
        tried[source] = true;
        if (split_region(stores, source)) continue;
        if (board->slots[source] > 0) (void)move_peer(stores, source);
    }
}

static void propose(const struct fore_policy_view *view, void *memory, struct fore_arena *scratch,
                    struct fore_plan *out)
{
    struct memory *self = memory;
    const struct fore_pd_hot_options *options = &view->options->pd_hot;
    struct fore_board board = fore_board_open(view, scratch, out);
    if (!fore_board_due(&self->looked, board.in->now, self->wait)) return;
    struct stores stores = {.board = &board,
                            .options = options,
                            .lowest = FORE_NEW(scratch, double, board.topology->node_count),
                            .highest = FORE_NEW(scratch, double, board.topology->node_count)};
    stores.mean = fore_board_mean(&board);
    if (!even(&stores)) {
        read_history(&stores);
        schedule(&stores);
    }
    fore_ns slower = self->wait + self->wait * 3 / 10;
    if (out->move_count > 0 || slower < options->fastest) slower = options->fastest;
    self->wait = slower < options->slowest ? slower : options->slowest;
    fore_board_say(&board, "a store is hot and was for a while");
}

static void *begin(const struct fore_topology *topology, uint64_t seed, struct fore_arena *perm)
{
    (void)topology;
    (void)seed;
    return FORE_NEW(perm, struct memory, 1);
}

#define AT(field) FORE_OPTION_AT(struct fore_pd_hot_options, field)
static const struct fore_option rows[] = {
    {"src_ratio",   FORE_OPT_REAL,     AT(src_ratio),   "1.05", 1,    10,   NULL,
     "a source is above the mean by this factor"                                                                        },
    {"dst_ratio",   FORE_OPT_REAL,     AT(dst_ratio),   "1.05", 1,    10,   NULL,
     "a destination is below it by this factor"                                                                         },
    {"stddev",      FORE_OPT_SHARE,    AT(stddev),      "10%",  0,    10,   NULL,
     "nothing is done while the deviation of the stores is below this share of the mean"                                },
    {"history",     FORE_OPT_DURATION, AT(history),     "5min", 1e9,  1e15, NULL,
     "source and destination must have been so for this long"                                                           },
    {"step",        FORE_OPT_DURATION, AT(step),        "30s",  1e9,  1e15, NULL, "in samples of this length"           },
    {"limit",       FORE_OPT_COUNT,    AT(limit),       "4",    1,    1000, NULL, "operators at once"                   },
    {"min_rate",    FORE_OPT_RATE,     AT(min_rate),    "10/s", 0,    1e12, NULL,
     "a region below this rate is not hot"                                                                              },
    {"hits",        FORE_OPT_COUNT,    AT(hits),        "3",    1,    64,   NULL, "samples in a row in which it must be"},
    {"great",       FORE_OPT_REAL,     AT(great),       "0.95", 0.1,  1,    NULL,
     "the target's load over the source's after a move, at most"                                                        },
    {"pending_amp", FORE_OPT_REAL,     AT(pending_amp), "2",    0,    100,  NULL,
     "how much what is under way is amplified against oscillation"                                                      },
    {"split_share", FORE_OPT_SHARE,    AT(split_share), "20%",  0.01, 1,    NULL,
     "a region above this share of its store is split"                                                                  },
    {"fastest",     FORE_OPT_DURATION, AT(fastest),     "1s",   1e6,  1e18, NULL,
     "time between looks that find work"                                                                                },
    {"slowest",     FORE_OPT_DURATION, AT(slowest),     "20s",  1e6,  1e18, NULL, "and at most, backing off"            },
};
#undef AT
static const struct fore_option_section section = {.name = "pd_hot",
                                                   .help = "TiKV PD's hot-region scheduler",
                                                   .row = rows,
                                                   .row_count = FORE_COUNTOF(rows)};

static const struct fore_policy_knob knobs[] = {
    {"pd_hot.stddev",      "5% 10%"  },
    {"pd_hot.history",     "30s 5min"},
    {"pd_hot.limit",       "4 16"    },
    {"pd_hot.split_share", "20% 50%" },
    {NULL,                 NULL      },
};

const struct fore_policy fore_policy_pd_hot = {
    .name = "pd-hot",
    .about =
        "TiKV PD: the hottest peer of a store that is and was above the mean; hot regions split",
    .section = &section,
    .options_at = offsetof(struct fore_policy_options, pd_hot),
    .knob = knobs,
    .own_clock = true,
    .terms = fore_policy_nowcast_terms,
    .begin = begin,
    .propose = propose,
};
