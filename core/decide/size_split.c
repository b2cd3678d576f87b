/* size_split.c - see size_split.h. */
#include "core/decide/size_split.h"

#include "core/decide/price.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { SAMPLED = 64, SAMPLES_MIN = 32, DIFFERENT_MIN = 8 };
static const double full = 0.9;        /* of the ceiling: there inserts in order go on elsewhere */
static const double merged = 0.5;      /* of it: at most that is merged */
static const double empty_part = 0.01; /* of the load, and of the bytes: what lies ahead */

bool fore_size_split_fits(const struct fore_planner_input *input, uint32_t one, uint32_t other)
{
    if (input->size == NULL || input->options->size_max == 0) return true;
    return input->size[one].grown_bytes + input->size[other].grown_bytes <=
           merged * (double)input->options->size_max;
}

/* All that is asked for in it is one key: its bytes are that key's, as far as anybody knows. */
static bool one_key(const struct fore_planner_input *input, uint32_t partition)
{
    uint64_t position[SAMPLED];
    size_t count =
        fore_keyrange_positions(input->observe->key_ranges, partition, position, SAMPLED);
    bool same = count >= SAMPLES_MIN;
    for (size_t i = 1; i < count && same; i++)
        same = position[i] == position[0];
    return same;
}

const char *fore_size_split_refusal(const struct fore_planner_input *input, uint32_t partition)
{
    const struct fore_partition *part = &input->topology->partition[partition];
    double least = 2 * (double)input->split_cost.part_bytes_min;
    if (!input->options->splits) return "decide.splits is off";
    if (!(input->caps & FORE_CAP_SPLIT)) return "the cluster cannot split";
    if (part->apart != 0) return "its columns are split off: it must be made whole first";
    if (part->first == part->last || one_key(input, partition)) return "one key holds all of it";
    if (fore_planner_split_room(input) == 0) return "there may be no more partitions";
    if ((double)part->bytes < least) return "its parts would be smaller than the cluster allows";
    return NULL;
}

/* ---- where ---------------------------------------------------------------------------------- */

struct cut {
    uint64_t at;
    double right_share; /* of the load */
};

/* Ahead of inserts in order, where it will be nearly full. */
static bool ahead(const struct fore_planner_input *input, uint32_t p, struct cut *out)
{
    const struct fore_partition *part = &input->topology->partition[p];
    const struct fore_size_outlook *size = &input->size[p];
    struct fore_insertion in;
    if (!input->options->ahead || !fore_frontier_of(input->observe->frontier, p, &in)) return false;
    if (in.head < part->first || in.head >= part->last || !(in.keys_per_sec > 0)) return false;
    /* What is planned now stands a few plans later. */
    double lead_s = 3 * fore_price_seconds(input->options->plan_every);
    double room = full * size->max_bytes - size->now_bytes;
    double keys = ceil(room / size->rate * in.keys_per_sec);
    if (!(size->rate > 0) || !(room > size->rate * lead_s)) return false;
    if (!(keys < (double)(part->last - in.head))) return false;
    if (!fore_split_cost_allows(&input->split_cost, (double)part->bytes, empty_part)) return false;
    *out = (struct cut){.at = in.head + (uint64_t)keys + 1, .right_share = empty_part};
    return out->at <= part->last;
}

