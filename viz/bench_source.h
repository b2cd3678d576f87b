/*
 * bench_source.h - a large journal out of nothing, for the bench: as many partitions as asked for,
 * a window of loads a minute, a keyframe an hour, forecasts every half hour, a few moves. The load
 * has a day's curve, a hot range that wanders and a noise that does not compress, as measured loads
 * do not. Equal options give equal bytes.
 */
#ifndef VIZ_BENCH_SOURCE_H
#define VIZ_BENCH_SOURCE_H

#include "core/cluster/journal.h"

struct viz_bench_source {
    uint32_t partitions, nodes;
    fore_ns period;          /* between two windows */
    uint32_t forecast_every; /* windows; 0: no forecasts */
    fore_ns at;              /* of the window put last */
    uint32_t windows;        /* put so far */
    uint64_t state;          /* of the noise */
    struct fore_buf body;    /* the payload under construction */
    struct fore_event_partition_load *load;
    struct fore_sink sink;
};

void viz_bench_source_init(struct viz_bench_source *source, uint32_t partitions,
                           struct fore_sink sink);
void viz_bench_source_fini(struct viz_bench_source *source);
/* The next window's records; the first call puts the keyframe too. */
void viz_bench_source_window(struct viz_bench_source *source);

#endif
