/* tape.c - see tape.h. */
#include "viz/tape.h"

#include <stdlib.h>
#include <string.h>

enum { NODES_MAX = 1024 }; /* lanes beyond are not drawn, so their past is not kept */

void viz_tape_init(struct viz_tape *tape, uint32_t buckets, fore_ns bucket_ns)
{
    FORE_ASSERT(buckets > 0 && bucket_ns > 0);
    *tape = (struct viz_tape){.bucket_cap = buckets, .bucket_ns = bucket_ns};
    tape->cell = calloc(buckets, sizeof *tape->cell);
    FORE_ASSERT(tape->cell != NULL);
}

void viz_tape_fini(struct viz_tape *tape)
{
    free(tape->cell);
    free(tape->utilization);
    *tape = (struct viz_tape){0};
}

static void blank(struct viz_tape *tape, uint64_t bucket)
{
    size_t slot = (size_t)(bucket % tape->bucket_cap);
    tape->cell[slot] = (struct viz_tape_cell){0};
    for (uint32_t n = 0; n < tape->node_cap; n++)
        tape->utilization[slot * tape->node_cap + n] = -1;
}

struct viz_tape_cell *viz_tape_open(struct viz_tape *tape, fore_ns at)
{
    uint64_t bucket = at / tape->bucket_ns;
    if (tape->next == tape->first || bucket >= tape->next + tape->bucket_cap)
        tape->first = tape->next = bucket;
    if (bucket < tape->first) return NULL;
    for (; tape->next <= bucket; tape->next++)
        blank(tape, tape->next);
    if (tape->next - tape->first > tape->bucket_cap) tape->first = tape->next - tape->bucket_cap;
    return &tape->cell[bucket % tape->bucket_cap];
}

static void widen(struct viz_tape *tape, uint32_t node_count)
{
    float *wider = malloc(sizeof *wider * tape->bucket_cap * node_count);
    FORE_ASSERT(wider != NULL);
    for (size_t slot = 0; slot < tape->bucket_cap; slot++)
        for (uint32_t n = 0; n < node_count; n++)
            wider[slot * node_count + n] =
                n < tape->node_cap ? tape->utilization[slot * tape->node_cap + n] : -1;
    free(tape->utilization);
    tape->utilization = wider;
    tape->node_cap = node_count;
}

void viz_tape_node(struct viz_tape *tape, fore_ns at, uint32_t node_count, uint32_t node,
                   float utilization)
{
    if (node_count > NODES_MAX) node_count = NODES_MAX;
    if (node >= node_count || viz_tape_open(tape, at) == NULL) return;
    if (node_count > tape->node_cap) widen(tape, node_count);
    size_t slot = (size_t)(at / tape->bucket_ns % tape->bucket_cap);
    float *held = &tape->utilization[slot * tape->node_cap + node];
    if (utilization > *held) *held = utilization;
}

const struct viz_tape_cell *viz_tape_get(const struct viz_tape *tape, uint64_t bucket)
{
    if (bucket < tape->first || bucket >= tape->next) return NULL;
    const struct viz_tape_cell *cell = &tape->cell[bucket % tape->bucket_cap];
    return cell->seen ? cell : NULL;
}

float viz_tape_utilization(const struct viz_tape *tape, uint64_t bucket, uint32_t node)
{
    if (bucket < tape->first || bucket >= tape->next || node >= tape->node_cap) return -1;
    return tape->utilization[(size_t)(bucket % tape->bucket_cap) * tape->node_cap + node];
}
