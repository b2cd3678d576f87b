/*
 * nashdb.c - NashDB (Marcus et al., SIGMOD 2018): copies until another one does not pay.
 *
 * A fragment earns what its requests pay over a window; a copy costs its part of a node's disk for
 * that long. In equilibrium it has max(1, floor(value / (size / node size * node cost * window)))
 * replicas. Fragments are cut where value is uneven inside.
 * Mapping: fragment = partition. Nodes are not bought here: their number is fixed, so the price of
 * load is set such that all requests together pay `price` times what all nodes cost, and the
 * formula becomes floor(price * nodes * share of load / (size / node size)). NashDB is read only;
 * here only reads that replicas can share are worth one. New copies go to the least loaded node
 * (NashDB packs whole nodes first-fit and matches old to new ones; a fleet that stays needs
 * neither). A copy goes only when its value has fallen `drop_margin` below its cost, or noise would
 * buy and sell all day.
 * Even a calm cluster sees it buy once: small fragments with an average load are cheap to copy.
 */
#include "core/policy/board.h"
#include "core/policy/past.h"
#include "core/policy/rows.h"

#include <math.h>

struct memory {
    fore_ns looked;
};

struct market {
    struct fore_board *board;
    const struct fore_nashdb_options *options;
    double *value; /* by partition: what its requests pay, in node costs */
    double node_bytes;
};

static void appraise(struct market *market)
{
    struct fore_board *board = market->board;
    double load = 0, bytes = 0;
    uint32_t up = 0;
    for (uint32_t n = 0; n < board->topology->node_count; n++)
        up += fore_node_serves(&board->topology->node[n]);
    for (uint32_t p = 0; p < board->topology->partition_count; p++) {
        if (!board->topology->partition[p].alive) continue;
        market->value[p] =
            fore_past_mean(board->in->observe, FORE_HIST_LOAD, p, market->options->window, 1, 1,
                           board->in->observe->partition[p].load);
        load += market->value[p];
        bytes += (double)board->topology->partition[p].bytes;
    }
    for (uint32_t p = 0; p < board->topology->partition_count; p++)
        market->value[p] *= load > 0 ? market->options->price * up / load : 0;
    market->node_bytes = market->options->node_bytes > 0 ? (double)market->options->node_bytes
                                                         : bytes / (up > 0 ? up : 1);
}

/* The equilibrium: how many copies pay for themselves when each is worth `factor` as much. */
static double copies(const struct market *market, uint32_t p, double factor)
{
    double cost = (double)market->board->topology->partition[p].bytes / market->node_bytes;
    /* 1e-9: a value that equals its cost pays, whatever the last bit says */
    return fmax(1, floor(factor * market->value[p] / fmax(cost, 1e-12) + 1e-9));
}

static void adjust(struct market *market, uint32_t p)
{
    struct fore_board *board = market->board;
    const struct fore_partition *part = &board->topology->partition[p];
    double wanted = copies(market, p, 1);
    if (wanted > part->replica_count) {
        uint16_t target = fore_board_coldest(board, p, part->replica[0]);
        if (target != FORE_NODE_NONE) (void)fore_board_replicate(board, p, target);
        return;
    }
    if (copies(market, p, 1 + market->options->drop_margin) >= part->replica_count) return;
    uint16_t worst = part->replica[0];
    for (uint32_t r = 1; r < part->replica_count; r++)
        if (fore_board_use(board, part->replica[r]) > fore_board_use(board, worst))
            worst = part->replica[r];
    (void)fore_board_drop(board, p, worst);
}

/* Half the load on `narrow` of the keys: that half is worth (1 - narrow) / narrow times the other.
 */
static void cut_uneven(struct market *market, uint32_t p)
{
    struct fore_board *board = market->board;
    const struct fore_partition *part = &board->topology->partition[p];
    struct fore_keyrange_cut cut;
    if (copies(market, p, market->options->split_contrast) < 2 || !fore_board_cut(board, p, &cut))
        return;
    double right = (double)(part->last - cut.at) / fmax(1, (double)(part->last - part->first));
    double narrow = fmin(right, 1 - right);
    if (1 - narrow >= market->options->split_contrast * narrow)
        (void)fore_board_split(board, p, &cut);
}

