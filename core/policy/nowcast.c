/* nowcast.c - the planner fed with persistence: the next hours will be like the last minutes. What
 * is left of a gain when the forecast is taken away. */
#include "core/policy/rows.h"
#include "core/policy/slow.h"

uint32_t fore_policy_nowcast_terms(const struct fore_policy_view *view, struct fore_load_term *term)
{
    term[0] = (struct fore_load_term){.scenario = view->nowcast, .weight = 1};
    return 1;
}

const struct fore_policy fore_policy_nowcast = {
    .name = "nowcast",
    .about = "the planner, told that the present load will last",
    .knob = fore_policy_planned_knobs,
    .terms = fore_policy_nowcast_terms,
    .begin = fore_policy_planned_begin,
    .propose = fore_policy_planned_propose,
};

const struct fore_policy fore_policy_nowcast_weekly = {
    .name = "nowcast-weekly",
    .about = "nowcast beside predictive's placement for the week: predictive without a forecast",
    .needs_forecast = true,
    .knob = fore_policy_planned_knobs,
    .terms = fore_policy_nowcast_terms,
    .section = &fore_slow_section,
    .options_at = offsetof(struct fore_policy_options, slow),
    .begin = fore_policy_homed_begin,
    .propose = fore_policy_homed_propose,
};
