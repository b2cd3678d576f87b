/* live_heat_module.c - our Redis module against the truth, on a real cluster that has loaded it:
 * commands of many kinds, in pipelines, in MULTI and in scripts; through the driver's samples. */
#include "core/base/hash.h"
#include "live/base/clock.h"
#include "live/redis/driver.h"
#include "tests/live/ground.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { TAGS = 400, ROUNDS = 3000, TOP = 100 };

static struct ground *ground;
static uint64_t reads[FORE_SLOT_COUNT], writes[FORE_SLOT_COUNT]; /* the truth */

static struct live_driver *drive(void)
{
    static int number;
    char name[32];
    (void)snprintf(name, sizeof name, "module-%d.db", number++);
    struct live_driver_options options = {.seed = &ground->node[0].address,
                                          .seed_count = 1,
                                          .access = ground->access,
                                          .journal = ground_path(ground, name),
                                          .partitions = FORE_SLOT_COUNT,
                                          .partition_cap = FORE_SLOT_COUNT,
                                          .window = 500 * FORE_MS};
    struct live_driver *driver = NULL;
    struct fore_diag diag = {0};
    if (live_driver_open(&driver, &options, &diag) != FORE_E_OK) fail_msg("%s", diag.text);
    return driver;
}

static struct fore_sample window(struct live_driver *driver)
{
    struct fore_sample sample;
    while (fore_driver_sample(live_driver_door(driver), &sample) != FORE_E_OK)
        live_driver_run(driver, 100 * FORE_MS);
    return sample;
}

/* ---- commands of many kinds --------------------------------------------------------------- */

/* `K` stands for the key, and every one of them is in the slot of the tag. */
static const struct kind {
    const char *line; /* words, divided by one blank; ~ is a blank inside of a word */
    int reads, writes;
} kinds[] = {
    {"GET Ka",                                                         1, 0},
    {"SET Ka value",                                                   0, 1},
    {"INCRBY Kn 2",                                                    0, 1},
    {"MGET Ka Kb Kc",                                                  1, 0},
    {"MSET Ka 1 Kb 2",                                                 0, 1},
    {"HSET Kh f v",                                                    0, 1},
    {"hgetall Kh",                                                     1, 0},
    {"ZADD Kz 1 m",                                                    0, 1},
    {"ZUNION 2 Kz Ky",                                                 1, 0},
    {"ZUNIONSTORE Ku 1 Kz",                                            0, 1},
    {"SINTERCARD 1 Ks",                                                1, 0},
    {"LMPOP 1 Kl LEFT",                                                0, 1},
    {"XADD Kx * f v",                                                  0, 1},
    {"XREAD COUNT 1 STREAMS Kx 0",                                     1, 0},
    {"XGROUP CREATE Kg g 0 MKSTREAM",                                  0, 1},
    {"XREADGROUP GROUP g c COUNT 1 STREAMS Kg >",                      0, 1},
    {"XINFO STREAM Kx",                                                1, 0},
    {"SORT Ks",                                                        0, 1},
    {"PFCOUNT Kp",                                                     1, 0},
    {"OBJECT ENCODING Ka",                                             0, 0},
    {"MEMORY USAGE Ka",                                                0, 0},
    {"DEL Kl Ku",                                                      0, 1},
    {"EVAL redis.call('SET',KEYS[1],1)redis.call('GET',KEYS[1]) 1 Ka", 1, 1},
    {"EVAL return~1 0",                                                0, 0},
    {"GET",                                                            0, 0},
    {"PING",                                                           0, 0},
};

/* Appends one command; the key's prefix stands where K is the first letter of a word. */
static void append(struct live_link *link, const char *line, const char *tag)
{
    char text[16][160];
    const char *arg[16];
    uint32_t count = 0;
    for (const char *at = line; *at != '\0'; count++) {
        size_t len = strcspn(at, " ");
        bool key = at[0] == 'K' && len == 2;
        (void)snprintf(text[count], sizeof text[count], "%s%.*s", key ? tag : "", (int)len, at);
        for (char *c = text[count]; *c != '\0'; c++)
            if (*c == '~') *c = ' ';
        arg[count] = text[count];
        at += len + (at[len] == ' ');
    }
    live_link_append_command(link, &(struct live_command){.arg = arg, .arg_count = count});
}

