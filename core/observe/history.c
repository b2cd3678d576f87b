/*
 * history.c - rings of rows, sixteen partitions to a block.
 *
 * A block holds, for every level and metric, `cap` rows of sixteen floats: one cache line a row.
 * Appending writes one line per metric and block; reading one partition's past walks lines in
 * order, and its fifteen neighbours' pasts are then in cache. Which slots hold a row is kept once
 * for all (`present`), so a gap of any length costs no more than the ring's length in bytes.
 *
 * Invariant: newest slot of level k+1 == newest slot of level k / ratio, so a mean is taken exactly
 * when its last window arrives, and the rows it needs are still in the ring below.
 */
#include "core/observe/history_parts.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define NO_VALUE ((float)NAN)

static void level_init(struct fore_history *history, int k)
{
    const struct fore_history_shape *shape = &history->shape;
    struct fore_history_level *level = &history->level[k];
    FORE_ASSERT(shape->step[k] > 0 && shape->length[k] > 0);
    *level = (struct fore_history_level){
        .step = shape->step[k], .length = shape->length[k], .cap = shape->length[k], .first = 1};
    if (k + 1 < FORE_HISTORY_LEVELS) {
        FORE_ASSERT(shape->step[k + 1] % shape->step[k] == 0);
        level->ratio = (uint32_t)(shape->step[k + 1] / shape->step[k]);
        if (level->ratio > level->cap) level->cap = level->ratio;
    }
    level->present = calloc(level->cap, 1);
    FORE_ASSERT(level->present != NULL);
    history->held_bytes += level->cap;
    for (int m = 0; m < FORE_HIST_METRICS; m++) {
        level->offset[m] = history->block_floats;
        history->block_floats += (size_t)level->cap * FORE_HISTORY_LANES;
    }
}

struct fore_history *fore_history_create(const struct fore_history_shape *shape,
                                         uint32_t partition_cap)
{
    struct fore_history *history = calloc(1, sizeof *history);
    FORE_ASSERT(history != NULL);
    history->shape = *shape;
    history->partition_cap = partition_cap;
    history->block_count = partition_cap / FORE_HISTORY_LANES + 1;
    history->block = calloc(history->block_count, sizeof *history->block);
    FORE_ASSERT(history->block != NULL);
    history->held_bytes = sizeof *history + history->block_count * sizeof *history->block;
    for (int k = 0; k < FORE_HISTORY_LEVELS; k++)
        level_init(history, k);
    return history;
}

void fore_history_destroy(struct fore_history *history)
{
    if (history == NULL) return;
    for (uint32_t b = 0; b < history->block_count; b++)
        free(history->block[b].row);
    for (int k = 0; k < FORE_HISTORY_LEVELS; k++)
        free(history->level[k].present);
    free(history->block);
    free(history);
}

const struct fore_history_shape *fore_history_shape(const struct fore_history *history)
{
    return &history->shape;
}

size_t fore_history_bytes(const struct fore_history *history)
{
    return history->held_bytes;
}

static float *row_at(const struct fore_history *history, const struct fore_history_block *block,
                     int k, int metric, uint64_t slot)
{
    const struct fore_history_level *level = &history->level[k];
    return block->row + level->offset[metric] + slot % level->cap * FORE_HISTORY_LANES;
}

/* The oldest slot whose row the ring still holds. */
static uint64_t oldest_kept(const struct fore_history_level *level)
{
    uint64_t oldest = level->newest >= level->cap ? level->newest - level->cap + 1 : 0;
    return oldest > level->first ? oldest : level->first;
}

static bool has_row(const struct fore_history_level *level, const struct fore_history_block *block,
                    int k, uint64_t slot)
{
    return slot >= block->first[k] && level->present[slot % level->cap];
}

void fore_history_block_begin(struct fore_history *history, struct fore_history_block *block)
{
    block->row = calloc(history->block_floats, sizeof *block->row);
    FORE_ASSERT(block->row != NULL);
    history->held_bytes += history->block_floats * sizeof *block->row;
    for (int k = 0; k < FORE_HISTORY_LEVELS; k++)
        block->first[k] = history->level[k].newest + 1;
}

