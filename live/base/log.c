/* log.c - see log.h. One function an event kind; a line is written whole and flushed. */
#include "live/base/log.h"

#include "core/act/alert.h"
#include "core/act/migrate.h"
#include "core/base/json.h"

#include <string.h>
#include <time.h>

static struct fore_json begin(struct live_log *log, const char *level, const char *event)
{
    struct timespec now = {0};
    (void)clock_gettime(CLOCK_REALTIME, &now);
    fore_buf_reset(&log->line);
    struct fore_json json = fore_json_begin(&log->line, false);
    fore_json_object(&json, NULL);
    int64_t ms = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
    fore_json_f64(&json, "ts", (double)ms / 1e3);
    fore_json_string(&json, "level", level);
    fore_json_string(&json, "event", event);
    log->event = event;
    return json;
}

static void end(struct live_log *log, struct fore_json *json)
{
    fore_json_object_end(json);
    fore_buf_puts(&log->line, "\n");
    bool written = fwrite(log->line.data, 1, log->line.len, log->file) == log->line.len &&
                   fflush(log->file) == 0;
    log->failed |= !written;
    if (log->tee != NULL) log->tee(log->tee_self, log->event, log->line.data, log->line.len);
}

/* The NUL-ended text behind a struct of `head` bytes. */
static const char *text_behind(const void *body, size_t len, size_t head)
{
    const char *bytes = body;
    return len > head && bytes[len - 1] == '\0' ? bytes + head : "";
}

static void say_plan(struct live_log *log, const void *body, size_t len)
{
    struct fore_event_plan plan;
    memcpy(&plan, body, sizeof plan);
    size_t head = sizeof plan + plan.move_count * sizeof(struct fore_event_plan_move);
    struct fore_json json = begin(log, "info", plan.admitted ? "plan" : "proposal");
    fore_json_u64(&json, "plan_id", plan.plan);
    fore_json_u64(&json, "state_id", plan.epoch);
    fore_json_f64(&json, "bytes", (double)plan.bytes);
    fore_json_f64(&json, "violation_before_node_s", (double)plan.violation_before);
    fore_json_f64(&json, "violation_after_node_s", (double)plan.violation_after);
    fore_json_array(&json, "moves");
    for (uint32_t i = 0; i < plan.move_count; i++) {
        struct fore_event_plan_move move;
        memcpy(&move, (const char *)body + sizeof plan + i * sizeof move, sizeof move);
        fore_json_object(&json, NULL);
        fore_json_string(&json, "kind", fore_move_kind_text((enum fore_move_kind)move.kind));
        fore_json_u64(&json, "partition", move.partition);
        fore_json_u64(&json, "src", move.source);
        fore_json_u64(&json, "dst", move.target);
        fore_json_f64(&json, "bytes", (double)move.bytes);
        if (move.after > 0) fore_json_u64(&json, "after", move.after - 1u);
        fore_json_object_end(&json);
    }
    fore_json_array_end(&json);
    fore_json_string(&json, "reason", text_behind(body, len, head));
    end(log, &json);
}

static void say_move(struct live_log *log, const void *body, size_t len)
{
    struct fore_event_move move;
    memcpy(&move, body, sizeof move);
    enum fore_migrate_state state = (enum fore_migrate_state)move.state;
    bool bad = state == FORE_MIGRATE_FAILED || state == FORE_MIGRATE_ROLLED_BACK;
    struct fore_json json = begin(log, bad ? "warning" : "info", "move");
    fore_json_u64(&json, "plan_id", move.plan);
    fore_json_u64(&json, "ticket", move.ticket);
    fore_json_string(&json, "kind", fore_move_kind_text((enum fore_move_kind)move.kind));
    fore_json_string(&json, "state", fore_migrate_state_text(state));
    fore_json_u64(&json, "partition", move.partition);
    fore_json_u64(&json, "src", move.source);
    fore_json_u64(&json, "dst", move.target);
    fore_json_u64(&json, "bytes_done", move.bytes_done);
    fore_json_u64(&json, "bytes_total", move.bytes_total);
    fore_json_string(&json, "note", text_behind(body, len, sizeof move));
    end(log, &json);
}

