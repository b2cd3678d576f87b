/* answer.c - see answer.h. */
#include "viz/answer.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static json_t *parse(const struct viz_http_answer *answer)
{
    return json_loadb(answer->body, answer->len, 0, NULL);
}

static void text_of(const json_t *object, const char *key, char *out, size_t size)
{
    const char *text = json_string_value(json_object_get(object, key));
    (void)snprintf(out, size, "%s", text != NULL ? text : "");
    for (char *at = out; *at != '\0'; at++)
        if ((unsigned char)*at < ' ' || *at == 127) *at = ' '; /* it is drawn as one line */
}

static uint64_t whole_of(const json_t *object, const char *key)
{
    json_int_t value = json_integer_value(json_object_get(object, key));
    return value > 0 ? (uint64_t)value : 0;
}

static double number_of(const json_t *object, const char *key)
{
    double value = json_number_value(json_object_get(object, key));
    return isfinite(value) ? value : 0;
}

void viz_answer_error(const struct viz_http_answer *answer, char *out, size_t size)
{
    json_t *json = parse(answer);
    char said[300];
    text_of(json_object_get(json, "error"), "message", said, sizeof said);
    json_decref(json);
    if (answer->status == 401)
        (void)snprintf(out, size,
                       "the daemon does not take this token: name the file of its "
                       "api.token_file with --token-file");
    else if (said[0] != '\0')
        (void)snprintf(out, size, "%s", said);
    else if (answer->status == 404)
        (void)snprintf(out, size, "the daemon does not know how to do that: it is older than this");
    else
        (void)snprintf(out, size, "the daemon answers %u and says no more", answer->status);
}

/* ---- plans ----------------------------------------------------------------------------------- */

static void read_head(const json_t *json, struct viz_control_plan *out)
{
    *out = (struct viz_control_plan){.id = whole_of(json, "id"),
                                     .engine_plan = whole_of(json, "engine_plan"),
                                     .bytes = number_of(json, "total_bytes"),
                                     .duration_s = number_of(json, "total_duration_s")};
    uint64_t moves = whole_of(json, "move_count");
    out->move_count = moves < 100000 ? (uint32_t)moves : 100000;
    text_of(json, "status", out->status, sizeof out->status);
    text_of(json, "for_state", out->state, sizeof out->state);
}

static void read_move(const json_t *json, struct viz_control_move *out)
{
    const json_t *partition = json_object_get(json, "partition");
    *out = (struct viz_control_move){
        .partition = json_is_integer(partition) ? whole_of(json, "partition") : UINT64_MAX,
        .bytes = number_of(json, "bytes"),
        .duration_s = number_of(json, "duration_s"),
        .gain_s = number_of(json, "gain_s")};
    text_of(json, "kind", out->kind, sizeof out->kind);
    text_of(json, "source", out->source, sizeof out->source);
    text_of(json, "target", out->target, sizeof out->target);
}

bool viz_answer_plan(const struct viz_http_answer *answer, struct viz_control_plan *out)
{
    json_t *json = parse(answer);
    read_head(json, out);
    bool good = out->id != 0 && out->status[0] != '\0';
    const json_t *explained = json_object_get(json, "explained");
    const json_t *moves = json_object_get(explained, "moves");
    text_of(explained, "reason", out->reason, sizeof out->reason);
    for (size_t i = 0; i < json_array_size(moves) && i < VIZ_CONTROL_MOVES; i++)
        read_move(json_array_get(moves, i), &out->move[out->moves_told++]);
    json_decref(json);
    return good;
}

static bool may_be_approved(const struct viz_control_plan *plan)
{
    return strcmp(plan->status, "dry-run") == 0 || strcmp(plan->status, "proposed") == 0;
}

bool viz_answer_find_plan(const struct viz_http_answer *answer, uint64_t engine_plan, uint64_t *id,
                          char *out, size_t size)
{
    json_t *json = parse(answer);
    const json_t *plans = json_object_get(json, "plans");
    char now[64];
    bool listed = json_is_array(plans);
    text_of(json, "state", now, sizeof now);
    *id = 0;
    for (size_t i = 0; i < json_array_size(plans) && *id == 0; i++) {
        struct viz_control_plan plan;
        read_head(json_array_get(plans, i), &plan);
        bool wanted = engine_plan != 0 ? plan.engine_plan == engine_plan
                                       : may_be_approved(&plan) && plan.move_count > 0 &&
                                             strcmp(plan.state, now) == 0;
        if (wanted) *id = plan.id;
    }
    json_decref(json);
    if (*id != 0) return true;
    if (!listed)
        (void)snprintf(out, size, "the answer is no list of plans");
    else if (engine_plan != 0)
        (void)snprintf(out, size, "the daemon does not remember plan %llu any more: ask for one",
                       (unsigned long long)engine_plan);
    else
        (void)snprintf(out, size, "no plan waits for an answer now");
    return false;
}

void viz_answer_approved(const struct viz_http_answer *answer, char *out, size_t size)
{
    char left[200];
    json_t *json = parse(answer);
    unsigned long long plan = whole_of(json, "engine_plan"), moves = whole_of(json, "moves_begun");
    text_of(json, "left_out", left, sizeof left);
    json_decref(json);
    (void)snprintf(out, size, "carried out as plan %llu: %llu move%s begun%s%s", plan, moves,
                   moves == 1 ? "" : "s", left[0] != '\0' ? "; left out: " : "", left);
}

/* ---- settings -------------------------------------------------------------------------------- */

bool viz_answer_setting(const struct viz_http_answer *answer, char *out, size_t size)
{
    json_t *json = parse(answer);
    const char *text = json_string_value(json_object_get(json, "value"));
    bool good = text != NULL && strlen(text) < size;
    (void)snprintf(out, size, "%s", good ? text : "");
    json_decref(json);
    return good;
}

void viz_answer_with_general(const char *text, double threshold, struct fore_buf *out)
{
    fore_buf_puts(out, "");
    for (const char *at = text; *at != '\0';) {
        size_t size = strcspn(at, ","), skip = strspn(at, " ");
        const char *entry = at + skip;
        size_t len = skip < size ? size - skip : 0;
        bool general = len > 1 && entry[0] == '*' && entry[1 + strspn(entry + 1, " ")] == '=';
        if (len > 0 && !general)
            fore_buf_printf(out, "%s%.*s", out->len > 0 ? ", " : "", (int)len, entry);
        at += size + (at[size] == ',');
    }
    fore_buf_printf(out, "%s*=%.6g", out->len > 0 ? ", " : "", threshold);
}
