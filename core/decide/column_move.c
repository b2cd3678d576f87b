/*
 * column_move.c - vertical splits and merges as candidates, in trouble and out of it.
 *
 * A node in trouble is relieved by what is no longer read: the split is priced like a move of the
 * sibling, which may stay where it is or go to a calmer node at once. Without trouble a split is
 * still worth the reading it saves, as long as that is more work than its copy takes until the
 * partition may be touched again. A split whose mix has changed, so that the parts do more work
 * than whole rows would or another cut is better by as much as a new split needs, is undone first.
 *
 * Rules of placement speak of tables and ranges, so both of a pair obey the same ones; thresholds
 * and the timetable hold for these changes as for all others.
 */
#include "core/cluster/topology_columns.h"
#include "core/decide/relieve.h"
#include "core/decide/size_split.h"

#include <math.h>
#include <stdio.h>

static const struct fore_table *table_of(const struct fore_search *search, uint32_t partition)
{
    const struct fore_topology *topology = search->load.topology;
    return &topology->table[topology->partition[partition].table];
}

static bool rests(const struct fore_search *search, uint32_t partition)
{
    const bool *rest = search->input->partition_columns_rest;
    return search->busy[partition] || (rest != NULL && rest[partition]);
}

bool fore_candidate_columns_allowed(const struct fore_search *search)
{
    return search->input->options->vertical && (search->input->caps & FORE_CAP_VERTICAL) != 0 &&
           search->input->observe->columns != NULL;
}

/* Asked for once a plan: what clients ask for does not change while it is made. */
static struct fore_vertical best_of(const struct fore_search *search, uint32_t partition)
{
    struct fore_column_choice *choice = &search->columns[partition];
    if (!choice->asked)
        choice->best = fore_vertical_best(search->input->observe->columns, partition,
                                          table_of(search, partition), search->byte_cost);
    choice->asked = true;
    return choice->best;
}

/* A base that is whole, alone, and has a cut worth making. */
const char *fore_candidate_columns_refusal(const struct fore_search *search, uint32_t partition,
                                           struct fore_vertical *out, char *text, size_t size)
{
    const struct fore_decide_options *options = search->input->options;
    const struct fore_partition *p = &search->load.topology->partition[partition];
    *out = (struct fore_vertical){0};
    if (p->apart != 0 || p->column_group != 0) return "its columns lie apart already";
    if (p->replica_count != 1) return "it has copies, and those follow whole rows only";
    if (rests(search, partition) || search->grown[partition])
        return "it moves, or rests after a change";
    if (search->split_room == 0) return "partition cap reached";
    *out = best_of(search, partition);
    if (!out->known) return "too few of its queries tell which columns they need";
    if (out->columns == 0) return "no cut reads less than whole rows: its queries need them all";
    double work = out->base + out->apart;
    if (work <= 1 - options->vertical_gain_min) return NULL;
    (void)snprintf(text, size,
                   "the best cut reads %.0f %% less, but %.0f %% of its queries span both parts: "
                   "%.0f %% of the work saved, %.0f %% must be",
                   100 * (1 - out->bytes), 100 * out->spanning, 100 * (1 - work),
                   100 * options->vertical_gain_min);
    return text;
}

static bool splittable(const struct fore_search *search, uint32_t partition,
                       struct fore_vertical *out)
{
    char text[200];
    return fore_candidate_columns_refusal(search, partition, out, text, sizeof text) == NULL;
}

static void split_move(const struct fore_search *search, uint32_t partition, uint16_t target,
                       const struct fore_vertical *v, double due_s, struct fore_candidate *c)
{
    const struct fore_partition *p = &search->load.topology->partition[partition];
    c->move =
        fore_price_plan(search, FORE_MOVE_VERTICAL_SPLIT, partition, p->replica[0], target, due_s);
    c->move.move.columns = v->columns;
    c->move.move.split_right_share = v->data_share;
    c->move.move.load_base = (float)v->base;
    c->move.move.load_apart = (float)v->apart;
    c->move.bytes *= v->data_share;
    char columns[40], text[512];
    fore_vertical_columns_text(v->columns, columns, sizeof columns);
    (void)snprintf(text, sizeof text,
                   "vertical-split p%u: columns %s to %.*s, %.0f %% less read, %.0f %% span both",
                   partition, columns, FORE_NAME_MAX, search->load.topology->node[target].name,
                   100 * (1 - v->bytes), 100 * v->spanning);
    (void)snprintf(c->say, sizeof c->say, "%.*s", (int)sizeof c->say - 1, text);
}

