/*
 * arena.c - chunks in a list, newest first; the newest is bumped.
 *
 * A chunk remembers how much of it was ever handed out (`dirty`): what lies beyond is still zero
 * from calloc, so only reused bytes are cleared. A reset frees the chunks above the mark but keeps
 * the largest as a spare, so an arena that is reset every step stops asking malloc for memory.
 */
#include "core/base/arena.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CHUNK_MIN = 64 * 1024, CHUNK_MAX = 8 * 1024 * 1024, ALIGN_MAX = 64 };

struct fore_arena_chunk {
    struct fore_arena_chunk *older;
    size_t cap, used, dirty;
    unsigned char data[];
};

void fore_arena_init(struct fore_arena *arena)
{
    *arena = (struct fore_arena){0};
}

void fore_arena_fini(struct fore_arena *arena)
{
    for (struct fore_arena_chunk *chunk = arena->head, *older; chunk != NULL; chunk = older) {
        older = chunk->older;
        free(chunk);
    }
    free(arena->spare);
    *arena = (struct fore_arena){0};
}

/* Offset of the first aligned byte at or after `used`. */
static size_t aligned_offset(const struct fore_arena_chunk *chunk, size_t align)
{
    uintptr_t at = (uintptr_t)chunk->data + chunk->used;
    uintptr_t rounded = (at + (align - 1)) & ~(uintptr_t)(align - 1);
    return chunk->used + (size_t)(rounded - at);
}

static struct fore_arena_chunk *chunk_create(size_t cap)
{
    struct fore_arena_chunk *chunk = calloc(1, sizeof *chunk + cap);
    FORE_ASSERT(chunk != NULL);
    chunk->cap = cap;
    return chunk;
}

/* Chunks double, so a large arena is few chunks; `need` already counts the worst alignment. */
static void grow(struct fore_arena *arena, size_t need)
{
    struct fore_arena_chunk *chunk = arena->spare;
    if (chunk != NULL && chunk->cap >= need) {
        arena->spare = NULL;
    } else {
        size_t cap = arena->head != NULL ? arena->head->cap * 2 : CHUNK_MIN;
        if (cap > CHUNK_MAX) cap = CHUNK_MAX;
        chunk = chunk_create(cap < need ? need : cap);
    }
    chunk->older = arena->head;
    chunk->used = 0;
    arena->head = chunk;
}

void *fore_arena_alloc(struct fore_arena *arena, size_t size, size_t align)
{
    FORE_ASSERT(align > 0 && align <= ALIGN_MAX && (align & (align - 1)) == 0);
    FORE_ASSERT(size < SIZE_MAX / 2);
    struct fore_arena_chunk *chunk = arena->head;
    if (chunk == NULL || aligned_offset(chunk, align) + size > chunk->cap) {
        grow(arena, size + align);
        chunk = arena->head;
    }
    size_t offset = aligned_offset(chunk, align);
    size_t end = offset + size;
    if (offset < chunk->dirty)
        memset(chunk->data + offset, 0, (end < chunk->dirty ? end : chunk->dirty) - offset);
    arena->used_bytes += end - chunk->used;
    if (arena->used_bytes > arena->high_water_bytes) arena->high_water_bytes = arena->used_bytes;
    chunk->used = end;
    if (end > chunk->dirty) chunk->dirty = end;
    return chunk->data + offset;
}

void *fore_arena_array(struct fore_arena *arena, size_t count, size_t size, size_t align)
{
    FORE_ASSERT(size == 0 || count <= SIZE_MAX / size);
    return fore_arena_alloc(arena, count * size, align);
}

char *fore_arena_strdup(struct fore_arena *arena, const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = fore_arena_alloc(arena, size, 1);
    memcpy(copy, text, size);
    return copy;
}

char *fore_arena_printf(struct fore_arena *arena, const char *fmt, ...)
{
    FORE_ASSERT(fmt != NULL);
    va_list ap;
    va_start(ap, fmt);
    int len = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    FORE_ASSERT(len >= 0);
    char *text = fore_arena_alloc(arena, (size_t)len + 1, 1);
    va_start(ap, fmt);
    (void)vsnprintf(text, (size_t)len + 1, fmt, ap);
    va_end(ap);
    return text;
}

struct fore_arena_mark fore_arena_mark(const struct fore_arena *arena)
{
    return (struct fore_arena_mark){
        .head = arena->head,
        .offset = arena->head != NULL ? arena->head->used : 0,
        .used_bytes = arena->used_bytes,
    };
}

/* Of a chunk given back and the spare, the larger stays. */
static void give_back(struct fore_arena *arena, struct fore_arena_chunk *chunk)
{
    if (arena->spare == NULL || chunk->cap > arena->spare->cap) {
        free(arena->spare);
        arena->spare = chunk;
    } else {
        free(chunk);
    }
}

void fore_arena_reset(struct fore_arena *arena, struct fore_arena_mark mark)
{
    while (arena->head != mark.head) {
        struct fore_arena_chunk *chunk = arena->head;
        FORE_ASSERT(chunk != NULL); /* else the mark is another arena's, or already undone */
        arena->head = chunk->older;
        give_back(arena, chunk);
    }
    if (arena->head != NULL) {
        FORE_ASSERT(mark.offset <= arena->head->used);
        arena->head->used = mark.offset;
    }
    arena->used_bytes = mark.used_bytes;
}
