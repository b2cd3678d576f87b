/*
 * compare_json.c - a comparison as programs read it:
 *
 *   {"scenario", "label", "fidelity", "seeds", "tuned": [{"policy", "chosen", ...}],
 *    "lower_bound": {"slo_violation_node_min": {"mean", "ci95"}, "whole_partitions_node_min"},
 *    "policies": [{"policy", METRIC: {"mean", "ci95": [low, high]}, ...,
 *                  "vs_reactive": {METRIC: {"mean", "ci95", "bootstrap95"}, ...},
 *                  "regret_to_oracle": {the same}, "gap_closed", "runs": [{as replay --json}]}]}
 *
 * lower_bound is what no placement avoids (sim/bound.h); null when the load cannot be counted.
 * Metrics have the names and the nesting of `replay --json`. An interval of one seed is null.
 */
#include <math.h>
#include <string.h>

#include "experiments/compare.h"

static void interval(struct fore_json *json, const char *key, double low, double high)
{
    if (isnan(low)) {
        fore_json_null(json, key);
        return;
    }
    fore_json_array(json, key);
    fore_json_f64(json, NULL, low);
    fore_json_f64(json, NULL, high);
    fore_json_array_end(json);
}

/* Opens and closes the group of a metric around its members. */
static void enter(struct fore_json *json, const struct lab_metric *metric)
{
    bool first = metric == lab_metrics || metric[-1].group != metric->group;
    if (metric->group != NULL && first) fore_json_object(json, metric->group);
}
static void leave(struct fore_json *json, const struct lab_metric *metric)
{
    bool last = metric == lab_metrics + lab_metric_count - 1 || metric[1].group != metric->group;
    if (metric->group != NULL && last) fore_json_object_end(json);
}

/* Is there anything to say of it in this scenario? */
static bool applies(const struct lab_compare *compare, const struct lab_metric *metric)
{
    switch (metric->of) {
    case LAB_METRIC_OF_COLUMNS: return compare->scenario->workload.row_columns.count > 0;
    case LAB_METRIC_OF_CEILING: return compare->scenario->cluster.partition_bytes_max > 0;
    case LAB_METRIC_OF_ROOM: return compare->scenario->cluster.node_bytes_max > 0;
    case LAB_METRIC_OF_ALL: break;
    }
    return true;
}

static void means(const struct lab_compare *compare, size_t policy, struct fore_json *json)
{
    for (size_t i = 0; i < lab_metric_count; i++) {
        if (!applies(compare, &lab_metrics[i])) continue;
        struct lab_stats stats = lab_compare_stats(compare, policy, &lab_metrics[i]);
        enter(json, &lab_metrics[i]);
        fore_json_object(json, lab_metrics[i].name);
        fore_json_f64(json, "mean", stats.mean);
        interval(json, "ci95", stats.low, stats.high);
        fore_json_object_end(json);
        leave(json, &lab_metrics[i]);
    }
}

static void versus(const struct lab_compare *compare, size_t policy, size_t base, const char *key,
                   struct fore_json *json)
{
    if (base == SIZE_MAX) {
        fore_json_null(json, key);
        return;
    }
    fore_json_object(json, key);
    for (size_t i = 0; i < lab_metric_count; i++) {
        const struct lab_metric *metric = &lab_metrics[i];
        if (metric->host || !applies(compare, metric)) continue;
        struct lab_stats_paired paired = lab_compare_versus(compare, policy, base, metric);
        enter(json, metric);
        fore_json_object(json, metric->name);
        fore_json_f64(json, "mean", paired.diff.mean);
        interval(json, "ci95", paired.diff.low, paired.diff.high);
        interval(json, "bootstrap95", paired.boot_low, paired.boot_high);
        fore_json_object_end(json);
        leave(json, metric);
    }
    fore_json_object_end(json);
}

static void runs(const struct lab_compare *compare, size_t policy, struct fore_json *json)
{
    fore_json_array(json, "runs");
    for (uint64_t seed = 1; seed <= compare->seeds; seed++) {
        size_t at = policy * compare->seeds + seed - 1;
        fore_json_object(json, NULL);
        if (lab_compare_done(compare, policy, seed)) {
            sim_result_json(&compare->run[at], json);
        } else {
            fore_json_string(json, "policy", compare->policies.item[policy]);
            fore_json_u64(json, "seed", seed);
            fore_json_string(json, "error", compare->report[at].diag.text);
        }
        fore_json_object_end(json);
    }
    fore_json_array_end(json);
}

static const char *label_of(const struct lab_compare *compare)
{
    for (size_t i = 0; i < compare->policies.count * compare->seeds; i++)
        if (compare->report[i].outcome == LAB_POOL_DONE) return compare->run[i].label;
    return "";
}

static void lower_bound(const struct lab_compare *compare, struct fore_json *json)
{
    static const char *const name[] = {"slo_violation_node_min", "whole_partitions_node_min"};
    if (compare->bounds == 0) {
        fore_json_null(json, "lower_bound");
        return;
    }
    fore_json_object(json, "lower_bound");
    for (int whole = 0; whole < 2; whole++) {
        struct lab_stats stats = lab_compare_bound(compare, whole == 1);
        fore_json_object(json, name[whole]);
        fore_json_f64(json, "mean", stats.mean);
        interval(json, "ci95", stats.low, stats.high);
        fore_json_object_end(json);
    }
    fore_json_object_end(json);
}

void lab_compare_json(const struct lab_compare *compare, struct fore_json *json)
{
    size_t reactive = lab_compare_index(compare, "reactive");
    size_t oracle = lab_compare_index(compare, "oracle");
    fore_json_string(json, "scenario", compare->scenario->name);
    fore_json_string(json, "label", label_of(compare));
    fore_json_string(json, "fidelity",
                     compare->scenario->sim.fidelity == SIM_FLUID ? "fluid" : "request");
    fore_json_u64(json, "seeds", compare->seeds);
    fore_json_u64(json, "failed", compare->failed);
    fore_json_array(json, "tuned");
    for (size_t p = 0; p < compare->policies.count; p++)
        if (compare->tune[p].done) lab_tune_json(&compare->tune[p], json);
    fore_json_array_end(json);
    lower_bound(compare, json);
    fore_json_array(json, "policies");
    for (size_t p = 0; p < compare->policies.count; p++) {
        fore_json_object(json, NULL);
        fore_json_string(json, "policy", compare->policies.item[p]);
        means(compare, p, json);
        versus(compare, p, reactive, "vs_reactive", json);
        versus(compare, p, oracle, "regret_to_oracle", json);
        fore_json_f64(json, "gap_closed", lab_compare_gap_closed(compare, p));
        runs(compare, p, json);
        fore_json_object_end(json);
    }
    fore_json_array_end(json);
}
