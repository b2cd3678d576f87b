/* crash.c - see crash.h. */
#include "tests/live/crash.h"

#include "core/base/rng.h"
#include "live/base/clock.h"
#include "live/redis/mover.h"
#include "tests/live/bus.h"
#include "tests/live/cut.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

enum { KEYS = 150 };

static struct ground *ground;

/* Of the round that is on; one that failed leaves it running. */
static struct writer *writing;

/* Where the mover was, for the parent of one that is dead. */
static struct mark {
    int step;
    uint16_t slot;
    bool ended;
} * mark;

static void cut(const struct crash *crash, bool begin)
{
    cut_between(crash->harm == CRASH_CUT ? &crash->source : &crash->heir, &crash->target, begin);
}

static void strike(struct crash *crash)
{
    if (crash->victim == CRASH_MOVER) (void)kill(getpid(), SIGKILL);
    if (crash->harm == CRASH_CUT)
        cut(crash, true);
    else
        ground_signal(ground, crash->address, crash->harm == CRASH_STOP ? SIGSTOP : SIGKILL);
    crash->done_ms = live_clock_ms();
    writer_harm(crash->writer, crash->address, crash->harm == CRASH_STOP);
    crash->done = true;
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
    struct crash *crash = self;
    while (!crash->begun && !crash->over)
        sleep_us(100);
    if (!crash->over) sleep_us(crash->after_us);
    if (!crash->over) strike(crash);
    return NULL;
}

/* With the highest epoch already it takes none when it becomes the owner, and nobody tells its
 * replica afterwards either: nodes speak up only to those with an older epoch of the owner's. */
static void give_highest_epoch(const struct crash *crash)
{
    struct live_link link;
    live_link_init(&link, &crash->target, &ground->access);
    redisReply *reply = live_link_call(&link, "CLUSTER BUMPEPOCH");
    assert_non_null(reply);
    freeReplyObject(reply);
    live_link_close(&link);
    live_clock_sleep_ms(CRASH_NODE_TIMEOUT_MS); /* everybody has heard of it */
}

static void at_step(void *self, enum live_step step, uint16_t slot, bool after)
{
    struct crash *crash = self;
    if (!crash->done) *mark = (struct mark){(int)step, slot, after};
    crash->begun = true;
    if (crash->done) return;
    crash->calls++;
    if (crash->harm == CRASH_UNHEARD && crash->calls == 1) give_highest_epoch(crash);
    bool passes = step == LIVE_STEP_OWN && slot == CRASH_SLOTS - 1;
    if (crash->harm == CRASH_UNHEARD && passes && !after) cut(crash, true);
    if (crash->harm == CRASH_UNHEARD ? passes && after : crash->calls == crash->at_call)
        strike(crash);
}

static struct live_mover_options options_for(struct crash *crash)
{
    return (struct live_mover_options){
        .pace = {.keys_first = 16, .keys_max = 16},
        .slot = {.verify = true               },
        .need_replica = true,
        .refresh_ms = 50,
        .node_timeout_ms = CRASH_NODE_TIMEOUT_MS,
        .at_step = at_step,
        .at_step_self = crash
    };
}

/* ---- data in the slots that move ---------------------------------------------------------- */

static void fill(void)
{
    for (uint16_t slot = 0; slot < CRASH_SLOTS; slot++)
        for (int i = 0; i < KEYS; i++) {
            char name[16];
            (void)snprintf(name, sizeof name, "s%d", i);
            ground_put(ground, slot, name, name);
        }
}

