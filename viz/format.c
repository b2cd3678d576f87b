/*
 * format.c - see format.h. The calendar is UTC and computed here (days to civil date, Howard
 * Hinnant's formulas), because gmtime() would bring the machine's locale and time zone in.
 */
#include "viz/format.h"

#include "core/base/option.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define DAY_S UINT64_C(86400)

static struct viz_text digits3(double value, const char *unit)
{
    struct viz_text out;
    double size = fabs(value);
    int places = size == 0 || size >= 99.95 ? 0 : size >= 9.995 ? 1 : 2;
    snprintf(out.s, sizeof out.s, "%.*f%s", places, value, unit);
    return out;
}

struct viz_text viz_format_count(double value)
{
    static const char *const unit[] = {"", "k", "M", "G", "T"};
    struct viz_text out;
    size_t u = 0;
    for (; fabs(value) >= 999.5 && u + 1 < FORE_COUNTOF(unit); u++)
        value /= 1000;
    if (u > 0) return digits3(value, unit[u]);
    snprintf(out.s, sizeof out.s, "%.0f", value);
    return out;
}

struct viz_text viz_format_bytes(double bytes)
{
    static const char *const unit[] = {" B", " KiB", " MiB", " GiB", " TiB", " PiB"};
    size_t u = 0;
    for (; fabs(bytes) >= 999.5 && u + 1 < FORE_COUNTOF(unit); u++)
        bytes /= 1024;
    return digits3(u == 0 ? round(bytes) : bytes, unit[u]);
}

struct viz_text viz_format_ms(double ms)
{
    if (ms >= 999.5) return digits3(ms / 1000, " s");
    if (ms > 0 && ms < 0.9995) return digits3(round(ms * 1000), " \302\265s");
    return digits3(ms, " ms");
}

struct viz_text viz_format_limit_ms(double ms)
{
    struct viz_text out;
    if (ms >= 999.5)
        snprintf(out.s, sizeof out.s, "%.3g s", ms / 1000);
    else if (ms > 0 && ms < 0.9995)
        snprintf(out.s, sizeof out.s, "%.0f \302\265s", ms * 1000);
    else
        snprintf(out.s, sizeof out.s, "%.3g ms", ms);
    return out;
}

struct viz_text viz_format_seconds(double s)
{
    return viz_format_duration(s > 0 ? (fore_ns)(fmin(s, 9e9) * 1e9) : 0);
}

struct viz_text viz_format_duration(fore_ns ns)
{
    struct viz_text out;
    double s = (double)ns / 1e9;
    uint64_t whole = (uint64_t)(s + 0.5);
    unsigned d = (unsigned)(whole / DAY_S), h = (unsigned)(whole % DAY_S / 3600);
    unsigned m = (unsigned)(whole % 3600 / 60), sec = (unsigned)(whole % 60);
    if (s < 1)
        snprintf(out.s, sizeof out.s, "%.0f ms", s * 1000);
    else if (d > 0)
        snprintf(out.s, sizeof out.s, h > 0 ? "%u d %u h" : "%u d", d, h);
    else if (h > 0)
        snprintf(out.s, sizeof out.s, m > 0 ? "%u h %u min" : "%u h", h, m);
    else if (m > 0)
        snprintf(out.s, sizeof out.s, sec > 0 ? "%u min %u s" : "%u min", m, sec);
    else
        snprintf(out.s, sizeof out.s, "%u s", sec);
    return out;
}

struct viz_text viz_format_percent(double share)
{
    struct viz_text out;
    snprintf(out.s, sizeof out.s, "%.0f %%", share * 100);
    return out;
}

struct viz_text viz_format_plain(double value)
{
    struct viz_text out;
    if (fabs(value) >= 1000) return viz_format_count(value);
    snprintf(out.s, sizeof out.s, "%.4g", value);
    return out;
}

struct civil {
    int year;
    unsigned month, day;
};

static struct civil civil_of(uint64_t days_since_1970)
{
    uint64_t z = days_since_1970 + 719468, era = z / 146097, doe = z - era * 146097;
    uint64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    uint64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100), mp = (5 * doy + 2) / 153;
    unsigned month = (unsigned)(mp < 10 ? mp + 3 : mp - 9);
    return (struct civil){
        .year = (int)(yoe + era * 400) + (month <= 2),
        .month = month,
        .day = (unsigned)(doy - (153 * mp + 2) / 5 + 1),
    };
}

