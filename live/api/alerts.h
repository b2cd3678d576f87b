/*
 * alerts.h - which alerts stand, and which were resolved lately, from the engine's events. An alert
 * is named by code, node and partition, as the events name it; raised again, it is the same one.
 * Bounded: when there is no room the newest is not kept, and `lost` says so.
 */
#ifndef LIVE_ALERTS_H
#define LIVE_ALERTS_H

#include "core/act/alert.h"

enum { LIVE_ALERTS_STANDING = 1024, LIVE_ALERTS_RESOLVED = 64, LIVE_ALERT_TEXT = 200 };

struct live_alert {
    uint64_t id; /* from 1 */
    uint8_t code, severity;
    uint16_t node;                             /* FORE_NODE_NONE */
    uint32_t partition;                        /* FORE_PARTITION_NONE */
    uint64_t raised_unix_ms, resolved_unix_ms; /* 0: it stands */
    char text[LIVE_ALERT_TEXT];
};

struct live_alerts {
    struct live_alert standing[LIVE_ALERTS_STANDING]; /* oldest first */
    struct live_alert resolved[LIVE_ALERTS_RESOLVED]; /* a ring */
    uint32_t count;
    uint64_t resolved_total, raised_total, lost;
};

/* True: it was an event about alerts. */
bool live_alerts_fold(struct live_alerts *alerts, uint64_t unix_ms, enum fore_event_kind kind,
                      const void *body, size_t len);
const char *live_alert_severity_text(const struct live_alert *alert);

#endif
