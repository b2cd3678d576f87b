/*
 * gain.h - what a copy was to save, and what it saved.
 *
 * Promised, when the move is taken: the planner's violation node-seconds over the horizon; the
 * ends' utilisation once the partition's load has changed places, a replica bringing (1-w)/R + w of
 * it (decide/load.h), columns what their split was said to leave of it; and their p99, which scales
 * with 1/(1-u) as in M/M/1.
 *
 * Kept, measured over the watch: how long the two ends broke the SLO, and how long they would have
 * without the move: the partition's load as it is now, put back, against the planner's own limit.
 * So a rising load is not held against a move, and a move ahead of its need is not worthless. The
 * difference, a share of the watch, stands for the horizon: the same unit as the promise. Watched
 * is from observe.now_span after the cut-over on, when the averages have forgotten what was before.
 */
#ifndef FORE_GAIN_H
#define FORE_GAIN_H

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
    /* sums over the watch */
    double seconds, violating_s, saved_s, source_sum, target_sum;
    fore_ns cutover, looked_at;
};

/* Called for every move that is taken; observe is what the nodes look like now. */
void fore_gain_promise(struct fore_gain *gain, const struct fore_migrate *migrate,
                       const struct fore_migration *m, const struct fore_topology *topology,
                       const struct fore_observe *observe, double predicted_s);
/* One look in the watch. */
void fore_gain_look(const struct fore_step *step, struct fore_migration *m);
/* More nodes suffer than would have without the move, for longer than act.worse_margin. */
bool fore_gain_is_worse(const struct fore_step *step, const struct fore_migration *m);
/* GAIN, when anything was measured. */
void fore_gain_tell(const struct fore_step *step, const struct fore_migration *m);
/* Every tick: how long each node has broken the SLO lately; and DEGRADED where it does no more. */
void fore_gain_tick(const struct fore_step *step);

#endif
