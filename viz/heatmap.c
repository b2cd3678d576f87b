/* heatmap.c - see heatmap.h. */
#include "viz/heatmap.h"

#include "core/base/hash.h"
#include "viz/pool.h"

#include <stdlib.h>
#include <string.h>

struct viz_heatmap {
    uint64_t key; /* of the view, the size and the order */
    uint32_t width, height, x0;
    uint8_t *level;      /* [height][width] */
    uint64_t *shows;     /* [width]: a name for what the column showed last; 0: nothing yet */
    uint8_t *uncoloured; /* [width] */
    size_t histogram[256];
    cairo_surface_t *picture;
    uint32_t now[256], then[256]; /* the picture's colours */
    uint64_t work, recoloured;
};

static void *wanted(void *memory)
{
    FORE_ASSERT(memory != NULL);
    return memory;
}

struct viz_heatmap *viz_heatmap_create(void)
{
    return wanted(calloc(1, sizeof(struct viz_heatmap)));
}

static void drop(struct viz_heatmap *map)
{
    free(map->level);
    free(map->shows);
    free(map->uncoloured);
    if (map->picture != NULL) cairo_surface_destroy(map->picture);
    *map = (struct viz_heatmap){.work = map->work, .recoloured = map->recoloured};
}

void viz_heatmap_destroy(struct viz_heatmap *map)
{
    if (map == NULL) return;
    drop(map);
    free(map);
}

/* Another picture altogether? */
static void adopt(struct viz_heatmap *map, const struct viz_heatmap_spec *spec)
{
    const struct viz_matrix_window *w = spec->later.window;
    const uint64_t parts[] = {w->from,
                              w->to,
                              w->width,
                              w->height,
                              spec->matrix->bucket_ns,
                              viz_pool_id(spec->matrix->pool)};
    uint64_t key = fore_hash_bytes(w->order, w->order_count * sizeof *w->order,
                                   fore_hash_bytes(parts, sizeof parts, 0));
    if (map->level != NULL && map->key == key) return;
    size_t pixels = (size_t)w->width * w->height;
    if (map->level != NULL && map->width == w->width && map->height == w->height) {
        memset(map->shows, 0,
               w->width * sizeof *map->shows); /* pixels that stay need no new colour */
        map->key = key;
        return;
    }
    drop(map);
    map->key = key;
    map->width = w->width;
    map->height = w->height;
    map->level = wanted(calloc(pixels + 1, 1));
    map->shows = wanted(calloc(w->width + (size_t)1, sizeof *map->shows));
    map->uncoloured = wanted(malloc(w->width + (size_t)1));
    memset(map->uncoloured, 1, w->width);
    map->histogram[0] = pixels;
}

/* A name for what a measured column shows: its buckets, and how often they were pooled. */
static uint64_t name_of(const struct viz_pool *pool, const uint32_t *slot, uint32_t count)
{
    uint64_t name = 1;
    for (uint32_t i = 0; i < count; i++)
        name = (name ^ ((uint64_t)slot[i] << 32 ^ viz_pool_version(pool, slot[i]))) *
               UINT64_C(0x9e3779b97f4a7c15);
    return name | 1;
}

static void put(struct viz_heatmap *map, uint32_t x, uint8_t *cell, uint8_t level)
{
    map->histogram[*cell]--;
    map->histogram[level]++;
    *cell = level;
    map->uncoloured[x] = 1;
}

/* Puts a column's new levels in place of the old ones. */
static void mend(struct viz_heatmap *map, uint32_t x, const uint8_t *line)
{
    for (uint32_t y = 0; y < map->height; y++) {
        uint8_t *cell = &map->level[(size_t)y * map->width + x];
        if (*cell != line[y]) put(map, x, cell, line[y]);
    }
    map->work++;
}

/* The columns that show something else than before, into `out`. */
static uint32_t changed(struct viz_heatmap *map, const struct viz_pool *pool,
                        const struct viz_matrix_slots *slots, uint32_t begin, uint32_t end,
                        uint32_t *out)
{
    uint32_t count = 0;
    for (uint32_t x = begin; x < end; x++) {
        uint64_t name =
            name_of(pool, slots->slot + slots->first[x], slots->first[x + 1] - slots->first[x]);
        if (map->shows[x] == name) continue;
        map->shows[x] = name;
        out[count++] = x;
    }
    return count;
}

/* The levels of line y in the columns that changed. Most pixels show one bucket or two. */
static void read_line(const struct viz_matrix_slots *slots, const uint8_t *line,
                      const uint32_t *column, uint32_t count, uint8_t *out)
{
    for (uint32_t i = 0; i < count; i++) {
        uint32_t k = slots->first[column[i]], end = slots->first[column[i] + 1];
        uint8_t top = k < end ? line[slots->slot[k]] : 0;
        for (k++; k < end; k++)
            top = line[slots->slot[k]] > top ? line[slots->slot[k]] : top;
        out[i] = top;
    }
}

/* After many changes the levels are counted anew: cheaper than two counts for each. Four tables,
 * so that equal neighbours need not wait for each other. */
static void count_levels(struct viz_heatmap *map)
{
    uint32_t table[4][256] = {{0}};
    size_t pixels = (size_t)map->width * map->height, i = 0;
    for (; i + 4 <= pixels; i += 4)
        for (size_t k = 0; k < 4; k++)
            table[k][map->level[i + k]]++;
    for (; i < pixels; i++)
        table[0][map->level[i]]++;
    for (int v = 0; v < 256; v++)
        map->histogram[v] = (size_t)table[0][v] + table[1][v] + table[2][v] + table[3][v];
}

