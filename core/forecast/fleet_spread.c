/*
 * fleet_spread.c - the paths: what was forecast at an origin, kept until the truth of its last step
 * is known, then turned into residuals that stay for `origins` paths. Second moments follow path
 * by path, one added and one taken back; fleet_learn.c makes spreads of them.
 */
#include "core/forecast/fleet_parts.h"
#include "core/forecast/spread.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS_STEP = 64 };
static const float PEAK_FADES = 0.99f; /* a path */
static const double LIFT_FADES = 0.98, LIFT_LEAST = 0.8, LIFT_MOST = 1.25;

struct fore_fleet_path *fore_fleet_path_at(const struct fore_fleet *fleet, uint32_t i)
{
    return &fleet->path[(fleet->first + i) % fleet->path_cap];
}

static void fill_nan(float *x, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++)
        x[i] = NAN;
}

void fore_fleet_path_room(const struct fore_fleet *fleet, struct fore_fleet_path *path,
                          uint32_t rows)
{
    if (rows <= path->rows) return;
    uint32_t more = (rows + ROWS_STEP - 1) / ROWS_STEP * ROWS_STEP;
    size_t old_cells = (size_t)path->rows * fleet->steps, cells = (size_t)more * fleet->steps;
    for (int kind = 0; kind < FORE_SCENARIO_KINDS; kind++) {
        if (kind > 0 && !path->cell[kind]) continue; /* made when the path is finished */
        path->cell[kind] = fore_fleet_memory(path->cell[kind], cells, sizeof(float));
        fill_nan(path->cell[kind], old_cells, cells);
    }
    path->now = fore_fleet_memory(path->now, more, sizeof(float));
    fill_nan(path->now, path->rows, more);
    path->rows = more;
}

void fore_fleet_blank(struct fore_fleet *fleet, uint32_t index)
{
    for (uint32_t i = 0; i < fleet->done + fleet->pending; i++) {
        struct fore_fleet_path *path = fore_fleet_path_at(fleet, i);
        if (index >= path->rows) continue;
        path->now[index] = NAN;
        for (int kind = 0; kind < (i < fleet->done ? FORE_SCENARIO_KINDS : 1); kind++)
            fill_nan(path->cell[kind], index * fleet->steps, (index + 1) * fleet->steps);
    }
}

/* ---- recording ------------------------------------------------------------------------------- */

void fore_fleet_record(struct fore_fleet *fleet, uint32_t partition_count)
{
    if (fleet->done + fleet->pending == fleet->path_cap) return;
    struct fore_fleet_path *path = fore_fleet_path_at(fleet, fleet->done + fleet->pending);
    fore_fleet_path_room(fleet, path, partition_count);
    fleet->pending++;
    path->origin = fleet->points;
    path->lift = fleet->lift;
    fill_nan(path->cell[0], 0, (size_t)path->rows * fleet->steps);
    fill_nan(path->now, 0, path->rows);
    for (uint32_t i = 0; i < partition_count; i++) {
        const struct fore_fleet_partition *p = fleet->partition[i];
        if (!p) continue;
        size_t at = (size_t)i * fleet->steps;
        path->now[i] = fleet->mean[FORE_SCENARIO_NOWCAST][at];
        if (p->fitted)
            memcpy(path->cell[0] + at, fleet->mean[FORE_SCENARIO_FORECAST] + at,
                   fleet->steps * sizeof(float));
    }
}

/* ---- finishing ------------------------------------------------------------------------------- */

/* Adds (sign 1) or takes back (-1) a partition's row of a finished path. */
static void count_row(const struct fore_fleet *fleet, const struct fore_fleet_path *path,
                      uint32_t index, int sign)
{
    struct fore_fleet_partition *p = fleet->partition[index];
    if (!p || index >= path->rows) return;
    for (int kind = 0; kind < FORE_SCENARIO_KINDS; kind++) {
        const float *row = path->cell[kind] + (size_t)index * fleet->steps;
        const float *total = path->total[kind];
        struct fore_fleet_cell *cell = p->cell[kind];
        for (size_t h = 0; h < fleet->steps; h++) {
            if (isnan(row[h])) continue;
            double x = (double)row[h];
            cell[h].square += sign * x * x;
            cell[h].cross += sign * x * (double)total[h];
            cell[h].count += (uint32_t)sign;
        }
    }
}

void fore_fleet_recount(struct fore_fleet *fleet, uint32_t index)
{
    struct fore_fleet_partition *p = fleet->partition[index];
    for (int kind = 0; kind < FORE_SCENARIO_KINDS; kind++)
        memset(p->cell[kind], 0, fleet->steps * sizeof(*p->cell[kind]));
    for (uint32_t i = 0; i < fleet->done; i++)
        count_row(fleet, fore_fleet_path_at(fleet, i), index, 1);
}

static void count_path(struct fore_fleet *fleet, const struct fore_fleet_path *path, int sign)
{
    for (int kind = 0; kind < FORE_SCENARIO_KINDS; kind++) {
        for (size_t h = 0; h < fleet->steps; h++) {
            double x = (double)path->total[kind][h];
            if (isnan(x)) continue;
            fleet->total[kind][h].square += sign * x * x;
            fleet->total[kind][h].count += (uint32_t)sign;
            fleet->missed[kind][h] += sign * (double)path->missed[kind][h];
        }
    }
    for (uint32_t i = 0; i < fleet->count; i++)
        count_row(fleet, path, i, sign);
}

