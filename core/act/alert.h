/*
 * alert.h - things a person should know, said once: an alert is raised when its cause appears, and
 * again only after the cause has been gone, or after `repeat`.
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
    X(ANSWERS_DIFFER, "answers-differ")

enum fore_alert_code { /* numbers are part of the journal format */
#define X(name, text) FORE_ALERT_##name,
                       FORE_ALERT_MAP(X)
#undef X
                           FORE_ALERT_CODES
};
const char *fore_alert_code_text(enum fore_alert_code code);
enum { FORE_ALERT_INFO, FORE_ALERT_WARNING, FORE_ALERT_CRITICAL };

struct fore_alerts {
    fore_ns repeat;
    fore_ns *raised; /* [code][subject]: when last raised; 0: clear */
    uint32_t subject_count;
    uint64_t total;
};
/* Subjects are nodes, or partitions, or 0: whichever a code is about. */
void fore_alert_init(struct fore_alerts *alerts, struct fore_arena *perm, uint32_t subject_count,
                     fore_ns repeat);
void fore_alert_raise(struct fore_alerts *alerts, struct fore_sink sink, fore_ns now,
                      enum fore_alert_code code, int severity, uint32_t subject, const char *fmt,
                      ...) __attribute__((format(printf, 7, 8)));
void fore_alert_clear(struct fore_alerts *alerts, enum fore_alert_code code, uint32_t subject);

#endif
