/*
 * keyrange_cut.c - where to cut, how sure we are, and whether cutting helps at all.
 *
 * Samples get their adjusted weights, are sorted by position, and the boundary between two distinct
 * positions whose right side comes nearest to the share asked for is the cut: half way between the
 * two, since the sample knows no better; few samples are steadied by an even density. Where the
 * decay leaves too few to go by, older ones are let count for more, as long as they tell the same:
 * where keys lie changes more slowly than how much is asked of them. Apart from that, sorting by
 * time as well gives the rank correlation that betrays an insert pattern: keys that only ever grow
 * make a split useless for the left part.
 */
#include "core/observe/keyrange_cut.h"

#include <math.h>
#include <string.h>

/* The sample is one of many that might have been. Where it does not speak against an even density
 * between its ends (Kolmogorov-Smirnov, by the band below), that density counts as so many samples
 * more (the mean of a Dirichlet process, Ferguson 1973): a cut by 32 samples alone is off by more
 * than a tenth of the load one time in four. */
static const double even_samples = 32;
/* 96 samples: a half is within 0.4..0.6 in 95 of 100 cases. */
static const double enough = 96;

/* ---- the order of the samples ---- */

static bool before_in_place(const struct fore_keyrange_sample *x,
                            const struct fore_keyrange_sample *y)
{
    return x->position != y->position ? x->position < y->position : x->rank < y->rank;
}

static bool before_in_time(const struct fore_keyrange_sample *x,
                           const struct fore_keyrange_sample *y)
{
    return x->time != y->time ? x->time < y->time : before_in_place(x, y);
}

/* Merge sort with the comparison in line: a tenth of planning was qsort's calls of it. The macro
 * makes one function per order; `spare` has room for `count`. */
enum { RUN = 8 };
#define SORT(name, before)                                                                        \
    static void name(struct fore_keyrange_sample *sample, struct fore_keyrange_sample *spare,     \
                     uint32_t count)                                                              \
    {                                                                                             \
        for (uint32_t from = 0; from < count; from += RUN)                                        \
            for (uint32_t i = from + 1; i < count && i < from + RUN; i++) {                       \
                struct fore_keyrange_sample one = sample[i];                                      \
                uint32_t at = i;                                                                  \
                for (; at > from && before(&one, &sample[at - 1]); at--)                          \
                    sample[at] = sample[at - 1];                                                  \
                sample[at] = one;                                                                 \
            }                                                                                     \
        struct fore_keyrange_sample *from = sample, *to = spare;                                  \
        for (uint32_t run = RUN; run < count; run *= 2) {                                         \
            for (uint32_t low = 0; low < count; low += 2 * run) {                                 \
                uint32_t middle = low + run < count ? low + run : count;                          \
                uint32_t high = middle + run < count ? middle + run : count;                      \
                for (uint32_t i = low, j = middle, k = low; k < high; k++)                        \
                    to[k] = i < middle && (j == high || !before(&from[j], &from[i])) ? from[i++]  \
                                                                                     : from[j++]; \
            }                                                                                     \
            struct fore_keyrange_sample *turned = from;                                           \
            from = to;                                                                            \
            to = turned;                                                                          \
        }                                                                                         \
        if (from != sample) memcpy(sample, from, count * sizeof *sample);                         \
    }
SORT(sort_by_place, before_in_place)
SORT(sort_by_time, before_in_time)
#undef SORT

/* In place of its logarithm each sample's adjusted weight, on a common scale; in place of the rank,
 * which has done its duty, the logarithm of what makes up for its age. A sample so old that few of
 * its age are left stands for no more than those just young enough. */
static void adjust_weights(struct fore_keyrange_sample *sample, uint32_t count,
                           const struct fore_keyrange_question *question)
{
    double greatest = -(double)INFINITY;
    fore_ns newest = 0;
    for (uint32_t i = 0; i < count; i++) {
        greatest = fmax(greatest, sample[i].log_weight);
        newest = sample[i].time > newest ? sample[i].time : newest;
    }
    for (uint32_t i = 0; i < count; i++) {
        double log_x = sample[i].log_weight + question->threshold, x = exp(log_x);
        sample[i].rank = question->decay_per_ns * (double)(newest - sample[i].time);
        if (isinf(question->threshold)) { /* nothing was turned away: each stands for itself */
            sample[i].log_weight = exp(sample[i].log_weight - greatest);
            continue;
        }
        sample[i].log_weight = x < 1e-9 ? 1 : x / -expm1(-x); /* x: weight * tau */
        sample[i].rank = fmax(0, sample[i].rank + fmin(log_x, 0));
    }
}

/* Spearman's coefficient with midranks, so equal times and positions do not count either way. */
static double rank_correlation(struct fore_keyrange_sample *sample,
                               struct fore_keyrange_sample *spare, uint32_t count)
{
    /* `rank` now carries the midrank by position. */
    for (uint32_t i = 0, next; i < count; i = next) {
        for (next = i + 1; next < count && sample[next].position == sample[i].position;)
            next++;
        for (uint32_t j = i; j < next; j++)
            sample[j].rank = 0.5 * (i + next - 1.0);
    }
    sort_by_time(sample, spare, count);
    double mean = 0.5 * (count - 1.0), xy = 0, xx = 0, yy = 0;
    for (uint32_t i = 0, next; i < count; i = next) {
        for (next = i + 1; next < count && sample[next].time == sample[i].time;)
            next++;
        double x = 0.5 * (i + next - 1.0) - mean;
        for (uint32_t j = i; j < next; j++) {
            double y = sample[j].rank - mean;
            xy += x * y;
            xx += x * x;
            yy += y * y;
        }
    }
    return xx > 0 && yy > 0 ? xy / sqrt(xx * yy) : 0;
}

