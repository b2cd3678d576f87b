/* normal_loss.h - tail and expected excess of a standard normal, fast; for sums of loads. */
#ifndef FORE_NORMAL_LOSS_H
#define FORE_NORMAL_LOSS_H

#include "core/base/base.h"

struct fore_normal_loss {
    float tail; /* P(Z > z) */
    float loss; /* E[(Z - z)+] */
};
struct fore_normal_loss fore_normal_loss_at(double z);

#endif
