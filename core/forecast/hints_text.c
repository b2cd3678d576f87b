/*
 * hints_text.c - hints as text, both ways. The grammar is in hints.h.
 *
 * Strict on purpose: a hint that is quietly misread moves data. Every word is either understood
 * entirely or refused with file, line, field and what would have been right.
 */
#include "core/base/option.h"
#include "core/forecast/hints.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { DAY_S = 86400, LINE_MAX_BYTES = 1000, WORDS_MAX = 6 };

static const char *const kind_name[] = {
    [FORE_HINT_EVENT] = "event",
    [FORE_HINT_DAILY] = "daily",
    [FORE_HINT_WEEKLY] = "weekly",
    [FORE_HINT_GROWTH] = "growth",
};
static const char *const weekday_name[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};
static const char *const unit_name[] = {"step", "hour", "day", "week", "month", "year"};
static const double unit_s[] = {0, 3600, DAY_S, 7.0 * DAY_S, 30.0 * DAY_S, 365.0 * DAY_S};

struct reading {
    const struct fore_hints *hints;
    struct fore_diag *diag;
    size_t line;
};

/* "hints.txt:3: when: "25:00": what" */
static enum fore_err bad(const struct reading *r, const char *field, const char *word,
                         const char *what)
{
    return fore_err_set(r->diag, FORE_E_FORMAT, "%s:%zu: %s: \"%.40s\" %s", r->hints->file, r->line,
                        field, word, what);
}

/* The word's place in the table; else refused, with the nearest one. */
static enum fore_err lookup(const struct reading *r, const char *field, const char *word,
                            const char *const *table, size_t count, size_t *out)
{
    for (*out = 0; *out < count; ++*out)
        if (strcmp(table[*out], word) == 0) return FORE_E_OK;
    char what[160];
    size_t len = (size_t)snprintf(what, sizeof(what), "is not one of");
    for (size_t i = 0; i < count && len < sizeof(what); i++)
        len += (size_t)snprintf(what + len, sizeof(what) - len, " %s", table[i]);
    const char *near = fore_option_nearest(word, table, count);
    if (near != NULL && len < sizeof(what))
        (void)snprintf(what + len, sizeof(what) - len, "; did you mean \"%s\"?", near);
    return bad(r, field, word, what);
}

/* ---- words ----------------------------------------------------------------------------------- */

/* Cuts the line at blanks, a quoted word being one; UNKNOWN number of words: WORDS_MAX. */
static enum fore_err split(const struct reading *r, char *line, char **word, size_t *count)
{
    *count = 0;
    for (char *at = line;;) {
        at += strspn(at, " \t\r");
        if (*at == '\0' || *at == '#') return FORE_E_OK;
        if (*count == WORDS_MAX) return bad(r, "line", at, "is one field too many");
        char *end;
        if (*at == '"') {
            end = strchr(++at, '"');
            if (end == NULL) return bad(r, "line", at, "has no closing quote");
            if (strchr(" \t\r#", end[1]) == NULL)
                return bad(r, "line", at, "is followed by something other than a blank");
        } else {
            end = at + strcspn(at, " \t\r#");
        }
        word[(*count)++] = at;
        if (*end == '\0') return FORE_E_OK;
        bool comment = *end == '#';
        *end = '\0';
        if (comment) return FORE_E_OK;
        at = end + 1;
    }
}

/* Exactly `digits` digits, as a number. */
static bool digits_at(const char **text, int digits, int *out)
{
    *out = 0;
    for (int i = 0; i < digits; i++, ++*text) {
        if (**text < '0' || **text > '9') return false;
        *out = 10 * *out + (**text - '0');
    }
    return true;
}

static bool taken(const char **text, char c)
{
    if (**text != c) return false;
    ++*text;
    return true;
}

/* "12", "2.5": fifteen digits at most, so that the quotient is correctly rounded. */
static bool decimal(const char **text, double *out)
{
    double value = 0, scale = 1;
    int digits = 0;
    bool point = false;
    for (;; ++*text) {
        if (**text == '.' && !point && digits > 0) {
            point = true;
            continue;
        }
        if (**text < '0' || **text > '9') break;
        if (++digits > 15) return false;
        value = 10 * value + (**text - '0');
        if (point) scale *= 10;
    }
    *out = value / scale;
    return digits > 0 && (!point || scale > 1);
}

