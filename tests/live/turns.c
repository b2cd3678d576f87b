/* turns.c - see turns.h. */
#include "tests/live/turns.h"

#include "core/cluster/placement.h"

#include <math.h>

const uint16_t turns_slot[TURNS_TENANTS] = {1000, 8000, 13000, 4000};

/* Ends of the long part, of the quiet after it, and of the hot part, as shares of a cycle. */
static const double part_end[3] = {0.6, 0.7, 0.9};
static const double busy = 0.68, small = 0.35, rest_of_node = 0.08;

struct turns_share turns_shares(double at_s, double cycle_s)
{
    double phase = fmod(at_s, cycle_s) / cycle_s;
    bool day = phase < part_end[0], hot = phase >= part_end[1] && phase < part_end[2];
    double bc = day ? busy : small, ad = hot ? busy : small;
    struct turns_share share = {
        .tenant = {ad, bc, bc, ad},
          .rest = TURNS_NODES * rest_of_node
    };
    share.all = 2 * ad + 2 * bc + share.rest;
    return share;
}

uint16_t turns_rest_slot(uint32_t n)
{
    return (uint16_t)((uint64_t)n * FORE_SLOT_COUNT / TURNS_REST_KEYS);
}

uint32_t turns_draw(const struct turns_share *share, struct fore_rng *rng, uint16_t *slot)
{
    double at = fore_rng_unit(rng) * share->all;
    uint32_t t = 0;
    for (; t < TURNS_TENANTS && at >= share->tenant[t]; t++)
        at -= share->tenant[t];
    uint32_t key = fore_rng_below(rng, t < TURNS_TENANTS ? TURNS_KEYS : TURNS_REST_KEYS);
    *slot = t < TURNS_TENANTS ? turns_slot[t] : turns_rest_slot(key);
    return key;
}
