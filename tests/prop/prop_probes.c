/*
 * prop_probes.c - what reading both copies finds and adding rows up does not, and the other way
 * round. An index that lost a row: every row is there and adds up, and a client that asks for it is
 * told there is none. A flipped row that no client has asked for lately: a sample of reads may pass
 * it by, a sum does not. Clients write all the while, also the keys that are read.
 */
#include "tests/support/fake_driver.h"

#include "core/act/migrate.h"
#include "core/base/rng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { CASES = 400, TICKS = 300, KEYS = 16, POPULAR = 6 };

struct scene {
    enum fake_damage damage;
    bool harmless; /* no damage at all */
    uint32_t caps_removed;
    bool probes_off;
    bool unpopular; /* the damaged key is one that nobody asks for */
};

static struct trial {
    struct fake *fake;
    struct fore_rng rng;
    struct fore_migrate migrate;
    struct fore_alerts alerts;
    struct fore_observe *observe;
    struct fore_arena arena;
    struct fore_move move;
    uint64_t popular[POPULAR], position;
    bool harmed;
    uint32_t alarms[FORE_ALERT_CODES];
} trial;

static void put(void *self, fore_ns at, enum fore_event_kind kind, const void *body, size_t len)
{
    struct fore_event_alert alert;
    if (kind != FORE_EV_ALERT) return;
    memcpy(&alert, body, sizeof alert);
    trial.alarms[alert.code]++;
}

static bool is_popular(uint64_t position)
{
    for (uint32_t i = 0; i < POPULAR; i++)
        if (trial.popular[i] == position) return true;
    return false;
}

/* The hottest few keys of the partition, and one that is not there and is asked for all the same.
 */
static void be_asked_for(uint32_t partition)
{
    const struct fore_partition *p = &trial.fake->topology.partition[partition];
    uint32_t found = 0, skip = fore_rng_below(&trial.rng, KEYS - POPULAR);
    for (uint32_t i = 0; i < trial.fake->truth.count && found < POPULAR; i++) {
        uint64_t at = trial.fake->truth.key[i].position;
        if (at < p->first || at > p->last || skip-- > 0) continue;
        skip = 0;
        trial.popular[found++] = at;
        if (found % 2 == 0)
            fore_hotkeys_add(trial.observe->hot_keys, FORE_SEC, at, 10);
        else
            fore_keyrange_add(trial.observe->key_ranges, FORE_SEC, partition, at, 1);
    }
    assert_int_equal(found, POPULAR);
    fore_hotkeys_add(trial.observe->hot_keys, FORE_SEC, p->first + 1, 5);
}

static void set_up(uint64_t seed, const struct scene *scene)
{
    struct fake_options fake = {.seed = seed,
                                .node_count = 5,
                                .keys_per_partition = KEYS,
                                .caps_removed = scene->caps_removed};
    struct fore_act_options act;
    struct fore_observe_options observe;
    memset(&trial, 0, sizeof trial);
    fore_arena_init(&trial.arena);
    trial.rng = fore_rng_stream(seed, "prop-probes", 0);
    trial.fake = fake_create(&fake);
    fore_option_defaults((struct fore_option_binding){&fore_act_section, &act}, &trial.arena);
    fore_option_defaults((struct fore_option_binding){&fore_observe_section, &observe},
                         &trial.arena);
    act.rollback = false;
    act.watch = 5 * FORE_SEC;
    if (scene->probes_off) act.probes = 0;
    trial.observe = fore_observe_create(&observe, &trial.fake->topology, seed);
    fore_migrate_init(&trial.migrate, &act, &trial.arena, fake.node_count);
    fore_alert_init(&trial.alerts, &trial.arena, 64, 3600 * FORE_SEC);
    uint32_t p = fore_rng_below(&trial.rng, 8);
    uint16_t source = trial.fake->topology.partition[p].replica[0];
    trial.move = (struct fore_move){
        .kind = fore_rng_below(&trial.rng, 2) > 0 ? FORE_MOVE_MOVE : FORE_MOVE_ADD_REPLICA,
        .partition = p,
        .source = source,
        .target = (uint16_t)((source + 2) % fake.node_count)};
    be_asked_for(p);
}

static void tear_down(void)
{
    fore_observe_destroy(trial.observe);
    fake_destroy(trial.fake);
    fore_arena_fini(&trial.arena);
}

/* A row of `node` that clients ask for, or not: as fake_damage counts them. */
static uint32_t some_row(uint16_t node, bool unpopular)
{
    const struct fore_partition *p = &trial.fake->topology.partition[trial.move.partition];
    const struct fake_store *store = &trial.fake->store[node];
    uint32_t fit[2 * KEYS], count = 0, rows = 0;
    for (uint32_t i = 0; i < store->count; i++) {
        uint64_t at = store->key[i].position;
        if (at < p->first || at > p->last) continue;
        if (is_popular(at) != unpopular) fit[count++] = rows;
        rows++;
    }
    assert_true(count > 0);
    return fit[fore_rng_below(&trial.rng, count)];
}

