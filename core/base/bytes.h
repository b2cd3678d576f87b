/*
 * bytes.h - numbers as little-endian bytes, so that a state file means the same on every machine.
 *
 * A cursor reads what may be damaged: past the end, or at a number that is none, it becomes unsound
 * and gives 0 from then on. The caller asks once, at the end.
 */
#ifndef FORE_BYTES_H
#define FORE_BYTES_H

#include "core/base/buf.h"
#include "core/base/err.h"

struct fore_bytes_cursor {
    const unsigned char *at, *end;
    bool sound;
};

void fore_bytes_put_u32(struct fore_buf *out, uint32_t value);
void fore_bytes_put_u64(struct fore_buf *out, uint64_t value);
void fore_bytes_put_float(struct fore_buf *out, float value);
void fore_bytes_put_double(struct fore_buf *out, double value);
void fore_bytes_put_text(struct fore_buf *out, const char *text); /* length and characters */

uint32_t fore_bytes_get_u32(struct fore_bytes_cursor *cursor);
uint64_t fore_bytes_get_u64(struct fore_bytes_cursor *cursor);
float fore_bytes_get_float(struct fore_bytes_cursor *cursor);   /* finite */
double fore_bytes_get_double(struct fore_bytes_cursor *cursor); /* finite */
/* Unsound unless the text that follows is exactly this one. */
void fore_bytes_expect_text(struct fore_bytes_cursor *cursor, const char *text);

/*
 * A frame: "FOREnet1", a kind of up to 15 characters, the payload's size, the payload, XXH3-64 of
 * all before it.
 */
void fore_frame_write(const char *kind, const struct fore_buf *payload, struct fore_buf *out);
/* Where the payload lies in bytes[0..size). FORE_E_FORMAT with what is wrong: another kind, cut
 * short, changed, from another version. */
FORE_MUST_USE enum fore_err fore_frame_read(const char *kind, const void *bytes, size_t size,
                                            struct fore_bytes_cursor *payload,
                                            struct fore_diag *diag);

#endif
