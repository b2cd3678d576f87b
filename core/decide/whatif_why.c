/*
 * whatif_why.c - what else could be done about the costliest nodes, and why it is not.
 *
 * The planner never looks at most of what it could do: it knows from a bound that it cannot win.
 * Here everything about a node's heaviest partitions is asked to the end, on the picture before the
 * plan: a move, a swap, a split, one more copy, each to its best target; then the first thing that
 * stands against it is named.
 */
#include "core/decide/beam.h"
#include "core/decide/relieve.h"
#include "core/decide/whatif.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { SOURCES = 3, HEAVIEST = 6 };

struct asked {
    struct fore_search *search;
    struct fore_whatif *out;
    uint16_t source;
    uint32_t partition;
    double price_s, due_s; /* of moving all of it */
};

/* ---- the list -------------------------------------------------------------------------------- */

static double rank(const struct fore_whatif_alternative *a)
{
    return isnan(a->gain_s) ? -1e300 : a->gain_s;
}

static struct fore_whatif_alternative begin(const struct asked *a, enum fore_move_kind kind)
{
    struct fore_whatif_alternative out = {.kind = kind,
                                          .partition = a->partition,
                                          .partner = FORE_PARTITION_NONE,
                                          .gain_s = (double)NAN};
    const struct fore_topology *topology = a->search->load.topology;
    memcpy(out.source, topology->node[a->source].name, sizeof out.source);
    out.bytes = (double)topology->partition[a->partition].bytes;
    out.duration_s = a->due_s;
    return out;
}

static void add(struct fore_whatif *out, const struct fore_whatif_alternative *a)
{
    uint32_t at = out->alternative_count;
    if (at == FORE_WHATIF_ALTERNATIVES) {
        if (rank(a) <= rank(&out->alternative[at - 1])) return;
        at--;
    } else {
        out->alternative_count++;
    }
    for (; at > 0 && rank(&out->alternative[at - 1]) < rank(a); at--)
        out->alternative[at] = out->alternative[at - 1];
    out->alternative[at] = *a;
}

static void refuse(const struct asked *a, struct fore_whatif_alternative *alternative,
                   enum fore_whatif_why why, const char *text)
{
    alternative->why = why;
    (void)snprintf(alternative->text, sizeof alternative->text, "%s", text);
    add(a->out, alternative);
}

static bool planned(const struct fore_whatif *out, enum fore_move_kind kind, uint32_t partition,
                    bool swap)
{
    for (uint32_t i = 0; i < out->plan.move_count; i++) {
        const struct fore_plan_move *m = &out->plan.move[i];
        if (m->move.kind == kind && m->move.partition == partition && m->then_back == swap)
            return true;
    }
    return false;
}

/* ---- against anything at all ----------------------------------------------------------------- */

/* What stands against touching this partition; false: nothing. */
static bool untouchable(const struct asked *a, struct fore_whatif_alternative *alternative)
{
    const struct fore_search *search = a->search;
    const struct fore_planner_input *input = search->input;
    if (search->busy[a->partition]) {
        refuse(a, alternative, FORE_WHATIF_COOL_DOWN, "it moves, or rests after a move");
        return true;
    }
    if (fore_candidate_held(search, a->partition)) {
        refuse(a, alternative, FORE_WHATIF_THRESHOLD, "it is below its own threshold");
        return true;
    }
    if (search->cluster_slots == 0 || search->slots[a->source] == 0) {
        refuse(a, alternative, FORE_WHATIF_CAP,
               search->cluster_slots == 0 ? "as many moves run as the cluster may have"
                                          : "its node has no move slot left");
        return true;
    }
    if (!(input->caps & FORE_CAP_MOVE)) {
        refuse(a, alternative, FORE_WHATIF_IMPOSSIBLE, "this cluster cannot move partitions");
        return true;
    }
    return false;
}

/* No node may take it: why? */
static void refuse_targets(const struct asked *a, double part,
                           struct fore_whatif_alternative *alternative)
{
    const struct fore_search *search = a->search;
    const struct fore_topology *topology = search->load.topology;
    double bytes = part * fore_room_bytes(search->input, a->partition);
    bool ruled = false, slots = false, full = false, links = false;
    for (uint32_t n = 0; n < topology->node_count; n++) {
        if (!fore_node_serves(&topology->node[n]) ||
            fore_topology_hosts(topology, a->partition, (uint16_t)n))
            continue;
        if (search->slots[n] == 0)
            slots = true;
        else if (!fore_links_open(&search->links, topology, a->source, (uint16_t)n))
            links = true;
        else if (!fore_room_fits(&search->room, (uint16_t)n, bytes))
            full = true;
        else
            ruled = true;
    }
    if (ruled)
        refuse(a, alternative, FORE_WHATIF_CONSTRAINT,
               "rules of placement forbid every node that could take it");
    else if (links)
        refuse(a, alternative, FORE_WHATIF_CAP,
               "as many copies as there may be go between its zone and the others");
    else if (full)
        refuse(a, alternative, FORE_WHATIF_CAP, "no node that could take it has room for its data");
    else if (slots)
        refuse(a, alternative, FORE_WHATIF_CAP, "no node that could take it has a move slot left");
    else
        refuse(a, alternative, FORE_WHATIF_IMPOSSIBLE, "there is no other node for it");
}

