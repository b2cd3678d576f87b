/*
 * journal_writer.c - records into frames, frames to the caller.
 *
 * A put is a copy into the frame under construction and one hash; everything dear (compression,
 * checksum, handing over) happens once a frame, and not at all when only the digest is wanted. The
 * first failed write is remembered and ends the writing, never the run: finish tells.
 */
#include "core/cluster/journal.h"
#include "core/cluster/journal_format.h"

#include <stdlib.h>
#include <zstd.h>

enum { ZSTD_LEVEL = 1 };

struct fore_journal_writer {
    struct fore_journal_out out;
    struct fore_buf raw;   /* records of the frame under construction */
    struct fore_buf index; /* struct fore_journal_index_entry, one a frame */
    char *stored;          /* compressed bytes of the frame being closed */
    size_t stored_cap;
    ZSTD_CCtx *zstd;
    uint64_t offset; /* bytes handed over */
    uint64_t digest;
    fore_ns first, last; /* of the frame under construction */
    uint32_t record_count;
    bool opens_with_keyframe;
    bool finished;
    enum fore_err err; /* of the first write that failed */
};

static void hand_over(struct fore_journal_writer *writer, const void *bytes, size_t len)
{
    if (writer->out.write == NULL || writer->err != FORE_E_OK || len == 0) return;
    writer->err = writer->out.write(writer->out.self, bytes, len);
    if (writer->err == FORE_E_OK) writer->offset += len;
}

static void write_header(struct fore_journal_writer *writer,
                         const struct fore_journal_header *header)
{
    const char *text = header->text == NULL ? "" : header->text;
    size_t text_len = strlen(text);
    FORE_ASSERT(text_len <= FORE_JOURNAL_TEXT_MAX);
    struct fore_journal_file_head head = {
        .magic = {'F', 'O', 'R', 'E', 'J', 'R', 'N', 'L'},
        .major = FORE_JOURNAL_MAJOR,
        .minor = FORE_JOURNAL_MINOR,
        .text_len = (uint32_t)text_len,
        .seed = header->seed,
        .slo_ns = header->slo_ns,
        .start_unix_s = header->start_unix_s,
    };
    head.crc32c = fore_journal_file_crc(head, text);
    hand_over(writer, &head, sizeof head);
    hand_over(writer, text, text_len);
}

struct fore_journal_writer *fore_journal_writer_create(const struct fore_journal_header *header,
                                                       struct fore_journal_out out)
{
    struct fore_journal_writer *writer = calloc(1, sizeof *writer);
    FORE_ASSERT(writer != NULL);
    writer->out = out;
    if (out.write != NULL) write_header(writer, header);
    return writer;
}

/* The bytes to store for the frame: compressed where that is shorter, which the flags tell. */
static const char *compress_frame(struct fore_journal_writer *writer,
                                  struct fore_journal_frame_head *head)
{
    size_t bound = ZSTD_compressBound(writer->raw.len);
    if (bound > writer->stored_cap) {
        free(writer->stored);
        writer->stored = malloc(bound);
        FORE_ASSERT(writer->stored != NULL);
        writer->stored_cap = bound;
    }
    if (writer->zstd == NULL) writer->zstd = ZSTD_createCCtx();
    FORE_ASSERT(writer->zstd != NULL);
    size_t len = ZSTD_compressCCtx(writer->zstd, writer->stored, writer->stored_cap,
                                   writer->raw.data, writer->raw.len, ZSTD_LEVEL);
    FORE_ASSERT(!ZSTD_isError(len));
    fore_journal_initialized(writer->stored, len);
    if (len >= writer->raw.len) return writer->raw.data;
    head->stored_len = (uint32_t)len;
    head->flags |= FORE_JOURNAL_ZSTD;
    return writer->stored;
}

