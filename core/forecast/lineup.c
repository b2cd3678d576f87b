/*
 * lineup.c - fits, predictions and the judging of what was said.
 *
 * A line-up of one passes its model's forecast through untouched. The states of all fits live in
 * one arena; a refit of everything fills the other one and then empties the first.
 */
#include "core/forecast/lineup.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/forecast/lineup_parts.h"

enum { CHUNK = 256, APART = 12 }; /* partitions predicted together; origins a horizon, at most */

void *fore_lineup_memory(void *old, size_t count, size_t size)
{
    FORE_ASSERT(size == 0 || count < SIZE_MAX / size);
    void *memory = old ? realloc(old, count * size + 1) : calloc(count * size + 1, 1);
    FORE_ASSERT(memory != NULL);
    return memory;
}

struct fore_lineup *fore_lineup_create(const struct fore_lineup_options *options)
{
    struct fore_lineup *lineup = fore_lineup_memory(NULL, 1, sizeof(*lineup));
    FORE_ASSERT(options->member_count > 0 && options->member_count <= FORE_MEMBERS_MAX);
    lineup->options = *options;
    lineup->slot =
        fore_lineup_memory(NULL, options->partition_cap, sizeof(struct fore_lineup_slot *));
    for (size_t i = 0; i < FORE_LINEUP_LEADS; i++) { /* the first, the last, two between */
        size_t lead = i * (options->horizon - 1) / (FORE_LINEUP_LEADS - 1);
        if (lineup->leads == 0 || lead > lineup->lead[lineup->leads - 1])
            lineup->lead[lineup->leads++] = lead;
    }
    lineup->width = lineup->leads * (options->member_count + 1);
    return lineup;
}

void fore_lineup_forget(struct fore_lineup *lineup, uint32_t index)
{
    struct fore_lineup_slot *slot = lineup->slot[index];
    if (!slot) return;
    free(slot->ensemble);
    free(slot);
    lineup->slot[index] = NULL;
    for (uint32_t i = 0; i < lineup->pending; i++) {
        struct fore_lineup_origin *origin =
            &lineup->origin[(lineup->first + i) % FORE_LINEUP_ORIGINS];
        for (size_t k = 0; index < origin->rows && k < lineup->width; k++)
            origin->said[index * lineup->width + k] = NAN;
    }
}

void fore_lineup_destroy(struct fore_lineup *lineup)
{
    if (!lineup) return;
    for (uint32_t i = 0; i < lineup->options.partition_cap; i++)
        fore_lineup_forget(lineup, i);
    for (size_t m = 0; m < lineup->options.member_count; m++) {
        const struct fore_global *global = lineup->options.member[m]->global;
        for (size_t g = 0; g < FORE_LINEUP_GROUPS; g++) {
            if (lineup->net[m][g].net) global->destroy(lineup->net[m][g].net);
            if (lineup->net[m][g].trainer) global->drop(lineup->net[m][g].trainer);
        }
    }
    for (int i = 0; i < FORE_LINEUP_ORIGINS; i++)
        free(lineup->origin[i].said);
    fore_arena_fini(&lineup->states[0]);
    fore_arena_fini(&lineup->states[1]);
    free(lineup->now);
    free(lineup->slot);
    free(lineup);
}

struct fore_lineup_slot *fore_lineup_slot(struct fore_lineup *lineup, uint32_t index)
{
    FORE_ASSERT(index < lineup->options.partition_cap);
    if (lineup->slot[index]) return lineup->slot[index];
    struct fore_lineup_slot *slot = fore_lineup_memory(NULL, 1, sizeof(*slot));
    size_t members = lineup->options.member_count;
    if (members > 1) {
        slot->ensemble = fore_lineup_memory(NULL, 1, fore_ensemble_size(members));
        fore_ensemble_init(slot->ensemble, members, lineup->options.horizon);
    }
    lineup->slot[index] = slot;
    return slot;
}

