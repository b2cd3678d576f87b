/*
 * journal_report_text.c - the report as text.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/act/migrate.h"
#include "experiments/journal_report.h"
#include "experiments/table.h"

enum { HOTTEST = 10, MOVES_SHOWN = 200 };

struct page {
    const struct lab_report *report;
    struct fore_arena arena;
    struct fore_buf *out;
};

/* "2 d 03:04:05" since the run began. */
static const char *clock_text(struct page *page, fore_ns at)
{
    uint64_t s = at / FORE_SEC;
    if (s >= 86400)
        return fore_arena_printf(&page->arena, "%llu d %02u:%02u:%02u",
                                 (unsigned long long)(s / 86400), (unsigned)(s / 3600 % 24),
                                 (unsigned)(s / 60 % 60), (unsigned)(s % 60));
    return fore_arena_printf(&page->arena, "%02u:%02u:%02u", (unsigned)(s / 3600),
                             (unsigned)(s / 60 % 60), (unsigned)(s % 60));
}

static void print_summary(struct page *page, const struct fore_journal_header *header)
{
    const struct lab_report *report = page->report;
    const struct fore_event_cluster_load *newest = &report->newest;
    double span = (double)(report->last - report->first) / (double)FORE_SEC;
    fore_buf_printf(page->out, "run        seed %llu, %s, %llu events\n",
                    (unsigned long long)header->seed, lab_table_span(&page->arena, span),
                    (unsigned long long)report->records);
    fore_buf_printf(page->out, "cluster    %u nodes, %u partitions at the last keyframe\n",
                    report->node_count, report->alive_count);
    if (report->windows == 0) {
        fore_buf_puts(page->out, "load       none was journalled\n");
        return;
    }
    fore_buf_printf(page->out,
                    "load       %s requests a second in the windows journalled, hottest "
                    "node at %.2f times the mean\n",
                    lab_table_number(&page->arena, report->window_s > 0
                                                       ? (double)report->requests / report->window_s
                                                       : 0),
                    report->imbalance_sum / (double)report->windows);
    fore_buf_printf(page->out, "SLO        p99 < %s; broken for %s s; worst p99 %s at %s\n",
                    lab_table_latency(&page->arena, (double)newest->slo_ns),
                    lab_table_number(&page->arena, (double)newest->violation_s),
                    lab_table_latency(&page->arena, (double)report->p99_max_ns),
                    clock_text(page, report->p99_max_at));
    if (report->skipped > 0)
        fore_buf_printf(page->out, "note       %llu events were too short for their kind\n",
                        (unsigned long long)report->skipped);
}

static const char *place(struct page *page, uint16_t node)
{
    if (node == UINT16_MAX) return "-";
    return fore_arena_printf(&page->arena, "%u", (unsigned)node);
}

static const char *checked(struct page *page, const struct lab_report_move *move)
{
    if (!move->verified) return "-";
    if (move->verify.digests_equal == 0) return "DIGESTS DIFFER";
    if (move->verify.orphans > 0)
        return fore_arena_printf(&page->arena, "equal, %llu orphans swept",
                                 (unsigned long long)move->verify.orphans);
    return "equal";
}

static void move_row(struct page *page, const struct lab_report_move *move, struct lab_table *table)
{
    const struct fore_event_move *event = &move->last;
    bool known_kind = event->kind < FORE_MOVE_KINDS,
         known_state = event->state < FORE_MIGRATE_STATES;
    double took = move->ended != 0 ? (double)(move->ended - move->first_seen) / 1e9 : (double)NAN;
    lab_table_add(table, "%s", clock_text(page, move->first_seen));
    lab_table_add(table, "%s",
                  known_kind ? fore_move_kind_text((enum fore_move_kind)event->kind) : "?");
    if (event->partition == FORE_PARTITION_NONE)
        lab_table_add(table, "-");
    else
        lab_table_add(table, "%u", event->partition);
    lab_table_add(table, "%s", place(page, event->source));
    lab_table_add(table, "%s", place(page, event->target));
    lab_table_add(table, "%s",
                  known_state ? fore_migrate_state_text((enum fore_migrate_state)event->state)
                              : "?");
    lab_table_add(table, "%s", isnan(took) ? "-" : lab_table_span(&page->arena, took));
    lab_table_add(table, "%s", lab_table_bytes(&page->arena, (double)event->bytes_done));
    lab_table_add(table, "%s", checked(page, move));
    lab_table_add(table, "%s", move->why[0] != '\0' ? move->why : move->note);
}

static void print_moves(struct page *page)
{
    static const char *const heading[] = {"began", "kind", "partition", "from",    "to",
                                          "state", "took", "bytes",     "digests", "why"};
    const struct lab_report *report = page->report;
    fore_buf_printf(page->out, "\nmoves      %zu; plans: %llu admitted, %llu refused\n",
                    report->move_count, (unsigned long long)report->plans_admitted,
                    (unsigned long long)report->plans_refused);
    if (report->refused_why[0] != '\0')
        fore_buf_printf(page->out, "           last refusal: %s\n", report->refused_why);
    if (report->move_count == 0) return;
    struct lab_table table;
    lab_table_init(&table, &page->arena, FORE_COUNTOF(heading), 1 | 2 | 32 | 256 | 512);
    for (size_t i = 0; i < FORE_COUNTOF(heading); i++)
        lab_table_add(&table, "%s", heading[i]);
    for (size_t i = 0; i < report->move_count && i < MOVES_SHOWN; i++)
        move_row(page, &report->move[i], &table);
    lab_table_print(&table, "  ", page->out);
    if (report->move_count > MOVES_SHOWN)
        fore_buf_printf(page->out, "  ... and %zu more; `foreshard journal dump --kind move`\n",
                        report->move_count - MOVES_SHOWN);
}

