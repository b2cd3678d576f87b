/* bytes.c - byte by byte; a frame around them says what they are and whether they are whole. */
#include "core/base/bytes.h"

#include <math.h>
#include <string.h>

#include "core/base/hash.h"

static const char magic[8] = {'F', 'O', 'R', 'E', 'n', 'e', 't', '1'};
enum { KIND_BYTES = 16, HEAD_BYTES = 8 + KIND_BYTES + 8, TAIL_BYTES = 8 };

/* ---- out ------------------------------------------------------------------------------------- */

static void put(struct fore_buf *out, uint64_t value, size_t count)
{
    unsigned char bytes[8];
    for (size_t i = 0; i < count; i++)
        bytes[i] = (unsigned char)(value >> (8 * i));
    fore_buf_append(out, bytes, count);
}

void fore_bytes_put_u32(struct fore_buf *out, uint32_t value)
{
    put(out, value, 4);
}

void fore_bytes_put_u64(struct fore_buf *out, uint64_t value)
{
    put(out, value, 8);
}

void fore_bytes_put_float(struct fore_buf *out, float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof(bits));
    put(out, bits, 4);
}

void fore_bytes_put_double(struct fore_buf *out, double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof(bits));
    put(out, bits, 8);
}

void fore_bytes_put_text(struct fore_buf *out, const char *text)
{
    size_t length = strlen(text);
    put(out, length, 4);
    fore_buf_append(out, text, length);
}

/* ---- in -------------------------------------------------------------------------------------- */

static uint64_t get(struct fore_bytes_cursor *c, size_t count)
{
    uint64_t value = 0;
    if (!c->sound || (size_t)(c->end - c->at) < count) {
        c->sound = false;
        return 0;
    }
    for (size_t i = count; i-- > 0;)
        value = value << 8 | c->at[i];
    c->at += count;
    return value;
}

uint32_t fore_bytes_get_u32(struct fore_bytes_cursor *c)
{
    return (uint32_t)get(c, 4);
}

uint64_t fore_bytes_get_u64(struct fore_bytes_cursor *c)
{
    return get(c, 8);
}

float fore_bytes_get_float(struct fore_bytes_cursor *c)
{
    uint32_t bits = (uint32_t)get(c, 4);
    float value;
    memcpy(&value, &bits, sizeof(value));
    if (isfinite(value)) return value;
    c->sound = false;
    return 0.0f;
}

double fore_bytes_get_double(struct fore_bytes_cursor *c)
{
    uint64_t bits = get(c, 8);
    double value;
    memcpy(&value, &bits, sizeof(value));
    if (isfinite(value)) return value;
    c->sound = false;
    return 0.0;
}

void fore_bytes_expect_text(struct fore_bytes_cursor *c, const char *text)
{
    size_t length = get(c, 4);
    c->sound = c->sound && length == strlen(text) && (size_t)(c->end - c->at) >= length &&
               memcmp(c->at, text, length) == 0;
    if (c->sound) c->at += length;
}

/* ---- the frame ------------------------------------------------------------------------------- */

void fore_frame_write(const char *kind, const struct fore_buf *payload, struct fore_buf *out)
{
    size_t start = out->len;
    char name[KIND_BYTES] = {0};
    size_t length = strlen(kind);
    FORE_ASSERT(length < sizeof(name));
    for (size_t i = 0; i < length; i++)
        name[i] = kind[i];
    fore_buf_append(out, magic, sizeof(magic));
    fore_buf_append(out, name, sizeof(name));
    put(out, payload->len, 8);
    fore_buf_append(out, payload->data, payload->len);
    put(out, fore_hash_bytes(out->data + start, out->len - start, 0), 8);
}

enum fore_err fore_frame_read(const char *kind, const void *bytes, size_t size,
                              struct fore_bytes_cursor *payload, struct fore_diag *diag)
{
    const unsigned char *at = bytes;
    *payload = (struct fore_bytes_cursor){0};
    if (size < HEAD_BYTES + TAIL_BYTES || memcmp(at, magic, sizeof(magic)) != 0)
        return fore_err_set(diag, FORE_E_FORMAT, "not a model file of this version");
    if (strncmp((const char *)at + sizeof(magic), kind, KIND_BYTES) != 0)
        return fore_err_set(diag, FORE_E_FORMAT, "a model of kind \"%.15s\", not \"%s\"",
                            (const char *)at + sizeof(magic), kind);
    struct fore_bytes_cursor head = {.at = at + sizeof(magic) + KIND_BYTES,
                                     .end = at + HEAD_BYTES,
                                     .sound = true},
                             tail = {.at = at + size - TAIL_BYTES, .end = at + size, .sound = true};
    if (get(&head, 8) != size - HEAD_BYTES - TAIL_BYTES)
        return fore_err_set(diag, FORE_E_FORMAT, "the model file is cut short or has grown");
    if (fore_hash_bytes(at, size - TAIL_BYTES, 0) != get(&tail, 8))
        return fore_err_set(diag, FORE_E_FORMAT, "the model file is corrupt: its checksum differs");
    *payload = (struct fore_bytes_cursor){
        .at = at + HEAD_BYTES, .end = at + size - TAIL_BYTES, .sound = true};
    return FORE_E_OK;
}