/* One partition: means become residuals over sqrt(level); its share of the cluster's sums. */
static void finish_row(struct fore_fleet *fleet, struct fore_fleet_path *path, uint32_t index,
                       double *level_sum)
{
    struct fore_fleet_partition *p = fleet->partition[index];
    float *row[FORE_SCENARIO_KINDS];
    for (int kind = 0; kind < FORE_SCENARIO_KINDS; kind++)
        row[kind] = path->cell[kind] + (size_t)index * fleet->steps;
    float now = path->now[index];
    uint64_t age = fleet->points - path->origin;
    if (!p || isnan(now) || p->n < age) {
        fill_nan(row[0], 0, fleet->steps);
        fill_nan(row[1], 0, fleet->steps);
        return;
    }
    const float *truth = p->y + (p->n - age);
    double weight = p->level > 0.0 ? 1.0 / 32.0 : 1.0;
    p->level += weight * ((double)now - p->level);
    p->peak *= PEAK_FADES;
    for (size_t h = 0; h < fleet->steps; h++)
        if (truth[h] > p->peak) p->peak = truth[h];
    float least = FORE_FLEET_LEVEL_LEAST * p->peak + 1e-9f;
    for (size_t h = 0; h < fleet->steps; h++) {
        float mean[FORE_SCENARIO_KINDS] = {row[0][h], now}, miss[FORE_SCENARIO_KINDS];
        for (int kind = 0; kind < FORE_SCENARIO_KINDS; kind++) {
            miss[kind] = truth[h] - mean[kind];
            float level = mean[kind] > least ? mean[kind] : least;
            row[kind][h] = miss[kind] / sqrtf(level);
            if (isnan(miss[kind])) continue;
            path->total[kind][h] += miss[kind];
            level_sum[(size_t)kind * fleet->steps + h] += (double)level;
        }
        if (isnan(miss[0])) continue; /* skill compares like with like */
        fleet->said_sum += (double)(mean[0] / path->lift);
        fleet->true_sum += (double)truth[h];
        path->missed[0][h] += fabsf(miss[0]);
        path->missed[1][h] += fabsf(miss[1]);
    }
    if (p->inherited > 0) p->inherited--;
}

/* A member's median says nothing of a load that is mostly not there, and sums of medians fall short
 * of the sum; in a sum, what is missing everywhere is missing for certain. */
float fore_fleet_lift(const struct fore_fleet *fleet)
{
    if (!(fleet->said_sum > 0.0) || fleet->done < FORE_SPREAD_PATHS_MIN) return 1.0f;
    return (float)fmin(fmax(fleet->true_sum / fleet->said_sum, LIFT_LEAST), LIFT_MOST);
}

static void finish_path(struct fore_fleet *fleet, struct fore_fleet_path *path)
{
    size_t steps = fleet->steps;
    fleet->said_sum *= LIFT_FADES;
    fleet->true_sum *= LIFT_FADES;
    if (!path->cell[1]) path->cell[1] = fore_fleet_memory(NULL, path->rows * steps, sizeof(float));
    double *level = fore_fleet_memory(NULL, FORE_SCENARIO_KINDS * steps, sizeof(*level));
    for (int kind = 0; kind < FORE_SCENARIO_KINDS; kind++) {
        memset(path->total[kind], 0, steps * sizeof(float));
        memset(path->missed[kind], 0, steps * sizeof(float));
    }
    for (uint32_t i = 0; i < path->rows; i++) {
        if (i < fleet->count) {
            finish_row(fleet, path, i, level);
            continue;
        }
        fill_nan(path->cell[0], i * steps, (i + 1) * steps);
        fill_nan(path->cell[1], i * steps, (i + 1) * steps);
    }
    for (int kind = 0; kind < FORE_SCENARIO_KINDS; kind++) {
        for (size_t h = 0; h < steps; h++) {
            double sum = level[(size_t)kind * steps + h];
            path->total[kind][h] = sum > 0.0 ? path->total[kind][h] / (float)sqrt(sum) : NAN;
        }
    }
    free(level);
    count_path(fleet, path, 1);
    fleet->finished++;
}

/* The oldest finished path leaves; its second matrix serves the one about to be finished. */
static void drop_oldest(struct fore_fleet *fleet, struct fore_fleet_path *heir)
{
    struct fore_fleet_path *old = fore_fleet_path_at(fleet, 0);
    count_path(fleet, old, -1);
    if (!heir->cell[1] && heir->rows <= old->rows) {
        heir->cell[1] = old->cell[1];
        old->cell[1] = NULL;
    }
    fleet->first = (fleet->first + 1) % fleet->path_cap;
    fleet->done--;
}

void fore_fleet_finish(struct fore_fleet *fleet)
{
    while (fleet->pending > 0) {
        struct fore_fleet_path *path = fore_fleet_path_at(fleet, fleet->done);
        if (fleet->points < path->origin + fleet->steps) break;
        if (fleet->done == fleet->options.origins) drop_oldest(fleet, path);
        finish_path(fleet, path);
        fleet->done++;
        fleet->pending--;
    }
    if (fleet->finished >= fleet->learn_at && fleet->done > 0) {
        fore_fleet_learn(fleet);
        fleet->learn_at = fleet->finished + 1 + fleet->done / 16;
    }
}
