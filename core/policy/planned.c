/* planned.c - nowcast, predictive and oracle differ only in what they know of the future: one
 * planner, three sets of scenarios. Any gain of one over another is the forecast's alone. */
#include "core/policy/rows.h"

const struct fore_policy_knob fore_policy_planned_knobs[] = {
    {"decide.move_price",        "10s 20s 40s 80s"},
    {"decide.rrs_threshold",     "0.03 0.1"       },
    {"decide.utilization_limit", "80% 82% 85%"    },
    {"decide.nowcast_weight",    "0.15 0.3"       },
    {NULL,                       NULL             },
};

void fore_policy_planned_propose(const struct fore_policy_view *view, void *memory,
                                 struct fore_arena *scratch, struct fore_plan *out)
{
    (void)memory;
    struct fore_planner_input input = *view->planner;
    input.term_count = view->policy->terms(view, input.term);
    fore_planner_plan(&input, scratch, out);
}
