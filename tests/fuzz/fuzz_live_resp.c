/*
 * fuzz_live_resp.c - any bytes as what Redis servers answer, through hiredis' reader to all that
 * takes a single server's replies apart. The first byte says who asks; the pictures that are made
 * of many servers' answers are fuzz_live_picture.c's.
 */
#include "core/base/hash.h"
#include "live/redis/client.h"
#include "live/redis/digest.h"
#include "live/redis/heat_module.h"
#include "live/redis/keys.h"
#include "live/redis/monitor.h"
#include "live/redis/nodes.h"
#include "live/redis/renew.h"
#include "live/redis/slot_stats.h"
#include "tests/fuzz/far_end.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct live_address there = {.host = "far.end", .port = 7000};
static const struct live_access access_free = {.timeout_ms = 100};

static void take_commands(struct live_link *link)
{
    static struct live_commands commands;
    static struct live_glance glance;
    redisReply *line;
    if (live_commands_load(&commands, link) != FORE_E_OK) return;
    FORE_ASSERT(commands.count > 0 && commands.count <= LIVE_COMMANDS_MAX);
    for (uint32_t i = 0; i < commands.count; i++)
        FORE_ASSERT(memchr(commands.row[i].name, '\0', LIVE_COMMAND_NAME) != NULL);
    while ((line = live_link_call(link, "MONITOR")) != NULL) {
        if (line->type == REDIS_REPLY_STATUS)
            (void)live_monitor_line(&glance, &commands, line->str, line->len);
        freeReplyObject(line);
    }
}

static void take_slots(struct live_link *link)
{
    static uint64_t cpu_us[FORE_SLOT_COUNT];
    enum fore_err err = live_slot_stats_read(link, cpu_us);
    (void)err;
    (void)live_slot_stats_there(link);
}

static void take_keys(struct live_link *link)
{
    uint64_t count = 0, weight[8];
    redisReply *list = NULL;
    struct live_keys keys;
    struct live_digest digest = {.keys = 0};
    enum fore_err err = live_keys_count(link, 7, &count);
    if (live_keys_list(link, 7, FORE_COUNTOF(weight), &list, &keys) == FORE_E_OK) {
        FORE_ASSERT(keys.count <= FORE_COUNTOF(weight));
        err = live_keys_weigh(link, keys, weight);
        freeReplyObject(list);
    }
    err = live_digest_slot(link, 7, true, &digest);
    (void)err;
}

static void take_module(struct live_link *link)
{
    (void)live_heat_module_there(link);
}

/* The shape of what everybody else asks for, and the texts inside. */
static void take_any(struct live_link *link)
{
    static struct live_nodes nodes;
    redisReply *reply;
    while ((reply = live_link_call(link, "ANYTHING")) != NULL) {
        struct live_redirect redirect;
        int64_t number[4];
        enum fore_err err = live_answer_err(live_reply_kind(reply));
        if (live_reply_redirect(reply, &redirect) == FORE_E_OK)
            FORE_ASSERT(redirect.slot < FORE_SLOT_COUNT && redirect.address.port != 0);
        err = live_digest_read(reply, number, FORE_COUNTOF(number));
        if (err == FORE_E_OK) FORE_ASSERT(number[3] >= LIVE_DIGEST_NONE);
        if (reply->type == REDIS_REPLY_STRING) {
            (void)live_renew_needed(reply->str, reply->len);
            if (live_nodes_parse(reply->str, reply->len, &nodes) == FORE_E_OK)
                FORE_ASSERT(nodes.line_count <= LIVE_NODES_MAX);
        }
        freeReplyObject(reply);
    }
}

static void be_client(void)
{
    static struct live_client client;
    static const char *const get[] = {"GET", "{user}1"};
    struct live_command command[3];
    redisReply *reply[3] = {NULL};
    const struct live_client_options options = {
        .seed = &there, .seed_count = 1, .access = access_free, .deadline_ms = 50};
    for (size_t i = 0; i < FORE_COUNTOF(command); i++)
        command[i] =
            (struct live_command){.arg = get, .arg_count = 2, .key = 1, .idempotent = i != 1};
    if (live_client_open(&client, &options, NULL) == FORE_E_OK) {
        enum fore_err err = live_client_batch(&client, command, FORE_COUNTOF(command), reply);
        (void)err;
        for (size_t i = 0; i < FORE_COUNTOF(reply); i++)
            if (reply[i] != NULL) freeReplyObject(reply[i]);
        if (live_client_call(&client, &command[0], reply) == FORE_E_OK) freeReplyObject(reply[0]);
        FORE_ASSERT(client.node_count <= LIVE_CLIENT_NODES);
    }
    live_client_close(&client);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const takers[])(struct live_link * link) = {take_commands, take_slots, take_keys,
                                                              take_module, take_any};
    struct live_link link;
    far_end_says(data, size);
    uint8_t who = far_end_byte() % (FORE_COUNTOF(takers) + 1);
    if (who == FORE_COUNTOF(takers)) {
        be_client();
        return 0;
    }
    live_link_init(&link, &there, &access_free);
    takers[who](&link);
    live_link_close(&link);
    return 0;
}
