/*
 * option.c - rows into structs: set, default, dump, explain.
 *
 * A value is parsed into `struct value` first, checked against the row, and stored only when all
 * is well, so a bad text leaves its target as it was. Every refusal is one sentence:
 *   steady.cfg:12: engine.window = "5": not understood; give a duration such as "250us" ...
 */
#include "core/base/option.h"

#include <stdio.h>
#include <string.h>

#include "core/base/option_value.h"

enum { SHOWN_MAX = 60, WORD_MAX = 64 };

struct value {
    bool truth;
    uint32_t choice;
    uint64_t integer;
    double real;
    double number; /* what min and max bound */
    const char *text;
    struct fore_strings list;
};

/* Foreign text inside a sentence: cut to a length, control characters made visible. */
struct shown {
    char text[SHOWN_MAX + 4];
};

static struct shown show(const char *text)
{
    struct shown out = {0};
    size_t i = 0;
    for (; i < SHOWN_MAX && text[i] != '\0'; i++)
        out.text[i] = (unsigned char)text[i] < 0x20 || text[i] == 0x7f ? '?' : text[i];
    if (text[i] != '\0') memcpy(out.text + i, "...", 4);
    return out;
}

static const char *trim(struct fore_arena *arena, const char *begin, const char *end)
{
    while (begin < end && (*begin == ' ' || *begin == '\t'))
        begin++;
    while (end > begin && (end[-1] == ' ' || end[-1] == '\t'))
        end--;
    return fore_arena_printf(arena, "%.*s", (int)(end - begin), begin);
}

static enum fore_err parse_list(struct fore_arena *arena, const char *text,
                                struct fore_strings *out)
{
    *out = (struct fore_strings){0};
    if (text[strspn(text, " \t")] == '\0') return FORE_E_OK;
    size_t count = 1;
    for (const char *p = text; *p != '\0'; p++)
        count += *p == ',';
    const char **item = FORE_NEW(arena, const char *, count);
    const char *begin = text;
    for (size_t i = 0; i < count; i++) {
        const char *end = begin + strcspn(begin, ",");
        item[i] = trim(arena, begin, end);
        if (item[i][0] == '\0') return FORE_E_FORMAT;
        begin = end + 1;
    }
    *out = (struct fore_strings){.item = item, .count = count};
    return FORE_E_OK;
}

static enum fore_err parse_choice(const char *const *choices, const char *text, uint32_t *out)
{
    for (uint32_t i = 0; choices[i] != NULL; i++) {
        if (strcmp(choices[i], text) != 0) continue;
        *out = i;
        return FORE_E_OK;
    }
    return FORE_E_FORMAT;
}

static enum fore_err parse(const struct fore_option *row, struct fore_arena *arena,
                           const char *text, struct value *out)
{
    enum fore_err err = FORE_E_OK;
    switch (row->kind) {
    case FORE_OPT_BOOL: return fore_option_value_bool(text, &out->truth);
    case FORE_OPT_COUNT: err = fore_option_value_count(text, &out->integer); break;
    case FORE_OPT_DURATION: err = fore_option_duration(text, &out->integer); break;
    case FORE_OPT_BYTES: err = fore_option_bytes(text, &out->integer); break;
    case FORE_OPT_REAL: err = fore_option_real(text, &out->real); break;
    case FORE_OPT_RATE: err = fore_option_value_rate(text, &out->real); break;
    case FORE_OPT_BYTERATE: err = fore_option_value_byterate(text, &out->real); break;
    case FORE_OPT_SHARE: err = fore_option_value_share(text, &out->real); break;
    case FORE_OPT_TEXT: out->text = fore_arena_strdup(arena, text); return FORE_E_OK;
    case FORE_OPT_CHOICE: return parse_choice(row->choices, text, &out->choice);
    case FORE_OPT_LIST: return parse_list(arena, text, &out->list);
    }
    bool is_integer = row->kind == FORE_OPT_COUNT || row->kind == FORE_OPT_DURATION ||
                      row->kind == FORE_OPT_BYTES;
    out->number = is_integer ? (double)out->integer : out->real;
    return err;
}

