/*
 * wait.c - see wait.h. Beginning later by d is a change like any other: what the move does at a
 * node is undone from the moment it would be over, and done again d later. Its copy's own work is
 * left where it was: it is the same work.
 */
#include "core/decide/wait.h"

#include "core/decide/price.h"

#include <math.h>

static const uint32_t delay_steps[] = {1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48};
/* A later beginning must be better by this share of what the change gains, and by this share of
 * gain_min: a forecast is no clock. */
static const double clearly = 0.05, least = 0.2;
/* A copy may take longer than it should, by this share of it: half of the judgement. */
static const double slips = 1;

struct later {
    struct fore_load_change change[4];
    size_t count;
};

/* What beginning `by_s` later does to the node. */
static void put_off(const struct fore_candidate *c, uint16_t node, double by_s, struct later *out)
{
    out->count = 0;
    for (uint32_t i = 0; i < c->change_count; i++) {
        struct fore_load_change x = c->change[i];
        if (x.node != node || out->count + 2 > FORE_COUNTOF(out->change)) continue;
        x.busy_until_s = 0;
        x.share = -x.share;
        x.replicas = -x.replicas;
        out->change[out->count++] = x;
        x.share = -x.share;
        x.replicas = -x.replicas;
        x.from_s += by_s;
        out->change[out->count++] = x;
    }
}

static bool seen_before(const struct fore_candidate *c, uint32_t index)
{
    for (uint32_t i = 0; i < index; i++)
        if (c->change[i].node == c->change[index].node) return true;
    return false;
}

/* Violation seconds that beginning so much later adds; negative: saves. By the first scenario
 * alone: the others say that nothing changes, and by them it is always better to wait. */
static double rise(const struct fore_search *search, const struct fore_candidate *c, double by_s)
{
    struct fore_load load = search->load;
    double sum = 0;
    load.term_count = 1;
    load.term[0].weight = 1;
    for (uint32_t i = 0; i < c->change_count; i++) {
        if (seen_before(c, i)) continue;
        struct later later;
        put_off(c, c->change[i].node, by_s, &later);
        sum += fore_load_cost_with(&load, c->change[i].node, later.change, later.count) -
               fore_load_cost_with(&load, c->change[i].node, NULL, 0);
        *search->asked += 2;
    }
    return sum;
}

static void apply(struct fore_search *search, const struct fore_candidate *c, double by_s)
{
    for (uint32_t i = 0; i < c->change_count; i++) {
        if (seen_before(c, i)) continue;
        struct later later;
        put_off(c, c->change[i].node, by_s, &later);
        fore_load_apply(&search->load, later.change, later.count);
    }
}

static double due_s(const struct fore_candidate *c)
{
    double due = 0;
    for (uint32_t i = 0; i < c->change_count; i++)
        due = fmax(due, c->change[i].from_s);
    return due;
}

/* Seconds it had better wait; 0: now is as good. */
static double best_delay(const struct fore_search *search, const struct fore_candidate *c)
{
    const struct fore_load *load = &search->load;
    double gain_min_s = fore_price_seconds(search->input->options->gain_min);
    double due = due_s(c), slack = fmax(slips * (due - search->offset_s), load->step_s);
    double room = (double)load->steps * load->step_s - due - slack, delay = 0;
    double best = 0.5 * rise(search, c, slack);
    best -= fmax(clearly * fmax(c->gain_s, 0), least * gain_min_s);
    for (size_t i = 0; i < FORE_COUNTOF(delay_steps); i++) {
        double by_s = delay_steps[i] * load->step_s;
        if (by_s >= room) break;
        double more = 0.5 * rise(search, c, by_s) + 0.5 * rise(search, c, by_s + slack);
        if (more >= best) continue;
        best = more;
        delay = by_s;
    }
    return delay;
}

static bool may_wait(const struct fore_candidate *c)
{
    return c->move.move.kind == FORE_MOVE_MOVE && c->repairs == NULL;
}

uint32_t fore_wait_weed(struct fore_search *search, struct fore_choice *choice, double *soonest_s)
{
    uint32_t waiting = 0;
    for (bool again = true; again;) {
        again = false;
        for (uint32_t i = 0; i < choice->count && !again; i++) {
            struct fore_candidate *c = &choice->item[i];
            double delay = may_wait(c) ? best_delay(search, c) : 0;
            if (!(delay > 0)) continue;
            apply(search, c, delay);
            *soonest_s = waiting++ == 0 ? delay : fmin(*soonest_s, delay);
            for (uint32_t k = i; k + 1 < choice->count; k++)
                choice->item[k] = choice->item[k + 1];
            choice->count--;
            again = true;
        }
    }
    return waiting;
}
