#include "workloads/config.h"

#include "tests/support/near.h"
#include "tests/support/scratch.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

struct values {
    bool on;
    uint64_t count;
    double real;
    fore_ns window;
    uint64_t bytes;
    const char *name;
    struct fore_strings files;
};

static const struct fore_option rows[] = {
    {"on",     FORE_OPT_BOOL,     FORE_OPTION_AT(struct values, on),     "false", 0, 0, NULL, "A switch."},
    {"count",  FORE_OPT_COUNT,    FORE_OPTION_AT(struct values, count),  "3",     0, 0, NULL, "A count." },
    {"real",   FORE_OPT_REAL,     FORE_OPTION_AT(struct values, real),   "0.5",   0, 0, NULL, "A number."},
    {"window", FORE_OPT_DURATION, FORE_OPTION_AT(struct values, window), "1s",    0, 0, NULL, "Time."    },
    {"bytes",  FORE_OPT_BYTES,    FORE_OPTION_AT(struct values, bytes),  "1KiB",  0, 0, NULL, "Bytes."   },
    {"name",   FORE_OPT_TEXT,     FORE_OPTION_AT(struct values, name),   "x",     0, 0, NULL, "A name."  },
    {"files",  FORE_OPT_LIST,     FORE_OPTION_AT(struct values, files),  "",      0, 0, NULL, "Files."   },
};
static const struct fore_option_section sim = {"sim", "One.", rows, FORE_COUNTOF(rows)};
static const struct fore_option_section engine = {"engine", "Two.", rows, FORE_COUNTOF(rows)};

struct world {
    struct scratch scratch;
    struct fore_arena arena;
    struct fore_diag diag;
    struct values sim, engine;
    struct fore_option_binding binding[2];
};

static int world_begin(void **state)
{
    struct world *world = calloc(1, sizeof *world);
    world->scratch = scratch_begin();
    world->binding[0] = (struct fore_option_binding){&sim, &world->sim};
    world->binding[1] = (struct fore_option_binding){&engine, &world->engine};
    *state = world;
    return 0;
}

static int world_end(void **state)
{
    struct world *world = *state;
    scratch_end(&world->scratch);
    fore_arena_fini(&world->arena);
    free(world);
    return 0;
}

static enum fore_err parse(struct world *world, const char *text)
{
    world->diag = (struct fore_diag){0};
    return wl_config_parse(text, "a.cfg", world->binding, 2, &world->arena, &world->diag);
}

static enum fore_err load(struct world *world, const char *path, const struct fore_strings *sets)
{
    world->diag = (struct fore_diag){0};
    return wl_config_load(path, sets, world->binding, 2, &world->arena, &world->diag);
}

static void expect_refusal(struct world *world, const char *text, const char *place,
                           const char *words)
{
    assert_int_not_equal(parse(world, text), FORE_E_OK);
    if (strstr(world->diag.text, place) == NULL || strstr(world->diag.text, words) == NULL)
        fail_msg("\"%s\" and \"%s\" are not in: %s", place, words, world->diag.text);
}

static void every_kind_of_value_arrives(void **state)
{
    struct world *world = *state;
    assert_int_equal(parse(world, "sim: { on = true; count = 2000000000; real = 0.1;\n"
                                  "  window = \"250us\"; bytes = \"5GiB\"; name = \"a b\";\n"
                                  "  files = [\"a.csv\", \"b.csv\"]; };\n"
                                  "engine = { count = 5000000000L; files = (\"c\", 4, 0.5); real = "
                                  "-3; bytes = 0x10; };\n"),
                     FORE_E_OK);
    assert_true(world->sim.on);
    assert_int_equal(world->sim.count, 2000000000);
    assert_true(world->sim.real == 0.1);
    assert_int_equal(world->sim.window, 250 * FORE_US);
    assert_true(world->sim.bytes == UINT64_C(5) << 30);
    assert_string_equal(world->sim.name, "a b");
    assert_int_equal(world->sim.files.count, 2);
    assert_string_equal(world->sim.files.item[1], "b.csv");
    assert_true(world->engine.count == UINT64_C(5000000000));
    assert_int_equal(world->engine.files.count, 3);
    assert_string_equal(world->engine.files.item[2], "0.5");
    expect_near(world->engine.real, -3.0, 0.0);
    assert_int_equal(world->engine.bytes, 16);
}

static void what_is_not_said_keeps_its_default(void **state)
{
    struct world *world = *state;
    world->sim.count = 99;
    assert_int_equal(parse(world, ""), FORE_E_OK);
    assert_int_equal(world->sim.count, 3);
    assert_int_equal(world->engine.window, FORE_SEC);
}

static void integers_are_never_cut(void **state)
{
    struct world *world = *state;
    expect_refusal(world, "sim: {\n count = 5000000000; };", "a.cfg:2:", "in quotes");
    expect_refusal(world, "sim: { real = -2147483649; };", "a.cfg:1:", "in quotes");
    expect_refusal(world, "sim: { count = 0x1FFFFFFFF; };", "a.cfg:1:", "in quotes");
    expect_refusal(world, "sim: { count = 99999999999999999999L; };", "a.cfg:1:", "in quotes");
    assert_int_equal(parse(world, "/* 5000000000 \n*/ // 5000000000\n# 5000000000\n"
                                  "sim: { name = \"5000000000 \\\" 5000000000\"; real = 5e12; };"),
                     FORE_E_OK);
    expect_near(world->sim.real, 5e12, 0.0);
}

