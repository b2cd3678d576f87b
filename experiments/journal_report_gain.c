/*
 * journal_report_gain.c - the report's section on what moves were to save and what they saved.
 *
 * A ratio of one says that the planner's promise held; the spread says how far one can rely on it.
 * Only promises of a second and more have a ratio: dividing by next to nothing says nothing.
 */
#include <math.h>
#include <stdlib.h>

#include "core/act/migrate.h"
#include "experiments/journal_report.h"
#include "experiments/table.h"

enum { GAINS_SHOWN = 50 };
static const double promise_min_s = 1;

struct sums {
    double predicted_s, realised_s;
    double source_predicted, source_realised; /* utilisation taken off, summed */
    size_t moves, worse, cut_short;
};

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* "0.94, quartiles 0.2 to 1.3, over 12 moves" */
static void print_spread(const char *of, double *ratio, size_t count, struct fore_buf *out)
{
    if (count == 0) return;
    qsort(ratio, count, sizeof *ratio, ascending);
    double at[3];
    for (size_t i = 0; i < 3; i++) {
        double rank = (double)(count - 1) * (double)(i + 1) / 4;
        size_t low = (size_t)rank, high = low + 1 < count ? low + 1 : low;
        at[i] = ratio[low] + (rank - (double)low) * (ratio[high] - ratio[low]);
    }
    fore_buf_printf(
        out, "           realised / predicted: median %.2f, quartiles %.2f to %.2f, over %zu %s\n",
        at[1], at[0], at[2], count, of);
}

/* Measured for at least half of the horizon that was left at the cut-over: else the partition soon
 * changed again, and what it would have saved is not known. */
static bool usable(const struct lab_report_move *move)
{
    const struct fore_event_gain *gain = &move->gain;
    if (!move->measured || !isfinite(gain->predicted_s) || !isfinite(gain->realised_s))
        return false;
    double copied_s = (double)(gain->cutover_ns - gain->began_ns) / 1e9;
    return (double)gain->window_s >= 0.5 * ((double)gain->horizon_s - copied_s);
}

static struct sums add_up(const struct lab_report *report, double *ratio, size_t *ratios)
{
    struct sums sums = {0};
    *ratios = 0;
    for (size_t i = 0; i < report->move_count; i++) {
        const struct fore_event_gain *gain = &report->move[i].gain;
        if (!usable(&report->move[i])) {
            sums.cut_short += report->move[i].measured;
            continue;
        }
        double predicted = (double)gain->predicted_s, realised = (double)gain->realised_s;
        sums.moves++;
        sums.worse += gain->worse != 0;
        sums.predicted_s += predicted;
        sums.realised_s += realised;
        sums.source_predicted += (double)(gain->source_before - gain->source_predicted);
        sums.source_realised += (double)(gain->source_before - gain->source_after);
        if (predicted >= promise_min_s) ratio[(*ratios)++] = realised / predicted;
    }
    return sums;
}

/* Moves of a plan come one after the other, or nearly so: each plan is summed at its first move. */
static size_t by_plan(const struct lab_report *report, double *ratio)
{
    size_t count = 0;
    for (size_t i = 0; i < report->move_count; i++) {
        uint64_t plan = report->move[i].gain.plan;
        double predicted = 0, realised = 0;
        bool first = usable(&report->move[i]);
        size_t from = i > FORE_PLAN_MOVES ? i - FORE_PLAN_MOVES : 0;
        for (size_t j = from; j < i && first; j++)
            first = !usable(&report->move[j]) || report->move[j].gain.plan != plan;
        for (size_t j = i; first && j < report->move_count && j < i + FORE_PLAN_MOVES; j++) {
            if (!usable(&report->move[j]) || report->move[j].gain.plan != plan) continue;
            predicted += (double)report->move[j].gain.predicted_s;
            realised += (double)report->move[j].gain.realised_s;
        }
        if (first && predicted >= promise_min_s) ratio[count++] = realised / predicted;
    }
    return count;
}

