/*
 * journal.h - the one output: framed, checksummed, compressed, seekable events.
 *
 *   header  {magic "FOREJRNL", u16 major, u16 minor, u32 text_len, u64 seed, u64 slo_ns,
 *            u64 start_unix_s, u32 crc32c of the header (this field 0) and text, u32 0} text
 *   frame   {magic "FRAM", u32 raw_len, u32 stored_len, u32 crc32c of this header (this field 0)
 *            and the stored bytes, u64 first_ns, u64 last_ns, u32 flags, u32 record_count} stored
 *   index   {magic "INDX", u32 count, u32 crc32c of the entries, u32 0} entries {u64 offset,
 *            first_ns, last_ns, flags}, one a frame; a trailer {u64 index offset, magic
 *            "FOREEND1"} ends a journal that was closed properly.
 *
 * flags: bit 0 the frame opens with a KEYFRAME, bit 1 stored bytes are zstd (level 1).
 * A frame's raw bytes are records as event.h has them, each payload filled up with zeros to a
 * multiple of 8. The text is the scenario in force with labels ("composite of ..."), build id and
 * policy.
 * A file without trailer (killed, or still growing) is read by walking its frames; a frame cut off
 * at the end is reported as truncation, not as an error. A frame that fails its checksum is an
 * error. The digest is a chain over the records, digest = XXH3(record with its header and fill,
 * seed = digest before), from 0: equal runs, equal digest, however they were cut into frames and
 * compressed. Core does no I/O: bytes go to, and come from, the caller.
 */
#ifndef FORE_JOURNAL_H
#define FORE_JOURNAL_H

#include "core/base/arena.h"
#include "core/base/buf.h"
#include "core/base/err.h"
#include "core/cluster/event.h"

enum { FORE_JOURNAL_MAJOR = 1, FORE_JOURNAL_MINOR = 0 };

struct fore_journal_header {
    uint16_t major, minor;
    uint64_t seed;
    uint64_t slo_ns;
    uint64_t start_unix_s; /* 0 in a simulation without calendar */
    const char *text;      /* reader: valid while the reader lives */
};

/* Writer: collects records into frames of about 64 KiB and hands finished bytes to `write`. */
struct fore_journal_writer;
struct fore_journal_out { /* write may be NULL: only the digest is kept */
    enum fore_err (*write)(void *self, const void *bytes, size_t len);
    void *self;
};
struct fore_journal_writer *fore_journal_writer_create(const struct fore_journal_header *header,
                                                       struct fore_journal_out out);
/* A sink that writes here. A KEYFRAME event starts a new frame. */
struct fore_sink fore_journal_writer_sink(struct fore_journal_writer *writer);
/* Hands over the frame under construction, so that a reader sees everything put so far. */
void fore_journal_writer_flush(struct fore_journal_writer *writer);
/* Flush, index, trailer. The first failure of `write`, if any. Call once, before destroy. */
FORE_MUST_USE enum fore_err fore_journal_writer_finish(struct fore_journal_writer *writer,
                                                       struct fore_diag *diag);
/* Over every record put so far. */
uint64_t fore_journal_writer_digest(struct fore_journal_writer *writer);
void fore_journal_writer_destroy(struct fore_journal_writer *writer);

/* Reader over random access. read_at returns the bytes read, fewer only at the end. */
struct fore_journal_in {
    size_t (*read_at)(void *self, uint64_t offset, void *out, size_t len);
    uint64_t (*size)(void *self); /* now; may grow between calls */
    void *self;
};
struct fore_journal_record {
    fore_ns at;
    enum fore_event_kind kind; /* may be a number this build does not know */
    const void *body;          /* valid until the next call on the reader; 8-byte aligned */
    size_t len;
};
struct fore_journal_reader;
FORE_MUST_USE enum fore_err fore_journal_reader_open(struct fore_journal_in in,
                                                     struct fore_journal_reader **out,
                                                     struct fore_diag *diag);
const struct fore_journal_header *fore_journal_reader_header(const struct fore_journal_reader *r);
/* FORE_E_OK with a record; FORE_E_AGAIN at the end (a growing file may have more later);
 * FORE_E_FORMAT on damage, with the offset in `diag`. */
FORE_MUST_USE enum fore_err fore_journal_reader_next(struct fore_journal_reader *reader,
                                                     struct fore_journal_record *out,
                                                     struct fore_diag *diag);
/* Next record will be the KEYFRAME last before or at `at` (the first one if none is; without any,
 * the first record). FORE_E_FORMAT: damage before `at` hides what lies behind it; the position is
 * the best one known. */
FORE_MUST_USE enum fore_err fore_journal_reader_seek(struct fore_journal_reader *reader, fore_ns at,
                                                     struct fore_diag *diag);
/* Bytes of the file from the next frame to the one seek(at) would go to; 0 when that lies behind.
 */
uint64_t fore_journal_reader_skip(const struct fore_journal_reader *reader, fore_ns at);
fore_ns fore_journal_reader_first(const struct fore_journal_reader *reader);
fore_ns fore_journal_reader_last(const struct fore_journal_reader *reader); /* known so far */
/* Notices what a growing file has gained, without moving: `last` and the trailer. */
void fore_journal_reader_look(struct fore_journal_reader *reader);
/* True when the file ended inside a frame or without a trailer. */
bool fore_journal_reader_truncated(const struct fore_journal_reader *reader);
/* Chain over what `next` has returned so far; equals the writer's after a full pass. */
uint64_t fore_journal_reader_digest(const struct fore_journal_reader *reader);
void fore_journal_reader_close(struct fore_journal_reader *reader);

#endif
