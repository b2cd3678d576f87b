/*
 * pool.h - the heat matrix pooled to the lines of a picture, kept between pictures.
 *
 * A line is the maximum of the rows that fall on it, in key order; with fewer rows than lines a row
 * covers several. Lines are stored one behind the other, columns side by side in the ring's slots,
 * so that a picture is read along its rows. A column is pooled when a picture first asks for it
 * after it changed. Order and height are part of the key: another order pools everything anew.
 */
#ifndef VIZ_POOL_H
#define VIZ_POOL_H

#include "viz/matrix.h"

struct viz_pool;
struct viz_pool *viz_pool_create(uint32_t columns);
uint64_t viz_pool_id(const struct viz_pool *pool); /* no other pool ever had it */
void viz_pool_destroy(struct viz_pool *pool);
void viz_pool_forget(struct viz_pool *pool, uint64_t slot);
void viz_pool_forget_all(struct viz_pool *pool);

/* Pools what these slots hold, unless it is still known. */
void viz_pool_ready(struct viz_pool *pool, const struct viz_matrix *matrix,
                    const struct viz_matrix_window *window, const uint32_t *slot, uint32_t count);
/* Pixel x of every line: the largest of its slots, first[x]..first[x + 1]. */
void viz_pool_read(const struct viz_pool *pool, const uint32_t *first, const uint32_t *slot,
                   uint32_t width, uint8_t *level);
/* A line's levels, by slot. */
const uint8_t *viz_pool_line(const struct viz_pool *pool, uint32_t y);
/* How often a slot has been pooled; another number, another content. */
uint32_t viz_pool_version(const struct viz_pool *pool, uint32_t slot);
/* Columns pooled since creation, for tests and the bench. */
uint64_t viz_pool_work(const struct viz_pool *pool);

/* The lines of one column of levels by row, written `stride` bytes apart. */
struct viz_lines;
struct viz_lines *viz_lines_create(const uint32_t *order, uint32_t count, uint32_t height);
void viz_lines_destroy(struct viz_lines *lines);
void viz_lines_pool(const struct viz_lines *lines, const uint8_t *row, uint8_t *out, size_t stride);

#endif
