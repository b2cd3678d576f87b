/*
 * http_watch.c - a request must be there, all of it, within `patience` of its beginning. The server
 * library counts the time since the last byte, so a client that sends one now and then would hold
 * its connection for ever (slow-loris): here it is counted from the beginning, and the socket shut.
 */
#include "live/api/http_parts.h"
#include "live/base/clock.h"

#include <stdlib.h>
#include <sys/socket.h>

struct live_watch {
    int fd;
    fore_ns since;
    bool arriving; /* a request is expected, or on its way */
    struct live_watch *next, **back;
};

void live_watch_connection(void *cls, struct MHD_Connection *connection, void **socket_context,
                           enum MHD_ConnectionNotificationCode code)
{
    struct live_http *http = cls;
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        const union MHD_ConnectionInfo *info =
            MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
        struct live_watch *watch = calloc(1, sizeof *watch);
        *socket_context = watch;
        if (watch == NULL || info == NULL) return;
        *watch = (struct live_watch){
            .fd = info->connect_fd, .since = live_clock_now(), .arriving = true};
        live_lock(&http->watch_lock);
        watch->next = http->watch;
        watch->back = &http->watch;
        if (http->watch != NULL) http->watch->back = &watch->next;
        http->watch = watch;
        live_unlock(&http->watch_lock);
        return;
    }
    struct live_watch *watch = *socket_context; /* told before the descriptor is closed */
    if (watch == NULL) return;
    live_lock(&http->watch_lock);
    if (watch->back != NULL) *watch->back = watch->next;
    if (watch->next != NULL) watch->next->back = watch->back;
    live_unlock(&http->watch_lock);
    free(watch);
    *socket_context = NULL;
}

static void set(struct live_http *http, struct MHD_Connection *connection, bool arriving)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    struct live_watch *watch = info != NULL ? info->socket_context : NULL;
    if (watch == NULL) return;
    live_lock(&http->watch_lock);
    watch->arriving = arriving;
    watch->since = live_clock_now();
    live_unlock(&http->watch_lock);
}

void live_watch_arrived(struct live_http *http, struct MHD_Connection *connection)
{
    set(http, connection, false);
}

void live_watch_expects(struct live_http *http, struct MHD_Connection *connection)
{
    set(http, connection, true);
}

void live_http_sweep(struct live_http *http)
{
    fore_ns now = live_clock_now(), patience = http->api.options->patience;
    live_lock(&http->watch_lock);
    for (struct live_watch *watch = http->watch; watch != NULL; watch = watch->next)
        if (watch->arriving && now - watch->since > patience)
            (void)shutdown(watch->fd, SHUT_RDWR); /* the library closes it when it sees that */
    live_unlock(&http->watch_lock);
    live_listeners_beat(http);
}
