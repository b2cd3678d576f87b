/* live_carry.c - slots handed over whole (carry.h): every kind of value, what clients do meanwhile,
 * and what is left by whoever stops in the middle. */
#include "live/base/clock.h"
#include "live/redis/carry.h"
#include "live/redis/mark.h"
#include "tests/live/stage.h"

#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { SLOT = 100, OTHER = 101 };

static struct ground *plain;

static const struct live_mover_options careful = {.slot = {.verify = true}};

/* ---- what the tests look at ---------------------------------------------------------------- */

static struct live_instance *primary(uint16_t shard)
{
    struct live_instance *at = live_cluster_primary(&plain->cluster, shard);
    assert_non_null(at);
    return at;
}

/* Calls of MIGRATE that a node has carried out. */
static unsigned long migrates(uint16_t shard)
{
    static const char name[] = "cmdstat_migrate:calls=";
    redisReply *info = live_link_call(&primary(shard)->link, "INFO commandstats");
    assert_true(info != NULL && info->type == REDIS_REPLY_STRING);
    const char *at = strstr(info->str, name);
    unsigned long calls = at != NULL ? strtoul(at + sizeof name - 1, NULL, 10) : 0;
    freeReplyObject(info);
    return calls;
}

static long long asks(struct live_link *link, const char *command, const char *key)
{
    live_link_append(link, "ASKING");
    live_link_append(link, "%s %s", command, key);
    redisReply *asked = live_link_take(link), *reply = live_link_take(link);
    assert_true(reply != NULL && reply->type == REDIS_REPLY_INTEGER);
    long long number = reply->integer;
    freeReplyObject(asked);
    freeReplyObject(reply);
    return number;
}

static void name_in(uint16_t slot, const char *name, char out[64])
{
    char tag[LIVE_TAG_MAX];
    live_slot_tag(slot, tag);
    (void)snprintf(out, 64, "%s%s", tag, name);
}

static void done(struct live_link *link, const char *words, const char *key, const char *more)
{
    char line[256];
    (void)snprintf(line, sizeof line, "%s %s %s", words, key, more);
    redisReply *reply = live_link_call(link, line);
    if (live_reply_kind(reply) != LIVE_FINE)
        fail_msg("%s: %s", line, reply != NULL ? reply->str : "");
    freeReplyObject(reply);
}

static void put_some(uint16_t slot, int first, int count)
{
    for (int i = first; i < first + count; i++) {
        char name[16];
        (void)snprintf(name, sizeof name, "%d", i);
        ground_put(plain, slot, name, name);
    }
}

/* ---- all is well --------------------------------------------------------------------------- */

/* Small and large encodings, and one key that expires. */
static void put_all_kinds(struct live_link *at, uint16_t slot)
{
    char key[64], more[64];
    name_in(slot, "string", key);
    done(at, "SET", key, "text");
    name_in(slot, "brief", key);
    done(at, "SET", key, "text PX 86400000");
    name_in(slot, "bits", key);
    done(at, "SETBIT", key, "5000 1");
    name_in(slot, "stream", key);
    done(at, "XADD", key, "1-1 a b");
    name_in(slot, "few", key);
    done(at, "SADD", key, "1 2 3");
    for (int i = 0; i < 300; i++) {
        (void)snprintf(more, sizeof more, "field-%d value-%d", i, i);
        name_in(slot, "hash", key);
        done(at, "HSET", key, more);
        name_in(slot, "set", key);
        done(at, "SADD", key, more);
        name_in(slot, "list", key);
        done(at, "RPUSH", key, more);
        (void)snprintf(more, sizeof more, "%d member-%d", i * 7 % 100, i);
        name_in(slot, "sorted", key);
        done(at, "ZADD", key, more);
    }
}

