/*
 * fleet_groups.c - partitions in groups: whose nets they learn and use, and whose forecast they
 * borrow from while they are too young, or too sparse, for one of their own.
 *
 * Groups come from the configuration (by table, by the user group that asks most) or from the
 * shapes of the loads (shape.h). A borrower gets its share of what its group is forecast: its part
 * of the group's load over the points it has, times the sum of the others' forecasts. So the
 * borrowed forecasts and the group's own keep the proportions that were seen, and add up to it.
 */
#include "core/forecast/fleet_parts.h"
#include "core/forecast/shape.h"

#include <math.h>
#include <string.h>

enum { LIVELY_POINTS = 3, SHARE_POINTS = 1024 };
static const double alike = 0.8;

static uint8_t most_asking(const struct fore_observe_partition *seen)
{
    uint8_t best = 0;
    for (int g = 1; g < FORE_USER_GROUPS; g++)
        if (seen->by_group[g] > seen->by_group[best]) best = (uint8_t)g;
    return best;
}

static bool lively(const struct fore_fleet_partition *p)
{
    size_t points = 0;
    for (size_t i = p->n; i-- > 0 && points < LIVELY_POINTS;)
        points += p->y[i] > 0.0f;
    return points == LIVELY_POINTS;
}

void fore_fleet_group(struct fore_fleet *fleet, const struct fore_observe *observe,
                      const struct fore_topology *topology, struct fore_lineup_fleet *views,
                      bool anew, struct fore_arena *scratch)
{
    uint8_t *group = FORE_NEW(scratch, uint8_t, views->count + 1);
    bool by_shape = fleet->options.groups == FORE_GROUPS_SHAPE;
    anew = anew || !fleet->grouped;
    if (by_shape && anew)
        fore_shape_groups(views->view, views->count, FORE_LINEUP_GROUPS, alike, scratch, group);
    for (size_t i = 0; i < views->count; i++) {
        uint32_t index = views->index[i];
        struct fore_fleet_partition *p = fleet->partition[index];
        if (anew) p->sparse = !lively(p);
        if (by_shape && anew) p->group = group[i];
        if (fleet->options.groups == FORE_GROUPS_TABLE)
            p->group = (uint8_t)(topology->partition[index].table % FORE_LINEUP_GROUPS);
        if (fleet->options.groups == FORE_GROUPS_USERS && anew)
            p->group = most_asking(&observe->partition[index]);
        group[i] = p->group;
    }
    fleet->grouped = fleet->grouped || (anew && views->count > 0 && views->view[0].period[0] > 0);
    if (fleet->options.groups != FORE_GROUPS_NONE) views->group = group;
}

/* ---- borrowing ------------------------------------------------------------------------------- */

struct lender {       /* the partitions of one group that have forecasts of their own */
    double *load;     /* [SHARE_POINTS] their sum, newest first */
    double *forecast; /* [steps] */
    uint32_t partitions;
};

static bool lends(const struct fore_fleet_partition *p)
{
    return p != NULL && p->fitted && !p->sparse;
}

static void add_lender(const struct fore_fleet *fleet, uint32_t index, struct lender *lender)
{
    const struct fore_fleet_partition *p = fleet->partition[index];
    const float *mean = fleet->mean[FORE_SCENARIO_FORECAST] + (size_t)index * fleet->steps;
    for (size_t k = 0; k < SHARE_POINTS && k < p->n; k++)
        if (!isnan(p->y[p->n - 1 - k])) lender->load[k] += (double)p->y[p->n - 1 - k];
    for (size_t h = 0; h < fleet->steps; h++)
        lender->forecast[h] += (double)mean[h];
    lender->partitions++;
}

/* The part of the group's load that the partition has had; NaN: nothing to go by. */
static double share_of(const struct fore_fleet_partition *p, const struct lender *lender)
{
    double own = 0, group = 0;
    for (size_t k = 0; k < SHARE_POINTS && k < p->n; k++) {
        float y = p->y[p->n - 1 - k];
        if (isnan(y)) continue;
        own += (double)y;
        group += lender->load[k];
    }
    return lender->partitions > 0 && group > 0 ? own / group : (double)NAN;
}

void fore_fleet_lend(struct fore_fleet *fleet, uint32_t partition_count, struct fore_arena *scratch)
{
    struct lender lender[FORE_LINEUP_GROUPS] = {0};
    uint32_t borrowers = 0;
    for (uint32_t i = 0; i < partition_count; i++)
        borrowers += fleet->partition[i] != NULL && !lends(fleet->partition[i]);
    if (borrowers == 0) return;
    for (int g = 0; g < FORE_LINEUP_GROUPS; g++) {
        lender[g].load = FORE_NEW(scratch, double, SHARE_POINTS);
        lender[g].forecast = FORE_NEW(scratch, double, fleet->steps);
    }
    for (uint32_t i = 0; i < partition_count; i++)
        if (lends(fleet->partition[i])) add_lender(fleet, i, &lender[fleet->partition[i]->group]);
    for (uint32_t i = 0; i < partition_count; i++) {
        struct fore_fleet_partition *p = fleet->partition[i];
        if (p == NULL || lends(p)) continue;
        const struct lender *from = &lender[p->group];
        p->borrowed = share_of(p, from);
        float *mean = fleet->mean[FORE_SCENARIO_FORECAST] + (size_t)i * fleet->steps;
        for (size_t h = 0; isfinite(p->borrowed) && h < fleet->steps; h++)
            mean[h] = (float)(p->borrowed * from->forecast[h]);
    }
}