struct viz_text viz_format_moment(fore_ns at, uint64_t start_unix_s)
{
    struct viz_text out;
    uint64_t s = at / FORE_SEC + start_unix_s;
    unsigned h = (unsigned)(s % DAY_S / 3600), m = (unsigned)(s % 3600 / 60);
    unsigned sec = (unsigned)(s % 60);
    if (start_unix_s > 0) {
        struct civil c = civil_of(s / DAY_S);
        snprintf(out.s, sizeof out.s, "%04d-%02u-%02u %02u:%02u:%02u UTC", c.year, c.month, c.day,
                 h, m, sec);
    } else if (s >= DAY_S) {
        snprintf(out.s, sizeof out.s, "day %u, %02u:%02u:%02u", (unsigned)(s / DAY_S), h, m, sec);
    } else {
        snprintf(out.s, sizeof out.s, "%02u:%02u:%02u", h, m, sec);
    }
    return out;
}

struct viz_text viz_format_tick(fore_ns at, fore_ns step, uint64_t start_unix_s)
{
    static const char *const weekday[] = {"Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"};
    static const char *const month[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    struct viz_text out;
    uint64_t s = at / FORE_SEC + start_unix_s;
    unsigned h = (unsigned)(s % DAY_S / 3600), m = (unsigned)(s % 3600 / 60);
    if (s % DAY_S == 0 && start_unix_s > 0) {
        struct civil c = civil_of(s / DAY_S);
        snprintf(out.s, sizeof out.s, "%s %u %s", weekday[s / DAY_S % 7], c.day,
                 month[c.month - 1]);
    } else if (s % DAY_S == 0 && s > 0) {
        snprintf(out.s, sizeof out.s, "day %u", (unsigned)(s / DAY_S));
    } else if (step < 60 * FORE_SEC) {
        snprintf(out.s, sizeof out.s, "%02u:%02u:%02u", h, m, (unsigned)(s % 60));
    } else {
        snprintf(out.s, sizeof out.s, "%02u:%02u", h, m);
    }
    return out;
}

struct viz_text viz_format_when(fore_ns at, fore_ns view_from, uint64_t start_unix_s)
{
    uint64_t into_day = (at / FORE_SEC + start_unix_s) % DAY_S * FORE_SEC;
    if (at >= view_from || at < into_day)
        return viz_format_tick(at / FORE_SEC * FORE_SEC + 1, 60 * FORE_SEC, start_unix_s);
    return viz_format_tick(at / FORE_SEC * FORE_SEC - into_day, DAY_S * FORE_SEC, start_unix_s);
}

enum fore_err viz_format_parse_duration(const char *text, fore_ns *out)
{
    fore_ns sum = 0;
    if (*text == '\0') return FORE_E_FORMAT;
    while (*text != '\0') {
        char part[32];
        size_t len = 0;
        while (text[len] != '\0' && !isalpha((unsigned char)text[len]))
            len++;
        while (isalpha((unsigned char)text[len]))
            len++;
        if (len >= sizeof part) return FORE_E_FORMAT;
        memcpy(part, text, len);
        part[len] = '\0';
        fore_ns piece;
        FORE_TRY(fore_option_duration(part, &piece));
        if (piece > UINT64_MAX - sum) return FORE_E_RANGE;
        sum += piece;
        text += len;
    }
    *out = sum;
    return FORE_E_OK;
}

static enum fore_err parse_percent(const char *text, fore_ns first, fore_ns last, fore_ns *out)
{
    char number[32];
    size_t len = strlen(text);
    double percent;
    if (len < 2 || len > sizeof number || text[len - 1] != '%') return FORE_E_FORMAT;
    memcpy(number, text, len - 1);
    number[len - 1] = '\0';
    FORE_TRY(fore_option_real(number, &percent));
    if (!(percent >= 0 && percent <= 100)) return FORE_E_RANGE;
    *out = first + (fore_ns)((double)(last - first) * percent / 100);
    return FORE_E_OK;
}

enum fore_err viz_format_parse_moment(const char *text, fore_ns first, fore_ns last, fore_ns *out,
                                      struct fore_diag *diag)
{
    if (strcmp(text, "end") == 0 || strcmp(text, "start") == 0) {
        *out = text[0] == 'e' ? last : first;
        return FORE_E_OK;
    }
    if (strchr(text, '%') != NULL) {
        if (parse_percent(text, first, last, out) == FORE_E_OK) return FORE_E_OK;
        return fore_err_set(diag, FORE_E_RANGE,
                            "moment \"%s\": a share of the journal is written 0%% to 100%%", text);
    }
    if (viz_format_parse_duration(text, out) != FORE_E_OK)
        return fore_err_set(diag, FORE_E_FORMAT,
                            "moment \"%s\" is not a time: write 45min, 2d3h, 50%%, start or end",
                            text);
    if (*out > last)
        return fore_err_set(
            diag, FORE_E_RANGE,
            "moment \"%s\" is after the journal's end at %s: use an earlier one, or "
            "\"end\"",
            text, viz_format_duration(last).s);
    if (*out < first) *out = first;
    return FORE_E_OK;
}
