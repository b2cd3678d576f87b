/*
 * sample.h - one observation window, the same plain values from the simulator and from Redis.
 *
 * Load is measured in core-seconds of service (busy_ns), because a scan is not a point read; live
 * drivers that cannot measure it estimate it from requests and say so in `load_is_estimate`.
 */
#ifndef FORE_SAMPLE_H
#define FORE_SAMPLE_H

#include "core/base/base.h"

enum { FORE_USER_GROUPS = 4, FORE_QUERY_TYPES = 4 };
enum fore_query_type { FORE_QUERY_READ, FORE_QUERY_WRITE, FORE_QUERY_SCAN, FORE_QUERY_OTHER };

struct fore_partition_sample { /* counts are over the window, all replicas together */
    uint64_t reads;            /* reads and scans */
    uint64_t writes;           /* as sent by clients: once, however many replicas apply it */
    uint64_t bytes_read;
    uint64_t bytes_written;
    uint64_t busy_read_ns;  /* service time of reads */
    uint64_t busy_write_ns; /* service time of writes, on one replica (each replica pays this) */
    uint64_t size_bytes;    /* data held, at the window's end */
    uint64_t latency_sum_ns;
    uint64_t latency_p99_ns; /* 0: not measured */
    uint64_t slow;           /* requests above the SLO */
    uint32_t by_type[FORE_QUERY_TYPES];
    uint32_t by_group[FORE_USER_GROUPS];
};

struct fore_node_sample {
    uint64_t requests;
    uint64_t busy_ns;      /* service done, moves included */
    uint64_t busy_move_ns; /* the part of it spent on moves */
    uint64_t backlog_ns;   /* work queued at the window's end, per core */
    uint64_t latency_p50_ns;
    uint64_t latency_p99_ns;
    uint64_t slow;      /* requests above the SLO */
    double utilization; /* busy / (cores * window) */
    bool up;
};

struct fore_key_sample {
    uint64_t position;
    uint32_t weight; /* requests this one stands for */
    bool write;
    uint64_t columns; /* bit set of the columns it touched; 0: not known */
};

struct fore_sample {
    fore_ns begin, end;
    const struct fore_partition_sample *partition; /* by partition index */
    const struct fore_node_sample *node;
    const struct fore_key_sample *key; /* a sample of the keys asked for, may be empty */
    uint32_t partition_count;
    uint32_t node_count;
    uint32_t key_count;
    uint64_t requests;
    uint64_t slow;           /* requests above the SLO */
    uint64_t latency_p50_ns; /* over the whole cluster */
    uint64_t latency_p99_ns;
    uint64_t latency_p999_ns;
    bool load_is_estimate;
};

#endif
