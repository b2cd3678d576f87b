/*
 * scenario.c - a file and --set into a scenario, and the checks that need more than one option.
 *
 * A path that does not end in .cfg is a trace: the same options, with the defaults of
 * workloads/scenarios/trace_replay.cfg set first, so that `foreshard replay some.csv` works.
 */
#include "sim/scenario.h"

#include <string.h>

#include "core/cluster/placement.h"
#include "sim/faults.h"
#include "sim/stretch.h"
#include "workloads/config.h"
#include "workloads/wide.h"

/* What a trace of unknown rate and size needs to be worth looking at. */
static const char *const trace_defaults[] = {
    "workload.kind=trace",         "cluster.nodes=8",
    "cluster.partitions=128",      "cluster.peak_utilization=0.7",
    "cluster.move_time_mean=1min", "observe.window=1s",
};

size_t sim_scenario_bindings(struct sim_scenario *scenario,
                             struct fore_option_binding out[SIM_SECTION_MAX])
{
    const struct fore_option_binding before[] = {
        {&wl_section,             &scenario->workload        },
        {&sim_cluster_section,    &scenario->cluster         },
        {&sim_section,            &scenario->sim             },
        {&fore_observe_section,   &scenario->engine.observe  },
        {&fore_forecast_section,  &scenario->engine.forecast },
        {&fore_decide_section,    &scenario->engine.decide   },
        {&fore_placement_section, &scenario->engine.placement},
        {&fore_timetable_section, &scenario->engine.timetable},
    };
    const struct fore_option_binding after[] = {
        {&fore_act_section,       &scenario->engine.act},
        {&sim_experiment_section, &scenario->experiment},
        {&sim_journal_section,    &scenario->journal   },
    };
    _Static_assert(FORE_COUNTOF(before) + FORE_POLICY_SECTIONS + FORE_COUNTOF(after) <=
                       SIM_SECTION_MAX,
                   "callers have room for this many");
    size_t count = FORE_COUNTOF(before);
    memcpy(out, before, sizeof before);
    count += fore_policy_bindings(&scenario->engine.policy, out + count);
    memcpy(out + count, after, sizeof after);
    return count + FORE_COUNTOF(after);
}

static enum fore_err unknown(const char *field, const char *word, const char *const *known,
                             size_t count, struct fore_diag *diag)
{
    const char *near = fore_option_nearest(word, known, count);
    if (near != NULL)
        return fore_err_set(diag, FORE_E_FORMAT, "%s = \"%.40s\": unknown; did you mean \"%s\"?",
                            field, word, near);
    return fore_err_set(diag, FORE_E_FORMAT,
                        "%s = \"%.40s\": unknown; \"%s\" is one of those known", field, word,
                        known[0]);
}

enum { KNOWN_MAX = 32, PROFILE_SLOTS_MAX = 10000 };

static enum fore_err check_policy(const char *field, const char *name, struct fore_diag *diag)
{
    if (fore_policy_find(name) != NULL) return FORE_E_OK;
    const char *known[KNOWN_MAX];
    size_t count = 0;
    for (; count < KNOWN_MAX && fore_policies[count] != NULL; count++)
        known[count] = fore_policies[count]->name;
    return unknown(field, name, known, count, diag);
}

static enum fore_err check_model(const char *field, const char *name, bool or_ensemble,
                                 struct fore_diag *diag)
{
    const char *known[KNOWN_MAX] = {"ensemble"};
    if (fore_model_find(name) != NULL || (or_ensemble && strcmp(name, known[0]) == 0))
        return FORE_E_OK;
    size_t count = or_ensemble ? 1 : 0;
    for (size_t i = 0; count < KNOWN_MAX && fore_models[i] != NULL; i++)
        known[count++] = fore_models[i]->name;
    return unknown(field, name, known, count, diag);
}

static enum fore_err check_names(const struct sim_scenario *scenario, struct fore_diag *diag)
{
    FORE_TRY(check_policy("policy.name", scenario->engine.policy.name, diag));
    for (size_t i = 0; i < scenario->experiment.policies.count; i++)
        FORE_TRY(check_policy("experiment.policies", scenario->experiment.policies.item[i], diag));
    const struct fore_strings *tune = &scenario->experiment.tune;
    for (size_t i = 0; i < tune->count; i++)
        if (strcmp(tune->item[i], "all") != 0 && strcmp(tune->item[i], "none") != 0)
            FORE_TRY(check_policy("experiment.tune", tune->item[i], diag));
    FORE_TRY(check_model("forecast.model", scenario->engine.forecast.model, true, diag));
    const char *decided = scenario->engine.decide.model;
    if (decided[0] != '\0') FORE_TRY(check_model("decide.model", decided, true, diag));
    for (size_t i = 0; i < scenario->engine.forecast.members.count; i++)
        FORE_TRY(check_model("forecast.members", scenario->engine.forecast.members.item[i], false,
                             diag));
    return FORE_E_OK;
}