static void take(struct live_link *link)
{
    redisReply *reply = live_link_take(link);
    assert_non_null(reply);
    assert_true(live_reply_kind(reply) != LIVE_MOVED);
    freeReplyObject(reply);
}

/* A tag for a slot, and the node that has it. */
static struct live_link *at_slot(uint16_t slot, char *tag)
{
    live_slot_tag(slot, tag);
    int shard = live_cluster_shard_of(&ground->cluster, slot);
    return &live_cluster_primary(&ground->cluster, (uint16_t)shard)->link;
}

static void count(uint16_t slot, const struct kind *kind)
{
    reads[slot] += (uint64_t)kind->reads;
    writes[slot] += (uint64_t)kind->writes;
}

/* Some commands on one slot, now and then as a transaction. Hotter for low numbers. */
static void one_round(struct fore_rng *rng)
{
    char tag[LIVE_TAG_MAX];
    double u = fore_rng_unit(rng);
    uint16_t slot = (uint16_t)((uint32_t)(u * u * TAGS) * 41 % FORE_SLOT_COUNT);
    struct live_link *link = at_slot(slot, tag);
    uint32_t commands = 1 + fore_rng_below(rng, 12);
    bool multi = fore_rng_below(rng, 4) == 0;
    if (multi) live_link_append(link, "MULTI");
    for (uint32_t i = 0; i < commands; i++) {
        /* a transaction with a command of wrong arity is not carried out */
        const struct kind *kind =
            &kinds[fore_rng_below(rng, FORE_COUNTOF(kinds) - (multi ? 2 : 0))];
        append(link, kind->line, tag);
        count(slot, kind);
    }
    if (multi) live_link_append(link, "EXEC");
    for (uint32_t i = 0; i < commands + 2 * multi; i++)
        take(link);
}

static int hotter(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    uint64_t p = reads[x] + writes[x], q = reads[y] + writes[y];
    return p < q ? 1 : p > q ? -1 : (x > y) - (x < y);
}

static void every_command_is_counted_at_its_slot(void **state)
{
    (void)state;
    ground_reset(ground);
    static uint64_t got_reads[FORE_SLOT_COUNT], got_writes[FORE_SLOT_COUNT];
    struct live_driver *driver = drive();
    assert_int_equal(driver->heat.source, LIVE_HEAT_MODULE);
    struct fore_rng rng = fore_rng_stream(5, "test.module", 0);
    (void)window(driver);
    memset(reads, 0, sizeof reads);
    memset(writes, 0, sizeof writes);
    for (int i = 0; i < 6; i++) {
        for (int k = 0; k < ROUNDS / 6; k++)
            one_round(&rng);
        struct fore_sample sample = window(driver);
        assert_false(sample.load_is_estimate);
        for (uint32_t slot = 0; slot < FORE_SLOT_COUNT; slot++) {
            uint32_t p = fore_topology_find(&driver->topology, (uint64_t)slot << FORE_SLOT_SHIFT);
            got_reads[slot] += sample.partition[p].reads;
            got_writes[slot] += sample.partition[p].writes;
        }
    }
    static uint32_t order[FORE_SLOT_COUNT];
    for (uint32_t i = 0; i < FORE_SLOT_COUNT; i++)
        order[i] = i;
    qsort(order, FORE_SLOT_COUNT, sizeof order[0], hotter);
    for (uint32_t i = 0; i < FORE_SLOT_COUNT; i++) {
        uint32_t slot = order[i];
        if (got_reads[slot] != reads[slot] || got_writes[slot] != writes[slot])
            fail_msg("slot %u, number %u: %llu reads and %llu writes, counted %llu and %llu", slot,
                     i, (unsigned long long)reads[slot], (unsigned long long)writes[slot],
                     (unsigned long long)got_reads[slot], (unsigned long long)got_writes[slot]);
    }
    assert_true(reads[order[TOP]] + writes[order[TOP]] > 20);
    struct live_heat_sure sure = live_heat_sure(&driver->heat, 0, FORE_SLOT_COUNT - 1);
    assert_int_equal(sure.source, LIVE_HEAT_MODULE);
    assert_true(sure.duty == 1 && sure.relative_error == 0 && sure.samples > 0);
    fore_driver_close(live_driver_door(driver));
}

