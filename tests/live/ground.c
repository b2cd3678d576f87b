/* ground.c - see ground.h. */
#include "tests/live/ground.h"

#include "live/base/clock.h"
#include "live/redis/keys.h"
#include "live/redis/slot.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void stop(const struct ground *ground)
{
    char command[256];
    const char *keep = getenv("LIVE_KEEP") != NULL ? " keep" : ""; /* the servers' logs */
    (void)snprintf(command, sizeof command, "sh live/cluster_down.sh %s%s", ground->folder, keep);
    if (system(command) != 0) (void)fprintf(stderr, "ground: %s failed\n", command);
}

/* A shell that outlives us reads from a pipe of which we hold the other end: however we go (an
 * assertion, SIGKILL), it stops what we left. */
static void watch(struct ground *ground)
{
    static const char words[] = "read -r word; [ ! -f \"$1/nodes\" ] || "
                                "exec sh live/cluster_down.sh \"$@\"";
    int end[2];
    if (pipe(end) != 0 || fcntl(end[0], F_SETFD, FD_CLOEXEC) != 0 ||
        fcntl(end[1], F_SETFD, FD_CLOEXEC) != 0)
        abort();
    ground->watchman = fork();
    if (ground->watchman < 0) abort();
    if (ground->watchman == 0) {
        int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
        (void)setsid(); /* a terminal's ^C is for us, not for it */
        if (dup2(end[0], 0) < 0 || dup2(null, 1) < 0 || dup2(null, 2) < 0) _exit(127);
        const char *keep = getenv("LIVE_KEEP") != NULL ? "keep" : NULL;
        (void)execl("/bin/sh", "sh", "-c", words, "watchman", ground->folder, keep, (char *)NULL);
        _exit(127);
    }
    (void)close(end[0]);
    ground->watched = end[1];
}

bool ground_possible(void)
{
    return system("command -v redis-server redis-cli >/dev/null 2>&1") == 0;
}

static void read_nodes(struct ground *ground)
{
    char path[256];
    (void)snprintf(path, sizeof path, "%s/nodes", ground->folder);
    FILE *file = fopen(path, "r");
    if (file == NULL) abort();
    int port, pid;
    char role[12], host[LIVE_HOST_MAX];
    while (fscanf(file, "%d %d %11s %63s", &port, &pid, role, host) == 4) {
        struct ground_node *node = &ground->node[ground->node_count++];
        *node = (struct ground_node){.pid = pid};
        node->address = (struct live_address){.port = (uint16_t)port};
        (void)snprintf(node->address.host, sizeof node->address.host, "%s", host);
        (void)snprintf(node->role, sizeof node->role, "%s", role);
    }
    (void)fclose(file);
}

struct ground *ground_begin(const char *arguments)
{
    static int number;
    struct ground *ground = calloc(1, sizeof *ground);
    /* In memory where that is possible: Redis syncs nodes.conf at every change of a slot. */
    const char *under = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
    int tag = number++;
    (void)snprintf(ground->folder, sizeof ground->folder, "%s/foreshard-ground-%d-%d", under,
                   (int)getpid(), tag);
    watch(ground);
    bool up = false; /* another test may have the ports */
    for (int attempt = 0; attempt < 5 && !up; attempt++) {
        char command[1024];
        int port = 21000 + ((int)getpid() * 7 + tag + attempt * 31) % 105 * 100;
        (void)snprintf(command, sizeof command,
                       "sh live/cluster_up.sh %s -d %s -p %d >/dev/null 2>%s.err && rm %s.err",
                       arguments, ground->folder, port, ground->folder, ground->folder);
        up = system(command) == 0;
    }
    if (!up) {
        (void)fprintf(stderr, "ground: no cluster; see %s.err\n", ground->folder);
        exit(3);
    }
    read_nodes(ground);
    ground->access.timeout_ms = 1000;
    const char *word = strstr(arguments, "-a ");
    ground->access.password = word != NULL ? word + 3 : NULL;
    struct live_address seed[8];
    size_t seeds = 0;
    for (uint32_t i = 0; i < ground->node_count && seeds < 8; i++)
        seed[seeds++] = ground->node[i].address;
    struct live_client_options options = {
        .seed = seed, .seed_count = seeds, .access = ground->access, .deadline_ms = 20000};
    struct fore_diag diag = {0};
    if (live_client_open(&ground->client, &options, &diag) != FORE_E_OK ||
        live_cluster_open(&ground->cluster, &ground->access, seed, seeds, &diag) != FORE_E_OK ||
        live_cluster_refresh(&ground->cluster, &diag) != FORE_E_OK) {
        (void)fprintf(stderr, "ground: %s\n", diag.text);
        abort();
    }
    for (uint32_t i = 0; i < ground->cluster.instance_count; i++)
        for (uint32_t n = 0; n < ground->node_count; n++)
            if (live_address_same(&ground->cluster.instance[i].link.address,
                                  &ground->node[n].address))
                ground->node[n].shard = ground->cluster.instance[i].shard;
    return ground;
}

