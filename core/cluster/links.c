/* links.c - see links.h. A list, because copies are few and zones may be many. */
#include "core/cluster/links.h"

static const uint32_t same_zone = UINT32_MAX;

static uint32_t pair_of(const struct fore_topology *topology, uint16_t from, uint16_t to)
{
    uint32_t a = topology->node[from].zone, b = topology->node[to].zone;
    if (a == b) return same_zone;
    return a < b ? a << 16 | b : b << 16 | a;
}

void fore_links_init(struct fore_links *links, uint64_t cap, uint32_t room,
                     struct fore_arena *arena)
{
    *links =
        (struct fore_links){.cap = cap > UINT32_MAX ? UINT32_MAX : (uint32_t)cap, .room = room};
    links->pair = FORE_NEW(arena, uint32_t, room > 0 ? room : 1);
}

bool fore_links_open(const struct fore_links *links, const struct fore_topology *topology,
                     uint16_t from, uint16_t to)
{
    if (links->cap == 0 || from == to) return true;
    uint32_t pair = pair_of(topology, from, to), used = 0;
    for (uint32_t i = 0; i < links->count; i++)
        used += links->pair[i] == pair;
    return pair == same_zone || used < links->cap;
}

void fore_links_take(struct fore_links *links, const struct fore_topology *topology, uint16_t from,
                     uint16_t to)
{
    if (links->cap == 0 || from == to || links->count == links->room) return;
    uint32_t pair = pair_of(topology, from, to);
    if (pair != same_zone) links->pair[links->count++] = pair;
}
