/* schedule.c - one number of nodes by day and one by night, from the first week of the past
 * (P-Store's "simple" strategy). The run's clock is taken to begin at midnight. */
#include "core/policy/elastic.h"
#include "core/policy/rows.h"

#include <math.h>

struct memory {
    uint32_t day, night; /* 0: not known yet */
};
static const fore_ns a_day = 86400 * FORE_SEC;

static void *begin(const struct fore_topology *topology, uint64_t seed, struct fore_arena *perm)
{
    (void)topology, (void)seed;
    return FORE_NEW(perm, struct memory, 1);
}

static bool is_day(const struct fore_policy_view *view, fore_ns at)
{
    const struct fore_elastic_options *options = &view->options->elastic;
    fore_ns clock = at % a_day;
    return clock >= options->day_from && clock < options->day_to;
}

static void learn(const struct fore_policy_view *view, struct memory *memory,
                  struct fore_arena *scratch)
{
    float *past;
    size_t count = fore_elastic_history(view, SIZE_MAX, scratch, &past);
    fore_ns step = view->planner->observe->options.mid_step;
    fore_ns end = fore_history_end(view->planner->observe->history, 1);
    double most[2] = {0, 0};
    for (size_t i = 0; i < count && i < 7 * a_day / step; i++) {
        bool day = is_day(view, end - (fore_ns)(count - i) * step);
        most[day] = fmax(most[day], (double)past[i]);
    }
    double now = count == 0 ? fore_elastic_load(view) : 0;
    memory->night = fore_elastic_nodes(view, fmax(most[0], now));
    memory->day = fore_elastic_nodes(view, fmax(most[1], now));
}

static void propose(const struct fore_policy_view *view, void *self, struct fore_arena *scratch,
                    struct fore_plan *out)
{
    struct memory *memory = self;
    if (memory->day == 0) learn(view, memory, scratch);
    uint32_t want = is_day(view, view->planner->now) ? memory->day : memory->night;
    (void)fore_elastic_steer(view, want, scratch, out);
}

static const struct fore_policy_knob knobs[] = {
    {"elastic.day_from",  "5h 6h 7h 8h"},
    {"elastic.node_load", "55% 65% 75%"},
    {NULL,                NULL         }
};

const struct fore_policy fore_policy_schedule = {
    .name = "schedule",
    .section = &fore_elastic_section,
    .options_at = offsetof(struct fore_policy_options, elastic),
    .about = "one number of nodes by day, one by night, from the first week",
    .terms = fore_elastic_terms,
    .begin = begin,
    .propose = propose,
    .knob = knobs,
};
