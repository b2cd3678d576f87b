/*
 * peers.h - the options of the policies that were built after other systems: a struct a policy,
 * written by the rows in its own file, found through its row in the table of policies. Defaults are
 * the other system's own; what a peer needs to shine is in its knobs.
 */
#ifndef FORE_PEERS_H
#define FORE_PEERS_H

#include "core/base/option.h"

struct fore_estore_options {
    double high;      /* a node above this utilisation starts the planner */
    fore_ns every;    /* it looks this often */
    fore_ns tracking; /* loads are watched over this long */
    double hot_share; /* this share of the ranges is the hot tier */
    double slack;     /* the target is the mean load times 1 + slack */
    bool split;       /* ranges hotter than the target are cut */
};
struct fore_redis_count_options {
    double threshold; /* off by more than this share of its expected count */
    fore_ns every;
};
struct fore_citus_options {
    double threshold;   /* outside mean * (1 -+ this) */
    double improvement; /* of what a move adds to its target */
    uint64_t base;      /* every shard costs this much beside its bytes */
    fore_ns every;
};
struct fore_mongo_size_options {
    uint64_t chunk_bytes;
    double chunks; /* the fullest and the emptiest shard differ by more than this many chunks */
    fore_ns idle, busy;
};
struct fore_crdb_options {
    uint32_t objective; /* 0 cpu, 1 qps */
    double split_cpu, split_rate;
    uint64_t split_samples;
    double split_balance; /* |L - R| / (L + R) stays below */
    fore_ns every;
    double jitter;
    double store_threshold;
    double min_cpu, min_rate;   /* above the mean by this much at least */
    double pair_cpu, pair_rate; /* source and target differ by this much at least */
    double replica_share;       /* of its store's load: smaller replicas stay */
    fore_ns memory;             /* span of the decayed average */
    double decay;               /* of its weights, per 5 minutes */
};
struct fore_pd_hot_options {
    double src_ratio, dst_ratio;
    double stddev;         /* of node loads over their mean: below it nothing is done */
    fore_ns history, step; /* what was above or below for all of this */
    uint64_t limit;        /* operators at once */
    double min_rate;       /* a region must have this many requests */
    uint64_t hits;         /* in this many steps running */
    double great;          /* target after / source after, at most */
    double pending_amp;
    double split_share; /* a region above this share of its store is split */
    fore_ns fastest, slowest;
};
struct fore_hbase_options {
    double count, move, skew, read, write, size; /* cost weights */
    double min_cost;
    uint64_t max_steps, steps_per_region, max_moves;
    double max_move_share;
    uint64_t samples;
    fore_ns sample_every, every;
};
struct fore_slicer_options {
    double merge_churn, move_churn;
    uint64_t slices_min, slices_max; /* by node */
    double split_load;               /* of the mean slice */
    double idle;                     /* the hottest node below this: leave it alone */
    fore_ns every, span;
    bool replicas;
};
struct fore_clay_options {
    double imbalance;
    double cost_local, cost_remote;
    uint64_t look_ahead;
    fore_ns sample, every;
};
struct fore_nashdb_options {
    double price;          /* what is paid for all requests over what all nodes cost */
    uint64_t node_bytes;   /* 0: the data spread evenly */
    double drop_margin;    /* a replica goes when value * (1 + this) does not pay for it */
    double split_contrast; /* a fragment is cut where one half is worth this times the other */
    fore_ns window, every;
};
struct fore_static_weekly_options {
    fore_ns period, step; /* of the profile, and of its slots */
    double limit, spread;
};
struct fore_random_options {
    double high, low;
    fore_ns every, cooldown;
};

#endif
