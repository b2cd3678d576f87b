/*
 * forecast_input.c - which layout a file has, and its cells as points. The grid is made of them in
 * forecast_grid.c when all files are read.
 */
#include "experiments/forecast_input.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "workloads/file.h"
#include "workloads/series_text.h"

enum { CELLS_MAX = 1 << 17, SERIES_MAX = 1 << 20 };
static const uint64_t POINTS_MAX = UINT64_C(1) << 28;

enum layout { LAYOUT_UNKNOWN, LAYOUT_WIDE, LAYOUT_LONG, LAYOUT_M4, LAYOUT_COUNTS };

struct reading {
    const struct lab_forecast_reading *how;
    struct lab_forecast_input *input;
    struct wl_file *file;
    struct fore_diag *diag;
    char **cell;
    size_t cells;
    enum layout layout;
    bool header;
    size_t id, time, value; /* columns; SIZE_MAX: none */
    size_t *series;         /* [column] of a wide file */
    uint64_t row;           /* data rows so far, of this file */
    double before;          /* rows of earlier files without times */
};

static const char *const id_names[] = {"series_id", "id",  "series", "unique_id", "vol",
                                       "partition", "key", "zone",   NULL};
static const char *const time_names[] = {"time", "timestamp", "t",    "step",   "win", "ds",
                                         "date", "datetime",  "hour", "minute", NULL};
static const char *const value_names[] = {"value", "requests", "reads", "count", "y", "load", NULL};
static const char *const nothing[] = {"", "NA", "NaN", "nan", "null", "-", NULL};

static bool among(const char *const *list, const char *word)
{
    for (; *list; list++)
        if (strcasecmp(*list, word) == 0) return true;
    return false;
}

static size_t column(const struct reading *r, const char *const *list)
{
    for (size_t i = 0; i < r->cells; i++)
        if (among(list, r->cell[i])) return i;
    return SIZE_MAX;
}

/* ---- series and points ----------------------------------------------------------------------- */

static bool wanted(const char *only, const char *name)
{
    size_t len = strlen(name);
    for (const char *at = only; at != NULL; at = strchr(at, ','), at = at ? at + 1 : NULL)
        if (strncmp(at, name, len) == 0 && (at[len] == ',' || at[len] == '\0')) return true;
    return only == NULL;
}

/* SIZE_MAX: not wanted. The newest series is looked at first: long files come in runs. */
static size_t series_named(struct reading *r, const char *name)
{
    struct lab_forecast_input *input = r->input;
    for (size_t i = input->count; i-- > 0;)
        if (strcmp(input->series[i].name, name) == 0) return i;
    if (!wanted(r->how->only, name)) return SIZE_MAX;
    if (input->count == input->room) {
        size_t room = input->room ? 2 * input->room : 64;
        struct lab_forecast_series *more = realloc(input->series, room * sizeof(*input->series));
        FORE_ASSERT(more != NULL);
        input->series = more;
        input->room = room;
    }
    input->series[input->count] =
        (struct lab_forecast_series){.name = fore_arena_strdup(&input->arena, name)};
    return input->count++;
}

static enum fore_err put(struct reading *r, size_t series, double t, const char *cell)
{
    double value = (double)NAN;
    if (series == SIZE_MAX) return FORE_E_OK;
    if (!among(nothing, cell) && !wl_series_text_number(cell, &value))
        return fore_err_set(r->diag, FORE_E_FORMAT, "%s:%llu: \"%.40s\" is not a number",
                            wl_file_path(r->file), (unsigned long long)wl_file_line_number(r->file),
                            cell);
    struct lab_forecast_series *s = &r->input->series[series];
    if (++r->input->points > POINTS_MAX)
        return fore_err_set(r->diag, FORE_E_RANGE, "%s: more than %llu points",
                            wl_file_path(r->file), (unsigned long long)POINTS_MAX);
    if (s->points == s->room) {
        s->room = s->room ? 2 * s->room : 256;
        struct lab_forecast_point *more = realloc(s->point, s->room * sizeof(*s->point));
        FORE_ASSERT(more != NULL);
        s->point = more;
    }
    s->point[s->points++] = (struct lab_forecast_point){.t = t, .value = (float)value};
    return FORE_E_OK;
}

