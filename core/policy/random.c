/*
 * random.c - the control: it knows when something must be done, and leaves what to chance. A node
 * above `high` gives a random partition to a random node that stays below `high` with it, until it
 * is below `low`. What others gain over it is the worth of choosing.
 */
#include "core/policy/board.h"
#include "core/policy/rows.h"

struct memory {
    fore_ns looked;
    struct fore_rng rng;
};

enum { TRIES = 64 };

static void shed(struct fore_board *board, struct memory *self, uint16_t node)
{
    const struct fore_random_options *options = &board->view->options->random;
    const struct fore_topology *topology = board->topology;
    for (int i = 0; i < TRIES && fore_board_use(board, node) > options->low; i++) {
        uint32_t p = fore_rng_below(&self->rng, topology->partition_count);
        uint16_t target = (uint16_t)fore_rng_below(&self->rng, topology->node_count);
        fore_ns moved = board->view->partition_moved_at[p];
        if (moved != 0 && board->in->now - moved < options->cooldown) continue;
        if (board->node[target] + board->load[p] > options->high * topology->node[target].cores)
            continue;
        (void)fore_board_move(board, p, node, target);
    }
}

static void propose(const struct fore_policy_view *view, void *memory, struct fore_arena *scratch,
                    struct fore_plan *out)
{
    struct memory *self = memory;
    const struct fore_random_options *options = &view->options->random;
    struct fore_board board = fore_board_open(view, scratch, out);
    if (!fore_board_due(&self->looked, board.in->now, options->every)) return;
    for (uint32_t n = 0; n < board.topology->node_count; n++)
        if (fore_board_use(&board, n) > options->high) shed(&board, self, (uint16_t)n);
    fore_board_say(&board, "dice");
}

static void *begin(const struct fore_topology *topology, uint64_t seed, struct fore_arena *perm)
{
    (void)topology;
    struct memory *self = FORE_NEW(perm, struct memory, 1);
    self->rng = fore_rng_stream(seed, "policy-random", 0);
    return self;
}

#define AT(field) FORE_OPTION_AT(struct fore_random_options, field)
static const struct fore_option rows[] = {
    {"high",     FORE_OPT_SHARE,    AT(high),     "80%",   0.05, 2,    NULL,
     "a node above this utilisation gives something away"                                            },
    {"low",      FORE_OPT_SHARE,    AT(low),      "75%",   0.05, 2,    NULL, "until it is below this"},
    {"every",    FORE_OPT_DURATION, AT(every),    "1s",    1e6,  1e18, NULL, "time between looks"    },
    {"cooldown", FORE_OPT_DURATION, AT(cooldown), "10min", 0,    1e18, NULL,
     "a partition that has moved rests this long"                                                    },
};
#undef AT
static const struct fore_option_section section = {
    .name = "random", .help = "the control", .row = rows, .row_count = FORE_COUNTOF(rows)};

static const struct fore_policy_knob knobs[] = {
    {"random.high",     "70% 75% 80% 85%"},
    {"random.cooldown", "10min 30min"    },
    {NULL,              NULL             },
};

const struct fore_policy fore_policy_random = {
    .name = "random",
    .about = "the control: an overloaded node gives a random partition to a random node",
    .section = &section,
    .options_at = offsetof(struct fore_policy_options, random),
    .knob = knobs,
    .own_clock = true,
    .terms = fore_policy_nowcast_terms,
    .begin = begin,
    .propose = propose,
};
