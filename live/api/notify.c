/* notify.c - see notify.h: the option rows, and the thread that delivers. */
#include "live/api/notify.h"

#include "live/api/api.h"
#include "live/api/desk.h"
#include "live/base/clock.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define AT(field) FORE_OPTION_AT(struct live_notify_options, field)
enum { LOOK_MS = 500, PAUSE_MIN_MS = 1000, PAUSE_MAX_MS = 60000, CHANGES_AT_ONCE = 50 };

static const struct fore_option rows[] = {
    {"alertmanager",       FORE_OPT_TEXT,     AT(alertmanager),       "",     0,   0,      NULL,
     "http(s)://HOST:PORT of an Alertmanager, told of alerts that stand; empty: none"                             },
    {"webhook",            FORE_OPT_TEXT,     AT(webhook),            "",     0,   0,      NULL,
     "URL that gets a POST when an alert is raised or resolved; empty: none"                                      },
    {"webhook_token_file", FORE_OPT_TEXT,     AT(webhook_token_file), "",     0,   0,      NULL,
     "file whose first line is sent to the webhook as a bearer token; empty: none"                                },
    {"ca_file",            FORE_OPT_TEXT,     AT(ca_file),            "",     0,   0,      NULL,
     "PEM file of who may sign the certificates of https; empty: the system's"                                    },
    {"cluster",            FORE_OPT_TEXT,     AT(cluster),            "",     0,   0,      NULL,
     "label `cluster` of what is sent, to tell clusters apart; empty: none"                                       },
    {"resend",             FORE_OPT_DURATION, AT(resend),             "1min", 1e9, 3600e9, NULL,
     "alerts that stand are sent again this often"                                                                },
    {"timeout",            FORE_OPT_DURATION, AT(timeout),            "5s",   1e8, 60e9,   NULL, "of one delivery"},
};
const struct fore_option_section live_notify_section = {.name = "notify",
                                                        .help = "who is told of alerts",
                                                        .row = rows,
                                                        .row_count = FORE_COUNTOF(rows)};

struct route { /* to one of them */
    struct live_url url;
    bool wanted;
    uint64_t pause_ms, not_before_ms; /* after a failure */
};

struct live_notify {
    const struct live_notify_options *options;
    struct live_board *board;
    struct route to[LIVE_TARGETS];
    char token[LIVE_TOKEN_MAX];
    struct live_notify_book book;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    bool ending;
    struct live_notify_counts counts; /* atomic */
};

static void settle(struct live_notify *notify, struct route *route, bool delivered)
{
    uint64_t now = live_clock_ms();
    if (delivered) {
        (void)__atomic_add_fetch(&notify->counts.delivered, 1, __ATOMIC_RELAXED);
        route->pause_ms = 0;
        return;
    }
    (void)__atomic_add_fetch(&notify->counts.failed, 1, __ATOMIC_RELAXED);
    route->pause_ms = route->pause_ms == 0 ? PAUSE_MIN_MS : 2 * route->pause_ms;
    if (route->pause_ms > PAUSE_MAX_MS) route->pause_ms = PAUSE_MAX_MS;
    route->not_before_ms = now + route->pause_ms;
}

static bool deliver(struct live_notify *notify, enum live_target target, const char *path,
                    const struct fore_buf *body)
{
    uint32_t status = 0;
    struct live_fetch fetch = {.method = "POST",
                               .url = &notify->to[target].url,
                               .path = path,
                               .token = target == LIVE_TO_WEBHOOK ? notify->token : NULL,
                               .ca_file = notify->options->ca_file,
                               .body = body->data,
                               .body_len = body->len,
                               .timeout_ms = (uint32_t)(notify->options->timeout / FORE_MS)};
    bool good = live_fetch(&fetch, &status, NULL, NULL) == FORE_E_OK && status / 100 == 2;
    settle(notify, &notify->to[target], good);
    return good;
}

static void tell_alertmanager(struct live_notify *notify, const struct live_picture *picture)
{
    bool taken[LIVE_NOTIFY_KNOWN];
    struct fore_buf body = {0};
    uint64_t now_ms = live_unix_ms();
    uint32_t count =
        live_notify_batch(&notify->book, notify->options, picture, now_ms, &body, taken);
    if (count > 0 && deliver(notify, LIVE_TO_ALERTMANAGER, "/api/v2/alerts", &body))
        for (uint32_t i = 0; i < notify->book.count; i++)
            if (taken[i]) live_notify_taken(&notify->book, LIVE_TO_ALERTMANAGER, i, now_ms);
    fore_buf_fini(&body);
}

