/* slow.c - when homes are chosen, what a change is worth, and the way there. */
#include "core/policy/slow.h"

#include "core/decide/crowd.h"
#include "core/decide/grain.h"
#include "core/decide/homing.h"
#include "core/decide/profile.h"
#include "core/decide/profile_placement.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const fore_ns day = 86400 * FORE_SEC;
static const double week_s = 7 * 86400; /* in which moves must pay */
static const double balance = 1e-5;     /* evenness for its own sake is worth hardly any move */
static const double fixed_price = 1e9, spread_least = 0.01;
static const double crowd_least = 1e-3; /* of the past: what is rarer is one accident */
static const double crowd_spread =
    0.05; /* of a node's part of a crowd, until homes are next chosen */
/* A profile of a few days tells the mean only so well, and minutes stray further than its points.
 */
static const double spread_margin = 1.5;
/* Node-slots looked at: a fifth of a second; and less where homes are chosen all day. */
static const uint64_t search_budget = 40000000, crowd_budget = 2000000;
enum { SLOTS_MOST = 168, TRIES_MOST = 3, DEARER_MOST = 4, ANEW_EVERY = 7, THROWS = 60 };
/* Plans of cuts before homes are chosen all the same, and of these without one. */
enum { CUTS_MOST = 200, CUTS_IDLE = 10 };

struct fore_slow {
    uint16_t *home;       /* [partition_cap] */
    uint32_t *generation; /* whose home it is */
    uint8_t *tries;
    double *usual; /* cores at its busiest usual time; no bound where it is not known */
    uint32_t cap;
    uint32_t cuts;    /* plans in which they were waited for since homes were chosen */
    uint32_t idle;    /* ... of these the last ones, in which nothing could be cut */
    bool crowd;       /* homes are for the next crowd, not for the usual week */
    bool cutting;     /* homes are due, and what is too coarse is cut before */
    uint32_t choices; /* so far */
    fore_ns next_at;  /* 0: as soon as there is a past */
    double left;      /* of the budget: a share of all data, ... */
    fore_ns left_at;  /* ... then; it fills up again within a week */
    double worth_s;   /* of one move home, on average */
    uint64_t seed;
};

struct fore_slow *fore_slow_create(const struct fore_topology *topology, uint64_t seed,
                                   struct fore_arena *perm)
{
    struct fore_slow *slow = FORE_NEW(perm, struct fore_slow, 1);
    slow->cap = topology->partition_cap;
    slow->home = FORE_NEW(perm, uint16_t, slow->cap);
    slow->generation = FORE_NEW(perm, uint32_t, slow->cap);
    slow->tries = FORE_NEW(perm, uint8_t, slow->cap);
    slow->usual = FORE_NEW(perm, double, slow->cap);
    slow->seed = seed;
    return slow;
}

/* ---- the profile ----------------------------------------------------------------------------- */

static bool read_profile(const struct fore_policy_view *view, struct fore_arena *scratch,
                         struct fore_profile *out)
{
    const struct fore_slow_options *options = &view->options->slow;
    const struct fore_observe *observe = view->planner->observe;
    fore_ns period = options->period, step = options->step;
    if (fore_profile_covers(observe, step) < 2 * period && day < period) period = day;
    if (period / SLOTS_MOST > step) step = period / SLOTS_MOST;
    if (fore_profile_covers(observe, step) < 2 * period) return false;
    fore_profile_read(observe, view->planner->topology, period, step, scratch, out);
    return out->points > 0;
}

static double limit_of(const struct fore_policy_view *view)
{
    double limit = view->options->slow.limit;
    return limit > 0 ? limit : view->planner->options->utilization_limit;
}

static bool has_crowds(const struct fore_policy_view *view, struct fore_arena *scratch)
{
    const struct fore_slow_options *options = &view->options->slow;
    struct fore_profile profile;
    if (!(options->crowd > 0) || !read_profile(view, scratch, &profile)) return false;
    return fore_profile_above(view->planner->observe, view->planner->topology, &profile,
                              options->crowd, scratch) >= crowd_least;
}

static bool read_crowd(const struct fore_policy_view *view, struct fore_arena *scratch,
                       struct fore_profile *out)
{
    const struct fore_slow_options *options = &view->options->slow;
    fore_crowd_profile(view->planner->observe, view->planner->topology, options->crowd_memory,
                       limit_of(view), options->crowd_share, scratch, out);
    return out->points > 0;
}

