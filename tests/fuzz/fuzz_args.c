/*
 * The argument parser on any command line (words end at newlines): it returns with a sentence or
 * with operands that are words of the line, in order, and within their bounds.
 */
#include <stdlib.h>
#include <string.h>

#include "core/base/args.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { WORDS_MAX = 64 };

static void require(bool truth)
{
    if (!truth) abort();
}

static int split(char *text, char **argv)
{
    int argc = 1;
    argv[0] = text; /* the program's name is not looked at */
    for (char *line = text; line != NULL && argc < WORDS_MAX;) {
        char *next = strchr(line, '\n');
        if (next != NULL) *next++ = '\0';
        argv[argc++] = line;
        line = next;
    }
    return argc;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    bool json = false, help = false;
    const char *out = NULL;
    uint64_t seeds = 0;
    struct fore_strings sets = {0}, operands = {0};
    const struct fore_arg rows[] = {
        {"json",  FORE_ARG_FLAG,   &json,  NULL,        "print JSON"        },
        {"out",   FORE_ARG_TEXT,   &out,   "FILE",      "write to FILE"     },
        {"seeds", FORE_ARG_COUNT,  &seeds, "N",         "how many seeds"    },
        {"set",   FORE_ARG_REPEAT, &sets,  "KEY=VALUE", "override an option"},
    };
    const struct fore_args args = {
        .usage = "test", .row = rows, .row_count = FORE_COUNTOF(rows), .operand_max = 5};
    struct fore_arena arena = {0};
    char *text = fore_arena_alloc(&arena, size + 1, 1);
    if (size > 0) memcpy(text, data, size);
    char *argv[WORDS_MAX + 1] = {NULL};
    int argc = split(text, argv);
    struct fore_diag diag = {0};
    if (fore_args_parse(&args, argc, argv, &arena, &operands, &help, &diag) != FORE_E_OK) {
        require(diag.text[0] != '\0');
    } else if (!help) {
        require(operands.count <= args.operand_max);
        for (size_t i = 1; i < operands.count; i++)
            require(operands.item[i - 1] < operands.item[i]);
        for (size_t i = 0; i < sets.count; i++)
            require(sets.item[i] != NULL);
    }
    fore_arena_fini(&arena);
    return 0;
}
