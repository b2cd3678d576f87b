/*
 * predictive.c - the planner fed with the forecast and, beside it, the nowcast.
 *
 * The two are kept as weighted scenarios of one objective and never averaged into one load: half
 * a surge is what an average predicts and what nobody will see (HEADLINE part 2, section 1). The
 * nowcast's weight rises when the forecast has lately been no better than persistence at the lead
 * that a move needs. Beside all that it owns a placement for the whole week (homed.c).
 */
#include "core/policy/rows.h"
#include "core/policy/slow.h"

#include <math.h>

/* Below `good` the forecast earns its full weight; from `poor` on the nowcast leads. */
static const double good = 0.9, poor = 1.2, nowcast_weight_most = 0.7;
static const double nowcast_weight_lost = 0.85; /* when the forecast has just been wrong */

/* At least `least`, more while there is reason to doubt the forecast. */
static double nowcast_weight(const struct fore_policy_view *view, double least)
{
    const struct fore_decide_options *options = view->planner->options;
    if (view->forecast_lost && least < nowcast_weight_lost) return nowcast_weight_lost;
    if (!options->skill_weight || isnan(view->skill) || least >= nowcast_weight_most) return least;
    double doubt = (view->skill - good) / (poor - good);
    doubt = doubt < 0 ? 0 : doubt > 1 ? 1 : doubt;
    return least + doubt * (nowcast_weight_most - least);
}

static uint32_t terms_with(const struct fore_policy_view *view, double least,
                           struct fore_load_term *term)
{
    double q = view->forecast->ready ? nowcast_weight(view, least) : 1;
    if (q >= 1) {
        term[0] = (struct fore_load_term){.scenario = view->nowcast, .weight = 1};
        return 1;
    }
    term[0] = (struct fore_load_term){.scenario = view->forecast, .weight = 1 - q};
    if (q <= 0) return 1;
    term[1] = (struct fore_load_term){.scenario = view->nowcast, .weight = q};
    return 2;
}

uint32_t fore_policy_predictive_terms(const struct fore_policy_view *view,
                                      struct fore_load_term *term)
{
    const struct fore_decide_options *options = view->planner->options;
    return terms_with(view, fore_decide_nowcast_weight(options, view->move_s), term);
}

uint32_t fore_policy_forecast_terms(const struct fore_policy_view *view,
                                    struct fore_load_term *term)
{
    const struct fore_decide_options *options = view->planner->options;
    double least = options->nowcast_weight < 1 ? options->score_nowcast : 1;
    return terms_with(view, least, term);
}

const struct fore_policy fore_policy_predictive = {
    .name = "predictive",
    .about = "the planner, told the forecast and the present load as two scenarios",
    .knob = fore_policy_planned_knobs,
    .terms = fore_policy_predictive_terms,
    .score_terms = fore_policy_forecast_terms,
    .section = &fore_slow_section,
    .options_at = offsetof(struct fore_policy_options, slow),
    .begin = fore_policy_homed_begin,
    .propose = fore_policy_homed_propose,
};
