/*
 * cluster.c - see cluster.h. A refresh is four passes: ask everybody (CLUSTER NODES and INFO
 * replication in one pipeline), merge the claims, settle who belongs to which shard, count.
 */
#include "live/redis/cluster.h"

#include "core/base/hash.h"

#include <stdlib.h>
#include <string.h>

enum { SYNC_GAP = 1 << 20 };

struct claims { /* while merging */
    uint64_t epoch[FORE_SLOT_COUNT];
    uint64_t own_epoch[FORE_SLOT_COUNT];
};

int live_cluster_find(const struct live_cluster *cluster, const char *id)
{
    for (uint32_t i = 0; i < cluster->instance_count; i++)
        if (strcmp(cluster->instance[i].id, id) == 0) return (int)i;
    return -1;
}

static int find_or_add(struct live_cluster *cluster, const char *id)
{
    int at = live_cluster_find(cluster, id);
    if (at >= 0 || cluster->instance_count == LIVE_NODES_MAX) return at;
    struct live_instance *fresh = &cluster->instance[cluster->instance_count];
    static const struct live_address nowhere = {.port = 0};
    *fresh = (struct live_instance){.shard = -1};
    memcpy(fresh->id, id, sizeof fresh->id);
    live_link_init(&fresh->link, &nowhere, &cluster->access);
    return (int)cluster->instance_count++;
}

void live_cluster_remember(struct live_cluster *cluster, const char *id, uint16_t shard)
{
    if (strlen(id) != LIVE_ID_LEN || shard >= LIVE_SHARDS_MAX) return;
    int at = find_or_add(cluster, id);
    if (at < 0) return;
    cluster->instance[at].shard = (int16_t)shard;
    cluster->shard[shard].known = true;
    if (cluster->shard_count <= shard) cluster->shard_count = shard + 1u;
}

/* ---- what one instance says --------------------------------------------------------------- */

static void take_address(struct live_instance *instance, const struct live_address *address,
                         const struct live_address *asked)
{
    struct live_address told = *address;
    if (told.port == 0) return;
    if (told.host[0] == '\0') memcpy(told.host, asked->host, sizeof told.host);
    if (live_address_same(&told, &instance->link.address)) return;
    const struct live_access *access = instance->link.access;
    live_link_close(&instance->link);
    live_link_init(&instance->link, &told, access);
}

static void take_line(struct live_cluster *cluster, const struct live_nodes_line *line, bool own,
                      const struct live_address *asked)
{
    if ((line->flags & (LIVE_NODE_HANDSHAKE | LIVE_NODE_NOADDR)) != 0) return;
    int at = find_or_add(cluster, line->id);
    if (at < 0) return;
    struct live_instance *instance = &cluster->instance[at];
    take_address(instance, &line->address, asked);
    instance->listed = true;
    instance->bus_port = line->bus_port;
    instance->pfail |= (line->flags & LIVE_NODE_PFAIL) != 0;
    instance->fail |= (line->flags & LIVE_NODE_FAIL) != 0;
    /* Others speak of an instance only until it has spoken for itself. */
    if (!own && (instance->answered || line->config_epoch < instance->config_epoch)) return;
    instance->primary = (line->flags & LIVE_NODE_PRIMARY) != 0;
    instance->config_epoch = line->config_epoch;
    memcpy(instance->primary_id, line->primary_id, sizeof instance->primary_id);
}

static void take_claims(struct live_cluster *cluster, const struct live_nodes *nodes,
                        struct claims *claims)
{
    int16_t who[LIVE_NODES_MAX] = {0};
    for (uint32_t i = 0; i < nodes->line_count; i++)
        who[i] = (int16_t)live_cluster_find(cluster, nodes->line[i].id);
    for (uint32_t slot = 0; slot < FORE_SLOT_COUNT; slot++) {
        int line = nodes->owner[slot];
        if (line < 0 || who[line] < 0) continue;
        uint64_t epoch = nodes->line[line].config_epoch + 1; /* 0: no claim yet */
        bool own = (uint32_t)line == nodes->myself;
        if (own && cluster->own[slot] >= 0) cluster->contested++;
        if (own && epoch >= claims->own_epoch[slot]) {
            claims->own_epoch[slot] = epoch;
            cluster->own[slot] = who[line];
        }
        if (epoch < claims->epoch[slot] || (epoch == claims->epoch[slot] && !own)) continue;
        claims->epoch[slot] = epoch;
        cluster->owner[slot] = who[line];
    }
}