static bool is_bounded(const struct fore_option *row)
{
    return row->min != 0 || row->max != 0;
}

static void store(const struct fore_option *row, void *target, const struct value *value)
{
    char *field = (char *)target + row->offset;
    switch (row->kind) {
    case FORE_OPT_BOOL: memcpy(field, &value->truth, sizeof value->truth); break;
    case FORE_OPT_COUNT:
    case FORE_OPT_DURATION:
    case FORE_OPT_BYTES: memcpy(field, &value->integer, sizeof value->integer); break;
    case FORE_OPT_REAL:
    case FORE_OPT_RATE:
    case FORE_OPT_BYTERATE:
    case FORE_OPT_SHARE: memcpy(field, &value->real, sizeof value->real); break;
    case FORE_OPT_TEXT: memcpy(field, &value->text, sizeof value->text); break;
    case FORE_OPT_CHOICE: memcpy(field, &value->choice, sizeof value->choice); break;
    case FORE_OPT_LIST: memcpy(field, &value->list, sizeof value->list); break;
    }
}

static void print_bounds(const struct fore_option *row, struct fore_buf *out)
{
    fore_option_value_print_bound(out, row->kind, row->min);
    fore_buf_puts(out, " to ");
    fore_option_value_print_bound(out, row->kind, row->max);
}

static void print_choices(const struct fore_option *row, struct fore_buf *out)
{
    for (size_t i = 0; row->choices[i] != NULL; i++)
        fore_buf_printf(out, "%s%s", i > 0 ? ", " : "", row->choices[i]);
}

static size_t choice_count(const struct fore_option *row)
{
    size_t count = 0;
    while (row->choices[count] != NULL)
        count++;
    return count;
}

/* "what is wrong; what is allowed" */
static void print_complaint(const struct fore_option *row, enum fore_err err, const char *text,
                            struct fore_buf *out)
{
    if (row->kind == FORE_OPT_CHOICE) {
        const char *near = fore_option_nearest(text, row->choices, choice_count(row));
        fore_buf_puts(out, "no such choice; ");
        if (near != NULL) fore_buf_printf(out, "did you mean \"%s\"? ", near);
        fore_buf_puts(out, "give one of ");
        print_choices(row, out);
    } else if (err == FORE_E_RANGE && is_bounded(row)) {
        fore_buf_puts(out, "out of bounds; give ");
        print_bounds(row, out);
    } else {
        fore_buf_printf(out, "%s; give %s",
                        err == FORE_E_RANGE ? "negative or too large" : "not understood",
                        fore_option_value_form(row->kind));
    }
}

static enum fore_err refuse(const struct fore_option_section *section,
                            const struct fore_option *row, enum fore_err err, const char *text,
                            const char *where, struct fore_diag *diag)
{
    struct fore_buf complaint = {0};
    print_complaint(row, err, text, &complaint);
    struct shown shown = show(text);
    err = fore_err_set(diag, err, "%s: %s.%s = \"%s\": %s", where, section->name, row->name,
                       shown.text, complaint.data);
    fore_buf_fini(&complaint);
    return err;
}

static enum fore_err set_row(struct fore_option_binding binding, const struct fore_option *row,
                             struct fore_arena *arena, const char *text, const char *where,
                             struct fore_diag *diag)
{
    struct value value = {0};
    enum fore_err err = parse(row, arena, text, &value);
    bool outside = is_bounded(row) && !(value.number >= row->min && value.number <= row->max);
    if (err == FORE_E_OK && outside) err = FORE_E_RANGE;
    if (err != FORE_E_OK) return refuse(binding.section, row, err, text, where, diag);
    store(row, binding.target, &value);
    return FORE_E_OK;
}

