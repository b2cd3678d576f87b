/*
 * fleet_reshard.c - partitions change, their pasts follow.
 *
 * A split hands each part its share of the load's past and the parent's residuals over sqrt(level),
 * smaller by what spread.h says of a part. The common error is linear in the share, so the
 * inherited part of it is brought to that by a gain. A merge adds. Parts remember whose kin they
 * are, as their errors go together: a node that holds two of them is not as even as one that holds
 * strangers. Models are not carried over: both are fitted anew from the scaled past at the next
 * refresh.
 */
#include "core/forecast/fleet_parts.h"
#include "core/forecast/spread.h"

#include <math.h>
#include <string.h>

void fore_fleet_kin_leave(struct fore_fleet *fleet, uint32_t index)
{
    uint32_t before = index;
    while (fleet->kin[before] != index)
        before = fleet->kin[before];
    fleet->kin[before] = fleet->kin[index];
    fleet->kin[index] = index;
}

static void kin_join(struct fore_fleet *fleet, uint32_t index, uint32_t with)
{
    FORE_ASSERT(fleet->kin[index] == index);
    fleet->kin[index] = fleet->kin[with];
    fleet->kin[with] = index;
}

static void scale_series(struct fore_fleet_partition *p, float share)
{
    for (size_t i = 0; i < p->n; i++)
        p->y[i] *= share;
    for (size_t i = 0; p->log_y && i < p->n; i++)
        p->log_y[i] += logf(share);
}

static void changed(struct fore_fleet *fleet, struct fore_fleet_partition *p)
{
    p->generation = FORE_FLEET_ADOPT;
    p->fitted = false;
    fleet->stale = true;
}

/* Of a whole's standard deviation, what a part has. */
static float part_sd(float share)
{
    return (float)sqrt(fore_spread_part((double)share));
}

/* The same of what is kept over sqrt(level). */
static float part_residual(float share)
{
    return part_sd(share) / sqrtf(share);
}

/* Both scenarios stay usable until the next refresh. */
static void share_matrices(struct fore_fleet *fleet, uint32_t left, uint32_t right, float share)
{
    if (left >= fleet->rows || right >= fleet->rows) return;
    float part_right = part_sd(share), part_left = part_sd(1.0f - share);
    size_t a = (size_t)left * fleet->steps, b = (size_t)right * fleet->steps;
    for (int kind = 0; kind < FORE_SCENARIO_KINDS; kind++) {
        for (size_t h = 0; h < fleet->steps; h++) {
            float mean = fleet->mean[kind][a + h], common = fleet->common[kind][a + h];
            float own = fleet->own[kind][a + h];
            fleet->mean[kind][b + h] = mean * share;
            fleet->mean[kind][a + h] = mean * (1.0f - share);
            fleet->common[kind][b + h] = common * share;
            fleet->common[kind][a + h] = common * (1.0f - share);
            fleet->own[kind][b + h] = own * part_right;
            fleet->own[kind][a + h] = own * part_left;
        }
    }
}

/* Until the next lesson. */
static void share_spreads(const struct fore_fleet *fleet, struct fore_fleet_partition *parent,
                          struct fore_fleet_partition *child, float share)
{
    float root_right = sqrtf(share), root_left = sqrtf(1.0f - share);
    for (int kind = 0; kind < FORE_SCENARIO_KINDS; kind++) {
        for (size_t h = 0; h < fleet->steps; h++) {
            child->own[kind][h] = parent->own[kind][h] * part_residual(share);
            parent->own[kind][h] *= part_residual(1.0f - share);
            child->common[kind][h] = parent->common[kind][h] * root_right;
            parent->common[kind][h] *= root_left;
        }
    }
}

static void split_path(const struct fore_fleet *fleet, struct fore_fleet_path *path, bool finished,
                       uint32_t left, uint32_t right, float share)
{
    if (left >= path->rows) return;
    fore_fleet_path_room(fleet, path, right + 1);
    size_t a = (size_t)left * fleet->steps, b = (size_t)right * fleet->steps;
    for (int kind = 0; kind < (finished ? FORE_SCENARIO_KINDS : 1); kind++)
        memcpy(path->cell[kind] + b, path->cell[kind] + a, fleet->steps * sizeof(float));
    for (int kind = 0; finished && kind < FORE_SCENARIO_KINDS; kind++)
        for (size_t h = 0; h < fleet->steps; h++) {
            path->cell[kind][b + h] *= part_residual(share);
            path->cell[kind][a + h] *= part_residual(1.0f - share);
        }
    if (finished) return;
    for (size_t h = 0; h < fleet->steps; h++) {
        path->cell[0][b + h] *= share;
        path->cell[0][a + h] *= 1.0f - share;
    }
    path->now[right] = path->now[left] * share;
    path->now[left] *= 1.0f - share;
}