static void say_alert(struct live_log *log, const void *body, size_t len)
{
    static const char *const levels[] = {"info", "warning", "error"};
    struct fore_event_alert alert;
    memcpy(&alert, body, sizeof alert);
    struct fore_json json = begin(log, levels[alert.severity < 3 ? alert.severity : 2], "alert");
    fore_json_string(&json, "code", fore_alert_code_text((enum fore_alert_code)alert.code));
    fore_json_string(&json, "text", text_behind(body, len, sizeof alert));
    end(log, &json);
}

static void say_resolved(struct live_log *log, const void *body)
{
    struct fore_event_resolved resolved;
    memcpy(&resolved, body, sizeof resolved);
    struct fore_json json = begin(log, "info", "resolved");
    fore_json_string(&json, "code", fore_alert_code_text((enum fore_alert_code)resolved.code));
    if (resolved.partition != UINT32_MAX) fore_json_u64(&json, "partition", resolved.partition);
    if (resolved.node != UINT16_MAX) fore_json_u64(&json, "node", resolved.node);
    end(log, &json);
}

static void say_fallback(struct live_log *log, const void *body, size_t len)
{
    struct fore_event_fallback fallback;
    memcpy(&fallback, body, sizeof fallback);
    struct fore_json json = begin(log, fallback.active ? "warning" : "info", "fallback");
    fore_json_bool(&json, "active", fallback.active);
    fore_json_f64(&json, "skill", (double)fallback.skill);
    fore_json_string(&json, "text", text_behind(body, len, sizeof fallback));
    end(log, &json);
}

static void say_verify(struct live_log *log, const void *body)
{
    struct fore_event_verify verify;
    memcpy(&verify, body, sizeof verify);
    struct fore_json json = begin(log, verify.digests_equal ? "info" : "error", "verify");
    fore_json_u64(&json, "ticket", verify.ticket);
    fore_json_u64(&json, "partition", verify.partition);
    fore_json_bool(&json, "digests_equal", verify.digests_equal);
    fore_json_u64(&json, "orphans", verify.orphans);
    fore_json_f64(&json, "p99_before_ms", (double)verify.p99_before_ms);
    fore_json_f64(&json, "p99_after_ms", (double)verify.p99_after_ms);
    end(log, &json);
}

static void put(void *self, fore_ns at, enum fore_event_kind kind, const void *body, size_t len)
{
    struct live_log *log = self;
    (void)at;
    if (kind == FORE_EV_PLAN && len >= sizeof(struct fore_event_plan)) say_plan(log, body, len);
    if (kind == FORE_EV_MOVE && len >= sizeof(struct fore_event_move)) say_move(log, body, len);
    if (kind == FORE_EV_ALERT && len >= sizeof(struct fore_event_alert)) say_alert(log, body, len);
    if (kind == FORE_EV_VERIFY && len >= sizeof(struct fore_event_verify)) say_verify(log, body);
    if (kind == FORE_EV_RESOLVED && len >= sizeof(struct fore_event_resolved))
        say_resolved(log, body);
    if (kind == FORE_EV_FALLBACK && len >= sizeof(struct fore_event_fallback))
        say_fallback(log, body, len);
}

struct fore_sink live_log_sink(struct live_log *log)
{
    return (struct fore_sink){.put = put, .self = log};
}

void live_log_say(struct live_log *log, const char *level, const char *event, const char *text)
{
    struct fore_json json = begin(log, level, event);
    fore_json_string(&json, "text", text);
    end(log, &json);
}

void live_log_fini(struct live_log *log)
{
    fore_buf_fini(&log->line);
}
