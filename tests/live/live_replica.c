/* live_replica.c - a replica is added to a shard of a real cluster, catches up, and is dropped. */
#include "live/base/clock.h"
#include "live/redis/replica.h"
#include "tests/live/ground.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void wait_ready(struct ground *ground, const char *id)
{
    uint64_t give_up = live_clock_ms() + 15000;
    do {
        assert_true(live_clock_ms() < give_up);
        live_clock_sleep_ms(50);
        (void)!live_cluster_refresh(&ground->cluster, NULL);
    } while (live_replica_ready(&ground->cluster, id) != FORE_E_OK);
}

static void a_replica_is_added_and_dropped(void **state)
{
    (void)state;
    struct ground *ground = ground_begin("3 -e 1");
    struct live_cluster *cluster = &ground->cluster;
    int empty = -1;
    for (uint32_t i = 0; i < cluster->instance_count; i++)
        if (live_address_same(&cluster->instance[i].link.address, &ground->node[3].address))
            empty = (int)i;
    assert_true(empty >= 0);
    char id[LIVE_ID_LEN + 1];
    memcpy(id, cluster->instance[empty].id, sizeof id);
    uint16_t shard = (uint16_t)live_cluster_shard_of(cluster, 0);
    struct live_instance *primary = live_cluster_primary(cluster, shard);
    ground_fill(ground, 0, 2000, 50);
    assert_int_equal(live_replica_add(cluster, "nobody", shard, NULL), FORE_E_RANGE);
    assert_int_equal(live_replica_add(cluster, primary->id, shard, NULL), FORE_E_CONFLICT);
    assert_int_equal(live_replica_drop(cluster, id, false, NULL), FORE_E_CONFLICT);

    assert_int_equal(live_replica_add(cluster, id, shard, NULL), FORE_E_OK);
    wait_ready(ground, id);
    assert_int_equal(cluster->shard[shard].replicas_in_sync, 1);
    assert_int_equal(cluster->instance[empty].shard, shard);
    assert_int_equal(live_replica_drop(cluster, id, true, NULL), FORE_E_REFUSED);

    assert_int_equal(live_replica_drop(cluster, id, false, NULL), FORE_E_OK);
    assert_true(ground_whole(ground, 10000));
    assert_int_equal(cluster->shard[shard].replicas, 0);
    assert_int_not_equal(cluster->instance[empty].shard, shard);
    assert_int_equal(ground_wrong(ground, 0, 2000, 50), 0);
    assert_int_equal(live_replica_add(cluster, id, shard, NULL), FORE_E_OK); /* free again */
    wait_ready(ground, id);
    ground_end(ground);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_replica_is_added_and_dropped),
    };
    if (!ground_possible()) return 0;
    return cmocka_run_group_tests_name("live: replicas", tests, NULL, NULL);
}
