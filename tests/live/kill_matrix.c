/*
 * kill_matrix.c - kill -9 of the mover, of a move's source and of its target at random instants,
 * and SIGSTOP of either, on one cluster, while a client writes numbered values 5000 times a second.
 * A line for every harm, as it comes; at the end a table with what was lost and how long it took.
 *
 *   kill_matrix [COUNT [SEED [WHAT]]]   so many instants of each victim (100), drawn from this seed
 *                                       (1), and a fifth as many stops; WHAT: only "source",
 * "stopped", ...
 *
 * Ends with 1 when an acknowledged write is gone that Redis did not lose by itself (see writer.h),
 * a read after the recovery finds less than it must, a key is wrong that nobody wrote, or order is
 * not restored at all. What takes longer than node timeout + 5 s is counted: late.
 */
#include "core/base/rng.h"
#include "tests/live/crash.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COUNT_MOST = 2000, INSTANT_US = 20000, TRIES_MOST = 20, STOPS_EVERY = 5 };

enum kind { MOVER_KILL, SOURCE_KILL, TARGET_KILL, SOURCE_STOP, TARGET_STOP, KINDS };
static const struct {
    const char *text;
    enum crash_victim victim;
    enum crash_harm harm;
} kinds[KINDS] = {
    {"mover killed",   CRASH_MOVER,  CRASH_KILL},
    {"source killed",  CRASH_SOURCE, CRASH_KILL},
    {"target killed",  CRASH_TARGET, CRASH_KILL},
    {"source stopped", CRASH_SOURCE, CRASH_STOP},
    {"target stopped", CRASH_TARGET, CRASH_STOP},
};

static struct tally {
    uint32_t count, late;
    uint64_t stale, stale_after, lost_redis, lost, wrong, writes, ms;
    uint64_t recovered_ms[COUNT_MOST], outage_ms[COUNT_MOST];
} tally[KINDS];
static uint32_t harms;

static void note(enum kind kind, const struct crash *crash)
{
    struct tally *t = &tally[kind];
    const struct crash_outcome *o = &crash->outcome;
    t->recovered_ms[t->count] = o->recovered_ms;
    t->outage_ms[t->count++] = o->outage_ms;
    t->late += o->recovered_ms > CRASH_LIMIT_MS;
    t->stale += o->stale;
    /* A read that shows Redis' own loss is judged as that loss, each of them once. */
    t->stale_after += o->lost_redis > 0 ? 0 : o->stale_after;
    t->lost_redis += o->lost_redis;
    t->lost += o->lost;
    t->wrong += o->wrong;
    t->writes += o->writes;
    t->ms += o->ended_ms - o->began_ms;
}

static void tell(enum kind kind, const struct crash *crash)
{
    const struct crash_outcome *o = &crash->outcome;
    (void)printf("%4u  %-14s at %6.1f ms, slot %u %-4s %-5s  in order after %5.2f s, no ack for "
                 "%5.2f s at most; stale reads %llu before, %llu after; lost by Redis %llu, lost "
                 "%llu\n",
                 harms, kinds[kind].text, (double)crash->after_us / 1e3, (unsigned)o->slot,
                 o->step >= 0 ? live_step_text((enum live_step)o->step) : "-",
                 o->ended ? "ended" : "begun", (double)o->recovered_ms / 1e3,
                 (double)o->outage_ms / 1e3, (unsigned long long)o->stale,
                 (unsigned long long)o->stale_after, (unsigned long long)o->lost_redis,
                 (unsigned long long)(o->lost + o->wrong));
    (void)fflush(stdout);
}

/* Some instants come when all is over: another one is drawn. */
static void harm(enum kind kind, struct fore_rng *rng)
{
    for (int tries = 0; tries < TRIES_MOST; tries++) {
        struct crash crash = {.victim = kinds[kind].victim,
                              .harm = kinds[kind].harm,
                              .after_us = 1 + fore_rng_below(rng, INSTANT_US),
                              .tolerant = true};
        bool done = crash.victim == CRASH_MOVER ? crash_mover(&crash) : crash_node(&crash);
        const struct crash_outcome *o = &crash.outcome;
        harms += done;
        if (done) note(kind, &crash);
        if (done || o->lost + o->wrong > 0) tell(kind, &crash);
        if (!done) tally[kind].lost += o->lost, tally[kind].wrong += o->wrong;
        if (done) return;
    }
    (void)printf("%s: %d instants in a row were too late\n", kinds[kind].text, TRIES_MOST);
}

