/* spread.c - builds the matrix of spread.h and multiplies by it. */
#include "sim/spread.h"

#include <stdlib.h>
#include <string.h>

enum { SPREAD_LANES_MAX = 8, SPREAD_FOLLOW_KEYS = 64 }; /* larger buckets are spread out evenly */

static void push(struct sim_spread *spread, struct sim_spread_cell cell)
{
    if (spread->cell_count == spread->cell_cap) {
        spread->cell_cap = spread->cell_cap == 0 ? 1024 : 2 * spread->cell_cap;
        spread->cell = realloc(spread->cell, spread->cell_cap * sizeof *spread->cell);
        FORE_ASSERT(spread->cell != NULL);
    }
    spread->cell[spread->cell_count++] = cell;
}

/* Number of positions first..last, as a double: 2^64 would not fit. */
static double size_of(uint64_t first, uint64_t last)
{
    return (double)(last - first) + 1;
}

/* Buckets ascend and partitions cover all positions, so one bucket is followed across edges. */
static void follow_range(struct sim_spread *spread, const struct fore_topology *topology,
                         const struct wl_bucket *bucket, uint32_t index)
{
    uint64_t at = bucket->first;
    double keys = size_of(bucket->first, bucket->last);
    for (;;) {
        uint32_t p = fore_topology_find(topology, at);
        if (p == FORE_PARTITION_NONE) return; /* outside the table: no partition serves it */
        uint64_t end = topology->partition[p].last;
        if (end > bucket->last) end = bucket->last;
        push(spread, (struct sim_spread_cell){
                         .partition = p, .bucket = index, .share = size_of(at, end) / keys});
        if (end == bucket->last) return;
        at = end + 1;
    }
}

static void follow_keys(struct sim_spread *spread, const struct fore_topology *topology,
                        enum fore_placement placement, const struct wl_bucket *bucket,
                        uint32_t index)
{
    double share = 1 / size_of(bucket->first, bucket->last);
    for (uint64_t key = bucket->first;; key++) {
        uint32_t p = fore_topology_find(topology, fore_placement_position(placement, key));
        if (p != FORE_PARTITION_NONE)
            push(spread, (struct sim_spread_cell){.partition = p, .bucket = index, .share = share});
        if (key == bucket->last) return;
    }
}

static int by_partition_then_bucket(const void *a, const void *b)
{
    const struct sim_spread_cell *x = a, *y = b;
    if (x->partition != y->partition) return x->partition < y->partition ? -1 : 1;
    return (x->bucket > y->bucket) - (x->bucket < y->bucket);
}

static void measure_widths(struct sim_spread *spread, const struct fore_topology *topology)
{
    double all = size_of(topology->table[0].first, topology->table[0].last);
    for (uint32_t p = 0; p < topology->partition_count; p++) {
        const struct fore_partition *partition = &topology->partition[p];
        bool counts = partition->alive && partition->column_group == 0;
        spread->width[p] = counts ? size_of(partition->first, partition->last) / all : 0;
    }
}

static void reserve(struct sim_spread *spread, const struct fore_topology *topology,
                    enum fore_placement placement, uint32_t bucket_count)
{
    if (spread->spread_out != NULL) {
        FORE_ASSERT(spread->bucket_count == bucket_count);
        return;
    }
    spread->partition_cap = topology->partition_cap;
    spread->bucket_count = bucket_count;
    spread->spread_out = calloc(bucket_count, sizeof *spread->spread_out);
    FORE_ASSERT(spread->spread_out != NULL);
    if (placement == FORE_PLACE_RANGE) return;
    spread->width = calloc(topology->partition_cap, sizeof *spread->width);
    FORE_ASSERT(spread->width != NULL);
}

void sim_spread_update(struct sim_spread *spread, const struct fore_topology *topology,
                       enum fore_placement placement, const struct wl_flow *flow)
{
    if (spread->ready && spread->epoch == topology->epoch) return;
    reserve(spread, topology, placement, flow->bucket_count);
    spread->partition_count = topology->partition_count;
    spread->cell_count = 0;
    if (placement != FORE_PLACE_RANGE) measure_widths(spread, topology);
    for (uint32_t b = 0; b < flow->bucket_count; b++) {
        const struct wl_bucket *bucket = &flow->bucket[b];
        if (placement == FORE_PLACE_RANGE)
            follow_range(spread, topology, bucket, b);
        else if (bucket->last - bucket->first < SPREAD_FOLLOW_KEYS)
            follow_keys(spread, topology, placement, bucket, b);
        else
            spread->spread_out[b] = true;
    }
    if (spread->cell_count > 0)
        qsort(spread->cell, spread->cell_count, sizeof *spread->cell, by_partition_then_bucket);
    spread->epoch = topology->epoch;
    spread->ready = true;
}

static void add_spread_out(const struct sim_spread *spread, const double *by_bucket, uint32_t lanes,
                           double *by_partition)
{
    double even[SPREAD_LANES_MAX] = {0};
    for (uint32_t b = 0; b < spread->bucket_count; b++) {
        if (!spread->spread_out[b]) continue;
        for (uint32_t i = 0; i < lanes; i++)
            even[i] += by_bucket[(size_t)b * lanes + i];
    }
    for (uint32_t p = 0; p < spread->partition_count; p++)
        for (uint32_t i = 0; i < lanes; i++)
            by_partition[(size_t)p * lanes + i] += spread->width[p] * even[i];
}

/* Always inlined with a constant `lanes`, so that the sums of a partition stay in registers. */
static inline __attribute__((always_inline)) void add_cells(const struct sim_spread *spread,
                                                            const double *by_bucket, uint32_t lanes,
                                                            double *by_partition)
{
    for (size_t c = 0; c < spread->cell_count;) {
        double sum[SPREAD_LANES_MAX] = {0};
        uint32_t p = spread->cell[c].partition;
        for (; c < spread->cell_count && spread->cell[c].partition == p; c++) {
            const double *value = &by_bucket[(size_t)spread->cell[c].bucket * lanes];
            for (uint32_t i = 0; i < lanes; i++)
                sum[i] += spread->cell[c].share * value[i];
        }
        for (uint32_t i = 0; i < lanes; i++)
            by_partition[(size_t)p * lanes + i] = sum[i];
    }
}

void sim_spread_sum(const struct sim_spread *spread, const double *by_bucket, uint32_t lanes,
                    double *by_partition)
{
    FORE_ASSERT(spread->ready && lanes > 0 && lanes <= SPREAD_LANES_MAX);
    memset(by_partition, 0, (size_t)spread->partition_count * lanes * sizeof *by_partition);
    if (lanes == 4)
        add_cells(spread, by_bucket, 4, by_partition);
    else if (lanes == 1)
        add_cells(spread, by_bucket, 1, by_partition);
    else
        add_cells(spread, by_bucket, lanes, by_partition);
    if (spread->width != NULL) add_spread_out(spread, by_bucket, lanes, by_partition);
}

void sim_spread_fini(struct sim_spread *spread)
{
    free(spread->cell);
    free(spread->spread_out);
    free(spread->width);
    *spread = (struct sim_spread){0};
}
