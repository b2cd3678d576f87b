/* live_split.c - a split of slots and a merge cost a Redis Cluster nothing: no command is sent for
 * either, whatever they cut. That is why `foreshard calibrate` measures no cost of them. */
#include "tests/live/ground_driver.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { SHARDS = 3, CUTS = 40 };

static struct ground *ground;

/* Commands that all nodes have carried out since they began, this question included. */
static unsigned long long commands(void)
{
    unsigned long long sum = 0;
    for (uint16_t shard = 0; shard < SHARDS; shard++) {
        static const char field[] = "total_commands_processed:";
        struct live_instance *at = live_cluster_primary(&ground->cluster, shard);
        assert_non_null(at);
        redisReply *reply = live_link_call(&at->link, "INFO stats");
        assert_non_null(reply);
        const char *found = strstr(reply->str, field);
        assert_non_null(found);
        sum += strtoull(found + sizeof field - 1, NULL, 10);
        freeReplyObject(reply);
    }
    return sum;
}

static void carry_out(struct fore_driver door, const struct fore_move *move, uint32_t *made)
{
    struct fore_move_status status;
    fore_ticket ticket;
    assert_int_equal(fore_driver_begin(door, move, &ticket), FORE_E_OK);
    assert_int_equal(fore_driver_poll(door, ticket, &status), FORE_E_OK);
    assert_int_equal(status.phase, FORE_PHASE_READY); /* at once: there is nothing to wait for */
    assert_int_equal(fore_driver_cutover(door, ticket), FORE_E_OK);
    assert_int_equal(fore_driver_poll(door, ticket, &status), FORE_E_OK);
    assert_int_equal(status.phase, FORE_PHASE_DONE);
    *made = status.partition_new;
}

static void a_split_and_a_merge_send_nothing_to_the_cluster(void **state)
{
    (void)state;
    struct fore_driver door = ground_driver(ground);
    const struct fore_topology *topology;
    unsigned long long before = commands();
    for (int i = 0; i < CUTS; i++) {
        uint32_t made;
        assert_int_equal(fore_driver_topology(door, &topology), FORE_E_OK);
        const struct fore_partition *whole = &topology->partition[0];
        struct fore_move move = {.kind = FORE_MOVE_SPLIT,
                                 .partition = 0,
                                 .other = FORE_PARTITION_NONE,
                                 .source = whole->replica[0],
                                 .target = whole->replica[0],
                                 .split_at = whole->first + (whole->last - whole->first) / 2 + 1,
                                 .split_right_share = 0.5};
        carry_out(door, &move, &made);
        move = (struct fore_move){.kind = FORE_MOVE_MERGE,
                                  .partition = 0,
                                  .other = made,
                                  .source = FORE_NODE_NONE,
                                  .target = FORE_NODE_NONE};
        carry_out(door, &move, &made);
    }
    assert_int_equal(commands() - before, SHARDS); /* the questions themselves */
    assert_true(fore_driver_split_cost(door).overhead_share <= 0 &&
                fore_driver_split_cost(door).pause_s <= 0);
    fore_driver_close(door);
}

static int begin_group(void **state)
{
    (void)state;
    ground = ground_begin("3");
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
        cmocka_unit_test(a_split_and_a_merge_send_nothing_to_the_cluster),
    };
    if (!ground_possible()) return 0;
    return cmocka_run_group_tests_name("live: splits", tests, begin_group, end_group);
}
