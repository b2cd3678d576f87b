/*
 * notify.h - alerts told to others: pushed to an Alertmanager (/api/v2/alerts), and to a webhook.
 *
 * A thread of its own looks at the newest picture once a second. To the Alertmanager every alert
 * that stands is sent when it appears and again every `resend`, with an end that lies some resends
 * ahead, so that it goes by itself when we die; and once more, ended, when it is resolved. A
 * webhook is told each change once. What is not taken is tried again, with growing pauses; what was
 * resolved is remembered until it was taken, or for an hour.
 */
#ifndef LIVE_NOTIFY_H
#define LIVE_NOTIFY_H

#include "core/base/option.h"
#include "live/api/picture.h"
#include "live/base/fetch.h"

struct live_notify_options {  /* the "notify" section */
    const char *alertmanager; /* "http://127.0.0.1:9093"; "": none */
    const char *webhook;      /* URL; "": none */
    const char *webhook_token_file;
    const char *ca_file; /* of https; "": the system's */
    const char *cluster; /* label that tells clusters apart; "": none */
    fore_ns resend, timeout;
};
extern const struct fore_option_section live_notify_section;

struct live_notify;
/* *out NULL: nobody is to be told. FORMAT: a URL or a file that cannot be used. */
FORE_MUST_USE enum fore_err live_notify_open(struct live_notify **out,
                                             const struct live_notify_options *options,
                                             struct live_board *board, struct fore_diag *diag);
void live_notify_close(struct live_notify *notify);

struct live_notify_counts { /* of deliveries; any thread may ask */
    uint64_t delivered, failed;
};
struct live_notify_counts live_notify_counts(struct live_notify *notify);

/* ---- the parts, for tests ---- */

enum live_target { LIVE_TO_ALERTMANAGER, LIVE_TO_WEBHOOK, LIVE_TARGETS };
enum { LIVE_NOTIFY_KNOWN = LIVE_ALERTS_STANDING + 256 };

struct live_notify_known { /* an alert somebody is to be told of */
    struct live_alert alert;
    uint64_t sent_ms[LIVE_TARGETS]; /* as standing; 0: not yet */
    bool done[LIVE_TARGETS];        /* as resolved */
};
struct live_notify_book {
    struct live_notify_known known[LIVE_NOTIFY_KNOWN];
    uint32_t count;
    uint64_t newest; /* id of the newest alert ever seen */
};
/* Takes in what a picture shows; `now` is Unix time in ms. */
void live_notify_look(struct live_notify_book *book, const struct live_picture *picture,
                      uint64_t now_ms);
/* What is to be sent to the Alertmanager, as its JSON; returns of how many alerts, 0: nothing is
 * due. `taken` marks those that were. */
uint32_t live_notify_batch(const struct live_notify_book *book,
                           const struct live_notify_options *options,
                           const struct live_picture *picture, uint64_t now_ms,
                           struct fore_buf *out, bool taken[LIVE_NOTIFY_KNOWN]);
/* The oldest change the webhook was not told of: {"event": "raised" | "resolved", ...}; -1: none.
 */
int live_notify_change(const struct live_notify_book *book,
                       const struct live_notify_options *options,
                       const struct live_picture *picture, struct fore_buf *out);
/* It was taken. */
void live_notify_taken(struct live_notify_book *book, enum live_target target, uint32_t known,
                       uint64_t now_ms);
/* Forgets what everybody in `wanted` has been told the end of. */
void live_notify_forget(struct live_notify_book *book, const bool wanted[LIVE_TARGETS],
                        uint64_t now_ms);

#endif
