/*
 * client.c - see client.h. One call is a loop: pick the node, send, look at the answer, and go
 * again until it is not a redirection or the deadline has passed. Nodes are only ever added, so a
 * slot map's indexes stay good; a liar that names thousands of nodes fills the table and no more.
 */
#include "live/redis/client.h"

#include "core/base/hash.h"
#include "live/base/clock.h"

#include <string.h>

enum { DEADLINE_MS = 5000, PAUSE_FIRST_MS = 5, PAUSE_MOST_MS = 200 };

struct pursuit { /* of one command */
    uint64_t deadline_ms;
    uint32_t pause_ms;
    int asked; /* node to ask once, or -1 */
};

static struct pursuit pursue(const struct live_client *client)
{
    uint32_t ms = client->options.deadline_ms;
    return (struct pursuit){.deadline_ms = live_clock_ms() + (ms != 0 ? ms : DEADLINE_MS),
                            .pause_ms = PAUSE_FIRST_MS,
                            .asked = -1};
}

/* False when the deadline has passed. */
static bool pause_a_while(struct pursuit *pursuit)
{
    if (live_clock_ms() >= pursuit->deadline_ms) return false;
    live_clock_sleep_ms(pursuit->pause_ms);
    pursuit->pause_ms =
        pursuit->pause_ms * 2 < PAUSE_MOST_MS ? pursuit->pause_ms * 2 : PAUSE_MOST_MS;
    return true;
}

/* Its index; a new one is added; -1 when the table is full. */
static int node_at(struct live_client *client, const struct live_address *address)
{
    for (uint32_t i = 0; i < client->node_count; i++)
        if (live_address_same(&client->node[i].address, address)) return (int)i;
    if (client->node_count == LIVE_CLIENT_NODES) return -1;
    live_link_init(&client->node[client->node_count], address, &client->options.access);
    return (int)client->node_count++;
}

uint16_t live_client_slot(const struct live_command *command)
{
    FORE_ASSERT(command->key < command->arg_count);
    const char *key = command->arg[command->key];
    size_t len = command->arg_len != NULL ? command->arg_len[command->key] : strlen(key);
    return fore_hash_slot(key, len);
}

/* ---- the slot map ------------------------------------------------------------------------- */

static bool is_integer(const redisReply *reply, long long most)
{
    return reply->type == REDIS_REPLY_INTEGER && reply->integer >= 0 && reply->integer <= most;
}

/* One row of CLUSTER SLOTS: first, last, [host, port, id, ...], replicas. A row that is not well
 * formed is left out. An empty or missing host means: the node that was asked. */
static void read_row(struct live_client *client, const redisReply *row, const char *host_asked)
{
    if (row->type != REDIS_REPLY_ARRAY || row->elements < 3) return;
    const redisReply *first = row->element[0], *last = row->element[1], *owner = row->element[2];
    if (!is_integer(first, FORE_SLOT_COUNT - 1) || !is_integer(last, FORE_SLOT_COUNT - 1)) return;
    if (owner->type != REDIS_REPLY_ARRAY || owner->elements < 2) return;
    const redisReply *host = owner->element[0], *port = owner->element[1];
    if (!is_integer(port, UINT16_MAX) || port->integer == 0) return;
    struct live_address address = {.port = (uint16_t)port->integer};
    bool named = host->type == REDIS_REPLY_STRING && host->len > 0 && host->len < LIVE_HOST_MAX;
    if (host->type == REDIS_REPLY_STRING && host->len >= LIVE_HOST_MAX) return;
    memcpy(address.host, named ? host->str : host_asked, named ? host->len : strlen(host_asked));
    int node = node_at(client, &address);
    for (long long slot = first->integer; node >= 0 && slot <= last->integer; slot++)
        client->owner[slot] = (int16_t)node;
}

static enum fore_err read_map(struct live_client *client, struct live_link *link)
{
    char host[LIVE_HOST_MAX];
    memcpy(host, link->address.host, sizeof host);
    redisReply *reply = live_link_call(link, "CLUSTER SLOTS");
    enum fore_err err = live_answer_err(live_reply_kind(reply));
    if (err == FORE_E_OK && reply->type != REDIS_REPLY_ARRAY) err = FORE_E_FORMAT;
    if (err == FORE_E_UNREACHABLE && link->denied) err = FORE_E_REFUSED;
    if (err == FORE_E_OK) {
        memset(client->owner, -1, sizeof client->owner);
        for (size_t i = 0; i < reply->elements; i++)
            read_row(client, reply->element[i], host);
        client->stale = false;
        client->counts.refreshed++;
    }
    if (reply != NULL) freeReplyObject(reply);
    return err;
}

