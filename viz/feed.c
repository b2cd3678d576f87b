/*
 * feed.c - see feed.h. pread, because a walk over the heads of a long journal is a hundred thousand
 * reads of forty bytes, and a stream's buffer would read a page for each.
 */
#include "viz/feed.h"

#include "viz/http.h"
#include "viz/remote.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct viz_feed {
    FILE *file;
    struct viz_remote *remote; /* NULL: none */
};

static enum fore_err spool(FILE *from, FILE *to, struct fore_diag *diag)
{
    char block[1 << 16];
    size_t got;
    while ((got = fread(block, 1, sizeof block, from)) > 0)
        if (fwrite(block, 1, got, to) != got) break;
    if (ferror(from) || ferror(to) || fflush(to) != 0)
        return fore_err_set(diag, FORE_E_IO, "copying the journal from the pipe: %s",
                            strerror(errno));
    return FORE_E_OK;
}

static enum fore_err open_stream(const char *path, FILE **out, struct fore_diag *diag)
{
    if (strcmp(path, "-") == 0) {
        *out = tmpfile();
        if (*out == NULL)
            return fore_err_set(diag, FORE_E_IO, "no temporary file for the pipe: %s",
                                strerror(errno));
        return spool(stdin, *out, diag);
    }
    if (viz_http_named(path)) {
        *out = tmpfile();
        if (*out != NULL) return FORE_E_OK;
        return fore_err_set(diag, FORE_E_IO, "no temporary file for the journal: %s",
                            strerror(errno));
    }
    *out = fopen(path, "rb");
    if (*out == NULL)
        return fore_err_set(diag, FORE_E_IO, "%s: %s; give a journal written with --journal", path,
                            strerror(errno));
    struct stat info;
    if (fstat(fileno(*out), &info) == 0 && S_ISDIR(info.st_mode))
        return fore_err_set(diag, FORE_E_IO, "%s is a directory; give the journal inside it", path);
    return FORE_E_OK;
}

enum fore_err viz_feed_open(const char *path, struct viz_feed **out, struct fore_diag *diag)
{
    FILE *file = NULL;
    struct viz_remote *remote = NULL;
    enum fore_err err = open_stream(path, &file, diag);
    if (err == FORE_E_OK && viz_http_named(path))
        err = viz_remote_open(path, fileno(file), &remote, diag);
    if (err != FORE_E_OK) {
        if (file != NULL) fclose(file);
        return err;
    }
    *out = calloc(1, sizeof **out);
    FORE_ASSERT(*out != NULL);
    (*out)->file = file;
    (*out)->remote = remote;
    return FORE_E_OK;
}

void viz_feed_close(struct viz_feed *feed)
{
    if (feed == NULL) return;
    viz_remote_close(feed->remote);
    fclose(feed->file);
    free(feed);
}

void viz_feed_trouble(struct viz_feed *feed, char *out, size_t size)
{
    out[0] = '\0';
    if (feed->remote != NULL) viz_remote_trouble(feed->remote, out, size);
}

uint64_t viz_feed_size(struct viz_feed *feed)
{
    struct stat info;
    if (fstat(fileno(feed->file), &info) != 0 || info.st_size < 0) return 0;
    return (uint64_t)info.st_size;
}

static size_t read_at(void *self, uint64_t offset, void *out, size_t len)
{
    struct viz_feed *feed = self;
    size_t done = 0;
    while (done < len && offset <= INT64_MAX - done) {
        ssize_t got =
            pread(fileno(feed->file), (char *)out + done, len - done, (off_t)(offset + done));
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) break;
        done += (size_t)got;
    }
    return done;
}

static uint64_t size_now(void *self)
{
    return viz_feed_size(self);
}

struct fore_journal_in viz_feed_in(struct viz_feed *feed)
{
    return (struct fore_journal_in){.read_at = read_at, .size = size_now, .self = feed};
}
