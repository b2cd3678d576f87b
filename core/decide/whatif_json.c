/* whatif_json.c - an explanation for programs; infinite and unknown numbers are null. */
#include "core/decide/whatif.h"

static const char *name_of(const struct fore_whatif *whatif, uint16_t node)
{
    for (uint32_t i = 0; i < whatif->node_count; i++)
        if (whatif->node[i].node == node) return whatif->node[i].name;
    return NULL;
}

static void node_member(const struct fore_whatif *whatif, const char *key, uint16_t node,
                        struct fore_json *json)
{
    const char *name = node == FORE_NODE_NONE ? NULL : name_of(whatif, node);
    if (name != NULL)
        fore_json_string(json, key, name);
    else
        fore_json_null(json, key);
}

/* As numbers, in the order of the table's columns. */
static void columns_json(uint64_t columns, struct fore_json *json)
{
    fore_json_array(json, "columns");
    for (uint32_t c = 0; c < FORE_COLUMNS_MAX; c++)
        if (columns >> c & 1) fore_json_u64(json, NULL, c);
    fore_json_array_end(json);
}

static void move_json(const struct fore_whatif *whatif, const struct fore_plan_move *m,
                      struct fore_json *json)
{
    fore_json_object(json, NULL);
    fore_json_string(json, "kind", fore_move_kind_text(m->move.kind));
    if (!fore_move_of_node(m->move.kind)) fore_json_u64(json, "partition", m->move.partition);
    if (fore_move_joins(m->move.kind)) fore_json_u64(json, "other", m->move.other);
    node_member(whatif, "source", m->move.source, json);
    node_member(whatif, "target", m->move.target, json);
    if (m->after > 0) {
        fore_json_u64(json, "after", m->after - 1); /* as an index into "moves" */
        fore_json_bool(json, "on_new", m->on_new);
    }
    if (m->then_back) fore_json_u64(json, "then_back", m->then_partner);
    if (m->then_copies > 0) fore_json_u64(json, "then_copies", m->then_copies);
    if (m->move.kind == FORE_MOVE_SPLIT)
        fore_json_f64(json, "right_share", m->move.split_right_share);
    if (m->for_size) fore_json_bool(json, "for_size", true);
    if (m->for_grain) fore_json_bool(json, "for_grain", true);
    if (m->move.kind == FORE_MOVE_VERTICAL_SPLIT) columns_json(m->move.columns, json);
    fore_json_bool(json, "repairs_placement", m->binding);
    fore_json_f64(json, "gain_s", m->gain_s);
    fore_json_f64(json, "bytes", m->bytes);
    fore_json_f64(json, "duration_s", m->duration_s);
    fore_json_object_end(json);
}

static void outlook_json(const char *key, const struct fore_whatif_outlook *x,
                         struct fore_json *json)
{
    fore_json_object(json, key);
    fore_json_f64(json, "risk", x->risk);
    fore_json_f64(json, "when_s", x->when_s);
    fore_json_f64(json, "utilization_mean", x->utilization_mean);
    fore_json_f64(json, "utilization_sd", x->utilization_sd);
    fore_json_f64(json, "p99_ms_low", x->p99_ms[0]);
    fore_json_f64(json, "p99_ms", x->p99_ms[1]);
    fore_json_f64(json, "p99_ms_high", x->p99_ms[2]);
    fore_json_object_end(json);
}

static void alternative_json(const struct fore_whatif_alternative *a, struct fore_json *json)
{
    fore_json_object(json, NULL);
    fore_json_string(json, "kind", a->swap ? "swap" : fore_move_kind_text(a->kind));
    fore_json_u64(json, "partition", a->partition);
    if (a->swap) fore_json_u64(json, "partner", a->partner);
    fore_json_string(json, "source", a->source);
    if (a->target[0] != '\0')
        fore_json_string(json, "target", a->target);
    else
        fore_json_null(json, "target");
    fore_json_string(json, "why_not", fore_whatif_why_text(a->why));
    fore_json_string(json, "text", a->text);
    fore_json_f64(json, "gain_s", a->gain_s);
    fore_json_f64(json, "bytes", a->bytes);
    fore_json_f64(json, "duration_s", a->duration_s);
    fore_json_object_end(json);
}

void fore_whatif_json(const struct fore_whatif *whatif, struct fore_json *json)
{
    const struct fore_plan *plan = &whatif->plan;
    fore_json_f64(json, "at_s", (double)whatif->at / 1e9);
    fore_json_u64(json, "plan", plan->id);
    fore_json_string(json, "reason", plan->reason);
    fore_json_string(json, "model", whatif->model);
    fore_json_f64(json, "horizon_s", whatif->horizon_s);
    fore_json_bool(json, "calm", whatif->calm);
    fore_json_u64(json, "taken", whatif->taken);
    if (whatif->refused[0] != '\0')
        fore_json_string(json, "refused", whatif->refused);
    else
        fore_json_null(json, "refused");
    fore_json_f64(json, "bytes", whatif->bytes);
    fore_json_f64(json, "duration_s", whatif->duration_s);
    fore_json_f64(json, "risk_before", whatif->risk_before);
    fore_json_f64(json, "risk_after", whatif->risk_after);
    fore_json_f64(json, "violation_before_s", whatif->violation_before_s);
    fore_json_f64(json, "violation_after_s", whatif->violation_after_s);
    fore_json_array(json, "moves");
    for (uint32_t i = 0; i < plan->move_count; i++)
        move_json(whatif, &plan->move[i], json);
    fore_json_array_end(json);
    fore_json_array(json, "nodes");
    for (uint32_t i = 0; i < whatif->node_count; i++) {
        fore_json_object(json, NULL);
        fore_json_string(json, "node", whatif->node[i].name);
        outlook_json("before", &whatif->node[i].before, json);
        outlook_json("during", &whatif->node[i].during, json);
        outlook_json("after", &whatif->node[i].after, json);
        fore_json_object_end(json);
    }
    fore_json_array_end(json);
    fore_json_array(json, "alternatives");
    for (uint32_t i = 0; i < whatif->alternative_count; i++)
        alternative_json(&whatif->alternative[i], json);
    fore_json_array_end(json);
}
