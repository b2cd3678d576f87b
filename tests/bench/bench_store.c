/*
 * bench_store.c - requests per second of the store model, against the textbook program.
 *
 * 16 nodes, 1,000 partitions, Zipf 0.99 over a million keys, a histogram on every request, the
 * generator included; one core a node, four, and one with 10 % replicated writes. The two run in
 * turn, A B A B, and the ratio of the pairs is what counts: times mean little on a busy machine.
 *
 *   bench_store            prints  name,value,unit,...  lines
 *   bench_store N [case]   simulates N requests of the store only, for callgrind: the difference of
 *                          two N, divided by theirs, is instructions per request
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "core/base/series.h"
#include "tests/bench/textbook.h"
#include "tests/support/sim_world.h"

enum { NODES = 16, PARTITIONS = 1000, KEYS = 1000000, PAIRS = 5 };
static const double rate = 160000;     /* 10,000 a second and node */
static const double utilization = 0.4; /* mean; the hottest node, with the hottest key, some 70 % */

struct bench_case {
    const char *name;
    uint32_t cores;
    double write_share;
};
static const struct bench_case cases[] = {
    {"fifo_1core",              1, 0  },
    {"fifo_4core",              4, 0  },
    {"fifo_1core_10pct_writes", 1, 0.1}
};

static double cpu_s(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

struct outcome {
    double requests_per_s;
    uint64_t requests, p99_ns;
};

static double service_mean_ns(const struct bench_case *c)
{
    double jobs = 1 + (c->write_share > 0 ? 2 * c->write_share : 0);
    return utilization * NODES * c->cores / (rate * jobs) * 1e9;
}

static struct outcome run_store(const struct bench_case *c, uint64_t requests)
{
    char span[48], service[48], cores[48], reads[48], write[48];
    (void)snprintf(span, sizeof span, "workload.span=%.0fs", (double)requests / rate + 1);
    (void)snprintf(service, sizeof service, "sim.service_mean=%.0fns", service_mean_ns(c));
    (void)snprintf(cores, sizeof cores, "cluster.cores=%u", c->cores);
    (void)snprintf(reads, sizeof reads, "workload.read_share=%.0f%%", 100 * (1 - c->write_share));
    (void)snprintf(write, sizeof write, "cluster.replicas=%d", c->write_share > 0 ? 3 : 1);
    const char *const sets[] = {"workload.rate=160k/s",
                                "workload.keys=1M",
                                "workload.zipf_s=0.99",
                                "workload.scatter=yes",
                                "cluster.nodes=16",
                                "cluster.partitions=1000",
                                "cluster.initial=round-robin",
                                span,
                                service,
                                cores,
                                reads,
                                write,
                                NULL};
    struct sim_world world;
    sim_world_open(&world, 1, sets);
    double began_s = cpu_s();
    uint64_t done = 0;
    while (done < requests && !world.ended)
        done += sim_world_step(&world)->requests;
    struct outcome outcome = {.requests = done,
                              .requests_per_s = (double)done / (cpu_s() - began_s),
                              .p99_ns = world.backend.ops->quantile(world.backend.self, 0.99)};
    sim_world_close(&world);
    return outcome;
}

static struct outcome run_textbook(const struct bench_case *c, uint64_t requests)
{
    struct textbook_options options = {.nodes = NODES,
                                       .cores = c->cores,
                                       .partitions = PARTITIONS,
                                       .keys = KEYS,
                                       .zipf_s = 0.99,
                                       .rate = rate,
                                       .service_mean_ns = service_mean_ns(c),
                                       .write_share = c->write_share,
                                       .requests = requests,
                                       .seed = 1};
    options.requests = 1; /* set-up alone, to take it off */
    double began_s = cpu_s();
    (void)textbook_run(&options);
    double setup_s = cpu_s() - began_s;
    options.requests = requests;
    began_s = cpu_s();
    struct textbook_result result = textbook_run(&options);
    double spent_s = cpu_s() - began_s - setup_s;
    return (struct outcome){.requests = result.requests,
                            .requests_per_s = (double)result.requests / spent_s,
                            .p99_ns = result.p99_ns};
}

static void compare(const struct bench_case *c, uint64_t requests)
{
    double ratio[PAIRS], store[PAIRS], textbook[PAIRS];
    struct outcome a = {0}, b = {0};
    for (int i = 0; i < PAIRS; i++) {
        a = run_store(c, requests);
        b = run_textbook(c, requests / 4);
        store[i] = a.requests_per_s / 1e6;
        textbook[i] = b.requests_per_s / 1e6;
        ratio[i] = a.requests_per_s / b.requests_per_s;
    }
    (void)printf("store_%s,%.2f,Mreq/s,textbook %.2f,ratio %.2f\n", c->name,
                 fore_series_median(store, PAIRS), fore_series_median(textbook, PAIRS),
                 fore_series_median(ratio, PAIRS));
}

int main(int argc, char **argv)
{
    if (argc > 1) {
        size_t which = argc > 2 ? (size_t)strtoul(argv[2], NULL, 10) : 0;
        if (which >= FORE_COUNTOF(cases)) return 2;
        uint64_t requests = strtoull(argv[1], NULL, 10);
        struct outcome outcome = run_store(&cases[which], requests);
        (void)printf("store_%s,%llu,requests\n", cases[which].name,
                     (unsigned long long)outcome.requests);
        return 0;
    }
    for (size_t i = 0; i < FORE_COUNTOF(cases); i++)
        compare(&cases[i], 4000000);
    return 0;
}
