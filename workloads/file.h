/*
 * file.h - bytes from a file, plain or .zst or .xz (told by their magic, not their name), through a
 * fixed buffer; and files written whole or not at all.
 */
#ifndef WL_FILE_H
#define WL_FILE_H

#include "core/base/buf.h"
#include "core/base/err.h"

struct wl_file;
/* "-" is standard input. */
FORE_MUST_USE enum fore_err wl_file_open(const char *path, struct wl_file **out,
                                         struct fore_diag *diag);
/* Exactly `len` bytes unless the data ends; *got < len only at the end. Truncated or corrupt
 * compressed data is FORE_E_FORMAT. */
FORE_MUST_USE enum fore_err wl_file_read(struct wl_file *file, void *out, size_t len, size_t *got,
                                         struct fore_diag *diag);
/* The next line without its newline, NUL-ended, valid until the next call; NULL at the end. A line
 * longer than 1 MiB is FORE_E_FORMAT. Line numbers count from 1. */
FORE_MUST_USE enum fore_err wl_file_line(struct wl_file *file, char **line, size_t *len,
                                         struct fore_diag *diag);
/*
 * What a fast parser uses instead: the bytes not yet taken, as they lie in the buffer; at least
 * `want` (<= WL_FILE_VIEW_MAX) unless the data ends first, and *len 0 only at the end. The view
 * may be written to, and so may WL_FILE_SLACK bytes after it (a sentinel, a word read too far).
 * It is valid until the next call; wl_file_skip() takes bytes from its front.
 */
enum { WL_FILE_VIEW_MAX = 1 << 20, WL_FILE_SLACK = 16 };
FORE_MUST_USE enum fore_err wl_file_view(struct wl_file *file, size_t want, char **data,
                                         size_t *len, struct fore_diag *diag);
void wl_file_skip(struct wl_file *file, size_t len, uint64_t lines);
/* The line last returned by wl_file_line(), or the number of lines skipped. */
uint64_t wl_file_line_number(const struct wl_file *file);
const char *wl_file_path(const struct wl_file *file);
FORE_MUST_USE enum fore_err wl_file_rewind(struct wl_file *file, struct fore_diag *diag);
/* Compressed bytes consumed / size of the file, 0..1, for progress; NaN when unknown. */
double wl_file_progress(const struct wl_file *file);
void wl_file_close(struct wl_file *file);

/* Output under a temporary name in the same folder; commit renames it into place. A name ending in
 * ".zst" compresses. "-" writes to standard output, and a name that is a device or a pipe is
 * written to as it is. */
struct wl_out;
FORE_MUST_USE enum fore_err wl_out_open(const char *path, struct wl_out **out,
                                        struct fore_diag *diag);
FORE_MUST_USE enum fore_err wl_out_write(struct wl_out *out, const void *bytes, size_t len);
FORE_MUST_USE enum fore_err wl_out_commit(struct wl_out *out, struct fore_diag *diag); /* closes */
void wl_out_abort(struct wl_out *out); /* removes what was written; closes */
/* A whole file at once: opened, written, committed; on failure nothing is left of it. */
FORE_MUST_USE enum fore_err wl_out_whole(const char *path, const struct fore_buf *text,
                                         struct fore_diag *diag);

/* Journals: the reader's and writer's callbacks over a file. */
struct fore_journal_in;
struct fore_journal_out;
FORE_MUST_USE enum fore_err wl_file_journal_in(const char *path, struct fore_journal_in *in,
                                               struct fore_diag *diag);
void wl_file_journal_close(struct fore_journal_in *in);
void wl_out_journal(struct wl_out *out, struct fore_journal_out *journal);

#endif
