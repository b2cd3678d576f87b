/*
 * lstm.h - a global LSTM (Hochreiter & Schmidhuber 1997) with a quantile head, on CBLAS.
 *
 * It reads patches, not points: a day at a time where a day has few steps, so 14 recurrences see
 * two weeks. What it reads is how far each point was from the same time a day before, and what it
 * says is how far the target will be from a base, the mean of the same time yesterday and last week
 * (or the last value, where there is no season); a linear skip adds the other lags. So an untrained
 * net is a seasonal naive forecast, and everything is in units of the series' own seasonal change.
 * All weights are one row of floats; struct fore_lstm_dims says where what lies. Private.
 */
#ifndef FORE_LSTM_H
#define FORE_LSTM_H

#include "core/forecast/global.h"
#include "core/forecast/logged.h"

enum { FORE_LSTM_SKIPS = 8, FORE_LSTM_GATES = 4 };

struct fore_lstm_dims {
    uint32_t patch;   /* values a patch */
    uint32_t patches; /* recurrences */
    uint32_t hidden;
    uint32_t horizon;
};
struct fore_lstm_layout { /* offsets into the weights */
    size_t input, recurrent, bias, head, head_bias, skip, count;
};
struct fore_lstm_layout fore_lstm_layout_of(const struct fore_lstm_dims *dims);

/* Windows for one pass, and everything the pass remembers. Made once for `room` windows. */
struct fore_lstm_batch {
    size_t room, rows;
    float *x;      /* [patches][rows][patch] */
    float *skip;   /* [rows][horizon][SKIPS] */
    float *base;   /* [rows][horizon], logarithms */
    float *target; /* [rows][horizon], less the base, in units; NaN: unknown */
    float *out;    /* [rows][horizon][LEVELS] */
    /* the pass's own: */
    float *gate, *cell, *squashed, *state; /* [patches (+ 1)][rows][hidden * ...] */
    float *out_slope, *state_slope, *cell_slope, *gate_slope;
};
void fore_lstm_batch_make(struct fore_lstm_batch *batch, const struct fore_lstm_dims *dims,
                          size_t room, bool training, struct fore_arena *arena);
void fore_lstm_forward(const struct fore_lstm_dims *dims, const float *weight,
                       struct fore_lstm_batch *batch);
/* Mean pinball loss of batch->out over the known targets; slope: its gradient, or NULL. */
double fore_lstm_backward(const struct fore_lstm_dims *dims, const float *weight,
                          struct fore_lstm_batch *batch, float *slope);

/* One window: what is known at point n of the series. */
void fore_lstm_window(const struct fore_lstm_dims *dims, const struct fore_logged *series, size_t n,
                      struct fore_lstm_batch *batch, size_t row);
size_t fore_lstm_reach(const struct fore_lstm_dims *dims, const struct fore_net_shape *shape);

#endif
