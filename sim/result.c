/* result.c - see result.h. Names and units of the JSON members are part of the interface. */
#include "sim/result.h"

#include <stdio.h>

static void put_quality(struct fore_json *json, const char *name, const struct fore_risk_quality *q)
{
    fore_json_object(json, name);
    fore_json_f64(json, "lead_s", q->lead_s);
    fore_json_f64(json, "count", q->count);
    fore_json_f64(json, "base_rate", q->base_rate);
    fore_json_f64(json, "brier_skill", q->brier_skill);
    fore_json_f64(json, "brier_skill_vs_persistence", q->brier_skill_vs_persistence);
    fore_json_f64(json, "ece", q->ece);
    fore_json_f64(json, "auc", q->auc);
    fore_json_object_end(json);
}

void sim_result_json_stable(const struct sim_result *result, struct fore_json *json)
{
    fore_json_string(json, "policy", result->policy);
    fore_json_u64(json, "seed", result->seed);
    fore_json_string(json, "workload", result->label);
    fore_json_u64(json, "requests", result->requests);
    fore_json_f64(json, "duration_s", result->duration_s);
    fore_json_object(json, "latency_ns");
    fore_json_u64(json, "p50", result->latency_p50_ns);
    fore_json_u64(json, "p99", result->latency_p99_ns);
    fore_json_u64(json, "p999", result->latency_p999_ns);
    fore_json_object_end(json);
    fore_json_u64(json, "slo_ns", result->slo_ns);
    fore_json_f64(json, "slo_violation_s", result->slo_violation_s);
    fore_json_f64(json, "slo_violation_node_min", result->slo_violation_node_min);
    if (result->even_node_min >= 0) fore_json_f64(json, "even_node_min", result->even_node_min);
    fore_json_f64(json, "slo_violation_request_share", result->slo_violation_request_share);
    fore_json_f64(json, "bytes_moved", result->bytes_moved);
    if (result->columns) fore_json_f64(json, "bytes_read", result->bytes_read);
    if (result->partition_bytes_max > 0) {
        fore_json_f64(json, "partition_bytes_max", result->partition_bytes_max);
        fore_json_f64(json, "size_violation_partition_min", result->size_violation_partition_min);
        fore_json_f64(json, "partition_bytes_peak", result->partition_bytes_peak);
    }
    if (result->node_bytes_max > 0) {
        fore_json_f64(json, "node_bytes_max", result->node_bytes_max);
        fore_json_f64(json, "node_full_min", result->node_full_min);
        fore_json_f64(json, "node_bytes_peak", result->node_bytes_peak);
    }
    fore_json_object(json, "moves");
    for (int kind = 0; kind < FORE_MOVE_KINDS; kind++)
        if ((result->elastic || !fore_move_of_node((enum fore_move_kind)kind)) &&
            (result->columns || !fore_move_of_columns((enum fore_move_kind)kind)))
            fore_json_u64(json, fore_move_kind_text((enum fore_move_kind)kind),
                          result->moves[kind]);
    fore_json_object_end(json);
    fore_json_object(json, "splits");
    fore_json_u64(json, "judged", result->splits_judged);
    fore_json_u64(json, "balanced", result->splits_balanced);
    fore_json_object_end(json);
    fore_json_u64(json, "moves_failed", result->moves_failed);
    fore_json_u64(json, "moves_cancelled", result->moves_cancelled);
    fore_json_u64(json, "moves_rolled_back", result->moves_rolled_back);
    fore_json_f64(json, "nodes_mean", result->nodes_mean);
    fore_json_f64(json, "imbalance_mean", result->imbalance_mean);
    fore_json_f64(json, "utilization_mean", result->utilization_mean);
    fore_json_u64(json, "alerts", result->alerts);
    put_quality(json, "rrs", &result->rrs);
}

void sim_result_json(const struct sim_result *result, struct fore_json *json)
{
    sim_result_json_stable(result, json);
    put_quality(json, "rrs_idle",
                &result->rrs_idle); /* another run's: no part of this one's digest */
    char digest[24];
    (void)snprintf(digest, sizeof digest, "%016llx", (unsigned long long)result->digest);
    fore_json_string(json, "digest", digest);
    fore_json_f64(json, "wall_s", result->wall_s);
    fore_json_f64(json, "cpu_s", result->cpu_s);
    fore_json_f64(json, "engine_cpu_s", result->engine_cpu_s);
    fore_json_u64(json, "peak_rss_bytes", result->peak_rss_bytes);
}

/* 1234567 -> "1 234 567" */
static const char *grouped(uint64_t value, char out[32])
{
    char digits[24];
    int len = snprintf(digits, sizeof digits, "%llu", (unsigned long long)value), at = 0;
    for (int i = 0; i < len; i++) {
        if (i > 0 && (len - i) % 3 == 0) out[at++] = ' ';
        out[at++] = digits[i];
    }
    out[at] = '\0';
    return out;
}

