/* slow_options.h - the "slow" section: the placement that predictive owns beside its plans for the
 * next hours. */
#ifndef FORE_SLOW_OPTIONS_H
#define FORE_SLOW_OPTIONS_H

#include "core/base/option.h"

struct fore_slow_options {
    bool on;
    fore_ns every;        /* it looks at the placement this often, at the quietest time of day */
    fore_ns period, step; /* of the profile, and the shortest slot */
    double limit, spread; /* as static_weekly's; limit 0: decide.utilization_limit */
    double worth;         /* violation saved over a week must be this times the moves' price */
    double budget;        /* share of all data that one new placement may move */
    double harm;          /* of what a move is worth, what it may cost at once */
};
extern const struct fore_option_section fore_slow_section;

#endif