/* The price is known, and the best target: what decides? */
static void judge(const struct asked *a, struct fore_whatif_alternative *alternative,
                  double saved_s, double saved_at_once_s, double price_s, double rise_s)
{
    double least = fore_price_seconds(a->search->input->options->gain_min);
    alternative->gain_s = saved_s - rise_s - price_s;
    char *text = alternative->text;
    size_t size = sizeof alternative->text;
    if (saved_s - price_s <= least && saved_at_once_s - price_s > least) {
        alternative->why = FORE_WHATIF_TOO_LATE;
        (void)snprintf(
            text, size,
            "done at once it would save %.0f node-s; the copy takes %.0f s, and then %.0f "
            "are left for a price of %.0f",
            saved_at_once_s, alternative->duration_s, saved_s, price_s);
    } else if (saved_s - price_s <= least) {
        alternative->why = FORE_WHATIF_TOO_DEAR;
        (void)snprintf(text, size, "saves %.0f node-s at a price of %.0f", saved_s, price_s);
    } else if (alternative->gain_s <= least) {
        alternative->why = FORE_WHATIF_TARGET_FULL;
        (void)snprintf(text, size, "saves %.0f node-s, but %s would fare worse by %.0f", saved_s,
                       alternative->target, rise_s);
    } else if (a->out->plan.move_count == 0) {
        alternative->why = FORE_WHATIF_THRESHOLD;
        (void)snprintf(text, size, "gains %.0f node-s, but no RRS has reached its threshold",
                       alternative->gain_s);
    } else {
        alternative->why = FORE_WHATIF_OUTDONE;
        (void)snprintf(text, size,
                       "gains %.0f node-s; what is planned gains more, or takes its place",
                       alternative->gain_s);
    }
    add(a->out, alternative);
}

/* ---- the kinds ------------------------------------------------------------------------------- */

static double shed(const struct asked *a, double share, double due_s)
{
    struct fore_load_change gone =
        fore_price_change(a->search, a->source, a->partition, -share, due_s);
    return -fore_price_rise(a->search, &gone, 1);
}

/* The target that fares least badly with `part` of the partition; NONE: none is open. */
static uint16_t best_target(const struct asked *a, double share, double part, double *rise_s,
                            double *due_s)
{
    const struct fore_targets *targets = fore_candidate_targets_of(a->search, a->partition);
    uint16_t best = FORE_NODE_NONE;
    for (uint32_t i = 0; i < targets->count; i++) {
        uint16_t n = targets->node[i];
        if (n == a->source || !fore_price_open(a->search, a->partition, a->source, n, part))
            continue;
        double due = fore_price_copy_s(a->search, a->partition, a->source, n, part);
        struct fore_load_change comes = fore_price_change(a->search, n, a->partition, share, due);
        double rise = fore_price_rise(a->search, &comes, 1);
        if (best != FORE_NODE_NONE && rise >= *rise_s) continue;
        best = n;
        *rise_s = rise;
        *due_s = due;
    }
    return best;
}

/* A move (part 1), or a split with the move of its right part. */
static void ask_move(const struct asked *a, enum fore_move_kind kind, double part, double more_s)
{
    const struct fore_search *search = a->search;
    const struct fore_partition *p = &search->load.topology->partition[a->partition];
    struct fore_whatif_alternative alternative = begin(a, kind);
    if (planned(a->out, kind, a->partition, false)) return;
    double share = part * fore_load_replica_share(&search->load, a->partition, p->replica_count);
    double rise_s = 0, due_s = 0;
    uint16_t target = best_target(a, share, part, &rise_s, &due_s);
    if (target == FORE_NODE_NONE) {
        refuse_targets(a, part, &alternative);
        return;
    }
    memcpy(alternative.target, search->load.topology->node[target].name, sizeof alternative.target);
    alternative.bytes *= part;
    alternative.duration_s = due_s;
    if (due_s > search->window_s) {
        (void)snprintf(alternative.text, sizeof alternative.text,
                       "takes %.0f s; nothing may run any more in %.0f s", due_s, search->window_s);
        alternative.why = FORE_WHATIF_TIMETABLE;
        add(a->out, &alternative);
        return;
    }
    judge(a, &alternative, shed(a, share, due_s), shed(a, share, 0), part * a->price_s + more_s,
          rise_s);
}

