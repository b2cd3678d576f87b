/*
 * moves_seen.h - what an engine moved, from its events: the same for a simulated and a real
 * cluster.
 */
#ifndef BOTH_MOVES_SEEN_H
#define BOTH_MOVES_SEEN_H

#include "core/act/migrate.h"
#include "core/cluster/event.h"

enum { BOTH_MOVES_MAX = 4096 };

struct both_move {
    uint64_t ticket;
    uint32_t partition;
    uint16_t source, target;
    uint8_t kind;  /* enum fore_move_kind */
    bool arrived;  /* the cut-over was made */
    double took_s; /* from its beginning to the cut-over; 0: it did not come to that */
};
struct both_moves {
    struct both_move move[BOTH_MOVES_MAX]; /* in the order they began */
    uint32_t count;
    uint64_t plans, dropped; /* dropped: more than fit */
};

/* A sink: takes PLAN and MOVE events; others pass by. */
struct fore_sink both_moves_sink(struct both_moves *moves);
double both_moves_mean_s(const struct both_moves *moves); /* of MOVEs that arrived; 0: none */
uint32_t both_moves_arrived(const struct both_moves *moves, enum fore_move_kind kind);
/* Share of decisions that are the same: kind, partition and target, as multisets (Jaccard); 1 when
 * neither decided anything. `rank` renames the nodes of `b`; NULL: they are called the same. */
double both_moves_alike(const struct both_moves *a, const struct both_moves *b, const int *rank);

#endif
