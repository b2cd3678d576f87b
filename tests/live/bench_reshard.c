/*
 * bench_reshard.c - 2,000 slots of a cluster with 10^6 keys moved by our mover and by redis-cli
 * while clients go on: how fast, and what the clients feel.
 *
 *   RESHARD_ROUNDS=3        rounds; in each, every way on a fresh cluster, in another order
 *   RESHARD_SLOTS=2000      slots to move, of one shard to the next
 *   RESHARD_KEYS=1000000    keys in the cluster, 100 bytes each, spread over all slots
 *   RESHARD_DENSE=1         ... or over those that move alone, so that all clients ask these
 *   RESHARD_RATE=3000       requests per second (Poisson, uniform keys, 10 % writes), open loop
 *   RESHARD_IDLE=6          seconds of them before the move, with which the move is compared
 *   RESHARD_REPLICAS=1      of each of the three primaries
 *   RESHARD_COMMANDS=1      print what the commands of both ends took, and the processes' CPU
 *   RESHARD_WAYS=0123       which ways, by number
 *   RESHARD_STALL_US=100    what batches aim at
 *   RESHARD_OVER_PERCENT=130  the throttle's goal in percent of the idle p99
 *   RESHARD_SLACK_US=500    or so much above it, whichever is more
 *   RESHARD_JOURNAL=FOLDER  of the mover's journal (TMPDIR, else /tmp: a disk with its fsync,
 *                           where the clusters have their files in memory)
 *
 * Our mover does all it does in production: journal before every step, digests of every key before
 * and after, WAIT for a replica where there are any. redis-cli verifies and journals nothing.
 * Latencies count from the moment a request was meant to be sent (live/calibrate/replay.h). The
 * same clients ask the same cluster while nothing moves first, so each move is judged by its own
 * cluster's idle p99; what is printed at the end are medians over rounds and, for ratios, the 95 %
 * of bootstrap medians.
 */
#include "core/base/rng.h"
#include "live/base/clock.h"
#include "live/redis/mover.h"
#include "tests/live/clients.h"
#include "tests/live/ran.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum way { OURS, OURS_FULL, CLI_10, CLI_64, WAYS };
enum { ROUNDS_MOST = 50, MOVE_MOST_MS = 600000 };
static const char *const way_text[] = {"foreshard", "foreshard, no throttle",
                                       "redis-cli, pipeline 10", "redis-cli, pipeline 64"};

struct plan {
    uint32_t rounds, slots, keys, rate, idle, replicas;
    bool dense;
    uint32_t *number; /* of every key: its name */
};

struct felt { /* by clients, in ms */
    double p50, p99, p999, failed, late;
};

struct outcome {
    double seconds, slots_per_sec, keys_per_sec;
    struct felt idle, moving;
};

static uint32_t wish(const char *name, uint32_t other, uint32_t least)
{
    const char *text = getenv(name);
    long value = text != NULL ? strtol(text, NULL, 10) : (long)other;
    return value < (long)least ? least : (uint32_t)value;
}

static _Noreturn void die(const char *what, const char *why)
{
    (void)fprintf(stderr, "bench_reshard: %s: %s\n", what, why);
    exit(3);
}

/* ---- clients ------------------------------------------------------------------------------ */

static void clients_go(struct clients *clients, fore_ns span)
{
    if (!clients_ask(clients, span)) die("clients", "no thread");
}

static struct felt felt_by(struct clients *clients, bool enough)
{
    const struct live_replay_result *r = &clients->result;
    if (clients_end(clients, enough) != FORE_E_OK) die("clients", clients->diag.text);
    return (struct felt){.p50 = (double)fore_hist_quantile(&r->latency, 0.5) / 1e6,
                         .p99 = (double)fore_hist_quantile(&r->latency, 0.99) / 1e6,
                         .p999 = (double)fore_hist_quantile(&r->latency, 0.999) / 1e6,
                         .late = (double)fore_hist_quantile(&r->late, 0.99) / 1e6,
                         .failed = (double)r->counts.failed};
}