/* Half-width of the 95 % band of Dvoretzky, Kiefer, Wolfowitz around `n` samples. */
static double dkw(double n)
{
    return fmin(1, sqrt(log(2 / 0.05) / (2 * n)));
}

/* ---- how far back to look ---- */

/* The weight a sample has when ages count with this power of the decay. */
static double weight_at(const struct fore_keyrange_sample *sample, double power)
{
    return sample->log_weight * exp((1 - power) * sample->rank);
}

struct look_back {
    double total, effective; /* of the weights; (sum w)^2 / sum w^2 */
};
static struct look_back look_back(const struct fore_keyrange_sample *sample, uint32_t count,
                                  double power)
{
    double total = 0, squares = 0;
    for (uint32_t i = 0; i < count; i++) {
        double w = weight_at(&sample[i], power);
        total += w;
        squares += w * w;
    }
    return (struct look_back){.total = total, .effective = total * total / squares};
}

/* Largest difference between the distributions over the positions as decayed and as looked at. */
static double farthest_apart(const struct fore_keyrange_sample *sample, uint32_t count,
                             double total, double power, double power_total)
{
    double recent = 0, longer = 0, greatest = 0;
    for (uint32_t i = 0; i < count; i++) {
        recent += sample[i].log_weight;
        longer += weight_at(&sample[i], power);
        if (i + 1 < count && sample[i + 1].position == sample[i].position) continue;
        greatest = fmax(greatest, fabs(recent / total - longer / power_total));
    }
    return greatest;
}

/* Looks back as far as needed, and no farther than the most recent samples bear out. */
static void remember_enough(struct fore_keyrange_sample *sample, uint32_t count)
{
    static const double powers[] = {0.5, 0.25, 0.125, 0};
    struct look_back recent = look_back(sample, count, 1), best = recent;
    double power = 1;
    for (size_t k = 0; k < FORE_COUNTOF(powers) && best.effective < enough; k++) {
        struct look_back back = look_back(sample, count, powers[k]);
        double apart = farthest_apart(sample, count, recent.total, powers[k], back.total);
        if (apart > dkw(recent.effective)) break;
        if (back.effective <= best.effective) continue;
        power = powers[k];
        best = back;
    }
    for (uint32_t i = 0; i < count && power < 1; i++)
        sample[i].log_weight = weight_at(&sample[i], power);
}

/* ---- where to cut ---- */

struct walk {
    double total, squares, top; /* of the weights; the heaviest position's */
    double best_right, best_gap;
    uint64_t at;
};

/* Of position x between the sample's ends, 0..1. */
struct ends {
    double low, width;
};
static double even_share(const struct ends *ends, double x)
{
    return (x - ends->low) / ends->width;
}

/* Weight that an even density gets beside the sample; 0 when the sample contradicts it. */
static double even_weight(const struct fore_keyrange_sample *sample, uint32_t count,
                          const struct walk *walk, const struct ends *ends)
{
    double left = 0, distance = 0, n = walk->total * walk->total / walk->squares;
    for (uint32_t i = 0; i < count; i++) {
        double even = even_share(ends, (double)sample[i].position);
        distance = fmax(distance, fabs(left / walk->total - even));
        left += sample[i].log_weight;
        distance = fmax(distance, fabs(left / walk->total - even));
    }
    return distance <= dkw(n) ? even_samples * walk->total / n : 0;
}

static struct walk find_cut(const struct fore_keyrange_sample *sample, uint32_t count,
                            double right_share)
{
    struct walk walk = {.best_gap = (double)INFINITY};
    for (uint32_t i = 0; i < count; i++) {
        walk.total += sample[i].log_weight;
        walk.squares += sample[i].log_weight * sample[i].log_weight;
    }
    struct ends ends = {.low = (double)sample[0].position,
                        .width = (double)(sample[count - 1].position - sample[0].position)};
    double even = ends.width > 0 ? even_weight(sample, count, &walk, &ends) : 0, left = 0;
    for (uint32_t i = 0, next; i < count; i = next) {
        double here = 0;
        for (next = i; next < count && sample[next].position == sample[i].position; next++)
            here += sample[next].log_weight;
        walk.top = fmax(walk.top, here);
        left += here;
        if (next == count) break;
        uint64_t distance = sample[next].position - sample[i].position;
        double middle = (double)sample[i].position + (double)distance / 2;
        double right = 1 - (left + even * even_share(&ends, middle)) / (walk.total + even);
        if (fabs(right - right_share) >= walk.best_gap) continue;
        walk.best_gap = fabs(right - right_share);
        walk.best_right = right;
        walk.at = sample[i].position + distance - distance / 2;
    }
    return walk;
}

bool fore_keyrange_cut_samples(struct fore_keyrange_sample *sample,
                               struct fore_keyrange_sample *spare, uint32_t count,
                               const struct fore_keyrange_question *question,
                               struct fore_keyrange_cut *out)
{
    *out = (struct fore_keyrange_cut){.samples = count};
    if (count < FORE_KEYRANGE_LEAST) return false;
    sort_by_place(sample, spare, count);
    adjust_weights(sample, count, question);
    remember_enough(sample, count);
    struct walk walk = find_cut(sample, count, question->right_share);
    out->top_share = walk.top / walk.total;
    out->error = dkw(walk.total * walk.total / walk.squares);
    if (isinf(walk.best_gap)) return false; /* one position */
    out->at = walk.at;
    out->right_share = walk.best_right;
    return true;
}

double fore_keyrange_monotone_samples(struct fore_keyrange_sample *sample,
                                      struct fore_keyrange_sample *spare, uint32_t count)
{
    if (count < FORE_KEYRANGE_LEAST) return 0;
    sort_by_place(sample, spare, count);
    return rank_correlation(sample, spare, count);
}
