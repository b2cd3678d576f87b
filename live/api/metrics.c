/* metrics.c - see metrics.h. A row is a family; its function writes the samples. */
#include "live/api/metrics.h"

#include "live/api/api_pages.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- samples ------------------------------------------------------------------------------- */

static void value(double number, struct fore_buf *out)
{
    if (isnan(number))
        fore_buf_puts(out, " NaN\n");
    else if (isinf(number))
        fore_buf_puts(out, number > 0 ? " +Inf\n" : " -Inf\n");
    else
        fore_buf_printf(out, " %.10g\n", number);
}

/* A label's value: backslash, quote and newline are escaped, alike in both formats. */
static void label(const char *name, const char *text, struct fore_buf *out)
{
    fore_buf_printf(out, "%s=\"", name);
    for (const char *p = text; *p != '\0'; p++) {
        if (*p == '\\' || *p == '"') fore_buf_puts(out, "\\");
        if (*p == '\n')
            fore_buf_puts(out, "\\n");
        else
            fore_buf_append(out, p, 1);
    }
    fore_buf_puts(out, "\"");
}

static void open_sample(const struct live_metric *metric, struct fore_buf *out)
{
    fore_buf_printf(out, "foreshard_%s%s", metric->name,
                    metric->kind == LIVE_COUNTER ? "_total"
                    : metric->kind == LIVE_INFO  ? "_info"
                                                 : "");
}

static void plain(const struct live_metric *metric, double number, struct fore_buf *out)
{
    open_sample(metric, out);
    value(number, out);
}

static void labelled(const struct live_metric *metric, const char *name, const char *text,
                     double number, struct fore_buf *out)
{
    open_sample(metric, out);
    fore_buf_puts(out, "{");
    label(name, text, out);
    fore_buf_puts(out, "}");
    value(number, out);
}

#define WRITES(of) \
    static void of(const struct live_picture *p, const struct live_metric *m, struct fore_buf *out)
#define PLAIN(of, number)        \
    WRITES(of)                   \
    {                            \
        plain(m, (number), out); \
    }
#define OF_NODES(of, number)                                    \
    WRITES(of)                                                  \
    {                                                           \
        for (uint32_t n = 0; n < p->node_count; n++) {          \
            const struct live_picture_node *node = &p->node[n]; \
            labelled(m, "node", node->name, (number), out);     \
        }                                                       \
    }
#define OF_TOP(of, number)                                                          \
    WRITES(of)                                                                      \
    {                                                                               \
        for (uint32_t i = 0; i < p->partition_count && i < p->metrics_top; i++) {   \
            const struct live_picture_partition *row = &p->partition[p->by_rrs[i]]; \
            partition_sample(p, m, row, (number), out);                             \
        }                                                                           \
    }

static void partition_sample(const struct live_picture *p, const struct live_metric *metric,
                             const struct live_picture_partition *row, double number,
                             struct fore_buf *out)
{
    char index[16];
    (void)snprintf(index, sizeof index, "%u", row->index);
    open_sample(metric, out);
    fore_buf_puts(out, "{");
    label("table", p->table[row->is.table].name, out);
    fore_buf_puts(out, ",");
    label("partition", index, out);
    fore_buf_puts(out, ",");
    label("node", p->node[row->is.replica[0]].name, out);
    fore_buf_puts(out, "}");
    value(number, out);
}

/* ---- the daemon ---------------------------------------------------------------------------- */

WRITES(build)
{
    open_sample(m, out);
    fore_buf_puts(out, "{");
    label("driver", p->driver, out);
    fore_buf_puts(out, ",");
    label("strategy", p->policy, out);
    fore_buf_puts(out, "}");
    value(1, out);
}

WRITES(mode)
{
    static const char *const modes[] = {"observe", "propose", "auto"};
    for (size_t i = 0; i < FORE_COUNTOF(modes); i++)
        labelled(m, "mode", modes[i], strcmp(modes[i], p->mode) == 0, out);
}

PLAIN(held, p->health.held)
PLAIN(frozen, p->health.frozen[0] != '\0')
PLAIN(seen_at, (double)p->unix_ms / 1e3)
PLAIN(steps, (double)p->health.steps)
PLAIN(step_last, p->health.step_last_s)
PLAIN(step_max, p->health.step_max_s)
PLAIN(late, (double)p->health.late)
PLAIN(http_requests, (double)p->health.answered)
PLAIN(http_refused, (double)p->health.refused)
PLAIN(listeners, (double)p->health.streams)
PLAIN(told, (double)p->health.told)
PLAIN(untold, (double)p->health.untold)

/* ---- the cluster --------------------------------------------------------------------------- */

PLAIN(slo, (double)p->slo / 1e9)
PLAIN(requests, p->window > 0 ? (double)p->cluster.requests * 1e9 / (double)p->window : 0)
PLAIN(slow_share,
      p->cluster.requests > 0 ? (double)p->cluster.slow / (double)p->cluster.requests : 0)
