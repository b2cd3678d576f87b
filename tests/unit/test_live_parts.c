/* test_live_parts.c - what of the live room needs no server: the text of CLUSTER NODES, the lines
 * of MONITOR, a mover's journal, and SLOT-STATS from a server that is not one. */
#include "core/base/hash.h"
#include "live/base/clock.h"
#include "live/redis/carry.h"
#include "live/redis/group.h"
#include "live/redis/journal.h"
#include "live/redis/monitor.h"
#include "live/redis/nodes.h"
#include "live/redis/renew.h"
#include "live/redis/slot.h"
#include "live/redis/slot_stats.h"
#include "tests/live/fake_resp.h"
#include "tests/support/scratch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <cmocka.h>

/* ---- CLUSTER NODES ------------------------------------------------------------------------ */

#define A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define C "cccccccccccccccccccccccccccccccccccccccc"

static enum fore_err parse(const char *text, struct live_nodes *out)
{
    return live_nodes_parse(text, strlen(text), out);
}

static void a_view_is_read_in_full(void **state)
{
    (void)state;
    struct live_nodes *nodes = malloc(sizeof *nodes);
    assert_int_equal(
        parse(A " 127.0.0.1:7001@17001 myself,master - 0 1 3 connected 0-99 101 [5->-" B "]\n" B
                " [::1]:7002@17002,host.example master,fail? - 0 1 9 connected 100 "
                "200-16383\r\n" C " :0@0 slave,noaddr " A " 0 1 3 disconnected\n",
              nodes),
        FORE_E_OK);
    assert_int_equal(nodes->line_count, 3);
    assert_int_equal(nodes->myself, 0);
    assert_int_equal(nodes->owner[0], 0);
    assert_int_equal(nodes->owner[100], 1);
    assert_int_equal(nodes->owner[101], 0);
    assert_int_equal(nodes->owner[150], -1);
    assert_int_equal(nodes->owner[16383], 1);
    assert_int_equal(nodes->open_count, 1);
    assert_int_equal(nodes->open[0].slot, 5);
    assert_false(nodes->open[0].importing);
    assert_string_equal(nodes->open[0].peer_id, B);
    assert_string_equal(nodes->line[1].address.host, "::1");
    assert_int_equal(nodes->line[1].config_epoch, 9);
    assert_int_equal(nodes->line[1].flags, LIVE_NODE_PRIMARY | LIVE_NODE_PFAIL);
    assert_int_equal(nodes->line[2].address.port, 0);
    assert_string_equal(nodes->line[2].primary_id, A);
    free(nodes);
}

static void a_view_that_is_not_well_formed_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "\n",
        A " 127.0.0.1:7001@17001 master - 0 1 3 connected 0\n", /* nobody is myself */
        A " 127.0.0.1:7001@17001 myself,master - 0 1 3\n",
        "short 127.0.0.1:7001@17001 myself,master - 0 1 3 connected\n",
        A " 127.0.0.1:99999@1 myself,master - 0 1 3 connected\n",
        A " 127.0.0.1@1 myself,master - 0 1 3 connected\n",
        A " 127.0.0.1:7001@17001 myself,wizard - 0 1 3 connected\n",
        A " 127.0.0.1:7001@17001 myself,master x 0 1 3 connected\n",
        A " 127.0.0.1:7001@17001 myself,master - 0 1 -3 connected\n",
        A " 127.0.0.1:7001@17001 myself,master - 0 1 3 connected 16384\n",
        A " 127.0.0.1:7001@17001 myself,master - 0 1 3 connected 5-4\n",
        A " 127.0.0.1:7001@17001 myself,master - 0 1 3 connected 0-9 9\n",
        A " 127.0.0.1:7001@17001 myself,master - 0 1 3 connected [5->-bbb]\n",
        A " 127.0.0.1:7001@17001 myself,master - 0 1 3 connected [5-x-" B "]\n",
        A " 127.0.0.1:7001@17001 myself,master - 0 1 3 connected [99999->-" B "]\n",
        A " 127.0.0.1:7001@17001 myself,master - 0 1 3 connected [\n",
    };
    struct live_nodes *nodes = malloc(sizeof *nodes);
    for (size_t i = 0; i < FORE_COUNTOF(bad); i++)
        if (parse(bad[i], nodes) != FORE_E_FORMAT) fail_msg("taken: %s", bad[i]);
    free(nodes);
}

