/*
 * file_codec.h - a descriptor's bytes, decompressed: what file.c fills its buffer from.
 *
 * The packing is told by the first bytes: zstd and xz have a magic, everything else is plain. A
 * stream may be several frames in a row. Memory for a hostile file is bounded by the window limits
 * of the two libraries (128 MiB zstd, 256 MiB xz).
 */
#ifndef WL_FILE_CODEC_H
#define WL_FILE_CODEC_H

#include "core/base/err.h"

struct wl_codec;
/* Takes over `fd`, also on failure. `name` is for messages and must outlive the codec. */
FORE_MUST_USE enum fore_err wl_codec_open(int fd, const char *name, struct wl_codec **out,
                                          struct fore_diag *diag);
/* At least one byte unless the data has ended; cap > 0. */
FORE_MUST_USE enum fore_err wl_codec_read(struct wl_codec *codec, void *out, size_t cap,
                                          size_t *got, struct fore_diag *diag);
FORE_MUST_USE enum fore_err wl_codec_rewind(struct wl_codec *codec, struct fore_diag *diag);
/* Packed bytes read, and all there are (0: not known, as in a pipe). */
uint64_t wl_codec_taken(const struct wl_codec *codec);
uint64_t wl_codec_size(const struct wl_codec *codec);
void wl_codec_close(struct wl_codec *codec);

#endif
