/*
 * reader_columns.c - a header line or a specification into roles.
 *
 * Both foreshard's words (t, key, ...) and libCacheSim's (time-col, obj-id-col, ...) are rows of
 * one table. A specification by numbers leaves open whether the first line is a header: it is, when
 * a column that must be a number is not one there.
 */
#include "workloads/reader_columns.h"

#include "core/base/buf.h"
#include "core/base/option.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { SPEC_MAX = 1024, NAME_MAX_SHOWN = 160 };

static const struct role_name {
    const char *name;
    enum wl_role role;
    bool in_header; /* also looked for in a header when there is no specification */
} role_names[] = {
    {"t",            WL_ROLE_TIME,    true },
    {"key",          WL_ROLE_KEY,     true },
    {"op",           WL_ROLE_OP,      true },
    {"size",         WL_ROLE_SIZE,    true },
    {"client",       WL_ROLE_CLIENT,  true },
    {"group",        WL_ROLE_GROUP,   true },
    {"columns",      WL_ROLE_COLUMNS, true },
    {"exec_ms",      WL_ROLE_EXEC,    true },
    {"time",         WL_ROLE_TIME,    true },
    {"timestamp",    WL_ROLE_TIME,    true },
    {"ts",           WL_ROLE_TIME,    true },
    {"clock_time",   WL_ROLE_TIME,    true },
    {"obj_id",       WL_ROLE_KEY,     true },
    {"obj-id",       WL_ROLE_KEY,     true },
    {"obj_size",     WL_ROLE_SIZE,    true },
    {"obj-size",     WL_ROLE_SIZE,    true },
    {"time-col",     WL_ROLE_TIME,    false},
    {"obj-id-col",   WL_ROLE_KEY,     false},
    {"obj-size-col", WL_ROLE_SIZE,    false},
    {"op-col",       WL_ROLE_OP,      false},
    {"tenant-col",   WL_ROLE_CLIENT,  false},
};

const char *wl_columns_role_name(enum wl_role role)
{
    for (size_t i = 0; i < FORE_COUNTOF(role_names); i++)
        if (role_names[i].role == role) return role_names[i].name;
    return "unused";
}

static bool same_word(struct wl_field field, const char *word)
{
    return strlen(word) == field.len && strncasecmp(field.text, word, field.len) == 0;
}

static enum wl_role role_of(struct wl_field name, bool header)
{
    for (size_t i = 0; i < FORE_COUNTOF(role_names); i++)
        if (same_word(name, role_names[i].name) && (role_names[i].in_header || !header))
            return role_names[i].role;
    return WL_ROLE_SKIP;
}

static bool blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static struct wl_field trimmed(const char *text, size_t len)
{
    for (; len > 0 && blank(*text); len--)
        text++;
    while (len > 0 && blank(text[len - 1]))
        len--;
    if (len >= 2 && text[0] == '"' && text[len - 1] == '"') {
        text++;
        len -= 2;
    }
    return (struct wl_field){text, len};
}

size_t wl_columns_split(const char *line, size_t len, char delimiter, struct wl_field *out,
                        size_t cap)
{
    size_t count = 0, at = 0;
    if (len > 0 && line[len - 1] == '\r') len--;
    while (count < cap) {
        if (delimiter == ' ')
            while (at < len && line[at] == ' ')
                at++;
        size_t begin = at;
        bool quoted = at < len && line[at] == '"';
        if (quoted) at++;
        for (; at < len && (quoted || line[at] != delimiter); at++)
            if (quoted && line[at] == '"') quoted = false;
        out[count++] = trimmed(line + begin, at - begin);
        if (at >= len) break;
        at++;
    }
    return count;
}

bool wl_columns_is_natural(struct wl_field field)
{
    uint64_t value = 0;
    for (size_t i = 0; i < field.len; i++) {
        unsigned digit = (unsigned char)field.text[i] - (unsigned)'0';
        if (digit > 9 || __builtin_mul_overflow(value, UINT64_C(10), &value) ||
            __builtin_add_overflow(value, (uint64_t)digit, &value))
            return false;
    }
    return field.len > 0;
}

bool wl_columns_is_number(struct wl_field field)
{
    char copy[64], *end;
    if (field.len == 0 || field.len >= sizeof copy) return false;
    memcpy(copy, field.text, field.len);
    copy[field.len] = '\0';
    if (strspn(copy, "+-.0123456789eE") != field.len) return false; /* not inf, nan, 0x */
    (void)strtod(copy, &end);
    return *end == '\0';
}

static char delimiter_detect(const char *line, size_t len)
{
    static const char candidates[] = "\t,;|";
    for (const char *c = candidates; *c != '\0'; c++)
        if (memchr(line, *c, len) != NULL) return *c;
    return memchr(line, ' ', len) != NULL ? ' ' : ',';
}

