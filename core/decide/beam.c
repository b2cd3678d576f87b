/*
 * beam.c - limited discrepancy search over the candidates (Harvey and Ginsberg, IJCAI'95).
 *
 * Greed takes the best change first, and often the second best first leaves more for those after
 * it: two nodes want the same calm one, or one has to make room. So the search goes down the
 * greedy path, then down those that leave it once, twice, ... where taking the j-th best costs j
 * discrepancies. Every node of the search tree is a plan, the best one seen is kept, and the work
 * (prices asked) is bounded: a good plan at once, a better one with the effort it is given. What a
 * change did to the picture is put back bit by bit, so the greedy plan comes out as if nothing else
 * had been tried.
 */
#include "core/decide/beam.h"

#include <string.h>

#include "core/decide/emit.h"
#include "core/decide/price.h"

enum { TOUCHED_MAX = 2 * FORE_REPLICAS_MAX, SOURCES = 4 };
static const uint32_t rounds[] = {0, 2, 5, 10, 20};

struct before { /* what one change alters */
    uint16_t node[TOUCHED_MAX];
    uint32_t nodes;
    double *rows; /* [node][mean, own_var, common][term][step] */
    double cost[TOUCHED_MAX];
    uint8_t slots[TOUCHED_MAX];
    double room[TOUCHED_MAX][2];       /* left, over */
    uint32_t partition[3], partitions; /* that were not busy */
    uint32_t cluster_slots, split_room, links;
    uint32_t shifts, shifts_beyond; /* of kin, made before */
    uint32_t *held;                 /* of the rules: [apart][side][domain], then sides */
    uint8_t *side;
};

struct level {
    struct fore_shortlist list;
    struct before before;
};

struct beam {
    struct fore_search *search;
    uint32_t most;
    uint64_t effort;
    struct level *level;
    struct fore_choice *path, *best;
};

/* ---- the picture, and back ------------------------------------------------------------------- */

static void use_slot(struct fore_search *search, uint16_t node)
{
    if (search->slots[node] > 0) search->slots[node]--;
}

/* Where something is about to come, the rules count it as there. */
static void hold(struct fore_search *search, const struct fore_candidate *best)
{
    const struct fore_move *move = &best->move.move;
    if (move->kind == FORE_MOVE_MOVE || move->kind == FORE_MOVE_ADD_REPLICA)
        fore_constraint_take(&search->rules, move->partition, move->target);
    if (move->kind == FORE_MOVE_SPLIT)
        fore_constraint_take(&search->rules, move->partition, best->then_target);
    if (move->kind == FORE_MOVE_VERTICAL_SPLIT) /* of the sibling */
        fore_constraint_take(&search->rules, move->partition, move->target);
    if (best->swap) fore_constraint_take(&search->rules, best->partner, move->source);
}

void fore_beam_take(struct fore_search *search, const struct fore_candidate *best)
{
    for (uint32_t i = 0; i < best->change_count; i++)
        fore_load_apply(&search->load, &best->change[i], 1);
    const struct fore_move *move = &best->move.move;
    search->busy[move->partition] = true;
    if (fore_move_joins(move->kind)) search->busy[move->other] = true;
    if (best->swap) search->busy[best->partner] = true;
    if (best->then_merge) search->busy[best->merge_left] = search->busy[best->merge_right] = true;
    if (move->kind == FORE_MOVE_MOVE || move->kind == FORE_MOVE_ADD_REPLICA ||
        fore_move_of_columns(move->kind)) {
        use_slot(search, move->source);
        if (move->target != move->source) use_slot(search, move->target);
        fore_links_take(&search->links, search->load.topology, move->source, move->target);
        search->cluster_slots--;
    }
    if (search->confined != NULL) hold(search, best);
    fore_room_take(search, best);
    bool makes_one = move->kind == FORE_MOVE_SPLIT || move->kind == FORE_MOVE_VERTICAL_SPLIT;
    if (makes_one && search->split_room > 0) search->split_room--;
    if (move->kind == FORE_MOVE_SPLIT) {
        /* Its second half, the move of a part or a copy of it, comes with the next plan and needs
         * these, or with this one, and then it is under way with the others. */
        use_slot(search, best->then_source);
        use_slot(search, best->then_target);
        fore_links_take(&search->links, search->load.topology, best->then_source,
                        best->then_target);
        if (fore_emit_binds(search, best)) search->cluster_slots--;
    }
}

