/* api_commands.c - requests about plans and moves, answered by the engine's thread (desk.h). */
#include "live/api/api_commands.h"

#include "live/api/api.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool live_body_knows(const struct live_request *request, const char *const *names, size_t count,
                     struct live_response *reply)
{
    const char *key;
    json_t *value;
    json_object_foreach(request->json, key, value)
    {
        bool known = false;
        for (size_t i = 0; i < count; i++)
            known = known || strcmp(names[i], key) == 0;
        if (known) continue;
        live_response_error(reply, 422, "invalid", "the body has a member that is not known here");
        return false;
    }
    return true;
}

/* ---- forecast ------------------------------------------------------------------------------ */

static const double levels[] = {0.1, 0.25, 0.5, 0.75, 0.9};
enum { LEVELS = FORE_COUNTOF(levels) };

static void write_forecast(struct live_desk *desk, uint32_t partition, struct fore_json *json)
{
    static const char *const names[LEVELS] = {"q10", "q25", "q50", "q75", "q90"};
    const struct fore_fleet *fleet = fore_engine_fleet(desk->engine);
    const struct fore_scenario *s = fore_fleet_scenario(fleet, FORE_SCENARIO_FORECAST);
    struct fore_arena scratch = {0};
    struct fore_buf reason = {0};
    float *grid = FORE_NEW(&scratch, float, LEVELS * s->steps + 1);
    bool ready = fore_fleet_quantiles(fleet, partition, levels, LEVELS, &scratch, grid);
    fore_fleet_reason(fleet, partition, &reason);
    fore_json_bool(json, "ready", ready && s->ready);
    fore_json_string(json, "model", s->model != NULL ? s->model : "");
    fore_json_string(json, "reason", reason.data != NULL ? reason.data : "");
    fore_json_f64(json, "origin_s", (double)s->origin / 1e9);
    fore_json_f64(json, "step_s", (double)s->step / 1e9);
    fore_json_u64(json, "steps", ready ? s->steps : 0);
    for (size_t i = 0; i < LEVELS; i++) {
        fore_json_array(json, names[i]);
        for (size_t h = 0; h < s->steps && ready; h++)
            fore_json_f64(json, NULL, (double)grid[h * LEVELS + i]);
        fore_json_array_end(json);
    }
    fore_buf_fini(&reason);
    fore_arena_fini(&scratch);
}

static struct fore_json open_reply(struct live_desk *desk, struct live_response *reply)
{
    char state[LIVE_STATE_MAX];
    live_desk_state(desk, state);
    fore_buf_reset(&reply->body);
    struct fore_json json = fore_json_begin(&reply->body, false);
    fore_json_object(&json, NULL);
    fore_json_string(&json, "state", state);
    fore_json_f64(&json, "at_s", (double)fore_driver_now(desk->backend->door) / 1e9);
    return json;
}

static void close_reply(struct fore_json *json)
{
    fore_json_object_end(json);
    fore_buf_puts(json->out, "\n");
}

const struct fore_topology *live_desk_topology(struct live_desk *desk, struct live_response *reply)
{
    const struct fore_topology *topology;
    enum fore_err err = fore_driver_topology(desk->backend->door, &topology);
    if (err == FORE_E_OK) return topology;
    live_response_diag(reply, err, NULL);
    return NULL;
}

bool live_desk_partition(const struct fore_topology *topology, const char *text, uint32_t *out,
                         struct live_response *reply)
{
    uint64_t index;
    if (live_number(text, UINT32_MAX - 1, &index) && index < topology->partition_count &&
        topology->partition[index].alive) {
        *out = (uint32_t)index;
        return true;
    }
    live_response_error(reply, 404, "not-found", "there is no such partition");
    return false;
}

void live_desk_forecast(struct live_desk *desk, struct live_request *request,
                        struct live_response *reply)
{
    uint32_t partition;
    const struct fore_topology *topology = live_desk_topology(desk, reply);
    if (topology == NULL || !live_desk_partition(topology, request->param[0], &partition, reply))
        return;
    struct fore_json json = open_reply(desk, reply);
    fore_json_u64(&json, "partition", partition);
    write_forecast(desk, partition, &json);
    close_reply(&json);
}

/* ---- plans --------------------------------------------------------------------------------- */

/* {"state": "..."}, or nothing. A state that is not ours any more is refused. */
static bool state_holds(struct live_desk *desk, const struct live_request *request,
                        struct live_response *reply)
{
    json_t *wanted = json_object_get(request->json, "state");
    if (wanted == NULL) return true;
    char now[LIVE_STATE_MAX];
    live_desk_state(desk, now);
    if (!json_is_string(wanted)) {
        live_response_error(reply, 422, "invalid", "state: a text, as the API gives it");
        return false;
    }
    if (strcmp(json_string_value(wanted), now) == 0) return true;
    live_response_error(reply, 409, "stale", "that state has passed; it is %s now", now);
    return false;
}

