/* global.c - a net in its frame: which model's it is, and whether its bytes are whole. */
#include "core/forecast/global.h"

#include "core/base/bytes.h"

void fore_net_save(const struct fore_global *global, const struct fore_net *net,
                   struct fore_buf *out)
{
    struct fore_buf payload = {0};
    global->write(net, &payload);
    fore_frame_write(global->kind, &payload, out);
    fore_buf_fini(&payload);
}

enum fore_err fore_net_load(const struct fore_global *global, const void *bytes, size_t size,
                            struct fore_net **out, struct fore_diag *diag)
{
    struct fore_bytes_cursor payload;
    *out = NULL;
    FORE_TRY(fore_frame_read(global->kind, bytes, size, &payload, diag));
    *out = global->read(payload.at, (size_t)(payload.end - payload.at), diag);
    return *out ? FORE_E_OK : FORE_E_FORMAT;
}
