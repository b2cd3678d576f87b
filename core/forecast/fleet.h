/*
 * fleet.h - forecasts for every partition at once, with the uncertainty a planner can add up.
 *
 * The planner asks of a *set* of partitions (what a node would hold): how is their summed load
 * distributed? So a scenario gives, per partition and step, a mean and two spreads: `common`, the
 * part of the error that all partitions share (it adds up linearly) and `own`, the rest (it adds
 * up in squares):   mean(S) = sum mean,   var(S) = (sum common)^2 + sum own^2.
 * Both come from the model's own rolling residuals at that lead: common is the partition's
 * regression on the standardised total residual of the cluster, own is what remains.
 *
 * Two scenarios are kept, each with the residuals of its own past forecasts: FORECAST (the chosen
 * model) and NOWCAST (persistence: the average of the last now_span, with the spread persistence
 * has shown at each lead). skill() compares them. All loads are in cores (core-seconds/second).
 */
#ifndef FORE_FLEET_H
#define FORE_FLEET_H

#include "core/base/arena.h"
#include "core/base/buf.h"
#include "core/base/option.h"
#include "core/forecast/model.h"
#include "core/observe/observe.h"

enum fore_forecast_groups {
    FORE_GROUPS_NONE,
    FORE_GROUPS_TABLE,
    FORE_GROUPS_USERS,
    FORE_GROUPS_SHAPE
};

struct fore_forecast_options {
    const char *model;           /* "ensemble" of the members, or a name in fore_models */
    struct fore_strings members; /* of the ensemble */
    fore_ns horizon;             /* how far ahead; steps are observe.mid_step */
    fore_ns refit_every;         /* model refit, e.g. 1 d */
    fore_ns refresh_every;       /* new forecasts, a multiple of observe.window */
    struct fore_strings periods; /* durations, e.g. "1d, 7d"; empty: found by autocorrelation */
    uint64_t origins;            /* residual paths kept per partition */
    fore_ns origin_every;        /* between the origins whose residuals are kept */
    uint64_t spar_periods, spar_recent;
    double ridge, floor_share;
    uint64_t train_work;   /* milliseconds' worth of operations a refresh, for the nets; 0: none */
    fore_ns train_every;   /* between trainings of a net */
    uint64_t train_series; /* partitions it learns from at most */
    uint32_t groups;       /* enum fore_forecast_groups: which partitions share nets */
    const char *hints;     /* announced load, lines of hints.h separated by ';'; may be NULL */
    double clock_start;    /* Unix time at which the run's clock reads 0, for hints by the clock */
};
extern const struct fore_option_section fore_forecast_section; /* "forecast" */

enum fore_scenario_kind { FORE_SCENARIO_FORECAST, FORE_SCENARIO_NOWCAST, FORE_SCENARIO_KINDS };

/* One view of the coming load of every partition. Row p of a matrix starts at [p * steps]. */
struct fore_scenario {
    const char *model; /* "spar-log"; "naive"; "truth" */
    fore_ns origin;    /* steps cover (origin + k*step, origin + (k+1)*step] */
    fore_ns step;
    size_t steps;
    uint32_t partition_count;
    const float *mean;   /* cores, reads + one application of each write */
    const float *common; /* standard deviations, cores */
    const float *own;
    const uint32_t *kin; /* next of those cut from the same partition, in a circle; NULL: none are.
                          * Their own errors go together */
    bool ready;          /* false: not enough history yet; matrices then hold the nowcast */
};

struct fore_fleet;
struct fore_fleet *fore_fleet_create(const struct fore_forecast_options *options,
                                     const struct fore_observe *observe, struct fore_diag *diag);
void fore_fleet_destroy(struct fore_fleet *fleet);
/*
 * Scores old forecasts against what came, refits where due, refreshes both scenarios. Cheap when
 * nothing is due. `scratch` is reset by the caller. Returns true when the scenarios changed.
 */
bool fore_fleet_refresh(struct fore_fleet *fleet, const struct fore_observe *observe,
                        const struct fore_topology *topology, fore_ns now,
                        struct fore_arena *scratch);
/* Valid until the next refresh, split or merge. */
const struct fore_scenario *fore_fleet_scenario(const struct fore_fleet *fleet,
                                                enum fore_scenario_kind kind);
/* Rolling mean absolute error of the cluster's partitions at a lead, forecast / nowcast;
 * below 1 the forecast is the better one; NaN until known. */
double fore_fleet_skill(const struct fore_fleet *fleet, fore_ns lead);
/* level_count quantiles per step of one partition, grid as in residual.h; false: not ready. */
bool fore_fleet_quantiles(const struct fore_fleet *fleet, uint32_t partition, const double *level,
                          size_t level_count, struct fore_arena *scratch, float *grid);
/* How a partition's forecast is made, in one line: members, weights, level shifts. */
void fore_fleet_reason(const struct fore_fleet *fleet, uint32_t partition, struct fore_buf *out);
struct fore_lineup_lesson;
/* What the nets have learned lately and whether it was taken, oldest first; lineup.h. */
size_t fore_fleet_lessons(const struct fore_fleet *fleet, struct fore_lineup_lesson *out,
                          size_t room);
/*
 * What has been learned, as bytes, framed and checksummed: spreads, weights, nets, kin. The series
 * are the history's. Loaded into a fleet that has not been refreshed yet, with the same partitions
 * by index; FORE_E_FORMAT, with what is wrong, and then the fleet must be created anew.
 */
void fore_fleet_save(const struct fore_fleet *fleet, struct fore_buf *out);
FORE_MUST_USE enum fore_err fore_fleet_load(struct fore_fleet *fleet, const void *bytes,
                                            size_t size, struct fore_diag *diag);
/* Announced load from now on, instead of what was announced before: all of a text, or, with a
 * sentence, nothing of it. Names: a table, "table/p17", or "20%..26%" of the key space. */
FORE_MUST_USE enum fore_err fore_fleet_set_hints(struct fore_fleet *fleet, const char *text,
                                                 struct fore_diag *diag);
void fore_fleet_split(struct fore_fleet *fleet, uint32_t left, uint32_t right, double right_share);
/* The partition's load will be, and would have been, `factor` > 0 times what it was. */
void fore_fleet_scale(struct fore_fleet *fleet, uint32_t partition, double factor);
void fore_fleet_merge(struct fore_fleet *fleet, uint32_t left, uint32_t right);
/* Summed time in fits and predictions cannot be known here (no clock); counts can. */
struct fore_fleet_counts {
    uint64_t fits, predictions, fallbacks; /* fallbacks: partition-refreshes without a model */
    uint64_t lessons;                      /* nets trained, taken or not */
};
struct fore_fleet_counts fore_fleet_counts(const struct fore_fleet *fleet);

#endif
