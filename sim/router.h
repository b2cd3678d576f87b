/*
 * router.h - from a position to the replicas that serve it, without a search.
 *
 * A table of cells over the positions names the partition of every cell that lies in one only;
 * the others, and partitions past the 65,534th, ask the topology. Rebuilt when the epoch changes,
 * which is rare; read per request.
 */
#ifndef SIM_ROUTER_H
#define SIM_ROUTER_H

#include "core/cluster/topology.h"

enum { SIM_ROUTER_BITS = 16, SIM_ROUTER_CELLS = 1 << SIM_ROUTER_BITS };
#define SIM_ROUTER_ASK UINT16_MAX

struct sim_route { /* the replicas on nodes that are up, the owner first */
    uint16_t node[FORE_REPLICAS_MAX];
    uint16_t count;   /* 0: nobody can answer */
    uint16_t paused;  /* requests wait, and the count is 0: what it will be. 0: not paused */
    uint16_t pad_[6]; /* 32 bytes: an index is a shift */
};

/* Reads are spread by the request's number, mixed, so that they follow no pattern in the keys. */
static inline uint16_t sim_route_reader(const struct sim_route *route, uint64_t number)
{
    uint32_t mixed = (uint32_t)(number * UINT64_C(0x9e3779b97f4a7c15) >> 48);
    return route->node[mixed * route->count >> 16];
}

struct sim_router {
    const struct fore_topology *topology; /* borrowed */
    struct sim_route *route;              /* [partition_cap] */
    uint16_t *cell;                       /* [SIM_ROUTER_CELLS]: partition, or ASK */
    uint32_t shift;
    uint64_t epoch;
    bool ready;
};

void sim_router_init(struct sim_router *router, const struct fore_topology *topology,
                     struct fore_arena *perm);
void sim_router_update(struct sim_router *router); /* cheap when the epoch has not changed */

static inline uint32_t sim_router_find(const struct sim_router *router, uint64_t position)
{
    uint64_t index = position >> router->shift;
    if (index < SIM_ROUTER_CELLS) {
        uint32_t partition = router->cell[index];
        if (partition != SIM_ROUTER_ASK) return partition;
    }
    return fore_topology_find(router->topology, position);
}

#endif
