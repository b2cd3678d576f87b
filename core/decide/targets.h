/*
 * targets.h - the nodes worth bringing something to, for the picture as it is. Internal to decide/.
 *
 * Every open node, of very many the calmest ones; under rules of placement one list for each class
 * of partitions that may go to the same nodes.
 */
#ifndef FORE_TARGETS_H
#define FORE_TARGETS_H

#include <stdint.h>

enum { FORE_CANDIDATE_TARGETS = 48 };

struct fore_search;

struct fore_targets { /* ascending by index */
    uint16_t node[FORE_CANDIDATE_TARGETS];
    uint32_t count;
};

void fore_candidate_targets(struct fore_search *search);
const struct fore_targets *fore_candidate_targets_of(const struct fore_search *search,
                                                     uint32_t partition);

#endif