static double *copy_some(const struct fore_load *load, uint16_t node, double *rows, bool back)
{
    double *const part[3] = {load->mean, load->own_var, load->common};
    for (int k = 0; k < 3; k++)
        for (uint32_t t = 0; t < load->term_count; t++, rows += load->steps) {
            double *row = part[k] + ((size_t)t * load->topology->node_count + node) * load->steps;
            memcpy(back ? row : rows, back ? rows : row, load->steps * sizeof *row);
        }
    return rows;
}

static void copy_rows(const struct fore_load *load, uint16_t node, double *rows, bool back)
{
    rows = copy_some(load, node, rows, back);
    if (load->beyond != NULL) copy_some(load->beyond, node, rows, back);
}

static size_t row_size(const struct fore_load *load)
{
    size_t beyond = load->beyond != NULL ? load->beyond->term_count * load->beyond->steps : 0;
    return 3 * ((size_t)load->term_count * load->steps + beyond);
}

static void remember_node(const struct fore_search *search, uint16_t node, struct before *before)
{
    for (uint32_t i = 0; i < before->nodes; i++)
        if (before->node[i] == node) return;
    FORE_ASSERT(before->nodes < TOUCHED_MAX);
    uint32_t i = before->nodes++;
    before->node[i] = node;
    before->cost[i] = search->load.cost[node];
    before->slots[i] = search->slots[node];
    if (search->room.left != NULL) {
        before->room[i][0] = search->room.left[node];
        before->room[i][1] = search->room.over[node];
    }
    copy_rows(&search->load, node, before->rows + i * row_size(&search->load), false);
}

static void remember_partition(const struct fore_search *search, uint32_t partition,
                               struct before *before)
{
    if (!search->busy[partition]) before->partition[before->partitions++] = partition;
}

static void copy_rules(struct fore_search *search, struct before *before, bool back)
{
    const struct fore_constraints *rules = search->rules.rules;
    size_t nodes = rules->node_count, at = 0;
    for (uint32_t j = 0; j < rules->apart_count; j++) {
        for (uint32_t s = 0; s < 2; s++, at += nodes) {
            uint32_t *held = search->rules.held[j][s], *kept = before->held + at;
            memcpy(back ? held : kept, back ? kept : held, nodes * sizeof *held);
        }
        uint8_t *side = search->rules.side[j], *kept = before->side + j * nodes;
        memcpy(back ? side : kept, back ? kept : side, nodes);
    }
}

static void remember(struct fore_search *search, const struct fore_candidate *candidate,
                     struct before *before)
{
    before->nodes = before->partitions = 0;
    for (uint32_t i = 0; i < candidate->change_count; i++)
        remember_node(search, candidate->change[i].node, before);
    const struct fore_move *move = &candidate->move.move;
    remember_partition(search, move->partition, before);
    if (candidate->swap) remember_partition(search, candidate->partner, before);
    if (fore_move_joins(move->kind)) remember_partition(search, move->other, before);
    if (candidate->then_merge)
        remember_partition(search,
                           candidate->merge_left == move->partition ? candidate->merge_right
                                                                    : candidate->merge_left,
                           before);
    before->cluster_slots = search->cluster_slots;
    before->shifts = search->load.shift_count;
    if (search->load.beyond != NULL) before->shifts_beyond = search->load.beyond->shift_count;
    before->split_room = search->split_room;
    before->links = search->links.count;
    if (search->confined != NULL) copy_rules(search, before, false);
}

static void put_back(struct fore_search *search, struct before *before)
{
    for (uint32_t i = 0; i < before->nodes; i++) {
        uint16_t node = before->node[i];
        search->load.cost[node] = before->cost[i];
        search->slots[node] = before->slots[i];
        if (search->room.left != NULL) {
            search->room.left[node] = before->room[i][0];
            search->room.over[node] = before->room[i][1];
        }
        copy_rows(&search->load, node, before->rows + i * row_size(&search->load), true);
    }
    for (uint32_t i = 0; i < before->partitions; i++)
        search->busy[before->partition[i]] = false;
    search->cluster_slots = before->cluster_slots;
    search->load.shift_count = before->shifts;
    if (search->load.beyond != NULL) search->load.beyond->shift_count = before->shifts_beyond;
    search->split_room = before->split_room;
    search->links.count = before->links;
    if (search->confined != NULL) copy_rules(search, before, true);
}

