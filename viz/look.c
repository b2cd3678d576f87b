/* look.c - see look.h: one row a word, read and printed from the same table. */
#include "viz/look.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const viz_tab_name[VIZ_TABS] = {"moves", "why", "forecast", "events"};

const struct viz_look viz_look_usual = {.palette = VIZ_PALETTE_VIRIDIS,
                                        .quantile = 1,
                                        .partition = VIZ_NONE,
                                        .node = VIZ_NONE,
                                        .plan = VIZ_PLAN_NONE,
                                        .row_to = 1,
                                        .text = 1};

enum { WORD_MAX = 64 };
#define TEXT_MIN 0.75
#define TEXT_MAX 2.0
#define ROWS_MIN 1e-4 /* the smallest share of the rows that can be shown */

static bool number_of(const char *text, char before, double low, double high, double *out)
{
    char *end = NULL;
    if (before != '\0' && *text++ != before) return false;
    if (*text < '0' || *text > '9') return false;
    double value = strtod(text, &end);
    if (*end != '\0' || !(value >= low && value <= high)) return false;
    *out = value;
    return true;
}

static bool read_metric(const char *value, struct viz_look *look)
{
    return viz_metric_named(value, &look->metric);
}

static bool read_palette(const char *value, struct viz_look *look)
{
    return viz_colour_palette_named(value, &look->palette);
}

static bool read_quantile(const char *value, struct viz_look *look)
{
    static const char *const name[] = {"q10", "q50", "q90"};
    for (int q = 0; q < 3; q++)
        if (strcmp(value, name[q]) == 0) {
            look->quantile = q;
            return true;
        }
    return false;
}

static bool read_tab(const char *value, struct viz_look *look)
{
    for (int t = 0; t < VIZ_TABS; t++)
        if (strcmp(value, viz_tab_name[t]) == 0) {
            look->tab = (enum viz_tab)t;
            return true;
        }
    return false;
}

static bool read_select(const char *value, struct viz_look *look)
{
    double n = 0;
    if (number_of(value, 'p', 0, 4e9, &n))
        look->partition = (uint32_t)n;
    else if (number_of(value, 'n', 0, 65534, &n))
        look->node = (uint32_t)n;
    else if (number_of(value, '#', 0, 9e15, &n))
        look->plan = (uint64_t)n;
    else
        return false;
    return true;
}

static bool read_rows(const char *value, struct viz_look *look)
{
    char first[WORD_MAX];
    const char *dash = strchr(value, '-');
    double from, to;
    if (dash == NULL || (size_t)(dash - value) >= sizeof first) return false;
    (void)snprintf(first, sizeof first, "%.*s", (int)(dash - value), value);
    if (!number_of(first, '\0', 0, 1, &from) || !number_of(dash + 1, '\0', 0, 1, &to)) return false;
    if (to - from < ROWS_MIN) return false;
    look->row_from = from;
    look->row_to = to;
    return true;
}

static bool read_text(const char *value, struct viz_look *look)
{
    return number_of(value, '\0', TEXT_MIN, TEXT_MAX, &look->text);
}

static bool read_overlay(const char *value, struct viz_look *look)
{
    look->error = strcmp(value, "error") == 0;
    return look->error || strcmp(value, "none") == 0;
}

static bool read_motion(const char *value, struct viz_look *look)
{
    look->still = strcmp(value, "reduced") == 0;
    return look->still || strcmp(value, "full") == 0;
}

static const struct word {
    const char *key, *allowed;
    bool (*read)(const char *value, struct viz_look *look);
} words[] = {
    {"metric",   "load, requests, reads, writes, bytes, latency or rrs", read_metric  },
    {"palette",  "viridis, cividis, inferno or night",                   read_palette },
    {"quantile", "q10, q50 or q90",                                      read_quantile},
    {"overlay",  "error or none",                                        read_overlay },
    {"tab",      "moves, why, forecast or events",                       read_tab     },
    {"select",   "p41, n3 or #17 for a partition, a node or a plan",     read_select  },
    {"rows",     "a part of the key order such as 0.25-0.5",             read_rows    },
    {"text",     "a factor from 0.75 to 2",                              read_text    },
    {"motion",   "full or reduced",                                      read_motion  },
};