/* What moves begins there: the first slot of a shard, as redis-cli takes them. */
static uint16_t first_slot(struct ground *ground)
{
    uint16_t slot = 0;
    while (live_cluster_shard_of(&ground->cluster, slot) != 0)
        slot++;
    return slot;
}

static void name_keys(const struct plan *plan, uint16_t first)
{
    uint32_t named = 0;
    for (uint32_t n = 0; named < plan->keys; n++) {
        uint32_t slot = live_replay_slot(n);
        bool moves = slot >= first && slot < first + plan->slots;
        if (moves || !plan->dense) plan->number[named++] = n;
    }
}

/* ---- ways --------------------------------------------------------------------------------- */

static void move_by_cli(struct ground *ground, const struct plan *plan, uint32_t pipeline)
{
    char command[1024];
    const struct live_instance *from = live_cluster_primary(&ground->cluster, 0);
    const struct live_instance *to = live_cluster_primary(&ground->cluster, 1);
    (void)snprintf(command, sizeof command,
                   "redis-cli --cluster reshard %s:%u --cluster-from %s --cluster-to %s "
                   "--cluster-slots %u --cluster-pipeline %u --cluster-yes >%s/reshard.out 2>&1",
                   from->link.address.host, (unsigned)from->link.address.port, from->id, to->id,
                   plan->slots, pipeline, ground->folder);
    if (system(command) != 0) die("redis-cli", "failed");
}

/* Where the time goes, from step to step: before each, the journal's. */
struct spent {
    fore_ns last, step[LIVE_STEPS], journal[LIVE_STEPS];
    double weighed_s, waited_s;
};

static void at_step(void *self, enum live_step step, uint16_t slot, bool after)
{
    struct spent *spent = self;
    fore_ns now = live_clock_now();
    (void)slot;
    *(after ? &spent->step[step] : &spent->journal[step]) += now - spent->last;
    spent->last = now;
}

static void tell_counts(const struct live_mover *mover, const struct live_move *move,
                        const struct spent *spent)
{
    double slots = (double)mover->counts.slots * 1e6;
    for (int s = 0; s < LIVE_STEPS; s++)
        (void)printf("#   ms a slot: before and journal of %s %.2f, the step itself %.2f\n",
                     live_step_text((enum live_step)s), (double)spent->journal[s] / slots,
                     (double)spent->step[s] / slots);
    const struct live_mover_counts *c = &mover->counts;
    (void)printf(
        "#   weighed %.2f s, waited before the first slot %.2f s; throttle: ease %.2f, eased "
        "%llu times, p99 of PINGs %.2f ms, goal %.2f ms\n",
        spent->weighed_s, spent->waited_s, live_steer_ease(&mover->steer),
        (unsigned long long)mover->steer.calm.eased, mover->steer.worst_ms, mover->steer.goal_ms);
    (void)printf("#   batches %llu, troubles %llu, unreplicated %llu, frozen %llu; batch %.0f keys "
                 "and %.2f ms at the end\n",
                 (unsigned long long)c->batches, (unsigned long long)c->troubles,
                 (unsigned long long)c->unreplicated, (unsigned long long)c->frozen_steps,
                 move->pace.keys, move->pace.stall_ms);
}

static struct ours { /* is up before the clients are, as in the daemon */
    struct live_mover mover;
    struct live_journal *journal;
    struct spent spent;
    char path[256];
} ours;

static void mover_up(struct ground *ground, const struct plan *plan, bool throttle)
{
    struct fore_diag diag = {0};
    const char *folder = getenv("RESHARD_JOURNAL");
    if (folder == NULL) folder = getenv("TMPDIR");
    (void)snprintf(ours.path, sizeof ours.path, "%s/foreshard-reshard-%d.db",
                   folder != NULL ? folder : "/tmp", (int)getpid());
    (void)unlink(ours.path);
    if (live_journal_open(ours.path, "bench", 0, &ours.journal, &diag) != FORE_E_OK)
        die("journal", diag.text);
    ours.spent = (struct spent){.last = 0};
    struct live_mover_options options = {.pace = {.stall_ms = wish("RESHARD_STALL_US", 0, 0) / 1e3},
                                         .slot = {.verify = true},
                                         .need_replica = plan->replicas > 0,
                                         .node_timeout_ms = 5000,
                                         .at_step = at_step,
                                         .at_step_self = &ours.spent};
    if (throttle) /* as the daemon has it, for its default SLO of 10 ms */
        options.steer.calm =
            (struct live_calm_options){.over = wish("RESHARD_OVER_PERCENT", 130, 1) / 100.0,
                                       .slo_ms = 10,
                                       .slack_ms = wish("RESHARD_SLACK_US", 500, 0) / 1e3};
    live_mover_init(&ours.mover, &ground->cluster, ours.journal, &options);
}

