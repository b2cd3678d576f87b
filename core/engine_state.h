/* engine_state.h - what the engine keeps between steps; shared by engine.c and engine_events.c. */
#ifndef FORE_ENGINE_STATE_H
#define FORE_ENGINE_STATE_H

#include "core/engine.h"

struct fore_engine {
    struct fore_engine_setup setup;
    const struct fore_policy *policy;
    struct fore_arena perm, scratch;
    struct fore_observe *observe;
    struct fore_fleet *fleet;
    struct fore_migrate migrate;
    struct fore_alerts alerts;
    struct fore_plan plan; /* the newest */

    uint32_t partition_cap, node_count;
    uint32_t baseline_partitions;
    uint16_t *baseline_replicas;  /* by partition */
    fore_ns *moved_at, *split_at; /* by partition; 0: never */
    fore_ns *grown_at;            /* by partition: when it last got a replica */
    void *policy_memory;          /* the policy's own */
    bool *node_was_up;
    struct fore_score *score;
    uint32_t score_count;
    struct fore_load_risk *node_risk;
    double rrs_max;
    struct fore_risk_watch risk_watch;

    fore_ns planned_at, journalled_at, keyframe_at, forecast_at, scores_at;
    bool held;   /* plans are only told */
    bool replan; /* something changed: do not wait for the cadence */
    double violation_s;
    uint64_t plans, plans_admitted;
    uint64_t lessons_told; /* of the fleet's */
};

/* A window's facts: cluster, node and partition load, keyframes, forecasts, node alerts. */
void fore_engine_emit_window(struct fore_engine *engine, const struct fore_sample *sample,
                             const struct fore_topology *topology, fore_ns now);
void fore_engine_emit_scores(struct fore_engine *engine, const struct fore_load *load,
                             const struct fore_policy_view *view, fore_ns now);
void fore_engine_emit_plan(struct fore_engine *engine, const struct fore_plan *plan, bool admitted,
                           const char *why, fore_ns now);
void fore_engine_note_no_plan(struct fore_engine *engine, const struct fore_plan *plan,
                              fore_ns now);
void fore_engine_note_unreachable(struct fore_engine *engine, enum fore_err err, fore_ns now);

#endif
