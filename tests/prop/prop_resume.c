/*
 * prop_resume.c - the engine dies: before or after any single call of the driver, in moves of every
 * kind, with what was saved fresh, old or lost, with the cluster's own book-keeper gone or not, and
 * a second time while it takes things up again; and in chains, whose later moves wait for the
 * earlier ones and may be about a partition that these make. Clients write all the while. However
 * it was cut,
 * the cluster must end as it does when nobody dies: the same owners, every write readable, no row
 * where it does not belong, the change made and counted once.
 */
#include "tests/support/fake_driver.h"
#include "tests/support/mortal.h"

#include "core/act/migrate.h"
#include "core/base/buf.h"
#include "core/base/rng.h"
#include "core/cluster/topology_columns.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { SEEDS = 3, TICKS = 300, HISTORY = 64, NODES = 7, WATCH_S = 5 };
enum saved { FRESH, OLD, LOST, SAVES };
/* What is cut: one move of a kind, or a chain. */
enum {
    SPLIT_MOVE = FORE_MOVE_KINDS,
    SPLIT_COPIES,
    COPY_OF_LEFT,
    MOVE_MERGE_LEFT,
    MOVE_MERGE_RIGHT,
    SWAP,
    DEEDS
};

struct cut {       /* how one run is interrupted */
    uint64_t at;   /* the driver call that is the last one; 0: never */
    bool answered; /* the cluster carried it out, only the answer was lost */
    enum saved saved;
    bool forgets;   /* the cluster's book-keeper starts again too */
    uint64_t again; /* calls of the second life after which it dies too; 0: it lives */
    bool new_clock;
};

static struct trial {
    struct fake *fake;
    struct fore_rng rng;
    struct fore_migrate migrate;
    struct fore_alerts alerts;
    struct fore_act_options act;
    struct fore_observe *observe;
    struct fore_arena arena;
    struct fore_plan plan;
    struct fore_buf save[HISTORY]; /* of the last ticks, newest at [saves - 1] */
    uint32_t saves;
    uint64_t critical;
    fore_ns now;
} trial;

/* ---- one run ------------------------------------------------------------------------------- */

static void put(void *self, fore_ns at, enum fore_event_kind kind, const void *body, size_t len)
{
    struct fore_event_alert alert;
    if (kind != FORE_EV_ALERT || mortal.dead) return;
    memcpy(&alert, body, sizeof alert);
    trial.critical += alert.severity == FORE_ALERT_CRITICAL;
}

static void carry_out(struct fore_move move, uint32_t *partition_new)
{
    struct fore_driver driver = fake_driver(trial.fake);
    struct fore_move_status status;
    fore_ticket ticket;
    uint64_t orphans;
    assert_int_equal(fore_driver_begin(driver, &move, &ticket), FORE_E_OK);
    assert_int_equal(fore_driver_poll(driver, ticket, &status), FORE_E_OK);
    for (; status.phase < FORE_PHASE_READY; fake_advance(trial.fake, FORE_SEC))
        assert_int_equal(fore_driver_poll(driver, ticket, &status), FORE_E_OK);
    assert_int_equal(fore_driver_cutover(driver, ticket), FORE_E_OK);
    assert_int_equal(fore_driver_sweep(driver, ticket, &orphans), FORE_E_OK);
    assert_int_equal(fore_driver_poll(driver, ticket, &status), FORE_E_OK);
    *partition_new = status.partition_new;
}

/* Half of the columns go to node 5, or come back from there. */
static struct fore_move columns_move(struct fore_move move)
{
    struct fore_move back = move;
    move.columns = 0x0f;
    move.load_base = move.load_apart = 0.6f;
    if (move.kind == FORE_MOVE_VERTICAL_SPLIT) return move;
    move.kind = FORE_MOVE_VERTICAL_SPLIT;
    carry_out(move, &back.other);
    back.source = move.target;
    back.target = move.source;
    back.load_base = back.load_apart = 0.6f;
    return back;
}