static void every_kind_of_value_arrives_as_it_was(void **state)
{
    (void)state;
    struct stage *stage = stage_begin(plain, &careful);
    uint16_t from = (uint16_t)live_cluster_shard_of(&plain->cluster, SLOT);
    struct live_digest before = {0}, after = {0};
    char brief[64], mark[LIVE_MARK_LEN];
    put_all_kinds(&primary(from)->link, SLOT);
    put_some(OTHER, 0, 200);
    name_in(SLOT, "brief", brief);
    live_mark_name(SLOT, mark);
    long long expires = asks(&primary(from)->link, "PEXPIRETIME", brief);
    assert_true(expires > 0);
    assert_int_equal(live_digest_slot(&primary(from)->link, SLOT, false, &before), FORE_E_OK);
    unsigned long calls = migrates(from);
    struct live_move *move = stage_until(stage, stage_move(stage, SLOT, OTHER), LIVE_MOVE_READY);
    assert_int_equal(migrates(from), calls);
    assert_int_equal(live_digest_slot(&primary(move->to)->link, SLOT, false, &after), FORE_E_OK);
    assert_true(live_digest_same(&before, &after));
    assert_int_equal(before.keys, 9);
    assert_int_equal(asks(&primary(move->to)->link, "PEXPIRETIME", brief), expires);
    assert_int_equal(asks(&primary(move->to)->link, "EXISTS", mark), 0);
    assert_int_equal(ground_count(plain, from, SLOT) + ground_count(plain, from, OTHER), 0);
    assert_int_equal(ground_count(plain, move->to, OTHER), 200);
    assert_int_equal(move->keys_done, 209);
    assert_true(move->out.keys == 209 && move->strange.keys == 0);
    assert_true(live_move_adds_up(&stage->mover, move));
    assert_int_equal(stage->mover.counts.troubles, 0);
    assert_true(ground_whole(plain, 5000));
    stage_end(stage);
}

static void a_slot_with_many_keys_goes_by_migrate(void **state)
{
    (void)state;
    struct stage *stage = stage_begin(plain, &careful);
    uint32_t index = stage_move(stage, SLOT, OTHER);
    uint16_t from = stage->mover.move[index].from, to = stage->mover.move[index].to;
    unsigned long calls = migrates(from);
    (void)stage_until(stage, index, LIVE_MOVE_MOVING); /* weighed: it looks as if it had none */
    put_some(SLOT, 0, LIVE_CARRY_KEYS + 50);
    struct live_move *move = stage_until(stage, index, LIVE_MOVE_READY);
    assert_true(migrates(from) > calls);
    assert_int_equal(ground_count(plain, to, SLOT), LIVE_CARRY_KEYS + 50);
    assert_int_equal(move->keys_done, LIVE_CARRY_KEYS + 50);
    assert_int_equal(stage->mover.counts.troubles, 0);
    stage_end(stage);
}

/* MIGRATE needs no EVAL, but for digests before and after. */
static void where_scripts_are_not_permitted_keys_go_by_migrate(void **state)
{
    (void)state;
    for (int end = 0; end < 2; end++) {
        static const struct live_mover_options plainly = {.slot = {.verify = false}};
        struct stage *stage = stage_begin(plain, &plainly);
        for (uint16_t slot = SLOT; slot < SLOT + 20; slot++)
            put_some(slot, 0, 20);
        uint32_t index = stage_move(stage, SLOT, SLOT + 19);
        struct live_move *move = &stage->mover.move[index];
        unsigned long calls = migrates(move->from);
        struct live_link *link = &primary(end == 0 ? move->from : move->to)->link;
        (void)stage_until(stage, index, LIVE_MOVE_MOVING);
        assert_int_equal(live_link_do(link, NULL, "ACL SETUSER default -eval"), FORE_E_OK);
        uint64_t give_up = live_clock_ms() + 10000;
        while (move->phase != LIVE_MOVE_READY && live_clock_ms() < give_up)
            if (!live_mover_step(&stage->mover)) live_clock_sleep_ms(1);
        assert_int_equal(live_link_do(link, NULL, "ACL SETUSER default +eval"), FORE_E_OK);
        if (move->phase != LIVE_MOVE_READY) fail_msg("%s", move->why);
        assert_true(migrates(move->from) > calls);
        for (uint16_t slot = SLOT; slot < SLOT + 20; slot++)
            assert_int_equal(ground_count(plain, move->to, slot), 20);
        stage_end(stage);
    }
}

/* ---- clients that write meanwhile ----------------------------------------------------------- */

enum { HAMMERED = 3 };

struct hammer { /* counts up, and deletes now and then, as fast as it goes */
    struct live_client client;
    char key[HAMMERED][64];
    long long at[HAMMERED];
    atomic_bool over;
    unsigned long writes, wrong, failed;
};

