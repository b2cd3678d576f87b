/* parallel.h - the same function over many numbers, on a few threads. The order in which numbers
 * are taken is theirs; results must not depend on which thread took which. */
#ifndef LAB_PARALLEL_H
#define LAB_PARALLEL_H

#include "core/base/arena.h"

typedef void (*lab_parallel_fn)(void *context, size_t index, struct fore_arena *scratch);
/* `threads` 0: one per processor. Each has a scratch arena of its own. Returns when all is done. */
void lab_parallel(size_t count, size_t threads, lab_parallel_fn work, void *context);

#endif
