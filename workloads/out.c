/*
 * out.c - files written whole or not at all.
 *
 * Bytes collect in a buffer, go through zstd if the name asks for it, and into NAME.tmpPID-N next
 * to the target; commit renames. The first failure is remembered and told by commit, so that a
 * caller in a hot loop need not look at every write.
 */
#include "workloads/file.h"

#include "core/cluster/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

enum { OUT_BUFFER = 256 * 1024, PACK_BUFFER = 256 * 1024, NAME_TRIES = 100, ZSTD_LEVEL = 6 };

struct wl_out {
    int fd;
    int failed; /* errno of the first failure; 0: none */
    char *path;
    char *temporary; /* NULL: written in place */
    ZSTD_CStream *zstd;
    unsigned char *packed; /* PACK_BUFFER, with zstd */
    size_t used;
    unsigned char buffer[OUT_BUFFER];
};

static bool name_ends_with(const char *name, const char *end)
{
    size_t a = strlen(name), b = strlen(end);
    return a >= b && strcmp(name + a - b, end) == 0;
}

/* A device or a pipe is not replaced by a file of its name. */
static bool written_in_place(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && !S_ISREG(st.st_mode);
}

static int temporary_open(struct wl_out *out)
{
    size_t size = strlen(out->path) + 48;
    out->temporary = malloc(size);
    FORE_ASSERT(out->temporary != NULL);
    int fd = -1;
    for (int i = 0; i < NAME_TRIES && fd < 0; i++) {
        (void)snprintf(out->temporary, size, "%s.tmp%ld-%d", out->path, (long)getpid(), i);
        fd = open(out->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (fd < 0 && errno != EEXIST) break;
    }
    return fd;
}

static void out_free(struct wl_out *out)
{
    if (out->fd > STDERR_FILENO) (void)close(out->fd);
    if (out->zstd != NULL) (void)ZSTD_freeCStream(out->zstd);
    free(out->packed);
    free(out->temporary);
    free(out->path);
    free(out);
}

enum fore_err wl_out_open(const char *path, struct wl_out **result, struct fore_diag *diag)
{
    struct stat st;
    if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
        return fore_err_set(diag, FORE_E_IO, "%s: is a folder; name a file in it", path);
    struct wl_out *out = calloc(1, sizeof *out);
    FORE_ASSERT(out != NULL);
    out->path = strdup(path);
    FORE_ASSERT(out->path != NULL);
    if (strcmp(path, "-") == 0)
        out->fd = STDOUT_FILENO;
    else if (written_in_place(path))
        out->fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);
    else
        out->fd = temporary_open(out);
    if (out->fd < 0) {
        enum fore_err err =
            fore_err_set(diag, FORE_E_IO, "%s: cannot write here: %s", path, strerror(errno));
        out_free(out);
        return err;
    }
    if (name_ends_with(path, ".zst")) {
        out->zstd = ZSTD_createCStream();
        out->packed = malloc(PACK_BUFFER);
        FORE_ASSERT(out->zstd != NULL && out->packed != NULL);
        FORE_ASSERT(!ZSTD_isError(ZSTD_initCStream(out->zstd, ZSTD_LEVEL)));
        FORE_ASSERT(!ZSTD_isError(ZSTD_CCtx_setParameter(out->zstd, ZSTD_c_checksumFlag, 1)));
    }
    *result = out;
    return FORE_E_OK;
}

static void descriptor_write(struct wl_out *out, const unsigned char *bytes, size_t len)
{
    while (len > 0 && out->failed == 0) {
        ssize_t n = write(out->fd, bytes, len);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) {
            out->failed = errno;
            return;
        }
        bytes += n;
        len -= (size_t)n;
    }
}

/* Everything buffered, and with `end` the last bytes of the zstd frame. */
static void buffer_flush(struct wl_out *out, bool end)
{
    if (out->zstd == NULL) {
        descriptor_write(out, out->buffer, out->used);
    } else {
        ZSTD_inBuffer in = {out->buffer, out->used, 0};
        size_t left;
        do {
            ZSTD_outBuffer made = {out->packed, PACK_BUFFER, 0};
            left = ZSTD_compressStream2(out->zstd, &made, &in, end ? ZSTD_e_end : ZSTD_e_continue);
            FORE_ASSERT(!ZSTD_isError(left));
            descriptor_write(out, out->packed, made.pos);
        } while (end ? left != 0 : in.pos < in.size);
    }
    out->used = 0;
}

enum fore_err wl_out_write(struct wl_out *out, const void *bytes, size_t len)
{
    const unsigned char *from = bytes;
    while (len > 0) {
        size_t room = OUT_BUFFER - out->used;
        size_t part = len < room ? len : room;
        memcpy(out->buffer + out->used, from, part);
        out->used += part;
        from += part;
        len -= part;
        if (out->used == OUT_BUFFER) buffer_flush(out, false);
    }
    return out->failed == 0 ? FORE_E_OK : FORE_E_IO;
}

enum fore_err wl_out_commit(struct wl_out *out, struct fore_diag *diag)
{
    buffer_flush(out, true);
    if (out->fd > STDERR_FILENO && close(out->fd) != 0 && out->failed == 0) out->failed = errno;
    out->fd = -1;
    if (out->temporary != NULL && out->failed == 0 && rename(out->temporary, out->path) != 0)
        out->failed = errno;
    enum fore_err err = FORE_E_OK;
    if (out->failed != 0) {
        err = fore_err_set(diag, FORE_E_IO, "%s: writing failed: %s", out->path,
                           strerror(out->failed));
        if (out->temporary != NULL) (void)unlink(out->temporary);
    }
    out_free(out);
    return err;
}

void wl_out_abort(struct wl_out *out)
{
    if (out == NULL) return;
    if (out->temporary != NULL) (void)unlink(out->temporary);
    out_free(out);
}

enum fore_err wl_out_whole(const char *path, const struct fore_buf *text, struct fore_diag *diag)
{
    struct wl_out *out = NULL;
    FORE_TRY(wl_out_open(path, &out, diag));
    FORE_ASSERT(out != NULL);
    enum fore_err err = text->len > 0 ? wl_out_write(out, text->data, text->len) : FORE_E_OK;
    if (err == FORE_E_OK) return wl_out_commit(out, diag);
    wl_out_abort(out);
    return fore_err_set(diag, err, "%s: cannot be written", path);
}

static enum fore_err journal_write(void *self, const void *bytes, size_t len)
{
    return wl_out_write(self, bytes, len);
}

void wl_out_journal(struct wl_out *out, struct fore_journal_out *journal)
{
    *journal = (struct fore_journal_out){.write = journal_write, .self = out};
}
