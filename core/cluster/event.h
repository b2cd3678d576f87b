/*
 * event.h - everything worth seeing, as records. The simulator, the live engine and a file produce
 * the same bytes, so the dashboard has one input.
 *
 * A record is {u64 t_ns, u16 kind, u16 reserved, u32 length} and `length` bytes of payload;
 * little-endian; a reader skips a kind it does not know by its length, and accepts a payload
 * longer than the struct it knows (a newer minor version appends fields). Payloads are the structs
 * below, followed by arrays or text where the comment says so.
 */
#ifndef FORE_EVENT_H
#define FORE_EVENT_H

#include "core/base/base.h"

/* Numbers are part of the file format: append, never renumber. */
#define FORE_EVENT_MAP(X)                                                                  \
    X(1, KEYFRAME, "whole topology; a reader may start here")                              \
    X(2, CLUSTER_LOAD, "one window of the whole cluster: rate, latency, SLO")              \
    X(3, NODE_LOAD, "one window of every node")                                            \
    X(4, PARTITION_LOAD, "one window of every partition with load")                        \
    X(5, HOT_KEY, "a key among the hottest")                                               \
    X(6, FORECAST, "one partition's quantiles over the horizon")                           \
    X(7, SCORE, "one partition's RRS, its factors and reason")                             \
    X(8, PLAN, "a plan made or refused, its moves, price and reason")                      \
    X(9, MOVE, "a move changed state")                                                     \
    X(10, VERIFY, "a move checked: digests, orphans, latency before and after")            \
    X(11, TOPOLOGY, "a change that took effect")                                           \
    X(12, FAULT, "a node failed or healed")                                                \
    X(13, ALERT, "something a person should know")                                         \
    X(14, NOTE, "text about the run: labels, composite sources")                           \
    X(15, RESULT, "the run's summary, as JSON text")                                       \
    X(16, FALLBACK, "decisions went over to the present load, or back to the forecast")    \
    X(17, RESOLVED, "an alert whose cause is gone")                                        \
    X(18, GAIN, "what a move was to save, and what it saved")                              \
    X(19, WHY, "a plan explained: its nodes with and without it, and what else there was") \
    X(20, ORDER, "what an operator asked of the engine while it ran, and whether it was done")

enum fore_event_kind {
#define X(number, name, what) FORE_EV_##name = (number),
    FORE_EVENT_MAP(X)
#undef X
};
const char *fore_event_kind_text(enum fore_event_kind kind); /* "move"; NULL if unknown */

struct fore_event_keyframe { /* then nodes, tables, partitions, parts split by column */
    uint64_t epoch;
    uint32_t node_count, table_count, partition_count;
    uint32_t apart_count; /* 0 in files from before there were any */
};
struct fore_event_node {
    char name[24];
    double cores;
    uint16_t zone;
    uint8_t up, standby;
    uint16_t rack; /* of its zone; 0 in older files */
    uint8_t pad_[2];
};
struct fore_event_table {
    char name[24];
    uint64_t first, last;
};
struct fore_event_partition { /* dead ones have replica_count 0 */
    uint64_t first, last, bytes;
    uint32_t generation;
    uint16_t table, column_group, replica_count;
    uint16_t replica[8];
    uint16_t pad_[3];
};
struct fore_event_apart { /* both of a pair */
    uint64_t columns;     /* held by the sibling: the one in column group FORE_GROUP_APART */
    uint32_t partition, pad_;
};
_Static_assert(sizeof(struct fore_event_node) == 40, "part of the file format");
_Static_assert(sizeof(struct fore_event_partition) == 56, "part of the file format");

