/*
 * arena.h - memory with a lifetime instead of an owner.
 *
 * A function that needs memory takes the arena whose life it wants: `perm` lives for the run,
 * `scratch` for one step. Chunks are zeroed, never move, and are released together. Running out
 * of memory is not an error a caller can act on, so it panics. Single-threaded.
 */
#ifndef FORE_ARENA_H
#define FORE_ARENA_H

#include "core/base/base.h"

struct fore_arena_chunk;

struct fore_arena {
    struct fore_arena_chunk *head;  /* newest chunk; NULL in an empty arena, so {0} is valid */
    struct fore_arena_chunk *spare; /* the largest chunk given back, kept for the next need */
    size_t used_bytes;              /* handed out and not reset */
    size_t high_water_bytes;        /* the most `used_bytes` has been */
};

struct fore_arena_mark {
    struct fore_arena_chunk *head;
    size_t offset;
    size_t used_bytes;
};

void fore_arena_init(struct fore_arena *arena);
/* Releases everything; the arena is empty and usable again. */
void fore_arena_fini(struct fore_arena *arena);
/* `size` zeroed bytes at `align` (a power of two <= 64). Never NULL; size 0 gives a valid pointer.
 */
void *fore_arena_alloc(struct fore_arena *arena, size_t size, size_t align);
/* As fore_arena_alloc for count*size; panics on overflow. */
void *fore_arena_array(struct fore_arena *arena, size_t count, size_t size, size_t align);
char *fore_arena_strdup(struct fore_arena *arena, const char *text);
char *fore_arena_printf(struct fore_arena *arena, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* Everything allocated after a mark is given back by the reset to it. */
struct fore_arena_mark fore_arena_mark(const struct fore_arena *arena);
void fore_arena_reset(struct fore_arena *arena, struct fore_arena_mark mark);

#define FORE_NEW(arena, type, count) \
    ((type *)fore_arena_array((arena), (count), sizeof(type), _Alignof(type)))

#endif
