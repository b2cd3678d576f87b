/* engine_ask.c - what its owner may ask of an engine between steps, and carry over to the next one.
 */
#include "core/engine_state.h"

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

void fore_engine_score_from_here(struct fore_engine *engine)
{
    fore_risk_watch_score_from_here(&engine->risk_watch);
}

void fore_engine_hold(struct fore_engine *engine, bool hold)
{
    engine->held = hold;
}
