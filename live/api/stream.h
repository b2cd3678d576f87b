/*
 * stream.h - what happens, line by line, for whoever listens: the newest lines are kept in a ring
 * with numbers, and a listener that comes back says which one it saw last. One that is too slow is
 * told that there is a gap, instead of holding anybody up. Any thread may put and read.
 */
#ifndef LIVE_STREAM_H
#define LIVE_STREAM_H

#include "core/base/buf.h"

#include <pthread.h>

enum { LIVE_STREAM_LINES = 1024 };

struct live_stream {
    pthread_mutex_t lock;
    struct live_stream_line {
        char event[24];
        struct fore_buf text; /* JSON, without its newline */
    } line[LIVE_STREAM_LINES];
    uint64_t count;           /* ever; line n, from 1, is at (n - 1) % LINES */
    void (*wake)(void *self); /* called after a put, without the lock; may be NULL */
    void *wake_self;
};

void live_stream_init(struct live_stream *stream);
void live_stream_fini(struct live_stream *stream);
void live_stream_put(struct live_stream *stream, const char *event, const char *text, size_t len);
uint64_t live_stream_count(struct live_stream *stream);
/* Appends what comes after line *seen as server-sent events, up to about `most` bytes, and moves
 * *seen on; false: there was nothing. */
bool live_stream_read(struct live_stream *stream, uint64_t *seen, size_t most,
                      struct fore_buf *out);

#endif
