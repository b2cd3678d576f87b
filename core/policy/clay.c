/*
 * clay.c - Clay (Serafini et al., PVLDB 10(4), 2016): clumps of what is used together move
 * together.
 *
 * A node's load is the weight of its vertices plus, for every edge that leaves it, the edge's
 * weight times k: 1.1 to a partition on the same site, 50 to another site. A node above mean * (1 +
 * eps) gives a clump away: it begins with the hottest vertex and the destination whose load grows
 * least, and grows by the neighbour most affine to it, or by the next hottest vertex; the best
 * clump so far (the source does not gain, the destination stays below, its load grows no more than
 * with the best before) is moved when `look_ahead` = 5 further steps found no better one. Mapping:
 * a vertex is a range (a partition), Clay's partition a node, its site a zone. Samples carry no
 * transactions, so nothing says that two ranges are written together; what can be seen is scans,
 * which run on into the next range: an edge joins neighbours in key order and weighs their scans
 * (scan share times the lesser load). Without scans a clump is a set of hot ranges. Only ranges
 * with one replica are vertices. A tuple always fits somewhere, a range may not: then the clump
 * starts over with the next hottest, and if none fits the hottest is cut. Clay would add nodes
 * here.
 */
#include "core/policy/backlog.h"
#include "core/policy/past.h"
#include "core/policy/rows.h"

#include <math.h>

struct graph {
    struct fore_board *board; /* load[]: weights; node[]: loads with what edges add */
    struct fore_backlog *backlog;
    const struct fore_clay_options *options;
    uint16_t *home;  /* by partition, as planned; FORE_NODE_NONE: no vertex */
    uint32_t *right; /* neighbour, or FORE_PARTITION_NONE */
    uint32_t *left;
    double *edge;       /* weight of the edge to the right neighbour */
    bool *in, *refused; /* in the clump; does not fit anywhere */
    uint32_t *clump, clump_count;
    double high;
};

static double k_of(const struct graph *graph, uint16_t a, uint16_t b)
{
    const struct fore_node *node = graph->board->topology->node;
    if (a == b) return 0;
    return node[a].zone == node[b].zone ? graph->options->cost_local : graph->options->cost_remote;
}

static uint16_t home_if(const struct graph *graph, uint32_t p, uint16_t target)
{
    return target != FORE_NODE_NONE && graph->in[p] ? target : graph->home[p];
}

/* What the edge left-right adds to `node` when the clump is on `target` (NONE: where it is). */
static double edge_on(const struct graph *graph, uint32_t left, uint16_t node, uint16_t target)
{
    uint32_t right = graph->right[left];
    if (right == FORE_PARTITION_NONE || graph->edge[left] <= 0) return 0;
    uint16_t a = home_if(graph, left, target), b = home_if(graph, right, target);
    return a == node || b == node ? graph->edge[left] * k_of(graph, a, b) : 0;
}

/* How the load of `node` changes when the clump goes to `target`. */
static double delta(const struct graph *graph, uint16_t node, uint16_t target)
{
    double sum = 0;
    for (uint32_t i = 0; i < graph->clump_count; i++) {
        uint32_t v = graph->clump[i], left = graph->left[v];
        if (target == node && graph->home[v] != node) sum += graph->board->load[v];
        if (target != node && graph->home[v] == node) sum -= graph->board->load[v];
        sum += edge_on(graph, v, node, target) - edge_on(graph, v, node, FORE_NODE_NONE);
        if (left != FORE_PARTITION_NONE && !graph->in[left]) /* else its own turn counts it */
            sum += edge_on(graph, left, node, target) - edge_on(graph, left, node, FORE_NODE_NONE);
    }
    return sum;
}

static double capacity(const struct graph *graph, uint16_t node)
{
    return graph->high * graph->board->topology->node[node].cores;
}

static bool feasible(const struct graph *graph, uint16_t target, double grows)
{
    return graph->board->node[target] + grows <= capacity(graph, target) || grows <= 0;
}

/* Local ones first, then the one that grows least, then the less loaded. */
static uint16_t choose_target(const struct graph *graph, uint16_t source)
{
    const struct fore_board *board = graph->board;
    uint16_t best = FORE_NODE_NONE;
    double best_delta = 0;
    bool best_local = false;
    for (uint32_t n = 0; n < board->topology->node_count; n++) {
        if (n == source || !fore_node_serves(&board->topology->node[n])) continue;
        double grows = delta(graph, (uint16_t)n, (uint16_t)n);
        if (!feasible(graph, (uint16_t)n, grows)) continue;
        bool local = board->topology->node[n].zone == board->topology->node[source].zone;
        bool better = best == FORE_NODE_NONE || local > best_local;
        if (!better && local == best_local)
            better = grows < best_delta - 1e-12 ||
                     (grows < best_delta + 1e-12 &&
                      fore_board_use(board, n) < fore_board_use(board, best));
        if (!better) continue;
        best = (uint16_t)n;
        best_delta = grows;
        best_local = local;
    }
    return best;
}

