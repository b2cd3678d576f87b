/*
 * args.c - a command's arguments as rows.
 *
 * One pass over argv. Options may stand anywhere before "--"; a lone "-" is an operand (standard
 * input). --help wins over every complaint about operands, because who asks for help has none.
 */
#include "core/base/args.h"

#include <string.h>

#include "core/base/option_value.h"

struct cursor {
    const struct fore_args *args;
    int argc, at;
    char **argv;
    struct fore_arena *arena;
    struct fore_diag *diag;
};

static enum fore_err unknown_option(const struct cursor *cursor, const char *name, size_t len)
{
    const struct fore_args *args = cursor->args;
    const char **known = FORE_NEW(cursor->arena, const char *, args->row_count + 1);
    for (size_t i = 0; i < args->row_count; i++)
        known[i] = args->row[i].name;
    known[args->row_count] = "help";
    const char *word = fore_arena_printf(cursor->arena, "%.*s", (int)(len < 80 ? len : 80), name);
    const char *near = fore_option_nearest(word, known, args->row_count + 1);
    if (near == NULL)
        return fore_err_set(cursor->diag, FORE_E_FORMAT, "--%s: no such option; see --help", word);
    return fore_err_set(cursor->diag, FORE_E_FORMAT,
                        "--%s: no such option; did you mean --%s? See --help", word, near);
}

static const struct fore_arg *find(const struct fore_args *args, const char *name, size_t len)
{
    for (size_t i = 0; i < args->row_count; i++) {
        const struct fore_arg *row = &args->row[i];
        if (strlen(row->name) == len && memcmp(row->name, name, len) == 0) return row;
    }
    return NULL;
}

/* Appends by copying: there are a handful, and the items stay one array in the arena. */
static void append(struct fore_arena *arena, struct fore_strings *list, const char *text)
{
    const char **item = FORE_NEW(arena, const char *, list->count + 1);
    if (list->count > 0) memcpy(item, list->item, list->count * sizeof *item);
    item[list->count] = text;
    *list = (struct fore_strings){.item = item, .count = list->count + 1};
}

static enum fore_err store_count(const struct cursor *cursor, const struct fore_arg *row,
                                 const char *text)
{
    uint64_t value = 0;
    enum fore_err err = fore_option_value_count(text, &value);
    if (err != FORE_E_OK)
        return fore_err_set(cursor->diag, err, "--%s %.60s: not understood; give %s", row->name,
                            text, fore_option_value_form(FORE_OPT_COUNT));
    *(uint64_t *)row->target = value;
    return FORE_E_OK;
}

/* `inline_value` is what followed "=", or NULL; the next argument is taken where one is needed. */
static enum fore_err apply(struct cursor *cursor, const struct fore_arg *row,
                           const char *inline_value)
{
    if (row->kind == FORE_ARG_FLAG) {
        if (inline_value != NULL)
            return fore_err_set(cursor->diag, FORE_E_FORMAT,
                                "--%s takes no value; leave out \"=%.60s\"", row->name,
                                inline_value);
        *(bool *)row->target = true;
        return FORE_E_OK;
    }
    const char *text = inline_value;
    if (text == NULL && cursor->at < cursor->argc) text = cursor->argv[cursor->at++];
    if (text == NULL)
        return fore_err_set(cursor->diag, FORE_E_FORMAT, "--%s needs a value: --%s %s", row->name,
                            row->name, row->value != NULL ? row->value : "VALUE");
    if (row->kind == FORE_ARG_COUNT) return store_count(cursor, row, text);
    if (row->kind == FORE_ARG_REPEAT)
        append(cursor->arena, row->target, text);
    else
        *(const char **)row->target = text;
    return FORE_E_OK;
}

static enum fore_err option(struct cursor *cursor, const char *word)
{
    if (word[1] != '-')
        return fore_err_set(cursor->diag, FORE_E_FORMAT,
                            "%.60s: no such option; options begin with --, see --help", word);
    const char *name = word + 2;
    size_t len = strcspn(name, "=");
    const struct fore_arg *row = find(cursor->args, name, len);
    if (row == NULL) return unknown_option(cursor, name, len);
    return apply(cursor, row, name[len] == '=' ? name + len + 1 : NULL);
}

static enum fore_err check_operands(const struct cursor *cursor, size_t count)
{
    const struct fore_args *args = cursor->args;
    if (count < args->operand_min)
        return fore_err_set(cursor->diag, FORE_E_FORMAT, "an operand is missing; usage: %s",
                            args->usage);
    if (count > args->operand_max)
        return fore_err_set(cursor->diag, FORE_E_FORMAT,
                            "%zu operands, at most %zu taken; usage: %s", count, args->operand_max,
                            args->usage);
    return FORE_E_OK;
}

/* NOLINTNEXTLINE(readability-function-size): seven parameters, but one call in a command */
enum fore_err fore_args_parse(const struct fore_args *args, int argc, char **argv,
                              struct fore_arena *arena, struct fore_strings *operands,
                              bool *help_wanted, struct fore_diag *diag)
{
    struct cursor cursor = {
        .args = args, .argc = argc, .at = 1, .argv = argv, .arena = arena, .diag = diag};
    const char **operand = FORE_NEW(arena, const char *, argc > 0 ? (size_t)argc : 1);
    size_t count = 0;
    bool options_over = false;
    *help_wanted = false;
    *operands = (struct fore_strings){.item = operand};
    while (cursor.at < argc) {
        const char *word = argv[cursor.at++];
        if (options_over || word[0] != '-' || word[1] == '\0') {
            operand[count++] = word;
        } else if (strcmp(word, "--") == 0) {
            options_over = true;
        } else if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0) {
            *help_wanted = true;
            return FORE_E_OK;
        } else {
            FORE_TRY(option(&cursor, word));
        }
    }
    operands->count = count;
    return check_operands(&cursor, count);
}

static void help_line(struct fore_buf *out, const char *name, const char *value, const char *help)
{
    struct fore_buf left = {0};
    fore_buf_printf(&left, "--%s%s%s", name, value != NULL ? " " : "", value != NULL ? value : "");
    fore_buf_printf(out, "  %-26s %s\n", left.data, help);
    fore_buf_fini(&left);
}

void fore_args_help(const struct fore_args *args, struct fore_buf *out)
{
    fore_buf_printf(out, "usage: %s\n\n%s\n\n", args->usage, args->about);
    for (size_t i = 0; i < args->row_count; i++) {
        const struct fore_arg *row = &args->row[i];
        bool is_flag = row->kind == FORE_ARG_FLAG;
        const char *value = row->value != NULL ? row->value : "VALUE";
        help_line(out, row->name, is_flag ? NULL : value, row->help);
    }
    help_line(out, "help", NULL, "print this");
}
