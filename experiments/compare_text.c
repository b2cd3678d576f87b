/*
 * compare_text.c - a comparison as a person reads it: one line a policy, means with the half width
 * of their 95 % interval, and below them what the differences are worth.
 */
#include <math.h>
#include <string.h>

#include "experiments/compare.h"
#include "experiments/table.h"

/* "12.3 ±0.4", both times `unit`; the mean alone when there is no interval or it is nothing. */
static void add(struct lab_table *table, struct lab_stats stats, double unit)
{
    double half = (stats.high - stats.low) / 2 * unit;
    const char *mean = lab_table_number(table->arena, stats.mean * unit);
    if (isnan(half) || half <= 0)
        lab_table_add(table, "%s", mean);
    else
        lab_table_add(table, "%s \xc2\xb1%s", mean, lab_table_number(table->arena, half));
}

/* A difference carries its sign, and a star when its interval leaves out zero. */
static void add_diff(struct lab_table *table, struct lab_stats_paired versus)
{
    struct lab_stats diff = versus.diff;
    if (diff.n == 0) {
        lab_table_add(table, "-");
        return;
    }
    bool sure = diff.low > 0 || diff.high < 0;
    double half = (diff.high - diff.low) / 2;
    const char *sign = diff.mean > 0 ? "+" : "";
    const char *mean = lab_table_number(table->arena, diff.mean);
    if (isnan(half) || half <= 0)
        lab_table_add(table, "%s%s", sign, mean);
    else
        lab_table_add(table, "%s%s \xc2\xb1%s%s", sign, mean, lab_table_number(table->arena, half),
                      sure ? "*" : " ");
}

/* The columns between the name and the differences: what they show, and in which unit. */
static const struct column {
    const char *heading, *group, *name;
    double unit;
    enum { ALWAYS, OF_COLUMNS, OF_CEILING, OF_ROOM, ELASTIC } when;
} columns[] = {
    {"violation s",   NULL,         "slo_violation_s",              1,    ALWAYS    },
    {"node-min",      NULL,         "slo_violation_node_min",       1,    ALWAYS    },
    {"slow %",        NULL,         "slo_violation_request_share",  100,  ALWAYS    },
    {"p99 ms",        "latency_ns", "p99",                          1e-6, ALWAYS    },
    {"read GB",       NULL,         "bytes_read",                   1e-9, OF_COLUMNS},
    {"over size min", NULL,         "size_violation_partition_min", 1,    OF_CEILING},
    {"node full min", NULL,         "node_full_min",                1,    OF_ROOM   },
    {"moved GB",      NULL,         "bytes_moved",                  1e-9, ALWAYS    },
    {"moves",         "moves",      "total",                        1,    ALWAYS    },
    {"nodes",         NULL,         "nodes_mean",                   1,    ELASTIC   },
};
enum { COLUMNS = FORE_COUNTOF(columns) + 4 };

static const struct sim_result *any_result(const struct lab_compare *compare)
{
    for (size_t i = 0; i < compare->policies.count * compare->seeds; i++)
        if (compare->report[i].outcome == LAB_POOL_DONE) return &compare->run[i];
    return NULL;
}

static bool is_shown(const struct lab_compare *compare, const struct column *column)
{
    const struct sim_result *one = any_result(compare);
    if (column->when == ALWAYS) return true;
    if (one == NULL) return false;
    if (column->when == OF_CEILING) return one->partition_bytes_max > 0;
    if (column->when == OF_ROOM) return one->node_bytes_max > 0;
    return column->when == ELASTIC ? one->elastic : one->columns;
}

static size_t column_count(const struct lab_compare *compare)
{
    size_t count = 0;
    for (size_t i = 0; i < FORE_COUNTOF(columns); i++)
        count += is_shown(compare, &columns[i]);
    return count;
}

static void heading(const struct lab_compare *compare, struct lab_table *table)
{
    lab_table_add(table, "policy");
    for (size_t i = 0; i < FORE_COUNTOF(columns); i++)
        if (is_shown(compare, &columns[i])) lab_table_add(table, "%s", columns[i].heading);
    lab_table_add(table, "vs reactive");
    lab_table_add(table, "regret");
    lab_table_add(table, "gap closed");
}

