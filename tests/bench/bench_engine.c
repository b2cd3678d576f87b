/*
 * bench_engine.c - what thinking costs: the share of a run's CPU that goes into observing,
 * forecasting, scoring and planning 1,000 partitions every simulated second, while the cluster
 * serves 200,000 requests in each. A share of one run, so it hardly depends on the machine's load.
 */
#include "sim/run.h"

#include <stdio.h>

int main(void)
{
    static const char *const sets[] = {
        "workload.span=5min",
        "workload.rate=200k/s",
        "workload.keys=1M",
        "cluster.nodes=16",
        "cluster.cores=1",
        "cluster.partitions=1000",
        "cluster.peak_utilization=60%",
        "observe.window=1s",
        "observe.mid_step=10s",
        "forecast.horizon=1min",
        "forecast.refresh_every=1s",
        "forecast.origin_every=10s",
        "decide.plan_every=1s",
        "experiment.evaluate_from=0s",
        "experiment.act_from=0s",
    };
    const struct fore_strings all = {.item = sets, .count = FORE_COUNTOF(sets)};
    struct fore_arena perm;
    fore_arena_init(&perm);
    static struct sim_scenario scenario;
    struct fore_diag diag = {0};
    struct sim_result result = {0};
    enum fore_err err =
        sim_scenario_load("workloads/scenarios/steady.cfg", &all, &perm, &scenario, &diag);
    struct sim_run_request request = {.scenario = &scenario, .policy = "predictive", .seed = 1};
    if (err == FORE_E_OK) err = sim_run(&request, &result, &diag);
    if (err != FORE_E_OK) {
        (void)fprintf(stderr, "bench_engine: %s\n", diag.text);
        return 1;
    }
    printf("engine_every_second_1000_partitions,%.1f,%% of the run,%.3g ms a simulated second\n",
           100 * result.engine_cpu_s / result.cpu_s, 1e3 * result.engine_cpu_s / 300);
    fore_arena_fini(&perm);
    return 0;
}
