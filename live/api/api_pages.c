/* api_pages.c - what the API says of cluster, partitions and what is recommended, from a picture.
 */
#include "live/api/api_pages.h"

#include <stdio.h>
#include <string.h>

void live_page_reply(const struct live_picture *picture, enum live_page page,
                     void (*make)(const struct live_picture *picture, struct fore_buf *out),
                     struct live_response *reply)
{
    const struct fore_buf *buf = live_picture_page(picture, page, make);
    reply->page = buf->data;
    reply->page_len = buf->len;
}

struct fore_json live_page_open(const struct live_picture *picture, struct fore_buf *out)
{
    struct fore_json json = fore_json_begin(out, false);
    fore_json_object(&json, NULL);
    fore_json_string(&json, "state", picture->state);
    fore_json_f64(&json, "at_s", (double)picture->now / 1e9);
    return json;
}

void live_page_close(struct fore_json *json)
{
    fore_json_object_end(json);
    fore_buf_puts(json->out, "\n");
}

static double at_most(double value, double most)
{
    return value > most ? most : value;
}

/* ---- status -------------------------------------------------------------------------------- */

static void make_status(const struct live_picture *p, struct fore_buf *out)
{
    struct fore_json json = live_page_open(p, out);
    double window_s = (double)p->window / 1e9;
    fore_json_u64(&json, "unix_ms", p->unix_ms);
    fore_json_u64(&json, "sequence", p->sequence);
    fore_json_string(&json, "mode", p->mode);
    fore_json_string(&json, "driver", p->driver);
    fore_json_string(&json, "strategy", p->policy);
    fore_json_f64(&json, "window_s", window_s);
    fore_json_f64(&json, "slo_ms", (double)p->slo / 1e6);
    fore_json_bool(&json, "held_by_kill_file", p->health.held);
    fore_json_string(&json, "frozen", p->health.frozen);
    fore_json_u64(&json, "nodes", p->node_count);
    fore_json_u64(&json, "partitions", p->partition_count);
    fore_json_u64(&json, "moves_running", p->counts.moves_running);
    fore_json_f64(&json, "requests_per_sec",
                  window_s > 0 ? (double)p->cluster.requests / window_s : 0);
    fore_json_f64(&json, "p99_ms", (double)p->cluster.p99_ns / 1e6);
    fore_json_f64(&json, "slo_violation_s", (double)p->cluster.violation_s);
    fore_json_f64(&json, "forecast_skill", p->skill);
    fore_json_object(&json, "engine");
    fore_json_u64(&json, "steps", p->health.steps);
    fore_json_f64(&json, "step_last_ms", 1e3 * p->health.step_last_s);
    fore_json_f64(&json, "step_max_ms", 1e3 * p->health.step_max_s);
    fore_json_u64(&json, "steps_late", p->health.late);
    fore_json_f64(&json, "late_max_ms", 1e3 * p->health.late_max_s);
    fore_json_object_end(&json);
    live_page_close(&json);
}

LIVE_PICTURE_HANDLER(status)
{
    (void)request;
    live_page_reply(picture, LIVE_PAGE_STATUS, make_status, reply);
}

/* ---- topology ------------------------------------------------------------------------------ */

static void node_json(const struct live_picture_node *node, struct fore_json *json)
{
    const struct fore_event_node_load *load = &node->load;
    fore_json_object(json, NULL);
    fore_json_string(json, "node", node->name);
    fore_json_f64(json, "cores", node->cores);
    fore_json_u64(json, "zone", node->zone);
    fore_json_u64(json, "rack", node->rack);
    fore_json_bool(json, "up", node->up);
    fore_json_bool(json, "standby", node->standby);
    fore_json_u64(json, "partitions", node->partitions);
    fore_json_u64(json, "bytes", node->bytes);
    fore_json_f64(json, "utilization", (double)load->utilization);
    fore_json_f64(json, "move_utilization", (double)load->move_utilization);
    fore_json_f64(json, "requests_per_sec", (double)load->requests_per_sec);
    fore_json_f64(json, "p99_ms", (double)load->p99_ms);
    fore_json_f64(json, "forecast_peak", (double)load->forecast_peak);
    fore_json_f64(json, "forecast_peak_low", (double)load->forecast_peak_low);
    fore_json_f64(json, "forecast_peak_high", (double)load->forecast_peak_high);
    fore_json_object_end(json);
}

/* Positions are 64 bits wide, more than a number of JSON's readers holds: as text. */
static void position(struct fore_json *json, const char *key, uint64_t value)
{
    char text[24];
    (void)snprintf(text, sizeof text, "%llu", (unsigned long long)value);
    fore_json_string(json, key, text);
}

