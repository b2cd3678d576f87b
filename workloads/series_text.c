/* series_text.c - cells of a series file. Hand-written: sscanf and strptime accept too much. */
#include "workloads/series_text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static char separator_of(const char *line)
{
    static const char known[] = "\t;,";
    for (const char *s = known; *s != '\0'; s++)
        if (strchr(line, *s) != NULL) return *s;
    return ',';
}

static char *trim(char *cell, char *end)
{
    while (cell < end && (*cell == ' ' || *cell == '\r'))
        cell++;
    while (end > cell && (end[-1] == ' ' || end[-1] == '\r'))
        end--;
    if (end - cell >= 2 && *cell == '"' && end[-1] == '"') {
        cell++;
        end--;
    }
    *end = '\0';
    return cell;
}

size_t wl_series_text_split(char *line, char **cell, size_t cap)
{
    char separator = separator_of(line);
    size_t count = 0;
    for (char *from = line;;) {
        char *end = strchr(from, separator);
        bool last = end == NULL;
        if (last) end = from + strlen(from);
        char *trimmed = trim(from, end);
        if (count < cap) cell[count] = trimmed;
        count++;
        if (last) return count;
        from = end + 1;
    }
}

bool wl_series_text_number(const char *cell, double *out)
{
    size_t length = strspn(cell, "+-.0123456789eE");
    if (length == 0 || cell[length] != '\0') return false;
    char *end;
    double value = strtod(cell, &end);
    if (*end != '\0' || end == cell || !isfinite(value)) return false;
    *out = value;
    return true;
}

/* Exactly `digits` digits; moves on past them. */
static bool take_digits(const char **text, int digits, int *out)
{
    *out = 0;
    for (int i = 0; i < digits; i++) {
        char c = (*text)[i];
        if (c < '0' || c > '9') return false;
        *out = *out * 10 + (c - '0');
    }
    *text += digits;
    return true;
}

static bool take_char(const char **text, char wanted)
{
    if (**text != wanted) return false;
    (*text)++;
    return true;
}

/* Days since 1970-01-01 in the Gregorian calendar, years counted from March (Hinnant). */
static int days_from_civil(int year, int month, int day)
{
    year -= month <= 2;
    int era = year / 400, of_era = year - era * 400;
    int of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static bool take_clock(const char **text, int *seconds)
{
    int hour, minute, second = 0;
    if (!take_digits(text, 2, &hour) || !take_char(text, ':') || !take_digits(text, 2, &minute))
        return false;
    if (take_char(text, ':') && !take_digits(text, 2, &second)) return false;
    *seconds = hour * 3600 + minute * 60 + second;
    return hour < 24 && minute < 60 && second < 61;
}

bool wl_series_text_time(const char *cell, double *out)
{
    if (wl_series_text_number(cell, out)) return true;
    int year, month, day, seconds = 0;
    if (!take_digits(&cell, 4, &year) || !take_char(&cell, '-')) return false;
    if (!take_digits(&cell, 2, &month) || !take_char(&cell, '-')) return false;
    if (!take_digits(&cell, 2, &day)) return false;
    if (month < 1 || month > 12 || day < 1 || day > 31) return false;
    if ((take_char(&cell, ' ') || take_char(&cell, 'T')) && !take_clock(&cell, &seconds))
        return false;
    (void)take_char(&cell, 'Z');
    if (*cell != '\0') return false;
    *out = (double)days_from_civil(year, month, day) * 86400 + seconds;
    return true;
}
