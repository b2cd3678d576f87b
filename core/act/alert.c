/* alert.c - says each thing once: per code and subject, until its cause has gone or `repeat`
 * passed. */
#include "core/act/alert.h"

#include <stdarg.h>
#include <stdio.h>

const char *fore_alert_code_text(enum fore_alert_code code)
{
    static const char *const text[] = {
#define X(name, words) words,
        FORE_ALERT_MAP(X)
#undef X
    };
    return (size_t)code < FORE_COUNTOF(text) ? text[code] : "unknown";
}

void fore_alert_init(struct fore_alerts *alerts, struct fore_arena *perm, uint32_t subject_count,
                     fore_ns repeat)
{
    *alerts = (struct fore_alerts){.repeat = repeat, .subject_count = subject_count};
    alerts->raised = FORE_NEW(perm, fore_ns, (size_t)FORE_ALERT_CODES * subject_count);
}

static fore_ns *slot(struct fore_alerts *alerts, enum fore_alert_code code, uint32_t subject)
{
    FORE_ASSERT(subject < alerts->subject_count);
    return &alerts->raised[(size_t)code * alerts->subject_count + subject];
}

/* Which of the two fields a code's subject belongs in. */
static bool about_partition(enum fore_alert_code code)
{
    return code == FORE_ALERT_PARTITION_TOO_HOT || code == FORE_ALERT_MOVE_FAILED ||
           code == FORE_ALERT_DIGEST_MISMATCH || code == FORE_ALERT_ORPHANS ||
           code == FORE_ALERT_ROLLED_BACK || code == FORE_ALERT_ANSWERS_DIFFER;
}

static bool about_node(enum fore_alert_code code)
{
    return code == FORE_ALERT_NODE_RISK || code == FORE_ALERT_NODE_DOWN;
}

void fore_alert_raise(struct fore_alerts *alerts, struct fore_sink sink, fore_ns now,
                      enum fore_alert_code code, int severity, uint32_t subject, const char *fmt,
                      ...)
{
    fore_ns *at = slot(alerts, code, subject);
    if (*at != 0 && now - *at < alerts->repeat) return;
    *at = now > 0 ? now : 1;
    alerts->total++;
    char text[200];
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    struct fore_event_alert event = {
        .severity = (uint8_t)severity,
        .code = (uint8_t)code,
        .node = about_node(code) ? (uint16_t)subject : UINT16_MAX,
        .partition = about_partition(code) ? subject : UINT32_MAX,
    };
    fore_sink_put_text(sink, now, FORE_EV_ALERT, &event, sizeof event, text);
}

void fore_alert_clear(struct fore_alerts *alerts, enum fore_alert_code code, uint32_t subject)
{
    *slot(alerts, code, subject) = 0;
}
