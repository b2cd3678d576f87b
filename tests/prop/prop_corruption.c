/*
 * prop_corruption.c - rows are flipped, lost, doubled and put on the wrong node while they move:
 * a thousand seeded cases over every kind of move and every moment of it, under writes. None may
 * end unnoticed, and cases without damage must raise nothing. The judge compares rows, not digests.
 */
#include "tests/support/fake_driver.h"

#include "core/act/migrate.h"
#include "core/base/rng.h"
#include "core/cluster/topology_columns.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum moment { DURING_COPY, BEFORE_CUT_OVER, AFTER_CUT_OVER, IN_THE_WATCH, MOMENTS };
enum { CASES = 1000, CONTROLS = 300, TICKS = 400 };

static const char *const damage_text[] = {"bit flip", "lost row", "duplicated row", "wrong owner",
                                          "second owner"};
static const char *const moment_text[] = {"during the copy", "before the cut-over",
                                          "after the cut-over", "in the watch"};

static struct trial {
    struct fake *fake;
    struct fore_rng rng;
    struct fore_migrate migrate;
    struct fore_alerts alerts;
    struct fore_observe *observe;
    struct fore_arena arena;
    struct fore_move move;
    enum fake_damage damage;
    enum moment moment;
    bool harmless; /* a control */
    bool columns;  /* a vertical split or merge, of partitions without followers */
    bool harmed, cut_over;
    uint64_t position; /* the damaged row's: clients leave it alone, lest they heal it */
    fore_ns harm_at;
    uint64_t found_before, found_after;
    enum fore_err (*cutover)(void *self, fore_ticket ticket);
} trial;

/* ---- harm ---------------------------------------------------------------------------------- */

/* Any node that holds rows of the range and is to go on holding them. */
static void harm(void)
{
    struct fake *fake = trial.fake;
    uint32_t p = trial.move.partition, kept = 0;
    uint16_t node[16];
    if (trial.harmed || trial.harmless) return;
    if (trial.columns) {
        uint32_t sibling = fore_topology_columns_sibling(&fake->topology, p);
        if (sibling != FORE_PARTITION_NONE && fore_rng_below(&trial.rng, 2) > 0) p = sibling;
        trial.harmed = fake_damage(fake, trial.damage, p, fake->topology.partition[p].replica[0],
                                   fore_rng_u32(&trial.rng) >> 1, &trial.position);
        return;
    }
    const struct fore_partition *part = &fake->topology.partition[p];
    bool leaves = trial.move.kind == FORE_MOVE_MOVE || trial.move.kind == FORE_MOVE_DROP_REPLICA;
    bool copying = trial.moment == DURING_COPY;
    for (uint16_t r = 0; r < part->replica_count; r++)
        if (copying || trial.cut_over || !leaves || part->replica[r] != trial.move.source)
            node[kept++] = part->replica[r];
    if (!copying && !trial.cut_over && fake_receives(fake, p, trial.move.target))
        node[kept++] = trial.move.target;
    if (kept == 0) return;
    uint16_t victim = node[fore_rng_below(&trial.rng, kept)];
    trial.harmed =
        fake_damage(fake, trial.damage, p, victim, fore_rng_u32(&trial.rng) >> 1, &trial.position);
}

static enum fore_err cutover_with_harm(void *self, fore_ticket ticket)
{
    if (trial.moment == BEFORE_CUT_OVER) harm();
    enum fore_err err = trial.cutover(self, ticket);
    trial.cut_over = trial.cut_over || err == FORE_E_OK;
    if (trial.moment == AFTER_CUT_OVER) harm();
    return err;
}

/* ---- one case ------------------------------------------------------------------------------ */

static void put(void *self, fore_ns at, enum fore_event_kind kind, const void *body, size_t len)
{
    struct fore_event_alert alert;
    if (kind != FORE_EV_ALERT) return;
    memcpy(&alert, body, sizeof alert);
    if (alert.code != FORE_ALERT_DIGEST_MISMATCH && alert.code != FORE_ALERT_MOVE_FAILED) return;
    if (trial.cut_over)
        trial.found_after++;
    else
        trial.found_before++;
}

static void clients_write(void)
{
    for (uint32_t i = fore_rng_below(&trial.rng, 4); i > 0; i--) {
        struct fake *fake = trial.fake;
        uint64_t at = fore_rng_u32(&trial.rng) & ((UINT64_C(1) << 23) - 1);
        if (fore_rng_below(&trial.rng, 2) > 0)
            at = fake->truth.key[fore_rng_below(&trial.rng, fake->truth.count)].position;
        if (!trial.harmed || at != trial.position) fake_write(fake, at, fore_rng_u32(&trial.rng));
    }
}