static void messages_name_the_line_and_the_nearest_word(void **state)
{
    struct world *world = *state;
    expect_refusal(world, "sim: {};\nengin: {};", "a.cfg:2:", "engine");
    expect_refusal(world, "zzzzzzzzzz: {};", "a.cfg:1:", "sim, engine");
    expect_refusal(world, "sim: {\n\n windw = \"1s\"; };", "a.cfg:3:", "window");
    expect_refusal(world, "sim: { window = \"fast\"; };", "a.cfg:1:", "window");
    expect_refusal(world, "sim: { name = { a = 1; }; };", "a.cfg:1:", "group");
    expect_refusal(world, "sim: { files = ((1, 2), 3); };", "a.cfg:1:", "group");
    expect_refusal(world, "sim = 3;", "a.cfg:1:", "braces");
    expect_refusal(world, "sim: {\n window = \"1s\"\n name = ;", "a.cfg:3:", "near");
    expect_refusal(world, "sim: {\n window \"1s\"; };", "a.cfg:2:", "none can stand");
    expect_refusal(world, "sim: { name = \"a\", \"b\"; };", "a.cfg:1:", "none can stand");
    expect_refusal(world, "sim: {\n window = \"1s; };\n\n", "a.cfg:2:", "no closing");
    expect_refusal(world, "\n@include \"other.cfg\"\n", "a.cfg:2:", "include = ");
    expect_refusal(world, "sim: ((((((((((((((((((1))))))))))))))))));", "a.cfg:1:", "deeper");
    expect_refusal(world, "include = \"b.cfg\";", "a.cfg:1:", "only in a file");
}

static void includes_come_first_and_sets_last(void **state)
{
    struct world *world = *state;
    (void)scratch_text(&world->scratch, "base.cfg",
                       "sim: { count = 1; name = \"base\"; window = \"9s\"; };");
    const char *path = scratch_text(&world->scratch, "top.cfg",
                                    "sim: { name = \"top\"; window = \"8s\"; };\n"
                                    "include = \"base.cfg\";\n");
    static const char *const item[] = {"sim.window=7s", "engine.files=a,b"};
    const struct fore_strings sets = {.item = item, .count = 2};
    assert_int_equal(load(world, path, &sets), FORE_E_OK);
    assert_int_equal(world->sim.count, 1);
    assert_string_equal(world->sim.name, "top");
    assert_int_equal(world->sim.window, 7 * FORE_SEC);
    assert_int_equal(world->engine.files.count, 2);
    assert_int_equal(load(world, NULL, &sets), FORE_E_OK);
    assert_int_equal(world->sim.count, 3);
}

static void errors_in_an_included_file_name_that_file(void **state)
{
    struct world *world = *state;
    (void)scratch_text(&world->scratch, "base.cfg", "\nsim: { windw = 1; };");
    const char *path = scratch_text(&world->scratch, "top.cfg", "include = (\"base.cfg\");\n");
    assert_int_equal(load(world, path, NULL), FORE_E_FORMAT);
    assert_non_null(strstr(world->diag.text, "base.cfg:2:"));
}

static void include_circles_and_towers_end(void **state)
{
    struct world *world = *state;
    (void)scratch_text(&world->scratch, "b.cfg", "include = \"a.cfg\";");
    const char *path = scratch_text(&world->scratch, "a.cfg", "include = \"b.cfg\";");
    assert_int_equal(load(world, path, NULL), FORE_E_FORMAT);
    assert_non_null(strstr(world->diag.text, "includes itself"));
    path = scratch_text(&world->scratch, "c.cfg", "include = \"./c.cfg\";"); /* another name */
    assert_int_equal(load(world, path, NULL), FORE_E_FORMAT);
    assert_non_null(strstr(world->diag.text, "deeper than"));
}

static void bad_sets_and_files_are_sentences(void **state)
{
    struct world *world = *state;
    static const char *const item[] = {"sim.windw=7s"};
    const struct fore_strings sets = {.item = item, .count = 1};
    assert_int_equal(load(world, NULL, &sets), FORE_E_FORMAT);
    assert_non_null(strstr(world->diag.text, "--set"));
    assert_int_equal(load(world, scratch_path(&world->scratch, "absent.cfg"), NULL), FORE_E_IO);
    assert_int_equal(load(world, scratch_put(&world->scratch, "nul.cfg", "a\0b", 3), NULL),
                     FORE_E_FORMAT);
    assert_non_null(strstr(world->diag.text, "NUL"));
}

#define config_test(f) cmocka_unit_test_setup_teardown(f, world_begin, world_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        config_test(every_kind_of_value_arrives),
        config_test(what_is_not_said_keeps_its_default),
        config_test(integers_are_never_cut),
        config_test(messages_name_the_line_and_the_nearest_word),
        config_test(includes_come_first_and_sets_last),
        config_test(errors_in_an_included_file_name_that_file),
        config_test(include_circles_and_towers_end),
        config_test(bad_sets_and_files_are_sentences),
    };
    return cmocka_run_group_tests_name("workloads/config", tests, NULL, NULL);
}