void ground_end(struct ground *ground)
{
    live_client_close(&ground->client);
    live_cluster_close(&ground->cluster);
    stop(ground);
    (void)kill(ground->watchman, SIGKILL); /* a forked child may hold the pipe's end, too */
    (void)close(ground->watched);
    (void)waitpid(ground->watchman, NULL, 0);
    free(ground);
}

const char *ground_path(struct ground *ground, const char *name)
{
    static char path[256];
    (void)snprintf(path, sizeof path, "%s/%s", ground->folder, name);
    return path;
}

/* ---- data --------------------------------------------------------------------------------- */

enum { BATCH = 256, VALUE_MAX = 1 << 16 };

static void value_of(uint32_t n, uint32_t bytes, char *out)
{
    int len = snprintf(out, 32, "%u:", n);
    for (uint32_t i = (uint32_t)len; i < bytes; i++)
        out[i] = (char)('a' + (n + i) % 26);
}

/* SET or GET of up to BATCH keys; replies to out. */
static void batch(struct ground *ground, bool set, uint32_t first, uint32_t count, uint32_t bytes,
                  redisReply **out)
{
    static char name[BATCH][24], value[BATCH][VALUE_MAX];
    const char *arg[BATCH][3];
    size_t len[BATCH][3];
    struct live_command command[BATCH];
    for (uint32_t i = 0; i < count; i++) {
        (void)snprintf(name[i], sizeof name[i], "key:%u", first + i);
        value_of(first + i, bytes, value[i]);
        arg[i][0] = set ? "SET" : "GET";
        arg[i][1] = name[i];
        arg[i][2] = value[i];
        len[i][0] = 3;
        len[i][1] = strlen(name[i]);
        len[i][2] = bytes;
        command[i] = (struct live_command){.arg = arg[i],
                                           .arg_len = len[i],
                                           .arg_count = set ? 3 : 2,
                                           .key = 1,
                                           .idempotent = true};
    }
    if (live_client_batch(&ground->client, command, count, out) != FORE_E_OK)
        (void)fprintf(stderr, "ground: a batch failed\n");
}

void ground_fill(struct ground *ground, uint32_t first, uint32_t count, uint32_t bytes)
{
    redisReply *reply[BATCH];
    for (uint32_t done = 0; done < count; done += BATCH) {
        uint32_t part = count - done < BATCH ? count - done : BATCH;
        batch(ground, true, first + done, part, bytes, reply);
        for (uint32_t i = 0; i < part; i++) {
            if (live_reply_kind(reply[i]) != LIVE_FINE) abort();
            freeReplyObject(reply[i]);
        }
    }
}

uint32_t ground_wrong(struct ground *ground, uint32_t first, uint32_t count, uint32_t bytes)
{
    static char value[VALUE_MAX];
    redisReply *reply[BATCH];
    uint32_t wrong = 0;
    for (uint32_t done = 0; done < count; done += BATCH) {
        uint32_t part = count - done < BATCH ? count - done : BATCH;
        batch(ground, false, first + done, part, bytes, reply);
        for (uint32_t i = 0; i < part; i++) {
            value_of(first + done + i, bytes, value);
            wrong += reply[i] == NULL || reply[i]->type != REDIS_REPLY_STRING ||
                     reply[i]->len != bytes || memcmp(reply[i]->str, value, bytes) != 0;
            if (reply[i] != NULL) freeReplyObject(reply[i]);
        }
    }
    return wrong;
}

