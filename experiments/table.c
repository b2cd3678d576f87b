/*
 * table.c - cells first, widths when all of them are known.
 */
#include "experiments/table.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void lab_table_init(struct lab_table *table, struct fore_arena *arena, size_t columns,
                    uint32_t left)
{
    FORE_ASSERT(columns >= 1 && columns <= LAB_TABLE_COLUMNS);
    *table = (struct lab_table){.arena = arena, .columns = columns, .left = left};
}

void lab_table_add(struct lab_table *table, const char *fmt, ...)
{
    char text[256];
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    if (table->cells == table->cap) {
        size_t cap = table->cap == 0 ? 64 : 2 * table->cap;
        const char **cell = FORE_NEW(table->arena, const char *, cap);
        if (table->cells > 0) memcpy(cell, table->cell, table->cells * sizeof *cell);
        table->cell = cell;
        table->cap = cap;
    }
    table->cell[table->cells++] = fore_arena_strdup(table->arena, text);
}

static size_t width_of(const char *text)
{
    size_t width = 0;
    for (; *text != '\0'; text++)
        width += ((unsigned char)*text & 0xC0) != 0x80; /* not a continuation byte */
    return width;
}

static void pad(struct fore_buf *out, size_t count)
{
    for (size_t i = 0; i < count; i++)
        fore_buf_puts(out, " ");
}

static void print_row(const struct lab_table *table, size_t row, const size_t *width,
                      const char *indent, struct fore_buf *out)
{
    fore_buf_puts(out, indent);
    for (size_t c = 0; c < table->columns; c++) {
        size_t at = row * table->columns + c;
        const char *text = at < table->cells ? table->cell[at] : "";
        size_t gap = width[c] - width_of(text);
        bool left = (table->left >> c & 1) != 0;
        if (c > 0) fore_buf_puts(out, "  ");
        if (!left) pad(out, gap);
        fore_buf_puts(out, text);
        if (left && c + 1 < table->columns) pad(out, gap);
    }
    fore_buf_puts(out, "\n");
}

void lab_table_print(const struct lab_table *table, const char *indent, struct fore_buf *out)
{
    size_t width[LAB_TABLE_COLUMNS] = {0}, total = 0;
    FORE_ASSERT(table->columns > 0);
    for (size_t i = 0; i < table->cells; i++) {
        size_t w = width_of(table->cell[i]);
        if (w > width[i % table->columns]) width[i % table->columns] = w;
    }
    for (size_t c = 0; c < table->columns; c++)
        total += width[c] + (c > 0 ? 2 : 0);
    size_t rows = (table->cells + table->columns - 1) / table->columns;
    for (size_t row = 0; row < rows; row++) {
        print_row(table, row, width, indent, out);
        if (row > 0) continue;
        fore_buf_puts(out, indent);
        for (size_t i = 0; i < total; i++)
            fore_buf_puts(out, "\xe2\x94\x80"); /* a horizontal rule */
        fore_buf_puts(out, "\n");
    }
}

const char *lab_table_bytes(struct fore_arena *arena, double bytes)
{
    static const char *const unit[] = {"B", "kB", "MB", "GB", "TB", "PB"};
    size_t u = 0;
    if (isnan(bytes)) return "-";
    while (fabs(bytes) >= 999.5 && u + 1 < FORE_COUNTOF(unit)) {
        bytes /= 1000;
        u++;
    }
    if (u == 0) return fabs(bytes) < .5 ? "0" : fore_arena_printf(arena, "%.0f B", bytes);
    return fore_arena_printf(arena, fabs(bytes) < 9.95 ? "%.1f %s" : "%.0f %s", bytes, unit[u]);
}

const char *lab_table_latency(struct fore_arena *arena, double ns)
{
    static const char *const unit[] = {"ns", "us", "ms", "s"};
    size_t u = 0;
    if (isnan(ns)) return "-";
    while (fabs(ns) >= 999.5 && u + 1 < FORE_COUNTOF(unit)) {
        ns /= 1000;
        u++;
    }
    return fore_arena_printf(arena, fabs(ns) < 9.95 ? "%.2f %s" : "%.1f %s", ns, unit[u]);
}

const char *lab_table_span(struct fore_arena *arena, double seconds)
{
    static const struct {
        double size;
        const char *name, *below;
        double below_size;
    } unit[] = {
        {86400, "d",   "h",   3600},
        {3600,  "h",   "min", 60  },
        {60,    "min", "s",   1   }
    };
    for (size_t i = 0; i < FORE_COUNTOF(unit); i++) {
        if (seconds < unit[i].size) continue;
        double whole = floor(seconds / unit[i].size);
        double rest = floor((seconds - whole * unit[i].size) / unit[i].below_size);
        if (rest < 1) return fore_arena_printf(arena, "%.0f %s", whole, unit[i].name);
        return fore_arena_printf(arena, "%.0f %s %.0f %s", whole, unit[i].name, rest,
                                 unit[i].below);
    }
    return fore_arena_printf(arena, "%.3g s", seconds);
}

const char *lab_table_number(struct fore_arena *arena, double value)
{
    double size = fabs(value);
    if (isnan(value)) return "-";
    if (size < 5e-7) return "0";
    if (size < .0995) return fore_arena_printf(arena, "%.2g", value);
    if (size < 9.995) return fore_arena_printf(arena, "%.2f", value);
    if (size < 99.95) return fore_arena_printf(arena, "%.1f", value);
    if (size >= 1e15) return fore_arena_printf(arena, "%.3g", value);
    char digits[32], out[48];
    int len = snprintf(digits, sizeof digits, "%.0f", size), used = 0;
    for (int i = 0; i < len; i++) {
        if (i > 0 && (len - i) % 3 == 0) out[used++] = ',';
        out[used++] = digits[i];
    }
    out[used] = '\0';
    return fore_arena_printf(arena, "%s%s", value < 0 ? "-" : "", out);
}
