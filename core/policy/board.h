/*
 * board.h - the cluster as a policy looks at it while it plans: loads by node and by replica, moves
 * under way counted as done, and every step the plan takes applied at once. Internal to policy/.
 *
 * What may be done is the same for every policy: free slots, capabilities, `decide.splits` and
 * `decide.replicas`, and the rest after a split. What is worth doing is the policy's own affair.
 */
#ifndef FORE_BOARD_H
#define FORE_BOARD_H

#include "core/policy/policy.h"

struct fore_board {
    const struct fore_policy_view *view;
    const struct fore_planner_input *in;
    const struct fore_topology *topology;
    struct fore_arena *scratch;
    double *load; /* by partition: what it brings to each of its replicas; policies may refill */
    double *node; /* by node: sum of that, moves under way done */
    double *arriving; /* by node: the part of it still under way */
    double *leaving;  /* by node: what is on its way out, already taken off */
    uint8_t *slots;
    uint32_t cluster_slots;
    uint32_t splits; /* in this plan */
    bool *taken;     /* by partition: under way, or in this plan */
    struct fore_plan *plan;
};

/* An empty plan and the picture of the load seen now. */
struct fore_board fore_board_open(const struct fore_policy_view *view, struct fore_arena *scratch,
                                  struct fore_plan *plan);
/* Adds the nodes up again after `load` was refilled. */
void fore_board_sum(struct fore_board *board);
/* What `load` of a partition is on each replica, when it has `replicas` of them. */
double fore_board_share(const struct fore_board *board, uint32_t partition, double load,
                        uint32_t replicas);
/* At `every`, or later; remembers when. */
bool fore_board_due(fore_ns *looked, fore_ns now, fore_ns every);
double fore_board_cores(const struct fore_board *board); /* of all nodes that are up */
double fore_board_mean(const struct fore_board *board);  /* load over cores of all that are up */
static inline double fore_board_use(const struct fore_board *board, uint32_t node)
{
    return board->node[node] / board->topology->node[node].cores;
}

/* Would the placement allow it, whatever the slots? */
bool fore_board_may_move(const struct fore_board *board, uint32_t partition, uint16_t source,
                         uint16_t target);
/* Each says whether it is now in the plan. */
bool fore_board_move(struct fore_board *board, uint32_t partition, uint16_t source,
                     uint16_t target);
bool fore_board_replicate(struct fore_board *board, uint32_t partition, uint16_t target);
bool fore_board_drop(struct fore_board *board, uint32_t partition, uint16_t node);
bool fore_board_merge(struct fore_board *board, uint32_t left);
/* Where the load halves; false when it may not be split or one key carries it. */
bool fore_board_cut(const struct fore_board *board, uint32_t partition,
                    struct fore_keyrange_cut *cut);
bool fore_board_split(struct fore_board *board, uint32_t partition,
                      const struct fore_keyrange_cut *cut);
/* The node that is least used and could take it; FORE_NODE_NONE. */
uint16_t fore_board_coldest(const struct fore_board *board, uint32_t partition, uint16_t source);
void fore_board_say(struct fore_board *board, const char *why);

#endif