static long long call(struct hammer *h, const char *word, const char *key)
{
    const char *arg[] = {word, key};
    struct live_command command = {.arg = arg, .arg_count = 2, .key = 1};
    redisReply *reply = NULL;
    long long number = -1;
    if (live_client_call(&h->client, &command, &reply) == FORE_E_OK &&
        reply->type == REDIS_REPLY_INTEGER)
        number = reply->integer;
    if (reply != NULL) freeReplyObject(reply);
    h->failed += number < 0;
    return number;
}

static void *hammer_on(void *self)
{
    struct hammer *h = self;
    while (!atomic_load(&h->over))
        for (int k = 0; k < HAMMERED; k++) {
            if (++h->writes % 16 == 0) {
                h->wrong += call(h, "DEL", h->key[k]) != (h->at[k] > 0);
                h->wrong += call(h, "EXISTS", h->key[k]) != 0;
                h->at[k] = 0;
            }
            h->wrong += call(h, "INCR", h->key[k]) != ++h->at[k];
        }
    return NULL;
}

static void what_clients_write_meanwhile_is_kept(void **state)
{
    (void)state;
    static struct hammer h;
    struct fore_diag diag = {0};
    pthread_t thread;
    struct stage *stage = stage_begin(plain, &careful);
    struct live_client_options options = {.seed = &plain->node[0].address, .seed_count = 1};
    memset(&h, 0, sizeof h);
    for (int k = 0; k < HAMMERED; k++)
        name_in((uint16_t)(SLOT + 10 * k), "count", h.key[k]);
    for (uint16_t slot = SLOT; slot < SLOT + 60; slot++)
        put_some(slot, 0, 60);
    uint32_t index = stage_move(stage, SLOT, SLOT + 59);
    uint16_t from = stage->mover.move[index].from;
    unsigned long calls = migrates(from);
    assert_int_equal(live_client_open(&h.client, &options, &diag), FORE_E_OK);
    assert_int_equal(pthread_create(&thread, NULL, hammer_on, &h), 0);
    struct live_move *move = stage_until(stage, index, LIVE_MOVE_READY);
    live_clock_sleep_ms(50);
    atomic_store(&h.over, true);
    (void)pthread_join(thread, NULL);
    live_client_close(&h.client);
    assert_int_equal(h.wrong, 0);
    assert_int_equal(h.failed, 0);
    assert_true(h.writes > 100);
    /* Those three slots are tried in vain, and are few; the others are carried. */
    assert_true(migrates(from) - calls < 60);
    assert_true(move->strange.keys <= HAMMERED);
    for (uint16_t slot = SLOT; slot < SLOT + 60; slot++)
        assert_true(ground_count(plain, move->to, slot) >= 60);
    assert_true(ground_whole(plain, 5000));
    stage_end(stage);
}

struct stutter { /* stops a node for longer than anything late may still be done */
    const struct live_address *address;
    atomic_bool over;
};

static void *stutter_on(void *self)
{
    struct stutter *s = self;
    while (!atomic_load(&s->over)) {
        ground_signal(plain, s->address, SIGSTOP);
        live_clock_sleep_ms(600);
        ground_signal(plain, s->address, SIGCONT);
        live_clock_sleep_ms(150);
    }
    return NULL;
}

static void a_node_that_hangs_now_and_then_loses_nothing(void **state)
{
    (void)state;
    for (int end = 0; end < 2; end++) {
        static struct stutter s;
        pthread_t thread;
        struct stage *stage = stage_begin(plain, &careful);
        ground_fill(plain, 0, 100000, 60);
        uint32_t index = stage_move(stage, 0, 199);
        (void)stage_until(stage, index, LIVE_MOVE_MOVING);
        const struct live_move *move = &stage->mover.move[index];
        atomic_store(&s.over, false);
        s.address = &primary(end == 0 ? move->to : move->from)->link.address;
        assert_int_equal(pthread_create(&thread, NULL, stutter_on, &s), 0);
        uint64_t give_up = live_clock_ms() + 3000;
        while (live_clock_ms() < give_up && move->phase != LIVE_MOVE_READY)
            if (!live_mover_step(&stage->mover)) live_clock_sleep_ms(1);
        atomic_store(&s.over, true);
        (void)pthread_join(thread, NULL);
        (void)stage_until(stage, index, LIVE_MOVE_READY);
        assert_int_equal(ground_wrong(plain, 0, 100000, 60), 0);
        assert_true(ground_whole(plain, 5000));
        stage_end(stage);
    }
}

