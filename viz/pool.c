/*
 * pool.c - see pool.h. Key order is index order but for what has been split since, so a line is a
 * handful of runs of neighbouring rows, and a run's maximum is sixteen bytes an instruction.
 */
#include "viz/pool.h"

#include "core/base/hash.h"

#include <stdlib.h>
#include <string.h>

struct run {
    uint32_t row, count; /* neighbouring rows */
    uint32_t line, lines;
};

struct viz_lines {
    struct run *run;
    uint32_t count;
};

struct viz_pool {
    uint32_t columns, height, order_count;
    uint64_t order_hash;
    struct viz_lines *lines;
    uint8_t *cell;     /* [height][columns] */
    uint8_t *known;    /* [columns] */
    uint32_t *version; /* [columns] */
    uint64_t work, id;
};

static void *wanted(void *memory)
{
    FORE_ASSERT(memory != NULL);
    return memory;
}

struct viz_lines *viz_lines_create(const uint32_t *order, uint32_t count, uint32_t height)
{
    struct viz_lines *lines = wanted(calloc(1, sizeof *lines));
    lines->run = wanted(calloc(count + (size_t)1, sizeof *lines->run));
    for (uint32_t i = 0; i < count && height > 0; i++) {
        uint32_t line = viz_matrix_line(i, count, height);
        uint32_t end = viz_matrix_line(i + 1, count, height);
        uint32_t tall = end > line ? end - line : 1;
        struct run *last = lines->count > 0 ? &lines->run[lines->count - 1] : NULL;
        if (last != NULL && last->line == line && last->lines == tall &&
            last->row + last->count == order[i])
            last->count++;
        else
            lines->run[lines->count++] =
                (struct run){.row = order[i], .count = 1, .line = line, .lines = tall};
    }
    return lines;
}

void viz_lines_destroy(struct viz_lines *lines)
{
    if (lines == NULL) return;
    free(lines->run);
    free(lines);
}

static uint8_t largest(const uint8_t *row, uint32_t count)
{
    uint8_t lane[16] = {0}, top = 0;
    for (; count >= 16; count -= 16, row += 16)
        for (int i = 0; i < 16; i++)
            lane[i] = row[i] > lane[i] ? row[i] : lane[i];
    for (uint32_t i = 0; i < count; i++)
        top = row[i] > top ? row[i] : top;
    for (int i = 0; i < 16; i++)
        top = lane[i] > top ? lane[i] : top;
    return top;
}

void viz_lines_pool(const struct viz_lines *lines, const uint8_t *row, uint8_t *out, size_t stride)
{
    for (uint32_t i = 0; i < lines->count; i++) {
        const struct run *run = &lines->run[i];
        uint8_t top = run->count == 1 ? row[run->row] : largest(row + run->row, run->count);
        for (uint32_t k = 0; k < run->lines; k++) {
            uint8_t *cell = &out[(size_t)(run->line + k) * stride];
            if (top > *cell) *cell = top;
        }
    }
}

struct viz_pool *viz_pool_create(uint32_t columns)
{
    struct viz_pool *pool = wanted(calloc(1, sizeof *pool));
    static uint64_t created;
    pool->id = ++created;
    pool->columns = columns;
    pool->known = wanted(calloc(columns, 1));
    pool->version = wanted(calloc(columns, sizeof *pool->version));
    return pool;
}

uint64_t viz_pool_id(const struct viz_pool *pool)
{
    return pool->id;
}

void viz_pool_destroy(struct viz_pool *pool)
{
    if (pool == NULL) return;
    viz_lines_destroy(pool->lines);
    free(pool->cell);
    free(pool->known);
    free(pool->version);
    free(pool);
}

void viz_pool_forget(struct viz_pool *pool, uint64_t slot)
{
    pool->known[slot] = 0;
}

void viz_pool_forget_all(struct viz_pool *pool)
{
    memset(pool->known, 0, pool->columns);
}

/* The pool's key is that of the window, or all of it is forgotten. */
static void adopt(struct viz_pool *pool, const struct viz_matrix_window *window)
{
    uint64_t hash = fore_hash_bytes(window->order, window->order_count * sizeof *window->order, 0);
    if (pool->lines != NULL && pool->height == window->height &&
        pool->order_count == window->order_count && pool->order_hash == hash)
        return;
    if (pool->height != window->height) {
        free(pool->cell);
        pool->cell = wanted(calloc((size_t)window->height * pool->columns + 1, 1));
    }
    viz_lines_destroy(pool->lines);
    pool->lines = viz_lines_create(window->order, window->order_count, window->height);
    pool->height = window->height;
    pool->order_count = window->order_count;
    pool->order_hash = hash;
    viz_pool_forget_all(pool);
}

void viz_pool_ready(struct viz_pool *pool, const struct viz_matrix *matrix,
                    const struct viz_matrix_window *window, const uint32_t *slot, uint32_t count)
{
    adopt(pool, window);
    for (uint32_t i = 0; i < count; i++) {
        if (pool->known[slot[i]]) continue;
        for (uint32_t y = 0; y < pool->height; y++)
            pool->cell[(size_t)y * pool->columns + slot[i]] = 0;
        viz_lines_pool(pool->lines, matrix->cell + (size_t)slot[i] * matrix->row_cap,
                       pool->cell + slot[i], pool->columns);
        pool->known[slot[i]] = 1;
        pool->version[slot[i]]++;
        pool->work++;
    }
}

void viz_pool_read(const struct viz_pool *pool, const uint32_t *first, const uint32_t *slot,
                   uint32_t width, uint8_t *level)
{
    for (uint32_t y = 0; y < pool->height; y++) {
        const uint8_t *line = pool->cell + (size_t)y * pool->columns;
        uint8_t *out = level + (size_t)y * width;
        for (uint32_t x = 0; x < width; x++) {
            uint8_t top = 0;
            for (uint32_t i = first[x]; i < first[x + 1]; i++)
                top = line[slot[i]] > top ? line[slot[i]] : top;
            out[x] = top;
        }
    }
}

const uint8_t *viz_pool_line(const struct viz_pool *pool, uint32_t y)
{
    return pool->cell + (size_t)y * pool->columns;
}

uint32_t viz_pool_version(const struct viz_pool *pool, uint32_t slot)
{
    return pool->version[slot];
}

uint64_t viz_pool_work(const struct viz_pool *pool)
{
    return pool->work;
}
