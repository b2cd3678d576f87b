/*
 * planner.c - greedy receding-horizon search over priced changes.
 *
 * A candidate is a few changes at a few nodes (load.h). Its gain is what those nodes' expected
 * violation falls by, less its price. The source side of a candidate is priced once and bounds the
 * gain from above, because a target can only get worse: most candidates end there. The best gain is
 * taken and made part of the picture; what is left is searched again, until nothing pays or no slot
 * is free. The kinds of candidate are in candidate.c; this file is the loop, and what comes of it.
 */
#include "core/decide/planner.h"

#include "core/decide/beam.h"
#include "core/decide/emit.h"
#include "core/decide/relieve.h"
#include "core/decide/size_split.h"
#include "core/decide/wait.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Cores one replica of the partition brings: weighted mean over the horizon, and at its peak. */
static double mean_brought(const struct fore_load *load, uint32_t partition, double *peak)
{
    double sum = 0, highest = 0;
    for (uint32_t t = 0; t < load->term_count; t++) {
        const struct fore_scenario *s = load->term[t].scenario;
        if (partition >= s->partition_count) continue;
        const float *mean = s->mean + (size_t)partition * s->steps;
        double part = 0;
        float most = 0;
        for (size_t h = 0; h < s->steps; h++) {
            part += (double)mean[h];
            most = mean[h] > most ? mean[h] : most;
        }
        highest += load->term[t].weight * (double)most;
        sum += load->term[t].weight * part / (double)s->steps;
    }
    uint32_t replicas = load->topology->partition[partition].replica_count;
    double share = fore_load_replica_share(load, partition, replicas);
    *peak = highest * share;
    return sum * share;
}

/* Which partitions a node holds, in their order. */
static void list_hosted(struct fore_search *search)
{
    const struct fore_topology *topology = search->load.topology;
    uint32_t *at = FORE_NEW(search->scratch, uint32_t, topology->node_count + 2);
    size_t count = 0;
    for (uint32_t p = 0; p < topology->partition_count; p++)
        for (uint32_t r = 0;
             topology->partition[p].alive && r < topology->partition[p].replica_count; r++, count++)
            at[topology->partition[p].replica[r] + 2]++;
    for (uint32_t n = 0; n < topology->node_count; n++)
        at[n + 2] += at[n + 1];
    search->hosted = FORE_NEW(search->scratch, uint32_t, count + 1);
    for (uint32_t p = 0; p < topology->partition_count; p++)
        for (uint32_t r = 0;
             topology->partition[p].alive && r < topology->partition[p].replica_count; r++)
            search->hosted[at[topology->partition[p].replica[r] + 1]++] = p;
    search->hosted_at = at; /* filled: at[n + 1] is where n ends and n + 1 begins */
}

static void copy_links(struct fore_search *search)
{
    const struct fore_links *links = search->input->links;
    if (links == NULL || links->cap == 0) return;
    fore_links_init(&search->links, links->cap, links->count + 2 * FORE_PLAN_MOVES,
                    search->scratch);
    for (uint32_t i = 0; i < links->count; i++)
        search->links.pair[search->links.count++] = links->pair[i];
}

static void look_beyond(struct fore_search *search)
{
    const struct fore_scenario *near = search->load.term[0].scenario;
    const struct fore_scenario *beyond = search->input->beyond;
    if (beyond == NULL) return;
    FORE_ASSERT(near != NULL);
    search->load.beyond = FORE_NEW(search->scratch, struct fore_load, 1);
    *search->load.beyond = search->load;
    search->load.beyond->beyond = NULL;
    search->load.beyond->term_count = 1;
    search->load.beyond->term[0] = (struct fore_load_term){.scenario = beyond, .weight = 1};
    search->load.beyond_weight = search->input->options->beyond_weight;
    search->load.beyond_from_s = (double)(near->steps * near->step) / 1e9;
}

