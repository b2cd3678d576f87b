/* stream.c - see stream.h; the format is that of the HTML standard, server-sent events. */
#include "live/api/stream.h"

#include <stdio.h>
#include <string.h>

void live_stream_init(struct live_stream *stream)
{
    memset(stream, 0, sizeof *stream);
    FORE_ASSERT(pthread_mutex_init(&stream->lock, NULL) == 0);
}

void live_stream_fini(struct live_stream *stream)
{
    for (size_t i = 0; i < LIVE_STREAM_LINES; i++)
        fore_buf_fini(&stream->line[i].text);
    (void)pthread_mutex_destroy(&stream->lock);
}

void live_stream_put(struct live_stream *stream, const char *event, const char *text, size_t len)
{
    FORE_ASSERT(pthread_mutex_lock(&stream->lock) == 0);
    struct live_stream_line *line = &stream->line[stream->count++ % LIVE_STREAM_LINES];
    (void)snprintf(line->event, sizeof line->event, "%s", event);
    fore_buf_reset(&line->text);
    while (len > 0 && text[len - 1] == '\n')
        len--;
    fore_buf_append(&line->text, text, len);
    FORE_ASSERT(pthread_mutex_unlock(&stream->lock) == 0);
    if (stream->wake != NULL) stream->wake(stream->wake_self);
}

uint64_t live_stream_count(struct live_stream *stream)
{
    FORE_ASSERT(pthread_mutex_lock(&stream->lock) == 0);
    uint64_t count = stream->count;
    FORE_ASSERT(pthread_mutex_unlock(&stream->lock) == 0);
    return count;
}

bool live_stream_read(struct live_stream *stream, uint64_t *seen, size_t most, struct fore_buf *out)
{
    size_t before = out->len;
    FORE_ASSERT(pthread_mutex_lock(&stream->lock) == 0);
    if (*seen > stream->count) *seen = 0; /* of an earlier run of the daemon */
    if (stream->count - *seen > LIVE_STREAM_LINES) {
        uint64_t oldest = stream->count - LIVE_STREAM_LINES;
        fore_buf_printf(out, "event: gap\ndata: {\"missed\":%llu}\n\n",
                        (unsigned long long)(oldest - *seen));
        *seen = oldest;
    }
    while (*seen < stream->count && out->len - before < most) {
        const struct live_stream_line *line = &stream->line[*seen % LIVE_STREAM_LINES];
        ++*seen;
        fore_buf_printf(out, "id: %llu\nevent: %s\ndata: ", (unsigned long long)*seen, line->event);
        fore_buf_append(out, line->text.data, line->text.len);
        fore_buf_puts(out, "\n\n");
    }
    FORE_ASSERT(pthread_mutex_unlock(&stream->lock) == 0);
    return out->len > before;
}
