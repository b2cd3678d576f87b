/* net_bytes.c - byte by byte, so that a file means the same on every machine. */
#include "core/forecast/net_bytes.h"

#include <math.h>
#include <string.h>

void fore_net_put_u32(struct fore_buf *out, uint32_t value)
{
    unsigned char bytes[4] = {(unsigned char)value, (unsigned char)(value >> 8),
                              (unsigned char)(value >> 16), (unsigned char)(value >> 24)};
    fore_buf_append(out, bytes, sizeof(bytes));
}

void fore_net_put_float(struct fore_buf *out, float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof(bits));
    fore_net_put_u32(out, bits);
}

uint32_t fore_net_get_u32(struct fore_net_cursor *c)
{
    if (c->end - c->at < 4) {
        c->sound = false;
        return 0;
    }
    uint32_t value = (uint32_t)c->at[0] | (uint32_t)c->at[1] << 8 | (uint32_t)c->at[2] << 16 |
                     (uint32_t)c->at[3] << 24;
    c->at += 4;
    return value;
}

float fore_net_get_float(struct fore_net_cursor *c)
{
    uint32_t bits = fore_net_get_u32(c);
    float value;
    memcpy(&value, &bits, sizeof(value));
    if (isfinite(value)) return value;
    c->sound = false;
    return 0.0f;
}