/* Any columns to any node, the base's own included; or back from there. */
static struct fore_move some_column_move(enum fore_move_kind kind)
{
    const struct fore_topology *t = &trial.fake->topology;
    uint32_t p = fore_rng_below(&trial.rng, 8);
    struct fore_move move = {.kind = FORE_MOVE_VERTICAL_SPLIT,
                             .partition = p,
                             .other = FORE_PARTITION_NONE,
                             .source = t->partition[p].replica[0],
                             .target = (uint16_t)fore_rng_below(&trial.rng, t->node_count),
                             .columns = 1 + fore_rng_below(&trial.rng, 254),
                             .split_right_share = 0.5,
                             .load_base = 0.5F,
                             .load_apart = 0.25F};
    if (kind == FORE_MOVE_VERTICAL_SPLIT) return move;
    struct fore_driver driver = fake_driver(trial.fake);
    struct fore_move_status status = {.phase = FORE_PHASE_QUEUED};
    fore_ticket ticket;
    uint64_t orphans;
    assert_int_equal(fore_driver_begin(driver, &move, &ticket), FORE_E_OK);
    while (status.phase != FORE_PHASE_READY) {
        fake_advance(trial.fake, FORE_SEC / 4);
        assert_int_equal(fore_driver_poll(driver, ticket, &status), FORE_E_OK);
    }
    assert_int_equal(fore_driver_cutover(driver, ticket), FORE_E_OK);
    assert_int_equal(fore_driver_sweep(driver, ticket, &orphans), FORE_E_OK);
    assert_int_equal(fore_driver_poll(driver, ticket, &status), FORE_E_OK);
    struct fore_move back = move;
    back.kind = kind;
    back.other = status.partition_new;
    back.source = move.target;
    back.target = move.source;
    return back;
}

static struct fore_move some_move(enum fore_move_kind kind)
{
    const struct fore_topology *t = &trial.fake->topology;
    uint32_t p = fore_rng_below(&trial.rng, 8);
    const struct fore_partition *part = &t->partition[p];
    struct fore_move move = {.kind = kind,
                             .partition = p,
                             .other = FORE_PARTITION_NONE,
                             .source = part->replica[0],
                             .target = (uint16_t)((part->replica[1] + 1) % t->node_count),
                             .split_right_share = 0.5};
    move.split_at = part->first + 1 + (part->last - part->first) / 2;
    if (kind == FORE_MOVE_DROP_REPLICA) move.source = part->replica[fore_rng_below(&trial.rng, 2)];
    if (kind != FORE_MOVE_MERGE) return move;
    struct fore_move cut = move;
    struct fore_move_status status;
    fore_ticket ticket;
    cut.kind = FORE_MOVE_SPLIT;
    struct fore_driver driver = fake_driver(trial.fake);
    assert_int_equal(fore_driver_begin(driver, &cut, &ticket), FORE_E_OK);
    assert_int_equal(fore_driver_cutover(driver, ticket), FORE_E_OK);
    assert_int_equal(fore_driver_poll(driver, ticket, &status), FORE_E_OK);
    move.other = status.partition_new;
    return move;
}

static void set_up(uint64_t seed, bool columns)
{
    struct fake_options fake = {.seed = seed, .replica_count = columns ? 1 : 2, .node_count = 5};
    struct fore_act_options act;
    struct fore_observe_options observe;
    memset(&trial, 0, sizeof trial);
    trial.columns = columns;
    fore_arena_init(&trial.arena);
    trial.rng = fore_rng_stream(seed, "prop-corruption", 0);
    trial.fake = fake_create(&fake);
    fore_option_defaults((struct fore_option_binding){&fore_act_section, &act}, &trial.arena);
    fore_option_defaults((struct fore_option_binding){&fore_observe_section, &observe},
                         &trial.arena);
    act.rollback = false;
    trial.observe = fore_observe_create(&observe, &trial.fake->topology, seed);
    fore_migrate_init(&trial.migrate, &act, &trial.arena, fake.node_count);
    fore_alert_init(&trial.alerts, &trial.arena, 64, 3600 * FORE_SEC);
    trial.damage = (enum fake_damage)fore_rng_below(&trial.rng, FAKE_DAMAGES);
    if (columns)
        trial.move = some_column_move(
            (enum fore_move_kind)(FORE_MOVE_VERTICAL_SPLIT + fore_rng_below(&trial.rng, 2)));
    else
        trial.move =
            some_move((enum fore_move_kind)fore_rng_below(&trial.rng, FORE_MOVE_DROP_REPLICA + 1));
    trial.moment = (enum moment)fore_rng_below(&trial.rng, MOMENTS);
    bool copies =
        trial.move.kind == FORE_MOVE_MOVE || trial.move.kind == FORE_MOVE_ADD_REPLICA || columns;
    if (trial.moment == DURING_COPY && !copies) trial.moment = BEFORE_CUT_OVER;
    trial.harm_at = fore_rng_below(&trial.rng, 50);
    trial.cutover = trial.fake->ops.cutover;
    trial.fake->ops.cutover = cutover_with_harm;
}

