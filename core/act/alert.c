/*
 * alert.c - see alert.h. What stands is a short list; a table of indexes into it, by code and
 * subject, makes asking cheap, so that "resolved" may be said of every node in every window.
 */
#include "core/act/alert.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

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
    *alerts = (struct fore_alerts){.repeat = repeat, .subject_count = subject_count, .perm = perm};
    alerts->place = FORE_NEW(perm, uint32_t, (size_t)FORE_ALERT_CODES * subject_count);
}

static uint32_t *place_of(const struct fore_alerts *alerts, enum fore_alert_code code,
                          uint32_t subject)
{
    FORE_ASSERT((size_t)code < FORE_ALERT_CODES && subject < alerts->subject_count);
    return &alerts->place[(size_t)code * alerts->subject_count + subject];
}

/* Which of the two fields a code's subject belongs in. */
static bool about_partition(enum fore_alert_code code)
{
    return code == FORE_ALERT_PARTITION_TOO_HOT || code == FORE_ALERT_MOVE_FAILED ||
           code == FORE_ALERT_DIGEST_MISMATCH || code == FORE_ALERT_ORPHANS ||
           code == FORE_ALERT_ROLLED_BACK || code == FORE_ALERT_ANSWERS_DIFFER ||
           code == FORE_ALERT_RRS || code == FORE_ALERT_MOVE_STUCK ||
           code == FORE_ALERT_PARTITION_TOO_BIG;
}

static bool about_node(enum fore_alert_code code)
{
    return code == FORE_ALERT_NODE_RISK || code == FORE_ALERT_NODE_DOWN ||
           code == FORE_ALERT_DEGRADED || code == FORE_ALERT_NODE_FULL;
}

/* The entry of what does not stand yet. */
static struct fore_alert_standing *stand(struct fore_alerts *alerts, enum fore_alert_code code,
                                         uint32_t subject, fore_ns now)
{
    if (alerts->standing == NULL || alerts->count == alerts->cap) {
        uint32_t cap = alerts->cap == 0 ? 32 : 2 * alerts->cap;
        struct fore_alert_standing *grown = FORE_NEW(alerts->perm, struct fore_alert_standing, cap);
        if (alerts->standing != NULL)
            memcpy(grown, alerts->standing, alerts->count * sizeof *alerts->standing);
        alerts->standing = grown;
        alerts->cap = cap;
    }
    struct fore_alert_standing *entry = &alerts->standing[alerts->count++];
    *entry = (struct fore_alert_standing){.since = now, .subject = subject, .code = (uint8_t)code};
    *place_of(alerts, code, subject) = alerts->count;
    alerts->of_code[code]++;
    return entry;
}

void fore_alert_raise(struct fore_alerts *alerts, struct fore_sink sink, fore_ns now,
                      enum fore_alert_code code, int severity, uint32_t subject, const char *fmt,
                      ...)
{
    uint32_t place = *place_of(alerts, code, subject);
    struct fore_alert_standing *entry = place > 0 ? &alerts->standing[place - 1] : NULL;
    if (entry != NULL && now - entry->said < alerts->repeat) return;
    if (entry == NULL) entry = stand(alerts, code, subject, now);
    entry->said = now;
    entry->severity = (uint8_t)severity;
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

bool fore_alert_stands(const struct fore_alerts *alerts, enum fore_alert_code code,
                       uint32_t subject)
{
    return alerts->of_code[code] > 0 && *place_of(alerts, code, subject) > 0;
}

void fore_alert_resolve(struct fore_alerts *alerts, struct fore_sink sink, fore_ns now,
                        enum fore_alert_code code, uint32_t subject)
{
    if (!fore_alert_stands(alerts, code, subject)) return;
    uint32_t *place = place_of(alerts, code, subject);
    struct fore_alert_standing *entry = &alerts->standing[*place - 1];
    struct fore_event_resolved event = {
        .raised_ns = entry->since,
        .severity = entry->severity,
        .code = (uint8_t)code,
        .node = about_node(code) ? (uint16_t)subject : UINT16_MAX,
        .partition = about_partition(code) ? subject : UINT32_MAX,
    };
    const struct fore_alert_standing *last = &alerts->standing[--alerts->count];
    *place_of(alerts, (enum fore_alert_code)last->code, last->subject) = *place;
    *entry = *last;
    *place = 0;
    alerts->of_code[code]--;
    alerts->resolved++;
    fore_sink_put(sink, now, FORE_EV_RESOLVED, &event, sizeof event);
}

void fore_alert_forget(struct fore_alerts *alerts, struct fore_sink sink, fore_ns now,
                       uint32_t partition)
{
    for (int code = 0; code < FORE_ALERT_CODES; code++)
        if (about_partition((enum fore_alert_code)code))
            fore_alert_resolve(alerts, sink, now, (enum fore_alert_code)code, partition);
}
