/*
 * estore.c - E-Store (Taft et al., PVLDB 8(3), 2014): a hot and a cold tier, three planners.
 *
 * When a node's CPU passes `high`, loads are tracked for `tracking` seconds and a planner places
 * the hot tier first: greedy moves hot items from nodes above the target (the mean) to the least
 * loaded node; greedy-extended then moves cold blocks until nobody is above; first-fit places
 * everything anew. The whole plan is carried out before the next look. Mapping: E-Store's partition
 * is a node here. Its hot tuple is one of the hottest `hot_share` of the ranges, and a range too
 * hot for the target is cut, since E-Store could have moved its tuples; a cold block of 100,000
 * keys is a cold range. Low CPU (50 %) adds and removes nodes there: the nodes are fixed here. A
 * move that only swaps trouble (target above the source's load) is left out, which tuples are too
 * small to need.
 */
#include "core/policy/backlog.h"
#include "core/policy/past.h"
#include "core/policy/rows.h"

#include <stdlib.h>

struct item { /* one replica of a range */
    uint32_t partition;
    uint16_t node;
    double load;
};

struct tiers {
    struct fore_board *board;
    struct fore_backlog *backlog;
    struct item *item; /* heaviest first; the first `hot` are the hot tier */
    uint32_t count, hot;
    double target; /* load over cores */
};

static int heavier(const void *a, const void *b)
{
    const struct item *x = a, *y = b;
    if (x->load > y->load) return -1;
    if (x->load < y->load) return 1;
    if (x->partition != y->partition) return x->partition < y->partition ? -1 : 1;
    return (x->node > y->node) - (x->node < y->node);
}

static void list_items(struct tiers *tiers, double hot_share)
{
    const struct fore_topology *topology = tiers->board->topology;
    uint32_t room = 0;
    for (uint32_t p = 0; p < topology->partition_count; p++)
        if (topology->partition[p].alive) room += topology->partition[p].replica_count;
    tiers->item = FORE_NEW(tiers->board->scratch, struct item, room + 1);
    for (uint32_t p = 0; p < topology->partition_count; p++) {
        const struct fore_partition *part = &topology->partition[p];
        for (uint32_t r = 0; part->alive && r < part->replica_count; r++)
            tiers->item[tiers->count++] = (struct item){p, part->replica[r], tiers->board->load[p]};
    }
    qsort(tiers->item, tiers->count, sizeof *tiers->item, heavier);
    tiers->hot = (uint32_t)(hot_share * tiers->count);
    if (tiers->hot == 0 && tiers->count > 0) tiers->hot = 1;
}

/* On the picture and into the backlog: slots are a matter for later. */
static void place(struct tiers *tiers, const struct item *item, uint16_t target)
{
    struct fore_board *board = tiers->board;
    board->node[item->node] -= item->load;
    board->node[target] += item->load;
    board->taken[item->partition] = true;
    fore_backlog_add(tiers->backlog, board->topology, item->partition, item->node, target);
}

static bool improves(const struct fore_board *board, const struct item *item, uint16_t target)
{
    return (board->node[target] + item->load) / board->topology->node[target].cores <
           fore_board_use(board, item->node);
}

static void relieve(struct tiers *tiers, uint32_t from, uint32_t to)
{
    struct fore_board *board = tiers->board;
    for (uint32_t i = from; i < to; i++) {
        const struct item *item = &tiers->item[i];
        if (fore_board_use(board, item->node) <= tiers->target || item->load <= 0) continue;
        uint16_t target = fore_board_coldest(board, item->partition, item->node);
        if (target != FORE_NODE_NONE && improves(board, item, target)) place(tiers, item, target);
    }
}

static void greedy(struct tiers *tiers)
{
    relieve(tiers, 0, tiers->hot);
}

static void greedy_extended(struct tiers *tiers)
{
    relieve(tiers, 0, tiers->hot);
    relieve(tiers, tiers->hot, tiers->count);
}

static uint16_t first_that_fits(const struct tiers *tiers, const struct item *item)
{
    const struct fore_board *board = tiers->board;
    uint16_t least = FORE_NODE_NONE;
    for (uint32_t n = 0; n < board->topology->node_count; n++) {
        if (n != item->node &&
            !fore_board_may_move(board, item->partition, item->node, (uint16_t)n))
            continue;
        double cores = board->topology->node[n].cores;
        if ((board->node[n] + item->load) / cores <= tiers->target) return (uint16_t)n;
        if (least == FORE_NODE_NONE || fore_board_use(board, n) < fore_board_use(board, least))
            least = (uint16_t)n;
    }
    return least;
}

/* Everything is placed anew, the heaviest first; what stays where it was costs nothing. */
static void first_fit(struct tiers *tiers)
{
    struct fore_board *board = tiers->board;
    for (uint32_t n = 0; n < board->topology->node_count; n++)
        board->node[n] = 0;
    for (uint32_t i = 0; i < tiers->count; i++) {
        const struct item *item = &tiers->item[i];
        uint16_t target = first_that_fits(tiers, item);
        if (target == FORE_NODE_NONE) target = item->node;
        if (target == item->node) {
            board->node[target] += item->load;
            continue;
        }
        board->node[item->node] += item->load; /* place() takes it off again */
        place(tiers, item, target);
    }
}

