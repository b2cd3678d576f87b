/*
 * engine_follow.c - what changed hands, everybody must follow: what is observed and forecast of a
 * partition goes where its data went, and what has changed rests for a while.
 */
#include "core/engine_state.h"

/* The parts together do less than the whole did, or more; either may move at once. */
static void follow_columns(struct fore_engine *engine, const struct fore_migrate_change *change,
                           fore_ns now)
{
    uint32_t p = change->partition, other = change->other;
    double base = change->load_base, apart = change->load_apart;
    if (!(base > 0 && apart > 0)) base = apart = 0.5; /* of a move that nobody here has planned */
    double whole = base + apart;
    if (change->kind == FORE_MOVE_VERTICAL_SPLIT) {
        fore_observe_split_columns(engine->observe, p, other, base, apart);
        fore_fleet_scale(engine->fleet, p, whole);
        fore_fleet_split(engine->fleet, p, other, apart / whole);
        engine->baseline_replicas[other] = engine->baseline_replicas[p];
        engine->moved_at[other] = engine->moved_at[p] = 0;
        engine->grown_at[other] = engine->grown_at[p];
        engine->split_at[other] = engine->split_at[p];
        engine->merged_at[other] = engine->merged_at[p];
    } else {
        fore_observe_merge_columns(engine->observe, p, other, base, apart);
        fore_fleet_merge(engine->fleet, p, other);
        fore_fleet_scale(engine->fleet, p, 1 / whole);
        fore_alert_forget(&engine->alerts, engine->setup.sink, now, other);
    }
    /* What was made whole may be cut anew at once: the other half of following a change of mix. */
    engine->columns_at[p] = change->kind == FORE_MOVE_VERTICAL_SPLIT ? now : 0;
    engine->replan = true;
    fore_engine_risk_lost(engine, p, change);
}

/* What is in `partition` from now on was in part the other's. */
static double others_share(const struct fore_engine *engine, uint32_t partition, uint32_t other)
{
    double mine = engine->observe->partition[partition].load;
    double its = engine->observe->partition[other].load;
    return mine + its > 0 ? its / (mine + its) : 0.5;
}

/* The score is held to what would have come without it. */
static void follow_copy(struct fore_engine *engine, const struct fore_migrate_change *change)
{
    struct fore_risk_watch *watch = &engine->risk_watch;
    bool moved = change->kind == FORE_MOVE_MOVE;
    if (moved && change->source != FORE_NODE_NONE && change->target != FORE_NODE_NONE) {
        const struct fore_risk_departure gone = {.began = change->began,
                                                 .partition = change->partition,
                                                 .from = change->source,
                                                 .to = change->target,
                                                 .share = 1};
        fore_risk_watch_moved(watch, &gone);
        return;
    }
    if (change->source != FORE_NODE_NONE) fore_risk_watch_changed(watch, change->source);
    if (change->target != FORE_NODE_NONE) fore_risk_watch_changed(watch, change->target);
}

void fore_engine_follow(struct fore_engine *engine, const struct fore_migrate_change *change,
                        fore_ns now)
{
    uint32_t p = change->partition, other = change->other;
    if (change->kind == FORE_MOVE_SPLIT || fore_move_joins(change->kind) ||
        fore_move_of_columns(change->kind))
        fore_engine_size_changed(engine, p, other);
    switch (change->kind) {
    case FORE_MOVE_SPLIT:
        fore_observe_split(engine->observe, p, other, change->split_at, change->right_share);
        fore_fleet_split(engine->fleet, p, other, change->right_share);
        engine->baseline_replicas[other] = engine->baseline_replicas[p];
        engine->moved_at[other] = engine->moved_at[p] = 0; /* its part may move at once */
        engine->grown_at[other] = engine->grown_at[p];
        engine->split_at[other] = engine->split_at[p] = now;
        engine->merged_at[other] = 0;
        engine->replan = true;
        fore_engine_risk_split(engine, p, other);
        break;
    case FORE_MOVE_MERGE:
        fore_engine_risk_merged(engine, p, other, others_share(engine, p, other));
        fore_observe_merge(engine->observe, p, other);
        fore_fleet_merge(engine->fleet, p, other);
        fore_alert_forget(&engine->alerts, engine->setup.sink, now, other);
        engine->merged_at[p] = now;
        break;
    case FORE_MOVE_MOVE:
    case FORE_MOVE_ADD_REPLICA:
    case FORE_MOVE_DROP_REPLICA:
        /* One copy more may be the first of several: it rests from everything but these. */
        *(change->kind == FORE_MOVE_ADD_REPLICA ? &engine->grown_at[p] : &engine->moved_at[p]) =
            now;
        engine->replan = true;
        follow_copy(engine, change);
        break;
    case FORE_MOVE_VERTICAL_SPLIT:
    case FORE_MOVE_VERTICAL_MERGE: follow_columns(engine, change, now); break;
    case FORE_MOVE_ADD_NODE:
    case FORE_MOVE_REMOVE_NODE: engine->replan = true; break;
    case FORE_MOVE_KINDS: break;
    }
}
