/*
 * whatif.c - two pictures of the coming load, without the plan and with it, and what lies between.
 */
#include "core/decide/whatif.h"

#include "core/decide/relieve.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const double z90 = 1.2815515655446004; /* of the 90 % quantile */
static const double saturated = 0.98; /* beyond it a queue has no steady state to speak of */
enum { WORST_TOLD = 4 };

const char *fore_whatif_why_text(enum fore_whatif_why why)
{
    static const char *const text[] = {
#define X(name, words) words,
        FORE_WHATIF_WHY_MAP(X)
#undef X
    };
    return (size_t)why < FORE_COUNTOF(text) ? text[why] : "unknown";
}

/* ---- latency --------------------------------------------------------------------------------- */

static double queue(double utilization)
{
    return utilization / (1 - utilization);
}

/* Through what the node shows now and the SLO at the limit; the SLO alone where it shows nothing,
 * or a latency that its load does not explain: a backlog, which is gone by then. */
static double p99_at(const struct fore_observe_node *seen, double limit, double slo_ms,
                     double utilization)
{
    double now = seen->utilization, p99 = seen->p99_ms;
    if (limit >= 1 || !(slo_ms > 0)) return (double)NAN;
    if (!(utilization > 0)) utilization = 0;
    if (utilization >= saturated) return HUGE_VAL;
    bool explained = p99 > 0 && p99 < slo_ms && now > 0 && now < limit - 0.05;
    if (!explained) return slo_ms * (1 - limit) / (1 - utilization);
    double slope = (slo_ms - p99) / (queue(limit) - queue(now));
    return fmax(p99 + slope * (queue(utilization) - queue(now)), 0.2 * p99);
}

static struct fore_whatif_outlook outlook(const struct fore_search *search, uint16_t node,
                                          double slo_ms, size_t from, size_t to)
{
    const struct fore_load *load = &search->load;
    struct fore_load_risk risk = fore_load_node_risk_between(load, node, from, to);
    struct fore_whatif_outlook out = {
        .risk = risk.probability,
        .when_s = (double)(risk.step + 1) * load->step_s - search->offset_s,
        .utilization_mean = risk.utilization_mean,
        .utilization_sd = risk.utilization_sd,
    };
    for (int i = 0; i < 3; i++)
        out.p99_ms[i] = p99_at(&search->input->observe->node[node], load->limit, slo_ms,
                               risk.utilization_mean + (i - 1) * z90 * risk.utilization_sd);
    return out;
}

/* ---- the plan in the picture ----------------------------------------------------------------- */

/* `replicas` whole ones come with it, or go. */
static void apply_held(struct fore_search *search, uint16_t node, uint32_t partition, double share,
                       double due_s, double busy_s, double replicas)
{
    struct fore_load_change change =
        fore_price_change_held(search, node, partition, share, due_s, replicas);
    change.busy_until_s = busy_s > 0 ? search->offset_s + busy_s : 0;
    fore_load_apply(&search->load, &change, 1);
}

static void apply(struct fore_search *search, uint16_t node, uint32_t partition, double share,
                  double due_s, double busy_s)
{
    apply_held(search, node, partition, share, due_s, busy_s, 0);
}

static void apply_replica(struct fore_search *search, const struct fore_plan_move *m)
{
    const struct fore_partition *part = &search->load.topology->partition[m->move.partition];
    bool more = m->move.kind == FORE_MOVE_ADD_REPLICA;
    uint32_t now = part->replica_count, then = more ? now + 1 : now - 1;
    if (then == 0) return;
    double had = fore_load_replica_share(&search->load, m->move.partition, now);
    double has = fore_load_replica_share(&search->load, m->move.partition, then);
    for (uint32_t r = 0; r < now; r++) {
        bool leaves = !more && part->replica[r] == m->move.source;
        apply_held(search, part->replica[r], m->move.partition, leaves ? -had : has - had,
                   m->duration_s, r == 0 && more ? m->duration_s : 0, leaves ? -1 : 0);
    }
    if (more)
        apply_held(search, m->move.target, m->move.partition, has, m->duration_s, m->duration_s, 1);
}

