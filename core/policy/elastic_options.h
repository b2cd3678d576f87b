/* elastic_options.h - the "elastic" section: what the peers that add and remove nodes go by. The
 * defaults are the authors' (P-Store's paper and code; AWS's documentation). */
#ifndef FORE_ELASTIC_OPTIONS_H
#define FORE_ELASTIC_OPTIONS_H

#include "core/base/option.h"

struct fore_elastic_options {
    double node_load;       /* Q: share of a node's capacity it is to carry */
    double inflation;       /* forecasts and samples times this */
    fore_ns sample;         /* monitoring period */
    uint64_t samples;       /* reactive: that many in a row */
    uint64_t scale_in_wait; /* pstore: scale-in must be asked for that often */
    uint64_t steps;         /* pstore: plans so many steps of observe.mid_step ahead */
    double copy_buffer;     /* pstore: D is the time to copy everything, and this much more */
    uint64_t spar_periods, spar_recent;
    fore_ns spar_history; /* it learns from */
    fore_ns refit_every;
    uint32_t spread;          /* enum fore_elastic_spread */
    double ring_bound;        /* ring: no node above this times its share */
    fore_ns day_from, day_to; /* schedule: the day, of the clock */
    fore_ns aws_history_min, aws_history_max, aws_horizon, aws_refresh, aws_buffer;
};
enum fore_elastic_spread { FORE_SPREAD_EVEN, FORE_SPREAD_RING };
extern const struct fore_option_section fore_elastic_section;

#endif
