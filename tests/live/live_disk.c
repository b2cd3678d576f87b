/* live_disk.c - the disk under the journal is full in the middle of a move: nothing moves any more,
 * that is said, nothing is lost, and when there is room again it goes on by itself. Needs the right
 * to mount a small file system, in a mount namespace of its own. */
#define _GNU_SOURCE /* unshare() */
#include "live/base/clock.h"
#include "live/redis/mover.h"
#include "tests/live/ground.h"

#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

enum { SLOTS = 5, KEYS = 200, GROUP = 2, CALLS = 6 * GROUP };

static struct ground *ground;
static char disk[256];
static bool mounted;

static const char *on_disk(const char *name)
{
    static char path[320];
    (void)snprintf(path, sizeof path, "%s/%s", disk, name);
    return path;
}

static void fill_disk(void)
{
    static const char block[4096];
    FILE *file = fopen(on_disk("filler"), "w");
    if (file == NULL) return;
    while (fwrite(block, sizeof block, 1, file) == 1 && fflush(file) == 0) {}
    (void)fclose(file);
}

struct filler {
    int at_call, calls;
};

static void at_step(void *self, enum live_step step, uint16_t slot, bool after)
{
    struct filler *filler = self;
    (void)step;
    (void)slot;
    (void)after;
    if (++filler->calls == filler->at_call) fill_disk();
}

static void fill_slots(void)
{
    for (uint16_t slot = 0; slot < SLOTS; slot++)
        for (int i = 0; i < KEYS; i++) {
            char name[16];
            (void)snprintf(name, sizeof name, "d%d", i);
            ground_put(ground, slot, name, name);
        }
}

static uint64_t keys_of_clients(void)
{
    uint64_t found = 0;
    for (uint16_t slot = 0; slot < SLOTS; slot++)
        for (int i = 0; i < KEYS; i++) {
            char tag[LIVE_TAG_MAX], key[48];
            live_slot_tag(slot, tag);
            (void)snprintf(key, sizeof key, "%sd%d", tag, i);
            const char *arg[] = {"GET", key};
            struct live_command command = {
                .arg = arg, .arg_count = 2, .key = 1, .idempotent = true};
            redisReply *reply = NULL;
            found += live_client_call(&ground->client, &command, &reply) == FORE_E_OK &&
                     reply->type == REDIS_REPLY_STRING;
            if (reply != NULL) freeReplyObject(reply);
        }
    return found;
}

/* Steps until the mover says that it cannot write. */
static void until_it_says_so(struct live_mover *mover)
{
    uint64_t give_up = live_clock_ms() + 15000;
    while (strstr(mover->frozen, "the journal cannot be written") == NULL) {
        if (live_clock_ms() > give_up) fail_msg("frozen: \"%s\"", mover->frozen);
        if (!live_mover_step(mover)) live_clock_sleep_ms(5);
    }
}

static void one_full_disk(int at_call)
{
    char name[32];
    struct live_mover *mover = calloc(1, sizeof *mover);
    struct live_journal *journal = NULL;
    struct filler filler = {.at_call = at_call};
    struct live_mover_options options = {
        .at_step = at_step, .at_step_self = &filler, .group_slots = GROUP};
    struct fore_diag diag = {0};
    uint32_t index = 0, other = 0;
    ground_reset(ground);
    fill_slots();
    (void)snprintf(name, sizeof name, "journal-%d.db", at_call);
    if (live_journal_open(on_disk(name), "disk", 0, &journal, &diag) != FORE_E_OK)
        fail_msg("%s", diag.text);
    struct live_journal_move move = {.first = 0, .last = SLOTS - 1};
    move.from = (uint16_t)live_cluster_shard_of(&ground->cluster, 0);
    move.to = (uint16_t)((move.from + 1) % 3);
    live_mover_init(mover, &ground->cluster, journal, &options);
    if (live_mover_begin(mover, &move, 0, &index, &diag) != FORE_E_OK) fail_msg("%s", diag.text);

    until_it_says_so(mover);
    uint64_t slots = mover->counts.slots;
    for (int i = 0; i < 40; i++)
        if (!live_mover_step(mover)) live_clock_sleep_ms(5);
    assert_int_equal(mover->counts.slots, slots);
    assert_int_equal(keys_of_clients(), SLOTS * KEYS);
    struct live_journal_move more = {.first = 100, .last = 101, .from = move.from, .to = move.to};
    assert_int_equal(live_mover_begin(mover, &more, 0, &other, &diag), FORE_E_IO);
    assert_non_null(strstr(diag.text, "journal"));

    assert_int_equal(unlink(on_disk("filler")), 0);
    uint64_t give_up = live_clock_ms() + 15000;
    while (mover->move[index].phase != LIVE_MOVE_READY) {
        if (live_clock_ms() > give_up) fail_msg("%s; %s", mover->frozen, mover->move[index].why);
        if (!live_mover_step(mover)) live_clock_sleep_ms(5);
    }
    assert_int_equal(live_mover_finish(mover, index), FORE_E_OK);
    assert_int_equal(live_journal_unfinished(journal, NULL, 0), 0);
    assert_true(ground_whole(ground, 5000));
    assert_int_equal(keys_of_clients(), SLOTS * KEYS);
    live_journal_close(journal);
    free(mover);
}

static void a_full_disk_stops_all_moves_and_loses_nothing(void **state)
{
    (void)state;
    if (!mounted) print_message("no right to mount a small file system\n");
    if (!mounted) skip();
    for (int call = 1; call <= CALLS; call += GROUP)
        one_full_disk(call);
}

static int begin_group(void **state)
{
    (void)state;
    ground = ground_begin("3 -t 5000");
    (void)snprintf(disk, sizeof disk, "%s", ground_path(ground, "disk"));
    mounted = mkdir(disk, 0700) == 0 && unshare(CLONE_NEWNS) == 0 &&
              mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
              mount("tmpfs", disk, "tmpfs", 0, "size=1m") == 0;
    return 0;
}

static int end_group(void **state)
{
    (void)state;
    if (mounted) (void)umount2(disk, MNT_DETACH);
    ground_end(ground);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_full_disk_stops_all_moves_and_loses_nothing),
    };
    if (!ground_possible()) return 0;
    return cmocka_run_group_tests_name("live: a full disk", tests, begin_group, end_group);
}
