/*
 * stage.h - one test's mover with a journal of its own, on a cluster that is as it was at the
 * beginning. What goes wrong fails the test.
 */
#ifndef TEST_LIVE_STAGE_H
#define TEST_LIVE_STAGE_H

#include "live/redis/mover.h"
#include "tests/live/ground.h"

struct stage {
    struct ground *ground;
    struct live_journal *journal;
    struct live_mover mover;
};

struct stage *stage_begin(struct ground *ground, const struct live_mover_options *options);
void stage_end(struct stage *stage);
/* Begins to move slots first..last from their owner to the shard behind it. */
uint32_t stage_move(struct stage *stage, uint16_t first, uint16_t last);
/* Steps until the move is in that phase. */
struct live_move *stage_until(struct stage *stage, uint32_t index, enum live_move_phase phase);

#endif
