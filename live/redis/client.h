/*
 * client.h - a Redis Cluster client: finds the node that owns a key and follows redirections.
 *
 * The slot map comes from CLUSTER SLOTS of whichever node answers, and from then on every MOVED
 * corrects it. ASK is followed once, with ASKING, and changes nothing. TRYAGAIN, CLUSTERDOWN,
 * LOADING, MASTERDOWN and BUSY are waited out, 5 ms and doubling to 200 ms, until the call's
 * deadline. A command whose reply was lost may have been carried out: it is sent again only if it
 * says that it is idempotent, else the caller gets UNREACHABLE and must find out.
 *
 * A batch is sent as one pipeline to each node; answers that redirect are repaired one by one, so
 * commands of a batch on different keys may be carried out in any order.
 */
#ifndef LIVE_CLIENT_H
#define LIVE_CLIENT_H

#include "core/cluster/placement.h"
#include "live/redis/link.h"

enum { LIVE_CLIENT_NODES = 256 };

struct live_client_options {
    const struct live_address *seed; /* any nodes of the cluster */
    size_t seed_count;
    struct live_access access;
    uint32_t deadline_ms; /* of a call or batch; 0: 5000 */
};

struct live_client_counts {
    uint64_t calls, moved, ask, waited, lost, refreshed, lies; /* lies: unusable redirections */
};

struct live_client {
    struct live_client_options options; /* seeds and strings are borrowed */
    struct live_link node[LIVE_CLIENT_NODES];
    uint32_t node_count;
    int16_t owner[FORE_SLOT_COUNT]; /* index of the node; -1: not known */
    bool stale;                     /* something moved: ask for the map when there is time */
    struct live_client_counts counts;
};

/* Reads the slot map; UNREACHABLE when no seed answers, REFUSED at a wrong password. */
FORE_MUST_USE enum fore_err live_client_open(struct live_client *client,
                                             const struct live_client_options *options,
                                             struct fore_diag *diag);
void live_client_close(struct live_client *client);
FORE_MUST_USE enum fore_err live_client_refresh(struct live_client *client, struct fore_diag *diag);
/* The reply is the caller's to free when OK is returned; it is never a redirection, but may be
 * any other error of the server. */
FORE_MUST_USE enum fore_err live_client_call(struct live_client *client,
                                             const struct live_command *command, redisReply **out);
/* Fills out[count]; NULL where that command failed. The first failure is returned. */
FORE_MUST_USE enum fore_err live_client_batch(struct live_client *client,
                                              const struct live_command *command, size_t count,
                                              redisReply **out);
uint16_t live_client_slot(const struct live_command *command);

#endif
