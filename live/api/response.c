/* response.c - see response.h. */
#include "live/api/response.h"

#include "core/base/json.h"
#include "live/api/picture.h"

#include <stdarg.h>
#include <stdio.h>

void live_response_fini(struct live_response *reply)
{
    fore_buf_fini(&reply->body);
    if (reply->keep != NULL) live_picture_release(reply->keep);
    reply->keep = NULL;
}

void live_response_error(struct live_response *reply, uint32_t status, const char *code,
                         const char *fmt, ...)
{
    char text[400];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    fore_buf_reset(&reply->body);
    struct fore_json json = fore_json_begin(&reply->body, false);
    fore_json_object(&json, NULL);
    fore_json_object(&json, "error");
    fore_json_string(&json, "code", code);
    fore_json_string(&json, "message", text);
    fore_json_object_end(&json);
    fore_json_object_end(&json);
    fore_buf_puts(&reply->body, "\n");
    reply->status = status;
    reply->type = "application/json";
}

void live_response_diag(struct live_response *reply, enum fore_err err,
                        const struct fore_diag *diag)
{
    static const struct {
        enum fore_err err;
        uint32_t status;
        const char *code;
    } rows[] = {
        {FORE_E_AGAIN,       503, "not-yet"    },
        {FORE_E_IO,          503, "storage"    },
        {FORE_E_FORMAT,      422, "invalid"    },
        {FORE_E_RANGE,       422, "invalid"    },
        {FORE_E_UNSUPPORTED, 501, "unsupported"},
        {FORE_E_UNREACHABLE, 503, "unreachable"},
        {FORE_E_CONFLICT,    409, "stale"      },
        {FORE_E_REFUSED,     409, "refused"    },
    };
    const char *text = diag != NULL && diag->text[0] != '\0' ? diag->text : fore_err_text(err);
    for (size_t i = 0; i < FORE_COUNTOF(rows); i++)
        if (rows[i].err == err) {
            live_response_error(reply, rows[i].status, rows[i].code, "%s", text);
            return;
        }
    live_response_error(reply, 500, "internal", "%s", text);
}
