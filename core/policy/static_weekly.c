/*
 * static_weekly.c - the best placement one can own without ever moving anything: chosen once, when
 * the policy may first act, from the weekly profile of the past, and then kept.
 *
 * It gets there through the ordinary moves, as a real cluster would have to, and pays for them; in
 * a comparison that happens between experiment.act_from and evaluate_from, before anything counts.
 * (cluster.initial = "profile" starts every policy from such a placement instead, without moves.)
 * What fails on the way, or is moved back because its new node was still crowded, is tried again.
 * Followers stay where they are.
 */
#include "core/decide/profile.h"
#include "core/decide/profile_placement.h"
#include "core/policy/backlog.h"
#include "core/policy/rows.h"

enum { PASSES_MAX = 6 };

struct memory {
    struct fore_backlog *backlog;
    uint16_t *owner; /* [partition_cap]: where each shall be */
    uint32_t known;  /* partitions the placement was made for */
    uint32_t passes; /* over all of them; PASSES_MAX: no more */
    uint64_t seed;
};

static void *begin(const struct fore_topology *topology, uint64_t seed, struct fore_arena *perm)
{
    struct memory *memory = FORE_NEW(perm, struct memory, 1);
    memory->backlog = fore_backlog_create(topology, perm);
    memory->owner = FORE_NEW(perm, uint16_t, topology->partition_cap);
    memory->seed = seed;
    return memory;
}

/* False while there is no past to choose from. */
static bool choose(const struct fore_policy_view *view, struct memory *memory,
                   struct fore_arena *scratch)
{
    const struct fore_static_weekly_options *options = &view->options->static_weekly;
    const struct fore_topology *topology = view->planner->topology;
    struct fore_profile profile;
    fore_profile_read(view->planner->observe, topology, options->period, options->step, scratch,
                      &profile);
    if (profile.points == 0) return false;
    double *capacity = FORE_NEW(scratch, double, topology->node_count);
    bool any = false;
    for (uint32_t n = 0; n < topology->node_count; n++) {
        capacity[n] = fore_node_serves(&topology->node[n]) ? topology->node[n].cores : 0;
        any |= capacity[n] > 0;
    }
    if (!any) return false;
    const struct fore_profile_placement problem = {.partitions = topology->partition_count,
                                                   .nodes = topology->node_count,
                                                   .slots = profile.slots,
                                                   .load = profile.load,
                                                   .weight = profile.weight,
                                                   .capacity = capacity,
                                                   .limit = options->limit,
                                                   .spread = options->spread,
                                                   .seed = memory->seed};
    (void)fore_profile_placement_solve(&problem, scratch, memory->owner);
    memory->known = topology->partition_count;
    return true;
}

/* True: some are not where they shall be. */
static bool list_rest(struct memory *memory, const struct fore_topology *topology)
{
    bool any = false;
    for (uint32_t p = 0; p < memory->known && p < topology->partition_count; p++) {
        const struct fore_partition *part = &topology->partition[p];
        if (!part->alive || part->replica_count == 0) continue;
        if (fore_topology_hosts(topology, p, memory->owner[p])) continue;
        fore_backlog_add(memory->backlog, topology, p, part->replica[0], memory->owner[p]);
        any = true;
    }
    return any;
}

static void propose(const struct fore_policy_view *view, void *self, struct fore_arena *scratch,
                    struct fore_plan *out)
{
    struct memory *memory = self;
    struct fore_board board = fore_board_open(view, scratch, out);
    if (fore_backlog_drain(memory->backlog, &board) || memory->passes == PASSES_MAX) return;
    if (memory->known == 0 && !choose(view, memory, scratch)) return;
    memory->passes = list_rest(memory, board.topology) ? memory->passes + 1 : PASSES_MAX;
    (void)fore_backlog_drain(memory->backlog, &board);
}

#define AT(field) FORE_OPTION_AT(struct fore_static_weekly_options, field)
static const struct fore_option rows[] = {
    {"period", FORE_OPT_DURATION, AT(period), "7d",  1e9,  1e18, NULL,
     "loads of the past are averaged at equal times of this period"                                 },
    {"step",   FORE_OPT_DURATION, AT(step),   "1h",  1e9,  1e18, NULL, "... in slots of this length"},
    {"limit",  FORE_OPT_SHARE,    AT(limit),  "85%", 0.05, 2,    NULL,
     "node-time expected above this utilisation is what the placement avoids"                       },
    {"spread", FORE_OPT_SHARE,    AT(spread), "6%",  1e-3, 2,    NULL,
     "how far a node's load strays from its mean in a slot (a sigma, as a share)"                   },
};
#undef AT
static const struct fore_option_section section = {.name = "static_weekly",
                                                   .help = "one placement for the weekly profile",
                                                   .row = rows,
                                                   .row_count = FORE_COUNTOF(rows)};

static const struct fore_policy_knob knobs[] = {
    {"static_weekly.period", "1d 7d"    },
    {"static_weekly.spread", "3% 6% 12%"},
    {NULL,                   NULL       },
};

const struct fore_policy fore_policy_static_weekly = {
    .name = "static-weekly",
    .about = "one placement, the best for the weekly profile of the past; then nothing moves",
    .section = &section,
    .options_at = offsetof(struct fore_policy_options, static_weekly),
    .knob = knobs,
    .terms = fore_policy_predictive_terms,
    .score_terms = fore_policy_forecast_terms,
    .begin = begin,
    .propose = propose,
};