static void mover_down(void)
{
    static const char *const ending[] = {"", "-wal", "-shm", ".lock"};
    live_mover_fini(&ours.mover);
    live_journal_close(ours.journal);
    for (size_t i = 0; i < FORE_COUNTOF(ending); i++) {
        char file[300];
        (void)snprintf(file, sizeof file, "%s%s", ours.path, ending[i]);
        (void)unlink(file);
    }
}

static void move_by_us(struct ground *ground, const struct plan *plan)
{
    struct fore_diag diag = {0};
    struct live_mover *mover = &ours.mover;
    struct spent *spent = &ours.spent;
    struct live_journal_move row = {.first = first_slot(ground), .from = 0, .to = 1};
    row.last = (uint16_t)(row.first + plan->slots - 1);
    uint32_t index;
    if (live_mover_begin(mover, &row, 0, &index, &diag) != FORE_E_OK) die("move", diag.text);
    struct live_move *move = &mover->move[index];
    uint64_t renewed_ms = live_clock_ms(), give_up = renewed_ms + MOVE_MOST_MS;
    fore_ns began = live_clock_now();
    while (move->phase != LIVE_MOVE_READY) {
        if (move->weighed <= move->last)
            spent->weighed_s = (double)(live_clock_now() - began) / 1e9;
        else if (mover->counts.slots == 0 && !move->open)
            spent->waited_s = (double)(spent->last = live_clock_now()) / 1e9 - (double)began / 1e9;
        if (move->phase == LIVE_MOVE_FAILED || live_clock_ms() > give_up) die("move", move->why);
        if (!live_mover_step(mover)) live_clock_sleep_ms(1);
        if (live_clock_ms() < renewed_ms + 3000) continue;
        renewed_ms = live_clock_ms();
        if (live_journal_renew(ours.journal) != FORE_E_OK) die("journal", "the lease is lost");
    }
    if (!live_move_adds_up(mover, move)) die("move", "does not add up");
    tell_counts(mover, move, spent);
}

static void move_it(struct ground *ground, const struct plan *plan, enum way way)
{
    if (way == CLI_10 || way == CLI_64)
        move_by_cli(ground, plan, way == CLI_10 ? 10 : 64);
    else
        move_by_us(ground, plan);
}

/* ---- one way, once ------------------------------------------------------------------------ */

static double keys_of(struct ground *ground, uint32_t shard)
{
    struct live_link *link = &live_cluster_primary(&ground->cluster, (uint16_t)shard)->link;
    redisReply *reply = live_link_call(link, "DBSIZE");
    double keys = reply != NULL ? (double)reply->integer : 0;
    if (reply != NULL) freeReplyObject(reply);
    return keys;
}

/* What the commands of both ends took, by the servers' own count. */
static void tell_commands(struct ground *ground)
{
    for (uint16_t shard = 0; shard < 2; shard++) {
        struct live_link *link = &live_cluster_primary(&ground->cluster, shard)->link;
        redisReply *reply = live_link_call(link, "INFO commandstats");
        if (reply != NULL && reply->type == REDIS_REPLY_STRING)
            (void)printf("# %s\n%s", shard == 0 ? "source" : "target", reply->str);
        if (reply != NULL) freeReplyObject(reply);
    }
}

