/* plans.c - see plans.h. */
#include "live/api/plans.h"

#include "core/base/json.h"

const char *live_plan_status_text(enum live_plan_status status)
{
    static const char *const text[] = {
#define X(name, words) words,
        LIVE_PLAN_STATUS_MAP(X)
#undef X
    };
    return (size_t)status < FORE_COUNTOF(text) ? text[status] : "unknown";
}

struct live_plan *live_plans_add(struct live_plans *plans, bool asked)
{
    struct live_plan *plan = asked ? &plans->asked[plans->asked_count++ % LIVE_PLANS_ASKED]
                                   : &plans->told[plans->told_count++ % LIVE_PLANS_TOLD];
    struct fore_buf json = plan->json; /* its memory serves again */
    fore_buf_reset(&json);
    *plan = (struct live_plan){.id = ++plans->ids, .asked = asked, .json = json};
    return plan;
}

struct live_plan *live_plans_find(struct live_plans *plans, uint64_t id)
{
    for (size_t i = 0; i < LIVE_PLANS_ASKED && id != 0; i++)
        if (plans->asked[i].id == id) return &plans->asked[i];
    for (size_t i = 0; i < LIVE_PLANS_TOLD && id != 0; i++)
        if (plans->told[i].id == id) return &plans->told[i];
    return NULL;
}

static void put_node(struct fore_json *json, const char *key, const struct fore_topology *topology,
                     uint16_t node)
{
    if (node < topology->node_count)
        fore_json_string(json, key, topology->node[node].name);
    else
        fore_json_null(json, key);
}

void live_plans_explain(struct live_plan *plan, const struct fore_topology *topology)
{
    fore_buf_reset(&plan->json);
    struct fore_json json = fore_json_begin(&plan->json, false);
    fore_json_object(&json, NULL);
    fore_json_string(&json, "reason", plan->plan.reason);
    fore_json_f64(&json, "bytes", plan->bytes);
    fore_json_f64(&json, "duration_s", plan->duration_s);
    fore_json_f64(&json, "violation_before_s", plan->plan.violation_before_s);
    fore_json_f64(&json, "violation_after_s", plan->plan.violation_after_s);
    fore_json_array(&json, "moves");
    for (uint32_t i = 0; i < plan->plan.move_count; i++) {
        const struct fore_plan_move *m = &plan->plan.move[i];
        fore_json_object(&json, NULL);
        fore_json_string(&json, "kind", fore_move_kind_text(m->move.kind));
        if (!fore_move_of_node(m->move.kind)) fore_json_u64(&json, "partition", m->move.partition);
        if (fore_move_joins(m->move.kind)) fore_json_u64(&json, "other", m->move.other);
        put_node(&json, "source", topology, m->move.source);
        put_node(&json, "target", topology, m->move.target);
        if (m->after > 0) {
            fore_json_u64(&json, "after", m->after - 1);
            fore_json_bool(&json, "on_new", m->on_new);
        }
        fore_json_f64(&json, "gain_s", m->gain_s);
        fore_json_f64(&json, "bytes", m->bytes);
        fore_json_f64(&json, "duration_s", m->duration_s);
        fore_json_object_end(&json);
    }
    fore_json_array_end(&json);
    fore_json_object_end(&json);
}

bool live_plans_carried(const struct live_plans *plans, uint64_t engine_plan)
{
    for (size_t i = 0; i < LIVE_PLANS_ASKED && engine_plan != 0; i++)
        if (plans->asked[i].id != 0 && plans->asked[i].plan.id == engine_plan) return true;
    for (size_t i = 0; i < LIVE_PLANS_TOLD && engine_plan != 0; i++)
        if (plans->told[i].id != 0 && plans->told[i].plan.id == engine_plan) return true;
    return false;
}

/* Few enough to be put in their place one by one. */
static uint32_t insert(const struct live_plan *plan, const struct live_plan **out, uint32_t count)
{
    if (plan->id == 0) return count;
    uint32_t at = count;
    for (; at > 0 && out[at - 1]->id < plan->id; at--)
        out[at] = out[at - 1];
    out[at] = plan;
    return count + 1;
}

uint32_t live_plans_list(const struct live_plans *plans, const struct live_plan **out)
{
    uint32_t count = 0;
    for (size_t i = 0; i < LIVE_PLANS_ASKED; i++)
        count = insert(&plans->asked[i], out, count);
    for (size_t i = 0; i < LIVE_PLANS_TOLD; i++)
        count = insert(&plans->told[i], out, count);
    return count;
}

void live_plans_fini(struct live_plans *plans)
{
    for (size_t i = 0; i < LIVE_PLANS_ASKED; i++)
        fore_buf_fini(&plans->asked[i].json);
    for (size_t i = 0; i < LIVE_PLANS_TOLD; i++)
        fore_buf_fini(&plans->told[i].json);
}
