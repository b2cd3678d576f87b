/* live_mover.c - slots handed over and ranges moved on a real cluster: nothing lost, nothing left,
 * nothing moved that must not be. */
#include "live/base/clock.h"
#include "live/redis/mover.h"
#include "tests/live/stage.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static struct ground *plain, *replicated;

static const struct live_mover_options careful = {.slot = {.verify = true}};

static void a_range_moves_whole_and_adds_up(void **state)
{
    (void)state;
    struct stage *stage = stage_begin(plain, &careful);
    ground_fill(plain, 0, 20000, 100);
    uint32_t index = stage_move(stage, 100, 399);
    uint32_t had = plain->cluster.shard[stage->mover.move[index].to].slot_count;
    struct live_move *move = stage_until(stage, index, LIVE_MOVE_READY);
    assert_true(move->keys_done > 200 && move->keys_done == move->keys_total);
    assert_true(move->bytes_done == move->bytes_total);
    assert_int_equal(move->out.keys, move->keys_done);
    assert_int_equal(move->strange.keys, 0);
    assert_true(live_move_adds_up(&stage->mover, move));
    assert_int_equal(live_mover_finish(&stage->mover, index), FORE_E_OK);
    assert_true(ground_whole(plain, 3000));
    assert_int_equal(plain->cluster.shard[move->to].slot_count, had + 300);
    assert_int_equal(ground_wrong(plain, 0, 20000, 100), 0);
    for (uint16_t slot = 100; slot < 400; slot++)
        assert_int_equal(ground_count(plain, move->from, slot), 0);
    assert_int_equal(live_journal_unfinished(stage->journal, NULL, 0), 0);
    stage_end(stage);
}

/* Every type there is, large enough for each of its encodings, some with a time to live. */
static void fill_types(struct ground *ground, uint16_t slot)
{
    char tag[LIVE_TAG_MAX], script[1024];
    live_slot_tag(slot, tag);
    (void)snprintf(script, sizeof script,
                   "local t='%s' for _,n in ipairs({3,1000}) do for i=1,n do "
                   "redis.call('RPUSH',t..'list'..n,'v'..i..string.rep('x',i%%90)) "
                   "redis.call('SADD',t..'set'..n,'m'..i) redis.call('SADD',t..'int'..n,i*7) "
                   "redis.call('HSET',t..'hash'..n,'f'..i,'v'..(i*i)) "
                   "redis.call('ZADD',t..'zset'..n,i/3,'z'..i) "
                   "redis.call('XADD',t..'stream'..n,i..'-1','a',i) end end "
                   "redis.call('SET',t..'num','12345') redis.call('SET',t..'bin','\\0\\1\\255') "
                   "redis.call('PFADD',t..'hll','a','b') redis.call('SETBIT',t..'bits',999,1) "
                   "redis.call('PEXPIRE',t..'set3',600000) redis.call('PEXPIRE',t..'num',600000)",
                   tag);
    const char *arg[] = {"EVAL", script, "1", tag};
    struct live_command command = {.arg = arg, .arg_count = 4, .key = 3};
    redisReply *reply = NULL;
    assert_int_equal(live_client_call(&ground->client, &command, &reply), FORE_E_OK);
    if (reply->type == REDIS_REPLY_ERROR) fail_msg("%s", reply->str);
    freeReplyObject(reply);
}

static void every_type_arrives_as_it_was(void **state)
{
    (void)state;
    struct stage *stage = stage_begin(plain, &careful);
    struct live_cluster *cluster = &plain->cluster;
    fill_types(plain, 7);
    struct live_digest before = {0}, after = {0};
    struct live_instance *from =
        live_cluster_primary(cluster, (uint16_t)live_cluster_shard_of(cluster, 7));
    assert_int_equal(live_digest_slot(&from->link, 7, false, &before), FORE_E_OK);
    assert_int_equal(before.keys, 16);
    struct live_move *move = stage_until(stage, stage_move(stage, 7, 7), LIVE_MOVE_READY);
    assert_true(live_move_adds_up(&stage->mover, move));
    assert_int_equal(move->strange.keys, 0);
    struct live_instance *to = live_cluster_primary(cluster, move->to);
    assert_int_equal(live_digest_slot(&to->link, 7, false, &after), FORE_E_OK);
    assert_true(live_digest_same(&before, &after));
    stage_end(stage);
}