static void write_frame(struct fore_journal_writer *writer)
{
    struct fore_journal_frame_head head = {
        .magic = {'F', 'R', 'A', 'M'},
        .raw_len = (uint32_t)writer->raw.len,
        .stored_len = (uint32_t)writer->raw.len,
        .first_ns = writer->first,
        .last_ns = writer->last,
        .flags = writer->opens_with_keyframe ? FORE_JOURNAL_KEYFRAME : 0,
        .record_count = writer->record_count,
    };
    const char *stored = compress_frame(writer, &head);
    head.crc32c = fore_journal_frame_crc(head, stored);
    struct fore_journal_index_entry entry = {.offset = writer->offset,
                                             .first_ns = head.first_ns,
                                             .last_ns = head.last_ns,
                                             .flags = head.flags};
    fore_buf_append(&writer->index, &entry, sizeof entry);
    hand_over(writer, &head, sizeof head);
    hand_over(writer, stored, head.stored_len);
}

void fore_journal_writer_flush(struct fore_journal_writer *writer)
{
    if (writer->record_count == 0) return;
    if (writer->out.write != NULL && writer->err == FORE_E_OK) write_frame(writer);
    fore_buf_reset(&writer->raw);
    writer->record_count = 0;
}

static void writer_put(void *self, fore_ns at, enum fore_event_kind kind, const void *body,
                       size_t len)
{
    struct fore_journal_writer *writer = self;
    struct fore_journal_record_head head = {
        .t_ns = at, .kind = (uint16_t)kind, .length = (uint32_t)len};
    FORE_ASSERT(!writer->finished);
    FORE_ASSERT(len <= FORE_JOURNAL_RAW_MAX - sizeof head);
    size_t fill = fore_journal_padded(len) - len;
    size_t record_len = sizeof head + len + fill;
    if (kind == FORE_EV_KEYFRAME || writer->raw.len + record_len > FORE_JOURNAL_RAW_MAX)
        fore_journal_writer_flush(writer);
    if (writer->record_count == 0) {
        writer->first = writer->last = at;
        writer->opens_with_keyframe = kind == FORE_EV_KEYFRAME;
    }
    size_t start = writer->raw.len;
    fore_buf_append(&writer->raw, &head, sizeof head);
    if (len > 0) fore_buf_append(&writer->raw, body, len);
    if (fill > 0) fore_buf_append(&writer->raw, "\0\0\0\0\0\0\0", fill);
    writer->digest = fore_hash_bytes(writer->raw.data + start, record_len, writer->digest);
    if (at > writer->last) writer->last = at;
    writer->record_count++;
    if (writer->raw.len >= FORE_JOURNAL_RAW_GOAL) fore_journal_writer_flush(writer);
}

struct fore_sink fore_journal_writer_sink(struct fore_journal_writer *writer)
{
    return (struct fore_sink){.put = writer_put, .self = writer};
}

static void write_index(struct fore_journal_writer *writer)
{
    size_t count = writer->index.len / sizeof(struct fore_journal_index_entry);
    struct fore_journal_trailer trailer = {
        .index_offset = writer->offset, .magic = {'F', 'O', 'R', 'E', 'E', 'N', 'D', '1'}
    };
    struct fore_journal_index_head head = {
        .magic = {'I', 'N', 'D', 'X'},
        .count = (uint32_t)count,
        .crc32c = fore_hash_crc32c(writer->index.data, writer->index.len, 0)
    };
    hand_over(writer, &head, sizeof head);
    hand_over(writer, writer->index.data, writer->index.len);
    hand_over(writer, &trailer, sizeof trailer);
}

enum fore_err fore_journal_writer_finish(struct fore_journal_writer *writer, struct fore_diag *diag)
{
    FORE_ASSERT(!writer->finished);
    fore_journal_writer_flush(writer);
    if (writer->out.write != NULL) write_index(writer);
    writer->finished = true;
    if (writer->err == FORE_E_OK) return FORE_E_OK;
    return fore_err_set(diag, writer->err,
                        "journal: writing failed after %llu bytes (%s); is the disk full?",
                        (unsigned long long)writer->offset, fore_err_text(writer->err));
}

uint64_t fore_journal_writer_digest(struct fore_journal_writer *writer)
{
    return writer->digest;
}

void fore_journal_writer_destroy(struct fore_journal_writer *writer)
{
    if (writer == NULL) return;
    fore_buf_fini(&writer->raw);
    fore_buf_fini(&writer->index);
    free(writer->stored);
    ZSTD_freeCCtx(writer->zstd);
    free(writer);
}
