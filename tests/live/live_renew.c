/*
 * live_renew.c - a target that has been told that a third one owns a slot must have heard from the
 * owner before anybody makes it the owner: else the renewal itself sets the bit that it is there to
 * clear (renew.h), and a message that comes late takes the slot and its keys away. Here source and
 * target cannot hear one another for longer than slots in work wait for a renewal.
 */
#include "live/base/clock.h"
#include "tests/live/bus.h"
#include "tests/live/cut.h"
#include "tests/live/stage.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { FIRST = 3, LAST = 5, KEYS = 50, CUT_MS = 4000 };

static struct ground *ground;
static bool apart;

static void fill(void)
{
    for (uint16_t slot = FIRST; slot <= LAST; slot++)
        for (int i = 0; i < KEYS; i++) {
            char name[16];
            (void)snprintf(name, sizeof name, "k%d", i);
            ground_put(ground, slot, name, name);
        }
}

static struct live_instance *primary(uint16_t shard)
{
    struct live_instance *at = live_cluster_primary(&ground->cluster, shard);
    assert_non_null(at);
    return at;
}

static void say(struct live_instance *at, uint16_t slot, const char *what, const char *id)
{
    struct fore_diag diag = {0};
    enum fore_err err =
        id != NULL ? live_link_do(&at->link, &diag, "CLUSTER SETSLOT %d %s %s", (int)slot, what, id)
                   : live_link_do(&at->link, &diag, "CLUSTER SETSLOT %d %s", (int)slot, what);
    if (err != FORE_E_OK) fail_msg("slot %u %s: %s", (unsigned)slot, what, diag.text);
}

/* Into static memory. */
static const struct live_nodes *view_of(struct live_instance *at)
{
    static struct live_nodes view;
    redisReply *reply = live_link_call(&at->link, "CLUSTER NODES");
    assert_int_equal(live_reply_kind(reply), LIVE_FINE);
    assert_int_equal(live_nodes_parse(reply->str, reply->len, &view), FORE_E_OK);
    freeReplyObject(reply);
    return &view;
}

/* How many slots `at` takes in without taking `owner` for their owner. */
static uint32_t taken_from_others(struct live_instance *at, const char *owner)
{
    const struct live_nodes *view = view_of(at);
    uint32_t count = 0;
    for (uint32_t i = 0; i < view->open_count; i++) {
        int line = view->owner[view->open[i].slot];
        count += view->open[i].importing && (line < 0 || strcmp(view->line[line].id, owner) != 0);
    }
    return count;
}

static void late_claim(uint16_t from, uint16_t to)
{
    struct bus_late message = {.sender = ground->cluster.shard[from].primary,
                               .receiver = ground->cluster.shard[to].primary,
                               .first = FIRST,
                               .last = LAST,
                               .claimed = true};
    assert_int_equal(live_cluster_refresh(&ground->cluster, NULL), FORE_E_OK);
    assert_true(bus_send_late(&ground->cluster, &message));
    live_clock_sleep_ms(200);
}

static void all_is_there(uint16_t shard)
{
    assert_true(ground_whole(ground, 10000));
    for (uint16_t slot = FIRST; slot <= LAST; slot++) {
        assert_int_equal(live_cluster_shard_of(&ground->cluster, slot), shard);
        assert_int_equal(ground_count(ground, shard, slot), KEYS);
    }
}

