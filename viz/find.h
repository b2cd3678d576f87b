/*
 * find.h - what a person types to find something: "p41", "41" (a position: a slot or a key), "n3",
 * "node-03", "orders:17" (table and position), or a key's name where partitions are Redis slots.
 */
#ifndef VIZ_FIND_H
#define VIZ_FIND_H

#include "viz/model.h"

struct viz_found {
    uint32_t partition, node; /* the other one is UINT32_MAX */
    char said[96];            /* what was found, or why nothing was */
};
/* False when there is no such thing. */
bool viz_find(const struct viz_model *model, const char *text, struct viz_found *out);
/* The slot Redis gives a key: CRC-16/XMODEM of what stands in the first {...}, else of all. */
uint32_t viz_find_slot(const char *key);

#endif
