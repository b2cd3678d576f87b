/*
 * capture.h - slots' heat from the wire, on the host of the nodes: libpcap, passive.
 *
 * Needs the right to capture (root, or CAP_NET_RAW), nodes that are reached over one device, and
 * plain RESP: TLS blinds it. Only what goes to the nodes' ports is let through by the kernel. Keys
 * become slots at once; nothing else is kept. It runs from the daemon's own ticks; what does not
 * fit into the buffer between two of them is dropped by the kernel and counted.
 */
#ifndef LIVE_CAPTURE_H
#define LIVE_CAPTURE_H

#include "live/redis/capture_parse.h"

enum { LIVE_CAPTURE_PORTS = 64 };

struct live_capture;

struct live_capture_options {
    const char *device; /* "lo" */
    const uint16_t *port;
    size_t port_count;
    const struct live_commands *commands; /* borrowed */
};
/* UNSUPPORTED (built without libpcap), REFUSED (no right), IO (no such device); `diag` says it. */
FORE_MUST_USE enum fore_err live_capture_open(struct live_capture **out,
                                              const struct live_capture_options *options,
                                              struct fore_diag *diag);
void live_capture_close(struct live_capture *capture);
/* Takes what has come, without waiting. */
void live_capture_drain(struct live_capture *capture);
/* What was seen since the last call, to be added up by the caller; then begins at nothing. */
void live_capture_take(struct live_capture *capture, struct live_capture_counts *out);
/* Packets that the kernel dropped so far. */
uint64_t live_capture_dropped(struct live_capture *capture);

#endif
