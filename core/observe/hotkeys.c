/*
 * hotkeys.c - Space-Saving over weighted, decaying keys.
 *
 * Decay runs forward (Cormode et al. 2009): instead of shrinking old counts, a weight that arrives
 * at `now` is scaled up by 2^((now - landmark) / half_life), which orders counters just the same;
 * readers divide by the scale of the newest time. Every 32 half-lives the landmark moves on and all
 * counts are divided by 2^32, exactly.
 *
 * Counters sit in a min-heap by count, so the one to replace is on top; an open-addressing table
 * finds a key's counter. The table is only for lookup: no order ever comes from it.
 */
#include "core/observe/hotkeys.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/hash.h"

enum { RENEW = 32 }; /* half-lives between landmarks */
#define EMPTY UINT32_MAX

struct counter {
    uint64_t position;
    double count, error; /* times the scale of the landmark */
    uint32_t cell;       /* in the table */
};

struct fore_hotkeys {
    struct counter *heap;
    uint32_t *table; /* heap index of the key hashed here, or EMPTY */
    uint32_t count, cap, mask;
    fore_ns half_life; /* 0: never decays */
    fore_ns landmark, now;
    double scale; /* of weights that arrive at `now` */
    double total;
};

struct fore_hotkeys *fore_hotkeys_create(uint32_t counters, fore_ns half_life)
{
    FORE_ASSERT(counters > 0 && counters < (1u << 28));
    struct fore_hotkeys *hot = calloc(1, sizeof *hot);
    FORE_ASSERT(hot != NULL);
    uint32_t cells = 4;
    while (cells < 4 * counters)
        cells *= 2;
    hot->heap = calloc(counters, sizeof *hot->heap);
    hot->table = malloc(cells * sizeof *hot->table);
    FORE_ASSERT(hot->heap != NULL && hot->table != NULL);
    memset(hot->table, 0xff, cells * sizeof *hot->table);
    hot->cap = counters;
    hot->mask = cells - 1;
    hot->half_life = half_life;
    hot->scale = 1;
    return hot;
}

void fore_hotkeys_destroy(struct fore_hotkeys *hot)
{
    if (hot == NULL) return;
    free(hot->heap);
    free(hot->table);
    free(hot);
}

size_t fore_hotkeys_bytes(const struct fore_hotkeys *hot)
{
    return sizeof *hot + hot->cap * sizeof *hot->heap + (hot->mask + 1) * sizeof *hot->table;
}

/* ---- the table --------------------------------------------------------------------------- */

static uint32_t home(const struct fore_hotkeys *hot, uint64_t position)
{
    return (uint32_t)fore_hash_u64(position, 0) & hot->mask;
}

/* The key's cell, or the empty one where it belongs. */
static uint32_t find_cell(const struct fore_hotkeys *hot, uint64_t position)
{
    uint32_t cell = home(hot, position);
    while (hot->table[cell] != EMPTY && hot->heap[hot->table[cell]].position != position)
        cell = (cell + 1) & hot->mask;
    return cell;
}

/* Closes the hole by moving back every later key of the run that may come before it. */
static void erase_cell(struct fore_hotkeys *hot, uint32_t hole)
{
    for (uint32_t cell = (hole + 1) & hot->mask; hot->table[cell] != EMPTY;
         cell = (cell + 1) & hot->mask) {
        uint32_t from_home = (cell - home(hot, hot->heap[hot->table[cell]].position)) & hot->mask;
        if (from_home < ((cell - hole) & hot->mask)) continue;
        hot->table[hole] = hot->table[cell];
        hot->heap[hot->table[hole]].cell = hole;
        hole = cell;
    }
    hot->table[hole] = EMPTY;
}

/* ---- the heap ---------------------------------------------------------------------------- */

static void place(struct fore_hotkeys *hot, uint32_t at, struct counter counter)
{
    hot->heap[at] = counter;
    hot->table[counter.cell] = at;
}

static void sift_up(struct fore_hotkeys *hot, uint32_t at)
{
    struct counter moving = hot->heap[at];
    while (at > 0 && hot->heap[(at - 1) / 2].count > moving.count) {
        place(hot, at, hot->heap[(at - 1) / 2]);
        at = (at - 1) / 2;
    }
    place(hot, at, moving);
}

static void sift_down(struct fore_hotkeys *hot, uint32_t at)
{
    struct counter moving = hot->heap[at];
    for (;;) {
        uint32_t child = 2 * at + 1;
        if (child >= hot->count) break;
        if (child + 1 < hot->count && hot->heap[child + 1].count < hot->heap[child].count) child++;
        if (hot->heap[child].count >= moving.count) break;
        place(hot, at, hot->heap[child]);
        at = child;
    }
    place(hot, at, moving);
}

/* ---- the stream -------------------------------------------------------------------------- */

static void advance(struct fore_hotkeys *hot, fore_ns now)
{
    if (now <= hot->now || hot->half_life == 0) return;
    hot->now = now;
    double age = (double)(now - hot->landmark) / (double)hot->half_life;
    if (age >= RENEW) {
        double periods = floor(age / RENEW);
        double shrink = exp2(-fmin(periods * RENEW, 1000));
        for (uint32_t i = 0; i < hot->count; i++) {
            hot->heap[i].count *= shrink;
            hot->heap[i].error *= shrink;
        }
        hot->total *= shrink;
        hot->landmark += (fore_ns)(periods * RENEW) * hot->half_life;
        age = (double)(now - hot->landmark) / (double)hot->half_life;
    }
    hot->scale = exp2(age);
}

void fore_hotkeys_add(struct fore_hotkeys *hot, fore_ns now, uint64_t position, double weight)
{
    FORE_ASSERT(weight >= 0);
    advance(hot, now);
    double scaled = weight * hot->scale;
    hot->total += scaled;
    uint32_t cell = find_cell(hot, position);
    uint32_t at = hot->table[cell];
    if (at != EMPTY) {
        hot->heap[at].count += scaled;
        sift_down(hot, at);
        return;
    }
    if (hot->count < hot->cap) {
        at = hot->count++;
        place(hot, at, (struct counter){.position = position, .count = scaled, .cell = cell});
        sift_up(hot, at);
        return;
    }
    /* The newcomer takes the least counter with its count, which bounds what it may have had. */
    double least = hot->heap[0].count;
    erase_cell(hot, hot->heap[0].cell);
    cell = find_cell(hot, position); /* erasing may have moved the free one */
    place(hot, 0,
          (struct counter){
              .position = position, .count = least + scaled, .error = least, .cell = cell});
    sift_down(hot, 0);
}

double fore_hotkeys_total(const struct fore_hotkeys *hot)
{
    return hot->total / hot->scale;
}

static bool heavier(const struct fore_hotkey *a, const struct fore_hotkey *b)
{
    if (a->count > b->count || a->count < b->count) return a->count > b->count;
    return a->position < b->position;
}

/* Insertion into the `n` best so far: callers ask for ten of a few hundred. */
size_t fore_hotkeys_top(const struct fore_hotkeys *hot, struct fore_hotkey *out, size_t n)
{
    size_t kept = 0;
    for (uint32_t i = 0; i < hot->count && n > 0; i++) {
        struct fore_hotkey key = {
            .position = hot->heap[i].position,
            .count = hot->heap[i].count / hot->scale,
            .error = hot->heap[i].error / hot->scale,
        };
        if (kept == n && !heavier(&key, &out[n - 1])) continue;
        size_t at = kept < n ? kept++ : n - 1;
        for (; at > 0 && heavier(&key, &out[at - 1]); at--)
            out[at] = out[at - 1];
        out[at] = key;
    }
    return kept;
}
