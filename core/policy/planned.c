/*
 * planned.c - nowcast, predictive and oracle differ only in what they know of the future: one
 * planner, three sets of scenarios. Any gain of one over another is the forecast's alone.
 *
 * Where nodes come and go, their number is part of the same objective (decide/elastic_count.h). One
 * more is asked for when the time that filling it takes would otherwise be too short; one fewer
 * only when the rest is enough for the whole horizon, as often as `patience` plans in a row.
 */
#include "core/decide/elastic_count.h"
#include "core/policy/elastic.h"
#include "core/policy/rows.h"

#include <math.h>
#include <stdio.h>

const struct fore_policy_knob fore_policy_planned_knobs[] = {
    {"decide.move_price",        "10s 20s 40s"  },
    {"decide.utilization_limit", "78% 82% 85%"  },
    {"decide.nowcast_weight",    "0.15 0.5 0.85"},
    {"decide.excess_weight",     "5 40"         },
    {NULL,                       NULL           },
};

struct memory {
    uint32_t want;  /* nodes; 0: not decided yet */
    uint32_t fewer; /* plans in a row that found fewer to be enough */
    bool settled;   /* the nodes are those, and filled */
    bool short_of;  /* more will be wanted within the horizon */
};
enum { patience = 3 };

void *fore_policy_planned_begin(const struct fore_topology *topology, uint64_t seed,
                                struct fore_arena *perm)
{
    (void)topology, (void)seed;
    return FORE_NEW(perm, struct memory, 1);
}

/* Seconds in which `more` nodes are filled, each by one copy at a time. */
static double fill_seconds(const struct fore_planner_input *in, uint32_t nodes)
{
    const struct fore_topology *topology = in->topology;
    double bytes = in->bytes_mean * topology->alive_count / nodes;
    double rate = topology->node[0].bandwidth_bytes;
    return rate > 0 ? bytes / rate : 0;
}

static void decide_nodes(const struct fore_planner_input *in, struct memory *memory,
                         struct fore_arena *scratch)
{
    const struct fore_scenario *s = in->term[0].scenario;
    uint32_t in_use = fore_topology_in_use(in->topology);
    if (memory->want == 0) memory->want = in_use;
    double step_s = (double)s->step / 1e9, horizon_s = step_s * (double)s->steps;
    double lead_s = fmin(horizon_s, 1.25 * fill_seconds(in, in_use) + 3 * step_s);
    /* Far ahead the forecast alone counts, unless it has lost its credit: how far the present may
     * stray in hours says nothing of nodes that can be had in minutes. */
    struct fore_planner_input far = *in;
    if (far.term_count > 1 && far.term[0].weight >= 0.5) far.term_count = 1;
    if (far.term_count == 1) far.term[0].weight = 1;
    uint32_t soon = fore_elastic_count_best(in, lead_s, scratch);
    uint32_t later = fore_elastic_count_best(&far, horizon_s, scratch);
    if (soon > memory->want) {
        memory->want = soon;
        memory->settled = false;
    }
    memory->short_of = later > memory->want;
    uint32_t enough = later > soon ? later : soon;
    memory->fewer = memory->settled && enough < memory->want ? memory->fewer + 1 : 0;
    if (memory->fewer < patience) return;
    memory->fewer = 0;
    memory->want = enough;
    memory->settled = false;
}

void fore_policy_planned_propose(const struct fore_policy_view *view, void *memory,
                                 struct fore_arena *scratch, struct fore_plan *out)
{
    struct fore_planner_input input = *view->planner;
    input.term_count = view->policy->terms(view, input.term);
    struct memory *nodes = memory;
    if (input.caps & FORE_CAP_NODES) {
        decide_nodes(&input, nodes, scratch);
        if (!nodes->settled) nodes->settled = fore_elastic_steer(view, nodes->want, scratch, out);
        if (!nodes->settled) return;
        if (nodes->short_of) { /* moves would only choose whom to let down */
            *out = (struct fore_plan){.epoch = input.topology->epoch};
            (void)snprintf(out->reason, sizeof out->reason,
                           "%u nodes until the next one is worth its price", nodes->want);
            return;
        }
    }
    fore_planner_plan(&input, scratch, out);
}