void fore_fleet_split(struct fore_fleet *fleet, uint32_t left, uint32_t right, double right_share)
{
    FORE_ASSERT(left < fleet->partition_cap && right < fleet->partition_cap && left != right);
    fore_fleet_forget(fleet, right);
    struct fore_fleet_partition *parent = fleet->partition[left];
    if (!parent) return;
    float share = (float)fmin(fmax(right_share, 0.001), 0.999);
    struct fore_fleet_partition *child = fore_fleet_partition(fleet, right);
    if (right >= fleet->count) fleet->count = right + 1;
    memcpy(child->y, parent->y, parent->n * sizeof(*child->y));
    if (child->log_y) memcpy(child->log_y, parent->log_y, parent->n * sizeof(*child->log_y));
    child->n = parent->n;
    child->seen = parent->seen;
    child->group = parent->group;
    scale_series(child, share);
    scale_series(parent, 1.0f - share);
    for (uint32_t i = 0; i < fleet->done + fleet->pending; i++)
        split_path(fleet, fore_fleet_path_at(fleet, i), i < fleet->done, left, right, share);
    share_spreads(fleet, parent, child, share);
    float gain = parent->inherited > 0 ? parent->common_gain : 1.0f;
    child->level = parent->level * (double)share;
    parent->level *= 1.0 - (double)share;
    child->peak = parent->peak * share;
    parent->peak *= 1.0f - share;
    child->common_gain = gain * sqrtf(share) / part_residual(share);
    parent->common_gain = gain * sqrtf(1.0f - share) / part_residual(1.0f - share);
    child->inherited = parent->inherited = fleet->done;
    fore_fleet_recount(fleet, left);
    fore_fleet_recount(fleet, right);
    fore_fleet_kin_leave(fleet, right); /* of an index used before */
    kin_join(fleet, right, left);
    share_matrices(fleet, left, right, share);
    fore_lineup_split(fleet->lineup, left, right);
    changed(fleet, parent);
    changed(fleet, child);
}

/* Residuals are over sqrt(level): of a load k times as high they are sqrt(k) times as large. */
static void scale_path(const struct fore_fleet *fleet, struct fore_fleet_path *path, bool finished,
                       uint32_t partition, float factor)
{
    if (partition >= path->rows) return;
    size_t a = (size_t)partition * fleet->steps;
    float each = finished ? sqrtf(factor) : factor;
    for (int kind = 0; kind < (finished ? FORE_SCENARIO_KINDS : 1); kind++)
        for (size_t h = 0; h < fleet->steps; h++)
            path->cell[kind][a + h] *= each;
    if (!finished) path->now[partition] *= factor;
}

void fore_fleet_scale(struct fore_fleet *fleet, uint32_t partition, double factor)
{
    FORE_ASSERT(partition < fleet->partition_cap && factor > 0);
    struct fore_fleet_partition *p = fleet->partition[partition];
    if (!p) return;
    float by = (float)factor, root = sqrtf(by);
    scale_series(p, by);
    for (uint32_t i = 0; i < fleet->done + fleet->pending; i++)
        scale_path(fleet, fore_fleet_path_at(fleet, i), i < fleet->done, partition, by);
    for (int kind = 0; kind < FORE_SCENARIO_KINDS; kind++)
        for (size_t h = 0; h < fleet->steps; h++) {
            p->own[kind][h] *= root;
            p->common[kind][h] *= root;
            if (partition >= fleet->rows) continue;
            size_t at = (size_t)partition * fleet->steps + h;
            fleet->mean[kind][at] *= by;
            fleet->common[kind][at] *= by;
            fleet->own[kind][at] *= by;
        }
    p->level *= factor;
    p->peak *= by;
    fore_fleet_recount(fleet, partition);
    changed(fleet, p);
}

