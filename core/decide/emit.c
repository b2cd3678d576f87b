/* emit.c - see emit.h. Copies are made one after the other, as they were priced: they all come from
 * the same node. So are the halves of a swap: they need the same two. */
#include "core/decide/emit.h"

#include "core/decide/price.h"

static struct fore_plan_move *append(struct fore_plan *out, const struct fore_plan_move *move)
{
    FORE_ASSERT(out->move_count < FORE_PLAN_MOVES);
    out->move[out->move_count] = *move;
    return &out->move[out->move_count++];
}

/* The part that leaves the split, or gets copies: which one, and its share of the whole. */
static double part_of(const struct fore_candidate *c, bool *right)
{
    double share = c->move.move.split_right_share;
    *right = c->move.then_copies > 0 ? share >= 0.5 : !c->then_left;
    return *right ? share : 1 - share;
}

static void follow_split(const struct fore_search *search, const struct fore_candidate *c,
                         struct fore_plan *out)
{
    uint32_t copies = c->move.then_copies, steps = copies > 0 ? copies : 1;
    bool right;
    double share = part_of(c, &right);
    struct fore_plan_move *split = append(out, &c->move);
    struct fore_plan_move step = {
        .move = {.kind = copies > 0 ? FORE_MOVE_ADD_REPLICA : FORE_MOVE_MOVE,
                 .partition = c->move.move.partition,
                 .other = FORE_PARTITION_NONE,
                 .source = c->then_source},
        .gain_s = c->move.gain_s / steps,
        .bytes = share * (double)search->load.topology->partition[c->move.move.partition].bytes,
        .duration_s = c->move.duration_s / steps,
        .on_new = right
    };
    split->gain_s = 0;
    for (uint32_t k = 0; k < steps; k++) {
        step.move.target = copies > 0 ? c->move.then_target[k] : c->then_target;
        step.after = out->move_count;
        append(out, &step);
    }
}

static void follow_move(const struct fore_candidate *c, struct fore_plan *out)
{
    append(out, &c->move);
    struct fore_plan_move merge = {
        .move = {.kind = FORE_MOVE_MERGE,
                 .partition = c->merge_left,
                 .other = c->merge_right,
                 .source = FORE_NODE_NONE,
                 .target = FORE_NODE_NONE},
        .after = out->move_count
    };
    append(out, &merge);
}

static void follow_swap(const struct fore_search *search, const struct fore_candidate *c,
                        struct fore_plan *out)
{
    struct fore_plan_move *first = append(out, &c->move);
    uint16_t from = first->move.target, to = first->move.source;
    first->gain_s /= 2;
    struct fore_plan_move back =
        fore_price_plan(search, FORE_MOVE_MOVE, c->partner, from, to,
                        fore_price_copy_s(search, c->partner, from, to, 1));
    back.gain_s = first->gain_s;
    back.after = out->move_count;
    append(out, &back);
}

bool fore_emit_binds(const struct fore_search *search, const struct fore_candidate *candidate)
{
    uint32_t least = candidate->move.then_copies > 0 ? FORE_BOUND_COPIES : FORE_BOUND_ALL;
    return candidate->move.move.kind == FORE_MOVE_SPLIT && search->input->options->bound >= least;
}

void fore_emit(const struct fore_search *search, const struct fore_candidate *candidate,
               struct fore_plan *out)
{
    uint32_t copies = candidate->move.then_copies, length = 1 + (copies > 0 ? copies : 1);
    bool room = out->move_count + length <= FORE_PLAN_MOVES;
    if (candidate->then_merge && room)
        follow_move(candidate, out);
    else if (candidate->swap && room && search->input->options->bound != FORE_BOUND_NONE)
        follow_swap(search, candidate, out);
    else if (room && fore_emit_binds(search, candidate))
        follow_split(search, candidate, out);
    else
        append(out, &candidate->move);
}
