/*
 * monitor.h - a glance at one node's MONITOR stream: which slots its commands went to.
 *
 * MONITOR always on costs a third of a server's CPU per operation; for 5 % of the time, one node at
 * a time, it cannot be told from nothing. So a glance is short, reads without waiting, and is cut
 * off when it has brought too many bytes or falls behind. Keys are turned into slots at once;
 * neither keys nor values are kept. Lines are the server's, but their content is the clients': the
 * parser takes any bytes.
 */
#ifndef LIVE_MONITOR_H
#define LIVE_MONITOR_H

#include "core/cluster/placement.h"
#include "live/redis/commands.h"

struct live_glance { /* what was seen */
    uint32_t reads[FORE_SLOT_COUNT], writes[FORE_SLOT_COUNT];
    uint64_t commands; /* on keys, clients' own */
    uint64_t bytes;
    uint64_t began_ms, ended_ms;
    bool cut_off; /* by the cap of bytes */
};

struct live_monitor {
    struct live_link link;
    const struct live_commands *commands; /* borrowed */
    struct live_glance *glance;           /* being filled; borrowed */
    uint64_t until_ms, bytes_max;
    bool on;
};

/* Begins a glance of `ms` at the node; false when it cannot be reached. */
bool live_monitor_begin(struct live_monitor *monitor, const struct live_address *address,
                        const struct live_access *access, struct live_glance *glance, uint32_t ms,
                        uint64_t bytes_max);
/* Takes what has come; ends the glance when it is time. True when it has just ended. */
bool live_monitor_drain(struct live_monitor *monitor);
void live_monitor_end(struct live_monitor *monitor);
/* One line: `1339518083.107412 [0 127.0.0.1:60866] "get" "key"`. True when it was counted. */
bool live_monitor_line(struct live_glance *glance, const struct live_commands *commands,
                       const char *line, size_t len);

#endif
