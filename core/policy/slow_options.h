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
    fore_ns
        move_price; /* of a mean-size move home, in violation node-seconds; 0: decide.move_price */
    double budget;  /* share of all data that new placements may move a week */
    double harm;    /* of what a move is worth, what it may cost at once */
    double grain;   /* share of a node: what usually brings more is cut (decide/grain.h); 0: off */
    bool strangers; /* are merged, too, with grain; else only parts of one partition */
    double crowd;   /* times what is usual: a past that has seen more prepares for crowds
                       (decide/crowd.h); 0: never */
    fore_ns crowd_every,
        crowd_memory;                /* homes are then chosen so often, for the loads of so long */
    double crowd_share, crowd_grain; /* of all time that is a crowd; what is too coarse in one */
    double
        dearer; /* times decide.move_price: what the fast loop's moves are charged beside homes */
};
extern const struct fore_option_section fore_slow_section;

#endif
