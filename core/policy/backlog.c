/* backlog.c - one move after another. */
#include "core/policy/backlog.h"

struct fore_backlog *fore_backlog_create(const struct fore_topology *topology,
                                         struct fore_arena *perm)
{
    struct fore_backlog *backlog = FORE_NEW(perm, struct fore_backlog, 1);
    backlog->cap = topology->partition_cap;
    backlog->move = FORE_NEW(perm, struct fore_backlog_move, backlog->cap);
    return backlog;
}

void fore_backlog_add(struct fore_backlog *backlog, const struct fore_topology *topology,
                      uint32_t partition, uint16_t source, uint16_t target)
{
    if (backlog->count == backlog->cap) return;
    backlog->move[backlog->count++] =
        (struct fore_backlog_move){.partition = partition,
                                   .generation = topology->partition[partition].generation,
                                   .source = source,
                                   .target = target};
}

static bool possible(const struct fore_board *board, const struct fore_backlog_move *move)
{
    const struct fore_topology *topology = board->topology;
    return move->partition < topology->partition_count &&
           topology->partition[move->partition].generation == move->generation &&
           fore_board_may_move(board, move->partition, move->source, move->target);
}

bool fore_backlog_drain(struct fore_backlog *backlog, struct fore_board *board)
{
    uint32_t kept = 0;
    bool any = backlog->count > 0 || board->in->pending_count > 0;
    for (uint32_t i = 0; i < backlog->count; i++) {
        const struct fore_backlog_move *move = &backlog->move[i];
        if (!possible(board, move) ||
            fore_board_move(board, move->partition, move->source, move->target))
            continue;
        backlog->move[kept++] = *move;
    }
    backlog->count = kept;
    if (board->plan->move_count > 0) fore_board_say(board, "a placement is carried out");
    return any;
}
