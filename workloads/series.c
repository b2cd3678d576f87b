/*
 * series.c - the set of series and how files fill it.
 *
 * Rows grow by doubling inside the set's arena, so at most as much again is wasted. The bound on
 * cells keeps a hostile file (one row at window four billion) from taking the machine's memory.
 */
#include "workloads/series.h"

#include <string.h>

#include "core/base/hash.h"
#include "workloads/file.h"

enum { SERIES_MAX = 1 << 20, STEPS_MAX = 1 << 24, CELLS_MAX = 1 << 25 };

void wl_series_init(struct wl_series_set *set)
{
    *set = (struct wl_series_set){0};
    fore_arena_init(&set->arena);
}

void wl_series_fini(struct wl_series_set *set)
{
    fore_arena_fini(&set->arena);
}

uint32_t wl_series_new(struct wl_series_set *set, const char *name)
{
    if (set->count == SERIES_MAX) return UINT32_MAX;
    if (set->count == set->room) {
        uint32_t room = set->room < 64 ? 64 : set->room * 2;
        struct wl_series *grown = FORE_NEW(&set->arena, struct wl_series, room);
        if (set->count > 0) memcpy(grown, set->series, set->count * sizeof *grown);
        set->series = grown;
        set->room = room;
    }
    set->series[set->count].name = fore_arena_strdup(&set->arena, name);
    return set->count++;
}

/* The slot of a name: its series, or the free slot where it would go. */
static uint32_t *slot_of(const struct wl_series_set *set, const char *name)
{
    uint64_t hash = fore_hash_bytes(name, strlen(name), 0);
    for (uint64_t at = hash;; at++) {
        uint32_t *slot = &set->index[at % set->index_room];
        if (*slot == 0 || strcmp(set->series[*slot - 1].name, name) == 0) return slot;
    }
}

static void grow_index(struct wl_series_set *set)
{
    if (set->index_room > 2 * (set->count + 1)) return;
    set->index_room = set->index_room == 0 ? 256 : set->index_room * 2;
    set->index = FORE_NEW(&set->arena, uint32_t, set->index_room);
    for (uint32_t i = 0; i < set->count; i++)
        *slot_of(set, set->series[i].name) = i + 1;
}

uint32_t wl_series_named(struct wl_series_set *set, const char *name)
{
    grow_index(set);
    uint32_t *slot = slot_of(set, name);
    if (*slot != 0) return *slot - 1;
    uint32_t made = wl_series_new(set, name);
    if (made != UINT32_MAX) *slot = made + 1;
    return made;
}

enum fore_err wl_series_put(struct wl_series_set *set, uint32_t series, int kind, uint64_t step,
                            double value)
{
    struct wl_series *s = &set->series[series];
    if (step >= STEPS_MAX) return FORE_E_RANGE;
    if (step >= s->room[kind]) {
        uint32_t room = s->room[kind] < 64 ? 64 : s->room[kind];
        while (room <= step)
            room *= 2;
        if (set->cells + room > CELLS_MAX) return FORE_E_RANGE;
        float *grown = FORE_NEW(&set->arena, float, room);
        if (s->length[kind] > 0) memcpy(grown, s->count[kind], s->length[kind] * sizeof *grown);
        set->cells += room - s->room[kind];
        s->count[kind] = grown;
        s->room[kind] = room;
    }
    s->count[kind][step] += (float)value;
    if (step >= s->length[kind]) s->length[kind] = (uint32_t)step + 1;
    if (step >= set->steps) set->steps = (uint32_t)step + 1;
    return FORE_E_OK;
}

double wl_series_at(const struct wl_series_set *set, uint32_t series, int kind, uint32_t step)
{
    const struct wl_series *s = &set->series[series];
    return step < s->length[kind] ? (double)s->count[kind][step] : 0;
}

static enum fore_err load_file(struct wl_series_set *set, const char *path,
                               const struct wl_series_options *options, struct fore_arena *scratch,
                               struct fore_diag *diag)
{
    struct wl_file *file;
    FORE_TRY(wl_file_open(path, &file, diag));
    struct wl_series_parser *parser = wl_series_parse_begin(set, options, path, scratch);
    enum fore_err err = FORE_E_OK;
    while (err == FORE_E_OK) {
        char *line;
        size_t length;
        err = wl_file_line(file, &line, &length, diag);
        if (err != FORE_E_OK || line == NULL) break;
        if (strlen(line) != length)
            err = fore_err_set(diag, FORE_E_FORMAT, "%s:%llu: holds a NUL byte; is it text?", path,
                               (unsigned long long)wl_file_line_number(file));
        else
            err = wl_series_parse_line(parser, line, wl_file_line_number(file), diag);
    }
    wl_file_close(file);
    if (err == FORE_E_OK) err = wl_series_parse_end(parser, diag);
    return err;
}

enum fore_err wl_series_load(struct wl_series_set *set, const struct fore_strings *files,
                             const struct wl_series_options *options, struct fore_diag *diag)
{
    for (size_t i = 0; i < files->count; i++) {
        struct fore_arena scratch;
        fore_arena_init(&scratch);
        if (i == 0) set->first_file = fore_arena_strdup(&set->arena, files->item[0]);
        enum fore_err err = load_file(set, files->item[i], options, &scratch, diag);
        fore_arena_fini(&scratch);
        if (err != FORE_E_OK) return err;
    }
    return FORE_E_OK;
}
