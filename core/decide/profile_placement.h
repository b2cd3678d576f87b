/*
 * profile_placement.h - one placement for a whole period (a week of hours): which node should own
 * which partition if nothing is ever moved.
 *
 * A partition is a vector: its mean load in each slot of the period. Vectors are packed on nodes so
 * that little node-time is expected above a limit. With S_nk the sum of a node's loads in slot k
 * and C_n its cores, the objective is
 *
 *     J = sum over n, k of  w_k P(S_nk (1 + spread Z) > limit C_n)      expected overload, in nodes
 *       + 0.001 sum over n, k of  w_k (S_nk / (limit C_n))^4            where nothing is near it
 *       + sum of price_p over the partitions that leave their present owner
 *
 * Z standard normal, w_k the slots' shares of time (sum 1). With `stray`, a node's variance
 * is (spread S)^2 and what its groups of kin err by themselves. Packing vectors is NP-hard; this is
 * greedy by size (LPT with J as the measure), then local search with moves and pair swaps away from
 * the node that costs most, until none helps; then, a number of times, a few partitions are thrown
 * elsewhere and the search is repeated, and the best placement seen is kept (iterated local search:
 * Lourenco, Martin & Stutzle 2003). Equal seed, equal answer; a good one at any budget. Units:
 * loads and capacities in cores.
 */
#ifndef FORE_PROFILE_PLACEMENT_H
#define FORE_PROFILE_PLACEMENT_H

#include "core/base/arena.h"

struct fore_profile_placement {
    uint32_t partitions, nodes, slots; /* slots > 0, nodes in 1..65535 */
    const float *load;                 /* [partitions * slots], >= 0 */
    const double *weight;              /* [slots], sum 1 */
    const double *capacity;            /* [nodes]; 0: holds nothing. One at least is above 0 */
    double limit;                      /* of utilisation, > 0 */
    double spread;                     /* of a node's load around its mean, as a share; > 0 */
    const double *stray;   /* [partitions]: beside that, what each strays by itself (profile_own.h;
                              a sigma, cores); NULL: it is in `spread` */
    const uint32_t *group; /* [partitions]: the smallest index of its kin, with `stray` */
    const uint16_t *from;  /* [partitions]: present owners; NULL: nobody owns anything */
    const double *price;   /* [partitions], with `from`; NULL: moving costs nothing */
    const uint16_t *start; /* [partitions]: where the search begins; NULL: see below */
    uint64_t budget;       /* node-slots looked at in the search; 0: 400 million */
    uint32_t throws;       /* repetitions; 0: 200 */
    double balance;        /* weight of the second term; 0: 0.001 */
    double depth;          /* price of what is above the limit, in limits, beside its probability:
                              it shows the way where one move alone does not help */
    uint64_t seed;
};

struct fore_profile_cost {
    double overload; /* nodes expected above the limit, on average over time */
    double peak;     /* highest utilisation of a node in a slot of weight > 0 */
    double price;    /* paid for moves */
    double all;      /* J */
};

/* Fills owner[partitions]. The search begins at `start`, without it at `from`, without that at the
 * greedy packing. Memory from `scratch`. */
struct fore_profile_cost fore_profile_placement_solve(const struct fore_profile_placement *problem,
                                                      struct fore_arena *scratch, uint16_t *owner);
/* What an arrangement costs. */
struct fore_profile_cost fore_profile_placement_cost(const struct fore_profile_placement *problem,
                                                     const uint16_t *owner,
                                                     struct fore_arena *scratch);

#endif
