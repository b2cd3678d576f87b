/*
 * table.h - a text table whose columns are as wide as what is in them. Text is UTF-8 and a
 * character is one column wide; a first column is set left, numbers right.
 */
#ifndef LAB_TABLE_H
#define LAB_TABLE_H

#include "core/base/arena.h"
#include "core/base/buf.h"

enum { LAB_TABLE_COLUMNS = 16 };

struct lab_table {
    struct fore_arena *arena; /* cells live here */
    const char **cell;        /* [row * columns] */
    size_t columns, cells, cap;
    uint32_t left; /* bit set of the columns set left */
};

void lab_table_init(struct lab_table *table, struct fore_arena *arena, size_t columns,
                    uint32_t left);
/* The next cell, row by row. */
void lab_table_add(struct lab_table *table, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* The first row is the heading: a rule is drawn below it. Every line begins with `indent`. */
void lab_table_print(const struct lab_table *table, const char *indent, struct fore_buf *out);

/* "1.21 GB", "37 MB", "0" ; "12.3 ms" ; "3 h 20 min"; numbers as people read them. */
const char *lab_table_bytes(struct fore_arena *arena, double bytes);
const char *lab_table_latency(struct fore_arena *arena, double ns);
const char *lab_table_span(struct fore_arena *arena, double seconds);
/* About three significant digits, thousands separated: "0.0123", "12.3", "1,234". */
const char *lab_table_number(struct fore_arena *arena, double value);

#endif