static void tell_webhook(struct live_notify *notify, const struct live_picture *picture)
{
    struct fore_buf body = {0};
    for (int n = 0; n < CHANGES_AT_ONCE; n++) {
        fore_buf_reset(&body);
        int known = live_notify_change(&notify->book, notify->options, picture, &body);
        if (known < 0 || !deliver(notify, LIVE_TO_WEBHOOK, NULL, &body)) break;
        live_notify_taken(&notify->book, LIVE_TO_WEBHOOK, (uint32_t)known, live_unix_ms());
    }
    fore_buf_fini(&body);
}

static void round_of(struct live_notify *notify)
{
    const struct live_picture *picture = live_board_hold(notify->board);
    if (picture == NULL) return;
    bool wanted[LIVE_TARGETS];
    live_notify_look(&notify->book, picture, live_unix_ms());
    for (int t = 0; t < LIVE_TARGETS; t++) {
        wanted[t] = notify->to[t].wanted;
        bool rests = live_clock_ms() < notify->to[t].not_before_ms && notify->to[t].pause_ms > 0;
        if (!wanted[t] || rests) continue;
        if (t == LIVE_TO_ALERTMANAGER)
            tell_alertmanager(notify, picture);
        else
            tell_webhook(notify, picture);
    }
    live_notify_forget(&notify->book, wanted, live_unix_ms());
    live_picture_release(picture);
}

static void *run(void *self)
{
    struct live_notify *notify = self;
    FORE_ASSERT(pthread_mutex_lock(&notify->lock) == 0);
    while (!notify->ending) {
        FORE_ASSERT(pthread_mutex_unlock(&notify->lock) == 0);
        round_of(notify);
        struct timespec until;
        (void)clock_gettime(CLOCK_REALTIME, &until);
        until.tv_nsec += LOOK_MS * 1000000L;
        if (until.tv_nsec >= 1000000000L) {
            until.tv_sec++;
            until.tv_nsec -= 1000000000L;
        }
        FORE_ASSERT(pthread_mutex_lock(&notify->lock) == 0);
        if (!notify->ending) (void)pthread_cond_timedwait(&notify->wake, &notify->lock, &until);
    }
    FORE_ASSERT(pthread_mutex_unlock(&notify->lock) == 0);
    return NULL;
}

static enum fore_err read_targets(struct live_notify *notify, struct fore_diag *diag)
{
    const struct live_notify_options *o = notify->options;
    const char *url[LIVE_TARGETS] = {o->alertmanager, o->webhook};
    const char *field[LIVE_TARGETS] = {"notify.alertmanager", "notify.webhook"};
    for (int t = 0; t < LIVE_TARGETS; t++) {
        notify->to[t].wanted = url[t][0] != '\0';
        if (notify->to[t].wanted)
            FORE_TRY(live_url_parse(url[t], field[t], &notify->to[t].url, diag));
    }
    FORE_TRY(live_fetch_check_ca(o->ca_file, "notify.ca_file", diag));
    if (o->webhook_token_file[0] == '\0') return FORE_E_OK;
    return live_token_read(o->webhook_token_file, notify->token, diag);
}

enum fore_err live_notify_open(struct live_notify **out, const struct live_notify_options *options,
                               struct live_board *board, struct fore_diag *diag)
{
    *out = NULL;
    if (options->alertmanager[0] == '\0' && options->webhook[0] == '\0') return FORE_E_OK;
    struct live_notify *notify = calloc(1, sizeof *notify);
    FORE_ASSERT(notify != NULL);
    notify->options = options;
    notify->board = board;
    enum fore_err err = read_targets(notify, diag);
    if (err != FORE_E_OK) {
        free(notify);
        return err;
    }
    sigset_t all, before;
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_BLOCK, &all, &before);
    FORE_ASSERT(pthread_mutex_init(&notify->lock, NULL) == 0);
    FORE_ASSERT(pthread_cond_init(&notify->wake, NULL) == 0);
    FORE_ASSERT(pthread_create(&notify->thread, NULL, run, notify) == 0);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    *out = notify;
    return FORE_E_OK;
}

void live_notify_close(struct live_notify *notify)
{
    if (notify == NULL) return;
    FORE_ASSERT(pthread_mutex_lock(&notify->lock) == 0);
    notify->ending = true;
    (void)pthread_cond_signal(&notify->wake);
    FORE_ASSERT(pthread_mutex_unlock(&notify->lock) == 0);
    (void)pthread_join(notify->thread, NULL);
    (void)pthread_cond_destroy(&notify->wake);
    (void)pthread_mutex_destroy(&notify->lock);
    memset(notify->token, 0, sizeof notify->token);
    free(notify);
}

struct live_notify_counts live_notify_counts(struct live_notify *notify)
{
    if (notify == NULL) return (struct live_notify_counts){0};
    return (struct live_notify_counts){
        .delivered = __atomic_load_n(&notify->counts.delivered, __ATOMIC_RELAXED),
        .failed = __atomic_load_n(&notify->counts.failed, __ATOMIC_RELAXED)};
}
