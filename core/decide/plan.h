/*
 * plan.h - an ordered, priced, explained list of moves. Values only: policies make plans, act/
 * admits and runs them, events carry them.
 *
 * Moves begin at once and side by side, but for those that are bound: such a move waits until an
 * earlier one of the same plan, its leader, has changed what it is to change, and falls with it. A
 * leader and all that is bound to it, a chain, were priced as one, and the gain stands with those
 * of them that copy; they are admitted as one, too.
 */
#ifndef FORE_PLAN_H
#define FORE_PLAN_H

#include "core/cluster/driver.h"

enum { FORE_PLAN_MOVES = 32, FORE_PLAN_TEXT = 200, FORE_PLAN_COPIES = 3 };

struct fore_plan_move {
    struct fore_move move;
    double gain_s;     /* violation node-seconds saved over the horizon, price already taken off */
    double bytes;      /* data that has to travel */
    double duration_s; /* expected */
    bool then_back;    /* first half of a swap; gain and price are of both, halved where the second
                        * one is bound to it */
    uint32_t then_partner; /* of a swap: what comes back afterwards */
    uint32_t
        then_copies; /* of a split: its hotter part then gets so many; 0: its right part moves */
    uint16_t then_target[FORE_PLAN_COPIES]; /* and there they would go */
    bool binding;   /* a rule of placement asks for it: not taken back when it costs */
    bool for_size;  /* a split because of what it will hold (size_split.h): no gain is promised */
    bool for_grain; /* ... because it usually brings much of a node (grain.h); nor here */
    uint32_t after; /* 0: begins at once; else the number, from 1, of its leader in this plan */
    bool on_new;    /* acts on the partition that its leader makes, or on the one that a leader
                     * acts on of which the same holds; `partition` is the whole's */
};

struct fore_plan {
    uint64_t id;               /* from 1, by the engine */
    uint64_t epoch;            /* of the topology it was made for */
    double violation_before_s; /* expected node-seconds over the horizon if nothing is done */
    double violation_after_s;
    uint32_t move_count;
    struct fore_plan_move move[FORE_PLAN_MOVES];
    char reason[FORE_PLAN_TEXT]; /* one line, for people */
};

/* Is something bound to move `at`? */
bool fore_plan_leads(const struct fore_plan *plan, uint32_t at);
/* Does move `at` lead to `of`, itself or through others? */
bool fore_plan_in_chain(const struct fore_plan *plan, uint32_t at, uint32_t of);
/* Expected seconds from now until move `at` is done, those it waits for included. */
double fore_plan_end_s(const struct fore_plan *plan, uint32_t at);
/* Drops the moves that are not kept, and all that is bound to them. `keep` may be changed. */
void fore_plan_keep(struct fore_plan *plan, bool keep[FORE_PLAN_MOVES]);
/* What is wrong with how its moves are bound; NULL: nothing. For plans that come from outside. */
const char *fore_plan_fault(const struct fore_plan *plan);

#endif
