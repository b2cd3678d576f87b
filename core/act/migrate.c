/*
 * migrate.c - one look at every move under way, and the hand of an operator on them. What a move
 * does next is steps.c's, which may start is admit.c's, how they are listed is running.c's.
 */
#include "core/act/migrate.h"

#include "core/act/bound.h"
#include "core/act/resume.h"
#include "core/act/running.h"
#include "core/act/steps.h"

#include <stdio.h>
#include <string.h>

void fore_migrate_init(struct fore_migrate *migrate, const struct fore_act_options *options,
                       struct fore_arena *perm, uint32_t node_count)
{
    /* Moves that are only watched hold no slot, so there may be more of them than slots. */
    uint32_t cap = (uint32_t)options->moves_max * 4 + node_count + 64;
    *migrate = (struct fore_migrate){
        .options = *options, .cap = cap, .move_utilization = options->move_utilization};
    migrate->migration = FORE_NEW(perm, struct fore_migration, cap);
    migrate->after = FORE_NEW(perm, struct fore_gain_after, cap);
    migrate->violating = FORE_NEW(perm, double, node_count);
    migrate->node_count = node_count;
    fore_links_init(&migrate->links, options->moves_per_link, cap + FORE_PLAN_MOVES, perm);
}

static bool over(const struct fore_migration *m)
{
    return m->state >= FORE_MIGRATE_DONE;
}

static void forget_finished(struct fore_migrate *migrate)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < migrate->running; i++)
        if (!over(&migrate->migration[i])) migrate->migration[kept++] = migrate->migration[i];
    migrate->running = kept;
}

/* A copy's own work is learned from nodes that take part in exactly one. */
static void learn_cost(struct fore_migrate *migrate, const struct fore_observe *observe)
{
    for (uint32_t i = 0; i < migrate->running; i++) {
        const struct fore_migration *m = &migrate->migration[i];
        if (m->state != FORE_MIGRATE_COPY || !fore_migrate_copies(m->move.kind) ||
            fore_move_of_columns(m->move.kind) || migrate->options.moves_per_node != 1)
            continue;
        double seen = observe->node[m->move.source].move_utilization;
        if (seen < 0.001 || seen > 0.9 || m->throttled) continue;
        /* Averages trail: a copy that has just begun would look cheaper than it is. */
        if (m->progressed - m->began < 3 * observe->options.now_span) continue;
        migrate->move_utilization += 0.02 * (seen - migrate->move_utilization);
    }
}

/* Copies that somebody cancelled are not stuck any more. */
static void resolve_stuck(const struct fore_step *step)
{
    struct fore_alerts *alerts = step->alerts;
    for (uint32_t i = alerts->count; alerts->of_code[FORE_ALERT_MOVE_STUCK] > 0 && i > 0; i--) {
        const struct fore_alert_standing *one = &alerts->standing[i - 1];
        if (one->code == FORE_ALERT_MOVE_STUCK &&
            !fore_migrate_partition_busy(step->migrate, one->subject))
            fore_alert_resolve(alerts, step->sink, step->now, FORE_ALERT_MOVE_STUCK, one->subject);
    }
}

size_t fore_migrate_tick(struct fore_migrate *migrate, struct fore_driver driver,
                         const struct fore_observe *observe, struct fore_alerts *alerts,
                         struct fore_sink sink, fore_ns now, struct fore_migrate_change *change,
                         size_t change_cap)
{
    struct fore_step step = {.migrate = migrate,
                             .driver = driver,
                             .observe = observe,
                             .alerts = alerts,
                             .sink = sink,
                             .now = now,
                             .change = change,
                             .change_cap = change_cap};
    fore_gain_tick(&step);
    if (migrate->adopts) fore_resume_adopt(&step);
    uint32_t count = migrate->running; /* roll-backs begun in this tick wait for the next */
    for (uint32_t i = 0; i < count; i++)
        while (step.change_count < change_cap && !over(&migrate->migration[i]) &&
               fore_step_advance(&step, &migrate->migration[i]))
            ;
    fore_bound_settle(&step);
    resolve_stuck(&step);
    learn_cost(migrate, observe);
    forget_finished(migrate);
    return step.change_count;
}

uint32_t fore_migrate_cancel_copies(struct fore_migrate *migrate, struct fore_driver driver,
                                    const char *why, struct fore_sink sink, fore_ns now)
{
    struct fore_step step = {.migrate = migrate, .driver = driver, .sink = sink, .now = now};
    uint32_t count = 0;
    for (uint32_t i = 0; i < migrate->running; i++) {
        struct fore_migration *m = &migrate->migration[i];
        if (!fore_migrate_copies(m->move.kind) || m->state >= FORE_MIGRATE_SWEEP) continue;
        fore_step_give_up(&step, m, FORE_MIGRATE_CANCELLED, why);
        count++;
    }
    fore_bound_settle(&step);
    for (uint32_t i = 0; i < migrate->running; i++) /* to take it back would be a copy, too */
        migrate->migration[i].alone = false;
    forget_finished(migrate);
    return count;
}

void fore_migrate_cancel(struct fore_migrate *migrate, struct fore_driver driver,
                         fore_ticket ticket, const char *why, struct fore_sink sink, fore_ns now)
{
    struct fore_step step = {.migrate = migrate, .driver = driver, .sink = sink, .now = now};
    for (uint32_t i = 0; i < migrate->running; i++) {
        struct fore_migration *m = &migrate->migration[i];
        if (m->ticket != ticket || ticket == 0 || m->state >= FORE_MIGRATE_SWEEP) continue;
        fore_step_give_up(&step, m, FORE_MIGRATE_CANCELLED, why);
    }
    fore_bound_settle(&step);
    forget_finished(migrate);
}

/* What a copy gets: next to nothing while it rests, else what it had. */
static enum fore_err hold_back(const struct fore_migrate *migrate, struct fore_driver driver,
                               const struct fore_migration *m, bool pause)
{
    double rate = m->throttled ? m->rate : migrate->options.move_bandwidth;
    return fore_driver_throttle(driver, m->ticket, pause ? 1 : rate);
}

enum fore_err fore_migrate_pause(struct fore_migrate *migrate, struct fore_driver driver,
                                 fore_ticket ticket, bool pause, const char *why,
                                 struct fore_sink sink, fore_ns now)
{
    struct fore_step step = {.migrate = migrate, .driver = driver, .sink = sink, .now = now};
    for (uint32_t i = 0; i < migrate->running; i++) {
        struct fore_migration *m = &migrate->migration[i];
        if (m->ticket != ticket || ticket == 0 || m->state >= FORE_MIGRATE_CUT_OVER) continue;
        if (m->paused == pause) return FORE_E_OK;
        if (!fore_migrate_copies(m->move.kind) || !fore_driver_can(driver, FORE_CAP_THROTTLE))
            return FORE_E_UNSUPPORTED;
        FORE_TRY(hold_back(migrate, driver, m, pause));
        m->paused = pause;
        m->progressed = now; /* no stall begins before it may go on */
        m->shrunk = 0;
        fore_step_say(&step, m, why);
        return FORE_E_OK;
    }
    return FORE_E_RANGE;
}
