/*
 * citus.c - Citus' shard rebalancer: by_disk_size (its default) and by_shard_count.
 *
 * A node's utilisation is the cost of its shards over its capacity. While somebody is outside
 * mean * (1 -+ threshold): from the fullest node to the emptiest, the costliest shard first. A move
 * is accepted when the target stays at or below what the source is left with; one that overshoots
 * must better the worse of the two by `improvement` of what it adds to the target. The plan is made
 * whole, then carried out. Mapping: a shard group is a partition, its cost bytes + 100 MB (or 1),
 * capacity is cores. Citus rebalances when asked: here every `every`. It has no strategy by load.
 */
#include "core/policy/backlog.h"
#include "core/policy/rows.h"

#include <stdlib.h>

struct fill {
    struct fore_board *board; /* load[] and node[] are costs here */
    struct fore_backlog *backlog;
    const struct fore_citus_options *options;
    uint32_t *shard; /* costliest first */
    uint32_t shard_count;
    double low, high;
};

struct costed {
    uint32_t partition;
    double cost;
};

static int costlier(const void *a, const void *b)
{
    const struct costed *x = a, *y = b;
    if (x->cost > y->cost) return -1;
    if (x->cost < y->cost) return 1;
    return (x->partition > y->partition) - (x->partition < y->partition);
}

static void list_shards(struct fill *fill)
{
    const struct fore_board *board = fill->board;
    const struct fore_topology *topology = board->topology;
    struct costed *all = FORE_NEW(board->scratch, struct costed, topology->alive_count + 1u);
    for (uint32_t p = 0; p < topology->partition_count; p++)
        if (topology->partition[p].alive)
            all[fill->shard_count++] = (struct costed){p, board->load[p]};
    qsort(all, fill->shard_count, sizeof *all, costlier);
    fill->shard = FORE_NEW(board->scratch, uint32_t, fill->shard_count + 1);
    for (uint32_t i = 0; i < fill->shard_count; i++)
        fill->shard[i] = all[i].partition;
}

/* Nodes that are up, fullest first. */
static uint32_t order(const struct fill *fill, uint16_t *node)
{
    const struct fore_board *board = fill->board;
    uint32_t count = 0;
    for (uint32_t n = 0; n < board->topology->node_count; n++) {
        if (!fore_node_serves(&board->topology->node[n])) continue;
        uint32_t at = count++;
        for (; at > 0 && fore_board_use(board, node[at - 1]) < fore_board_use(board, n); at--)
            node[at] = node[at - 1];
        node[at] = (uint16_t)n;
    }
    return count;
}

static bool accepted(const struct fill *fill, uint32_t shard, uint16_t source, uint16_t target)
{
    const struct fore_board *board = fill->board;
    if (board->load[shard] <= 0 || !fore_board_may_move(board, shard, source, target)) return false;
    double cost = board->load[shard], before = fore_board_use(board, source);
    double left = before - cost / board->topology->node[source].cores;
    double added = cost / board->topology->node[target].cores;
    double filled = fore_board_use(board, target) + added;
    if (filled <= left) return true;
    return filled < before && (before - filled) / added >= fill->options->improvement;
}

static bool move_from_to(struct fill *fill, uint16_t source, uint16_t target)
{
    struct fore_board *board = fill->board;
    for (uint32_t i = 0; i < fill->shard_count; i++) {
        uint32_t shard = fill->shard[i];
        if (!accepted(fill, shard, source, target)) continue;
        board->node[source] -= board->load[shard];
        board->node[target] += board->load[shard];
        board->taken[shard] = true;
        fore_backlog_add(fill->backlog, board->topology, shard, source, target);
        return true;
    }
    return false;
}

static bool one_move(struct fill *fill, uint16_t *node)
{
    uint32_t count = order(fill, node);
    for (uint32_t s = 0; s < count; s++)
        for (uint32_t t = count; t-- > s + 1;) {
            bool full = fore_board_use(fill->board, node[s]) > fill->high;
            bool empty = fore_board_use(fill->board, node[t]) < fill->low;
            if (!full && !empty) break;
            if (move_from_to(fill, node[s], node[t])) return true;
        }
    return false;
}

