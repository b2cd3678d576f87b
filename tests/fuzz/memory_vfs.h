/*
 * memory_vfs.h - SQLite's files in memory, write-ahead log and its index included, so that a
 * harness opens a damaged database some thousand times a second. One connection to a file at a
 * time, one thread; nothing is ever busy and nobody waits.
 */
#ifndef FUZZ_MEMORY_VFS_H
#define FUZZ_MEMORY_VFS_H

#include "core/base/buf.h"

/* From now on every database that is opened lies in memory, under its name. */
void memory_vfs_register(void);
/* The bytes of a file, valid until it is written; empty: there is none. */
struct fore_buf *memory_vfs_file(const char *name);
/* What is under that name now: a copy. Empty: nothing. */
void memory_vfs_put(const char *name, const struct fore_buf *bytes);

#endif
