/* room.c - see room.h. */
#include "core/decide/room.h"

#include "core/decide/candidate.h"

#include <math.h>

double fore_room_bytes(const struct fore_planner_input *input, uint32_t partition)
{
    double now = (double)input->topology->partition[partition].bytes;
    if (input->size == NULL || !input->size[partition].known) return now;
    return fmax(now, input->size[partition].mean_bytes);
}

static void add_pending(struct fore_room *room, const struct fore_planner_input *input)
{
    for (size_t i = 0; i < input->pending_count; i++) {
        const struct fore_load_pending *move = &input->pending[i];
        if (move->by_itself || !input->topology->partition[move->partition].alive) continue;
        double bytes = move->share * fore_room_bytes(input, move->partition);
        if (move->to != FORE_NODE_NONE) {
            room->left[move->to] -= bytes;
            room->over[move->to] += bytes;
        }
        if (move->from != FORE_NODE_NONE) room->over[move->from] -= bytes;
    }
}

void fore_room_begin(struct fore_room *room, const struct fore_planner_input *input,
                     struct fore_arena *arena)
{
    const struct fore_topology *topology = input->topology;
    bool limited = false;
    for (uint32_t n = 0; n < topology->node_count; n++)
        limited = limited || topology->node[n].data_bytes_max > 0;
    *room = (struct fore_room){0};
    if (!limited) return;
    room->left = FORE_NEW(arena, double, topology->node_count);
    room->over = FORE_NEW(arena, double, topology->node_count);
    for (uint32_t n = 0; n < topology->node_count; n++) {
        uint64_t most = topology->node[n].data_bytes_max;
        room->left[n] = most > 0 ? input->options->node_fill_max * (double)most : HUGE_VAL;
        room->over[n] = -room->left[n];
    }
    for (uint32_t p = 0; p < topology->partition_count; p++) {
        const struct fore_partition *part = &topology->partition[p];
        for (uint32_t r = 0; part->alive && r < part->replica_count; r++) {
            room->left[part->replica[r]] -= fore_room_bytes(input, p);
            room->over[part->replica[r]] += fore_room_bytes(input, p);
        }
    }
    add_pending(room, input);
}

static void come(struct fore_room *room, uint16_t node, double bytes)
{
    room->left[node] -= bytes;
    room->over[node] += bytes;
}

void fore_room_take(struct fore_search *search, const struct fore_candidate *candidate)
{
    struct fore_room *room = &search->room;
    const struct fore_move *move = &candidate->move.move;
    if (room->left == NULL) return;
    double bytes = fore_room_bytes(search->input, move->partition);
    switch (move->kind) {
    case FORE_MOVE_MOVE:
        come(room, move->target, bytes);
        room->over[move->source] -= bytes;
        if (!candidate->swap) break;
        room->left[move->source] += bytes; /* it goes first */
        come(room, move->source, fore_room_bytes(search->input, candidate->partner));
        room->over[move->target] -= fore_room_bytes(search->input, candidate->partner);
        break;
    case FORE_MOVE_ADD_REPLICA: come(room, move->target, bytes); break;
    case FORE_MOVE_SPLIT: {
        double right = move->split_right_share;
        bool left = candidate->move.then_copies > 0 ? right < 0.5 : candidate->then_left;
        bytes *= left ? 1 - right : right;
        if (candidate->then_target == candidate->then_source) break;
        come(room, candidate->then_target, bytes);
        room->over[candidate->then_source] -= bytes;
        break;
    }
    case FORE_MOVE_VERTICAL_SPLIT:
        if (move->target != move->source) come(room, move->target, candidate->move.bytes);
        break;
    case FORE_MOVE_MERGE:
    case FORE_MOVE_DROP_REPLICA:
    case FORE_MOVE_ADD_NODE:
    case FORE_MOVE_REMOVE_NODE:
    case FORE_MOVE_VERTICAL_MERGE:
    case FORE_MOVE_KINDS: break;
    }
}
