/*
 * file.c - a window over a file's unpacked bytes.
 *
 * One buffer: [begin, end) has been read and not taken. It is filled from the codec, in reads of up
 * to 256 KiB: on the machines measured read(2) into a buffer that stays in the L2 cache beats
 * mmap(2) by 1.8 times, because page faults are dear. Only a line or a view longer than the buffer
 * makes it grow, once, to the 1 MiB that is the limit for both.
 */
#include "workloads/file.h"

#include "core/cluster/journal.h"
#include "workloads/file_codec.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BUFFER_SIZE = 256 * 1024 };

struct wl_file {
    struct wl_codec *codec;
    char *path;
    char *data; /* cap + WL_FILE_SLACK bytes */
    size_t cap, begin, end;
    bool ended; /* the codec has no more */
    uint64_t line;
};

enum fore_err wl_file_open(const char *path, struct wl_file **out, struct fore_diag *diag)
{
    bool standard = strcmp(path, "-") == 0;
    int fd = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return fore_err_set(diag, FORE_E_IO, "%s: %s", path, strerror(errno));
    struct stat st;
    if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode)) {
        if (!standard) (void)close(fd);
        return fore_err_set(diag, FORE_E_IO, "%s: is a folder; name a file in it", path);
    }
    struct wl_file *file = calloc(1, sizeof *file);
    FORE_ASSERT(file != NULL);
    file->path = strdup(standard ? "standard input" : path);
    file->cap = BUFFER_SIZE;
    file->data = calloc(1, file->cap + WL_FILE_SLACK); /* zeroed: parsers read words too far */
    FORE_ASSERT(file->path != NULL && file->data != NULL);
    enum fore_err err = wl_codec_open(fd, file->path, &file->codec, diag);
    if (err != FORE_E_OK) {
        wl_file_close(file);
        return err;
    }
    *out = file;
    return FORE_E_OK;
}

/* Room for `want` bytes after `begin`, what is there moved to the front. */
static void buffer_make_room(struct wl_file *file, size_t want)
{
    size_t have = file->end - file->begin;
    if (file->begin > 0) memmove(file->data, file->data + file->begin, have);
    file->begin = 0;
    file->end = have;
    if (want <= file->cap) return;
    file->data = realloc(file->data, WL_FILE_VIEW_MAX + WL_FILE_SLACK);
    FORE_ASSERT(file->data != NULL);
    memset(file->data + file->cap, 0, WL_FILE_VIEW_MAX + WL_FILE_SLACK - file->cap);
    file->cap = WL_FILE_VIEW_MAX;
}

enum fore_err wl_file_view(struct wl_file *file, size_t want, char **data, size_t *len,
                           struct fore_diag *diag)
{
    FORE_ASSERT(want > 0 && want <= WL_FILE_VIEW_MAX);
    if (file->end - file->begin < want && !file->ended) buffer_make_room(file, want);
    while (file->end - file->begin < want && !file->ended) {
        size_t got = 0;
        FORE_TRY(
            wl_codec_read(file->codec, file->data + file->end, file->cap - file->end, &got, diag));
        file->end += got;
        if (got == 0) file->ended = true;
    }
    *data = file->data + file->begin;
    *len = file->end - file->begin;
    return FORE_E_OK;
}

void wl_file_skip(struct wl_file *file, size_t len, uint64_t lines)
{
    FORE_ASSERT(len <= file->end - file->begin);
    file->begin += len;
    file->line += lines;
}

enum fore_err wl_file_read(struct wl_file *file, void *out, size_t len, size_t *got,
                           struct fore_diag *diag)
{
    *got = 0;
    while (*got < len) {
        char *data;
        size_t have;
        FORE_TRY(wl_file_view(file, 1, &data, &have, diag));
        if (have == 0) break;
        size_t part = have < len - *got ? have : len - *got;
        memcpy((char *)out + *got, data, part);
        wl_file_skip(file, part, 0);
        *got += part;
    }
    return FORE_E_OK;
}

enum fore_err wl_file_line(struct wl_file *file, char **line, size_t *len, struct fore_diag *diag)
{
    char *data, *newline = NULL;
    size_t have, searched = 0;
    do {
        FORE_TRY(wl_file_view(file, searched + 1, &data, &have, diag));
        if (have == searched) break; /* the end */
        newline = memchr(data + searched, '\n', have - searched);
        searched = have;
    } while (newline == NULL && searched < WL_FILE_VIEW_MAX);

    *line = NULL;
    *len = 0;
    if (have == 0) return FORE_E_OK;
    if (newline == NULL && searched >= WL_FILE_VIEW_MAX)
        return fore_err_set(diag, FORE_E_FORMAT,
                            "%s:%llu: a line longer than 1 MiB; is this a text file?", file->path,
                            (unsigned long long)file->line + 1);
    size_t length = newline != NULL ? (size_t)(newline - data) : have;
    wl_file_skip(file, newline != NULL ? length + 1 : length, 1);
    if (length > 0 && data[length - 1] == '\r') length--;
    data[length] = '\0'; /* at the very end this is the slack */
    *line = data;
    *len = length;
    return FORE_E_OK;
}

uint64_t wl_file_line_number(const struct wl_file *file)
{
    return file->line;
}

const char *wl_file_path(const struct wl_file *file)
{
    return file->path;
}

enum fore_err wl_file_rewind(struct wl_file *file, struct fore_diag *diag)
{
    FORE_TRY(wl_codec_rewind(file->codec, diag));
    file->begin = file->end = 0;
    file->ended = false;
    file->line = 0;
    return FORE_E_OK;
}

double wl_file_progress(const struct wl_file *file)
{
    uint64_t size = wl_codec_size(file->codec);
    if (size == 0) return (double)NAN;
    double share = (double)wl_codec_taken(file->codec) / (double)size;
    return share < 1.0 ? share : 1.0; /* a growing file may pass what it was */
}

void wl_file_close(struct wl_file *file)
{
    if (file == NULL) return;
    wl_codec_close(file->codec);
    free(file->data);
    free(file->path);
    free(file);
}

/* ---- a journal being read: any place, and the size as it is now ---- */

static size_t journal_read_at(void *self, uint64_t offset, void *out, size_t len)
{
    const int *fd = self;
    size_t got = 0;
    while (got < len) {
        ssize_t n = pread(*fd, (char *)out + got, len - got, (off_t)(offset + got));
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) break;
        got += (size_t)n;
    }
    return got;
}

static uint64_t journal_size(void *self)
{
    const int *fd = self;
    struct stat st;
    return fstat(*fd, &st) == 0 && st.st_size > 0 ? (uint64_t)st.st_size : 0;
}

enum fore_err wl_file_journal_in(const char *path, struct fore_journal_in *in,
                                 struct fore_diag *diag)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return fore_err_set(diag, FORE_E_IO, "%s: %s", path, strerror(errno));
    struct stat st;
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        (void)close(fd);
        return fore_err_set(diag, FORE_E_IO, "%s: not a regular file; a journal is read at random",
                            path);
    }
    int *self = malloc(sizeof *self);
    FORE_ASSERT(self != NULL);
    *self = fd;
    *in = (struct fore_journal_in){.read_at = journal_read_at, .size = journal_size, .self = self};
    return FORE_E_OK;
}

void wl_file_journal_close(struct fore_journal_in *in)
{
    if (in->self == NULL) return;
    (void)close(*(int *)in->self);
    free(in->self);
    *in = (struct fore_journal_in){0};
}