static void write_plan(const struct live_plan *plan, struct fore_json *json)
{
    fore_json_u64(json, "id", plan->id);
    fore_json_string(json, "status", live_plan_status_text(plan->status));
    fore_json_string(json, "for_state", plan->state);
    fore_json_string(json, "origin", plan->asked ? "request" : "engine");
    if (plan->plan.id != 0)
        fore_json_u64(json, "engine_plan", plan->plan.id);
    else
        fore_json_null(json, "engine_plan");
    fore_json_u64(json, "move_count", plan->plan.move_count);
    fore_json_f64(json, "total_bytes", plan->bytes);
    fore_json_f64(json, "total_duration_s", plan->duration_s);
}

/* Asks the planner; NULL: answered. */
static struct live_plan *dry_run(struct live_desk *desk, struct live_response *reply)
{
    struct fore_diag diag = {.code = FORE_E_OK};
    struct fore_whatif *whatif = calloc(1, sizeof *whatif);
    FORE_ASSERT(whatif != NULL);
    enum fore_err err =
        fore_engine_what_if(desk->engine, fore_driver_now(desk->backend->door), whatif, &diag);
    if (err != FORE_E_OK) {
        free(whatif);
        live_response_diag(reply, err, &diag);
        return NULL;
    }
    struct live_plan *plan = live_plans_add(&desk->plans, true);
    plan->status = LIVE_PLAN_DRY_RUN;
    plan->unix_ms = live_unix_ms();
    plan->plan = whatif->plan;
    plan->plan.id = 0; /* it gets one when it is carried out */
    plan->bytes = whatif->bytes;
    plan->duration_s = whatif->duration_s;
    live_desk_state(desk, plan->state);
    struct fore_json json = fore_json_begin(&plan->json, false);
    fore_json_object(&json, NULL);
    fore_whatif_json(whatif, &json);
    fore_json_object_end(&json);
    desk->touched = true;
    free(whatif);
    return plan;
}

void live_desk_plan(struct live_desk *desk, struct live_request *request,
                    struct live_response *reply)
{
    static const char *const known[] = {"state"};
    if (!live_body_knows(request, known, FORE_COUNTOF(known), reply) ||
        !state_holds(desk, request, reply))
        return;
    struct live_plan *plan = dry_run(desk, reply);
    if (plan == NULL) return;
    struct fore_json json = open_reply(desk, reply);
    write_plan(plan, &json);
    fore_buf_puts(&reply->body, ",\"explained\":");
    fore_buf_puts(&reply->body, plan->json.data);
    close_reply(&json);
    reply->status = 201;
}

static struct live_plan *find_plan(struct live_desk *desk, const struct live_request *request,
                                   struct live_response *reply)
{
    uint64_t id;
    struct live_plan *plan = NULL;
    if (live_number(request->param[0], UINT64_MAX, &id)) plan = live_plans_find(&desk->plans, id);
    if (plan == NULL)
        live_response_error(reply, 404, "not-found", "there is no such plan; the newest are known");
    return plan;
}

static bool may_act(const struct live_desk *desk, struct live_response *reply)
{
    if (desk->killed)
        live_response_error(reply, 409, "held", "the kill file is there: nothing begins");
    else if (desk->mode == LIVE_OBSERVE)
        live_response_error(reply, 409, "observing",
                            "mode is observe: nothing is moved; set it to propose or auto first");
    else
        return true;
    return false;
}

static void carry_out(struct live_desk *desk, struct live_plan *plan,
                      const struct live_request *request, struct live_response *reply)
{
    uint32_t taken = 0;
    uint64_t proposal = plan->plan.id; /* 0: it was asked for */
    struct fore_diag diag = {.code = FORE_E_OK};
    enum fore_err err = fore_engine_carry_out(desk->engine, &plan->plan,
                                              fore_driver_now(desk->backend->door), &taken, &diag);
    desk->touched = true;
    if (err != FORE_E_OK) {
        if (err == FORE_E_CONFLICT) plan->status = LIVE_PLAN_STALE;
        live_response_diag(reply, err, &diag);
        return;
    }
    plan->status = LIVE_PLAN_APPROVED;
    live_desk_asked(desk, request->peer,
                    "%s %llu approved, carried out as plan %llu: %u moves begun",
                    proposal != 0 ? "proposal" : "dry run",
                    (unsigned long long)(proposal != 0 ? proposal : plan->id),
                    (unsigned long long)plan->plan.id, taken);
    struct fore_json json = open_reply(desk, reply);
    write_plan(plan, &json);
    fore_json_u64(&json, "moves_begun", taken);
    fore_json_string(&json, "left_out", diag.text);
    close_reply(&json);
    reply->status = 202;
}

