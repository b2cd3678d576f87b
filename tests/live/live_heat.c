/* live_heat.c - samples of a real cluster against what a test sent: totals exact, the slots that
 * got the commands in front, sizes about right, and every estimate says where it comes from. */
#include "live/base/clock.h"
#include "live/redis/driver.h"
#include "live/redis/follow.h"
#include "tests/live/ground.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct ground *ground;
static const char *capture; /* device */

static struct live_driver *drive(double duty)
{
    static int number;
    char name[32];
    (void)snprintf(name, sizeof name, "heat-%d.db", number++);
    struct live_driver_options options = {
        .seed = &ground->node[0].address,
        .seed_count = 1,
        .access = ground->access,
        .journal = ground_path(ground, name),
        .partitions = 64,
        .window = 500 * FORE_MS,
        .heat = {.duty = duty, .glance_ms = 20, .seed = 3, .capture = capture}
    };
    struct live_driver *driver = NULL;
    struct fore_diag diag = {0};
    if (live_driver_open(&driver, &options, &diag) != FORE_E_OK) fail_msg("%s", diag.text);
    return driver;
}

/* GET of one key of a slot, so many times, in pipelines. */
static void ask(uint16_t slot, int times)
{
    char tag[LIVE_TAG_MAX], key[32];
    live_slot_tag(slot, tag);
    (void)snprintf(key, sizeof key, "%shot", tag);
    const char *arg[] = {"GET", key};
    struct live_command command[100];
    redisReply *reply[100];
    for (int i = 0; i < 100; i++)
        command[i] =
            (struct live_command){.arg = arg, .arg_count = 2, .key = 1, .idempotent = true};
    for (int done = 0; done < times; done += 100) {
        assert_int_equal(live_client_batch(&ground->client, command, 100, reply), FORE_E_OK);
        for (int i = 0; i < 100; i++)
            freeReplyObject(reply[i]);
    }
}

static struct fore_sample window(struct live_driver *driver)
{
    struct fore_sample sample;
    while (fore_driver_sample(live_driver_door(driver), &sample) != FORE_E_OK)
        live_driver_run(driver, 100 * FORE_MS);
    return sample;
}

static void totals_are_what_was_sent(void **state)
{
    (void)state;
    ground_reset(ground);
    struct live_driver *driver = drive(0);
    assert_int_equal(driver->heat.source, LIVE_HEAT_MONITOR);
    (void)window(driver);
    ask(5, 3000);
    ground_fill(ground, 0, 1000, 50);
    uint64_t reads = 0, writes = 0;
    for (int i = 0; i < 3; i++) {
        struct fore_sample sample = window(driver);
        for (uint32_t p = 0; p < sample.partition_count; p++) {
            reads += sample.partition[p].reads;
            writes += sample.partition[p].writes;
        }
        assert_true(sample.load_is_estimate);
        for (uint32_t n = 0; n < sample.node_count; n++) {
            assert_true(sample.node[n].up && sample.node[n].latency_p99_ns > 0);
            assert_true(sample.node[n].utilization >= 0 && sample.node[n].utilization < 1.5);
        }
    }
    assert_in_range(reads, 3000, 3002); /* rounding */
    assert_in_range(writes, 999, 1001);
    fore_driver_close(live_driver_door(driver));
}

/* Three slots of one node, read 6 : 3 : 1. */
static void glances_share_a_node_out_to_its_slots(void **state)
{
    (void)state;
    ground_reset(ground);
    struct live_driver *driver = drive(0.1);
    static const uint16_t slot[] = {100, 1100, 2100};
    static const int times[] = {600, 300, 100};
    double seen[3] = {0};
    uint64_t until = live_clock_ms() + 6000;
    while (live_clock_ms() < until) {
        for (int i = 0; i < 3; i++)
            ask(slot[i], times[i]);
        live_driver_run(driver, 5 * FORE_MS);
    }
    struct fore_sample sample = driver->sample;
    double all = 0;
    for (int i = 0; i < 3; i++) {
        uint32_t p = fore_topology_find(&driver->topology, (uint64_t)slot[i] << FORE_SLOT_SHIFT);
        seen[i] = (double)sample.partition[p].reads;
        all += seen[i];
    }
    if (!(fabs(seen[0] / all - 0.6) < 0.12 && fabs(seen[1] / all - 0.3) < 0.12))
        fail_msg("%g %g %g", seen[0], seen[1], seen[2]);
    struct live_heat_sure sure = live_heat_sure(&driver->heat, 100, 100);
    assert_int_equal(sure.source, LIVE_HEAT_MONITOR);
    assert_true(sure.samples > 100 && sure.relative_error < 0.1);
    assert_true(isinf(live_heat_sure(&driver->heat, 4000, 4000).relative_error));
    fore_driver_close(live_driver_door(driver));
}