/* Most valuable first: slots are few. */
static uint32_t next(const struct market *market, const bool *seen)
{
    const struct fore_board *board = market->board;
    uint32_t best = FORE_PARTITION_NONE;
    double most = -1;
    for (uint32_t p = 0; p < board->topology->partition_count; p++) {
        const struct fore_partition *part = &board->topology->partition[p];
        double worth = part->alive ? market->value[p] / (double)(part->bytes + 1) : -1;
        if (seen[p] || worth <= most) continue;
        best = p;
        most = worth;
    }
    return best;
}

static void propose(const struct fore_policy_view *view, void *memory, struct fore_arena *scratch,
                    struct fore_plan *out)
{
    struct memory *self = memory;
    const struct fore_nashdb_options *options = &view->options->nashdb;
    struct fore_board board = fore_board_open(view, scratch, out);
    if (!fore_board_due(&self->looked, board.in->now, options->every)) return;
    struct market market = {.board = &board,
                            .options = options,
                            .value = FORE_NEW(scratch, double, board.topology->partition_cap)};
    appraise(&market);
    bool *seen = FORE_NEW(scratch, bool, board.topology->partition_cap);
    for (uint32_t p; (p = next(&market, seen)) != FORE_PARTITION_NONE; seen[p] = true) {
        if (board.taken[p]) continue;
        adjust(&market, p);
        if (!board.taken[p]) cut_uneven(&market, p);
    }
    fore_board_say(&board, "copies bought and sold");
}

static void *begin(const struct fore_topology *topology, uint64_t seed, struct fore_arena *perm)
{
    (void)topology;
    (void)seed;
    return FORE_NEW(perm, struct memory, 1);
}

#define AT(field) FORE_OPTION_AT(struct fore_nashdb_options, field)
static const struct fore_option rows[] = {
    {"price",          FORE_OPT_REAL,     AT(price),          "1",     0,   1e6,  NULL,
     "what all requests pay over what all nodes cost"                                                       },
    {"node_bytes",     FORE_OPT_BYTES,    AT(node_bytes),     "0",     0,   1e18, NULL,
     "data a node holds; 0: all data spread evenly"                                                         },
    {"drop_margin",    FORE_OPT_SHARE,    AT(drop_margin),    "10%",   0,   10,   NULL,
     "a copy is kept while it is worth less than its cost by no more than this"                             },
    {"split_contrast", FORE_OPT_REAL,     AT(split_contrast), "3",     1,   1e6,  NULL,
     "a fragment is cut when one half is worth this times the other"                                        },
    {"window",         FORE_OPT_DURATION, AT(window),         "10min", 1e9, 1e15, NULL,
     "value is earned over this long"                                                                       },
    {"every",          FORE_OPT_DURATION, AT(every),          "1min",  1e6, 1e18, NULL, "time between looks"},
};
#undef AT
static const struct fore_option_section section = {.name = "nashdb",
                                                   .help = "NashDB: replicas in equilibrium",
                                                   .row = rows,
                                                   .row_count = FORE_COUNTOF(rows)};

static const struct fore_policy_knob knobs[] = {
    {"nashdb.price",  "0.5 1 1.5 2"  },
    {"nashdb.window", "1min 10min 1h"},
    {NULL,            NULL           },
};

const struct fore_policy fore_policy_nashdb = {
    .name = "nashdb",
    .about = "NashDB: as many replicas of a fragment as its requests pay for",
    .section = &section,
    .options_at = offsetof(struct fore_policy_options, nashdb),
    .knob = knobs,
    .own_clock = true,
    .terms = fore_policy_nowcast_terms,
    .begin = begin,
    .propose = propose,
};
