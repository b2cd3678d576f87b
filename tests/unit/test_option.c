#include "core/base/option.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/option_value.h"
#include "tests/support/near.h"

struct knobs {
    bool on;
    uint64_t many;
    double real;
    fore_ns window;
    uint64_t memory;
    double rate, byte_rate, share;
    const char *label;
    uint32_t mode;
    struct fore_strings files;
};

static const char *const modes[] = {"fluid", "request", NULL};

#define AT(f) FORE_OPTION_AT(struct knobs, f)
static const struct fore_option rows[] = {
    {"on",        FORE_OPT_BOOL,     AT(on),        "yes",     0,  0,           NULL,  "whether it is on"},
    {"many",      FORE_OPT_COUNT,    AT(many),      "10k",     1,  1e6,         NULL,  "how many"        },
    {"real",      FORE_OPT_REAL,     AT(real),      "0.99",    -1, 1,           NULL,  "an exponent"     },
    {"window",    FORE_OPT_DURATION, AT(window),    "250us",   1,  7 * 86400e9, NULL,  "a step"          },
    {"memory",    FORE_OPT_BYTES,    AT(memory),    "5GiB",    0,  0,           NULL,  "room"            },
    {"rate",      FORE_OPT_RATE,     AT(rate),      "40k/s",   0,  1e9,         NULL,  "arrivals"        },
    {"byte_rate", FORE_OPT_BYTERATE, AT(byte_rate), "32MiB/s", 0,  0,           NULL,  "copying"         },
    {"share",     FORE_OPT_SHARE,    AT(share),     "75%",     0,  1,           NULL,  "of a node"       },
    {"label",     FORE_OPT_TEXT,     AT(label),     "",        0,  0,           NULL,  "a name"          },
    {"mode",      FORE_OPT_CHOICE,   AT(mode),      "request", 0,  0,           modes, "how exact"       },
    {"files",     FORE_OPT_LIST,     AT(files),     "",        0,  0,           NULL,  "inputs"          },
};
static const struct fore_option_section section = {"sim", "the simulator", rows,
                                                   FORE_COUNTOF(rows)};

struct fixture {
    struct fore_arena arena;
    struct knobs knobs;
    struct fore_option_binding binding;
    struct fore_diag diag;
};
static struct fixture fix;

static int setup(void **state)
{
    fix = (struct fixture){
        .binding = {.section = &section, .target = &fix.knobs}
    };
    fore_option_defaults(fix.binding, &fix.arena);
    return 0;
}

static int teardown(void **state)
{
    fore_arena_fini(&fix.arena);
    return 0;
}

static enum fore_err set(const char *name, const char *text)
{
    fix.diag = (struct fore_diag){0};
    return fore_option_set(fix.binding, &fix.arena, name, text, "x.cfg:12", &fix.diag);
}

static enum fore_err assign(const char *text)
{
    fix.diag = (struct fore_diag){0};
    return fore_option_assign(&fix.binding, 1, &fix.arena, text, "--set", &fix.diag);
}

static void defaults_are_stored_in_their_units(void **state)
{
    assert_true(fix.knobs.on);
    assert_int_equal(fix.knobs.many, 10000);
    expect_near(fix.knobs.real, 0.99, 0);
    assert_int_equal(fix.knobs.window, 250 * FORE_US);
    assert_int_equal(fix.knobs.memory, UINT64_C(5) << 30);
    expect_near(fix.knobs.rate, 40000, 0);
    expect_near(fix.knobs.byte_rate, 32 * 1048576.0, 0);
    expect_near(fix.knobs.share, 0.75, 0);
    assert_string_equal(fix.knobs.label, "");
    assert_int_equal(fix.knobs.mode, 1);
    assert_int_equal(fix.knobs.files.count, 0);
}

static void quantities_have_units(void **state)
{
    static const struct {
        const char *text;
        fore_ns ns;
    } good[] = {
        {"0",                      0                   },
        {"1ns",                    1                   },
        {"250us",                  250000              },
        {"1.5ms",                  1500000             },
        {" 15 min ",               900 * FORE_SEC      },
        {"7d",                     7 * 86400 * FORE_SEC},
        {"2h",                     7200 * FORE_SEC     },
        {"1e-3s",                  FORE_MS             },
        {"0.1s",                   100 * FORE_MS       },
        {"18446744073709551615ns", UINT64_MAX          },
    };
    for (size_t i = 0; i < FORE_COUNTOF(good); i++) {
        fore_ns ns = 1;
        assert_int_equal(fore_option_duration(good[i].text, &ns), FORE_E_OK);
        assert_int_equal(ns, good[i].ns);
    }
    uint64_t bytes = 0;
    assert_int_equal(fore_option_bytes("512", &bytes), FORE_E_OK);
    assert_int_equal(bytes, 512);
    assert_int_equal(fore_option_bytes("64MB", &bytes), FORE_E_OK);
    assert_int_equal(bytes, 64000000);
    assert_int_equal(fore_option_bytes("18446744073709551615", &bytes), FORE_E_OK);
    assert_int_equal(bytes, UINT64_MAX);
    double rate = 0;
    assert_int_equal(fore_option_value_rate("120/min", &rate), FORE_E_OK);
    expect_near(rate, 2, 0);
    assert_int_equal(fore_option_value_rate("2.5M/s", &rate), FORE_E_OK);
    expect_near(rate, 2500000, 0);
    assert_int_equal(fore_option_value_rate("7", &rate), FORE_E_OK);
    expect_near(rate, 7, 0);
}

