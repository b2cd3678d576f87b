/*
 * series_parse.c - the rows of a series file, in each of its four layouts.
 *
 * The first line decides the layout; after that a row function per layout takes the lines. The
 * first cell of a wide file is a time: two rows fix the step, and every later row must fall on it.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "workloads/series.h"
#include "workloads/series_text.h"

enum { CELLS_ON_A_LINE = 1 << 16, GAP_MAX = 10000 };
enum { COLUMN_NONE = -1 };

struct wl_series_parser {
    struct wl_series_set *set;
    struct wl_series_options options;
    const char *name;
    enum fore_err (*row)(struct wl_series_parser *parser, size_t cells, struct fore_diag *diag);
    char **cell;
    uint64_t line; /* being parsed */
    uint64_t base; /* step where this file begins, for layouts without times */
    uint64_t rows;
    uint64_t last_step;
    bool joined; /* not the first file */
    /* long */
    int partition, window, time, value[WL_SERIES_KINDS], bytes[3], size;
    /* transposed */
    size_t first_value;
};

struct wl_series_parser *wl_series_parse_begin(struct wl_series_set *set,
                                               const struct wl_series_options *options,
                                               const char *name, struct fore_arena *scratch)
{
    struct wl_series_parser *p = FORE_NEW(scratch, struct wl_series_parser, 1);
    p->set = set;
    p->options = *options;
    p->name = name;
    p->cell = FORE_NEW(scratch, char *, CELLS_ON_A_LINE);
    p->joined = set->count > 0;
    p->base = set->steps;
    return p;
}

static enum fore_err bad(const struct wl_series_parser *p, struct fore_diag *diag, const char *what)
{
    return fore_err_set(diag, FORE_E_FORMAT, "%s:%llu: %s", p->name, (unsigned long long)p->line,
                        what);
}

static enum fore_err put(const struct wl_series_parser *p, uint32_t series, int kind, uint64_t step,
                         double value, struct fore_diag *diag)
{
    if (wl_series_put(p->set, series, kind, step, value) == FORE_E_OK) return FORE_E_OK;
    return fore_err_set(diag, FORE_E_RANGE,
                        "%s:%llu: more than 2^25 values or 2^24 steps; split the file or sum it up",
                        p->name, (unsigned long long)p->line);
}

/* A count: not negative; an empty cell is 0. */
static enum fore_err count_in(const struct wl_series_parser *p, size_t column, double *out,
                              struct fore_diag *diag)
{
    *out = 0;
    if (p->cell[column][0] == '\0') return FORE_E_OK;
    if (wl_series_text_number(p->cell[column], out) && *out >= 0 && *out <= 1e15) return FORE_E_OK;
    return fore_err_set(diag, FORE_E_FORMAT, "%s:%llu: column %zu: \"%.40s\" is not a count",
                        p->name, (unsigned long long)p->line, column + 1, p->cell[column]);
}

/* ---- wide ---------------------------------------------------------------------------------- */

static enum fore_err step_of_time(struct wl_series_parser *p, double time_s, uint64_t *out,
                                  struct fore_diag *diag)
{
    struct wl_series_set *set = p->set;
    if (p->rows == 0 && !p->joined) {
        set->begin_s = time_s;
        *out = 0;
        return FORE_E_OK;
    }
    double after = time_s - set->begin_s;
    if (set->step == 0) {
        if (!(after * (double)FORE_SEC >= 1) || after > 1e9)
            return bad(p, diag, "time does not go forward from the row before");
        set->step = (fore_ns)(after * (double)FORE_SEC + 0.5);
    }
    double at = after * (double)FORE_SEC / (double)set->step;
    if (!(at >= 0 && at < 1e9) || fabs(at - floor(at + 0.5)) > 0.01)
        return bad(p, diag, "time is not a whole number of steps after the first row");
    *out = (uint64_t)(at + 0.5);
    if (p->rows > 0 && *out <= p->last_step)
        return bad(p, diag, "time goes backwards or repeats; rows must be in order");
    if (p->rows == 0 && *out < p->base)
        return fore_err_set(diag, FORE_E_FORMAT,
                            "%s begins before %s ends; list the files in the order of time",
                            p->name, set->first_file != NULL ? set->first_file : "the file before");
    return FORE_E_OK;
}

