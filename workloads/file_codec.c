/*
 * file_codec.c - read(2) into a buffer, and out of it through nothing, libzstd or liblzma.
 *
 * The three packings share one loop: take packed bytes, call `step`, give what it made. A packed
 * stream has ended well only if its last frame was complete when the bytes ran out; anything else
 * is a truncated file and says so.
 */
#include "workloads/file_codec.h"

#include <errno.h>
#include <lzma.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

enum { RAW_SIZE = 256 * 1024, MAGIC_SIZE = 6 };
#define XZ_MEMORY_MAX (UINT64_C(256) << 20)

enum packing { PACKING_PLAIN, PACKING_ZSTD, PACKING_XZ };

struct wl_codec {
    int fd;
    const char *name;
    enum packing packing;
    bool raw_ended; /* read(2) has said 0 */
    bool mid_frame; /* between a frame's first and last byte */
    size_t raw_at, raw_end;
    uint64_t taken, size;
    ZSTD_DStream *zstd;
    lzma_stream xz;
    unsigned char *raw; /* RAW_SIZE */
};

static enum fore_err raw_read(struct wl_codec *codec, void *out, size_t cap, size_t *got,
                              struct fore_diag *diag)
{
    ssize_t n;
    do {
        n = read(codec->fd, out, cap);
    } while (n < 0 && errno == EINTR);
    if (n < 0)
        return fore_err_set(diag, FORE_E_IO, "%s: cannot read: %s", codec->name, strerror(errno));
    if (n == 0) codec->raw_ended = true;
    codec->taken += (uint64_t)n;
    *got = (size_t)n;
    return FORE_E_OK;
}

/* Fills the empty raw buffer, or as much of it as a pipe has ready. */
static enum fore_err raw_fill(struct wl_codec *codec, struct fore_diag *diag)
{
    size_t got = 0;
    codec->raw_at = codec->raw_end = 0;
    FORE_TRY(raw_read(codec, codec->raw, RAW_SIZE, &got, diag));
    codec->raw_end = got;
    return FORE_E_OK;
}

static enum fore_err packing_detect(struct wl_codec *codec, struct fore_diag *diag)
{
    static const unsigned char zstd_magic[4] = {0x28, 0xB5, 0x2F, 0xFD};
    static const unsigned char xz_magic[6] = {0xFD, '7', 'z', 'X', 'Z', 0x00};
    codec->raw_at = codec->raw_end = 0;
    while (codec->raw_end < MAGIC_SIZE && !codec->raw_ended) {
        size_t got = 0;
        FORE_TRY(
            raw_read(codec, codec->raw + codec->raw_end, RAW_SIZE - codec->raw_end, &got, diag));
        codec->raw_end += got;
    }
    codec->packing = PACKING_PLAIN;
    if (codec->raw_end >= 4 && memcmp(codec->raw, zstd_magic, 4) == 0)
        codec->packing = PACKING_ZSTD;
    else if (codec->raw_end >= 6 && memcmp(codec->raw, xz_magic, 6) == 0)
        codec->packing = PACKING_XZ;
    return FORE_E_OK;
}

/* A decoder in its first state, whatever state it was in. */
static void decoder_start(struct wl_codec *codec)
{
    codec->mid_frame = false;
    if (codec->packing == PACKING_ZSTD) {
        if (codec->zstd == NULL) codec->zstd = ZSTD_createDStream();
        FORE_ASSERT(codec->zstd != NULL && !ZSTD_isError(ZSTD_initDStream(codec->zstd)));
    } else if (codec->packing == PACKING_XZ) {
        lzma_ret ret = lzma_stream_decoder(&codec->xz, XZ_MEMORY_MAX, LZMA_CONCATENATED);
        FORE_ASSERT(ret == LZMA_OK);
        codec->mid_frame = true;
    }
}

enum fore_err wl_codec_open(int fd, const char *name, struct wl_codec **out, struct fore_diag *diag)
{
    struct wl_codec *codec = calloc(1, sizeof *codec);
    FORE_ASSERT(codec != NULL);
    codec->raw = malloc(RAW_SIZE);
    FORE_ASSERT(codec->raw != NULL);
    codec->fd = fd;
    codec->name = name;
    codec->xz = (lzma_stream)LZMA_STREAM_INIT;
    struct stat st;
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) codec->size = (uint64_t)st.st_size;
    enum fore_err err = packing_detect(codec, diag);
    if (err != FORE_E_OK) {
        wl_codec_close(codec);
        return err;
    }
    decoder_start(codec);
    *out = codec;
    return FORE_E_OK;
}