static void make_topology(const struct live_picture *p, struct fore_buf *out)
{
    struct fore_json json = live_page_open(p, out);
    fore_json_u64(&json, "epoch", p->epoch);
    fore_json_array(&json, "nodes");
    for (uint32_t n = 0; n < p->node_count; n++)
        node_json(&p->node[n], &json);
    fore_json_array_end(&json);
    fore_json_array(&json, "tables");
    for (uint32_t t = 0; t < p->table_count; t++) {
        fore_json_object(&json, NULL);
        fore_json_string(&json, "table", p->table[t].name);
        position(&json, "first", p->table[t].first);
        position(&json, "last", p->table[t].last);
        fore_json_object_end(&json);
    }
    fore_json_array_end(&json);
    fore_json_array(&json, "partitions"); /* who holds what, and nothing else: short rows */
    for (uint32_t i = 0; i < p->partition_count; i++) {
        const struct live_picture_partition *row = &p->partition[i];
        fore_json_object(&json, NULL);
        fore_json_u64(&json, "partition", row->index);
        fore_json_array(&json, "nodes");
        for (uint16_t r = 0; r < row->is.replica_count; r++)
            fore_json_string(&json, NULL, p->node[row->is.replica[r]].name);
        fore_json_array_end(&json);
        fore_json_object_end(&json);
    }
    fore_json_array_end(&json);
    live_page_close(&json);
}

LIVE_PICTURE_HANDLER(topology)
{
    (void)request;
    live_page_reply(picture, LIVE_PAGE_TOPOLOGY, make_topology, reply);
}

/* ---- partitions ---------------------------------------------------------------------------- */

void live_page_partition(const struct live_picture *p, const struct live_picture_partition *row,
                         struct fore_json *json)
{
    const struct fore_score *score = &row->score;
    fore_json_u64(json, "partition", row->index);
    fore_json_string(json, "table", p->table[row->is.table].name);
    position(json, "first", row->is.first);
    position(json, "last", row->is.last);
    fore_json_u64(json, "bytes", row->is.bytes);
    fore_json_array(json, "nodes");
    for (uint16_t r = 0; r < row->is.replica_count; r++)
        fore_json_string(json, NULL, p->node[row->is.replica[r]].name);
    fore_json_array_end(json);
    fore_json_f64(json, "rrs", score->rrs);
    fore_json_f64(json, "threshold", row->threshold);
    fore_json_f64(json, "probability", score->probability);
    fore_json_f64(json, "responsibility", score->responsibility);
    fore_json_f64(json, "when_s", score->when_s);
    fore_json_string(json, "limit", fore_score_limit_text(score->limit));
    if (row->reason != NULL)
        fore_json_string(json, "reason", row->reason);
    else
        fore_json_null(json, "reason");
    fore_json_bool(json, "moving", row->moving);
    fore_json_f64(json, "load_cores", (double)row->load.load_cores);
    fore_json_f64(json, "reads_per_sec", (double)row->load.reads_per_sec);
    fore_json_f64(json, "writes_per_sec", (double)row->load.writes_per_sec);
    fore_json_f64(json, "bytes_per_sec", (double)row->load.bytes_per_sec);
    fore_json_f64(json, "p99_ms", (double)row->load.p99_ms);
}

enum { PARTITIONS_DEFAULT = 100, PARTITIONS_MOST = 16384 };

struct choice {
    uint64_t limit, offset;
    double min_rrs;
    const char *table, *node; /* NULL: any */
};

static bool chosen(const struct live_picture *p, const struct live_picture_partition *row,
                   const struct choice *choice)
{
    if (row->score.rrs < choice->min_rrs) return false;
    if (choice->table != NULL && strcmp(p->table[row->is.table].name, choice->table) != 0)
        return false;
    bool on = choice->node == NULL;
    for (uint16_t r = 0; r < row->is.replica_count && !on; r++)
        on = strcmp(p->node[row->is.replica[r]].name, choice->node) == 0;
    return on;
}

static void write_partitions(const struct live_picture *p, const struct choice *choice,
                             struct fore_buf *out)
{
    struct fore_json json = live_page_open(p, out);
    uint64_t matching = 0;
    fore_json_array(&json, "partitions");
    for (uint32_t i = 0; i < p->partition_count; i++) {
        const struct live_picture_partition *row = &p->partition[p->by_rrs[i]];
        if (!chosen(p, row, choice)) continue;
        matching++;
        if (matching <= choice->offset || matching - choice->offset > choice->limit) continue;
        fore_json_object(&json, NULL);
        live_page_partition(p, row, &json);
        fore_json_object_end(&json);
    }
    fore_json_array_end(&json);
    fore_json_u64(&json, "matching", matching);
    live_page_close(&json);
}