/* ---- times ----------------------------------------------------------------------------------- */

static int days_in(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return days[month - 1] + (month == 2 && leap);
}

/* Days from 1970 to a civil date (Hinnant, "chrono-compatible low-level date algorithms"). */
static int64_t day_number(int year, int month, int day)
{
    int64_t y = month <= 2 ? year - 1 : year;
    int64_t era = y / 400, yoe = y - era * 400;
    int64_t doy = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}

static bool clock_time(const char **text, bool seconds, double *out)
{
    int hour, minute, second = 0;
    if (!digits_at(text, 2, &hour) || !taken(text, ':') || !digits_at(text, 2, &minute))
        return false;
    if (seconds && **text == ':' && (!taken(text, ':') || !digits_at(text, 2, &second)))
        return false;
    *out = 3600.0 * hour + 60.0 * minute + second;
    return hour <= 24 && minute <= 59 && second <= 59 && *out <= DAY_S;
}

static bool date_time(const char *text, double *out)
{
    int year, month, day;
    double clock = 0;
    if (!digits_at(&text, 4, &year) || !taken(&text, '-') || !digits_at(&text, 2, &month) ||
        !taken(&text, '-') || !digits_at(&text, 2, &day))
        return false;
    if (year < 1 || month < 1 || month > 12 || day < 1 || day > days_in(year, month)) return false;
    if (*text == 'T' && (!taken(&text, 'T') || !clock_time(&text, true, &clock))) return false;
    if (*text == 'Z') text++;
    *out = (double)day_number(year, month, day) * DAY_S + clock;
    return *text == '\0';
}

static bool step_number(const char *text, double *out)
{
    size_t len = strlen(text);
    int value;
    if (len == 0 || len > 9 || !digits_at(&text, (int)len, &value)) return false;
    *out = value;
    return true;
}

/* A..B in place; B may be empty. */
static enum fore_err halves(const struct reading *r, char *word, char **from, char **to)
{
    char *dots = strstr(word, "..");
    if (dots == NULL)
        return bad(r, "when", word, "is not FROM..TO, with two dots between the times");
    *dots = '\0';
    *from = word;
    *to = dots + 2;
    return FORE_E_OK;
}

static enum fore_err read_point(const struct reading *r, const char *text, struct fore_hint *hint,
                                bool first, double *out)
{
    bool step = step_number(text, out);
    if (!step && !date_time(text, out))
        return bad(r, "when", text,
                   "is neither a time such as 2017-03-10T18:00 (UTC) nor a step such as 960");
    if (!first && step != hint->in_steps)
        return bad(r, "when", text, "and what it is paired with must both be times or both steps");
    hint->in_steps = step;
    return FORE_E_OK;
}

static enum fore_err read_span(const struct reading *r, char *word, struct fore_hint *hint)
{
    char *from = word, *to = word;
    FORE_TRY(halves(r, word, &from, &to));
    FORE_TRY(read_point(r, from, hint, true, &hint->from));
    if (*to == '\0' && hint->kind == FORE_HINT_GROWTH) {
        hint->to = HUGE_VAL;
        return FORE_E_OK;
    }
    FORE_TRY(read_point(r, to, hint, false, &hint->to));
    return hint->to > hint->from ? FORE_E_OK : bad(r, "when", to, "is not after the beginning");
}

static enum fore_err read_hours(const struct reading *r, char *word, struct fore_hint *hint)
{
    static const char wrong[] = "is not a time of day, 00:00 to 24:00";
    char *from = word, *to = word;
    FORE_TRY(halves(r, word, &from, &to));
    const char *at = from;
    if (!clock_time(&at, false, &hint->from) || *at != '\0' || hint->from >= DAY_S)
        return bad(r, "when", from, wrong);
    at = to;
    if (!clock_time(&at, false, &hint->to) || *at != '\0') return bad(r, "when", to, wrong);
    if (hint->to <= hint->from) hint->to += DAY_S;
    return FORE_E_OK;
}