/* The time of day at which all partitions together ask for least. */
static fore_ns quietest(const struct fore_profile *profile, const struct fore_topology *topology)
{
    double least = HUGE_VAL;
    uint32_t at = 0, slots = (uint32_t)((day + profile->step - 1) / profile->step);
    for (uint32_t k = 0; k < slots && k < profile->slots; k++) {
        double sum = 0;
        for (uint32_t again = k; again < profile->slots; again += slots)
            for (uint32_t p = 0; p < topology->partition_count; p++)
                sum += (double)profile->load[(size_t)p * profile->slots + again];
        if (sum >= least) continue;
        least = sum;
        at = k;
    }
    return at * profile->step;
}

/* The next such time, but not so soon that there is nothing new. */
static fore_ns next_time(fore_ns now, fore_ns every, fore_ns quiet, fore_ns period)
{
    fore_ns cycle = period < day ? period : day;
    fore_ns from = now + every / 2, at = from / cycle * cycle + quiet % cycle;
    return at < from ? at + cycle : at;
}

/* ---- the choice ------------------------------------------------------------------------------ */

struct choice {
    struct fore_profile_placement problem;
    uint16_t *from, *owner;
    double *price, *capacity;
};

/* Dead ones have no load and may be anywhere; who has followers, or a rule of its own, stays. */
static void list_owners(const struct fore_planner_input *in,
                        const struct fore_slow_options *options, struct choice *choice)
{
    const struct fore_topology *topology = in->topology;
    fore_ns price = options->move_price > 0 ? options->move_price : in->options->move_price;
    double move_s = options->worth * (double)price / 1e9;
    double unit = in->bytes_unit > 0 ? in->bytes_unit : in->bytes_mean;
    for (uint32_t p = 0; p < topology->partition_count; p++) {
        const struct fore_partition *part = &topology->partition[p];
        if (!part->alive || part->replica_count == 0) continue;
        bool stays = part->replica_count > 1 ||
                     (in->partition_held != NULL && in->partition_held[p] == FORE_HOLD_NEVER);
        choice->from[p] = part->replica[0];
        choice->price[p] = move_s * (unit > 0 ? (double)part->bytes / unit : 1) / week_s;
        if (stays) choice->price[p] = fixed_price;
    }
}

/* False while somebody lives on a node that does not serve: that is for others to mend. */
static bool list_nodes(const struct fore_topology *topology, struct choice *choice)
{
    for (uint32_t n = 0; n < topology->node_count; n++) {
        bool serves = fore_node_serves(&topology->node[n]);
        choice->capacity[n] = serves ? topology->node[n].cores : 0;
    }
    for (uint32_t p = 0; p < topology->partition_count; p++)
        if (topology->partition[p].alive && topology->partition[p].replica_count > 0 &&
            !(choice->capacity[topology->partition[p].replica[0]] > 0))
            return false;
    return topology->alive_count > 0;
}

static double bytes_moved(const struct fore_topology *topology, const struct choice *choice)
{
    double sum = 0;
    for (uint32_t p = 0; p < topology->partition_count; p++)
        if (topology->partition[p].alive && choice->owner[p] != choice->from[p])
            sum += (double)topology->partition[p].bytes;
    return sum;
}

/* Nodes of one size may change names: those that keep most bytes where they are get each other's.
 * The largest overlap first. */
static void rename_nodes(const struct fore_topology *topology, const struct choice *choice,
                         struct fore_arena *scratch, uint16_t *owner)
{
    uint32_t nodes = topology->node_count, count = topology->partition_count;
    double *stays = FORE_NEW(scratch, double, (size_t)nodes *nodes);
    uint16_t *name = FORE_NEW(scratch, uint16_t, nodes);
    bool *named = FORE_NEW(scratch, bool, nodes), *used = FORE_NEW(scratch, bool, nodes);
    for (uint32_t p = 0; p < count; p++)
        if (topology->partition[p].alive)
            stays[(size_t)owner[p] * nodes + choice->from[p]] +=
                (double)topology->partition[p].bytes;
    for (uint32_t k = 0; k < nodes; k++) {
        uint32_t best = UINT32_MAX, best_name = 0;
        for (uint32_t n = 0; n < nodes; n++)
            for (uint32_t m = 0; m < nodes && !named[n]; m++)
                if (!used[m] && fabs(choice->capacity[n] - choice->capacity[m]) < 1e-9 &&
                    (best == UINT32_MAX ||
                     stays[(size_t)n * nodes + m] > stays[(size_t)best * nodes + best_name])) {
                    best = n;
                    best_name = m;
                }
        named[best] = used[best_name] = true;
        name[best] = (uint16_t)best_name;
    }
    for (uint32_t p = 0; p < count; p++)
        owner[p] = name[owner[p]];
}

