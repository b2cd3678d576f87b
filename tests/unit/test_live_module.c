/* test_live_module.c - the parts of the Redis module that need no server: where keys are, and the
 * bytes in which counters are told, also when they are not what they should be. */
#include "core/base/hash.h"
#include "core/base/rng.h"
#include "live/module/counters.h"
#include "live/module/keyspec.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void add(struct live_keyspec *spec, const char *name, int first, bool write, bool movable,
                bool container)
{
    struct live_keyspec_command command = {.name = name,
                                           .name_len = strlen(name),
                                           .arity = -2,
                                           .first_key = first,
                                           .write = write,
                                           .movable = movable,
                                           .container = container};
    live_keyspec_add(spec, &command);
}

static const struct live_keyspec_row *find(const struct live_keyspec *spec, const char *name)
{
    return live_keyspec_find(spec, name, strlen(name));
}

static void a_commands_key_is_found_by_its_name(void **state)
{
    (void)state;
    struct live_keyspec *spec = calloc(1, sizeof *spec);
    add(spec, "get", 1, false, false, false);
    add(spec, "SET", 1, true, false, false);
    add(spec, "georadiusbymember_ro", 1, false, true, false);
    add(spec, "xread", 0, false, true, false);
    add(spec, "xgroup", 0, false, false, true);
    add(spec, "xgroup|createconsumer", 2, true, false, false);
    add(spec, "ping", 0, false, false, false);
    add(spec, "migrate", 3, true, true, false);
    add(spec, "eval", 0, false, true, false);
    add(spec, "a-name-that-is-longer-than-fits", 1, false, false, false);
    assert_int_equal(spec->count, 6);
    assert_int_equal(find(spec, "GeT")->first, 1);
    assert_true(find(spec, "set")->write);
    assert_int_equal(find(spec, "georadiusbymember_RO")->kind, LIVE_KEYSPEC_FIXED);
    assert_int_equal(find(spec, "XREAD")->kind, LIVE_KEYSPEC_MOVABLE);
    static const char *const none[] = {"ge",   "gett", "",        "get ",
                                       "ping", "EVAL", "migrate", "set\0"};
    for (size_t i = 0; i < FORE_COUNTOF(none); i++)
        if (i + 1 < FORE_COUNTOF(none)) assert_null(find(spec, none[i]));
    assert_null(live_keyspec_find(spec, "set\0", 4));
    const struct live_keyspec_row *group = find(spec, "XGroup");
    assert_int_equal(live_keyspec_part(spec, group, "CREATEconsumer", 14)->first, 2);
    assert_null(live_keyspec_part(spec, group, "help", 4));
    assert_null(live_keyspec_part(spec, group, "a part of any length at all", 27));
    free(spec);
}

static void a_table_takes_all_there_are_and_no_more(void **state)
{
    (void)state;
    struct live_keyspec *spec = calloc(1, sizeof *spec);
    char name[16];
    for (int i = 0; i < LIVE_KEYSPEC_ROWS; i++) {
        (void)snprintf(name, sizeof name, "command-%d", i);
        add(spec, name, 1 + i % 100, false, false, false);
    }
    assert_int_equal(spec->count, LIVE_KEYSPEC_ROWS / 2);
    for (int i = 0; i < LIVE_KEYSPEC_ROWS; i++) {
        (void)snprintf(name, sizeof name, "COMMAND-%d", i);
        const struct live_keyspec_row *row = find(spec, name);
        if (i < LIVE_KEYSPEC_ROWS / 2)
            assert_int_equal(row->first, 1 + i % 100);
        else
            assert_null(row);
    }
    free(spec);
}

static void slots_are_those_of_everybody_else(void **state)
{
    (void)state;
    struct fore_rng rng = fore_rng_stream(3, "test.slots", 0);
    for (int round = 0; round < 20000; round++) {
        char key[40];
        size_t len = fore_rng_below(&rng, sizeof key);
        for (size_t i = 0; i < len; i++) {
            uint32_t draw = fore_rng_below(&rng, 300);
            key[i] = (char)(draw < 256 ? draw : draw < 280 ? '{' : '}');
        }
        assert_int_equal(live_keyspec_slot(key, len), fore_hash_slot(key, len));
    }
}

