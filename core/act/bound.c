/* bound.c - see bound.h. After a restart a follower may be under way in the cluster already, under
 * a ticket that nobody knew whom to give to: its partition had no number yet when it was saved. */
#include "core/act/bound.h"

#include "core/act/running.h"

#include <stdio.h>

/* What carries the move out already, and was taken over without being known; NULL: nothing. */
static struct fore_migration *stranger(const struct fore_migrate *migrate,
                                       const struct fore_migration *m)
{
    for (uint32_t i = 0; m->resumed && m->ticket == 0 && i < migrate->running; i++) {
        struct fore_migration *other = &migrate->migration[i];
        if (other != m && other->plan == 0 && other->ticket != 0 &&
            fore_migrate_same(&other->move, &m->move))
            return other;
    }
    return NULL;
}

/* It is the follower's: it goes on in its place. */
static void claim(struct fore_migration *m, struct fore_migration *other)
{
    struct fore_migration kept = *m;
    *m = *other;
    m->id = kept.id;
    m->leader = kept.leader;
    m->plan = kept.plan;
    m->expected_s = kept.expected_s;
    m->gain.predicted_s = kept.gain.predicted_s;
    other->state = FORE_MIGRATE_CANCELLED; /* forgotten without a word */
}

/* The part its chain was to make has been made. False: there is none. */
static bool give_partition(struct fore_migration *m, const struct fore_migration *leader)
{
    if (!m->on_new) return true;
    bool made = fore_migrate_makes_partition(leader->move.kind);
    uint32_t part = made ? leader->partition_new : leader->move.partition;
    if (part == FORE_PARTITION_NONE) return false;
    m->move.partition = part;
    m->first = leader->move.kind == FORE_MOVE_SPLIT ? leader->move.split_at : leader->first;
    m->last = leader->last;
    m->on_new = false;
    return true;
}

static void fall_with(struct fore_step *step, struct fore_migration *m,
                      const struct fore_migration *leader)
{
    char why[120];
    const char *kind = fore_move_kind_text(leader->move.kind);
    const char *state = fore_migrate_state_text(leader->state);
    if (fore_move_of_node(leader->move.kind))
        (void)snprintf(why, sizeof why, "it was to follow the %s, which is %s", kind, state);
    else
        (void)snprintf(why, sizeof why, "it was to follow the %s of p%u, which is %s", kind,
                       leader->move.partition, state);
    fore_step_give_up(step, m, FORE_MIGRATE_CANCELLED, why);
}

/* What is to be done about one that has not begun. */
static void settle(struct fore_step *step, struct fore_migration *m)
{
    struct fore_migration *leader = fore_migrate_leader(step->migrate, m);
    if (leader != NULL && leader->state > FORE_MIGRATE_DONE) {
        fall_with(step, m, leader);
        return;
    }
    if (!m->waits) return;
    if (leader == NULL) {
        fore_step_give_up(step, m, FORE_MIGRATE_CANCELLED, "nobody knows what it was to follow");
        return;
    }
    /* Where its leader acts on the part, its number is known before that one is through. */
    bool known = fore_migrate_through(leader) ||
                 (!fore_migrate_makes_partition(leader->move.kind) && !leader->on_new);
    if (!known) return;
    if (!give_partition(m, leader)) {
        fore_step_give_up(step, m, FORE_MIGRATE_CANCELLED, "there is no new part to act on");
        return;
    }
    struct fore_migration *under_way = stranger(step->migrate, m);
    if (under_way != NULL) {
        claim(m, under_way);
        leader->led = true;
    } else if (fore_migrate_through(leader)) {
        m->waits = false;
        m->changed = m->progressed = step->now;
    }
}

/* Two moves of a plan between the same two nodes, the one back after the other. */
static bool swaps(const struct fore_migration *first, const struct fore_migration *second)
{
    return second->leader != 0 && second->leader == first->id &&
           first->move.kind == FORE_MOVE_MOVE && second->move.kind == FORE_MOVE_MOVE &&
           second->move.source == first->move.target && second->move.target == first->move.source &&
           second->move.partition != first->move.partition;
}

bool fore_bound_awaits(const struct fore_migrate *migrate, const struct fore_migration *m)
{
    for (uint32_t i = 0; m->id != 0 && i < migrate->running; i++)
        if (swaps(m, &migrate->migration[i]) && migrate->migration[i].state < FORE_MIGRATE_SWEEP)
            return true;
    return false;
}

/* It ends without having changed owners. */
static bool fell(const struct fore_migration *m)
{
    return (m->state == FORE_MIGRATE_CANCELLED || m->state == FORE_MIGRATE_FAILED) &&
           m->phase != FORE_PHASE_SWEEPING && m->phase != FORE_PHASE_DONE;
}

/* The second half of a swap has fallen: the first one, if it is done, stands alone. */
static void part(struct fore_step *step, const struct fore_migration *m)
{
    struct fore_migration *first = fore_migrate_leader(step->migrate, m);
    if (first == NULL || first->state != FORE_MIGRATE_WATCH || !swaps(first, m)) return;
    first->led = false;
    first->alone = true;
}

void fore_bound_settle(struct fore_step *step)
{
    for (uint32_t i = 0; i < step->migrate->running; i++) { /* leaders first */
        struct fore_migration *m = &step->migrate->migration[i];
        if (m->leader != 0 && m->state == FORE_MIGRATE_QUEUED && m->ticket == 0) settle(step, m);
    }
    for (uint32_t i = 0; i < step->migrate->running; i++)
        if (fell(&step->migrate->migration[i])) part(step, &step->migrate->migration[i]);
}

static bool get_slots(struct fore_step *step, struct fore_migration *m,
                      const struct fore_topology *topology)
{
    uint8_t slots[UINT16_MAX + 1];
    if (!m->slotless) return true;
    uint32_t left = fore_migrate_slots(step->migrate, topology->node_count, slots);
    if (left > 0 && slots[m->move.source] > 0 && slots[m->move.target] > 0) {
        m->slotless = false;
        return true;
    }
    if (step->now - m->changed > step->migrate->options.stall_max)
        fore_step_give_up(step, m, FORE_MIGRATE_CANCELLED, "no slot has come free for it");
    return false;
}

bool fore_bound_take_up(struct fore_step *step, struct fore_migration *m)
{
    const struct fore_topology *topology;
    struct fore_migration *leader = fore_migrate_leader(step->migrate, m);
    if (m->waits) return false;
    if (leader != NULL) leader->led = true;
    if (m->resumed) { /* how far it got is asked next */
        m->slotless = false;
        return true;
    }
    enum fore_err err = fore_driver_topology(step->driver, &topology);
    if (err != FORE_E_OK) return fore_step_ask_again(step, m, err);
    if (fore_migrate_copies(m->move.kind)) {
        if (!get_slots(step, m, topology)) {
            if (leader != NULL) leader->led = false;
            return false;
        }
        fore_gain_promise(&m->gain, step->migrate, m, topology, step->observe, m->gain.predicted_s);
        fore_migrate_look_before(m, step->observe);
    }
    return true;
}
