/*
 * engine_whatif.c - the engine asked, not told: what would be planned now, what a plan was made
 * for.
 *
 * A dry run looks at the cluster exactly as a decision does and puts back what looking changes (the
 * newest scores), so a run in which somebody asks goes on as one in which nobody does.
 */
#include "core/engine_state.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

struct kept { /* what fore_engine_look() leaves behind */
    struct fore_score *score;
    struct fore_load_risk *node_risk;
    uint32_t score_count;
    double rrs_max;
};

static struct kept keep(struct fore_engine *engine)
{
    struct kept kept = {.score_count = engine->score_count, .rrs_max = engine->rrs_max};
    kept.score = FORE_NEW(&engine->scratch, struct fore_score, engine->partition_cap);
    kept.node_risk = FORE_NEW(&engine->scratch, struct fore_load_risk, engine->node_count);
    memcpy(kept.score, engine->score, engine->partition_cap * sizeof *kept.score);
    memcpy(kept.node_risk, engine->node_risk, engine->node_count * sizeof *kept.node_risk);
    return kept;
}

static void put_back(struct fore_engine *engine, const struct kept *kept)
{
    memcpy(engine->score, kept->score, engine->partition_cap * sizeof *kept->score);
    memcpy(engine->node_risk, kept->node_risk, engine->node_count * sizeof *kept->node_risk);
    engine->score_count = kept->score_count;
    engine->rrs_max = kept->rrs_max;
}

enum fore_err fore_engine_what_if(struct fore_engine *engine, fore_ns now, struct fore_whatif *out,
                                  struct fore_diag *diag)
{
    const struct fore_topology *topology;
    if (engine->observe->windows == 0)
        return fore_err_set(diag, FORE_E_AGAIN, "nothing has been observed yet");
    enum fore_err err = fore_driver_topology(engine->setup.driver, &topology);
    if (err != FORE_E_OK)
        return fore_err_set(diag, err, "the cluster's topology cannot be read: %s",
                            fore_err_text(err));
    struct fore_arena_mark mark = fore_arena_mark(&engine->scratch);
    struct kept kept = keep(engine);
    struct fore_engine_look look;
    struct fore_plan *plan = FORE_NEW(&engine->scratch, struct fore_plan, 1);
    double left_s = fore_engine_time_left_s(engine, now);
    fore_engine_look(engine, topology, fmax(left_s, 1e-9), now, &look);
    look.input.term_count = engine->policy->terms(&look.view, look.input.term);
    fore_planner_plan(&look.input, &engine->scratch, plan);
    if (left_s <= 0) plan->move_count = 0; /* not even what needs no copy */
    fore_whatif_explain(&look.input, plan, (double)engine->setup.slo_ns / 1e6, &engine->scratch,
                        out);
    if (left_s <= 0)
        (void)snprintf(out->refused, sizeof out->refused, "planner.quiet lets nothing move now");
    put_back(engine, &kept);
    fore_arena_reset(&engine->scratch, mark);
    return FORE_E_OK;
}

void fore_engine_explain(struct fore_engine *engine, const struct fore_policy_view *view,
                         const struct fore_plan *plan, uint32_t taken, const char *why)
{
    struct fore_explain explain = engine->setup.explain;
    bool journalled = view->planner->options->journal_why;
    if (explain.told == NULL && !journalled) return;
    struct fore_arena_mark mark = fore_arena_mark(&engine->scratch);
    struct fore_whatif *whatif = FORE_NEW(&engine->scratch, struct fore_whatif, 1);
    struct fore_planner_input input = *view->planner;
    input.term_count = engine->policy->terms(view, input.term);
    fore_whatif_explain(&input, plan, (double)engine->setup.slo_ns / 1e6, &engine->scratch, whatif);
    whatif->taken = taken;
    (void)snprintf(whatif->refused, sizeof whatif->refused, "%s", why);
    if (journalled) fore_engine_emit_why(engine, plan->id, whatif, view->planner->now);
    if (explain.told != NULL) explain.told(explain.self, whatif);
    fore_arena_reset(&engine->scratch, mark);
}
