/*
 * grid.h - many scenarios, many settings of each, every policy at its best: the batch experiment
 * behind a claim.
 *
 * A grid file lists cells (a scenario with some options varied), policies, and claims. In every
 * cell each policy with knobs is tuned on the cell's own time before experiment.evaluate_from
 * (tune.h), every setting under one seed and the best four under others, of which the best by the
 * mean is chosen; then all policies play the same seeds. The answers are kept, one JSON line each,
 * under a key that names everything they depend on (the program itself, the scenario in force,
 * policy, seed), so that an interrupted grid goes on where it was. The order of work is: all
 * tuning, then seed 1 of every cell, seed 2 of every cell, ...: a grid cut short by its budget has
 * fewer seeds and not fewer cells.
 */
#ifndef LAB_GRID_H
#define LAB_GRID_H

#include "experiments/grid_cache.h"
#include "experiments/stats.h"
#include "experiments/tune.h"

struct lab_grid_options { /* "grid" */
    struct fore_strings cells;
    struct fore_strings policies;
    struct fore_strings claims;
    uint64_t seeds;
    uint64_t settings; /* tried per policy and cell, at most LAB_TUNE_MOST */
    uint64_t tune_seeds;
    uint64_t finalists;
    fore_ns confirm;
};
extern const struct fore_option_section lab_grid_section;

/* One scenario under one choice of the varied options. */
struct lab_cell {
    const char *name;     /* "taxi_dense peak_utilization=75% move_time_mean=15min" */
    const char *scenario; /* "taxi_dense" */
    struct fore_strings sets;
    struct sim_scenario *in_force;
    bool stand_in; /* its data was missing: synthetic series stand for it */
};

/* What a policy did in a cell. */
struct lab_grid_entry {
    struct lab_tune tune; /* done: it runs with those settings */
    bool evaluated;       /* false: not among the finalists */
    bool *have;           /* [seed - 1] */
    struct lab_answer *answer;
    /* The first week after evaluate_from, as expected values and request by request. */
    bool confirmed;
    struct lab_answer fluid_week, request_week;
};

struct lab_grid {
    struct lab_grid_options options;
    struct lab_cell *cell;
    size_t cell_count;
    struct lab_grid_entry *entry; /* [cell * policies.count + policy] */
    size_t failed, skipped;       /* runs */
    size_t reused, played;        /* answers from the cache, and new ones */
    char trouble[240];            /* of the first run that failed */
};

struct lab_grid_plan {
    const char *path;         /* of the grid file */
    struct fore_strings sets; /* "grid.x=..." for the grid, the others for every cell */
    const char *data;         /* folder that stands for ../shared/data; NULL: that itself */
    const char *work;         /* folder of the cache and of stand-ins; made if missing */
    double budget_s;          /* 0: none */
    size_t jobs;              /* as in pool.h */
    void (*progress)(void *self, const char *what, double done_share);
    void *progress_self;
};

/* Reads the grid and loads the scenario of every cell. Memory from `perm`. */
FORE_MUST_USE enum fore_err lab_grid_load(const struct lab_grid_plan *plan, struct fore_arena *perm,
                                          struct lab_grid *out, struct fore_diag *diag);
FORE_MUST_USE enum fore_err lab_grid_run(const struct lab_grid_plan *plan, struct fore_arena *perm,
                                         struct lab_grid *grid, struct fore_diag *diag);

/* SIZE_MAX: not among the policies. */
size_t lab_grid_policy(const struct lab_grid *grid, const char *name);
struct lab_grid_entry *lab_grid_at(const struct lab_grid *grid, size_t cell, size_t policy);
/* The metric's mean over the seeds there are; NaN without any. */
double lab_grid_mean(const struct lab_grid *grid, size_t cell, size_t policy,
                     const struct lab_metric *metric);
/* The peer with the fewest violation node-minutes, by what was evaluated: neither one of our own
 * planner's policies nor one that knows the future, nor a control. SIZE_MAX: no peer was played. */
size_t lab_grid_best_peer(const struct lab_grid *grid, size_t cell);
bool lab_grid_is_peer(const char *policy);

/* The report: Markdown for people, JSON (members of an open object) for programs. */
void lab_grid_markdown(const struct lab_grid *grid, const char *command, struct fore_buf *out);
void lab_grid_json(const struct lab_grid *grid, struct fore_json *json);

#endif