/* Any damage to a good text either leaves it readable or is refused; never more than that. */
static void damaged_views_do_no_harm(void **state)
{
    (void)state;
    static const char good[] = A " 127.0.0.1:7001@17001 myself,master - 0 1 3 connected 0-99 "
                                 "[5->-" B "] [6-<-" C "]\n" B
                                 " 127.0.0.1:7002@17002 master - 0 1 9 connected 100-16383\n";
    struct live_nodes *nodes = malloc(sizeof *nodes);
    char text[sizeof good];
    uint64_t word = 1;
    for (int i = 0; i < 20000; i++) {
        memcpy(text, good, sizeof good);
        for (int flips = 0; flips < 3; flips++) {
            word = fore_hash_u64(word, 7);
            text[word % (sizeof good - 1)] = (char)(word >> 32);
        }
        size_t len = (word >> 40) % sizeof good;
        if (live_nodes_parse(text, len, nodes) == FORE_E_OK)
            assert_true(nodes->line_count <= 3 && nodes->myself < nodes->line_count);
    }
    free(nodes);
}

/* ---- MONITOR ------------------------------------------------------------------------------ */

static const struct live_commands commands = {
    .row = {{.name = "get", .first_key = 1},
            {.name = "set", .first_key = 1, .write = true},
            {.name = "xgroup"},
            {.name = "xgroup|create", .first_key = 2, .write = true},
            {.name = "xread", .first_key = 1, .keyword = "STREAMS", .keyword_from = 1},
            {.name = "zunion", .first_key = 2, .count_at = 1}},
    .count = 6
};

static bool line(struct live_glance *glance, const char *text)
{
    return live_monitor_line(glance, &commands, text, strlen(text));
}

static void monitor_lines_become_slots(void **state)
{
    (void)state;
    struct live_glance *g = calloc(1, sizeof *g);
    assert_true(line(g, "1339518083.107412 [0 127.0.0.1:60866] \"get\" \"foo\""));
    assert_int_equal(g->reads[12182], 1);
    assert_true(line(g, "1.0 [0 127.0.0.1:1] \"SET\" \"{foo}bar\" \"value ] \\\" x\""));
    assert_int_equal(g->writes[12182], 1);
    assert_true(line(g, "1.0 [0 lua] \"get\" \"foo\""));
    assert_int_equal(g->reads[12182], 2);
    assert_true(line(g, "1.0 [0 127.0.0.1:1] \"XREAD\" \"count\" \"5\" \"Streams\" \"foo\" \"0\""));
    assert_int_equal(g->reads[12182], 3);
    assert_true(line(g, "1.0 [0 127.0.0.1:1] \"ZUNION\" \"2\" \"foo\" \"{foo}\""));
    assert_int_equal(g->reads[12182], 4);
    assert_true(line(g, "1.0 [0 127.0.0.1:1] \"xgroup\" \"CREATE\" \"foo\" \"g\" \"0\""));
    assert_int_equal(g->writes[12182], 2);
    assert_false(line(g, "1.0 [0 127.0.0.1:1] \"xgroup\" \"HELP\" \"foo\""));
    assert_false(line(g, "1.0 [0 127.0.0.1:1] \"ZUNION\" \"0\" \"foo\""));
    assert_false(line(g, "1.0 [0 127.0.0.1:1] \"xread\" \"count\" \"5\" \"foo\""));
    assert_false(line(g, "1.0 [0 127.0.0.1:1] \"EVAL\" \"return 1\" \"1\" \"foo\""));
    assert_true(line(g, "1.0 [0 127.0.0.1:1] \"get\" \"a\\x00\\n\\\"b\""));
    assert_int_equal(g->reads[fore_hash_slot("a\0\n\"b", 5)], 1);
    assert_false(line(g, "1.0 [0 127.0.0.1:1] \"ping\""));
    static const char *const bad[] = {"",
                                      "]",
                                      "1.0 [0 x] ",
                                      "1.0 [0 x] \"get",
                                      "1.0 [0 x] \"get\"",
                                      "1.0 [0 x] \"get\" \"foo",
                                      "1.0 [0 x] \"get\" \"foo\\",
                                      "1.0 [0 x] get foo",
                                      "1.0 [0 x] \"get\" foo",
                                      "1.0 [0 x] \"eval\" \"x\"",
                                      "1.0 [0 x] \"\" \"\""};
    for (size_t i = 0; i < FORE_COUNTOF(bad); i++)
        if (line(g, bad[i])) fail_msg("counted: %s", bad[i]);
    assert_int_equal(g->commands, 7);
    free(g);
}

