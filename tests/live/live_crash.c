/*
 * live_crash.c - kill -9 of the mover, of the source's primary and of the target's, at every step
 * that the journal knows and at instants drawn at random, while a client writes. Afterwards, with
 * nobody's help, every slot has one owner, no flag is left, nothing older is lost.
 *
 * LIVE_ROUNDS=N: at all steps of all slots, and N random instants for each of the three. Without
 * it, a short form of a few minutes: all steps of one slot for the mover, some for the nodes.
 */
#include "core/base/rng.h"
#include "live/clock.h"
#include "live/mover.h"
#include "tests/live/bus.h"
#include "tests/live/writer.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

enum {
    SLOTS = 3,
    KEYS = 150,
    NODE_TIMEOUT_MS = 2000,
    INSTANT_US = 200000,
    LIMIT_MS = NODE_TIMEOUT_MS + 5000
};
enum victim { MOVER, SOURCE, TARGET };

static struct ground *ground;

struct hit { /* at which call of the hook, or how long after the first one, what is killed */
    enum victim victim;
    int at_call;
    uint64_t after_us; /* 0: at a call */
    int calls;
    atomic_bool begun, done, over;
    uint64_t done_ms;
    struct live_address address; /* of the victim, unless it is the mover */
    struct writer *writer;
};

static void strike(struct hit *hit)
{
    if (hit->victim == MOVER) (void)kill(getpid(), SIGKILL);
    ground_signal(ground, &hit->address, SIGKILL);
    hit->done_ms = live_clock_ms();
    writer_harm(hit->writer, &hit->address);
    hit->done = true;
}

static void sleep_us(uint64_t us)
{
    struct timespec left = {.tv_sec = (time_t)(us / 1000000),
                            .tv_nsec = (long)(us % 1000000) * 1000};
    while (nanosleep(&left, &left) != 0) {}
}

/* A thread of its own, so that it comes in the middle of whatever the mover does. */
static void *strike_later(void *self)
{
    struct hit *hit = self;
    while (!hit->begun && !hit->over)
        sleep_us(100);
    if (!hit->over) sleep_us(hit->after_us);
    if (!hit->over) strike(hit);
    return NULL;
}

static void at_step(void *self, enum live_step step, uint16_t slot, bool after)
{
    struct hit *hit = self;
    (void)step;
    (void)slot;
    (void)after;
    hit->begun = true;
    if (!hit->done && ++hit->calls == hit->at_call) strike(hit);
}

static struct live_mover_options options_for(struct hit *hit)
{
    return (struct live_mover_options){
        .pace = {.keys_first = 16, .keys_max = 16},
        .slot = {.verify = true               },
        .need_replica = true,
        .refresh_ms = 50,
        .node_timeout_ms = NODE_TIMEOUT_MS,
        .at_step = at_step,
        .at_step_self = hit
    };
}

/* ---- data in the slots that move ---------------------------------------------------------- */

static void fill(void)
{
    for (uint16_t slot = 0; slot < SLOTS; slot++)
        for (int i = 0; i < KEYS; i++) {
            char name[16];
            (void)snprintf(name, sizeof name, "s%d", i);
            ground_put(ground, slot, name, name);
        }
}

static uint32_t wrong(void)
{
    uint32_t count = 0;
    for (uint16_t slot = 0; slot < SLOTS; slot++)
        for (int i = 0; i < KEYS; i++) {
            char tag[LIVE_TAG_MAX], key[48], value[16];
            live_slot_tag(slot, tag);
            (void)snprintf(value, sizeof value, "s%d", i);
            (void)snprintf(key, sizeof key, "%s%s", tag, value);
            const char *arg[] = {"GET", key};
            struct live_command command = {
                .arg = arg, .arg_count = 2, .key = 1, .idempotent = true};
            redisReply *reply = NULL;
            bool fine = live_client_call(&ground->client, &command, &reply) == FORE_E_OK &&
                        reply->type == REDIS_REPLY_STRING && strcmp(reply->str, value) == 0;
            count += !fine;
            if (reply != NULL) freeReplyObject(reply);
        }
    return count;
}

/* ---- one crash ---------------------------------------------------------------------------- */

static struct live_journal_move the_move(void)
{
    struct live_journal_move move = {.first = 0, .last = SLOTS - 1};
    move.from = (uint16_t)live_cluster_shard_of(&ground->cluster, 0);
    move.to = (uint16_t)live_cluster_shard_of(&ground->cluster, 16383);
    bool strange = move.from >= ground->cluster.shard_count || move.to == move.from;
    if (strange) ground_print(ground);
    if (strange)
        fail_msg("from %u to %u of %u", (unsigned)move.from, (unsigned)move.to,
                 ground->cluster.shard_count);
    return move;
}

