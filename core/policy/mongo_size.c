/*
 * mongo_size.c - MongoDB's balancer since 6.0: equal bytes.
 *
 * A round moves a range from the shard with most data to the one with least when they differ by
 * more than `chunks` (3) times the chunk size (128 MB); every shard takes part in one migration a
 * round at most. The next round comes after 1 s when this one moved something, else after 10 s.
 * Mapping: a chunk is a partition. MongoDB cuts what it moves to 128 MB; a partition here may be
 * larger, so the first in key order that does not turn the difference round is taken. Zones and
 * draining have no counterpart. Load plays no part.
 */
#include "core/policy/board.h"
#include "core/policy/rows.h"

struct memory {
    fore_ns looked;
    bool moved;
};

static uint16_t extreme(const struct fore_board *board, const bool *used, double sign)
{
    uint16_t best = FORE_NODE_NONE;
    for (uint32_t n = 0; n < board->topology->node_count; n++)
        if (fore_node_serves(&board->topology->node[n]) && !used[n] &&
            (best == FORE_NODE_NONE || sign * board->node[n] > sign * board->node[best]))
            best = (uint16_t)n;
    return best;
}

static bool move_one(struct fore_board *board, uint16_t source, uint16_t target, double difference)
{
    for (uint32_t p = 0; p < board->topology->partition_count; p++)
        if (board->load[p] <= difference / 2 && fore_board_move(board, p, source, target))
            return true;
    return false;
}

static void propose(const struct fore_policy_view *view, void *memory, struct fore_arena *scratch,
                    struct fore_plan *out)
{
    struct memory *self = memory;
    const struct fore_mongo_size_options *options = &view->options->mongo_size;
    struct fore_board board = fore_board_open(view, scratch, out);
    if (!fore_board_due(&self->looked, board.in->now, self->moved ? options->busy : options->idle))
        return;
    for (uint32_t p = 0; p < board.topology->partition_count; p++)
        board.load[p] = (double)board.topology->partition[p].bytes;
    fore_board_sum(&board);
    bool *used = FORE_NEW(scratch, bool, board.topology->node_count);
    for (uint32_t n = 0; n < board.topology->node_count; n++)
        used[n] = board.slots[n] == 0;
    for (uint32_t round = 0; round < board.topology->node_count; round++) {
        uint16_t source = extreme(&board, used, 1), target = extreme(&board, used, -1);
        if (source == FORE_NODE_NONE || target == FORE_NODE_NONE) break;
        double difference = board.node[source] - board.node[target];
        if (difference <= options->chunks * (double)options->chunk_bytes) break;
        used[source] = true;
        if (move_one(&board, source, target, difference)) used[target] = true;
    }
    self->moved = out->move_count > 0;
    fore_board_say(&board, "shards differ in data");
}

static void *begin(const struct fore_topology *topology, uint64_t seed, struct fore_arena *perm)
{
    (void)topology;
    (void)seed;
    return FORE_NEW(perm, struct memory, 1);
}

#define AT(field) FORE_OPTION_AT(struct fore_mongo_size_options, field)
static const struct fore_option rows[] = {
    {"chunk_bytes", FORE_OPT_BYTES,    AT(chunk_bytes), "128MiB", 1,   1e15, NULL,
     "the size of a chunk"                             },
    {"chunks",      FORE_OPT_REAL,     AT(chunks),      "3",      0,   1e6,  NULL,
     "shards must differ by more than this many chunks"},
    {"idle",        FORE_OPT_DURATION, AT(idle),        "10s",    1e6, 1e18, NULL,
     "time between rounds that move nothing"           },
    {"busy",        FORE_OPT_DURATION, AT(busy),        "1s",     1e6, 1e18, NULL,
     "time to the next round after one that did"       },
};
#undef AT
static const struct fore_option_section section = {.name = "mongo_size",
                                                   .help = "MongoDB's balancer",
                                                   .row = rows,
                                                   .row_count = FORE_COUNTOF(rows)};

static const struct fore_policy_knob knobs[] = {
    {"mongo_size.chunk_bytes", "64MiB 128MiB 256MiB 1GiB"},
    {"mongo_size.chunks",      "1 3 6"                   },
    {NULL,                     NULL                      },
};

const struct fore_policy fore_policy_mongo_size = {
    .name = "mongo-size",
    .about = "MongoDB's balancer: equal bytes, within three chunks",
    .section = &section,
    .options_at = offsetof(struct fore_policy_options, mongo_size),
    .knob = knobs,
    .own_clock = true,
    .terms = fore_policy_nowcast_terms,
    .begin = begin,
    .propose = propose,
};