/* What the parts of rows need no more is gone, and what whole rows need again comes back. */
static void apply_columns(struct fore_search *search, const struct fore_plan_move *m)
{
    const struct fore_move *move = &m->move;
    double base = (double)move->load_base, apart = (double)move->load_apart, due = m->duration_s;
    double whole = fore_load_replica_share(&search->load, move->partition, 1);
    bool stays = move->source == move->target;
    if (move->kind == FORE_MOVE_VERTICAL_SPLIT) {
        apply(search, move->source, move->partition, -whole * (1 - base - (stays ? apart : 0)), due,
              due);
        if (!stays) apply(search, move->target, move->partition, whole * apart, due, due);
    } else if (base > 0) {
        double part = fore_load_replica_share(&search->load, move->other, 1);
        apply(search, move->source, move->other, -part, due, stays ? 0 : due);
        apply(search, move->target, move->partition, whole * (1 / base - 1), due, due);
    }
}

/* Of a split; nothing says otherwise: the right one. */
static double part_that_goes(const struct fore_plan *plan, const struct fore_plan_move *split)
{
    double right = split->move.split_right_share;
    const struct fore_plan_move *end = plan->move + plan->move_count;
    for (const struct fore_plan_move *next = split + 1; next < end; next++)
        if (plan->move + next->after == split + 1 && next->after != 0)
            return next->on_new ? right : 1 - right;
    return right;
}

/* A split, or a swap, is done with what follows it, as it was priced. */
static bool done_with_leader(const struct fore_plan *plan, const struct fore_plan_move *m)
{
    while (m->after != 0) {
        m = &plan->move[m->after - 1];
        if (m->move.kind == FORE_MOVE_SPLIT || m->then_back) return true;
    }
    return false;
}

static void apply_move(struct fore_search *search, const struct fore_plan *plan,
                       const struct fore_plan_move *m)
{
    const struct fore_move *move = &m->move;
    if (fore_move_of_node(move->kind)) return;
    if (done_with_leader(plan, m)) return;
    if (move->kind == FORE_MOVE_MERGE &&
        m->after != 0) { /* on the node that one has been brought to */
        apply_held(search, plan->move[m->after - 1].move.target, move->partition, 0, 0, 0, -1);
        return;
    }
    if (move->kind == FORE_MOVE_MERGE) {
        const struct fore_partition *part = &search->load.topology->partition[move->partition];
        for (uint16_t r = 0; r < part->replica_count; r++)
            apply_held(search, part->replica[r], move->partition, 0, 0, 0, -1);
        return;
    }
    if (move->kind == FORE_MOVE_ADD_REPLICA || move->kind == FORE_MOVE_DROP_REPLICA) {
        apply_replica(search, m);
        return;
    }
    if (fore_move_of_columns(move->kind)) {
        apply_columns(search, m);
        return;
    }
    if (m->then_copies > 0) {
        struct fore_load_change change[FORE_CANDIDATE_CHANGES];
        uint32_t count = fore_candidate_hybrid_changes(search, m, change);
        for (uint32_t i = 0; i < count; i++)
            fore_load_apply(&search->load, &change[i], 1);
        return;
    }
    uint32_t replicas = search->load.topology->partition[move->partition].replica_count;
    double share = fore_load_replica_share(&search->load, move->partition, replicas);
    if (move->kind == FORE_MOVE_SPLIT) share *= part_that_goes(plan, m);
    if (move->source == FORE_NODE_NONE || move->target == FORE_NODE_NONE) return;
    double busy = m->duration_s;
    if (m->then_back) {
        double q = fore_load_replica_share(
            &search->load, m->then_partner,
            search->load.topology->partition[m->then_partner].replica_count);
        busy += fore_price_copy_s(search, m->then_partner, move->target, move->source, 1);
        apply(search, move->source, m->then_partner, q, busy, busy);
        apply(search, move->target, m->then_partner, -q, busy, busy);
        busy = 0; /* counted once, until the second is done */
    }
    double leaves = move->kind == FORE_MOVE_SPLIT ? 0 : -1; /* the other part stays */
    apply_held(search, move->source, move->partition, -share, m->duration_s, busy, leaves);
    apply_held(search, move->target, move->partition, share, m->duration_s, busy, 1);
}