/* The target's flags are gone and it is told anew, as one that has just been elected. */
static void slots_in_work_are_not_opened_at_a_target_that_was_told_and_has_not_heard(void **state)
{
    (void)state;
    if (!apart) skip();
    struct live_mover_options options = {.slot = {.verify = true}, .step_keys = 1};
    struct stage *stage = stage_begin(ground, &options);
    fill();
    uint32_t index = stage_move(stage, FIRST, LAST);
    struct live_move *move = &stage->mover.move[index];
    uint64_t give_up = live_clock_ms() + 30000;
    while (!move->open) {
        if (live_clock_ms() > give_up) fail_msg("not open: %s", move->why);
        if (!live_mover_step(&stage->mover)) live_clock_sleep_ms(1);
    }
    uint16_t from = move->from, to = move->to;
    struct live_address source = primary(from)->link.address, target = primary(to)->link.address;
    cut_between(&source, &target, true);
    for (uint16_t slot = FIRST; slot <= LAST; slot++)
        say(primary(to), slot, "STABLE", NULL);
    move->renewal = (struct live_renewal){.begun = false};
    move->trouble = stage->mover.view_due = true;
    uint64_t until = live_clock_ms() + CUT_MS;
    uint32_t opened = 0;
    while (live_clock_ms() < until) {
        if (!live_mover_step(&stage->mover)) live_clock_sleep_ms(5);
        opened += view_of(primary(to))->open_count;
    }
    bool told = move->renewal.told;
    cut_between(&source, &target, false);
    assert_true(told); /* or this was no test of it */
    if (opened > 0) print_message("# %u flags seen at the target during the cut\n", opened);
    (void)stage_until(stage, index, LIVE_MOVE_READY);
    late_claim(from, to);
    all_is_there(to);
    assert_int_equal(opened, 0);
    stage_end(stage);
}

/* Others take a slot in after the target was told, and make it the owner when all have heard. */
static void a_slot_that_others_open_after_the_telling_is_not_lost(void **state)
{
    (void)state;
    if (!apart) skip();
    struct live_renewal renewal = {.begun = false};
    struct live_renew_range range = {.first = FIRST, .last = LAST + 5};
    ground_reset(ground);
    range.from = (uint16_t)live_cluster_shard_of(&ground->cluster, FIRST);
    range.to = (uint16_t)((range.from + 1u) % 3);
    struct live_address source = primary(range.from)->link.address,
                        target = primary(range.to)->link.address;
    uint64_t give_up = live_clock_ms() + 30000;
    while (live_renew(&ground->cluster, &range, &renewal, NULL) != FORE_E_OK) { /* epochs */
        assert_true(live_clock_ms() < give_up);
        live_clock_sleep_ms(20);
    }
    renewal = (struct live_renewal){.begun = false};
    cut_between(&source, &target, true);
    assert_int_equal(live_renew(&ground->cluster, &range, &renewal, NULL), FORE_E_AGAIN);
    bool told = renewal.told;
    for (uint16_t slot = FIRST; slot <= LAST; slot++)
        say(primary(range.to), slot, "IMPORTING", primary(range.from)->id);
    live_clock_sleep_ms(2500); /* the third one speaks: it does not claim them */
    assert_int_equal(live_renew(&ground->cluster, &range, &renewal, NULL), FORE_E_AGAIN);
    uint32_t strange = taken_from_others(primary(range.to), primary(range.from)->id);
    cut_between(&source, &target, false);
    assert_true(told);
    assert_int_equal(strange, 0);
    give_up = live_clock_ms() + 30000;
    while (live_renew(&ground->cluster, &range, &renewal, NULL) != FORE_E_OK) {
        assert_true(live_clock_ms() < give_up);
        live_clock_sleep_ms(20);
    }
    for (uint16_t slot = FIRST; slot <= LAST; slot++) {
        say(primary(range.to), slot, "NODE", primary(range.to)->id);
        live_clock_sleep_ms(50);
        say(primary(range.from), slot, "NODE", primary(range.to)->id);
    }
    assert_true(ground_whole(ground, 10000));
    fill();
    late_claim(range.from, range.to);
    all_is_there(range.to);
}