static int ascending(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* The end of the range in which its keys lie: of k different ones that were seen, evenly spread
 * from the first one on, the highest lies at k / (k + 1) of it. A few do not say. */
static uint64_t highest(const struct fore_planner_input *input, uint32_t p)
{
    const struct fore_partition *part = &input->topology->partition[p];
    struct fore_insertion in;
    if (fore_frontier_of(input->observe->frontier, p, &in) && in.head > part->first &&
        in.head <= part->last)
        return in.head;
    uint64_t position[SAMPLED];
    size_t count = fore_keyrange_positions(input->observe->key_ranges, p, position, SAMPLED);
    size_t different = count > 0;
    qsort(position, count, sizeof *position, ascending);
    for (size_t i = 1; i < count; i++)
        different += position[i] != position[i - 1];
    if (different < DIFFERENT_MIN || position[count - 1] <= part->first) return part->last;
    uint64_t way = position[count - 1] - part->first, room = part->last - position[count - 1];
    uint64_t beyond = way / different;
    return beyond < room ? position[count - 1] + beyond : part->last;
}

static struct cut middle(const struct fore_planner_input *input, uint32_t p)
{
    const struct fore_partition *part = &input->topology->partition[p];
    const struct fore_keyrange *ranges = input->observe->key_ranges;
    struct cut cut = {.at = part->first + (highest(input, p) - part->first) / 2 + 1};
    double right = fore_keyrange_share(ranges, p, cut.at, part->last);
    double all = fore_keyrange_share(ranges, p, part->first, part->last);
    /* Half of what nobody asks for; and no part is believed to have nothing to do. */
    double least =
        fmax(empty_part, (double)input->split_cost.part_bytes_min / fmax((double)part->bytes, 1));
    cut.right_share = all > 0 ? fmin(fmax(right, least), 1 - least) : 0.5;
    return cut;
}

/* ---- which ---------------------------------------------------------------------------------- */

static bool wanted(const struct fore_search *search, uint32_t p)
{
    const struct fore_planner_input *input = search->input;
    return input->topology->partition[p].alive && !search->busy[p] &&
           !fore_candidate_held(search, p) &&
           input->size[p].probability >= input->options->size_risk &&
           fore_size_split_refusal(input, p) == NULL;
}

static bool more_urgent(const struct fore_size_outlook *a, const struct fore_size_outlook *b)
{
    if (a->when_s < b->when_s || a->when_s > b->when_s) return a->when_s < b->when_s;
    return a->now_bytes > b->now_bytes;
}

static void tell(const struct fore_size_outlook *size, const struct fore_plan_move *m, char *why,
                 size_t why_size)
{
    bool empty = m->move.split_right_share <= empty_part;
    int used = snprintf(why, why_size, "split p%u %s, for its size: ", m->move.partition,
                        empty ? "ahead of its inserts" : "in the middle of its keys");
    size_t at = used > 0 && (size_t)used < why_size ? (size_t)used : why_size;
    if (size->when_s > 0)
        (void)snprintf(why + at, why_size - at,
                       "%.3g of %.3g MB, and all of that in %.0f s with P %.2f [growth]",
                       size->now_bytes / 1e6, size->max_bytes / 1e6, size->when_s,
                       size->probability);
    else
        (void)snprintf(why + at, why_size - at, "%.3g MB, above %.3g [growth]",
                       size->now_bytes / 1e6, size->max_bytes / 1e6);
}

uint32_t fore_size_split(struct fore_search *search, uint32_t most, struct fore_plan *out,
                         char *why, size_t why_size)
{
    const struct fore_planner_input *input = search->input;
    uint32_t count = 0;
    while (input->size != NULL && count < most && search->split_room > 0 &&
           out->move_count < FORE_PLAN_MOVES) {
        uint32_t best = FORE_PARTITION_NONE;
        for (uint32_t p = 0; p < input->topology->partition_count; p++)
            if (wanted(search, p) &&
                (best == FORE_PARTITION_NONE || more_urgent(&input->size[p], &input->size[best])))
                best = p;
        if (best == FORE_PARTITION_NONE) break;
        struct cut cut;
        if (!ahead(input, best, &cut)) cut = middle(input, best);
        struct fore_plan_move *m = &out->move[out->move_count++];
        *m = (struct fore_plan_move){
            .move = {.kind = FORE_MOVE_SPLIT,
                     .partition = best,
                     .other = FORE_PARTITION_NONE,
                     .source = FORE_NODE_NONE,
                     .target = FORE_NODE_NONE,
                     .split_at = cut.at,
                     .split_right_share = cut.right_share},
            .for_size = true
        };
        search->busy[best] = true;
        search->split_room--;
        if (count++ == 0) tell(&input->size[best], m, why, why_size);
    }
    return count;
}
