/* backtest.c - the scores, point by point. What is missing in the truth is not scored. */
#include "core/forecast/backtest.h"

#include <math.h>

enum {
    LEVELS = (int)FORE_COUNTOF(fore_quantile_levels),
    Q025 = 0,
    Q05 = 1,
    Q90 = 10,
    Q95 = 11,
    Q975 = 12,
};

void fore_backtest_init(struct fore_backtest *backtest, const struct fore_series_view *series,
                        size_t known)
{
    size_t lag = series->period[0] > 0 && series->period[0] < known ? series->period[0] : 1;
    double sum = 0.0, count = 0.0;
    for (size_t i = lag; i < known; i++) {
        double miss = fabs((double)series->y[i] - (double)series->y[i - lag]);
        if (isnan(miss)) continue;
        sum += miss;
        count += 1.0;
    }
    *backtest = (struct fore_backtest){.scale = sum > 0.0 ? sum / count : 1.0};
}

static double pinball(double level, double quantile, double truth)
{
    double miss = truth - quantile;
    return miss >= 0.0 ? level * miss : (level - 1.0) * miss;
}

static void add_point(struct fore_backtest *backtest, double mean, double truth,
                      const float *quantile)
{
    double size = fabs(truth) + fabs(mean);
    double low = (double)quantile[Q025], high = (double)quantile[Q975];
    double width = high - low + 40.0 * fmax(low - truth, 0.0) + 40.0 * fmax(truth - high, 0.0);
    backtest->points += 1.0;
    backtest->smape += size > 0.0 ? 200.0 * fabs(truth - mean) / size : 0.0;
    backtest->mase += fabs(truth - mean) / backtest->scale;
    backtest->msis += width / backtest->scale;
    backtest->inside +=
        truth >= (double)quantile[Q05] && truth <= (double)quantile[Q95] ? 1.0 : 0.0;
    double loss = 0.0;
    for (int i = 0; i < LEVELS; i++)
        loss += pinball(fore_quantile_levels[i], (double)quantile[i], truth);
    backtest->crps += 2.0 * loss / LEVELS;
}

void fore_backtest_add(struct fore_backtest *backtest, const float *mean, const float *grid,
                       float peak90, const float *truth, size_t horizon)
{
    double peak = (double)NAN;
    for (size_t h = 0; h < horizon; h++) {
        if (isnan(truth[h])) continue;
        add_point(backtest, (double)mean[h], (double)truth[h], grid + h * LEVELS);
        if (!((double)truth[h] <= peak)) peak = (double)truth[h];
    }
    if (isnan(peak)) return;
    backtest->peak += pinball(fore_quantile_levels[Q90], (double)peak90, peak);
    backtest->origins++;
}

struct fore_backtest_score fore_backtest_score(const struct fore_backtest *backtest)
{
    if (backtest->origins == 0) return (struct fore_backtest_score){0};
    return (struct fore_backtest_score){
        .smape = backtest->smape / backtest->points,
        .mase = backtest->mase / backtest->points,
        .msis = backtest->msis / backtest->points,
        .crps = backtest->crps / backtest->points,
        .coverage90 = backtest->inside / backtest->points,
        .peak_pinball90 = backtest->peak / (double)backtest->origins,
        .origins = backtest->origins,
    };
}
