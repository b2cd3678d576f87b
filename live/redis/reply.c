/* reply.c - see reply.h. Replies are bytes with a length: nothing here relies on a NUL. */
#include "live/redis/reply.h"

#include <string.h>

const char *live_answer_text(enum live_answer answer)
{
    static const char *const text[] = {
#define X(name, words) words,
        LIVE_ANSWER_MAP(X)
#undef X
    };
    return (size_t)answer < FORE_COUNTOF(text) ? text[answer] : "unknown";
}

static const struct {
    const char *word;
    enum live_answer answer;
} words[] = {
    {"MOVED",       LIVE_MOVED      },
    {"ASK",         LIVE_ASK        },
    {"TRYAGAIN",    LIVE_TRYAGAIN   },
    {"CLUSTERDOWN", LIVE_CLUSTERDOWN},
    {"LOADING",     LIVE_LOADING    },
    {"BUSY",        LIVE_BUSY       },
    {"READONLY",    LIVE_READONLY   },
    {"MASTERDOWN",  LIVE_MASTERDOWN },
    {"BUSYKEY",     LIVE_BUSYKEY    },
    {"IOERR",       LIVE_IOERR      },
    {"NOAUTH",      LIVE_DENIED     },
    {"WRONGPASS",   LIVE_DENIED     },
    {"NOPERM",      LIVE_DENIED     },
};

void live_reply_drop(redisReply **reply)
{
    if (*reply != NULL) freeReplyObject(*reply);
    *reply = NULL;
}

enum live_answer live_reply_kind(const redisReply *reply)
{
    if (reply == NULL) return LIVE_LOST;
    if (reply->type != REDIS_REPLY_ERROR) return LIVE_FINE;
    const char *blank = memchr(reply->str, ' ', (size_t)reply->len);
    size_t len = blank != NULL ? (size_t)(blank - reply->str) : (size_t)reply->len;
    for (size_t i = 0; i < FORE_COUNTOF(words); i++)
        if (strlen(words[i].word) == len && memcmp(words[i].word, reply->str, len) == 0)
            return words[i].answer;
    return LIVE_ERROR;
}

enum fore_err live_answer_err(enum live_answer answer)
{
    switch (answer) {
    case LIVE_FINE: return FORE_E_OK;
    case LIVE_MOVED:
    case LIVE_ASK:
    case LIVE_READONLY: return FORE_E_CONFLICT;
    case LIVE_TRYAGAIN:
    case LIVE_CLUSTERDOWN:
    case LIVE_LOADING:
    case LIVE_BUSY:
    case LIVE_MASTERDOWN: return FORE_E_AGAIN;
    case LIVE_DENIED: return FORE_E_REFUSED;
    case LIVE_LOST: return FORE_E_UNREACHABLE;
    case LIVE_BUSYKEY:
    case LIVE_IOERR:
    case LIVE_ERROR:
    case LIVE_ANSWERS: break;
    }
    return FORE_E_IO;
}

enum fore_err live_reply_number(const char *text, size_t len, uint64_t max, uint64_t *out)
{
    if (len == 0 || len > 20) return FORE_E_FORMAT;
    uint64_t value = 0;
    for (size_t i = 0; i < len; i++) {
        if (text[i] < '0' || text[i] > '9') return FORE_E_FORMAT;
        uint64_t digit = (uint64_t)(text[i] - '0');
        if (value > (UINT64_MAX - digit) / 10) return FORE_E_RANGE;
        value = value * 10 + digit;
    }
    if (value > max) return FORE_E_RANGE;
    *out = value;
    return FORE_E_OK;
}

/* Where the last `byte` is, or NULL. */
static const char *last_of(const char *text, size_t len, char byte)
{
    while (len > 0)
        if (text[--len] == byte) return text + len;
    return NULL;
}

enum fore_err live_address_parse(const char *text, size_t len, struct live_address *out)
{
    const char *colon = last_of(text, len, ':');
    if (colon == NULL) return FORE_E_FORMAT;
    size_t host_len = (size_t)(colon - text), port_len = len - host_len - 1;
    uint64_t port = 0;
    if (live_reply_number(colon + 1, port_len, UINT16_MAX, &port) != FORE_E_OK || port == 0)
        return FORE_E_FORMAT;
    if (host_len > 2 && text[0] == '[' && text[host_len - 1] == ']') {
        text++;
        host_len -= 2;
    }
    if (host_len >= LIVE_HOST_MAX || memchr(text, '\0', host_len) != NULL) return FORE_E_FORMAT;
    *out = (struct live_address){.port = (uint16_t)port};
    memcpy(out->host, text, host_len);
    return FORE_E_OK;
}

bool live_address_same(const struct live_address *a, const struct live_address *b)
{
    return a->port == b->port && strcmp(a->host, b->host) == 0;
}

/* "MOVED 3999 127.0.0.1:6381" */
enum fore_err live_reply_redirect(const redisReply *reply, struct live_redirect *out)
{
    enum live_answer answer = live_reply_kind(reply);
    if (answer != LIVE_MOVED && answer != LIVE_ASK) return FORE_E_FORMAT;
    size_t word = strlen(answer == LIVE_MOVED ? "MOVED " : "ASK ");
    if ((size_t)reply->len <= word) return FORE_E_FORMAT;
    const char *slot = reply->str + word;
    size_t left = (size_t)reply->len - word;
    const char *blank = memchr(slot, ' ', left);
    uint64_t number = 0;
    if (blank == NULL) return FORE_E_FORMAT;
    size_t slot_len = (size_t)(blank - slot);
    if (live_reply_number(slot, slot_len, 16383, &number) != FORE_E_OK) return FORE_E_FORMAT;
    FORE_TRY(live_address_parse(blank + 1, left - slot_len - 1, &out->address));
    out->slot = (uint16_t)number;
    return FORE_E_OK;
}
