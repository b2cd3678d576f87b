/* counters.c - see counters.h. The reader takes any bytes: they come over a network. */
#include "live/module/counters.h"

#include <string.h>

static const char magic[4] = {'F', 'S', 'H', '1'};

static char *put(char *at, uint64_t value)
{
    for (; value >= 128; value >>= 7)
        *at++ = (char)(value | 128);
    *at++ = (char)value;
    return at;
}

size_t live_counters_write(const struct live_counters *counters, char *out)
{
    char *at = out;
    memcpy(at, magic, sizeof magic);
    at = put(at + sizeof magic, counters->start);
    uint32_t next = 0;
    for (uint32_t slot = 0; slot < FORE_SLOT_COUNT; slot++) {
        const struct live_counter *c = &counters->slot[slot];
        if ((c->reads | c->writes) == 0) continue;
        at = put(put(put(put(at, slot - next), c->reads), c->writes), c->bytes);
        next = slot + 1;
    }
    return (size_t)(at - out);
}

struct reader {
    const unsigned char *at, *end;
    bool sound;
};

static uint64_t get(struct reader *r)
{
    uint64_t value = 0;
    for (uint32_t shift = 0; shift < 64; shift += 7) {
        if (r->at == r->end) break;
        uint64_t bits = *r->at & 127u;
        if (shift == 63 && bits > 1) break; /* more than 64 bits */
        value |= bits << shift;
        if ((*r->at++ & 128u) == 0) return value;
    }
    r->sound = false;
    return 0;
}

enum fore_err live_counters_read(const char *bytes, size_t len, struct live_counters *out)
{
    memset(out, 0, sizeof *out);
    if (len < sizeof magic || memcmp(bytes, magic, sizeof magic) != 0) return FORE_E_FORMAT;
    struct reader r = {.at = (const unsigned char *)bytes + sizeof magic,
                       .end = (const unsigned char *)bytes + len,
                       .sound = true};
    out->start = get(&r);
    uint64_t next = 0;
    while (r.sound && r.at < r.end) {
        uint64_t gap = get(&r);
        if (gap >= FORE_SLOT_COUNT || next + gap >= FORE_SLOT_COUNT) return FORE_E_FORMAT;
        struct live_counter *c = &out->slot[next + gap];
        c->reads = get(&r);
        c->writes = get(&r);
        c->bytes = get(&r);
        next += gap + 1;
    }
    return r.sound ? FORE_E_OK : FORE_E_FORMAT;
}
