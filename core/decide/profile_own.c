/* profile_own.c - deviations of groups by node, and their squares. */
#include "core/decide/profile_own.h"

void fore_profile_own_begin(struct fore_profile_own *own,
                            const struct fore_profile_placement *problem,
                            struct fore_arena *scratch)
{
    uint32_t count = problem->partitions, slots = problem->slots;
    *own = (struct fore_profile_own){.problem = problem};
    if (problem->stray == NULL) return;
    FORE_ASSERT(problem->group != NULL);
    own->held = FORE_NEW(scratch, double, (size_t)problem->nodes *count + 1);
    own->sum = FORE_NEW(scratch, double, problem->nodes);
    own->tide = FORE_NEW(scratch, double, slots);
    double mean = 0;
    for (uint32_t k = 0; k < slots; k++) {
        for (uint32_t p = 0; p < count; p++)
            own->tide[k] += (double)problem->load[(size_t)p * slots + k];
        mean += problem->weight[k] * own->tide[k];
    }
    for (uint32_t k = 0; k < slots; k++) {
        double tide = mean > 0 ? own->tide[k] / mean : 1;
        own->tide[k] = tide * tide;
    }
}

void fore_profile_own_shift(struct fore_profile_own *own, uint32_t p, uint32_t n, double sign)
{
    const struct fore_profile_placement *problem = own->problem;
    FORE_ASSERT(problem->group[p] < problem->partitions);
    double *held = own->held + (size_t)n * problem->partitions + problem->group[p];
    double then = *held + sign * problem->stray[p];
    own->sum[n] += then * then - *held * *held;
    *held = then;
}

static double with(const double *held, uint32_t group, double more)
{
    return (held[group] + more) * (held[group] + more) - held[group] * held[group];
}

double fore_profile_own_with(const struct fore_profile_own *own, uint32_t n, uint32_t comes,
                             uint32_t leaves)
{
    const struct fore_profile_placement *problem = own->problem;
    const double *held = own->held + (size_t)n * problem->partitions, *stray = problem->stray;
    const uint32_t *group = problem->group;
    double sum = own->sum[n];
    if (comes != FORE_PARTITION_NONE && leaves != FORE_PARTITION_NONE &&
        group[comes] == group[leaves]) {
        sum += with(held, group[comes], stray[comes] - stray[leaves]);
    } else {
        if (comes != FORE_PARTITION_NONE) sum += with(held, group[comes], stray[comes]);
        if (leaves != FORE_PARTITION_NONE) sum += with(held, group[leaves], -stray[leaves]);
    }
    return sum > 0 ? sum : 0;
}
