/*
 * bench_planner.c - one plan of the receding-horizon planner: partitions spread over nodes, a
 * twentieth of the nodes about to overload, 12 steps ahead, forecast and nowcast as two scenarios.
 * One thread, CPU time; the picture of the load is built anew each time, as the engine does.
 *
 *   bench_planner [PARTITIONS NODES]
 */
#include "core/base/dist.h"
#include "core/base/rng.h"
#include "core/decide/planner.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { STEPS = 12, ROUNDS = 5 };

static double cpu_ms(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void *zeroed(size_t count, size_t size)
{
    void *memory = calloc(count, size);
    FORE_ASSERT(memory != NULL);
    return memory;
}

struct picture {
    struct fore_arena arena;
    struct fore_topology topology;
    struct fore_observe observe;
    struct fore_decide_options options;
    struct fore_scenario forecast, nowcast;
    struct fore_planner_input input;
};

static void scenario(struct fore_scenario *out, const char *model, uint32_t partitions,
                     uint32_t nodes, double rise, uint64_t seed)
{
    size_t cells = (size_t)partitions * STEPS;
    float *mean = zeroed(cells, sizeof(*mean)), *own = zeroed(cells, sizeof(*own)),
          *common = zeroed(cells, sizeof(*common));
    struct fore_rng rng = fore_rng_stream(seed, "bench", 0);
    double share = 4.0 * 0.6 * nodes / partitions; /* 60 % of 4 cores a node */
    for (uint32_t p = 0; p < partitions; p++) {
        double level = share * (0.5 + fore_rng_unit(&rng));
        bool hot = p % nodes % 20 == 7;
        for (size_t h = 0; h < STEPS; h++) {
            size_t at = (size_t)p * STEPS + h;
            mean[at] = (float)(level * (hot ? 1 + rise * (double)h / STEPS : 1));
            own[at] = 0.1f * mean[at];
            common[at] = 0.02f * mean[at];
        }
    }
    *out = (struct fore_scenario){.model = model,
                                  .step = 600 * FORE_SEC,
                                  .steps = STEPS,
                                  .partition_count = partitions,
                                  .mean = mean,
                                  .common = common,
                                  .own = own,
                                  .ready = true};
}

static void build(struct picture *x, uint32_t partitions, uint32_t nodes)
{
    fore_option_defaults(
        (struct fore_option_binding){.section = &fore_decide_section, .target = &x->options},
        &x->arena);
    x->options.splits = false; /* they ask sketches of keys, which cost nothing here */
    fore_topology_init(&x->topology, &x->arena, nodes, 1, partitions);
    x->topology.table[0] =
        (struct fore_table){.name = "t", .last = (uint64_t)partitions * 1000 - 1};
    for (uint32_t n = 0; n < nodes; n++)
        x->topology.node[n] =
            (struct fore_node){.name = "n", .cores = 4, .bandwidth_bytes = 1e7, .up = true};
    for (uint32_t p = 0; p < partitions; p++) {
        struct fore_partition part = {.first = (uint64_t)p * 1000,
                                      .last = (uint64_t)p * 1000 + 999,
                                      .bytes = 1u << 28,
                                      .replica_count = 1,
                                      .replica = {(uint16_t)(p % nodes)},
                                      .alive = true};
        uint32_t index;
        enum fore_err err = fore_topology_add(&x->topology, &part, &index);
        FORE_ASSERT(err == FORE_E_OK);
    }
    x->observe.partition_cap = partitions;
    x->observe.partition = zeroed(partitions, sizeof(*x->observe.partition));
    scenario(&x->forecast, "forecast", partitions, nodes, 0.9, 1);
    scenario(&x->nowcast, "naive", partitions, nodes, 0.0, 1);
    uint8_t *slots = zeroed(nodes, 1);
    for (uint32_t n = 0; n < nodes; n++)
        slots[n] = 1;
    uint16_t *baseline = zeroed(partitions, sizeof(*baseline));
    for (uint32_t p = 0; p < partitions; p++)
        baseline[p] = 1;
    x->input = (struct fore_planner_input){
        .options = &x->options,
        .topology = &x->topology,
        .observe = &x->observe,
        .term = {{&x->forecast, 0.85}, {&x->nowcast, 0.15}},
        .term_count = 2,
        .node_slots = slots,
        .cluster_slots = nodes,
        .partition_busy = zeroed(partitions, sizeof(bool)),
        .partition_split_rest = zeroed(partitions, sizeof(bool)),
        .baseline_partitions = partitions,
        .baseline_replicas = baseline,
        .move_utilization = 0.07,
        .bytes_mean = 1u << 28,
        .caps = FORE_CAP_MOVE | FORE_CAP_REPLICA,
    };
}

static void measure(uint32_t partitions, uint32_t nodes)
{
    struct picture *x = zeroed(1, sizeof(*x));
    struct fore_arena scratch = {0};
    struct fore_plan plan = {0};
    double best = 1e30;
    build(x, partitions, nodes);
    for (int round = 0; round < ROUNDS; round++) {
        double began = cpu_ms();
        fore_planner_plan(&x->input, &scratch, &plan);
        double ms = cpu_ms() - began;
        best = ms < best ? ms : best;
        fore_arena_reset(&scratch, (struct fore_arena_mark){0});
    }
    printf("planner_%u_x_%u,%.2f,ms,%u moves,expected violation %.0f -> %.0f node-s\n", partitions,
           nodes, best, plan.move_count, plan.violation_before_s, plan.violation_after_s);
    fore_arena_fini(&scratch);
    fore_arena_fini(&x->arena);
    free(x); /* the matrices go with the process */
}

int main(int argc, char **argv)
{
    if (argc == 3) {
        measure((uint32_t)strtoul(argv[1], NULL, 10), (uint32_t)strtoul(argv[2], NULL, 10));
        return 0;
    }
    measure(1000, 16);
    measure(100000, 1000);
    measure(1000000, 10000);
    return 0;
}