static void make_partitions(const struct live_picture *p, struct fore_buf *out)
{
    const struct choice all = {.limit = PARTITIONS_DEFAULT};
    write_partitions(p, &all, out);
}

LIVE_PICTURE_HANDLER(partitions)
{
    struct choice choice = {.table = live_request_query(request, "table"),
                            .node = live_request_query(request, "node")};
    const char *least = live_request_query(request, "min_rrs");
    bool good =
        live_request_number(request, "limit", PARTITIONS_DEFAULT, PARTITIONS_MOST, &choice.limit) &&
        live_request_number(request, "offset", 0, UINT32_MAX, &choice.offset) &&
        (least == NULL || fore_option_real(least, &choice.min_rrs) == FORE_E_OK);
    if (!good) {
        live_response_error(reply, 400, "bad-query",
                            "limit (at most %d) and offset are whole numbers, min_rrs is a number",
                            PARTITIONS_MOST);
        return;
    }
    if (request->query_count == 0)
        live_page_reply(picture, LIVE_PAGE_PARTITIONS, make_partitions, reply);
    else
        write_partitions(picture, &choice, &reply->body);
}

const struct live_picture_partition *live_page_find(const struct live_picture *picture,
                                                    const struct live_request *request,
                                                    struct live_response *reply)
{
    uint64_t index;
    const struct live_picture_partition *row = NULL;
    if (live_number(request->param[0], UINT32_MAX - 1, &index))
        row = live_picture_find(picture, (uint32_t)index);
    if (row == NULL) live_response_error(reply, 404, "not-found", "there is no such partition");
    return row;
}

LIVE_PICTURE_HANDLER(partition)
{
    const struct live_picture_partition *row = live_page_find(picture, request, reply);
    if (row == NULL) return;
    struct fore_json json = live_page_open(picture, &reply->body);
    live_page_partition(picture, row, &json);
    live_page_close(&json);
}

/* ---- recommendations ----------------------------------------------------------------------- */

enum { RECOMMENDED_MOST = 50 };

/* The newest plan that has not been overtaken: what to do about it. */
static void newest_plan(const struct live_picture *p, struct fore_json *json)
{
    for (uint32_t i = 0; i < p->plan_count; i++) {
        const struct live_picture_plan *plan = &p->plan[i];
        bool counts = strcmp(plan->status, "cancelled") != 0 && strcmp(plan->status, "stale") != 0;
        if (!counts) continue;
        fore_json_object(json, "plan");
        fore_json_u64(json, "id", plan->id);
        fore_json_string(json, "status", plan->status);
        fore_json_string(json, "for_state", plan->state);
        fore_json_u64(json, "moves", plan->moves);
        fore_json_f64(json, "bytes", plan->bytes);
        fore_json_object_end(json);
        return;
    }
    fore_json_null(json, "plan");
}

static void make_recommendations(const struct live_picture *p, struct fore_buf *out)
{
    struct fore_json json = live_page_open(p, out);
    uint32_t told = 0;
    fore_json_array(&json, "act_on");
    for (uint32_t i = 0; i < p->partition_count && told < RECOMMENDED_MOST; i++) {
        const struct live_picture_partition *row = &p->partition[p->by_rrs[i]];
        bool reached = row->score.rrs > 0 && row->threshold < 1 && row->score.rrs >= row->threshold;
        if (!reached) continue;
        told++;
        fore_json_object(&json, NULL);
        fore_json_u64(&json, "partition", row->index);
        fore_json_f64(&json, "rrs", at_most(row->score.rrs, 1));
        fore_json_f64(&json, "threshold", row->threshold);
        fore_json_f64(&json, "when_s", row->score.when_s);
        fore_json_string(&json, "limit", fore_score_limit_text(row->score.limit));
        fore_json_string(&json, "node", p->node[row->is.replica[0]].name);
        fore_json_bool(&json, "moving", row->moving);
        fore_json_string(&json, "reason", row->reason != NULL ? row->reason : "");
        fore_json_object_end(&json);
    }
    fore_json_array_end(&json);
    newest_plan(p, &json);
    fore_json_array(&json, "too_few_replicas");
    for (uint32_t i = 0, n = 0; i < p->partition_count && n < RECOMMENDED_MOST; i++)
        if (p->partition[i].is.replica_count < p->replicas_wanted) {
            n++;
            fore_json_u64(&json, NULL, p->partition[i].index);
        }
    fore_json_array_end(&json);
    live_page_close(&json);
}

LIVE_PICTURE_HANDLER(recommendations)
{
    (void)request;
    live_page_reply(picture, LIVE_PAGE_RECOMMENDATIONS, make_recommendations, reply);
}