/* *3 SET {..}a 100 bytes, so many times: bytes are RESP's, to the byte. */
static void bytes_are_those_of_the_protocol(void **state)
{
    (void)state;
    ground_reset(ground);
    struct live_driver *driver = drive();
    char tag[LIVE_TAG_MAX], value[101], line[160];
    memset(value, 'v', 100);
    value[100] = '\0';
    struct live_link *link = at_slot(77, tag);
    (void)window(driver);
    (void)snprintf(line, sizeof line, "SET Ka %s", value);
    for (int i = 0; i < 50; i++)
        append(link, line, tag);
    for (int i = 0; i < 50; i++)
        take(link);
    size_t key = strlen(tag) + 2; /* "Ka" */
    struct fore_sample sample = window(driver);
    uint32_t p = fore_topology_find(&driver->topology, UINT64_C(77) << FORE_SLOT_SHIFT);
    assert_int_equal(sample.partition[p].writes, 50);
    assert_int_equal(sample.partition[p].bytes_written,
                     50 * (4 + 9 + (5 + (key >= 10 ? 2 : 1) + key) + 108));
    fore_driver_close(live_driver_door(driver));
}

/* Slots that change hands in the middle of a window lose nothing. */
static void a_slot_that_moves_is_counted_at_both(void **state)
{
    (void)state;
    ground_reset(ground);
    struct live_driver *driver = drive();
    char tag[LIVE_TAG_MAX];
    (void)window(driver);
    struct live_slot slot = {.cluster = &ground->cluster, .slot = 10};
    slot.from = (uint16_t)live_cluster_shard_of(&ground->cluster, 10);
    slot.to = (uint16_t)live_cluster_shard_of(&ground->cluster, 16000);
    for (int side = 0; side < 2; side++) {
        struct live_link *link = at_slot(10, tag);
        for (int i = 0; i < 30 + 10 * side; i++)
            append(link, "GET Ka", tag);
        for (int i = 0; i < 30 + 10 * side; i++)
            take(link);
        if (side == 1) break;
        bool owned;
        assert_int_equal(live_slot_settle(&slot, &owned, NULL), FORE_E_OK);
        assert_int_equal(live_slot_own(&slot, NULL), FORE_E_OK);
        assert_int_equal(live_cluster_refresh(&ground->cluster, NULL), FORE_E_OK);
    }
    uint64_t seen = 0;
    for (int i = 0; i < 6; i++) {
        struct fore_sample sample = window(driver);
        uint32_t p = fore_topology_find(&driver->topology, UINT64_C(10) << FORE_SLOT_SHIFT);
        seen += sample.partition[p].reads;
    }
    /* 30 and 40, and what the hand-over itself asked until the source had heard (EXISTS, in ms). */
    assert_in_range(seen, 70, 270);
    fore_driver_close(live_driver_door(driver));
}

static bool word_at(void *self, uint16_t place, const char **text, size_t *len)
{
    char *const *words = self;
    for (uint16_t i = 0; i <= place; i++)
        if (words[i] == NULL) return false;
    *text = words[place];
    *len = strlen(words[place]);
    return true;
}

