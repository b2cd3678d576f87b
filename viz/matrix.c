/*
 * matrix.c - see matrix.h. Columns are contiguous, so that pooling a column walks one cache-sized
 * run of bytes whatever the key order.
 */
#include "viz/matrix.h"

#include "viz/pool.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define LOWEST     1e-5
#define PER_DECADE (254.0 / 9.0)

uint8_t viz_matrix_quantise(double load)
{
    if (!(load > 0)) return 0;
    double level = 1 + floor(log10(load / LOWEST) * PER_DECADE);
    return level < 1 ? 1 : level > 255 ? 255 : (uint8_t)level;
}

/*
 * Thirty-two cells a doubling of the load are finer than a level (8.5 %), so a cell of the table
 * holds at most one border between levels: the guess is right or one too low.
 */
enum { CELLS = 32, DOUBLINGS = 64, DOUBLING_LOW = -24 };
static struct {
    uint8_t guess[DOUBLINGS * CELLS];
    float border[257]; /* the least load of a level */
    bool made;
} table;

static float border_of(int level)
{
    float load = (float)(LOWEST * pow(10, (level - 1) / PER_DECADE));
    while (viz_matrix_quantise((double)load) >= level)
        load = nextafterf(load, 0);
    while (viz_matrix_quantise((double)load) < level)
        load = nextafterf(load, INFINITY);
    return load;
}

static void make_table(void)
{
    for (int level = 2; level < 256; level++)
        table.border[level] = border_of(level);
    table.border[256] = INFINITY;
    for (int i = 0; i < DOUBLINGS * CELLS; i++) {
        double load = ldexp(1 + (double)(i % CELLS) / CELLS, DOUBLING_LOW + i / CELLS);
        table.guess[i] = viz_matrix_quantise(load);
    }
    table.made = true;
}

static inline uint8_t level_of(float load)
{
    if (!(load > 0)) return 0;
    if (!(load < 1e6f)) return 255;
    if (load < 1e-6f) return 1;
    uint32_t bits;
    memcpy(&bits, &load, sizeof bits);
    uint8_t guess = table.guess[(bits >> 18) - ((uint32_t)(127 + DOUBLING_LOW) << 5)];
    return (uint8_t)(guess + (load >= table.border[guess + 1]));
}

uint8_t viz_matrix_quantise_float(float load)
{
    if (!table.made) make_table();
    return level_of(load);
}

double viz_matrix_value(uint8_t level)
{
    return level == 0 ? 0 : LOWEST * pow(10, ((double)level - 0.5) / PER_DECADE);
}

static void *zeroed(size_t count, size_t size)
{
    void *memory = calloc(count > 0 ? count : 1, size);
    FORE_ASSERT(memory != NULL);
    return memory;
}

static uint32_t columns_allowed(uint32_t rows, uint32_t columns)
{
    uint32_t fit = VIZ_MATRIX_BYTES / (rows > 0 ? rows : 1);
    if (fit < 8) fit = 8;
    return (columns < fit ? columns : fit) & ~1u;
}

void viz_matrix_init(struct viz_matrix *matrix, uint32_t rows, uint32_t columns, fore_ns bucket_ns)
{
    FORE_ASSERT(bucket_ns > 0 && columns >= 2);
    *matrix = (struct viz_matrix){.row_cap = rows > 0 ? rows : 1, .bucket_ns = bucket_ns};
    matrix->column_cap = columns_allowed(rows, columns);
    matrix->cell = zeroed((size_t)matrix->column_cap * matrix->row_cap, 1);
    matrix->state = zeroed(matrix->column_cap, 1);
    matrix->pool = viz_pool_create(matrix->column_cap);
}

void viz_matrix_fini(struct viz_matrix *matrix)
{
    free(matrix->cell);
    free(matrix->state);
    viz_pool_destroy(matrix->pool);
    *matrix = (struct viz_matrix){0};
}

static uint8_t *column(const struct viz_matrix *matrix, uint64_t bucket)
{
    return matrix->cell + (size_t)(bucket % matrix->column_cap) * matrix->row_cap;
}

static uint8_t *state(const struct viz_matrix *matrix, uint64_t bucket)
{
    return &matrix->state[bucket % matrix->column_cap];
}

