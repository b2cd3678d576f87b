/* options.h - the "decide" section: what is a violation, what a move may cost, what may be tried.
 */
#ifndef FORE_DECIDE_OPTIONS_H
#define FORE_DECIDE_OPTIONS_H

#include "core/base/option.h"

enum fore_bound { FORE_BOUND_NONE, FORE_BOUND_COPIES, FORE_BOUND_ALL };

struct fore_decide_options {
    const char *model;              /* what is decided on; "": forecast.model */
    fore_ns plan_every;             /* cadence; at or below the time of a move */
    double utilization_limit;       /* a node above this share of its capacity breaks the SLO */
    double utilization_spread;      /* how blurred that limit is: sd, share of capacity */
    double rrs_threshold;           /* a partition at or above it triggers planning */
    struct fore_strings thresholds; /* for some of them; threshold.h */
    bool calibrate;                 /* the score's probabilities are corrected by their own past */
    double nowcast_weight;          /* weight of the nowcast scenario beside the forecast */
    double score_nowcast;           /* ... in the score, which is no decision */
    fore_ns brief_move;             /* it grows towards 1 as a mean move gets shorter than this */
    bool skill_weight;              /* raise it when the forecast has lately been the worse one */
    bool coverage_weight; /* rely on it while the forecast's intervals have just been missed */
    double excess_weight; /* price of expected overload depth beside its probability: convex enough
                           * only above .4 / sd, so that no node is given up for the others */
    fore_ns beyond_span;  /* of the usual load after the horizon that plans count, too; 0: none */
    double beyond_weight; /* ... and how much of it */
    fore_ns move_price;   /* node-seconds of violation a mean-size move must save */
    fore_ns gain_min;     /* and this much more before it is worth doing */
    fore_ns cooldown;     /* a partition moved rests this long */
    bool wait;            /* a move that had better begin later is not begun now */
    bool moves, swaps, splits, merges, replicas; /* what may be tried */
    bool joins;               /* cold neighbours on two nodes are brought together and merged */
    bool ahead;               /* of inserts in the order of the key: place what they come to */
    double split_load_min;    /* only partitions above this share of a node are split */
    uint64_t split_bytes_min; /* and above this size */
    /* A store's own ceiling on a partition, 0: none. CockroachDB: range_max_bytes, 512 MiB; HBase:
     * hbase.hregion.max.filesize, 10 GiB; MongoDB: chunkSize, 128 MiB. */
    uint64_t size_max;
    double size_risk;        /* P of passing it from which a partition is split for it */
    double node_fill_max;    /* of fore_node.data_bytes_max: planned and filled no further */
    uint64_t partitions_max; /* no more of them by splits; 0: as many as the cluster has room for */
    fore_ns split_price;     /* as move_price, for one more partition in the cluster */
    double
        partition_overhead; /* told of what a replica takes of its node, if the cluster does not */
    fore_ns split_pause;    /* and of the moment that a split stops what it cuts */
    double merge_load_max;  /* two neighbours together below this share of a node merge */
    uint64_t replicas_max;
    double replica_write_share_max; /* partitions with more writes are not replicated for load */
    uint32_t bound;                 /* enum fore_bound: what follows a split is planned with it */
    bool hybrids;             /* a part cut off may be read from several nodes: one candidate */
    bool vertical;            /* partitions may be split by column */
    double vertical_gain_min; /* share of a partition's work that such a split must save */
    fore_ns vertical_span;    /* over which it must save more than its copy costs */
    double byte_cost;         /* share of a query's work that goes with the bytes it reads */
    uint64_t moves_per_plan;
    uint64_t effort;    /* prices asked in search of a better plan than the greedy one */
    bool journal_why;   /* an explanation of every plan acted on, as an event */
    fore_ns node_price; /* violation node-seconds that a node-hour must save */
};
extern const struct fore_option_section fore_decide_section;

/* The weight asked for the present load where a move of mean size takes `move_s` seconds: with
 * moves of no time there is nothing to foresee on smooth load, and a forecast's errors would still
 * count. */
double fore_decide_nowcast_weight(const struct fore_decide_options *options, double move_s);

#endif