/* Numbers of every length, in slots with gaps of every kind. */
static void fill(struct live_counters *counters, struct fore_rng *rng)
{
    memset(counters, 0, sizeof *counters);
    counters->start = fore_rng_u64(rng);
    for (uint32_t slot = 0; slot < FORE_SLOT_COUNT; slot++) {
        bool used = fore_rng_below(rng, 3) == 0 || slot == 0 || slot == FORE_SLOT_COUNT - 1;
        if (!used) continue;
        counters->slot[slot] =
            (struct live_counter){.reads = 1 + (fore_rng_u64(rng) >> fore_rng_below(rng, 64)) / 2,
                                  .writes = fore_rng_u64(rng) >> fore_rng_below(rng, 64),
                                  .bytes = fore_rng_u64(rng) >> fore_rng_below(rng, 64)};
    }
}

static void counters_come_back_as_they_went(void **state)
{
    (void)state;
    struct live_counters *in = malloc(sizeof *in), *out = malloc(sizeof *out);
    char *bytes = malloc(LIVE_COUNTERS_BYTES);
    struct fore_rng rng = fore_rng_stream(1, "test.counters", 0);
    for (int round = 0; round < 20; round++) {
        fill(in, &rng);
        size_t len = live_counters_write(in, bytes);
        assert_true(len <= LIVE_COUNTERS_BYTES);
        assert_int_equal(live_counters_read(bytes, len, out), FORE_E_OK);
        assert_memory_equal(in, out, sizeof *in);
    }
    free(bytes);
    free(in);
    free(out);
}

static void damaged_counters_are_refused_or_other_numbers(void **state)
{
    (void)state;
    struct live_counters *in = malloc(sizeof *in), *out = malloc(sizeof *out);
    char *bytes = malloc(LIVE_COUNTERS_BYTES), *damaged = malloc(LIVE_COUNTERS_BYTES);
    struct fore_rng rng = fore_rng_stream(2, "test.counters", 0);
    fill(in, &rng);
    size_t len = live_counters_write(in, bytes);
    assert_int_equal(live_counters_read("", 0, out), FORE_E_FORMAT);
    assert_int_equal(live_counters_read("FSH1", 4, out), FORE_E_FORMAT);
    assert_int_equal(live_counters_read("FSH2\1", 5, out), FORE_E_FORMAT);
    assert_int_equal(live_counters_read("FSH1\1", 5, out), FORE_E_OK);
    assert_int_equal(live_counters_read("FSH1\1\0\1\1", 8, out), FORE_E_FORMAT);
    assert_int_equal(live_counters_read("FSH1\1\xff\xff\x7f\1\1\1", 11, out), FORE_E_FORMAT);
    assert_int_equal(live_counters_read(bytes, len - 1, out), FORE_E_FORMAT);
    for (int round = 0; round < 2000; round++) {
        memcpy(damaged, bytes, len);
        damaged[fore_rng_below(&rng, (uint32_t)len)] ^= (char)(1u << fore_rng_below(&rng, 8));
        size_t cut = fore_rng_below(&rng, (uint32_t)len + 1);
        enum fore_err err = live_counters_read(damaged, cut, out);
        assert_true(err == FORE_E_OK || err == FORE_E_FORMAT);
    }
    free(damaged);
    free(bytes);
    free(in);
    free(out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_commands_key_is_found_by_its_name),
        cmocka_unit_test(a_table_takes_all_there_are_and_no_more),
        cmocka_unit_test(slots_are_those_of_everybody_else),
        cmocka_unit_test(counters_come_back_as_they_went),
        cmocka_unit_test(damaged_counters_are_refused_or_other_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
