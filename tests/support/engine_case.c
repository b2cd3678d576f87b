#include "tests/support/engine_case.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

struct engine_case ec;

static void put(void *self, fore_ns at, enum fore_event_kind kind, const void *body, size_t len)
{
    const unsigned char *byte = body;
    struct fore_event_alert alert;
    struct fore_event_resolved over;
    ec.seen[kind]++;
    if (kind == FORE_EV_MOVE && ec.moved_count < FORE_COUNTOF(ec.moved))
        ec.moved[ec.moved_count++] = ((const struct fore_event_move *)body)->partition;
    if (kind == FORE_EV_ALERT) {
        memcpy(&alert, body, sizeof alert);
        ec.raised[alert.code]++;
    }
    if (kind == FORE_EV_RESOLVED) {
        memcpy(&over, body, sizeof over);
        ec.resolved[over.code]++;
    }
    for (size_t i = 0; i < len; i++)
        ec.stream_sum = (ec.stream_sum ^ byte[i]) * UINT64_C(0x100000001b3);
    ec.stream_sum ^= at;
}

static void defaults(const struct fore_option_section *section, void *target)
{
    fore_option_defaults((struct fore_option_binding){section, target}, &ec.arena);
}

int engine_case_begin(void **state)
{
    memset(ec.seen, 0, sizeof ec.seen);
    memset(ec.moved, 0xff, sizeof ec.moved);
    ec.moved_count = 0;
    memset(ec.raised, 0, sizeof ec.raised);
    memset(ec.resolved, 0, sizeof ec.resolved);
    memset(&ec.diag, 0, sizeof ec.diag);
    ec.stream_sum = 0;
    ec.engine = NULL;
    fore_arena_init(&ec.arena);
    defaults(&fore_observe_section, &ec.options.observe);
    defaults(&fore_forecast_section, &ec.options.forecast);
    defaults(&fore_decide_section, &ec.options.decide);
    defaults(&fore_placement_section, &ec.options.placement);
    defaults(&fore_timetable_section, &ec.options.timetable);
    defaults(&fore_policy_section, &ec.options.policy);
    defaults(&fore_act_section, &ec.options.act);
    ec.options.observe.mid_step = 10 * FORE_SEC;
    ec.options.observe.now_span = 3 * FORE_SEC;
    ec.options.forecast.horizon = 120 * FORE_SEC;
    ec.options.decide.plan_every = 5 * FORE_SEC;
    ec.fake = fake_create(&(struct fake_options){.node_count = ENGINE_CASE_NODES,
                                                 .partition_count = ENGINE_CASE_PARTITIONS});
    ec.setup = (struct fore_engine_setup){.options = &ec.options,
                                          .policy = "nowcast",
                                          .driver = fake_driver(ec.fake),
                                          .sink = {.put = put},
                                          .seed = 1,
                                          .slo_ns = 10 * FORE_MS,
                                          .journal_every = FORE_SEC,
                                          .keyframe_every = 60 * FORE_SEC};
    return 0;
}

int engine_case_end(void **state)
{
    if (ec.engine != NULL) fore_engine_destroy(ec.engine);
    fake_destroy(ec.fake);
    fore_arena_fini(&ec.arena);
    return 0;
}

void engine_case_start(void)
{
    assert_int_equal(fore_engine_create(&ec.setup, &ec.engine, &ec.diag), FORE_E_OK);
}

/* `cores` on one partition, a tenth of a core on every other one. */
void engine_case_load(uint32_t hot, double cores)
{
    for (uint32_t n = 0; n < ENGINE_CASE_NODES; n++)
        ec.fake->node_sample[n] = (struct fore_node_sample){.up = true};
    for (uint32_t p = 0; p < ec.fake->topology.partition_count; p++) {
        const struct fore_partition *part = &ec.fake->topology.partition[p];
        if (!part->alive) continue;
        double x = p == hot ? cores : 0.1;
        struct fore_partition_sample *s = &ec.fake->partition_sample[p];
        *s = (struct fore_partition_sample){.reads = (uint64_t)(1000 * x),
                                            .busy_read_ns =
                                                (uint64_t)(x * ENGINE_CASE_WINDOW_S * 1e9)};
        for (uint32_t r = 0; r < part->replica_count; r++) {
            struct fore_node_sample *n = &ec.fake->node_sample[part->replica[r]];
            n->requests += s->reads / part->replica_count;
            n->busy_ns += s->busy_read_ns / part->replica_count;
            n->utilization +=
                x / part->replica_count / ec.fake->topology.node[part->replica[r]].cores;
        }
    }
}

void engine_case_run(uint32_t windows, uint32_t hot, double cores)
{
    for (uint32_t i = 0; i < windows; i++) {
        engine_case_load(hot, cores * ec.fake->topology.node[0].cores);
        fake_advance(ec.fake, ENGINE_CASE_WINDOW_S * FORE_SEC);
        enum fore_err err = fore_engine_step(ec.engine, fore_driver_now(ec.setup.driver), &ec.diag);
        assert_true(err == FORE_E_OK || err == FORE_E_AGAIN);
    }
}

uint64_t engine_case_moves_done(void)
{
    struct fore_engine_counts counts = fore_engine_counts(ec.engine);
    uint64_t sum = 0;
    for (int k = 0; k < FORE_MOVE_KINDS; k++)
        sum += counts.migrate.done[k];
    return sum;
}
