/*
 * seed.h - a past read from Prometheus (query_range), so that the first day has a forecast.
 *
 * The query gives loads in cores, times seed.scale: a series with a label `partition` is one
 * partition's; with a label `node`, a node's, shared alike by the partitions it owns; any other is
 * the whole cluster's, shared alike by all. Where several speak of one partition they add up. The
 * cluster's clock then begins at seed.span, and what Prometheus knows lies before it.
 */
#ifndef LIVE_SEED_H
#define LIVE_SEED_H

#include "core/engine.h"

struct live_seed_options {  /* the "seed" section */
    const char *prometheus; /* "http://127.0.0.1:9090"; "": none */
    const char *ca_file;    /* of https; "": the system's */
    const char *query;
    fore_ns span;
    double scale;
    fore_ns timeout; /* of one answer */
};
extern const struct fore_option_section live_seed_section;

/* Before the engine's first step. `now` of the cluster's clock is at least the span; *points: how
 * many steps were known. UNREACHABLE, FORMAT: nothing, or only the older part, was taken. */
FORE_MUST_USE enum fore_err live_seed_run(const struct live_seed_options *options,
                                          struct fore_engine *engine,
                                          const struct fore_topology *topology, fore_ns now,
                                          uint64_t unix_ms, uint64_t *points,
                                          struct fore_diag *diag);

#endif
