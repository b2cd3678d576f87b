/*
 * slicer.c - Slicer's weighted-move algorithm (Adya et al., OSDI 2016, section 4.4).
 *
 * A round: merge adjacent cold slices while there are more than 50 a node (together below the mean
 * slice, churn of 1 % of the keys at most); then, from the hottest node, the step with the largest
 * (fall of the highest load) / (keys that change hands), be it a move to the coldest node, one more
 * replica or one less, until 9 % of the keys were moved or nothing helps; then cut slices of twice
 * the mean load or more while there are fewer than 150 a node. Left alone below 25 % load.
 * Mapping: slice = partition, task = node, keys = bytes (Slicer hashes keys, and moves none: it has
 * no data). Only neighbours with the same replicas are merged, which churns nothing. One move a
 * node runs at a time here, so the hottest node that is free stands for the hottest.
 */
#include "core/policy/board.h"
#include "core/policy/past.h"
#include "core/policy/rows.h"

#include <math.h>

struct memory {
    fore_ns looked;
};

struct round {
    struct fore_board *board;
    const struct fore_slicer_options *options;
    double bytes;      /* of all slices: what churn is a share of */
    double mean_slice; /* load */
};

struct step {
    enum fore_move_kind kind;
    uint32_t partition;
    uint16_t target;
    double weight, churn;
};

static double highest(const struct fore_board *board)
{
    double most = 0;
    for (uint32_t n = 0; n < board->topology->node_count; n++)
        most = fmax(most, fore_board_use(board, n));
    return most;
}

/* How much the higher of source, the hottest, and target falls when so many cores change hands. */
static double fall(const struct fore_board *board, uint16_t source, uint16_t target, double take,
                   double give)
{
    const struct fore_node *node = board->topology->node;
    double after = (board->node[source] - take) / node[source].cores;
    if (target != FORE_NODE_NONE)
        after = fmax(after, (board->node[target] + give) / node[target].cores);
    return fore_board_use(board, source) - after;
}

static void consider(struct step *best, const struct step *step)
{
    if (step->weight > best->weight) *best = *step;
}

static void consider_slice(const struct round *round, uint32_t p, uint16_t source,
                           struct step *best)
{
    const struct fore_board *board = round->board;
    const struct fore_partition *part = &board->topology->partition[p];
    if (!part->alive || board->taken[p] || !fore_topology_hosts(board->topology, p, source)) return;
    uint16_t target = fore_board_coldest(board, p, source);
    double churn = fmax((double)part->bytes / round->bytes, 1e-12), load = board->load[p];
    if (target != FORE_NODE_NONE && board->slots[target] > 0)
        consider(best, &(struct step){FORE_MOVE_MOVE, p, target,
                                      fall(board, source, target, load, load) / churn, churn});
    if (!round->options->replicas) return;
    double whole = load / fore_board_share(board, p, 1, part->replica_count);
    double more = fore_board_share(board, p, whole, part->replica_count + 1u);
    if (target != FORE_NODE_NONE && board->slots[target] > 0 && board->slots[part->replica[0]] > 0)
        consider(best,
                 &(struct step){FORE_MOVE_ADD_REPLICA, p, target,
                                fall(board, source, target, load - more, more) / churn, churn});
    if (part->replica_count < 2) return;
    double less = fore_board_share(board, p, whole, part->replica_count - 1u) - load;
    for (uint32_t r = 0; r < part->replica_count; r++)
        if (part->replica[r] != source &&
            fore_board_use(board, part->replica[r]) +
                    less / board->topology->node[part->replica[r]].cores >=
                fore_board_use(board, source))
            return;
    consider(best, &(struct step){FORE_MOVE_DROP_REPLICA, p, source,
                                  fall(board, source, FORE_NODE_NONE, load, 0) / churn, churn});
}

static uint16_t hottest_free(const struct fore_board *board, const bool *stuck)
{
    uint16_t best = FORE_NODE_NONE;
    for (uint32_t n = 0; n < board->topology->node_count; n++)
        if (fore_node_serves(&board->topology->node[n]) && board->slots[n] > 0 && !stuck[n] &&
            (best == FORE_NODE_NONE || fore_board_use(board, n) > fore_board_use(board, best)))
            best = (uint16_t)n;
    return best;
}

static bool take_step(struct fore_board *board, const struct step *step, uint16_t source)
{
    switch (step->kind) {
    case FORE_MOVE_MOVE: return fore_board_move(board, step->partition, source, step->target);
    case FORE_MOVE_ADD_REPLICA: return fore_board_replicate(board, step->partition, step->target);
    case FORE_MOVE_DROP_REPLICA: return fore_board_drop(board, step->partition, source);
    case FORE_MOVE_SPLIT:
    case FORE_MOVE_MERGE:
    case FORE_MOVE_ADD_NODE:
    case FORE_MOVE_REMOVE_NODE:
    case FORE_MOVE_VERTICAL_SPLIT:
    case FORE_MOVE_VERTICAL_MERGE:
    case FORE_MOVE_KINDS: break;
    }
    return false;
}

static void move_by_weight(const struct round *round)
{
    struct fore_board *board = round->board;
    double budget = round->options->move_churn;
    bool *stuck = FORE_NEW(board->scratch, bool, board->topology->node_count);
    for (uint16_t source; (source = hottest_free(board, stuck)) != FORE_NODE_NONE;) {
        if (fore_board_use(board, source) <= fore_board_mean(board)) return;
        struct step best = {.weight = 0};
        for (uint32_t p = 0; p < board->topology->partition_count; p++)
            consider_slice(round, p, source, &best);
        if (best.weight <= 0 || best.churn > budget || !take_step(board, &best, source))
            stuck[source] = true;
        else
            budget -= best.kind == FORE_MOVE_DROP_REPLICA ? 0 : best.churn;
    }
}