bool fore_lineup_speaks(const struct fore_lineup *lineup, uint32_t index)
{
    return lineup->slot[index] && lineup->slot[index]->speaks;
}

static void outdate(struct fore_lineup_slot *slot)
{
    for (size_t m = 0; slot && m < FORE_MEMBERS_MAX; m++)
        slot->fit_at[m] = 0;
}

void fore_lineup_outdate(struct fore_lineup *lineup)
{
    for (uint32_t i = 0; i < lineup->options.partition_cap; i++)
        outdate(lineup->slot[i]);
}

/* The models know the load before the split; what was said of it is no one's any more. */
void fore_lineup_split(struct fore_lineup *lineup, uint32_t left, uint32_t right)
{
    fore_lineup_forget(lineup, right);
    struct fore_lineup_slot *parent = lineup->slot[left], *child;
    if (!parent) return;
    child = fore_lineup_slot(lineup, right);
    if (parent->ensemble && child->ensemble)
        memcpy(child->ensemble, parent->ensemble, fore_ensemble_size(lineup->options.member_count));
    memset(parent->fitted, 0, sizeof(parent->fitted));
    parent->speaks = false;
    outdate(parent);
    for (uint32_t i = 0; i < lineup->pending; i++) {
        struct fore_lineup_origin *origin =
            &lineup->origin[(lineup->first + i) % FORE_LINEUP_ORIGINS];
        for (size_t k = 0; left < origin->rows && k < lineup->width; k++)
            origin->said[left * lineup->width + k] = NAN;
    }
}

void fore_lineup_merge(struct fore_lineup *lineup, uint32_t left, uint32_t right)
{
    fore_lineup_split(lineup, left, right); /* left's pending words fall, its fits are made anew */
    fore_lineup_forget(lineup, right);
}

/* ---- fits ------------------------------------------------------------------------------------ */

bool fore_lineup_enough(const struct fore_lineup *lineup, size_t member,
                        const struct fore_series_view *view)
{
    const struct fore_model *model = lineup->options.member[member];
    if (model->seasonal && view->period[0] == 0) return false;
    return view->n >=
           model->points_min(&lineup->options.params, view->period[0], lineup->options.horizon);
}

static size_t fit_member(struct fore_lineup *lineup, struct fore_lineup_slot *slot, size_t m,
                         const struct fore_series_view *view, struct fore_arena *scratch)
{
    const struct fore_model *model = lineup->options.member[m];
    slot->fit_at[m] =
        model->points_min(&lineup->options.params, view->period[0], lineup->options.horizon);
    slot->fitted[m] = false;
    if (!fore_lineup_enough(lineup, m, view)) return 0;
    slot->fit_at[m] = SIZE_MAX;
    slot->fitted[m] = true;
    if (!model->fit) return 0;
    enum fore_err err = model->fit(&lineup->options.params, view, lineup->options.horizon,
                                   &lineup->states[lineup->states_now], scratch, &slot->state[m]);
    slot->fitted[m] = err == FORE_E_OK;
    if (err != FORE_E_OK) slot->fit_at[m] = view->n + lineup->options.horizon;
    return 1;
}

size_t fore_lineup_fit(struct fore_lineup *lineup, const struct fore_lineup_fleet *fleet, bool all,
                       struct fore_arena *scratch)
{
    size_t fits = 0;
    if (all) lineup->states_now ^= 1;
    for (size_t i = 0; i < fleet->count; i++) {
        struct fore_lineup_slot *slot = fore_lineup_slot(lineup, fleet->index[i]);
        for (size_t m = 0; m < lineup->options.member_count; m++) {
            if (lineup->options.member[m]->global) continue;
            if (all || fleet->view[i].n >= slot->fit_at[m])
                fits += fit_member(lineup, slot, m, &fleet->view[i], scratch);
        }
    }
    if (all) fore_arena_reset(&lineup->states[lineup->states_now ^ 1], (struct fore_arena_mark){0});
    fore_lineup_train(lineup, fleet, scratch);
    return fits;
}

