/*
 * forecast_output.c - a model's scores are means over the series it could forecast; its relative
 * ones are geometric means of the ratio to the naive forecast (intervals made in the same way),
 * over the series both could.
 */
#include "experiments/forecast_output.h"

#include <math.h>
#include <string.h>

#include "core/base/json.h"

void lab_forecast_csv(const struct lab_forecast_run *run, const struct lab_forecast_input *input,
                      struct fore_buf *out)
{
    fore_buf_puts(out, "series_id,step,mean");
    for (int i = 0; i < FORE_LEVELS; i++)
        fore_buf_printf(out, ",q%.15g", fore_quantile_levels[i]);
    fore_buf_puts(out, "\n");
    for (size_t s = 0; s < input->count; s++) {
        struct fore_rolling_forecast forecast = fore_rolling_forecast(run->rolling, s);
        const float *hinted = run->hinted ? run->hinted[s] : NULL;
        for (size_t h = 0; h < run->options.horizon; h++) {
            double times = hinted ? exp((double)hinted[h]) : 1.0;
            fore_buf_printf(out, "%s,%zu,%.7g", input->series[s].name, h + 1,
                            times * (double)forecast.mean[h]);
            FORE_ASSERT(forecast.mean[h] >= 0.0f);
            for (size_t i = 0; i < FORE_LEVELS; i++) {
                float q = forecast.grid[h * FORE_LEVELS + i];
                FORE_ASSERT(q >= 0.0f && (i == 0 || q >= forecast.grid[h * FORE_LEVELS + i - 1]));
                fore_buf_printf(out, ",%.7g", times * (double)q);
            }
            fore_buf_puts(out, "\n");
        }
    }
}

struct row {
    const char *name;
    struct fore_backtest_score mean;
    double relative_crps, relative_peak, ms;
    size_t series;
};

static double ratio_log(double a, double b)
{
    return a > 0.0 && b > 0.0 ? log(a / b) : (double)NAN;
}

static struct fore_backtest_score naive_score(const struct lab_forecast_run *run, size_t series)
{
    for (size_t m = 0; m < run->options.member_count; m++)
        if (strcmp(run->options.member[m]->name, "naive") == 0)
            return fore_rolling_score(run->rolling, series, m);
    return (struct fore_backtest_score){0};
}

static struct row row_of(const struct lab_forecast_run *run, const struct lab_forecast_input *input,
                         size_t member)
{
    bool ensemble = member == run->options.member_count;
    struct row row = {.name = ensemble ? "ensemble" : run->options.member[member]->name};
    double crps = 0.0, peak = 0.0;
    size_t crps_known = 0, peak_known = 0;
    uint64_t ns = ensemble ? run->combine_ns : run->member_ns[member];
    for (size_t m = 0; ensemble && m < run->options.member_count; m++)
        ns += run->member_ns[m];
    for (size_t s = 0; s < input->count; s++) {
        struct fore_backtest_score score = fore_rolling_score(run->rolling, s, member);
        struct fore_backtest_score naive = naive_score(run, s);
        if (score.origins == 0) continue;
        row.series++;
        row.mean.smape += score.smape;
        row.mean.mase += score.mase;
        row.mean.msis += score.msis;
        row.mean.crps += score.crps;
        row.mean.coverage90 += score.coverage90;
        row.mean.peak_pinball90 += score.peak_pinball90;
        double c = ratio_log(score.crps, naive.crps);
        double p = ratio_log(score.peak_pinball90, naive.peak_pinball90);
        crps += isnan(c) ? 0.0 : c;
        crps_known += isnan(c) ? 0 : 1;
        peak += isnan(p) ? 0.0 : p;
        peak_known += isnan(p) ? 0 : 1;
    }
    double n = row.series > 0 ? (double)row.series : 1.0;
    row.mean.smape /= n;
    row.mean.mase /= n;
    row.mean.msis /= n;
    row.mean.crps /= n;
    row.mean.coverage90 /= n;
    row.mean.peak_pinball90 /= n;
    row.relative_crps = crps_known > 0 ? exp(crps / (double)crps_known) : (double)NAN;
    row.relative_peak = peak_known > 0 ? exp(peak / (double)peak_known) : (double)NAN;
    row.ms = (double)ns / 1e6 / (double)input->count;
    return row;
}