/* The best for its price from where everybody is; and, `anew`, from the best placement of all,
 * which no single step may lead to. */
static struct fore_profile_cost search(const struct fore_topology *topology, struct choice *choice,
                                       bool anew, struct fore_arena *scratch)
{
    struct fore_profile_placement problem = choice->problem;
    uint32_t count = topology->partition_count;
    struct fore_profile_cost best = fore_profile_placement_solve(&problem, scratch, choice->owner);
    if (!anew) return best;
    uint16_t *start = FORE_NEW(scratch, uint16_t, count + 1);
    uint16_t *other = FORE_NEW(scratch, uint16_t, count + 1);
    problem.from = NULL;
    problem.price = NULL;
    (void)fore_profile_placement_solve(&problem, scratch, start);
    rename_nodes(topology, choice, scratch, start);
    problem = choice->problem;
    problem.start = start;
    struct fore_profile_cost cost = fore_profile_placement_solve(&problem, scratch, other);
    if (cost.all >= best.all) return best;
    memcpy(choice->owner, other, count * sizeof *other);
    return cost;
}

/* Dearer and dearer, until the budget is kept. False: nothing is worth its price. */
static bool solve(const struct fore_policy_view *view, struct fore_slow *slow,
                  struct choice *choice, struct fore_arena *scratch)
{
    const struct fore_planner_input *in = view->planner;
    const struct fore_slow_options *options = &view->options->slow;
    uint32_t count = in->topology->partition_count;
    double all = in->bytes_mean * in->topology->alive_count, scale = 1;
    double waited = slow->choices > 0 ? (double)(in->now - slow->left_at) / 1e9 / week_s : 1;
    slow->left = fmin(options->budget, slow->left + options->budget * waited);
    slow->left_at = in->now;
    double before = fore_profile_placement_cost(&choice->problem, choice->from, scratch).all;
    for (int i = 0; i < DEARER_MOST; i++) {
        struct fore_arena_mark mark = fore_arena_mark(scratch);
        bool anew = !slow->crowd && slow->choices % ANEW_EVERY == 0;
        struct fore_profile_cost after = search(in->topology, choice, anew, scratch);
        fore_arena_reset(scratch, mark);
        double gain_s = (before - after.all + after.price) * week_s;
        double price_s = after.price / scale * week_s; /* `worth` times the moves' */
        uint32_t moves = 0;
        for (uint32_t p = 0; p < count; p++)
            moves += choice->owner[p] != choice->from[p];
        if (moves == 0 || gain_s < price_s) return false;
        double moved = all > 0 ? bytes_moved(in->topology, choice) / all : 0;
        if (moved <= slow->left) {
            slow->left -= moved;
            slow->worth_s = gain_s / moves;
            return true;
        }
        for (uint32_t p = 0; p < count; p++)
            choice->price[p] *= 4;
        scale *= 4;
    }
    return false;
}

static void settle(struct fore_slow *slow, const struct fore_topology *topology,
                   const uint16_t *owner)
{
    for (uint32_t p = 0; p < topology->partition_count; p++) {
        bool alive = topology->partition[p].alive && topology->partition[p].replica_count > 0;
        slow->home[p] = alive ? owner[p] : FORE_NODE_NONE;
        slow->generation[p] = topology->partition[p].generation;
        bool there = alive && owner[p] == topology->partition[p].replica[0];
        slow->tries[p] = there ? TRIES_MOST : 0;
    }
    slow->choices++;
}

/* What all err by together, as far as the forecast looks ahead, and each by itself, as it has been
 * seen to. What is cut from one partition errs together. */