/* ---- the specification ---- */

struct spec {
    char text[SPEC_MAX];
    struct wl_field column[WL_ROLES]; /* number or header name; text NULL: not given */
    char delimiter;                   /* 0: detect */
    enum wl_tristate header, text_keys;
    bool any, by_name;
};

static enum wl_tristate yes_or_no(struct wl_field value)
{
    if (same_word(value, "yes") || same_word(value, "true") || same_word(value, "1")) return WL_YES;
    if (same_word(value, "no") || same_word(value, "false") || same_word(value, "0")) return WL_NO;
    return WL_AUTO;
}

static char delimiter_named(struct wl_field value)
{
    static const struct {
        const char *word;
        char delimiter;
    } names[] = {
        {"tab",       '\t'},
        {"\\t",       '\t'},
        {"comma",     ',' },
        {"semicolon", ';' },
        {"pipe",      '|' },
        {"space",     ' ' },
        {"blank",     ' ' }
    };
    for (size_t i = 0; i < FORE_COUNTOF(names); i++)
        if (same_word(value, names[i].word)) return names[i].delimiter;
    return value.len == 1 ? value.text[0] : '\0';
}

static enum fore_err spec_unknown(struct wl_field name, const char *where, struct fore_diag *diag)
{
    const char *known[FORE_COUNTOF(role_names) + 3] = {"header", "delimiter", "keys"};
    for (size_t i = 0; i < FORE_COUNTOF(role_names); i++)
        known[i + 3] = role_names[i].name;
    char word[64];
    (void)snprintf(word, sizeof word, "%.*s", (int)(name.len < 63 ? name.len : 63), name.text);
    const char *near = fore_option_nearest(word, known, FORE_COUNTOF(known));
    return fore_err_set(diag, FORE_E_FORMAT,
                        "columns for %s: \"%s\" is not t, key, op, size, client, group, columns, "
                        "exec_ms, header, delimiter or keys%s%s%s",
                        where, word, near != NULL ? "; did you mean " : "",
                        near != NULL ? near : "", near != NULL ? "?" : "");
}

static enum fore_err spec_entry(struct spec *spec, struct wl_field name, struct wl_field value,
                                const char *where, struct fore_diag *diag)
{
    if (same_word(name, "header") || same_word(name, "has-header")) {
        spec->header = yes_or_no(value);
    } else if (same_word(name, "delimiter")) {
        spec->delimiter = value.len == 0 ? ',' : delimiter_named(value); /* "delimiter=," is cut */
    } else if (same_word(name, "obj-id-is-num")) {
        spec->text_keys = yes_or_no(value) == WL_YES ? WL_NO : WL_YES;
    } else if (same_word(name, "keys")) {
        spec->text_keys = same_word(value, "text") ? WL_YES : WL_NO;
        if (spec->text_keys == WL_NO && !same_word(value, "number"))
            return fore_err_set(diag, FORE_E_FORMAT,
                                "columns for %s: keys=%.*s should be keys=text or keys=number",
                                where, (int)value.len, value.text);
    } else if (same_word(name, "ttl-col")) {
        return FORE_E_OK; /* nothing here expires */
    } else {
        enum wl_role role = role_of(name, false);
        if (role == WL_ROLE_SKIP) return spec_unknown(name, where, diag);
        if (value.len == 0)
            return fore_err_set(diag, FORE_E_FORMAT,
                                "columns for %s: %.*s needs a column number (from 1) or name",
                                where, (int)name.len, name.text);
        spec->column[role] = value;
        spec->any = true;
        spec->by_name |= !wl_columns_is_natural(value);
    }
    return FORE_E_OK;
}

static enum fore_err spec_parse(struct spec *spec, const char *text, const char *where,
                                struct fore_diag *diag)
{
    if (text == NULL) text = "";
    size_t len = strlen(text);
    if (len >= sizeof spec->text)
        return fore_err_set(diag, FORE_E_FORMAT, "columns for %s: longer than 1023 characters",
                            where);
    memcpy(spec->text, text, len + 1);
    for (char *at = spec->text; *at != '\0';) {
        size_t item = strcspn(at, ",");
        struct wl_field whole = trimmed(at, item);
        at += item + (at[item] == ',');
        if (whole.len == 0) continue;
        const char *equals = memchr(whole.text, '=', whole.len);
        if (equals == NULL)
            return fore_err_set(diag, FORE_E_FORMAT,
                                "columns for %s: \"%.*s\" should look like t=1,key=2", where,
                                (int)whole.len, whole.text);
        size_t name_len = (size_t)(equals - whole.text);
        FORE_TRY(spec_entry(spec, trimmed(whole.text, name_len),
                            trimmed(equals + 1, whole.len - name_len - 1), where, diag));
    }
    if (spec->any && spec->column[WL_ROLE_KEY].text == NULL)
        return fore_err_set(diag, FORE_E_FORMAT,
                            "columns for %s: key is missing; write key=NUMBER or key=NAME", where);
    return FORE_E_OK;
}