static bool free_vertex(const struct graph *graph, uint32_t p)
{
    return graph->home[p] != FORE_NODE_NONE && !graph->in[p] && !graph->board->taken[p];
}

static uint32_t hottest(const struct graph *graph, uint16_t source)
{
    uint32_t best = FORE_PARTITION_NONE;
    for (uint32_t p = 0; p < graph->board->topology->partition_count; p++)
        if (free_vertex(graph, p) && graph->home[p] == source && !graph->refused[p] &&
            graph->board->load[p] > 0 &&
            (best == FORE_PARTITION_NONE || graph->board->load[p] > graph->board->load[best]))
            best = p;
    return best;
}

static uint32_t most_affine(const struct graph *graph, uint16_t source)
{
    uint32_t best = FORE_PARTITION_NONE;
    double most = 0;
    for (uint32_t i = 0; i < graph->clump_count; i++) {
        uint32_t v = graph->clump[i], l = graph->left[v], r = graph->right[v];
        if (r != FORE_PARTITION_NONE && free_vertex(graph, r) && graph->home[r] == source &&
            graph->edge[v] > most) {
            most = graph->edge[v];
            best = r;
        }
        if (l != FORE_PARTITION_NONE && free_vertex(graph, l) && graph->home[l] == source &&
            graph->edge[l] > most) {
            most = graph->edge[l];
            best = l;
        }
    }
    return best;
}

static void grow(struct graph *graph, uint32_t p)
{
    graph->in[p] = true;
    graph->clump[graph->clump_count++] = p;
}

static void disband(struct graph *graph)
{
    for (uint32_t i = 0; i < graph->clump_count; i++)
        graph->in[graph->clump[i]] = false;
    graph->clump_count = 0;
}

struct candidate {
    uint32_t count; /* of the clump's first members */
    uint16_t target;
    double grows;
};

/* Looks at the clump as it is; true when it becomes the candidate. */
static bool judge(const struct graph *graph, uint16_t source, uint16_t *target,
                  struct candidate *best)
{
    if (*target == FORE_NODE_NONE || !feasible(graph, *target, delta(graph, *target, *target)))
        *target = choose_target(graph, source);
    if (*target == FORE_NODE_NONE) return false;
    double grows = delta(graph, *target, *target);
    if (delta(graph, source, *target) > 0 || (best->count > 0 && grows > best->grows)) return false;
    *best = (struct candidate){graph->clump_count, *target, grows};
    return true;
}

static struct candidate find_clump(struct graph *graph, uint16_t source)
{
    struct candidate best = {0};
    uint32_t p = hottest(graph, source);
    uint16_t target = FORE_NODE_NONE;
    uint64_t ahead = 0;
    while (p != FORE_PARTITION_NONE && ahead <= graph->options->look_ahead) {
        grow(graph, p);
        ahead = judge(graph, source, &target, &best) ? 0 : ahead + 1;
        if (graph->clump_count == 1 && best.count == 0) { /* a range that fits nowhere */
            graph->refused[p] = true;
            disband(graph);
            ahead = 0;
        }
        p = most_affine(graph, source);
        if (p == FORE_PARTITION_NONE) p = hottest(graph, source);
    }
    return best;
}

static void carry(struct graph *graph, uint16_t source, const struct candidate *best)
{
    struct fore_board *board = graph->board;
    while (graph->clump_count > best->count)
        graph->in[graph->clump[--graph->clump_count]] = false;
    for (uint32_t n = 0; n < board->topology->node_count; n++)
        if (n != source && n != best->target)
            board->node[n] += delta(graph, (uint16_t)n, best->target);
    double gives = delta(graph, source, best->target);
    board->node[best->target] += best->grows;
    board->node[source] += gives;
    for (uint32_t i = 0; i < best->count; i++) {
        uint32_t v = graph->clump[i];
        fore_backlog_add(graph->backlog, board->topology, v, graph->home[v], best->target);
        graph->home[v] = best->target;
        board->taken[v] = true;
    }
    disband(graph);
}

static void relieve(struct graph *graph, uint16_t source)
{
    struct fore_board *board = graph->board;
    bool moved = false;
    while (board->node[source] > capacity(graph, source)) {
        struct candidate best = find_clump(graph, source);
        if (best.count == 0) break;
        carry(graph, source, &best);
        moved = true;
    }
    disband(graph);
    if (moved || board->node[source] <= capacity(graph, source)) return;
    for (uint32_t p = 0; p < board->topology->partition_count; p++)
        graph->refused[p] = false;
    uint32_t p = hottest(graph, source);
    struct fore_keyrange_cut cut;
    if (p != FORE_PARTITION_NONE && fore_board_cut(board, p, &cut))
        (void)fore_board_split(board, p, &cut);
}

/* A range without requests has no shares of them. */
static double scans(const struct fore_board *board, uint32_t p)
{
    double share = board->in->observe->partition[p].by_type[FORE_QUERY_SCAN];
    return isfinite(share) ? share * board->load[p] : 0;
}