/* ---- appending --------------------------------------------------------------------------- */

/* Mean of each lane over the rows of level k-1 that make up `slot`; NaN where there is none. */
static void mean_row(const struct fore_history *history, const struct fore_history_block *block,
                     int k, int metric, uint64_t slot)
{
    const struct fore_history_level *below = &history->level[k - 1];
    double sum[FORE_HISTORY_LANES] = {0};
    uint32_t count[FORE_HISTORY_LANES] = {0};
    uint64_t last = slot * below->ratio, first = last - below->ratio + 1;
    if (first < oldest_kept(below)) first = oldest_kept(below);
    for (uint64_t s = first; s <= last; s++) {
        if (!has_row(below, block, k - 1, s)) continue;
        const float *row = row_at(history, block, k - 1, metric, s);
        for (int lane = 0; lane < FORE_HISTORY_LANES; lane++) {
            bool known = !isnan(row[lane]);
            sum[lane] += known ? (double)row[lane] : 0;
            count[lane] += known;
        }
    }
    float *mean = row_at(history, block, k, metric, slot);
    for (int lane = 0; lane < FORE_HISTORY_LANES; lane++)
        mean[lane] = count[lane] > 0 ? (float)(sum[lane] / count[lane]) : NO_VALUE;
}

static bool any_present(const struct fore_history_level *level, uint64_t first, uint64_t last)
{
    if (first < oldest_kept(level)) first = oldest_kept(level);
    for (uint64_t s = first; s <= last; s++)
        if (level->present[s % level->cap]) return true;
    return false;
}

/* Level k-1 just finished the last window of `slot` of level k; and so on upwards. */
static void roll_up(struct fore_history *history, int k, uint64_t slot)
{
    for (; k < FORE_HISTORY_LEVELS; k++) {
        struct fore_history_level *level = &history->level[k];
        const struct fore_history_level *below = &history->level[k - 1];
        bool any = any_present(below, (slot - 1) * below->ratio + 1, slot * below->ratio);
        level->newest = slot;
        level->present[slot % level->cap] = any;
        for (uint32_t b = 0; any && b < history->block_count; b++) {
            if (history->block[b].row == NULL) continue;
            for (int m = 0; m < FORE_HIST_METRICS; m++)
                mean_row(history, &history->block[b], k, m, slot);
        }
        if (level->ratio == 0 || slot % level->ratio != 0) return;
        slot /= level->ratio;
    }
}

static void mark_absent(struct fore_history_level *level, uint64_t last)
{
    uint64_t slot = level->newest + 1;
    if (last - level->newest > level->cap) slot = last - level->cap + 1;
    for (; slot <= last; slot++)
        level->present[slot % level->cap] = 0;
    level->newest = last;
}

/* Leaves out the slots up to `last`. What the level above has in progress is finished first. */
static void skip(struct fore_history *history, int k, uint64_t last)
{
    struct fore_history_level *level = &history->level[k];
    if (last <= level->newest) return;
    if (level->ratio != 0) {
        uint64_t boundary = (level->newest + level->ratio - 1) / level->ratio * level->ratio;
        if (boundary > level->newest && boundary <= last) {
            mark_absent(level, boundary);
            roll_up(history, k + 1, boundary / level->ratio);
        }
        skip(history, k + 1, last / level->ratio);
    }
    mark_absent(level, last);
}

/* The first window begins every level in the slot it belongs to. */
static void start(struct fore_history *history, uint64_t slot)
{
    history->started = true;
    for (int k = 0; k < FORE_HISTORY_LEVELS; k++) {
        struct fore_history_level *level = &history->level[k];
        level->newest = slot - 1;
        level->first = slot;
        if (level->ratio != 0) slot = (slot - 1) / level->ratio + 1;
    }
}

static bool is_cold(const float *const value[FORE_HIST_METRICS], uint32_t first, uint32_t count)
{
    for (int m = 0; m < FORE_HIST_METRICS; m++)
        for (uint32_t p = first; p < first + count; p++)
            if (value[m][p] > 0) return false;
    return true;
}