enum fore_err live_client_refresh(struct live_client *client, struct fore_diag *diag)
{
    enum fore_err worst = FORE_E_UNREACHABLE;
    uint32_t count = client->node_count; /* reading a map may add nodes */
    for (uint32_t i = 0; i < count; i++) {
        enum fore_err err = read_map(client, &client->node[i]);
        if (err == FORE_E_OK) return FORE_E_OK;
        if (err != FORE_E_UNREACHABLE) worst = err;
    }
    return fore_err_set(diag, worst, "cluster: none of %u nodes gives its slot map: %s", count,
                        worst == FORE_E_REFUSED ? "wrong user or password" : fore_err_text(worst));
}

enum fore_err live_client_open(struct live_client *client,
                               const struct live_client_options *options, struct fore_diag *diag)
{
    *client = (struct live_client){.options = *options};
    memset(client->owner, -1, sizeof client->owner);
    for (size_t i = 0; i < options->seed_count; i++)
        (void)node_at(client, &options->seed[i]);
    enum fore_err err = live_client_refresh(client, diag);
    if (err != FORE_E_OK) live_client_close(client);
    return err;
}

void live_client_close(struct live_client *client)
{
    for (uint32_t i = 0; i < client->node_count; i++)
        live_link_close(&client->node[i]);
    client->node_count = 0;
}

/* ---- one command -------------------------------------------------------------------------- */

/* A node for the slot: its owner, or any one, which will redirect. */
static int pick(struct live_client *client, uint16_t slot)
{
    if (client->owner[slot] >= 0 && !client->stale) return client->owner[slot];
    enum fore_err err = live_client_refresh(client, NULL);
    return err == FORE_E_OK && client->owner[slot] >= 0 ? client->owner[slot] : 0;
}

/* Where a redirection leads, or -1. A host that is not said is the one that answered. */
static int follow(struct live_client *client, int from, const redisReply *reply, uint16_t *slot)
{
    struct live_redirect redirect;
    if (live_reply_redirect(reply, &redirect) != FORE_E_OK) {
        client->counts.lies++;
        return -1;
    }
    if (redirect.address.host[0] == '\0')
        memcpy(redirect.address.host, client->node[from].address.host, LIVE_HOST_MAX);
    *slot = redirect.slot;
    return node_at(client, &redirect.address);
}

static redisReply *send_to(struct live_client *client, int node, bool asking,
                           const struct live_command *command)
{
    struct live_link *link = &client->node[node];
    if (!asking) return live_link_send(link, command);
    live_link_append(link, "ASKING");
    live_link_append_command(link, command);
    redisReply *asked = live_link_take(link);
    if (asked != NULL) freeReplyObject(asked);
    return live_link_take(link);
}

enum verdict { ENDED, AT_ONCE, AFTER_A_PAUSE, GIVE_UP };

/* What an answer means for the pursuit; a redirection's effect on the map is made here. */
static enum verdict judge(struct live_client *client, struct pursuit *pursuit, int node,
                          const struct live_command *command, const redisReply *reply)
{
    uint16_t slot = 0;
    int next = -1;
    switch (live_reply_kind(reply)) {
    case LIVE_MOVED:
        client->counts.moved++;
        next = follow(client, node, reply, &slot);
        if (next >= 0) client->owner[slot] = (int16_t)next;
        client->stale = next < 0;
        return next >= 0 && next != node ? AT_ONCE : AFTER_A_PAUSE;
    case LIVE_ASK:
        client->counts.ask++;
        pursuit->asked = follow(client, node, reply, &slot);
        return pursuit->asked >= 0 ? AT_ONCE : AFTER_A_PAUSE;
    case LIVE_READONLY: client->stale = true; return AFTER_A_PAUSE;
    case LIVE_CLUSTERDOWN:
    case LIVE_MASTERDOWN:
        client->stale = true;
        client->counts.waited++;
        return AFTER_A_PAUSE;
    case LIVE_TRYAGAIN:
    case LIVE_LOADING:
    case LIVE_BUSY: client->counts.waited++; return AFTER_A_PAUSE;
    case LIVE_LOST:
        client->counts.lost++;
        client->stale = true;
        return command->idempotent ? AFTER_A_PAUSE : GIVE_UP;
    case LIVE_FINE:
    case LIVE_BUSYKEY:
    case LIVE_IOERR:
    case LIVE_DENIED:
    case LIVE_ERROR:
    case LIVE_ANSWERS: break;
    }
    return ENDED;
}

