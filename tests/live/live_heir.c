/*
 * live_heir.c - the source of a move dies, or falls silent, while slots are in work: how long may
 * clients not see keys that have travelled already? A reader asks everybody for such a key, as fast
 * as it can, and follows where it is sent; what it finds missing is counted and timed.
 *
 * The heir does not know that slots are being given away (Redis 7 does not replicate it), so it
 * answers nil for what is gone from it, until somebody tells it: see heir.h. Nothing but a mover
 * that looks can make that short, and it cannot be nothing.
 */
#include "live/base/clock.h"
#include "tests/live/stage.h"

#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

enum {
    FIRST = 0,
    LAST = 15,
    KEYS = 60, /* of each slot */
    LOOK_US = 200,
    NODE_TIMEOUT_MS = 2000,
    RECOVER_MS = 20000,
    ROUNDS_MOST = 50,
    /* Measured 1 to 6 ms; without a look of its own at the heir 50 to 400. The machine may be
     * busy: the median of the rounds is held against it, not each of them. */
    BLIND_MS_MOST = 30
};

static struct ground *ground;

/* ---- a client ------------------------------------------------------------------------------ */

struct reader {
    char key[64]; /* it has travelled */
    struct live_address heir, target;
    atomic_bool stopping;
    uint64_t harmed_ns;
    uint64_t reads, missing, found, other;
    uint64_t first_missing_ns, last_missing_ns, found_ns; /* found: first by the heir's leave */
    pthread_t thread;
};

