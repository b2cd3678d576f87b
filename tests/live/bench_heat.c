/*
 * bench_heat.c - what looking at slots costs a server, and how good a look of 5 % of the time is.
 *
 *   HEAT_ROUNDS=30   rounds, each with the ways of looking in another order, a second each
 *   HEAT_SECONDS=60  of traffic that MONITOR's estimate is held against
 *
 * CPU time is the server's own getrusage (INFO; /proc/PID/stat has the same in steps of 10 ms),
 * user and system, per command that it carried out for clients, of the same number of commands each
 * time; server and clients have a core each where there are two. The module is loaded and unloaded
 * in one and the same process, because two processes differ by more than what is measured. Changes
 * are taken round by round, the median of the rounds is printed, and the interval that the middle
 * of 2000 bootstrap medians spans.
 *
 * What a glance of a share f of the time can know of a slot with n commands is bounded: the
 * commands seen are binomial, so the relative error has the deviation sqrt((1-f)/(f n)) at best,
 * whatever is made of them. The bench prints how many of the slots that lets be within 15 %.
 */
#define _GNU_SOURCE /* sched_setaffinity() */
#include "core/base/hash.h"
#include "live/base/clock.h"
#include "live/redis/driver.h"
#include "tests/live/load.h"

#include <math.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum way { NOTHING, MODULE, MONITOR, WAYS };
enum { ROUNDS_MOST = 200, ROUND_MS = 1000, GLANCE_MS = 50, TOP = 100 };
static const char *const way_text[] = {"nothing", "module", "MONITOR, 5 % of the time"};

static uint32_t wish(const char *name, uint32_t other, uint32_t most)
{
    const char *text = getenv(name);
    long value = text != NULL ? strtol(text, NULL, 10) : (long)other;
    return value < 1 ? 1 : value > (long)most ? most : (uint32_t)value;
}

/* ---- overhead ----------------------------------------------------------------------------- */

static double info(struct live_link *link, const char *section, const char *name)
{
    redisReply *reply = live_link_call(link, "INFO %s", section);
    const char *at = reply != NULL && reply->str != NULL ? strstr(reply->str, name) : NULL;
    double value = at != NULL ? strtod(at + strlen(name), NULL) : 0;
    if (reply != NULL) freeReplyObject(reply);
    return value;
}

static double cpu_us(struct live_link *link)
{
    return (info(link, "cpu", "used_cpu_user:") + info(link, "cpu", "used_cpu_sys:")) * 1e6;
}

static void module(struct live_link *link, bool load, const char *path)
{
    redisReply *reply = load ? live_link_call(link, "MODULE LOAD %s", path)
                             : live_link_call(link, "MODULE UNLOAD foreshard_heat");
    if (live_reply_kind(reply) != LIVE_FINE) {
        (void)fprintf(stderr, "module: %s\n", reply != NULL ? reply->str : "lost");
        exit(3);
    }
    freeReplyObject(reply);
}

struct glancing {
    struct live_monitor monitor;
    struct live_glance glance;
    struct live_commands commands;
    const struct live_address *address;
    const struct live_access *access;
};

/* One glance in the middle of the round: 5 % of its time. */
static void *glance_once(void *self)
{
    struct glancing *g = self;
    live_clock_sleep_ms(ROUND_MS / 2);
    if (!live_monitor_begin(&g->monitor, g->address, g->access, &g->glance, GLANCE_MS, 8 << 20))
        return NULL;
    while (!live_monitor_drain(&g->monitor))
        live_clock_sleep_ms(1);
    return NULL;
}

/* A core for the server, another for everything else. */
static void pin(pid_t pid, int core)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(core, &set);
    if (sysconf(_SC_NPROCESSORS_ONLN) >= 2 && sched_setaffinity(pid, sizeof set, &set) != 0)
        perror("pin");
}

/* How many commands a round of a second has. */
static uint64_t commands_a_round(struct load *load)
{
    uint64_t done = load->done;
    load_run(load, ROUND_MS);
    return load->done - done;
}

/* Server CPU per command of a round, in microseconds. */
static double one_round(struct load *load, struct live_link *link, enum way way,
                        struct glancing *glancing, const char *path, uint64_t commands)
{
    pthread_t thread;
    if (way == MODULE) module(link, true, path);
    load_run(load, 20); /* caches, and what loading has disturbed */
    double cpu = cpu_us(link);
    uint64_t done = load->done;
    if (way == MONITOR && pthread_create(&thread, NULL, glance_once, glancing) != 0) abort();
    load_do(load, commands);
    if (way == MONITOR) (void)pthread_join(thread, NULL);
    cpu = (cpu_us(link) - cpu) / (double)(load->done - done);
    if (way == MODULE) module(link, false, path);
    return cpu;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *x, uint32_t count)
{
    qsort(x, count, sizeof x[0], ascending);
    return count % 2 == 1 ? x[count / 2] : (x[count / 2 - 1] + x[count / 2]) / 2;
}

