/*
 * engine_rules.c - what the operator asked for beside the options that are plain numbers: rules of
 * placement. Read against the topology when the engine is made, so that what cannot hold is refused
 * before anything runs; watched while it runs, because nodes go and come.
 */
#include "core/engine_state.h"

enum fore_err fore_engine_read_rules(struct fore_engine *engine,
                                     const struct fore_topology *topology, struct fore_diag *diag)
{
    const struct fore_engine_options *options = engine->setup.options;
    FORE_TRY(fore_constraint_compile(&options->placement, topology, &engine->perm,
                                     &engine->placement, diag));
    if (!fore_constraint_any(&engine->placement)) return FORE_E_OK;
    return fore_constraint_check(&engine->placement, topology, engine->baseline_replicas, false,
                                 &engine->scratch, diag);
}

/* Differs when other nodes serve; 0 is kept for "not looked yet". */
static uint64_t serving(const struct fore_topology *topology)
{
    uint64_t mix = 1;
    for (uint32_t n = 0; n < topology->node_count; n++)
        mix = mix * UINT64_C(0x9e3779b97f4a7c15) + (fore_node_serves(&topology->node[n]) ? 2 : 1);
    return mix == 0 ? 1 : mix;
}

void fore_engine_watch_rules(struct fore_engine *engine, const struct fore_topology *topology,
                             fore_ns now)
{
    if (!fore_constraint_any(&engine->placement)) return;
    uint64_t seen = serving(topology);
    if (seen == engine->placement_seen) return;
    engine->placement_seen = seen;
    struct fore_diag diag = {.code = FORE_E_OK};
    if (fore_constraint_check(&engine->placement, topology, engine->baseline_replicas, true,
                              &engine->scratch, &diag) == FORE_E_OK)
        fore_alert_clear(&engine->alerts, FORE_ALERT_PLACEMENT, 0);
    else
        fore_alert_raise(&engine->alerts, engine->setup.sink, now, FORE_ALERT_PLACEMENT,
                         FORE_ALERT_WARNING, 0, "%s", diag.text);
}
