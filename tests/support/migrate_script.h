/*
 * migrate_script.h - the state machine of a move against a driver that is a script: every call
 * answers what the test wrote down, so that each transition, and each way out, can be walked alone.
 * Included by one file a test: world, script and machine are its own.
 */
#ifndef TEST_MIGRATE_SCRIPT_H
#define TEST_MIGRATE_SCRIPT_H

#include "tests/support/near.h"
#include "tests/support/world.h"

#include "core/act/migrate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static struct script {
    enum fore_move_phase phase;
    uint64_t bytes_done;
    uint64_t digest[WORLD_NODES];
    enum fore_err begin_err, poll_err, cutover_err, sweep_err, digest_err;
    bool cutover_happens_anyway;
    uint32_t begins, cancels, cutovers, sweeps, throttles;
    uint64_t orphans;
    double rate;
} script;

static struct world world;
static struct fore_migrate migrate;
static struct fore_alerts alerts;
static struct fore_act_options options;
static uint32_t states_seen[FORE_MIGRATE_STATES], alerts_seen;
static struct fore_migrate_change change[8];
static fore_ns now;

static inline fore_ns s_now(void *self)
{
    return now;
}
static inline enum fore_err s_topology(void *self, const struct fore_topology **out)
{
    *out = &world.topology;
    return FORE_E_OK;
}
static inline enum fore_err s_sample(void *self, struct fore_sample *out)
{
    return FORE_E_AGAIN;
}
static inline enum fore_err s_begin(void *self, const struct fore_move *move, fore_ticket *out)
{
    script.begins++;
    *out = 7;
    return script.begin_err;
}
static inline enum fore_err s_poll(void *self, fore_ticket ticket, struct fore_move_status *out)
{
    *out = (struct fore_move_status){.phase = script.phase,
                                     .bytes_done = script.bytes_done,
                                     .bytes_total = 1000,
                                     .partition_new = FORE_PARTITION_NONE};
    return script.poll_err;
}
static inline enum fore_err s_throttle(void *self, fore_ticket ticket, double rate)
{
    script.throttles++;
    script.rate = rate;
    return FORE_E_OK;
}
static inline enum fore_err s_cancel(void *self, fore_ticket ticket)
{
    script.cancels++;
    return FORE_E_OK;
}
static inline enum fore_err s_digest(void *self, uint32_t partition, uint16_t node, uint64_t *out)
{
    *out = script.digest[node];
    return script.digest_err;
}
static inline enum fore_err s_cutover(void *self, fore_ticket ticket)
{
    script.cutovers++;
    if (script.cutover_err == FORE_E_OK || script.cutover_happens_anyway)
        script.phase = FORE_PHASE_SWEEPING;
    return script.cutover_err;
}
static inline enum fore_err s_sweep(void *self, fore_ticket ticket, uint64_t *orphans)
{
    script.sweeps++;
    *orphans = script.orphans;
    if (script.sweep_err == FORE_E_OK) script.phase = FORE_PHASE_DONE;
    return script.sweep_err;
}
static inline void s_close(void *self)
{
}
static const struct fore_driver_ops ops = {
    .name = "script",
    .caps = FORE_CAP_MOVE | FORE_CAP_SPLIT | FORE_CAP_REPLICA | FORE_CAP_THROTTLE |
            FORE_CAP_CANCEL | FORE_CAP_DIGEST,
    .now = s_now,
    .topology = s_topology,
    .sample = s_sample,
    .begin = s_begin,
    .poll = s_poll,
    .throttle = s_throttle,
    .cancel = s_cancel,
    .digest = s_digest,
    .cutover = s_cutover,
    .sweep = s_sweep,
    .close = s_close,
};
static const struct fore_driver driver = {.ops = &ops, .self = &script};

static inline void put(void *self, fore_ns at, enum fore_event_kind kind, const void *body,
                       size_t len)
{
    struct fore_event_move event;
    if (kind == FORE_EV_ALERT) alerts_seen++;
    if (kind != FORE_EV_MOVE) return;
    memcpy(&event, body, sizeof event);
    states_seen[event.state]++;
}
static const struct fore_sink sink = {.put = put};

static inline void restart(void)
{
    fore_migrate_init(&migrate, &options, &world.arena, WORLD_NODES);
    fore_alert_init(&alerts, &world.arena, WORLD_CAP, 3600 * FORE_SEC);
}

static inline int begin(void **state)
{
    world_init(&world);
    memset(&script, 0, sizeof script);
    memset(states_seen, 0, sizeof states_seen);
    alerts_seen = 0;
    now = 100 * FORE_SEC;
    fore_option_defaults((struct fore_option_binding){&fore_act_section, &options}, &world.arena);
    restart();
    return 0;
}

static inline int end(void **state)
{
    world_fini(&world);
    return 0;
}

static inline struct fore_plan plan_of(enum fore_move_kind kind, uint32_t p, uint16_t from,
                                       uint16_t to)
{
    struct fore_plan plan = {.id = 1, .epoch = world.topology.epoch, .move_count = 1};
    plan.move[0] = (struct fore_plan_move){
        .move = {.kind = kind,
                 .partition = p,
                 .other = FORE_PARTITION_NONE,
                 .source = from,
                 .target = to},
        .duration_s = 100
    };
    return plan;
}

static char why[200];

static inline uint32_t admit(const struct fore_plan *plan)
{
    return fore_migrate_admit(&migrate, plan, &world.topology, driver, world.observe, now, why,
                              sizeof why);
}

static inline size_t tick(void)
{
    now += FORE_SEC;
    return fore_migrate_tick(&migrate, driver, world.observe, &alerts, sink, now, change,
                             FORE_COUNTOF(change));
}

static inline void start_move(void)
{
    struct fore_plan plan = plan_of(FORE_MOVE_MOVE, 0, 0, 1);
    assert_int_equal(admit(&plan), 1);
    script.phase = FORE_PHASE_COPYING;
    tick();
}

#endif