/* Nodes 0..4 hold partitions, 5 is in use and empty, 6 is not in use. */
static struct fore_move some_move(enum fore_move_kind kind)
{
    uint32_t p = fore_rng_below(&trial.rng, 8), ignored;
    const struct fore_partition *part = &trial.fake->topology.partition[p];
    struct fore_move move = {.kind = kind,
                             .partition = p,
                             .other = FORE_PARTITION_NONE,
                             .source = part->replica[0],
                             .target = 5,
                             .split_right_share = 0.5};
    move.split_at = part->first + 1 + (part->last - part->first) / 2;
    struct fore_move split = move, add = {.kind = FORE_MOVE_ADD_NODE,
                                          .partition = FORE_PARTITION_NONE,
                                          .other = FORE_PARTITION_NONE,
                                          .source = FORE_NODE_NONE,
                                          .target = 5};
    split.kind = FORE_MOVE_SPLIT;
    carry_out(add, &ignored);
    if (kind == FORE_MOVE_MERGE) carry_out(split, &move.other);
    if (fore_move_of_columns(kind)) return columns_move(move);
    add.target = 6;
    struct fore_move gone = add;
    gone.kind = FORE_MOVE_REMOVE_NODE;
    gone.source = 5;
    gone.target = FORE_NODE_NONE;
    return kind == FORE_MOVE_ADD_NODE ? add : kind == FORE_MOVE_REMOVE_NODE ? gone : move;
}

/* Two more for the plan, bound to the one before. */
static void then(struct fore_move move, bool on_new)
{
    struct fore_plan *plan = &trial.plan;
    plan->move[plan->move_count] = (struct fore_plan_move){
        .move = move, .duration_s = 1, .after = plan->move_count, .on_new = on_new};
    plan->move_count++;
}

static void some_chain(int deed)
{
    struct fore_move first = some_move(FORE_MOVE_SPLIT), next = first;
    const struct fore_topology *topology = &trial.fake->topology;
    uint32_t left = first.partition == 7 ? 6 : first.partition;
    next.kind = FORE_MOVE_ADD_REPLICA;
    if (deed == SPLIT_MOVE) next.kind = FORE_MOVE_MOVE;
    if (deed >= MOVE_MERGE_LEFT) {
        bool of_left = deed == MOVE_MERGE_LEFT;
        first.kind = FORE_MOVE_MOVE;
        first.partition = of_left ? left : left + 1;
        first.source = topology->partition[first.partition].replica[0];
        first.target = topology->partition[of_left ? left + 1 : left].replica[0];
        next = (struct fore_move){.kind = FORE_MOVE_MERGE,
                                  .partition = left,
                                  .other = left + 1,
                                  .source = FORE_NODE_NONE,
                                  .target = FORE_NODE_NONE};
    }
    if (deed == SWAP) {
        next = first;
        next.partition = first.partition == left ? left + 1 : left;
        next.source = first.target;
        next.target = first.source;
    }
    then(first, false);
    then(next, deed == SPLIT_MOVE || deed == SPLIT_COPIES);
    if (deed != SPLIT_COPIES && deed != COPY_OF_LEFT) return;
    next.target = (uint16_t)(next.source == 0 ? 1 : next.source - 1);
    then(next, deed == SPLIT_COPIES);
}

static const char *name_of(int deed)
{
    static const char *const chain[] = {"split, then move",
                                        "split, then two copies",
                                        "split, then two copies of the left part",
                                        "move of the left, then merge",
                                        "move of the right, then merge",
                                        "swap"};
    return deed < FORE_MOVE_KINDS ? fore_move_kind_text((enum fore_move_kind)deed)
                                  : chain[deed - FORE_MOVE_KINDS];
}

static void be_born(void)
{
    fore_migrate_init(&trial.migrate, &trial.act, &trial.arena, NODES);
    fore_alert_init(&trial.alerts, &trial.arena, 64, 3600 * FORE_SEC);
    mortal.dead = false;
}

