/*
 * args.h - a command's arguments as rows, so that --help and the parser cannot disagree.
 * Knows nothing of stdout: it fills values, text and diagnoses; the command prints.
 */
#ifndef FORE_ARGS_H
#define FORE_ARGS_H

#include "core/base/arena.h"
#include "core/base/buf.h"
#include "core/base/err.h"
#include "core/base/option.h"

enum fore_arg_kind {
    FORE_ARG_FLAG,   /* bool *: --json */
    FORE_ARG_TEXT,   /* const char **: --out FILE */
    FORE_ARG_COUNT,  /* uint64_t *: --seeds 5, units as FORE_OPT_COUNT */
    FORE_ARG_REPEAT, /* struct fore_strings *: --set a=1 --set b=2, in order */
};

struct fore_arg {
    const char *name; /* "json"; written --json; also --name=value */
    enum fore_arg_kind kind;
    void *target;
    const char *value; /* what the help calls the value: "FILE" */
    const char *help;
};

struct fore_args {
    const char *usage; /* "foreshard replay SCENARIO.cfg [options]" */
    const char *about; /* a sentence or two */
    const struct fore_arg *row;
    size_t row_count;
    size_t operand_min, operand_max;
};

/*
 * Parses argv[1..]; operands land in *operands in order. "--" ends options; --help sets
 * *help_wanted. An unknown option is FORE_E_FORMAT with the nearest name in `diag`.
 */
FORE_MUST_USE enum fore_err fore_args_parse(const struct fore_args *args, int argc, char **argv,
                                            struct fore_arena *arena, struct fore_strings *operands,
                                            bool *help_wanted, struct fore_diag *diag);
void fore_args_help(const struct fore_args *args, struct fore_buf *out);

#endif
