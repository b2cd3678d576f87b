/* advise_json.c - everything the Markdown says, by name. */
#include <string.h>

#include "experiments/advise_report.h"

struct writing {
    const struct lab_advise_report *report;
    struct fore_arena arena;
    struct fore_json json;
};

static void head(struct writing *w)
{
    const struct wl_query_read_report *read = w->report->read;
    const struct lab_advise_cluster *c = &w->report->advice->cluster;
    struct fore_json *json = &w->json;
    fore_json_object(json, "log");
    fore_json_string(json, "path", w->report->path);
    fore_json_string(json, "format", read->format);
    fore_json_u64(json, "queries", w->report->log->query_count);
    fore_json_f64(json, "span_s", (double)fore_query_log_span(w->report->log) / (double)FORE_SEC);
    fore_json_u64(json, "statements", read->statements);
    fore_json_u64(json, "unparsed", read->unparsed);
    fore_json_u64(json, "tableless", read->tableless);
    fore_json_u64(json, "parameters_missing", read->valueless);
    fore_json_u64(json, "columns_ambiguous", read->ambiguous);
    fore_json_object_end(json);
    fore_json_object(json, "cluster");
    fore_json_u64(json, "nodes", c->nodes);
    fore_json_u64(json, "cores", c->cores);
    fore_json_f64(json, "utilization", c->utilization);
    fore_json_f64(json, "service_ns", c->service_ns);
    fore_json_u64(json, "slo_ns", c->slo_ns);
    fore_json_u64(json, "seed", c->seed);
    fore_json_object_end(json);
    fore_json_u64(json, "simulations", w->report->advice->played);
}

static void leg(struct fore_json *json, const char *name, const struct sim_queries_result *r)
{
    if (r->queries == 0) {
        fore_json_null(json, name);
        return;
    }
    fore_json_object(json, name);
    fore_json_f64(json, "violation_s", r->violation_s);
    fore_json_f64(json, "duration_s", r->duration_s);
    fore_json_u64(json, "p99_ns", r->watched_p99_ns);
    fore_json_u64(json, "p99_all_ns", r->p99_ns);
    fore_json_f64(json, "imbalance", r->imbalance);
    fore_json_f64(json, "utilization", r->utilization);
    fore_json_object_end(json);
}

static void verdict(struct fore_json *json, const char *name, const struct lab_advise_verdict *v)
{
    fore_json_object(json, name);
    fore_json_f64(json, "violation_share", v->violation_share);
    fore_json_f64(json, "p99_ns", v->p99_ns);
    fore_json_f64(json, "imbalance", v->imbalance);
    fore_json_f64(json, "single_share", v->single_share);
    fore_json_f64(json, "apart_share", v->apart_share);
    fore_json_f64(json, "parts_mean", v->parts_mean);
    fore_json_f64(json, "top_share_now", v->top_now);
    fore_json_f64(json, "top_share_forecast", v->top_soon);
    leg(json, "now", &v->now);
    leg(json, "forecast", &v->soon);
    fore_json_object_end(json);
}

static void candidate(struct writing *w, const struct lab_advise_key *key)
{
    static const char *const kinds[] = {"hash", "range", "copy"};
    const struct fore_key_candidate *c = &key->candidate;
    struct fore_json *json = &w->json;
    fore_json_object(json, NULL);
    fore_json_string(json, "key", lab_advise_key_name(w->report->log, &c->key, &w->arena));
    fore_json_string(json, "kind", kinds[c->key.kind]);
    fore_json_array(json, "columns");
    for (int i = 0; i < c->key.columns; i++)
        fore_json_string(json, NULL, w->report->log->column[c->key.column[i]].name);
    fore_json_array_end(json);
    if (c->reason[0] != '\0') fore_json_string(json, "against", c->reason);
    fore_json_f64(json, "distinct", c->facts.distinct);
    fore_json_bool(json, "distinct_exact", c->facts.distinct_exact);
    fore_json_f64(json, "top_share", c->facts.top_share);
    fore_json_f64(json, "monotone", c->facts.monotone);
    fore_json_u64(json, "queries", c->facts.queries);
    fore_json_u64(json, "bound", c->facts.bound);
    if (!c->pruned) {
        fore_json_u64(json, "rank", key->rank);
        verdict(json, "simulated", &key->verdict);
    }
    if (key->rank_later > 0) {
        fore_json_u64(json, "rank_later", key->rank_later);
        verdict(json, "later", &key->later);
    }
    fore_json_object_end(json);
}

static void split(struct writing *w, const struct fore_column_advice *s)
{
    static const char *const source[] = {"assumed", "values", "sizes", "told"};
    struct fore_json *json = &w->json;
    fore_json_object(json, "columns");
    fore_json_bool(json, "split", s->worth);
    fore_json_bool(json, "exact", s->exact);
    fore_json_f64(json, "bytes_before", s->bytes_before);
    fore_json_f64(json, "bytes_after", s->bytes_after);
    fore_json_f64(json, "spanning_share", s->spanning_share);
    fore_json_f64(json, "row_bytes", s->row_bytes);
    fore_json_array(json, "column");
    for (size_t c = 0; c < s->columns; c++) {
        const struct fore_query_column *column = &w->report->log->column[s->column[c].column];
        fore_json_object(json, NULL);
        fore_json_string(json, "name", column->name);
        fore_json_f64(json, "queries", s->column[c].queries);
        fore_json_f64(json, "width", column->width);
        fore_json_string(json, "width_from", source[column->width_source]);
        fore_json_bool(json, "apart", s->worth && s->column[c].apart);
        fore_json_object_end(json);
    }
    fore_json_array_end(json);
    fore_json_object_end(json);
}

static void table(struct writing *w, const struct lab_advise_result *r)
{
    static const char *const words[] = {"good", "copy", "fair", "none"};
    const struct fore_query_table *t = &w->report->log->table[r->table];
    struct fore_json *json = &w->json;
    fore_json_object(json, NULL);
    fore_json_string(json, "table", t->name);
    fore_json_u64(json, "queries", t->queries);
    fore_json_u64(json, "writes", t->writes);
    fore_json_u64(json, "inserts", t->inserts);
    fore_json_string(json, "verdict", words[r->word]);
    if (r->why != NULL) fore_json_string(json, "why", r->why);
    if (r->key_count > 0 && !r->key[0].candidate.pruned)
        fore_json_string(json, "best",
                         lab_advise_key_name(w->report->log, &r->key[0].candidate.key, &w->arena));
    if (r->picked_later_rank > 0) fore_json_u64(json, "best_later_rank", r->picked_later_rank);
    fore_json_array(json, "candidates");
    for (size_t i = 0; i < r->key_count; i++)
        candidate(w, &r->key[i]);
    fore_json_array_end(json);
    split(w, &r->split);
    fore_json_object_end(json);
}

void lab_advise_json(const struct lab_advise_report *report, struct fore_buf *out)
{
    struct writing w = {.report = report, .json = fore_json_begin(out, true)};
    fore_json_object(&w.json, NULL);
    head(&w);
    fore_json_array(&w.json, "tables");
    for (size_t i = 0; i < report->advice->result_count; i++) {
        const struct lab_advise_result *r = &report->advice->result[i];
        if (report->only == NULL || strcmp(report->only, report->log->table[r->table].name) == 0)
            table(&w, r);
    }
    fore_json_array_end(&w.json);
    fore_json_object_end(&w.json);
    fore_buf_puts(out, "\n");
    fore_arena_fini(&w.arena);
}
