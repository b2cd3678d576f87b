/* live_adopt.c - hand-overs that somebody else left half done, in every state they can be left in:
 * seen and left alone, or, when asked to, brought to their end with nothing lost. */
#include "live/base/clock.h"
#include "live/redis/mover.h"
#include "tests/live/ground.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { SLOT = 11, KEYS = 60 };
enum left { TAKEN_IN, GIVEN_AWAY, BOTH_FLAGS, HALF_THE_KEYS, ALL_THE_KEYS, OWNED, LEFT_STATES };

static struct ground *ground;

static void say(struct live_instance *at, const char *what, const char *id)
{
    struct fore_diag diag = {0};
    if (live_link_do(&at->link, &diag, "CLUSTER SETSLOT %d %s %s", SLOT, what, id) != FORE_E_OK)
        fail_msg("%s", diag.text);
}

static void send_keys(struct live_instance *from, struct live_instance *to, int first, int last)
{
    char tag[LIVE_TAG_MAX];
    live_slot_tag(SLOT, tag);
    for (int i = first; i < last; i++)
        assert_int_equal(live_link_do(&from->link, NULL, "MIGRATE %s %d %sa%d 0 1000",
                                      to->link.address.host, (int)to->link.address.port, tag, i),
                         FORE_E_OK);
}

/* Leaves the slot as somebody might who was killed there. */
static void leave(enum left state, struct live_instance *from, struct live_instance *to)
{
    for (int i = 0; i < KEYS; i++) {
        char name[16];
        (void)snprintf(name, sizeof name, "a%d", i);
        ground_put(ground, SLOT, name, name);
    }
    if (state != GIVEN_AWAY) say(to, "IMPORTING", from->id);
    if (state != TAKEN_IN) say(from, "MIGRATING", to->id);
    if (state >= HALF_THE_KEYS) send_keys(from, to, 0, KEYS / 2);
    if (state >= ALL_THE_KEYS) send_keys(from, to, KEYS / 2, KEYS);
    if (state == OWNED) say(to, "NODE", to->id);
    live_clock_sleep_ms(200);
    assert_int_equal(live_cluster_refresh(&ground->cluster, NULL), FORE_E_OK);
}

static uint32_t keys_of_clients(void)
{
    uint32_t found = 0;
    for (int i = 0; i < KEYS; i++) {
        char tag[LIVE_TAG_MAX], key[48], value[16];
        live_slot_tag(SLOT, tag);
        (void)snprintf(value, sizeof value, "a%d", i);
        (void)snprintf(key, sizeof key, "%s%s", tag, value);
        const char *arg[] = {"GET", key};
        struct live_command command = {.arg = arg, .arg_count = 2, .key = 1, .idempotent = true};
        redisReply *reply = NULL;
        found += live_client_call(&ground->client, &command, &reply) == FORE_E_OK &&
                 reply->type == REDIS_REPLY_STRING && strcmp(reply->str, value) == 0;
        if (reply != NULL) freeReplyObject(reply);
    }
    return found;
}

static bool settling(const struct live_mover *mover)
{
    for (int i = 0; i < LIVE_MOVES_MAX; i++)
        if (mover->move[i].phase == LIVE_MOVE_SETTLING) return true;
    return false;
}

static uint64_t run(struct live_mover *mover, uint32_t ms)
{
    uint64_t until = live_clock_ms() + ms;
    while (live_clock_ms() < until && (settling(mover) || ms < 1000))
        if (!live_mover_step(mover)) live_clock_sleep_ms(5);
    return mover->counts.slots;
}

static void left_at(enum left state)
{
    char name[32];
    struct live_open open[4];
    struct live_journal *journal = NULL;
    struct live_mover *mover = calloc(1, sizeof *mover);
    struct live_mover_options options = {.slot = {.verify = true}};
    ground_reset(ground);
    uint16_t from = (uint16_t)live_cluster_shard_of(&ground->cluster, SLOT);
    uint16_t to = (uint16_t)((from + 1) % 3);
    leave(state, live_cluster_primary(&ground->cluster, from),
          live_cluster_primary(&ground->cluster, to));
    (void)snprintf(name, sizeof name, "adopt-%d.db", (int)state);
    assert_int_equal(live_journal_open(ground_path(ground, name), "adopt", 0, &journal, NULL),
                     FORE_E_OK);

    live_mover_init(mover, &ground->cluster, journal, &options);
    assert_int_equal(live_mover_recover(mover), 0);
    assert_true(live_mover_strangers(mover, open, 4) > 0);
    assert_int_equal(open[0].slot, SLOT);
    assert_int_equal(run(mover, 300), 0);
    assert_true(ground->cluster.open_count > 0);

    options.adopt = true;
    live_mover_init(mover, &ground->cluster, journal, &options);
    assert_int_equal(live_mover_recover(mover), 1);
    assert_int_equal(live_mover_strangers(mover, open, 4), 0);
    (void)run(mover, 15000);
    assert_false(settling(mover));
    assert_true(ground_whole(ground, 5000));
    assert_int_equal(live_cluster_shard_of(&ground->cluster, SLOT), to);
    assert_int_equal(ground_count(ground, to, SLOT), KEYS);
    assert_int_equal(keys_of_clients(), KEYS);
    assert_int_equal(live_journal_unfinished(journal, NULL, 0), 0);
    live_journal_close(journal);
    free(mover);
}

static void what_others_left_half_done_is_taken_over_only_when_asked_to(void **state)
{
    (void)state;
    for (int left = 0; left < LEFT_STATES; left++)
        left_at((enum left)left);
}

/* Flags whose ends have nothing to do with the owner. */
static void what_is_not_clear_is_not_taken_over(void **state)
{
    (void)state;
    struct live_journal *journal = NULL;
    struct live_mover *mover = calloc(1, sizeof *mover);
    struct live_mover_options options = {.adopt = true};
    struct live_cluster *cluster = &ground->cluster;
    struct fore_diag diag = {0};
    ground_reset(ground);
    uint16_t owner = (uint16_t)live_cluster_shard_of(cluster, SLOT);
    struct live_instance *to = live_cluster_primary(cluster, (uint16_t)((owner + 1) % 3));
    struct live_instance *third = live_cluster_primary(cluster, (uint16_t)((owner + 2) % 3));
    say(to, "IMPORTING", third->id);
    assert_int_equal(live_cluster_refresh(cluster, NULL), FORE_E_OK);
    assert_int_equal(
        live_journal_open(ground_path(ground, "unclear.db"), "adopt", 0, &journal, NULL),
        FORE_E_OK);
    live_mover_init(mover, cluster, journal, &options);
    assert_int_equal(live_mover_recover(mover), 0);
    assert_int_equal(live_mover_adopt(mover, &cluster->open[0], &diag), FORE_E_CONFLICT);
    assert_non_null(strstr(diag.text, "slot 11"));
    assert_int_equal(live_journal_unfinished(journal, NULL, 0), 0);
    live_journal_close(journal);
    free(mover);
}

static int begin_group(void **state)
{
    (void)state;
    ground = ground_begin("3 -t 5000");
    return 0;
}

static int end_group(void **state)
{
    (void)state;
    ground_end(ground);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_others_left_half_done_is_taken_over_only_when_asked_to),
        cmocka_unit_test(what_is_not_clear_is_not_taken_over),
    };
    if (!ground_possible()) return 0;
    return cmocka_run_group_tests_name("live: work of others", tests, begin_group, end_group);
}
