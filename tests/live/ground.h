/*
 * ground.h - a real Redis Cluster under a test: started by live/cluster_up.sh, harmed and looked at
 * by the test, stopped by live/cluster_down.sh when the test ends, however that comes: by an
 * assertion or SIGKILL, too.
 */
#ifndef TEST_LIVE_GROUND_H
#define TEST_LIVE_GROUND_H

#include "live/redis/client.h"
#include "live/redis/cluster.h"

#include <sys/types.h>

enum { GROUND_NODES = 16 };

struct ground {
    char folder[128];
    struct ground_node {
        struct live_address address;
        pid_t pid;
        char role[12]; /* primary, empty, replica */
        int shard;     /* at the beginning */
    } node[GROUND_NODES];
    uint32_t node_count;
    struct live_access access;
    struct live_client client;
    struct live_cluster cluster;
    pid_t watchman; /* stops the servers when the test is gone */
    int watched;    /* our end of the pipe it reads from */
};

/* `arguments` for cluster_up.sh: "3 -r 1 -t 2000". NULL when there is no redis-server: skip. */
struct ground *ground_begin(const char *arguments);
void ground_end(struct ground *ground);
bool ground_possible(void);
/* A file name in the ground's folder. */
const char *ground_path(struct ground *ground, const char *name);

/* Keys n = first.. of `count`, "key:<n>" with `bytes` of value that names them; in batches. */
void ground_fill(struct ground *ground, uint32_t first, uint32_t count, uint32_t bytes);
/* How many of those keys have not exactly that value. */
uint32_t ground_wrong(struct ground *ground, uint32_t first, uint32_t count, uint32_t bytes);
/* One key into a slot, "{tag}name". */
void ground_put(struct ground *ground, uint16_t slot, const char *name, const char *value);
/* Keys that a node holds of a slot. */
uint64_t ground_count(struct ground *ground, uint32_t shard, uint16_t slot);
/* Sends a signal to the node with this address. */
void ground_signal(struct ground *ground, const struct live_address *address, int signal);
/* Starts an instance that was killed, on its old port with its old nodes.conf and no data. */
void ground_restart(struct ground *ground, const struct live_address *address);
/* Every shard with slots has a replica in sync, and nobody is suspected. */
bool ground_replicated(struct ground *ground, uint32_t wait_ms);
/* Every slot has exactly one owner, by every instance's view, and none is open. Waits a while. */
bool ground_whole(struct ground *ground, uint32_t wait_ms);
/* What every instance says of the cluster, to stderr. */
void ground_print(struct ground *ground);
/* Every slot to the shard that cluster_up.sh gave it, no keys anywhere, no flags. */
void ground_reset(struct ground *ground);

#endif
