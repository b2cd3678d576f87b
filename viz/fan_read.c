/* fan_read.c - the text behind a fan (fan.h). Numbers are checked, sizes are bounded. */
#include "viz/fan.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { LINE = 8192 };

struct reader {
    FILE *file;
    size_t line;
    char text[LINE];
    struct fore_diag *diag;
};

static enum fore_err refuse(const struct reader *r, const char *what)
{
    return fore_err_set(r->diag, FORE_E_FORMAT, "line %zu: %s", r->line, what);
}

static enum fore_err next_line(struct reader *r)
{
    r->line++;
    if (fgets(r->text, sizeof r->text, r->file) == NULL) return refuse(r, "the fan ends too early");
    size_t len = strlen(r->text);
    if (len == 0 || r->text[len - 1] != '\n') return refuse(r, "a line without an end");
    r->text[len - 1] = '\0';
    return FORE_E_OK;
}

/* The line must be WORD and something; *rest is that. */
static enum fore_err word(struct reader *r, const char *expected, const char **rest)
{
    FORE_TRY(next_line(r));
    size_t len = strlen(expected);
    if (strncmp(r->text, expected, len) != 0 || r->text[len] != ' ')
        return fore_err_set(r->diag, FORE_E_FORMAT, "line %zu: \"%s ...\" was expected", r->line,
                            expected);
    *rest = r->text + len + 1;
    return FORE_E_OK;
}

static enum fore_err number(struct reader *r, const char **at, double *out)
{
    char *end;
    *out = strtod(*at, &end);
    if (end == *at || isinf(*out)) return refuse(r, "a number was expected");
    *at = end;
    return FORE_E_OK;
}

static enum fore_err count(struct reader *r, const char **at, size_t most, size_t *out)
{
    double value;
    FORE_TRY(number(r, at, &value));
    if (!(value >= 0) || value > (double)most || value != floor(value))
        return fore_err_set(r->diag, FORE_E_RANGE, "line %zu: a count up to %zu was expected",
                            r->line, most);
    *out = (size_t)value;
    return FORE_E_OK;
}

static enum fore_err row(struct reader *r, double *out, size_t n)
{
    FORE_TRY(next_line(r));
    const char *at = r->text;
    for (size_t i = 0; i < n; i++)
        FORE_TRY(number(r, &at, &out[i]));
    return *at == '\0' ? FORE_E_OK : refuse(r, "more numbers than there should be");
}

static enum fore_err column(struct reader *r, const char *name, struct fore_arena *arena,
                            double **out, size_t *n)
{
    const char *rest = "";
    FORE_TRY(word(r, name, &rest));
    FORE_TRY(count(r, &rest, VIZ_FAN_POINTS, n));
    *out = FORE_NEW(arena, double, *n + 1);
    for (size_t i = 0; i < *n; i++)
        FORE_TRY(row(r, &(*out)[i], 1));
    return FORE_E_OK;
}

static enum fore_err quantiles(struct reader *r, struct fore_arena *arena, struct viz_fan *out)
{
    const char *rest = "";
    FORE_TRY(word(r, "fan", &rest));
    FORE_TRY(count(r, &rest, VIZ_FAN_POINTS, &out->steps));
    FORE_TRY(count(r, &rest, VIZ_FAN_LEVELS, &out->levels));
    if (out->levels == 0) return refuse(r, "a fan needs levels");
    out->level = FORE_NEW(arena, double, out->levels);
    FORE_TRY(row(r, out->level, out->levels));
    for (size_t i = 0; i < out->levels; i++)
        if (!(out->level[i] > 0 && out->level[i] < 1) ||
            (i > 0 && !(out->level[i] > out->level[i - 1])))
            return refuse(r, "levels rise between 0 and 1");
    out->quantile = FORE_NEW(arena, double, out->steps * out->levels + 1);
    for (size_t h = 0; h < out->steps; h++)
        FORE_TRY(row(r, out->quantile + h * out->levels, out->levels));
    return FORE_E_OK;
}

static enum fore_err label(struct reader *r, const char *name, char out[VIZ_FAN_TEXT])
{
    const char *rest = "";
    FORE_TRY(word(r, name, &rest));
    (void)snprintf(out, VIZ_FAN_TEXT, "%s", rest);
    return FORE_E_OK;
}

enum fore_err viz_fan_read(FILE *file, struct fore_arena *arena, struct viz_fan *out,
                           struct fore_diag *diag)
{
    struct reader r = {.file = file, .diag = diag};
    const char *rest = "";
    *out = (struct viz_fan){0};
    FORE_TRY(word(&r, "foreshard-fan", &rest));
    if (strcmp(rest, "1") != 0) return refuse(&r, "not a fan of version 1");
    FORE_TRY(label(&r, "title", out->title));
    FORE_TRY(label(&r, "about", out->about));
    FORE_TRY(word(&r, "start", &rest));
    FORE_TRY(number(&r, &rest, &out->start_s));
    FORE_TRY(word(&r, "step", &rest));
    FORE_TRY(number(&r, &rest, &out->step_s));
    if (!(out->step_s > 0) || !(out->start_s >= 0) || out->start_s > 1e11 || out->step_s > 1e9)
        return refuse(&r, "a step above zero and a start that is a time were expected");
    FORE_TRY(column(&r, "history", arena, &out->history, &out->history_count));
    FORE_TRY(column(&r, "truth", arena, &out->truth, &out->truth_count));
    return quantiles(&r, arena, out);
}
