/*
 * bus.h - a message on the cluster bus that arrives late: a PONG as one node would have sent it a
 * while ago, claiming slots that it has given away since, or not yet those that it has now. On a
 * busy machine such messages are normal, because what a node sends to another goes over two
 * connections, and SETSLOT overtakes both. Here they come when a test wants them.
 *
 * The layout is that of Redis 4 to 7: 2256 bytes of header, and no gossip behind it.
 */
#ifndef TEST_LIVE_BUS_H
#define TEST_LIVE_BUS_H

#include "live/redis/cluster.h"

struct bus_late {
    int sender, receiver; /* instance indexes of the last refresh; both are primaries */
    uint16_t first, last; /* slots ... */
    bool claimed;         /* ... that the message claims, or does not; all others are as they are */
};

/* True: it was delivered. */
bool bus_send_late(const struct live_cluster *cluster, const struct bus_late *late);

#endif