/* ---- predictions ----------------------------------------------------------------------------- */

static void make_room(struct fore_lineup *lineup, const struct fore_lineup_fleet *fleet)
{
    uint32_t rows = fleet->count > 0 ? fleet->index[fleet->count - 1] + 1 : 0;
    if (rows > lineup->now_rows) {
        lineup->now = fore_lineup_memory(lineup->now, (size_t)rows * lineup->width, sizeof(float));
        lineup->now_rows = rows;
    }
    for (size_t i = 0; i < (size_t)lineup->now_rows * lineup->width; i++)
        lineup->now[i] = NAN;
}

/* One partition: its members speak (the nets have), the ensemble combines. */
static void predict_one(struct fore_lineup *lineup, const struct fore_series_view *view,
                        uint32_t index, float *const *said, float *mean)
{
    struct fore_lineup_slot *slot = fore_lineup_slot(lineup, index);
    const float *member[FORE_MEMBERS_MAX];
    size_t members = lineup->options.member_count, horizon = lineup->options.horizon;
    slot->speaks = false;
    for (size_t m = 0; m < members; m++) {
        const struct fore_model *model = lineup->options.member[m];
        member[m] = NULL;
        if (model->global) {
            if (said[m] && !isnan(said[m][0])) member[m] = said[m];
        } else if (slot->fitted[m]) {
            float *out = members == 1 ? mean : said[m];
            model->predict(&lineup->options.params, slot->state[m], view, horizon, out);
            member[m] = out;
        }
        slot->speaks = slot->speaks || member[m];
    }
    if (!slot->speaks) return;
    if (members == 1) {
        if (member[0] != mean) memcpy(mean, member[0], horizon * sizeof(*mean));
        return;
    }
    float *out[FORE_COMBINATIONS] = {0};
    out[fore_ensemble_choice(slot->ensemble)] = mean;
    fore_ensemble_combine(slot->ensemble, &lineup->options.ensemble, member, out);
    float *now = lineup->now + (size_t)index * lineup->width;
    for (size_t l = 0; l < lineup->leads; l++, now += members + 1) {
        for (size_t m = 0; m < members; m++)
            now[m] = member[m] ? member[m][lineup->lead[l]] : NAN;
        now[members] = mean[lineup->lead[l]];
    }
}

void fore_lineup_predict(struct fore_lineup *lineup, const struct fore_lineup_fleet *fleet,
                         struct fore_arena *scratch, float *mean)
{
    struct fore_arena_mark mark = fore_arena_mark(scratch);
    size_t members = lineup->options.member_count, horizon = lineup->options.horizon;
    float *room[FORE_MEMBERS_MAX] = {0}, *said[FORE_MEMBERS_MAX] = {0};
    make_room(lineup, fleet);
    for (size_t m = 0; m < members; m++)
        room[m] = FORE_NEW(scratch, float,
                           horizon *(lineup->options.member[m]->global ? (size_t)CHUNK : 1));
    for (size_t from = 0; from < fleet->count; from += CHUNK) {
        size_t n = fleet->count - from < CHUNK ? fleet->count - from : (size_t)CHUNK;
        for (size_t m = 0; m < members; m++)
            if (lineup->options.member[m]->global)
                fore_lineup_net_says(lineup, m, fleet, from, n, scratch, room[m]);
        for (size_t i = 0; i < n; i++) {
            for (size_t m = 0; m < members; m++)
                said[m] = room[m] + (lineup->options.member[m]->global ? i * horizon : 0);
            uint32_t index = fleet->index[from + i];
            predict_one(lineup, &fleet->view[from + i], index, said, mean + index * horizon);
        }
    }
    fore_arena_reset(scratch, mark);
}

/* ---- judging --------------------------------------------------------------------------------- */

