/*
 * option_value.c - quantities as text.
 *
 * Every parser splits its text into a number and a unit, looks the unit up in a const table and
 * multiplies. Whole numbers times whole units stay in integers, so "18446744073709551615" and
 * "7d" are exact; only a fraction goes through a double. The whole text must be used.
 */
#include "core/base/option_value.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NUMBER_MAX = 64 };

struct unit {
    const char *name;
    uint64_t factor;
};

static const struct unit duration_units[] = {
    {"ns",  1               },
    {"us",  FORE_US         },
    {"ms",  FORE_MS         },
    {"s",   FORE_SEC        },
    {"min", 60 * FORE_SEC   },
    {"h",   3600 * FORE_SEC },
    {"d",   86400 * FORE_SEC},
    {NULL,  0               },
};

static const struct unit byte_units[] = {
    {"",    1                      },
    {"B",   1                      },
    {"kB",  1000                   },
    {"KB",  1000                   },
    {"MB",  1000000                },
    {"GB",  1000000000             },
    {"TB",  UINT64_C(1000000000000)},
    {"KiB", UINT64_C(1) << 10      },
    {"MiB", UINT64_C(1) << 20      },
    {"GiB", UINT64_C(1) << 30      },
    {"TiB", UINT64_C(1) << 40      },
    {NULL,  0                      },
};

static const struct unit count_units[] = {
    {"",   1         },
    {"k",  1000      },
    {"M",  1000000   },
    {"G",  1000000000},
    {NULL, 0         },
};

static const struct unit share_units[] = {
    {"",   1  },
    {"%",  100},
    {NULL, 0  }
};
static const struct unit real_units[] = {
    {"",   1},
    {NULL, 0}
};
/* Divisors: seconds in what the rate is counted per. */
static const struct unit per_units[] = {
    {"",     1   },
    {"/s",   1   },
    {"/sec", 1   },
    {"/min", 60  },
    {"/h",   3600},
    {NULL,   0   },
};

struct quantity {
    double value;   /* as written */
    uint64_t whole; /* the same, when it is a whole number that fits */
    bool is_whole;
    char unit[16];
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t';
}

static const char *skip_spaces(const char *p)
{
    while (is_space(*p))
        p++;
    return p;
}

/* Length of [+-]digits[.digits][e[+-]digits] at `p`, 0 if none; *plain: digits only. */
static size_t number_length(const char *p, bool *plain)
{
    const char *at = p;
    size_t digits = 0;
    *plain = true;
    if (*at == '-' || *at == '+') *plain = *at++ == '+';
    for (; is_digit(*at); at++)
        digits++;
    if (*at == '.') {
        *plain = false;
        for (at++; is_digit(*at); at++)
            digits++;
    }
    if (digits == 0) return 0;
    const char *e = at + 1;
    if (*at == 'e' && (*e == '-' || *e == '+')) e++;
    if (*at == 'e' && is_digit(*e)) {
        *plain = false;
        while (is_digit(*e))
            e++;
        at = e;
    }
    return (size_t)(at - p);
}

static bool whole_number(const char *digits, uint64_t *out)
{
    uint64_t value = 0;
    for (const char *p = digits + (*digits == '+'); is_digit(*p); p++) {
        uint64_t digit = (uint64_t)(*p - '0');
        if (value > (UINT64_MAX - digit) / 10) return false;
        value = value * 10 + digit;
    }
    *out = value;
    return true;
}

/* Splits "  1.5 GiB " into its number and its unit. */
static bool split(const char *text, struct quantity *out)
{
    const char *p = skip_spaces(text);
    bool plain = false;
    size_t len = number_length(p, &plain);
    char number[NUMBER_MAX + 1];
    if (len == 0 || len > NUMBER_MAX) return false;
    memcpy(number, p, len);
    number[len] = '\0';
    out->value = strtod(number, NULL);
    out->is_whole = plain && whole_number(number, &out->whole);
    if (!isfinite(out->value)) return false;
    const char *unit = skip_spaces(p + len);
    size_t unit_len = strlen(unit);
    while (unit_len > 0 && is_space(unit[unit_len - 1]))
        unit_len--;
    if (unit_len >= sizeof out->unit) return false;
    memcpy(out->unit, unit, unit_len);
    out->unit[unit_len] = '\0';
    return true;
}

static uint64_t unit_factor(const struct unit *units, const char *name)
{
    for (; units->name != NULL; units++)
        if (strcmp(units->name, name) == 0) return units->factor;
    return 0;
}

/* value * factor as an integer, half up; FORE_E_RANGE where it does not fit. */
static enum fore_err to_integer(const struct quantity *q, uint64_t factor, uint64_t *out)
{
    if (q->is_whole) {
        if (q->whole > UINT64_MAX / factor) return FORE_E_RANGE;
        *out = q->whole * factor;
        return FORE_E_OK;
    }
    double scaled = q->value * (double)factor;
    if (!(scaled > -0.5 && scaled < 0x1p64)) return FORE_E_RANGE;
    *out = (uint64_t)floor(scaled + 0.5);
    return FORE_E_OK;
}

static enum fore_err parse_integer(const char *text, const struct unit *units, uint64_t *out)
{
    struct quantity q = {0};
    if (!split(text, &q)) return FORE_E_FORMAT;
    uint64_t factor = unit_factor(units, q.unit);
    if (factor == 0 && q.value == 0 && q.unit[0] == '\0') factor = 1; /* "0" needs no unit */
    if (factor == 0) return FORE_E_FORMAT;
    return to_integer(&q, factor, out);
}

enum fore_err fore_option_duration(const char *text, fore_ns *out)
{
    return parse_integer(text, duration_units, out);
}

