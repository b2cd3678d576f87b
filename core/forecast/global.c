/* global.c - the frame around a net's bytes: which model, how many, and whether they are whole. */
#include "core/forecast/global.h"

#include <string.h>

#include "core/base/hash.h"

static const char magic[8] = {'F', 'O', 'R', 'E', 'n', 'e', 't', '1'};
enum { KIND_BYTES = 16, HEAD_BYTES = 8 + KIND_BYTES + 8, TAIL_BYTES = 8 };

static void put_u64(struct fore_buf *out, uint64_t value)
{
    unsigned char bytes[8];
    for (int i = 0; i < 8; i++)
        bytes[i] = (unsigned char)(value >> (8 * i));
    fore_buf_append(out, bytes, sizeof(bytes));
}

static uint64_t get_u64(const unsigned char *bytes)
{
    uint64_t value = 0;
    for (int i = 8; i-- > 0;)
        value = value << 8 | bytes[i];
    return value;
}

void fore_net_save(const struct fore_global *global, const struct fore_net *net,
                   struct fore_buf *out)
{
    size_t start = out->len;
    char kind[KIND_BYTES] = {0};
    FORE_ASSERT(strlen(global->kind) < sizeof(kind));
    memcpy(kind, global->kind, strlen(global->kind));
    struct fore_buf payload = {0};
    global->write(net, &payload);
    fore_buf_append(out, magic, sizeof(magic));
    fore_buf_append(out, kind, sizeof(kind));
    put_u64(out, payload.len);
    fore_buf_append(out, payload.data, payload.len);
    put_u64(out, fore_hash_bytes(out->data + start, out->len - start, 0));
    fore_buf_fini(&payload);
}

enum fore_err fore_net_load(const struct fore_global *global, const void *bytes, size_t size,
                            struct fore_net **out, struct fore_diag *diag)
{
    const unsigned char *at = bytes;
    *out = NULL;
    if (size < HEAD_BYTES + TAIL_BYTES || memcmp(at, magic, sizeof(magic)) != 0)
        return fore_err_set(diag, FORE_E_FORMAT, "not a model file of this version");
    if (strncmp((const char *)at + sizeof(magic), global->kind, KIND_BYTES) != 0)
        return fore_err_set(diag, FORE_E_FORMAT, "a model of kind \"%.15s\", not \"%s\"",
                            (const char *)at + sizeof(magic), global->kind);
    uint64_t payload = get_u64(at + sizeof(magic) + KIND_BYTES);
    if (payload != size - HEAD_BYTES - TAIL_BYTES)
        return fore_err_set(diag, FORE_E_FORMAT, "the model file is cut short or has grown");
    if (fore_hash_bytes(at, size - TAIL_BYTES, 0) != get_u64(at + size - TAIL_BYTES))
        return fore_err_set(diag, FORE_E_FORMAT, "the model file is corrupt: its checksum differs");
    *out = global->read(at + HEAD_BYTES, (size_t)payload, diag);
    return *out ? FORE_E_OK : FORE_E_FORMAT;
}
