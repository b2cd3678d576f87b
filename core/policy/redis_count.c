/*
 * redis_count.c - `redis-cli --cluster rebalance`: the same number of slots for everybody.
 *
 * It acts when some node is off by more than `threshold` of its expected slots (its weight's part
 * of all, rounded down); then every node hands its surplus, in key order, to those that lack, the
 * most overfull to the most lacking, slot by slot, until the plan is through. Load plays no part.
 * Mapping: a slot is a partition, a weight is a node's cores. The tool runs when somebody types it:
 * here every `every`. With few partitions a node one of them is more than 2 %, so the expected
 * number, rounded down, decides; a node is never asked to give its last rounding partition away.
 */
#include "core/policy/backlog.h"
#include "core/policy/rows.h"

#include <math.h>

struct count {
    const struct fore_board *board;
    int64_t *balance; /* partitions held, moves under way done, less the expected number */
    bool off;         /* somebody is off by more than the threshold */
};

static void hold(int64_t *held, const struct fore_board *board)
{
    const struct fore_topology *topology = board->topology;
    for (uint32_t p = 0; p < topology->partition_count; p++)
        for (uint32_t r = 0;
             topology->partition[p].alive && r < topology->partition[p].replica_count; r++)
            held[topology->partition[p].replica[r]]++;
    for (size_t i = 0; i < board->in->pending_count; i++) {
        const struct fore_load_pending *pending = &board->in->pending[i];
        if (pending->to != FORE_NODE_NONE) held[pending->to]++;
        if (pending->from != FORE_NODE_NONE) held[pending->from]--;
    }
}

static struct count take_stock(const struct fore_board *board, double threshold)
{
    const struct fore_topology *topology = board->topology;
    struct count count = {.board = board,
                          .balance = FORE_NEW(board->scratch, int64_t, topology->node_count)};
    hold(count.balance, board);
    double all = 0, cores = fore_board_cores(board);
    int64_t rest = 0;
    for (uint32_t n = 0; n < topology->node_count; n++)
        all += (double)count.balance[n];
    for (uint32_t n = 0; n < topology->node_count; n++) {
        double weight = fore_node_serves(&topology->node[n]) ? topology->node[n].cores : 0;
        int64_t expected = cores > 0 ? (int64_t)(all / cores * weight) : 0, held = count.balance[n];
        count.off |=
            held == 0 ? expected > 0 : fabs(1 - (double)expected / (double)held) > threshold;
        count.balance[n] = held - expected;
        rest += count.balance[n];
    }
    /* Rounding left `rest` over: who holds a surplus keeps one of it, the lowest first. */
    for (uint32_t n = 0; n < topology->node_count && rest > 0; n++)
        if (count.balance[n] > 0) {
            count.balance[n]--;
            rest--;
        }
    return count;
}

static uint16_t extreme(const struct count *count, int64_t sign)
{
    uint16_t best = 0;
    for (uint32_t n = 1; n < count->board->topology->node_count; n++)
        if (sign * count->balance[n] > sign * count->balance[best]) best = (uint16_t)n;
    return best;
}

static bool hand_over(struct count *count, struct fore_backlog *backlog, uint16_t source,
                      uint16_t target)
{
    const struct fore_topology *topology = count->board->topology;
    for (uint32_t p = 0; p < topology->partition_count; p++) {
        if (!fore_board_may_move(count->board, p, source, target)) continue;
        fore_backlog_add(backlog, topology, p, source, target);
        count->board->taken[p] = true;
        count->balance[source]--;
        count->balance[target]++;
        return true;
    }
    return false;
}

static void propose(const struct fore_policy_view *view, void *memory, struct fore_arena *scratch,
                    struct fore_plan *out)
{
    struct fore_backlog *backlog = memory;
    const struct fore_redis_count_options *options = &view->options->redis_count;
    struct fore_board board = fore_board_open(view, scratch, out);
    if (fore_backlog_drain(backlog, &board) ||
        !fore_board_due(&backlog->looked, board.in->now, options->every))
        return;
    struct count count = take_stock(&board, options->threshold);
    for (uint32_t guard = board.topology->alive_count; count.off && guard > 0; guard--) {
        uint16_t source = extreme(&count, 1), target = extreme(&count, -1);
        if (count.balance[source] <= 0 || count.balance[target] >= 0) break;
        if (!hand_over(&count, backlog, source, target)) break;
    }
    board = fore_board_open(view, scratch, out);
    (void)fore_backlog_drain(backlog, &board);
}

static void *begin(const struct fore_topology *topology, uint64_t seed, struct fore_arena *perm)
{
    (void)seed;
    return fore_backlog_create(topology, perm);
}

#define AT(field) FORE_OPTION_AT(struct fore_redis_count_options, field)
static const struct fore_option rows[] = {
    {"threshold", FORE_OPT_SHARE,    AT(threshold), "2%",    0,   1,    NULL,
     "somebody is off by more than this share of its expected partitions"},
    {"every",     FORE_OPT_DURATION, AT(every),     "10min", 1e6, 1e18, NULL,
     "how often somebody runs the tool"                                  },
};
#undef AT
static const struct fore_option_section section = {.name = "redis_count",
                                                   .help = "redis-cli --cluster rebalance",
                                                   .row = rows,
                                                   .row_count = FORE_COUNTOF(rows)};

static const struct fore_policy_knob knobs[] = {
    {"redis_count.threshold", "2% 10% 25% 50%"},
    {"redis_count.every",     "10min 1h"      },
    {NULL,                    NULL            },
};

const struct fore_policy fore_policy_redis_count = {
    .name = "redis-count",
    .about = "redis-cli --cluster rebalance: equal numbers of partitions by weight",
    .section = &section,
    .options_at = offsetof(struct fore_policy_options, redis_count),
    .knob = knobs,
    .own_clock = true,
    .terms = fore_policy_nowcast_terms,
    .begin = begin,
    .propose = propose,
};
