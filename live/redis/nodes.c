/* nodes.c - see nodes.h. A line is cut into words at single blanks; each word has one reader. */
#include "live/redis/nodes.h"

#include <string.h>

struct words { /* what is left of a line */
    const char *at, *end;
};

struct word {
    const char *text;
    size_t len;
};

static bool next_word(struct words *words, struct word *out)
{
    if (words->at >= words->end) return false;
    const char *blank = memchr(words->at, ' ', (size_t)(words->end - words->at));
    const char *end = blank != NULL ? blank : words->end;
    *out = (struct word){.text = words->at, .len = (size_t)(end - words->at)};
    words->at = blank != NULL ? blank + 1 : words->end;
    return true;
}

static bool read_id(const char *text, size_t len, char *out)
{
    if (len != LIVE_ID_LEN) return false;
    for (size_t i = 0; i < len; i++)
        if (!((text[i] >= '0' && text[i] <= '9') || (text[i] >= 'a' && text[i] <= 'f')))
            return false;
    memcpy(out, text, len);
    out[len] = '\0';
    return true;
}

/* host:port@busport,name; a node without an address has an empty host and port 0. */
static bool read_address(struct word word, struct live_address *out, uint16_t *bus_port)
{
    const char *at = memchr(word.text, '@', word.len), *end = word.text + word.len;
    size_t len = at != NULL ? (size_t)(at - word.text) : word.len;
    const char *comma = at != NULL ? memchr(at, ',', (size_t)(end - at)) : NULL;
    uint64_t bus = 0;
    if (at != NULL && live_reply_number(at + 1, (size_t)((comma != NULL ? comma : end) - at - 1),
                                        UINT16_MAX, &bus) != FORE_E_OK)
        return false;
    *bus_port = (uint16_t)bus;
    if (live_address_parse(word.text, len, out) == FORE_E_OK) return true;
    *out = (struct live_address){.port = 0};
    return len == 2 && memcmp(word.text, ":0", 2) == 0;
}

static bool read_flags(struct word word, uint32_t *out)
{
    static const struct {
        const char *name;
        uint32_t flag;
    } known[] = {
        {"myself",     LIVE_NODE_MYSELF   },
        {"master",     LIVE_NODE_PRIMARY  },
        {"slave",      LIVE_NODE_REPLICA  },
        {"fail?",      LIVE_NODE_PFAIL    },
        {"fail",       LIVE_NODE_FAIL     },
        {"handshake",  LIVE_NODE_HANDSHAKE},
        {"noaddr",     LIVE_NODE_NOADDR   },
        {"nofailover", 0                  },
        {"noflags",    0                  }
    };
    *out = 0;
    for (const char *at = word.text, *end = word.text + word.len; at < end;) {
        const char *comma = memchr(at, ',', (size_t)(end - at));
        size_t len = (size_t)((comma != NULL ? comma : end) - at);
        bool found = false;
        for (size_t i = 0; i < FORE_COUNTOF(known); i++)
            if (strlen(known[i].name) == len && memcmp(known[i].name, at, len) == 0) {
                *out |= known[i].flag;
                found = true;
            }
        if (!found) return false;
        at += len + 1;
    }
    return true;
}

static bool read_slot(const char *text, size_t len, uint16_t *out)
{
    uint64_t number = 0;
    if (live_reply_number(text, len, FORE_SLOT_COUNT - 1, &number) != FORE_E_OK) return false;
    *out = (uint16_t)number;
    return true;
}

/* [slot->-id] or [slot-<-id] */
static bool read_open(struct live_nodes *nodes, struct word word)
{
    struct live_nodes_open open = {.slot = 0};
    if (word.len < LIVE_ID_LEN + 6 || word.text[word.len - 1] != ']') return false;
    size_t slot_len = word.len - 2 - 3 - LIVE_ID_LEN;
    const char *arrow = word.text + 1 + slot_len;
    if (!read_slot(word.text + 1, slot_len, &open.slot)) return false;
    if (memcmp(arrow, "->-", 3) != 0 && memcmp(arrow, "-<-", 3) != 0) return false;
    open.importing = arrow[1] == '<';
    if (!read_id(arrow + 3, LIVE_ID_LEN, open.peer_id)) return false;
    if (nodes->open_count < LIVE_NODES_OPEN_MAX) nodes->open[nodes->open_count] = open;
    nodes->open_count++;
    return true;
}

static bool read_slots(struct live_nodes *nodes, struct word word)
{
    uint16_t first = 0, last = 0;
    if (word.len > 0 && word.text[0] == '[') return read_open(nodes, word);
    const char *dash = memchr(word.text, '-', word.len);
    size_t len = dash != NULL ? (size_t)(dash - word.text) : word.len;
    if (!read_slot(word.text, len, &first)) return false;
    last = first;
    if (dash != NULL && !read_slot(dash + 1, word.len - len - 1, &last)) return false;
    if (last < first) return false;
    for (uint32_t slot = first; slot <= last; slot++) {
        if (nodes->owner[slot] >= 0) return false; /* one view, two owners */
        nodes->owner[slot] = (int16_t)nodes->line_count;
    }
    return true;
}

static bool read_line(struct live_nodes *nodes, const char *text, size_t len)
{
    struct words words = {.at = text, .end = text + len};
    struct word word[8];
    for (size_t i = 0; i < FORE_COUNTOF(word); i++)
        if (!next_word(&words, &word[i])) return false;
    if (nodes->line_count == LIVE_NODES_MAX) return false;
    struct live_nodes_line *line = &nodes->line[nodes->line_count];
    *line = (struct live_nodes_line){.flags = 0};
    bool orphan = word[3].len == 1 && word[3].text[0] == '-';
    if (!read_id(word[0].text, word[0].len, line->id) ||
        !read_address(word[1], &line->address, &line->bus_port) ||
        !read_flags(word[2], &line->flags) ||
        (!orphan && !read_id(word[3].text, word[3].len, line->primary_id)) ||
        live_reply_number(word[6].text, word[6].len, UINT64_MAX, &line->config_epoch) != FORE_E_OK)
        return false;
    for (struct word slots; next_word(&words, &slots);)
        if (!read_slots(nodes, slots)) return false;
    if ((line->flags & LIVE_NODE_MYSELF) != 0) nodes->myself = nodes->line_count;
    nodes->line_count++;
    return true;
}

enum fore_err live_nodes_parse(const char *text, size_t len, struct live_nodes *out)
{
    out->line_count = out->open_count = 0;
    out->myself = LIVE_NODES_MAX;
    memset(out->owner, -1, sizeof out->owner);
    for (const char *at = text, *end = text + len; at < end;) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        const char *stop = newline != NULL ? newline : end;
        size_t line_len = (size_t)(stop - at);
        if (line_len > 0 && at[line_len - 1] == '\r') line_len--;
        if (line_len > 0 && !read_line(out, at, line_len)) return FORE_E_FORMAT;
        at = newline != NULL ? newline + 1 : end;
    }
    return out->myself < out->line_count ? FORE_E_OK : FORE_E_FORMAT;
}
