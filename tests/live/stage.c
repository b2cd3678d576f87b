/* stage.c - see stage.h. */
#include "tests/live/stage.h"

#include "live/base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

struct stage *stage_begin(struct ground *ground, const struct live_mover_options *options)
{
    static int number;
    char name[32];
    struct stage *stage = calloc(1, sizeof *stage);
    struct fore_diag diag = {0};
    ground_reset(ground);
    stage->ground = ground;
    (void)snprintf(name, sizeof name, "journal-%d.db", number++);
    if (live_journal_open(ground_path(ground, name), "test", 0, &stage->journal, &diag) !=
        FORE_E_OK)
        fail_msg("%s", diag.text);
    live_mover_init(&stage->mover, &ground->cluster, stage->journal, options);
    return stage;
}

void stage_end(struct stage *stage)
{
    live_journal_close(stage->journal);
    free(stage);
}

uint32_t stage_move(struct stage *stage, uint16_t first, uint16_t last)
{
    struct live_journal_move move = {.first = first, .last = last};
    uint32_t index = UINT32_MAX;
    struct fore_diag diag = {0};
    struct live_cluster *cluster = &stage->ground->cluster;
    move.from = (uint16_t)live_cluster_shard_of(cluster, first);
    move.to = (uint16_t)((move.from + 1u) % 3);
    if (live_mover_begin(&stage->mover, &move, 0, &index, &diag) != FORE_E_OK)
        fail_msg("begin: %s", diag.text);
    return index;
}

struct live_move *stage_until(struct stage *stage, uint32_t index, enum live_move_phase phase)
{
    struct live_move *move = &stage->mover.move[index];
    uint64_t give_up = live_clock_ms() + 30000;
    while (move->phase != phase) {
        if (live_clock_ms() > give_up)
            fail_msg("still %s at slot %u: %s; %s", live_move_phase_text(move->phase), move->next,
                     move->why, stage->mover.frozen);
        if (!live_mover_step(&stage->mover)) live_clock_sleep_ms(5);
    }
    return move;
}