static enum fore_err read_weekday(const struct reading *r, const char *word, size_t *out)
{
    return lookup(r, "when", word, weekday_name, FORE_COUNTOF(weekday_name), out);
}

/* "mon", "mon,thu", "fri-mon" */
static enum fore_err read_weekdays(const struct reading *r, char *word, struct fore_hint *hint)
{
    for (char *part = word, *next; part != NULL; part = next) {
        next = strchr(part, ',');
        if (next != NULL) *next++ = '\0';
        char *dash = strchr(part, '-');
        if (dash != NULL) *dash = '\0';
        size_t first, last;
        FORE_TRY(read_weekday(r, part, &first));
        last = first;
        if (dash != NULL) FORE_TRY(read_weekday(r, dash + 1, &last));
        for (size_t d = first;; d = (d + 1) % 7) {
            hint->weekdays |= 1u << d;
            if (d == last) break;
        }
    }
    return FORE_E_OK;
}

/* ---- how much -------------------------------------------------------------------------------- */

static enum fore_err read_amount(const struct reading *r, char *word, struct fore_hint *hint)
{
    bool growth = hint->kind == FORE_HINT_GROWTH;
    char *slash = strchr(word, '/');
    if (growth && slash == NULL)
        return bad(r, "how much", word, "lacks the time growth takes: +20%/week, x1.1/day");
    if (!growth && slash != NULL)
        return bad(r, "how much", word, "is growth; an event has x2.5 or +20%");
    if (slash != NULL) {
        size_t unit;
        *slash = '\0';
        FORE_TRY(lookup(r, "how much", slash + 1, unit_name, FORE_COUNTOF(unit_name), &unit));
        hint->per_s = unit_s[unit];
    }
    const char *at = word + 1;
    double number = 0;
    bool percent = word[0] == '+' || word[0] == '-';
    bool sound = (word[0] == 'x' || percent) && decimal(&at, &number);
    sound = sound && (!percent || taken(&at, '%')) && *at == '\0';
    if (!sound)
        return bad(r, "how much", word, "is neither a factor such as x2.5 nor +20% or -40%");
    hint->multiplier = percent ? 1 + (word[0] == '+' ? number : -number) / 100 : number;
    if (!(hint->multiplier >= 0.001 && hint->multiplier <= 1000))
        return bad(r, "how much", word, "is not between x0.001 and x1000");
    if (hint->multiplier == 1.0) return bad(r, "how much", word, "changes nothing");
    return FORE_E_OK;
}

/* ---- lines ----------------------------------------------------------------------------------- */

static enum fore_err read_line(struct reading *r, struct fore_hints *hints, char *line)
{
    char *word[WORDS_MAX];
    size_t count, kind;
    FORE_TRY(split(r, line, word, &count));
    if (count == 0) return FORE_E_OK;
    struct fore_hint hint = {.series = word[0], .line = r->line};
    if (count < 4) return bad(r, "line", word[0], "is not followed by what, when and how much");
    if (word[0][0] == '\0') return bad(r, "series", word[0], "names nothing");
    FORE_TRY(lookup(r, "what", word[1], kind_name, FORE_COUNTOF(kind_name), &kind));
    hint.kind = (enum fore_hint_kind)kind;
    size_t wanted = hint.kind == FORE_HINT_WEEKLY ? 5 : 4;
    if (count < wanted) return bad(r, "when", word[2], "lacks the hours: mon 09:00..10:00");
    if (count > wanted) return bad(r, "line", word[wanted], "is one field too many");
    if (hint.kind == FORE_HINT_WEEKLY) FORE_TRY(read_weekdays(r, word[2], &hint));
    if (hint.kind == FORE_HINT_WEEKLY || hint.kind == FORE_HINT_DAILY)
        FORE_TRY(read_hours(r, word[wanted - 2], &hint));
    else
        FORE_TRY(read_span(r, word[2], &hint));
    FORE_TRY(read_amount(r, word[wanted - 1], &hint));
    return fore_hints_add(hints, &hint, r->diag);
}

