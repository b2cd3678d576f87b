/*
 * homed.c - two loops: the planner for the coming hours, and beside it a placement for the whole
 * week that everybody comes home to (slow.h). predictive, oracle and nowcast-weekly are this, told
 * different things of the coming hours.
 */
#include "core/decide/hindsight.h"
#include "core/policy/rows.h"
#include "core/policy/slow.h"

struct memory {
    void *planned;
    struct fore_slow *slow;
    struct fore_hindsight hindsight;
};

void *fore_policy_homed_begin(const struct fore_topology *topology, uint64_t seed,
                              struct fore_arena *perm)
{
    struct memory *memory = FORE_NEW(perm, struct memory, 1);
    memory->planned = fore_policy_planned_begin(topology, seed, perm);
    memory->slow = fore_slow_create(topology, seed, perm);
    return memory;
}

/* Where a placement for the week is kept, what the fast loop fears must be what has come true. */
static void sober(const struct fore_hindsight *hindsight, double dearer,
                  struct fore_decide_options *options)
{
    double share = fore_hindsight_share(hindsight);
    options->move_price = (fore_ns)(dearer * (double)options->move_price / share);
    options->split_price = (fore_ns)((double)options->split_price / share);
    options->gain_min = (fore_ns)((double)options->gain_min / share);
}

/* The coming hours first; where they ask for nothing, the week. */
void fore_policy_homed_propose(const struct fore_policy_view *view, void *self,
                               struct fore_arena *scratch, struct fore_plan *out)
{
    struct memory *memory = self;
    struct fore_planner_input input = *view->planner;
    struct fore_decide_options options = *input.options;
    struct fore_policy_view fast = *view;
    fast.planner = &input;
    input.options = &options;
    if (input.calm) input.beyond = view->beyond;
    fore_slow_look(memory->slow, view, scratch, &input);
    if (input.home != NULL) sober(&memory->hindsight, view->options->slow.dearer, &options);
    fore_policy_planned_propose(&fast, memory->planned, scratch, out);
    const struct fore_scenario *ahead = view->nowcast;
    fore_hindsight_add(&memory->hindsight, view->planner, out->violation_after_s,
                       (double)ahead->steps * (double)ahead->step / 1e9);
    if (input.home == NULL && input.usual == NULL) return;
    input.term_count = view->policy->terms(view, input.term);
    fore_slow_send(memory->slow, &input, &view->options->slow, scratch, out);
}