static void set_up(uint64_t seed, int deed)
{
    bool single = deed >= FORE_MOVE_KINDS || fore_move_of_columns((enum fore_move_kind)deed);
    struct fake_options options = {
        .seed = seed, .replica_count = single ? 1 : 2, .node_count = NODES, .nodes_standby = 2};
    struct fore_observe_options observe;
    memset(&trial, 0, sizeof trial);
    memset(&mortal, 0, sizeof mortal);
    fore_arena_init(&trial.arena);
    trial.rng = fore_rng_stream(seed, "prop-resume", (uint64_t)deed);
    trial.fake = fake_create(&options);
    fore_option_defaults((struct fore_option_binding){&fore_act_section, &trial.act}, &trial.arena);
    fore_option_defaults((struct fore_option_binding){&fore_observe_section, &observe},
                         &trial.arena);
    trial.act.rollback = false;
    trial.act.watch = WATCH_S * FORE_SEC;
    trial.observe = fore_observe_create(&observe, &trial.fake->topology, seed);
    if (deed < FORE_MOVE_KINDS)
        then(some_move((enum fore_move_kind)deed), false);
    else
        some_chain(deed);
    make_mortal(&trial.fake->ops);
    be_born();
    trial.now = 1000 * FORE_SEC;
}

static void tear_down(void)
{
    for (uint32_t i = 0; i < trial.saves; i++)
        fore_buf_fini(&trial.save[i]);
    fore_observe_destroy(trial.observe);
    fake_destroy(trial.fake);
    fore_arena_fini(&trial.arena);
}

static void let_time_pass(void)
{
    struct fake *fake = trial.fake;
    for (uint32_t i = fore_rng_below(&trial.rng, 4); i > 0; i--) {
        uint64_t at = fore_rng_u32(&trial.rng) & ((UINT64_C(1) << 23) - 1);
        if (fore_rng_below(&trial.rng, 2) > 0)
            at = fake->truth.key[fore_rng_below(&trial.rng, fake->truth.count)].position;
        fake_write(fake, at, fore_rng_u32(&trial.rng));
    }
    fake_advance(fake, FORE_SEC / 4);
    trial.now += FORE_SEC;
}

static void save(void)
{
    if (trial.saves == HISTORY) {
        fore_buf_fini(&trial.save[0]);
        memmove(&trial.save[0], &trial.save[1], (HISTORY - 1) * sizeof trial.save[0]);
        trial.saves--;
    }
    trial.save[trial.saves] = (struct fore_buf){0};
    fore_migrate_save(&trial.migrate, trial.now, &trial.save[trial.saves++]);
}

/* Until nothing is under way, or until it dies. */
static void live(uint64_t seed, int deed)
{
    struct fore_migrate_change change[8];
    struct fore_driver driver = fake_driver(trial.fake);
    struct fore_sink sink = {.put = put};
    for (int i = 0; i < TICKS; i++) {
        if (trial.migrate.running == 0 && !trial.migrate.adopts) return;
        let_time_pass();
        (void)fore_migrate_tick(&trial.migrate, driver, trial.observe, &trial.alerts, sink,
                                trial.now, change, FORE_COUNTOF(change));
        if (mortal.dead) return;
        save();
    }
    fail_msg("seed %llu: the %s never ends", (unsigned long long)seed, name_of(deed));
}

static void wake_up(const struct cut *cut, uint64_t last_call)
{
    struct fore_diag diag = {0};
    for (uint32_t i = fore_rng_below(&trial.rng, 20); i > 0; i--)
        let_time_pass();
    if (cut->forgets) fake_restart(trial.fake);
    if (cut->new_clock) trial.now = FORE_SEC;
    be_born();
    mortal.calls = 0;
    mortal.last_call = last_call;
    if (cut->saved == LOST) {
        fore_migrate_adopt(&trial.migrate);
        return;
    }
    uint32_t age = cut->saved == OLD ? fore_rng_below(&trial.rng, trial.saves) : 0;
    const struct fore_buf *bytes = &trial.save[trial.saves - 1 - age];
    if (fore_migrate_load(&trial.migrate, &trial.fake->topology, bytes->data, bytes->len, trial.now,
                          &diag) != FORE_E_OK)
        fail_msg("%s", diag.text);
}