/* ---- layouts --------------------------------------------------------------------------------- */

static bool is_number(const char *cell)
{
    double unused;
    return among(nothing, cell) || wl_series_text_number(cell, &unused);
}

static bool all_numbers(const struct reading *r, size_t from)
{
    for (size_t i = from; i < r->cells; i++)
        if (!is_number(r->cell[i])) return false;
    return true;
}

static bool m4_header(const struct reading *r)
{
    return r->cells > 1 && strcmp(r->cell[0], "V1") == 0 && strcmp(r->cell[1], "V2") == 0;
}

/* By the first line; the row is data when it is no header. */
static enum fore_err recognise(struct reading *r)
{
    double t;
    bool dated = wl_series_text_time(r->cell[0], &t);
    r->header = !(dated || is_number(r->cell[0])) || !all_numbers(r, 1);
    r->id = r->time = r->value = SIZE_MAX;
    if (m4_header(r) || (r->cells > 2 && !dated && all_numbers(r, 1))) {
        r->header = m4_header(r);
        r->layout = is_number(r->cell[0]) && !r->header ? LAYOUT_WIDE : LAYOUT_M4;
        return FORE_E_OK;
    }
    if (r->header) {
        r->id = column(r, id_names);
        r->time = column(r, time_names);
        r->value = column(r, value_names);
    }
    if (r->id != SIZE_MAX && r->value != SIZE_MAX) {
        r->layout = LAYOUT_LONG;
        return FORE_E_OK;
    }
    r->layout = r->cells == 1 ? LAYOUT_COUNTS : LAYOUT_WIDE;
    if (!r->header && r->cells > 1 && dated) r->time = 0;
    return FORE_E_OK;
}

static void name_columns(struct reading *r)
{
    const char *path = wl_file_path(r->file), *base = strrchr(path, '/');
    char *stem = fore_arena_strdup(&r->input->arena, base ? base + 1 : path);
    stem[strcspn(stem, ".")] = '\0';
    r->series = FORE_NEW(&r->input->arena, size_t, r->cells);
    for (size_t i = 0; i < r->cells; i++) {
        bool lone = r->cells == (r->time == SIZE_MAX ? 1u : 2u); /* the file's name says more */
        const char *name = lone        ? stem
                           : r->header ? r->cell[i]
                                       : fore_arena_printf(&r->input->arena, "%s_%zu", stem, i);
        r->series[i] = i == r->time ? SIZE_MAX : series_named(r, name);
    }
}

static enum fore_err row_time(struct reading *r, double *t)
{
    *t = r->before + (double)r->row;
    if (r->time == SIZE_MAX) return FORE_E_OK;
    if (r->time < r->cells && wl_series_text_time(r->cell[r->time], t)) {
        if (*t > 1e8) r->input->timed = true; /* since 1973: a step number is less */
        return FORE_E_OK;
    }
    return fore_err_set(r->diag, FORE_E_FORMAT, "%s:%llu: \"%.40s\" is not a time",
                        wl_file_path(r->file), (unsigned long long)wl_file_line_number(r->file),
                        r->time < r->cells ? r->cell[r->time] : "");
}