/* ---- journal ------------------------------------------------------------------------------ */

static struct live_journal *journal_at(const char *path, enum fore_err expected)
{
    struct live_journal *journal = NULL;
    struct fore_diag diag = {0};
    assert_int_equal(live_journal_open(path, "me", 200, &journal, &diag), expected);
    if (expected != FORE_E_OK) assert_true(diag.text[0] != '\0');
    return journal;
}

static void remember_one(void *self, const char *id, uint16_t shard)
{
    if (strcmp(id, A) == 0) *(int *)self = shard;
}

static void unfinished_work_is_found_again(void **state)
{
    (void)state;
    struct scratch scratch = scratch_begin();
    const char *path = scratch_path(&scratch, "journal.db");
    struct live_journal *journal = journal_at(path, FORE_E_OK);
    struct live_journal_move move = {.first = 4, .last = 9, .from = 1, .to = 2}, found[4];
    struct live_journal_step step = {.slot = 4, .from = 1, .to = 2, .step = LIVE_STEP_OPEN};
    uint64_t id = 0;
    assert_int_equal(live_journal_begin(journal, &move), FORE_E_OK);
    assert_int_equal(live_journal_unfinished(journal, found, 4), 1);
    assert_false(found[0].in_work);
    step.move = move.id;
    assert_int_equal(live_journal_step(journal, &step, &id), FORE_E_OK);
    assert_int_equal(live_journal_result(journal, id, FORE_E_OK), FORE_E_OK);
    assert_int_equal(live_journal_remember(journal, A, 5), FORE_E_OK);
    uint64_t token = live_journal_token(journal);
    live_journal_close(journal);

    journal = journal_at(path, FORE_E_OK);
    assert_true(live_journal_token(journal) > token);
    int shard = -1;
    live_journal_remembered(journal, remember_one, &shard);
    assert_int_equal(shard, 5);
    assert_int_equal(live_journal_unfinished(journal, found, 4), 1);
    assert_true(found[0].in_work);
    assert_int_equal(found[0].slot, 4);
    assert_int_equal(found[0].slot_to, 2);
    step.step = LIVE_STEP_OWN;
    assert_int_equal(live_journal_step(journal, &step, &id), FORE_E_OK);
    (void)live_journal_unfinished(journal, found, 4);
    assert_true(found[0].in_work); /* intended, but did it happen? */
    assert_int_equal(live_journal_result(journal, id, FORE_E_OK), FORE_E_OK);
    assert_int_equal(live_journal_renew(journal), FORE_E_OK);
    (void)live_journal_unfinished(journal, found, 4);
    assert_false(found[0].in_work);
    assert_int_equal(live_journal_end(journal, move.id, LIVE_FATE_DONE), FORE_E_OK);
    assert_int_equal(live_journal_unfinished(journal, found, 4), 0);
    live_journal_close(journal);
    scratch_end(&scratch);
}

