/*
 * reader_ops.c - operation names into types.
 *
 * An unknown name is not guessed at: a2q (an answer to a question) writes, TXT_2_IMG computes, and
 * only the trace's user knows. They count as FORE_QUERY_OTHER; `trace info` lists them by name.
 */
#include "workloads/reader_ops.h"

#include "core/base/hash.h"

#include <string.h>
#include <strings.h>

static const struct {
    const char *name;
    uint8_t type;
} known[] = {
    {"r",       FORE_QUERY_READ },
    {"read",    FORE_QUERY_READ },
    {"get",     FORE_QUERY_READ },
    {"gets",    FORE_QUERY_READ },
    {"find",    FORE_QUERY_READ },
    {"select",  FORE_QUERY_READ },
    {"lookup",  FORE_QUERY_READ },
    {"head",    FORE_QUERY_READ },
    {"w",       FORE_QUERY_WRITE},
    {"write",   FORE_QUERY_WRITE},
    {"set",     FORE_QUERY_WRITE},
    {"put",     FORE_QUERY_WRITE},
    {"add",     FORE_QUERY_WRITE},
    {"replace", FORE_QUERY_WRITE},
    {"cas",     FORE_QUERY_WRITE},
    {"append",  FORE_QUERY_WRITE},
    {"prepend", FORE_QUERY_WRITE},
    {"incr",    FORE_QUERY_WRITE},
    {"decr",    FORE_QUERY_WRITE},
    {"update",  FORE_QUERY_WRITE},
    {"insert",  FORE_QUERY_WRITE},
    {"d",       FORE_QUERY_WRITE},
    {"del",     FORE_QUERY_WRITE},
    {"delete",  FORE_QUERY_WRITE},
    {"remove",  FORE_QUERY_WRITE},
    {"scan",    FORE_QUERY_SCAN },
    {"range",   FORE_QUERY_SCAN },
};

static uint8_t type_of(const char *text, size_t len)
{
    if (len == 0) return FORE_QUERY_READ;
    for (size_t i = 0; i < FORE_COUNTOF(known); i++)
        if (strlen(known[i].name) == len && strncasecmp(known[i].name, text, len) == 0)
            return known[i].type;
    return FORE_QUERY_OTHER;
}

/* The row that counts this name; the last row is shared by all that came too late. */
static uint8_t other_row(struct wl_reader *reader, const char *text, size_t len)
{
    struct wl_reader_op row = {.count = 0};
    size_t cut = len < sizeof row.name ? len : sizeof row.name - 1;
    for (size_t i = 0; i < cut; i++)
        row.name[i] = (unsigned char)text[i] < ' ' || text[i] == 0x7f ? '?' : text[i];
    for (size_t i = 0; i < reader->other_count; i++)
        if (strcmp(reader->other[i].name, row.name) == 0) return (uint8_t)i;
    if (reader->other_count == WL_READER_OTHER_OPS) return WL_READER_OTHER_OPS - 1;
    if (reader->other_count == WL_READER_OTHER_OPS - 1)
        row = (struct wl_reader_op){.name = "(others)"};
    reader->other[reader->other_count] = row;
    return (uint8_t)reader->other_count++;
}

/* Names up to seven bytes are their own id; longer ones are hashed. Never 0. */
static uint64_t id_of(const char *text, size_t len)
{
    if (len > 7) return fore_hash_bytes(text, len, 1) | UINT64_C(1) << 63;
    uint64_t id = len + 1;
    for (size_t i = 0; i < len; i++)
        id = id << 8 | (unsigned char)text[i];
    return id & ~(UINT64_C(1) << 63);
}

uint8_t wl_ops_type(struct wl_op_slot *cache, struct wl_reader *reader, const char *text,
                    size_t len)
{
    uint64_t id = id_of(text, len);
    struct wl_op_slot *slot = &cache[id * UINT64_C(0x9E3779B97F4A7C15) >> 58];
    _Static_assert(WL_OP_CACHE == 1 << (64 - 58), "the shift above gives an index");
    if (slot->id != id) {
        uint8_t type = type_of(text, len);
        uint8_t row = type == FORE_QUERY_OTHER ? other_row(reader, text, len) : 0;
        *slot = (struct wl_op_slot){.id = id, .type = type, .other = row};
    }
    if (slot->type == FORE_QUERY_OTHER) reader->other[slot->other].count++;
    return slot->type;
}
