/*
 * spar.h - sparse periodic auto-regression (Chen et al., NSDI'08; as in P-Store, SIGMOD'18).
 *
 * For every lead h its own linear model of the value at t+1+h:
 *     yhat = offset_h + sum_i a_hi z(t+1+h - lag_i(h)) + sum_j b_hj dz(t-j)
 * seasonal lags i: the same time on earlier days (and weeks, when a second period is known);
 * deviations j: how far each recent point was from the mean of its own seasonal lags. z is the
 * load or its logarithm. Private to core/forecast: spar_fit.c learns it, model_spar.c applies it.
 */
#ifndef FORE_SPAR_H
#define FORE_SPAR_H

#include "core/forecast/model.h"

enum {
    FORE_SPAR_LANES = 12,      /* leads computed together; one block of coefficients */
    FORE_SPAR_CHUNK = 8,       /* recent deviations come in multiples of it */
    FORE_SPAR_SLOTS_MAX = 20,  /* seasonal lags, all periods together */
    FORE_SPAR_RECENT_MAX = 64, /* recent deviations */
    FORE_SPAR_LONG_LAGS = 3,   /* lags of each period after the first */
    FORE_SPAR_HORIZON_MAX = 1024,
};

struct fore_spar_slot {
    uint32_t period;
    uint32_t times; /* the lag is this many periods, plus one for each the lead runs past */
};

struct fore_spar {
    struct fore_spar_slot slot[FORE_SPAR_SLOTS_MAX];
    uint32_t slots, recent;
    size_t horizon;
    size_t reach;     /* points a prediction looks back */
    float floor, cap; /* of the forecast, in the unit of the load */
    float lowest;     /* of z: what stands for less (the logarithm of nearly nothing) */
    float level;      /* of z: where even the seasonal past is unknown */
    bool logarithmic;
    /* Per block of FORE_SPAR_LANES leads: a row of offsets, `slots` rows of a, `recent` rows of b,
     * oldest deviation first. Blocks do not straddle a lead at which a lag changes. */
    const float *block;
};

static inline size_t fore_spar_lag(struct fore_spar_slot slot, size_t lead)
{
    return (slot.times + lead / slot.period) * slot.period;
}
/* The first lead after `lead` that needs another block. */
size_t fore_spar_block_end(const struct fore_spar *spar, size_t lead);
size_t fore_spar_points_min(const struct fore_model_params *params, uint32_t period,
                            size_t horizon);
/* The caller says in `spar` whether it is logarithmic; the rest is filled in. */
FORE_MUST_USE enum fore_err fore_spar_fit(const struct fore_model_params *params,
                                          const struct fore_series_view *series, size_t horizon,
                                          struct fore_arena *arena, struct fore_arena *scratch,
                                          struct fore_spar *spar);

#endif