static void take_open(struct live_cluster *cluster, const struct live_nodes *nodes, int holder)
{
    uint32_t count =
        nodes->open_count < LIVE_NODES_OPEN_MAX ? nodes->open_count : LIVE_NODES_OPEN_MAX;
    for (uint32_t i = 0; i < count && cluster->open_count < LIVE_CLUSTER_OPEN_MAX; i++) {
        struct live_open *open = &cluster->open[cluster->open_count++];
        *open = (struct live_open){.slot = nodes->open[i].slot,
                                   .importing = nodes->open[i].importing,
                                   .holder = (int16_t)holder};
        memcpy(open->peer_id, nodes->open[i].peer_id, sizeof open->peer_id);
    }
}

/* The number after `name` in a piece of text; 0 if it is not there. */
static uint64_t number_after(const char *text, const char *end, const char *name)
{
    size_t len = strlen(name);
    for (; text + len < end; text++) {
        if (memcmp(text, name, len) != 0) continue;
        uint64_t value = 0;
        for (text += len; text < end && *text >= '0' && *text <= '9' && value < UINT64_MAX / 16;)
            value = value * 10 + (uint64_t)(*text++ - '0');
        return value;
    }
    return 0;
}

static bool contains(const char *text, const char *end, const char *what)
{
    size_t len = strlen(what);
    for (; text + len <= end; text++)
        if (memcmp(text, what, len) == 0) return true;
    return false;
}

/* Is this line of INFO replication about that address? */
static bool names(const char *line, const char *end, const struct live_address *address)
{
    size_t len = strlen(address->host);
    for (; line + 3 + len < end; line++)
        if (memcmp(line, "ip=", 3) == 0)
            return memcmp(line + 3, address->host, len) == 0 && line[3 + len] == ',' &&
                   number_after(line, end, ",port=") == address->port;
    return false;
}

/* slave0:ip=127.0.0.1,port=7104,state=online,offset=9,lag=0 */
static void take_replication(struct live_cluster *cluster, const redisReply *info)
{
    const char *at = info->str, *end = info->str + info->len;
    uint64_t offset = number_after(at, end, "master_repl_offset:");
    uint64_t gap_max = cluster->sync_gap_max != 0 ? cluster->sync_gap_max : SYNC_GAP;
    while (at < end) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        const char *stop = newline != NULL ? newline : end;
        uint64_t had = number_after(at, stop, ",offset=");
        bool online =
            stop - at > 5 && memcmp(at, "slave", 5) == 0 && contains(at, stop, ",state=online,");
        for (uint32_t i = 0; online && i < cluster->instance_count; i++)
            if (names(at, stop, &cluster->instance[i].link.address) && had + gap_max >= offset)
                cluster->instance[i].in_sync = true;
        at = stop + 1;
    }
}

/* ---- asking everybody --------------------------------------------------------------------- */

static enum fore_err understand(struct live_cluster *cluster, const redisReply *text,
                                const struct live_address *asked, struct claims *claims)
{
    struct live_nodes *nodes = cluster->scratch;
    enum fore_err err = live_answer_err(live_reply_kind(text));
    if (err != FORE_E_OK) return err;
    if (text->type != REDIS_REPLY_STRING && text->type != REDIS_REPLY_STATUS) return FORE_E_FORMAT;
    FORE_TRY(live_nodes_parse(text->str, text->len, nodes));
    for (uint32_t i = 0; i < nodes->line_count; i++)
        take_line(cluster, &nodes->line[i], i == nodes->myself, asked);
    int me = live_cluster_find(cluster, nodes->line[nodes->myself].id);
    if (me < 0) return FORE_E_RANGE;
    cluster->instance[me].answered = true;
    take_claims(cluster, nodes, claims);
    take_open(cluster, nodes, me);
    return FORE_E_OK;
}

static enum fore_err ask_one(struct live_cluster *cluster, struct live_link *link,
                             struct claims *claims)
{
    enum fore_err err = live_link_open(link);
    if (err != FORE_E_OK) return err;
    struct live_address asked = link->address;
    live_link_append(link, "CLUSTER NODES");
    live_link_append(link, "INFO replication");
    redisReply *text = live_link_take(link), *info = live_link_take(link);
    err = understand(cluster, text, &asked, claims);
    if (err == FORE_E_OK && info != NULL && info->type == REDIS_REPLY_STRING)
        take_replication(cluster, info);
    if (text != NULL) freeReplyObject(text);
    if (info != NULL) freeReplyObject(info);
    return err;
}

static void worse(enum fore_err *worst, enum fore_err err)
{
    if (err != FORE_E_OK && (*worst == FORE_E_OK || *worst == FORE_E_UNREACHABLE)) *worst = err;
}

