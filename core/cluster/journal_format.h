/* journal_format.h - the bytes of a journal as structs, for its writer and its reader only. */
#ifndef FORE_JOURNAL_FORMAT_H
#define FORE_JOURNAL_FORMAT_H

#include "core/base/hash.h"

#include <stddef.h>
#include <string.h>

#ifdef __has_feature
#    if __has_feature(memory_sanitizer)
#        include <sanitizer/msan_interface.h>
#        define FORE_JOURNAL_MSAN 1
#    endif
#endif

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "structs are written as they lie");

#define FORE_JOURNAL_MAGIC_FILE  "FOREJRNL"
#define FORE_JOURNAL_MAGIC_FRAME "FRAM"
#define FORE_JOURNAL_MAGIC_INDEX "INDX"
#define FORE_JOURNAL_MAGIC_END   "FOREEND1"

enum {
    FORE_JOURNAL_TEXT_MAX = 16 << 20,
    FORE_JOURNAL_RAW_MAX = 64 << 20, /* of a frame; a keyframe of a million partitions fits */
    FORE_JOURNAL_RAW_GOAL = 64 << 10,
};
enum { FORE_JOURNAL_KEYFRAME = 1u << 0, FORE_JOURNAL_ZSTD = 1u << 1 };

struct fore_journal_file_head {
    char magic[8];
    uint16_t major, minor;
    uint32_t text_len;
    uint64_t seed;
    uint64_t slo_ns;
    uint64_t start_unix_s;
    uint32_t crc32c;
    uint32_t zero;
};
struct fore_journal_frame_head {
    char magic[4];
    uint32_t raw_len, stored_len;
    uint32_t crc32c;
    uint64_t first_ns, last_ns;
    uint32_t flags;
    uint32_t record_count;
};
struct fore_journal_record_head {
    uint64_t t_ns;
    uint16_t kind, zero;
    uint32_t length;
};
struct fore_journal_index_head {
    char magic[4];
    uint32_t count;
    uint32_t crc32c;
    uint32_t zero;
};
struct fore_journal_index_entry {
    uint64_t offset, first_ns, last_ns, flags;
};
struct fore_journal_trailer {
    uint64_t index_offset;
    char magic[8];
};
_Static_assert(sizeof(struct fore_journal_file_head) == 48, "part of the file format");
_Static_assert(sizeof(struct fore_journal_frame_head) == 40, "part of the file format");
_Static_assert(sizeof(struct fore_journal_record_head) == 16, "part of the file format");
_Static_assert(sizeof(struct fore_journal_index_head) == 16, "part of the file format");
_Static_assert(sizeof(struct fore_journal_index_entry) == 32, "part of the file format");
_Static_assert(sizeof(struct fore_journal_trailer) == 16, "part of the file format");

/* The memory sanitizer does not see libzstd, which is built without it, write these bytes. */
static inline void fore_journal_initialized(void *bytes, size_t len)
{
#ifdef FORE_JOURNAL_MSAN
    __msan_unpoison(bytes, len);
#else
    (void)bytes;
    (void)len;
#endif
}

static inline size_t fore_journal_padded(size_t length)
{
    return (length + 7) & ~(size_t)7;
}

static inline uint32_t fore_journal_file_crc(struct fore_journal_file_head head, const char *text)
{
    head.crc32c = 0;
    uint32_t crc = fore_hash_crc32c(&head, sizeof head, 0);
    return fore_hash_crc32c(text, head.text_len, crc);
}

static inline uint32_t fore_journal_frame_crc(struct fore_journal_frame_head head,
                                              const void *stored)
{
    head.crc32c = 0;
    uint32_t crc = fore_hash_crc32c(&head, sizeof head, 0);
    return fore_hash_crc32c(stored, head.stored_len, crc);
}

#endif