static void split_spread(const struct fore_policy_view *view, const struct fore_profile *profile,
                         struct fore_arena *scratch, struct fore_profile_placement *problem)
{
    const struct fore_scenario *s = view->forecast;
    double mean = 0, common = 0;
    uint32_t *group = FORE_NEW(scratch, uint32_t, problem->partitions + 1);
    for (uint32_t p = 0; p < problem->partitions; p++) {
        group[p] = p;
        if (s->kin == NULL || p >= s->partition_count) continue;
        for (uint32_t q = s->kin[p]; q != p; q = s->kin[q])
            if (q < group[p]) group[p] = q;
    }
    for (uint32_t p = 0; p < s->partition_count && p < problem->partitions; p++) {
        size_t at = (size_t)p * s->steps + s->steps - 1;
        mean += (double)s->mean[at];
        common += (double)s->common[at];
    }
    const struct fore_planner_input *in = view->planner;
    problem->group = group;
    problem->stray = fore_profile_strays(in->observe, in->topology, profile, scratch);
    if (mean > 0) problem->spread = fmax(spread_margin * common / mean, spread_least);
}

static void choose(struct fore_slow *slow, const struct fore_policy_view *view,
                   struct fore_arena *scratch)
{
    const struct fore_planner_input *in = view->planner;
    const struct fore_slow_options *options = &view->options->slow;
    const struct fore_topology *topology = in->topology;
    struct fore_profile profile = {0};
    bool known =
        slow->crowd ? read_crowd(view, scratch, &profile) : read_profile(view, scratch, &profile);
    if (!known) return;
    uint32_t room = topology->partition_count + 1;
    struct choice choice = {.from = FORE_NEW(scratch, uint16_t, room),
                            .owner = FORE_NEW(scratch, uint16_t, room),
                            .price = FORE_NEW(scratch, double, room),
                            .capacity = FORE_NEW(scratch, double, topology->node_count)};
    slow->next_at = in->now + options->every / 24;
    if (!list_nodes(topology, &choice)) return;
    list_owners(in, options, &choice);
    double spread = slow->crowd ? crowd_spread : options->spread;
    if (!(spread > 0))
        spread = fmax(spread_margin * fore_profile_spread(in->observe, topology, &profile, scratch),
                      spread_least);
    choice.problem =
        (struct fore_profile_placement){.partitions = topology->partition_count,
                                        .nodes = topology->node_count,
                                        .slots = profile.slots,
                                        .load = profile.load,
                                        .weight = profile.weight,
                                        .capacity = choice.capacity,
                                        .limit = limit_of(view),
                                        .spread = spread,
                                        .from = choice.from,
                                        .price = choice.price,
                                        .balance = balance,
                                        .depth = in->options->excess_weight,
                                        .budget = slow->crowd ? crowd_budget : search_budget,
                                        .throws = THROWS,
                                        .seed = slow->seed};
    if (options->grain > 0 && !(options->spread > 0) && !slow->crowd)
        split_spread(view, &profile, scratch, &choice.problem);
    bool better = solve(view, slow, &choice, scratch);
    settle(slow, topology, better ? choice.owner : choice.from);
    slow->next_at = in->now + options->crowd_every;
    if (slow->crowd) return;
    slow->next_at = next_time(in->now, options->every, quietest(&profile, topology),
                              profile.slots * profile.step);
}

/* ---- the grain ------------------------------------------------------------------------------- */

static double grain_of(const struct fore_slow *slow, const struct fore_slow_options *options)
{
    return slow->crowd ? options->crowd_grain : options->grain;
}

static double grain_cores(const struct fore_topology *topology, double grain)
{
    double cores = 0;
    uint32_t serving = 0;
    for (uint32_t n = 0; n < topology->node_count; n++) {
        if (!fore_node_serves(&topology->node[n])) continue;
        cores += topology->node[n].cores;
        serving++;
    }
    return serving > 0 ? grain * cores / serving : 0;
}

/* At the steps of the profile: of a week of hours, an hour's mean counts. Or in the worst of the
 * crowd. */