PLAIN(violation, (double)p->cluster.violation_s)
PLAIN(imbalance, (double)p->cluster.imbalance)
PLAIN(epoch, (double)p->epoch)
PLAIN(partitions, p->partition_count)

WRITES(latency)
{
    labelled(m, "percentile", "50", (double)p->cluster.p50_ns / 1e9, out);
    labelled(m, "percentile", "99", (double)p->cluster.p99_ns / 1e9, out);
    labelled(m, "percentile", "99.9", (double)p->cluster.p999_ns / 1e9, out);
}

OF_NODES(node_up, node->up)
OF_NODES(node_use, (double)node->load.utilization)
OF_NODES(node_move_use, (double)node->load.move_utilization)
OF_NODES(node_requests, (double)node->load.requests_per_sec)
OF_NODES(node_p99, (double)node->load.p99_ms / 1e3)
OF_NODES(node_peak, (double)node->load.forecast_peak)
OF_NODES(node_peak_high, (double)node->load.forecast_peak_high)
OF_NODES(node_partitions, node->partitions)
OF_NODES(node_bytes, (double)node->bytes)

OF_TOP(partition_rrs, row->score.rrs)
OF_TOP(partition_threshold, row->threshold)
OF_TOP(partition_probability, row->score.probability)
OF_TOP(partition_load, (double)row->load.load_cores)
OF_TOP(partition_requests, (double)(row->load.reads_per_sec + row->load.writes_per_sec))
OF_TOP(partition_bytes, (double)row->is.bytes)

/* ---- what was decided and done ------------------------------------------------------------- */

PLAIN(rrs_max, p->partition_count > 0 ? p->partition[p->by_rrs[0]].score.rrs : 0)
PLAIN(skill, p->skill)
PLAIN(plans, (double)p->counts.plans)
PLAIN(plans_admitted, (double)p->counts.plans_admitted)
PLAIN(moves_running, p->counts.moves_running)
PLAIN(moved_bytes, p->counts.migrate.bytes)
PLAIN(corrupt, (double)p->counts.migrate.corrupt)

WRITES(moves_done)
{
    for (int k = 0; k < FORE_MOVE_KINDS; k++)
        labelled(m, "kind", fore_move_kind_text((enum fore_move_kind)k),
                 (double)p->counts.migrate.done[k], out);
}

WRITES(moves_not_done)
{
    const struct fore_migrate_counts *counts = &p->counts.migrate;
    labelled(m, "outcome", "failed", (double)counts->failed, out);
    labelled(m, "outcome", "cancelled", (double)counts->cancelled, out);
    labelled(m, "outcome", "rolled-back", (double)counts->rolled_back, out);
    labelled(m, "outcome", "refused", (double)counts->refused, out);
}

/* By code, so that an alert rule can name one; the details are at /v1/alerts. */
WRITES(alerts)
{
    for (int c = 0; c < FORE_ALERT_CODES; c++) {
        uint32_t standing = 0;
        for (uint32_t i = 0; i < p->alert_count; i++)
            standing += p->alert[i].code == c && p->alert[i].resolved_unix_ms == 0;
        labelled(m, "code", fore_alert_code_text((enum fore_alert_code)c), standing, out);
    }
}

PLAIN(alerts_raised, (double)p->counts.alerts)