/* One model alone is said once. */
static size_t rows_of(const struct lab_forecast_run *run)
{
    return run->options.member_count == 1 ? 1 : run->options.member_count + 1;
}

void lab_forecast_scores_text(const struct lab_forecast_run *run,
                              const struct lab_forecast_input *input, struct fore_buf *out)
{
    fore_buf_printf(out, "%-21s %7s %8s %8s %11s %6s %11s %9s %9s %8s %7s\n", "model", "sMAPE",
                    "MASE", "MSIS", "CRPS", "cov90", "peak pb.9", "rel.CRPS", "rel.peak", "series",
                    "ms");
    for (size_t m = 0; m < rows_of(run); m++) {
        struct row row = row_of(run, input, m);
        fore_buf_printf(out, "%-21s", row.name);
        if (row.series == 0) {
            fore_buf_puts(out, "  no series was long enough\n");
            continue;
        }
        fore_buf_printf(out, " %7.3f %8.4f %8.3f %11.5g %6.3f %11.5g %9.4f %9.4f %8zu %7.2f\n",
                        row.mean.smape, row.mean.mase, row.mean.msis, row.mean.crps,
                        row.mean.coverage90, row.mean.peak_pinball90, row.relative_crps,
                        row.relative_peak, row.series, row.ms);
    }
}

void lab_forecast_scores_json(const struct lab_forecast_run *run,
                              const struct lab_forecast_input *input, struct fore_buf *out)
{
    struct fore_json json = fore_json_begin(out, true);
    fore_json_object(&json, NULL);
    fore_json_u64(&json, "series", input->count);
    fore_json_u64(&json, "horizon", run->options.horizon);
    fore_json_u64(&json, "origins", run->options.scored);
    fore_json_u64(&json, "origin_step", run->options.origin_step);
    fore_json_f64(&json, "step_seconds", input->step_s);
    fore_json_array(&json, "models");
    for (size_t m = 0; m < rows_of(run); m++) {
        struct row row = row_of(run, input, m);
        if (row.series == 0) continue;
        fore_json_object(&json, NULL);
        fore_json_string(&json, "model", row.name);
        fore_json_f64(&json, "smape", row.mean.smape);
        fore_json_f64(&json, "mase", row.mean.mase);
        fore_json_f64(&json, "msis", row.mean.msis);
        fore_json_f64(&json, "crps", row.mean.crps);
        fore_json_f64(&json, "coverage90", row.mean.coverage90);
        fore_json_f64(&json, "peak_pinball90", row.mean.peak_pinball90);
        fore_json_f64(&json, "ms_per_series", row.ms);
        fore_json_f64(&json, "relative_crps", row.relative_crps);
        fore_json_f64(&json, "relative_peak", row.relative_peak);
        fore_json_u64(&json, "series", row.series);
        fore_json_object_end(&json);
    }
    fore_json_array_end(&json);
    fore_json_array(&json, "notes");
    for (const char *at = run->notes.data; at && *at;) {
        size_t len = strcspn(at, "\n");
        struct fore_buf line = {0};
        fore_buf_append(&line, at, len);
        fore_json_string(&json, NULL, line.data ? line.data : "");
        fore_buf_fini(&line);
        at += len + (at[len] == '\n');
    }
    fore_json_array_end(&json);
    fore_json_object_end(&json);
    fore_buf_puts(out, "\n");
}

void lab_forecast_report(const struct lab_forecast_run *run, const struct lab_forecast_input *input,
                         struct fore_buf *out)
{
    if (run->notes.data) fore_buf_puts(out, run->notes.data);
    for (size_t s = 0; s < input->count && run->options.forecast; s++) {
        const struct fore_series_view *view = &run->view[s];
        fore_buf_printf(out, "%s: %zu points, periods %u,%u,%u,%u; %s\n", input->series[s].name,
                        view->n, view->period[0], view->period[1], view->period[2], view->period[3],
                        fore_rolling_forecast(run->rolling, s).reason);
    }
}
