/*
 * alias.c - Walker's alias table by Vose's construction (1991).
 *
 * Scale the weights to mean 1. Each column keeps its own value up to its weight and is filled to 1
 * by one that has too much, which then may have too little itself. Two stacks, one pass, O(n).
 */
#include "core/base/dist.h"

#include <math.h>

/* The share of a column that keeps its own value, as a bound on a 32-bit draw. */
static uint32_t cut_at(double share)
{
    double cut = share * 0x1p32;
    if (cut <= 0) return 0;
    return cut >= (double)UINT32_MAX ? UINT32_MAX : (uint32_t)cut;
}

static double checked_sum(const double *weight, uint32_t count)
{
    double sum = 0;
    for (uint32_t i = 0; i < count; i++) {
        FORE_ASSERT(weight[i] >= 0);
        sum += weight[i];
    }
    FORE_ASSERT(sum > 0 && isfinite(sum));
    return sum;
}

/* A column nobody is left to fill: full, or a weight of 0, which must never be drawn. */
static void settle(struct fore_alias_cell *cell, const double *share, uint32_t i, uint32_t heaviest)
{
    if (share[i] > 0.5)
        cell[i] = (struct fore_alias_cell){.cut = UINT32_MAX, .other = i};
    else
        cell[i] = (struct fore_alias_cell){.cut = 0, .other = heaviest};
}

/*
 * One array holds both stacks: columns below the mean grow from the front, the others from the
 * back; they hold `count` entries together, so they never meet.
 */
static void fill_columns(struct fore_alias_cell *cell, double *share, uint32_t *stack,
                         uint32_t count)
{
    uint32_t heaviest = 0;
    for (uint32_t i = 1; i < count; i++)
        if (share[i] > share[heaviest]) heaviest = i;
    uint32_t small = 0, large = count;
    for (uint32_t i = count; i-- > 0;) {
        if (share[i] < 1)
            stack[small++] = i;
        else
            stack[--large] = i;
    }
    while (small > 0 && large < count) {
        uint32_t poor = stack[--small], rich = stack[large];
        cell[poor] = (struct fore_alias_cell){.cut = cut_at(share[poor]), .other = rich};
        share[rich] -= 1 - share[poor];
        if (share[rich] < 1) {
            large++;
            stack[small++] = rich;
        }
    }
    /* What is left is full, or empty, up to rounding. */
    while (small > 0)
        settle(cell, share, stack[--small], heaviest);
    for (; large < count; large++)
        settle(cell, share, stack[large], heaviest);
}

struct fore_alias fore_alias_build(struct fore_arena *arena, const double *weight, uint32_t count)
{
    FORE_ASSERT(count > 0);
    double sum = checked_sum(weight, count);
    struct fore_alias alias = {.count = count};
    alias.cell = FORE_NEW(arena, struct fore_alias_cell, count);
    struct fore_arena work = {0}; /* must not stay in the caller's arena */
    double *share = FORE_NEW(&work, double, count);
    uint32_t *stack = FORE_NEW(&work, uint32_t, count);
    for (uint32_t i = 0; i < count; i++)
        share[i] = weight[i] / sum * count;
    fill_columns(alias.cell, share, stack, count);
    fore_arena_fini(&work);
    return alias;
}
