/*
 * engine_rules.c - what the operator asked for beside the options that are plain numbers: rules of
 * placement, a timetable and thresholds. Read against the topology when the engine is made, so that
 * what cannot hold is refused before anything runs; watched while it runs, because nodes go and
 * come.
 */
#include "core/engine_state.h"

#include <math.h>
#include <stdio.h>

static double unix_time(const struct fore_engine *engine, fore_ns now)
{
    return engine->setup.options->forecast.clock_start + (double)now / 1e9;
}

/* Could the smallest partition be moved in the longest time the week has for it? */
static enum fore_err check_timetable(const struct fore_timetable *timetable,
                                     const struct fore_topology *topology, struct fore_diag *diag)
{
    double longest = fore_timetable_longest_s(timetable), rate = 0, least = HUGE_VAL;
    for (uint32_t n = 0; n < topology->node_count; n++)
        rate = fmax(rate, topology->node[n].bandwidth_bytes);
    for (uint32_t p = 0; rate > 0 && p < topology->partition_count; p++)
        if (topology->partition[p].alive)
            least = fmin(least, (double)topology->partition[p].bytes / rate);
    if (least == HUGE_VAL || least <= longest) return FORE_E_OK;
    return fore_err_set(
        diag, FORE_E_REFUSED,
        "planner.quiet and planner.finish_before leave %.0f s at a time, and moving "
        "the smallest partition takes %.0f s: nothing could ever be moved",
        longest, least);
}

static enum fore_err read_timetable(const struct fore_timetable_options *options,
                                    const struct fore_topology *topology, struct fore_arena *arena,
                                    struct fore_timetable *out, struct fore_diag *diag)
{
    FORE_TRY(fore_timetable_compile(options, arena, out, diag));
    return check_timetable(out, topology, diag);
}

static struct fore_strings copy_list(const struct fore_strings *list, struct fore_arena *arena)
{
    const char **item = FORE_NEW(arena, const char *, list->count);
    for (size_t i = 0; i < list->count; i++)
        item[i] = fore_arena_strdup(arena, list->item[i]);
    return (struct fore_strings){.item = item, .count = list->count};
}

static enum fore_err read_placement(const struct fore_engine *engine,
                                    const struct fore_placement_options *options,
                                    const struct fore_topology *topology, struct fore_arena *arena,
                                    struct fore_constraints *out, struct fore_diag *diag)
{
    struct fore_placement_options copy = {.pin = copy_list(&options->pin, arena),
                                          .apart = copy_list(&options->apart, arena),
                                          .forbidden = copy_list(&options->forbidden, arena),
                                          .replicas_apart = options->replicas_apart};
    FORE_TRY(fore_constraint_compile(&copy, topology, arena, out, diag));
    if (!fore_constraint_any(out)) return FORE_E_OK;
    struct fore_arena scratch = {0};
    enum fore_err err =
        fore_constraint_check(out, topology, engine->baseline_replicas, false, &scratch, diag);
    fore_arena_fini(&scratch);
    return err;
}

enum fore_err fore_engine_read_rules(struct fore_engine *engine,
                                     const struct fore_topology *topology, struct fore_diag *diag)
{
    const struct fore_engine_options *options = engine->setup.options;
    FORE_TRY(read_placement(engine, &options->placement, topology, &engine->placement_arena,
                            &engine->placement, diag));
    FORE_TRY(fore_threshold_compile(&options->decide.thresholds, topology, &engine->threshold_arena,
                                    &engine->thresholds, diag));
    return read_timetable(&options->timetable, topology, &engine->timetable_arena,
                          &engine->timetable, diag);
}

static enum fore_err ask_topology(const struct fore_engine *engine,
                                  const struct fore_topology **out, struct fore_diag *diag)
{
    enum fore_err err = fore_driver_topology(engine->setup.driver, out);
    if (err == FORE_E_OK) return err;
    return fore_err_set(diag, err, "the cluster's topology cannot be read: %s", fore_err_text(err));
}

/* The arena of what is in force, for that of what was read; or, after a refusal, away with it. */
static enum fore_err settle(struct fore_engine *engine, enum fore_err err, struct fore_arena *fresh,
                            struct fore_arena *in_force)
{
    fore_arena_fini(err == FORE_E_OK ? in_force : fresh);
    if (err != FORE_E_OK) return err;
    *in_force = *fresh;
    engine->replan = true;
    return FORE_E_OK;
}

enum fore_err fore_engine_set_placement(struct fore_engine *engine,
                                        const struct fore_placement_options *options,
                                        struct fore_diag *diag)
{
    struct fore_arena arena = {0};
    struct fore_constraints rules;
    const struct fore_topology *topology;
    FORE_TRY(ask_topology(engine, &topology, diag));
    enum fore_err err = read_placement(engine, options, topology, &arena, &rules, diag);
    if (err == FORE_E_OK) {
        engine->placement = rules;
        engine->placement_seen = 0; /* looked at again with the next decision */
    }
    return settle(engine, err, &arena, &engine->placement_arena);
}

