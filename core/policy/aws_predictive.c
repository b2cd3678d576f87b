/*
 * aws_predictive.c - predictive scaling as AWS documents it: an hourly forecast for 48 hours from
 * 24 hours to 14 days of history, renewed every 6 hours. The forecast only ever adds nodes; taking
 * them away, and help when it was wrong, is left to reactive scaling underneath.
 *
 * How AWS forecasts is not published. Here an hour is the mean of the same hour of the days before.
 */
#include "core/policy/elastic.h"
#include "core/policy/rows.h"

#include <math.h>

struct memory {
    struct fore_elastic_samples samples;
    uint32_t want;
    double *hour; /* [hours]: cores */
    fore_ns from; /* of hour[0]; 0: no forecast yet */
    size_t hours;
    struct fore_arena *perm;
};
static const fore_ns an_hour = 3600 * FORE_SEC, a_day = 86400 * FORE_SEC;

static void *begin(const struct fore_topology *topology, uint64_t seed, struct fore_arena *perm)
{
    (void)seed;
    struct memory *memory = FORE_NEW(perm, struct memory, 1);
    memory->want = fore_topology_in_use(topology);
    memory->perm = perm;
    return memory;
}

/* Mean load in the hour that begins at `at`, over the days that history holds. */
static double same_hour(const float *past, size_t count, fore_ns end, fore_ns step, fore_ns at)
{
    double sum = 0;
    size_t seen = 0;
    for (size_t i = 0; i < count; i++) {
        fore_ns begin = end - (fore_ns)(count - i) * step;
        if (begin % a_day / an_hour != at % a_day / an_hour) continue;
        sum += (double)past[i];
        seen++;
    }
    return seen == 0 ? 0 : sum / (double)seen;
}

static void refresh(const struct fore_policy_view *view, struct memory *memory,
                    struct fore_arena *scratch)
{
    const struct fore_elastic_options *options = &view->options->elastic;
    fore_ns now = view->planner->now, step = view->planner->observe->options.mid_step;
    if (memory->from != 0 && now - memory->from < options->aws_refresh) return;
    float *past;
    size_t count = fore_elastic_history(view, options->aws_history_max / step, scratch, &past);
    if (count < options->aws_history_min / step) return;
    if (memory->hour == NULL) {
        memory->hours = options->aws_horizon / an_hour;
        memory->hour = FORE_NEW(memory->perm, double, memory->hours);
    }
    memory->from = now / an_hour * an_hour;
    fore_ns end = fore_history_end(view->planner->observe->history, 1);
    for (size_t h = 0; h < memory->hours; h++)
        memory->hour[h] = same_hour(past, count, end, step, memory->from + h * an_hour);
}

/* The least number of nodes that the forecast allows now. */
static uint32_t foreseen(const struct fore_policy_view *view, const struct memory *memory)
{
    if (memory->from == 0) return 1;
    fore_ns now = view->planner->now, buffer = view->options->elastic.aws_buffer;
    size_t this = (size_t)((now - memory->from) / an_hour);
    size_t next = (size_t)((now + buffer - memory->from) / an_hour);
    double load = 0;
    for (size_t h = this; h <= next && h < memory->hours; h++)
        load = fmax(load, memory->hour[h]);
    return fore_elastic_nodes(view, load);
}

static void propose(const struct fore_policy_view *view, void *self, struct fore_arena *scratch,
                    struct fore_plan *out)
{
    struct memory *memory = self;
    refresh(view, memory, scratch);
    uint32_t least = foreseen(view, memory), want = memory->want;
    bool settled = fore_elastic_steer(view, want, scratch, out);
    if (!settled) memory->samples.count = 0;
    if (settled && fore_elastic_sample(view, &memory->samples))
        want = fore_elastic_react(view, &memory->samples, want);
    if (want < least) want = least;
    if (want == memory->want) return;
    memory->want = want;
    (void)fore_elastic_steer(view, want, scratch, out);
}

static const struct fore_policy_knob knobs[] = {
    {"elastic.node_load", "50% 55% 60% 65% 70% 75%"},
    {NULL,                NULL                     }
};

const struct fore_policy fore_policy_aws_predictive = {
    .name = "aws-predictive",
    .section = &fore_elastic_section,
    .options_at = offsetof(struct fore_policy_options, elastic),
    .about = "hourly forecast from the days before adds nodes, reactive scaling takes them away",
    .terms = fore_elastic_terms,
    .begin = begin,
    .propose = propose,
    .knob = knobs,
};