static uint64_t now_ns(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

enum seen { SEEN_VALUE, SEEN_NIL, SEEN_ASK, SEEN_OTHER };

static enum seen get(struct live_link *link, const char *key, bool asking)
{
    if (asking) live_link_append(link, "ASKING");
    live_link_append(link, "GET %s", key);
    redisReply *asked = asking ? live_link_take(link) : NULL, *got = live_link_take(link);
    enum live_answer kind = live_reply_kind(got);
    enum seen seen = kind == LIVE_ASK               ? SEEN_ASK
                     : kind != LIVE_FINE            ? SEEN_OTHER
                     : got->type == REDIS_REPLY_NIL ? SEEN_NIL
                                                    : SEEN_VALUE;
    if (asked != NULL) freeReplyObject(asked);
    if (got != NULL) freeReplyObject(got);
    return seen;
}

static void note(struct reader *r, enum seen seen)
{
    uint64_t now = now_ns();
    r->reads++;
    r->missing += seen == SEEN_NIL;
    r->found += seen == SEEN_VALUE;
    r->other += seen == SEEN_OTHER || seen == SEEN_ASK;
    if (seen == SEEN_VALUE && r->found_ns == 0) r->found_ns = now;
    if (seen != SEEN_NIL) return;
    if (r->first_missing_ns == 0) r->first_missing_ns = now;
    r->last_missing_ns = now;
}

static void *read_on(void *self)
{
    struct reader *r = self;
    struct live_access access = {.timeout_ms = 300};
    struct live_link heir, target;
    live_link_init(&heir, &r->heir, &access);
    live_link_init(&target, &r->target, &access);
    while (!r->stopping) {
        enum seen seen = get(&heir, r->key, false);
        if (seen == SEEN_ASK) seen = get(&target, r->key, true);
        note(r, seen);
        nanosleep(&(struct timespec){.tv_nsec = LOOK_US * 1000}, NULL);
    }
    live_link_close(&heir);
    live_link_close(&target);
    return NULL;
}

/* ---- one round ----------------------------------------------------------------------------- */

static struct live_mover_options options(void)
{
    return (struct live_mover_options){
        .pace = {.keys_first = 8, .keys_max = 8},
        .step_keys = 40, /* or all is over before a test looks */
        .need_replica = true,
        .node_timeout_ms = NODE_TIMEOUT_MS,
    };
}

static void fill(void)
{
    for (uint16_t slot = FIRST; slot <= LAST; slot++)
        for (int i = 0; i < KEYS; i++) {
            char name[16];
            (void)snprintf(name, sizeof name, "h%d", i);
            ground_put(ground, slot, name, "here");
        }
}

/* Slots are in work, and one of them has some keys at either end, or has passed whole and has not
 * been named yet: a key that is at the target. */
static bool half_way(struct live_move *move, char key[64])
{
    struct live_instance *to = live_cluster_primary(&ground->cluster, move->to);
    struct live_instance *from = live_cluster_primary(&ground->cluster, move->from);
    if (from == NULL || to == NULL) return false; /* it did not answer in time just now */
    for (uint32_t i = 0; move->open && i < move->group.count; i++) {
        const struct live_group_slot *at = &move->group.slot[i];
        uint16_t slot = at->slot;
        uint64_t left = 0;
        if (at->owned || at->whole || live_keys_count(&from->link, slot, &left) != FORE_E_OK)
            continue;
        if (left == 0 && !(at->drained && !at->named)) continue;
        redisReply *names = live_link_call(&to->link, "CLUSTER GETKEYSINSLOT %d 1", (int)slot);
        bool any = names != NULL && names->type == REDIS_REPLY_ARRAY && names->elements == 1;
        if (any) (void)snprintf(key, 64, "%s", names->element[0]->str);
        if (names != NULL) freeReplyObject(names);
        if (any) return true;
    }
    return false;
}

struct blind {                    /* one round's outcome */
    double missing_ms, served_ms; /* from the first nil to the last; from the harm to the value */
    uint64_t missing;
};

static struct live_address replica_of(uint16_t shard)
{
    for (uint32_t i = 0; i < ground->cluster.instance_count; i++) {
        const struct live_instance *x = &ground->cluster.instance[i];
        if (x->shard == shard && !x->primary && x->answered) return x->link.address;
    }
    fail_msg("shard %u has no replica", (unsigned)shard);
    return (struct live_address){.port = 0};
}

static struct blind source_lost(int signal, bool migrate_only)
{
    struct live_mover_options how = options();
    how.slot.migrate_only = migrate_only;
    assert_true(ground_replicated(ground, 60000));
    struct stage *stage = stage_begin(ground, &how);
    struct live_mover *mover = &stage->mover;
    struct reader reader = {.key = ""};
    fill();
    assert_true(ground_replicated(ground, 60000));
    uint32_t index = stage_move(stage, FIRST, LAST);
    struct live_move *move = &mover->move[index];
    uint64_t give_up = live_clock_ms() + 30000;
    while (!half_way(move, reader.key)) {
        if (live_clock_ms() > give_up || move->phase == LIVE_MOVE_READY)
            fail_msg("never half way: %s; %s", move->why, mover->frozen);
        if (!live_mover_step(mover)) live_clock_sleep_ms(1);
    }
    struct live_address source = live_cluster_primary(&ground->cluster, move->from)->link.address;
    reader.target = live_cluster_primary(&ground->cluster, move->to)->link.address;
    reader.heir = replica_of(move->from);
    assert_int_equal(pthread_create(&reader.thread, NULL, read_on, &reader), 0);
    ground_signal(ground, &source, signal);
    reader.harmed_ns = now_ns();
    give_up = live_clock_ms() + RECOVER_MS;
    while (reader.found_ns == 0 || move->open) {
        if (live_clock_ms() > give_up) break;
        if (!live_mover_step(mover)) live_clock_sleep_ms(1);
    }
    reader.stopping = true; /* before anything that may leave: it reads from this frame */
    (void)pthread_join(reader.thread, NULL);
    if (live_clock_ms() > give_up)
        fail_msg("not served: %s; %s; open %d", move->why, mover->frozen, move->open);
    if (signal == SIGSTOP) ground_signal(ground, &source, SIGCONT);
    if (signal == SIGKILL) ground_restart(ground, &source);
    assert_true(ground_replicated(ground, 60000));
    (void)stage_until(stage, index, LIVE_MOVE_READY);
    stage_end(stage);
    return (struct blind){.missing_ms =
                              (double)(reader.last_missing_ns - reader.first_missing_ns) / 1e6,
                          .served_ms = (double)(reader.found_ns - reader.harmed_ns) / 1e6,
                          .missing = reader.missing};
}

/* ---- tests --------------------------------------------------------------------------------- */

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void blind_for_a_moment_only(int signal, const char *what, bool migrate_only)
{
    const char *text = getenv("LIVE_ROUNDS");
    int rounds = text != NULL ? atoi(text) : 3;
    double ms[ROUNDS_MOST];
    rounds = rounds < 1 ? 1 : rounds > ROUNDS_MOST ? ROUNDS_MOST : rounds;
    for (int i = 0; i < rounds; i++) {
        struct blind seen = source_lost(signal, migrate_only);
        ms[i] = seen.missing_ms;
        print_message("# source %s: %llu reads of a key that has travelled found nil, in %.1f ms; "
                      "served %.2f s after the harm\n",
                      what, (unsigned long long)seen.missing, seen.missing_ms,
                      seen.served_ms / 1e3);
    }
    qsort(ms, (size_t)rounds, sizeof ms[0], ascending);
    print_message("# source %s: nil for %.1f ms in the median, %.1f at most\n", what,
                  ms[rounds / 2], ms[rounds - 1]);
    assert_true(ms[rounds / 2] <= BLIND_MS_MOST);
}

static void an_heir_of_a_killed_source_hides_keys_for_a_moment_only(void **state)
{
    (void)state;
    blind_for_a_moment_only(SIGKILL, "killed, keys by MIGRATE", true);
    blind_for_a_moment_only(SIGKILL, "killed, slots whole", false);
}

static void an_heir_of_a_silent_source_hides_keys_for_a_moment_only(void **state)
{
    (void)state;
    blind_for_a_moment_only(SIGSTOP, "stopped, keys by MIGRATE", true);
    blind_for_a_moment_only(SIGSTOP, "stopped, slots whole", false);
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

/* live_heir [PATTERN]: only tests whose names match. LIVE_ROUNDS=N: so many of each. */
int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_heir_of_a_killed_source_hides_keys_for_a_moment_only),
        cmocka_unit_test(an_heir_of_a_silent_source_hides_keys_for_a_moment_only),
    };
    if (!ground_possible()) return 0;
    if (argc > 1) cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests_name("live: heirs", tests, begin_group, end_group);
}