void fore_planner_search(struct fore_search *search, const struct fore_planner_input *input,
                         struct fore_arena *scratch)
{
    const struct fore_topology *topology = input->topology;
    *search = (struct fore_search){.input = input, .scratch = scratch};
    search->load = (struct fore_load){
        .topology = topology,
        .term_count = input->term_count,
        .limit = input->options->utilization_limit,
        .spread = input->options->utilization_spread,
        .excess_weight = input->options->excess_weight,
        .move_utilization = input->move_utilization,
        .replica_overhead = input->split_cost.overhead_share,
    };
    for (uint32_t t = 0; t < input->term_count; t++)
        search->load.term[t] = input->term[t];
    double *read_share = FORE_NEW(scratch, double, topology->partition_cap);
    for (uint32_t p = 0; p < topology->partition_count; p++)
        read_share[p] = 1.0 - input->observe->partition[p].write_share;
    search->load.read_share = read_share;
    search->asked = FORE_NEW(scratch, uint64_t, 1);
    look_beyond(search);
    fore_load_build(&search->load, scratch, input->pending, input->pending_count);
    fore_ns origin = input->term[0].scenario->origin;
    search->window_s = input->quiet_in_s > 0 ? input->quiet_in_s : HUGE_VAL;
    search->offset_s = input->now > origin ? (double)(input->now - origin) / 1e9 : 0;
    search->slots = FORE_NEW(scratch, uint8_t, topology->node_count);
    memcpy(search->slots, input->node_slots, topology->node_count);
    search->busy = FORE_NEW(scratch, bool, topology->partition_cap);
    memcpy(search->busy, input->partition_busy, topology->partition_count * sizeof(bool));
    search->grown = FORE_NEW(scratch, bool, topology->partition_cap);
    if (input->partition_grown != NULL)
        memcpy(search->grown, input->partition_grown, topology->partition_count * sizeof(bool));
    search->cluster_slots = input->cluster_slots;
    search->split_room = fore_planner_split_room(input);
    list_hosted(search);
    fore_room_begin(&search->room, input, scratch);
    copy_links(search);
    if (fore_constraint_any(input->placement)) {
        fore_constraint_begin(input->placement, topology, scratch, &search->rules);
        for (size_t i = 0; i < input->pending_count; i++)
            if (input->pending[i].to != FORE_NODE_NONE && !input->pending[i].by_itself)
                fore_constraint_take(&search->rules, input->pending[i].partition,
                                     input->pending[i].to);
        search->confined = FORE_NEW(scratch, struct fore_targets, search->rules.class_count + 1);
    }
    search->cut = FORE_NEW(scratch, struct fore_cut, topology->partition_cap);
    if (fore_candidate_columns_allowed(search)) {
        search->columns = FORE_NEW(scratch, struct fore_column_choice, topology->partition_cap);
        static const struct fore_vertical_cost none = {0};
        search->byte_cost = fore_vertical_cost_share(
            input->vertical_cost != NULL ? input->vertical_cost : &none, input->options->byte_cost);
    }
    search->brings = FORE_NEW(scratch, double, topology->partition_cap);
    search->peak = FORE_NEW(scratch, double, topology->partition_cap);
    for (uint32_t p = 0; p < topology->partition_count; p++)
        if (topology->partition[p].alive)
            search->brings[p] = mean_brought(&search->load, p, &search->peak[p]);
}

static double total_cost(const struct fore_search *search)
{
    double sum = 0;
    for (uint32_t n = 0; n < search->load.topology->node_count; n++)
        sum += search->load.cost[n];
    return sum;
}

static void explain(const struct fore_search *search, const struct fore_candidate *first,
                    struct fore_plan *out)
{
    if (out->move_count == 0) {
        (void)snprintf(out->reason, sizeof out->reason,
                       "nothing pays: %.0f node-s of violation expected", out->violation_before_s);
        return;
    }
    const struct fore_topology *topology = search->load.topology;
    const struct fore_move *m = &out->move[0].move;
    char what[120];
    switch (m->kind) {
    case FORE_MOVE_MOVE:
    case FORE_MOVE_ADD_REPLICA:
        (void)snprintf(what, sizeof what, "%s p%u %s -> %s%s", fore_move_kind_text(m->kind),
                       m->partition, topology->node[m->source].name, topology->node[m->target].name,
                       first->then_merge ? ", then merge it with its neighbour" : "");
        break;
    case FORE_MOVE_SPLIT:
        if (first->move.then_copies > 0)
            (void)snprintf(what, sizeof what, "split p%u, then %u copies of its hotter part (%s)",
                           m->partition, first->move.then_copies,
                           topology->node[first->then_target].name);
        else
            (void)snprintf(what, sizeof what, "split p%u, then %.0f %% of it to %s", m->partition,
                           100 *
                               (first->then_left ? 1 - m->split_right_share : m->split_right_share),
                           topology->node[first->then_target].name);
        break;
    case FORE_MOVE_VERTICAL_SPLIT:
    case FORE_MOVE_VERTICAL_MERGE:
        (void)snprintf(what, sizeof what, "%.*s", (int)sizeof what - 1, first->say);
        break;
    case FORE_MOVE_MERGE:
    case FORE_MOVE_DROP_REPLICA:
    case FORE_MOVE_ADD_NODE:
    case FORE_MOVE_REMOVE_NODE:
    case FORE_MOVE_KINDS:
        (void)snprintf(what, sizeof what, "%s p%u", fore_move_kind_text(m->kind), m->partition);
        break;
    }
    (void)snprintf(
        out->reason, sizeof out->reason, "%s%s%s: expected violation %.0f -> %.0f node-s [%s]",
        what, first->swap ? ", to be swapped" : "", out->move_count > 1 ? " and more" : "",
        out->violation_before_s, out->violation_after_s, search->load.term[0].scenario->model);
}