static void text_that_is_no_quantity_is_refused(void **state)
{
    static const char *const bad[] = {
        "",
        " ",
        "s",
        "5",
        "-1s",
        "1s2",
        "0x10s",
        "nans",
        "infs",
        "1 e",
        "1e999s",
        "1,5s",
        "1.5.5s",
        "++1s",
        "5 fortnights",
        "1sec ",
        "1e",
        ".s",
        "99999999999999999999999999999999999999999999999999999999999999999999999999s",
        "18446744073709551616ns",
        "584554530872y",
    };
    for (size_t i = 0; i < FORE_COUNTOF(bad); i++) {
        fore_ns ns = 77;
        assert_int_not_equal(fore_option_duration(bad[i], &ns), FORE_E_OK);
        assert_int_equal(ns, 77);
    }
    uint64_t count = 77;
    assert_int_equal(fore_option_value_count("1.5", &count), FORE_E_FORMAT);
    assert_int_equal(fore_option_value_count("-1", &count), FORE_E_RANGE);
    assert_int_equal(fore_option_value_count("1e30", &count), FORE_E_RANGE);
    assert_int_equal(count, 77);
    assert_int_equal(fore_option_value_count("1.5k", &count), FORE_E_OK);
    assert_int_equal(count, 1500);
    double x = 77;
    assert_int_equal(fore_option_real("1k", &x), FORE_E_FORMAT);
    assert_int_equal(fore_option_real("nan", &x), FORE_E_FORMAT);
    assert_int_equal(fore_option_value_rate("1/s/s", &x), FORE_E_FORMAT);
    assert_int_equal(fore_option_value_rate("1/d", &x), FORE_E_FORMAT);
    expect_near(x, 77, 0);
}

static void a_refused_value_leaves_its_target(void **state)
{
    struct knobs before = fix.knobs;
    assert_int_equal(set("many", "5 potatoes"), FORE_E_FORMAT);
    assert_int_equal(set("many", "2M"), FORE_E_RANGE);
    assert_int_equal(set("window", "30d"), FORE_E_RANGE);
    assert_int_equal(set("share", "101%"), FORE_E_RANGE);
    assert_int_equal(set("on", "maybe"), FORE_E_FORMAT);
    assert_int_equal(set("mode", "gas"), FORE_E_FORMAT);
    assert_int_equal(set("files", "a,,b"), FORE_E_FORMAT);
    assert_int_equal(set("nothing", "1"), FORE_E_FORMAT);
    assert_memory_equal(&before, &fix.knobs, sizeof before);
}

static void a_refusal_says_where_what_and_what_is_allowed(void **state)
{
    assert_int_equal(set("window", "30d"), FORE_E_RANGE);
    assert_string_equal(fix.diag.text,
                        "x.cfg:12: sim.window = \"30d\": out of bounds; give 1ns to 7d");
    assert_int_equal(set("window", "5"), FORE_E_FORMAT);
    assert_string_equal(fix.diag.text,
                        "x.cfg:12: sim.window = \"5\": not understood; give a duration such as "
                        "\"250us\" or \"15min\" (ns, us, ms, s, min, h, d)");
    assert_int_equal(set("memory", "-5"), FORE_E_RANGE);
    assert_non_null(strstr(fix.diag.text, "negative or too large"));
    assert_int_equal(set("mode", "fluidd"), FORE_E_FORMAT);
    assert_string_equal(fix.diag.text, "x.cfg:12: sim.mode = \"fluidd\": no such choice; did you "
                                       "mean \"fluid\"? give one of fluid, request");
    assert_int_equal(set("windw", "5s"), FORE_E_FORMAT);
    assert_string_equal(fix.diag.text,
                        "x.cfg:12: sim.windw: no such option; did you mean \"window\"?");
    assert_int_equal(set("qqqqqqqqqqq", "5s"), FORE_E_FORMAT);
    assert_non_null(strstr(fix.diag.text, "config --explain"));
}

static void hostile_text_is_cut_and_shown_harmless(void **state)
{
    char text[5000];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    text[3] = '\n';
    text[4] = '\x1b';
    assert_int_equal(set("many", text), FORE_E_FORMAT);
    assert_non_null(strstr(fix.diag.text, "\"xxx??xxx"));
    assert_non_null(strstr(fix.diag.text, "xxx...\": not understood"));
    assert_int_equal(set(text, "1"), FORE_E_FORMAT);
    assert_int_equal(assign(text), FORE_E_FORMAT);
}