void fore_option_defaults(struct fore_option_binding binding, struct fore_arena *arena)
{
    for (size_t i = 0; i < binding.section->row_count; i++) {
        const struct fore_option *row = &binding.section->row[i];
        enum fore_err err = set_row(binding, row, arena, row->fallback, "default", NULL);
        FORE_ASSERT(err == FORE_E_OK);
    }
}

static enum fore_err unknown(const char *what, const char *name, const char *near,
                             const char *where, struct fore_diag *diag)
{
    struct shown shown = show(name);
    if (near == NULL)
        return fore_err_set(diag, FORE_E_FORMAT,
                            "%s: %s: no such %s; `foreshard config --explain` lists them", where,
                            shown.text, what);
    return fore_err_set(diag, FORE_E_FORMAT, "%s: %s: no such %s; did you mean \"%s\"?", where,
                        shown.text, what, near);
}

/* The better of two guesses at `word`; either may be NULL. */
static const char *nearer(const char *word, const char *a, const char *b)
{
    if (a == NULL || b == NULL) return a != NULL ? a : b;
    const char *both[] = {a, b};
    return fore_option_nearest(word, both, 2);
}

enum fore_err fore_option_set(struct fore_option_binding binding, struct fore_arena *arena,
                              const char *name, const char *text, const char *where,
                              struct fore_diag *diag)
{
    const struct fore_option_section *section = binding.section;
    const char *near = NULL;
    for (size_t i = 0; i < section->row_count; i++) {
        const struct fore_option *row = &section->row[i];
        if (strcmp(row->name, name) == 0) return set_row(binding, row, arena, text, where, diag);
        near = nearer(name, near, fore_option_nearest(name, &row->name, 1));
    }
    char full[3 * WORD_MAX];
    (void)snprintf(full, sizeof full, "%s.%s", section->name, show(name).text);
    return unknown("option", full, near, where, diag);
}

enum fore_err fore_option_assign(const struct fore_option_binding *binding, size_t binding_count,
                                 struct fore_arena *arena, const char *assignment,
                                 const char *where, struct fore_diag *diag)
{
    const char *equals = strchr(assignment, '=');
    const char *dot = strchr(assignment, '.');
    if (equals == NULL || dot == NULL || dot > equals)
        return fore_err_set(diag, FORE_E_FORMAT, "%s: \"%s\": give section.name=value", where,
                            show(assignment).text);
    const char *section = trim(arena, assignment, dot);
    const char *name = trim(arena, dot + 1, equals);
    const char *value = trim(arena, equals + 1, equals + strlen(equals));
    const char *near = NULL;
    for (size_t i = 0; i < binding_count; i++) {
        const char *known = binding[i].section->name;
        if (strcmp(known, section) == 0)
            return fore_option_set(binding[i], arena, name, value, where, diag);
        near = nearer(section, near, fore_option_nearest(section, &known, 1));
    }
    return unknown("section", section, near, where, diag);
}

void fore_option_explain(const struct fore_option_section *section, struct fore_buf *out)
{
    static const char *const kinds[] = {
        [FORE_OPT_BOOL] = "bool",         [FORE_OPT_COUNT] = "count", [FORE_OPT_REAL] = "real",
        [FORE_OPT_DURATION] = "duration", [FORE_OPT_BYTES] = "bytes", [FORE_OPT_RATE] = "rate",
        [FORE_OPT_BYTERATE] = "byterate", [FORE_OPT_SHARE] = "share", [FORE_OPT_TEXT] = "text",
        [FORE_OPT_CHOICE] = "choice",     [FORE_OPT_LIST] = "list",
    };
    fore_buf_printf(out, "%s: %s\n", section->name, section->help);
    for (size_t i = 0; i < section->row_count; i++) {
        const struct fore_option *row = &section->row[i];
        fore_buf_printf(out, "  %-22s %-9s default \"%s\"", row->name, kinds[row->kind],
                        row->fallback);
        if (row->kind == FORE_OPT_CHOICE) {
            fore_buf_puts(out, ", one of ");
            print_choices(row, out);
        } else if (is_bounded(row)) {
            fore_buf_puts(out, ", ");
            print_bounds(row, out);
        }
        fore_buf_printf(out, "\n      %s\n", row->help);
    }
}