/* What the target shows a flag of, or takes for its own, is not told to be a third one's. */
static void what_is_open_or_the_targets_own_is_left_alone(void **state)
{
    (void)state;
    if (!apart) skip();
    struct live_renewal renewal = {.begun = false};
    struct live_renew_range range = {.first = FIRST, .last = LAST};
    ground_reset(ground);
    range.from = (uint16_t)live_cluster_shard_of(&ground->cluster, FIRST);
    range.to = (uint16_t)((range.from + 1u) % 3);
    struct live_instance *from = primary(range.from), *to = primary(range.to);
    say(to, FIRST, "IMPORTING", from->id);
    say(to, FIRST + 1, "IMPORTING", from->id);
    say(to, FIRST + 1, "NODE", to->id); /* with no word to anybody: empty */
    uint64_t give_up = live_clock_ms() + 5000;
    while (live_renew(&ground->cluster, &range, &renewal, NULL) != FORE_E_OK && !renewal.told) {
        assert_true(live_clock_ms() < give_up);
        live_clock_sleep_ms(20);
    }
    assert_int_equal(taken_from_others(to, from->id), 0);
    assert_int_equal(live_cluster_refresh(&ground->cluster, NULL), FORE_E_OK);
    assert_int_equal(ground->cluster.own[FIRST + 1], ground->cluster.shard[range.to].primary);
}

static uint64_t scripts_run(struct live_instance *at)
{
    static const char field[] = "cmdstat_eval:calls=";
    redisReply *reply = live_link_call(&at->link, "INFO commandstats");
    assert_non_null(reply);
    const char *found = strstr(reply->str, field);
    uint64_t calls = found != NULL ? strtoull(found + sizeof field - 1, NULL, 10) : 0;
    freeReplyObject(reply);
    return calls;
}

static void hear_anew(const struct live_renew_range *range)
{
    struct live_renewal renewal = {.begun = false};
    uint64_t give_up = live_clock_ms() + 30000;
    while (live_renew(&ground->cluster, range, &renewal, NULL) != FORE_E_OK) {
        assert_true(live_clock_ms() < give_up);
        live_clock_sleep_ms(20);
    }
    assert_true(renewal.told);
}

/* One script looks and tells; a user who may run none looks first and tells then. */
static void a_target_is_told_with_and_without_scripts(void **state)
{
    (void)state;
    if (!apart) skip();
    struct live_renew_range range = {.first = 1000, .last = 1999};
    ground_reset(ground);
    range.from = (uint16_t)live_cluster_shard_of(&ground->cluster, 1000);
    range.to = (uint16_t)((range.from + 1u) % 3);
    uint64_t before = scripts_run(primary(range.to));
    hear_anew(&range);
    uint64_t calls = scripts_run(primary(range.to)) - before;
    assert_in_range(calls, 4, 100);
    assert_int_equal(live_link_do(&primary(range.to)->link, NULL, "ACL SETUSER default -eval"),
                     FORE_E_OK);
    before = scripts_run(primary(range.to));
    hear_anew(&range);
    assert_int_equal(scripts_run(primary(range.to)), before);
    assert_int_equal(live_link_do(&primary(range.to)->link, NULL, "ACL SETUSER default +eval"),
                     FORE_E_OK);
}

static int begin_group(void **state)
{
    (void)state;
    apart = cut_possible();
    if (!apart) print_message("no network namespace of its own, or no `ip`\n");
    if (apart) ground = ground_begin("3 -t 12000 -b 127.0.1");
    return 0;
}

static int end_group(void **state)
{
    (void)state;
    if (apart) ground_end(ground);
    return 0;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slots_in_work_are_not_opened_at_a_target_that_was_told_and_has_not_heard),
        cmocka_unit_test(a_slot_that_others_open_after_the_telling_is_not_lost),
        cmocka_unit_test(what_is_open_or_the_targets_own_is_left_alone),
        cmocka_unit_test(a_target_is_told_with_and_without_scripts),
    };
    if (!ground_possible()) return 0;
    if (argc > 1) cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests_name("live: hearing anew", tests, begin_group, end_group);
}
