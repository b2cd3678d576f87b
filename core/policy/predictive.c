/*
 * predictive.c - the planner fed with the forecast and, beside it, the nowcast.
 *
 * The two are kept as weighted scenarios of one objective and never averaged into one load: half
 * a surge is what an average predicts and what nobody will see (HEADLINE part 2, section 1). The
 * nowcast's weight rises when the forecast has lately been no better than persistence at the lead
 * that a move needs.
 */
#include "core/policy/rows.h"

#include <math.h>

/* Below `good` the forecast earns its full weight; from `poor` on the nowcast leads. */
static const double good = 0.9, poor = 1.2, nowcast_weight_most = 0.7;
static const double nowcast_weight_lost = 0.85; /* when the forecast has just been wrong */

static double nowcast_weight(const struct fore_policy_view *view)
{
    const struct fore_decide_options *options = view->planner->options;
    double least = options->nowcast_weight;
    if (view->forecast_lost && least < nowcast_weight_lost) return nowcast_weight_lost;
    if (!options->skill_weight || isnan(view->skill) || least >= nowcast_weight_most) return least;
    double doubt = (view->skill - good) / (poor - good);
    doubt = doubt < 0 ? 0 : doubt > 1 ? 1 : doubt;
    return least + doubt * (nowcast_weight_most - least);
}

uint32_t fore_policy_predictive_terms(const struct fore_policy_view *view,
                                      struct fore_load_term *term)
{
    double q = view->forecast->ready ? nowcast_weight(view) : 1;
    if (q >= 1) {
        term[0] = (struct fore_load_term){.scenario = view->nowcast, .weight = 1};
        return 1;
    }
    term[0] = (struct fore_load_term){.scenario = view->forecast, .weight = 1 - q};
    if (q <= 0) return 1;
    term[1] = (struct fore_load_term){.scenario = view->nowcast, .weight = q};
    return 2;
}

const struct fore_policy fore_policy_predictive = {
    .name = "predictive",
    .about = "the planner, told the forecast and the present load as two scenarios",
    .knob = fore_policy_planned_knobs,
    .terms = fore_policy_predictive_terms,
    .begin = fore_policy_planned_begin,
    .propose = fore_policy_planned_propose,
};
