/*
 * plan.c - chains: which move of a plan waits for which (plan.h). A leader stands before what is
 * bound to it, so that following `after` always ends.
 */
#include "core/decide/plan.h"

static bool bound(const struct fore_plan *plan, uint32_t at)
{
    uint32_t after = plan->move[at].after;
    FORE_ASSERT(after <= at);
    return after != 0;
}

bool fore_plan_leads(const struct fore_plan *plan, uint32_t at)
{
    for (uint32_t i = at + 1; i < plan->move_count; i++)
        if (plan->move[i].after == at + 1) return true;
    return false;
}

bool fore_plan_in_chain(const struct fore_plan *plan, uint32_t at, uint32_t of)
{
    while (at != of && bound(plan, at))
        at = plan->move[at].after - 1;
    return at == of;
}

double fore_plan_end_s(const struct fore_plan *plan, uint32_t at)
{
    double end_s = plan->move[at].duration_s;
    while (bound(plan, at)) {
        at = plan->move[at].after - 1;
        /* What a split says is how long its part takes: a step of its own where it is bound. */
        if (plan->move[at].move.kind != FORE_MOVE_SPLIT) end_s += plan->move[at].duration_s;
    }
    return end_s;
}

void fore_plan_keep(struct fore_plan *plan, bool keep[FORE_PLAN_MOVES])
{
    uint32_t number[FORE_PLAN_MOVES] = {0}, kept = 0;
    for (uint32_t i = 0; i < plan->move_count; i++) {
        struct fore_plan_move move = plan->move[i];
        keep[i] = keep[i] && (!bound(plan, i) || keep[move.after - 1]);
        if (!keep[i]) continue;
        if (move.after != 0) move.after = number[move.after - 1];
        plan->move[kept++] = move;
        number[i] = kept;
    }
    plan->move_count = kept;
}

const char *fore_plan_fault(const struct fore_plan *plan)
{
    for (uint32_t i = 0; i < plan->move_count; i++) {
        const struct fore_plan_move *m = &plan->move[i];
        if (m->after > i) return "a move is bound to one that does not stand before it";
        if (!m->on_new) continue;
        if (m->after == 0) return "a move waits for a part that nothing makes";
        const struct fore_plan_move *leader = &plan->move[m->after - 1];
        bool makes = leader->move.kind == FORE_MOVE_SPLIT ||
                     leader->move.kind == FORE_MOVE_VERTICAL_SPLIT || leader->on_new;
        if (!makes) return "a move waits for a part that its leader does not make";
    }
    return NULL;
}
