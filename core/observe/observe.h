/*
 * observe.h - samples in; windows, history and sketches out. The engine's memory of the past.
 */
#ifndef FORE_OBSERVE_H
#define FORE_OBSERVE_H

#include "core/base/arena.h"
#include "core/base/option.h"
#include "core/cluster/sample.h"
#include "core/cluster/topology.h"
#include "core/observe/columns.h"
#include "core/observe/demand.h"
#include "core/observe/frontier.h"
#include "core/observe/history.h"
#include "core/observe/hotkeys.h"
#include "core/observe/keyrange.h"

struct fore_observe_options {
    fore_ns window;         /* one engine step and one history point: the driver's window */
    fore_ns mid_step;       /* level 1: what forecasts are made of */
    fore_ns long_step;      /* level 2 */
    uint64_t window_points; /* kept at level 0 */
    uint64_t mid_points;    /* level 1 */
    uint64_t long_points;   /* level 2 */
    uint64_t hot_keys;      /* counters */
    uint64_t range_samples; /* per partition */
    fore_ns sketch_half_life;
    fore_ns column_half_life; /* of the sets of columns: the mix must not trail a change of it */
    bool demand;              /* loads are what is asked of full nodes: demand.h */
    bool demand_once;         /* and what waited is not asked for again when it is served */
    fore_ns now_span;         /* what "now" means: loads are averaged over it (nowcast, reactive) */
};
extern const struct fore_option_section fore_observe_section; /* "observe" */

struct fore_observe_partition { /* averages over now_span, exponentially weighted */
    double load;                /* cores: reads + one application of each write */
    double write_share;         /* of the load, 0..1 */
    double requests_per_sec;
    double writes_per_sec;
    double bytes_per_sec;
    double latency_mean_ms;
    double latency_p99_ms; /* NaN: not measured */
    double slow_share;
    double by_type[FORE_QUERY_TYPES]; /* shares of requests */
    double by_group[FORE_USER_GROUPS];
    uint64_t size_bytes;
};
struct fore_observe_node {
    double utilization; /* averages over now_span, moves included */
    double move_utilization;
    double p99_ms;
    double slow_share;
    double backlog_ms; /* last window */
    bool up;
};

struct fore_observe {
    struct fore_observe_options options;
    struct fore_observe_partition *partition; /* [partition_cap] */
    struct fore_observe_node *node;           /* [node_count] */
    struct fore_history *history;
    struct fore_hotkeys *hot_keys;
    struct fore_keyrange *key_ranges;
    struct fore_frontier *frontier; /* of inserts in the order of the key */
    struct fore_columns *columns;   /* of a pair by its base; NULL: no table tells its columns */
    struct fore_demand *demand;     /* NULL: loads are what is served */
    fore_ns end;                    /* of the newest window; 0: none yet */
    uint64_t windows;
    uint32_t partition_cap, node_count;
    struct fore_observe_work *work; /* private: the sums behind the averages */
};

struct fore_observe *fore_observe_create(const struct fore_observe_options *options,
                                         const struct fore_topology *topology, uint64_t seed);
void fore_observe_destroy(struct fore_observe *observe);
/* The topology places the sampled keys. Windows must not go backwards (FORE_E_RANGE). */
FORE_MUST_USE enum fore_err fore_observe_push(struct fore_observe *observe,
                                              const struct fore_sample *sample,
                                              const struct fore_topology *topology,
                                              struct fore_diag *diag);
/* The splits and merges of the topology, in their order, before the next push. A partition whose
 * generation changes without one has begun another life: its past is forgotten. */
void fore_observe_split(struct fore_observe *observe, uint32_t left, uint32_t right, uint64_t at,
                        double right_share);
void fore_observe_merge(struct fore_observe *observe, uint32_t left, uint32_t right);
/* By column: the parts' loads over that of whole rows, of one query mix, as expected; their sum is
 * below 1 where the split pays. */
void fore_observe_split_columns(struct fore_observe *observe, uint32_t base, uint32_t sibling,
                                double load_base, double load_apart);
void fore_observe_merge_columns(struct fore_observe *observe, uint32_t base, uint32_t sibling,
                                double load_base, double load_apart);
/* The past, for a restart; averages and sketches are begun anew, in seconds and minutes. See
 * history.h for what is promised and what is refused. */
void fore_observe_save(const struct fore_observe *observe, struct fore_buf *out);
FORE_MUST_USE enum fore_err fore_observe_load(struct fore_observe *observe, const void *bytes,
                                              size_t size, struct fore_diag *diag);
/*
 * A past that somebody else remembers: the mean loads, in cores, of all partitions over the window
 * that ended at `end`; NaN where not known. In the order of time, before the first push, which must
 * end later.
 */
void fore_observe_seed(struct fore_observe *observe, fore_ns end, const float *load,
                       uint32_t partition_count);
size_t fore_observe_bytes(const struct fore_observe *observe); /* memory held */

#endif
