/* parallel.c - a counter that threads take numbers from until there are none. */
#include "experiments/parallel.h"

#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

enum { THREADS_MAX = 64 };

struct crew {
    size_t count;
    atomic_size_t next;
    lab_parallel_fn work;
    void *context;
};

static void *worker(void *argument)
{
    struct crew *crew = argument;
    struct fore_arena scratch = {0};
    for (size_t i; (i = atomic_fetch_add(&crew->next, 1)) < crew->count;)
        crew->work(crew->context, i, &scratch);
    fore_arena_fini(&scratch);
    return NULL;
}

void lab_parallel(size_t count, size_t threads, lab_parallel_fn work, void *context)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    if (threads == 0) threads = processors > 0 ? (size_t)processors : 1;
    if (threads > THREADS_MAX) threads = THREADS_MAX;
    if (threads > count) threads = count > 0 ? count : 1;
    struct crew crew = {.count = count, .work = work, .context = context};
    pthread_t thread[THREADS_MAX];
    size_t started = 0;
    while (started + 1 < threads && pthread_create(&thread[started], NULL, worker, &crew) == 0)
        started++;
    (void)worker(&crew);
    for (size_t i = 0; i < started; i++)
        (void)pthread_join(thread[i], NULL);
}
