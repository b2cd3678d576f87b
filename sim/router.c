/* router.c - fills the tables of router.h. */
#include "sim/router.h"

void sim_router_init(struct sim_router *router, const struct fore_topology *topology,
                     struct fore_arena *perm)
{
    *router = (struct sim_router){
        .topology = topology,
        .route = FORE_NEW(perm, struct sim_route, topology->partition_cap),
        .cell = FORE_NEW(perm, uint16_t, SIM_ROUTER_CELLS),
    };
    sim_router_update(router);
}

static bool counts(const struct fore_partition *partition)
{
    return partition->alive && partition->column_group == 0;
}

/* The last partition is open to the end of the positions; its first tells how far keys go. */
static uint32_t choose_shift(const struct fore_topology *topology)
{
    uint64_t highest = 1;
    for (uint32_t p = 0; p < topology->partition_count; p++) {
        const struct fore_partition *partition = &topology->partition[p];
        if (counts(partition) && partition->first > highest) highest = partition->first;
    }
    uint32_t bits = 64 - (uint32_t)__builtin_clzll(highest);
    return bits > SIM_ROUTER_BITS ? bits - SIM_ROUTER_BITS : 0;
}

static void fill_cells(struct sim_router *router)
{
    const uint16_t untouched = SIM_ROUTER_ASK - 1;
    for (uint32_t c = 0; c < SIM_ROUTER_CELLS; c++)
        router->cell[c] = untouched;
    for (uint32_t p = 0; p < router->topology->partition_count; p++) {
        const struct fore_partition *partition = &router->topology->partition[p];
        if (!counts(partition)) continue;
        uint64_t first = partition->first >> router->shift;
        uint64_t last = partition->last >> router->shift;
        uint16_t name = p < untouched ? (uint16_t)p : SIM_ROUTER_ASK;
        for (uint64_t c = first; c <= last && c < SIM_ROUTER_CELLS; c++)
            router->cell[c] = router->cell[c] == untouched ? name : SIM_ROUTER_ASK;
    }
    for (uint32_t c = 0; c < SIM_ROUTER_CELLS; c++)
        if (router->cell[c] == untouched) router->cell[c] = SIM_ROUTER_ASK;
}

void sim_router_update(struct sim_router *router)
{
    const struct fore_topology *topology = router->topology;
    if (router->ready && router->epoch == topology->epoch) return;
    router->shift = choose_shift(topology);
    fill_cells(router);
    for (uint32_t p = 0; p < topology->partition_count; p++) {
        const struct fore_partition *partition = &topology->partition[p];
        struct sim_route *route = &router->route[p];
        route->count = route->paused = 0;
        for (uint16_t r = 0; partition->alive && r < partition->replica_count; r++)
            if (topology->node[partition->replica[r]].up)
                route->node[route->count++] = partition->replica[r];
    }
    router->epoch = topology->epoch;
    router->ready = true;
}
