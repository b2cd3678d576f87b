/* board.c - the picture a policy plans on, and what it may do to it. */
#include "core/policy/board.h"

#include <math.h>
#include <stdio.h>

double fore_board_share(const struct fore_board *board, uint32_t p, double load, uint32_t replicas)
{
    double writes = board->in->observe->partition[p].write_share;
    if (isnan(load)) return 0; /* a part that has just been split off has not been seen */
    if (isnan(writes)) writes = 0;
    return load * ((1 - writes) / replicas + writes);
}

static void add_pending(struct fore_board *board)
{
    for (size_t i = 0; i < board->in->pending_count; i++) {
        const struct fore_load_pending *pending = &board->in->pending[i];
        double load = board->load[pending->partition] * pending->share;
        board->taken[pending->partition] = true;
        if (pending->to != FORE_NODE_NONE) {
            board->node[pending->to] += load;
            board->arriving[pending->to] += load;
        }
        if (pending->from != FORE_NODE_NONE) {
            board->node[pending->from] -= load;
            board->leaving[pending->from] += load;
        }
    }
}

void fore_board_sum(struct fore_board *board)
{
    const struct fore_topology *topology = board->topology;
    for (uint32_t n = 0; n < topology->node_count; n++)
        board->node[n] = board->arriving[n] = board->leaving[n] = 0;
    for (uint32_t p = 0; p < topology->partition_count; p++) {
        const struct fore_partition *part = &topology->partition[p];
        for (uint32_t r = 0; part->alive && r < part->replica_count; r++)
            board->node[part->replica[r]] += board->load[p];
    }
    add_pending(board);
}

struct fore_board fore_board_open(const struct fore_policy_view *view, struct fore_arena *scratch,
                                  struct fore_plan *plan)
{
    const struct fore_planner_input *in = view->planner;
    const struct fore_topology *topology = in->topology;
    uint32_t nodes = topology->node_count;
    struct fore_board board = {.view = view,
                               .in = in,
                               .topology = topology,
                               .scratch = scratch,
                               .load = FORE_NEW(scratch, double, topology->partition_cap),
                               .node = FORE_NEW(scratch, double, nodes),
                               .arriving = FORE_NEW(scratch, double, nodes),
                               .leaving = FORE_NEW(scratch, double, nodes),
                               .slots = FORE_NEW(scratch, uint8_t, nodes),
                               .cluster_slots = in->cluster_slots,
                               .taken = FORE_NEW(scratch, bool, topology->partition_cap),
                               .plan = plan};
    *plan = (struct fore_plan){.epoch = topology->epoch};
    for (uint32_t n = 0; n < nodes; n++)
        board.slots[n] = in->node_slots[n];
    for (uint32_t p = 0; p < topology->partition_count; p++)
        if (topology->partition[p].alive)
            board.load[p] = fore_board_share(&board, p, in->observe->partition[p].load,
                                             topology->partition[p].replica_count);
    fore_board_sum(&board);
    return board;
}

bool fore_board_due(fore_ns *looked, fore_ns now, fore_ns every)
{
    if (*looked != 0 && now - *looked < every) return false;
    *looked = now;
    return true;
}

double fore_board_cores(const struct fore_board *board)
{
    double cores = 0;
    for (uint32_t n = 0; n < board->topology->node_count; n++)
        if (fore_node_serves(&board->topology->node[n])) cores += board->topology->node[n].cores;
    return cores;
}

double fore_board_mean(const struct fore_board *board)
{
    double load = 0, cores = fore_board_cores(board);
    for (uint32_t n = 0; n < board->topology->node_count; n++)
        if (fore_node_serves(&board->topology->node[n])) load += board->node[n];
    return cores > 0 ? load / cores : 0;
}

bool fore_board_may_move(const struct fore_board *board, uint32_t p, uint16_t source,
                         uint16_t target)
{
    const struct fore_topology *topology = board->topology;
    return p < topology->partition_count && topology->partition[p].alive && !board->taken[p] &&
           source != target && fore_node_serves(&topology->node[target]) &&
           fore_topology_hosts(topology, p, source) && !fore_topology_hosts(topology, p, target);
}

static bool slots_for(const struct fore_board *board, uint16_t a, uint16_t b)
{
    return board->cluster_slots > 0 && board->slots[a] > 0 && board->slots[b] > 0;
}

static void append(struct fore_board *board, const struct fore_move *move, double bytes)
{
    board->taken[move->partition] = true;
    board->plan->move[board->plan->move_count++] =
        (struct fore_plan_move){.move = *move, .bytes = bytes};
}

static struct fore_move of(enum fore_move_kind kind, uint32_t partition)
{
    return (struct fore_move){.kind = kind,
                              .partition = partition,
                              .other = FORE_PARTITION_NONE,
                              .source = FORE_NODE_NONE,
                              .target = FORE_NODE_NONE};
}

static bool full(const struct fore_board *board)
{
    return board->plan->move_count == FORE_PLAN_MOVES;
}

static void use_slots(struct fore_board *board, const struct fore_move *move)
{
    board->slots[move->source]--;
    board->slots[move->target]--;
    board->cluster_slots--;
}