/* ---- which nodes are told of ----------------------------------------------------------------- */

static void tell_node(const struct fore_search *search, uint16_t node, struct fore_whatif *out)
{
    if (node == FORE_NODE_NONE || out->node_count == FORE_WHATIF_NODES) return;
    for (uint32_t i = 0; i < out->node_count; i++)
        if (out->node[i].node == node) return;
    struct fore_whatif_node *row = &out->node[out->node_count++];
    row->node = node;
    memcpy(row->name, search->load.topology->node[node].name, sizeof row->name);
}

/* The nodes of the plan in its order, then those with the largest risk. */
static void choose_nodes(const struct fore_search *search, struct fore_whatif *out)
{
    uint32_t nodes = search->load.topology->node_count;
    for (uint32_t i = 0; i < out->plan.move_count; i++) {
        tell_node(search, out->plan.move[i].move.source, out);
        tell_node(search, out->plan.move[i].move.target, out);
        for (uint32_t k = 0; k < out->plan.move[i].then_copies; k++)
            tell_node(search, out->plan.move[i].then_target[k], out);
    }
    for (int told = 0; told < WORST_TOLD; told++) {
        uint16_t worst = FORE_NODE_NONE;
        for (uint32_t n = 0; n < nodes; n++) {
            bool known = search->load.cost[n] <= 0;
            for (uint32_t i = 0; i < out->node_count; i++)
                known = known || out->node[i].node == n;
            if (!known &&
                (worst == FORE_NODE_NONE || search->load.cost[n] > search->load.cost[worst]))
                worst = (uint16_t)n;
        }
        tell_node(search, worst, out);
    }
}

static double total_cost(const struct fore_search *search)
{
    double sum = 0;
    for (uint32_t n = 0; n < search->load.topology->node_count; n++)
        sum += search->load.cost[n];
    return sum;
}

static double worst_risk(const struct fore_search *search, size_t from)
{
    double worst = 0;
    for (uint32_t n = 0; n < search->load.topology->node_count; n++)
        if (fore_node_serves(&search->load.topology->node[n]))
            worst = fmax(worst, fore_load_node_risk_between(&search->load, (uint16_t)n, from,
                                                            search->load.steps)
                                    .probability);
    return worst;
}

/* The first step that lies wholly after the longest copy; the last one where none does. */
static size_t first_after(const struct fore_search *search, double duration_s)
{
    if (!(duration_s > 0)) return 0;
    size_t step = (size_t)ceil((search->offset_s + duration_s) / search->load.step_s);
    return step < search->load.steps ? step : search->load.steps - 1;
}

void fore_whatif_explain(const struct fore_planner_input *input, const struct fore_plan *plan,
                         double slo_ms, struct fore_arena *scratch, struct fore_whatif *out)
{
    struct fore_search search;
    fore_planner_search(&search, input, scratch);
    *out = (struct fore_whatif){
        .at = input->now,
        .horizon_s = search.load.step_s * (double)search.load.steps,
        .plan = *plan,
        .calm = input->calm,
        .violation_before_s = total_cost(&search),
        .risk_before = worst_risk(&search, 0),
    };
    (void)snprintf(out->model, sizeof out->model, "%s", input->term[0].scenario->model);
    choose_nodes(&search, out);
    for (uint32_t i = 0; i < out->node_count; i++)
        out->node[i].before = outlook(&search, out->node[i].node, slo_ms, 0, search.load.steps);
    fore_whatif_look_around(&search, out);
    for (uint32_t i = 0; i < plan->move_count; i++) {
        apply_move(&search, plan, &plan->move[i]);
        out->bytes += plan->move[i].bytes;
        out->duration_s = fmax(out->duration_s, fore_plan_end_s(plan, i));
    }
    size_t done = first_after(&search, out->duration_s);
    for (uint32_t i = 0; i < out->node_count; i++) {
        uint16_t n = out->node[i].node;
        out->node[i].during = outlook(&search, n, slo_ms, 0, done > 0 ? done : 1);
        out->node[i].after = outlook(&search, n, slo_ms, done, search.load.steps);
    }
    out->risk_after = worst_risk(&search, done);
    out->violation_after_s = total_cost(&search);
}