void viz_matrix_reserve(struct viz_matrix *matrix, uint32_t rows)
{
    if (rows <= matrix->row_cap) return;
    struct viz_matrix wider;
    viz_matrix_init(&wider, rows, matrix->column_cap, matrix->bucket_ns);
    wider.next = matrix->next;
    wider.hold = matrix->hold;
    uint64_t held = matrix->next - matrix->first;
    wider.first = held > wider.column_cap ? matrix->next - wider.column_cap : matrix->first;
    for (uint64_t b = wider.first; b < wider.next; b++) {
        memcpy(column(&wider, b), column(matrix, b), matrix->row_cap);
        *state(&wider, b) = *state(matrix, b);
    }
    viz_matrix_fini(matrix);
    *matrix = wider;
}

bool viz_matrix_open(struct viz_matrix *matrix, fore_ns at)
{
    uint64_t bucket = at / matrix->bucket_ns;
    if (matrix->next == matrix->first) matrix->first = matrix->next = bucket;
    if (bucket < matrix->first) return false;
    if (bucket >= matrix->next + matrix->column_cap) {
        matrix->first = matrix->next = bucket; /* all that was held has slid out */
    }
    for (; matrix->next <= bucket; matrix->next++) {
        memset(column(matrix, matrix->next), 0, matrix->row_cap);
        viz_pool_forget(matrix->pool, matrix->next % matrix->column_cap);
        *state(matrix, matrix->next) = VIZ_COLUMN_EMPTY;
    }
    if (matrix->next - matrix->first > matrix->column_cap)
        matrix->first = matrix->next - matrix->column_cap;
    *state(matrix, bucket) = VIZ_COLUMN_SAMPLED;
    return true;
}

void viz_matrix_put(struct viz_matrix *matrix, fore_ns at, uint32_t row, double load)
{
    FORE_ASSERT(row < matrix->row_cap);
    if (at != matrix->put_at) {
        matrix->put_at = at;
        matrix->put_slot = (uint32_t)(at / matrix->bucket_ns % matrix->column_cap);
    }
    uint8_t *cell = matrix->cell + (size_t)matrix->put_slot * matrix->row_cap + row;
    uint8_t level = viz_matrix_quantise_float((float)load);
    if (level <= *cell) return;
    *cell = level;
    viz_pool_forget(matrix->pool, matrix->put_slot);
}

void viz_matrix_put_many(struct viz_matrix *matrix, fore_ns at, const uint32_t *row,
                         const float *value, uint32_t count)
{
    uint8_t *cell = column(matrix, at / matrix->bucket_ns), raised = 0;
    if (!table.made) make_table();
    for (uint32_t i = 0; i < count; i++) {
        FORE_ASSERT(row[i] < matrix->row_cap);
        uint8_t level = level_of(value[i]);
        raised |= level > cell[row[i]];
        cell[row[i]] = level > cell[row[i]] ? level : cell[row[i]];
    }
    if (raised) viz_pool_forget(matrix->pool, at / matrix->bucket_ns % matrix->column_cap);
}

void viz_matrix_set(struct viz_matrix *matrix, fore_ns at, uint32_t row, double load)
{
    FORE_ASSERT(row < matrix->row_cap);
    column(matrix, at / matrix->bucket_ns)[row] = viz_matrix_quantise(load);
}

void viz_matrix_copy_row(struct viz_matrix *matrix, uint32_t from, uint32_t to)
{
    for (uint64_t b = matrix->first; b < matrix->next; b++)
        column(matrix, b)[to] = column(matrix, b)[from];
    viz_pool_forget_all(matrix->pool);
}

void viz_matrix_pool_row(struct viz_matrix *matrix, uint32_t from, uint32_t to)
{
    for (uint64_t b = matrix->first; b < matrix->next; b++) {
        uint8_t *c = column(matrix, b);
        if (c[from] > c[to]) c[to] = c[from];
    }
    viz_pool_forget_all(matrix->pool);
}