static enum fore_err plain_read(struct wl_codec *codec, void *out, size_t cap, size_t *got,
                                struct fore_diag *diag)
{
    size_t have = codec->raw_end - codec->raw_at; /* what packing_detect() took */
    if (have == 0) return codec->raw_ended ? FORE_E_OK : raw_read(codec, out, cap, got, diag);
    *got = have < cap ? have : cap;
    memcpy(out, codec->raw + codec->raw_at, *got);
    codec->raw_at += *got;
    return FORE_E_OK;
}

static enum fore_err zstd_step(struct wl_codec *codec, void *out, size_t cap, size_t *got,
                               struct fore_diag *diag)
{
    ZSTD_inBuffer in = {codec->raw, codec->raw_end, codec->raw_at};
    ZSTD_outBuffer made = {out, cap, 0};
    size_t ret = ZSTD_decompressStream(codec->zstd, &made, &in);
    if (ZSTD_isError(ret))
        return fore_err_set(diag, FORE_E_FORMAT,
                            "%s: the zstd data is corrupt (%s); fetch it again", codec->name,
                            ZSTD_getErrorName(ret));
    bool moved = in.pos != codec->raw_at || made.pos != 0;
    if (moved || ret == 0) codec->mid_frame = ret != 0;
    codec->raw_at = in.pos;
    *got = made.pos;
    return FORE_E_OK;
}

static enum fore_err xz_step(struct wl_codec *codec, void *out, size_t cap, size_t *got,
                             struct fore_diag *diag)
{
    codec->xz.next_in = codec->raw + codec->raw_at;
    codec->xz.avail_in = codec->raw_end - codec->raw_at;
    codec->xz.next_out = out;
    codec->xz.avail_out = cap;
    lzma_ret ret = lzma_code(&codec->xz, codec->raw_ended ? LZMA_FINISH : LZMA_RUN);
    codec->raw_at = codec->raw_end - codec->xz.avail_in;
    *got = cap - codec->xz.avail_out;
    if (ret == LZMA_STREAM_END) codec->mid_frame = false;
    if (ret == LZMA_OK || ret == LZMA_STREAM_END || ret == LZMA_BUF_ERROR) return FORE_E_OK;
    if (ret == LZMA_MEMLIMIT_ERROR)
        return fore_err_set(diag, FORE_E_FORMAT,
                            "%s: unpacking needs more than 256 MiB; pack it again with xz -6",
                            codec->name);
    return fore_err_set(diag, FORE_E_FORMAT, "%s: the xz data is corrupt; fetch it again",
                        codec->name);
}

enum fore_err wl_codec_read(struct wl_codec *codec, void *out, size_t cap, size_t *got,
                            struct fore_diag *diag)
{
    FORE_ASSERT(cap > 0);
    *got = 0;
    if (codec->packing == PACKING_PLAIN) return plain_read(codec, out, cap, got, diag);
    while (*got == 0) {
        if (codec->raw_at == codec->raw_end && !codec->raw_ended) FORE_TRY(raw_fill(codec, diag));
        size_t before = codec->raw_at;
        if (codec->packing == PACKING_ZSTD)
            FORE_TRY(zstd_step(codec, out, cap, got, diag));
        else if (codec->mid_frame)
            FORE_TRY(xz_step(codec, out, cap, got, diag));
        bool stuck = *got == 0 && codec->raw_at == before;
        if (!stuck || !codec->raw_ended) continue;
        if (!codec->mid_frame) break;
        return fore_err_set(diag, FORE_E_FORMAT,
                            "%s: the compressed data stops in the middle; the file is truncated, "
                            "fetch it again",
                            codec->name);
    }
    return FORE_E_OK;
}

enum fore_err wl_codec_rewind(struct wl_codec *codec, struct fore_diag *diag)
{
    if (lseek(codec->fd, 0, SEEK_SET) != 0)
        return fore_err_set(diag, FORE_E_IO,
                            "%s: cannot be read twice (%s); save it to a file first", codec->name,
                            strerror(errno));
    codec->raw_ended = false;
    codec->taken = 0;
    FORE_TRY(packing_detect(codec, diag));
    decoder_start(codec);
    return FORE_E_OK;
}

uint64_t wl_codec_taken(const struct wl_codec *codec)
{
    return codec->taken;
}

uint64_t wl_codec_size(const struct wl_codec *codec)
{
    return codec->size;
}

void wl_codec_close(struct wl_codec *codec)
{
    if (codec == NULL) return;
    if (codec->zstd != NULL) (void)ZSTD_freeDStream(codec->zstd);
    lzma_end(&codec->xz);
    if (codec->fd > STDERR_FILENO) (void)close(codec->fd);
    free(codec->raw);
    free(codec);
}