static void ask_split(const struct asked *a)
{
    const struct fore_planner_input *input = a->search->input;
    const struct fore_topology *topology = input->topology;
    const struct fore_partition *p = &topology->partition[a->partition];
    struct fore_whatif_alternative alternative = begin(a, FORE_MOVE_SPLIT);
    const char *no = NULL;
    struct fore_keyrange_cut cut = {0};
    if (!input->options->splits || !(input->caps & FORE_CAP_SPLIT)) return;
    if (fore_planner_split_room(input) == 0) {
        (void)snprintf(alternative.text, sizeof alternative.text,
                       "partition cap reached: %u of %u, %u of them under way",
                       topology->alive_count + input->partitions_coming,
                       fore_planner_partition_cap(input), input->partitions_coming);
        alternative.why = FORE_WHATIF_PARTITION_CAP;
        add(a->out, &alternative);
        return;
    }
    if (fore_planner_split_rests(input, a->partition))
        no = "it was merged not long ago";
    else if (fore_ahead_takes_all(fore_ahead_of(&input->arrivals, a->partition)))
        no = "inserts come in the order of the key: its left half would get none";
    else if (p->bytes < input->options->split_bytes_min)
        no = "it is smaller than split_bytes_min";
    else if (a->search->brings[a->partition] <
             input->options->split_load_min * topology->node[a->source].cores)
        no = "its load is below split_load_min";
    else if (!fore_keyrange_cut(input->observe->key_ranges, a->partition, p->first, p->last, 0.5,
                                &cut))
        no = "too few of its keys are known to say where";
    else if (cut.top_share > 0.5)
        no = "one key carries most of its load: no cut divides that";
    else if (cut.right_share < 0.1 || cut.right_share > 0.9)
        no = "no cut divides its load evenly";
    else if (!fore_split_cost_allows(&input->split_cost, (double)p->bytes, cut.right_share))
        no = "a part of it would be smaller than the cluster allows";
    if (no != NULL)
        refuse(a, &alternative, FORE_WHATIF_IMPOSSIBLE, no);
    else
        ask_move(a, FORE_MOVE_SPLIT, cut.right_share, fore_price_split(a->search));
}

static void ask_replica(const struct asked *a)
{
    const struct fore_planner_input *input = a->search->input;
    const struct fore_partition *p = &input->topology->partition[a->partition];
    struct fore_whatif_alternative alternative = begin(a, FORE_MOVE_ADD_REPLICA);
    if (!input->options->replicas || !(input->caps & FORE_CAP_REPLICA)) return;
    if (planned(a->out, FORE_MOVE_ADD_REPLICA, a->partition, false)) return;
    if (input->observe->partition[a->partition].write_share >
        input->options->replica_write_share_max) {
        refuse(a, &alternative, FORE_WHATIF_IMPOSSIBLE, "too many of its requests write");
        return;
    }
    if (p->replica_count >= input->options->replicas_max) {
        refuse(a, &alternative, FORE_WHATIF_CAP, "it has replicas_max copies");
        return;
    }
    double had = fore_load_replica_share(&a->search->load, a->partition, p->replica_count);
    double has = fore_load_replica_share(&a->search->load, a->partition, p->replica_count + 1u);
    double rise_s = 0, due_s = 0;
    uint16_t target = best_target(a, has, 1, &rise_s, &due_s);
    if (target == FORE_NODE_NONE) {
        refuse_targets(a, 1, &alternative);
        return;
    }
    memcpy(alternative.target, input->topology->node[target].name, sizeof alternative.target);
    alternative.duration_s = due_s;
    judge(a, &alternative, shed(a, had - has, due_s), shed(a, had - has, 0),
          a->price_s + fore_price_seconds(input->options->split_price), rise_s);
}