/* True when the run was long enough to be cut there. */
static bool run(uint64_t seed, int deed, const struct cut *cut)
{
    char why[200];
    set_up(seed, deed);
    struct fore_driver driver = fake_driver(trial.fake);
    trial.plan.id = 1;
    trial.plan.epoch = trial.fake->topology.epoch;
    uint32_t taken = fore_migrate_admit(&trial.migrate, &trial.plan, &trial.fake->topology, driver,
                                        trial.observe, trial.now, why, sizeof why);
    if (taken != trial.plan.move_count) fail_msg("%s: %s", name_of(deed), why);
    save();
    mortal.last_call = cut->at;
    mortal.answered = cut->answered;
    live(seed, deed);
    if (!mortal.dead) return cut->at == 0;
    wake_up(cut, cut->again);
    live(seed, deed);
    if (mortal.dead) {
        wake_up(cut, 0);
        live(seed, deed);
    }
    return true;
}

/* ---- the law ------------------------------------------------------------------------------- */

/* The same columns apart, and their rows on the same node. */
static bool same_columns(const struct fore_topology *a, const struct fore_topology *b)
{
    for (uint32_t p = 0; p < a->partition_count; p++) {
        const struct fore_partition *x = &a->partition[p];
        if (!x->alive || x->column_group != 0) continue;
        uint32_t q = fore_topology_find(b, x->first);
        if (x->apart != b->partition[q].apart) return false;
        if (x->apart == 0) continue;
        uint32_t s = fore_topology_columns_sibling(a, p), t = fore_topology_columns_sibling(b, q);
        if (a->partition[s].replica[0] != b->partition[t].replica[0]) return false;
    }
    return true;
}

/* The same ranges on the same nodes; indexes may differ. */
static bool same_placement(const struct fore_topology *a, const struct fore_topology *b)
{
    if (a->alive_count != b->alive_count) return false;
    for (uint32_t n = 0; n < a->node_count; n++)
        if (a->node[n].standby != b->node[n].standby) return false;
    for (uint32_t p = 0; p < a->partition_count; p++) {
        const struct fore_partition *x = &a->partition[p];
        if (!x->alive || x->column_group != 0) continue;
        uint32_t q = fore_topology_find(b, x->first);
        const struct fore_partition *y = &b->partition[q];
        if (y->first != x->first || y->last != x->last || y->replica_count != x->replica_count)
            return false;
        for (uint16_t r = 0; r < x->replica_count; r++)
            if (!fore_topology_hosts(b, q, x->replica[r])) return false;
    }
    return same_columns(a, b);
}

/* Every change of the plan, once. */
static bool counted_once(void)
{
    const uint64_t *done = trial.migrate.counts.done;
    uint64_t wanted[FORE_MOVE_KINDS] = {0};
    for (uint32_t i = 0; i < trial.plan.move_count; i++)
        wanted[trial.plan.move[i].move.kind]++;
    return memcmp(done, wanted, sizeof wanted) == 0;
}

