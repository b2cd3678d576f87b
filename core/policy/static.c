/* static.c - never moves anything: what all others must beat, and the run that RRS is true for. */
#include "core/policy/rows.h"

const struct fore_policy fore_policy_static = {
    .name = "static",
    .about = "the first placement stays; nothing is ever moved",
    .terms = fore_policy_predictive_terms,
    .score_terms = fore_policy_forecast_terms,
    .propose = NULL,
};