/* ---- what is left in the middle -------------------------------------------------------------- */

static void flag(uint16_t shard, uint16_t slot, const char *what, const char *id)
{
    redisReply *reply =
        live_link_call(&primary(shard)->link, "CLUSTER SETSLOT %d %s %s", (int)slot, what, id);
    assert_true(reply != NULL && reply->type == REDIS_REPLY_STATUS);
    freeReplyObject(reply);
}

static void put_at(uint16_t shard, uint16_t slot, const char *name, const char *value)
{
    char key[64];
    name_in(slot, name, key);
    struct live_link *link = &primary(shard)->link;
    live_link_append(link, "ASKING");
    live_link_append(link, "SET %s %s", key, value);
    freeReplyObject(live_link_take(link));
    redisReply *reply = live_link_take(link);
    assert_true(reply != NULL && reply->type == REDIS_REPLY_STATUS);
    freeReplyObject(reply);
}

static void set_mark(uint16_t shard, uint16_t slot)
{
    char mark[LIVE_MARK_LEN];
    live_mark_name(slot, mark);
    done(&primary(shard)->link, "SET", mark, "1");
}

static struct live_group group_of(uint32_t count)
{
    struct live_group group = {.cluster = &plain->cluster, .count = count};
    group.from = (uint16_t)live_cluster_shard_of(&plain->cluster, SLOT);
    group.to = (uint16_t)((group.from + 1) % 3);
    for (uint32_t i = 0; i < count; i++)
        group.slot[i].slot = (uint16_t)(SLOT + i);
    return group;
}

static bool gives_away(uint16_t shard, uint16_t slot)
{
    bool gives = false;
    assert_int_equal(live_cluster_refresh(&plain->cluster, NULL), FORE_E_OK);
    for (uint32_t i = 0; i < plain->cluster.open_count; i++) {
        const struct live_open *open = &plain->cluster.open[i];
        gives |= open->slot == slot && !open->importing &&
                 &plain->cluster.instance[open->holder] == primary(shard);
    }
    return gives;
}

/* A mover died while it copied, and `deleted` went meanwhile: with the mark it does not come back;
 * where there is none, what the target holds is the slot's. */
static void copies_that_were_not_passed_are_taken_back(void **state)
{
    (void)state;
    for (int marked = 0; marked < 2; marked++) {
        struct stage *stage = stage_begin(plain, &careful);
        struct live_group group = group_of(1);
        struct fore_diag diag = {0};
        char mark[LIVE_MARK_LEN], deleted[64];
        live_mark_name(SLOT, mark);
        name_in(SLOT, "deleted", deleted);
        ground_put(plain, SLOT, "kept", "new");
        flag(group.to, SLOT, "IMPORTING", primary(group.from)->id);
        put_at(group.to, SLOT, "kept", "old");
        put_at(group.to, SLOT, "deleted", "old");
        if (marked) set_mark(group.from, SLOT);
        assert_int_equal(live_cluster_refresh(&plain->cluster, &diag), FORE_E_OK);
        assert_int_equal(live_group_settle(&group, &diag), FORE_E_OK);
        assert_int_equal(ground_count(plain, group.to, SLOT), marked ? 0 : 2);
        assert_int_equal(ground_count(plain, group.from, SLOT), 1); /* and no mark */
        assert_true(gives_away(group.from, SLOT));
        struct live_group_copied copied;
        struct live_group_limits limits = {
            .slots = 1, .batch_keys = 8, .keys = 100, .ms = 5000, .bytes = 1 << 20};
        for (int tries = 0; tries < 5 && !live_group_drained(&group); tries++)
            (void)!live_group_copy(&group, &careful.slot, &limits, &copied, &diag);
        assert_int_equal(live_group_name(&group, &diag), FORE_E_OK);
        assert_int_equal(live_group_own(&group, &diag), FORE_E_OK);
        assert_int_equal(asks(&primary(group.to)->link, "EXISTS", deleted), !marked);
        assert_int_equal(asks(&primary(group.to)->link, "EXISTS", mark), 0);
        stage_end(stage);
    }
}

