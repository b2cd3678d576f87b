/*
 * forecast_input.h - load series from files, as `foreshard forecast` takes them: on a regular grid,
 * missing points as NaN, everything odd about the data counted and said.
 *
 *   wide      time,a,b,...            a row a step (time may be left out), a column a series
 *   long      series_id,time,value    a row a point; columns found by name, in any order
 *   m4        "H1",605,586,...        a row a series, empty cells at the end; header "V1","V2",...
 *   counts    one number a line       one series
 *
 * Recognised by looking. Times are Unix seconds, step numbers, or ISO dates (UTC). Rows out of
 * order are sorted; of several values for one time the last counts; holes in the grid and the
 * cells "", NA, NaN, null, - are missing. Negative values are no load and missing too.
 */
#ifndef LAB_FORECAST_INPUT_H
#define LAB_FORECAST_INPUT_H

#include "core/base/arena.h"
#include "core/base/err.h"

struct lab_forecast_point {
    double t; /* Unix seconds, or the number of the row */
    float value;
};

struct lab_forecast_series {
    const char *name;
    float *y; /* [n], NaN: missing */
    size_t n;
    double start_s;                   /* Unix time of y[0]; 0: unknown */
    struct lab_forecast_point *point; /* until finish: as they came */
    size_t points, room;
};

struct lab_forecast_input {
    struct fore_arena arena;
    struct lab_forecast_series *series;
    size_t count, room;
    double step_s;
    bool timed; /* points have Unix times */
    uint64_t points, missing, negative, duplicates, unsorted, off_grid, resets; /* found */
};

struct lab_forecast_reading {
    double step_s;    /* 0: as in the data. Larger: points are aggregated to it */
    double unit_s;    /* seconds of one step where the data has no times; 0: 3600 */
    bool mean;        /* aggregate by mean, not by sum */
    bool counter;     /* values only grow until they are reset: take differences */
    const char *only; /* NULL or "a,b": these series */
};

/* Adds the series of one file; several files may follow each other in time (same names join). */
FORE_MUST_USE enum fore_err lab_forecast_read(const char *path,
                                              const struct lab_forecast_reading *how,
                                              struct lab_forecast_input *input,
                                              struct fore_diag *diag);
/* After the last file: grids, differences, aggregates. FORE_E_FORMAT: nothing usable. */
FORE_MUST_USE enum fore_err lab_forecast_finish(const struct lab_forecast_reading *how,
                                                struct lab_forecast_input *input,
                                                struct fore_diag *diag);
void lab_forecast_input_fini(struct lab_forecast_input *input);

#endif