/* ---- roles from it ---- */

static const char *names_shown(const struct wl_field *field, size_t count, char *out)
{
    size_t used = 0;
    out[0] = '\0';
    for (size_t i = 0; i < count && used + 4 < NAME_MAX_SHOWN; i++) {
        int n = snprintf(out + used, NAME_MAX_SHOWN - used, "%s%.*s", i > 0 ? ", " : "",
                         (int)(field[i].len < 24 ? field[i].len : 24), field[i].text);
        if (n < 0) break;
        used += (size_t)n;
    }
    for (char *c = out; *c != '\0'; c++)
        if ((unsigned char)*c < ' ' || *c == 0x7f) *c = '?';
    return out;
}

static void role_put(struct wl_columns *columns, size_t index, enum wl_role role)
{
    columns->role[index] = (uint8_t)role;
    if (index + 1 > columns->count) columns->count = (uint32_t)index + 1;
    if (role == WL_ROLE_TIME) columns->timed = true;
}

static enum fore_err roles_from_header(const struct wl_field *field, size_t count,
                                       const char *where, struct wl_columns *out,
                                       struct fore_diag *diag)
{
    bool taken[WL_ROLES] = {false};
    bool numbers = false; /* a header has none */
    for (size_t i = 0; i < count; i++) {
        enum wl_role role = role_of(field[i], true);
        numbers |= wl_columns_is_number(field[i]);
        if (role == WL_ROLE_SKIP || taken[role]) continue;
        taken[role] = true;
        role_put(out, i, role);
    }
    out->header = true;
    if (taken[WL_ROLE_KEY]) return FORE_E_OK;
    char shown[NAME_MAX_SHOWN];
    if (numbers)
        return fore_err_set(diag, FORE_E_FORMAT,
                            "%s: no header line; say which column is which, as in "
                            "columns \"t=1,key=2\" (the first line is: %s)",
                            where, names_shown(field, count, shown));
    return fore_err_set(diag, FORE_E_FORMAT,
                        "%s: no column is called key; say which is, as in columns "
                        "\"t=NAME,key=NAME\" or \"t=1,key=2\" (there are: %s)",
                        where, names_shown(field, count, shown));
}

static enum fore_err roles_from_spec(const struct spec *spec, const struct wl_field *field,
                                     size_t count, const char *where, struct wl_columns *out,
                                     struct fore_diag *diag)
{
    char shown[NAME_MAX_SHOWN];
    bool name_in_number_column = false;
    for (enum wl_role role = WL_ROLE_TIME; role < WL_ROLES; role++) {
        struct wl_field want = spec->column[role];
        if (want.text == NULL) continue;
        size_t i = 0;
        if (wl_columns_is_natural(want)) {
            i = want.len < 6 ? (size_t)strtoul(want.text, NULL, 10) - 1 : count;
        } else {
            while (i < count && !(field[i].len == want.len &&
                                  strncasecmp(field[i].text, want.text, want.len) == 0))
                i++;
        }
        if (i >= count)
            return fore_err_set(
                diag, FORE_E_FORMAT, "%s: no column %.*s for %s; the first line has %zu: %s", where,
                (int)(want.len < 24 ? want.len : 24), want.text, wl_columns_role_name(role), count,
                names_shown(field, count, shown));
        role_put(out, i, role);
        if ((role == WL_ROLE_TIME || role == WL_ROLE_SIZE) && !wl_columns_is_number(field[i]))
            name_in_number_column |= field[i].len > 0;
    }
    out->header = spec->by_name || spec->header == WL_YES ||
                  (spec->header == WL_AUTO && name_in_number_column);
    return FORE_E_OK;
}

enum fore_err wl_columns_resolve(const char *spec_text, const char *line, size_t len,
                                 const char *where, struct wl_columns *out, struct fore_diag *diag)
{
    struct spec spec = {0};
    FORE_TRY(spec_parse(&spec, spec_text, where, diag));
    *out = (struct wl_columns){0};
    out->delimiter = spec.delimiter != '\0' ? spec.delimiter : delimiter_detect(line, len);
    out->text_keys = spec.text_keys;
    struct wl_field field[WL_COLUMNS_MAX];
    size_t count = wl_columns_split(line, len, out->delimiter, field, WL_COLUMNS_MAX);
    if (!spec.any) return roles_from_header(field, count, where, out, diag);
    return roles_from_spec(&spec, field, count, where, out, diag);
}
