/* keyspec.c - see keyspec.h. A name is three words, folded to lower case bit by bit: no two
 * commands differ only in what folding loses. */
#include "live/module/keyspec.h"

#include <string.h>

struct folded {
    uint64_t word[LIVE_KEYSPEC_NAME / 8];
    uint8_t len;
};

static uint64_t eight(const char *at)
{
    uint64_t word;
    memcpy(&word, at, sizeof word);
    return word;
}

/* Up to eight bytes, the first one lowest, padded with zeros; by two loads that overlap. Machines
 * on which Redis runs are little-endian. */
static uint64_t up_to_eight(const char *at, size_t len)
{
    uint32_t low, high;
    if (len >= 8) return eight(at);
    if (len >= 4) {
        memcpy(&low, at, 4);
        memcpy(&high, at + len - 4, 4);
        return low | ((uint64_t)high << (8 * (len - 4)));
    }
    uint64_t word = 0;
    for (size_t i = 0; i < len; i++)
        word |= (uint64_t)(unsigned char)at[i] << (8 * i);
    return word;
}

static bool fold(const char *name, size_t len, struct folded *out)
{
    static const uint64_t blanks = UINT64_C(0x2020202020202020);
    if (len == 0 || len > LIVE_KEYSPEC_NAME) return false;
    out->word[0] = up_to_eight(name, len) | blanks;
    out->word[1] = (len > 8 ? up_to_eight(name + 8, len - 8) : 0) | blanks;
    out->word[2] = (len > 16 ? up_to_eight(name + 16, len - 16) : 0) | blanks;
    out->len = (uint8_t)len;
    return true;
}

static uint32_t place_of(const struct folded *name)
{
    uint64_t mix = name->word[0] * UINT64_C(0x9e3779b97f4a7c15);
    mix ^= (name->word[1] + name->len) * UINT64_C(0xc2b2ae3d27d4eb4f);
    mix ^= name->word[2] * UINT64_C(0x165667b19e3779f9);
    return (uint32_t)((mix ^ (mix >> 29)) >> 32) % LIVE_KEYSPEC_ROWS;
}

/* The row of this name, or the free one where it belongs. */
static uint32_t seek(const struct live_keyspec *spec, const struct folded *name)
{
    uint32_t at = place_of(name);
    for (; spec->row[at].len != 0; at = (at + 1) % LIVE_KEYSPEC_ROWS)
        if (spec->row[at].len == name->len && spec->row[at].name[0] == name->word[0] &&
            spec->row[at].name[1] == name->word[1] && spec->row[at].name[2] == name->word[2])
            break;
    return at;
}

bool live_keyspec_is_load(const char *name)
{
    static const char *const none[] = {
        "migrate", "restore", "restore-asking", "dump",       "object", "memory",  "pfselftest",
        "eval",    "eval_ro", "evalsha",        "evalsha_ro", "fcall",  "fcall_ro"};
    for (size_t i = 0; i < FORE_COUNTOF(none); i++)
        if (strcmp(none[i], name) == 0) return false;
    return true;
}

void live_keyspec_add(struct live_keyspec *spec, const struct live_keyspec_command *command)
{
    struct folded name;
    char lower[LIVE_KEYSPEC_NAME + 1] = "";
    bool keyed = command->first_key > 0 || command->movable || command->container;
    if (!keyed || command->first_key > UINT8_MAX || spec->count >= LIVE_KEYSPEC_ROWS / 2) return;
    if (!fold(command->name, command->name_len, &name)) return;
    for (size_t i = 0; i < command->name_len; i++) {
        char c = command->name[i];
        lower[i] = (char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
    }
    if (!live_keyspec_is_load(lower)) return;
    struct live_keyspec_row *row = &spec->row[seek(spec, &name)];
    spec->count += row->len == 0;
    *row = (struct live_keyspec_row){
        .len = name.len,
        .kind = command->first_key > 0 ? LIVE_KEYSPEC_FIXED
                : command->container   ? LIVE_KEYSPEC_CONTAINER
                                       : LIVE_KEYSPEC_MOVABLE,
        .first = (uint8_t)(command->first_key > 0 ? command->first_key : 0),
        .write = command->write,
        .arity = (int16_t)command->arity,
    };
    memcpy(row->name, name.word, sizeof row->name);
}

__attribute__((hot)) const struct live_keyspec_row *live_keyspec_find(
    const struct live_keyspec *spec, const char *name, size_t len)
{
    struct folded folded;
    if (!fold(name, len, &folded)) return NULL;
    const struct live_keyspec_row *row = &spec->row[seek(spec, &folded)];
    return row->len != 0 ? row : NULL;
}

const struct live_keyspec_row *live_keyspec_part(const struct live_keyspec *spec,
                                                 const struct live_keyspec_row *container,
                                                 const char *part, size_t len)
{
    char name[LIVE_KEYSPEC_NAME];
    size_t head = container->len;
    if (head + 1 + len > sizeof name) return NULL;
    memcpy(name, container->name, head);
    name[head] = '|';
    memcpy(name + head + 1, part, len);
    const struct live_keyspec_row *row = live_keyspec_find(spec, name, head + 1 + len);
    return row != NULL && row->kind != LIVE_KEYSPEC_CONTAINER ? row : NULL;
}

/* CRC-16/XMODEM a byte at a time by shifts: x^16 + x^12 + x^5 + 1. */
static inline uint32_t crc16_next(uint32_t crc, unsigned char byte)
{
    uint32_t x = ((crc >> 8) ^ byte) & 0xff;
    x ^= x >> 4;
    return ((crc << 8) ^ (x << 12) ^ (x << 5) ^ x) & 0xffff;
}

__attribute__((hot)) uint16_t live_keyspec_slot(const char *key, size_t len)
{
    uint32_t crc = 0;
    size_t open = len; /* where the first { is */
    for (size_t i = 0; i < len && open == len; i++) {
        if (key[i] == '{') open = i;
        crc = crc16_next(crc, (unsigned char)key[i]);
    }
    if (open == len) return crc % 16384;
    size_t close = open + 1;
    while (close < len && key[close] != '}')
        close++;
    bool tagged = close < len && close > open + 1;
    size_t from = tagged ? open + 1 : 0, to = tagged ? close : len;
    crc = 0;
    for (size_t i = from; i < to; i++)
        crc = crc16_next(crc, (unsigned char)key[i]);
    return crc % 16384;
}