/* "raised 3 times, 2 resolved after 35 s on average, 1 stands" */
static const char *fate(struct page *page, const struct lab_report_alert *alert, size_t code)
{
    uint64_t standing = 0;
    const char *after = "";
    if (!page->report->resolves) return "";
    for (size_t i = 0; i < page->report->open_count; i++)
        standing += page->report->open[i].code == code;
    if (alert->resolved > 0)
        after = fore_arena_printf(
            &page->arena, " after %s on average",
            lab_table_span(&page->arena, alert->stood_s / (double)alert->resolved));
    return fore_arena_printf(&page->arena, ", %llu resolved%s, %llu standing",
                             (unsigned long long)alert->resolved, after,
                             (unsigned long long)standing);
}

static void print_alerts(struct page *page)
{
    static const char *const severity[] = {"info", "warning", "critical"};
    fore_buf_puts(page->out, "\nalerts");
    bool any = false;
    for (size_t code = 0; code < FORE_ALERT_CODES; code++) {
        const struct lab_report_alert *alert = &page->report->alert[code];
        if (alert->count == 0) continue;
        fore_buf_printf(page->out, "%s  %-8s %s x%llu%s, from %s to %s: %s\n", any ? "" : "\n",
                        severity[alert->severity < 3 ? alert->severity : 2],
                        fore_alert_code_text((enum fore_alert_code)code),
                        (unsigned long long)alert->count, fate(page, alert, code),
                        clock_text(page, alert->first), clock_text(page, alert->last), alert->text);
        any = true;
    }
    if (!any) fore_buf_puts(page->out, "     none\n");
}

static void print_fallbacks(struct page *page)
{
    const struct lab_report_fallback *fallback = &page->report->fallback;
    if (fallback->count == 0) return;
    fore_ns lasted = fallback->lasted;
    if (fallback->since != 0 && page->report->last > fallback->since)
        lasted += page->report->last - fallback->since;
    fore_buf_printf(page->out,
                    "\nfallback   to the present load %llu time%s, %s in all%s; the first at %s\n"
                    "           at %s: %s\n",
                    (unsigned long long)fallback->count, fallback->count == 1 ? "" : "s",
                    lab_table_span(&page->arena, (double)lasted / (double)FORE_SEC),
                    fallback->since != 0 ? ", and still" : "", clock_text(page, fallback->first),
                    clock_text(page, fallback->last), fallback->text);
}

struct ranked {
    const struct lab_report_partition *partition;
};

static int hotter(const void *a, const void *b)
{
    const struct lab_report_partition *x = ((const struct ranked *)a)->partition;
    const struct lab_report_partition *y = ((const struct ranked *)b)->partition;
    if (x->load_sum > y->load_sum) return -1;
    if (x->load_sum < y->load_sum) return 1;
    return x < y ? -1 : x > y; /* one array: its order is the index order */
}

static void print_hottest(struct page *page)
{
    static const char *const heading[] = {"partition", "mean cores",  "peak",
                                          "at",        "highest RRS", "why"};
    const struct lab_report *report = page->report;
    size_t count = report->partition_count;
    struct ranked *order = FORE_NEW(&page->arena, struct ranked, count + 1);
    for (size_t i = 0; i < count; i++)
        order[i].partition = &report->partition[i];
    qsort(order, count, sizeof *order, hotter);
    fore_buf_puts(page->out, "\nhottest partitions\n");
    struct lab_table table;
    lab_table_init(&table, &page->arena, FORE_COUNTOF(heading), 32);
    for (size_t i = 0; i < FORE_COUNTOF(heading); i++)
        lab_table_add(&table, "%s", heading[i]);
    for (size_t i = 0; i < count && i < HOTTEST && order[i].partition->windows > 0; i++) {
        const struct lab_report_partition *one = order[i].partition;
        lab_table_add(&table, "%zu", (size_t)(one - report->partition));
        lab_table_add(&table, "%.3f", one->load_sum / (double)report->windows);
        lab_table_add(&table, "%.3f", one->load_max);
        lab_table_add(&table, "%s", clock_text(page, one->max_at));
        if (one->rrs_max > 0)
            lab_table_add(&table, "%.2f", (double)one->rrs_max);
        else
            lab_table_add(&table, "-");
        lab_table_add(&table, "%s", one->reason != NULL ? one->reason : "");
    }
    lab_table_print(&table, "  ", page->out);
}

void lab_report_print(const struct lab_report *report, const struct fore_journal_header *header,
                      struct fore_buf *out)
{
    struct page page = {.report = report, .out = out};
    fore_arena_init(&page.arena);
    print_summary(&page, header);
    print_moves(&page);
    lab_report_print_gain(report, &page.arena, out);
    print_alerts(&page);
    print_fallbacks(&page);
    if (report->windows > 0) print_hottest(&page);
    fore_arena_fini(&page.arena);
}