void ground_put(struct ground *ground, uint16_t slot, const char *name, const char *value)
{
    char tag[LIVE_TAG_MAX], key[128];
    live_slot_tag(slot, tag);
    (void)snprintf(key, sizeof key, "%s%s", tag, name);
    const char *arg[] = {"SET", key, value};
    struct live_command command = {.arg = arg, .arg_count = 3, .key = 1, .idempotent = true};
    redisReply *reply = NULL;
    enum fore_err err = live_client_call(&ground->client, &command, &reply);
    if (err != FORE_E_OK || live_reply_kind(reply) != LIVE_FINE) {
        (void)fprintf(stderr, "ground: SET in slot %u: %s\n", (unsigned)slot,
                      reply != NULL ? reply->str : fore_err_text(err));
        ground_print(ground);
        exit(3);
    }
    freeReplyObject(reply);
}

uint64_t ground_count(struct ground *ground, uint32_t shard, uint16_t slot)
{
    uint64_t count = UINT64_MAX;
    struct live_instance *at = live_cluster_primary(&ground->cluster, (uint16_t)shard);
    if (at == NULL || live_keys_count(&at->link, slot, &count) != FORE_E_OK) return UINT64_MAX;
    return count;
}

/* ---- harm, and looking -------------------------------------------------------------------- */

void ground_signal(struct ground *ground, const struct live_address *address, int signal)
{
    for (uint32_t i = 0; i < ground->node_count; i++)
        if (live_address_same(&ground->node[i].address, address))
            (void)kill(ground->node[i].pid, signal);
}

/* For a test that fails: what every instance says. */
void ground_print(struct ground *ground)
{
    for (uint32_t i = 0; i < ground->cluster.instance_count; i++) {
        struct live_link *link = &ground->cluster.instance[i].link;
        redisReply *reply = live_link_call(link, "CLUSTER NODES");
        redisReply *info = live_link_call(link, "CLUSTER INFO");
        (void)fprintf(stderr, "port %u:\n%s%.40s\n", (unsigned)link->address.port,
                      reply != NULL ? reply->str : "lost\n", info != NULL ? info->str : "");
        if (reply != NULL) freeReplyObject(reply);
        if (info != NULL) freeReplyObject(info);
    }
}

void ground_restart(struct ground *ground, const struct live_address *address)
{
    char command[256];
    for (uint32_t i = 0; i < ground->node_count; i++) {
        struct ground_node *node = &ground->node[i];
        if (!live_address_same(&node->address, address)) continue;
        (void)snprintf(command, sizeof command, "sh live/cluster_restart.sh %s %u", ground->folder,
                       (unsigned)address->port);
        FILE *out = popen(command, "r");
        int pid = 0;
        if (out == NULL || fscanf(out, "%d", &pid) != 1) abort();
        (void)pclose(out);
        node->pid = pid;
    }
}

bool ground_replicated(struct ground *ground, uint32_t wait_ms)
{
    struct live_cluster *cluster = &ground->cluster;
    uint64_t until = live_clock_ms() + wait_ms;
    for (;;) {
        bool fine =
            live_cluster_refresh(cluster, NULL) == FORE_E_OK && live_cluster_healthy(cluster);
        for (uint32_t s = 0; s < cluster->shard_count; s++)
            fine &= cluster->shard[s].slot_count == 0 || cluster->shard[s].replicas_in_sync > 0;
        if (fine) return true;
        if (live_clock_ms() > until) {
            for (uint32_t i = 0; i < cluster->shard_count; i++)
                (void)fprintf(stderr, "shard %u: %u slots, %u replicas, %u in sync\n", i,
                              cluster->shard[i].slot_count, (unsigned)cluster->shard[i].replicas,
                              (unsigned)cluster->shard[i].replicas_in_sync);
            ground_print(ground);
            return false;
        }
        live_clock_sleep_ms(50);
    }
}

