/*
 * engine.h - the whole pipeline: observe -> forecast -> decide -> act.
 *
 * The engine owns no clock, no file and no thread. Whoever calls fore_engine_step() owns time: the
 * simulator calls it once a window, the live daemon once a second. Equal samples, equal seed, equal
 * options give equal decisions and equal events.
 */
#ifndef FORE_ENGINE_H
#define FORE_ENGINE_H

#include "core/act/migrate.h"
#include "core/decide/risk_watch.h"
#include "core/forecast/fleet.h"
#include "core/policy/policy.h"

struct fore_engine_options {
    struct fore_observe_options observe;
    struct fore_forecast_options forecast;
    struct fore_decide_options decide;
    struct fore_policy_options policy;
    struct fore_act_options act;
};

/* The true coming load, for the oracle: mean cores of every partition (index order, row p at
 * [p * steps]) over `steps` steps from `from`, for the ranges the topology has now. */
struct fore_future {
    enum fore_err (*load)(void *self, const struct fore_topology *topology, fore_ns from,
                          fore_ns step, size_t steps, float *out);
    void *self;
};

struct fore_engine_setup {
    const struct fore_engine_options *options;
    const char *policy; /* NULL: options->policy.name */
    struct fore_driver driver;
    struct fore_sink sink;
    struct fore_future future; /* load may be NULL unless the policy needs the truth */
    uint64_t seed;
    uint64_t slo_ns;
    fore_ns act_from;       /* observe and forecast before, move nothing */
    fore_ns journal_every;  /* window loads become events at most this often */
    fore_ns keyframe_every; /* whole topology */
};

struct fore_engine;
FORE_MUST_USE enum fore_err fore_engine_create(const struct fore_engine_setup *setup,
                                               struct fore_engine **out, struct fore_diag *diag);
void fore_engine_destroy(struct fore_engine *engine);
/* One step: takes the driver's newest sample and does whatever is due. AGAIN: no new sample. */
FORE_MUST_USE enum fore_err fore_engine_step(struct fore_engine *engine, fore_ns now,
                                             struct fore_diag *diag);

/* While held, plans are made and told, and none is carried out; moves that run go on. */
void fore_engine_hold(struct fore_engine *engine, bool hold);

struct fore_engine_counts {
    struct fore_migrate_counts migrate;
    struct fore_fleet_counts forecast;
    uint64_t plans, plans_admitted, alerts;
    uint32_t moves_running;
};
struct fore_engine_counts fore_engine_counts(const struct fore_engine *engine);
const struct fore_observe *fore_engine_observe(const struct fore_engine *engine);
const struct fore_fleet *fore_engine_fleet(const struct fore_engine *engine);
/* How good the score has been since the last fore_engine_score_from_here(). */
struct fore_risk_quality fore_engine_risk_quality(const struct fore_engine *engine);
void fore_engine_score_from_here(struct fore_engine *engine);
/* The newest scores, by partition; NULL before the first planning step. */
const struct fore_score *fore_engine_scores(const struct fore_engine *engine, uint32_t *count);

#endif