static void add_row(struct fore_arena *arena, const struct fore_event_gain *gain,
                    struct lab_table *table)
{
    double seconds = (double)gain->cutover_ns / 1e9;
    lab_table_add(table, "%s", lab_table_span(arena, seconds));
    lab_table_add(
        table, "%s",
        gain->kind < FORE_MOVE_KINDS ? fore_move_kind_text((enum fore_move_kind)gain->kind) : "?");
    lab_table_add(table, "%u", gain->partition);
    lab_table_add(table, "%u>%u", (unsigned)gain->source, (unsigned)gain->target);
    lab_table_add(table, "%s", lab_table_number(arena, (double)gain->predicted_s));
    lab_table_add(table, "%s", lab_table_number(arena, (double)gain->realised_s));
    lab_table_add(table, "%.2f>%.2f", (double)gain->violation_before,
                  (double)gain->violation_after);
    lab_table_add(table, "%.0f>%.0f (%.0f) %%", 100 * (double)gain->source_before,
                  100 * (double)gain->source_after, 100 * (double)gain->source_predicted);
    lab_table_add(table, "%.0f>%.0f (%.0f) %%", 100 * (double)gain->target_before,
                  100 * (double)gain->target_after, 100 * (double)gain->target_predicted);
    lab_table_add(table, "%.0f>%.0f (%.0f)", (double)gain->p99_before_ms,
                  (double)gain->p99_after_ms, (double)gain->p99_predicted_ms);
    lab_table_add(table, "%s", gain->worse != 0 ? "worse" : "");
}

static void print_table(const struct lab_report *report, struct fore_arena *arena,
                        struct fore_buf *out)
{
    static const char *const heading[] = {"cut over",
                                          "kind",
                                          "partition",
                                          "nodes",
                                          "predicted s",
                                          "realised s",
                                          "suffer",
                                          "source",
                                          "target",
                                          "p99 ms",
                                          "before>after (predicted)"};
    struct lab_table table;
    size_t shown = 0, more = 0;
    lab_table_init(&table, arena, FORE_COUNTOF(heading), 1 | 2 | 1024);
    for (size_t i = 0; i < FORE_COUNTOF(heading); i++)
        lab_table_add(&table, "%s", heading[i]);
    for (size_t i = 0; i < report->move_count; i++) {
        if (!usable(&report->move[i])) continue;
        if (shown == GAINS_SHOWN)
            more++;
        else
            add_row(arena, &report->move[i].gain, &table);
        shown += shown < GAINS_SHOWN;
    }
    lab_table_print(&table, "  ", out);
    if (more > 0)
        fore_buf_printf(out, "  ... and %zu more; `foreshard journal dump --kind gain`\n", more);
}

void lab_report_print_gain(const struct lab_report *report, struct fore_arena *arena,
                           struct fore_buf *out)
{
    double *ratio = FORE_NEW(arena, double, report->move_count + 1);
    size_t ratios;
    struct sums sums = add_up(report, ratio, &ratios);
    if (sums.moves == 0) return;
    fore_buf_printf(out,
                    "\ngain       %zu copies measured, %zu of them made things worse; %zu more "
                    "were changed too soon\n",
                    sums.moves, sums.worse, sums.cut_short);
    fore_buf_printf(out, "           violation node-seconds saved over the horizon: %s predicted, ",
                    lab_table_number(arena, sums.predicted_s));
    fore_buf_printf(out, "%s realised\n", lab_table_number(arena, sums.realised_s));
    print_spread("moves", ratio, ratios, out);
    print_spread("plans", ratio, by_plan(report, ratio), out);
    double moves = (double)sums.moves;
    fore_buf_printf(
        out,
        "           load of the source: %+.1f %% of a node predicted, %+.1f %% realised, a move\n",
        -100 * sums.source_predicted / moves, -100 * sums.source_realised / moves);
    print_table(report, arena, out);
}
