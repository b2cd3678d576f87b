/*
 * backtest.h - how good a model is: rolling origins over one series, the usual scores.
 * sMAPE (0..200 %), MASE (scale: in-sample seasonal naive error), MSIS at 95 %, CRPS (twice the
 * mean pinball over the 13 levels), coverage of the 90 % interval, pinball at .9 of the peak over
 * the horizon. Definitions as in the M4 competition (Makridakis et al. 2020).
 */
#ifndef FORE_BACKTEST_H
#define FORE_BACKTEST_H

#include "core/forecast/model.h"
#include "core/forecast/residual.h"

struct fore_backtest_plan {
    const struct fore_model *model;
    const struct fore_model_params *params;
    size_t horizon;
    size_t origins;     /* scored, at the end of the series */
    size_t origin_step; /* points between origins */
    size_t calibration; /* earlier origins that only feed the residuals */
    size_t refit_every; /* origins between fits */
};
struct fore_backtest_score {
    double smape, mase, msis, crps, coverage90, peak_pinball90;
    size_t origins; /* really scored */
};
/* FORE_E_RANGE: the series is too short for even one origin. */
FORE_MUST_USE enum fore_err fore_backtest_run(const struct fore_backtest_plan *plan,
                                              const struct fore_series_view *series,
                                              struct fore_arena *scratch,
                                              struct fore_backtest_score *out);

#endif
