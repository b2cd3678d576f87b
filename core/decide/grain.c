/* grain.c - the coarsest first, each in the middle of its load. */
#include "core/decide/grain.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static const double half_least = 0.1; /* of the load: a part below it was not worth the cut */
enum { SEEN = 64, SEEN_LEAST = 8 };   /* positions of requests that say where the middle is */

static bool kin(const struct fore_planner_input *input, uint32_t one, uint32_t other)
{
    const struct fore_scenario *s = input->term[0].scenario;
    if (s->kin == NULL || one >= s->partition_count || other >= s->partition_count) return false;
    for (uint32_t q = s->kin[one]; q != one; q = s->kin[q])
        if (q == other) return true;
    return false;
}

bool fore_grain_keeps(const struct fore_planner_input *input, uint32_t one, uint32_t other)
{
    if (input->usual == NULL || !(input->grain > 0)) return false;
    return input->usual[one] + input->usual[other] > input->grain ||
           (input->kin_only && !kin(input, one, other));
}

static bool coarse(const struct fore_planner_input *input, uint32_t p)
{
    const struct fore_partition *part = &input->topology->partition[p];
    return part->alive && part->replica_count == 1 && part->apart == 0 &&
           input->usual[p] > input->grain && part->first < part->last &&
           (input->partition_held == NULL || input->partition_held[p] == FORE_HOLD_NONE) &&
           fore_ahead_of(&input->arrivals, p) == NULL;
}

static int ascending(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* It was busy long ago or briefly, and of what was asked for then too little is remembered for
 * shares of its load: the middle of that, or where even that is nothing, of its range. */
static bool guess(const struct fore_planner_input *input, uint32_t p, struct fore_keyrange_cut *out)
{
    const struct fore_partition *part = &input->topology->partition[p];
    uint64_t seen[SEEN];
    size_t n = 0, all = fore_keyrange_positions(input->observe->key_ranges, p, seen, SEEN);
    for (size_t i = 0; i < all; i++)
        if (seen[i] >= part->first && seen[i] <= part->last) seen[n++] = seen[i];
    *out = (struct fore_keyrange_cut){.at = part->first + (part->last - part->first) / 2 + 1,
                                      .right_share = 0.5,
                                      .error = 0.5,
                                      .samples = (uint32_t)n};
    if (n < SEEN_LEAST) return true;
    qsort(seen, n, sizeof *seen, ascending);
    out->at = seen[n / 2];
    size_t same = 0;
    for (size_t i = 0; i < n; i++)
        same += seen[i] == out->at;
    out->top_share = (double)same / (double)n;
    return out->at > part->first;
}

static bool cut_of(const struct fore_planner_input *input, uint32_t p,
                   struct fore_keyrange_cut *out)
{
    const struct fore_partition *part = &input->topology->partition[p];
    const struct fore_keyrange *ranges = input->observe->key_ranges;
    if (!fore_keyrange_cut(ranges, p, part->first, part->last, 0.5, out) &&
        (out->samples >= FORE_KEYRANGE_LEAST || !guess(input, p, out)))
        return false;
    return out->top_share <= 0.5 && out->right_share >= half_least &&
           out->right_share <= 1 - half_least &&
           fore_split_cost_allows(&input->split_cost, (double)part->bytes, out->right_share);
}

static bool planned(const struct fore_plan *plan, uint32_t p)
{
    for (uint32_t i = 0; i < plan->move_count; i++)
        if (plan->move[i].move.partition == p || plan->move[i].move.other == p) return true;
    return false;
}

/* The coarsest that can be cut now and is not in the plan; FORE_PARTITION_NONE: there is none. */
static uint32_t coarsest(const struct fore_planner_input *input, const struct fore_plan *plan,
                         struct fore_keyrange_cut *cut)
{
    uint32_t best = FORE_PARTITION_NONE;
    for (uint32_t p = 0; p < input->topology->partition_count; p++) {
        struct fore_keyrange_cut at;
        if (!coarse(input, p) || input->partition_busy[p] || planned(plan, p) ||
            fore_planner_split_rests(input, p))
            continue;
        if (best != FORE_PARTITION_NONE && input->usual[p] <= input->usual[best]) continue;
        if (!cut_of(input, p, &at)) continue;
        best = p;
        *cut = at;
    }
    return best;
}

uint32_t fore_grain_cut(const struct fore_planner_input *input, uint32_t most,
                        struct fore_plan *out)
{
    uint32_t room = fore_planner_split_room(input), left = 0, before = out->move_count;
    if (input->usual == NULL || !(input->grain > 0) || room == 0 || !input->options->splits ||
        !(input->caps & FORE_CAP_SPLIT))
        return 0;
    for (uint32_t p = 0; p < input->topology->partition_count; p++) {
        struct fore_keyrange_cut at;
        if (!coarse(input, p)) continue;
        left +=
            input->partition_busy[p] || fore_planner_split_rests(input, p) || cut_of(input, p, &at);
    }
    for (uint32_t i = before; i > 0; i--) /* splits that are planned already take room, too */
        if (out->move[i - 1].move.kind == FORE_MOVE_SPLIT && room > 0) room--;
    for (uint32_t i = 0; i < room && out->move_count < most && out->move_count < FORE_PLAN_MOVES;
         i++) {
        struct fore_keyrange_cut cut;
        uint32_t p = coarsest(input, out, &cut);
        if (p == FORE_PARTITION_NONE) break;
        out->move[out->move_count++] = (struct fore_plan_move){
            .move = {.kind = FORE_MOVE_SPLIT,
                     .partition = p,
                     .other = FORE_PARTITION_NONE,
                     .source = FORE_NODE_NONE,
                     .target = FORE_NODE_NONE,
                     .split_at = cut.at,
                     .split_right_share = cut.right_share},
            .for_grain = true
        };
    }
    if (before == 0 && out->move_count > 0)
        (void)snprintf(out->reason, sizeof out->reason,
                       "cut p%u and %u more for the grain: usually %.2g cores at most, above %.2g",
                       out->move[0].move.partition, out->move_count - 1,
                       input->usual[out->move[0].move.partition], input->grain);
    return left;
}
