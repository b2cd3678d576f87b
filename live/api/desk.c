/* desk.c - see desk.h: opening, events coming in, what holds, and the state plans are bound to. */
#include "live/api/desk.h"

#include "live/base/clock.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

uint64_t live_unix_ms(void)
{
    struct timespec now = {0};
    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void tee(void *self, const char *event, const char *line, size_t len)
{
    struct live_desk *desk = self;
    live_stream_put(&desk->stream, event, line, len);
}

void live_desk_open(struct live_desk *desk, const struct live_config *config,
                    const struct live_backend *backend, struct live_log *log,
                    struct live_memory *memory)
{
    memset(desk, 0, sizeof *desk);
    desk->config = config;
    desk->backend = backend;
    desk->log = log;
    desk->memory = memory;
    desk->mode = config->live.mode;
    desk->boot = (uint32_t)(live_unix_ms() * 2654435761u) ^ (uint32_t)getpid();
    live_board_init(&desk->board);
    live_stream_init(&desk->stream);
    fore_snapshot_init(&desk->snapshot);
    live_desk_configured(desk);
    log->tee = tee;
    log->tee_self = desk;
}

void live_desk_close(struct live_desk *desk)
{
    desk->log->tee = NULL;
    for (int i = 0; i < LIVE_SETTINGS; i++) {
        free(desk->setting[i]);
        free(desk->configured[i]);
    }
    live_plans_fini(&desk->plans);
    fore_snapshot_fini(&desk->snapshot);
    live_stream_fini(&desk->stream);
    live_board_fini(&desk->board);
}

static void take_up(void *self, const char *name, const char *value, uint64_t unix_ms)
{
    struct live_desk *desk = self;
    struct fore_diag diag = {.code = FORE_E_OK};
    int setting = live_setting_find(name);
    if (setting < 0) return; /* of a newer version: left where it is */
    enum fore_err err =
        live_desk_apply(desk, (enum live_setting)setting, value, "an earlier run", &diag);
    if (err != FORE_E_OK) {
        char text[400];
        (void)snprintf(text, sizeof text, "%s as it was kept does not fit any more: %s", name,
                       diag.text);
        live_log_say(desk->log, "warning", "setting", text);
        return;
    }
    free(desk->setting[setting]);
    desk->setting[setting] = strdup(value);
    FORE_ASSERT(desk->setting[setting] != NULL);
    desk->changed_unix_ms[setting] = unix_ms;
}

void live_desk_begin(struct live_desk *desk, struct fore_engine *engine)
{
    desk->engine = engine;
    if (desk->memory != NULL) live_memory_settings(desk->memory, take_up, desk);
    live_desk_hold(desk, false);
}

void live_desk_hold(struct live_desk *desk, bool killed)
{
    if (killed != desk->killed)
        live_desk_note(desk, FORE_ORDER_HOLD, 0, "%s",
                       killed ? "the kill file is there: nothing begins, moves rest"
                              : "the kill file is gone");
    desk->killed = killed;
    fore_engine_hold(desk->engine, killed || desk->mode != LIVE_AUTO);
    fore_engine_act_from(desk->engine,
                         desk->mode == LIVE_OBSERVE ? UINT64_MAX : desk->config->live.warmup);
    desk->touched = true;
}

void live_desk_state(const struct live_desk *desk, char out[LIVE_STATE_MAX])
{
    const struct fore_topology *topology = NULL;
    uint64_t epoch = 0;
    if (fore_driver_topology(desk->backend->door, &topology) == FORE_E_OK) epoch = topology->epoch;
    (void)snprintf(out, LIVE_STATE_MAX, "%08x-%llu-%llu", (unsigned)desk->boot,
                   (unsigned long long)epoch,
                   (unsigned long long)fore_engine_counts(desk->engine).plans_admitted);
}

/* ---- events -------------------------------------------------------------------------------- */

/* An event leaves out where a split cuts and how long a copy takes; the engine knows, and with that
 * the plan can be carried out. */
static void keep_whole(struct live_desk *desk, struct live_plan *plan)
{
    const struct fore_topology *topology;
    const struct fore_plan *newest = desk->engine != NULL ? fore_engine_plan(desk->engine) : NULL;
    if (newest == NULL || newest->id != plan->plan.id || newest->epoch != plan->plan.epoch) return;
    plan->whole = true;
    plan->plan = *newest;
    for (uint32_t i = 0; i < newest->move_count; i++) {
        double end_s = fore_plan_end_s(newest, i);
        if (end_s > plan->duration_s) plan->duration_s = end_s;
    }
    if (fore_driver_topology(desk->backend->door, &topology) == FORE_E_OK)
        live_plans_explain(plan, topology);
}

/* A plan of the engine's own; one that a request has carried out just now is in the book. */
static void note_plan(struct live_desk *desk, const void *body, size_t len)
{
    struct fore_event_plan event;
    memcpy(&event, body, sizeof event);
    if (desk->carrying) return;
    struct live_plan *plan = live_plans_add(&desk->plans, false);
    size_t head = sizeof event + event.move_count * sizeof(struct fore_event_plan_move);
    plan->status = event.admitted ? LIVE_PLAN_ADMITTED : LIVE_PLAN_PROPOSED;
    plan->unix_ms = live_unix_ms();
    plan->bytes = (double)event.bytes;
    plan->plan = (struct fore_plan){.id = event.plan,
                                    .epoch = event.epoch,
                                    .violation_before_s = (double)event.violation_before,
                                    .violation_after_s = (double)event.violation_after,
                                    .move_count = event.move_count};
    if (desk->engine != NULL) live_desk_state(desk, plan->state);
    if (len > head && ((const char *)body)[len - 1] == '\0')
        (void)snprintf(plan->plan.reason, sizeof plan->plan.reason, "%s",
                       (const char *)body + head);
    for (uint32_t i = 0; i < event.move_count && i < FORE_PLAN_MOVES; i++) {
        struct fore_event_plan_move move;
        memcpy(&move, (const char *)body + sizeof event + i * sizeof move, sizeof move);
        plan->plan.move[i] = (struct fore_plan_move){
            .move = {.kind = (enum fore_move_kind)move.kind,
                     .partition = move.partition,
                     .other = move.other,
                     .source = move.source,
                     .target = move.target},
            .gain_s = (double)move.gain,
            .bytes = (double)move.bytes,
            .after = move.after <= i ? move.after : 0,
            .on_new = move.on_new != 0 && move.after > 0 && move.after <= i
        };
    }
    keep_whole(desk, plan);
}

static void put(void *self, fore_ns at, enum fore_event_kind kind, const void *body, size_t len)
{
    struct live_desk *desk = self;
    (void)fore_snapshot_fold(&desk->snapshot, at, kind, body, len);
    if (live_alerts_fold(&desk->alerts, live_unix_ms(), kind, body, len)) desk->touched = true;
    if (kind == FORE_EV_PLAN && len >= sizeof(struct fore_event_plan)) note_plan(desk, body, len);
    if (kind == FORE_EV_MOVE || kind == FORE_EV_PLAN) desk->touched = true;
}

struct fore_sink live_desk_sink(struct live_desk *desk)
{
    return (struct fore_sink){.put = put, .self = desk};
}

/* ---- after a step -------------------------------------------------------------------------- */

enum { TELL_MS = 1000, PICTURE_MS = 100, LATE_MS = 10 };

/* One line about the cluster a second at most: listeners need not ask. */
static void tell_window(struct live_desk *desk)
{
    const struct fore_event_cluster_load *load = &desk->snapshot.cluster;
    if (load->window_ns == 0) return;
    char line[300];
    double window_s = (double)load->window_ns / 1e9;
    int len = snprintf(line, sizeof line,
                       "{\"at_s\":%.3f,\"requests_per_sec\":%.3f,\"p99_ms\":%.3f,\"slo_ms\":%.3f,"
                       "\"moves_running\":%u,\"alerts\":%u}",
                       (double)desk->snapshot.now / 1e9, (double)load->requests / window_s,
                       (double)load->p99_ns / 1e6, (double)load->slo_ns / 1e6, load->moves_running,
                       desk->alerts.count);
    live_stream_put(&desk->stream, "window", line, (size_t)len);
}

void live_desk_stepped(struct live_desk *desk, double step_s, double late_s)
{
    struct live_health *health = &desk->health;
    fore_ns now = live_clock_now();
    health->steps++;
    health->step_last_s = step_s;
    if (step_s > health->step_max_s) health->step_max_s = step_s;
    if (late_s > health->late_max_s) health->late_max_s = late_s;
    if (late_s > LATE_MS / 1e3) health->late++;
    if (now / (TELL_MS * FORE_MS) != desk->windows_told) {
        desk->windows_told = now / (TELL_MS * FORE_MS);
        tell_window(desk);
    }
    if (desk->pictures == 0 || now - desk->pictured_at >= PICTURE_MS * FORE_MS)
        live_desk_publish(desk);
}