static struct live_journal *journal_of(const char *path)
{
    struct live_journal *journal = NULL;
    struct fore_diag diag = {0};
    if (live_journal_open(path, "crash test", 0, &journal, &diag) != FORE_E_OK)
        fail_msg("%s", diag.text);
    return journal;
}

static bool running(const struct live_mover *mover)
{
    for (int i = 0; i < LIVE_MOVES_MAX; i++)
        if (mover->move[i].phase == LIVE_MOVE_SETTLING) return true;
    return false;
}

/* A mover of its own process, which dies in the middle of it; its own picture and links. */
static void mover_in_a_child(const char *path, struct hit *hit)
{
    struct live_cluster *cluster = calloc(1, sizeof *cluster);
    struct live_mover *mover = calloc(1, sizeof *mover);
    struct live_journal *journal = NULL;
    struct live_mover_options options = options_for(hit);
    struct live_journal_move move = the_move();
    uint32_t index = 0;
    for (uint32_t i = 0; i < ground->cluster.instance_count; i++) /* the same shard numbers */
        if (i == 0 && live_cluster_open(cluster, &ground->access, &ground->node[0].address, 1,
                                        NULL) != FORE_E_OK)
            _exit(3);
    for (uint32_t i = 0; i < ground->cluster.instance_count; i++)
        live_cluster_remember(cluster, ground->cluster.instance[i].id,
                              (uint16_t)ground->cluster.instance[i].shard);
    if (live_cluster_refresh(cluster, NULL) != FORE_E_OK ||
        live_journal_open(path, "child", 0, &journal, NULL) != FORE_E_OK)
        _exit(4);
    live_mover_init(mover, cluster, journal, &options);
    if (live_mover_begin(mover, &move, 0, &index, NULL) != FORE_E_OK) _exit(5);
    pthread_t killer;
    if (hit->after_us > 0 && pthread_create(&killer, NULL, strike_later, hit) != 0) _exit(7);
    uint64_t began = live_clock_ms();
    while (mover->move[index].phase != LIVE_MOVE_READY && live_clock_ms() < began + 30000)
        if (!live_mover_step(mover)) live_clock_sleep_ms(1);
    _exit(mover->move[index].phase == LIVE_MOVE_READY ? 0 : 6);
}

static const char *const victim_text[] = {"mover", "source", "target"};

static struct {
    uint64_t writes, replicated, ms, stale, lost_redis;
} written; /* by all writers so far */

static struct {
    uint64_t count, ms_sum, ms_max, late;
} node_kills;
static uint64_t mover_kills;

/* Nothing is lost but what Redis itself loses, and keys that nobody wrote are as they were. */
static void end_of_writer(struct writer *writer, const struct hit *hit)
{
    writer_end(writer);
    uint32_t bad = wrong();
    if (bad > 0 || writer->lost_own > 0) ground_print(ground);
    if (bad > 0 || writer->lost_own > 0)
        fail_msg(
            "%s killed at call %d or after %llu us: %u keys are wrong, %llu writes are lost: %s",
            victim_text[hit->victim], hit->at_call, (unsigned long long)hit->after_us, bad,
            (unsigned long long)writer->lost_own, writer->first_loss);
    written.writes += writer->writes;
    written.replicated += writer->replicated;
    written.ms += writer->ended_ms - writer->began_ms;
    written.stale += writer->stale[WRITER_HARMED];
    written.lost_redis += writer->lost_redis;
}

/* True: the mover died, as it should. False: it was through before. */
static bool kill_the_mover(struct hit *hit)
{
    static int number;
    char name[32], path[256];
    struct writer *writer = malloc(sizeof *writer);
    ground_reset(ground);
    fill();
    (void)snprintf(name, sizeof name, "mover-%d.db", number++);
    (void)snprintf(path, sizeof path, "%s", ground_path(ground, name));
    writer_begin(writer, ground);
    pid_t child = fork();
    if (child == 0) mover_in_a_child(path, hit);
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    bool died = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
    if (!died) assert_int_equal(WEXITSTATUS(status), 0);

    struct live_journal *journal = journal_of(path);
    struct live_mover *mover = calloc(1, sizeof *mover);
    struct hit none = {.victim = MOVER};
    struct live_mover_options options = options_for(&none);
    live_mover_init(mover, &ground->cluster, journal, &options);
    (void)live_mover_recover(mover);
    uint64_t began = live_clock_ms();
    while (running(mover) && live_clock_ms() < began + 10000)
        if (!live_mover_step(mover)) live_clock_sleep_ms(5);
    assert_false(running(mover));
    assert_int_equal(live_journal_unfinished(journal, NULL, 0), 0);
    assert_true(ground_whole(ground, 5000));
    end_of_writer(writer, hit);
    mover_kills += died;
    live_journal_close(journal);
    free(mover);
    free(writer);
    return died;
}

