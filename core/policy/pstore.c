/*
 * pstore.c - P-Store (Taft et al., SIGMOD'18): a forecast of the whole load, inflated by 15 %, and
 * a dynamic program that says how many nodes and when (decide/pstore_dp.h).
 *
 * The forecast is SPAR on the sum of all partitions. Of a plan only a change that is due now is
 * made, and the next plan follows when it is done. Fewer nodes must be asked for three times in a
 * row. When no plan carries the load, all the nodes it would need are added at once. A node sends
 * and receives one copy at its full bandwidth: P = 1, and D follows from bytes and bandwidth.
 */
#include "core/decide/pstore_dp.h"
#include "core/forecast/model.h"
#include "core/policy/elastic.h"
#include "core/policy/rows.h"

#include <math.h>

struct memory {
    struct fore_elastic_samples samples; /* only for their rhythm */
    uint32_t want;
    uint64_t scale_in_asked;
    struct fore_arena *perm;
    void *spar; /* fitted; NULL: not yet */
    fore_ns fitted_at;
};

static void *begin(const struct fore_topology *topology, uint64_t seed, struct fore_arena *perm)
{
    (void)seed;
    struct memory *memory = FORE_NEW(perm, struct memory, 1);
    memory->want = fore_topology_in_use(topology);
    memory->perm = perm;
    return memory;
}

/* A day of points; the model's periods. */
static uint32_t day_steps(const struct fore_policy_view *view)
{
    return (uint32_t)(86400 * FORE_SEC / view->planner->observe->options.mid_step);
}

static bool fit(const struct fore_policy_view *view, struct memory *memory,
                const struct fore_model *model, const struct fore_model_params *params,
                const struct fore_series_view *series, struct fore_arena *scratch)
{
    const struct fore_elastic_options *options = &view->options->elastic;
    fore_ns now = view->planner->now;
    if (memory->spar != NULL && now - memory->fitted_at < options->refit_every) return true;
    if (series->n < model->points_min(params, series->period[0], options->steps)) return false;
    void *fitted = NULL;
    if (model->fit(params, series, options->steps, memory->perm, scratch, &fitted) == FORE_E_OK) {
        memory->spar = fitted;
        memory->fitted_at = now;
    }
    return memory->spar != NULL;
}

/* Cores over the next steps; false until there is enough history, as in the original. */
static bool foresee(const struct fore_policy_view *view, struct memory *memory,
                    struct fore_arena *scratch, double *load)
{
    const struct fore_elastic_options *options = &view->options->elastic;
    const struct fore_model *model = fore_model_find("spar");
    struct fore_model_params params = {.spar_periods = (uint32_t)options->spar_periods,
                                       .spar_recent = (uint32_t)options->spar_recent,
                                       .ridge = 1e-4};
    fore_ns step = view->planner->observe->options.mid_step;
    float *past, *mean = FORE_NEW(scratch, float, options->steps);
    struct fore_series_view series = {.step_s = (double)step / 1e9, .period = {day_steps(view)}};
    series.n = fore_elastic_history(view, options->spar_history / step, scratch, &past);
    series.y = past;
    if (!fit(view, memory, model, &params, &series, scratch)) return false;
    model->predict(&params, memory->spar, &series, options->steps, mean);
    for (size_t h = 0; h < options->steps; h++)
        load[h] = (double)mean[h];
    return true;
}

static bool know(const struct fore_policy_view *view, double *load)
{
    const struct fore_scenario *truth = view->truth;
    if (truth == NULL) return false;
    for (size_t h = 0; h < view->options->elastic.steps; h++) {
        size_t at = h < truth->steps ? h : truth->steps - 1; /* beyond its horizon: as at its end */
        for (uint32_t p = 0; p < truth->partition_count; p++)
            load[h] += (double)truth->mean[(size_t)p * truth->steps + at];
    }
    return true;
}

static struct fore_pstore_plan plan(const struct fore_policy_view *view, double *load,
                                    struct fore_arena *scratch)
{
    const struct fore_planner_input *in = view->planner;
    const struct fore_elastic_options *options = &view->options->elastic;
    double bytes = in->bytes_mean * in->topology->alive_count;
    double step_s = (double)in->observe->options.mid_step / 1e9;
    double copy_s = bytes / in->topology->node[0].bandwidth_bytes * (1 + options->copy_buffer);
    load[0] = fore_elastic_load(view);
    for (size_t h = 1; h <= options->steps; h++)
        load[h] *= options->inflation;
    struct fore_pstore_dp dp = {.load = load,
                                .steps = options->steps,
                                .node_load = fore_elastic_node_load(view),
                                .copy_steps = copy_s / step_s,
                                .node_threads = 1,
                                .nodes = fore_topology_in_use(in->topology),
                                .nodes_max = in->topology->node_count};
    return fore_pstore_dp_plan(&dp, scratch);
}

/* What of the plan is done now. */
static void follow(const struct fore_policy_view *view, struct memory *memory,
                   const struct fore_pstore_plan *plan)
{
    bool due = !plan->feasible || plan->starts_at == 0;
    bool fewer = due && plan->nodes < memory->want;
    memory->scale_in_asked = fewer ? memory->scale_in_asked + 1 : 0;
    if (!due || (fewer && memory->scale_in_asked < view->options->elastic.scale_in_wait)) return;
    memory->scale_in_asked = 0;
    memory->want = plan->nodes;
}

static void propose_on(const struct fore_policy_view *view, struct memory *memory, bool oracle,
                       struct fore_arena *scratch, struct fore_plan *out)
{
    if (!fore_elastic_steer(view, memory->want, scratch, out) ||
        !fore_elastic_sample(view, &memory->samples))
        return;
    double *load = FORE_NEW(scratch, double, view->options->elastic.steps + 1);
    bool known = oracle ? know(view, load + 1) : foresee(view, memory, scratch, load + 1);
    if (!known) return;
    struct fore_pstore_plan next = plan(view, load, scratch);
    follow(view, memory, &next);
    (void)fore_elastic_steer(view, memory->want, scratch, out);
}

static void propose(const struct fore_policy_view *view, void *self, struct fore_arena *scratch,
                    struct fore_plan *out)
{
    propose_on(view, self, false, scratch, out);
}

static void propose_oracle(const struct fore_policy_view *view, void *self,
                           struct fore_arena *scratch, struct fore_plan *out)
{
    propose_on(view, self, true, scratch, out);
}

static const struct fore_policy_knob knobs[] = {
    {"elastic.inflation", "1 1.15 1.3" },
    {"elastic.node_load", "55% 65% 75%"},
    {NULL,                NULL         }
};

const struct fore_policy fore_policy_pstore = {
    .name = "pstore",
    .section = &fore_elastic_section,
    .options_at = offsetof(struct fore_policy_options, elastic),
    .about = "P-Store: SPAR on the whole load, dynamic programming over the number of nodes",
    .terms = fore_elastic_terms,
    .begin = begin,
    .propose = propose,
    .knob = knobs,
};

const struct fore_policy fore_policy_pstore_oracle = {
    .name = "pstore-oracle",
    .section = &fore_elastic_section,
    .options_at = offsetof(struct fore_policy_options, elastic),
    .about = "P-Store, told the true future load",
    .needs_truth = true,
    .terms = fore_elastic_terms,
    .begin = begin,
    .propose = propose_oracle,
    .knob = knobs,
};