static uint32_t wrong(void)
{
    uint32_t count = 0;
    for (uint16_t slot = 0; slot < CRASH_SLOTS; slot++)
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
    struct live_journal_move move = {.first = 0, .last = CRASH_SLOTS - 1};
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
static void mover_in_a_child(const char *path, struct crash *crash)
{
    struct live_cluster *cluster = calloc(1, sizeof *cluster);
    struct live_mover *mover = calloc(1, sizeof *mover);
    struct live_journal *journal = NULL;
    struct live_mover_options options = options_for(crash);
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
    if (crash->after_us > 0 && pthread_create(&killer, NULL, strike_later, crash) != 0) _exit(7);
    uint64_t began = live_clock_ms();
    while (mover->move[index].phase != LIVE_MOVE_READY && live_clock_ms() < began + 60000)
        if (!live_mover_step(mover)) live_clock_sleep_ms(1);
    if (mover->move[index].phase == LIVE_MOVE_READY) _exit(0);
    (void)fprintf(stderr, "# child: %s at slot %u; frozen: %s; %s\n",
                  live_move_phase_text(mover->move[index].phase), mover->move[index].next,
                  mover->frozen, mover->move[index].why);
    _exit(6);
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
static void end_of_writer(struct writer *writer, struct crash *crash)
{
    writer_end(writer);
    writing = NULL;
    uint32_t bad = wrong();
    crash->outcome.step = mark->step;
    crash->outcome.slot = mark->slot;
    crash->outcome.ended = mark->ended;
    crash->outcome.outage_ms = writer->outage_ms;
    crash->outcome.writes = writer->writes;
    crash->outcome.began_ms = writer->began_ms;
    crash->outcome.ended_ms = writer->ended_ms;
    crash->outcome.stale = writer->stale[WRITER_HARMED];
    crash->outcome.stale_after = writer->stale[WRITER_RECOVERED];
    crash->outcome.lost_redis = writer->lost_redis;
    crash->outcome.lost = writer->lost_own;
    crash->outcome.wrong = bad;
    if (bad > 0 || writer->lost_own > 0) ground_print(ground);
    if (crash->tolerant && writer->lost_own > 0)
        (void)fprintf(stderr, "lost: %s\n", writer->first_loss);
    if (!crash->tolerant && (bad > 0 || writer->lost_own > 0))
        fail_msg(
            "%s killed at call %d or after %llu us: %u keys are wrong, %llu writes are lost: %s",
            victim_text[crash->victim], crash->at_call, (unsigned long long)crash->after_us, bad,
            (unsigned long long)writer->lost_own, writer->first_loss);
    written.writes += writer->writes;
    written.replicated += writer->replicated;
    written.ms += writer->ended_ms - writer->began_ms;
    written.stale += writer->stale[WRITER_HARMED];
    written.lost_redis += writer->lost_redis;
}

bool crash_mover(struct crash *crash)
{
    static int number;
    char name[32], path[256];
    struct writer *writer = malloc(sizeof *writer);
    ground_reset(ground);
    fill();
    (void)snprintf(name, sizeof name, "mover-%d.db", number++);
    (void)snprintf(path, sizeof path, "%s", ground_path(ground, name));
    *mark = (struct mark){.step = -1};
    writer_begin(writer, ground);
    writing = writer;
    pid_t child = fork();
    if (child == 0) mover_in_a_child(path, crash);
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    bool died = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
    uint64_t died_ms = live_clock_ms();
    writer->timing = true;
    if (!died) assert_int_equal(WEXITSTATUS(status), 0);

    struct live_journal *journal = journal_of(path);
    struct live_mover *mover = calloc(1, sizeof *mover);
    struct crash none = {.victim = CRASH_MOVER};
    struct live_mover_options options = options_for(&none);
    live_mover_init(mover, &ground->cluster, journal, &options);
    (void)live_mover_recover(mover);
    uint64_t began = live_clock_ms();
    while (running(mover) && live_clock_ms() < began + 60000)
        if (!live_mover_step(mover)) live_clock_sleep_ms(5);
    if (running(mover)) ground_print(ground);
    if (running(mover))
        fail_msg("killed at call %d or after %llu us: not in order: %s; %s; open %d, trouble %d, "
                 "%llu batches, %llu keys, %llu troubles, %llu frozen",
                 crash->at_call, (unsigned long long)crash->after_us, mover->frozen,
                 mover->move[0].why, mover->move[0].open, mover->move[0].trouble,
                 (unsigned long long)mover->counts.batches, (unsigned long long)mover->counts.keys,
                 (unsigned long long)mover->counts.troubles,
                 (unsigned long long)mover->counts.frozen_steps);
    assert_int_equal(live_journal_unfinished(journal, NULL, 0), 0);
    assert_true(ground_whole(ground, 20000));
    crash->outcome.recovered_ms = live_clock_ms() - died_ms;
    end_of_writer(writer, crash);
    mover_kills += died;
    live_journal_close(journal);
    free(mover);
    free(writer);
    return died;
}

/* No open slot, nothing unowned, and the victim's shard has a new primary. */
static bool recovered(const struct live_mover *mover, const struct crash *crash)
{
    const struct live_cluster *cluster = mover->cluster;
    bool open = false;
    for (int i = 0; i < LIVE_MOVES_MAX; i++)
        open |= mover->move[i].open;
    for (uint32_t i = 0; i < cluster->instance_count; i++)
        if (crash->address != NULL && cluster->instance[i].answered &&
            live_address_same(&cluster->instance[i].link.address, crash->address))
            return false;
    return !open && live_cluster_healthy(cluster) && cluster->open_count == 0;
}

/* Steps until the cluster is in order again; the time that took is the outage at its longest. */
static void recover(struct live_mover *mover, struct crash *crash, uint32_t index)
{
    uint64_t limit = CRASH_LIMIT_MS, slack = 40000; /* a busy machine: counted */
    while (!recovered(mover, crash)) {
        if (live_clock_ms() > crash->done_ms + limit + slack) ground_print(ground);
        if (live_clock_ms() > crash->done_ms + limit + slack)
            fail_msg("call %d, %s: not in order: %s; frozen: %s; %s at slot %u, open %d",
                     crash->at_call, crash->victim == CRASH_SOURCE ? "source" : "target",
                     mover->move[index].why, mover->frozen,
                     live_move_phase_text(mover->move[index].phase), mover->move[index].next,
                     mover->move[index].open);
        mover->view_due = true;
        if (live_mover_step(mover)) continue;
        live_clock_sleep_ms(20);
        /* A move that is through looks no more. */
        if (!live_move_busy(&mover->move[index])) (void)!live_cluster_refresh(mover->cluster, NULL);
    }
    uint64_t took = live_clock_ms() - crash->done_ms;
    crash->outcome.recovered_ms = took;
    node_kills.count++;
    node_kills.ms_sum += took;
    node_kills.late += took > CRASH_LIMIT_MS;
    if (took > node_kills.ms_max) node_kills.ms_max = took;
}

/* The target hears late what the source said before it had the slots: see live_late.c. */
static void gossip_is_late(const struct live_journal_move *move)
{
    if (getenv("LIVE_STALLS") != NULL) return; /* it is, by itself */
    struct bus_late late = {.sender = ground->cluster.shard[move->from].primary,
                            .receiver = ground->cluster.shard[move->to].primary,
                            .first = move->first,
                            .last = move->last};
    assert_true(bus_send_late(&ground->cluster, &late));
}

/* The mover goes on trying while the ends are cut from one another. */
static void wait_out(struct live_mover *mover, struct crash *crash)
{
    bool suspected = false;
    while (live_clock_ms() < crash->done_ms + CRASH_CUT_MS) {
        mover->view_due = true;
        if (!live_mover_step(mover)) live_clock_sleep_ms(5);
        if (!live_move_busy(&mover->move[0])) (void)!live_cluster_refresh(mover->cluster, NULL);
        suspected |= !live_cluster_up(mover->cluster);
    }
    cut(crash, false);
    crash->done_ms = live_clock_ms();
    assert_true(suspected); /* or it was no cut */
}

/* A stopped one goes on with what it was doing, and is heard out before reads are judged; a killed
 * one starts with its old nodes.conf and no data while they are. */
static void bring_back(struct crash *crash)
{
    assert_true(ground_whole(ground, 30000));
    if (crash->harm == CRASH_STOP) {
        ground_signal(ground, crash->address, SIGCONT);
        assert_true(ground_replicated(ground, 60000));
    }
    crash->writer->phase = WRITER_RECOVERED;
    if (crash->harm == CRASH_UNHEARD) cut(crash, false);
    if (crash->harm != CRASH_STOP && crash->harm != CRASH_CUT)
        ground_restart(ground, crash->address);
}

bool crash_node(struct crash *crash)
{
    static int number;
    char name[32];
    struct writer *writer = malloc(sizeof *writer);
    struct live_mover *mover = calloc(1, sizeof *mover);
    struct live_mover_options options = options_for(crash);
    struct fore_diag diag = {0};
    uint32_t index = 0;
    assert_true(ground_replicated(ground, 60000));
    ground_reset(ground);
    fill();
    assert_true(ground_replicated(ground, 60000));
    (void)snprintf(name, sizeof name, "node-%d.db", number++);
    struct live_journal *journal = journal_of(ground_path(ground, name));
    struct live_journal_move move = the_move();
    crash->source = live_cluster_primary(&ground->cluster, move.from)->link.address;
    crash->target = live_cluster_primary(&ground->cluster, move.to)->link.address;
    for (uint32_t i = 0; i < ground->cluster.instance_count; i++) {
        const struct live_instance *x = &ground->cluster.instance[i];
        if (x->shard == move.to && !x->primary) crash->heir = x->link.address;
    }
    if (crash->harm != CRASH_CUT)
        crash->address = crash->victim == CRASH_SOURCE ? &crash->source : &crash->target;
    crash->writer = writer;
    gossip_is_late(&move);
    *mark = (struct mark){.step = -1};
    writer_begin(writer, ground);
    writing = writer;
    live_mover_init(mover, &ground->cluster, journal, &options);
    if (live_mover_begin(mover, &move, 0, &index, &diag) != FORE_E_OK) fail_msg("%s", diag.text);
    pthread_t killer;
    if (crash->after_us > 0)
        assert_int_equal(pthread_create(&killer, NULL, strike_later, crash), 0);
    uint64_t began = live_clock_ms();
    while (!crash->done && mover->move[index].phase != LIVE_MOVE_READY) {
        if (!live_mover_step(mover)) live_clock_sleep_ms(1);
        if (live_clock_ms() > began + 60000) fail_msg("no progress: %s", mover->frozen);
    }
    crash->over = true;
    if (crash->after_us > 0) (void)pthread_join(killer, NULL);
    bool killed = crash->done;
    if (killed) {
        if (crash->harm == CRASH_CUT) wait_out(mover, crash);
        recover(mover, crash, index);
        bring_back(crash);
    }
    /* With the replica back the move goes on to its end. */
    began = live_clock_ms();
    while (mover->move[index].phase != LIVE_MOVE_READY) {
        if (live_clock_ms() > began + 60000) ground_print(ground);
        if (live_clock_ms() > began + 60000)
            fail_msg(
                "the move does not go on: call %d or after %llu us; %s at slot %u, open %d: %s; %s",
                crash->at_call, (unsigned long long)crash->after_us,
                live_move_phase_text(mover->move[index].phase), mover->move[index].next,
                mover->move[index].open, mover->frozen, mover->move[index].why);
        if (!live_mover_step(mover)) live_clock_sleep_ms(10);
    }
    assert_true(ground_whole(ground, 30000));
    end_of_writer(writer, crash);
    live_journal_close(journal);
    free(mover);
    free(writer);
    return killed;
}

void crash_tell(void)
{
    uint64_t kills = node_kills.count > 0 ? node_kills.count : 1;
    uint64_t seconds = written.ms / 1000 > 0 ? written.ms / 1000 : 1;
    (void)fprintf(
        stderr,
        "# harmed so far: %llu movers, %llu nodes; in order after %llu ms on average, "
        "%llu at most, %llu later than %d; %llu writes acknowledged (%llu/s), %llu of them "
        "with a replica; %llu lost by Redis, 0 by us; %llu stale reads between kill and "
        "recovery\n",
        (unsigned long long)mover_kills, (unsigned long long)node_kills.count,
        (unsigned long long)(node_kills.ms_sum / kills), (unsigned long long)node_kills.ms_max,
        (unsigned long long)node_kills.late, CRASH_LIMIT_MS, (unsigned long long)written.writes,
        (unsigned long long)(written.writes / seconds), (unsigned long long)written.replicated,
        (unsigned long long)written.lost_redis, (unsigned long long)written.stale);
}

/* ---- all rounds ---------------------------------------------------------------------------- */

static atomic_bool stalling;

/* One server at a time, for 5 to 85 ms: far less than makes it suspected. */
static void *stall(void *self)
{
    struct fore_rng rng = fore_rng_stream(1, "crash.stalls", 0);
    while (stalling) {
        uint32_t node = (uint32_t)fore_rng_below(&rng, ground->node_count);
        struct live_address address = ground->node[node].address;
        ground_signal(ground, &address, SIGSTOP);
        sleep_us(5000 + fore_rng_below(&rng, 80000));
        ground_signal(ground, &address, SIGCONT);
        sleep_us(1000 + fore_rng_below(&rng, 20000));
    }
    return self;
}

static pthread_t staller;

void crash_begin(const char *arguments)
{
    ground = ground_begin(arguments);
    int file = open(ground_path(ground, "mark"), O_RDWR | O_CREAT, 0600);
    if (file < 0 || ftruncate(file, sizeof *mark) != 0) abort();
    mark = mmap(NULL, sizeof *mark, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (mark == MAP_FAILED) abort();
    (void)close(file);
    stalling = getenv("LIVE_STALLS") != NULL;
    if (stalling && pthread_create(&staller, NULL, stall, NULL) != 0) abort();
}

void crash_end(void)
{
    if (stalling) {
        stalling = false;
        (void)pthread_join(staller, NULL);
    }
    if (writing != NULL) writer_end(writing);
    ground_end(ground);
}
