/* live_late.c - messages of the cluster bus that arrive late, sent by hand (bus.h): Redis 7.0.12 to
 * 7.2.3 takes a slot, keys and all, from its owner when two of them come at the wrong moments; not
 * from one that our mover made the owner. */
#include "live/base/clock.h"
#include "live/redis/mover.h"
#include "tests/live/bus.h"
#include "tests/live/ground.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { FIRST = 3, LAST = 5, KEYS = 50 };

static struct ground *ground;

static int primary_of(uint32_t shard)
{
    return ground->cluster.shard[shard].primary;
}

static void late(int sender, int receiver, bool claimed)
{
    struct bus_late message = {
        .sender = sender, .receiver = receiver, .first = FIRST, .last = LAST, .claimed = claimed};
    assert_int_equal(live_cluster_refresh(&ground->cluster, NULL), FORE_E_OK);
    assert_true(bus_send_late(&ground->cluster, &message));
    live_clock_sleep_ms(200);
}

static void move_all(uint16_t from, uint16_t to)
{
    static int number;
    char name[32];
    struct live_mover *mover = calloc(1, sizeof *mover);
    struct live_journal *journal = NULL;
    struct live_mover_options options = {.slot = {.verify = true}};
    struct live_journal_move move = {.first = FIRST, .last = LAST, .from = from, .to = to};
    struct fore_diag diag = {0};
    uint32_t index = 0;
    (void)snprintf(name, sizeof name, "late-%d.db", number++);
    if (live_journal_open(ground_path(ground, name), "late", 0, &journal, &diag) != FORE_E_OK)
        fail_msg("%s", diag.text);
    live_mover_init(mover, &ground->cluster, journal, &options);
    if (live_mover_begin(mover, &move, 0, &index, &diag) != FORE_E_OK) fail_msg("%s", diag.text);
    uint64_t until = live_clock_ms() + 30000;
    while (mover->move[index].phase != LIVE_MOVE_READY) {
        if (live_clock_ms() > until) fail_msg("%s; %s", mover->frozen, mover->move[index].why);
        if (!live_mover_step(mover)) live_clock_sleep_ms(5);
    }
    assert_int_equal(live_mover_finish(mover, index), FORE_E_OK);
    live_journal_close(journal);
    free(mover);
}

static void all_is_there(uint32_t shard)
{
    assert_true(ground_whole(ground, 5000));
    for (uint16_t slot = FIRST; slot <= LAST; slot++) {
        assert_int_equal(live_cluster_shard_of(&ground->cluster, slot), shard);
        assert_int_equal(ground_count(ground, shard, slot), KEYS);
    }
}

/* What the old owner of a slot said before it took it, heard after it was told to be the owner;
 * and what it said while it was, heard when it is no longer. */
static void a_slot_that_comes_back_is_not_lost_to_late_messages(void **state)
{
    (void)state;
    ground_reset(ground);
    uint16_t home = (uint16_t)live_cluster_shard_of(&ground->cluster, FIRST);
    uint16_t away = (uint16_t)((home + 1) % 3);
    for (uint16_t slot = FIRST; slot <= LAST; slot++)
        for (int i = 0; i < KEYS; i++) {
            char name[16];
            (void)snprintf(name, sizeof name, "k%d", i);
            ground_put(ground, slot, name, name);
        }
    move_all(home, away);
    late(primary_of(away), primary_of(home), false);
    all_is_there(away);
    move_all(away, home);
    late(primary_of(away), primary_of(home), true);
    all_is_there(home);
}

/* The same at a node that has never had the slot before. */
static void a_slot_that_comes_is_not_lost_to_late_messages(void **state)
{
    (void)state;
    ground_reset(ground);
    uint16_t home = (uint16_t)live_cluster_shard_of(&ground->cluster, FIRST);
    uint16_t away = (uint16_t)((home + 2) % 3);
    for (uint16_t slot = FIRST; slot <= LAST; slot++)
        for (int i = 0; i < KEYS; i++) {
            char name[16];
            (void)snprintf(name, sizeof name, "k%d", i);
            ground_put(ground, slot, name, name);
        }
    late(primary_of(home), primary_of(away), false);
    move_all(home, away);
    late(primary_of(home), primary_of(away), true);
    all_is_there(away);
}

static int begin_group(void **state)
{
    (void)state;
    ground = ground_begin("3 -t 2000");
    return 0;
}

static int end_group(void **state)
{
    (void)state;
    ground_end(ground);
    return 0;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_slot_that_comes_back_is_not_lost_to_late_messages),
        cmocka_unit_test(a_slot_that_comes_is_not_lost_to_late_messages),
    };
    if (!ground_possible()) return 0;
    if (argc > 1) cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests_name("live: late messages", tests, begin_group, end_group);
}