/* The tag where the text has an @. */
static void fill_in(const char *text, const char *tag, char *out)
{
    for (; *text != '\0'; text++) {
        size_t len = *text == '@' ? strlen(tag) : 1;
        memcpy(out, *text == '@' ? tag : text, len);
        out += len;
    }
    *out = '\0';
}

/* The digest is worth something only if it notices. */
static void a_digest_notices_every_kind_of_change(void **state)
{
    (void)state;
    struct stage *stage = stage_begin(plain, &careful);
    struct live_cluster *cluster = &plain->cluster;
    fill_types(plain, 7);
    struct live_instance *at =
        live_cluster_primary(cluster, (uint16_t)live_cluster_shard_of(cluster, 7));
    static const char *const changes[] = {"RPUSH @list1000 x",
                                          "SREM @set1000 m5",
                                          "SADD @int3 1",
                                          "HSET @hash1000 f9 no",
                                          "HDEL @hash3 f1",
                                          "ZADD @zset3 9 z1",
                                          "XADD @stream3 * a b",
                                          "SET @num 12346 KEEPTTL",
                                          "PERSIST @num",
                                          "RENAME @bin @bon",
                                          "DEL @hll",
                                          "SETBIT @bits 3 1",
                                          "SET @extra 1"};
    char tag[LIVE_TAG_MAX], words[128];
    live_slot_tag(7, tag);
    for (size_t i = 0; i < FORE_COUNTOF(changes); i++) {
        struct live_digest before = {0}, after = {0};
        assert_int_equal(live_digest_slot(&at->link, 7, false, &before), FORE_E_OK);
        fill_in(changes[i], tag, words);
        assert_int_equal(live_link_do(&at->link, NULL, words), FORE_E_OK);
        assert_int_equal(live_digest_slot(&at->link, 7, false, &after), FORE_E_OK);
        if (live_digest_same(&before, &after)) fail_msg("not noticed: %s", words);
    }
    stage_end(stage);
}

static void a_cancelled_move_goes_all_the_way_back(void **state)
{
    (void)state;
    struct stage *stage = stage_begin(plain, &careful);
    ground_fill(plain, 0, 20000, 100);
    uint32_t index = stage_move(stage, 100, 199);
    struct live_move *move = &stage->mover.move[index];
    while (move->next < 130 || !move->open)
        (void)live_mover_step(&stage->mover);
    live_mover_cancel(&stage->mover, index);
    (void)stage_until(stage, index, LIVE_MOVE_BACK);
    assert_true(ground_whole(plain, 3000));
    for (uint16_t slot = 100; slot < 200; slot++) {
        assert_int_equal(live_cluster_shard_of(&plain->cluster, slot), move->from);
        assert_int_equal(ground_count(plain, move->to, slot), 0);
    }
    assert_int_equal(ground_wrong(plain, 0, 20000, 100), 0);
    live_mover_release(&stage->mover, index);
    assert_int_equal(stage->mover.move[index].phase, LIVE_MOVE_FREE);
    stage_end(stage);
}

static void large_keys_travel_alone_and_last_and_huge_ones_not_at_all(void **state)
{
    (void)state;
    struct live_mover_options options = careful;
    options.slot.alone_bytes = 20000;
    options.node_timeout_ms = 2000;
    options.big_bytes_per_ms = 1000; /* so half a MiB is too much */
    struct stage *stage = stage_begin(plain, &options);
    static char value[600001];
    memset(value, 'v', sizeof value - 1);
    for (int i = 0; i < 100; i++) {
        char name[8];
        (void)snprintf(name, sizeof name, "%d", i);
        ground_put(plain, 50, name, "small");
    }
    value[100000] = '\0';
    ground_put(plain, 50, "large", value);
    ground_put(plain, 50, "larger", value);
    struct live_move *move = stage_until(stage, stage_move(stage, 50, 50), LIVE_MOVE_READY);
    assert_int_equal(move->unchecked, 2);
    assert_int_equal(move->keys_done, 102);
    assert_int_equal(live_mover_finish(&stage->mover, 0), FORE_E_OK);

    value[100000] = 'v';
    ground_put(plain, 60, "huge", value);
    uint32_t index = stage_move(stage, 58, 61);
    move = stage_until(stage, index, LIVE_MOVE_FAILED);
    assert_non_null(strstr(move->why, "slot 60"));
    assert_true(ground_whole(plain, 1000)); /* nothing was opened */
    assert_int_equal(live_cluster_shard_of(&plain->cluster, 58), move->from);
    stage_end(stage);
}

