/*
 * history_state.c - the past as bytes (history.h). Rows go as they lie in memory, little-endian, a
 * cache line at a time; which slots hold one is told once a level, as in the rings.
 *
 * Windows (level 0) are left out: they are the bulk, and after a pause they say nothing of now. The
 * level begins again, empty, where the newest whole point of the one above ends.
 */
#include "core/base/bytes.h"
#include "core/observe/history_parts.h"

#include <math.h>
#include <string.h>

enum { ROW_BYTES = FORE_HISTORY_LANES * sizeof(float) };
static const char kind_of_state[] = "history";

static uint64_t oldest(const struct fore_history_level *level)
{
    uint64_t at = level->newest >= level->cap ? level->newest - level->cap + 1 : 0;
    return at > level->first ? at : level->first;
}

static size_t row_at(const struct fore_history_level *level, int metric, uint64_t slot)
{
    return level->offset[metric] + slot % level->cap * FORE_HISTORY_LANES;
}

/* ---- out ----------------------------------------------------------------------------------- */

static void write_level(const struct fore_history *history, int k, struct fore_buf *out)
{
    const struct fore_history_level *level = &history->level[k];
    fore_bytes_put_u64(out, level->newest);
    fore_bytes_put_u64(out, level->first);
    for (uint64_t slot = oldest(level); slot <= level->newest; slot++)
        fore_buf_append(out, &level->present[slot % level->cap], 1);
}

static void write_block(const struct fore_history *history, uint32_t index, struct fore_buf *out)
{
    const struct fore_history_block *block = &history->block[index];
    fore_bytes_put_u32(out, index);
    for (int k = 1; k < FORE_HISTORY_LEVELS; k++) {
        const struct fore_history_level *level = &history->level[k];
        fore_bytes_put_u64(out, block->first[k]);
        for (uint64_t slot = oldest(level); slot <= level->newest; slot++) {
            if (slot < block->first[k] || !level->present[slot % level->cap]) continue;
            for (int m = 0; m < FORE_HIST_METRICS; m++)
                fore_buf_append(out, block->row + row_at(level, m, slot), ROW_BYTES);
        }
    }
}

void fore_history_save(const struct fore_history *history, struct fore_buf *out)
{
    struct fore_buf state = {0};
    uint32_t blocks = 0;
    fore_bytes_put_u32(&state, history->partition_cap);
    for (int k = 0; k < FORE_HISTORY_LEVELS; k++) {
        fore_bytes_put_u64(&state, history->shape.step[k]);
        fore_bytes_put_u32(&state, history->shape.length[k]);
    }
    fore_bytes_put_u32(&state, history->started);
    for (int k = 1; k < FORE_HISTORY_LEVELS && history->started; k++)
        write_level(history, k, &state);
    for (uint32_t b = 0; b < history->block_count; b++)
        blocks += history->block[b].row != NULL;
    fore_bytes_put_u32(&state, history->started ? blocks : 0);
    for (uint32_t b = 0; b < history->block_count && history->started; b++)
        if (history->block[b].row != NULL) write_block(history, b, &state);
    fore_frame_write(kind_of_state, &state, out);
    fore_buf_fini(&state);
}

/* ---- back ---------------------------------------------------------------------------------- */

static const unsigned char *take(struct fore_bytes_cursor *c, size_t bytes)
{
    const unsigned char *at = c->at;
    c->sound = c->sound && (size_t)(c->end - c->at) >= bytes;
    if (!c->sound) return NULL;
    c->at += bytes;
    return at;
}

static void read_level(struct fore_history *history, int k, struct fore_bytes_cursor *c)
{
    struct fore_history_level *level = &history->level[k];
    level->newest = fore_bytes_get_u64(c);
    level->first = fore_bytes_get_u64(c);
    c->sound = c->sound && level->first >= 1 && level->first <= level->newest + 1 &&
               level->newest < UINT64_MAX / 4 / level->step;
    for (uint64_t slot = oldest(level); c->sound && slot <= level->newest; slot++) {
        const unsigned char *byte = take(c, 1);
        if (byte == NULL) return;
        level->present[slot % level->cap] = *byte == 1;
        c->sound = c->sound && *byte <= 1;
    }
}

/* Loads and rates: not negative, finite, or not known. */
static bool plausible(const float *row)
{
    bool good = true;
    for (int lane = 0; lane < FORE_HISTORY_LANES; lane++)
        good = good && (isnan(row[lane]) || (row[lane] >= 0 && isfinite(row[lane])));
    return good;
}

static void read_block(struct fore_history *history, uint32_t index, struct fore_bytes_cursor *c)
{
    struct fore_history_block *block = &history->block[index];
    fore_history_block_begin(history, block);
    for (int k = 1; k < FORE_HISTORY_LEVELS && c->sound; k++) {
        const struct fore_history_level *level = &history->level[k];
        block->first[k] = fore_bytes_get_u64(c);
        for (uint64_t slot = oldest(level); c->sound && slot <= level->newest; slot++) {
            if (slot < block->first[k] || !level->present[slot % level->cap]) continue;
            for (int m = 0; m < FORE_HIST_METRICS && c->sound; m++) {
                const unsigned char *bytes = take(c, ROW_BYTES);
                float *row = block->row + row_at(level, m, slot);
                if (bytes == NULL) return;
                memcpy(row, bytes, ROW_BYTES);
                c->sound = c->sound && plausible(row);
            }
        }
    }
}

/* The windows go on where the newest whole point ends, and the levels agree on where that is. */
static void begin_windows(struct fore_history *history, struct fore_bytes_cursor *c)
{
    struct fore_history_level *level = history->level;
    for (int k = 1; k + 1 < FORE_HISTORY_LEVELS; k++)
        c->sound = c->sound && level[k + 1].newest == level[k].newest / level[k].ratio;
    level[0].newest = level[1].newest * level[0].ratio;
    level[0].first = level[0].newest + 1;
    history->started = true;
}

enum fore_err fore_history_load(struct fore_history *history, const void *bytes, size_t size,
                                struct fore_diag *diag)
{
    struct fore_bytes_cursor c;
    FORE_ASSERT(!history->started);
    FORE_TRY(fore_frame_read(kind_of_state, bytes, size, &c, diag));
    bool same = fore_bytes_get_u32(&c) == history->partition_cap;
    for (int k = 0; k < FORE_HISTORY_LEVELS; k++) {
        same = fore_bytes_get_u64(&c) == history->shape.step[k] && same;
        same = fore_bytes_get_u32(&c) == history->shape.length[k] && same;
    }
    if (!same)
        return fore_err_set(diag, FORE_E_FORMAT,
                            "the history was kept with other steps, lengths or partitions");
    bool started = fore_bytes_get_u32(&c) == 1;
    for (int k = 1; k < FORE_HISTORY_LEVELS && started; k++)
        read_level(history, k, &c);
    if (started) begin_windows(history, &c);
    uint32_t blocks = fore_bytes_get_u32(&c), least = 0;
    for (uint32_t i = 0; i < blocks && c.sound; i++) {
        uint32_t index = fore_bytes_get_u32(&c);
        c.sound = c.sound && started && index >= least && index < history->block_count;
        if (!c.sound) break;
        read_block(history, index, &c);
        least = index + 1;
    }
    if (c.sound && c.at == c.end) return FORE_E_OK;
    return fore_err_set(diag, FORE_E_FORMAT, "the parts of the history do not fit together");
}
