/* oracle.c - predictive told the true future of the coming hours: how much of the possible gain the
 * others reach. It is the same greedy search and the same slow loop, which knows the past only, so
 * it is a yardstick and not a proved bound. */
#include "core/policy/rows.h"

static uint32_t terms(const struct fore_policy_view *view, struct fore_load_term *term)
{
    const struct fore_scenario *known = view->truth != NULL ? view->truth : view->nowcast;
    term[0] = (struct fore_load_term){.scenario = known, .weight = 1};
    return 1;
}

const struct fore_policy fore_policy_oracle = {
    .name = "oracle",
    .about = "the planner, told the true future load",
    .needs_truth = true,
    .terms = terms,
    .begin = fore_policy_homed_begin,
    .propose = fore_policy_homed_propose,
};
