/*
 * feed.h - the bytes of a journal: a file that may still grow, or a pipe.
 *
 * The journal reader wants random access, so a pipe is first copied into an unnamed temporary file;
 * from then on both are alike. This is the only file here that reads journals from disk.
 */
#ifndef VIZ_FEED_H
#define VIZ_FEED_H

#include "core/cluster/journal.h"

struct viz_feed;
/* "-" is standard input; "http://..." a daemon (remote.h). */
FORE_MUST_USE enum fore_err viz_feed_open(const char *path, struct viz_feed **out,
                                          struct fore_diag *diag);
void viz_feed_close(struct viz_feed *feed);
struct fore_journal_in viz_feed_in(struct viz_feed *feed);
uint64_t viz_feed_size(struct viz_feed *feed); /* now */
/* What is wrong with where it comes from; "" while all is well. */
void viz_feed_trouble(struct viz_feed *feed, char *out, size_t size);

#endif
