/* http.c - see http.h: requests in, replies out, and what waits for the engine in between. */
#include "live/api/http_parts.h"

#include "live/base/clock.h"

#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>

enum { WAITING_MAX = 64, THREADS = 2, CONNECTION_MEMORY = 16 * 1024, NICER = 5 };

void live_lock(pthread_mutex_t *lock)
{
    FORE_ASSERT(pthread_mutex_lock(lock) == 0);
}

void live_unlock(pthread_mutex_t *lock)
{
    FORE_ASSERT(pthread_mutex_unlock(lock) == 0);
}

/* ---- replies ------------------------------------------------------------------------------- */

static void release_picture(void *picture)
{
    live_picture_release(picture);
}

/* The reply's memory goes over to the response. */
static struct MHD_Response *response_of(struct live_response *reply)
{
    union {
        const void *read;
        void *write;
    } page = {.read = reply->page}, keep = {.read = reply->keep};
    if (reply->page != NULL && reply->keep != NULL) {
        reply->keep = NULL;
        return MHD_create_response_from_buffer_with_free_callback_cls(reply->page_len, page.write,
                                                                      release_picture, keep.write);
    }
    if (reply->page != NULL)
        return MHD_create_response_from_buffer(reply->page_len, page.write, MHD_RESPMEM_PERSISTENT);
    struct fore_buf body = reply->body;
    reply->body = (struct fore_buf){0};
    return MHD_create_response_from_buffer(body.len, body.data, MHD_RESPMEM_MUST_FREE);
}

static enum MHD_Result send_reply(struct live_http *http, struct MHD_Connection *connection,
                                  struct live_response *reply)
{
    char text[16];
    unsigned status = reply->status;
    struct MHD_Response *response = response_of(reply);
    if (response == NULL) return MHD_NO;
    const char *type = reply->type != NULL ? reply->type : "application/json";
    (void)MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
    (void)MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
    (void)MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
    if (reply->allow != NULL)
        (void)MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, reply->allow);
    if (reply->challenge)
        (void)MHD_add_response_header(response, MHD_HTTP_HEADER_WWW_AUTHENTICATE,
                                      "Bearer realm=\"foreshard\"");
    (void)snprintf(text, sizeof text, "%u", reply->retry_after_s);
    if (reply->retry_after_s > 0)
        (void)MHD_add_response_header(response, MHD_HTTP_HEADER_RETRY_AFTER, text);
    enum MHD_Result queued = MHD_queue_response(connection, status, response);
    MHD_destroy_response(response);
    (void)__atomic_add_fetch(&http->answered, 1, __ATOMIC_RELAXED);
    if (status >= 400) (void)__atomic_add_fetch(&http->refused, 1, __ATOMIC_RELAXED);
    return queued;
}

/* ---- one request --------------------------------------------------------------------------- */

static enum MHD_Result each_query(void *cls, enum MHD_ValueKind kind, const char *key,
                                  const char *value)
{
    (void)kind;
    live_request_add_query(cls, key, value);
    return MHD_YES;
}

static uint64_t body_length(struct MHD_Connection *connection)
{
    uint64_t length = 0;
    const char *text =
        MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_CONTENT_LENGTH);
    if (text == NULL) return 0;
    return live_number(text, UINT64_MAX, &length) ? length : UINT64_MAX;
}

static uint64_t peer_of(struct MHD_Connection *connection, char *out, size_t size)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    const struct sockaddr *address = info != NULL ? info->client_addr : NULL;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
    (void)snprintf(out, size, "unknown");
    if (address != NULL && address->sa_family == AF_INET) {
        memcpy(&v4, address, sizeof v4);
        (void)inet_ntop(AF_INET, &v4.sin_addr, out, (socklen_t)size);
        return live_limits_who(&v4.sin_addr, sizeof v4.sin_addr);
    }
    if (address != NULL && address->sa_family == AF_INET6) {
        memcpy(&v6, address, sizeof v6);
        (void)inet_ntop(AF_INET6, &v6.sin6_addr, out, (socklen_t)size);
        return live_limits_who(&v6.sin6_addr, 8); /* a /64 is one customer */
    }
    return 1;
}

