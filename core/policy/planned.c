/* planned.c - nowcast, predictive and oracle differ only in what they know of the future: one
 * planner, three sets of scenarios. Any gain of one over another is the forecast's alone. */
#include "core/policy/rows.h"

void fore_policy_planned_propose(const struct fore_policy_view *view, void *memory,
                                 struct fore_arena *scratch, struct fore_plan *out)
{
    (void)memory;
    struct fore_planner_input input = *view->planner;
    input.term_count = view->policy->terms(view, input.term);
    fore_planner_plan(&input, scratch, out);
}
