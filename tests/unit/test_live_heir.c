/* test_live_heir.c - who is waited for, and how long, while a source's heir is looked for. */
#include "live/base/clock.h"
#include "live/redis/heir.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

/* Who was asked in a hurry while its shard had no primary has its own time again once it has one;
 * not so who is still suspected. No server is asked: the shard is whole. */
static void an_heir_has_its_time_again(void **state)
{
    (void)state;
    struct live_cluster *cluster = calloc(1, sizeof *cluster);
    struct live_heir heir = {.since_ms = 1};
    redisContext there = {.fd = -1};
    cluster->instance_count = 2;
    cluster->shard_count = 1;
    cluster->instance[0].link.context = &there;
    cluster->instance[1].fail = true;
    for (int i = 0; i < 2; i++)
        live_link_hurry(&cluster->instance[i].link, 10, UINT64_MAX);
    assert_null(live_heir_find(&heir, cluster, 0, 2000));
    assert_int_equal(cluster->instance[0].link.hurry_until_ms, 0);
    assert_true(cluster->instance[1].link.hurry_until_ms == UINT64_MAX);
    assert_int_equal(heir.since_ms, 0);
    free(cluster);
}

/* Who is silent is not waited for as usual, whether it is suspected already or not, and whose ever
 * it is; who answers is. No server is asked: nothing listens where the replica is said to be. */
static void the_silent_are_not_waited_for(void **state)
{
    (void)state;
    struct live_cluster *cluster = calloc(1, sizeof *cluster);
    struct live_heir heir = {0};
    struct live_access access = {.timeout_ms = 1000};
    struct live_address nowhere = {.host = "127.0.0.1", .port = 1};
    redisContext there = {.fd = -1};
    cluster->instance_count = 4;
    cluster->shard_count = 2;
    for (uint32_t i = 0; i < 4; i++) {
        live_link_init(&cluster->instance[i].link, &nowhere, &access);
        cluster->instance[i].listed = true;
        cluster->instance[i].primary = i != 1;
        cluster->instance[i].shard = (int16_t)(i / 2);
    }
    cluster->instance[3].link.context = &there;
    assert_null(live_heir_find(&heir, cluster, 0, 2000));
    assert_true(heir.since_ms > 0);
    uint64_t until = heir.since_ms + 2000;
    assert_true(cluster->instance[0].link.hurry_until_ms > until);
    assert_in_range(cluster->instance[0].link.hurry_ms, 1, 250);
    assert_true(cluster->instance[2].link.hurry_until_ms > until);
    assert_int_equal(cluster->instance[3].link.hurry_until_ms, 0);
    cluster->instance[0].pfail = true;
    live_clock_sleep_ms(2); /* it looks not more often than every millisecond */
    assert_null(live_heir_find(&heir, cluster, 0, 2000));
    assert_in_range(cluster->instance[0].link.hurry_ms, 1, 20);
    assert_in_range(cluster->instance[1].link.hurry_ms, 1, 100);
    free(cluster);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_heir_has_its_time_again),
        cmocka_unit_test(the_silent_are_not_waited_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