static void weigh(struct graph *graph)
{
    struct fore_board *board = graph->board;
    const struct fore_observe *observe = board->in->observe;
    for (uint32_t p = 0; p < board->topology->partition_count; p++) {
        const struct fore_partition *part = &board->topology->partition[p];
        graph->home[p] = FORE_NODE_NONE;
        graph->right[p] = graph->left[p] = FORE_PARTITION_NONE;
        if (!part->alive) continue;
        if (part->replica_count == 1) graph->home[p] = part->replica[0];
        double load = fore_past_mean(observe, FORE_HIST_LOAD, p, graph->options->sample, 1, 1,
                                     observe->partition[p].load);
        board->load[p] = fore_board_share(board, p, load, part->replica_count);
    }
    fore_board_sum(board);
    for (uint32_t p = 0; p < board->topology->partition_count; p++) {
        uint32_t right = graph->home[p] != FORE_NODE_NONE
                             ? fore_topology_right_of(board->topology, p)
                             : FORE_PARTITION_NONE;
        if (right == FORE_PARTITION_NONE || graph->home[right] == FORE_NODE_NONE) continue;
        graph->right[p] = right;
        graph->left[right] = p;
        graph->edge[p] = fmin(scans(board, p), scans(board, right));
        uint16_t a = graph->home[p], b = graph->home[right];
        if (a == b) continue;
        board->node[a] += graph->edge[p] * k_of(graph, a, b);
        board->node[b] += graph->edge[p] * k_of(graph, a, b);
    }
}

static void propose(const struct fore_policy_view *view, void *memory, struct fore_arena *scratch,
                    struct fore_plan *out)
{
    struct fore_backlog *backlog = memory;
    const struct fore_clay_options *options = &view->options->clay;
    struct fore_board board = fore_board_open(view, scratch, out);
    if (fore_backlog_drain(backlog, &board) ||
        !fore_board_due(&backlog->looked, board.in->now, options->every))
        return;
    uint32_t cap = board.topology->partition_cap;
    struct graph graph = {.board = &board,
                          .backlog = backlog,
                          .options = options,
                          .home = FORE_NEW(scratch, uint16_t, cap),
                          .right = FORE_NEW(scratch, uint32_t, cap),
                          .left = FORE_NEW(scratch, uint32_t, cap),
                          .edge = FORE_NEW(scratch, double, cap),
                          .in = FORE_NEW(scratch, bool, cap),
                          .refused = FORE_NEW(scratch, bool, cap),
                          .clump = FORE_NEW(scratch, uint32_t, cap)};
    weigh(&graph);
    graph.high = fore_board_mean(&board) * (1 + options->imbalance);
    for (uint32_t n = 0; n < board.topology->node_count; n++)
        relieve(&graph, (uint16_t)n);
    struct fore_plan splits = *out;
    board = fore_board_open(view, scratch, out);
    *out = splits;
    (void)fore_backlog_drain(backlog, &board);
    fore_board_say(&board, "clumps leave overloaded nodes");
}

static void *begin(const struct fore_topology *topology, uint64_t seed, struct fore_arena *perm)
{
    (void)seed;
    return fore_backlog_create(topology, perm);
}

#define AT(field) FORE_OPTION_AT(struct fore_clay_options, field)
static const struct fore_option rows[] = {
    {"imbalance",   FORE_OPT_SHARE,    AT(imbalance),   "15%", 0,   10,   NULL,
     "nodes may be above the mean by this share"                                                    },
    {"cost_local",  FORE_OPT_REAL,     AT(cost_local),  "1.1", 0,   1e6,  NULL,
     "what an edge to another node of the zone costs"                                               },
    {"cost_remote", FORE_OPT_REAL,     AT(cost_remote), "50",  0,   1e6,  NULL,
     "what an edge to another zone costs"                                                           },
    {"look_ahead",  FORE_OPT_COUNT,    AT(look_ahead),  "5",   0,   1000, NULL,
     "a clump is moved when this many more steps found no better one"                               },
    {"sample",      FORE_OPT_DURATION, AT(sample),      "20s", 1e9, 1e15, NULL,
     "loads are watched for this long"                                                              },
    {"every",       FORE_OPT_DURATION, AT(every),       "20s", 1e6, 1e18, NULL, "time between looks"},
};
#undef AT
static const struct fore_option_section section = {
    .name = "clay", .help = "Clay: clumps", .row = rows, .row_count = FORE_COUNTOF(rows)};

static const struct fore_policy_knob knobs[] = {
    {"clay.imbalance",  "5% 10% 15% 25%"},
    {"clay.sample",     "20s 5min"      },
    {"clay.look_ahead", "1 5"           },
    {NULL,              NULL            },
};

const struct fore_policy fore_policy_clay = {
    .name = "clay",
    .about = "Clay: clumps of hot ranges, and of ranges scanned together, leave overloaded nodes",
    .section = &section,
    .options_at = offsetof(struct fore_policy_options, clay),
    .knob = knobs,
    .own_clock = true,
    .terms = fore_policy_nowcast_terms,
    .begin = begin,
    .propose = propose,
};
