/*
 * api_journal.c - the event journal over HTTP, as it grows: bytes from an offset on, so that a
 * dashboard elsewhere has what the file has and one reader serves both. An empty answer is the end
 * so far; an offset beyond it tells that the file is another one now.
 */
#include "live/api/api.h"
#include "live/api/picture.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { AT_ONCE = 1 << 20 };

static void read_from(int fd, uint64_t offset, struct live_response *reply)
{
    static const char blank[4096];
    while (reply->body.len < AT_ONCE) { /* room first, then the bytes into it */
        size_t before = reply->body.len;
        fore_buf_append(&reply->body, blank, sizeof blank);
        ssize_t got = pread(fd, reply->body.data + before, sizeof blank, (off_t)(offset + before));
        reply->body.len = before + (got > 0 ? (size_t)got : 0);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return;
    }
}

void live_api_journal(const struct live_picture *picture, struct live_request *request,
                      struct live_response *reply)
{
    uint64_t offset;
    struct stat info;
    if (!live_request_number(request, "offset", 0, INT64_MAX - AT_ONCE, &offset)) {
        live_response_error(reply, 400, "bad-query", "offset: a whole number of bytes");
        return;
    }
    if (picture->journal == NULL) {
        live_response_error(reply, 404, "no-journal",
                            "the daemon keeps no journal: start it with --journal FILE");
        return;
    }
    int fd = open(picture->journal, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &info) != 0) {
        live_response_error(reply, 503, "no-journal", "the journal cannot be read: %s",
                            strerror(errno));
    } else if (offset > (uint64_t)info.st_size) {
        live_response_error(reply, 416, "beyond-end", "the journal has %lld bytes",
                            (long long)info.st_size);
    } else {
        read_from(fd, offset, reply);
    }
    if (fd >= 0) close(fd);
}
