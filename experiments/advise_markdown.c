/* advise_markdown.c - the verdict first, then the evidence, table by table. */
#include <math.h>
#include <string.h>

#include "experiments/advise_report.h"
#include "experiments/table.h"

enum { PRUNED_SHOWN = 12 };

struct writing {
    const struct lab_advise_report *report;
    const struct fore_query_log *log;
    struct fore_arena arena;
    struct fore_buf *out;
};

static const char *key_name(struct writing *w, const struct lab_advise_key *key)
{
    return lab_advise_key_name(w->log, &key->candidate.key, &w->arena);
}

static double percent(double share)
{
    return 100 * share;
}

static void head(struct writing *w)
{
    const struct wl_query_read_report *read = w->report->read;
    const struct lab_advise *advice = w->report->advice;
    const struct lab_advise_cluster *c = &advice->cluster;
    fore_buf_printf(w->out, "# Sharding advice for %s\n\n", w->report->path);
    fore_buf_printf(
        w->out, "%zu queries on %u tables over %s (%s).", w->log->query_count, w->log->table_count,
        lab_table_span(&w->arena, (double)fore_query_log_span(w->log) / (double)FORE_SEC),
        read->format);
    if (read->cut) fore_buf_puts(w->out, " Only the first of the log (--queries).");
    if (read->unparsed > 0)
        fore_buf_printf(w->out,
                        " %llu statements are not SQL to the parser (first: line %llu, %s).",
                        (unsigned long long)read->unparsed,
                        (unsigned long long)read->first_unparsed_line, read->first_unparsed);
    if (read->tableless > 0)
        fore_buf_printf(w->out, " %llu statements touch no table.",
                        (unsigned long long)read->tableless);
    if (read->valueless > 0)
        fore_buf_printf(w->out,
                        " %llu bound parameters are not in the log and were taken as spread out "
                        "(log_parameter_max_length = -1 logs them).",
                        (unsigned long long)read->valueless);
    if (read->ambiguous > 0)
        fore_buf_printf(w->out, " %llu columns without a table were given to the first.",
                        (unsigned long long)read->ambiguous);
    fore_buf_printf(
        w->out,
        "\n\nEvery candidate was played on the same %u nodes of %u cores: a mean query "
        "takes %s, the heaviest stretch uses %.0f %% of the cores if no query fans out, "
        "and p99 must stay below %s. %zu simulations.\n",
        c->nodes, c->cores, lab_table_latency(&w->arena, c->service_ns), percent(c->utilization),
        lab_table_latency(&w->arena, (double)c->slo_ns), advice->played);
}

static void verdict(struct writing *w, const struct lab_advise_result *r)
{
    const char *table = w->log->table[r->table].name;
    const char *best = r->key_count > 0 ? key_name(w, &r->key[0]) : "";
    switch (r->word) {
    case LAB_ADVISE_GOOD: fore_buf_printf(w->out, "**Shard `%s` by `%s`.**", table, best); break;
    case LAB_ADVISE_COPY:
        fore_buf_printf(w->out,
                        "**Replicate `%s`: a copy on every node.** It is small and rarely "
                        "written; no key does better.",
                        table);
        break;
    case LAB_ADVISE_FAIR:
        fore_buf_printf(w->out, "**`%s` has no really good key; `%s` is the best**: %s.", table,
                        best, r->why);
        break;
    case LAB_ADVISE_NONE:
        fore_buf_printf(w->out, "**`%s` has no good key**: %s.", table, r->why);
        if (r->key_count > 0 && !r->key[0].candidate.pruned)
            fore_buf_printf(w->out,
                            " The least bad is `%s`; better leave the table on one node, or "
                            "have its queries name a key.",
                            best);
        break;
    }
    fore_buf_puts(w->out, "\n\n");
}

static void played(struct writing *w, const struct lab_advise_result *r)
{
    bool later = r->picked_later_rank > 0;
    if (r->key_count == 0 || r->key[0].candidate.pruned) return;
    fore_buf_puts(
        w->out, "| key | in violation, s of s | as forecast | p99 | imbalance | top partition now, "
                "forecast | one node | parts a query | values | hottest | order in time |");
    fore_buf_puts(w->out, later ? " later rank |\n" : "\n");
    fore_buf_puts(w->out, "|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|");
    fore_buf_puts(w->out, later ? "--:|\n" : "\n");
    for (size_t i = 0; i < r->key_count && !r->key[i].candidate.pruned; i++) {
        const struct lab_advise_key *key = &r->key[i];
        const struct lab_advise_verdict *v = &key->verdict;
        const struct fore_key_facts *f = &key->candidate.facts;
        bool copy = key->candidate.key.kind == FORE_KEY_COPY, soon = v->soon.queries > 0;
        fore_buf_printf(w->out, "| `%s` | %s of %s |", key_name(w, key),
                        lab_table_number(&w->arena, v->now.violation_s),
                        lab_table_number(&w->arena, v->now.duration_s));
        if (soon)
            fore_buf_printf(w->out, " %s of %s |", lab_table_number(&w->arena, v->soon.violation_s),
                            lab_table_number(&w->arena, v->soon.duration_s));
        else
            fore_buf_puts(w->out, " - |");
        fore_buf_printf(w->out, " %s | %.2f |", lab_table_latency(&w->arena, v->p99_ns),
                        v->imbalance);
        if (soon && !copy)
            fore_buf_printf(w->out, " %.1f %%, %.1f %% |", percent(v->top_now),
                            percent(v->top_soon));
        else
            fore_buf_puts(w->out, " - |");
        fore_buf_printf(w->out, " %.0f %% | %.2f |", percent(v->single_share), v->parts_mean);
        if (copy)
            fore_buf_puts(w->out, " - | - | - |");
        else
            fore_buf_printf(w->out, " %s%.0f | %.1f %% | %+.2f |", f->distinct_exact ? "" : "~",
                            f->distinct, percent(f->top_share),
                            isnan(f->monotone) ? 0 : f->monotone);
        if (later) fore_buf_printf(w->out, " %u |", key->rank_later);
        fore_buf_puts(w->out, "\n");
    }
    if (r->key[0].verdict.apart_share > 0)
        fore_buf_printf(w->out,
                        "\nWith the best key %.1f %% of its queries still join across "
                        "nodes.\n",
                        percent(r->key[0].verdict.apart_share));
    fore_buf_puts(w->out, "\n");
}