/* A slot's three steps, written at once: it is in work until the last of them is known to be done.
 */
static void a_slots_steps_are_written_together(void **state)
{
    (void)state;
    struct scratch scratch = scratch_begin();
    struct live_journal *journal = journal_at(scratch_path(&scratch, "journal.db"), FORE_E_OK);
    struct live_journal_move move = {.first = 4, .last = 9, .from = 1, .to = 2}, found[4];
    struct live_journal_step row[LIVE_STEPS];
    uint64_t id[LIVE_STEPS] = {0};
    assert_int_equal(live_journal_begin(journal, &move), FORE_E_OK);
    for (int s = 0; s < LIVE_STEPS; s++)
        row[s] = (struct live_journal_step){
            .move = move.id, .step = (enum live_step)s, .slot = 6, .from = 2, .to = 1};
    assert_int_equal(live_journal_steps(journal, row, LIVE_STEPS, id), FORE_E_OK);
    for (int s = 0; s < LIVE_STEPS; s++) {
        assert_true(id[s] > 0 && (s == 0 || id[s] > id[s - 1]));
        assert_int_equal(live_journal_unfinished(journal, found, 4), 1);
        assert_true(found[0].stepped && found[0].in_work && found[0].slot == 6);
        assert_int_equal(found[0].slot_from, 2);
        assert_int_equal(live_journal_held(journal), FORE_E_OK);
        assert_int_equal(live_journal_result(journal, id[s], FORE_E_OK), FORE_E_OK);
        assert_int_equal(live_journal_renew(journal), FORE_E_OK);
    }
    (void)live_journal_unfinished(journal, found, 4);
    assert_false(found[0].in_work);
    live_journal_close(journal);
    scratch_end(&scratch);
}

static void one_holds_the_lease_and_the_other_is_fenced(void **state)
{
    (void)state;
    struct scratch scratch = scratch_begin();
    const char *path = scratch_path(&scratch, "journal.db");
    struct live_journal *first = journal_at(path, FORE_E_OK);
    assert_null(journal_at(path, FORE_E_REFUSED));
    assert_int_equal(live_journal_renew(first), FORE_E_OK);
    assert_int_equal(live_journal_held(first), FORE_E_OK);
    live_clock_sleep_ms(300); /* not renewed: as if stopped */
    struct live_journal *second = journal_at(path, FORE_E_OK);
    struct live_journal_move move = {.first = 1, .last = 1, .from = 0, .to = 1};
    assert_int_equal(live_journal_begin(first, &move), FORE_E_REFUSED);
    assert_int_equal(live_journal_begin(second, &move), FORE_E_OK);
    assert_int_equal(live_journal_renew(first), FORE_E_REFUSED);
    assert_int_equal(live_journal_held(first), FORE_E_REFUSED);
    assert_int_equal(live_journal_held(second), FORE_E_OK);
    live_journal_close(first);
    live_journal_close(second);
    scratch_end(&scratch);
}

static void a_journal_that_is_none_is_refused_in_words(void **state)
{
    (void)state;
    struct scratch scratch = scratch_begin();
    char junk[4096];
    for (size_t i = 0; i < sizeof junk; i++)
        junk[i] = (char)fore_hash_u64(i, 3);
    (void)journal_at(scratch_put(&scratch, "junk.db", junk, sizeof junk), FORE_E_IO);
    (void)journal_at("no-such-folder/journal.db", FORE_E_IO);
    scratch_end(&scratch);
}