static void tell(enum way way, double cpu[][ROUNDS_MOST], uint32_t rounds)
{
    enum { DRAWS = 2000 };
    static double change[ROUNDS_MOST], draw[ROUNDS_MOST], medians[DRAWS], sorted[ROUNDS_MOST];
    struct fore_rng rng = fore_rng_stream(1, "bench.bootstrap", way);
    for (uint32_t r = 0; r < rounds; r++)
        change[r] = cpu[way][r] / cpu[NOTHING][r] - 1;
    for (uint32_t d = 0; d < DRAWS; d++) {
        for (uint32_t r = 0; r < rounds; r++)
            draw[r] = change[fore_rng_below(&rng, rounds)];
        medians[d] = median(draw, rounds);
    }
    qsort(medians, DRAWS, sizeof medians[0], ascending);
    memcpy(sorted, cpu[way], rounds * sizeof sorted[0]);
    (void)printf("  %-26s %6.3f us/op", way_text[way], median(sorted, rounds));
    if (way != NOTHING)
        (void)printf("  %+5.1f %%  (95 %%: %+.1f to %+.1f)", median(change, rounds) * 100,
                     medians[DRAWS / 40] * 100, medians[DRAWS - DRAWS / 40] * 100);
    (void)printf("\n");
    (void)fflush(stdout);
}

static void overhead(const char *path)
{
    static struct load load;
    static struct glancing glancing;
    static double cpu[WAYS][ROUNDS_MOST];
    uint32_t rounds = wish("HEAT_ROUNDS", 30, ROUNDS_MOST);
    struct ground *ground = ground_begin("1 -c \"--enable-module-command local\"");
    struct load_options options = {
        .keys = 100000, .connections = 32, .zipf_s = 0.99, .write_share = 0.1, .seed = 1};
    load_begin(&load, ground, &options);
    cpu_set_t everywhere;
    if (sched_getaffinity(0, sizeof everywhere, &everywhere) != 0) abort();
    pin(ground->node[0].pid, 0);
    pin(0, 1);
    uint64_t commands = commands_a_round(&load);
    struct live_link *link = &live_cluster_primary(&ground->cluster, 0)->link;
    if (live_commands_load(&glancing.commands, link) != FORE_E_OK) exit(3);
    glancing.monitor.commands = &glancing.commands;
    glancing.address = &link->address;
    glancing.access = &ground->access;
    for (uint32_t r = 0; r < rounds; r++)
        for (uint32_t i = 0; i < WAYS; i++) {
            enum way way = (enum way)((r + i) % WAYS);
            cpu[way][r] = one_round(&load, link, way, &glancing, path, commands);
        }
    (void)printf("server CPU per command (%u rounds of %llu commands, 32 clients, GET 90 %%, 100 "
                 "bytes, Zipf 0.99; targets: module 2 %%, MONITOR 5 %%)\n",
                 rounds, (unsigned long long)commands);
    for (uint32_t way = 0; way < WAYS; way++)
        tell((enum way)way, cpu, rounds);
    load_end(&load);
    ground_end(ground);
    if (sched_setaffinity(0, sizeof everywhere, &everywhere) != 0) perror("pin");
}

/* ---- how good a look is ------------------------------------------------------------------- */

static double truth[FORE_SLOT_COUNT];

static int hotter(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return truth[x] < truth[y] ? 1 : truth[x] > truth[y] ? -1 : (x > y) - (x < y);
}

/* Returns the commands that glances saw meanwhile. */
static double watch(struct live_driver *driver, struct load *load, uint32_t seconds,
                    double *estimate)
{
    uint64_t glanced = 0;
    struct fore_sample sample;
    uint64_t until = 0;
    for (bool counting = false;;) {
        live_driver_run(driver, 250 * FORE_MS);
        if (fore_driver_sample(live_driver_door(driver), &sample) != FORE_E_OK) continue;
        if (!counting) { /* the first window has glances to look back on */
            for (uint32_t slot = 0; slot < FORE_SLOT_COUNT; slot++)
                truth[slot] = -(double)(load->reads[slot] + load->writes[slot]);
            until = live_clock_ms() + seconds * 1000;
            glanced = driver->heat.glanced;
            counting = driver->now >= 5 * FORE_SEC;
            continue;
        }
        for (uint32_t slot = 0; slot < FORE_SLOT_COUNT; slot++) {
            uint32_t p = fore_topology_find(&driver->topology, (uint64_t)slot << FORE_SLOT_SHIFT);
            estimate[slot] += (double)(sample.partition[p].reads + sample.partition[p].writes);
        }
        if (live_clock_ms() >= until) break;
    }
    for (uint32_t slot = 0; slot < FORE_SLOT_COUNT; slot++)
        truth[slot] += (double)(load->reads[slot] + load->writes[slot]);
    return (double)(driver->heat.glanced - glanced);
}

