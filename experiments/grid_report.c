/*
 * grid_report.c - a grid as a page of Markdown, and as JSON.
 */
#include "experiments/grid_claims.h"

#include <math.h>
#include <string.h>

#include "experiments/table.h"

struct page {
    const struct lab_grid *grid;
    struct fore_buf *out;
    struct fore_arena arena;
    const struct lab_metric *violation, *bytes, *moves;
};

static const char *number(struct page *page, double value)
{
    return isnan(value) ? "-" : lab_table_number(&page->arena, value);
}

/* "12.3 ±0.4" over the seeds there are. */
static void put_stats(struct page *page, const struct lab_grid_entry *entry,
                      const struct lab_metric *metric, double unit)
{
    double x[1000];
    size_t n = 0;
    for (size_t s = 0; s < page->grid->options.seeds && n < FORE_COUNTOF(x); s++)
        if (entry->have[s]) x[n++] = lab_answer_metric(&entry->answer[s], metric) * unit;
    if (n == 0) {
        fore_buf_puts(page->out, "-");
        return;
    }
    struct lab_stats stats = lab_stats_of(x, n);
    fore_buf_puts(page->out, number(page, stats.mean));
    if (!isnan(stats.low))
        fore_buf_printf(page->out, " \xc2\xb1%s", number(page, (stats.high - stats.low) / 2));
}

static size_t seeds_played(const struct page *page, const struct lab_grid_entry *entry)
{
    size_t n = 0;
    for (size_t s = 0; s < page->grid->options.seeds; s++)
        n += entry->have[s];
    return n;
}

static void put_claims(struct page *page)
{
    const struct fore_strings *claims = &page->grid->options.claims;
    if (claims->count == 0) return;
    fore_buf_puts(page->out, "\n| claim | must | stretch | got [95 %] | worst cell | |\n"
                             "|---|---|---|---|---|---|\n");
    for (size_t i = 0; i < claims->count; i++) {
        struct lab_claim claim;
        struct fore_diag diag = {0};
        if (lab_claim_parse(claims->item[i], &page->arena, &claim, &diag) != FORE_E_OK) continue;
        struct lab_claim_result result = lab_claim_judge(page->grid, &claim);
        fore_buf_printf(page->out, "| %s | %s | %s | ", claim.name, claim.must, claim.stretch);
        lab_claim_number(&claim, result.value, page->out);
        if (!isnan(result.low)) {
            fore_buf_puts(page->out, " [");
            lab_claim_number(&claim, result.low, page->out);
            fore_buf_puts(page->out, ", ");
            lab_claim_number(&claim, result.high, page->out);
            fore_buf_puts(page->out, "]");
        }
        fore_buf_puts(page->out, " | ");
        if (result.cells > 0) {
            lab_claim_number(&claim, result.worst, page->out);
            fore_buf_printf(page->out, " (%s)", result.worst_cell);
        }
        fore_buf_printf(page->out, " | %s |\n", lab_verdict_text(result.verdict));
    }
}

static void put_settings(struct page *page, const struct lab_grid_entry *entry)
{
    struct fore_buf text = {0};
    if (!entry->tune.done || entry->tune.policy->knob == NULL) {
        fore_buf_puts(page->out, "-");
        return;
    }
    lab_tune_text(&entry->tune, &text);
    fore_buf_printf(page->out, "%s (%s there)", text.data,
                    number(page, entry->tune.violation_node_min));
    fore_buf_fini(&text);
}

static void put_confirmed(struct page *page, size_t c)
{
    size_t ours = lab_grid_policy(page->grid, "predictive");
    if (ours == SIZE_MAX) return;
    const struct lab_grid_entry *entry = lab_grid_at(page->grid, c, ours);
    if (!entry->confirmed) return;
    fore_buf_printf(page->out,
                    "\nThe first %s of it, predictive, seed 1: %s node-min as expected values, %s "
                    "request by request.\n",
                    lab_table_span(&page->arena, (double)page->grid->options.confirm / 1e9),
                    number(page, lab_answer_metric(&entry->fluid_week, page->violation)),
                    number(page, lab_answer_metric(&entry->request_week, page->violation)));
}

static const char *label_of(const struct page *page, size_t c)
{
    for (size_t p = 0; p < page->grid->options.policies.count; p++)
        for (size_t s = 0; s < page->grid->options.seeds; s++) {
            const struct lab_grid_entry *entry = lab_grid_at(page->grid, c, p);
            if (entry->have[s]) return entry->answer[s].label;
        }
    return "not played";
}

static void put_cell(struct page *page, size_t c)
{
    const struct lab_grid *grid = page->grid;
    size_t best = lab_grid_best_peer(grid, c);
    fore_buf_printf(
        page->out, "\n### %s\n\n%s%s\n\n", grid->cell[c].name,
        grid->cell[c].stand_in ? "**Synthetic stand-in: the measured data was not there.** " : "",
        label_of(page, c));
    fore_buf_puts(page->out, "| policy | seeds | node-min | moved GB | moves | settings chosen "
                             "before (node-min) |\n|---|--:|--:|--:|--:|---|\n");
    for (size_t p = 0; p < grid->options.policies.count; p++) {
        const struct lab_grid_entry *entry = lab_grid_at(grid, c, p);
        fore_buf_printf(page->out, "| %s%s | %zu | ", grid->options.policies.item[p],
                        p == best ? " (best peer)" : "", seeds_played(page, entry));
        put_stats(page, entry, page->violation, 1);
        fore_buf_puts(page->out, " | ");
        put_stats(page, entry, page->bytes, 1e-9);
        fore_buf_puts(page->out, " | ");
        put_stats(page, entry, page->moves, 1);
        fore_buf_puts(page->out, " | ");
        put_settings(page, entry);
        fore_buf_puts(page->out, " |\n");
    }
    put_confirmed(page, c);
}