static enum fore_err take_row(struct reading *r)
{
    double t = 0.0;
    if (r->layout == LAYOUT_M4) {
        size_t series = series_named(r, r->cell[0]), last = r->cells;
        while (last > 1 && r->cell[last - 1][0] == '\0')
            last--;
        for (size_t i = 1; i < last; i++)
            FORE_TRY(put(r, series, (double)(i - 1), r->cell[i]));
        return FORE_E_OK;
    }
    FORE_TRY(row_time(r, &t));
    if (r->layout == LAYOUT_LONG) {
        if (r->id >= r->cells || r->value >= r->cells)
            return fore_err_set(r->diag, FORE_E_FORMAT, "%s:%llu: %zu cells are too few",
                                wl_file_path(r->file),
                                (unsigned long long)wl_file_line_number(r->file), r->cells);
        size_t series = series_named(r, r->cell[r->id]);
        if (r->time == SIZE_MAX && series != SIZE_MAX) t = (double)r->input->series[series].points;
        return put(r, series, t, r->cell[r->value]);
    }
    if (!r->series) name_columns(r);
    for (size_t i = 0; i < r->cells; i++)
        if (i != r->time && r->series[i] != SIZE_MAX) FORE_TRY(put(r, r->series[i], t, r->cell[i]));
    return FORE_E_OK;
}

static enum fore_err take_line(struct reading *r, char *line)
{
    size_t before = r->cells;
    r->cells = wl_series_text_split(line, r->cell, CELLS_MAX);
    if (r->cells > CELLS_MAX)
        return fore_err_set(r->diag, FORE_E_RANGE, "%s:%llu: %zu cells; at most %d",
                            wl_file_path(r->file), (unsigned long long)wl_file_line_number(r->file),
                            r->cells, CELLS_MAX);
    if (r->cells == 0 || (r->cells == 1 && r->cell[0][0] == '\0')) {
        r->cells = before;
        return FORE_E_OK;
    }
    if (r->layout == LAYOUT_UNKNOWN) {
        FORE_TRY(recognise(r));
        if (r->header && (r->layout == LAYOUT_WIDE || r->layout == LAYOUT_COUNTS)) name_columns(r);
        if (r->header) return FORE_E_OK;
        before = r->cells;
    }
    if (r->layout == LAYOUT_WIDE && r->cells != before)
        return fore_err_set(r->diag, FORE_E_FORMAT, "%s:%llu: %zu cells where %zu were expected",
                            wl_file_path(r->file), (unsigned long long)wl_file_line_number(r->file),
                            r->cells, before);
    FORE_TRY(take_row(r));
    r->row++;
    return FORE_E_OK;
}

enum fore_err lab_forecast_read(const char *path, const struct lab_forecast_reading *how,
                                struct lab_forecast_input *input, struct fore_diag *diag)
{
    struct reading r = {.how = how, .input = input, .diag = diag};
    FORE_TRY(wl_file_open(path, &r.file, diag));
    r.cell = calloc(CELLS_MAX, sizeof(*r.cell));
    FORE_ASSERT(r.cell != NULL);
    for (size_t i = 0; i < input->count; i++) /* files follow each other */
        if (!input->timed && (double)input->series[i].points > r.before)
            r.before = (double)input->series[i].points;
    char *line = NULL;
    size_t len = 0;
    enum fore_err err;
    while ((err = wl_file_line(r.file, &line, &len, diag)) == FORE_E_OK && line != NULL) {
        if (memchr(line, '\0', len) != NULL) {
            err = fore_err_set(diag, FORE_E_FORMAT, "%s:%llu: a zero byte: this is not text", path,
                               (unsigned long long)wl_file_line_number(r.file));
            break;
        }
        if ((err = take_line(&r, line)) != FORE_E_OK) break;
    }
    if (err == FORE_E_OK && r.row == 0)
        err = fore_err_set(diag, FORE_E_FORMAT, "%s: no points in it", path);
    wl_file_close(r.file);
    free(r.cell);
    return err;
}

void lab_forecast_input_fini(struct lab_forecast_input *input)
{
    for (size_t i = 0; i < input->count; i++)
        free(input->series[i].point);
    free(input->series);
    fore_arena_fini(&input->arena);
    *input = (struct lab_forecast_input){0};
}
