/* agree.c - see agree.h. */
#include "core/act/agree.h"

/*
 * What the range must add up to, and whether it does. A difference that three looks in a row show
 * is a fault: an alert, and true in `*faulty`. Anything but OK: ask again.
 */
static enum fore_err look(struct fore_step *step, struct fore_migration *m, uint16_t also,
                          uint16_t but, bool *faulty)
{
    struct fore_check_result seen;
    char why[120];
    enum fore_err err = FORE_E_OK;
    bool agreed = m->check.taken;
    *faulty = false;
    if (!agreed) err = fore_check_take(&m->check, step->driver, &m->move, also, &seen);
    if (agreed || (m->check.taken && also != FORE_NODE_NONE))
        err = fore_check_now(&m->check, step->driver, also, but, &seen);
    if (err != FORE_E_OK) return err;
    if (seen.verdict == FORE_CHECK_SAME || seen.verdict == FORE_CHECK_MOOT) return FORE_E_OK;
    if (++m->check.misses < FORE_AGREE_LOOKS) return FORE_E_AGAIN;
    *faulty = true;
    fore_step_rest(step, m);
    step->migrate->counts.corrupt++;
    fore_check_say(&seen, why, sizeof why);
    fore_alert_raise(step->alerts, step->sink, step->now, FORE_ALERT_DIGEST_MISMATCH,
                     FORE_ALERT_CRITICAL, m->move.partition, "%s of %s",
                     fore_move_kind_text(m->move.kind), why);
    return FORE_E_OK;
}

static bool overlaps(const struct fore_check *a, const struct fore_check *b)
{
    bool same_group = a->column_group == b->column_group || a->pair || b->pair;
    return a->taken && b->taken && a->table == b->table && same_group && a->first <= b->last &&
           b->first <= a->last;
}

/* Is another move at work on rows of this one's range? Its copy is half done. One that was taken
 * up after a restart may have agreed on nothing yet; then only its range is known. */
static bool crossed(const struct fore_step *step, const struct fore_migration *m)
{
    for (uint32_t i = 0; i < step->migrate->running; i++) {
        const struct fore_migration *other = &step->migrate->migration[i];
        if (other == m || other->state >= FORE_MIGRATE_WATCH) continue;
        bool unagreed = other->ticket != 0 && !other->check.taken && m->check.taken &&
                        other->first <= m->check.last && m->check.first <= other->last;
        if (unagreed || overlaps(&other->check, &m->check)) return true;
    }
    return false;
}

/* A new agreement must not bless what happened under an older one that is still being watched:
 * the older one is asked first. True when it has no complaint. */
static bool elders_agree(struct fore_step *step, const struct fore_migration *m)
{
    for (uint32_t i = 0; i < step->migrate->running; i++) {
        struct fore_migration *elder = &step->migrate->migration[i];
        bool faulty;
        if (elder == m || elder->state != FORE_MIGRATE_WATCH || !elder->check.taken ||
            elder->move.partition != m->move.partition || crossed(step, elder))
            continue;
        if (look(step, elder, FORE_NODE_NONE, FORE_NODE_NONE, &faulty) != FORE_E_OK) return false;
        elder->check.misses = 0;
        if (!faulty) continue;
        elder->check.taken = false;
        return false;
    }
    return true;
}

bool fore_agree_adds_up(struct fore_step *step, struct fore_migration *m, uint16_t also)
{
    bool faulty;
    bool keeps_rows = !fore_move_of_node(m->move.kind); /* those have no range to add up */
    if (!keeps_rows || !fore_driver_can(step->driver, FORE_CAP_CONTENT)) return true;
    if (!m->check.taken && !elders_agree(step, m)) return false;
    enum fore_err err = look(step, m, also, FORE_NODE_NONE, &faulty);
    if (err == FORE_E_AGAIN) return false; /* the next tick looks again */
    if (err != FORE_E_OK) return fore_step_ask_again(step, m, err);
    m->check.misses = 0;
    if (faulty) fore_step_give_up(step, m, FORE_MIGRATE_FAILED, "the content does not add up");
    return !faulty;
}

bool fore_agree_may_sweep(struct fore_step *step, struct fore_migration *m)
{
    bool faulty;
    if (!m->check.taken || m->checked) return true;
    uint16_t old = m->move.kind == FORE_MOVE_MOVE ? m->move.source : FORE_NODE_NONE;
    enum fore_err err = look(step, m, FORE_NODE_NONE, old, &faulty);
    if (err == FORE_E_AGAIN) return false;
    if (err != FORE_E_OK) return fore_step_ask_again(step, m, err);
    m->check.misses = 0;
    m->checked = true;
    if (!faulty) return true;
    step->migrate->counts.failed++;
    (void)fore_step_enter(step, m, FORE_MIGRATE_FAILED,
                          "the content does not add up after the cut-over; the old copy is kept");
    return false;
}

bool fore_agree_last_look(struct fore_step *step, struct fore_migration *m)
{
    bool faulty;
    if (!m->check.taken) return true;
    if (crossed(step, m)) return false;
    enum fore_err err = look(step, m, FORE_NODE_NONE, FORE_NODE_NONE, &faulty);
    if (err == FORE_E_AGAIN) return false;
    if (err != FORE_E_OK) return fore_step_ask_again(step, m, err);
    m->check.taken = false;
    if (!faulty) return true;
    step->migrate->counts.failed++;
    (void)fore_step_enter(step, m, FORE_MIGRATE_FAILED,
                          "rows changed or strayed after the cut-over");
    return false;
}