void lab_grid_markdown(const struct lab_grid *grid, const char *command, struct fore_buf *out)
{
    struct page page = {.grid = grid,
                        .out = out,
                        .violation = lab_metric_find(NULL, "slo_violation_node_min"),
                        .bytes = lab_metric_find(NULL, "bytes_moved"),
                        .moves = lab_metric_find("moves", "total")};
    fore_arena_init(&page.arena);
    fore_buf_printf(out, "# %zu cells, %zu policies, %llu seeds\n\nMade by `%s`.\n",
                    grid->cell_count, grid->options.policies.count,
                    (unsigned long long)grid->options.seeds, command);
    if (grid->options.finalists > 0)
        fore_buf_printf(out,
                        "Of the peers of a cell, the %llu best by the time before the evaluation "
                        "were played in it, and who was level with them.\n",
                        (unsigned long long)grid->options.finalists);
    if (grid->skipped > 0)
        fore_buf_printf(out, "**The budget ended it: %zu runs were not begun.**\n", grid->skipped);
    if (grid->failed > 0)
        fore_buf_printf(out, "**%zu runs failed, the first: %s**\n", grid->failed, grid->trouble);
    put_claims(&page);
    for (size_t c = 0; c < grid->cell_count; c++)
        put_cell(&page, c);
    fore_arena_fini(&page.arena);
}

/* ---- JSON ---- */

static void entry_json(const struct lab_grid *grid, const struct lab_grid_entry *entry,
                       const char *policy, struct fore_json *json)
{
    fore_json_object(json, NULL);
    fore_json_string(json, "policy", policy);
    fore_json_bool(json, "evaluated", entry->evaluated);
    if (entry->tune.done && entry->tune.policy->knob != NULL) {
        fore_json_array(json, "tuned");
        lab_tune_json(&entry->tune, json);
        fore_json_array_end(json);
    }
    fore_json_array(json, "runs");
    for (size_t s = 0; s < grid->options.seeds; s++) {
        if (!entry->have[s]) continue;
        fore_json_object(json, NULL);
        fore_json_u64(json, "seed", s + 1);
        for (size_t i = 0; i < lab_metric_count; i++) {
            if (lab_metrics[i].host) continue;
            char name[64];
            lab_metric_full_name(&lab_metrics[i], name);
            fore_json_f64(json, name, entry->answer[s].metric[i]);
        }
        fore_json_object_end(json);
    }
    fore_json_array_end(json);
    fore_json_object_end(json);
}

static void claim_json(const struct lab_grid *grid, const char *text, struct fore_arena *arena,
                       struct fore_json *json)
{
    struct lab_claim claim;
    struct fore_diag diag = {0};
    if (lab_claim_parse(text, arena, &claim, &diag) != FORE_E_OK) return;
    struct lab_claim_result result = lab_claim_judge(grid, &claim);
    fore_json_object(json, NULL);
    fore_json_string(json, "claim", claim.name);
    fore_json_string(json, "measure", claim.measure);
    fore_json_string(json, "must", claim.must);
    fore_json_string(json, "stretch", claim.stretch);
    fore_json_u64(json, "cells", result.cells);
    fore_json_f64(json, "value", result.value);
    fore_json_f64(json, "low", result.low);
    fore_json_f64(json, "high", result.high);
    fore_json_f64(json, "worst", result.cells > 0 ? result.worst : (double)NAN);
    fore_json_string(json, "worst_cell", result.cells > 0 ? result.worst_cell : "");
    fore_json_string(json, "verdict", lab_verdict_text(result.verdict));
    fore_json_object_end(json);
}

void lab_grid_json(const struct lab_grid *grid, struct fore_json *json)
{
    struct fore_arena arena;
    fore_arena_init(&arena);
    fore_json_u64(json, "seeds", grid->options.seeds);
    fore_json_u64(json, "failed", grid->failed);
    fore_json_u64(json, "skipped", grid->skipped);
    fore_json_array(json, "claims");
    for (size_t i = 0; i < grid->options.claims.count; i++)
        claim_json(grid, grid->options.claims.item[i], &arena, json);
    fore_json_array_end(json);
    fore_json_array(json, "cells");
    for (size_t c = 0; c < grid->cell_count; c++) {
        fore_json_object(json, NULL);
        fore_json_string(json, "cell", grid->cell[c].name);
        fore_json_bool(json, "stand_in", grid->cell[c].stand_in);
        fore_json_array(json, "policies");
        for (size_t p = 0; p < grid->options.policies.count; p++)
            entry_json(grid, lab_grid_at(grid, c, p), grid->options.policies.item[p], json);
        fore_json_array_end(json);
        fore_json_object_end(json);
    }
    fore_json_array_end(json);
    fore_arena_fini(&arena);
}
