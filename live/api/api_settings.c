/* api_settings.c - settings, thresholds of partitions and the list of changes, on the engine's
 * thread (desk.h). A partition's threshold is an entry of the setting `thresholds`. */
#include "live/api/api_commands.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const char *who(const struct live_request *request)
{
    return request->peer != NULL ? request->peer : "the API";
}

/* A text, a number, or an array of texts, as the text that the engine reads; false: answered. */
static bool value_text(const json_t *value, struct fore_buf *out, struct live_response *reply)
{
    size_t i;
    json_t *item;
    fore_buf_puts(out, "");
    if (json_is_string(value) && strlen(json_string_value(value)) == json_string_length(value)) {
        fore_buf_puts(out, json_string_value(value));
        return true;
    }
    if (json_is_integer(value)) {
        fore_buf_printf(out, "%lld", (long long)json_integer_value(value));
        return true;
    }
    bool good = json_is_array(value);
    json_array_foreach(value, i, item)
    {
        good = good && json_is_string(item) && strchr(json_string_value(item), ',') == NULL &&
               strlen(json_string_value(item)) == json_string_length(item);
        if (good) fore_buf_printf(out, "%s%s", i > 0 ? ", " : "", json_string_value(item));
    }
    if (!good)
        live_response_error(reply, 422, "invalid",
                            "value: a text, a whole number, or an array of texts without commas");
    return good;
}

static bool find_setting(const struct live_request *request, enum live_setting *out,
                         struct live_response *reply)
{
    int found = live_setting_find(request->param[0]);
    *out = found >= 0 ? (enum live_setting)found : LIVE_SETTINGS;
    if (found < 0) live_response_error(reply, 404, "not-found", "there is no such setting");
    return found >= 0;
}

static void change(struct live_desk *desk, enum live_setting setting, const char *value,
                   const struct live_request *request, struct live_response *reply)
{
    struct fore_diag diag = {.code = FORE_E_OK};
    enum fore_err err = live_desk_set(desk, setting, value, who(request), &diag);
    if (err != FORE_E_OK) {
        live_response_diag(reply, err, &diag);
        return;
    }
    fore_buf_reset(&reply->body);
    struct fore_json json = fore_json_begin(&reply->body, false);
    fore_json_object(&json, NULL);
    fore_json_string(&json, "setting", live_setting_rows[setting].name);
    fore_json_string(&json, "value", desk->setting[setting]);
    fore_json_string(&json, "in_force", live_setting_rows[setting].in_force);
    fore_json_bool(&json, "as_configured", value == NULL);
    if (setting == LIVE_SET_SHARDING_KEY) {
        struct fore_buf advice = {0};
        live_desk_sharding_advice(desk, desk->setting[setting], &advice);
        fore_json_string(&json, "reason", advice.data);
        fore_buf_fini(&advice);
    }
    fore_json_bool(&json, "kept", desk->memory != NULL);
    fore_json_object_end(&json);
    fore_buf_puts(&reply->body, "\n");
}

void live_desk_put_setting(struct live_desk *desk, struct live_request *request,
                           struct live_response *reply)
{
    static const char *const known[] = {"value"};
    enum live_setting setting;
    struct fore_buf text = {0};
    json_t *value = json_object_get(request->json, "value");
    if (!find_setting(request, &setting, reply) ||
        !live_body_knows(request, known, FORE_COUNTOF(known), reply))
        return;
    if (value == NULL)
        live_response_error(reply, 422, "invalid", "the body is {\"value\": ...}");
    else if (value_text(value, &text, reply))
        change(desk, setting, text.data, request, reply);
    fore_buf_fini(&text);
}

void live_desk_delete_setting(struct live_desk *desk, struct live_request *request,
                              struct live_response *reply)
{
    enum live_setting setting;
    if (find_setting(request, &setting, reply)) change(desk, setting, NULL, request, reply);
}

/* ---- threshold of one partition ------------------------------------------------------------ */