/* No open slot, nothing unowned, and the victim's shard has a new primary. */
static bool recovered(const struct live_mover *mover, const struct hit *hit)
{
    const struct live_cluster *cluster = mover->cluster;
    bool open = false;
    for (int i = 0; i < LIVE_MOVES_MAX; i++)
        open |= mover->move[i].open;
    for (uint32_t i = 0; i < cluster->instance_count; i++)
        if (live_address_same(&cluster->instance[i].link.address, &hit->address) &&
            cluster->instance[i].answered)
            return false;
    return !open && live_cluster_healthy(cluster) && cluster->open_count == 0;
}

/* Steps until the cluster is in order again; the time that took is the outage at its longest. */
static void recover(struct live_mover *mover, struct hit *hit, uint32_t index)
{
    uint64_t limit = LIMIT_MS, slack = 10000; /* a busy machine */
    while (!recovered(mover, hit)) {
        if (live_clock_ms() > hit->done_ms + limit + slack) ground_print(ground);
        if (live_clock_ms() > hit->done_ms + limit + slack)
            fail_msg("call %d, %s: not in order: %s; frozen: %s; %s at slot %u, open %d",
                     hit->at_call, hit->victim == SOURCE ? "source" : "target",
                     mover->move[index].why, mover->frozen,
                     live_move_phase_text(mover->move[index].phase), mover->move[index].next,
                     mover->move[index].open);
        mover->view_due = true;
        if (!live_mover_step(mover)) live_clock_sleep_ms(20);
    }
    uint64_t took = live_clock_ms() - hit->done_ms;
    node_kills.count++;
    node_kills.ms_sum += took;
    node_kills.late += took > LIMIT_MS;
    if (took > node_kills.ms_max) node_kills.ms_max = took;
}

/* The target hears late what the source said before it had the slots: see live_late.c. */
static void gossip_is_late(const struct live_journal_move *move)
{
    struct bus_late late = {.sender = ground->cluster.shard[move->from].primary,
                            .receiver = ground->cluster.shard[move->to].primary,
                            .first = move->first,
                            .last = move->last};
    assert_true(bus_send_late(&ground->cluster, &late));
}

/* True: it was killed in time. */
static bool kill_a_node(struct hit *hit)
{
    static int number;
    char name[32];
    struct writer *writer = malloc(sizeof *writer);
    struct live_mover *mover = calloc(1, sizeof *mover);
    struct live_mover_options options = options_for(hit);
    struct fore_diag diag = {0};
    uint32_t index = 0;
    assert_true(ground_replicated(ground, 20000));
    ground_reset(ground);
    fill();
    assert_true(ground_replicated(ground, 20000));
    (void)snprintf(name, sizeof name, "node-%d.db", number++);
    struct live_journal *journal = journal_of(ground_path(ground, name));
    struct live_journal_move move = the_move();
    hit->address =
        live_cluster_primary(&ground->cluster, hit->victim == SOURCE ? move.from : move.to)
            ->link.address;
    hit->writer = writer;
    gossip_is_late(&move);
    writer_begin(writer, ground);
    live_mover_init(mover, &ground->cluster, journal, &options);
    if (live_mover_begin(mover, &move, 0, &index, &diag) != FORE_E_OK) fail_msg("%s", diag.text);
    pthread_t killer;
    if (hit->after_us > 0) assert_int_equal(pthread_create(&killer, NULL, strike_later, hit), 0);
    uint64_t began = live_clock_ms();
    while (!hit->done && mover->move[index].phase != LIVE_MOVE_READY) {
        if (!live_mover_step(mover)) live_clock_sleep_ms(1);
        if (live_clock_ms() > began + 20000) fail_msg("no progress: %s", mover->frozen);
    }
    hit->over = true;
    if (hit->after_us > 0) (void)pthread_join(killer, NULL);
    bool killed = hit->done;
    if (killed) {
        recover(mover, hit, index);
        assert_true(ground_whole(ground, 10000));
        writer->phase = WRITER_RECOVERED;
        ground_restart(ground, &hit->address);
    }
    /* With the replica back the move goes on to its end. */
    began = live_clock_ms();
    while (mover->move[index].phase != LIVE_MOVE_READY) {
        if (live_clock_ms() > began + 20000) ground_print(ground);
        if (live_clock_ms() > began + 20000)
            fail_msg("the move does not go on: %s; %s", mover->frozen, mover->move[index].why);
        if (!live_mover_step(mover)) live_clock_sleep_ms(10);
    }
    assert_true(ground_whole(ground, 10000));
    end_of_writer(writer, hit);
    live_journal_close(journal);
    free(mover);
    free(writer);
    return killed;
}