void live_desk_approve(struct live_desk *desk, struct live_request *request,
                       struct live_response *reply)
{
    static const char *const known[] = {"state"};
    char now[LIVE_STATE_MAX];
    if (!live_body_knows(request, known, FORE_COUNTOF(known), reply)) return;
    struct live_plan *plan = find_plan(desk, request, reply);
    if (plan == NULL || !state_holds(desk, request, reply)) return;
    live_desk_state(desk, now);
    bool proposal = plan->status == LIVE_PLAN_PROPOSED && plan->whole;
    if (plan->status != LIVE_PLAN_DRY_RUN && !proposal) {
        live_response_error(reply, 409, "not-a-dry-run",
                            "this plan is %s; only dry runs and proposals are approved",
                            live_plan_status_text(plan->status));
    } else if (strcmp(plan->state, now) != 0) {
        live_response_error(reply, 409, "stale",
                            "the plan was made for state %s; it is %s now: make a new one",
                            plan->state, now);
    } else if (may_act(desk, reply)) {
        carry_out(desk, plan, request, reply);
    }
}

/* The plan's moves that have not changed owners; those not begun yet have no ticket. */
static uint32_t cancel_moves(struct live_desk *desk, uint64_t plan, uint32_t *too_early)
{
    fore_ticket ticket[FORE_PLAN_MOVES];
    uint32_t count = 0, cancelled = 0;
    const struct fore_migrate *moves = fore_engine_moves(desk->engine);
    *too_early = 0;
    for (uint32_t i = 0; i < moves->running && count < FORE_PLAN_MOVES; i++) {
        const struct fore_migration *m = &moves->migration[i];
        if (m->plan != plan || m->state >= FORE_MIGRATE_SWEEP) continue;
        if (m->ticket != 0)
            ticket[count++] = m->ticket;
        else
            ++*too_early;
    }
    for (uint32_t i = 0; i < count; i++)
        cancelled += fore_engine_cancel(desk->engine, ticket[i], "cancelled through the API",
                                        fore_driver_now(desk->backend->door)) == FORE_E_OK;
    return cancelled;
}

void live_desk_cancel_plan(struct live_desk *desk, struct live_request *request,
                           struct live_response *reply)
{
    uint32_t cancelled = 0, early = 0;
    struct live_plan *plan = find_plan(desk, request, reply);
    if (plan == NULL) return;
    bool carried = plan->status == LIVE_PLAN_APPROVED || plan->status == LIVE_PLAN_ADMITTED;
    if (carried) cancelled = cancel_moves(desk, plan->plan.id, &early);
    if (carried && cancelled == 0) {
        live_response_error(reply, 409, early > 0 ? "not-yet" : "nothing-to-cancel",
                            early > 0 ? "its moves begin with the next step: ask again"
                                      : "none of its moves can be cancelled any more");
        return;
    }
    plan->status = LIVE_PLAN_CANCELLED;
    desk->touched = true;
    if (carried)
        live_desk_asked(desk, request->peer, "plan %llu cancelled: %u moves ended",
                        (unsigned long long)plan->plan.id, cancelled);
    else
        live_desk_asked(desk, request->peer, "%s %llu rejected",
                        plan->asked ? "dry run" : "proposal",
                        (unsigned long long)(plan->asked ? plan->id : plan->plan.id));
    struct fore_json json = open_reply(desk, reply);
    write_plan(plan, &json);
    fore_json_u64(&json, "moves_cancelled", cancelled);
    close_reply(&json);
}

enum deed { CANCEL, PAUSE, RESUME };

static enum fore_err do_to_move(struct live_desk *desk, enum deed deed, uint64_t ticket)
{
    fore_ns now = fore_driver_now(desk->backend->door);
    if (deed == CANCEL)
        return fore_engine_cancel(desk->engine, ticket, "cancelled through the API", now);
    return fore_engine_pause(desk->engine, ticket, deed == PAUSE,
                             deed == PAUSE ? "paused through the API" : "resumed through the API",
                             now);
}

static void change_move(struct live_desk *desk, enum deed deed, const struct live_request *request,
                        struct live_response *reply)
{
    static const char *const done[] = {"cancelled", "paused", "resumed"};
    uint64_t ticket = 0;
    enum fore_err err = FORE_E_RANGE;
    if (live_number(request->param[0], UINT64_MAX, &ticket)) err = do_to_move(desk, deed, ticket);
    if (err == FORE_E_RANGE) {
        live_response_error(reply, 404, "not-found",
                            "no move of that ticket runs, or it has changed owners already");
        return;
    }
    if (err != FORE_E_OK) {
        live_response_diag(reply, err, NULL);
        return;
    }
    desk->touched = true;
    live_desk_asked(desk, request->peer, "move %llu %s", (unsigned long long)ticket, done[deed]);
    struct fore_json json = open_reply(desk, reply);
    fore_json_u64(&json, "ticket", ticket);
    fore_json_string(&json, "outcome", done[deed]);
    close_reply(&json);
}

