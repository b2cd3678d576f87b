/*
 * backtest.h - how good forecasts were: sums over scored origins, and the usual scores of them.
 * sMAPE (0..200 %), MASE (scale: in-sample seasonal naive error), MSIS at 95 %, CRPS (twice the
 * mean pinball over the 13 levels), coverage of the 90 % interval, pinball at .9 of the peak over
 * the horizon. Definitions as in the M4 competition (Makridakis et al. 2020).
 */
#ifndef FORE_BACKTEST_H
#define FORE_BACKTEST_H

#include "core/forecast/model.h"
#include "core/forecast/residual.h"

struct fore_backtest_score {
    double smape, mase, msis, crps, coverage90, peak_pinball90;
    size_t origins; /* really scored */
};

struct fore_backtest { /* sums so far */
    double scale;      /* of MASE and MSIS */
    double points, smape, mase, msis, crps, inside, peak;
    size_t origins;
};
/* The scale is the mean |y(t) - y(t - period)| of the first `known` points; 1 where that is 0. */
void fore_backtest_init(struct fore_backtest *backtest, const struct fore_series_view *series,
                        size_t known);
/* One origin: means, quantiles at fore_quantile_levels ([horizon][13]), the .9 quantile of the
 * peak, and what came (NaN: not scored). */
void fore_backtest_add(struct fore_backtest *backtest, const float *mean, const float *grid,
                       float peak90, const float *truth, size_t horizon);
struct fore_backtest_score fore_backtest_score(const struct fore_backtest *backtest);

#endif
