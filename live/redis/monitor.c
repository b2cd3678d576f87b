/* monitor.c - see monitor.h. The socket is read without waiting, past hiredis' own blocking calls.
 */
#include "live/redis/monitor.h"

#include "core/base/hash.h"
#include "live/base/clock.h"

#include <string.h>
#include <sys/socket.h>

enum { KEY_MAX = 1024, ARGS_LOOKED_AT = 20, READS_A_TURN = 64 };

/* ---- a line ------------------------------------------------------------------------------- */

static int hex(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* The byte that an escape stands for; moves *at past it. */
static char unescape(const char **at, const char *end)
{
    char c = *(*at)++;
    if (c == 'n') return '\n';
    if (c == 'r') return '\r';
    if (c == 't') return '\t';
    if (c == 'a') return '\a';
    if (c == 'b') return '\b';
    if (c == 'x' && end - *at >= 2 && hex((*at)[0]) >= 0 && hex((*at)[1]) >= 0) {
        char byte = (char)(hex((*at)[0]) * 16 + hex((*at)[1]));
        *at += 2;
        return byte;
    }
    return c;
}

/* One quoted argument into `out`, as much of it as fits; false when there is none. */
static bool next_argument(const char **at, const char *end, char *out, size_t *len)
{
    while (*at < end && **at == ' ')
        (*at)++;
    if (*at >= end || **at != '"') return false;
    (*at)++;
    *len = 0;
    while (*at < end && **at != '"') {
        char c = *(*at)++;
        if (c == '\\' && *at < end) c = unescape(at, end);
        if (*len < KEY_MAX) out[(*len)++] = c;
    }
    if (*at >= end) return false;
    (*at)++;
    return true;
}

/* Clients' commands, and scripts' own, with `lua` for a client; commands of our own links as well,
 * but those are few and none of them reads keys. */
static bool skip_head(const char **at, const char *end)
{
    const char *bracket = memchr(*at, ']', (size_t)(end - *at));
    if (bracket != NULL) *at = bracket + 1;
    return bracket != NULL;
}

struct words { /* of a line, unquoted as far as somebody has asked */
    const char *at, *end;
    uint16_t count;
    size_t len[ARGS_LOOKED_AT];
    char text[ARGS_LOOKED_AT][KEY_MAX];
};

static bool take_word(void *self, uint16_t place, const char **text, size_t *len)
{
    struct words *words = self;
    if (place >= ARGS_LOOKED_AT) return false;
    while (words->count <= place) {
        uint16_t next = words->count;
        if (!next_argument(&words->at, words->end, words->text[next], &words->len[next]))
            return false;
        words->count++;
    }
    *text = words->text[place];
    *len = words->len[place];
    return true;
}

bool live_monitor_line(struct live_glance *glance, const struct live_commands *commands,
                       const char *line, size_t len)
{
    struct words words;
    words.at = line;
    words.end = line + len;
    words.count = 0;
    glance->bytes += len;
    if (!skip_head(&words.at, words.end)) return false;
    const struct live_command_words door = {.take = take_word, .self = &words};
    const struct live_command_row *row = NULL;
    const char *key = NULL;
    size_t key_len = 0;
    uint16_t place = live_commands_key(commands, &door, &row);
    if (place == 0 || !take_word(&words, place, &key, &key_len)) return false;
    if (key_len == KEY_MAX) return false; /* perhaps not all of it */
    (row->write ? glance->writes : glance->reads)[fore_hash_slot(key, key_len)]++;
    glance->commands++;
    return true;
}

/* ---- a glance ----------------------------------------------------------------------------- */

bool live_monitor_begin(struct live_monitor *monitor, const struct live_address *address,
                        const struct live_access *access, struct live_glance *glance, uint32_t ms,
                        uint64_t bytes_max)
{
    live_link_init(&monitor->link, address, access);
    redisReply *reply = live_link_call(&monitor->link, "MONITOR");
    monitor->on = live_reply_kind(reply) == LIVE_FINE;
    if (reply != NULL) freeReplyObject(reply);
    if (!monitor->on) {
        live_link_close(&monitor->link);
        return false;
    }
    memset(glance, 0, sizeof *glance);
    monitor->glance = glance;
    glance->began_ms = live_clock_ms();
    monitor->until_ms = glance->began_ms + ms;
    monitor->bytes_max = bytes_max;
    return true;
}

void live_monitor_end(struct live_monitor *monitor)
{
    if (!monitor->on) return;
    monitor->on = false;
    monitor->glance->ended_ms = live_clock_ms();
    live_link_close(&monitor->link);
}

/* False when nothing more is there, or the link is gone. */
static bool read_some(struct live_monitor *monitor)
{
    char bytes[16384];
    redisContext *context = monitor->link.context;
    ssize_t got = recv(context->fd, bytes, sizeof bytes, MSG_DONTWAIT);
    if (got <= 0) return false;
    return redisReaderFeed(context->reader, bytes, (size_t)got) == REDIS_OK;
}

static bool take_lines(struct live_monitor *monitor)
{
    void *reply = NULL;
    while (redisReaderGetReply(monitor->link.context->reader, &reply) == REDIS_OK &&
           reply != NULL) {
        const redisReply *line = reply;
        if (line->type == REDIS_REPLY_STATUS)
            (void)live_monitor_line(monitor->glance, monitor->commands, line->str, line->len);
        freeReplyObject(reply);
    }
    return monitor->link.context->reader->err == 0;
}

bool live_monitor_drain(struct live_monitor *monitor)
{
    if (!monitor->on) return false;
    bool fine = true;
    for (int i = 0; i < READS_A_TURN && fine && read_some(monitor); i++)
        fine = take_lines(monitor);
    monitor->glance->cut_off = monitor->glance->bytes > monitor->bytes_max;
    if (fine && !monitor->glance->cut_off && live_clock_ms() < monitor->until_ms) return false;
    live_monitor_end(monitor);
    return true;
}
