/*
 * cut.h - two servers that cannot hear one another, while everybody else can: rules of routing in a
 * network of the program's own. Servers need addresses of their own: `-b 127.0.1` of cluster_up.sh.
 */
#ifndef TEST_LIVE_CUT_H
#define TEST_LIVE_CUT_H

#include "live/redis/link.h"

/* Before any server is started. False: no right to make a network, or no `ip`. */
bool cut_possible(void);
/* Begins, or ends. Packets from one's address to the other's go nowhere, in both directions; and
 * because Redis, when it cannot speak from its address, speaks from any, that leads to no bus port
 * of theirs either. One cut at a time. */
void cut_between(const struct live_address *one, const struct live_address *two, bool begin);

#endif
