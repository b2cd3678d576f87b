/* moves_seen.c - see moves_seen.h. */
#include "both/moves_seen.h"

#include <string.h>

static struct both_move *find(struct both_moves *moves, uint64_t ticket)
{
    for (uint32_t i = moves->count; i-- > 0;)
        if (moves->move[i].ticket == ticket) return &moves->move[i];
    return NULL;
}

static struct both_move *add(struct both_moves *moves, const struct fore_event_move *event)
{
    if (moves->count == BOTH_MOVES_MAX) {
        moves->dropped++;
        return NULL;
    }
    struct both_move *move = &moves->move[moves->count++];
    *move = (struct both_move){.ticket = event->ticket,
                               .partition = event->partition,
                               .source = event->source,
                               .target = event->target,
                               .kind = event->kind};
    return move;
}

static void take_move(struct both_moves *moves, fore_ns at, const struct fore_event_move *event)
{
    if (event->ticket == 0) return; /* it waits for a slot */
    struct both_move *move = find(moves, event->ticket);
    if (move == NULL) move = add(moves, event);
    bool over = event->state == FORE_MIGRATE_SWEEP || event->state == FORE_MIGRATE_WATCH ||
                event->state == FORE_MIGRATE_DONE;
    if (move == NULL || move->arrived || !over) return;
    move->arrived = true;
    move->took_s = at > event->began_ns ? (double)(at - event->began_ns) / 1e9 : 0;
}

static void put(void *self, fore_ns at, enum fore_event_kind kind, const void *body, size_t len)
{
    struct both_moves *moves = self;
    struct fore_event_move event;
    if (kind == FORE_EV_PLAN) moves->plans++;
    if (kind != FORE_EV_MOVE || len < sizeof event) return;
    memcpy(&event, body, sizeof event);
    take_move(moves, at, &event);
}

struct fore_sink both_moves_sink(struct both_moves *moves)
{
    return (struct fore_sink){.put = put, .self = moves};
}

double both_moves_mean_s(const struct both_moves *moves)
{
    double sum = 0;
    uint32_t count = 0;
    for (uint32_t i = 0; i < moves->count; i++) {
        const struct both_move *move = &moves->move[i];
        if (move->kind != FORE_MOVE_MOVE || !move->arrived) continue;
        sum += move->took_s;
        count++;
    }
    return count > 0 ? sum / count : 0;
}

uint32_t both_moves_arrived(const struct both_moves *moves, enum fore_move_kind kind)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < moves->count; i++)
        count += moves->move[i].kind == kind && moves->move[i].arrived;
    return count;
}

static int renamed(const int *rank, uint16_t node)
{
    return rank != NULL && node != FORE_NODE_NONE ? rank[node] : (int)node;
}

static bool same(const struct both_move *a, const struct both_move *b, const int *rank)
{
    return a->kind == b->kind && a->partition == b->partition &&
           (a->kind != FORE_MOVE_MOVE || (int)a->target == renamed(rank, b->target));
}

double both_moves_alike(const struct both_moves *a, const struct both_moves *b, const int *rank)
{
    bool used[BOTH_MOVES_MAX] = {false};
    uint32_t common = 0;
    for (uint32_t i = 0; i < a->count; i++)
        for (uint32_t k = 0; k < b->count; k++) {
            if (used[k] || !same(&a->move[i], &b->move[k], rank)) continue;
            used[k] = true;
            common++;
            break;
        }
    uint32_t all = a->count + b->count - common;
    return all > 0 ? (double)common / all : 1;
}
