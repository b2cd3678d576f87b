/* fetch.c - see fetch.h. */
#include "live/base/fetch.h"

#include "live/base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum fore_err live_url_parse(const char *text, const char *field, struct live_url *out,
                             struct fore_diag *diag)
{
    static const char http[] = "http://";
    memset(out, 0, sizeof *out);
    if (strncmp(text, "https://", 8) == 0)
        return fore_err_set(diag, FORE_E_UNSUPPORTED,
                            "%s: https is not spoken here; use a proxy on this host", field);
    if (strncmp(text, http, sizeof http - 1) != 0)
        return fore_err_set(diag, FORE_E_FORMAT, "%s: \"%.80s\" does not begin with http://", field,
                            text);
    const char *at = text + sizeof http - 1;
    size_t len = strcspn(at, "/");
    const char *end = at + len, *close = at[0] == '[' ? memchr(at, ']', len) : NULL;
    const char *colon =
        memchr(close != NULL ? close : at, ':', (size_t)(end - (close != NULL ? close : at)));
    const char *host = close != NULL ? at + 1 : at;
    size_t host_len =
        close != NULL ? (size_t)(close - host) : (size_t)((colon != NULL ? colon : end) - host);
    size_t port_len = colon != NULL ? (size_t)(end - colon - 1) : 2;
    bool fits = (at[0] == '[') == (close != NULL) && host_len > 0 && host_len < sizeof out->host &&
                port_len > 0 && port_len < sizeof out->port && strlen(end) < sizeof out->path;
    for (const char *p = text; *p != '\0'; p++)
        fits = fits && (unsigned char)*p > 0x20 && *p != 0x7f; /* no line of ours is broken */
    if (!fits) return fore_err_set(diag, FORE_E_FORMAT, "%s: \"%.80s\" is no URL", field, text);
    memcpy(out->host, host, host_len);
    memcpy(out->port, colon != NULL ? colon + 1 : "80", port_len);
    (void)snprintf(out->path, sizeof out->path, "%s", *end != '\0' ? end : "");
    return FORE_E_OK;
}

/* ---- with a deadline ----------------------------------------------------------------------- */

static bool ready(int fd, short events, uint64_t deadline_ms)
{
    uint64_t now = live_clock_ms();
    struct pollfd p = {.fd = fd, .events = events};
    if (now >= deadline_ms) return false;
    int rc;
    do
        rc = poll(&p, 1, (int)(deadline_ms - now));
    while (rc < 0 && errno == EINTR);
    return rc > 0;
}

static int connect_one(const struct addrinfo *to, uint64_t deadline_ms)
{
    int error = 0;
    socklen_t size = sizeof error;
    int fd = socket(to->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) return -1;
    bool good = connect(fd, to->ai_addr, to->ai_addrlen) == 0 ||
                (errno == EINPROGRESS && ready(fd, POLLOUT, deadline_ms) &&
                 getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error == 0);
    if (good) return fd;
    (void)close(fd);
    return -1;
}

static int dial(const struct live_url *url, uint64_t deadline_ms)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *list = NULL;
    int fd = -1;
    if (getaddrinfo(url->host, url->port, &hints, &list) != 0) return -1;
    for (const struct addrinfo *to = list; to != NULL && fd < 0; to = to->ai_next)
        fd = connect_one(to, deadline_ms);
    freeaddrinfo(list);
    return fd;
}

static bool send_all(int fd, const struct fore_buf *text, uint64_t deadline_ms)
{
    for (size_t sent = 0; sent < text->len;) {
        if (!ready(fd, POLLOUT, deadline_ms)) return false;
        ssize_t now = send(fd, text->data + sent, text->len - sent, MSG_NOSIGNAL);
        if (now < 0 && errno != EAGAIN && errno != EINTR) return false;
        sent += now > 0 ? (size_t)now : 0;
    }
    return true;
}

/* Until the other end closes. */
static bool receive_all(int fd, struct fore_buf *out, uint64_t deadline_ms)
{
    char bytes[16384];
    while (ready(fd, POLLIN, deadline_ms) && out->len < LIVE_FETCH_MAX) {
        ssize_t got = recv(fd, bytes, sizeof bytes, 0);
        if (got == 0) return true;
        if (got < 0 && errno != EAGAIN && errno != EINTR) return false;
        if (got > 0) fore_buf_append(out, bytes, (size_t)got);
    }
    return false;
}

static void write_request(const struct live_fetch *fetch, struct fore_buf *out)
{
    const struct live_url *url = fetch->url;
    const char *path = fetch->path != NULL ? fetch->path : "";
    fore_buf_printf(out, "%s %s%s HTTP/1.0\r\nHost: %s:%s\r\nUser-Agent: foreshard\r\n",
                    fetch->method, url->path[0] == '\0' && path[0] == '\0' ? "/" : url->path, path,
                    url->host, url->port);
    if (fetch->token != NULL && fetch->token[0] != '\0')
        fore_buf_printf(out, "Authorization: Bearer %s\r\n", fetch->token);
    if (fetch->body != NULL)
        fore_buf_printf(out, "Content-Type: application/json\r\nContent-Length: %zu\r\n",
                        fetch->body_len);
    fore_buf_puts(out, "Connection: close\r\n\r\n");
    if (fetch->body != NULL) fore_buf_append(out, fetch->body, fetch->body_len);
}

static bool read_answer(struct fore_buf *raw, uint32_t *status, struct fore_buf *out)
{
    static const char version[] = "HTTP/1.";
    const char *at = raw->data;
    if (raw->len < sizeof version + 4 || memcmp(at, version, sizeof version - 1) != 0) return false;
    at += sizeof version; /* and the minor version */
    uint32_t code = 0;
    for (int i = 1; i <= 3; i++) {
        if (at[0] != ' ' || at[i] < '0' || at[i] > '9') return false;
        code = 10 * code + (uint32_t)(at[i] - '0');
    }
    const char *body = strstr(raw->data, "\r\n\r\n");
    if (body == NULL) return false;
    *status = code;
    body += 4;
    if (out != NULL) fore_buf_append(out, body, raw->len - (size_t)(body - raw->data));
    return true;
}

enum fore_err live_fetch(const struct live_fetch *fetch, uint32_t *status, struct fore_buf *out,
                         struct fore_diag *diag)
{
    uint64_t deadline_ms = live_clock_ms() + fetch->timeout_ms;
    struct fore_buf request = {0}, raw = {0};
    int fd = dial(fetch->url, deadline_ms);
    bool good = fd >= 0;
    if (good) {
        write_request(fetch, &request);
        good = send_all(fd, &request, deadline_ms) && receive_all(fd, &raw, deadline_ms) &&
               read_answer(&raw, status, out);
        (void)close(fd);
    }
    fore_buf_fini(&request);
    fore_buf_fini(&raw);
    if (good) return FORE_E_OK;
    return fore_err_set(diag, FORE_E_UNREACHABLE, "%s:%s did not answer in time", fetch->url->host,
                        fetch->url->port);
}