/* Steps nobody wrote down: as the last known one. */
static enum fore_err hold(const struct wl_series_parser *p, uint64_t until, struct fore_diag *diag)
{
    struct wl_series_set *set = p->set;
    uint64_t known = set->steps;
    if (known == 0 || until <= known) return FORE_E_OK;
    if (until - known > GAP_MAX)
        return bad(p, diag, "more than 10,000 steps are missing before this row");
    for (uint32_t i = 0; i < set->count; i++) {
        double last = wl_series_at(set, i, WL_SERIES_READS, (uint32_t)known - 1);
        for (uint64_t s = known; s < until; s++)
            FORE_TRY(put(p, i, WL_SERIES_READS, s, last, diag));
    }
    return FORE_E_OK;
}

static enum fore_err wide_row(struct wl_series_parser *p, size_t cells, struct fore_diag *diag)
{
    double time_s;
    uint64_t step = 0;
    if (cells != (size_t)p->set->count + 1)
        return fore_err_set(diag, FORE_E_FORMAT, "%s:%llu: %zu columns, the header has %u", p->name,
                            (unsigned long long)p->line, cells, p->set->count + 1);
    if (!wl_series_text_time(p->cell[0], &time_s))
        return bad(p, diag, "the first column is not a time (seconds or YYYY-MM-DD hh:mm:ss)");
    FORE_TRY(step_of_time(p, time_s, &step, diag));
    FORE_TRY(hold(p, step, diag));
    for (size_t c = 1; c < cells; c++) {
        double value;
        FORE_TRY(count_in(p, c, &value, diag));
        FORE_TRY(put(p, (uint32_t)c - 1, WL_SERIES_READS, step, value, diag));
    }
    p->last_step = step;
    p->rows++;
    return FORE_E_OK;
}

/* Header or not, the columns of a joined file must be those of the first. */
static enum fore_err wide_header(struct wl_series_parser *p, size_t cells, bool named,
                                 struct fore_diag *diag)
{
    struct wl_series_set *set = p->set;
    p->row = wide_row;
    if (cells < 2) return bad(p, diag, "a wide file needs a time column and a series at least");
    bool same = !p->joined || set->count == cells - 1;
    for (size_t c = 1; c < cells && same; c++) {
        if (!p->joined) {
            if (wl_series_new(set, named ? p->cell[c] : "") == UINT32_MAX)
                return bad(p, diag, "too many series");
        } else if (named) {
            same = strcmp(set->series[c - 1].name, p->cell[c]) == 0;
        }
    }
    if (same) return FORE_E_OK;
    return fore_err_set(diag, FORE_E_FORMAT,
                        "%s has other columns than %s; files joined in time need the same", p->name,
                        set->first_file != NULL ? set->first_file : "the file before");
}

/* ---- long ---------------------------------------------------------------------------------- */

static enum fore_err long_row(struct wl_series_parser *p, size_t cells, struct fore_diag *diag)
{
    struct wl_series_set *set = p->set;
    int last = p->partition > p->size ? p->partition : p->size;
    const int wanted[] = {p->window,   p->time,     p->value[0], p->value[1],
                          p->bytes[0], p->bytes[1], p->bytes[2]};
    for (size_t i = 0; i < FORE_COUNTOF(wanted); i++)
        if (wanted[i] > last) last = wanted[i];
    if (cells <= (size_t)last) return bad(p, diag, "fewer columns than the header needs");
    double at = 0, value;
    if (p->window != COLUMN_NONE) {
        FORE_TRY(count_in(p, (size_t)p->window, &at, diag));
    } else {
        if (!wl_series_text_time(p->cell[p->time], &at)) return bad(p, diag, "not a time");
        if (p->rows == 0 && !p->joined) set->begin_s = at;
        at = (at - set->begin_s) * (double)FORE_SEC / (double)set->step;
        if (at < 0) return bad(p, diag, "a time before the first row's; sort the file by time");
    }
    if (at >= 0x1p32) at = 0x1p32;
    uint64_t step = (uint64_t)at + (p->window != COLUMN_NONE ? p->base : 0);
    uint32_t series = wl_series_named(set, p->cell[p->partition]);
    if (series == UINT32_MAX) return bad(p, diag, "too many series");
    for (int kind = 0; kind < WL_SERIES_KINDS; kind++) {
        if (p->value[kind] == COLUMN_NONE) continue;
        FORE_TRY(count_in(p, (size_t)p->value[kind], &value, diag));
        FORE_TRY(put(p, series, kind, step, value, diag));
    }
    for (size_t i = 0; i < FORE_COUNTOF(p->bytes); i++) {
        if (p->bytes[i] == COLUMN_NONE) continue;
        FORE_TRY(count_in(p, (size_t)p->bytes[i], &value, diag));
        set->bytes += value;
    }
    if (p->size != COLUMN_NONE) {
        FORE_TRY(count_in(p, (size_t)p->size, &value, diag));
        set->series[series].size_sum += value;
        set->series[series].size_rows++;
    }
    p->rows++;
    return FORE_E_OK;
}