static const uint64_t memory_max_bytes = UINT64_C(16) << 30;

/* What one partition costs: its history at three resolutions, counters, sketches, residuals. */
static double partition_memory(const struct sim_scenario *scenario)
{
    const struct fore_observe_options *observe = &scenario->engine.observe;
    double points =
        (double)observe->window_points + (double)observe->mid_points + (double)observe->long_points;
    return points * FORE_HIST_METRICS * sizeof(float) +
           (double)observe->range_samples * sizeof(uint64_t) + 1024;
}

static enum fore_err check_partitions(const struct sim_scenario *scenario, struct fore_diag *diag)
{
    const struct sim_cluster_options *cluster = &scenario->cluster;
    uint64_t most = cluster->partitions > cluster->partitions_max ? cluster->partitions
                                                                  : cluster->partitions_max;
    double need = (double)most * partition_memory(scenario), gib = 1024.0 * 1024 * 1024;
    if (most > UINT32_MAX / 8 || need > (double)memory_max_bytes)
        return fore_err_set(diag, FORE_E_RANGE,
                            "cluster.partitions: %llu partitions would need about %.0f GiB of "
                            "memory, the limit is %.0f GiB; ask for at most %.0f",
                            (unsigned long long)most, need / gib, (double)memory_max_bytes / gib,
                            (double)memory_max_bytes / partition_memory(scenario));
    if (cluster->partitions_max != 0 && cluster->partitions_max < cluster->partitions)
        return fore_err_set(
            diag, FORE_E_RANGE,
            "cluster.partitions_max is %llu, below cluster.partitions (%llu); raise "
            "it, or 0 for four times the start",
            (unsigned long long)cluster->partitions_max, (unsigned long long)cluster->partitions);
    if (cluster->placement == FORE_PLACE_SLOT && most > FORE_SLOT_COUNT)
        return fore_err_set(diag, FORE_E_RANGE,
                            "cluster.partitions: there are %d slots, so at most as many partitions "
                            "under slot placement, not %llu",
                            FORE_SLOT_COUNT, (unsigned long long)most);
    return FORE_E_OK;
}

static enum fore_err check_cluster(const struct sim_scenario *scenario, struct fore_diag *diag)
{
    const struct sim_cluster_options *cluster = &scenario->cluster;
    if (cluster->replicas > cluster->nodes)
        return fore_err_set(diag, FORE_E_RANGE,
                            "cluster.replicas: %llu replicas need as many nodes, there are %llu; "
                            "lower it or raise cluster.nodes",
                            (unsigned long long)cluster->replicas,
                            (unsigned long long)cluster->nodes);
    if (cluster->nodes_max != 0 && cluster->nodes_max < cluster->nodes)
        return fore_err_set(diag, FORE_E_RANGE,
                            "cluster.nodes_max is %llu, below cluster.nodes (%llu); raise it, or 0 "
                            "for a cluster that keeps its nodes",
                            (unsigned long long)cluster->nodes_max,
                            (unsigned long long)cluster->nodes);
    if (cluster->node_boot > scenario->engine.act.stall_max)
        return fore_err_set(diag, FORE_E_RANGE,
                            "cluster.node_boot (%gs) is longer than act.stall_max (%gs), so every "
                            "node would be given up before it is there; raise act.stall_max",
                            (double)cluster->node_boot / (double)FORE_SEC,
                            (double)scenario->engine.act.stall_max / (double)FORE_SEC);
    FORE_TRY(check_partitions(scenario, diag));
    if (cluster->initial == SIM_INITIAL_PROFILE &&
        cluster->initial_period / cluster->initial_step > PROFILE_SLOTS_MAX)
        return fore_err_set(diag, FORE_E_RANGE,
                            "cluster.initial_period is more than %d times cluster.initial_step; "
                            "lengthen the step",
                            PROFILE_SLOTS_MAX);
    const struct wl_options *workload = &scenario->workload;
    if (workload->kind == WL_KIND_SYNTHETIC && !(workload->rate > 0))
        return fore_err_set(diag, FORE_E_RANGE,
                            "workload.rate is 0: a synthetic workload needs requests; set it, for "
                            "instance \"5k/s\"");
    if (workload->kind == WL_KIND_SYNTHETIC && workload->span == 0)
        return fore_err_set(diag, FORE_E_RANGE,
                            "workload.span is 0: a synthetic workload never ends; say how long to "
                            "play it, for instance \"1h\"");
    return FORE_E_OK;
}