#define G LIVE_GAUGE
#define C LIVE_COUNTER
/* clang-format off */
const struct live_metric live_metrics[] = {
    {"build", LIVE_INFO, "What is driven, and by which policy.", build},
    {"mode", G, "1 for the mode in force.", mode},
    {"held", G, "1 while the kill file holds everything.", held},
    {"frozen", G, "1 while something else keeps moves from going on.", frozen},
    {"picture_timestamp_seconds", G, "When this was seen, Unix time.", seen_at},
    {"engine_steps", C, "Steps of the engine.", steps},
    {"engine_step_seconds", G, "What the last step took.", step_last},
    {"engine_step_max_seconds", G, "The longest step since the start.", step_max},
    {"engine_steps_late", C, "Steps begun more than 10 ms after they were due.", late},
    {"http_requests", C, "Requests answered.", http_requests},
    {"http_requests_refused", C, "Of these, with a status of 400 or more.", http_refused},
    {"http_listeners", G, "Listeners of /v1/events.", listeners},
    {"notifications", C, "Deliveries of alerts that were taken.", told},
    {"notifications_failed", C, "Deliveries that were not.", untold},
    {"slo_seconds", G, "What the p99 must stay below.", slo},
    {"requests_per_second", G, "Requests to the cluster, in the last window.", requests},
    {"latency_seconds", G, "Latency of the cluster in the last window, by percentile.", latency},
    {"slow_ratio", G, "Share of requests above the SLO in the last window.", slow_share},
    {"slo_violation_seconds", C, "Time in which the cluster broke its SLO.", violation},
    {"imbalance_ratio", G, "Hottest node's utilisation over the mean.", imbalance},
    {"topology_epoch", G, "Goes up with every change of ownership.", epoch},
    {"partitions", G, "Living partitions.", partitions},
    {"node_up", G, "1 while the node answers.", node_up},
    {"node_utilization_ratio", G, "Work offered over capacity.", node_use},
    {"node_move_utilization_ratio", G, "The part of it spent on moves.", node_move_use},
    {"node_requests_per_second", G, "Requests to the node.", node_requests},
    {"node_p99_seconds", G, "The node's p99 in the last window.", node_p99},
    {"node_forecast_peak_ratio", G, "Expected utilisation at the worst moment of the horizon.", node_peak},
    {"node_forecast_peak_high_ratio", G, "The same, at 90 %.", node_peak_high},
    {"node_partitions", G, "Partitions owned.", node_partitions},
    {"node_bytes", G, "Data of these.", node_bytes},
    {"partition_rrs", G, "Resharding recommendation score, of the highest few.", partition_rrs},
    {"partition_rrs_threshold", G, "From which on something is done about it.", partition_threshold},
    {"partition_bottleneck_probability", G, "That it is part of a bottleneck within the horizon.", partition_probability},
    {"partition_load_cores", G, "Its load, in cores.", partition_load},
    {"partition_requests_per_second", G, "Requests to it.", partition_requests},
    {"partition_bytes", G, "Its data.", partition_bytes},
    {"rrs_max", G, "The highest score of all partitions.", rrs_max},
    {"forecast_skill_ratio", G, "Error of the forecast over that of persistence; below 1 it is better.", skill},
    {"plans", C, "Plans made.", plans},
    {"plans_admitted", C, "Plans of which something was begun.", plans_admitted},
    {"moves_running", G, "Moves under way, those that are watched included.", moves_running},
    {"moves_done", C, "Moves finished, by kind.", moves_done},
    {"moves_not_done", C, "Moves that did not come to their end, by what became of them.", moves_not_done},
    {"moved_bytes", C, "Data moved.", moved_bytes},
    {"corrupt_moves", C, "Moves whose content did not add up.", corrupt},
    {"alerts", G, "Alerts that stand, by code.", alerts},
    {"alerts_raised", C, "Alerts said.", alerts_raised},
};
/* clang-format on */

size_t live_metric_count(void)
{
    return FORE_COUNTOF(live_metrics);
}

/* ---- the page ------------------------------------------------------------------------------ */

/* The two formats differ in how a family is called: with its suffix in the one, without it in the
 * other, which also knows units and has an end. */
static void head(const struct live_metric *metric, bool open_metrics, struct fore_buf *out)
{
    static const char *const units[] = {"seconds", "bytes", "ratio", "cores"};
    const char *suffix = metric->kind == LIVE_COUNTER ? "_total"
                         : metric->kind == LIVE_INFO  ? "_info"
                                                      : "";
    const char *type = metric->kind == LIVE_COUNTER                ? "counter"
                       : metric->kind == LIVE_INFO && open_metrics ? "info"
                                                                   : "gauge";
    if (open_metrics) suffix = "";
    fore_buf_printf(out, "# HELP foreshard_%s%s %s\n", metric->name, suffix, metric->help);
    fore_buf_printf(out, "# TYPE foreshard_%s%s %s\n", metric->name, suffix, type);
    size_t len = strlen(metric->name);
    for (size_t i = 0; open_metrics && i < FORE_COUNTOF(units); i++) {
        size_t unit = strlen(units[i]);
        if (len > unit && metric->name[len - unit - 1] == '_' &&
            strcmp(metric->name + len - unit, units[i]) == 0)
            fore_buf_printf(out, "# UNIT foreshard_%s %s\n", metric->name, units[i]);
    }
}

void live_metrics_write(const struct live_picture *picture, bool open_metrics, struct fore_buf *out)
{
    for (size_t i = 0; i < FORE_COUNTOF(live_metrics); i++) {
        head(&live_metrics[i], open_metrics, out);
        live_metrics[i].write(picture, &live_metrics[i], out);
    }
    if (open_metrics) fore_buf_puts(out, "# EOF\n");
}

static void make_text(const struct live_picture *picture, struct fore_buf *out)
{
    live_metrics_write(picture, false, out);
}

static void make_open_metrics(const struct live_picture *picture, struct fore_buf *out)
{
    live_metrics_write(picture, true, out);
}

LIVE_PICTURE_HANDLER(metrics)
{
    if (request->open_metrics) {
        reply->type = "application/openmetrics-text; version=1.0.0; charset=utf-8";
        live_page_reply(picture, LIVE_PAGE_OPEN_METRICS, make_open_metrics, reply);
    } else {
        reply->type = "text/plain; version=0.0.4; charset=utf-8";
        live_page_reply(picture, LIVE_PAGE_METRICS, make_text, reply);
    }
}