static void fill_request(struct live_call *call, const char *url, const char *method)
{
    struct live_request *request = &call->request;
    const char *accept =
        MHD_lookup_connection_value(call->connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_ACCEPT);
    (void)snprintf(request->method, sizeof request->method, "%s", method);
    if (strlen(url) < sizeof request->path)
        (void)snprintf(request->path, sizeof request->path, "%s", url);
    request->open_metrics =
        accept != NULL && strstr(accept, "application/openmetrics-text") != NULL;
    request->authorization = MHD_lookup_connection_value(call->connection, MHD_HEADER_KIND,
                                                         MHD_HTTP_HEADER_AUTHORIZATION);
    request->peer = call->peer;
    (void)MHD_get_connection_values(call->connection, MHD_GET_ARGUMENT_KIND, each_query, request);
}

static bool within_rate(struct live_http *http, struct live_call *call, uint64_t who)
{
    bool writes =
        strcmp(call->request.method, "GET") != 0 && strcmp(call->request.method, "HEAD") != 0;
    live_lock(&http->limits_lock);
    bool admitted = live_limits_admit(&http->limits, who, writes, live_clock_now());
    live_unlock(&http->limits_lock);
    if (admitted) return true;
    live_response_error(&call->reply, 429, "too-many-requests", "slower, please");
    call->reply.retry_after_s = 1;
    return false;
}

/* Its headers are there. What is refused now is refused before a byte of its body is read. */
static enum MHD_Result begin_request(struct live_http *http, struct MHD_Connection *connection,
                                     const char *url, const char *method, void **con_cls)
{
    struct live_call *call = calloc(1, sizeof *call);
    if (call == NULL) return MHD_NO;
    *con_cls = call;
    call->connection = connection;
    uint64_t who = peer_of(connection, call->peer, sizeof call->peer);
    fill_request(call, url, method);
    bool good = within_rate(http, call, who) &&
                live_api_admits(&http->api, &call->request, body_length(connection), &call->reply);
    return good ? MHD_YES : send_reply(http, connection, &call->reply);
}

static enum MHD_Result take_body(struct live_call *call, const char *data, size_t *size)
{
    if (call->body.len + *size > LIVE_BODY_MAX) return MHD_NO; /* it lied about its length */
    fore_buf_append(&call->body, data, *size);
    *size = 0;
    return MHD_YES;
}

/* Suspended before it is queued, under the lock: the engine may answer at once. */
static enum MHD_Result wait_for_engine(struct live_http *http, struct live_call *call)
{
    live_lock(&http->queue_lock);
    bool room = !http->closing && http->waiting < WAITING_MAX;
    if (room) {
        MHD_suspend_connection(call->connection);
        *http->queue_end = call;
        http->queue_end = &call->next;
        http->waiting++;
    }
    live_unlock(&http->queue_lock);
    if (room) return MHD_YES;
    live_response_error(&call->reply, 503, "busy", "too many requests wait for the engine");
    call->reply.retry_after_s = 1;
    return send_reply(http, call->connection, &call->reply);
}

static enum MHD_Result whole_request(struct live_http *http, struct live_call *call)
{
    live_watch_arrived(http, call->connection);
    call->request.body = call->body.data;
    call->request.body_len = call->body.len;
    switch (live_api_begin(&http->api, &call->request, &call->reply)) {
    case LIVE_API_FOR_ENGINE: return wait_for_engine(http, call);
    case LIVE_API_FOR_STREAM: return live_listener_begin(http, call);
    case LIVE_API_ANSWERED:
    default: return send_reply(http, call->connection, &call->reply);
    }
}