struct fore_event_cluster_load {
    uint64_t window_ns;
    uint64_t requests, slow; /* slow: above the SLO */
    uint64_t p50_ns, p99_ns, p999_ns;
    uint64_t slo_ns;
    float violation_s; /* SLO-violation seconds since the run began */
    float imbalance;   /* hottest node's utilisation / mean */
    uint32_t moves_running, pad_;
};
struct fore_event_node_load { /* an array of these, one per node in index order */
    float utilization;        /* 0..1 and above: work offered / capacity */
    float move_utilization;   /* the part of it spent on moves */
    float requests_per_sec;
    float p50_ms, p99_ms;
    float slow_share;
    float backlog_ms;
    float forecast_peak; /* utilisation: q50 of the peak over the horizon; NaN: no forecast */
    float forecast_peak_low, forecast_peak_high; /* q10, q90 */
};
struct fore_event_partition_load { /* an array of these, only partitions with requests */
    uint32_t partition;
    float reads_per_sec, writes_per_sec, bytes_per_sec;
    float load_cores; /* core-seconds per second */
    float p99_ms;
};
struct fore_event_hot_key {
    uint64_t position;
    uint32_t partition;
    float share;       /* of all requests in the sketch's memory */
    float share_error; /* share is high by at most this */
    uint32_t rank;
};
struct fore_event_forecast { /* then float q10[steps], q50[steps], q90[steps]: load in cores; with
                              * decide.journal_why a NUL-ended text: how it was made */
    uint32_t partition;
    uint32_t steps;
    uint64_t step_ns;
    char model[16];
};
struct fore_event_score { /* then a NUL-ended reason, one line */
    uint32_t partition;
    float rrs, probability, responsibility, threshold;
    uint32_t node;
};
struct fore_event_plan { /* then struct fore_event_plan_move[move_count], then a NUL-ended reason */
    uint64_t plan;
    uint64_t epoch;
    float violation_before, violation_after; /* expected node-seconds over the horizon */
    float bytes;
    uint16_t move_count;
    uint8_t admitted, pad_[9];
};
struct fore_event_plan_move {
    uint8_t kind;
    uint8_t after;  /* the number, from 1, of the move it waits for; 0: none, and in older files */
    uint8_t on_new; /* acts on the partition that this one makes */
    uint8_t pad_;
    uint32_t partition, other;
    uint16_t source, target;
    float gain; /* expected node-seconds of violation saved, price included */
    float bytes;
};
struct fore_event_move { /* then a NUL-ended note, may be empty */
    uint64_t ticket, plan;
    uint64_t bytes_done, bytes_total;
    uint64_t began_ns;
    double bytes_per_sec_max;
    uint32_t partition, other;
    uint16_t source, target;
    uint8_t kind;   /* enum fore_move_kind */
    uint8_t state;  /* enum fore_migrate_state, see core/act/migrate.h */
    uint8_t phase;  /* enum fore_move_phase */
    uint8_t paused; /* an operator lets it rest; 0 in older files */
};
struct fore_event_verify {
    uint64_t ticket;
    uint64_t digest_source, digest_target;
    uint64_t orphans;
    float p99_before_ms, p99_after_ms, p99_predicted_ms;
    uint32_t partition;
    uint8_t digests_equal, pad_[7];
};
struct fore_event_topology { /* epoch: after the change; 0: not known */
    uint64_t epoch;
    uint64_t split_at; /* VERTICAL_SPLIT: the bit set of columns that `other` now holds */
    uint32_t partition, other;
    uint16_t source, target;
    uint8_t kind; /* enum fore_move_kind */
    uint8_t pad_[3];
    float right_share;
    uint32_t pad2_;
};
struct fore_event_fault {
    uint16_t node;
    uint8_t up, pad_[5];
};
struct fore_event_alert { /* then a NUL-ended sentence */
    uint8_t severity;     /* 0 info, 1 warning, 2 critical */
    uint8_t code;         /* enum fore_alert_code, see core/act/alert.h */
    uint16_t node;        /* FORE_NODE_NONE */
    uint32_t partition;   /* FORE_PARTITION_NONE */
};
struct fore_event_fallback { /* then a NUL-ended sentence */
    uint8_t active;          /* 1: decisions rest on the present load; 0: on the forecast again */
    uint8_t poor;            /* because its error has been worse than persistence's */
    uint8_t lost;            /* because its intervals have just been missed */
    uint8_t pad_;
    float weight;  /* of the present load from now on */
    float skill;   /* error over that of persistence at the lead of a move; NaN: not known */
    float outside; /* share of the load that came outside 90 % intervals lately; NaN: not known */
};
struct fore_event_resolved { /* of the ALERT with this code, node and partition */
    uint64_t raised_ns;
    uint8_t severity, code;
    uint16_t node;
    uint32_t partition;
};
struct fore_event_gain { /* of a copy whose horizon is over, or cut short; NaN: not known */
    uint64_t ticket, plan;
    uint64_t began_ns, cutover_ns;
    float horizon_s, window_s;               /* what the next two are about; what was watched */
    float predicted_s, realised_s;           /* violation node-seconds saved over the horizon */
    float violation_before, violation_after; /* nodes, 0..2: share of time, both ends added */
    float source_before, source_predicted, source_after; /* utilisation */
    float target_before, target_predicted, target_after;
    float p99_before_ms, p99_predicted_ms, p99_after_ms; /* the worse end */
    uint32_t partition;
    uint16_t source, target;
    uint8_t kind;  /* enum fore_move_kind */
    uint8_t worse; /* by more than act.worse_margin */
    uint8_t pad_[2];
};
struct fore_event_why { /* then struct fore_event_why_node[node_count], struct
                         * fore_event_why_other[other_count] (the best first), and a NUL-ended text:
                         * a line for each of these, why not. Only with decide.journal_why. */
    uint64_t plan;
    float horizon_s, duration_s; /* duration: of its longest copy */
    float bytes;
    float risk_before,
        risk_after; /* P(overload) of the worst node; after: once the copies are done */
    uint16_t node_count, other_count;
    uint8_t calm; /* no threshold was reached: only tidying up */
    uint8_t pad_[7];
};
struct fore_event_why_node { /* before: without the plan; during its copies; after them */
    float risk_before, risk_during, risk_after;
    float p99_before_ms, p99_during_ms, p99_after_ms; /* medians; infinite: no steady state */
    uint16_t node, pad_;
};
struct fore_event_why_other {
    char source[24], target[24]; /* the best target there is; "": none */
    uint32_t partition, partner; /* partner: of a swap; else FORE_PARTITION_NONE */
    float gain_s;                /* violation node-seconds, its price taken off; NaN: not priced */
    float bytes, duration_s;
    uint8_t kind; /* enum fore_move_kind */
    uint8_t swap;
    uint8_t why; /* enum fore_whatif_why, see core/decide/whatif.h */
    uint8_t pad_;
};
/* What an operator may ask for; numbers are part of the file format. */
#define FORE_ORDER_MAP(X)                                                         \
    X(0, MODE, "mode")         /* observe, propose or auto */                     \
    X(1, HOLD, "hold")         /* nothing begins, moves rest; or the end of it */ \
    X(2, STRATEGY, "strategy") /* the policy that decides */                      \
    X(3, HINTS, "hints")                                                          \
    X(4, THRESHOLDS, "thresholds")                                                \
    X(5, TIMETABLE, "timetable")                                                  \
    X(6, PLACEMENT, "placement")                                                  \
    X(7, SETTING, "setting")          /* one that the engine is not told */       \
    X(8, WHAT_IF, "what-if")          /* a dry run; no event is made of it */     \
    X(9, APPROVE, "approve")          /* of a dry run */                          \
    X(10, RESHARD, "reshard")         /* at once */                               \
    X(11, CANCEL_PLAN, "cancel-plan") /* or a dry run turned down */              \
    X(12, CANCEL_MOVE, "cancel-move")                                             \
    X(13, PAUSE_MOVE, "pause-move")                                               \
    X(14, RESUME_MOVE, "resume-move")
