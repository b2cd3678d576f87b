/* frontier.c - a record of records, a partition. */
#include "core/observe/frontier.h"

#include <math.h>
#include <stdlib.h>

static const double writes_min = 16, steps_min = 4; /* decayed counts: enough to say something */
static const double share_min = 0.8;
/* Silent for so many of its usual pauses between two steps: the head has stopped, or gone on to the
 * next partition (for arrivals at random the chance to be that late is exp(-12)). */
static const double silence_max = 12;
enum {
    BELOW_MAX = 8
}; /* windows with writes, all below the highest: it was no part of the order */

struct head {
    uint64_t top, high;           /* before this window; with it */
    uint64_t window_high, recent; /* in this window; since something last went above */
    uint32_t below;               /* windows since then */
    double writes, above, steps;
    double way, time_s; /* the head's, decayed */
    fore_ns seen;       /* the window these are of; 0: nothing yet */
    uint32_t window_writes, window_above;
};

struct fore_frontier {
    struct head *of;   /* [cap] */
    uint32_t *touched; /* in this window */
    uint32_t touched_count, cap;
    double decay_per_ns;
    fore_ns end; /* of the newest window */
};

struct fore_frontier *fore_frontier_create(uint32_t partition_cap, fore_ns half_life)
{
    struct fore_frontier *f = calloc(1, sizeof *f);
    FORE_ASSERT(f != NULL);
    f->of = calloc(partition_cap + (size_t)1, sizeof *f->of);
    f->touched = calloc(partition_cap + (size_t)1, sizeof *f->touched);
    FORE_ASSERT(f->of != NULL && f->touched != NULL);
    f->cap = partition_cap;
    f->decay_per_ns = half_life == 0 ? 0 : log(2) / (double)half_life;
    return f;
}

void fore_frontier_destroy(struct fore_frontier *f)
{
    if (f == NULL) return;
    free(f->of);
    free(f->touched);
    free(f);
}

size_t fore_frontier_bytes(const struct fore_frontier *f)
{
    return sizeof *f + f->cap * (sizeof *f->of + sizeof *f->touched);
}

void fore_frontier_note(struct fore_frontier *f, uint32_t partition, uint64_t position)
{
    FORE_ASSERT(partition < f->cap);
    struct head *h = &f->of[partition];
    if (h->window_writes++ == 0) f->touched[f->touched_count++] = partition;
    h->window_above += position > h->top;
    if (position > h->window_high) h->window_high = position;
    if (position > h->high) h->high = position;
}

/* One position far above the others, a row of a test say, must not hide all inserts after it. */
static void follow_recent(struct head *h)
{
    if (h->window_above > 0) {
        h->below = 0;
        h->recent = 0;
        return;
    }
    if (h->window_high > h->recent) h->recent = h->window_high;
    if (++h->below < BELOW_MAX) return;
    h->top = h->high = h->recent;
    h->writes = h->above = h->steps = h->way = h->time_s = 0;
    h->below = 0;
    h->recent = 0;
}

static void close_one(const struct fore_frontier *f, struct head *h, fore_ns end)
{
    if (h->seen != 0) { /* of a first window nobody can say what went above what */
        double since = (double)(end - h->seen), keep = exp(-f->decay_per_ns * since);
        h->writes = h->writes * keep + h->window_writes;
        h->above = h->above * keep + h->window_above;
        h->steps = h->steps * keep + (h->high > h->top ? 1 : 0);
        h->way = h->way * keep + (double)(h->high - h->top);
        h->time_s = h->time_s * keep + since / 1e9;
    }
    h->top = h->high;
    h->seen = end;
    follow_recent(h);
    h->window_writes = h->window_above = 0;
    h->window_high = 0;
}

void fore_frontier_close(struct fore_frontier *f, fore_ns end)
{
    f->end = end;
    for (uint32_t i = 0; i < f->touched_count; i++)
        close_one(f, &f->of[f->touched[i]], end);
    f->touched_count = 0;
}

bool fore_frontier_of(const struct fore_frontier *f, uint32_t partition, struct fore_insertion *out)
{
    FORE_ASSERT(partition < f->cap);
    const struct head *h = &f->of[partition];
    *out = (struct fore_insertion){.head = h->top};
    if (h->writes < writes_min || h->steps < steps_min || !(h->time_s > 0)) return false;
    out->share = h->above / h->writes;
    out->keys_per_sec = h->way / h->time_s;
    double silent_s = h->seen != 0 ? (double)(f->end - h->seen) / 1e9 : 0;
    return out->share >= share_min && silent_s <= silence_max * h->time_s / h->steps;
}

void fore_frontier_forget(struct fore_frontier *f, uint32_t partition)
{
    FORE_ASSERT(partition < f->cap);
    uint32_t pending = f->of[partition].window_writes; /* it stays on the list */
    f->of[partition] = (struct head){.window_writes = pending};
}

void fore_frontier_split(struct fore_frontier *f, uint32_t left, uint32_t right, uint64_t at)
{
    FORE_ASSERT(left < f->cap && right < f->cap && at > 0);
    struct head *l = &f->of[left], *r = &f->of[right];
    uint32_t pending = r->window_writes;
    bool passed = l->top >= at;
    *r = *l;
    r->window_writes = pending;
    r->window_above = 0;
    if (!passed) {
        r->top = r->high = at - 1;
        r->seen = 0; /* the time until the head comes is none of its way */
        return;
    }
    fore_frontier_forget(f, left);
    l->top = l->high = at - 1;
}

void fore_frontier_merge(struct fore_frontier *f, uint32_t left, uint32_t right)
{
    FORE_ASSERT(left < f->cap && right < f->cap);
    struct head *l = &f->of[left];
    const struct head *r = &f->of[right];
    if (r->seen > l->seen || (r->seen == l->seen && r->top > l->top)) {
        uint32_t pending = l->window_writes;
        uint64_t top = l->top > r->top ? l->top : r->top;
        *l = *r;
        l->window_writes = pending;
        l->top = l->high = top;
    }
    fore_frontier_forget(f, right);
}
