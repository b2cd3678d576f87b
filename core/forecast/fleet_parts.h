/*
 * fleet_parts.h - what fleet.h's functions share: fleet.c (life and the order of work),
 * fleet_series.c (series, fits, predictions), fleet_spread.c (residual paths), fleet_learn.c (what
 * they say), fleet_groups.c (who shares nets and
 * forecasts), fleet_reshard.c (splits and merges), fleet_state.c (bytes). Private to core/forecast.
 */
#ifndef FORE_FLEET_PARTS_H
#define FORE_FLEET_PARTS_H

#include "core/forecast/fleet.h"
#include "core/forecast/hints.h"
#include "core/forecast/lineup.h"

enum {
    FORE_FLEET_SHAPE = 512,           /* sorted standardised residuals kept for quantiles */
    FORE_FLEET_ADOPT = (int)INT32_MAX /* generation: take the topology's */
};

/* A level counts as at least this share of the partition's recent peak. Spreads do not vanish at
 * night, and a load that is mostly zero does not blow them up when it comes. */
#define FORE_FLEET_LEVEL_LEAST 0.25f

/* Sums over the finished paths of one partition at one lead, residuals over sqrt(level). */
struct fore_fleet_cell {
    double square; /* of the partition's residual */
    double cross;  /* with the cluster's */
    uint32_t count;
};

struct fore_fleet_partition {
    float *y, *log_y; /* the newest n points of load; log_y only if the model wants it */
    size_t n;
    bool seen, fitted; /* fitted: some model speaks for it */
    bool sparse;       /* hardly ever asked for: too little for a model */
    uint8_t group;
    float trait[FORE_TRAITS];
    double borrowed; /* its share of its group's forecast; NaN: the nowcast */
    uint32_t generation;
    struct fore_fleet_cell *cell[FORE_SCENARIO_KINDS]; /* [steps] */
    float *common[FORE_SCENARIO_KINDS];                /* [steps], per sqrt(level) */
    float *own[FORE_SCENARIO_KINDS];
    double level;       /* average predicted load of its finished paths */
    float peak;         /* of the truth, fading slowly */
    float common_gain;  /* of the paths inherited through a split */
    uint32_t inherited; /* how many of those are still in the window */
};

/* One origin's forecasts, later their residuals. Row p of a matrix starts at [p * steps]. */
struct fore_fleet_path {
    uint64_t origin; /* points known then */
    uint32_t rows;
    float lift;                         /* that its forecasts had got */
    float *cell[FORE_SCENARIO_KINDS];   /* pending: [0] means; finished: residual / sqrt(level) */
    float *now;                         /* [rows] pending: the nowcast */
    float *total[FORE_SCENARIO_KINDS];  /* [steps] the cluster's residual / sqrt(level) */
    float *missed[FORE_SCENARIO_KINDS]; /* [steps] sum over partitions of |residual| */
};

struct fore_fleet {
    struct fore_forecast_options options;
    struct fore_lineup *lineup;
    struct fore_hints hints; /* in hint_arena */
    struct fore_arena hint_arena;
    const char *model; /* what the forecast is called */
    bool wants_log;
    bool lifts;                        /* an ensemble's forecasts are lifted to add up, ... */
    float lift;                        /* ... last by this factor */
    uint32_t period[FORE_PERIODS_MAX]; /* in steps; told, or found */
    uint32_t told[FORE_PERIODS_MAX];   /* none: all are to be found */
    uint64_t search_at;                /* points at which to look for periods */
    fore_ns step;
    size_t steps, points_kept, room; /* room: points a series buffer holds */
    uint32_t partition_cap, rows;    /* rows: partitions the matrices have room for */
    uint32_t count;                  /* partitions 0..count-1 have been seen */
    uint32_t *kin; /* [partition_cap] in a circle: parts of what was one partition */

    struct fore_fleet_partition **partition; /* [partition_cap], NULL until seen */
    uint64_t points;                         /* level-1 points since the first */
    fore_ns end;                             /* of the newest */
    fore_ns refreshed, refit, origin;        /* when last */
    bool started, stale;                     /* stale: means must be made anew */
    bool grouped;                            /* once there was something to go by */

    /* Ring of paths: first..first+done-1 finished, then `pending` ones. */
    struct fore_fleet_path *path;
    uint32_t path_cap, first, done, pending;
    uint64_t finished, learn_at;         /* paths ever; when to recompute the spreads */
    double *missed[FORE_SCENARIO_KINDS]; /* [steps] over the finished paths */
    struct fore_fleet_cell *total[FORE_SCENARIO_KINDS]; /* [steps] of the cluster's residual */
    bool learned[FORE_SCENARIO_KINDS];                  /* enough paths: spreads are real */
    double said_sum, true_sum; /* all partitions and leads, older paths fading: see lift() */
    double shape[FORE_FLEET_SHAPE];
    size_t shape_count;

