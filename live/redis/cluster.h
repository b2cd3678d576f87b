/*
 * cluster.h - one picture of a Redis Cluster, made of the views of all its instances.
 *
 * cluster_state and a single view are never believed (a cluster with lost migration flags calls
 * itself ok). Every instance that answers is asked for its own view; for each slot the claim with
 * the highest config epoch counts. A *shard* is a primary with its replicas, and what stays the
 * same while instances fail over, restart and change ports: once an instance has been seen in a
 * shard, its id names that shard until it is seen in another. Of two primaries of one lineage the
 * one with slots counts, then the newer one. Shard indexes are never used twice.
 */
#ifndef LIVE_CLUSTER_H
#define LIVE_CLUSTER_H

#include "live/redis/link.h"
#include "live/redis/nodes.h"

enum { LIVE_SHARDS_MAX = 64, LIVE_CLUSTER_OPEN_MAX = 2048 };

enum live_names { LIVE_NAMES_UNKNOWN, LIVE_NAMES_EACH, LIVE_NAMES_AT_ONCE };

struct live_instance {
    char id[LIVE_ID_LEN + 1];
    char primary_id[LIVE_ID_LEN + 1];
    struct live_link link;
    uint64_t config_epoch;
    uint16_t bus_port;
    int16_t shard;         /* -1: of none that is known */
    bool primary;          /* by its own view, or else by the others' */
    bool answered;         /* in the last refresh */
    bool pfail, fail;      /* somebody says so */
    bool in_sync;          /* a replica that its primary lists as online and close behind */
    bool listed;           /* in the last refresh; the others are memories */
    enum live_names names; /* how slots pass to it: group.h, by its version */
    bool carries;          /* slots can be handed over whole: carry.h, by its version */
};

struct live_shard {
    int16_t primary; /* instance index; -1: none that is up */
    uint16_t replicas, replicas_in_sync;
    uint32_t slot_count;
    bool known;
};

struct live_open { /* a flag of an unfinished hand-over, as its holder tells */
    uint16_t slot;
    bool importing;
    int16_t holder;                /* instance index */
    char peer_id[LIVE_ID_LEN + 1]; /* of another instance, perhaps of one that is gone */
};

struct live_cluster {          /* does not move once it is open: links point into it */
    struct live_access access; /* strings are borrowed */
    struct live_address seed[8];
    uint32_t seed_count;
    struct live_instance instance[LIVE_NODES_MAX];
    uint32_t instance_count;
    struct live_shard shard[LIVE_SHARDS_MAX];
    uint32_t shard_count;
    struct live_open open[LIVE_CLUSTER_OPEN_MAX];
    uint32_t open_count;
    int16_t owner[FORE_SLOT_COUNT]; /* instance index; -1: nobody */
    int16_t own[FORE_SLOT_COUNT];   /* who answers and says the slot is his; -1: nobody */
    /* Slots that nobody speaks of; that two claim at once; that are said to belong to a shard whose
     * primary answers and does not say so (each end of a hand-over believes it is the other's). */
    uint32_t unowned, contested, lost;
    uint64_t changes;           /* +1 whenever owners, roles or failures changed */
    uint64_t sync_gap_max;      /* bytes a replica may be behind and still be in sync; 0: 1 MiB */
    struct live_nodes *scratch; /* [1] */
};

FORE_MUST_USE enum fore_err live_cluster_open(struct live_cluster *cluster,
                                              const struct live_access *access,
                                              const struct live_address *seed, size_t seed_count,
                                              struct fore_diag *diag);
void live_cluster_close(struct live_cluster *cluster);
/* Asks every instance. UNREACHABLE when none answers; REFUSED when none lets us in. */
FORE_MUST_USE enum fore_err live_cluster_refresh(struct live_cluster *cluster,
                                                 struct fore_diag *diag);
/* Says that an id belongs to a shard, as remembered from an earlier run. */
void live_cluster_remember(struct live_cluster *cluster, const char *id, uint16_t shard);
int live_cluster_find(const struct live_cluster *cluster, const char *id); /* -1: unknown */
/* The shard that owns a slot; -1: none, or of no known shard. */
int live_cluster_shard_of(const struct live_cluster *cluster, uint16_t slot);
/* The primary of a shard, or NULL while it has none that answers. */
struct live_instance *live_cluster_primary(struct live_cluster *cluster, uint16_t shard);
/* We have just made `shard` the owner of a slot and closed it: the picture follows at once. */
void live_cluster_now_owns(struct live_cluster *cluster, uint16_t slot, uint16_t shard);
/* Every shard with slots has a primary that answers, and no primary is suspected. */
bool live_cluster_up(const struct live_cluster *cluster);
/* And every slot has one owner, who says so: it is safe to move things. */
bool live_cluster_healthy(const struct live_cluster *cluster);

#endif
