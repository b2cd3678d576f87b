/*
 * links.h - copies at once over the link between two zones. Zones (data centres, availability
 * zones) share a way that no node's own bandwidth tells of, and that clients' traffic needs, too;
 * within a zone only nodes are limited.
 */
#ifndef FORE_LINKS_H
#define FORE_LINKS_H

#include "core/base/arena.h"
#include "core/cluster/topology.h"

struct fore_links { /* all zero: nothing is limited */
    uint32_t cap;   /* copies at once between the same two zones; 0: any number */
    uint32_t *pair; /* one for every copy under way, or chosen; in the order they were taken */
    uint32_t count, room;
};

/* With no copy yet, and room for `room` of them. Memory from `arena`. */
void fore_links_init(struct fore_links *links, uint64_t cap, uint32_t room,
                     struct fore_arena *arena);
/* May one more go between these nodes? */
bool fore_links_open(const struct fore_links *links, const struct fore_topology *topology,
                     uint16_t from, uint16_t to);
/* It does. What is taken is given back by setting `count` to what it was. */
void fore_links_take(struct fore_links *links, const struct fore_topology *topology, uint16_t from,
                     uint16_t to);

#endif
