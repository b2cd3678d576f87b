/*
 * buf.h - a growable run of bytes: text being built, a journal frame being filled.
 * `data` is never NULL after the first append and always followed by a NUL that `len` excludes.
 */
#ifndef FORE_BUF_H
#define FORE_BUF_H

#include "core/base/base.h"

struct fore_buf {
    char *data; /* {0} is a valid empty buffer */
    size_t len;
    size_t cap;
};

void fore_buf_append(struct fore_buf *buf, const void *bytes, size_t len);
void fore_buf_puts(struct fore_buf *buf, const char *text);
void fore_buf_printf(struct fore_buf *buf, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
void fore_buf_reset(struct fore_buf *buf); /* empty, memory kept */
void fore_buf_fini(struct fore_buf *buf);

#endif
