/* http_parts.h - what the files of the server share: calls under way, sockets watched, listeners.
 */
#ifndef LIVE_HTTP_PARTS_H
#define LIVE_HTTP_PARTS_H

#include "live/api/http.h"
#include "live/api/limits.h"

#include <microhttpd.h>
#include <netinet/in.h>
#include <pthread.h>

struct live_call { /* one request, from its headers to its reply */
    struct MHD_Connection *connection;
    struct live_request request;
    struct live_response reply;
    struct fore_buf body;
    char peer[64];
    bool answered; /* atomic; by the engine */
    struct live_call *next;
};

struct live_watch; /* of one socket */
struct live_listener;

struct live_http {
    struct live_api api;
    struct live_desk *desk;
    struct MHD_Daemon *server;
    struct sockaddr_storage address;
    char host[64], url[96];
    uint16_t port;
    struct fore_buf openapi, certificate, key;
    pthread_mutex_t queue_lock;
    struct live_call *queue, **queue_end; /* oldest first */
    uint32_t waiting;
    bool closing;
    pthread_mutex_t limits_lock;
    struct live_limits limits;
    pthread_mutex_t watch_lock;
    struct live_watch *watch; /* all sockets */
    pthread_mutex_t listener_lock;
    struct live_listener *listener;
    uint64_t listener_count, answered, refused; /* atomic */
    bool ending;                                /* listeners are told to go */
};

void live_lock(pthread_mutex_t *lock);
void live_unlock(pthread_mutex_t *lock);

/* http_watch.c: how long a request may take to arrive. */
void live_watch_connection(void *cls, struct MHD_Connection *connection, void **socket_context,
                           enum MHD_ConnectionNotificationCode code);
void live_watch_arrived(struct live_http *http, struct MHD_Connection *connection);
void live_watch_expects(struct live_http *http, struct MHD_Connection *connection);

/* http_events.c: server-sent events. */
enum MHD_Result live_listener_begin(struct live_http *http, struct live_call *call);
void live_listeners_wake(void *http);
void live_listeners_end(struct live_http *http);
/* Those that have heard nothing for a while get a comment, which shows who is gone. */
void live_listeners_beat(struct live_http *http);

#endif