/* The column with one of the names in `names` (NULL-ended). */
static int column_of(const struct wl_series_parser *p, size_t cells, const char *const *names)
{
    for (; *names != NULL; names++)
        for (size_t c = 0; c < cells; c++)
            if (strcmp(p->cell[c], *names) == 0) return (int)c;
    return COLUMN_NONE;
}

static int column_named(const struct wl_series_parser *p, size_t cells, const char *name)
{
    const char *const names[] = {name, NULL};
    return column_of(p, cells, names);
}

/* Which columns hold requests: by option ("a" or "a+b"), else reads and writes, else a total. */
static void choose_values(struct wl_series_parser *p, size_t cells)
{
    static const char *const totals[] = {"requests", "count", "value", "load", "ops", NULL};
    const char *value = p->options.value;
    int *column = p->value;
    if (value != NULL && *value != '\0' && strcmp(value, "auto") != 0) {
        char first[64] = "";
        const char *plus = strchr(value, '+');
        size_t length = plus != NULL ? (size_t)(plus - value) : strlen(value);
        if (length < sizeof first) (void)snprintf(first, sizeof first, "%.*s", (int)length, value);
        column[0] = column_named(p, cells, first);
        column[1] = plus != NULL ? column_named(p, cells, plus + 1) : COLUMN_NONE;
        if (plus != NULL && column[1] == COLUMN_NONE) column[0] = COLUMN_NONE;
        return;
    }
    column[0] = column_named(p, cells, "reads");
    column[1] = column_named(p, cells, "writes");
    if (column[0] != COLUMN_NONE && column[1] != COLUMN_NONE) return;
    column[0] = column_of(p, cells, totals);
    column[1] = COLUMN_NONE;
}

static enum fore_err long_header(struct wl_series_parser *p, size_t cells, struct fore_diag *diag)
{
    static const char *const partitions[] = {"partition", "vol", "series", "name", "id", NULL};
    static const char *const windows[] = {"win", "window", NULL};
    static const char *const times[] = {"time", "t", "timestamp", NULL};
    static const char *const sizes[] = {"working_set_bytes", "working_set", "size", NULL};
    p->row = long_row;
    p->partition = column_of(p, cells, partitions);
    p->window = column_of(p, cells, windows);
    p->time = column_of(p, cells, times);
    p->size = column_of(p, cells, sizes);
    p->bytes[0] = column_named(p, cells, "read_bytes");
    p->bytes[1] = column_named(p, cells, "write_bytes");
    p->bytes[2] = column_named(p, cells, "bytes");
    choose_values(p, cells);
    if (p->partition == COLUMN_NONE) return bad(p, diag, "no column partition, vol or series");
    if (p->window == COLUMN_NONE && p->time == COLUMN_NONE)
        return bad(p, diag, "no column win or time");
    if (p->value[0] == COLUMN_NONE)
        return bad(p, diag,
                   "no columns with the load: set workload.series_value, e.g. "
                   "\"reads+writes\" or \"requests\"");
    p->set->split |= p->value[1] != COLUMN_NONE;
    if (p->set->step == 0) p->set->step = p->options.step;
    return FORE_E_OK;
}

/* ---- transposed and counts ----------------------------------------------------------------- */

static enum fore_err transposed_row(struct wl_series_parser *p, size_t cells,
                                    struct fore_diag *diag)
{
    if (cells <= p->first_value) return bad(p, diag, "a row without values");
    uint32_t series = wl_series_named(p->set, p->cell[0]);
    if (series == UINT32_MAX) return bad(p, diag, "too many series");
    while (cells > p->first_value && p->cell[cells - 1][0] == '\0') /* an early end */
        cells--;
    for (size_t c = p->first_value; c < cells; c++) {
        double value;
        FORE_TRY(count_in(p, c, &value, diag));
        FORE_TRY(put(p, series, WL_SERIES_READS, p->base + (c - p->first_value), value, diag));
    }
    p->rows++;
    return FORE_E_OK;
}