static void merge_cold(const struct round *round)
{
    struct fore_board *board = round->board;
    const struct fore_topology *topology = board->topology;
    uint32_t slices = topology->alive_count;
    double churn = 0;
    for (uint32_t p = 0; p < topology->partition_count; p++) {
        if (slices <= round->options->slices_min * topology->node_count) return;
        uint32_t right = topology->partition[p].alive ? fore_topology_right_of(topology, p)
                                                      : FORE_PARTITION_NONE;
        if (right == FORE_PARTITION_NONE ||
            board->load[p] + board->load[right] >= round->mean_slice)
            continue;
        double share = (double)topology->partition[right].bytes / round->bytes;
        if (churn + share > round->options->merge_churn || !fore_board_merge(board, p)) continue;
        churn += share;
        slices--;
    }
}

static void split_hot(const struct round *round)
{
    struct fore_board *board = round->board;
    uint64_t slices = board->topology->alive_count;
    struct fore_keyrange_cut cut;
    for (uint32_t p = 0; p < board->topology->partition_count; p++) {
        if (slices >= round->options->slices_max * board->topology->node_count) return;
        if (board->load[p] >= round->options->split_load * round->mean_slice &&
            fore_board_cut(board, p, &cut) && fore_board_split(board, p, &cut))
            slices++;
    }
}

static void propose(const struct fore_policy_view *view, void *memory, struct fore_arena *scratch,
                    struct fore_plan *out)
{
    struct memory *self = memory;
    const struct fore_slicer_options *options = &view->options->slicer;
    struct fore_board board = fore_board_open(view, scratch, out);
    if (!fore_board_due(&self->looked, board.in->now, options->every)) return;
    struct round round = {.board = &board, .options = options};
    uint32_t slices = 0;
    for (uint32_t p = 0; p < board.topology->partition_count; p++) {
        const struct fore_partition *part = &board.topology->partition[p];
        if (!part->alive) continue;
        board.load[p] =
            fore_board_share(&board, p,
                             fore_past_mean(board.in->observe, FORE_HIST_LOAD, p, options->span, 1,
                                            1, board.in->observe->partition[p].load),
                             part->replica_count);
        round.mean_slice += board.load[p];
        round.bytes += (double)part->bytes;
        slices++;
    }
    fore_board_sum(&board);
    round.mean_slice /= slices > 0 ? slices : 1;
    round.bytes = fmax(round.bytes, 1);
    if (highest(&board) < options->idle) return;
    merge_cold(&round);
    move_by_weight(&round);
    split_hot(&round);
    fore_board_say(&board, "steps by fall of the highest load over churn");
}

static void *begin(const struct fore_topology *topology, uint64_t seed, struct fore_arena *perm)
{
    (void)topology;
    (void)seed;
    return FORE_NEW(perm, struct memory, 1);
}

#define AT(field) FORE_OPTION_AT(struct fore_slicer_options, field)
static const struct fore_option rows[] = {
    {"merge_churn", FORE_OPT_SHARE,    AT(merge_churn), "1%",   0,   1,    NULL,
     "merges of a round change at most this share of the keys"                                        },
    {"move_churn",  FORE_OPT_SHARE,    AT(move_churn),  "9%",   0,   1,    NULL,
     "and its moves and new replicas this much"                                                       },
    {"slices_min",  FORE_OPT_COUNT,    AT(slices_min),  "50",   1,   1e6,  NULL,
     "slices are merged down to this many a node"                                                     },
    {"slices_max",  FORE_OPT_COUNT,    AT(slices_max),  "150",  1,   1e6,  NULL,
     "and split up to this many"                                                                      },
    {"split_load",  FORE_OPT_REAL,     AT(split_load),  "2",    1,   1e6,  NULL,
     "a slice of this many times the mean load is split"                                              },
    {"idle",        FORE_OPT_SHARE,    AT(idle),        "25%",  0,   1,    NULL,
     "nothing is done while every node is below this utilisation"                                     },
    {"every",       FORE_OPT_DURATION, AT(every),       "1min", 1e6, 1e18, NULL, "time between rounds"},
    {"span",        FORE_OPT_DURATION, AT(span),        "1min", 1e9, 1e15, NULL,
     "loads are averages over this long"                                                              },
    {"replicas",    FORE_OPT_BOOL,     AT(replicas),    "true", 0,   0,    NULL,
     "hot slices may get more replicas"                                                               },
};
#undef AT
static const struct fore_option_section section = {.name = "slicer",
                                                   .help = "Slicer's weighted-move algorithm",
                                                   .row = rows,
                                                   .row_count = FORE_COUNTOF(rows)};

static const struct fore_policy_knob knobs[] = {
    {"slicer.move_churn", "3% 9%"          },
    {"slicer.idle",       "25% 50% 70% 80%"},
    {"slicer.span",       "1min 10min"     },
    {NULL,                NULL             },
};

const struct fore_policy fore_policy_slicer = {
    .name = "slicer",
    .about = "Slicer: moves, replicas, splits and merges by load relieved over keys moved",
    .section = &section,
    .options_at = offsetof(struct fore_policy_options, slicer),
    .knob = knobs,
    .own_clock = true,
    .terms = fore_policy_nowcast_terms,
    .begin = begin,
    .propose = propose,
};
