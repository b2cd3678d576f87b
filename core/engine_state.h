/* engine_state.h - what the engine keeps between steps; shared by engine.c and engine_events.c. */
#ifndef FORE_ENGINE_STATE_H
#define FORE_ENGINE_STATE_H

#include "core/engine.h"
#include "core/risk/coverage.h"

struct fore_engine {
    struct fore_engine_setup setup;
    const struct fore_policy *policy;
    struct fore_arena perm, scratch;
    struct fore_observe *observe;
    struct fore_fleet *fleet;
    struct fore_migrate migrate;
    struct fore_alerts alerts;
    struct fore_plan plan; /* the newest */
    struct fore_constraints placement;
    struct fore_thresholds thresholds;
    /* What may be set anew. */
    struct fore_arena threshold_arena, placement_arena, timetable_arena, policy_arena;
    struct fore_timetable timetable;
    fore_ns timetable_seen;  /* the time the timetable was asked last */
    uint64_t placement_seen; /* which nodes served when the rules were checked last */

    uint32_t partition_cap, node_count;
    uint32_t baseline_partitions;
    uint16_t *baseline_replicas;              /* by partition */
    fore_ns *moved_at, *split_at, *merged_at; /* by partition; 0: never */
    struct fore_vertical_cost vertical_cost;
    struct fore_split_cost_watch split_cost; /* what partitions have been seen to cost */
    fore_ns *columns_at;                     /* split or merged by column; 0: never */
    fore_ns *grown_at;                       /* by partition: when it last got a replica */
    void *policy_memory;                     /* the policy's own */
    bool *node_was_up;
    struct fore_score *score;
    uint32_t score_count;
    uint8_t *rrs_over; /* by partition: scores in a row that speak for raising, or for resolving */
    struct fore_load_risk *node_risk;
    double rrs_max; /* for load: what is too large opens no gate for moves (size_split.h) */
    struct fore_risk_watch risk_watch, idle_watch; /* from here; had nothing ever been done */
    struct fore_risk_idle idle;
    struct fore_coverage coverage;
    fore_ns fallback_since; /* 0: decisions rest on the forecast */

    fore_ns planned_at, journalled_at, keyframe_at, forecast_at, scores_at;
    bool held;   /* plans are only told */
    bool replan; /* something changed: do not wait for the cadence */
    double violation_s;
    uint64_t plans, plans_admitted;
    uint32_t refusals;        /* plans in a row of which nothing could be begun */
    uint64_t lessons_told;    /* of the fleet's */
    struct fore_sizes *sizes; /* NULL: neither partitions nor nodes have a ceiling */
    uint8_t *node_too_full;   /* by node: looks in a row at which it will be */
};

/* A window's facts: cluster, node and partition load, keyframes, forecasts, node alerts. */
void fore_engine_emit_window(struct fore_engine *engine, const struct fore_sample *sample,
                             const struct fore_topology *topology, fore_ns now);
void fore_engine_emit_scores(struct fore_engine *engine, const struct fore_load *load,
                             const struct fore_policy_view *view, fore_ns now);
void fore_engine_emit_plan(struct fore_engine *engine, const struct fore_plan *plan, bool admitted,
                           const char *why, fore_ns now);
void fore_engine_emit_why(struct fore_engine *engine, uint64_t plan,
                          const struct fore_whatif *whatif, fore_ns now);
void fore_engine_note_no_plan(struct fore_engine *engine, const struct fore_plan *plan,
                              fore_ns now);
/* engine_look.c: all that a decision is made from: the policy's view, what the planner is given but
 * for its terms, the coming load; scores follow it. From the scratch arena. */
struct fore_engine_look {
    struct fore_planner_input input;
    struct fore_policy_view view;
    struct fore_load load;                           /* what the score is computed from */
    struct fore_load_term term[FORE_LOAD_SCENARIOS]; /* what plans are priced by */
    uint32_t term_count;
};
void fore_engine_look(struct fore_engine *engine, const struct fore_topology *topology,
                      double left_s, fore_ns now, struct fore_engine_look *out);
/* The same but for the scores, which are those of the last assessment; and they alone. */
void fore_engine_show(struct fore_engine *engine, const struct fore_topology *topology,
                      double left_s, fore_ns now, struct fore_engine_look *out);
void fore_engine_score(struct fore_engine *engine, const struct fore_policy_view *view,
                       struct fore_load *load);