/* left += right, aligned at the newest point; a point known to one only stays what it was. */
static void add_series(struct fore_fleet_partition *left, const struct fore_fleet_partition *right)
{
    size_t both = left->n < right->n ? left->n : right->n;
    for (size_t i = 1; i <= both; i++) {
        float *y = &left->y[left->n - i], other = right->y[right->n - i];
        *y = isnan(*y) ? other : isnan(other) ? *y : *y + other;
        if (left->log_y) left->log_y[left->n - i] = logf(*y);
    }
}

/* Residuals over sqrt(level) of a sum: each weighs with the root of its level. */
static void merge_path(const struct fore_fleet *fleet, struct fore_fleet_path *path, bool finished,
                       uint32_t left, uint32_t right)
{
    if (left >= path->rows || right >= path->rows) return;
    double a_level = fleet->partition[left]->level, b_level = fleet->partition[right]->level;
    double sum = a_level + b_level;
    float a_weight = sum > 0.0 ? (float)sqrt(a_level / sum) : 1.0f;
    float b_weight = sum > 0.0 ? (float)sqrt(b_level / sum) : 1.0f;
    size_t a = (size_t)left * fleet->steps, b = (size_t)right * fleet->steps;
    for (int kind = 0; kind < (finished ? FORE_SCENARIO_KINDS : 1); kind++) {
        float *cell = path->cell[kind];
        for (size_t h = 0; h < fleet->steps; h++) {
            cell[a + h] = finished ? cell[a + h] * a_weight + cell[b + h] * b_weight
                                   : cell[a + h] + cell[b + h];
            cell[b + h] = NAN;
        }
    }
    if (finished) return;
    path->now[left] += path->now[right];
    path->now[right] = NAN;
}

static bool are_kin(const struct fore_fleet *fleet, uint32_t a, uint32_t b)
{
    uint32_t at = fleet->kin[a];
    while (at != a && at != b)
        at = fleet->kin[at];
    return at == b;
}

/* Standard deviation of the sum of two own errors. */
static float added(float a, float b, bool kin)
{
    float together = kin ? 2.0f * (float)FORE_SPREAD_TOGETHER * a * b : 0.0f;
    return sqrtf(a * a + b * b + together);
}

static void add_spreads(const struct fore_fleet *fleet, struct fore_fleet_partition *left,
                        const struct fore_fleet_partition *right, bool kin)
{
    double sum = left->level + right->level;
    if (sum <= 0.0) return;
    float a = (float)sqrt(left->level / sum), b = (float)sqrt(right->level / sum);
    for (int kind = 0; kind < FORE_SCENARIO_KINDS; kind++) {
        for (size_t h = 0; h < fleet->steps; h++) {
            float own_a = a * left->own[kind][h], own_b = b * right->own[kind][h];
            left->own[kind][h] = added(own_a, own_b, kin);
            left->common[kind][h] = a * left->common[kind][h] + b * right->common[kind][h];
        }
    }
}

static void add_matrices(struct fore_fleet *fleet, uint32_t left, uint32_t right, bool kin)
{
    if (left >= fleet->rows || right >= fleet->rows) return;
    size_t a = (size_t)left * fleet->steps, b = (size_t)right * fleet->steps;
    for (int kind = 0; kind < FORE_SCENARIO_KINDS; kind++) {
        float *mean = fleet->mean[kind], *common = fleet->common[kind], *own = fleet->own[kind];
        for (size_t h = 0; h < fleet->steps; h++) {
            mean[a + h] += mean[b + h];
            common[a + h] += common[b + h];
            own[a + h] = added(own[a + h], own[b + h], kin);
            mean[b + h] = common[b + h] = own[b + h] = 0.0f;
        }
    }
}

void fore_fleet_merge(struct fore_fleet *fleet, uint32_t left, uint32_t right)
{
    FORE_ASSERT(left < fleet->partition_cap && right < fleet->partition_cap && left != right);
    struct fore_fleet_partition *a = fleet->partition[left];
    const struct fore_fleet_partition *b = fleet->partition[right];
    if (a && b) {
        bool kin = are_kin(fleet, left, right);
        add_series(a, b);
        for (uint32_t i = 0; i < fleet->done + fleet->pending; i++)
            merge_path(fleet, fore_fleet_path_at(fleet, i), i < fleet->done, left, right);
        add_spreads(fleet, a, b, kin);
        a->level += b->level;
        a->peak += b->peak;
        fore_fleet_recount(fleet, left);
        add_matrices(fleet, left, right, kin);
        fore_lineup_merge(fleet->lineup, left, right);
    }
    if (a) changed(fleet, a);
    fore_fleet_forget(fleet, right);
}
