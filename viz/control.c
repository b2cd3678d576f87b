/* control.c - see control.h: the thread, and a deed as requests. Answers are read in answer.c. */
#include "viz/control.h"

#include "core/base/json.h"
#include "viz/answer.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum stage { IDLE, ASKED, DONE };

struct viz_control {
    struct viz_http http;
    void (*woken)(void *self);
    void *self;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    bool stop;
    enum stage stage;
    struct viz_deed deed;
    struct viz_outcome outcome;
};

/* ---- one deed -------------------------------------------------------------------------------- */

static bool changes(const struct viz_deed *deed)
{
    return deed->kind != VIZ_DEED_FIND_PLAN && deed->kind != VIZ_DEED_ASK_PLAN;
}

/* Asks; true when the daemon said yes, else the outcome says why not. */
static bool ask(const struct viz_http *http, const char *method, const char *path, const char *body,
                struct viz_http_answer *answer, struct viz_outcome *out)
{
    struct fore_diag diag = {0};
    enum fore_err err = viz_http_ask(http, method, path, body, answer, &diag);
    bool sent = changes(&out->deed) && strcmp(method, "GET") != 0;
    out->status = err == FORE_E_OK ? answer->status : 0;
    if (err != FORE_E_OK) {
        bool heard = sent && strstr(diag.text, "cannot be reached") == NULL;
        (void)snprintf(out->text, sizeof out->text, "%.300s%s", diag.text,
                       heard ? "; it is not known whether it was done: look first" : "");
        return false;
    }
    if (answer->status >= 200 && answer->status < 300) return true;
    viz_answer_error(answer, out->text, sizeof out->text);
    return false;
}

static void get_plan(const struct viz_http *http, uint64_t id, struct viz_outcome *out)
{
    char path[64];
    struct viz_http_answer answer;
    (void)snprintf(path, sizeof path, "/v1/plans/%llu", (unsigned long long)id);
    if (!ask(http, "GET", path, NULL, &answer, out)) {
        viz_http_answer_fini(&answer);
        return;
    }
    out->done = out->has_plan = viz_answer_plan(&answer, &out->plan);
    if (!out->done) (void)snprintf(out->text, sizeof out->text, "the answer is no plan");
    viz_http_answer_fini(&answer);
}

static void find_plan(const struct viz_http *http, struct viz_outcome *out)
{
    struct viz_http_answer answer;
    uint64_t id = 0;
    bool good = ask(http, "GET", "/v1/plans", NULL, &answer, out);
    if (good && !viz_answer_find_plan(&answer, out->deed.id, &id, out->text, sizeof out->text))
        good = false;
    viz_http_answer_fini(&answer);
    if (good) get_plan(http, id, out);
}

static void ask_plan(const struct viz_http *http, struct viz_outcome *out)
{
    struct viz_http_answer answer;
    if (ask(http, "POST", "/v1/plans", NULL, &answer, out)) {
        out->done = out->has_plan = viz_answer_plan(&answer, &out->plan);
        if (!out->done) (void)snprintf(out->text, sizeof out->text, "the answer is no plan");
    }
    viz_http_answer_fini(&answer);
}

static void approve(const struct viz_http *http, struct viz_outcome *out)
{
    char path[64];
    struct fore_buf body = {0};
    struct viz_http_answer answer;
    struct fore_json json = fore_json_begin(&body, false);
    fore_json_object(&json, NULL);
    if (out->deed.state[0] != '\0') fore_json_string(&json, "state", out->deed.state);
    fore_json_object_end(&json);
    (void)snprintf(path, sizeof path, "/v1/plans/%llu/approve", (unsigned long long)out->deed.id);
    out->done = ask(http, "POST", path, body.data, &answer, out);
    if (out->done) viz_answer_approved(&answer, out->text, sizeof out->text);
    viz_http_answer_fini(&answer);
    fore_buf_fini(&body);
}

/* A request without a body, whose answer says no more than yes. */
static void post(const struct viz_http *http, const char *what, const char *verb, const char *said,
                 struct viz_outcome *out)
{
    char path[64];
    struct viz_http_answer answer;
    (void)snprintf(path, sizeof path, "/v1/%s/%llu/%s", what, (unsigned long long)out->deed.id,
                   verb);
    out->done = ask(http, "POST", path, NULL, &answer, out);
    if (out->done) (void)snprintf(out->text, sizeof out->text, "%s", said);
    viz_http_answer_fini(&answer);
}

static void put(const struct viz_http *http, const char *path, const char *key, const char *text,
                struct viz_outcome *out)
{
    struct fore_buf body = {0};
    struct viz_http_answer answer;
    struct fore_json json = fore_json_begin(&body, false);
    fore_json_object(&json, NULL);
    if (text != NULL)
        fore_json_string(&json, key, text);
    else
        fore_json_f64(&json, key, out->deed.threshold);
    fore_json_object_end(&json);
    out->done = ask(http, "PUT", path, body.data, &answer, out);
    viz_http_answer_fini(&answer);
    fore_buf_fini(&body);
}

