/*
 * remote.h - a daemon's journal over HTTP (GET /v1/journal?offset=N, live/api/api_journal.c),
 * copied into a local file as it grows. A thread fetches; whoever reads the file sees it growing
 * and knows nothing of sockets. When the daemon cannot be reached it is tried again, and `trouble`
 * says so.
 */
#ifndef VIZ_REMOTE_H
#define VIZ_REMOTE_H

#include "core/base/err.h"

struct viz_remote;
/* Fetches what there is, for at most some seconds, into the descriptor, which is borrowed; then
 * goes on beside the caller. The token of reads beyond loopback is the first line of the file that
 * the environment names as FORESHARD_TOKEN_FILE. */
FORE_MUST_USE enum fore_err viz_remote_open(const char *url, int fd, struct viz_remote **out,
                                            struct fore_diag *diag);
void viz_remote_close(struct viz_remote *remote);
/* What is wrong with the connection, into `out`; "" while it works. */
void viz_remote_trouble(struct viz_remote *remote, char *out, size_t size);

#endif
