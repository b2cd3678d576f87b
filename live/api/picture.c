/* picture.c - see picture.h: holders, pages, and where the newest one hangs. */
#include "live/api/picture.h"

#include <stdlib.h>

struct live_picture *live_picture_create(void)
{
    struct live_picture *picture = calloc(1, sizeof *picture);
    FORE_ASSERT(picture != NULL);
    picture->holders = 1;
    fore_arena_init(&picture->arena);
    FORE_ASSERT(pthread_mutex_init(&picture->page_lock, NULL) == 0);
    return picture;
}

/* What never changes but for who holds it, and which pages were made of it. */
static struct live_picture *own(const struct live_picture *picture)
{
    union {
        const struct live_picture *read;
        struct live_picture *write;
    } both = {.read = picture};
    return both.write;
}

void live_picture_release(const struct live_picture *picture)
{
    struct live_picture *p = own(picture);
    if (__atomic_sub_fetch(&p->holders, 1, __ATOMIC_ACQ_REL) > 0) return;
    for (size_t i = 0; i < LIVE_PAGES; i++)
        fore_buf_fini(&p->page[i]);
    (void)pthread_mutex_destroy(&p->page_lock);
    fore_arena_fini(&p->arena);
    free(p);
}

/* qsort has no argument for what is sorted by; the rows are sorted as pairs. */
struct rank {
    double rrs, load;
    uint32_t at;
};

static int by_score(const void *a, const void *b)
{
    const struct rank *x = a, *y = b;
    if (x->rrs != y->rrs) return x->rrs < y->rrs ? 1 : -1;
    if (x->load != y->load) return x->load < y->load ? 1 : -1;
    return x->at < y->at ? -1 : 1;
}

void live_picture_order(struct live_picture *picture)
{
    uint32_t n = picture->partition_count;
    struct rank *rank = FORE_NEW(&picture->arena, struct rank, n);
    picture->by_rrs = FORE_NEW(&picture->arena, uint32_t, n);
    for (uint32_t i = 0; i < n; i++)
        rank[i] = (struct rank){.rrs = picture->partition[i].score.rrs,
                                .load = (double)picture->partition[i].load.load_cores,
                                .at = i};
    qsort(rank, n, sizeof *rank, by_score);
    for (uint32_t i = 0; i < n; i++)
        picture->by_rrs[i] = rank[i].at;
}

const struct live_picture_partition *live_picture_find(const struct live_picture *picture,
                                                       uint32_t partition)
{
    uint32_t low = 0, high = picture->partition_count;
    while (low < high) {
        uint32_t mid = low + (high - low) / 2;
        if (picture->partition[mid].index < partition)
            low = mid + 1;
        else
            high = mid;
    }
    bool found = low < picture->partition_count && picture->partition[low].index == partition;
    return found ? &picture->partition[low] : NULL;
}

const struct fore_buf *live_picture_page(const struct live_picture *picture, enum live_page page,
                                         void (*make)(const struct live_picture *picture,
                                                      struct fore_buf *out))
{
    struct live_picture *p = own(picture);
    FORE_ASSERT(pthread_mutex_lock(&p->page_lock) == 0);
    if (p->page[page].data == NULL) make(picture, &p->page[page]);
    FORE_ASSERT(pthread_mutex_unlock(&p->page_lock) == 0);
    return &p->page[page];
}

void live_board_init(struct live_board *board)
{
    board->newest = NULL;
    FORE_ASSERT(pthread_mutex_init(&board->lock, NULL) == 0);
}

void live_board_fini(struct live_board *board)
{
    if (board->newest != NULL) live_picture_release(board->newest);
    (void)pthread_mutex_destroy(&board->lock);
}

void live_board_publish(struct live_board *board, struct live_picture *picture)
{
    FORE_ASSERT(pthread_mutex_lock(&board->lock) == 0);
    struct live_picture *old = board->newest;
    board->newest = picture;
    FORE_ASSERT(pthread_mutex_unlock(&board->lock) == 0);
    if (old != NULL) live_picture_release(old);
}

const struct live_picture *live_board_hold(struct live_board *board)
{
    FORE_ASSERT(pthread_mutex_lock(&board->lock) == 0);
    struct live_picture *picture = board->newest;
    if (picture != NULL) (void)__atomic_add_fetch(&picture->holders, 1, __ATOMIC_RELAXED);
    FORE_ASSERT(pthread_mutex_unlock(&board->lock) == 0);
    return picture;
}
