/*
 * timetable.c - times as text, and what is left until the next of them.
 *
 * Everything is a span with a beginning and a length, in the week or once; a deadline has no
 * length. Strict as hints are: what is quietly misread moves data at the wrong hour.
 */
#include "core/decide/timetable.h"

#include <math.h>
#include <string.h>

enum { DAY_S = 86400, WEEK_S = 7 * DAY_S, MONDAY_S = 4 * DAY_S, ENTRIES_MAX = 64, ENTRY_MAX = 80 };
static const double nothing = 1e-9; /* seconds: rounding of a remainder */

#define AT(field) FORE_OPTION_AT(struct fore_timetable_options, field)
static const struct fore_option rows[] = {
    {"quiet",         FORE_OPT_TEXT, AT(quiet),         "", 0, 0, NULL,
     "\"18:00-22:00; sat,sun 22:00-06:00; 2026-11-27 18:00 - 2026-11-29 06:00\": when nothing is moved (UTC)"},
    {"finish_before", FORE_OPT_TEXT, AT(finish_before), "", 0, 0, NULL,
     "\"07:00; fri 18:00; 2026-11-28 00:00\": a move that would not be over by then is not begun (UTC)"      },
};
#undef AT
const struct fore_option_section fore_timetable_section = {"planner", "when nothing may be moved",
                                                           rows, FORE_COUNTOF(rows)};

/* ---- words ----------------------------------------------------------------------------------- */

struct reading {
    const char *field, *entry; /* for sentences */
    const char *at;
    struct fore_arena *arena;
    struct fore_timetable *out;
    struct fore_diag *diag;
};

static enum fore_err bad(const struct reading *r, const char *what)
{
    return fore_err_set(r->diag, FORE_E_FORMAT, "%s: \"%.60s\": %s", r->field, r->entry, what);
}

static void skip(struct reading *r)
{
    while (*r->at == ' ')
        r->at++;
}

static bool taken(struct reading *r, char c)
{
    if (*r->at != c) return false;
    r->at++;
    return true;
}

static bool digits(struct reading *r, int count, int *out)
{
    const char *at = r->at;
    for (*out = 0; count > 0; count--, at++) {
        if (*at < '0' || *at > '9') return false;
        *out = 10 * *out + (*at - '0');
    }
    r->at = at;
    return true;
}

static bool clock_time(struct reading *r, double *out)
{
    int hour, minute;
    if (!digits(r, 2, &hour) || !taken(r, ':') || !digits(r, 2, &minute)) return false;
    *out = 3600.0 * hour + 60.0 * minute;
    return minute <= 59 && *out <= DAY_S;
}

static bool is_date(const struct reading *r)
{
    return strspn(r->at, "0123456789") == 4 && r->at[4] == '-';
}

/* Days from 1970 to a civil date (Hinnant, "chrono-compatible low-level date algorithms"). */
static double day_number(int year, int month, int day)
{
    int y = month <= 2 ? year - 1 : year, era = y / 400, yoe = y - era * 400;
    int doy = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    int days = era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
    return (double)days;
}