/* Instances first; if none answers, the seeds, in case all have changed their addresses. */
static enum fore_err ask_all(struct live_cluster *cluster, struct claims *claims)
{
    enum fore_err worst = FORE_E_OK;
    bool any = false;
    for (int round = 0; round < 2; round++) {
        for (uint32_t i = 0; i < cluster->instance_count; i++) {
            struct live_instance *instance = &cluster->instance[i];
            if (instance->answered || instance->link.address.port == 0) continue;
            enum fore_err err = ask_one(cluster, &instance->link, claims);
            any |= err == FORE_E_OK;
            worse(&worst, err);
        }
        for (uint32_t i = 0; !any && i < cluster->seed_count; i++) {
            struct live_link link;
            live_link_init(&link, &cluster->seed[i], &cluster->access);
            enum fore_err err = ask_one(cluster, &link, claims);
            live_link_close(&link);
            any |= err == FORE_E_OK;
            worse(&worst, err);
        }
    }
    return any ? FORE_E_OK : worst;
}

/* ---- shards ------------------------------------------------------------------------------- */

static int new_shard(struct live_cluster *cluster)
{
    if (cluster->shard_count == LIVE_SHARDS_MAX) return -1;
    cluster->shard[cluster->shard_count].known = true;
    return (int)cluster->shard_count++;
}

/* Replicas follow their primary; a primary nobody has seen belongs where its replicas did. */
static void settle_shards(struct live_cluster *cluster)
{
    for (int pass = 0; pass < 2; pass++)
        for (uint32_t i = 0; i < cluster->instance_count; i++) {
            struct live_instance *instance = &cluster->instance[i];
            if (!instance->listed || instance->primary) continue;
            int primary = live_cluster_find(cluster, instance->primary_id);
            if (primary < 0) continue;
            struct live_instance *of = &cluster->instance[primary];
            if (of->shard < 0) of->shard = instance->shard;
            if (of->shard < 0 && pass == 1) of->shard = (int16_t)new_shard(cluster);
            if (of->shard >= 0) instance->shard = of->shard;
        }
    for (uint32_t i = 0; i < cluster->instance_count; i++) {
        struct live_instance *instance = &cluster->instance[i];
        if (instance->listed && instance->primary && instance->shard < 0 && !instance->fail)
            instance->shard = (int16_t)new_shard(cluster);
    }
}

/* Of two primaries of one lineage the one with slots counts; of two such, or two without, the newer
 * one: the older has not heard of it yet. */
static bool outranks(const struct live_cluster *cluster, const uint32_t *slots, uint32_t a,
                     uint32_t b)
{
    if ((slots[a] > 0) != (slots[b] > 0)) return slots[a] > 0;
    return cluster->instance[a].config_epoch > cluster->instance[b].config_epoch;
}

static void count_shards(struct live_cluster *cluster)
{
    uint32_t slots[LIVE_NODES_MAX] = {0};
    for (uint32_t slot = 0; slot < FORE_SLOT_COUNT; slot++)
        if (cluster->owner[slot] >= 0) slots[cluster->owner[slot]]++;
    for (uint32_t s = 0; s < cluster->shard_count; s++) {
        bool known = cluster->shard[s].known;
        cluster->shard[s] = (struct live_shard){.primary = -1, .known = known};
    }
    for (uint32_t i = 0; i < cluster->instance_count; i++) {
        const struct live_instance *instance = &cluster->instance[i];
        if (instance->shard < 0 || !instance->answered) continue;
        struct live_shard *shard = &cluster->shard[instance->shard];
        if (!instance->primary) {
            shard->replicas++;
            shard->replicas_in_sync += instance->in_sync;
        } else if (shard->primary < 0 || outranks(cluster, slots, i, (uint32_t)shard->primary)) {
            shard->primary = (int16_t)i;
        }
    }
    cluster->unowned = cluster->lost = 0;
    for (uint32_t slot = 0; slot < FORE_SLOT_COUNT; slot++) {
        int shard = live_cluster_shard_of(cluster, (uint16_t)slot);
        if (shard >= 0) cluster->shard[shard].slot_count++;
        cluster->unowned += cluster->owner[slot] < 0;
        cluster->lost +=
            cluster->own[slot] < 0 && (shard < 0 || cluster->shard[shard].primary >= 0);
    }
}

/* Owners, roles and failures as one number, to tell whether anything changed. Whether a replica
 * answered just now is not part of it. */
