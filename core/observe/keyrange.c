/*
 * keyrange.c - a bottom-k sample per partition.
 *
 * A request of weight w at time t draws the rank ln(E) - ln(w) - rate * t, E exponential with mean
 * 1; the least ranks stay. That is A-ES in the logarithm, where decay is a subtraction and nothing
 * overflows however long a run is. The least rank ever turned away is the threshold.
 *
 * Given the threshold, a sample of decayed weight w was kept with probability 1 - exp(-w * tau), so
 * it stands for w / (1 - exp(-w * tau)) (Cohen & Kaplan 2007): heavy requests count in full, light
 * ones alike, and the estimate of any range's load is unbiased.
 *
 * Invariant: a partition's samples are exactly the requests whose rank is below its threshold, in
 * no order. Half as many again as `size` fit; when they are full, the threshold falls so that
 * `size` stay. So adding is an append, and a thousand partitions cost one cache miss each, not the
 * seven of a heap. A rank above the threshold is turned away even with room, as after a split.
 */
#include "core/observe/keyrange.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/dist.h"
#include "core/observe/keyrange_cut.h"

struct answer { /* to the question asked last */
    bool known;
    uint64_t first, last;
    double right_share;
    struct fore_keyrange_cut cut;
};

struct reservoir {
    struct fore_keyrange_sample *sample; /* [room], made for the first sample */
    double threshold;
    uint32_t count;
    bool asked; /* the answer below is of these very samples */
};

struct fore_keyrange {
    struct reservoir *of;  /* [partition_cap] */
    struct answer *answer; /* [partition_cap]: apart, since adding must not touch it */
    uint32_t partition_cap;
    uint32_t size; /* kept when full */
    uint32_t room; /* a partition */
    double decay_per_ns;
    size_t held_bytes;
    struct fore_rng rng;
    struct fore_keyrange_sample *work; /* [2 * room] */
};

struct fore_keyrange *fore_keyrange_create(uint32_t partition_cap, uint32_t size, fore_ns half_life,
                                           struct fore_rng rng)
{
    FORE_ASSERT(size > 0 && size < (1u << 24));
    struct fore_keyrange *sketch = calloc(1, sizeof *sketch);
    FORE_ASSERT(sketch != NULL);
    sketch->size = size;
    sketch->room = size + size / 2 + 1;
    sketch->of = calloc(partition_cap + (size_t)1, sizeof *sketch->of);
    sketch->work = calloc(2 * (size_t)sketch->room, sizeof *sketch->work);
    sketch->answer = calloc(partition_cap + (size_t)1, sizeof *sketch->answer);
    FORE_ASSERT(sketch->of != NULL && sketch->work != NULL && sketch->answer != NULL);
    sketch->partition_cap = partition_cap;
    sketch->decay_per_ns = half_life == 0 ? 0 : log(2) / (double)half_life;
    sketch->rng = rng;
    sketch->held_bytes = sizeof *sketch +
                         partition_cap * (sizeof *sketch->of + sizeof *sketch->answer) +
                         2 * (size_t)sketch->room * sizeof *sketch->work;
    for (uint32_t p = 0; p < partition_cap; p++)
        sketch->of[p].threshold = (double)INFINITY;
    return sketch;
}

void fore_keyrange_destroy(struct fore_keyrange *sketch)
{
    if (sketch == NULL) return;
    for (uint32_t p = 0; p < sketch->partition_cap; p++)
        free(sketch->of[p].sample);
    free(sketch->of);
    free(sketch->answer);
    free(sketch->work);
    free(sketch);
}

size_t fore_keyrange_bytes(const struct fore_keyrange *sketch)
{
    return sketch->held_bytes;
}

static struct reservoir *reservoir(const struct fore_keyrange *sketch, uint32_t partition)
{
    FORE_ASSERT(partition < sketch->partition_cap);
    return &sketch->of[partition];
}

static void make_room(struct fore_keyrange *sketch, struct reservoir *r)
{
    if (r->sample != NULL) return;
    r->sample = calloc(sketch->room, sizeof *r->sample);
    FORE_ASSERT(r->sample != NULL);
    sketch->held_bytes += sketch->room * sizeof *r->sample;
}

/* Reorders so that the `k` least ranks come first and [k] is the next (Hoare's FIND). */
static void select_least(struct fore_keyrange_sample *sample, int64_t count, int64_t k)
{
    int64_t low = 0, high = count - 1;
    while (low < high) {
        double pivot = sample[k].rank;
        int64_t i = low, j = high;
        while (i <= j) {
            while (sample[i].rank < pivot)
                i++;
            while (sample[j].rank > pivot)
                j--;
            if (i > j) break;
            struct fore_keyrange_sample swapped = sample[i];
            sample[i++] = sample[j];
            sample[j--] = swapped;
        }
        if (j < k) low = i;
        if (k < i) high = j;
    }
}

/* Adds a sample whose rank is below the threshold; out of room, the threshold falls. */
static void keep(struct reservoir *r, const struct fore_keyrange *sketch,
                 struct fore_keyrange_sample sample)
{
    r->asked = false;
    r->sample[r->count++] = sample;
    if (r->count < sketch->room) return;
    select_least(r->sample, r->count, sketch->size);
    r->threshold = r->sample[sketch->size].rank;
    r->count = sketch->size;
}