bool fore_board_move(struct fore_board *board, uint32_t p, uint16_t source, uint16_t target)
{
    if (full(board) || !fore_board_may_move(board, p, source, target) ||
        !slots_for(board, source, target))
        return false;
    struct fore_move move = of(FORE_MOVE_MOVE, p);
    move.source = source;
    move.target = target;
    append(board, &move, (double)board->topology->partition[p].bytes);
    use_slots(board, &move);
    board->node[source] -= board->load[p];
    board->node[target] += board->load[p];
    return true;
}

/* Every replica's part changes when their number does. */
static void reshare(struct fore_board *board, uint32_t p, uint32_t replicas)
{
    const struct fore_partition *part = &board->topology->partition[p];
    double was = fore_board_share(board, p, 1, part->replica_count);
    double now = board->load[p] / was * fore_board_share(board, p, 1, replicas);
    for (uint32_t r = 0; r < part->replica_count; r++)
        board->node[part->replica[r]] += now - board->load[p];
    board->load[p] = now;
}

bool fore_board_replicate(struct fore_board *board, uint32_t p, uint16_t target)
{
    const struct fore_planner_input *in = board->in;
    const struct fore_partition *part = &board->topology->partition[p];
    uint16_t source = part->replica[0];
    if (full(board) || !in->options->replicas || !(in->caps & FORE_CAP_REPLICA) ||
        part->replica_count >= in->options->replicas_max ||
        in->observe->partition[p].write_share > in->options->replica_write_share_max ||
        !fore_board_may_move(board, p, source, target) || !slots_for(board, source, target))
        return false;
    struct fore_move move = of(FORE_MOVE_ADD_REPLICA, p);
    move.source = source;
    move.target = target;
    append(board, &move, (double)part->bytes);
    use_slots(board, &move);
    reshare(board, p, part->replica_count + 1u);
    board->node[target] += board->load[p];
    return true;
}

bool fore_board_drop(struct fore_board *board, uint32_t p, uint16_t node)
{
    const struct fore_planner_input *in = board->in;
    const struct fore_partition *part = &board->topology->partition[p];
    if (full(board) || !part->alive || board->taken[p] || !(in->caps & FORE_CAP_REPLICA) ||
        part->replica_count <= in->baseline_replicas[p] || part->replica_count < 2 ||
        !fore_topology_hosts(board->topology, p, node))
        return false;
    struct fore_move move = of(FORE_MOVE_DROP_REPLICA, p);
    move.source = node;
    append(board, &move, 0);
    board->node[node] -= board->load[p];
    double before = board->load[p];
    reshare(board, p, part->replica_count - 1u);
    board->node[node] -= board->load[p] - before; /* it is gone from there */
    return true;
}

bool fore_board_merge(struct fore_board *board, uint32_t left)
{
    const struct fore_topology *topology = board->topology;
    const struct fore_partition *l = &topology->partition[left];
    if (full(board) || !l->alive || board->taken[left] || !board->in->options->merges ||
        !(board->in->caps & FORE_CAP_SPLIT) || board->in->partition_split_rest[left])
        return false;
    uint32_t right = fore_topology_right_of(topology, left);
    if (right == FORE_PARTITION_NONE || board->taken[right] ||
        board->in->partition_split_rest[right])
        return false;
    const struct fore_partition *r = &topology->partition[right];
    if (l->replica_count != r->replica_count) return false;
    for (uint32_t i = 0; i < l->replica_count; i++)
        if (l->replica[i] != r->replica[i]) return false;
    struct fore_move move = of(FORE_MOVE_MERGE, left);
    move.other = right;
    append(board, &move, 0);
    board->taken[right] = true;
    return true;
}

bool fore_board_cut(const struct fore_board *board, uint32_t p, struct fore_keyrange_cut *cut)
{
    const struct fore_planner_input *in = board->in;
    const struct fore_partition *part = &board->topology->partition[p];
    return part->alive && !board->taken[p] && !in->partition_split_rest[p] && in->options->splits &&
           (in->caps & FORE_CAP_SPLIT) && board->splits < fore_planner_split_room(in) &&
           fore_keyrange_cut(in->observe->key_ranges, p, part->first, part->last, 0.5, cut) &&
           cut->top_share <= 0.5 && cut->right_share >= 0.1 && cut->right_share <= 0.9 &&
           fore_split_cost_allows(&in->split_cost, (double)part->bytes, cut->right_share);
}

bool fore_board_split(struct fore_board *board, uint32_t p, const struct fore_keyrange_cut *cut)
{
    if (full(board) || board->taken[p]) return false;
    struct fore_move move = of(FORE_MOVE_SPLIT, p);
    move.source = board->topology->partition[p].replica[0];
    move.split_at = cut->at;
    move.split_right_share = cut->right_share;
    append(board, &move, 0);
    board->splits++;
    return true;
}

uint16_t fore_board_coldest(const struct fore_board *board, uint32_t p, uint16_t source)
{
    uint16_t best = FORE_NODE_NONE;
    for (uint32_t n = 0; n < board->topology->node_count; n++)
        if (fore_board_may_move(board, p, source, (uint16_t)n) &&
            (best == FORE_NODE_NONE || fore_board_use(board, n) < fore_board_use(board, best)))
            best = (uint16_t)n;
    return best;
}

void fore_board_say(struct fore_board *board, const char *why)
{
    (void)snprintf(board->plan->reason, sizeof board->plan->reason, "%u changes: %s",
                   board->plan->move_count, why);
}