static void pruned(struct writing *w, const struct lab_advise_result *r)
{
    size_t shown = 0, more = 0;
    for (size_t i = 0; i < r->key_count; i++) {
        const struct lab_advise_key *key = &r->key[i];
        if (!key->candidate.pruned) continue;
        if (shown++ == 0) fore_buf_puts(w->out, "Not played:\n\n");
        if (shown <= PRUNED_SHOWN)
            fore_buf_printf(w->out, "- `%s`: %s\n", key_name(w, key), key->candidate.reason);
        else
            more++;
    }
    if (more > 0) fore_buf_printf(w->out, "- and %zu more\n", more);
    if (shown > 0) fore_buf_puts(w->out, "\n");
}

static void split(struct writing *w, const struct lab_advise_result *r)
{
    static const char *const source[] = {"assumed", "values seen", "queries' sizes", "told"};
    const struct fore_column_advice *s = &r->split;
    if (s->columns < 2 || !(s->queries > 0)) return;
    if (!s->worth) {
        fore_buf_printf(w->out,
                        "Columns: no split in two saves a tenth of the bytes (%zu columns, "
                        "rows of %.0f bytes).\n\n",
                        s->columns, s->row_bytes);
        return;
    }
    fore_buf_puts(w->out, "Columns: **split off");
    for (size_t c = 0, n = 0; c < s->columns; c++)
        if (s->column[c].apart)
            fore_buf_printf(w->out, "%s `%s`", n++ > 0 ? "," : "",
                            w->log->column[s->column[c].column].name);
    fore_buf_printf(w->out,
                    "** (%.0f of %.0f bytes a row). Saves %.0f %% of the bytes (%s -> %s); the "
                    "price: %.1f %% of the queries need both parts. %s\n\n",
                    s->apart_bytes, s->row_bytes, percent(1 - s->bytes_after / s->bytes_before),
                    lab_table_bytes(&w->arena, s->bytes_before),
                    lab_table_bytes(&w->arena, s->bytes_after), percent(s->spanning_share),
                    s->exact ? "Every split was tried." : "The least used columns went together.");
    fore_buf_puts(w->out, "| column | used by | bytes | width from | |\n|---|--:|--:|---|---|\n");
    for (size_t c = 0; c < s->columns; c++) {
        const struct fore_query_column *column = &w->log->column[s->column[c].column];
        fore_buf_printf(w->out, "| `%s` | %.0f | %.0f | %s | %s |\n", column->name,
                        s->column[c].queries, column->width, source[column->width_source],
                        s->column[c].apart ? "apart" : "");
    }
    fore_buf_puts(w->out, "\n");
}

static bool shown(const struct lab_advise_report *report, const struct lab_advise_result *r)
{
    return report->only == NULL || strcmp(report->only, report->log->table[r->table].name) == 0;
}

static void tail(struct writing *w)
{
    fore_buf_puts(
        w->out,
        "## How to read this\n\n"
        "Keys are in order: least time in violation (now and as forecast together), then p99 of the "
        "table's queries, then imbalance (hottest node over the mean), then parts a query, then "
        "fewer columns, hash before range; differences of 3 % of the time, 25 % of p99 and 15 % of "
        "imbalance count as none. Cuts and owners are made from the first third of the log, the rest is "
        "played. The forecast plays the newest quarter again, each query as often as its partition "
        "is forecast to grow, at today's total. A query without the key goes to every node; half of "
        "its cost is paid by each part.\n");
}

void lab_advise_markdown(const struct lab_advise_report *report, struct fore_buf *out)
{
    struct writing w = {.report = report, .log = report->log, .out = out};
    head(&w);
    for (size_t i = 0; i < report->advice->result_count; i++) {
        const struct lab_advise_result *r = &report->advice->result[i];
        const struct fore_query_table *table = &report->log->table[r->table];
        if (!shown(report, r)) continue;
        fore_buf_printf(out,
                        "\n## %s\n\n%llu queries, %.0f %% of them writes (%.0f %% inserts).\n\n",
                        table->name, (unsigned long long)table->queries,
                        percent((double)table->writes / (double)table->queries),
                        percent((double)table->inserts / (double)table->queries));
        verdict(&w, r);
        played(&w, r);
        pruned(&w, r);
        split(&w, r);
    }
    tail(&w);
    fore_arena_fini(&w.arena);
}