static enum fore_err read_all(struct reading *r, struct fore_hints *hints, const char *text,
                              size_t len)
{
    char line[LINE_MAX_BYTES + 1];
    for (size_t at = 0; at < len;) {
        const char *end = memchr(text + at, '\n', len - at);
        size_t size = end != NULL ? (size_t)(end - (text + at)) : len - at;
        r->line++;
        if (size > LINE_MAX_BYTES) {
            (void)snprintf(line, sizeof(line), "%.20s", text + at);
            return bad(r, "line", line, "... is longer than 1,000 bytes");
        }
        memcpy(line, text + at, size);
        line[size] = '\0';
        if (strlen(line) != size) return bad(r, "line", line, "is followed by a zero byte");
        FORE_TRY(read_line(r, hints, line));
        at += size + 1;
    }
    return FORE_E_OK;
}

enum fore_err fore_hints_parse(struct fore_hints *hints, const char *text, size_t len,
                               struct fore_diag *diag)
{
    struct reading r = {.hints = hints, .diag = diag};
    size_t before = hints->count;
    enum fore_err err = read_all(&r, hints, text, len);
    if (err != FORE_E_OK) hints->count = before;
    return err;
}

/* ---- printing -------------------------------------------------------------------------------- */

/* The other way round: the civil date of a second. */
static void print_time(double unix_s, struct fore_buf *out)
{
    int64_t second = (int64_t)floor(unix_s), rest = (second % DAY_S + DAY_S) % DAY_S;
    int64_t z = (second - rest) / DAY_S + 719468;
    int64_t era = (z >= 0 ? z : z - 146096) / 146097, doe = z - era * 146097;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100), mp = (5 * doy + 2) / 153;
    int64_t month = mp < 10 ? mp + 3 : mp - 9, year = yoe + era * 400 + (month <= 2);
    int64_t day = doy - (153 * mp + 2) / 5 + 1;
    fore_buf_printf(out, "%04d-%02d-%02d", (int)year, (int)month, (int)day);
    if (rest == 0) return;
    fore_buf_printf(out, "T%02d:%02d", (int)(rest / 3600), (int)(rest / 60 % 60));
    if (rest % 60 != 0) fore_buf_printf(out, ":%02d", (int)(rest % 60));
}

static void print_point(const struct fore_hint *hint, double at, struct fore_buf *out)
{
    if (isinf(at)) return;
    int minute = (int)(fmod(at, DAY_S) / 60);
    if (hint->in_steps)
        fore_buf_printf(out, "%.0f", at);
    else if (hint->kind == FORE_HINT_DAILY || hint->kind == FORE_HINT_WEEKLY)
        fore_buf_printf(out, "%02d:%02d", minute / 60, minute % 60);
    else
        print_time(at, out);
}

void fore_hint_print(const struct fore_hint *hint, struct fore_buf *out)
{
    fore_buf_printf(out, "%s ", kind_name[hint->kind]);
    const char *comma = "";
    for (size_t d = 0; hint->kind == FORE_HINT_WEEKLY && d < FORE_COUNTOF(weekday_name); d++) {
        if ((hint->weekdays >> d & 1) == 0) continue;
        fore_buf_printf(out, "%s%s", comma, weekday_name[d]);
        comma = ",";
    }
    if (hint->kind == FORE_HINT_WEEKLY) fore_buf_puts(out, " ");
    print_point(hint, hint->from, out);
    fore_buf_puts(out, "..");
    print_point(hint, hint->to, out);
    fore_buf_printf(out, " x%.6g", hint->multiplier);
    if (hint->kind != FORE_HINT_GROWTH) return;
    for (size_t i = 0; i < FORE_COUNTOF(unit_s); i++) {
        if (unit_s[i] != hint->per_s) continue;
        fore_buf_printf(out, "/%s", unit_name[i]);
        return;
    }
    fore_buf_printf(out, "/%.6gs", hint->per_s);
}