static void transposed_header(struct wl_series_parser *p, size_t cells)
{
    int minute = column_named(p, cells, "minute_1");
    p->row = transposed_row;
    p->first_value = minute > 0 ? (size_t)minute : 1;
    if (p->set->step == 0) p->set->step = minute > 0 ? 60 * FORE_SEC : p->options.step;
}

static enum fore_err counts_row(struct wl_series_parser *p, size_t cells, struct fore_diag *diag)
{
    double value;
    if (cells != 1) return bad(p, diag, "one count a line was expected");
    FORE_TRY(count_in(p, 0, &value, diag));
    FORE_TRY(put(p, 0, WL_SERIES_READS, p->base + p->rows, value, diag));
    p->rows++;
    return FORE_E_OK;
}

static enum fore_err counts_begin(struct wl_series_parser *p, struct fore_diag *diag)
{
    p->row = counts_row;
    if (p->joined && p->set->count != 1)
        return bad(p, diag, "one count a line, but the file before has several series");
    if (!p->joined && wl_series_new(p->set, "requests") == UINT32_MAX)
        return bad(p, diag, "too many series");
    if (p->set->step == 0) p->set->step = p->options.step;
    return FORE_E_OK;
}

/* ---- the first line ------------------------------------------------------------------------ */

static const char *layout_of(const struct wl_series_parser *p, size_t cells)
{
    static const char *const windows[] = {"win", "window", NULL};
    static const char *const partitions[] = {"vol", "partition", "series", NULL};
    double number;
    if (cells == 1 && wl_series_text_number(p->cell[0], &number)) return "counts";
    if (column_named(p, cells, "minute_1") != COLUMN_NONE) return "transposed";
    if (cells > 1 && strcmp(p->cell[0], "V1") == 0 && strcmp(p->cell[1], "V2") == 0)
        return "transposed";
    bool windowed = column_of(p, cells, windows) != COLUMN_NONE;
    return windowed || column_of(p, cells, partitions) != COLUMN_NONE ? "long" : "wide";
}

static enum fore_err first_line(struct wl_series_parser *p, size_t cells, struct fore_diag *diag)
{
    const char *layout = p->options.layout;
    double number;
    if (layout == NULL || *layout == '\0' || strcmp(layout, "auto") == 0)
        layout = layout_of(p, cells);
    if (strcmp(layout, "long") == 0) return long_header(p, cells, diag);
    if (strcmp(layout, "transposed") == 0) {
        transposed_header(p, cells);
        return FORE_E_OK;
    }
    if (strcmp(layout, "counts") == 0) {
        FORE_TRY(counts_begin(p, diag));
        return wl_series_text_number(p->cell[0], &number) ? counts_row(p, cells, diag) : FORE_E_OK;
    }
    if (strcmp(layout, "wide") != 0)
        return fore_err_set(diag, FORE_E_FORMAT,
                            "workload.series_layout: \"%s\" is none of auto, wide, long, "
                            "transposed, counts",
                            layout);
    bool named = !wl_series_text_time(p->cell[0], &number);
    FORE_TRY(wide_header(p, cells, named, diag));
    return named ? FORE_E_OK : wide_row(p, cells, diag);
}

enum fore_err wl_series_parse_line(struct wl_series_parser *p, char *line, uint64_t number,
                                   struct fore_diag *diag)
{
    p->line = number;
    if (line[strspn(line, " \r")] == '\0') return FORE_E_OK;
    size_t cells = wl_series_text_split(line, p->cell, CELLS_ON_A_LINE);
    if (cells > CELLS_ON_A_LINE) return bad(p, diag, "more than 65,536 columns");
    return p->row == NULL ? first_line(p, cells, diag) : p->row(p, cells, diag);
}

enum fore_err wl_series_parse_end(struct wl_series_parser *p, struct fore_diag *diag)
{
    if (p->rows == 0 || p->set->steps == 0)
        return fore_err_set(diag, FORE_E_FORMAT, "%s: holds no rows of load", p->name);
    if (p->set->step == 0)
        return fore_err_set(diag, FORE_E_FORMAT,
                            "%s: one row does not tell how long a step is; add rows", p->name);
    return FORE_E_OK;
}