const uint8_t *viz_matrix_column(const struct viz_matrix *matrix, uint64_t bucket)
{
    if (matrix->next == matrix->first) return NULL;
    for (uint64_t d = 0; d <= matrix->hold; d++) { /* a sample tells of the time before it */
        uint64_t b = bucket + d;
        if (b >= matrix->first && b < matrix->next && *state(matrix, b) == VIZ_COLUMN_SAMPLED)
            return column(matrix, b);
    }
    for (uint64_t d = 1; d <= matrix->hold && d <= bucket; d++) {
        uint64_t b = bucket - d;
        if (b >= matrix->first && b < matrix->next && *state(matrix, b) == VIZ_COLUMN_SAMPLED)
            return column(matrix, b);
    }
    return NULL;
}

uint32_t viz_matrix_line(uint32_t i, uint32_t count, uint32_t height)
{
    return (uint32_t)((uint64_t)i * height / count);
}

void viz_matrix_paint(const struct viz_matrix_window *window, const uint8_t *from, uint32_t x,
                      uint8_t *level)
{
    for (uint32_t i = 0; i < window->order_count; i++) {
        uint8_t v = from[window->order[i]];
        if (v == 0) continue;
        uint32_t y = viz_matrix_line(i, window->order_count, window->height);
        uint32_t end = viz_matrix_line(i + 1, window->order_count, window->height);
        do {
            uint8_t *cell = &level[(size_t)y * window->width + x];
            if (v > *cell) *cell = v;
        } while (++y < end);
    }
}

/* The slots of the columns to show for from..to-1, those without any left out. */
static uint32_t slots_of(const struct viz_matrix *matrix, uint64_t from, uint64_t to,
                         uint32_t *slot)
{
    uint32_t count = 0;
    for (uint64_t b = from; b < to; b++) {
        const uint8_t *shown = viz_matrix_column(matrix, b);
        if (shown == NULL) continue;
        uint32_t s = (uint32_t)((size_t)(shown - matrix->cell) / matrix->row_cap);
        if (count == 0 || slot[count - 1] != s) slot[count++] = s;
    }
    return count;
}

struct viz_matrix_slots viz_matrix_slots(const struct viz_matrix *matrix,
                                         const struct viz_matrix_window *window, uint32_t begin,
                                         uint32_t end)
{
    uint32_t width = window->width, used = 0;
    FORE_ASSERT(begin <= end && end <= width);
    double span = (double)(window->to - window->from);
    struct viz_matrix_slots out = {.first = zeroed(width + (size_t)1, sizeof *out.first)};
    /* Buckets grow with the pixels, so only the two at a pixel's ends can be a neighbour's too. */
    out.slot = zeroed((size_t)matrix->column_cap + 3 * (size_t)width, sizeof *out.slot);
    if (matrix->next == matrix->first || window->order_count == 0) return out;
    uint64_t low = matrix->first > matrix->hold ? matrix->first - matrix->hold : 0;
    for (uint32_t x = begin; x < end; x++) {
        fore_ns at = window->from + (fore_ns)(span * x / width);
        fore_ns stop = window->from + (fore_ns)(span * (x + 1) / width);
        uint64_t b = at / matrix->bucket_ns, last = stop > at ? (stop - 1) / matrix->bucket_ns : b;
        if (b < low) b = low;
        if (last >= matrix->next + matrix->hold) last = matrix->next + matrix->hold - 1;
        out.first[x] = used;
        if (b <= last) used += slots_of(matrix, b, last + 1, out.slot + used);
    }
    for (uint32_t x = end; x <= width; x++)
        out.first[x] = used;
    return out;
}

void viz_matrix_slots_fini(struct viz_matrix_slots *slots)
{
    free(slots->first);
    free(slots->slot);
    *slots = (struct viz_matrix_slots){0};
}

void viz_matrix_image(const struct viz_matrix *matrix, const struct viz_matrix_window *window,
                      uint8_t *level)
{
    struct viz_matrix_slots slots = viz_matrix_slots(matrix, window, 0, window->width);
    memset(level, 0, (size_t)window->width * window->height);
    uint32_t used = slots.first[window->width];
    if (used > 0) {
        viz_pool_ready(matrix->pool, matrix, window, slots.slot, used);
        viz_pool_read(matrix->pool, slots.first, slots.slot, window->width, level);
    }
    viz_matrix_slots_fini(&slots);
}