static enum fore_err multiple(const char *name, fore_ns value, fore_ns window,
                              struct fore_diag *diag)
{
    if (value % window == 0) return FORE_E_OK;
    return fore_err_set(diag, FORE_E_RANGE,
                        "%s (%gs) is not a multiple of observe.window (%gs); make it one", name,
                        (double)value / (double)FORE_SEC, (double)window / (double)FORE_SEC);
}

static enum fore_err check_times(const struct sim_scenario *scenario, struct fore_diag *diag)
{
    const struct fore_observe_options *observe = &scenario->engine.observe;
    const struct sim_experiment_options *experiment = &scenario->experiment;
    fore_ns window = observe->window, span = scenario->workload.span;
    if (window == 0) return fore_err_set(diag, FORE_E_RANGE, "observe.window is 0; try \"1s\"");
    FORE_TRY(multiple("observe.mid_step", observe->mid_step, window, diag));
    FORE_TRY(
        multiple("forecast.refresh_every", scenario->engine.forecast.refresh_every, window, diag));
    FORE_TRY(multiple("experiment.evaluate_from", experiment->evaluate_from, window, diag));
    FORE_TRY(multiple("experiment.act_from", experiment->act_from, window, diag));
    if (span != 0 && span < window)
        return fore_err_set(diag, FORE_E_RANGE,
                            "workload.span (%gs) is shorter than one observe.window (%gs)",
                            (double)span / (double)FORE_SEC, (double)window / (double)FORE_SEC);
    if (span != 0 && experiment->evaluate_from >= span)
        return fore_err_set(diag, FORE_E_RANGE,
                            "experiment.evaluate_from (%gs) is not before the end of the run "
                            "(workload.span, %gs): nothing would be measured",
                            (double)experiment->evaluate_from / (double)FORE_SEC,
                            (double)span / (double)FORE_SEC);
    return FORE_E_OK;
}

static enum fore_err check_stalls(const struct sim_options *sim, struct fore_diag *diag)
{
    if ((sim->stall_every > 0) != (sim->stall_mean > 0))
        return fore_err_set(
            diag, FORE_E_RANGE,
            "sim.stall_every and sim.stall_mean go together: give both, or neither");
    if (sim->stall_every > 0 && sim->stall_every < 2 * sim->stall_mean)
        return fore_err_set(
            diag, FORE_E_RANGE,
            "sim.stall_every (%gs) is below twice sim.stall_mean (%gs): nodes would "
            "do little else",
            (double)sim->stall_every / (double)FORE_SEC,
            (double)sim->stall_mean / (double)FORE_SEC);
    if (sim->stall_every > 0 && sim->fidelity == SIM_FLUID)
        return fore_err_set(diag, FORE_E_UNSUPPORTED,
                            "sim.stall_every: rates know no stalls; set sim.fidelity to "
                            "\"request\"");
    return FORE_E_OK;
}

/* What rates do not know is refused rather than left out. */
static enum fore_err check_ways(const struct sim_scenario *scenario, struct fore_diag *diag)
{
    const struct sim_options *sim = &scenario->sim;
    const struct sim_cluster_options *cluster = &scenario->cluster;
    struct sim_stretch stretch;
    FORE_TRY(sim_stretch_parse(&cluster->link_stretch, "cluster.link_stretch", &stretch, diag));
    const char *name = sim->wake_rest > 0        ? "sim.wake_rest"
                       : sim->kib_service > 0    ? "sim.kib_service"
                       : cluster->link_sigma > 0 ? "cluster.link_sigma"
                       : stretch.count > 0       ? "cluster.link_stretch"
                       : cluster->link_kib > 0   ? "cluster.link_kib"
                                                 : NULL;
    if ((sim->wake > 0 || sim->wake_delay > 0) && sim->wake_rest == 0)
        return fore_err_set(diag, FORE_E_RANGE,
                            "sim.wake and sim.wake_delay are of a core that sleeps: give "
                            "sim.wake_rest too");
    if (name == NULL || sim->fidelity != SIM_FLUID) return FORE_E_OK;
    return fore_err_set(diag, FORE_E_UNSUPPORTED,
                        "%s: rates know nothing of it; set sim.fidelity to \"request\"", name);
}