static enum MHD_Result on_request(void *cls, struct MHD_Connection *connection, const char *url,
                                  const char *method, const char *version, const char *upload,
                                  size_t *upload_size, void **con_cls)
{
    struct live_http *http = cls;
    struct live_call *call = *con_cls;
    (void)version;
    if (call == NULL) return begin_request(http, connection, url, method, con_cls);
    if (*upload_size > 0) return take_body(call, upload, upload_size);
    if (__atomic_load_n(&call->answered, __ATOMIC_ACQUIRE))
        return send_reply(http, connection, &call->reply);
    return whole_request(http, call);
}

static void on_completed(void *cls, struct MHD_Connection *connection, void **con_cls,
                         enum MHD_RequestTerminationCode code)
{
    struct live_call *call = *con_cls;
    (void)code;
    *con_cls = NULL;
    live_watch_expects(cls, connection);
    if (call == NULL) return;
    live_request_fini(&call->request);
    live_response_fini(&call->reply);
    fore_buf_fini(&call->body);
    free(call);
}

/* ---- the engine's thread -------------------------------------------------------------------- */

static struct live_call *next_call(struct live_http *http)
{
    live_lock(&http->queue_lock);
    struct live_call *call = http->queue;
    if (call != NULL) {
        http->queue = call->next;
        http->waiting--;
        if (http->queue == NULL) http->queue_end = &http->queue;
    }
    live_unlock(&http->queue_lock);
    return call;
}

static void hand_back(struct live_call *call)
{
    struct MHD_Connection *connection = call->connection; /* the call may be gone afterwards */
    __atomic_store_n(&call->answered, true, __ATOMIC_RELEASE);
    MHD_resume_connection(connection);
}

void live_http_serve(struct live_http *http)
{
    struct live_call *call;
    while ((call = next_call(http)) != NULL) {
        live_api_finish(http->desk, &call->request, &call->reply);
        if (http->desk->touched) live_desk_publish(http->desk); /* who asks next sees it */
        hand_back(call);
    }
    http->desk->health.answered = __atomic_load_n(&http->answered, __ATOMIC_RELAXED);
    http->desk->health.refused = __atomic_load_n(&http->refused, __ATOMIC_RELAXED);
    http->desk->health.streams = __atomic_load_n(&http->listener_count, __ATOMIC_RELAXED);
}

/* ---- opening and closing -------------------------------------------------------------------- */

static enum fore_err read_whole(const char *path, const char *what, struct fore_buf *out,
                                struct fore_diag *diag)
{
    char bytes[4096];
    size_t got;
    FILE *file = fopen(path, "r");
    if (file == NULL)
        return fore_err_set(diag, FORE_E_IO, "%s: %s: %s", what, path, strerror(errno));
    while ((got = fread(bytes, 1, sizeof bytes, file)) > 0 && out->len < (1u << 20))
        fore_buf_append(out, bytes, got);
    (void)fclose(file);
    return out->len > 0 ? FORE_E_OK : fore_err_set(diag, FORE_E_IO, "%s: %s is empty", what, path);
}

static enum fore_err read_secrets(struct live_http *http, struct fore_diag *diag)
{
    const struct live_api_options *o = http->api.options;
    if (o->token_file[0] != '\0') FORE_TRY(live_token_read(o->token_file, http->api.token, diag));
    if (http->api.beyond && http->api.token[0] == '\0')
        return fore_err_set(diag, FORE_E_RANGE,
                            "api.listen: %s is not loopback: that needs api.token_file", o->listen);
    if (o->tls_certificate[0] == '\0') return FORE_E_OK;
    FORE_TRY(read_whole(o->tls_certificate, "api.tls_certificate", &http->certificate, diag));
    return read_whole(o->tls_key, "api.tls_key", &http->key, diag);
}