/* Inside the quotes of a libconfig string. */
static void print_escaped(struct fore_buf *out, const char *text)
{
    for (const char *p = text; *p != '\0'; p++) {
        if (*p == '"' || *p == '\\')
            fore_buf_printf(out, "\\%c", *p);
        else if ((unsigned char)*p < 0x20)
            fore_buf_printf(out, "\\x%02x", (unsigned)(unsigned char)*p);
        else
            fore_buf_append(out, p, 1);
    }
}

static void print_value(const struct fore_option *row, const void *target, struct fore_buf *out)
{
    struct value value = {0};
    const char *field = (const char *)target + row->offset;
    switch (row->kind) {
    case FORE_OPT_BOOL:
        memcpy(&value.truth, field, sizeof value.truth);
        fore_buf_puts(out, value.truth ? "true" : "false");
        break;
    case FORE_OPT_COUNT:
    case FORE_OPT_DURATION:
    case FORE_OPT_BYTES:
        memcpy(&value.integer, field, sizeof value.integer);
        if (row->kind == FORE_OPT_DURATION)
            fore_option_value_print_duration(out, value.integer);
        else if (row->kind == FORE_OPT_BYTES)
            fore_option_value_print_bytes(out, value.integer);
        else
            fore_buf_printf(out, "%llu", (unsigned long long)value.integer);
        break;
    case FORE_OPT_REAL:
    case FORE_OPT_RATE:
    case FORE_OPT_BYTERATE:
    case FORE_OPT_SHARE:
        memcpy(&value.real, field, sizeof value.real);
        fore_option_value_print_real(out, value.real);
        break;
    case FORE_OPT_TEXT:
        memcpy(&value.text, field, sizeof value.text);
        print_escaped(out, value.text != NULL ? value.text : "");
        break;
    case FORE_OPT_CHOICE:
        memcpy(&value.choice, field, sizeof value.choice);
        FORE_ASSERT(value.choice < choice_count(row));
        fore_buf_puts(out, row->choices[value.choice]);
        break;
    case FORE_OPT_LIST:
        memcpy(&value.list, field, sizeof value.list);
        for (size_t i = 0; i < value.list.count; i++) {
            fore_buf_puts(out, i > 0 ? ", " : "");
            print_escaped(out, value.list.item[i]);
        }
        break;
    }
}

void fore_option_dump(struct fore_option_binding binding, struct fore_buf *out)
{
    for (size_t i = 0; i < binding.section->row_count; i++) {
        const struct fore_option *row = &binding.section->row[i];
        fore_buf_printf(out, "%s = \"", row->name);
        print_value(row, binding.target, out);
        fore_buf_puts(out, "\";\n");
    }
}

/* Levenshtein, one row at a time; both words are at most WORD_MAX long. */
static size_t edit_distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
    size_t row[WORD_MAX + 1];
    for (size_t j = 0; j <= b_len; j++)
        row[j] = j;
    for (size_t i = 1; i <= a_len; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b_len; j++) {
            size_t best = diagonal + (a[i - 1] != b[j - 1]);
            if (row[j] + 1 < best) best = row[j] + 1;
            if (row[j - 1] + 1 < best) best = row[j - 1] + 1;
            diagonal = row[j];
            row[j] = best;
        }
    }
    return row[b_len];
}

const char *fore_option_nearest(const char *word, const char *const *known, size_t known_count)
{
    size_t len = strlen(word);
    if (len > WORD_MAX) return NULL;
    size_t best = len / 2 + 1;
    const char *near = NULL;
    for (size_t i = 0; i < known_count; i++) {
        size_t known_len = strlen(known[i]);
        if (known_len > WORD_MAX) continue;
        size_t distance = edit_distance(word, len, known[i], known_len);
        if (distance > best || (near != NULL && distance == best)) continue;
        best = distance;
        near = known[i];
    }
    return near;
}