static void policy_row(const struct lab_compare *compare, size_t p, struct lab_table *table)
{
    const struct lab_metric *node_min = lab_metric_find(NULL, "slo_violation_node_min");
    size_t reactive = lab_compare_index(compare, "reactive");
    size_t oracle = lab_compare_index(compare, "oracle");
    lab_table_add(table, "%s%s", compare->policies.item[p],
                  compare->tune[p].done ? " (tuned)" : "");
    if (lab_compare_stats(compare, p, node_min).n == 0) {
        for (size_t i = 1; i < column_count(compare) + 4; i++)
            lab_table_add(table, "%s", i == 1 ? "failed" : "-");
        return;
    }
    for (size_t i = 0; i < FORE_COUNTOF(columns); i++)
        if (is_shown(compare, &columns[i]))
            add(table,
                lab_compare_stats(compare, p, lab_metric_find(columns[i].group, columns[i].name)),
                columns[i].unit);
    if (p == reactive)
        lab_table_add(table, "-");
    else
        add_diff(table, lab_compare_versus(compare, p, reactive, node_min));
    if (p == oracle)
        lab_table_add(table, "-");
    else
        add_diff(table, lab_compare_versus(compare, p, oracle, node_min));
    double closed = lab_compare_gap_closed(compare, p);
    if (isnan(closed) || p == reactive || p == oracle)
        lab_table_add(table, "-");
    else
        lab_table_add(table, "%.0f %%", closed * 100);
}

static void title(const struct lab_compare *compare, struct fore_arena *arena, struct fore_buf *out)
{
    const struct sim_result *one = any_result(compare);
    fore_buf_printf(out, "%s: %zu policies x %llu seed%s", compare->scenario->name,
                    compare->policies.count, (unsigned long long)compare->seeds,
                    compare->seeds == 1 ? "" : "s");
    if (one != NULL)
        fore_buf_printf(out, ", %s each, SLO p99 < %s\nworkload: %s\n",
                        lab_table_span(arena, one->duration_s),
                        lab_table_latency(arena, (double)one->slo_ns), one->label);
    fore_buf_puts(out, "\n");
}

static void footnotes(const struct lab_compare *compare, struct fore_arena *arena,
                      struct fore_buf *out)
{
    if (compare->seeds > 1)
        fore_buf_puts(out, "  \xc2\xb1 half of the 95 % interval over the seeds; * a difference "
                           "whose interval leaves out zero\n");
    fore_buf_puts(out,
                  "  node-min: minutes x nodes whose p99 breaks the SLO; slow: requests above it\n"
                  "  vs reactive, regret (to oracle): difference in node-min, seed by seed\n");
    if (compare->bounds > 0)
        fore_buf_printf(
            out,
            "  lower bound: %s node-min that no placement avoids; %s while partitions stay whole\n",
            lab_table_number(arena, lab_compare_bound(compare, false).mean),
            lab_table_number(arena, lab_compare_bound(compare, true).mean));
    for (size_t p = 0; p < compare->policies.count; p++) {
        const struct lab_tune *tune = &compare->tune[p];
        if (!tune->done) continue;
        fore_buf_printf(out, "  %s tuned: ", compare->policies.item[p]);
        lab_tune_text(tune, out);
        fore_buf_printf(out, " (best of %zu on %s before the evaluation, %s node-min there)\n",
                        tune->settings,
                        lab_table_span(arena, (double)(tune->to - tune->from) / 1e9),
                        lab_table_number(arena, tune->violation_node_min));
    }
    for (size_t p = 0; p < compare->policies.count; p++)
        for (uint64_t seed = 1; seed <= compare->seeds; seed++)
            if (!lab_compare_done(compare, p, seed))
                fore_buf_printf(out, "  failed: %s, seed %llu: %s\n", compare->policies.item[p],
                                (unsigned long long)seed,
                                compare->report[p * compare->seeds + seed - 1].diag.text);
}

void lab_compare_text(const struct lab_compare *compare, struct fore_buf *out)
{
    struct fore_arena arena;
    fore_arena_init(&arena);
    struct lab_table table;
    title(compare, &arena, out);
    lab_table_init(&table, &arena, column_count(compare) + 4, 1);
    heading(compare, &table);
    for (size_t p = 0; p < compare->policies.count; p++)
        policy_row(compare, p, &table);
    lab_table_print(&table, "  ", out);
    footnotes(compare, &arena, out);
    fore_arena_fini(&arena);
}
