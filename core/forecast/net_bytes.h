/* net_bytes.h - numbers of a net, little-endian; reading past the end or a number that is none
 * makes the cursor unsound and gives 0. Private to core/forecast. */
#ifndef FORE_NET_BYTES_H
#define FORE_NET_BYTES_H

#include "core/base/buf.h"

struct fore_net_cursor {
    const unsigned char *at, *end;
    bool sound;
};

void fore_net_put_u32(struct fore_buf *out, uint32_t value);
void fore_net_put_float(struct fore_buf *out, float value);
uint32_t fore_net_get_u32(struct fore_net_cursor *cursor);
float fore_net_get_float(struct fore_net_cursor *cursor); /* finite */

#endif