static uint64_t picture(const struct live_cluster *cluster)
{
    uint64_t sum = fore_hash_bytes(cluster->owner, sizeof cluster->owner, cluster->open_count);
    for (uint32_t i = 0; i < cluster->instance_count; i++) {
        const struct live_instance *x = &cluster->instance[i];
        uint64_t word = (uint64_t)x->primary | (uint64_t)(uint16_t)x->shard << 4;
        if (x->primary)
            word |= (uint64_t)x->answered << 1 | (uint64_t)x->pfail << 2 | (uint64_t)x->fail << 3 |
                    x->config_epoch << 20;
        sum = fore_hash_u64(word, sum + i);
    }
    return sum;
}

enum fore_err live_cluster_refresh(struct live_cluster *cluster, struct fore_diag *diag)
{
    uint64_t before = picture(cluster);
    struct claims *claims = calloc(1, sizeof *claims);
    FORE_ASSERT(claims != NULL);
    memset(cluster->own, -1, sizeof cluster->own);
    memset(cluster->owner, -1, sizeof cluster->owner);
    cluster->open_count = cluster->contested = 0;
    for (uint32_t i = 0; i < cluster->instance_count; i++) {
        struct live_instance *x = &cluster->instance[i];
        x->answered = x->pfail = x->fail = x->in_sync = x->listed = false;
        x->config_epoch = 0;
        if (x->link.context == NULL) x->names = LIVE_NAMES_UNKNOWN; /* it may have been renewed */
    }
    enum fore_err err = ask_all(cluster, claims);
    free(claims);
    settle_shards(cluster);
    count_shards(cluster);
    cluster->changes += picture(cluster) != before;
    if (err == FORE_E_OK) return FORE_E_OK;
    return fore_err_set(diag, err, "cluster: no instance answers: %s",
                        err == FORE_E_REFUSED ? "wrong user or password" : fore_err_text(err));
}

enum fore_err live_cluster_open(struct live_cluster *cluster, const struct live_access *access,
                                const struct live_address *seed, size_t seed_count,
                                struct fore_diag *diag)
{
    *cluster = (struct live_cluster){.access = *access};
    memset(cluster->owner, -1, sizeof cluster->owner);
    if (seed_count == 0 || seed_count > FORE_COUNTOF(cluster->seed))
        return fore_err_set(diag, FORE_E_RANGE, "cluster: %zu seed addresses; give 1 to %zu",
                            seed_count, FORE_COUNTOF(cluster->seed));
    memcpy(cluster->seed, seed, seed_count * sizeof seed[0]);
    cluster->seed_count = (uint32_t)seed_count;
    cluster->scratch = calloc(1, sizeof *cluster->scratch);
    FORE_ASSERT(cluster->scratch != NULL);
    return FORE_E_OK;
}

void live_cluster_close(struct live_cluster *cluster)
{
    for (uint32_t i = 0; i < cluster->instance_count; i++)
        live_link_close(&cluster->instance[i].link);
    free(cluster->scratch);
    cluster->scratch = NULL;
}

int live_cluster_shard_of(const struct live_cluster *cluster, uint16_t slot)
{
    int owner = cluster->owner[slot];
    return owner < 0 ? -1 : cluster->instance[owner].shard;
}

struct live_instance *live_cluster_primary(struct live_cluster *cluster, uint16_t shard)
{
    if (shard >= cluster->shard_count || cluster->shard[shard].primary < 0) return NULL;
    return &cluster->instance[cluster->shard[shard].primary];
}

void live_cluster_now_owns(struct live_cluster *cluster, uint16_t slot, uint16_t shard)
{
    uint32_t kept = 0;
    int before = live_cluster_shard_of(cluster, slot);
    if (before >= 0) cluster->shard[before].slot_count--;
    cluster->shard[shard].slot_count++;
    cluster->owner[slot] = cluster->own[slot] = cluster->shard[shard].primary;
    for (uint32_t i = 0; i < cluster->open_count; i++)
        if (cluster->open[i].slot != slot) cluster->open[kept++] = cluster->open[i];
    cluster->open_count = kept;
}

bool live_cluster_up(const struct live_cluster *cluster)
{
    for (uint32_t s = 0; s < cluster->shard_count; s++)
        if (cluster->shard[s].slot_count > 0 && cluster->shard[s].primary < 0) return false;
    for (uint32_t i = 0; i < cluster->instance_count; i++) {
        const struct live_instance *x = &cluster->instance[i];
        bool serves = x->listed && x->primary;
        if (serves && (x->pfail || x->fail) &&
            (x->shard < 0 || cluster->shard[x->shard].primary == (int16_t)i))
            return false;
    }
    return true;
}

bool live_cluster_healthy(const struct live_cluster *cluster)
{
    return live_cluster_up(cluster) && cluster->unowned == 0 && cluster->contested == 0 &&
           cluster->lost == 0;
}