/* Once the copy is complete and before it is compared: a row of either copy. */
static void harm(const struct scene *scene)
{
    const struct fore_migration *m = &trial.migrate.migration[0];
    struct fore_move_status status;
    if (scene->harmless || trial.harmed || m->ticket == 0) return;
    assert_int_equal(fore_driver_poll(fake_driver(trial.fake), m->ticket, &status), FORE_E_OK);
    if (status.phase != FORE_PHASE_READY) return;
    uint16_t victim = fore_rng_below(&trial.rng, 2) > 0 ? trial.move.source : trial.move.target;
    trial.harmed = fake_damage(trial.fake, scene->damage, trial.move.partition, victim,
                               some_row(victim, scene->unpopular), &trial.position);
    assert_true(trial.harmed);
}

static void clients_write(void)
{
    for (uint32_t i = fore_rng_below(&trial.rng, 4); i > 0; i--) {
        uint64_t at = trial.popular[fore_rng_below(&trial.rng, POPULAR)];
        if (!trial.harmed || at != trial.position)
            fake_write(trial.fake, at, fore_rng_u32(&trial.rng));
    }
}

static void run(uint64_t seed, const struct scene *scene)
{
    char why[200];
    struct fore_migrate_change change[8];
    set_up(seed, scene);
    struct fore_driver driver = fake_driver(trial.fake);
    struct fore_sink sink = {.put = put};
    struct fore_plan plan = {.id = 1, .epoch = trial.fake->topology.epoch, .move_count = 1};
    plan.move[0] = (struct fore_plan_move){.move = trial.move, .duration_s = 1};
    assert_int_equal(fore_migrate_admit(&trial.migrate, &plan, &trial.fake->topology, driver,
                                        trial.observe, FORE_SEC, why, sizeof why),
                     1);
    for (int i = 0; i < TICKS && trial.migrate.running > 0; i++) {
        clients_write();
        fake_advance(trial.fake, FORE_SEC / 4);
        harm(scene);
        (void)fore_migrate_tick(&trial.migrate, driver, trial.observe, &trial.alerts, sink,
                                (fore_ns)(i + 2) * FORE_SEC, change, FORE_COUNTOF(change));
    }
    assert_int_equal(trial.migrate.running, 0);
}

/* Of CASES runs: how many were stopped before the cut-over, with an alert of `code`. */
static uint32_t stopped(const struct scene *scene, enum fore_alert_code code)
{
    uint32_t count = 0;
    for (uint64_t seed = 1; seed <= CASES; seed++) {
        run(seed, scene);
        bool cut_over = trial.migrate.counts.done[trial.move.kind] > 0;
        bool alarm = trial.alarms[code] > 0;
        if (alarm == cut_over)
            fail_msg("seed %llu: alarm %d, cut over %d", (unsigned long long)seed, alarm, cut_over);
        if (!cut_over) assert_int_equal(trial.migrate.counts.failed, 1);
        count += alarm;
        tear_down();
    }
    return count;
}

static void reads_find_what_sums_cannot_see(void **state)
{
    struct scene scene = {.damage = FAKE_BLIND};
    assert_int_equal(stopped(&scene, FORE_ALERT_ANSWERS_DIFFER), CASES);
    scene.probes_off = true; /* sums and digests alone let every one of them through */
    assert_int_equal(stopped(&scene, FORE_ALERT_ANSWERS_DIFFER), 0);
}

static void reads_alone_find_a_flipped_row_that_clients_ask_for(void **state)
{
    struct scene scene = {.damage = FAKE_FLIP, .caps_removed = FORE_CAP_CONTENT | FORE_CAP_DIGEST};
    assert_int_equal(stopped(&scene, FORE_ALERT_ANSWERS_DIFFER), CASES);
    scene.damage = FAKE_LOSE;
    assert_int_equal(stopped(&scene, FORE_ALERT_ANSWERS_DIFFER), CASES);
}

static void sums_find_what_a_sample_of_reads_passes_by(void **state)
{
    struct scene scene = {
        .damage = FAKE_FLIP, .unpopular = true, .caps_removed = FORE_CAP_CONTENT | FORE_CAP_DIGEST};
    assert_int_equal(stopped(&scene, FORE_ALERT_ANSWERS_DIFFER), 0);
    scene.caps_removed = 0;
    assert_int_equal(stopped(&scene, FORE_ALERT_DIGEST_MISMATCH), CASES);
}

static void sound_copies_pass_while_clients_write_the_keys_that_are_read(void **state)
{
    struct scene scene = {.harmless = true};
    assert_int_equal(stopped(&scene, FORE_ALERT_ANSWERS_DIFFER), 0);
    for (uint64_t seed = 1; seed <= CASES; seed++) {
        run(seed, &scene);
        assert_true(fake_is_sound(trial.fake));
        tear_down();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_find_what_sums_cannot_see),
        cmocka_unit_test(reads_alone_find_a_flipped_row_that_clients_ask_for),
        cmocka_unit_test(sums_find_what_a_sample_of_reads_passes_by),
        cmocka_unit_test(sound_copies_pass_while_clients_write_the_keys_that_are_read),
    };
    return cmocka_run_group_tests_name("prop/probes", tests, NULL, NULL);
}
