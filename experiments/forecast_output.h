/* forecast_output.h - forecasts as CSV, scores as a table or JSON, and what was done in words. */
#ifndef LAB_FORECAST_OUTPUT_H
#define LAB_FORECAST_OUTPUT_H

#include "experiments/forecast_run.h"

/* series_id,step,mean,q0.025,...,q0.975; the format ../shared/tools/score_m4.py reads. */
void lab_forecast_csv(const struct lab_forecast_run *run, const struct lab_forecast_input *input,
                      struct fore_buf *out);
void lab_forecast_scores_text(const struct lab_forecast_run *run,
                              const struct lab_forecast_input *input, struct fore_buf *out);
void lab_forecast_scores_json(const struct lab_forecast_run *run,
                              const struct lab_forecast_input *input, struct fore_buf *out);
/* A line a series: points, periods, weights, the reason. */
void lab_forecast_report(const struct lab_forecast_run *run, const struct lab_forecast_input *input,
                         struct fore_buf *out);

#endif
