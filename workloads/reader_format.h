/*
 * reader_format.h - what the trace formats share; private to reader*.c.
 *
 * A format is one row of functions over a struct wl_reader, which owns the file and the clock.
 */
#ifndef WL_READER_FORMAT_H
#define WL_READER_FORMAT_H

#include "workloads/file.h"
#include "workloads/reader.h"

enum { WL_READER_OTHER_OPS = 16, WL_READER_SNIFF = 4096 };

struct wl_reader;
struct wl_reader_format {
    const char *name;
    /* Reads what stands before the first record, fills the fields below marked "open". */
    enum fore_err (*open)(struct wl_reader *reader, const struct wl_reader_options *options,
                          struct fore_diag *diag);
    enum fore_err (*next)(struct wl_reader *reader, struct wl_request *out, size_t cap,
                          size_t *count, struct fore_diag *diag);
    enum fore_err (*rewind)(struct wl_reader *reader, struct fore_diag *diag); /* file is at 0 */
};

struct wl_reader {
    struct wl_file *file;
    const struct wl_reader_format *format;
    struct fore_arena *perm;
    void *state;       /* open: the format's own, in perm */
    bool untimed;      /* open */
    bool string_keys;  /* open */
    uint64_t key_max;  /* open */
    uint64_t records;  /* given out so far */
    bool started;      /* first_ns is known */
    uint64_t first_ns; /* of the first record, in the trace's own time, offset by 2^63 */
    uint64_t last_ns;  /* of the newest */
    struct wl_reader_op other[WL_READER_OTHER_OPS];
    size_t other_count;
};

/* Trace time -> time since the first record; false if it goes backwards. */
static inline bool wl_reader_clock(struct wl_reader *reader, uint64_t trace_ns, fore_ns *t)
{
    if (!reader->started) {
        reader->started = true;
        reader->first_ns = reader->last_ns = trace_ns;
    }
    if (trace_ns < reader->last_ns) return false;
    reader->last_ns = trace_ns;
    *t = trace_ns - reader->first_ns;
    return true;
}

extern const struct wl_reader_format wl_reader_csv;
extern const struct wl_reader_format wl_reader_libcachesim_csv;
extern const struct wl_reader_format wl_reader_oracle;
extern const struct wl_reader_format wl_reader_vscsi;
extern const struct wl_reader_format wl_reader_be32;

/* Whether the first bytes of a file could be these; reader_record.c. */
bool wl_reader_looks_vscsi(const char *data, size_t len);
bool wl_reader_looks_oracle(const char *data, size_t len);

#endif
