/* api_lists.c - plans, migrations, alerts, settings and health, from a picture. */
#include "core/act/migrate.h"
#include "live/api/api_pages.h"
#include "live/api/desk.h"

#include <math.h>
#include <string.h>

static const char *node_name(const struct live_picture *p, uint16_t node)
{
    return node < p->node_count ? p->node[node].name : "";
}

/* ---- plans --------------------------------------------------------------------------------- */

static void plan_head(const struct live_picture_plan *plan, struct fore_json *json)
{
    fore_json_u64(json, "id", plan->id);
    fore_json_string(json, "status", plan->status);
    fore_json_string(json, "for_state", plan->state);
    fore_json_string(json, "origin", plan->origin);
    if (plan->plan != 0)
        fore_json_u64(json, "engine_plan", plan->plan);
    else
        fore_json_null(json, "engine_plan");
    fore_json_u64(json, "move_count", plan->moves);
    fore_json_f64(json, "total_bytes", plan->bytes);
    fore_json_f64(json, "total_duration_s", plan->duration_s);
}

static void make_plans(const struct live_picture *p, struct fore_buf *out)
{
    struct fore_json json = live_page_open(p, out);
    fore_json_array(&json, "plans");
    for (uint32_t i = 0; i < p->plan_count; i++) {
        fore_json_object(&json, NULL);
        plan_head(&p->plan[i], &json);
        fore_json_object_end(&json);
    }
    fore_json_array_end(&json);
    live_page_close(&json);
}

LIVE_PICTURE_HANDLER(plans)
{
    (void)request;
    live_page_reply(picture, LIVE_PAGE_PLANS, make_plans, reply);
}

LIVE_PICTURE_HANDLER(plan)
{
    uint64_t id;
    bool number = live_number(request->param[0], UINT64_MAX, &id);
    for (uint32_t i = 0; i < picture->plan_count && number; i++) {
        const struct live_picture_plan *plan = &picture->plan[i];
        if (plan->id != id) continue;
        struct fore_json json = live_page_open(picture, &reply->body);
        plan_head(plan, &json);
        if (plan->json != NULL) { /* it was an object's inside when it was made */
            fore_buf_puts(&reply->body, ",\"explained\":");
            fore_buf_puts(&reply->body, plan->json);
        }
        live_page_close(&json);
        return;
    }
    live_response_error(reply, 404, "not-found", "there is no such plan; the newest are known");
}

/* ---- migrations ---------------------------------------------------------------------------- */

static void move_json(const struct live_picture *p, const struct live_picture_move *row,
                      struct fore_json *json)
{
    const struct fore_event_move *m = &row->event;
    enum fore_migrate_state state = (enum fore_migrate_state)m->state;
    double share =
        m->bytes_total > 0 ? (double)m->bytes_done / (double)m->bytes_total : (double)NAN;
    fore_json_u64(json, "ticket", m->ticket);
    fore_json_u64(json, "engine_plan", m->plan);
    fore_json_string(json, "kind", fore_move_kind_text((enum fore_move_kind)m->kind));
    fore_json_string(json, "stage", fore_migrate_state_text(state));
    fore_json_string(json, "phase", fore_move_phase_text((enum fore_move_phase)m->phase));
    if (m->partition != FORE_PARTITION_NONE)
        fore_json_u64(json, "partition", m->partition);
    else
        fore_json_null(json, "partition");
    fore_json_string(json, "source", node_name(p, m->source));
    fore_json_string(json, "target", node_name(p, m->target));
    fore_json_u64(json, "bytes_done", m->bytes_done);
    fore_json_u64(json, "bytes_total", m->bytes_total);
    fore_json_f64(json, "progress", state >= FORE_MIGRATE_SWEEP ? 1 : share > 1 ? 1 : share);
    fore_json_f64(json, "bytes_per_sec_max", m->bytes_per_sec_max);
    fore_json_f64(json, "began_s", (double)m->began_ns / 1e9);
    fore_json_f64(json, "changed_s", (double)row->changed / 1e9);
    fore_json_bool(json, "running", row->ended == 0);
    fore_json_bool(json, "paused", row->ended == 0 && m->paused);
    fore_json_f64(json, "eta_s", row->ended == 0 ? row->eta_s : (double)NAN);
    fore_json_string(json, "note", row->note);
}

static void write_migrations(const struct live_picture *p, bool running_only, struct fore_buf *out)
{
    struct fore_json json = live_page_open(p, out);
    fore_json_array(&json, "migrations");
    for (uint32_t i = 0; i < p->move_count; i++) {
        if (running_only && p->move[i].ended != 0) continue;
        fore_json_object(&json, NULL);
        move_json(p, &p->move[i], &json);
        fore_json_object_end(&json);
    }
    fore_json_array_end(&json);
    live_page_close(&json);
}

static void make_migrations(const struct live_picture *p, struct fore_buf *out)
{
    write_migrations(p, false, out);
}

LIVE_PICTURE_HANDLER(migrations)
{
    const char *running = live_request_query(request, "running");
    bool only = running != NULL && strcmp(running, "true") == 0;
    if (running != NULL && !only && strcmp(running, "false") != 0)
        live_response_error(reply, 400, "bad-query", "running is true or false");
    else if (only)
        write_migrations(picture, true, &reply->body);
    else
        live_page_reply(picture, LIVE_PAGE_MIGRATIONS, make_migrations, reply);
}

