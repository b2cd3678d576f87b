/*
 * buf.c - a growable run of bytes. Capacity doubles; one byte is always kept for the NUL that
 * follows the content, so `data` can be handed to anything that takes a C string.
 */
#include "core/base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CAP_MIN = 64 };

static void reserve(struct fore_buf *buf, size_t more)
{
    FORE_ASSERT(more < SIZE_MAX / 4 && buf->len < SIZE_MAX / 4);
    size_t need = buf->len + more + 1;
    if (need <= buf->cap) return;
    size_t cap = buf->cap < CAP_MIN ? CAP_MIN : buf->cap;
    while (cap < need)
        cap *= 2;
    char *data = realloc(buf->data, cap);
    FORE_ASSERT(data != NULL);
    buf->data = data;
    buf->cap = cap;
}

void fore_buf_append(struct fore_buf *buf, const void *bytes, size_t len)
{
    reserve(buf, len);
    if (len > 0) memcpy(buf->data + buf->len, bytes, len);
    buf->len += len;
    buf->data[buf->len] = '\0';
}

void fore_buf_puts(struct fore_buf *buf, const char *text)
{
    fore_buf_append(buf, text, strlen(text));
}

void fore_buf_printf(struct fore_buf *buf, const char *fmt, ...)
{
    FORE_ASSERT(fmt != NULL);
    va_list ap;
    va_start(ap, fmt);
    int len = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    FORE_ASSERT(len >= 0);
    reserve(buf, (size_t)len);
    va_start(ap, fmt);
    (void)vsnprintf(buf->data + buf->len, (size_t)len + 1, fmt, ap);
    va_end(ap);
    buf->len += (size_t)len;
}

void fore_buf_reset(struct fore_buf *buf)
{
    buf->len = 0;
    if (buf->data != NULL) buf->data[0] = '\0';
}

void fore_buf_fini(struct fore_buf *buf)
{
    free(buf->data);
    *buf = (struct fore_buf){0};
}