static void write_block(struct fore_history *history, uint32_t index,
                        const float *const value[FORE_HIST_METRICS], uint32_t partition_count)
{
    struct fore_history_block *block = &history->block[index];
    uint32_t first = index * FORE_HISTORY_LANES;
    uint32_t count = partition_count > first ? partition_count - first : 0;
    if (count > FORE_HISTORY_LANES) count = FORE_HISTORY_LANES;
    if (block->row == NULL) {
        if (is_cold(value, first, count)) return;
        fore_history_block_begin(history, block);
        block->first[0] = history->level[0].newest;
    }
    for (int m = 0; m < FORE_HIST_METRICS; m++) {
        float *row = row_at(history, block, 0, m, history->level[0].newest);
        if (count > 0) memcpy(row, value[m] + first, count * sizeof *row);
        for (uint32_t lane = count; lane < FORE_HISTORY_LANES; lane++)
            row[lane] = NO_VALUE;
    }
}

void fore_history_append(struct fore_history *history, fore_ns end,
                         const float *const value[FORE_HIST_METRICS], uint32_t partition_count)
{
    FORE_ASSERT(partition_count <= history->partition_cap);
    struct fore_history_level *level = &history->level[0];
    uint64_t slot = (end + level->step / 2) / level->step;
    if (slot == 0) slot = 1; /* a first window shorter than half a step */
    if (!history->started) start(history, slot);
    FORE_ASSERT(slot >= level->newest);
    bool again = slot == level->newest; /* a driver's clock that jitters: the later one stays */
    skip(history, 0, slot - 1);
    level->newest = slot;
    level->present[slot % level->cap] = 1;
    for (uint32_t b = 0; b < history->block_count; b++)
        if (b * FORE_HISTORY_LANES < partition_count || history->block[b].row != NULL)
            write_block(history, b, value, partition_count);
    if (level->ratio != 0 && slot % level->ratio == 0 && !again)
        roll_up(history, 1, slot / level->ratio);
}

/* ---- reading ----------------------------------------------------------------------------- */

size_t fore_history_count(const struct fore_history *history, int level)
{
    FORE_ASSERT(level >= 0 && level < FORE_HISTORY_LEVELS);
    const struct fore_history_level *at = &history->level[level];
    uint64_t count = at->newest + 1 - at->first;
    return count < at->length ? count : at->length;
}

fore_ns fore_history_end(const struct fore_history *history, int level)
{
    if (fore_history_count(history, level) == 0) return 0;
    return history->level[level].newest * history->level[level].step;
}

static float get(const struct fore_history *history, int k, int metric, uint32_t partition,
                 uint64_t slot)
{
    const struct fore_history_block *block = &history->block[partition / FORE_HISTORY_LANES];
    if (block->row == NULL || !has_row(&history->level[k], block, k, slot)) return NO_VALUE;
    return row_at(history, block, k, metric, slot)[partition % FORE_HISTORY_LANES];
}

void fore_history_read(const struct fore_history *history, int level,
                       enum fore_history_metric metric, uint32_t partition, size_t n, float *out)
{
    FORE_ASSERT(partition < history->partition_cap);
    size_t count = fore_history_count(history, level);
    size_t missing = n > count ? n - count : 0;
    for (size_t i = 0; i < missing; i++)
        out[i] = NO_VALUE;
    uint64_t newest = history->level[level].newest;
    for (size_t i = missing; i < n; i++)
        out[i] = get(history, level, (int)metric, partition, newest - (n - 1 - i));
}

/* ---- split and merge --------------------------------------------------------------------- */

/* Makes a block's rows writable from slot `first` on, NaN where nothing was written. */
static void extend_back(struct fore_history *history, struct fore_history_block *block, int k,
                        uint64_t first)
{
    const struct fore_history_level *level = &history->level[k];
    if (first < oldest_kept(level)) first = oldest_kept(level);
    if (block->first[k] <= first) return;
    uint64_t end = block->first[k] <= level->newest ? block->first[k] : level->newest + 1;
    for (uint64_t slot = first; slot < end; slot++)
        for (int m = 0; m < FORE_HIST_METRICS; m++)
            for (int lane = 0; lane < FORE_HISTORY_LANES; lane++)
                row_at(history, block, k, m, slot)[lane] = NO_VALUE;
    block->first[k] = first;
}