LIVE_PICTURE_HANDLER(migration)
{
    uint64_t ticket;
    bool number = live_number(request->param[0], UINT64_MAX, &ticket) && ticket != 0;
    for (uint32_t i = 0; i < picture->move_count && number; i++) {
        if (picture->move[i].event.ticket != ticket) continue;
        struct fore_json json = live_page_open(picture, &reply->body);
        move_json(picture, &picture->move[i], &json);
        live_page_close(&json);
        return;
    }
    live_response_error(reply, 404, "not-found",
                        "there is no such migration; the newest are known");
}

/* ---- alerts -------------------------------------------------------------------------------- */

static void alert_json(const struct live_picture *p, const struct live_alert *alert,
                       struct fore_json *json)
{
    fore_json_object(json, NULL);
    fore_json_u64(json, "id", alert->id);
    fore_json_string(json, "code", fore_alert_code_text((enum fore_alert_code)alert->code));
    fore_json_string(json, "severity", live_alert_severity_text(alert));
    fore_json_bool(json, "stands", alert->resolved_unix_ms == 0);
    if (alert->node != FORE_NODE_NONE) fore_json_string(json, "node", node_name(p, alert->node));
    if (alert->partition != FORE_PARTITION_NONE) fore_json_u64(json, "partition", alert->partition);
    fore_json_u64(json, "raised_unix_ms", alert->raised_unix_ms);
    if (alert->resolved_unix_ms != 0)
        fore_json_u64(json, "resolved_unix_ms", alert->resolved_unix_ms);
    fore_json_string(json, "text", alert->text);
    fore_json_object_end(json);
}

static void make_alerts(const struct live_picture *p, struct fore_buf *out)
{
    struct fore_json json = live_page_open(p, out);
    fore_json_array(&json, "alerts");
    for (uint32_t i = 0; i < p->alert_count; i++)
        alert_json(p, &p->alert[i], &json);
    fore_json_array_end(&json);
    live_page_close(&json);
}

LIVE_PICTURE_HANDLER(alerts)
{
    (void)request;
    live_page_reply(picture, LIVE_PAGE_ALERTS, make_alerts, reply);
}

/* ---- settings ------------------------------------------------------------------------------ */

static void setting_json(const struct live_picture_setting *setting, struct fore_json *json)
{
    uint64_t number = 0;
    fore_json_string(json, "setting", setting->name);
    if (strcmp(setting->kind, "number") == 0 && live_number(setting->value, UINT32_MAX, &number))
        fore_json_u64(json, "value", number);
    else
        fore_json_string(json, "value", setting->value);
    fore_json_string(json, "in_force", setting->in_force);
    fore_json_bool(json, "as_configured", setting->changed_unix_ms == 0);
    if (setting->changed_unix_ms != 0)
        fore_json_u64(json, "changed_unix_ms", setting->changed_unix_ms);
    fore_json_string(json, "about", setting->about);
}

static void make_settings(const struct live_picture *p, struct fore_buf *out)
{
    struct fore_json json = live_page_open(p, out);
    fore_json_f64(&json, "rrs_threshold", p->rrs_threshold);
    fore_json_array(&json, "settings");
    for (uint32_t i = 0; i < p->setting_count; i++) {
        fore_json_object(&json, NULL);
        setting_json(&p->setting[i], &json);
        fore_json_object_end(&json);
    }
    fore_json_array_end(&json);
    live_page_close(&json);
}

LIVE_PICTURE_HANDLER(settings)
{
    (void)request;
    live_page_reply(picture, LIVE_PAGE_SETTINGS, make_settings, reply);
}

LIVE_PICTURE_HANDLER(setting)
{
    for (uint32_t i = 0; i < picture->setting_count; i++) {
        if (strcmp(picture->setting[i].name, request->param[0]) != 0) continue;
        struct fore_json json = live_page_open(picture, &reply->body);
        setting_json(&picture->setting[i], &json);
        live_page_close(&json);
        return;
    }
    live_response_error(reply, 404, "not-found", "there is no such setting");
}

/* ---- health -------------------------------------------------------------------------------- */

LIVE_PICTURE_HANDLER(healthz)
{
    (void)picture;
    (void)request;
    reply->status = 200;
    reply->type = "text/plain; charset=utf-8";
    fore_buf_puts(&reply->body, "ok\n");
}

enum { STALE_WINDOWS = 5, STALE_MIN_MS = 10000 };

/* Ready: a step was made lately, and the cluster can be reached. */
LIVE_PICTURE_HANDLER(readyz)
{
    (void)request;
    uint64_t age_ms = live_unix_ms() - picture->unix_ms;
    uint64_t limit_ms = STALE_WINDOWS * picture->window / FORE_MS;
    if (limit_ms < STALE_MIN_MS) limit_ms = STALE_MIN_MS;
    const char *why = NULL;
    if (age_ms > limit_ms && age_ms < UINT64_MAX / 2) why = "no step has been made for a while";
    for (uint32_t i = 0; i < picture->alert_count; i++)
        if (picture->alert[i].code == FORE_ALERT_DRIVER && picture->alert[i].resolved_unix_ms == 0)
            why = "the cluster cannot be reached";
    reply->type = "text/plain; charset=utf-8";
    reply->status = why == NULL ? 200 : 503;
    fore_buf_printf(&reply->body, "%s\n", why == NULL ? "ready" : why);
}