/* Bits turn on the disk: whatever is read, nothing crashes and ranges hold where they are used. */
static void a_journal_with_flipped_bits_does_no_harm(void **state)
{
    (void)state;
    struct scratch scratch = scratch_begin();
    static char bytes[1 << 17];
    struct live_journal *journal = journal_at(scratch_path(&scratch, "a.db"), FORE_E_OK);
    struct live_journal_move move = {.first = 4, .last = 9, .from = 1, .to = 2}, found[4];
    uint64_t id, word = 1;
    assert_int_equal(live_journal_begin(journal, &move), FORE_E_OK);
    struct live_journal_step step = {.move = move.id, .slot = 4, .from = 1, .to = 2};
    assert_int_equal(live_journal_step(journal, &step, &id), FORE_E_OK);
    live_journal_close(journal);
    FILE *file = fopen(scratch_path(&scratch, "a.db"), "rb");
    assert_non_null(file);
    size_t len = fread(bytes, 1, sizeof bytes, file);
    (void)fclose(file);
    for (int i = 0; i < 60; i++) {
        word = fore_hash_u64(word, 7);
        size_t at = word % len;
        bytes[at] ^= (char)(1 << (word >> 61));
        const char *path = scratch_put(&scratch, "b.db", bytes, len);
        if (live_journal_open(path, "me", 200, &journal, NULL) == FORE_E_OK) {
            (void)live_journal_unfinished(journal, found, 4);
            enum fore_err err = live_journal_renew(journal);
            assert_true(err == FORE_E_OK || err == FORE_E_IO || err == FORE_E_REFUSED);
            live_journal_close(journal);
        }
        bytes[at] ^= (char)(1 << (word >> 61));
    }
    scratch_end(&scratch);
}

/* ---- SLOT-STATS, and tags ----------------------------------------------------------------- */

static const char *stats;

static const char *answer_stats(struct fake_resp *server, int arg_count, const char *const *arg)
{
    (void)server;
    bool asked = arg_count >= 2 && strcasecmp(arg[1], "SLOT-STATS") == 0;
    return asked ? stats : "-ERR unknown\r\n";
}

static bool stats_there(const char *reply, uint64_t *cpu_us)
{
    struct fake_resp *server = calloc(1, sizeof *server);
    struct live_access access = {.timeout_ms = 300};
    struct live_link link;
    server->answer = answer_stats;
    stats = reply;
    fake_resp_start(server);
    struct live_address address = fake_resp_address(server);
    live_link_init(&link, &address, &access);
    bool there = live_slot_stats_there(&link);
    if (there) assert_int_equal(live_slot_stats_read(&link, cpu_us), FORE_E_OK);
    live_link_close(&link);
    fake_resp_stop(server);
    free(server);
    return there;
}

static void slot_stats_are_read_where_they_are(void **state)
{
    (void)state;
    static uint64_t cpu_us[FORE_SLOT_COUNT];
    assert_true(stats_there("*2\r\n*2\r\n:0\r\n*4\r\n$9\r\nkey-count\r\n:3\r\n$8\r\ncpu-usec\r\n:70"
                            "\r\n*2\r\n:16383\r\n*2\r\n$8\r\ncpu-usec\r\n:9\r\n",
                            cpu_us));
    assert_int_equal(cpu_us[0], 70);
    assert_int_equal(cpu_us[16383], 9);
    static const char *const not [] = {
        "-ERR unknown subcommand 'SLOT-STATS'\r\n",
        "*1\r\n*2\r\n:0\r\n*2\r\n$9\r\nkey-count\r\n:3\r\n", /* there, but CPU is not counted */
        "*1\r\n*2\r\n:16384\r\n*2\r\n$8\r\ncpu-usec\r\n:9\r\n",
        "*1\r\n*2\r\n:1\r\n*2\r\n$8\r\ncpu-usec\r\n:-9\r\n",
        "*1\r\n:1\r\n",
        "+OK\r\n"};
    for (size_t i = 0; i < FORE_COUNTOF(not ); i++)
        if (stats_there(not [i], cpu_us)) fail_msg("believed: %s", not [i]);
}

