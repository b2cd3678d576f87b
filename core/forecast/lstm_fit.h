/* lstm_fit.h - the net and its trainer. Private to core/forecast. */
#ifndef FORE_LSTM_FIT_H
#define FORE_LSTM_FIT_H

#include "core/forecast/lstm.h"

struct fore_net {
    struct fore_net_shape shape;
    struct fore_lstm_dims dims;
    float *weight; /* [layout.count], malloc'd */
};

void fore_lstm_destroy(struct fore_net *net);
/* Sensible sizes for a shape, and for series of about `points` points. */
struct fore_lstm_dims fore_lstm_dims_for(const struct fore_net_shape *shape, size_t points);
struct fore_trainer *fore_lstm_begin(const struct fore_net_shape *shape,
                                     const struct fore_net *warm, const struct fore_panel *panel,
                                     uint64_t seed);
bool fore_lstm_step(struct fore_trainer *trainer, uint64_t work);
struct fore_net *fore_lstm_finish(struct fore_trainer *trainer);
void fore_lstm_drop(struct fore_trainer *trainer);

#endif