/* "127.0.0.1:7420", ":7420", "[::1]:7420"; port 0 is any that is free. */
static bool split_address(const char *text, char *host, size_t size, uint16_t *port)
{
    uint64_t number;
    const char *colon = strrchr(text, ':');
    if (colon == NULL || !live_number(colon + 1, UINT16_MAX, &number)) return false;
    size_t len = (size_t)(colon - text);
    if (len >= 2 && text[0] == '[' && text[len - 1] == ']') {
        text++;
        len -= 2;
    }
    *port = (uint16_t)number;
    (void)snprintf(host, size, "%.*s", (int)len, text);
    if (len == 0 || strcmp(host, "localhost") == 0) (void)snprintf(host, size, "127.0.0.1");
    return len < size;
}

static enum fore_err read_address(struct live_http *http, struct fore_diag *diag)
{
    const char *text = http->api.options->listen, *host = http->host;
    struct in_addr v4;
    struct in6_addr v6;
    bool good = split_address(text, http->host, sizeof http->host, &http->port);
    if (good && inet_pton(AF_INET, host, &v4) == 1) {
        struct sockaddr_in *in = (struct sockaddr_in *)(void *)&http->address;
        in->sin_family = AF_INET;
        in->sin_port = htons(http->port);
        in->sin_addr = v4;
        http->api.beyond = (ntohl(v4.s_addr) >> 24) != 127;
    } else if (good && inet_pton(AF_INET6, host, &v6) == 1) {
        struct sockaddr_in6 *in = (struct sockaddr_in6 *)(void *)&http->address;
        in->sin6_family = AF_INET6;
        in->sin6_port = htons(http->port);
        in->sin6_addr = v6;
        http->api.beyond = !IN6_IS_ADDR_LOOPBACK(&v6);
    } else {
        return fore_err_set(diag, FORE_E_FORMAT,
                            "api.listen: \"%.60s\" is not ADDRESS:PORT, the address as a number",
                            text);
    }
    return FORE_E_OK;
}

struct starting {
    struct live_http *http;
    unsigned flags;
    struct MHD_OptionItem *options;
    struct MHD_Daemon *daemon;
    int error;
};

/* The server's threads inherit what this one is: deaf to signals, which are for the thread that
 * runs the daemon, and nicer than that thread, which must never wait for them. */
static void *start_nicely(void *self)
{
    struct starting *starting = self;
    sigset_t all;
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_BLOCK, &all, NULL);
    (void)setpriority(PRIO_PROCESS, 0,
                      getpriority(PRIO_PROCESS, 0) + NICER); /* Linux: the thread */
    errno = 0;
    starting->daemon =
        MHD_start_daemon(starting->flags, starting->http->port, NULL, NULL, on_request,
                         starting->http, MHD_OPTION_ARRAY, starting->options, MHD_OPTION_END);
    starting->error = errno;
    return NULL;
}

static struct MHD_Daemon *start(struct live_http *http, unsigned flags,
                                struct MHD_OptionItem *options)
{
    pthread_t thread;
    struct starting starting = {.http = http, .flags = flags, .options = options};
    FORE_ASSERT(pthread_create(&thread, NULL, start_nicely, &starting) == 0);
    FORE_ASSERT(pthread_join(thread, NULL) == 0);
    errno = starting.error;
    return starting.daemon;
}