static void a_rate_is_kept(void **state)
{
    (void)state;
    struct stage *stage = stage_begin(plain, &careful);
    for (int i = 0; i < 400; i++) {
        char name[8];
        (void)snprintf(name, sizeof name, "%d", i);
        ground_put(plain, 50, name, "0123456789012345678901234567890123456789");
    }
    uint32_t index = stage_move(stage, 50, 50);
    struct live_move *move = stage_until(stage, index, LIVE_MOVE_MOVING);
    live_mover_limit(&stage->mover, index, (double)move->bytes_total);
    uint64_t began = live_clock_ms();
    (void)stage_until(stage, index, LIVE_MOVE_READY);
    uint64_t took = live_clock_ms() - began; /* a second, less the tenth saved up */
    if (took < 700 || took > 2000) fail_msg("%llu ms", (unsigned long long)took);
    stage_end(stage);
}

static void what_must_not_begin_does_not(void **state)
{
    (void)state;
    struct stage *stage = stage_begin(plain, &careful);
    uint32_t index = 0;
    struct live_cluster *cluster = &plain->cluster;
    uint16_t a = (uint16_t)live_cluster_shard_of(cluster, 0),
             b = (uint16_t)live_cluster_shard_of(cluster, 16383);
    struct live_journal_move bad[] = {
        {.first = 5, .last = 4,     .from = a, .to = b },
        {.first = 0, .last = 16384, .from = a, .to = b },
        {.first = 0, .last = 0,     .from = a, .to = a },
        {.first = 0, .last = 0,     .from = b, .to = a },
        {.first = 0, .last = 16383, .from = a, .to = b },
        {.first = 0, .last = 0,     .from = a, .to = 63},
    };
    for (size_t i = 0; i < FORE_COUNTOF(bad); i++) {
        struct fore_diag diag = {0};
        enum fore_err err = live_mover_begin(&stage->mover, &bad[i], 0, &index, &diag);
        if (err == FORE_E_OK || diag.text[0] == '\0') fail_msg("began: %zu", i);
    }
    index = stage_move(stage, 0, 9);
    struct live_journal_move crossing = {.first = 9, .last = 12, .from = a, .to = b};
    assert_int_equal(live_mover_begin(&stage->mover, &crossing, 0, &index, NULL), FORE_E_CONFLICT);
    stage_end(stage);
}

static void open_slots_of_others_are_seen_and_left_alone(void **state)
{
    (void)state;
    struct stage *stage = stage_begin(plain, &careful);
    struct live_cluster *cluster = &plain->cluster;
    uint16_t a = (uint16_t)live_cluster_shard_of(cluster, 0);
    struct live_instance *from = live_cluster_primary(cluster, a);
    struct live_instance *to = live_cluster_primary(cluster, (uint16_t)((a + 1u) % 3));
    assert_int_equal(live_link_do(&to->link, NULL, "CLUSTER SETSLOT 3 IMPORTING %s", from->id),
                     FORE_E_OK);
    assert_int_equal(live_cluster_refresh(cluster, NULL), FORE_E_OK);
    struct live_open open[4];
    assert_int_equal(live_mover_strangers(&stage->mover, open, 4), 1);
    assert_int_equal(open[0].slot, 3);
    assert_true(open[0].importing);
    struct live_journal_move move = {
        .first = 0, .last = 5, .from = a, .to = (uint16_t)((a + 1u) % 3)};
    uint32_t index = 0;
    struct fore_diag diag = {0};
    assert_int_equal(live_mover_begin(&stage->mover, &move, 0, &index, &diag), FORE_E_CONFLICT);
    assert_non_null(strstr(diag.text, "other hands"));
    stage_end(stage);
}