/* ---- the search ------------------------------------------------------------------------------ */

/* Nodes worth relieving, costliest first. */
static size_t troubled_nodes(const struct fore_search *search, uint16_t *out, size_t cap)
{
    size_t count = 0;
    double least = (double)search->input->options->gain_min / 1e9;
    for (uint32_t n = 0; n < search->load.topology->node_count; n++) {
        double cost = search->load.cost[n];
        if (cost <= least || search->slots[n] == 0) continue;
        size_t at = count < cap ? count++ : cap;
        if (at == cap) {
            if (cost <= search->load.cost[out[cap - 1]]) continue;
            at = cap - 1;
        }
        while (at > 0 && search->load.cost[out[at - 1]] < cost) {
            out[at] = out[at - 1];
            at--;
        }
        out[at] = (uint16_t)n;
    }
    return count;
}

static void list_best(struct fore_search *search, uint32_t room, struct fore_shortlist *list)
{
    uint16_t source[SOURCES];
    struct fore_candidate bar = {.shortlist = list};
    list->count = 0;
    list->room = room;
    search->thorough = room > 1;
    size_t count = troubled_nodes(search, source, FORE_COUNTOF(source));
    fore_candidate_targets(search);
    for (size_t i = 0; i < count; i++)
        fore_candidate_relieve(search, source[i], &bar);
}

static void explore(struct beam *beam, uint32_t discrepancies)
{
    struct fore_search *search = beam->search;
    struct fore_choice *path = beam->path;
    if (path->value_s > beam->best->value_s) {
        memcpy(beam->best->item, path->item, path->count * sizeof *path->item);
        beam->best->count = path->count;
        beam->best->value_s = path->value_s;
    }
    if (path->count == beam->most || search->cluster_slots == 0) return;
    if (discrepancies > 0 && *search->asked > beam->effort) return;
    struct level *level = &beam->level[path->count];
    uint32_t room = discrepancies + 1 < FORE_BEAM_WIDTH ? discrepancies + 1 : FORE_BEAM_WIDTH;
    list_best(search, room, &level->list);
    for (uint32_t j = 0; j < level->list.count; j++) {
        const struct fore_candidate *next = &level->list.item[j];
        double value_s = path->value_s;
        remember(search, next, &level->before);
        fore_beam_take(search, next);
        path->item[path->count++] = *next;
        path->value_s += next->gain_s;
        explore(beam, discrepancies - j);
        path->count--;
        path->value_s = value_s;
        put_back(search, &level->before);
    }
}

static void allocate(struct beam *beam)
{
    struct fore_search *search = beam->search;
    struct fore_arena *scratch = search->scratch;
    size_t cells = TOUCHED_MAX * row_size(&search->load);
    beam->level = FORE_NEW(scratch, struct level, beam->most + 1);
    beam->path = FORE_NEW(scratch, struct fore_choice, 1);
    for (uint32_t i = 0; i < beam->most; i++) {
        struct before *before = &beam->level[i].before;
        before->rows = FORE_NEW(scratch, double, cells);
        if (search->confined == NULL) continue;
        size_t nodes = search->rules.rules->node_count, aparts = search->rules.rules->apart_count;
        before->held = FORE_NEW(scratch, uint32_t, 2 * nodes * aparts + 1);
        before->side = FORE_NEW(scratch, uint8_t, nodes * aparts + 1);
    }
}

void fore_beam_choose(struct fore_search *search, uint32_t most, struct fore_choice *out)
{
    struct beam beam = {
        .search = search, .most = most, .effort = search->input->options->effort, .best = out};
    out->count = 0;
    out->value_s = 0;
    allocate(&beam);
    for (size_t i = 0; i < FORE_COUNTOF(rounds); i++) {
        if (i > 0 && (beam.best->count == 0 || *search->asked > beam.effort)) break;
        explore(&beam, rounds[i]);
    }
    for (uint32_t i = 0; i < out->count; i++)
        fore_beam_take(search, &out->item[i]);
}