static void judge(uint64_t seed, int deed, const struct cut *cut,
                  const struct fore_topology *before, const struct fore_topology *after)
{
    const char *kind = name_of(deed);
    unsigned long long id = seed, at = cut->at;
    const struct fore_topology *now = &trial.fake->topology;
    bool made = same_placement(now, after);
    /* A plan that nobody remembers and nothing carries out is not carried out. */
    bool may_be_lost = cut->saved == LOST;
    /* What a forgotten sweep has left behind is found, and nothing more is done on top of it. */
    bool stops = deed >= FORE_MOVE_KINDS && cut->forgets && trial.critical > 0;
    bool part_lost = may_be_lost && (same_placement(now, before) || deed >= FORE_MOVE_KINDS);
    if (!made && !part_lost && !stops)
        fail_msg("seed %llu, call %llu, %s: the placement is another", id, at, kind);
    if (!may_be_lost && !stops && !counted_once())
        fail_msg("seed %llu, call %llu: the %s was not counted once", id, at, kind);
    if (fore_topology_check(&trial.fake->topology, NULL) != FORE_E_OK)
        fail_msg("seed %llu, call %llu, %s: a key without an owner", id, at, kind);
    /* Only a cluster that forgot a sweep may keep rows, and if a check was agreed it says so; but
     * for those of a sibling that was merged: no partition is left to ask about them. */
    bool stray = fake_orphan_count(trial.fake) > 0, unasked = deed == FORE_MOVE_VERTICAL_MERGE;
    if (stray && !(cut->forgets && (trial.critical > 0 || may_be_lost || unasked)))
        fail_msg("seed %llu, call %llu, %s: rows where they do not belong", id, at, kind);
    if (!stray && !fake_is_sound(trial.fake))
        fail_msg("seed %llu, call %llu, %s: a write is lost", id, at, kind);
    if (!stray && trial.critical > 0)
        fail_msg("seed %llu, call %llu, %s: an alert without a cause", id, at, kind);
}

static uint64_t cut_everywhere(uint64_t seed, int deed, struct cut cut)
{
    struct fore_arena arena;
    struct fore_topology before = {0}, after = {0};
    fore_arena_init(&arena);
    set_up(seed, deed);
    fore_topology_copy(&before, &trial.fake->topology, &arena);
    tear_down();
    assert_true(run(seed, deed, &(struct cut){.at = 0}));
    if (!counted_once())
        fail_msg("seed %llu: the %s is not done", (unsigned long long)seed, name_of(deed));
    assert_true(fake_is_sound(trial.fake));
    fore_topology_copy(&after, &trial.fake->topology, &arena);
    tear_down();
    struct fore_rng rng = fore_rng_stream(seed, "prop-resume-cut", (uint64_t)deed);
    uint64_t runs = 0;
    for (bool met = true; met; runs += met) {
        cut.at++;
        cut.again = cut.saved == OLD ? 1 + fore_rng_below(&rng, 40) : 0;
        cut.new_clock = fore_rng_below(&rng, 4) == 0;
        met = run(seed, deed, &cut);
        if (met) judge(seed, deed, &cut, &before, &after);
        tear_down();
    }
    fore_arena_fini(&arena);
    return runs;
}

static void every_cut(struct cut cut)
{
    uint64_t runs = 0;
    for (uint64_t seed = 1; seed <= SEEDS; seed++)
        for (int deed = 0; deed < DEEDS; deed++)
            for (int answered = 0; answered < 2; answered++) {
                cut.answered = answered;
                runs += cut_everywhere(seed, deed, cut);
            }
    assert_true(runs > 500);
    (void)fprintf(stderr, "resume: %llu cuts\n", (unsigned long long)runs);
}

static void fresh_bytes_lead_to_the_same_end(void **state)
{
    every_cut((struct cut){.saved = FRESH});
}

static void old_bytes_lead_to_the_same_end_also_when_it_dies_twice(void **state)
{
    every_cut((struct cut){.saved = OLD});
}

static void without_any_bytes_what_was_begun_is_brought_to_its_end(void **state)
{
    every_cut((struct cut){.saved = LOST});
}

static void a_cluster_that_forgot_its_tickets_is_judged_by_its_topology(void **state)
{
    every_cut((struct cut){.saved = FRESH, .forgets = true});
    every_cut((struct cut){.saved = OLD, .forgets = true});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fresh_bytes_lead_to_the_same_end),
        cmocka_unit_test(old_bytes_lead_to_the_same_end_also_when_it_dies_twice),
        cmocka_unit_test(without_any_bytes_what_was_begun_is_brought_to_its_end),
        cmocka_unit_test(a_cluster_that_forgot_its_tickets_is_judged_by_its_topology),
    };
    return cmocka_run_group_tests_name("prop/resume", tests, NULL, NULL);
}
