/* alerts.c - see alerts.h. */
#include "live/api/alerts.h"

#include <string.h>

static struct live_alert *find(struct live_alerts *alerts, uint8_t code, uint16_t node,
                               uint32_t partition)
{
    for (uint32_t i = 0; i < alerts->count; i++) {
        struct live_alert *a = &alerts->standing[i];
        if (a->code == code && a->node == node && a->partition == partition) return a;
    }
    return NULL;
}

static void raise(struct live_alerts *alerts, uint64_t unix_ms, const void *body, size_t len)
{
    struct fore_event_alert event;
    memcpy(&event, body, sizeof event);
    struct live_alert *alert = find(alerts, event.code, event.node, event.partition);
    if (alert == NULL) {
        if (alerts->count == LIVE_ALERTS_STANDING) {
            alerts->lost++;
            return;
        }
        alert = &alerts->standing[alerts->count++];
        *alert = (struct live_alert){.id = ++alerts->raised_total,
                                     .code = event.code,
                                     .node = event.node,
                                     .partition = event.partition,
                                     .raised_unix_ms = unix_ms};
    }
    alert->severity = event.severity;
    size_t size = len - sizeof event;
    if (size >= sizeof alert->text) size = sizeof alert->text - 1;
    memcpy(alert->text, (const char *)body + sizeof event, size);
    alert->text[size] = '\0';
}

static void resolve(struct live_alerts *alerts, uint64_t unix_ms, const void *body)
{
    struct fore_event_resolved event;
    memcpy(&event, body, sizeof event);
    struct live_alert *alert = find(alerts, event.code, event.node, event.partition);
    if (alert == NULL) return;
    alert->resolved_unix_ms = unix_ms;
    alerts->resolved[alerts->resolved_total++ % LIVE_ALERTS_RESOLVED] = *alert;
    uint32_t at = (uint32_t)(alert - alerts->standing);
    memmove(alert, alert + 1, (alerts->count - at - 1) * sizeof *alert);
    alerts->count--;
}

bool live_alerts_fold(struct live_alerts *alerts, uint64_t unix_ms, enum fore_event_kind kind,
                      const void *body, size_t len)
{
    if (kind == FORE_EV_ALERT && len >= sizeof(struct fore_event_alert))
        raise(alerts, unix_ms, body, len);
    else if (kind == FORE_EV_RESOLVED && len >= sizeof(struct fore_event_resolved))
        resolve(alerts, unix_ms, body);
    else
        return false;
    return true;
}

const char *live_alert_severity_text(const struct live_alert *alert)
{
    static const char *const text[] = {"info", "warning", "critical"};
    return text[alert->severity < 3 ? alert->severity : 2];
}
