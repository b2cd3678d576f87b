/* memfile.h - a journal in memory: where a writer writes and a reader reads. Grows, is cut, bends.
 */
#ifndef TEST_MEMFILE_H
#define TEST_MEMFILE_H

#include "core/cluster/journal.h"

#include <string.h>

struct memfile {
    struct fore_buf bytes;
    size_t visible;    /* readers see this many; SIZE_MAX: all */
    size_t fail_after; /* a write beyond this many bytes fails; SIZE_MAX: never */
};

static inline struct memfile memfile_empty(void)
{
    return (struct memfile){.visible = SIZE_MAX, .fail_after = SIZE_MAX};
}

static inline size_t memfile_len(const struct memfile *file)
{
    return file->bytes.len < file->visible ? file->bytes.len : file->visible;
}

static inline enum fore_err memfile_write(void *self, const void *bytes, size_t len)
{
    struct memfile *file = self;
    if (file->bytes.len + len > file->fail_after) return FORE_E_IO;
    fore_buf_append(&file->bytes, bytes, len);
    return FORE_E_OK;
}

static inline size_t memfile_read_at(void *self, uint64_t offset, void *out, size_t len)
{
    const struct memfile *file = self;
    size_t size = memfile_len(file);
    if (offset >= size) return 0;
    size_t left = size - (size_t)offset, got = len < left ? len : left;
    memcpy(out, file->bytes.data + offset, got);
    return got;
}

static inline uint64_t memfile_size(void *self)
{
    return memfile_len(self);
}

static inline struct fore_journal_out memfile_out(struct memfile *file)
{
    return (struct fore_journal_out){.write = memfile_write, .self = file};
}

static inline struct fore_journal_in memfile_in(struct memfile *file)
{
    return (struct fore_journal_in){.read_at = memfile_read_at, .size = memfile_size, .self = file};
}

#endif
