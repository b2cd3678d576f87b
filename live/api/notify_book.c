/* notify_book.c - who is to be told what: alerts known, what of them was delivered, and their JSON
 * (notify.h). Without threads and sockets, so that it can be tested. */
#include "live/api/notify.h"

#include "core/base/json.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { REMEMBER_MS = 3600000, ENDS_AFTER = 4 };

static struct live_notify_known *find(struct live_notify_book *book, uint64_t id)
{
    for (uint32_t i = 0; i < book->count; i++)
        if (book->known[i].alert.id == id) return &book->known[i];
    return NULL;
}

/* Alerts that were resolved before we looked for the first time are nobody's news. */
void live_notify_look(struct live_notify_book *book, const struct live_picture *picture,
                      uint64_t now_ms)
{
    uint64_t newest = book->newest;
    bool first = book->newest == 0;
    for (uint32_t i = 0; i < picture->alert_count; i++) {
        const struct live_alert *alert = &picture->alert[i];
        struct live_notify_known *known = find(book, alert->id);
        bool unseen = known == NULL && alert->id > book->newest;
        if (unseen && (alert->resolved_unix_ms == 0 || !first) && book->count < LIVE_NOTIFY_KNOWN) {
            known = &book->known[book->count++];
            memset(known, 0, sizeof *known);
        }
        if (known != NULL) known->alert = *alert;
        if (alert->id > newest) newest = alert->id;
    }
    book->newest = newest;
    for (uint32_t i = 0; i < book->count; i++) { /* neither standing nor among those resolved */
        struct live_notify_known *known = &book->known[i];
        bool there = false;
        for (uint32_t k = 0; k < picture->alert_count && !there; k++)
            there = picture->alert[k].id == known->alert.id;
        if (!there && known->alert.resolved_unix_ms == 0) known->alert.resolved_unix_ms = now_ms;
    }
}

/* ---- JSON ---------------------------------------------------------------------------------- */

static void put_time(struct fore_json *json, const char *key, uint64_t unix_ms)
{
    char text[40], all[48];
    struct tm tm;
    time_t seconds = (time_t)(unix_ms / 1000);
    (void)gmtime_r(&seconds, &tm);
    (void)strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &tm);
    (void)snprintf(all, sizeof all, "%s.%03uZ", text, (unsigned)(unix_ms % 1000));
    fore_json_string(json, key, all);
}

/* "node-at-risk" -> "ForeshardNodeAtRisk". */
static void alert_name(const char *code, char *out, size_t size)
{
    size_t n = (size_t)snprintf(out, size, "Foreshard");
    bool upper = true;
    for (; *code != '\0' && n + 1 < size; code++) {
        if (*code == '-') {
            upper = true;
            continue;
        }
        out[n++] = (char)(upper ? toupper((unsigned char)*code) : *code);
        upper = false;
    }
    out[n] = '\0';
}

static void labels(const struct live_alert *alert, const struct live_notify_options *options,
                   const struct live_picture *picture, struct fore_json *json)
{
    char name[64], number[16];
    const char *code = fore_alert_code_text((enum fore_alert_code)alert->code);
    alert_name(code, name, sizeof name);
    fore_json_object(json, "labels");
    fore_json_string(json, "alertname", name);
    fore_json_string(json, "code", code);
    fore_json_string(json, "severity", live_alert_severity_text(alert));
    if (options->cluster[0] != '\0') fore_json_string(json, "cluster", options->cluster);
    if (alert->node < picture->node_count)
        fore_json_string(json, "node", picture->node[alert->node].name);
    (void)snprintf(number, sizeof number, "%u", alert->partition);
    if (alert->partition != FORE_PARTITION_NONE) fore_json_string(json, "partition", number);
    fore_json_object_end(json);
}

static bool due(const struct live_notify_known *known, const struct live_notify_options *options,
                uint64_t now_ms)
{
    uint64_t sent = known->sent_ms[LIVE_TO_ALERTMANAGER];
    if (known->alert.resolved_unix_ms != 0) return !known->done[LIVE_TO_ALERTMANAGER];
    return sent == 0 || now_ms < sent || now_ms - sent >= options->resend / FORE_MS;
}

uint32_t live_notify_batch(const struct live_notify_book *book,
                           const struct live_notify_options *options,
                           const struct live_picture *picture, uint64_t now_ms,
                           struct fore_buf *out, bool taken[LIVE_NOTIFY_KNOWN])
{
    uint32_t count = 0;
    struct fore_json json = fore_json_begin(out, false);
    fore_json_array(&json, NULL);
    for (uint32_t i = 0; i < book->count; i++) {
        const struct live_notify_known *known = &book->known[i];
        taken[i] = due(known, options, now_ms);
        if (!taken[i]) continue;
        uint64_t ended = known->alert.resolved_unix_ms;
        fore_json_object(&json, NULL);
        labels(&known->alert, options, picture, &json);
        fore_json_object(&json, "annotations");
        fore_json_string(&json, "summary", known->alert.text);
        fore_json_object_end(&json);
        put_time(&json, "startsAt", known->alert.raised_unix_ms);
        put_time(&json, "endsAt",
                 ended != 0 ? ended : now_ms + ENDS_AFTER * (options->resend / FORE_MS));
        fore_json_object_end(&json);
        count++;
    }
    fore_json_array_end(&json);
    return count;
}

int live_notify_change(const struct live_notify_book *book,
                       const struct live_notify_options *options,
                       const struct live_picture *picture, struct fore_buf *out)
{
    for (uint32_t i = 0; i < book->count; i++) {
        const struct live_notify_known *known = &book->known[i];
        bool told = known->sent_ms[LIVE_TO_WEBHOOK] != 0;
        bool over = known->alert.resolved_unix_ms != 0;
        if (told && (!over || known->done[LIVE_TO_WEBHOOK])) continue;
        struct fore_json json = fore_json_begin(out, false);
        fore_json_object(&json, NULL);
        fore_json_string(&json, "event", told ? "resolved" : "raised");
        fore_json_u64(&json, "id", known->alert.id);
        labels(&known->alert, options, picture, &json);
        fore_json_string(&json, "text", known->alert.text);
        put_time(&json, "raised_at", known->alert.raised_unix_ms);
        if (told) put_time(&json, "resolved_at", known->alert.resolved_unix_ms);
        fore_json_object_end(&json);
        return (int)i;
    }
    return -1;
}

void live_notify_taken(struct live_notify_book *book, enum live_target target, uint32_t known,
                       uint64_t now_ms)
{
    struct live_notify_known *row = &book->known[known];
    bool standing_first = target == LIVE_TO_WEBHOOK && row->sent_ms[target] == 0;
    if (row->alert.resolved_unix_ms != 0 && !standing_first) row->done[target] = true;
    row->sent_ms[target] = now_ms;
}

void live_notify_forget(struct live_notify_book *book, const bool wanted[LIVE_TARGETS],
                        uint64_t now_ms)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < book->count; i++) {
        const struct live_notify_known *known = &book->known[i];
        uint64_t ended = known->alert.resolved_unix_ms;
        bool told = true;
        for (int t = 0; t < LIVE_TARGETS; t++)
            told = told && (!wanted[t] || known->done[t]);
        bool old = ended != 0 && now_ms > ended && now_ms - ended > REMEMBER_MS;
        if (ended != 0 && (told || old)) continue;
        book->known[kept++] = *known;
    }
    book->count = kept;
}