enum fore_order_kind {
#define X(number, name, text) FORE_ORDER_##name = (number),
    FORE_ORDER_MAP(X)
#undef X
        FORE_ORDERS
};
const char *fore_order_kind_text(enum fore_order_kind kind); /* "what-if"; NULL if unknown */
struct fore_event_order { /* then a NUL-ended sentence: what, by whom, and why not */
    uint64_t plan;        /* the engine's number; 0: none */
    uint64_t ticket;      /* of a move; 0: none */
    uint8_t kind;         /* enum fore_order_kind */
    uint8_t done;         /* 0: it was refused */
    uint8_t pad_[6];
};
_Static_assert(sizeof(struct fore_event_order) == 24, "part of the file format");
_Static_assert(sizeof(struct fore_event_why) == 40, "part of the file format");
_Static_assert(sizeof(struct fore_event_why_node) == 28, "part of the file format");
_Static_assert(sizeof(struct fore_event_why_other) == 72, "part of the file format");
_Static_assert(sizeof(struct fore_event_gain) == 104, "part of the file format");
_Static_assert(sizeof(struct fore_event_resolved) == 16, "part of the file format");
_Static_assert(sizeof(struct fore_event_move) == 64, "part of the file format");
_Static_assert(sizeof(struct fore_event_plan) == 40, "part of the file format");

/* Where events go: nowhere, a file, a digest, several of these. `put` copies what it keeps. */
struct fore_sink {
    void (*put)(void *self, fore_ns at, enum fore_event_kind kind, const void *body, size_t len);
    void *self;
};
static inline void fore_sink_put(struct fore_sink sink, fore_ns at, enum fore_event_kind kind,
                                 const void *body, size_t len)
{
    if (sink.put != NULL) sink.put(sink.self, at, kind, body, len);
}
/* A fixed struct followed by text, as SCORE, MOVE and ALERT want it. */
void fore_sink_put_text(struct fore_sink sink, fore_ns at, enum fore_event_kind kind,
                        const void *body, size_t len, const char *text);

struct fore_topology;
/* The KEYFRAME for a topology. */
struct fore_buf;
void fore_event_keyframe_build(const struct fore_topology *topology, struct fore_buf *out);

#endif