enum fore_err fore_engine_set_timetable(struct fore_engine *engine,
                                        const struct fore_timetable_options *options,
                                        struct fore_diag *diag)
{
    struct fore_arena arena = {0};
    struct fore_timetable timetable;
    const struct fore_topology *topology;
    FORE_TRY(ask_topology(engine, &topology, diag));
    enum fore_err err = read_timetable(options, topology, &arena, &timetable, diag);
    if (err == FORE_E_OK) engine->timetable = timetable;
    return settle(engine, err, &arena, &engine->timetable_arena);
}

enum fore_err fore_engine_set_thresholds(struct fore_engine *engine, const char *text,
                                         struct fore_diag *diag)
{
    struct fore_arena arena = {0};
    struct fore_decide_options read = {0};
    struct fore_thresholds thresholds;
    const struct fore_topology *topology;
    FORE_TRY(ask_topology(engine, &topology, diag));
    enum fore_err err = fore_option_set((struct fore_option_binding){&fore_decide_section, &read},
                                        &arena, "thresholds", text, "thresholds", diag);
    if (err == FORE_E_OK)
        err = fore_threshold_compile(&read.thresholds, topology, &arena, &thresholds, diag);
    if (err == FORE_E_OK) engine->thresholds = thresholds;
    return settle(engine, err, &arena, &engine->threshold_arena);
}

double fore_engine_threshold(const struct fore_engine *engine, const struct fore_topology *topology,
                             uint32_t partition, bool *named)
{
    return fore_threshold_of(&engine->thresholds, topology, partition,
                             engine->setup.options->decide.rrs_threshold, named);
}

bool fore_engine_triggered(struct fore_engine *engine, const struct fore_topology *topology,
                           const uint8_t **held)
{
    bool any = false, named;
    *held = NULL;
    if (engine->thresholds.count == 0)
        return fore_threshold_reached(engine->setup.options->decide.rrs_threshold, engine->rrs_max);
    uint8_t *hold = FORE_NEW(&engine->scratch, uint8_t, topology->partition_cap);
    for (uint32_t p = 0; p < topology->partition_count; p++) {
        if (!topology->partition[p].alive) continue;
        double at = fore_engine_threshold(engine, topology, p, &named);
        bool reached = fore_threshold_reached(at, engine->score[p].rrs);
        any = any || fore_threshold_reached(at, engine->score[p].rrs_load);
        if (named && !reached) hold[p] = at >= 1 ? FORE_HOLD_NEVER : FORE_HOLD_BELOW;
    }
    *held = hold;
    return any;
}

double fore_engine_time_left_s(const struct fore_engine *engine, fore_ns now)
{
    return fore_timetable_left_s(&engine->timetable, unix_time(engine, now));
}

double fore_engine_keep_timetable(struct fore_engine *engine, fore_ns now)
{
    const struct fore_timetable *timetable = &engine->timetable;
    if (timetable->count == 0) return HUGE_VAL;
    fore_ns before = engine->timetable_seen;
    engine->timetable_seen = now;
    double at = unix_time(engine, now), left = fore_timetable_left_s(timetable, at);
    bool over = left <= 0 || (before != 0 && before < now &&
                              fore_timetable_between(timetable, unix_time(engine, before), at));
    if (over && fore_driver_can(engine->setup.driver, FORE_CAP_CANCEL))
        (void)fore_migrate_cancel_copies(&engine->migrate, engine->setup.driver,
                                         left <= 0 ? "planner.quiet: nothing may run now"
                                                   : "planner.finish_before: its time is over",
                                         engine->setup.sink, now);
    return left;
}

void fore_engine_drop_late(struct fore_plan *plan, double left_s, char *why, size_t why_size)
{
    bool keep[FORE_PLAN_MOVES];
    why[0] = '\0';
    for (uint32_t i = 0; i < plan->move_count; i++)
        keep[i] = true;
    for (uint32_t i = 0; i < plan->move_count; i++) {
        const struct fore_plan_move *m = &plan->move[i];
        double end_s = fore_plan_end_s(plan, i);
        if (end_s <= left_s || m->move.kind == FORE_MOVE_SPLIT) continue;
        for (uint32_t j = 0; j <= i; j++) /* a chain goes whole: it was priced as one */
            if (fore_plan_in_chain(plan, i, j)) keep[j] = false;
        if (why[0] == '\0')
            (void)snprintf(why, why_size, "%s p%u takes %.0f s and there are %.0f s left",
                           fore_move_kind_text(m->move.kind), m->move.partition, end_s, left_s);
    }
    fore_plan_keep(plan, keep);
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
    bool any = fore_constraint_any(&engine->placement);
    uint64_t seen = any ? serving(topology) : 1;
    if (seen == engine->placement_seen) return;
    engine->placement_seen = seen;
    struct fore_diag diag = {.code = FORE_E_OK};
    if (!any || fore_constraint_check(&engine->placement, topology, engine->baseline_replicas, true,
                                      &engine->scratch, &diag) == FORE_E_OK)
        fore_alert_resolve(&engine->alerts, engine->setup.sink, now, FORE_ALERT_PLACEMENT, 0);
    else
        fore_alert_raise(&engine->alerts, engine->setup.sink, now, FORE_ALERT_PLACEMENT,
                         FORE_ALERT_WARNING, 0, "%s", diag.text);
}