enum fore_err fore_option_bytes(const char *text, uint64_t *out)
{
    return parse_integer(text, byte_units, out);
}

/* Half a thing cannot be counted: "1.5k" is 1500, "1.5" is refused. */
enum fore_err fore_option_value_count(const char *text, uint64_t *out)
{
    struct quantity q = {0};
    if (!split(text, &q)) return FORE_E_FORMAT;
    uint64_t factor = unit_factor(count_units, q.unit);
    if (factor == 0) return FORE_E_FORMAT;
    double scaled = q.value * (double)factor;
    if (!q.is_whole && fabs(scaled - floor(scaled + 0.5)) > 1e-9 * fabs(scaled))
        return FORE_E_FORMAT;
    return to_integer(&q, factor, out);
}

enum fore_err fore_option_real(const char *text, double *out)
{
    struct quantity q = {0};
    if (!split(text, &q) || unit_factor(real_units, q.unit) == 0) return FORE_E_FORMAT;
    *out = q.value;
    return FORE_E_OK;
}

enum fore_err fore_option_value_share(const char *text, double *out)
{
    struct quantity q = {0};
    if (!split(text, &q)) return FORE_E_FORMAT;
    uint64_t divisor = unit_factor(share_units, q.unit);
    if (divisor == 0) return FORE_E_FORMAT;
    *out = q.value / (double)divisor;
    return FORE_E_OK;
}

/* A rate's unit is a multiple and a period: "k" and "/min". */
static enum fore_err parse_rate(const char *text, const struct unit *multiples, double *out)
{
    struct quantity q = {0};
    if (!split(text, &q)) return FORE_E_FORMAT;
    char multiple[sizeof q.unit];
    memcpy(multiple, q.unit, sizeof multiple);
    const char *period = "";
    char *slash = strchr(multiple, '/');
    if (slash != NULL) {
        period = q.unit + (slash - multiple);
        *slash = '\0';
    }
    uint64_t factor = unit_factor(multiples, multiple);
    uint64_t seconds = unit_factor(per_units, period);
    if (factor == 0 || seconds == 0) return FORE_E_FORMAT;
    *out = q.value * (double)factor / (double)seconds;
    return FORE_E_OK;
}

enum fore_err fore_option_value_rate(const char *text, double *out)
{
    return parse_rate(text, count_units, out);
}

enum fore_err fore_option_value_byterate(const char *text, double *out)
{
    return parse_rate(text, byte_units, out);
}

enum fore_err fore_option_value_bool(const char *text, bool *out)
{
    static const struct {
        const char *word;
        bool value;
    } words[] = {
        {"true",  true },
        {"yes",   true },
        {"on",    true },
        {"false", false},
        {"no",    false},
        {"off",   false},
    };
    for (size_t i = 0; i < FORE_COUNTOF(words); i++) {
        if (strcmp(words[i].word, text) != 0) continue;
        *out = words[i].value;
        return FORE_E_OK;
    }
    return FORE_E_FORMAT;
}

const char *fore_option_value_form(enum fore_option_kind kind)
{
    switch (kind) {
    case FORE_OPT_BOOL: return "true or false (also yes/no, on/off)";
    case FORE_OPT_COUNT: return "a whole number such as \"1000\" or \"10k\" (k, M, G)";
    case FORE_OPT_REAL: return "a number such as \"0.99\"";
    case FORE_OPT_DURATION:
        return "a duration such as \"250us\" or \"15min\" (ns, us, ms, s, min, h, d)";
    case FORE_OPT_BYTES: return "a size such as \"64MB\" or \"5GiB\" (B, kB..TB, KiB..TiB)";
    case FORE_OPT_RATE: return "a rate such as \"40k/s\" or \"120/min\" (k, M, G; /s, /min, /h)";
    case FORE_OPT_BYTERATE: return "bytes per second such as \"32MiB/s\" (B, kB..TB, KiB..TiB; /s)";
    case FORE_OPT_SHARE: return "a share such as \"75%\" or \"0.75\"";
    case FORE_OPT_TEXT: return "text";
    case FORE_OPT_CHOICE: return "one of the choices";
    case FORE_OPT_LIST: return "a list such as \"a, b, c\" without empty items";
    }
    return "";
}

/* The largest unit that divides `value`; of equal ones the later. */
static void print_integer(struct fore_buf *out, const struct unit *units, uint64_t value)
{
    const struct unit *best = &units[0];
    for (const struct unit *u = units; u->name != NULL; u++)
        if (value != 0 && value % u->factor == 0 && u->factor > best->factor) best = u;
    fore_buf_printf(out, "%llu%s", (unsigned long long)(value / best->factor), best->name);
}

void fore_option_value_print_duration(struct fore_buf *out, fore_ns ns)
{
    if (ns == 0)
        fore_buf_puts(out, "0");
    else
        print_integer(out, duration_units, ns);
}

void fore_option_value_print_bytes(struct fore_buf *out, uint64_t bytes)
{
    print_integer(out, byte_units, bytes);
}

void fore_option_value_print_real(struct fore_buf *out, double x)
{
    char text[40];
    (void)snprintf(text, sizeof text, "%.15g", x);
    if (strtod(text, NULL) != x) (void)snprintf(text, sizeof text, "%.17g", x);
    fore_buf_puts(out, text);
}

void fore_option_value_print_bound(struct fore_buf *out, enum fore_option_kind kind, double bound)
{
    bool fits = bound >= 0 && bound < 0x1p63;
    if (fits && kind == FORE_OPT_DURATION)
        fore_option_value_print_duration(out, (fore_ns)bound);
    else if (fits && kind == FORE_OPT_BYTES)
        fore_option_value_print_bytes(out, (uint64_t)bound);
    else
        fore_option_value_print_real(out, bound);
}
