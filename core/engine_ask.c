/* engine_ask.c - what its owner may ask of an engine between steps, and carry over to the next one.
 */
#include "core/engine_state.h"

#include <stdio.h>

void fore_engine_save_moves(const struct fore_engine *engine, struct fore_buf *out)
{
    fore_migrate_save(&engine->migrate, fore_driver_now(engine->setup.driver), out);
}

enum fore_err fore_engine_load_moves(struct fore_engine *engine, const void *bytes, size_t size,
                                     struct fore_diag *diag)
{
    const struct fore_topology *topology;
    FORE_TRY(fore_driver_topology(engine->setup.driver, &topology));
    if (bytes != NULL)
        return fore_migrate_load(&engine->migrate, topology, bytes, size,
                                 fore_driver_now(engine->setup.driver), diag);
    fore_migrate_adopt(&engine->migrate);
    return FORE_E_OK;
}

struct fore_engine_counts fore_engine_counts(const struct fore_engine *engine)
{
    return (struct fore_engine_counts){
        .migrate = engine->migrate.counts,
        .forecast = fore_fleet_counts(engine->fleet),
        .plans = engine->plans,
        .plans_admitted = engine->plans_admitted,
        .alerts = engine->alerts.total,
        .moves_running = engine->migrate.running,
    };
}

const struct fore_observe *fore_engine_observe(const struct fore_engine *engine)
{
    return engine->observe;
}

const struct fore_fleet *fore_engine_fleet(const struct fore_engine *engine)
{
    return engine->fleet;
}

const struct fore_score *fore_engine_scores(const struct fore_engine *engine, uint32_t *count)
{
    *count = engine->score_count;
    return engine->score_count > 0 ? engine->score : NULL;
}

struct fore_risk_quality fore_engine_risk_quality(const struct fore_engine *engine)
{
    return fore_risk_watch_quality(&engine->risk_watch);
}

struct fore_risk_quality fore_engine_risk_quality_idle(const struct fore_engine *engine)
{
    return fore_risk_watch_quality(&engine->idle_watch);
}

void fore_engine_score_from_here(struct fore_engine *engine)
{
    fore_risk_watch_score_from_here(&engine->idle_watch);
    fore_risk_watch_score_from_here(&engine->risk_watch);
}

void fore_engine_hold(struct fore_engine *engine, bool hold)
{
    engine->held = hold;
}

void fore_engine_act_from(struct fore_engine *engine, fore_ns at)
{
    engine->setup.act_from = at;
}

/* Rules of placement hold for operators too: the plan was perhaps not made by the planner. */
static enum fore_err check_placement(struct fore_engine *engine,
                                     const struct fore_topology *topology,
                                     const struct fore_plan *plan, struct fore_diag *diag)
{
    if (!fore_constraint_any(&engine->placement)) return FORE_E_OK;
    struct fore_constraint_state state;
    struct fore_arena_mark mark = fore_arena_mark(&engine->scratch);
    enum fore_err err = FORE_E_OK;
    fore_constraint_begin(&engine->placement, topology, &engine->scratch, &state);
    for (uint32_t i = 0; err == FORE_E_OK && i < plan->move_count; i++) {
        const struct fore_move *m = &plan->move[i].move;
        if (m->kind != FORE_MOVE_MOVE && m->kind != FORE_MOVE_ADD_REPLICA) continue;
        uint16_t from = m->kind == FORE_MOVE_MOVE ? m->source : FORE_NODE_NONE;
        if (m->partition < topology->partition_count &&
            !fore_constraint_allows(&state, m->partition, from, m->target))
            err = fore_err_set(diag, FORE_E_REFUSED, "a rule of placement keeps p%u off %s",
                               m->partition, topology->node[m->target].name);
    }
    fore_arena_reset(&engine->scratch, mark);
    return err;
}

enum fore_err fore_engine_carry_out(struct fore_engine *engine, struct fore_plan *plan, fore_ns now,
                                    uint32_t *taken, struct fore_diag *diag)
{
    const struct fore_topology *topology;
    char late[FORE_PLAN_TEXT], why[FORE_PLAN_TEXT];
    *taken = 0;
    enum fore_err err = fore_driver_topology(engine->setup.driver, &topology);
    if (err != FORE_E_OK)
        return fore_err_set(diag, err, "the cluster cannot be reached: %s", fore_err_text(err));
    if (plan->epoch != topology->epoch)
        return fore_err_set(diag, FORE_E_CONFLICT,
                            "the cluster has changed since the plan was made");
    if (plan->move_count == 0) return fore_err_set(diag, FORE_E_REFUSED, "the plan has no moves");
    double left_s = fore_engine_time_left_s(engine, now);
    if (left_s <= 0)
        return fore_err_set(diag, FORE_E_REFUSED, "planner.quiet lets nothing move now");
    fore_engine_drop_late(plan, left_s, late, sizeof late);
    if (plan->move_count == 0) return fore_err_set(diag, FORE_E_REFUSED, "%s", late);
    FORE_TRY(check_placement(engine, topology, plan, diag));
    struct fore_arena_mark mark = fore_arena_mark(&engine->scratch);
    plan->id = ++engine->plans;
    *taken = fore_migrate_admit(&engine->migrate, plan, topology, engine->setup.driver,
                                engine->observe, now, why, sizeof why);
    if (*taken > 0) engine->plans_admitted++;
    fore_engine_emit_plan(engine, plan, *taken > 0, why, now);
    fore_arena_reset(&engine->scratch, mark);
    if (*taken == 0) return fore_err_set(diag, FORE_E_REFUSED, "%s", why);
    if (diag != NULL && why[0] != '\0') (void)snprintf(diag->text, sizeof diag->text, "%s", why);
    return FORE_E_OK;
}

enum fore_err fore_engine_cancel(struct fore_engine *engine, fore_ticket ticket, const char *why,
                                 fore_ns now)
{
    const struct fore_migrate *migrate = &engine->migrate;
    bool found = false;
    for (uint32_t i = 0; i < migrate->running; i++)
        found |= ticket != 0 && migrate->migration[i].ticket == ticket &&
                 migrate->migration[i].state < FORE_MIGRATE_SWEEP;
    if (!found) return FORE_E_RANGE;
    if (!fore_driver_can(engine->setup.driver, FORE_CAP_CANCEL)) return FORE_E_UNSUPPORTED;
    fore_migrate_cancel(&engine->migrate, engine->setup.driver, ticket, why, engine->setup.sink,
                        now);
    return FORE_E_OK;
}

enum fore_err fore_engine_pause(struct fore_engine *engine, fore_ticket ticket, bool pause,
                                const char *why, fore_ns now)
{
    return fore_migrate_pause(&engine->migrate, engine->setup.driver, ticket, pause, why,
                              engine->setup.sink, now);
}

const struct fore_plan *fore_engine_plan(const struct fore_engine *engine)
{
    return &engine->plan;
}

const struct fore_migrate *fore_engine_moves(const struct fore_engine *engine)
{
    return &engine->migrate;
}

double fore_engine_threshold_of(const struct fore_engine *engine,
                                const struct fore_topology *topology, uint32_t partition)
{
    bool named;
    return fore_engine_threshold(engine, topology, partition, &named);
}

enum fore_err fore_engine_set_hints(struct fore_engine *engine, const char *text,
                                    struct fore_diag *diag)
{
    return fore_fleet_set_hints(engine->fleet, text, diag);
}