/* By an heir's own keys it cannot be told whether a slot has passed, by the mark it can. */
static void an_heir_gives_away_what_has_passed_and_nothing_else(void **state)
{
    (void)state;
    struct stage *stage = stage_begin(plain, &careful);
    struct live_group group = group_of(2);
    const char *third = primary((uint16_t)((group.to + 1) % 3))->id; /* stands for a dead source */
    for (uint16_t slot = SLOT; slot <= OTHER; slot++)
        flag(group.to, slot, "IMPORTING", third);
    set_mark(group.from, OTHER);
    assert_int_equal(live_cluster_refresh(&plain->cluster, NULL), FORE_E_OK);
    assert_int_equal(live_heir_uncover(&group), 1);
    assert_true(gives_away(group.from, SLOT) && !gives_away(group.from, OTHER));
    redisReply *stable =
        live_link_call(&primary(group.from)->link, "CLUSTER SETSLOT %d STABLE", SLOT);
    assert_true(stable != NULL && stable->type == REDIS_REPLY_STATUS);
    freeReplyObject(stable);
    /* What the mover itself knows: copied, and not passed; or asked to pass, without an answer. */
    group.slot[0].whole = group.slot[1].whole = true;
    assert_int_equal(live_heir_tell(&group, primary(group.from)), FORE_E_OK);
    assert_true(!gives_away(group.from, SLOT) && !gives_away(group.from, OTHER));
    group.slot[0].asked = group.slot[1].asked = true;
    assert_int_equal(live_heir_tell(&group, primary(group.from)), FORE_E_OK);
    assert_true(gives_away(group.from, SLOT) && !gives_away(group.from, OTHER));
    stage_end(stage);
}

/* Whoever takes copies back changes the mark first, which a transaction from before has watched. */
static void nothing_from_before_passes_a_slot_whose_copies_are_gone(void **state)
{
    (void)state;
    struct stage *stage = stage_begin(plain, &careful);
    struct live_group group = group_of(1);
    char mark[LIVE_MARK_LEN];
    struct live_link before;
    live_mark_name(SLOT, mark);
    live_link_init(&before, &primary(group.from)->link.address, &plain->access);
    ground_put(plain, SLOT, "kept", "new");
    set_mark(group.from, SLOT);
    done(&before, "WATCH", mark, "");
    flag(group.to, SLOT, "IMPORTING", primary(group.from)->id);
    assert_int_equal(live_mark_undo(primary(group.from), primary(group.to), SLOT, NULL), FORE_E_OK);
    live_link_append(&before, "MULTI");
    live_link_append(&before, "CLUSTER SETSLOT %d MIGRATING %s", SLOT, primary(group.to)->id);
    live_link_append(&before, "EXEC");
    freeReplyObject(live_link_take(&before));
    freeReplyObject(live_link_take(&before));
    redisReply *executed = live_link_take(&before);
    assert_true(executed != NULL && executed->type == REDIS_REPLY_NIL);
    freeReplyObject(executed);
    assert_false(gives_away(group.from, SLOT));
    live_link_close(&before);
    stage_end(stage);
}

static int begin(void **state)
{
    (void)state;
    plain = ground_begin("3 -t 5000");
    return 0;
}

static int end(void **state)
{
    (void)state;
    ground_end(plain);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_of_value_arrives_as_it_was),
        cmocka_unit_test(a_slot_with_many_keys_goes_by_migrate),
        cmocka_unit_test(what_clients_write_meanwhile_is_kept),
        cmocka_unit_test(a_node_that_hangs_now_and_then_loses_nothing),
        cmocka_unit_test(copies_that_were_not_passed_are_taken_back),
        cmocka_unit_test(an_heir_gives_away_what_has_passed_and_nothing_else),
        cmocka_unit_test(nothing_from_before_passes_a_slot_whose_copies_are_gone),
        /* The last: who has refused once is not asked again on the same connection. */
        cmocka_unit_test(where_scripts_are_not_permitted_keys_go_by_migrate),
    };
    if (!ground_possible()) return 0;
    return cmocka_run_group_tests_name("live: slots handed over whole", tests, begin, end);
}