/* The entries of `text` but for the one about `subject`; true: there was one. */
static bool without(const char *text, const char *subject, struct fore_buf *out)
{
    bool found = false;
    size_t len = strlen(subject);
    fore_buf_puts(out, "");
    for (const char *at = text; *at != '\0';) {
        size_t size = strcspn(at, ",");
        const char *entry = at + strspn(at, " ");
        size_t entry_len = entry < at + size ? (size_t)(at + size - entry) : 0;
        bool same = entry_len > len && memcmp(entry, subject, len) == 0 &&
                    entry[len + strspn(entry + len, " ")] == '=';
        found |= same;
        if (!same && entry_len > 0)
            fore_buf_printf(out, "%s%.*s", out->len > 0 ? ", " : "", (int)entry_len, entry);
        at += size + (at[size] == ',');
    }
    return found;
}

static bool subject_of(struct live_desk *desk, const struct live_request *request, char *out,
                       size_t size, struct live_response *reply)
{
    uint32_t partition;
    const struct fore_topology *topology = live_desk_topology(desk, reply);
    if (topology == NULL || !live_desk_partition(topology, request->param[0], &partition, reply))
        return false;
    (void)snprintf(out, size, "%s:%u", topology->table[topology->partition[partition].table].name,
                   partition);
    return true;
}

void live_desk_put_threshold(struct live_desk *desk, struct live_request *request,
                             struct live_response *reply)
{
    static const char *const known[] = {"threshold"};
    char subject[2 * FORE_NAME_MAX];
    struct fore_buf text = {0};
    json_t *value = json_object_get(request->json, "threshold");
    double at = json_is_number(value) ? json_number_value(value) : -1;
    if (!live_body_knows(request, known, FORE_COUNTOF(known), reply)) return;
    if (!(at >= 0 && at <= 1)) {
        live_response_error(reply, 422, "invalid", "threshold: a number from 0 to 1");
        return;
    }
    if (!subject_of(desk, request, subject, sizeof subject, reply)) return;
    (void)without(desk->setting[LIVE_SET_THRESHOLDS], subject, &text);
    fore_buf_printf(&text, "%s%s=%.6g", text.len > 0 ? ", " : "", subject, at);
    change(desk, LIVE_SET_THRESHOLDS, text.data, request, reply);
    fore_buf_fini(&text);
}

void live_desk_delete_threshold(struct live_desk *desk, struct live_request *request,
                                struct live_response *reply)
{
    char subject[2 * FORE_NAME_MAX];
    struct fore_buf text = {0};
    if (!subject_of(desk, request, subject, sizeof subject, reply)) return;
    if (without(desk->setting[LIVE_SET_THRESHOLDS], subject, &text))
        change(desk, LIVE_SET_THRESHOLDS, text.data, request, reply);
    else
        live_response_error(reply, 404, "not-found", "this partition has no threshold of its own");
    fore_buf_fini(&text);
}

/* ---- changes ------------------------------------------------------------------------------- */

static void put_text(struct fore_json *json, const char *key, const char *text)
{
    if (text != NULL)
        fore_json_string(json, key, text);
    else
        fore_json_null(json, key);
}

static void each_change(void *self, const struct live_memory_change *change)
{
    struct fore_json *json = self;
    fore_json_object(json, NULL);
    fore_json_u64(json, "id", change->id);
    fore_json_u64(json, "unix_ms", change->unix_ms);
    fore_json_string(json, "setting", change->name);
    put_text(json, "before", change->before);
    put_text(json, "after", change->after);
    fore_json_string(json, "who", change->who);
    fore_json_object_end(json);
}

void live_desk_changes(struct live_desk *desk, struct live_request *request,
                       struct live_response *reply)
{
    uint64_t limit;
    if (!live_request_number(request, "limit", 100, 1000, &limit)) {
        live_response_error(reply, 400, "bad-query", "limit: a whole number up to 1000");
        return;
    }
    fore_buf_reset(&reply->body);
    struct fore_json json = fore_json_begin(&reply->body, false);
    fore_json_object(&json, NULL);
    fore_json_array(&json, "changes");
    if (desk->memory != NULL)
        live_memory_changes(desk->memory, (uint32_t)limit, each_change, &json);
    fore_json_array_end(&json);
    fore_json_object_end(&json);
    fore_buf_puts(&reply->body, "\n");
}
