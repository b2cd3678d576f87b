/* capture_parse.c - see capture_parse.h. Every length is checked against what is there before it is
 * used, and none makes anything be allocated. */
#include "live/redis/capture_parse.h"

#include "core/base/hash.h"

#include <string.h>

enum { ARRAY_MOST = 1 << 20, TCP_SYN = 2, TCP_FIN_RST = 5 };

struct bytes {
    const unsigned char *at;
    size_t len;
};

static bool drop(struct bytes *bytes, size_t count)
{
    if (bytes->len < count) return false;
    bytes->at += count;
    bytes->len -= count;
    return true;
}

static uint32_t big16(const unsigned char *at)
{
    return (uint32_t)at[0] << 8 | at[1];
}

static uint32_t big32(const unsigned char *at)
{
    return big16(at) << 16 | big16(at + 2);
}

/* ---- headers ------------------------------------------------------------------------------ */

static bool drop_link(struct bytes *p, enum live_capture_link link)
{
    switch (link) {
    case LIVE_LINK_ETHERNET: return drop(p, 14);
    case LIVE_LINK_COOKED: return drop(p, 16);
    case LIVE_LINK_NULL: return drop(p, 4);
    case LIVE_LINK_RAW: break;
    }
    return true;
}

/* Addresses go into *id; what is left is the TCP segment, without the link's padding. */
static bool drop_ip(struct bytes *p, uint64_t *id)
{
    if (p->len < 20) return false;
    uint32_t version = p->at[0] >> 4;
    if (version == 4) {
        size_t head = (size_t)(p->at[0] & 15) * 4, total = big16(p->at + 2);
        bool fragment = (big16(p->at + 6) & 0x3fff) != 0;
        if (head < 20 || p->at[9] != 6 || fragment) return false;
        if (total >= head && total < p->len) p->len = total; /* 0: left to the card to fill in */
        *id = fore_hash_bytes(p->at + 12, 8, 4);
        return drop(p, head);
    }
    if (version != 6 || p->len < 40 || p->at[6] != 6) return false;
    size_t total = 40 + (size_t)big16(p->at + 4);
    if (total > 40 && total < p->len) p->len = total;
    *id = fore_hash_bytes(p->at + 8, 32, 6);
    return drop(p, 40);
}

/* ---- connections -------------------------------------------------------------------------- */

/* The flow of this id; else a free one near its place, or the one used longest ago there. */
static struct live_capture_flow *flow_of(struct live_capture_parser *parser, uint64_t id)
{
    enum { NEAR = 16 };
    struct live_capture_flow *best = NULL;
    for (uint32_t i = 0; i < NEAR; i++) {
        struct live_capture_flow *flow = &parser->flow[(id + i) % LIVE_CAPTURE_FLOWS];
        if (flow->id == id) return flow;
        if (best == NULL || (best->id != 0 && (flow->id == 0 || flow->used < best->used)))
            best = flow;
    }
    best->id = id;
    best->in_step = false;
    return best;
}

static void start_anew(struct live_capture_flow *flow)
{
    flow->in_step = true;
    flow->words_left = 0;
    flow->in_word = false;
    flow->head_len = 0;
}

/* ---- commands ----------------------------------------------------------------------------- */

static bool take_word(void *self, uint16_t place, const char **text, size_t *len)
{
    const struct live_capture_flow *flow = self;
    if (place >= flow->word || place >= LIVE_CAPTURE_WORDS) return false;
    *text = flow->text[place];
    *len = flow->kept[place];
    return true;
}

static void count_command(struct live_capture_parser *parser, struct live_capture_flow *flow)
{
    const struct live_command_words words = {.take = take_word, .self = flow};
    const struct live_command_row *row = NULL;
    uint16_t place = live_commands_key(parser->commands, &words, &row);
    if (place == 0 || place >= flow->word || place >= LIVE_CAPTURE_WORDS) return;
    if (flow->kept[place] == LIVE_CAPTURE_WORD) return; /* perhaps not all of the key */
    uint16_t slot = fore_hash_slot(flow->text[place], flow->kept[place]);
    (row->write ? parser->counts.writes : parser->counts.reads)[slot]++;
    parser->counts.commands++;
}

/* "*3" or "$10" to its number; false when it is none. */
static bool number(const char *text, uint32_t len, uint64_t most, uint64_t *out)
{
    *out = 0;
    for (uint32_t i = 1; i < len; i++) {
        if (text[i] < '0' || text[i] > '9') return false;
        *out = *out * 10 + (uint64_t)(text[i] - '0');
        if (*out > most) return false;
    }
    return len > 1;
}