static const char *span_text(double seconds, char out[32])
{
    if (seconds < 120)
        (void)snprintf(out, 32, "%.4g s", seconds);
    else if (seconds < 7200)
        (void)snprintf(out, 32, "%.4g min", seconds / 60);
    else if (seconds < 2 * 86400)
        (void)snprintf(out, 32, "%.4g h", seconds / 3600);
    else
        (void)snprintf(out, 32, "%.4g d", seconds / 86400);
    return out;
}

static const char *bytes_text(double bytes, char out[32])
{
    static const char *const unit[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
    size_t u = 0;
    for (; bytes >= 1024 && u + 1 < FORE_COUNTOF(unit); u++)
        bytes /= 1024;
    (void)snprintf(out, 32, "%.4g %s", bytes, unit[u]);
    return out;
}

static double ms(uint64_t ns)
{
    return (double)ns / 1e6;
}

static void print_moves(const struct sim_result *result, struct fore_buf *out)
{
    char bytes[32];
    fore_buf_puts(out, "  moves        ");
    uint64_t total = 0;
    for (int kind = 0; kind < FORE_MOVE_KINDS; kind++) {
        if (result->moves[kind] == 0) continue;
        fore_buf_printf(out, "%s%s %llu", total > 0 ? ", " : "",
                        fore_move_kind_text((enum fore_move_kind)kind),
                        (unsigned long long)result->moves[kind]);
        total += result->moves[kind];
    }
    if (total == 0) fore_buf_puts(out, "none");
    fore_buf_printf(out, "; %s moved", bytes_text(result->bytes_moved, bytes));
    uint64_t bad = result->moves_failed + result->moves_cancelled + result->moves_rolled_back;
    if (bad > 0)
        fore_buf_printf(out, "; failed %llu, cancelled %llu, rolled back %llu",
                        (unsigned long long)result->moves_failed,
                        (unsigned long long)result->moves_cancelled,
                        (unsigned long long)result->moves_rolled_back);
    fore_buf_puts(out, "\n");
}

void sim_result_print(const struct sim_result *result, const struct sim_scenario *scenario,
                      struct fore_buf *out)
{
    char a[32], b[32];
    fore_buf_printf(out, "%s, policy %s, seed %llu (%s)\n", scenario->name, result->policy,
                    (unsigned long long)result->seed,
                    scenario->sim.fidelity == SIM_FLUID ? "fluid" : "every request");
    fore_buf_printf(out, "  workload     %s\n", result->label);
    fore_buf_printf(out, "  requests     %s in %s (%.4g/s)\n", grouped(result->requests, a),
                    span_text(result->duration_s, b),
                    result->duration_s > 0 ? (double)result->requests / result->duration_s : 0);
    fore_buf_printf(out, "  latency      p50 %.3g ms   p99 %.3g ms   p99.9 %.3g ms\n",
                    ms(result->latency_p50_ns), ms(result->latency_p99_ns),
                    ms(result->latency_p999_ns));
    fore_buf_printf(out,
                    "  SLO          p99 < %.3g ms, broken for %s; %.4g node-minutes; %.3g %% "
                    "of requests above\n",
                    ms(result->slo_ns), span_text(result->slo_violation_s, a),
                    result->slo_violation_node_min, 100 * result->slo_violation_request_share);
    if (result->even_node_min >= 0)
        fore_buf_printf(out, "  even         %.4g node-minutes if all nodes had carried the same\n",
                        result->even_node_min);
    fore_buf_printf(out,
                    "  nodes        %.4g in use, mean utilisation %.3g %%, hottest %.3g times "
                    "the mean\n",
                    result->nodes_mean, 100 * result->utilization_mean, result->imbalance_mean);
    print_moves(result, out);
    if (result->columns) {
        double each = result->requests > 0 ? result->bytes_read / (double)result->requests : 0;
        fore_buf_printf(out, "  bytes read   %s, ", bytes_text(result->bytes_read, a));
        fore_buf_printf(out, "%s a request\n", bytes_text(each, a));
    }
    if (result->partition_bytes_max > 0) {
        fore_buf_printf(out, "  size         at most %s of ",
                        bytes_text(result->partition_bytes_peak, a));
        fore_buf_printf(out, "%s, above it for %.4g partition-minutes\n",
                        bytes_text(result->partition_bytes_max, a),
                        result->size_violation_partition_min);
    }
    if (result->node_bytes_max > 0) {
        fore_buf_printf(out, "  node size    at most %s of ",
                        bytes_text(result->node_bytes_peak, a));
        fore_buf_printf(out, "%s, above it for %.4g node-minutes\n",
                        bytes_text(result->node_bytes_max, a), result->node_full_min);
    }
    fore_buf_printf(out, "  alerts       %llu\n", (unsigned long long)result->alerts);
    fore_buf_printf(out, "  digest       %016llx\n", (unsigned long long)result->digest);
    double share = result->cpu_s > 0 ? 100 * result->engine_cpu_s / result->cpu_s : 0;
    fore_buf_printf(out, "  cost         %.3g s wall, %.3g s CPU (%.0f %% engine), %s peak\n",
                    result->wall_s, result->cpu_s, share,
                    bytes_text((double)result->peak_rss_bytes, a));
}