/* ---- tests -------------------------------------------------------------------------------- */

/* 0: the short form. */
static int rounds(void)
{
    const char *text = getenv("LIVE_ROUNDS");
    int count = text != NULL ? atoi(text) : 0;
    return count > 0 ? count : 0;
}

enum { STEPS = 3 * 2, STEPS_ALL = SLOTS * STEPS }; /* open, copy, own: before and after each */

static void tell(void)
{
    uint64_t kills = node_kills.count > 0 ? node_kills.count : 1;
    uint64_t seconds = written.ms / 1000 > 0 ? written.ms / 1000 : 1;
    (void)fprintf(
        stderr,
        "# killed so far: %llu movers, %llu nodes; in order after %llu ms on average, "
        "%llu at most, %llu later than %d; %llu writes acknowledged (%llu/s), %llu of them "
        "with a replica; %llu lost by Redis, 0 by us; %llu stale reads between kill and "
        "recovery\n",
        (unsigned long long)mover_kills, (unsigned long long)node_kills.count,
        (unsigned long long)(node_kills.ms_sum / kills), (unsigned long long)node_kills.ms_max,
        (unsigned long long)node_kills.late, LIMIT_MS, (unsigned long long)written.writes,
        (unsigned long long)(written.writes / seconds), (unsigned long long)written.replicated,
        (unsigned long long)written.lost_redis, (unsigned long long)written.stale);
}

static void a_mover_killed_at_every_step_loses_nothing(void **state)
{
    (void)state;
    int last = rounds() > 0 ? STEPS_ALL : STEPS;
    for (int call = 1; call <= last; call++)
        assert_true(kill_the_mover(&(struct hit){.victim = MOVER, .at_call = call}));
    if (rounds() > 0) /* there are no more */
        assert_false(kill_the_mover(&(struct hit){.victim = MOVER, .at_call = last + 1}));
    tell();
}

static void nodes_killed_at_every_step(enum victim victim)
{
    static const int some[] = {2, 3, 5, 6};
    int count = rounds() > 0 ? STEPS_ALL : (int)FORE_COUNTOF(some);
    for (int i = 0; i < count; i++) {
        int call = rounds() > 0 ? i + 1 : some[i];
        assert_true(kill_a_node(&(struct hit){.victim = victim, .at_call = call}));
    }
    tell();
}

static void a_source_killed_at_every_step_is_recovered(void **state)
{
    (void)state;
    nodes_killed_at_every_step(SOURCE);
}

static void a_target_killed_at_every_step_is_recovered(void **state)
{
    (void)state;
    nodes_killed_at_every_step(TARGET);
}

/* Some come when all is over: they do not count, and there are as many others. */
static void killed_at_any_instant(enum victim victim)
{
    struct fore_rng rng = fore_rng_stream(1, "crash.instant", (uint32_t)victim);
    int left = rounds() > 0 ? rounds() : victim == MOVER ? 2 : 1;
    for (int tries = 0; left > 0 && tries < 1000; tries++) {
        struct hit hit = {.victim = victim, .after_us = 1 + fore_rng_below(&rng, INSTANT_US)};
        left -= victim == MOVER ? kill_the_mover(&hit) : kill_a_node(&hit);
        if (tries % 10 == 9) tell();
    }
    assert_int_equal(left, 0);
    tell();
}

static void a_mover_killed_at_any_instant_loses_nothing(void **state)
{
    (void)state;
    killed_at_any_instant(MOVER);
}

static void a_source_killed_at_any_instant_is_recovered(void **state)
{
    (void)state;
    killed_at_any_instant(SOURCE);
}

static void a_target_killed_at_any_instant_is_recovered(void **state)
{
    (void)state;
    killed_at_any_instant(TARGET);
}

static int begin_group(void **state)
{
    (void)state;
    ground = ground_begin("3 -r 1 -t 2000");
    return 0;
}

static int end_group(void **state)
{
    (void)state;
    ground_end(ground);
    return 0;
}

/* live_crash [PATTERN]: only tests whose names match. */
int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_mover_killed_at_every_step_loses_nothing),
        cmocka_unit_test(a_mover_killed_at_any_instant_loses_nothing),
        cmocka_unit_test(a_target_killed_at_every_step_is_recovered),
        cmocka_unit_test(a_source_killed_at_every_step_is_recovered),
        cmocka_unit_test(a_source_killed_at_any_instant_is_recovered),
        cmocka_unit_test(a_target_killed_at_any_instant_is_recovered),
    };
    if (!ground_possible()) return 0;
    if (argc > 1) cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests_name("live: crashes", tests, begin_group, end_group);
}
