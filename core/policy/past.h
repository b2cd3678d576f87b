/*
 * past.h - what peers that do not trust a moment look at: a partition's last steps, and averages
 * over them. Read from history, so it follows splits, merges and moves without a memory of its own.
 */
#ifndef FORE_PAST_H
#define FORE_PAST_H

#include "core/observe/observe.h"

enum { FORE_PAST_STEPS = 64 };

/* The newest `n` <= FORE_PAST_STEPS steps of a metric, oldest first, into out[]; returns how many
 * are known (the last of out[]). Steps shorter than a window are a window. */
size_t fore_past_steps(const struct fore_observe *observe, enum fore_history_metric metric,
                       uint32_t partition, fore_ns step, size_t n, double *out);
/* Mean of those, weighted by decay^age (in steps); `now` when none is known. */
double fore_past_mean(const struct fore_observe *observe, enum fore_history_metric metric,
                      uint32_t partition, fore_ns step, size_t n, double decay, double now);

#endif
