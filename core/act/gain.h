/*
 * gain.h - what a copy was to save, and what it saved.
 *
 * Promised, when the move is taken: the planner's violation node-seconds over the horizon; the
 * ends' utilisation once the partition's load has changed places, a replica bringing (1-w)/R + w of
 * it (risk/load.h), columns what their split was said to leave of it; and their p99, which scales
 * with 1/(1-u) as in M/M/1.
 *
 * Kept, measured from the cut-over to the end of that same horizon, in the planner's currency:
 * node- seconds above its limit, as they are, against those with the partition's load, as it is
 * now, put back. So a rising load is not held against a move, and a move ahead of its need is not
 * worthless. The averages need observe.now_span to forget what was before. When the partition
 * changes again, the comparison ends there. What clients felt stands beside it: how long the ends
 * broke the SLO.
 *
 * Whether a move made things worse, and is taken back, is judged at the end of the watch, by the
 * SLO that the ends really broke against what their load without the move would have broken: a
 * target that is slow for reasons of its own is found too. The whole is told, as GAIN, when the
 * horizon is over.
 */
#ifndef FORE_GAIN_H
#define FORE_GAIN_H

#include "core/cluster/driver.h"
#include "core/cluster/event.h"
#include "core/observe/observe.h"

struct fore_migrate;
struct fore_migration;
struct fore_step;

struct fore_gain {
    double predicted_s;      /* NaN: nobody said */
    double violating_before; /* nodes, 0..2: share of the time before, both ends added */
    double source_before, source_predicted; /* utilisation */
    double target_before, target_predicted;
    double p99_predicted_ms; /* the worse end; the p99 before is the migration's */
    /* sums since the cut-over */
    double seconds, violating_s, source_sum, target_sum;
    double realised_s; /* above the limit: without the move, less with it */
    double spared_s;   /* breaking the SLO: would have, less did */
    fore_ns cutover, looked_at;
};

struct fore_gain_after { /* a copy whose watch is over and whose horizon is not */
    struct fore_gain gain;
    struct fore_move move;
    uint64_t ticket, plan, first, last;
    fore_ns began, until;
    double before_p99_ms;
    uint16_t replicas;
    bool worse;
};

/* Called for every move that is taken; observe is what the nodes look like now. */
void fore_gain_promise(struct fore_gain *gain, const struct fore_migrate *migrate,
                       const struct fore_migration *m, const struct fore_topology *topology,
                       const struct fore_observe *observe, double predicted_s);
/* One look in the watch. */
void fore_gain_look(const struct fore_step *step, struct fore_migration *m);
/* More nodes suffer than would have without the move, for longer than act.worse_margin. */
bool fore_gain_is_worse(const struct fore_step *step, const struct fore_migration *m);
/* The watch is over: measured until the horizon is, or told at once if that has passed, or if the
 * move is taken back. */
void fore_gain_follow(const struct fore_step *step, const struct fore_migration *m,
                      bool taken_back);
/* Every tick: how long each node has broken the SLO lately, DEGRADED where it does no more, and
 * what is followed. */
void fore_gain_tick(const struct fore_step *step);

#endif