/* Line by line, because that is how levels and pool lie in memory. */
static void mend_measured(struct viz_heatmap *map, const struct viz_heatmap_spec *spec)
{
    struct viz_pool *pool = spec->matrix->pool;
    uint32_t end = spec->later.x0 < spec->to ? spec->later.x0 : spec->to;
    uint32_t begin = spec->from < end ? spec->from : end;
    struct viz_matrix_slots slots = viz_matrix_slots(spec->matrix, spec->later.window, begin, end);
    uint32_t *column = wanted(calloc(map->width + (size_t)1, sizeof *column));
    uint8_t *top = wanted(calloc(map->width + (size_t)1, 1));
    viz_pool_ready(pool, spec->matrix, spec->later.window, slots.slot + slots.first[begin],
                   slots.first[end] - slots.first[begin]);
    uint32_t count = changed(map, pool, &slots, begin, end, column);
    bool many = count > map->width / 8;
    for (uint32_t y = 0; y < map->height && count > 0; y++) {
        uint8_t *level = map->level + (size_t)y * map->width;
        read_line(&slots, viz_pool_line(pool, y), column, count, top);
        for (uint32_t i = 0; many && i < count; i++)
            level[column[i]] = top[i];
        for (uint32_t i = 0; !many && i < count; i++)
            if (level[column[i]] != top[i]) put(map, column[i], &level[column[i]], top[i]);
    }
    if (many) count_levels(map);
    for (uint32_t i = 0; many && i < count; i++)
        map->uncoloured[column[i]] = 1;
    map->work += count;
    free(column);
    free(top);
    viz_matrix_slots_fini(&slots);
}

static void mend_later(struct viz_heatmap *map, const struct viz_model *model,
                       const struct viz_heatmap_spec *spec, uint8_t *line)
{
    struct viz_later_columns columns = viz_later_columns(model, &spec->later);
    uint32_t x = spec->later.x0 > spec->from ? spec->later.x0 : spec->from;
    for (; x < spec->to; x++) {
        uint64_t name = viz_later_name(&columns, x) & ~UINT64_C(1);
        if (name != 0 && map->shows[x] == name) continue;
        viz_later_column(&columns, x, line);
        mend(map, x, line);
        map->shows[x] = name;
    }
}

const uint8_t *viz_heatmap_levels(struct viz_heatmap *map, const struct viz_model *model,
                                  const struct viz_heatmap_spec *spec)
{
    FORE_ASSERT(spec->from <= spec->to && spec->to <= spec->later.window->width);
    adopt(map, spec);
    uint8_t *line = wanted(calloc(map->height + (size_t)1, 1));
    mend_measured(map, spec);
    if (!spec->measured_only) mend_later(map, model, spec, line);
    /* What has become measured, or forecast, is coloured otherwise. */
    uint32_t low = map->x0 < spec->later.x0 ? map->x0 : spec->later.x0;
    uint32_t high = map->x0 < spec->later.x0 ? spec->later.x0 : map->x0;
    for (uint32_t x = low; x < high && x < map->width; x++)
        map->uncoloured[x] = 1;
    map->x0 = spec->later.x0;
    free(line);
    return map->level;
}

const size_t *viz_heatmap_histogram(const struct viz_heatmap *map)
{
    return map->histogram;
}

/* Colours the columns from..to-1, line by line. */
static void colour(struct viz_heatmap *map, uint32_t from, uint32_t to)
{
    unsigned char *bytes = cairo_image_surface_get_data(map->picture);
    size_t stride = (size_t)cairo_image_surface_get_stride(map->picture);
    uint32_t middle = map->x0 < from ? from : map->x0 < to ? map->x0 : to;
    for (uint32_t y = 0; y < map->height; y++) {
        const uint8_t *level = map->level + (size_t)y * map->width;
        uint32_t *pixel = (uint32_t *)(void *)(bytes + y * stride);
        for (uint32_t x = from; x < middle; x++)
            pixel[x] = map->now[level[x]];
        for (uint32_t x = middle; x < to; x++)
            pixel[x] = map->then[level[x]];
    }
    memset(map->uncoloured + from, 0, to - from);
}

void viz_heatmap_paint(struct viz_heatmap *map, cairo_t *cr, const struct viz_heatmap_look *look)
{
    if (map->width == 0 || map->height == 0) return;
    bool all = map->picture == NULL || memcmp(map->now, look->now, sizeof map->now) != 0 ||
               memcmp(map->then, look->then, sizeof map->then) != 0;
    if (map->picture == NULL)
        map->picture =
            cairo_image_surface_create(CAIRO_FORMAT_RGB24, (int)map->width, (int)map->height);
    FORE_ASSERT(cairo_surface_status(map->picture) == CAIRO_STATUS_SUCCESS);
    memcpy(map->now, look->now, sizeof map->now);
    memcpy(map->then, look->then, sizeof map->then);
    map->recoloured += all;
    cairo_surface_flush(map->picture);
    for (uint32_t x = 0; x < map->width;) {
        uint32_t from = x;
        while (x < map->width && (all || map->uncoloured[x]))
            x++;
        if (x > from) colour(map, from, x);
        x += x == from;
    }
    cairo_surface_mark_dirty(map->picture);
    cairo_set_source_surface(cr, map->picture, look->x, look->y);
    cairo_pattern_set_filter(cairo_get_source(cr), CAIRO_FILTER_NEAREST);
    cairo_rectangle(cr, look->x, look->y, map->width, map->height);
    cairo_fill(cr);
}

uint64_t viz_heatmap_key(const struct viz_heatmap *map)
{
    return map->key;
}

uint64_t viz_heatmap_recoloured(const struct viz_heatmap *map)
{
    return map->recoloured;
}

uint64_t viz_heatmap_work(const struct viz_heatmap *map)
{
    return map->work;
}
