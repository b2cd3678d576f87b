/* http_events.c - listeners of /v1/events: each reads the stream at its own pace, suspended while
 * there is nothing, woken by what is put there. A few only; nobody waits for one. */
#include "live/api/http_parts.h"
#include "live/base/clock.h"

#include <stdlib.h>
#include <string.h>

enum { LISTENERS_MAX = 32, BEAT_S = 15, BLOCK = 32 * 1024 };

struct live_listener {
    struct live_http *http;
    struct MHD_Connection *connection;
    struct fore_buf out; /* read from the stream, not sent yet from `sent` on */
    size_t sent;
    uint64_t seen;
    fore_ns spoke;
    bool suspended, beat;
    struct live_listener *next, **back;
};

static bool refill(struct live_listener *listener)
{
    fore_buf_reset(&listener->out);
    listener->sent = 0;
    if (listener->beat) fore_buf_puts(&listener->out, ": still here\n\n");
    listener->beat = false;
    (void)live_stream_read(&listener->http->desk->stream, &listener->seen, BLOCK, &listener->out);
    return listener->out.len > 0;
}

static ssize_t read_stream(void *cls, uint64_t pos, char *buf, size_t max)
{
    struct live_listener *listener = cls;
    struct live_http *http = listener->http;
    ssize_t got = 0;
    (void)pos;
    live_lock(&http->listener_lock);
    if (http->ending) {
        got = MHD_CONTENT_READER_END_OF_STREAM;
    } else if (listener->sent < listener->out.len || refill(listener)) {
        size_t left = listener->out.len - listener->sent;
        size_t now = left < max ? left : max;
        memcpy(buf, listener->out.data + listener->sent, now);
        listener->sent += now;
        listener->spoke = live_clock_now();
        got = (ssize_t)now;
    } else {
        listener->suspended = true;
        MHD_suspend_connection(listener->connection);
    }
    live_unlock(&http->listener_lock);
    return got;
}

static void forget(void *cls)
{
    struct live_listener *listener = cls;
    struct live_http *http = listener->http;
    live_lock(&http->listener_lock);
    *listener->back = listener->next;
    if (listener->next != NULL) listener->next->back = listener->back;
    (void)__atomic_sub_fetch(&http->listener_count, 1, __ATOMIC_RELAXED);
    live_unlock(&http->listener_lock);
    fore_buf_fini(&listener->out);
    free(listener);
}

static struct live_listener *join(struct live_http *http, struct live_call *call)
{
    const char *last =
        MHD_lookup_connection_value(call->connection, MHD_HEADER_KIND, "Last-Event-ID");
    struct live_listener *listener = calloc(1, sizeof *listener);
    if (listener == NULL) return NULL;
    listener->http = http;
    listener->connection = call->connection;
    if (last == NULL || !live_number(last, UINT64_MAX, &listener->seen))
        listener->seen = live_stream_count(&http->desk->stream);
    fore_buf_puts(&listener->out, "retry: 2000\n\n");
    live_lock(&http->listener_lock);
    bool room = !http->ending && http->listener_count < LISTENERS_MAX;
    if (room) {
        (void)__atomic_add_fetch(&http->listener_count, 1, __ATOMIC_RELAXED);
        listener->next = http->listener;
        listener->back = &http->listener;
        if (http->listener != NULL) http->listener->back = &listener->next;
        http->listener = listener;
    }
    live_unlock(&http->listener_lock);
    if (room) return listener;
    fore_buf_fini(&listener->out);
    free(listener);
    return NULL;
}

enum MHD_Result live_listener_begin(struct live_http *http, struct live_call *call)
{
    struct live_listener *listener = join(http, call);
    struct MHD_Response *response;
    if (listener == NULL) {
        static const char busy[] =
            "{\"error\":{\"code\":\"busy\",\"message\":\"too many listeners\"}}\n";
        response =
            MHD_create_response_from_buffer_with_free_callback(sizeof busy - 1, strdup(busy), free);
    } else {
        response = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK, read_stream, listener,
                                                     forget);
    }
    if (response == NULL) {
        if (listener != NULL) forget(listener);
        return MHD_NO;
    }
    (void)MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE,
                                  listener != NULL ? "text/event-stream" : "application/json");
    (void)MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
    enum MHD_Result queued =
        MHD_queue_response(call->connection, listener != NULL ? 200 : 503, response);
    MHD_destroy_response(response);
    return queued;
}

static void wake_if(struct live_listener *listener)
{
    if (!listener->suspended) return;
    listener->suspended = false;
    MHD_resume_connection(listener->connection);
}

void live_listeners_wake(void *self)
{
    struct live_http *http = self;
    live_lock(&http->listener_lock);
    for (struct live_listener *l = http->listener; l != NULL; l = l->next)
        wake_if(l);
    live_unlock(&http->listener_lock);
}

void live_listeners_beat(struct live_http *http)
{
    fore_ns now = live_clock_now();
    live_lock(&http->listener_lock);
    for (struct live_listener *l = http->listener; l != NULL; l = l->next) {
        if (!l->suspended || now - l->spoke < BEAT_S * FORE_SEC) continue;
        l->beat = true;
        wake_if(l);
    }
    live_unlock(&http->listener_lock);
}

void live_listeners_end(struct live_http *http)
{
    live_lock(&http->listener_lock);
    http->ending = true;
    for (struct live_listener *l = http->listener; l != NULL; l = l->next)
        wake_if(l);
    live_unlock(&http->listener_lock);
}