static enum fore_err start_server(struct live_http *http, struct fore_diag *diag)
{
    const struct live_api_options *o = http->api.options;
    bool tls = http->certificate.len > 0;
    fore_ns patience_s = (o->patience + FORE_SEC - 1) / FORE_SEC;
    struct MHD_OptionItem options[] = {
        {MHD_OPTION_SOCK_ADDR,                             0,                               &http->address        },
        {MHD_OPTION_CONNECTION_LIMIT,                      (intptr_t)o->connections,        NULL                  },
        {MHD_OPTION_CONNECTION_TIMEOUT,                    (intptr_t)patience_s,            NULL                  },
        {MHD_OPTION_CONNECTION_MEMORY_LIMIT,               CONNECTION_MEMORY,               NULL                  },
        {MHD_OPTION_THREAD_POOL_SIZE,                      THREADS,                         NULL                  },
        {MHD_OPTION_NOTIFY_COMPLETED,                      (intptr_t)on_completed,          http                  },
        {MHD_OPTION_NOTIFY_CONNECTION,                     (intptr_t)live_watch_connection, http                  },
        {tls ? MHD_OPTION_HTTPS_MEM_CERT : MHD_OPTION_END, 0,                               http->certificate.data},
        {MHD_OPTION_HTTPS_MEM_KEY,                         0,                               http->key.data        },
        {MHD_OPTION_END,                                   0,                               NULL                  }
    };
    unsigned flags = MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME;
    if (tls) flags |= MHD_USE_TLS;
    if (http->address.ss_family == AF_INET6) flags |= MHD_USE_IPv6;
    http->server = start(http, flags, options);
    if (http->server == NULL)
        return fore_err_set(diag, FORE_E_IO, "api.listen: cannot listen on %s: %s", o->listen,
                            errno != 0 ? strerror(errno) : "certificate or key refused");
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(http->server, MHD_DAEMON_INFO_BIND_PORT);
    if (info != NULL) http->port = info->port;
    bool v6 = http->address.ss_family == AF_INET6;
    (void)snprintf(http->url, sizeof http->url, "%s://%s%s%s:%u", tls ? "https" : "http",
                   v6 ? "[" : "", http->host, v6 ? "]" : "", (unsigned)http->port);
    return FORE_E_OK;
}

enum fore_err live_http_open(struct live_http **out, const struct live_api_options *options,
                             struct live_desk *desk, struct fore_diag *diag)
{
    struct live_http *http = calloc(1, sizeof *http);
    FORE_ASSERT(http != NULL);
    http->desk = desk;
    http->queue_end = &http->queue;
    http->api =
        (struct live_api){.options = options, .board = &desk->board, .openapi = &http->openapi};
    http->limits = (struct live_limits){.rate = options->rate, .write_rate = options->write_rate};
    live_openapi(&http->openapi);
    pthread_mutex_t *const locks[] = {&http->queue_lock, &http->limits_lock, &http->watch_lock,
                                      &http->listener_lock};
    for (size_t i = 0; i < FORE_COUNTOF(locks); i++)
        FORE_ASSERT(pthread_mutex_init(locks[i], NULL) == 0);
    enum fore_err err = read_address(http, diag);
    if (err == FORE_E_OK) err = read_secrets(http, diag);
    if (err == FORE_E_OK) err = start_server(http, diag);
    if (err != FORE_E_OK) {
        live_http_close(http);
        return err;
    }
    desk->stream.wake_self = http;
    desk->stream.wake = live_listeners_wake;
    *out = http;
    return FORE_E_OK;
}

void live_http_close(struct live_http *http)
{
    struct live_call *call;
    live_lock(&http->queue_lock);
    http->closing = true;
    live_unlock(&http->queue_lock);
    while ((call = next_call(http)) != NULL) {
        live_response_error(&call->reply, 503, "ending", "the daemon is ending");
        hand_back(call);
    }
    http->desk->stream.wake = NULL;
    live_listeners_end(http);
    if (http->server != NULL) MHD_stop_daemon(http->server);
    pthread_mutex_t *const locks[] = {&http->queue_lock, &http->limits_lock, &http->watch_lock,
                                      &http->listener_lock};
    for (size_t i = 0; i < FORE_COUNTOF(locks); i++)
        (void)pthread_mutex_destroy(locks[i]);
    memset(http->api.token, 0, sizeof http->api.token);
    if (http->key.data != NULL) memset(http->key.data, 0, http->key.len);
    fore_buf_fini(&http->openapi);
    fore_buf_fini(&http->certificate);
    fore_buf_fini(&http->key);
    free(http);
}

const char *live_http_url(const struct live_http *http)
{
    return http->url;
}