/* Sum of what is known: an unknown part does not make the whole unknown. */
static float plus(float a, float b)
{
    if (isnan(a)) return b;
    return isnan(b) ? a : a + b;
}

struct pair {
    uint32_t left, right;
    double right_share; /* of a split; a merge when negative */
};

static void rewrite_row(struct fore_history *history, int k, uint64_t slot, struct pair pair)
{
    for (int m = 0; m < FORE_HIST_METRICS; m++) {
        float *left = row_at(history, &history->block[pair.left / FORE_HISTORY_LANES], k, m, slot);
        float *right =
            row_at(history, &history->block[pair.right / FORE_HISTORY_LANES], k, m, slot);
        left += pair.left % FORE_HISTORY_LANES;
        right += pair.right % FORE_HISTORY_LANES;
        if (pair.right_share >= 0) {
            double whole = (double)*left;
            *right = (float)(whole * pair.right_share);
            *left = (float)(whole * (1 - pair.right_share));
        } else {
            *left = plus(*left, *right);
            *right = NO_VALUE;
        }
    }
}

static void rewrite(struct fore_history *history, struct pair pair)
{
    FORE_ASSERT(pair.left != pair.right);
    FORE_ASSERT(pair.left < history->partition_cap && pair.right < history->partition_cap);
    struct fore_history_block *left = &history->block[pair.left / FORE_HISTORY_LANES];
    struct fore_history_block *right = &history->block[pair.right / FORE_HISTORY_LANES];
    if (left->row == NULL && right->row == NULL) return; /* both pasts are unknown, and stay it */
    if (left->row == NULL) fore_history_block_begin(history, left);
    if (right->row == NULL) fore_history_block_begin(history, right);
    for (int k = 0; k < FORE_HISTORY_LEVELS; k++) {
        uint64_t first = left->first[k] < right->first[k] ? left->first[k] : right->first[k];
        extend_back(history, left, k, first);
        extend_back(history, right, k, first);
        if (first < oldest_kept(&history->level[k])) first = oldest_kept(&history->level[k]);
        for (uint64_t slot = first; slot <= history->level[k].newest; slot++)
            rewrite_row(history, k, slot, pair);
    }
}

void fore_history_split(struct fore_history *history, uint32_t left, uint32_t right,
                        double right_share)
{
    FORE_ASSERT(right_share >= 0 && right_share <= 1);
    rewrite(history, (struct pair){.left = left, .right = right, .right_share = right_share});
}

void fore_history_merge(struct fore_history *history, uint32_t left, uint32_t right)
{
    rewrite(history, (struct pair){.left = left, .right = right, .right_share = -1});
}

void fore_history_scale(struct fore_history *history, uint32_t partition, double factor)
{
    FORE_ASSERT(partition < history->partition_cap && factor >= 0);
    const struct fore_history_block *block = &history->block[partition / FORE_HISTORY_LANES];
    if (block->row == NULL) return;
    for (int k = 0; k < FORE_HISTORY_LEVELS; k++)
        for (uint32_t i = 0; i < history->level[k].cap; i++)
            for (int m = 0; m < FORE_HIST_METRICS; m++) {
                float *at = &row_at(history, block, k, m, i)[partition % FORE_HISTORY_LANES];
                *at = (float)((double)*at * factor);
            }
}

void fore_history_forget(struct fore_history *history, uint32_t partition)
{
    FORE_ASSERT(partition < history->partition_cap);
    const struct fore_history_block *block = &history->block[partition / FORE_HISTORY_LANES];
    if (block->row == NULL) return;
    for (int k = 0; k < FORE_HISTORY_LEVELS; k++)
        for (uint32_t i = 0; i < history->level[k].cap; i++)
            for (int m = 0; m < FORE_HIST_METRICS; m++)
                row_at(history, block, k, m, i)[partition % FORE_HISTORY_LANES] = NO_VALUE;
}