/* Does each instance that answers see every slot owned by the same node? */
static bool all_agree(struct ground *ground)
{
    static struct live_nodes nodes;
    struct live_cluster *cluster = &ground->cluster;
    if (live_cluster_refresh(cluster, NULL) != FORE_E_OK) return false;
    if (cluster->unowned > 0 || cluster->contested > 0 || cluster->open_count > 0) return false;
    for (uint32_t i = 0; i < cluster->instance_count; i++) {
        struct live_instance *x = &cluster->instance[i];
        if (!x->answered) continue;
        redisReply *reply = live_link_call(&x->link, "CLUSTER NODES");
        bool fine = live_reply_kind(reply) == LIVE_FINE &&
                    live_nodes_parse(reply->str, reply->len, &nodes) == FORE_E_OK;
        if (reply != NULL) freeReplyObject(reply);
        for (uint32_t slot = 0; fine && slot < FORE_SLOT_COUNT; slot++) {
            int line = nodes.owner[slot];
            fine = line >= 0 && cluster->owner[slot] >= 0 &&
                   strcmp(nodes.line[line].id, cluster->instance[cluster->owner[slot]].id) == 0;
        }
        if (!fine) return false;
    }
    return true;
}

bool ground_whole(struct ground *ground, uint32_t wait_ms)
{
    uint64_t until = live_clock_ms() + wait_ms;
    while (!all_agree(ground)) {
        if (live_clock_ms() > until) {
            const struct live_cluster *c = &ground->cluster;
            (void)fprintf(stderr, "ground: %u slots unowned, %u contested, %u open\n", c->unowned,
                          c->contested, c->open_count);
            ground_print(ground);
            return false;
        }
        live_clock_sleep_ms(50);
    }
    return true;
}

/* ---- back to the beginning ---------------------------------------------------------------- */

static void say(struct live_link *link, const char *words)
{
    redisReply *reply = live_link_call(link, words);
    if (reply != NULL) freeReplyObject(reply);
}

/* The primary of the shard that the `n`-th of cluster_up.sh's list was in at the beginning: later
 * it may have come back as a replica of another. */
static struct live_instance *primary_at(struct ground *ground, uint32_t n)
{
    return live_cluster_primary(&ground->cluster, (uint16_t)ground->node[n].shard);
}

/* One pass; false when something has to be waited for. */
static bool bring_home(struct ground *ground, uint32_t primaries)
{
    struct live_cluster *cluster = &ground->cluster;
    if (live_cluster_refresh(cluster, NULL) != FORE_E_OK || !live_cluster_up(cluster)) return false;
    for (uint32_t slot = 0; slot < FORE_SLOT_COUNT; slot++) {
        uint32_t n = 0;
        while (slot >= FORE_SLOT_COUNT * (n + 1) / primaries)
            n++;
        const struct live_instance *home = primary_at(ground, n);
        int from = live_cluster_shard_of(cluster, (uint16_t)slot);
        if (home == NULL || from < 0) return false;
        if (from == home->shard && cluster->own[slot] >= 0) continue;
        struct live_slot move = {.cluster = cluster, .slot = (uint16_t)slot};
        move.from = (uint16_t)(from != home->shard ? from : (home->shard + 1) % 3);
        move.to = (uint16_t)home->shard;
        bool owned = false;
        if (live_slot_settle(&move, &owned, NULL) != FORE_E_OK) return false;
        if (!owned && live_slot_own(&move, NULL) != FORE_E_OK) return false;
    }
    return live_cluster_refresh(cluster, NULL) == FORE_E_OK && live_cluster_healthy(cluster);
}

void ground_reset(struct ground *ground)
{
    struct live_cluster *cluster = &ground->cluster;
    uint32_t primaries = 0;
    uint64_t until = live_clock_ms() + 60000;
    while (primaries < ground->node_count && strcmp(ground->node[primaries].role, "primary") == 0)
        primaries++;
    live_clock_sleep_ms(1500); /* what has just moved must not move back at once: see mover.h */
    if (live_cluster_refresh(cluster, NULL) != FORE_E_OK) abort();
    for (uint32_t s = 0; s < cluster->shard_count; s++) {
        struct live_instance *at = live_cluster_primary(cluster, (uint16_t)s);
        if (at == NULL) continue;
        say(&at->link, "FLUSHALL");
        for (uint32_t i = 0; i < cluster->open_count; i++) {
            char words[64];
            (void)snprintf(words, sizeof words, "CLUSTER SETSLOT %d STABLE",
                           (int)cluster->open[i].slot);
            say(&at->link, words);
        }
    }
    while (!bring_home(ground, primaries)) {
        if (live_clock_ms() > until) {
            ground_print(ground);
            (void)fprintf(stderr, "ground: the cluster cannot be brought back\n");
            exit(3);
        }
        live_clock_sleep_ms(100);
    }
}
