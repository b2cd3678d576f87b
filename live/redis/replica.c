/* replica.c - see replica.h. */
#include "live/redis/replica.h"

#include <string.h>

static struct live_instance *find(struct live_cluster *cluster, const char *id)
{
    int at = live_cluster_find(cluster, id);
    return at < 0 || !cluster->instance[at].answered ? NULL : &cluster->instance[at];
}

static bool owns_slots(const struct live_cluster *cluster, const struct live_instance *instance)
{
    for (uint32_t slot = 0; slot < FORE_SLOT_COUNT; slot++)
        if (cluster->owner[slot] >= 0 && &cluster->instance[cluster->owner[slot]] == instance)
            return true;
    return false;
}

/* A copy is under way while a replica that answers is not in sync. */
static bool copying(const struct live_cluster *cluster)
{
    for (uint32_t i = 0; i < cluster->instance_count; i++) {
        const struct live_instance *x = &cluster->instance[i];
        if (x->answered && !x->primary && !x->in_sync) return true;
    }
    return false;
}

enum fore_err live_replica_add(struct live_cluster *cluster, const char *id, uint16_t shard,
                               struct fore_diag *diag)
{
    struct live_instance *instance = find(cluster, id);
    struct live_instance *primary = live_cluster_primary(cluster, shard);
    if (instance == NULL || primary == NULL)
        return fore_err_set(diag, FORE_E_RANGE, "replica: no such instance or shard answers");
    if (!live_cluster_healthy(cluster))
        return fore_err_set(diag, FORE_E_REFUSED, "replica: the cluster is not healthy");
    if (!instance->primary || instance == primary || owns_slots(cluster, instance))
        return fore_err_set(diag, FORE_E_CONFLICT, "replica: the instance is not a free one");
    if (copying(cluster))
        return fore_err_set(diag, FORE_E_CONFLICT, "replica: another one is still copying");
    return live_link_do(&instance->link, diag, "CLUSTER REPLICATE %s", primary->id);
}

enum fore_err live_replica_ready(struct live_cluster *cluster, const char *id)
{
    const struct live_instance *instance = find(cluster, id);
    if (instance == NULL) return FORE_E_UNREACHABLE;
    return !instance->primary && instance->in_sync ? FORE_E_OK : FORE_E_AGAIN;
}

enum fore_err live_replica_drop(struct live_cluster *cluster, const char *id, bool keep_one,
                                struct fore_diag *diag)
{
    struct live_instance *instance = find(cluster, id);
    if (instance == NULL)
        return fore_err_set(diag, FORE_E_RANGE, "replica: no such instance answers");
    if (instance->primary || instance->shard < 0)
        return fore_err_set(diag, FORE_E_CONFLICT, "replica: the instance is a primary");
    const struct live_shard *shard = &cluster->shard[instance->shard];
    struct live_instance *primary = live_cluster_primary(cluster, (uint16_t)instance->shard);
    if (primary == NULL)
        return fore_err_set(diag, FORE_E_REFUSED, "replica: its shard has no other instance up");
    if (keep_one && shard->replicas_in_sync <= (instance->in_sync ? 1 : 0))
        return fore_err_set(diag, FORE_E_REFUSED, "replica: it is the last one of its shard");
    FORE_TRY(live_link_do(&instance->link, diag, "CLUSTER RESET SOFT"));
    instance->shard = -1; /* the next refresh gives it a lineage of its own */
    /* It has forgotten the others, who still know it: one introduction is enough. */
    return live_link_do(&instance->link, diag, "CLUSTER MEET %s %d %d", primary->link.address.host,
                        (int)primary->link.address.port, (int)primary->bus_port);
}