static enum fore_err read_word(const char *word, struct viz_look *look, struct fore_diag *diag)
{
    const char *is = strchr(word, '=');
    size_t len = is != NULL ? (size_t)(is - word) : strlen(word);
    for (size_t i = 0; i < FORE_COUNTOF(words); i++) {
        if (strlen(words[i].key) != len || strncmp(words[i].key, word, len) != 0) continue;
        if (is != NULL && words[i].read(is + 1, look)) return FORE_E_OK;
        return fore_err_set(diag, FORE_E_FORMAT, "--look %s: give %s", word, words[i].allowed);
    }
    return fore_err_set(diag, FORE_E_FORMAT,
                        "--look %s: write metric=, palette=, quantile=, overlay=, tab=, select=, "
                        "rows=, text= or motion=, with commas between",
                        word);
}

enum fore_err viz_look_parse(const char *text, struct viz_look *look, struct fore_diag *diag)
{
    struct viz_look changed = *look;
    char word[WORD_MAX];
    while (*text != '\0') {
        size_t len = strcspn(text, ",");
        (void)snprintf(word, sizeof word, "%.*s", (int)(len < WORD_MAX ? len : WORD_MAX - 1), text);
        if (len > 0) FORE_TRY(read_word(word, &changed, diag));
        text += len + (text[len] == ',');
    }
    *look = changed;
    return FORE_E_OK;
}

static void add(char *out, size_t size, const char *key, const char *value)
{
    size_t n = strlen(out);
    (void)snprintf(out + n, size - n, "%s%s=%s", n > 0 ? "," : "", key, value);
}

void viz_look_print(const struct viz_look *look, char *out, size_t size)
{
    const struct viz_look *usual = &viz_look_usual;
    char value[WORD_MAX];
    out[0] = '\0';
    if (look->metric != usual->metric) add(out, size, "metric", viz_metric_row[look->metric].name);
    if (look->palette != usual->palette)
        add(out, size, "palette", viz_colour_palette_name(look->palette));
    if (look->quantile != usual->quantile)
        add(out, size, "quantile", look->quantile == 0 ? "q10" : "q90");
    if (look->error) add(out, size, "overlay", "error");
    if (look->tab != usual->tab) add(out, size, "tab", viz_tab_name[look->tab]);
    (void)snprintf(value, sizeof value, "p%u", look->partition);
    if (look->partition != VIZ_NONE) add(out, size, "select", value);
    (void)snprintf(value, sizeof value, "n%u", look->node);
    if (look->node != VIZ_NONE) add(out, size, "select", value);
    (void)snprintf(value, sizeof value, "#%llu", (unsigned long long)look->plan);
    if (look->plan != VIZ_PLAN_NONE) add(out, size, "select", value);
    (void)snprintf(value, sizeof value, "%.5g-%.5g", look->row_from, look->row_to);
    if (look->row_from > 0 || look->row_to < 1) add(out, size, "rows", value);
    (void)snprintf(value, sizeof value, "%.3g", look->text);
    if (fabs(look->text - 1) > 1e-9) add(out, size, "text", value);
    if (look->still) add(out, size, "motion", "reduced");
}

static void set_rows(struct viz_look *look, double from, double share)
{
    share = fmin(fmax(share, ROWS_MIN), 1);
    look->row_from = fmin(fmax(from, 0), 1 - share);
    look->row_to = fmin(look->row_from + share, 1);
}

void viz_look_zoom_rows(struct viz_look *look, double share, double at)
{
    double width = look->row_to - look->row_from, held = look->row_from + at * width;
    double wide = fmin(fmax(width * share, ROWS_MIN), 1);
    set_rows(look, held - at * wide, wide);
}

void viz_look_pan_rows(struct viz_look *look, double by)
{
    double width = look->row_to - look->row_from;
    set_rows(look, look->row_from + by * width, width);
}