static enum fore_err pursue_to_the_end(struct live_client *client, struct pursuit *pursuit,
                                       const struct live_command *command, redisReply **out)
{
    uint16_t slot = live_client_slot(command);
    for (;;) {
        bool asking = pursuit->asked >= 0;
        int node = asking ? pursuit->asked : pick(client, slot);
        pursuit->asked = -1;
        /* Nothing was sent to a node that cannot be connected to: trying again is safe. */
        bool open = live_link_open(&client->node[node]) == FORE_E_OK;
        if (!open && client->node[node].denied) return FORE_E_REFUSED;
        redisReply *reply = open ? send_to(client, node, asking, command) : NULL;
        enum verdict verdict = open ? judge(client, pursuit, node, command, reply) : AFTER_A_PAUSE;
        client->stale |= !open;
        if (verdict == ENDED) {
            *out = reply;
            return FORE_E_OK;
        }
        enum fore_err err = live_answer_err(live_reply_kind(reply));
        if (reply != NULL) freeReplyObject(reply);
        if (verdict == GIVE_UP || live_clock_ms() >= pursuit->deadline_ms) return err;
        if (verdict == AFTER_A_PAUSE && !pause_a_while(pursuit)) return err;
    }
}

enum fore_err live_client_call(struct live_client *client, const struct live_command *command,
                               redisReply **out)
{
    struct pursuit pursuit = pursue(client);
    client->counts.calls++;
    *out = NULL;
    return pursue_to_the_end(client, &pursuit, command, out);
}

/* ---- many commands ------------------------------------------------------------------------ */

/* The pipeline's answers; redirections are kept for the repair. */
static void exchange(struct live_client *client, const struct live_command *command, size_t count,
                     const int16_t *node, redisReply **out)
{
    for (size_t i = 0; i < count; i++)
        if (node[i] >= 0) live_link_append_command(&client->node[node[i]], &command[i]);
    for (size_t i = 0; i < count; i++)
        if (node[i] >= 0) out[i] = live_link_take(&client->node[node[i]]);
}

static enum fore_err repair(struct live_client *client, const struct live_command *command,
                            int16_t node, redisReply **reply)
{
    struct pursuit pursuit = pursue(client);
    enum verdict verdict = AT_ONCE;
    if (node >= 0) verdict = judge(client, &pursuit, node, command, *reply);
    if (verdict == ENDED) return FORE_E_OK;
    if (*reply != NULL) freeReplyObject(*reply);
    *reply = NULL;
    if (verdict == GIVE_UP) return FORE_E_UNREACHABLE;
    return pursue_to_the_end(client, &pursuit, command, reply);
}

enum fore_err live_client_batch(struct live_client *client, const struct live_command *command,
                                size_t count, redisReply **out)
{
    enum { AT_ONCE_MOST = 1024 };
    enum fore_err first = FORE_E_OK;
    for (size_t done = 0; done < count; done += AT_ONCE_MOST) {
        size_t part = count - done < AT_ONCE_MOST ? count - done : AT_ONCE_MOST;
        int16_t node[AT_ONCE_MOST] = {0};
        for (size_t i = 0; i < part; i++) {
            int to = pick(client, live_client_slot(&command[done + i]));
            /* Where there is no link, nothing is sent: the repair may send it whatever it is. */
            node[i] = live_link_open(&client->node[to]) == FORE_E_OK ? (int16_t)to : -1;
            out[done + i] = NULL;
        }
        client->counts.calls += part;
        exchange(client, command + done, part, node, out + done);
        for (size_t i = 0; i < part; i++) {
            enum fore_err err = repair(client, &command[done + i], node[i], &out[done + i]);
            if (first == FORE_E_OK) first = err;
        }
    }
    return first;
}