/* A whole line: the head of a command or of a word. False: this is not RESP as clients send it. */
static bool take_head(struct live_capture_flow *flow)
{
    uint64_t value;
    char kind = flow->head[0];
    if (flow->words_left == 0) {
        if (kind != '*' || !number(flow->head, flow->head_len, ARRAY_MOST, &value)) return false;
        flow->words_left = (uint32_t)value;
        flow->word = 0;
        return true;
    }
    if (kind != '$' || !number(flow->head, flow->head_len, UINT64_C(1) << 40, &value)) return false;
    flow->skip = value + 2;
    flow->in_word = true;
    if (flow->word < LIVE_CAPTURE_WORDS) flow->kept[flow->word] = 0;
    return true;
}

/* Up to the end of the line; *whole when it has come. */
static bool take_line(struct live_capture_flow *flow, struct bytes *p, bool *whole)
{
    *whole = false;
    while (p->len > 0 && !*whole) {
        char c = (char)*p->at;
        (void)drop(p, 1);
        if (c == '\n') {
            *whole = true;
            if (flow->head_len == 0 || flow->head[flow->head_len - 1] != '\r') return false;
            flow->head_len--;
        } else {
            if (flow->head_len == sizeof flow->head) return false;
            flow->head[flow->head_len++] = c;
        }
    }
    return true;
}

static void take_part(struct live_capture_parser *parser, struct live_capture_flow *flow,
                      struct bytes *p)
{
    size_t count = p->len < flow->skip ? p->len : (size_t)flow->skip;
    size_t text = flow->skip > 2 ? (size_t)(flow->skip - 2) : 0; /* without CR LF */
    if (text > count) text = count;
    if (flow->word < LIVE_CAPTURE_WORDS) {
        size_t room = LIVE_CAPTURE_WORD - (size_t)flow->kept[flow->word];
        if (text > room) text = room;
        memcpy(flow->text[flow->word] + flow->kept[flow->word], p->at, text);
        flow->kept[flow->word] = (uint16_t)(flow->kept[flow->word] + text);
    }
    (void)drop(p, count);
    flow->skip -= count;
    if (flow->skip > 0) return;
    flow->in_word = false;
    flow->word++;
    flow->words_left--;
    if (flow->words_left == 0) count_command(parser, flow);
}

static void take_stream(struct live_capture_parser *parser, struct live_capture_flow *flow,
                        struct bytes p)
{
    while (p.len > 0) {
        bool whole = false;
        if (flow->in_word) {
            take_part(parser, flow, &p);
            continue;
        }
        bool sound = take_line(flow, &p, &whole);
        if (sound && whole) sound = take_head(flow);
        if (whole) flow->head_len = 0;
        if (sound) continue;
        flow->in_step = false;
        parser->counts.strange++;
        return;
    }
}

/* ---- segments ----------------------------------------------------------------------------- */

static void take_segment(struct live_capture_parser *parser, struct live_capture_flow *flow,
                         uint32_t seq, struct bytes p)
{
    if (flow->in_step && seq != flow->next_seq) {
        int32_t ahead = (int32_t)(seq - flow->next_seq);
        if (ahead < 0 && (size_t) - (int64_t)ahead >= p.len) return; /* all of it was seen */
        if (ahead < 0) {
            (void)drop(&p, (size_t) - (int64_t)ahead);
            seq = flow->next_seq;
        } else {
            flow->in_step = false;
            parser->counts.gaps++;
        }
    }
    if (!flow->in_step) {
        if (p.at[0] != '*') return;
        start_anew(flow);
    }
    flow->next_seq = seq + (uint32_t)p.len;
    take_stream(parser, flow, p);
}

void live_capture_packet(struct live_capture_parser *parser, enum live_capture_link link,
                         const unsigned char *bytes, size_t len)
{
    struct bytes p = {.at = bytes, .len = len};
    uint64_t id = 0;
    parser->counts.packets++;
    if (!drop_link(&p, link) || !drop_ip(&p, &id) || p.len < 20) return;
    uint32_t seq = big32(p.at + 4), flags = p.at[13];
    size_t head = (size_t)(p.at[12] >> 4) * 4;
    id = fore_hash_u64(id, big32(p.at)) | 1; /* both ports */
    if (head < 20 || !drop(&p, head)) return;
    struct live_capture_flow *flow = flow_of(parser, id);
    flow->used = parser->counts.packets;
    if ((flags & TCP_SYN) != 0) {
        start_anew(flow);
        flow->next_seq = seq + 1;
        return;
    }
    if (p.len > 0) take_segment(parser, flow, seq, p);
    if ((flags & TCP_FIN_RST) != 0) flow->id = 0;
}
