/*
 * writer.h - requests into a trace file, whole or not at all.
 *
 * csv keeps time to the nanosecond, key, operation, size and client; oracleGeneral is libCacheSim's
 * and keeps whole seconds, key and size. Its next-access field is -1 (not known): that takes a
 * look into the future, which a stream does not allow. A name ending in .zst compresses.
 */
#ifndef WL_WRITER_H
#define WL_WRITER_H

#include "workloads/source.h"

enum wl_write_format { WL_WRITE_CSV, WL_WRITE_ORACLE };

struct wl_writer;
/* `format`: "csv", "oracleGeneral", or NULL: told by the name, else csv. */
FORE_MUST_USE enum fore_err wl_writer_open(const char *path, const char *format,
                                           struct wl_writer **out, struct fore_diag *diag);
enum wl_write_format wl_writer_format(const struct wl_writer *writer);
/* oracleGeneral holds 2^32 seconds: later requests are FORE_E_RANGE. */
FORE_MUST_USE enum fore_err wl_writer_put(struct wl_writer *writer,
                                          const struct wl_request *request, size_t count,
                                          struct fore_diag *diag);
FORE_MUST_USE enum fore_err wl_writer_commit(struct wl_writer *writer, struct fore_diag *diag);
void wl_writer_abort(struct wl_writer *writer);

#endif