static struct outcome play(const struct plan *plan, enum way way, uint64_t seed)
{
    char arguments[64];
    static struct clients clients;
    struct outcome out;
    (void)snprintf(arguments, sizeof arguments, "3 -t 5000 -r %u", plan->replicas);
    struct ground *ground = ground_begin(arguments);
    const struct clients_keys keys = {.number = plan->number, .count = plan->keys};
    name_keys(plan, first_slot(ground));
    if (clients_begin(&clients, ground, &keys, plan->rate, seed) != FORE_E_OK)
        die("fill", clients.diag.text);
    if (plan->replicas > 0 && !ground_replicated(ground, 30000)) die("cluster", "no replicas");

    bool by_us = way == OURS || way == OURS_FULL;
    if (by_us) mover_up(ground, plan, way == OURS);
    clients_go(&clients, (fore_ns)plan->idle * FORE_SEC); /* nothing else: what it is like */
    for (uint64_t until = live_clock_ms() + 1000 * plan->idle; live_clock_ms() < until;) {
        if (by_us) (void)live_mover_step(&ours.mover); /* which learns what idle is */
        live_clock_sleep_ms(10);
    }
    out.idle = felt_by(&clients, false);

    double had = keys_of(ground, 1);
    clients_go(&clients, 0);
    ran_tell(ground, false);
    fore_ns began = live_clock_now();
    move_it(ground, plan, way);
    out.seconds = (double)(live_clock_now() - began) / 1e9;
    if (getenv("RESHARD_COMMANDS") != NULL) ran_tell(ground, true);
    out.moving = felt_by(&clients, true);
    const struct live_replay_counts *counts = &clients.result.counts;
    (void)printf(
        "#   clients: sent late by %.2f ms (p99); of %llu requests %llu MOVED, %llu ASK, %llu "
        "waited, %llu lost\n",
        out.moving.late, (unsigned long long)counts->sent, (unsigned long long)counts->moved,
        (unsigned long long)counts->ask, (unsigned long long)counts->waited,
        (unsigned long long)counts->lost);
    out.slots_per_sec = plan->slots / out.seconds;
    out.keys_per_sec = (keys_of(ground, 1) - had) / out.seconds;
    if (by_us) mover_down();
    if (getenv("RESHARD_COMMANDS") != NULL) tell_commands(ground);
    if (!ground_whole(ground, 10000)) die(way_text[way], "slots without an owner, or open");
    clients_close(&clients);
    ground_end(ground);
    return out;
}

/* ---- the table ---------------------------------------------------------------------------- */

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

static void tell_ratio(const char *what, const double *ratio, uint32_t rounds)
{
    enum { DRAWS = 2000 };
    static double medians[DRAWS];
    double draw[ROUNDS_MOST];
    struct fore_rng rng = fore_rng_stream(1, "bench.bootstrap", 0);
    for (uint32_t d = 0; d < DRAWS; d++) {
        for (uint32_t r = 0; r < rounds; r++)
            draw[r] = ratio[fore_rng_below(&rng, rounds)];
        medians[d] = median(draw, rounds);
    }
    qsort(medians, DRAWS, sizeof medians[0], ascending);
    memcpy(draw, ratio, rounds * sizeof draw[0]);
    (void)printf("    %-34s %6.2f  (95 %%: %.2f to %.2f)\n", what, median(draw, rounds),
                 medians[DRAWS / 40], medians[DRAWS - DRAWS / 40]);
}

static struct outcome result[WAYS][ROUNDS_MOST];
static bool done[WAYS];

#define MEDIAN_OF(way, field)                    \
    (__extension__({                             \
        double x_[ROUNDS_MOST];                  \
        for (uint32_t r_ = 0; r_ < rounds; r_++) \
            x_[r_] = result[way][r_].field;      \
        median(x_, rounds);                      \
    }))

static void tell_row(const char *what, const struct outcome *o)
{
    (void)printf("%-24s %7.1f %8.0f %8.0f  %6.2f %7.2f %7.2f  %6.2f %7.2f %7.2f %5.0f\n", what,
                 o->seconds, o->slots_per_sec, o->keys_per_sec, o->idle.p50, o->idle.p99,
                 o->idle.p999, o->moving.p50, o->moving.p99, o->moving.p999, o->moving.failed);
    (void)fflush(stdout);
}