static void without_a_replica_in_sync_nothing_begins(void **state)
{
    (void)state;
    struct live_mover_options options = careful;
    options.need_replica = true;
    struct stage *stage = stage_begin(plain, &options);
    struct live_journal_move move = {.first = 0, .last = 5};
    move.from = (uint16_t)live_cluster_shard_of(&plain->cluster, 0);
    move.to = (uint16_t)((move.from + 1u) % 3);
    uint32_t index = 0;
    assert_int_equal(live_mover_begin(&stage->mover, &move, 0, &index, NULL), FORE_E_REFUSED);
    stage_end(stage);
}

static void with_replicas_every_batch_is_waited_for(void **state)
{
    (void)state;
    struct live_mover_options options = careful;
    options.need_replica = true;
    struct stage *stage = stage_begin(replicated, &options);
    ground_fill(replicated, 0, 5000, 50);
    struct live_move *move = stage_until(stage, stage_move(stage, 0, 99), LIVE_MOVE_READY);
    assert_true(live_move_adds_up(&stage->mover, move));
    assert_int_equal(stage->mover.counts.unreplicated, 0);
    assert_true(ground_whole(replicated, 3000));
    assert_int_equal(ground_wrong(replicated, 0, 5000, 50), 0);
    stage_end(stage);
}

static void a_second_mover_is_kept_out_and_a_fenced_one_stops(void **state)
{
    (void)state;
    struct stage *stage = stage_begin(plain, &careful);
    const char *path = ground_path(plain, "shared.db");
    char name[256];
    (void)snprintf(name, sizeof name, "%s", path);
    struct live_journal *first = NULL, *second = NULL;
    struct fore_diag diag = {0};
    assert_int_equal(live_journal_open(name, "first", 300, &first, &diag), FORE_E_OK);
    assert_int_equal(live_journal_open(name, "second", 300, &second, &diag), FORE_E_REFUSED);
    assert_non_null(strstr(diag.text, "first"));
    stage->mover.journal = first;
    uint32_t index = stage_move(stage, 0, 200);
    uint64_t give_up = live_clock_ms() + 10000;
    while (stage->mover.move[index].next < 3 && live_clock_ms() < give_up)
        if (!live_mover_step(&stage->mover)) live_clock_sleep_ms(1);
    live_clock_sleep_ms(400); /* longer than the lease: as if stopped */
    assert_int_equal(live_journal_open(name, "second", 300, &second, &diag), FORE_E_OK);
    uint32_t before = stage->mover.move[index].next;
    for (int i = 0; i < 50; i++)
        (void)live_mover_step(&stage->mover);
    assert_true(stage->mover.fenced);
    assert_true(stage->mover.move[index].next <= before + 1);
    /* The second one finishes what the first has begun. */
    live_mover_init(&stage->mover, &plain->cluster, second, &careful);
    assert_int_equal(live_mover_recover(&stage->mover), 1);
    give_up = live_clock_ms() + 5000;
    while (stage->mover.move[0].phase != LIVE_MOVE_FREE && live_clock_ms() < give_up)
        (void)live_mover_step(&stage->mover);
    assert_true(ground_whole(plain, 3000));
    live_journal_close(first);
    live_journal_close(second);
    stage_end(stage);
}

static void a_password_is_passed_on(void **state)
{
    (void)state;
    struct ground *locked = ground_begin("3 -a open-sesame");
    struct stage *stage = stage_begin(locked, &careful);
    ground_fill(locked, 0, 500, 20);
    (void)stage_until(stage, stage_move(stage, 0, 199), LIVE_MOVE_READY);
    assert_int_equal(ground_wrong(locked, 0, 500, 20), 0);
    stage_end(stage);
    ground_end(locked);
}

/* ---- pauses, and trouble that passes ------------------------------------------------------ */

