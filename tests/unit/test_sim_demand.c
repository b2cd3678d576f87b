/*
 * test_sim_demand.c - what is made of a full node's load, against a simulation that knows what was
 * asked: tenants that take turns (hot_range_5min.csv), request by request, two busy ones on one
 * node for a minute, and its backlog worked off for longer than that. Nothing moves.
 */
#include "core/observe/demand.h"
#include "sim/served.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/support/near.h"
#include "tests/support/sim_world.h"

enum { WINDOWS = 1500, KNOWN = 60, NODES = 3 };

static const char *const sets[] = {"workload.kind=series",
                                   "workload.series=workloads/scenarios/hot_range_5min.csv",
                                   "workload.series_layout=wide",
                                   "workload.span=30min",
                                   "workload.step=1s",
                                   "workload.write_share=0%",
                                   "cluster.nodes=3",
                                   "cluster.cores=1",
                                   "cluster.partitions=16",
                                   "cluster.initial=round-robin",
                                   "sim.fidelity=request",
                                   "sim.service=fixed",
                                   "sim.service_mean=4255us",
                                   "observe.window=1s",
                                   NULL};

struct outcome { /* core-seconds of the windows in which a backlog is worked off */
    double asked, served, made, made_once;
    double all_asked, all_made, all_made_once; /* of all windows */
};

static double busy(const struct fore_sample *sample, const struct fore_topology *t, uint32_t node,
                   const struct fore_demand *demand)
{
    double sum = 0;
    for (uint32_t p = 0; p < sample->partition_count; p++) {
        const struct fore_partition_sample *x = &sample->partition[p];
        if (!t->partition[p].alive || t->partition[p].replica[0] != node) continue;
        double lift = demand != NULL ? fore_demand_lift(demand, t, p) : 1;
        sum += lift * ((double)x->busy_read_ns + (double)x->busy_write_ns) / 1e9;
    }
    return sum;
}

static struct outcome play(uint64_t seed)
{
    struct sim_world world;
    struct sim_served served;
    struct outcome out = {0};
    sim_world_open(&world, seed, sets);
    const struct fore_topology *t = &world.cluster.topology;
    sim_served_init(&served, t, &world.arena);
    struct fore_demand *often = fore_demand_create(t->partition_cap, NODES, false);
    struct fore_demand *once = fore_demand_create(t->partition_cap, NODES, true);
    uint64_t before[NODES] = {0};
    for (int w = 0; w < WINDOWS; w++) {
        const struct fore_sample *asked = sim_world_step(&world);
        const struct fore_sample *told = sim_served_window(&served, asked, t);
        fore_demand_push(often, told, t);
        fore_demand_push(once, told, t);
        for (uint32_t n = 0; n < NODES; n++) {
            bool falls = asked->node[n].backlog_ns < before[n];
            before[n] = asked->node[n].backlog_ns;
            if (w < KNOWN) continue;
            double is = busy(asked, t, n, NULL), was = busy(told, t, n, NULL);
            double made = busy(told, t, n, often), made_once = busy(told, t, n, once);
            out.all_asked += is, out.all_made += made, out.all_made_once += made_once;
            if (!falls || told->node[n].utilization < 0.95) continue;
            out.asked += is, out.served += was, out.made += made, out.made_once += made_once;
        }
    }
    fore_demand_destroy(often);
    fore_demand_destroy(once);
    sim_world_close(&world);
    return out;
}

static void what_is_asked_while_a_backlog_is_worked_off_is_found(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 3; seed++) {
        struct outcome o = play(seed);
        print_message("# seed %d: while backlogs fall %.0f core-s asked, %.0f served, made %.0f, "
                      "once %.0f; of all %.0f: made %.0f, once %.0f\n",
                      (int)seed, o.asked, o.served, o.made, o.made_once, o.all_asked, o.all_made,
                      o.all_made_once);
        assert_true(o.asked > 50 && o.served > 1.2 * o.asked);
        assert_true(o.made >= o.served); /* never less than is served: what is wrong here */
        assert_true(fabs(o.made_once - o.asked) < 0.5 * fabs(o.made - o.asked));
        assert_true(fabs(o.all_made_once - o.all_asked) < fabs(o.all_made - o.all_asked));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_asked_while_a_backlog_is_worked_off_is_found),
    };
    return cmocka_run_group_tests_name("core/observe/demand in the simulator", tests, NULL, NULL);
}