/* As root, or with CAP_NET_RAW: every command is seen; else the reason is said. */
static void what_passes_on_the_wire_is_counted(void **state)
{
    (void)state;
    ground_reset(ground);
    capture = "lo";
    struct live_driver *driver = drive(0);
    capture = NULL;
    if (driver->heat.source != LIVE_HEAT_PCAP) {
        assert_int_equal(driver->heat.source, LIVE_HEAT_MONITOR);
        assert_true(driver->heat.capture_diag.text[0] != '\0');
        print_message("skipped: %s\n", driver->heat.capture_diag.text);
        fore_driver_close(live_driver_door(driver));
        skip();
    }
    static const uint16_t slot[] = {100, 1100, 9100};
    static const int times[] = {2000, 1000, 500};
    (void)window(driver);
    for (int i = 0; i < 3; i++)
        ask(slot[i], times[i]);
    double seen[3] = {0}, missed = 0;
    for (int w = 0; w < 3; w++) {
        struct fore_sample sample = window(driver);
        for (int i = 0; i < 3; i++) {
            uint32_t p =
                fore_topology_find(&driver->topology, (uint64_t)slot[i] << FORE_SLOT_SHIFT);
            seen[i] += (double)sample.partition[p].reads;
        }
        missed = fmax(missed, driver->heat.capture_missed);
    }
    for (int i = 0; i < 3; i++)
        if (fabs(seen[i] / times[i] - 1) > 0.01) fail_msg("slot %d: %g", (int)slot[i], seen[i]);
    if (missed > 0.02) fail_msg("%g were not seen", missed);
    fore_driver_close(live_driver_door(driver));
}

static void what_cannot_be_captured_is_said(void **state)
{
    (void)state;
    capture = "no-such-device";
    struct live_driver *driver = drive(0);
    capture = NULL;
    assert_int_equal(driver->heat.source, LIVE_HEAT_MONITOR);
    assert_true(driver->heat.capture_diag.text[0] != '\0');
    fore_driver_close(live_driver_door(driver));
}

static void without_glances_keys_are_what_is_left(void **state)
{
    (void)state;
    ground_reset(ground);
    for (int i = 0; i < 30; i++) {
        char name[8];
        (void)snprintf(name, sizeof name, "%d", i);
        ground_put(ground, 100, name, "x");
        if (i < 10) ground_put(ground, 4000, name, "x");
    }
    struct live_driver *driver = drive(-1);
    assert_int_equal(driver->heat.source, LIVE_HEAT_KEYS);
    (void)window(driver);
    ask(1, 4000);
    struct fore_sample sample = window(driver);
    uint32_t p = fore_topology_find(&driver->topology, UINT64_C(100) << FORE_SLOT_SHIFT);
    uint32_t q = fore_topology_find(&driver->topology, UINT64_C(4000) << FORE_SLOT_SHIFT);
    assert_in_range(sample.partition[p].reads, 2990, 3010);
    assert_in_range(sample.partition[q].reads, 990, 1010);
    assert_true(isinf(live_heat_sure(&driver->heat, 0, 16383).relative_error));
    fore_driver_close(live_driver_door(driver));
}

static void sizes_are_about_right(void **state)
{
    (void)state;
    ground_reset(ground);
    ground_fill(ground, 0, 6000, 1000);
    struct live_driver *driver = drive(-1);
    double bytes = 0;
    for (uint32_t p = 0; p < driver->topology.partition_count; p++)
        bytes += (double)driver->topology.partition[p].bytes;
    if (bytes < 6e6 || bytes > 9e6) fail_msg("%g bytes", bytes);
    fore_driver_close(live_driver_door(driver));
}

