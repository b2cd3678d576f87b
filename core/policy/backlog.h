/*
 * backlog.h - the rest of a plan that slots did not allow yet. Systems that plan a whole placement
 * and then carry it out (redis-cli, Citus, E-Store, Clay, HBase) look again only when it is done;
 * here one move a node runs at a time, so the plan waits in the policy's memory.
 */
#ifndef FORE_BACKLOG_H
#define FORE_BACKLOG_H

#include "core/policy/board.h"

struct fore_backlog {
    struct fore_backlog_move {
        uint32_t partition, generation;
        uint16_t source, target;
    } * move;
    uint32_t count, cap;
    fore_ns looked; /* when the policy planned last */
};

struct fore_backlog *fore_backlog_create(const struct fore_topology *topology,
                                         struct fore_arena *perm);
void fore_backlog_add(struct fore_backlog *backlog, const struct fore_topology *topology,
                      uint32_t partition, uint16_t source, uint16_t target);
/* Puts into the plan what may run now; forgets what the world has made impossible. True while
 * moves of it wait or run: no time to plan. */
bool fore_backlog_drain(struct fore_backlog *backlog, struct fore_board *board);

#endif