/* ---- the table ---------------------------------------------------------------------------- */

static int ascending(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* Nearest rank, in seconds; of sorted values. */
static double quantile(const uint64_t *ms, uint32_t count, uint32_t percent)
{
    uint32_t rank = (count * percent + 99) / 100;
    return count == 0 ? 0 : (double)ms[rank > 0 ? rank - 1 : 0] / 1e3;
}

static uint64_t table(void)
{
    uint64_t bad = 0, writes = 0, ms = 0;
    uint32_t done = 0;
    (void)printf("\n%-15s %5s %5s %9s %11s %11s | %-22s | %-17s | %s\n", "", "count", "lost",
                 "by Redis", "stale after", "(stale bef.)", "in order: p50 p99 max s",
                 "no ack: p99 max s", "later than 7 s");
    for (int kind = 0; kind < KINDS; kind++) {
        struct tally *t = &tally[kind];
        qsort(t->recovered_ms, t->count, sizeof t->recovered_ms[0], ascending);
        qsort(t->outage_ms, t->count, sizeof t->outage_ms[0], ascending);
        (void)printf("%-15s %5u %5llu %9llu %11llu %12llu | %6.2f %6.2f %7.2f | %8.2f %8.2f | %u\n",
                     kinds[kind].text, t->count, (unsigned long long)(t->lost + t->wrong),
                     (unsigned long long)t->lost_redis, (unsigned long long)t->stale_after,
                     (unsigned long long)t->stale, quantile(t->recovered_ms, t->count, 50),
                     quantile(t->recovered_ms, t->count, 99),
                     quantile(t->recovered_ms, t->count, 100), quantile(t->outage_ms, t->count, 99),
                     quantile(t->outage_ms, t->count, 100), t->late);
        bad += t->lost + t->wrong + t->stale_after;
        writes += t->writes;
        ms += t->ms;
        done += t->count;
    }
    (void)printf("%u harms, %llu writes acknowledged, %llu a second\n", done,
                 (unsigned long long)writes, (unsigned long long)(ms > 0 ? writes * 1000 / ms : 0));
    return bad;
}

static bool finished;
/* Also when order was not restored, and the program ends in the middle of it. */
static void at_end(void)
{
    if (!finished) (void)table();
    if (!finished) (void)printf("NOT FINISHED: see above\n");
}

static uint32_t number(const char *text, uint32_t other, uint32_t most)
{
    unsigned long value = text != NULL ? strtoul(text, NULL, 10) : other;
    return value < 1 ? 1 : value > most ? most : (uint32_t)value;
}

int main(int argc, char **argv)
{
    uint32_t count = number(argc > 1 ? argv[1] : NULL, 100, COUNT_MOST);
    uint32_t seed = number(argc > 2 ? argv[2] : NULL, 1, UINT32_MAX);
    const char *what = argc > 3 ? argv[3] : "";
    struct fore_rng rng[KINDS];
    if (!ground_possible()) {
        (void)printf("kill_matrix: redis-server is not installed: skipped\n");
        return 0;
    }
    for (uint32_t kind = 0; kind < KINDS; kind++)
        rng[kind] = fore_rng_stream(seed, "kill.matrix", kind);
    /* What the nodes heard from whom, for whoever looks for a cause; kept with LIVE_KEEP=1. */
    crash_begin("3 -r 1 -t 2000 -c \"--loglevel debug\"");
    (void)atexit(at_end);
    for (uint32_t i = 0; i < count; i++)
        for (int kind = 0; kind < KINDS; kind++) {
            bool due = kind < SOURCE_STOP || i % STOPS_EVERY == STOPS_EVERY - 1;
            if (due && strstr(kinds[kind].text, what) != NULL) harm((enum kind)kind, &rng[kind]);
        }
    uint64_t bad = table();
    finished = true;
    crash_end();
    if (bad > 0) (void)printf("FAILED: %llu\n", (unsigned long long)bad);
    return bad > 0;
}