void fore_lineup_record(struct fore_lineup *lineup, const struct fore_lineup_fleet *fleet)
{
    if (lineup->options.member_count == 1 || lineup->now_rows == 0) return;
    size_t every = (lineup->options.horizon + APART - 1) / APART;
    uint32_t newest =
        (lineup->first + lineup->pending + FORE_LINEUP_ORIGINS - 1) % FORE_LINEUP_ORIGINS;
    if (lineup->pending > 0 && fleet->points < lineup->origin[newest].points + every) return;
    if (lineup->pending == FORE_LINEUP_ORIGINS) return;
    struct fore_lineup_origin *origin =
        &lineup->origin[(lineup->first + lineup->pending++) % FORE_LINEUP_ORIGINS];
    if (origin->rows < lineup->now_rows)
        origin->said = fore_lineup_memory(origin->said, (size_t)lineup->now_rows * lineup->width,
                                          sizeof(float));
    origin->rows = lineup->now_rows;
    origin->points = fleet->points;
    origin->told = 0;
    memcpy(origin->said, lineup->now, (size_t)lineup->now_rows * lineup->width * sizeof(float));
}

static void judge_lead(struct fore_lineup *lineup, const struct fore_lineup_fleet *fleet,
                       const struct fore_lineup_origin *origin, size_t l)
{
    size_t members = lineup->options.member_count, lead = lineup->lead[l];
    uint64_t age = fleet->points - (origin->points + lead); /* of the truth: 1 is the newest */
    for (size_t i = 0; i < fleet->count; i++) {
        uint32_t index = fleet->index[i];
        const struct fore_series_view *view = &fleet->view[i];
        if (index >= origin->rows || age > view->n || !lineup->slot[index]) continue;
        const float *said = origin->said + index * lineup->width + l * (members + 1);
        if (isnan(said[members])) continue;
        const float combined[FORE_COMBINATIONS] = {said[members], said[members]};
        fore_ensemble_learn(lineup->slot[index]->ensemble, &lineup->options.ensemble, said,
                            combined, lead, view->y[view->n - age]);
    }
}

void fore_lineup_learn(struct fore_lineup *lineup, const struct fore_lineup_fleet *fleet)
{
    for (uint32_t i = 0; i < lineup->pending; i++) {
        struct fore_lineup_origin *origin =
            &lineup->origin[(lineup->first + i) % FORE_LINEUP_ORIGINS];
        while (origin->told < lineup->leads &&
               origin->points + lineup->lead[origin->told] < fleet->points) {
            judge_lead(lineup, fleet, origin, origin->told);
            origin->told++;
        }
    }
    while (lineup->pending > 0 && lineup->origin[lineup->first].told == lineup->leads) {
        lineup->first = (lineup->first + 1) % FORE_LINEUP_ORIGINS;
        lineup->pending--;
    }
}

/* ---- in words -------------------------------------------------------------------------------- */

void fore_lineup_reason(const struct fore_lineup *lineup, uint32_t index, struct fore_buf *out)
{
    const struct fore_lineup_slot *slot = lineup->slot[index];
    if (!slot || !slot->speaks)
        fore_buf_puts(out, "no model can speak yet: as it is now");
    else if (lineup->options.member_count == 1)
        fore_buf_puts(out, lineup->options.member[0]->name);
    else
        fore_ensemble_reason(slot->ensemble, &lineup->options.ensemble, lineup->options.member,
                             out);
}

size_t fore_lineup_lessons(const struct fore_lineup *lineup, struct fore_lineup_lesson *out,
                           size_t room)
{
    size_t kept = lineup->lessons < FORE_LINEUP_LESSONS ? (size_t)lineup->lessons
                                                        : (size_t)FORE_LINEUP_LESSONS;
    size_t n = kept < room ? kept : room;
    for (size_t i = 0; i < n; i++)
        out[i] = lineup->lesson[(lineup->lessons - n + i) % FORE_LINEUP_LESSONS];
    return n;
}

uint64_t fore_lineup_lesson_count(const struct fore_lineup *lineup)
{
    return lineup->lessons;
}