static void plan(const struct fore_policy_view *view, const struct fore_citus_options *options,
                 bool by_bytes, struct fore_backlog *backlog, struct fore_arena *scratch,
                 struct fore_plan *out)
{
    struct fore_board board = fore_board_open(view, scratch, out);
    if (fore_backlog_drain(backlog, &board) ||
        !fore_board_due(&backlog->looked, board.in->now, options->every))
        return;
    for (uint32_t p = 0; p < board.topology->partition_count; p++)
        board.load[p] =
            by_bytes ? (double)board.topology->partition[p].bytes + (double)options->base : 1;
    fore_board_sum(&board);
    double mean = fore_board_mean(&board);
    struct fill fill = {.board = &board,
                        .backlog = backlog,
                        .options = options,
                        .low = mean * (1 - options->threshold),
                        .high = mean * (1 + options->threshold)};
    list_shards(&fill);
    uint16_t *node = FORE_NEW(scratch, uint16_t, board.topology->node_count);
    for (uint32_t guard = fill.shard_count; guard > 0 && one_move(&fill, node); guard--)
        ;
    board = fore_board_open(view, scratch, out);
    (void)fore_backlog_drain(backlog, &board);
}

static void propose_disk(const struct fore_policy_view *view, void *memory,
                         struct fore_arena *scratch, struct fore_plan *out)
{
    plan(view, &view->options->citus_disk, true, memory, scratch, out);
}

static void propose_count(const struct fore_policy_view *view, void *memory,
                          struct fore_arena *scratch, struct fore_plan *out)
{
    plan(view, &view->options->citus_count, false, memory, scratch, out);
}

static void *begin(const struct fore_topology *topology, uint64_t seed, struct fore_arena *perm)
{
    (void)seed;
    return fore_backlog_create(topology, perm);
}

#define AT(field) FORE_OPTION_AT(struct fore_citus_options, field)
#define ROWS(threshold_default, improvement_default, base_default)                              \
    {                                                                                           \
        {"threshold",                                                                           \
         FORE_OPT_SHARE,                                                                        \
         AT(threshold),                                                                         \
         threshold_default,                                                                     \
         0,                                                                                     \
         1,                                                                                     \
         NULL,                                                                                  \
         "nodes may be off the mean utilisation by this share"},                                \
            {"improvement",                                                                     \
             FORE_OPT_REAL,                                                                     \
             AT(improvement),                                                                   \
             improvement_default,                                                               \
             0,                                                                                 \
             1,                                                                                 \
             NULL,                                                                              \
             "an overshooting move must better the fuller node by this part of what it adds"},  \
            {"base", FORE_OPT_BYTES, AT(base), base_default,                                    \
             0,      1e18,           NULL,     "every shard costs this much beside its bytes"}, \
            {"every",   FORE_OPT_DURATION,                                                      \
             AT(every), "10min",                                                                \
             1e6,       1e18,                                                                   \
             NULL,      "how often the rebalancer is asked"},                                   \
    }
static const struct fore_option disk_rows[] = ROWS("10%", "0.5", "100MB");
static const struct fore_option count_rows[] = ROWS("0%", "0", "0");
#undef AT
static const struct fore_option_section disk_section = {.name = "citus_disk",
                                                        .help = "Citus, by_disk_size",
                                                        .row = disk_rows,
                                                        .row_count = FORE_COUNTOF(disk_rows)};
static const struct fore_option_section count_section = {.name = "citus_count",
                                                         .help = "Citus, by_shard_count",
                                                         .row = count_rows,
                                                         .row_count = FORE_COUNTOF(count_rows)};

static const struct fore_policy_knob disk_knobs[] = {
    {"citus_disk.threshold",   "5% 10% 25%"},
    {"citus_disk.improvement", "0.25 0.5"  },
    {"citus_disk.base",        "100MB 1GB" },
    {NULL,                     NULL        },
};
static const struct fore_policy_knob count_knobs[] = {
    {"citus_count.threshold", "0% 10% 20% 40%"},
    {"citus_count.every",     "10min 1h"      },
    {NULL,                    NULL            },
};

const struct fore_policy fore_policy_citus_disk = {
    .name = "citus-disk",
    .about = "Citus by_disk_size: equal bytes, the largest shard first",
    .section = &disk_section,
    .options_at = offsetof(struct fore_policy_options, citus_disk),
    .knob = disk_knobs,
    .own_clock = true,
    .terms = fore_policy_nowcast_terms,
    .begin = begin,
    .propose = propose_disk,
};
const struct fore_policy fore_policy_citus_count = {
    .name = "citus-count",
    .about = "Citus by_shard_count: equal numbers of shards",
    .section = &count_section,
    .options_at = offsetof(struct fore_policy_options, citus_count),
    .knob = count_knobs,
    .own_clock = true,
    .terms = fore_policy_nowcast_terms,
    .begin = begin,
    .propose = propose_count,
};
