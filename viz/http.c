/* http.c - see http.h. */
#include "viz/http.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum { ANSWER_MAX = 8 << 20, PATIENCE_S = 5 };

bool viz_http_named(const char *path)
{
    return strncmp(path, "http://", 7) == 0 || strncmp(path, "https://", 8) == 0;
}

enum fore_err viz_http_parse(const char *url, struct viz_http *out, struct fore_diag *diag)
{
    *out = (struct viz_http){0};
    if (strncmp(url, "http://", 7) != 0)
        return fore_err_set(diag, FORE_E_FORMAT,
                            "%s: only plain http is spoken here; carry it over ssh -L", url);
    const char *host = url + 7, *slash = host + strcspn(host, "/");
    const char *colon = memchr(host, ':', (size_t)(slash - host)), *end = colon ? colon : slash;
    int n = snprintf(out->host, sizeof out->host, "%.*s", (int)(end - host), host);
    int m = colon != NULL
                ? snprintf(out->port, sizeof out->port, "%.*s", (int)(slash - colon - 1), colon + 1)
                : snprintf(out->port, sizeof out->port, "7420");
    bool digits = out->port[0] != '\0' && out->port[strspn(out->port, "0123456789")] == '\0';
    if (n <= 0 || (size_t)n >= sizeof out->host || m <= 0 || (size_t)m >= sizeof out->port ||
        !digits)
        return fore_err_set(diag, FORE_E_FORMAT, "%.200s: write http://HOST:PORT", url);
    if (strspn(out->host, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_") !=
        strlen(out->host))
        return fore_err_set(diag, FORE_E_FORMAT, "%.200s: this is no name of a host", url);
    return FORE_E_OK;
}

/* It becomes a line of a header: nothing in it may end that line. */
static bool is_token(const char *text)
{
    for (const char *at = text; *at != '\0'; at++)
        if (*at <= ' ' || *at >= 127) return false;
    return text[0] != '\0';
}

enum fore_err viz_http_token(struct viz_http *http, struct fore_diag *diag)
{
    const char *path = getenv("FORESHARD_TOKEN_FILE");
    if (path == NULL || path[0] == '\0') return FORE_E_OK;
    FILE *file = fopen(path, "r");
    bool read = file != NULL && fgets(http->token, sizeof http->token, file) != NULL;
    if (file != NULL) (void)fclose(file);
    http->token[read ? strcspn(http->token, "\r\n") : 0] = '\0';
    if (!read || http->token[0] == '\0')
        return fore_err_set(diag, FORE_E_IO, "the token file %.200s cannot be read, or is empty",
                            path);
    if (is_token(http->token)) return FORE_E_OK;
    http->token[0] = '\0';
    return fore_err_set(diag, FORE_E_IO, "%.200s: its first line is no token", path);
}

static enum fore_err dial(const struct viz_http *http, int *out, struct fore_diag *diag)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    const struct timeval patience = {.tv_sec = PATIENCE_S};
    struct addrinfo *list = NULL;
    int failed = getaddrinfo(http->host, http->port, &hints, &list), fd = -1;
    if (failed != 0)
        return fore_err_set(diag, FORE_E_UNREACHABLE, "%s: %s", http->host, gai_strerror(failed));
    for (const struct addrinfo *a = list; a != NULL && fd < 0; a = a->ai_next) {
        fd = socket(a->ai_family, a->ai_socktype, a->ai_protocol);
        if (fd < 0) continue;
        (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
        if (connect(fd, a->ai_addr, a->ai_addrlen) == 0) break;
        failed = errno;
        close(fd);
        fd = -1;
    }
    freeaddrinfo(list);
    *out = fd;
    if (fd >= 0) return FORE_E_OK;
    return fore_err_set(diag, FORE_E_UNREACHABLE, "http://%s:%s cannot be reached: %s", http->host,
                        http->port, strerror(failed));
}

static bool send_all(int fd, const char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t put = send(fd, bytes, len, MSG_NOSIGNAL);
        if (put < 0 && errno == EINTR) continue;
        if (put <= 0) return false;
        bytes += put;
        len -= (size_t)put;
    }
    return true;
}

static bool receive_all(int fd, struct fore_buf *out)
{
    char block[16384];
    for (;;) {
        ssize_t got = recv(fd, block, sizeof block, 0);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return got == 0;
        if (out->len + (size_t)got > ANSWER_MAX) return false;
        fore_buf_append(out, block, (size_t)got);
    }
}

enum fore_err viz_http_split(const struct viz_http *http, struct viz_http_answer *answer,
                             struct fore_diag *diag)
{
    const struct fore_buf *bytes = &answer->bytes;
    const char *end = bytes->len > 0 ? strstr(bytes->data, "\r\n\r\n") : NULL;
    bool spoken = end != NULL && strncmp(bytes->data, "HTTP/1.", 7) == 0;
    unsigned long status = spoken ? strtoul(bytes->data + 8, NULL, 10) : 0;
    if (status < 100 || status > 599)
        return fore_err_set(diag, FORE_E_FORMAT, "http://%s:%s does not answer in HTTP", http->host,
                            http->port);
    answer->status = (unsigned)status;
    answer->body = end + 4;
    answer->len = bytes->len - (size_t)(answer->body - bytes->data);
    const char *field = strstr(bytes->data, "\r\nContent-Length: ");
    unsigned long long said = field != NULL && field < end ? strtoull(field + 18, NULL, 10) : 0;
    if (field != NULL && field <= end && said == answer->len) return FORE_E_OK;
    return fore_err_set(diag, FORE_E_UNREACHABLE, "http://%s:%s: the answer is cut off", http->host,
                        http->port);
}

void viz_http_answer_fini(struct viz_http_answer *answer)
{
    fore_buf_fini(&answer->bytes);
    *answer = (struct viz_http_answer){0};
}

enum fore_err viz_http_ask(const struct viz_http *http, const char *method, const char *path,
                           const char *body, struct viz_http_answer *answer, struct fore_diag *diag)
{
    struct fore_buf text = {0};
    int fd = -1;
    *answer = (struct viz_http_answer){0};
    FORE_TRY(dial(http, &fd, diag));
    fore_buf_printf(&text, "%s %s HTTP/1.1\r\nHost: %s:%s\r\n", method, path, http->host,
                    http->port);
    if (http->token[0] != '\0') fore_buf_printf(&text, "Authorization: Bearer %s\r\n", http->token);
    if (body != NULL)
        fore_buf_printf(&text, "Content-Type: application/json\r\nContent-Length: %zu\r\n",
                        strlen(body));
    else if (strcmp(method, "GET") != 0)
        fore_buf_puts(&text, "Content-Length: 0\r\n");
    fore_buf_puts(&text, "Connection: close\r\n\r\n");
    if (body != NULL) fore_buf_puts(&text, body);
    bool done = send_all(fd, text.data, text.len) && receive_all(fd, &answer->bytes);
    close(fd);
    enum fore_err err = done ? viz_http_split(http, answer, diag)
                             : fore_err_set(diag, FORE_E_UNREACHABLE,
                                            "http://%s:%s does not answer", http->host, http->port);
    fore_buf_fini(&text);
    if (err != FORE_E_OK) viz_http_answer_fini(answer);
    return err;
}
