/*
 * engine_policy.c - which policy decides, from the beginning or from some step on. A policy's own
 * memory lives as long as it decides; what others may need to know of the past (history, forecasts,
 * moves, when a partition was moved) is the engine's and stays.
 */
#include "core/engine_state.h"

enum fore_err fore_engine_find_policy(const struct fore_engine_setup *setup, const char *name,
                                      const struct fore_policy **policy, struct fore_diag *diag)
{
    *policy = fore_policy_find(name);
    if (*policy == NULL) {
        const char *known[64];
        size_t count = 0;
        while (count < FORE_COUNTOF(known) && fore_policies[count] != NULL) {
            known[count] = fore_policies[count]->name;
            count++;
        }
        const char *nearest = fore_option_nearest(name, known, count);
        return fore_err_set(diag, FORE_E_FORMAT, "policy.name = \"%.40s\": no such policy%s%s%s",
                            name, nearest != NULL ? "; did you mean \"" : "",
                            nearest != NULL ? nearest : "", nearest != NULL ? "\"?" : "");
    }
    if ((*policy)->needs_truth && setup->future.load == NULL)
        return fore_err_set(diag, FORE_E_UNSUPPORTED,
                            "policy \"%s\" needs the true future, which this cluster cannot give",
                            name);
    return FORE_E_OK;
}

void fore_engine_begin_policy(struct fore_engine *engine, const struct fore_policy *policy,
                              const struct fore_topology *topology)
{
    fore_arena_fini(&engine->policy_arena);
    fore_arena_init(&engine->policy_arena);
    engine->policy = policy;
    engine->policy_memory = NULL;
    if (policy->begin != NULL)
        engine->policy_memory = policy->begin(topology, engine->setup.seed, &engine->policy_arena);
}

enum fore_err fore_engine_set_policy(struct fore_engine *engine, const char *name,
                                     struct fore_diag *diag)
{
    const struct fore_policy *policy;
    const struct fore_topology *topology;
    FORE_TRY(fore_engine_find_policy(&engine->setup, name, &policy, diag));
    enum fore_err err = fore_driver_topology(engine->setup.driver, &topology);
    if (err != FORE_E_OK)
        return fore_err_set(diag, err, "the cluster's topology cannot be read: %s",
                            fore_err_text(err));
    if (policy == engine->policy) return FORE_E_OK;
    fore_engine_begin_policy(engine, policy, topology);
    engine->replan = true;
    return FORE_E_OK;
}

const struct fore_policy *fore_engine_policy(const struct fore_engine *engine)
{
    return engine->policy;
}

void fore_engine_note_order(struct fore_engine *engine, const struct fore_event_order *order,
                            const char *text, fore_ns now)
{
    fore_sink_put_text(engine->setup.sink, now, FORE_EV_ORDER, order, sizeof *order, text);
}
