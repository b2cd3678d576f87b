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
#include "core/decide/timetable.h"
#include "core/decide/whatif.h"
#include "core/forecast/fleet.h"
#include "core/policy/policy.h"
#include "core/risk/risk_watch.h"

struct fore_engine_options {
    struct fore_observe_options observe;
    struct fore_forecast_options forecast;
    struct fore_decide_options decide;
    struct fore_placement_options placement;
    struct fore_timetable_options timetable;
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

/* Told of every plan that is acted on, explained; `told` may be NULL. Costs some planning time. */
struct fore_explain {
    void (*told)(void *self, const struct fore_whatif *whatif);
    void *self;
};

struct fore_engine_setup {
    const struct fore_engine_options *options;
    const char *policy; /* NULL: options->policy.name */
    struct fore_driver driver;
    struct fore_sink sink;
    struct fore_future future; /* load may be NULL unless the policy needs the truth */
    struct fore_explain explain;
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
/*
 * Moves survive the engine (core/act/migrate.h): their bytes may be kept after any step, and a
 * fresh engine in front of the same cluster takes them up before its first step. `bytes` NULL:
 * nothing was kept; what the cluster still carries out is taken over.
 */
void fore_engine_save_moves(const struct fore_engine *engine, struct fore_buf *out);
FORE_MUST_USE enum fore_err fore_engine_load_moves(struct fore_engine *engine, const void *bytes,
                                                   size_t size, struct fore_diag *diag);
/*
 * What was learned survives too: history (but for the last minutes' windows), spreads, weights,
 * nets. Loaded before the first step, in front of the same partitions by index and with the same
 * options, on a clock that has gone on; FORE_E_FORMAT otherwise, and then the engine must be
 * created anew. seed: a past somebody else remembers, see fore_observe_seed().
 */
void fore_engine_save(const struct fore_engine *engine, struct fore_buf *out);
FORE_MUST_USE enum fore_err fore_engine_load(struct fore_engine *engine, const void *bytes,
                                             size_t size, struct fore_diag *diag);
void fore_engine_seed(struct fore_engine *engine, fore_ns end, const float *load,
                      uint32_t partition_count);
/* One step: takes the driver's newest sample and does whatever is due. AGAIN: no new sample. */
FORE_MUST_USE enum fore_err fore_engine_step(struct fore_engine *engine, fore_ns now,
                                             struct fore_diag *diag);

/*
 * What an operator decides himself. carry_out: a plan of fore_engine_what_if()'s, or one of his
 * own, of which caps and slots may leave some moves out (*taken says how many were begun, `diag`
 * why not all); CONFLICT when the cluster has changed since, REFUSED when nothing could be begun;
 * it gets the next plan's number. Thresholds and hold do not bind it; the timetable does. cancel: a
 * move before its cut-over; RANGE when there is none of that ticket.
 */
FORE_MUST_USE enum fore_err fore_engine_carry_out(struct fore_engine *engine,
                                                  struct fore_plan *plan, fore_ns now,
                                                  uint32_t *taken, struct fore_diag *diag);
FORE_MUST_USE enum fore_err fore_engine_cancel(struct fore_engine *engine, fore_ticket ticket,
                                               const char *why, fore_ns now);
/* Lets a move before its cut-over rest, or go on (fore_migrate_pause). */
FORE_MUST_USE enum fore_err fore_engine_pause(struct fore_engine *engine, fore_ticket ticket,
                                              bool pause, const char *why, fore_ns now);
/* The newest plan that was made, whether it was carried out or not; its id is 0 before the first.
 */
const struct fore_plan *fore_engine_plan(const struct fore_engine *engine);
/* The moves under way; valid until the next step. */
const struct fore_migrate *fore_engine_moves(const struct fore_engine *engine);
/* A partition's threshold, as it is in force. */
double fore_engine_threshold_of(const struct fore_engine *engine,
                                const struct fore_topology *topology, uint32_t partition);
/* Announced load (core/forecast/hints.h) from now on, instead of what was announced before. */
FORE_MUST_USE enum fore_err fore_engine_set_hints(struct fore_engine *engine, const char *text,
                                                  struct fore_diag *diag);

/* While held, plans are made and told, and none is carried out; moves that run go on. */
void fore_engine_hold(struct fore_engine *engine, bool hold);
/* From when on plans are made at all, instead of the setup's act_from. */
void fore_engine_act_from(struct fore_engine *engine, fore_ns at);

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
/* The same of the run in which nothing is ever done, by the same forecasts. */
struct fore_risk_quality fore_engine_risk_quality_idle(const struct fore_engine *engine);
void fore_engine_score_from_here(struct fore_engine *engine);
/* A dry run: what the planner would do now about the load as the policy sees it coming, and why not
 * something else. Nothing is done, said or remembered. (Where nodes come and go, their number
 * stays; a policy with a planner of its own is answered by ours, on its scenarios.) AGAIN: nothing
 * has been observed yet. */
FORE_MUST_USE enum fore_err fore_engine_what_if(struct fore_engine *engine, fore_ns now,
                                                struct fore_whatif *out, struct fore_diag *diag);
/* Thresholds from now on, instead of decide.thresholds: "users=0.3, orders:17=0.9", or "" for none.
 * All of a text, or, with a sentence, nothing of it. */
FORE_MUST_USE enum fore_err fore_engine_set_thresholds(struct fore_engine *engine, const char *text,
                                                       struct fore_diag *diag);
/* Rules of placement, or a timetable, from now on instead of those before; read against the cluster
 * as it is, texts copied. Refused like at the beginning, and then those before hold on. */
FORE_MUST_USE enum fore_err fore_engine_set_placement(struct fore_engine *engine,
                                                      const struct fore_placement_options *options,
                                                      struct fore_diag *diag);
FORE_MUST_USE enum fore_err fore_engine_set_timetable(struct fore_engine *engine,
                                                      const struct fore_timetable_options *options,
                                                      struct fore_diag *diag);
/* Another policy from the next step on; it begins anew, what was observed and forecast stays, and
 * so do moves that run. FORMAT: no such policy; UNSUPPORTED: it needs a truth that nobody has. */
FORE_MUST_USE enum fore_err fore_engine_set_policy(struct fore_engine *engine, const char *name,
                                                   struct fore_diag *diag);
const struct fore_policy *fore_engine_policy(const struct fore_engine *engine);
/* An operator's order becomes an event. */
void fore_engine_note_order(struct fore_engine *engine, const struct fore_event_order *order,
                            const char *text, fore_ns now);
/* The newest scores, by partition; NULL before the first planning step. */
const struct fore_score *fore_engine_scores(const struct fore_engine *engine, uint32_t *count);

#endif
