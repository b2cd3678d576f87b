/* forecast_plot.c - see forecast_plot.h. */
#include "experiments/forecast_plot.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sim/dashboard.h"

enum { PERIODS_SHOWN = 4, HORIZONS_SHOWN = 4, POINTS_SHOWN_MAX = 4000 };

static size_t shown(const struct fore_series_view *view, size_t known, size_t horizon)
{
    size_t points = HORIZONS_SHOWN * horizon, season = PERIODS_SHOWN * (size_t)view->period[0];
    if (season > points) points = season;
    if (points > POINTS_SHOWN_MAX) points = POINTS_SHOWN_MAX;
    return points < known ? points : known;
}

static void values(struct fore_buf *out, const char *what, const float *y, size_t n)
{
    fore_buf_printf(out, "%s %zu\n", what, n);
    for (size_t i = 0; i < n; i++)
        fore_buf_printf(out, "%.9g\n", (double)y[i]);
}

static void about(const struct lab_forecast_run *run, const char *model, bool scored,
                  struct fore_buf *out)
{
    fore_buf_printf(out, "about %s, %zu steps ahead", model, run->options.horizon);
    size_t member = run->options.member_count == 1 ? 0 : run->options.member_count;
    struct fore_backtest_score score = fore_rolling_score(run->rolling, 0, member);
    if (scored && score.origins > 0)
        fore_buf_printf(out, "; over %zu origins: sMAPE %.1f %%, the 90 %% interval held %.0f %%",
                        score.origins, score.smape, 100.0 * score.coverage90);
    fore_buf_puts(out, "\n");
}

void lab_forecast_plot_text(const struct lab_forecast_run *run,
                            const struct lab_forecast_input *input, const char *model,
                            struct fore_buf *out)
{
    const struct fore_series_view *view = &run->view[0];
    struct fore_rolling_forecast forecast = {0};
    size_t horizon = run->options.horizon, known = view->n;
    const float *mean = NULL, *grid = NULL;
    bool scored =
        run->options.scored > 0 &&
        fore_rolling_scored(run->rolling, 0, run->options.scored - 1, &known, &mean, &grid);
    if (!scored && run->options.forecast) {
        forecast = fore_rolling_forecast(run->rolling, 0);
        grid = forecast.grid;
        known = view->n;
    }
    size_t from = known - shown(view, known, horizon), came = view->n - known;
    const float *hinted = run->hinted && !scored ? run->hinted[0] : NULL;
    fore_buf_printf(out, "foreshard-fan 1\ntitle %s\n", input->series[0].name);
    about(run, model, scored, out);
    fore_buf_printf(out, "start %.0f\nstep %.9g\n",
                    view->start_s > 0 ? view->start_s + (double)from * view->step_s : 0.0,
                    view->step_s);
    values(out, "history", view->y + from, known - from);
    values(out, "truth", view->y + known, came < horizon ? came : horizon);
    fore_buf_printf(out, "fan %zu %d\n", grid ? horizon : 0, FORE_LEVELS);
    for (int i = 0; i < FORE_LEVELS; i++)
        fore_buf_printf(out, "%s%.9g", i > 0 ? " " : "", fore_quantile_levels[i]);
    fore_buf_puts(out, "\n");
    for (size_t h = 0; grid && h < horizon; h++) {
        double times = hinted ? exp((double)hinted[h]) : 1.0;
        for (size_t i = 0; i < FORE_LEVELS; i++)
            fore_buf_printf(out, "%s%.9g", i > 0 ? " " : "",
                            times * (double)grid[h * FORE_LEVELS + i]);
        fore_buf_puts(out, "\n");
    }
}

static enum fore_err write_temporary(const struct fore_buf *text, char *path, size_t size,
                                     struct fore_diag *diag)
{
    const char *folder = getenv("TMPDIR");
    (void)snprintf(path, size, "%s/foreshard-fan-XXXXXX",
                   folder != NULL && folder[0] != '\0' ? folder : "/tmp");
    int fd = mkstemp(path);
    FILE *file = fd >= 0 ? fdopen(fd, "w") : NULL;
    bool good = file != NULL && fwrite(text->data, 1, text->len, file) == text->len;
    if (file != NULL) good = fclose(file) == 0 && good;
    if (good) return FORE_E_OK;
    return fore_err_set(diag, FORE_E_IO, "%.120s: cannot be written: %s", path, strerror(errno));
}

enum fore_err lab_forecast_plot(const struct lab_forecast_run *run,
                                const struct lab_forecast_input *input, const char *model,
                                const char *path, struct fore_diag *diag)
{
    struct fore_buf text = {0};
    char data[4096];
    lab_forecast_plot_text(run, input, model, &text);
    enum fore_err err = write_temporary(&text, data, sizeof data, diag);
    fore_buf_fini(&text);
    if (err != FORE_E_OK) return err;
    int code = sim_dashboard_run((const char *const[]){"--fan", data, path, NULL});
    (void)unlink(data);
    if (code == 0) return FORE_E_OK;
    if (code == SIM_DASHBOARD_NOT_FOUND)
        return fore_err_set(diag, FORE_E_IO, "--plot: %s", sim_dashboard_missing);
    return fore_err_set(diag, FORE_E_IO, "--plot %s: the picture could not be made", path);
}
