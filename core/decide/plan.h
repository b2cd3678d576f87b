/*
 * plan.h - an ordered, priced, explained list of moves. Values only: policies make plans, act/
 * admits and runs them, events carry them.
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
    bool then_back;    /* first half of a swap; gain and price are of both */
    uint32_t then_partner; /* of a swap: what comes back afterwards */
    uint32_t
        then_copies; /* of a split: its hotter part then gets so many; 0: its right part moves */
    uint16_t then_target[FORE_PLAN_COPIES]; /* and there they would go */
    bool binding; /* a rule of placement asks for it: not taken back when it costs */
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

#endif