static void run_case(uint64_t seed, bool harmless, bool columns)
{
    set_up(seed, columns);
    trial.harmless = harmless;
    char why[200];
    struct fore_migrate_change change[8];
    struct fore_driver driver = fake_driver(trial.fake);
    struct fore_sink sink = {.put = put};
    struct fore_plan plan = {.id = 1, .epoch = trial.fake->topology.epoch, .move_count = 1};
    plan.move[0] = (struct fore_plan_move){.move = trial.move, .duration_s = 1};
    assert_int_equal(fore_migrate_admit(&trial.migrate, &plan, &trial.fake->topology, driver,
                                        trial.observe, FORE_SEC, why, sizeof why),
                     1);
    fore_ns watched = 0;
    for (int i = 0; i < TICKS && trial.migrate.running > 0; i++) {
        enum fore_migrate_state state = trial.migrate.migration[0].state;
        if (trial.moment == DURING_COPY && state == FORE_MIGRATE_COPY) harm();
        if (trial.moment == IN_THE_WATCH && state == FORE_MIGRATE_WATCH &&
            watched++ == trial.harm_at)
            harm();
        clients_write();
        fake_advance(trial.fake, FORE_SEC / 4);
        (void)fore_migrate_tick(&trial.migrate, driver, trial.observe, &trial.alerts, sink,
                                (fore_ns)(i + 2) * FORE_SEC, change, FORE_COUNTOF(change));
    }
    if (trial.migrate.running > 0)
        fail_msg("seed %llu: the move never ends", (unsigned long long)seed);
}

static void tear_down(void)
{
    fore_observe_destroy(trial.observe);
    fake_destroy(trial.fake);
    fore_arena_fini(&trial.arena);
}

/* ---- the laws ------------------------------------------------------------------------------ */

static void expect_all_found(bool columns)
{
    uint32_t before = 0, after = 0, healed = 0, by_kind[FORE_MOVE_KINDS] = {0};
    for (uint64_t seed = 1; before + after < CASES; seed++) {
        run_case(seed, false, columns);
        if (!trial.harmed) fail_msg("seed %llu: nothing was harmed", (unsigned long long)seed);
        bool found = trial.found_before + trial.found_after > 0;
        if (!found && !fake_is_sound(trial.fake))
            fail_msg("seed %llu: %s %s of a %s went unnoticed", (unsigned long long)seed,
                     damage_text[trial.damage], moment_text[trial.moment],
                     fore_move_kind_text(trial.move.kind));
        if (found && trial.moment == DURING_COPY && trial.found_before == 0)
            fail_msg("seed %llu: %s %s was found only after the cut-over", (unsigned long long)seed,
                     damage_text[trial.damage], moment_text[trial.moment]);
        before += trial.found_before > 0;
        after += trial.found_before == 0 && trial.found_after > 0;
        healed += !found;
        by_kind[trial.move.kind] += found;
        tear_down();
    }
    (void)fprintf(stderr,
                  "corruption: %u found before the cut-over, %u after it; %u undone by the "
                  "move itself; by kind:",
                  before, after, healed);
    for (int kind = 0; kind < FORE_MOVE_KINDS; kind++)
        (void)fprintf(stderr, " %s %u", fore_move_kind_text((enum fore_move_kind)kind),
                      by_kind[kind]);
    (void)fprintf(stderr, "\n");
}

static void no_damage_goes_unnoticed(void **state)
{
    expect_all_found(false);
}

static void no_damage_goes_unnoticed_where_columns_part(void **state)
{
    expect_all_found(true);
}

static void expect_all_quiet(bool columns)
{
    for (uint64_t seed = 1; seed <= CONTROLS; seed++) {
        run_case(seed, true, columns);
        if (trial.found_before + trial.found_after + trial.migrate.counts.corrupt > 0)
            fail_msg("seed %llu: an alert without a cause", (unsigned long long)seed);
        if (trial.migrate.counts.done[trial.move.kind] != 1)
            fail_msg("seed %llu: the %s was not done", (unsigned long long)seed,
                     fore_move_kind_text(trial.move.kind));
        if (!fake_is_sound(trial.fake))
            fail_msg("seed %llu: an acknowledged write cannot be read", (unsigned long long)seed);
        tear_down();
    }
}

static void sound_moves_raise_nothing_and_keep_every_write(void **state)
{
    expect_all_quiet(false);
}

static void nor_do_sound_moves_of_columns(void **state)
{
    expect_all_quiet(true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_damage_goes_unnoticed),
        cmocka_unit_test(no_damage_goes_unnoticed_where_columns_part),
        cmocka_unit_test(nor_do_sound_moves_of_columns),
        cmocka_unit_test(sound_moves_raise_nothing_and_keep_every_write),
    };
    return cmocka_run_group_tests_name("prop/corruption", tests, NULL, NULL);
}