static void learn_usual(struct fore_slow *slow, const struct fore_policy_view *view,
                        struct fore_arena *scratch)
{
    const struct fore_slow_options *options = &view->options->slow;
    struct fore_profile crowd;
    if (slow->crowd && read_crowd(view, scratch, &crowd)) {
        for (uint32_t p = 0; p < slow->cap; p++)
            slow->usual[p] = (double)crowd.load[(size_t)p * crowd.slots + crowd.slots - 1];
        return;
    }
    fore_ns step = options->step, least = options->period / SLOTS_MOST;
    const double *usual = fore_profile_busiest(view->planner->observe, view->planner->topology,
                                               least > step ? least : step, scratch);
    memcpy(slow->usual, usual, slow->cap * sizeof *slow->usual);
}

/* Homes are due. What is too coarse is cut before they are chosen. */
static void renew(struct fore_slow *slow, const struct fore_policy_view *view,
                  struct fore_arena *scratch)
{
    const struct fore_slow_options *options = &view->options->slow;
    if (slow->cuts == 0) slow->crowd = has_crowds(view, scratch);
    slow->cutting = grain_of(slow, options) > 0 && slow->cuts < CUTS_MOST;
    if (slow->cutting) {
        learn_usual(slow, view, scratch);
        return;
    }
    choose(slow, view, scratch);
    slow->cuts = slow->idle = 0;
}

/* ---- the way --------------------------------------------------------------------------------- */

/* Another life, or a new part: at home anywhere, and not merged before it is known. */
static void forget_strangers(struct fore_slow *slow, const struct fore_topology *topology)
{
    for (uint32_t p = 0; p < slow->cap; p++) {
        bool same = p < topology->partition_count && topology->partition[p].alive &&
                    topology->partition[p].generation == slow->generation[p];
        if (!same) slow->home[p] = FORE_NODE_NONE;
        if (!same && !slow->cutting) slow->usual[p] = HUGE_VAL;
        if (same && topology->partition[p].replica[0] == slow->home[p])
            slow->tries[p] =
                TRIES_MOST; /* what leaves again has its reasons: until the next time */
    }
}

void fore_slow_look(struct fore_slow *slow, const struct fore_policy_view *view,
                    struct fore_arena *scratch, struct fore_planner_input *input)
{
    if (!view->options->slow.on || (input->caps & FORE_CAP_NODES)) return;
    if (input->now >= slow->next_at && view->forecast->ready) renew(slow, view, scratch);
    if (slow->choices == 0 && !slow->cutting) return;
    forget_strangers(slow, input->topology);
    if (slow->choices > 0) input->home = slow->home;
    input->grain = grain_cores(input->topology, grain_of(slow, &view->options->slow));
    if (input->grain > 0) input->usual = slow->usual;
    input->kin_only = !view->options->slow.strangers;
}

/* Cuts carry no data: they go beside whatever else is planned. True: homes are not chosen yet. */
static bool send_cuts(struct fore_slow *slow, const struct fore_planner_input *input,
                      struct fore_plan *out)
{
    if (!slow->cutting) return false;
    uint32_t before = out->move_count;
    uint32_t left = fore_grain_cut(input, FORE_PLAN_MOVES, out);
    slow->idle = out->move_count > before ? 0 : slow->idle + 1;
    slow->cuts = left > 0 && slow->idle < CUTS_IDLE ? slow->cuts + 1 : CUTS_MOST;
    return true;
}

void fore_slow_send(struct fore_slow *slow, const struct fore_planner_input *input,
                    const struct fore_slow_options *options, struct fore_arena *scratch,
                    struct fore_plan *out)
{
    if (send_cuts(slow, input, out) || input->home == NULL) return;
    const struct fore_homing homing = {.home = slow->home,
                                       .tries = slow->tries,
                                       .tries_most = TRIES_MOST,
                                       .harm_most_s = options->harm * slow->worth_s,
                                       .moves_most = (uint32_t)input->options->moves_per_plan};
    uint32_t before = out->move_count;
    uint32_t left = fore_homing_plan(input, &homing, scratch, out);
    for (uint32_t i = before; i < out->move_count; i++)
        slow->tries[out->move[i].move.partition]++;
    if (before > 0 || out->move_count == 0) return;
    const struct fore_move *first = &out->move[0].move;
    (void)snprintf(out->reason, sizeof out->reason, "p%u home to %s for the %s, %u still away",
                   first->partition, input->topology->node[first->target].name,
                   slow->crowd ? "next crowd" : "coming week", left - out->move_count);
}