static void tell_ratios(enum way way, uint32_t rounds)
{
    double idle[ROUNDS_MOST], p99[ROUNDS_MOST], speed[ROUNDS_MOST];
    for (uint32_t r = 0; r < rounds; r++) {
        const struct outcome *mine = &result[way][r], *peer = &result[CLI_10][r];
        idle[r] = mine->moving.p99 / mine->idle.p99;
        p99[r] = mine->moving.p99 / peer->moving.p99;
        speed[r] = mine->slots_per_sec / peer->slots_per_sec;
    }
    (void)printf("  %s\n", way_text[way]);
    tell_ratio("p99 against its own idle p99", idle, rounds);
    if (way == CLI_10 || !done[CLI_10]) return;
    tell_ratio("p99 against redis-cli's", p99, rounds);
    tell_ratio("slots/s against redis-cli's", speed, rounds);
}

static void tell(uint32_t rounds)
{
    (void)printf("\nmedians of %u rounds\n", rounds);
    for (enum way way = 0; way < WAYS; way++) {
        if (!done[way]) continue;
        struct outcome o = {.seconds = MEDIAN_OF(way, seconds),
                            .slots_per_sec = MEDIAN_OF(way, slots_per_sec),
                            .keys_per_sec = MEDIAN_OF(way, keys_per_sec)};
        o.idle.p50 = MEDIAN_OF(way, idle.p50);
        o.idle.p99 = MEDIAN_OF(way, idle.p99);
        o.idle.p999 = MEDIAN_OF(way, idle.p999);
        o.moving.p50 = MEDIAN_OF(way, moving.p50);
        o.moving.p99 = MEDIAN_OF(way, moving.p99);
        o.moving.p999 = MEDIAN_OF(way, moving.p999);
        o.moving.failed = MEDIAN_OF(way, moving.failed);
        tell_row(way_text[way], &o);
    }
    (void)printf(
        "ratios, round by round (targets: p99 against redis-cli's at most 1 at 2 times its "
        "slots/s,\nor p99 against idle at most 1.3 at its slots/s)\n");
    for (enum way way = 0; way < WAYS; way++)
        if (done[way]) tell_ratios(way, rounds);
}

int main(void)
{
    const char *ways = getenv("RESHARD_WAYS");
    struct plan plan = {.rounds = wish("RESHARD_ROUNDS", 3, 1),
                        .slots = wish("RESHARD_SLOTS", 2000, 1),
                        .keys = wish("RESHARD_KEYS", 1000000, 1000),
                        .rate = wish("RESHARD_RATE", 3000, 10),
                        .idle = wish("RESHARD_IDLE", 6, 1),
                        .replicas = wish("RESHARD_REPLICAS", 1, 0),
                        .dense = wish("RESHARD_DENSE", 0, 0) != 0};
    plan.number = calloc(plan.keys, sizeof plan.number[0]);
    if (plan.number == NULL) die("keys", "no memory");
    if (plan.rounds > ROUNDS_MOST) plan.rounds = ROUNDS_MOST;
    if (plan.slots > FORE_SLOT_COUNT / 3) plan.slots = FORE_SLOT_COUNT / 3;
    if (!ground_possible()) {
        (void)printf("bench_reshard: no redis-server here\n");
        return 0;
    }
    (void)printf("%u slots of a cluster with %u keys%s, %u requests/s (open loop, latencies in "
                 "ms), %u replicas a primary\n%-24s %7s %8s %8s  %22s  %22s %5s\n",
                 plan.slots, plan.keys, plan.dense ? ", all in these" : "", plan.rate,
                 plan.replicas, "", "seconds", "slots/s", "keys/s", "idle p50 p99 p99.9",
                 "moving p50 p99 p99.9", "lost");
    for (uint32_t r = 0; r < plan.rounds; r++)
        for (uint32_t i = 0; i < WAYS; i++) {
            enum way way = (enum way)((r + i) % WAYS);
            if (ways != NULL && strchr(ways, '0' + (int)way) == NULL) continue;
            result[way][r] = play(&plan, way, r + 1);
            done[way] = true;
            tell_row(way_text[way], &result[way][r]);
        }
    tell(plan.rounds);
    free(plan.number);
    return 0;
}
