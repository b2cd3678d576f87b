/*
 * migrate.c - the state machine of one move; which may start is admit.c's.
 *
 * advance() makes one transition and says whether another may follow at once, so that a split (no
 * data) finishes in one tick while a copy waits for its bytes. Before a move's cut-over the source
 * owns everything and giving up is always safe; after it the target owns everything and only the
 * sweep of the source is left to repeat. That is the whole safety argument.
 */
#include "core/act/migrate.h"

#include "core/act/bound.h"
#include "core/act/resume.h"
#include "core/act/steps.h"

#include <stdio.h>
#include <string.h>

const char *fore_migrate_state_text(enum fore_migrate_state state)
{
    static const char *const text[] = {
#define X(name, words) words,
        FORE_MIGRATE_STATE_MAP(X)
#undef X
    };
    return (size_t)state < FORE_COUNTOF(text) ? text[state] : "unknown";
}

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

bool fore_migrate_copies(enum fore_move_kind kind)
{
    return kind == FORE_MOVE_MOVE || kind == FORE_MOVE_ADD_REPLICA || fore_move_of_columns(kind);
}

bool fore_migrate_partition_busy(const struct fore_migrate *migrate, uint32_t partition)
{
    for (uint32_t i = 0; i < migrate->running; i++) {
        const struct fore_migration *m = &migrate->migration[i];
        if (m->state >= FORE_MIGRATE_WATCH) continue;
        if (m->move.partition == partition ||
            (fore_move_joins(m->move.kind) && m->move.other == partition))
            return true;
    }
    return false;
}

bool fore_migrate_rests(const struct fore_migrate *migrate, uint32_t partition, fore_ns now)
{
    uint64_t known = migrate->rests < FORE_MIGRATE_RESTS ? migrate->rests : FORE_MIGRATE_RESTS;
    for (uint64_t i = 0; i < known; i++)
        if (migrate->rest[i].partition == partition && now < migrate->rest[i].until) return true;
    return false;
}

double fore_migrate_due_s(const struct fore_migration *m, fore_ns now)
{
    if (m->state >= FORE_MIGRATE_SWEEP) return 0;
    if (m->waits) return m->expected_s > 1 ? m->expected_s : 1;
    double elapsed = m->began != 0 && now > m->began ? (double)(now - m->began) / 1e9 : 0;
    if (m->bytes_done > 0 && m->bytes_total > m->bytes_done && elapsed > 0)
        return elapsed * (double)(m->bytes_total - m->bytes_done) / (double)m->bytes_done;
    double left = m->expected_s - elapsed;
    return left > 1 ? left : 1;
}

void fore_migrate_look_before(struct fore_migration *m, const struct fore_observe *observe)
{
    const struct fore_observe_node *source = &observe->node[m->move.source];
    const struct fore_observe_node *target = &observe->node[m->move.target];
    m->before_p99_ms = source->p99_ms > target->p99_ms ? source->p99_ms : target->p99_ms;
    m->before_util = source->utilization;
    m->predicted_util = target->utilization;
}

struct fore_migration *fore_migrate_enlist(struct fore_migrate *migrate,
                                           const struct fore_move *move,
                                           const struct fore_topology *topology,
                                           const struct fore_observe *observe, fore_ns now)
{
    FORE_ASSERT(migrate->running < migrate->cap);
    struct fore_migration *m = &migrate->migration[migrate->running++];
    *m = (struct fore_migration){.move = *move,
                                 .id = ++migrate->ids,
                                 .state = FORE_MIGRATE_QUEUED,
                                 .began = now,
                                 .changed = now,
                                 .progressed = now,
                                 .partition_new = FORE_PARTITION_NONE};
    if (!fore_move_of_node(move->kind) && move->partition < topology->partition_count) {
        bool merge = move->kind == FORE_MOVE_MERGE && move->other < topology->partition_count;
        m->first = topology->partition[move->partition].first;
        m->last = topology->partition[merge ? move->other : move->partition].last;
    }
    if (fore_migrate_copies(m->move.kind)) fore_migrate_look_before(m, observe);
    return m;
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
