/*
 * forecast_hints.c - what the application announced. History is divided by the hints' effects, so
 * that every model learns what is left, and forecasts are multiplied by the effects to come. What
 * became of each hint is said in the notes.
 */
#include <math.h>

#include "experiments/forecast_run.h"
#include "workloads/file.h"

enum { HINTS_BYTES_MAX = 1 << 22 };

static enum fore_err read_all(const char *path, struct fore_buf *text, struct fore_diag *diag)
{
    struct wl_file *file = NULL;
    size_t got = 0;
    FORE_TRY(wl_file_open(path, &file, diag));
    enum fore_err err;
    do {
        char chunk[1 << 14];
        err = wl_file_read(file, chunk, sizeof(chunk), &got, diag);
        if (err == FORE_E_OK) fore_buf_append(text, chunk, got);
    } while (err == FORE_E_OK && got > 0 && text->len < HINTS_BYTES_MAX);
    wl_file_close(file);
    if (err == FORE_E_OK && text->len >= HINTS_BYTES_MAX)
        return fore_err_set(diag, FORE_E_RANGE, "%s: more than 4 MiB of hints", path);
    return err;
}

static void clean(struct lab_forecast_run *run, size_t series, const float *log_effect)
{
    struct fore_series_view *view = &run->view[series];
    float *y = FORE_NEW(&run->arena, float, view->n),
          *log_y = FORE_NEW(&run->arena, float, view->n);
    fore_hints_divide(log_effect, view->y, view->n, y);
    for (size_t i = 0; i < view->n; i++)
        log_y[i] = logf(y[i]);
    view->y = y;
    view->log_y = log_y;
}

static void apply(struct lab_forecast_run *run, const struct lab_forecast_input *input,
                  const struct fore_hints *hints)
{
    struct fore_arena scratch = {0};
    run->hinted = FORE_NEW(&run->arena, const float *, input->count);
    for (size_t s = 0; s < input->count; s++) {
        struct fore_hint_series series = {
            .name = input->series[s].name, .view = run->view[s], .horizon = run->options.horizon};
        struct fore_hint_effect effect;
        fore_hints_effect(hints, &series, &run->options.params, &run->arena, &scratch, &effect);
        for (size_t i = 0; i < effect.findings; i++)
            fore_buf_printf(&run->notes, "hint for %s: %s\n", series.name,
                            effect.finding[i].reason);
        if (!effect.any) continue;
        run->hinted[s] = effect.log_effect + run->view[s].n;
        clean(run, s, effect.log_effect);
    }
    fore_arena_fini(&scratch);
}

enum fore_err lab_forecast_hints(struct lab_forecast_run *run,
                                 const struct lab_forecast_input *input, const char *path,
                                 struct fore_diag *diag)
{
    struct fore_buf text = {0};
    struct fore_hints hints;
    fore_hints_init(&hints, path, &run->arena);
    enum fore_err err = read_all(path, &text, diag);
    if (err == FORE_E_OK)
        err = fore_hints_parse(&hints, text.data ? text.data : "", text.len, diag);
    fore_buf_fini(&text);
    if (err != FORE_E_OK) return err;
    const char **name = FORE_NEW(&run->arena, const char *, input->count);
    for (size_t s = 0; s < input->count; s++)
        name[s] = input->series[s].name;
    (void)fore_hints_unmatched(&hints, name, input->count, &run->notes);
    apply(run, input, &hints);
    return FORE_E_OK;
}
