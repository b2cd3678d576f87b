/*
 * response.h - what the API answers, a value too: a page of a picture's, or a body of its own.
 *
 * Errors are {"error": {"code": "stale", "message": "..."}} with the status that fits; `code` is
 * for programs and does not change, the message is for people.
 */
#ifndef LIVE_RESPONSE_H
#define LIVE_RESPONSE_H

#include "core/base/buf.h"
#include "core/base/err.h"

struct live_response {
    uint32_t status;   /* of HTTP */
    const char *type;  /* static */
    const char *allow; /* 405: static */
    uint32_t retry_after_s;
    bool challenge;       /* WWW-Authenticate */
    struct fore_buf body; /* unless `page` has it */
    const void *page;     /* borrowed from `keep`, released with live_picture_release() */
    size_t page_len;
    const struct live_picture *keep;
};
void live_response_fini(struct live_response *reply);
void live_response_error(struct live_response *reply, uint32_t status, const char *code,
                         const char *fmt, ...) __attribute__((format(printf, 4, 5)));
/* The status and code that an error of ours amounts to, with its sentence. */
void live_response_diag(struct live_response *reply, enum fore_err err,
                        const struct fore_diag *diag);

#endif