/* The place of the first key by COMMAND of a real server, as MONITOR's lines are read. */
static void the_servers_key_specifications_are_understood(void **state)
{
    (void)state;
    static struct live_commands commands;
    struct live_link *link = &live_cluster_primary(&ground->cluster, 0)->link;
    assert_int_equal(live_commands_load(&commands, link), FORE_E_OK);
    static const struct {
        const char *word[8];
        uint16_t place;
        bool write;
    } cases[] = {
        {{"get", "k"},                                      1, false},
        {{"ZINTER", "2", "k", "l"},                         2, false},
        {{"blmpop", "0", "1", "k", "LEFT"},                 3, true },
        {{"XREAD", "BLOCK", "1", "streams", "k", "0"},      4, false},
        {{"XREADGROUP", "GROUP", "g", "c", "STREAMS", "k"}, 5, true },
        {{"xgroup", "createconsumer", "k", "g", "c"},       2, true },
        {{"XINFO", "STREAM", "k"},                          2, false},
        {{"EVAL", "return 1", "1", "k"},                    0, false},
        {{"object", "encoding", "k"},                       0, false},
        {{"config", "get", "k"},                            0, false},
        {{"no-such-command", "k"},                          0, false},
    };
    for (size_t i = 0; i < FORE_COUNTOF(cases); i++) {
        char *words[9] = {NULL};
        for (size_t w = 0; w < 8 && cases[i].word[w] != NULL; w++)
            words[w] = strdup(cases[i].word[w]);
        const struct live_command_words door = {.take = word_at, .self = words};
        const struct live_command_row *row = NULL;
        uint16_t place = live_commands_key(&commands, &door, &row);
        if (place != cases[i].place) fail_msg("%s: %u", words[0], (unsigned)place);
        if (place > 0) assert_int_equal(row->write, cases[i].write);
        for (size_t w = 0; w < 8; w++)
            free(words[w]);
    }
}

/* Reads that keep the server's thread for some milliseconds each and use next to no CPU: the node
 * was busy for as long as they lasted, and so was the partition. */
static void a_node_is_busy_while_its_commands_last(void **state)
{
    (void)state;
    enum { SLOT = 9, READS = 200 };
    char tag[LIVE_TAG_MAX];
    uint64_t node_ns = 0, busy_ns = 0, reads_seen = 0;
    struct live_driver *driver = drive();
    struct live_link *link = at_slot(SLOT, tag);
    int shard = live_cluster_shard_of(&driver->cluster, SLOT);
    (void)window(driver);
    for (int i = 0; i < READS; i++)
        append(link, "SLOW.READ Ka", tag);
    for (int i = 0; i < READS; i++)
        take(link);
    for (int i = 0; i < 3; i++) {
        struct fore_sample sample = window(driver);
        node_ns += sample.node[shard].busy_ns;
        busy_ns += sample.partition[SLOT].busy_read_ns;
        reads_seen += sample.partition[SLOT].reads;
    }
    assert_int_equal(reads_seen, READS);
    assert_true(node_ns >= READS * 4 * FORE_MS);
    assert_true(busy_ns >= READS * 4 * FORE_MS * 9 / 10);
    fore_driver_close(live_driver_door(driver));
}

static int begin_group(void **state)
{
    (void)state;
    char folder[512], arguments[1400];
    const char *build = getenv("BUILD");
    if (getcwd(folder, sizeof folder) == NULL) abort();
    if (build == NULL) build = "build/rel";
    (void)snprintf(arguments, sizeof arguments,
                   "3 -c \"--loadmodule %s/%s/slow_read.so --loadmodule %s/%s/foreshard-heat.so\"",
                   folder, build, folder, build);
    ground = ground_begin(arguments);
    return 0;
}

static int end_group(void **state)
{
    (void)state;
    ground_end(ground);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_command_is_counted_at_its_slot),
        cmocka_unit_test(bytes_are_those_of_the_protocol),
        cmocka_unit_test(a_slot_that_moves_is_counted_at_both),
        cmocka_unit_test(the_servers_key_specifications_are_understood),
        cmocka_unit_test(a_node_is_busy_while_its_commands_last),
    };
    if (!ground_possible()) return 0;
    return cmocka_run_group_tests_name("live: module", tests, begin_group, end_group);
}
