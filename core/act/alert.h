/*
 * alert.h - things a person should know, said once: an alert is raised when its cause appears, and
 * resolved when the cause is gone: an ALERT event and a RESOLVED event, of one code and one
 * subject. While it stands it is said again only after `repeat`; whoever raises and resolves picks
 * two thresholds apart, so that a value between them says nothing.
 */
#ifndef FORE_ALERT_H
#define FORE_ALERT_H

#include "core/base/arena.h"
#include "core/cluster/event.h"

#define FORE_ALERT_MAP(X)                               \
    X(SLO, "slo-violated")                              \
    X(NODE_RISK, "node-at-risk")                        \
    X(PARTITION_TOO_HOT, "partition-exceeds-node")      \
    X(NO_PLAN, "risk-without-a-plan")                   \
    X(NODE_DOWN, "node-down")                           \
    X(MOVE_FAILED, "move-failed")                       \
    X(DIGEST_MISMATCH, "digests-differ")                \
    X(ORPHANS, "orphans-swept")                         \
    X(ROLLED_BACK, "rolled-back")                       \
    X(FORECAST_POOR, "forecast-worse-than-persistence") \
    X(DRIVER, "cluster-unreachable")                    \
    X(PLACEMENT, "placement-impossible")                \
    X(ANSWERS_DIFFER, "answers-differ")                 \
    X(RRS, "rrs-over-threshold")                        \
    X(PLAN_INFEASIBLE, "plan-infeasible")               \
    X(MOVE_STUCK, "move-stuck")                         \
    X(DEGRADED, "degraded-after-move")                  \
    X(PARTITION_TOO_BIG, "partition-exceeds-size")      \
    X(NODE_FULL, "node-full")

enum fore_alert_code { /* numbers are part of the journal format */
#define X(name, text) FORE_ALERT_##name,
                       FORE_ALERT_MAP(X)
#undef X
                           FORE_ALERT_CODES
};
const char *fore_alert_code_text(enum fore_alert_code code);
enum { FORE_ALERT_INFO, FORE_ALERT_WARNING, FORE_ALERT_CRITICAL };

struct fore_alert_standing {
    fore_ns since, said; /* raised; said last */
    uint32_t subject;
    uint8_t code, severity;
};

struct fore_alerts {
    fore_ns repeat;
    uint32_t *place; /* [code][subject]: 1 + index into `standing`; 0: does not stand */
    uint32_t subject_count;
    struct fore_alert_standing *standing; /* in no order */
    uint32_t count, cap;
    uint32_t of_code[FORE_ALERT_CODES]; /* how many of them stand */
    uint64_t total, resolved;           /* said; resolved */
    struct fore_arena *perm;
};
/* Subjects are nodes, or partitions, or 0: whichever a code is about. */
void fore_alert_init(struct fore_alerts *alerts, struct fore_arena *perm, uint32_t subject_count,
                     fore_ns repeat);
void fore_alert_raise(struct fore_alerts *alerts, struct fore_sink sink, fore_ns now,
                      enum fore_alert_code code, int severity, uint32_t subject, const char *fmt,
                      ...) __attribute__((format(printf, 7, 8)));
bool fore_alert_stands(const struct fore_alerts *alerts, enum fore_alert_code code,
                       uint32_t subject);
/* Says so if it stands. */
void fore_alert_resolve(struct fore_alerts *alerts, struct fore_sink sink, fore_ns now,
                        enum fore_alert_code code, uint32_t subject);
/* A partition is no more: whatever stands about it is resolved. */
void fore_alert_forget(struct fore_alerts *alerts, struct fore_sink sink, fore_ns now,
                       uint32_t partition);

#endif