/* Of the hottest slots, as many as the best use of a share `seen` of the commands leaves within
 * 15 % on average; and what a slot needs in a minute to be so 95 times of 100. */
static void tell_bound(const uint32_t *order, double seen)
{
    double within = 0, mean = 0;
    for (uint32_t i = 0; i < TOP; i++) {
        double deviation = sqrt((1 - seen) / (seen * truth[order[i]]));
        within += erf(0.15 / deviation / sqrt(2));
        mean += deviation * sqrt(2 / M_PI) / TOP; /* of the size of a normal error */
    }
    (void)printf("  %-10s %4.1f %% of the commands seen: at best mean %.1f %%, %.0f of %d within "
                 "15 %%; within 15 %% 95 times of 100 from %.0f commands on a slot, the %d-th had "
                 "%.0f\n",
                 "(bound)", seen * 100, mean * 100, within, TOP,
                 (1 - seen) / seen * pow(1.96 / 0.15, 2), TOP, truth[order[TOP - 1]]);
}

static void estimates(const char *more, const char *name, uint32_t seconds)
{
    static struct load load;
    static double estimate[FORE_SLOT_COUNT], error[TOP];
    static uint32_t order[FORE_SLOT_COUNT];
    struct ground *ground = ground_begin(more);
    struct load_options options = {
        .keys = 200000, .connections = 8, .zipf_s = 0.99, .write_share = 0.1, .seed = 2};
    load_begin(&load, ground, &options);
    struct live_driver_options drive = {
        .seed = &ground->node[0].address,
        .seed_count = 1,
        .access = ground->access,
        .journal = ground_path(ground, "bench.db"),
        .partitions = FORE_SLOT_COUNT,
        .partition_cap = FORE_SLOT_COUNT,
        .window = FORE_SEC,
        .heat = {.duty = 0.05, .seed = 3}
    };
    struct live_driver *driver = NULL;
    struct fore_diag diag = {0};
    pthread_t thread;
    if (live_driver_open(&driver, &drive, &diag) != FORE_E_OK) {
        (void)fprintf(stderr, "%s\n", diag.text);
        exit(3);
    }
    memset(estimate, 0, sizeof estimate);
    if (pthread_create(&thread, NULL, load_thread, &load) != 0) abort();
    double seen = watch(driver, &load, seconds, estimate);
    atomic_store(&load.stopping, true);
    (void)pthread_join(thread, NULL);
    double all = 0, sum = 0;
    for (uint32_t i = 0; i < FORE_SLOT_COUNT; i++) {
        order[i] = i;
        all += truth[i];
        sum += estimate[i];
    }
    qsort(order, FORE_SLOT_COUNT, sizeof order[0], hotter);
    uint32_t within = 0;
    double mean = 0;
    for (uint32_t i = 0; i < TOP; i++) {
        error[i] = fabs(estimate[order[i]] / truth[order[i]] - 1);
        within += error[i] <= 0.15;
        mean += error[i] / TOP;
    }
    double middle = median(error, TOP); /* sorts */
    (void)printf("  %-10s %6.0f op/s  error: median %.1f %%, mean %.1f %%, worst %.1f %%; "
                 "%u of %d within 15 %%; total %+.2f %%\n",
                 name, all / seconds, middle * 100, mean * 100, error[TOP - 1] * 100, within, TOP,
                 (sum / all - 1) * 100);
    if (driver->heat.source == LIVE_HEAT_MONITOR) tell_bound(order, seen / all);
    fore_driver_close(live_driver_door(driver));
    load_end(&load);
    ground_end(ground);
}

int main(void)
{
    char folder[512], path[700], with[900];
    const char *build = getenv("BUILD");
    if (!ground_possible()) {
        (void)printf("bench_heat: redis-server is not installed: skipped\n");
        return 0;
    }
    if (getcwd(folder, sizeof folder) == NULL) abort();
    (void)snprintf(path, sizeof path, "%s/%s/foreshard-heat.so", folder,
                   build != NULL ? build : "build/rel");
    (void)snprintf(with, sizeof with, "3 -c \"--loadmodule %s\"", path);
    overhead(path);
    uint32_t seconds = wish("HEAT_SECONDS", 60, 3600);
    (void)printf("commands per slot, the %d hottest of 16384, over %u s of Zipf 0.99 on 3 nodes "
                 "(targets: module exact, MONITOR within 15 %%)\n",
                 TOP, seconds);
    estimates(with, "module", 10);
    estimates("3", "MONITOR", seconds);
    return 0;
}