size_t fore_keyrange_positions(const struct fore_keyrange *sketch, uint32_t partition,
                               uint64_t *out, size_t n)
{
    const struct reservoir *r = reservoir(sketch, partition);
    size_t count = r->count < n ? r->count : n;
    for (size_t i = 0; i < count; i++)
        out[i] = r->sample[i * r->count / count].position;
    return count;
}

void fore_keyrange_add(struct fore_keyrange *sketch, fore_ns now, uint32_t partition,
                       uint64_t position, double weight)
{
    struct reservoir *r = reservoir(sketch, partition);
    if (!(weight > 0)) return;
    double draw = fore_dist_exp(&sketch->rng);
    double log_weight = log(weight) + sketch->decay_per_ns * (double)now;
    double rank = (draw > 0 ? log(draw) : -745) - log_weight;
    if (rank >= r->threshold) return;
    make_room(sketch, r);
    keep(r, sketch,
         (struct fore_keyrange_sample){
             .position = position, .time = now, .rank = rank, .log_weight = log_weight});
}

/* The samples inside, into sketch->work; how many. */
static uint32_t gather(const struct fore_keyrange *sketch, const struct reservoir *r,
                       uint64_t first, uint64_t last)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < r->count; i++)
        if (r->sample[i].position >= first && r->sample[i].position <= last)
            sketch->work[count++] = r->sample[i];
    return count;
}

bool fore_keyrange_cut(const struct fore_keyrange *sketch, uint32_t partition, uint64_t first,
                       uint64_t last, double right_share, struct fore_keyrange_cut *out)
{
    struct reservoir *r = reservoir(sketch, partition);
    struct answer *answer = &sketch->answer[partition];
    if (!r->asked || answer->first != first || answer->last != last ||
        answer->right_share != right_share) {
        const struct fore_keyrange_question question = {.threshold = r->threshold,
                                                        .decay_per_ns = sketch->decay_per_ns,
                                                        .right_share = right_share};
        uint32_t count = gather(sketch, r, first, last);
        *answer = (struct answer){.first = first, .last = last, .right_share = right_share};
        answer->known = fore_keyrange_cut_samples(sketch->work, sketch->work + sketch->room, count,
                                                  &question, &answer->cut);
        r->asked = true;
    }
    *out = answer->cut;
    return answer->known;
}

double fore_keyrange_monotone(const struct fore_keyrange *sketch, uint32_t partition,
                              uint64_t first, uint64_t last)
{
    uint32_t count = gather(sketch, reservoir(sketch, partition), first, last);
    return fore_keyrange_monotone_samples(sketch->work, sketch->work + sketch->room, count);
}

double fore_keyrange_share(const struct fore_keyrange *sketch, uint32_t partition, uint64_t first,
                           uint64_t last)
{
    const struct reservoir *r = reservoir(sketch, partition);
    double all = 0, inside = 0, greatest = -(double)INFINITY;
    for (uint32_t i = 0; i < r->count; i++)
        greatest = fmax(greatest, r->sample[i].log_weight);
    for (uint32_t i = 0; i < r->count; i++) {
        double w = exp(r->sample[i].log_weight - greatest); /* as adjusted in keyrange_cut.c */
        double x = exp(r->sample[i].log_weight + r->threshold);
        if (!isinf(r->threshold)) w = x < 1e-9 ? 1 : x / -expm1(-x);
        all += w;
        inside += r->sample[i].position >= first && r->sample[i].position <= last ? w : 0;
    }
    return all > 0 ? inside / all : 0;
}

/* Empty, nothing ever turned away; its memory is kept for the next life. */
void fore_keyrange_forget(struct fore_keyrange *sketch, uint32_t partition)
{
    struct reservoir *r = reservoir(sketch, partition);
    r->count = 0;
    r->asked = false;
    r->threshold = (double)INFINITY;
}

/* Both parts keep the threshold: what it turned away might have been in either. */
void fore_keyrange_split(struct fore_keyrange *sketch, uint32_t left, uint32_t right, uint64_t at)
{
    FORE_ASSERT(left != right);
    struct reservoir *l = reservoir(sketch, left), *r = reservoir(sketch, right);
    fore_keyrange_forget(sketch, right);
    uint32_t count = l->count;
    if (count == 0) return;
    make_room(sketch, r);
    r->threshold = l->threshold;
    memcpy(sketch->work, l->sample, count * sizeof *l->sample);
    l->count = 0;
    l->asked = false;
    for (uint32_t i = 0; i < count; i++)
        keep(sketch->work[i].position >= at ? r : l, sketch, sketch->work[i]);
}

/* Bottom-k samples merge exactly: below the lesser threshold both are complete. */
void fore_keyrange_merge(struct fore_keyrange *sketch, uint32_t left, uint32_t right)
{
    FORE_ASSERT(left != right);
    struct reservoir *l = reservoir(sketch, left), *r = reservoir(sketch, right);
    uint32_t count = 0;
    for (uint32_t i = 0; i < l->count; i++)
        sketch->work[count++] = l->sample[i];
    for (uint32_t i = 0; i < r->count; i++)
        sketch->work[count++] = r->sample[i];
    if (r->threshold < l->threshold) l->threshold = r->threshold;
    l->count = 0;
    l->asked = false;
    if (count > 0) make_room(sketch, l);
    for (uint32_t i = 0; i < count; i++)
        if (sketch->work[i].rank < l->threshold) keep(l, sketch, sketch->work[i]);
    fore_keyrange_forget(sketch, right);
}
