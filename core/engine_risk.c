/*
 * engine_risk.c - was the score right? Asked of the placement as it is, and of the run in which
 * nothing was ever done (risk/risk_watch.h says what either means). The second needs a load of
 * its own, added up by seat, a few times an hour.
 */
#include "core/engine_state.h"

void fore_engine_risk_begin(struct fore_engine *engine, const struct fore_topology *topology)
{
    const struct fore_engine_options *options = engine->setup.options;
    fore_ns horizon = options->forecast.horizon;
    double limit = options->decide.utilization_limit;
    uint32_t nodes = topology->node_count;
    fore_risk_watch_init(&engine->risk_watch, &engine->perm, nodes, horizon, limit);
    fore_risk_watch_init(&engine->idle_watch, &engine->perm, nodes, horizon, limit);
    fore_risk_idle_init(&engine->idle, &engine->perm, topology);
    fore_risk_watch_idle(&engine->idle_watch, &engine->idle);
}

void fore_engine_risk_window(struct fore_engine *engine, const struct fore_sample *sample,
                             const struct fore_topology *topology)
{
    fore_risk_idle_look(&engine->idle, sample, topology);
    fore_risk_watch_window(&engine->risk_watch, sample, topology);
    fore_risk_watch_window(&engine->idle_watch, sample, topology);
}

void fore_engine_risk_ask(struct fore_engine *engine, const struct fore_load *load,
                          const struct fore_sample *sample, fore_ns now)
{
    if (fore_risk_watch_due(&engine->risk_watch, now))
        fore_risk_watch_ask(&engine->risk_watch, load, sample, now);
    if (!fore_risk_watch_due(&engine->idle_watch, now)) return;
    struct fore_load idle;
    fore_risk_idle_load(&engine->idle, load, &engine->scratch, &idle);
    fore_risk_watch_ask(&engine->idle_watch, &idle, sample, now);
}

void fore_engine_risk_split(struct fore_engine *engine, uint32_t whole, uint32_t part)
{
    fore_risk_watch_split(&engine->risk_watch, whole, part);
    fore_risk_idle_split(&engine->idle, whole, part);
}

void fore_engine_risk_merged(struct fore_engine *engine, uint32_t partition, uint32_t other,
                             double other_share)
{
    fore_risk_watch_merged(&engine->risk_watch, partition, other, other_share);
    fore_risk_idle_merged(&engine->idle, partition, other, other_share);
}

void fore_engine_risk_lost(struct fore_engine *engine, uint32_t partition,
                           const struct fore_migrate_change *change)
{
    fore_risk_watch_changed(&engine->risk_watch, change->source);
    fore_risk_watch_changed(&engine->risk_watch, change->target);
    fore_risk_idle_lost(&engine->idle, partition);
    fore_risk_idle_split(&engine->idle, partition, change->other);
}