static void a_paused_move_finishes_its_slot_and_rests(void **state)
{
    (void)state;
    struct stage *stage = stage_begin(plain, &careful);
    ground_fill(plain, 0, 5000, 50);
    uint32_t index = stage_move(stage, 0, 99);
    struct live_move *move = stage_until(stage, index, LIVE_MOVE_MOVING);
    while (!move->open)
        (void)live_mover_step(&stage->mover);
    live_mover_pause(&stage->mover, index, true);
    for (int i = 0; i < 100; i++)
        (void)live_mover_step(&stage->mover);
    uint32_t reached = move->next;
    assert_false(move->open);
    assert_true(ground_whole(plain, 2000));
    for (int i = 0; i < 100; i++)
        (void)live_mover_step(&stage->mover);
    assert_int_equal(move->next, reached);
    live_mover_pause(&stage->mover, index, false);
    (void)stage_until(stage, index, LIVE_MOVE_READY);
    assert_int_equal(ground_wrong(plain, 0, 5000, 50), 0);
    stage_end(stage);
}

static void at_the_end_of_a_run_no_slot_stays_open(void **state)
{
    (void)state;
    struct stage *stage = stage_begin(plain, &careful);
    ground_fill(plain, 0, 5000, 50);
    struct live_move *move = stage_until(stage, stage_move(stage, 0, 99), LIVE_MOVE_MOVING);
    while (!move->open)
        (void)live_mover_step(&stage->mover);
    assert_true(live_mover_rest(&stage->mover, 20000));
    assert_false(move->open);
    assert_true(move->next < 100); /* the rest of it is not hurried through */
    assert_true(ground_whole(plain, 2000));
    assert_int_equal(ground_wrong(plain, 0, 5000, 50), 0);
    stage_end(stage);
}

/* A node that stands still is suspected by the others: nothing is opened until it is back. */
static void a_stopped_node_freezes_all_moves(void **state)
{
    (void)state;
    struct stage *stage = stage_begin(replicated, &careful);
    struct live_cluster *cluster = &replicated->cluster;
    uint32_t index = stage_move(stage, 0, 199);
    struct live_move *move = stage_until(stage, index, LIVE_MOVE_MOVING);
    struct live_instance *third =
        live_cluster_primary(cluster, (uint16_t)(3 - move->from - move->to));
    struct live_address address = third->link.address;
    ground_signal(replicated, &address, SIGSTOP);
    uint64_t give_up = live_clock_ms() + 8000;
    while (stage->mover.frozen[0] == '\0' && move->phase == LIVE_MOVE_MOVING &&
           live_clock_ms() < give_up) {
        (void)live_mover_step(&stage->mover);
        live_clock_sleep_ms(20); /* so that the move is not over before it is noticed */
    }
    bool frozen = stage->mover.frozen[0] != '\0';
    ground_signal(replicated, &address, SIGCONT);
    assert_true(frozen);
    (void)stage_until(stage, index, LIVE_MOVE_READY); /* and by itself it goes on */
    assert_true(ground_whole(replicated, 10000));
    stage_end(stage);
}

static int begin_group(void **state)
{
    (void)state;
    plain = ground_begin("3");
    replicated = ground_begin("3 -r 1");
    return 0;
}

static int end_group(void **state)
{
    (void)state;
    ground_end(plain);
    ground_end(replicated);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_range_moves_whole_and_adds_up),
        cmocka_unit_test(every_type_arrives_as_it_was),
        cmocka_unit_test(a_digest_notices_every_kind_of_change),
        cmocka_unit_test(a_cancelled_move_goes_all_the_way_back),
        cmocka_unit_test(large_keys_travel_alone_and_last_and_huge_ones_not_at_all),
        cmocka_unit_test(a_rate_is_kept),
        cmocka_unit_test(what_must_not_begin_does_not),
        cmocka_unit_test(open_slots_of_others_are_seen_and_left_alone),
        cmocka_unit_test(without_a_replica_in_sync_nothing_begins),
        cmocka_unit_test(with_replicas_every_batch_is_waited_for),
        cmocka_unit_test(a_second_mover_is_kept_out_and_a_fenced_one_stops),
        cmocka_unit_test(a_paused_move_finishes_its_slot_and_rests),
        cmocka_unit_test(at_the_end_of_a_run_no_slot_stays_open),
        cmocka_unit_test(a_stopped_node_freezes_all_moves),
        cmocka_unit_test(a_password_is_passed_on),
    };
    if (!ground_possible()) return 0;
    return cmocka_run_group_tests_name("live: mover", tests, begin_group, end_group);
}