static void explain_repair(const struct fore_search *search, const struct fore_candidate *first,
                           struct fore_plan *out)
{
    const struct fore_topology *topology = search->load.topology;
    const struct fore_move *m = &first->move.move;
    (void)snprintf(
        out->reason, sizeof out->reason,
        "move p%u %s -> %s%s, because \"%.60s\" does not hold: expected violation %.0f -> "
        "%.0f node-s",
        m->partition, topology->node[m->source].name, topology->node[m->target].name,
        out->move_count > 1 ? " and more" : "", first->repairs, out->violation_before_s,
        out->violation_after_s);
}

/* Before any gain: what breaks a rule of placement, then what fills a node too far. */
static void put_right(struct fore_search *search, uint32_t most, struct fore_plan *out,
                      struct fore_candidate *first)
{
    bool rules = search->confined != NULL;
    while (out->move_count < most && search->cluster_slots > 0) {
        struct fore_candidate repair = {0};
        rules = rules && fore_candidate_repair(search, &repair);
        if (!rules && !fore_room_relieve(search, &repair)) return;
        if (out->move_count == 0) *first = repair;
        fore_beam_take(search, &repair);
        fore_emit(search, &repair, out);
    }
}

void fore_planner_plan(const struct fore_planner_input *input, struct fore_arena *scratch,
                       struct fore_plan *out)
{
    struct fore_search search;
    fore_planner_search(&search, input, scratch);
    *out = (struct fore_plan){.epoch = input->topology->epoch};
    out->violation_before_s = total_cost(&search);
    struct fore_candidate first = {0};
    double wait_s = 0;
    uint32_t waiting = 0;
    size_t most = input->options->moves_per_plan;
    if (most > FORE_PLAN_MOVES) most = FORE_PLAN_MOVES;
    put_right(&search, (uint32_t)most, out, &first);
    char size_why[FORE_PLAN_TEXT - 16];
    uint32_t before = out->move_count;
    uint32_t sized =
        fore_size_split(&search, (uint32_t)most - before, out, size_why, sizeof size_why);
    if ((!input->calm || input->beyond != NULL) && out->move_count < most &&
        search.cluster_slots > 0) {
        struct fore_choice *choice = FORE_NEW(scratch, struct fore_choice, 1);
        fore_beam_choose(&search, (uint32_t)most - out->move_count, choice);
        if (input->options->wait) waiting = fore_wait_weed(&search, choice, &wait_s);
        if (out->move_count == 0 && choice->count > 0) first = choice->item[0];
        for (uint32_t i = 0; i < choice->count; i++)
            fore_emit(&search, &choice->item[i], out);
    }
    bool troubled = out->move_count > 0 || !fore_candidate_columns_allowed(&search);
    while (!troubled && out->move_count < most && search.cluster_slots > 0) {
        struct fore_candidate saving = {0};
        fore_candidate_save_columns(&search, &saving);
        if (!saving.found) break;
        if (out->move_count == 0) first = saving;
        fore_beam_take(&search, &saving);
        fore_emit(&search, &saving, out);
    }
    uint32_t merges = 0;
    while (out->move_count < most &&
           input->topology->alive_count > input->baseline_partitions + merges) {
        struct fore_candidate room = {0};
        fore_candidate_make_room(&search, &room);
        if (!room.found && fore_candidate_short_of_room(&search))
            fore_candidate_join_idle(&search, true, &room);
        if (!room.found) break;
        if (out->move_count == 0) first = room;
        fore_beam_take(&search, &room);
        fore_emit(&search, &room, out);
        search.split_room++; /* for the next plan: nothing is split after this one */
        merges++;
    }
    if (out->move_count == 0) {
        struct fore_candidate tidy = {0};
        fore_candidate_tidy(&search, &tidy);
        if (!tidy.found) fore_candidate_join_idle(&search, false, &tidy);
        if (tidy.found) {
            first = tidy;
            fore_beam_take(&search, &tidy);
            fore_emit(&search, &tidy, out);
        }
    }
    out->violation_after_s = total_cost(&search);
    if (first.repairs != NULL) {
        explain_repair(&search, &first, out);
        return;
    }
    if (sized > 0) {
        (void)snprintf(out->reason, sizeof out->reason, "%s%s", size_why,
                       out->move_count > 1 ? "; and more" : "");
        return;
    }
    explain(&search, &first, out);
    if (out->move_count == 0 && waiting > 0)
        (void)snprintf(out->reason, sizeof out->reason,
                       "%u to wait, the first for %.0f s: expected violation %.0f -> %.0f node-s",
                       waiting, wait_s, out->violation_before_s, out->violation_after_s);
}
