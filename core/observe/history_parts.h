/* history_parts.h - the rings themselves, shared by history.c and history_state.c. */
#ifndef FORE_HISTORY_PARTS_H
#define FORE_HISTORY_PARTS_H

#include "core/observe/history.h"

enum { FORE_HISTORY_LANES = 16 };

struct fore_history_level {
    fore_ns step;
    uint32_t length;                  /* points promised to readers */
    uint32_t cap;                     /* rows kept: also enough for one point of the level above */
    uint32_t ratio;                   /* of the level above's step to this one's; 0 at the top */
    uint64_t newest, first;           /* slots; the level is empty while newest < first */
    uint8_t *present;                 /* [cap]: does slot % cap hold rows? */
    size_t offset[FORE_HIST_METRICS]; /* of the metric's rows in a block, in floats */
};

struct fore_history_block {
    uint64_t first[FORE_HISTORY_LEVELS]; /* rows of earlier slots were never written: NaN */
    float *row;
};

struct fore_history {
    struct fore_history_shape shape;
    struct fore_history_level level[FORE_HISTORY_LEVELS];
    struct fore_history_block *block; /* row NULL: nothing asked for yet */
    uint32_t block_count, partition_cap;
    size_t block_floats;
    size_t held_bytes;
    bool started;
};

/* Makes a block's rows; the first one written will be the one in progress at each level. */
void fore_history_block_begin(struct fore_history *history, struct fore_history_block *block);

#endif