    float *mean[FORE_SCENARIO_KINDS], *common[FORE_SCENARIO_KINDS], *own[FORE_SCENARIO_KINDS];
    struct fore_scenario scenario[FORE_SCENARIO_KINDS];
    struct fore_fleet_counts counts;
};

void *fore_fleet_memory(void *old, size_t count, size_t size); /* realloc that cannot fail */

/* fleet_series.c */
struct fore_fleet_partition *fore_fleet_partition(struct fore_fleet *fleet, uint32_t index);
void fore_fleet_release(struct fore_fleet *fleet, uint32_t index);
/* As if it had never been, so that its index can be used again. */
void fore_fleet_forget(struct fore_fleet *fleet, uint32_t index);
/* Takes the new level-1 points; true when there were any. */
bool fore_fleet_take(struct fore_fleet *fleet, const struct fore_observe *observe,
                     const struct fore_topology *topology, struct fore_arena *scratch);
/* Looks for the seasons of the whole cluster's load. */
void fore_fleet_search_periods(struct fore_fleet *fleet, struct fore_arena *scratch);
/* The series of all partitions seen, for the line-up; memory from `scratch`. */
struct fore_lineup_fleet fore_fleet_views(const struct fore_fleet *fleet, uint32_t partition_count,
                                          struct fore_arena *scratch);
/* What sort of partition each is, as the last windows showed it (model.h: traits). */
void fore_fleet_describe(struct fore_fleet *fleet, const struct fore_observe *observe,
                         const struct fore_topology *topology);
/* Divides the views' histories by the hints' effects; effect[i][0..steps) is the logarithm of what
 * is to come for view i, NULL: none. NULL: there are no hints. */
const float **fore_fleet_apply_hints(const struct fore_fleet *fleet,
                                     const struct fore_topology *topology,
                                     struct fore_lineup_fleet *views, struct fore_arena *scratch);
/* Puts them into the forecasts of partitions that no model speaks for yet; one that is to come
 * makes the forecast ready. After the nowcast, which those forecasts are. */
void fore_fleet_announce(struct fore_fleet *fleet, const struct fore_lineup_fleet *views,
                         const float *const *effect);
void fore_fleet_fit(struct fore_fleet *fleet, const struct fore_lineup_fleet *views, fore_ns now,
                    struct fore_arena *scratch);
void fore_fleet_predict(struct fore_fleet *fleet, const struct fore_lineup_fleet *views,
                        const float *const *effect, uint32_t partition_count,
                        struct fore_arena *scratch);

/* fleet_groups.c */
/* Puts every partition into its group and tells the views; `anew`: groups may change. */
void fore_fleet_group(struct fore_fleet *fleet, const struct fore_observe *observe,
                      const struct fore_topology *topology, struct fore_lineup_fleet *views,
                      bool anew, struct fore_arena *scratch);
/* Forecasts for the partitions that have none of their own, where their group has. */
void fore_fleet_lend(struct fore_fleet *fleet, uint32_t partition_count,
                     struct fore_arena *scratch);

/* fleet_spread.c */
void fore_fleet_record(struct fore_fleet *fleet, uint32_t partition_count);
void fore_fleet_finish(struct fore_fleet *fleet); /* pending paths whose truth is known */
struct fore_fleet_path *fore_fleet_path_at(const struct fore_fleet *fleet, uint32_t i);
void fore_fleet_path_room(const struct fore_fleet *fleet, struct fore_fleet_path *path,
                          uint32_t rows);
void fore_fleet_blank(struct fore_fleet *fleet, uint32_t index); /* its rows become unknown */
/* A partition's sums anew from the finished paths. */
void fore_fleet_recount(struct fore_fleet *fleet, uint32_t index);

/* What forecasts are multiplied by, so that they add up to the cluster's load on average. */
float fore_fleet_lift(const struct fore_fleet *fleet);

/* fleet_learn.c */
void fore_fleet_learn(struct fore_fleet *fleet);
void fore_fleet_spread(struct fore_fleet *fleet, enum fore_scenario_kind kind,
                       uint32_t partition_count);

/* The partition is gone, or is no part of what it was cut from any more. */
void fore_fleet_kin_leave(struct fore_fleet *fleet, uint32_t index);

#endif