static enum fore_err check_rows(const struct sim_scenario *scenario, struct fore_diag *diag)
{
    struct wl_wide wide;
    FORE_TRY(wl_wide_parse(&scenario->workload, &wide, diag));
    if (scenario->sim.fidelity == SIM_FLUID && scenario->cluster.insert_bytes > 0)
        return fore_err_set(diag, FORE_E_UNSUPPORTED,
                            "cluster.insert_bytes: rates know no rows; set sim.fidelity to "
                            "\"request\"");
    if (scenario->cluster.placement != FORE_PLACE_RANGE && scenario->cluster.insert_bytes > 0)
        return fore_err_set(diag, FORE_E_UNSUPPORTED,
                            "cluster.insert_bytes: what is hashed is not inserted in the order of "
                            "its key; set cluster.placement to \"range\"");
    if (scenario->sim.fidelity == SIM_FLUID && wide.columns > 0)
        return fore_err_set(diag, FORE_E_UNSUPPORTED,
                            "workload.row_columns: rates know no columns; set sim.fidelity to "
                            "\"request\"");
    if (scenario->sim.byte_cost > 0 && wide.columns == 0)
        return fore_err_set(diag, FORE_E_RANGE,
                            "sim.byte_cost is set, and the workload names no columns; give "
                            "workload.row_columns, or 0");
    return FORE_E_OK;
}

static bool ends_in(const char *text, const char *tail)
{
    size_t len = strlen(text), tail_len = strlen(tail);
    return len >= tail_len && strcmp(text + len - tail_len, tail) == 0;
}

static const char *base_name(const char *path, struct fore_arena *perm)
{
    const char *slash = strrchr(path, '/');
    const char *base = slash != NULL ? slash + 1 : path;
    size_t len = strlen(base) - (ends_in(base, ".cfg") ? 4 : 0);
    return fore_arena_printf(perm, "%.*s", (int)len, base);
}

/* The trace's defaults, then the trace, then what the user sets. */
static struct fore_strings trace_sets(const char *path, const struct fore_strings *sets,
                                      struct fore_arena *perm)
{
    size_t defaults = FORE_COUNTOF(trace_defaults), given = sets != NULL ? sets->count : 0;
    const char **item = FORE_NEW(perm, const char *, defaults + 1 + given);
    memcpy(item, trace_defaults, sizeof trace_defaults);
    item[defaults] = fore_arena_printf(perm, "workload.trace=%s", path);
    if (given > 0) memcpy(item + defaults + 1, sets->item, given * sizeof *item);
    return (struct fore_strings){.item = item, .count = defaults + 1 + given};
}

enum fore_err sim_scenario_load(const char *path, const struct fore_strings *sets,
                                struct fore_arena *perm, struct sim_scenario *out,
                                struct fore_diag *diag)
{
    static const struct fore_strings none = {0};
    *out = (struct sim_scenario){.path = fore_arena_strdup(perm, path)};
    out->name = base_name(path, perm);
    struct fore_option_binding binding[SIM_SECTION_MAX];
    size_t count = sim_scenario_bindings(out, binding);
    if (ends_in(path, ".cfg")) {
        FORE_TRY(wl_config_load(path, sets != NULL ? sets : &none, binding, count, perm, diag));
    } else {
        struct fore_strings all = trace_sets(path, sets, perm);
        FORE_TRY(wl_config_load(NULL, &all, binding, count, perm, diag));
    }
    out->sim.window = out->engine.observe.window;
    if (out->experiment.act_from == 0) out->experiment.act_from = out->experiment.evaluate_from;
    FORE_TRY(check_names(out, diag));
    FORE_TRY(check_cluster(out, diag));
    FORE_TRY(check_times(out, diag));
    FORE_TRY(sim_scenario_check_rules(out, diag));
    FORE_TRY(check_rows(out, diag));
    FORE_TRY(check_stalls(&out->sim, diag));
    FORE_TRY(check_ways(out, diag));
    return sim_faults_check(&out->sim.faults, (uint32_t)out->cluster.nodes, diag);
}

void sim_scenario_dump(const struct sim_scenario *scenario, struct fore_buf *out)
{
    struct sim_scenario copy = *scenario;
    struct fore_option_binding binding[SIM_SECTION_MAX];
    size_t count = sim_scenario_bindings(&copy, binding);
    for (size_t i = 0; i < count; i++) {
        fore_buf_printf(out, "%s: {\n", binding[i].section->name);
        fore_option_dump(binding[i], out);
        fore_buf_puts(out, "};\n");
    }
}