static bool someone_above(const struct fore_policy_view *view, double high)
{
    for (uint32_t n = 0; n < view->planner->topology->node_count; n++)
        if (view->planner->observe->node[n].utilization > high) return true;
    return false;
}

static void cut_the_unplaceable(struct tiers *tiers)
{
    for (uint32_t i = 0; i < tiers->hot; i++) {
        const struct item *item = &tiers->item[i];
        struct fore_keyrange_cut cut;
        if (item->load > tiers->target * tiers->board->topology->node[item->node].cores &&
            fore_board_cut(tiers->board, item->partition, &cut))
            (void)fore_board_split(tiers->board, item->partition, &cut);
    }
}

static void plan(const struct fore_policy_view *view, struct fore_backlog *backlog,
                 struct fore_arena *scratch, struct fore_plan *out,
                 void (*planner)(struct tiers *tiers))
{
    const struct fore_estore_options *options = &view->options->estore;
    struct fore_board board = fore_board_open(view, scratch, out);
    if (fore_backlog_drain(backlog, &board)) return;
    if (!fore_board_due(&backlog->looked, board.in->now, options->every) ||
        !someone_above(view, options->high))
        return;
    for (uint32_t p = 0; p < board.topology->partition_count; p++)
        if (board.topology->partition[p].alive)
            board.load[p] = fore_board_share(&board, p,
                                             fore_past_mean(board.in->observe, FORE_HIST_LOAD, p,
                                                            options->tracking, 1, 1,
                                                            board.in->observe->partition[p].load),
                                             board.topology->partition[p].replica_count);
    fore_board_sum(&board);
    struct tiers tiers = {.board = &board, .backlog = backlog};
    tiers.target = fore_board_mean(&board) * (1 + options->slack);
    list_items(&tiers, options->hot_share);
    if (options->split) cut_the_unplaceable(&tiers);
    planner(&tiers);
    struct fore_plan splits = *out;
    board = fore_board_open(view, scratch, out); /* the moves were only imagined */
    *out = splits;
    (void)fore_backlog_drain(backlog, &board);
    fore_board_say(&board, "a node's CPU is high: hot ranges first");
}

static void propose_greedy(const struct fore_policy_view *view, void *memory,
                           struct fore_arena *scratch, struct fore_plan *out)
{
    plan(view, memory, scratch, out, greedy);
}

static void propose_greedy_extended(const struct fore_policy_view *view, void *memory,
                                    struct fore_arena *scratch, struct fore_plan *out)
{
    plan(view, memory, scratch, out, greedy_extended);
}

static void propose_first_fit(const struct fore_policy_view *view, void *memory,
                              struct fore_arena *scratch, struct fore_plan *out)
{
    plan(view, memory, scratch, out, first_fit);
}

static void *begin(const struct fore_topology *topology, uint64_t seed, struct fore_arena *perm)
{
    (void)seed;
    return fore_backlog_create(topology, perm);
}

#define AT(field) FORE_OPTION_AT(struct fore_estore_options, field)
static const struct fore_option rows[] = {
    {"high",      FORE_OPT_SHARE,    AT(high),      "90%",  0.05, 2,    NULL,
     "a node above this CPU starts tracking and planning"                                         },
    {"every",     FORE_OPT_DURATION, AT(every),     "3s",   1e6,  1e18, NULL, "time between looks"},
    {"tracking",  FORE_OPT_DURATION, AT(tracking),  "10s",  1e6,  1e18, NULL,
     "loads are tracked over this long"                                                           },
    {"hot_share", FORE_OPT_SHARE,    AT(hot_share), "1%",   0,    1,    NULL,
     "the hottest ranges that make the hot tier (at least one)"                                   },
    {"slack",     FORE_OPT_SHARE,    AT(slack),     "0%",   0,    1,    NULL,
     "nodes may stay this much above the mean load"                                               },
    {"split",     FORE_OPT_BOOL,     AT(split),     "true", 0,    0,    NULL,
     "cut a hot range that alone exceeds the target"                                              },
};
#undef AT
static const struct fore_option_section section = {
    .name = "estore",
    .help = "the three planners of E-Store: estore-greedy, -greedy-extended, -first-fit",
    .row = rows,
    .row_count = FORE_COUNTOF(rows)};

static const struct fore_policy_knob knobs[] = {
    {"estore.high",      "70% 80% 90%"},
    {"estore.hot_share", "1% 10%"     },
    {"estore.slack",     "0% 5% 10%"  },
    {NULL,               NULL         },
};

#define ROW(id, text, words, function)                                                             \
    const struct fore_policy fore_policy_##id = {.name = text,                                     \
                                                 .about = words,                                   \
                                                 .section = &section,                              \
                                                 .options_at =                                     \
                                                     offsetof(struct fore_policy_options, estore), \
                                                 .knob = knobs,                                    \
                                                 .own_clock = true,                                \
                                                 .terms = fore_policy_nowcast_terms,               \
                                                 .begin = begin,                                   \
                                                 .propose = function}
ROW(estore_greedy, "estore-greedy",
    "E-Store: hot ranges from nodes above the mean to the least "
    "loaded",
    propose_greedy);
ROW(estore_greedy_extended, "estore-greedy-extended",
    "E-Store: hot ranges first, then cold ones until nobody is above the mean",
    propose_greedy_extended);
ROW(estore_first_fit, "estore-first-fit", "E-Store: everything placed anew, heaviest first",
    propose_first_fit);