/* "2026-11-28", "2026-11-28 07:00", "2026-11-28T07:00" */
static bool date_time(struct reading *r, double *out)
{
    static const int most[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int year, month, day;
    if (!digits(r, 4, &year) || !taken(r, '-') || !digits(r, 2, &month) || !taken(r, '-') ||
        !digits(r, 2, &day))
        return false;
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    if (year < 1970 || month < 1 || month > 12 || day < 1) return false;
    if (day > most[month - 1] + (month == 2 && leap)) return false;
    double clock = 0;
    const char *before = r->at;
    if (*r->at == 'T' || *r->at == ' ') {
        r->at++;
        if (strspn(r->at, "0123456789") != 2)
            r->at = before; /* midnight is not said */
        else if (!clock_time(r, &clock))
            return false;
    }
    *out = day_number(year, month, day) * DAY_S + clock;
    return true;
}

static bool weekday(struct reading *r, int *out)
{
    static const char *const name[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};
    for (*out = 0; *out < 7; ++*out)
        if (strncmp(r->at, name[*out], 3) == 0) {
            r->at += 3;
            return true;
        }
    return false;
}

/* "mon", "mon,thu", "fri-mon"; nothing: every day. Bit 0 is Monday; 0: not understood. */
static unsigned weekdays(struct reading *r)
{
    unsigned days = 0;
    if (*r->at >= '0' && *r->at <= '9') return 0x7f;
    do {
        int first, last;
        if (!weekday(r, &first)) return 0;
        last = first;
        if (taken(r, '-') && !weekday(r, &last)) return 0;
        for (int d = first;; d = (d + 1) % 7) {
            days |= 1u << d;
            if (d == last) break;
        }
    } while (taken(r, ','));
    if (*r->at != ' ') return 0;
    skip(r);
    return days;
}

/* ---- entries --------------------------------------------------------------------------------- */

static void add(struct reading *r, bool weekly, double from, double len)
{
    struct fore_timetable *out = r->out;
    if (out->count == out->room) {
        size_t room = out->room == 0 ? 16 : 2 * out->room;
        struct fore_timetable_span *span = FORE_NEW(r->arena, struct fore_timetable_span, room);
        if (out->count > 0) memcpy(span, out->span, out->count * sizeof *span);
        out->span = span;
        out->room = room;
    }
    out->span[out->count++] = (struct fore_timetable_span){weekly, from, len};
}

static void add_days(struct reading *r, unsigned days, double from, double len)
{
    for (int d = 0; d < 7; d++)
        if ((days >> d & 1) != 0) add(r, true, fmod(d * (double)DAY_S + from, WEEK_S), len);
}

static enum fore_err read_quiet(struct reading *r)
{
    static const char form[] = "is no time such as 18:00-22:00, mon-fri 18:00-22:00 or 2026-11-27 "
                               "18:00 - 2026-11-29 06:00";
    double from, to;
    bool once = is_date(r);
    unsigned days = once ? 0 : weekdays(r);
    if (!once && days == 0) return bad(r, form);
    if (once ? !date_time(r, &from) : !clock_time(r, &from)) return bad(r, form);
    skip(r);
    if (!taken(r, '-')) return bad(r, form);
    skip(r);
    if (once ? !date_time(r, &to) : !clock_time(r, &to)) return bad(r, form);
    skip(r);
    if (*r->at != '\0') return bad(r, form);
    if (once && to <= from) return bad(r, "ends before it begins");
    if (once) add(r, false, from, to - from);
    if (!once) add_days(r, days, from, to > from ? to - from : to + DAY_S - from);
    return FORE_E_OK;
}

static enum fore_err read_deadline(struct reading *r)
{
    static const char form[] = "is no time such as 07:00, fri 18:00 or 2026-11-28 00:00";
    double at;
    bool once = is_date(r);
    unsigned days = once ? 0 : weekdays(r);
    if (!once && days == 0) return bad(r, form);
    if (once ? !date_time(r, &at) : !clock_time(r, &at)) return bad(r, form);
    skip(r);
    if (*r->at != '\0') return bad(r, form);
    if (once) add(r, false, at, 0);
    if (!once) add_days(r, days, at, 0);
    return FORE_E_OK;
}

static enum fore_err read_entries(struct reading *r, const char *text,
                                  enum fore_err (*read)(struct reading *))
{
    size_t entries = 0;
    while (text != NULL && text[strspn(text, " ;")] != '\0') {
        text += strspn(text, " ;");
        size_t len = strcspn(text, ";");
        r->entry = text;
        if (len > ENTRY_MAX || ++entries > ENTRIES_MAX) return bad(r, "is too much");
        r->entry = r->at = fore_arena_printf(r->arena, "%.*s", (int)len, text);
        FORE_TRY(read(r));
        text += len;
    }
    return FORE_E_OK;
}

enum fore_err fore_timetable_compile(const struct fore_timetable_options *options,
                                     struct fore_arena *arena, struct fore_timetable *out,
                                     struct fore_diag *diag)
{
    *out = (struct fore_timetable){0};
    struct reading r = {.field = "planner.quiet", .arena = arena, .out = out, .diag = diag};
    FORE_TRY(read_entries(&r, options->quiet, read_quiet));
    if (!(fore_timetable_longest_s(out) > 0))
        return fore_err_set(
            diag, FORE_E_REFUSED,
            "planner.quiet = \"%.80s\" leaves no time in the week in which anything "
            "could be moved",
            options->quiet);
    r.field = "planner.finish_before";
    return read_entries(&r, options->finish_before, read_deadline);
}

/* ---- asked ----------------------------------------------------------------------------------- */

static double week_time(double unix_s)
{
    double at = fmod(unix_s - MONDAY_S, WEEK_S);
    return at < 0 ? at + WEEK_S : at;
}

/* Seconds to this span, in the week or once; 0: inside; HUGE_VAL: never again. */
static double until(const struct fore_timetable_span *span, double unix_s, double week_s)
{
    if (!span->weekly) {
        double ahead = span->from - unix_s;
        if (ahead > 0) return ahead;
        return -ahead < span->len ? 0 : HUGE_VAL;
    }
    double since = week_s - span->from;
    if (since < -nothing) since += WEEK_S;
    if (since < 0) since = 0;
    return since < span->len - nothing ? 0 : WEEK_S - since;
}

double fore_timetable_left_s(const struct fore_timetable *timetable, double unix_s)
{
    double least = HUGE_VAL, week_s = week_time(unix_s);
    for (size_t i = 0; i < timetable->count; i++)
        least = fmin(least, until(&timetable->span[i], unix_s, week_s));
    return least;
}

bool fore_timetable_between(const struct fore_timetable *timetable, double from_s, double to_s)
{
    double left = fore_timetable_left_s(timetable, from_s);
    return left <= to_s - from_s;
}

double fore_timetable_longest_s(const struct fore_timetable *timetable)
{
    double longest = 0;
    bool any = false;
    for (size_t i = 0; i < timetable->count; i++) {
        const struct fore_timetable_span *span = &timetable->span[i];
        if (!span->weekly) continue;
        any = true;
        double end = fmod(span->from + span->len, WEEK_S), least = HUGE_VAL;
        for (size_t k = 0; k < timetable->count; k++)
            if (timetable->span[k].weekly) least = fmin(least, until(&timetable->span[k], 0, end));
        longest = fmax(longest, least);
    }
    return any ? longest : HUGE_VAL;
}