/* Less to read: priced by the planner itself, or refused with what stands against it. */
static void ask_columns(const struct asked *a)
{
    struct fore_vertical v;
    char text[FORE_WHATIF_TEXT];
    struct fore_whatif_alternative alternative = begin(a, FORE_MOVE_VERTICAL_SPLIT);
    if (!fore_candidate_columns_allowed(a->search) ||
        planned(a->out, FORE_MOVE_VERTICAL_SPLIT, a->partition, false))
        return;
    const char *no = fore_candidate_columns_refusal(a->search, a->partition, &v, text, sizeof text);
    if (no != NULL) {
        refuse(a, &alternative,
               strcmp(no, "partition cap reached") == 0 ? FORE_WHATIF_PARTITION_CAP
               : v.columns != 0                         ? FORE_WHATIF_TOO_DEAR
                                                        : FORE_WHATIF_IMPOSSIBLE,
               no);
        return;
    }
    double save = v.base + v.apart < 1 ? 1 - v.base - v.apart : 0;
    double price_s = v.data_share * a->price_s, due_s = 2 * v.data_share * a->due_s;
    const struct fore_topology *topology = a->search->load.topology;
    memcpy(alternative.target, topology->node[a->source].name, sizeof alternative.target);
    alternative.bytes *= v.data_share;
    alternative.duration_s = due_s;
    judge(a, &alternative, shed(a, save, due_s), shed(a, save, 0), price_s, 0);
}

/* The best pair the planner itself would find, were it alone. */
static void ask_swap(struct asked *a)
{
    const struct fore_planner_input *input = a->search->input;
    struct fore_candidate best = {0};
    if (!input->options->swaps || planned(a->out, FORE_MOVE_MOVE, a->partition, true)) return;
    fore_candidate_swap(a->search, a->source, a->partition, &best);
    if (!best.swap) return;
    struct fore_whatif_alternative alternative = begin(a, FORE_MOVE_MOVE);
    alternative.swap = true;
    alternative.partner = best.partner;
    alternative.bytes += (double)input->topology->partition[best.partner].bytes;
    alternative.duration_s = best.change[1].from_s - a->search->offset_s;
    memcpy(alternative.target, input->topology->node[best.move.move.target].name,
           sizeof alternative.target);
    alternative.gain_s = best.gain_s;
    alternative.why = a->out->plan.move_count > 0 ? FORE_WHATIF_OUTDONE : FORE_WHATIF_THRESHOLD;
    (void)snprintf(alternative.text, sizeof alternative.text, "with p%u, gains %.0f node-s%s",
                   best.partner, best.gain_s,
                   a->out->plan.move_count > 0 ? "; what is planned gains more, or takes its place"
                                               : ", but no RRS has reached its threshold");
    add(a->out, &alternative);
}

/* ---- everything ------------------------------------------------------------------------------ */

static void ask_partition(struct fore_search *search, uint16_t source, uint32_t partition,
                          struct fore_whatif *out)
{
    struct asked a = {.search = search, .out = out, .source = source, .partition = partition};
    a.due_s = fore_price_copy_s(search, partition, source, source, 1);
    a.price_s = fore_price_move(search, partition, 1);
    struct fore_whatif_alternative any = begin(&a, FORE_MOVE_MOVE);
    bool chosen = false;
    for (uint32_t i = 0; i < out->plan.move_count; i++)
        chosen = chosen || out->plan.move[i].move.partition == partition;
    if (!chosen && untouchable(&a, &any)) return;
    if (search->slots[source] == 0 || search->cluster_slots == 0) return;
    ask_move(&a, FORE_MOVE_MOVE, 1, 0);
    ask_split(&a);
    ask_replica(&a);
    ask_columns(&a);
    ask_swap(&a);
}

static void ask_node(struct fore_search *search, uint16_t source, struct fore_whatif *out)
{
    uint32_t heaviest[HEAVIEST], count = 0;
    for (uint32_t at = search->hosted_at[source]; at < search->hosted_at[source + 1]; at++) {
        uint32_t p = search->hosted[at];
        if (count == HEAVIEST && search->brings[p] <= search->brings[heaviest[count - 1]]) continue;
        uint32_t i = count < HEAVIEST ? count++ : HEAVIEST - 1;
        for (; i > 0 && search->brings[heaviest[i - 1]] < search->brings[p]; i--)
            heaviest[i] = heaviest[i - 1];
        heaviest[i] = p;
    }
    for (uint32_t i = 0; i < count; i++)
        ask_partition(search, source, heaviest[i], out);
}

void fore_whatif_look_around(struct fore_search *search, struct fore_whatif *out)
{
    const struct fore_load *load = &search->load;
    bool done[UINT16_MAX + 1] = {0};
    fore_candidate_targets(search);
    for (int i = 0; i < SOURCES; i++) {
        uint32_t worst = FORE_NODE_NONE;
        for (uint32_t n = 0; n < load->topology->node_count; n++)
            if (!done[n] && load->cost[n] > 0 &&
                (worst == FORE_NODE_NONE || load->cost[n] > load->cost[worst]))
                worst = n;
        if (worst == FORE_NODE_NONE) return;
        done[worst] = true;
        ask_node(search, (uint16_t)worst, out);
    }
}
