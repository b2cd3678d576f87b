/*
 * matrix.h - load by time and partition, one byte a cell, in bounded memory.
 *
 * A byte is the logarithm of a load: 0 is none, 1..255 cover 1e-5..1e4 cores in steps of 8.5 %.
 * Columns are a ring of equal time buckets; many values in one bucket keep the largest, so that a
 * hot second never disappears in a long journal. Rows are partition indexes; key order is the
 * painter's business.
 *
 * A picture of many rows is pooled first, by maximum, into as many lines as it has pixels. That is
 * kept beside the ring (struct viz_pool) until order or height change, so that a new column costs
 * one column's pooling and a redraw reads lines, not rows.
 */
#ifndef VIZ_MATRIX_H
#define VIZ_MATRIX_H

#include "core/base/base.h"

struct viz_pool;
struct viz_matrix {
    uint8_t *cell;  /* [column_cap][row_cap], a column at slot bucket % column_cap */
    uint8_t *state; /* [column_cap]: enum viz_column */
    uint32_t row_cap, column_cap;
    fore_ns bucket_ns;
    uint64_t first, next; /* buckets held: first..next-1 */
    uint64_t hold;        /* a bucket without a sample shows a neighbour at most so far away */
    struct viz_pool *pool;
    fore_ns put_at; /* of the last put, and its slot: a division saved for each of a window */
    uint32_t put_slot;
};

enum viz_column { VIZ_COLUMN_EMPTY, VIZ_COLUMN_SAMPLED };
enum { VIZ_MATRIX_BYTES = 96 << 20 }; /* all cells together */

uint8_t viz_matrix_quantise(double load);
/* The same for very many: a table in place of a logarithm. */
uint8_t viz_matrix_quantise_float(float load);
double viz_matrix_value(uint8_t level); /* the middle of a level; 0 for 0 */

/* Fewer columns than asked for when so many rows would not fit VIZ_MATRIX_BYTES. */
void viz_matrix_init(struct viz_matrix *matrix, uint32_t rows, uint32_t columns, fore_ns bucket_ns);
void viz_matrix_fini(struct viz_matrix *matrix);
/* Room for so many rows, contents kept; drops columns if the bound asks for it. */
void viz_matrix_reserve(struct viz_matrix *matrix, uint32_t rows);
/* Opens the bucket of `at`, forgetting the oldest ones; false when `at` is already forgotten. */
bool viz_matrix_open(struct viz_matrix *matrix, fore_ns at);
/* Into the bucket opened last for `at`; row < row_cap. */
void viz_matrix_put(struct viz_matrix *matrix, fore_ns at, uint32_t row, double load);
/* The same for what comes a window at a time: values[i] into the row rows[i]. */
void viz_matrix_put_many(struct viz_matrix *matrix, fore_ns at, const uint32_t *row,
                         const float *value, uint32_t count);
/* Instead of what is there. */
void viz_matrix_set(struct viz_matrix *matrix, fore_ns at, uint32_t row, double load);
/* History of a row, for split (to shows what from showed) and merge (to shows the larger). */
void viz_matrix_copy_row(struct viz_matrix *matrix, uint32_t from, uint32_t to);
void viz_matrix_pool_row(struct viz_matrix *matrix, uint32_t from, uint32_t to);
/* The column to show for a bucket: its own, the next sampled one, or the one before; else NULL. */
const uint8_t *viz_matrix_column(const struct viz_matrix *matrix, uint64_t bucket);

/* A picture of from..to: `width` x `height` levels, row-major. order[] names the row of each line
 * of the key order; lines are pooled by maximum where there are more of them than pixels. */
struct viz_matrix_window {
    fore_ns from, to;
    const uint32_t *order;
    uint32_t order_count;
    uint32_t width, height;
};
void viz_matrix_image(const struct viz_matrix *matrix, const struct viz_matrix_window *window,
                      uint8_t *level);
/* The ring's slots that pixel x shows: slot[first[x]] .. slot[first[x + 1] - 1], for the pixels
 * begin..end-1; the others have none. */
struct viz_matrix_slots {
    uint32_t *first, *slot;
};
struct viz_matrix_slots viz_matrix_slots(const struct viz_matrix *matrix,
                                         const struct viz_matrix_window *window, uint32_t begin,
                                         uint32_t end);
void viz_matrix_slots_fini(struct viz_matrix_slots *slots);
/* One column of levels, by row, into column x of such a picture. */
void viz_matrix_paint(const struct viz_matrix_window *window, const uint8_t *from, uint32_t x,
                      uint8_t *level);
/* First and one past the last pixel line of row i of `count` on `height` pixels. */
uint32_t viz_matrix_line(uint32_t i, uint32_t count, uint32_t height);

#endif