void live_desk_cancel_move(struct live_desk *desk, struct live_request *request,
                           struct live_response *reply)
{
    change_move(desk, CANCEL, request, reply);
}

void live_desk_pause_move(struct live_desk *desk, struct live_request *request,
                          struct live_response *reply)
{
    change_move(desk, PAUSE, request, reply);
}

void live_desk_resume_move(struct live_desk *desk, struct live_request *request,
                           struct live_response *reply)
{
    change_move(desk, RESUME, request, reply);
}

/* ---- reshard ------------------------------------------------------------------------------- */

static bool node_of(const struct fore_topology *topology, const char *name, uint16_t *out)
{
    for (uint32_t n = 0; n < topology->node_count; n++)
        if (strcmp(topology->node[n].name, name) == 0) {
            *out = (uint16_t)n;
            return true;
        }
    return false;
}

/* One move, by hand: checked here as far as it is about what was asked for; rules of placement,
 * caps and the timetable are the engine's to check. */
static bool by_hand(const struct fore_topology *topology, const struct live_request *request,
                    struct fore_plan *plan, struct live_response *reply)
{
    json_t *number = json_object_get(request->json, "partition");
    const char *target = json_string_value(json_object_get(request->json, "target"));
    json_int_t p = json_is_integer(number) ? json_integer_value(number) : -1;
    uint16_t to;
    bool known =
        p >= 0 && p < (json_int_t)topology->partition_count && topology->partition[p].alive;
    if (!known || target == NULL || !node_of(topology, target, &to)) {
        live_response_error(reply, 422, "invalid",
                            "a move by hand names a partition by number and a target node by name");
        return false;
    }
    const struct fore_partition *partition = &topology->partition[p];
    if (fore_topology_hosts(topology, (uint32_t)p, to) || !fore_node_serves(&topology->node[to])) {
        live_response_error(reply, 409, "refused",
                            "the target holds it already, or does not serve");
        return false;
    }
    double rate = topology->node[to].bandwidth_bytes;
    *plan =
        (struct fore_plan){.epoch = topology->epoch,
                           .move_count = 1,
                           .move = {{.move = {.kind = FORE_MOVE_MOVE,
                                              .partition = (uint32_t)p,
                                              .other = FORE_PARTITION_NONE,
                                              .source = partition->replica[0],
                                              .target = to},
                                     .bytes = (double)partition->bytes,
                                     .duration_s = rate > 0 ? (double)partition->bytes / rate : 1}},
                           .reason = "asked for through the API"};
    return true;
}

static struct live_plan *plan_by_hand(struct live_desk *desk, const struct live_request *request,
                                      struct live_response *reply)
{
    struct fore_plan plan;
    const struct fore_topology *topology = live_desk_topology(desk, reply);
    if (topology == NULL || !by_hand(topology, request, &plan, reply)) return NULL;
    struct live_plan *kept = live_plans_add(&desk->plans, true);
    kept->status = LIVE_PLAN_DRY_RUN;
    kept->unix_ms = live_unix_ms();
    kept->plan = plan;
    kept->bytes = plan.move[0].bytes;
    kept->duration_s = plan.move[0].duration_s;
    live_desk_state(desk, kept->state);
    return kept;
}

void live_desk_reshard(struct live_desk *desk, struct live_request *request,
                       struct live_response *reply)
{
    static const char *const known[] = {"state", "partition", "target"};
    if (!live_body_knows(request, known, FORE_COUNTOF(known), reply) ||
        !state_holds(desk, request, reply) || !may_act(desk, reply))
        return;
    bool named = json_object_get(request->json, "partition") != NULL ||
                 json_object_get(request->json, "target") != NULL;
    struct live_plan *plan = named ? plan_by_hand(desk, request, reply) : dry_run(desk, reply);
    if (plan == NULL) return;
    if (plan->plan.move_count == 0) {
        plan->status = LIVE_PLAN_CANCELLED;
        live_response_error(reply, 409, "nothing-to-do", "%s",
                            plan->plan.reason[0] != '\0' ? plan->plan.reason
                                                         : "the planner finds no move that pays");
        return;
    }
    carry_out(desk, plan, request, reply);
    if (plan->status == LIVE_PLAN_DRY_RUN) plan->status = LIVE_PLAN_CANCELLED;
}