/* The general one is the entry of '*' in the setting `thresholds`; the others stay. */
static void general_threshold(const struct viz_http *http, struct viz_outcome *out)
{
    char now[8192];
    struct fore_buf text = {0};
    struct viz_http_answer answer;
    bool good = ask(http, "GET", "/v1/settings/thresholds", NULL, &answer, out);
    if (good && !viz_answer_setting(&answer, now, sizeof now)) {
        (void)snprintf(out->text, sizeof out->text, "the answer is no setting");
        good = false;
    }
    viz_http_answer_fini(&answer);
    if (!good) return;
    viz_answer_with_general(now, out->deed.threshold, &text);
    put(http, "/v1/settings/thresholds", "value", text.data, out);
    fore_buf_fini(&text);
    if (out->done)
        (void)snprintf(out->text, sizeof out->text, "the general threshold is now %.4g",
                       out->deed.threshold);
}

static void threshold(const struct viz_http *http, struct viz_outcome *out)
{
    char path[64];
    if (out->deed.id == VIZ_THRESHOLD_ALL) {
        general_threshold(http, out);
        return;
    }
    (void)snprintf(path, sizeof path, "/v1/partitions/%llu/threshold",
                   (unsigned long long)out->deed.id);
    put(http, path, "threshold", NULL, out);
    if (out->done)
        (void)snprintf(out->text, sizeof out->text, "p%llu's threshold is now %.4g",
                       (unsigned long long)out->deed.id, out->deed.threshold);
}

void viz_control_do(const struct viz_http *http, const struct viz_deed *deed,
                    struct viz_outcome *out)
{
    *out = (struct viz_outcome){.deed = *deed};
    switch (deed->kind) {
    case VIZ_DEED_FIND_PLAN: find_plan(http, out); break;
    case VIZ_DEED_ASK_PLAN: ask_plan(http, out); break;
    case VIZ_DEED_APPROVE: approve(http, out); break;
    case VIZ_DEED_REJECT: post(http, "plans", "cancel", "the plan is rejected", out); break;
    case VIZ_DEED_PAUSE: post(http, "migrations", "pause", "the migration rests", out); break;
    case VIZ_DEED_RESUME: post(http, "migrations", "resume", "the migration goes on", out); break;
    case VIZ_DEED_CANCEL:
        post(http, "migrations", "cancel", "the migration is cancelled", out);
        break;
    case VIZ_DEED_THRESHOLD: threshold(http, out); break;
    case VIZ_DEEDS:
    default: (void)snprintf(out->text, sizeof out->text, "nobody knows how to do that"); break;
    }
}

/* ---- the thread ------------------------------------------------------------------------------ */

static void *serve(void *self)
{
    struct viz_control *c = self;
    pthread_mutex_lock(&c->lock);
    while (!c->stop) {
        if (c->stage != ASKED) {
            pthread_cond_wait(&c->wake, &c->lock);
            continue;
        }
        struct viz_deed deed = c->deed;
        struct viz_outcome outcome;
        pthread_mutex_unlock(&c->lock);
        viz_control_do(&c->http, &deed, &outcome);
        pthread_mutex_lock(&c->lock);
        c->outcome = outcome;
        c->stage = DONE;
        if (c->woken != NULL && !c->stop) c->woken(c->self);
    }
    pthread_mutex_unlock(&c->lock);
    return NULL;
}

enum fore_err viz_control_open(const char *url, void (*woken)(void *self), void *self,
                               struct viz_control **out, struct fore_diag *diag)
{
    struct viz_control *c = calloc(1, sizeof *c);
    FORE_ASSERT(c != NULL);
    c->woken = woken;
    c->self = self;
    (void)pthread_mutex_init(&c->lock, NULL);
    (void)pthread_cond_init(&c->wake, NULL);
    enum fore_err err = viz_http_parse(url, &c->http, diag);
    if (err == FORE_E_OK) err = viz_http_token(&c->http, diag);
    if (err == FORE_E_OK && pthread_create(&c->thread, NULL, serve, c) != 0)
        err = fore_err_set(diag, FORE_E_UNREACHABLE, "no thread to control %.200s", url);
    *out = err == FORE_E_OK ? c : NULL;
    if (err != FORE_E_OK) free(c);
    return err;
}

void viz_control_close(struct viz_control *c)
{
    if (c == NULL) return;
    pthread_mutex_lock(&c->lock);
    c->stop = true;
    pthread_cond_signal(&c->wake);
    pthread_mutex_unlock(&c->lock);
    (void)pthread_join(c->thread, NULL);
    (void)pthread_mutex_destroy(&c->lock);
    (void)pthread_cond_destroy(&c->wake);
    free(c);
}

bool viz_control_armed(const struct viz_control *control)
{
    return control->http.token[0] != '\0';
}

bool viz_control_ask(struct viz_control *c, const struct viz_deed *deed)
{
    pthread_mutex_lock(&c->lock);
    bool free_now = c->stage == IDLE;
    if (free_now) {
        c->deed = *deed;
        c->stage = ASKED;
        pthread_cond_signal(&c->wake);
    }
    pthread_mutex_unlock(&c->lock);
    return free_now;
}

bool viz_control_take(struct viz_control *c, struct viz_outcome *out)
{
    pthread_mutex_lock(&c->lock);
    bool done = c->stage == DONE;
    if (done) {
        *out = c->outcome;
        c->stage = IDLE;
    }
    pthread_mutex_unlock(&c->lock);
    return done;
}
