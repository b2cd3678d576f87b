#include "core/base/args.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static bool json;
static const char *out_file;
static uint64_t seeds;
static struct fore_strings sets;

static const struct fore_arg rows[] = {
    {"json",  FORE_ARG_FLAG,   &json,     NULL,        "print JSON"        },
    {"out",   FORE_ARG_TEXT,   &out_file, "FILE",      "write to FILE"     },
    {"seeds", FORE_ARG_COUNT,  &seeds,    "N",         "how many seeds"    },
    {"set",   FORE_ARG_REPEAT, &sets,     "KEY=VALUE", "override an option"},
};
static const struct fore_args args = {
    .usage = "foreshard replay SCENARIO.cfg [options]",
    .about = "Replays a scenario.",
    .row = rows,
    .row_count = FORE_COUNTOF(rows),
    .operand_min = 1,
    .operand_max = 2,
};

static struct fore_arena arena;
static struct fore_strings operands;
static struct fore_diag diag;
static bool help;

/* Parses words separated by single spaces. */
static enum fore_err parse(const char *line)
{
    char *argv[32] = {NULL};
    int argc = 0;
    char *p = fore_arena_printf(&arena, "foreshard %s", line);
    for (char *word = strtok(p, " "); word != NULL && argc < 31; word = strtok(NULL, " "))
        argv[argc++] = word;
    json = help = false;
    out_file = NULL;
    seeds = 0;
    sets = (struct fore_strings){0};
    diag = (struct fore_diag){0};
    return fore_args_parse(&args, argc, argv, &arena, &operands, &help, &diag);
}

static int teardown(void **state)
{
    fore_arena_fini(&arena);
    return 0;
}

static void every_kind_fills_its_target(void **state)
{
    assert_int_equal(parse("--json a.cfg --out=x.png --seeds 2k --set a=1 --set=b=2 b.cfg"),
                     FORE_E_OK);
    assert_true(json);
    assert_string_equal(out_file, "x.png");
    assert_int_equal(seeds, 2000);
    assert_int_equal(sets.count, 2);
    assert_string_equal(sets.item[0], "a=1");
    assert_string_equal(sets.item[1], "b=2");
    assert_int_equal(operands.count, 2);
    assert_string_equal(operands.item[0], "a.cfg");
    assert_string_equal(operands.item[1], "b.cfg");
    assert_false(help);
}

static void two_dashes_end_the_options(void **state)
{
    assert_int_equal(parse("-- --json -"), FORE_E_OK);
    assert_false(json);
    assert_string_equal(operands.item[0], "--json");
    assert_string_equal(operands.item[1], "-");
    assert_int_equal(parse("-"), FORE_E_OK); /* standard input */
}

static void help_wins_over_missing_operands(void **state)
{
    assert_int_equal(parse("--help"), FORE_E_OK);
    assert_true(help);
    assert_int_equal(parse("-h a b c d"), FORE_E_OK);
    assert_true(help);
}

static void mistakes_get_a_sentence(void **state)
{
    static const struct {
        const char *line, *says;
    } wrong[] = {
        {"a.cfg --jsn",        "--jsn: no such option; did you mean --json? See --help"                     },
        {"a.cfg --zzzzzzzz=1", "--zzzzzzzz: no such option; see --help"                                     },
        {"a.cfg -j",           "-j: no such option; options begin with --, see --help"                      },
        {"a.cfg --out",        "--out needs a value: --out FILE"                                            },
        {"a.cfg --json=1",     "--json takes no value; leave out \"=1\""                                    },
        {"--json",             "an operand is missing; usage: foreshard replay SCENARIO.cfg [options]"      },
        {"a b c",              "3 operands, at most 2 taken; usage: foreshard replay SCENARIO.cfg [options]"},
    };
    for (size_t i = 0; i < FORE_COUNTOF(wrong); i++) {
        assert_int_equal(parse(wrong[i].line), FORE_E_FORMAT);
        assert_string_equal(diag.text, wrong[i].says);
    }
    assert_int_equal(parse("a.cfg --seeds many"), FORE_E_FORMAT);
    assert_non_null(strstr(diag.text, "--seeds many: not understood; give a whole number"));
}

static void help_lists_every_row(void **state)
{
    struct fore_buf out = {0};
    fore_args_help(&args, &out);
    assert_non_null(strstr(out.data, "usage: foreshard replay SCENARIO.cfg [options]\n"));
    assert_non_null(strstr(out.data, "  --out FILE                 write to FILE\n"));
    for (size_t i = 0; i < FORE_COUNTOF(rows); i++)
        assert_non_null(strstr(out.data, rows[i].help));
    fore_buf_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(every_kind_fills_its_target, teardown),
        cmocka_unit_test_teardown(two_dashes_end_the_options, teardown),
        cmocka_unit_test_teardown(help_wins_over_missing_operands, teardown),
        cmocka_unit_test_teardown(mistakes_get_a_sentence, teardown),
        cmocka_unit_test(help_lists_every_row),
    };
    return cmocka_run_group_tests_name("core/base/args", tests, NULL, NULL);
}
