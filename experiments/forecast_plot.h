/*
 * forecast_plot.h - one series' history, its fan and what came, as a picture.
 *
 * The picture is drawn by foreshard-viz, which reads a small text file (viz/fan.h):
 *
 *     foreshard-fan 1
 *     title NAME
 *     about ensemble, 48 steps
 *     start UNIX-SECONDS   of the first value below; 0: not known
 *     step SECONDS
 *     history N            N values follow, one a line; nan: missing
 *     truth N              what came after the history, as far as known
 *     fan STEPS LEVELS     a line of levels, then STEPS lines of as many quantiles
 */
#ifndef LAB_FORECAST_PLOT_H
#define LAB_FORECAST_PLOT_H

#include "experiments/forecast_run.h"

/* The first series: its newest scored origin, or the forecast after its last point. */
void lab_forecast_plot_text(const struct lab_forecast_run *run,
                            const struct lab_forecast_input *input, const char *model,
                            struct fore_buf *out);
FORE_MUST_USE enum fore_err lab_forecast_plot(const struct lab_forecast_run *run,
                                              const struct lab_forecast_input *input,
                                              const char *model, const char *path,
                                              struct fore_diag *diag);

#endif