static void versions_with_the_forgotten_bit_are_known(void **state)
{
    (void)state;
    static const struct {
        const char *version;
        bool needed;
    } row[] = {
        {"7.0.15",      true },
        {"7.0.12",      true },
        {"7.0.11",      false},
        {"7.2.3",       true },
        {"7.2.0",       true },
        {"7.2.4",       false},
        {"7.4.0",       false},
        {"6.2.14",      false},
        {"8.0.2",       false},
        {"255.255.255", false},
        {"7.0",         true }, /* not well formed: to be on the
  safe side */
        {"",            true },
        {"..",          true },
        {"valkey",      true },
    };
    for (size_t i = 0; i < FORE_COUNTOF(row); i++)
        if (live_renew_needed(row[i].version, strlen(row[i].version)) != row[i].needed)
            fail_msg("version \"%s\"", row[i].version);
}

static void slots_are_named_at_once_where_that_is_known_to_do(void **state)
{
    (void)state;
    assert_true(live_group_names_at_once("# Server\r\nredis_version:7.0.15\r\nredis_mode:cluster"));
    assert_true(live_group_names_at_once("redis_version:6.2.14\r\n"));
    assert_false(live_group_names_at_once("redis_version:8.0.1\r\n"));
    assert_false(live_group_names_at_once("redis_version:255.255.255\r\n"));
    assert_false(live_group_names_at_once("redis_version:3.2.1\r\n"));
    assert_false(live_group_names_at_once("redis_version:7.2.4\r\nvalkey_version:8.0.0\r\n"));
    assert_false(live_group_names_at_once("redis_version:\r\n"));
    assert_false(live_group_names_at_once(""));
}

static void slots_pass_whole_where_the_server_and_the_slot_suit(void **state)
{
    (void)state;
    assert_true(live_carry_possible("redis_version:7.0.15\r\n"));
    assert_true(live_carry_possible("# Server\r\nredis_version:7.4.1\r\nredis_mode:cluster"));
    assert_false(live_carry_possible("redis_version:6.2.14\r\n"));
    assert_false(live_carry_possible("redis_version:8.0.1\r\n"));
    assert_false(live_carry_possible("redis_version:7.2.4\r\nvalkey_version:8.0.0\r\n"));
    assert_false(live_carry_possible(""));
    struct live_group_slot slot = {.light = true, .keys = 60, .bytes = 9000};
    assert_true(live_carry_suits(&slot));
    slot.keys = LIVE_CARRY_KEYS + 1;
    assert_false(live_carry_suits(&slot));
    slot.keys = 1;
    slot.bytes = LIVE_CARRY_BYTES + 1;
    assert_false(live_carry_suits(&slot));
    slot = (struct live_group_slot){.light = false};
    assert_false(live_carry_suits(&slot));
}

static void every_slot_has_a_tag(void **state)
{
    (void)state;
    for (uint32_t slot = 0; slot < FORE_SLOT_COUNT; slot++) {
        char tag[LIVE_TAG_MAX];
        live_slot_tag((uint16_t)slot, tag);
        assert_int_equal(fore_hash_slot(tag, strlen(tag)), slot);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_view_is_read_in_full),
        cmocka_unit_test(a_view_that_is_not_well_formed_is_refused),
        cmocka_unit_test(damaged_views_do_no_harm),
        cmocka_unit_test(monitor_lines_become_slots),
        cmocka_unit_test(unfinished_work_is_found_again),
        cmocka_unit_test(a_slots_steps_are_written_together),
        cmocka_unit_test(one_holds_the_lease_and_the_other_is_fenced),
        cmocka_unit_test(a_journal_that_is_none_is_refused_in_words),
        cmocka_unit_test(a_journal_with_flipped_bits_does_no_harm),
        cmocka_unit_test(slot_stats_are_read_where_they_are),
        cmocka_unit_test(versions_with_the_forgotten_bit_are_known),
        cmocka_unit_test(slots_are_named_at_once_where_that_is_known_to_do),
        cmocka_unit_test(slots_pass_whole_where_the_server_and_the_slot_suit),
        cmocka_unit_test(every_slot_has_a_tag),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