/* The largest slots' keys have a weight of their own, as long as their number is what it was. */
static void a_slot_of_large_keys_is_weighed_by_itself(void **state)
{
    (void)state;
    enum { SLOT = 1000, KEYS = 100, BYTES = 20000 };
    static char value[BYTES + 1];
    char name[32];
    ground_reset(ground);
    ground_fill(ground, 0, 6000, 100);
    memset(value, 'v', BYTES);
    for (int i = 0; i < KEYS; i++) {
        (void)snprintf(name, sizeof name, "%d", i);
        ground_put(ground, SLOT, name, value);
    }
    struct live_driver *driver = drive(-1);
    struct live_heat *heat = &driver->heat;
    double all = (double)live_heat_bytes(heat, SLOT, SLOT), expected = (double)KEYS * BYTES;
    if (all < expected || all > 1.5 * expected) fail_msg("%g bytes of %g", all, expected);
    assert_true(live_heat_bytes(heat, SLOT + 1, SLOT + 1) < BYTES);
    assert_true(heat->slot_key_bytes[SLOT] > BYTES);
    heat->weighed[SLOT] = KEYS / 2; /* as if it had grown since, with nobody weighing it again */
    ground_reset(ground);
    assert_int_equal(live_heat_sizes(heat), FORE_E_OK);
    assert_true(heat->slot_key_bytes[SLOT] == 0);
    assert_true(live_heat_bytes(heat, SLOT, SLOT) == 0);
    fore_driver_close(live_driver_door(driver));
}

static void set_maxmemory(struct live_driver *driver, uint16_t shard, const char *value)
{
    struct live_instance *at = live_cluster_primary(&driver->cluster, shard);
    redisReply *reply = live_link_call(&at->link, "CONFIG SET maxmemory %s", value);
    assert_true(reply != NULL && reply->type == REDIS_REPLY_STATUS);
    freeReplyObject(reply);
}

/* What a node may hold is what maxmemory leaves to data. */
static void maxmemory_is_all_the_room_there_is(void **state)
{
    (void)state;
    ground_reset(ground);
    ground_fill(ground, 0, 6000, 1000);
    struct live_driver *driver = drive(-1);
    const struct fore_topology *t = &driver->topology;
    set_maxmemory(driver, 1, "64mb");
    (void)window(driver);
    (void)window(driver);
    live_follow_sizes(driver);
    double data = 0, most = (double)t->node[1].data_bytes_max;
    for (uint32_t p = 0; p < t->partition_count; p++)
        if (t->partition[p].alive && t->partition[p].replica[0] == 1)
            data += (double)t->partition[p].bytes;
    if (data < 1e6 || most < 40e6 || most > 66e6) fail_msg("%g of %g", data, most);
    assert_true(t->node[0].data_bytes_max == 0);
    set_maxmemory(driver, 1, "1mb"); /* less than it takes empty: full, and not unlimited */
    (void)window(driver);
    (void)window(driver);
    live_follow_sizes(driver);
    assert_true(t->node[1].data_bytes_max > 0 && (double)t->node[1].data_bytes_max < data);
    set_maxmemory(driver, 1, "0");
    (void)window(driver);
    (void)window(driver);
    live_follow_sizes(driver);
    assert_true(t->node[1].data_bytes_max == 0);
    fore_driver_close(live_driver_door(driver));
}

/* Held up for three windows, and making up for it: three windows of a third each. */
static void an_engine_that_was_held_up_sees_no_peak(void **state)
{
    (void)state;
    ground_reset(ground);
    struct live_driver *driver = drive(-1);
    struct fore_sample sample;
    driver->options.makes_up = true;
    (void)window(driver);
    ask(5, 6000);
    live_clock_sleep_ms(1500);
    uint64_t reads[3];
    for (int i = 0; i < 3; i++) {
        live_driver_pass(driver, 500 * FORE_MS);
        assert_int_equal(fore_driver_sample(live_driver_door(driver), &sample), FORE_E_OK);
        reads[i] = sample.requests;
        assert_true(sample.end - sample.begin == 500 * FORE_MS);
    }
    if (reads[0] < 500 || reads[0] > 2300) fail_msg("%llu", (unsigned long long)reads[0]);
    assert_true(reads[1] == reads[0]);
    assert_true(reads[2] == reads[0]);
    fore_driver_close(live_driver_door(driver));
}

