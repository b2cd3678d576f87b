/*
 * calm.h - how hard a mover may work, by what clients feel: the law alone, no clock and no socket.
 *
 * For each shard the p99 of probes while nothing moved is remembered; while something moves, the
 * worst p99 of the ends, as a share of their goals, is held against 1. A goal is `over` times the
 * idle p99, or `slack_ms` above it (a fraction of a fraction of a millisecond is nobody's loss),
 * but never above the SLO where there is one (unless the idle p99 is above it already: what is not
 * the move's doing is not mended by moving slowly).
 *
 * The answer is `ease` in floor..1. Additive increase, multiplicative decrease (Chiu and Jain,
 * 1989), as in core/act/throttle.h, with three things against swinging: the median of the last
 * three windows is what counts; between `hold` and 1 nothing changes; and the ease at which the
 * goal was broken is remembered and crept past, slowly at first (as CUBIC does with its last
 * window). It never
 * ends in standstill: at the floor, what is still felt after a while is not our doing, and becomes
 * what idle is taken for.
 */
#ifndef LIVE_CALM_H
#define LIVE_CALM_H

#include "core/base/base.h"

enum { LIVE_CALM_SHARDS = 64 };

struct live_calm_options {
    double over;   /* times the idle p99; 0: the law is off and ease is 1 */
    double slo_ms; /* 0: none */
    double slack_ms;
    double hold;  /* of the goal's excess over idle; below it the ease grows; 0: 0.6 */
    double floor; /* 0: 0.05 */
    double first; /* ease before anything was felt; 0: 0.3 */
};

struct live_calm {
    struct live_calm_options options;
    double idle_ms[LIVE_CALM_SHARDS]; /* 0: not known */
    double ease;
    double ceiling;            /* the goal was broken here; 1: it was not */
    double last[3];            /* strain of the last windows; 1: at the goal */
    uint32_t windows;          /* since something moves */
    uint32_t settling;         /* windows that still show the ease of before */
    uint32_t at_floor;         /* windows in a row, above the goal */
    uint32_t calm_run;         /* windows in a row that let it grow */
    double creep;              /* the ceiling's next growth, as a share of it */
    uint64_t eased, relearned; /* how often the ease went down; idle was learned anew */
};

void live_calm_init(struct live_calm *calm, const struct live_calm_options *options);
/* The p99 of a shard in a window in which nothing moved. */
void live_calm_rest(struct live_calm *calm, uint32_t shard, double p99_ms);
/* Something begins to move after a rest. */
void live_calm_begin(struct live_calm *calm);

struct live_calm_felt {
    uint32_t shard;
    double p99_ms;
};
/* A window in which something moved: the p99 of its ends. A shard whose idle p99 is not known is
 * taken to be idle now. Returns the ease from here on. */
double live_calm_turn(struct live_calm *calm, const struct live_calm_felt *felt, size_t count);
/* What the p99 of a shard shall not exceed; 0: not known yet. */
double live_calm_goal_ms(const struct live_calm *calm, uint32_t shard);

#endif
