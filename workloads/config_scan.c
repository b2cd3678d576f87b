/*
 * config_scan.c - just enough of libconfig's lexer to know what is a number and on which line.
 *
 * Strings and comments are stepped over, words too (a digit in a name is no number). It never
 * complains about syntax: that is the parser's business.
 */
#include "workloads/config_scan.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

enum { NESTING_MAX = 16 };

struct scan {
    const char *at;
    const char *name;
    int line;
    int nesting;
    char open[NESTING_MAX]; /* the brackets around here, outermost first */
    char before;            /* last character of the token before, comments aside; 0 at the start */
};

static void step(struct scan *scan)
{
    if (*scan->at == '\n') scan->line++;
    scan->at++;
}

static void skip_line(struct scan *scan)
{
    while (*scan->at != '\0' && *scan->at != '\n')
        scan->at++;
}

static void skip_comment(struct scan *scan)
{
    scan->at += 2;
    while (*scan->at != '\0' && !(scan->at[0] == '*' && scan->at[1] == '/'))
        step(scan);
    if (*scan->at != '\0') scan->at += 2;
}

/* The parser loses a string it meets where it does not want one (a leak in libconfig 1.5), so
 * that is found here. */
static enum fore_err string_check(struct scan *scan, struct fore_diag *diag)
{
    int line = scan->line;
    bool in_list = scan->nesting > 0 && scan->open[scan->nesting - 1] != '{';
    const char *wanted_after = in_list ? "([,\"" : "=:\""; /* in a group a comma ends a setting */
    if (scan->before == '\0' || strchr(wanted_after, scan->before) == NULL)
        return fore_err_set(
            diag, FORE_E_FORMAT,
            "%s:%d: a string where none can stand; is a = or a ; missing before it?", scan->name,
            line);
    scan->at++;
    while (*scan->at != '\0' && *scan->at != '"') {
        if (scan->at[0] == '\\' && scan->at[1] != '\0') step(scan);
        step(scan);
    }
    if (*scan->at == '\0')
        return fore_err_set(diag, FORE_E_FORMAT, "%s:%d: this string has no closing \"", scan->name,
                            line);
    scan->at++;
    return FORE_E_OK;
}

static bool word_char(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == '-' || c == '*' || c == '.';
}

static enum fore_err number_check(struct scan *scan, struct fore_diag *diag)
{
    const char *begin = scan->at;
    char *end;
    errno = 0;
    bool hex = begin[0] == '0' && (begin[1] == 'x' || begin[1] == 'X');
    bool minus = *begin == '-';
    unsigned long long size = strtoull(begin + (minus || *begin == '+'), &end, hex ? 16 : 10);
    bool huge = errno == ERANGE;
    bool fraction = *end == '.' || *end == 'e' || *end == 'E';
    bool wide = *end == 'L';
    while (word_char(*end) || *end == '+')
        end++;
    scan->at = end;
    if (fraction) return FORE_E_OK;
    unsigned long long max = wide ? (unsigned long long)LLONG_MAX : (unsigned long long)INT_MAX;
    if (!huge && size <= max) return FORE_E_OK;
    int shown = (int)(end - begin < 40 ? end - begin : 40);
    return fore_err_set(diag, FORE_E_FORMAT,
                        "%s:%d: %.*s does not fit a plain integer here; put it in quotes, with a "
                        "unit if it has one, as in \"5GiB\" or \"40k/s\"",
                        scan->name, scan->line, shown, begin);
}

static enum fore_err nesting_check(struct scan *scan, struct fore_diag *diag)
{
    char c = *scan->at++;
    if (strchr("})]", c) != NULL) {
        if (scan->nesting > 0) scan->nesting--;
        return FORE_E_OK;
    }
    if (scan->nesting < NESTING_MAX) {
        scan->open[scan->nesting++] = c;
        return FORE_E_OK;
    }
    return fore_err_set(diag, FORE_E_FORMAT, "%s:%d: nested deeper than %d; is a } missing?",
                        scan->name, scan->line, NESTING_MAX);
}

/* Blanks and comments; false if there are none here. */
static bool skip_blank(struct scan *scan)
{
    const char *at = scan->at;
    if (*at == '#' || (at[0] == '/' && at[1] == '/'))
        skip_line(scan);
    else if (at[0] == '/' && at[1] == '*')
        skip_comment(scan);
    else if (isspace((unsigned char)*at))
        step(scan);
    return scan->at != at;
}

static enum fore_err token_check(struct scan *scan, struct fore_diag *diag)
{
    const char *at = scan->at;
    bool sign = *at == '-' || *at == '+';
    if (*at == '"') return string_check(scan, diag);
    if (isdigit((unsigned char)at[sign])) return number_check(scan, diag);
    if (strchr("{}()[]", *at) != NULL) return nesting_check(scan, diag);
    if (strncmp(at, "@include", 8) == 0)
        return fore_err_set(diag, FORE_E_FORMAT,
                            "%s:%d: write include = \"other.cfg\"; instead of @include", scan->name,
                            scan->line);
    scan->at++;
    while (word_char(*at) && word_char(*scan->at))
        scan->at++;
    return FORE_E_OK;
}

enum fore_err wl_config_scan(const char *text, const char *name, struct fore_diag *diag)
{
    struct scan scan = {.at = text, .name = name, .line = 1};
    while (*scan.at != '\0') {
        if (skip_blank(&scan)) continue;
        FORE_TRY(token_check(&scan, diag));
        scan.before = scan.at[-1];
    }
    return FORE_E_OK;
}