/* Slots that other hands move are followed: partitions are cut where the owner changes. */
static void slots_moved_by_others_are_followed(void **state)
{
    (void)state;
    ground_reset(ground);
    struct live_driver *driver = drive(-1);
    struct live_cluster *cluster = &ground->cluster;
    uint64_t epoch = driver->topology.epoch;
    uint16_t a = (uint16_t)live_cluster_shard_of(&driver->cluster, 10);
    struct live_slot slot = {.cluster = cluster, .slot = 10};
    slot.from = (uint16_t)live_cluster_shard_of(cluster, 10);
    slot.to = (uint16_t)live_cluster_shard_of(cluster, 16000);
    bool owned;
    assert_int_equal(live_slot_settle(&slot, &owned, NULL), FORE_E_OK);
    assert_int_equal(live_slot_own(&slot, NULL), FORE_E_OK);
    live_driver_run(driver, 1500 * FORE_MS);
    live_driver_run(driver, FORE_MS);
    const struct fore_topology *t = &driver->topology;
    assert_true(t->epoch > epoch);
    uint32_t p = fore_topology_find(t, UINT64_C(10) << FORE_SLOT_SHIFT);
    assert_true(t->partition[p].first == UINT64_C(10) << FORE_SLOT_SHIFT);
    assert_true(t->partition[p].last == (UINT64_C(11) << FORE_SLOT_SHIFT) - 1);
    assert_int_not_equal(t->partition[p].replica[0], a);
    uint32_t q = fore_topology_find(t, UINT64_C(11) << FORE_SLOT_SHIFT);
    assert_int_equal(t->partition[q].replica[0], a);
    fore_driver_close(live_driver_door(driver));
}

static void what_cannot_be_opened_says_why(void **state)
{
    (void)state;
    struct live_address nobody = {.host = "127.0.0.1", .port = 1};
    struct live_driver_options options = {
        .seed = &nobody, .seed_count = 1, .journal = ground_path(ground, "none.db")};
    struct live_driver *driver = NULL;
    struct fore_diag diag = {0};
    assert_int_equal(live_driver_open(&driver, &options, &diag), FORE_E_UNREACHABLE);
    assert_true(diag.text[0] != '\0');
    assert_null(driver);
    options.seed = &ground->node[0].address;
    options.journal = "no-such-folder/journal.db";
    diag = (struct fore_diag){0};
    assert_int_equal(live_driver_open(&driver, &options, &diag), FORE_E_IO);
    assert_non_null(strstr(diag.text, "no-such-folder"));
    options.journal = ground_path(ground, "none.db");
    options.partitions = 99999;
    assert_int_equal(live_driver_open(&driver, &options, NULL), FORE_E_RANGE);
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
        cmocka_unit_test(totals_are_what_was_sent),
        cmocka_unit_test(glances_share_a_node_out_to_its_slots),
        cmocka_unit_test(what_passes_on_the_wire_is_counted),
        cmocka_unit_test(what_cannot_be_captured_is_said),
        cmocka_unit_test(without_glances_keys_are_what_is_left),
        cmocka_unit_test(sizes_are_about_right),
        cmocka_unit_test(a_slot_of_large_keys_is_weighed_by_itself),
        cmocka_unit_test(maxmemory_is_all_the_room_there_is),
        cmocka_unit_test(an_engine_that_was_held_up_sees_no_peak),
        cmocka_unit_test(slots_moved_by_others_are_followed),
        cmocka_unit_test(what_cannot_be_opened_says_why),
    };
    if (!ground_possible()) return 0;
    return cmocka_run_group_tests_name("live: heat", tests, begin_group, end_group);
}