double fore_engine_mean_bytes(const struct fore_topology *topology);
/* What the driver or the options say that partitions and their splits cost. */
struct fore_split_cost fore_engine_told_split_cost(const struct fore_engine *engine);
/* Was the forecast right about what has come? */
void fore_engine_look_back(struct fore_engine *engine, const struct fore_topology *topology,
                           double bytes_mean);
/* Says when decisions go over from the forecast to the present load, and back. */
void fore_engine_watch_fallback(struct fore_engine *engine, const struct fore_engine_look *look,
                                fore_ns now);
/* engine_follow.c: memory and forecasts follow a change of ownership. */
void fore_engine_follow(struct fore_engine *engine, const struct fore_migrate_change *change,
                        fore_ns now);
/* engine_risk.c: was the score right, in both readings of "if nothing is done"? */
void fore_engine_risk_begin(struct fore_engine *engine, const struct fore_topology *topology);
void fore_engine_risk_window(struct fore_engine *engine, const struct fore_sample *sample,
                             const struct fore_topology *topology);
void fore_engine_risk_ask(struct fore_engine *engine, const struct fore_load *load,
                          const struct fore_sample *sample, fore_ns now);
void fore_engine_risk_split(struct fore_engine *engine, uint32_t whole, uint32_t part);
void fore_engine_risk_merged(struct fore_engine *engine, uint32_t partition, uint32_t other,
                             double other_share);
void fore_engine_risk_lost(struct fore_engine *engine, uint32_t partition,
                           const struct fore_migrate_change *change);
/* engine_size.c: what partitions hold, and whether they will pass decide.size_max. Nothing is kept
 * where there is no such ceiling. */
void fore_engine_size_begin(struct fore_engine *engine);
void fore_engine_size_changed(struct fore_engine *engine, uint32_t partition, uint32_t other);
/* By partition, from the scratch arena; NULL: no ceiling. */
const struct fore_size_outlook *fore_engine_size_look(struct fore_engine *engine,
                                                      const struct fore_topology *topology);
/* Says which of them cannot be split. */
void fore_engine_size_watch(struct fore_engine *engine, const struct fore_planner_input *input,
                            fore_ns now);
/* Explains a plan that was acted on, to whoever wants to know. */
void fore_engine_explain(struct fore_engine *engine, const struct fore_policy_view *view,
                         const struct fore_plan *plan, uint32_t taken, const char *why);
/* Seconds until nothing may run any more, without consequences. */
double fore_engine_time_left_s(const struct fore_engine *engine, fore_ns now);
/* engine_policy.c: by the setup's name, or the options'. */
FORE_MUST_USE enum fore_err fore_engine_find_policy(const struct fore_engine_setup *setup,
                                                    const char *name,
                                                    const struct fore_policy **policy,
                                                    struct fore_diag *diag);
void fore_engine_begin_policy(struct fore_engine *engine, const struct fore_policy *policy,
                              const struct fore_topology *topology);
/* engine_rules.c: what the operator asked for, read when the engine is made. */
FORE_MUST_USE enum fore_err fore_engine_read_rules(struct fore_engine *engine,
                                                   const struct fore_topology *topology,
                                                   struct fore_diag *diag);
/* Of one partition; and whether any reaches its own. *held: by partition, NULL when none is named.
 */
double fore_engine_threshold(const struct fore_engine *engine, const struct fore_topology *topology,
                             uint32_t partition, bool *named);
bool fore_engine_triggered(struct fore_engine *engine, const struct fore_topology *topology,
                           const uint8_t **held);
/* Seconds until nothing may run any more, 0: now; HUGE_VAL: no such time. Abandons what still runs
 * when it has come. */
double fore_engine_keep_timetable(struct fore_engine *engine, fore_ns now);
/* Leaves out what would not be over in time; `why` names the first one. */
void fore_engine_drop_late(struct fore_plan *plan, double left_s, char *why, size_t why_size);
/* Raises or clears the alert about rules that the nodes in use cannot satisfy. */
void fore_engine_watch_rules(struct fore_engine *engine, const struct fore_topology *topology,
                             fore_ns now);
void fore_engine_note_admission(struct fore_engine *engine, const struct fore_plan *plan,
                                uint32_t taken, const char *why, fore_ns now);
void fore_engine_note_unreachable(struct fore_engine *engine, enum fore_err err, fore_ns now);

#endif