/* The copy reads and writes on one node, at half the rate, when the sibling stays. */
static double copy_s(const struct fore_search *search, uint32_t partition, uint16_t from,
                     uint16_t to, double share)
{
    return fore_price_copy_s(search, partition, from, to, share) * (from == to ? 2 : 1);
}

void fore_candidate_split_columns(const struct fore_search *search, uint16_t source,
                                  const struct fore_leaving *l, struct fore_candidate *best)
{
    const struct fore_planner_input *input = search->input;
    double least = fore_price_seconds(input->options->gain_min);
    struct fore_vertical v;
    if (search->load.topology->partition[l->partition].replica[0] != source ||
        l->saved_s - least <= best->gain_s || !splittable(search, l->partition, &v))
        return;
    double price = fore_price_move(search, l->partition, v.data_share) + least;
    const struct fore_targets *targets = fore_candidate_targets_of(search, l->partition);
    for (uint32_t i = 0; i <= targets->count; i++) { /* the last: where it is */
        bool stays = i == targets->count;
        uint16_t target = stays ? source : targets->node[i];
        if (stays ? search->slots[source] == 0
                  : target == source ||
                        !fore_price_open(search, l->partition, source, target, v.data_share))
            continue;
        double due = copy_s(search, l->partition, source, target, v.data_share);
        if (due > search->window_s) continue;
        struct fore_candidate c = {.change_count = stays ? 1 : 2};
        double leaves = stays ? 1 - v.base - v.apart : 1 - v.base;
        c.change[0] = fore_price_change(search, source, l->partition, -l->share * leaves, due);
        c.gain_s = -fore_price_rise(search, &c.change[0], 1) - price;
        if (!stays) {
            c.change[1] = fore_price_change(search, target, l->partition, l->share * v.apart, due);
            c.gain_s -= fore_price_rise(search, &c.change[1], 1);
        }
        if (c.gain_s <= best->gain_s) continue;
        split_move(search, l->partition, target, &v, due, &c);
        c.move.gain_s = c.gain_s + least;
        fore_price_offer(best, &c);
    }
}

/* Core-seconds that a copy takes at its two ends. */
static double copy_work(const struct fore_search *search, uint32_t partition, uint16_t from,
                        uint16_t to, double share)
{
    const struct fore_node *node = search->load.topology->node;
    return search->input->move_utilization * (node[from].cores + node[to].cores) *
           copy_s(search, partition, from, to, share);
}

static double span_s(const struct fore_search *search)
{
    return fore_price_seconds(search->input->options->vertical_span);
}

/* A pair that may be touched. */
static bool is_pair(const struct fore_search *search, uint32_t base, uint32_t *sibling)
{
    const struct fore_topology *topology = search->load.topology;
    const struct fore_partition *p = &topology->partition[base];
    if (!p->alive || p->apart == 0 || p->column_group != 0 || rests(search, base)) return false;
    *sibling = fore_topology_columns_sibling(topology, base);
    const struct fore_partition *s = &topology->partition[*sibling];
    return !search->busy[*sibling] && p->replica_count == 1 && s->replica_count == 1 &&
           search->slots[p->replica[0]] > 0 && search->slots[s->replica[0]] > 0 &&
           !fore_candidate_never(search, base) && !fore_candidate_never(search, *sibling);
}

/* May the sibling's rows come to the base's node, and is there time for it? */
static bool may_join(const struct fore_search *search, uint32_t sibling, uint16_t from, uint16_t to)
{
    if (copy_s(search, sibling, from, to, 1) > search->window_s) return false;
    return from == to || search->confined == NULL ||
           fore_constraint_allows(&search->rules, sibling, from, to);
}