static void assignments_find_their_section(void **state)
{
    assert_int_equal(assign("sim.many=5"), FORE_E_OK);
    assert_int_equal(fix.knobs.many, 5);
    assert_int_equal(assign(" sim . label = a = b "), FORE_E_OK);
    assert_string_equal(fix.knobs.label, "a = b");
    assert_int_equal(assign("sim.label="), FORE_E_OK);
    assert_string_equal(fix.knobs.label, "");
    assert_int_equal(assign("simm.many=5"), FORE_E_FORMAT);
    assert_string_equal(fix.diag.text, "--set: simm: no such section; did you mean \"sim\"?");
    assert_int_equal(assign("many=5"), FORE_E_FORMAT);
    assert_string_equal(fix.diag.text, "--set: \"many=5\": give section.name=value");
    assert_int_equal(assign("label=a.b"), FORE_E_FORMAT);
    assert_int_equal(assign(""), FORE_E_FORMAT);
}

static void lists_are_split_and_trimmed(void **state)
{
    assert_int_equal(set("files", " a.csv ,b c.csv,d"), FORE_E_OK);
    assert_int_equal(fix.knobs.files.count, 3);
    assert_string_equal(fix.knobs.files.item[0], "a.csv");
    assert_string_equal(fix.knobs.files.item[1], "b c.csv");
    assert_string_equal(fix.knobs.files.item[2], "d");
    assert_int_equal(set("files", "  "), FORE_E_OK);
    assert_int_equal(fix.knobs.files.count, 0);
}

/* Property of every kind: what is dumped, read again, is dumped equal. */
static void a_dump_reads_back_equal(void **state)
{
    assert_int_equal(set("label", "say \"hi\" \\ there"), FORE_E_OK);
    assert_int_equal(set("files", "a, b"), FORE_E_OK);
    assert_int_equal(set("window", "1234567ns"), FORE_E_OK);
    assert_int_equal(set("rate", "0.1/min"), FORE_E_OK);
    assert_int_equal(set("on", "off"), FORE_E_OK);
    struct fore_buf dump = {0};
    fore_option_dump(fix.binding, &dump);
    assert_non_null(strstr(dump.data, "window = \"1234567ns\";\n"));
    assert_non_null(strstr(dump.data, "memory = \"5GiB\";\n"));
    assert_non_null(strstr(dump.data, "files = \"a, b\";\n"));
    assert_non_null(strstr(dump.data, "label = \"say \\\"hi\\\" \\\\ there\";\n"));
    struct knobs copy = fix.knobs;
    fore_option_defaults(fix.binding, &fix.arena);
    fix.knobs.label = copy.label; /* its escapes are libconfig's to undo */
    for (char *line = dump.data, *end; (end = strchr(line, '\n')) != NULL; line = end + 1) {
        *end = '\0';
        char *value = strstr(line, " = \"");
        value[0] = '\0';
        value[strlen(value + 4) + 2] = '\0'; /* the closing quote and semicolon */
        if (strcmp(line, "label") != 0) assert_int_equal(set(line, value + 4), FORE_E_OK);
    }
    copy.files = fix.knobs.files;
    assert_memory_equal(&copy, &fix.knobs, sizeof copy);
    fore_buf_fini(&dump);
}

static void explanations_name_kind_bounds_and_default(void **state)
{
    struct fore_buf out = {0};
    fore_option_explain(&section, &out);
    assert_non_null(strstr(out.data, "sim: the simulator\n"));
    assert_non_null(
        strstr(out.data, "window                 duration  default \"250us\", 1ns to 7d"));
    assert_non_null(strstr(out.data, "default \"request\", one of fluid, request"));
    for (size_t i = 0; i < section.row_count; i++)
        assert_non_null(strstr(out.data, rows[i].help));
    fore_buf_fini(&out);
}

static void the_nearest_name_is_near(void **state)
{
    static const char *const known[] = {"window", "windows", "half_life"};
    assert_string_equal(fore_option_nearest("windwo", known, 3), "window");
    assert_string_equal(fore_option_nearest("window", known, 3), "window");
    assert_string_equal(fore_option_nearest("windowss", known, 3), "windows");
    assert_string_equal(fore_option_nearest("halflife", known, 3), "half_life");
    assert_null(fore_option_nearest("zzzzzz", known, 3));
    assert_null(fore_option_nearest("window", known, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(defaults_are_stored_in_their_units, setup, teardown),
        cmocka_unit_test(quantities_have_units),
        cmocka_unit_test(text_that_is_no_quantity_is_refused),
        cmocka_unit_test_setup_teardown(a_refused_value_leaves_its_target, setup, teardown),
        cmocka_unit_test_setup_teardown(a_refusal_says_where_what_and_what_is_allowed, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(hostile_text_is_cut_and_shown_harmless, setup, teardown),
        cmocka_unit_test_setup_teardown(assignments_find_their_section, setup, teardown),
        cmocka_unit_test_setup_teardown(lists_are_split_and_trimmed, setup, teardown),
        cmocka_unit_test_setup_teardown(a_dump_reads_back_equal, setup, teardown),
        cmocka_unit_test(explanations_name_kind_bounds_and_default),
        cmocka_unit_test(the_nearest_name_is_near),
    };
    return cmocka_run_group_tests_name("core/base/option", tests, NULL, NULL);
}