/* Core-seconds that undoing a split saves: rows are whole from then on, or cut anew. */
static double worth_of_merge(const struct fore_search *search, uint32_t base, uint32_t sibling,
                             const struct fore_vertical *now)
{
    const struct fore_partition *part = search->load.topology->partition;
    uint16_t from = part[sibling].replica[0], to = part[base].replica[0];
    double work = now->base + now->apart;
    double whole = (search->brings[base] + search->brings[sibling]) / work * span_s(search);
    double undone = (work - 1) * whole - copy_work(search, sibling, from, to, 1);
    struct fore_vertical best = best_of(search, base);
    double least = search->input->options->vertical_gain_min, then = best.base + best.apart;
    if (best.columns == 0 || then > 1 - least || then + least > work) return undone;
    double bytes = (double)part[base].bytes + (double)part[sibling].bytes;
    double share = best.data_share * bytes / fmax(1, (double)part[base].bytes);
    double anew = (work - then) * whole - copy_work(search, sibling, from, to, 1) -
                  copy_work(search, base, to, to, share);
    return fmax(undone, anew);
}

static void try_merge(const struct fore_search *search, uint32_t base, struct fore_candidate *best)
{
    uint32_t sibling;
    if (!is_pair(search, base, &sibling)) return;
    const struct fore_partition *part = search->load.topology->partition;
    if (!may_join(search, sibling, part[sibling].replica[0], part[base].replica[0])) return;
    if (!fore_size_split_fits(search->input, base, sibling)) return;
    struct fore_vertical now =
        fore_vertical_of(search->input->observe->columns, base, table_of(search, base),
                         search->byte_cost, part[base].apart);
    if (!now.known) return;
    double saved = worth_of_merge(search, base, sibling, &now);
    if (saved <= 0 || (best->found && saved <= best->work_saved)) return;
    uint16_t from = part[sibling].replica[0], to = part[base].replica[0];
    *best = (struct fore_candidate){.found = true, .work_saved = saved};
    best->move = fore_price_plan(search, FORE_MOVE_VERTICAL_MERGE, base, from, to,
                                 copy_s(search, sibling, from, to, 1));
    best->move.move.other = sibling;
    best->move.move.load_base = (float)now.base;
    best->move.move.load_apart = (float)now.apart;
    best->move.bytes = (double)part[sibling].bytes;
    int spanning = (int)(100 * now.spanning), work = (int)(100 * (now.base + now.apart));
    (void)snprintf(best->say, sizeof best->say,
                   "vertical-merge p%u: %d %% of queries span both, %d %% of whole rows' work",
                   base, spanning, work);
}

static void try_saving(const struct fore_search *search, uint32_t partition,
                       struct fore_candidate *best)
{
    struct fore_vertical v;
    const struct fore_partition *p = &search->load.topology->partition[partition];
    uint16_t node = p->replica[0];
    double most = search->brings[partition] * span_s(search);
    if (!p->alive || search->slots[node] == 0 || (best->found && most <= best->work_saved)) return;
    if (fore_candidate_held(search, partition) || !splittable(search, partition, &v)) return;
    double due = copy_s(search, partition, node, node, v.data_share);
    if (due > search->window_s) return;
    double saved =
        (1 - v.base - v.apart) * most - copy_work(search, partition, node, node, v.data_share);
    if (saved <= 0 || (best->found && saved <= best->work_saved)) return;
    *best = (struct fore_candidate){.found = true, .work_saved = saved, .change_count = 1};
    double share = fore_load_replica_share(&search->load, partition, 1);
    best->change[0] =
        fore_price_change(search, node, partition, -share * (1 - v.base - v.apart), due);
    split_move(search, partition, node, &v, due, best);
}

void fore_candidate_save_columns(const struct fore_search *search, struct fore_candidate *best)
{
    for (uint32_t p = 0; p < search->load.topology->partition_count; p++) {
        try_merge(search, p, best);
        try_saving(search, p, best);
    }
}
