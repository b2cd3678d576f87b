/* running.c - see running.h. */
#include "core/act/running.h"

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

bool fore_migrate_makes_partition(enum fore_move_kind kind)
{
    return kind == FORE_MOVE_SPLIT || kind == FORE_MOVE_VERTICAL_SPLIT;
}

bool fore_migrate_same(const struct fore_move *a, const struct fore_move *b)
{
    if (a->kind != b->kind || a->partition != b->partition) return false;
    switch (a->kind) {
    case FORE_MOVE_SPLIT: return a->split_at == b->split_at;
    case FORE_MOVE_MERGE:
    case FORE_MOVE_VERTICAL_MERGE: return a->other == b->other;
    case FORE_MOVE_VERTICAL_SPLIT: return a->columns == b->columns && a->target == b->target;
    case FORE_MOVE_MOVE: return a->source == b->source && a->target == b->target;
    case FORE_MOVE_ADD_REPLICA:
    case FORE_MOVE_ADD_NODE: return a->target == b->target;
    case FORE_MOVE_DROP_REPLICA:
    case FORE_MOVE_REMOVE_NODE: return a->source == b->source;
    case FORE_MOVE_KINDS: break;
    }
    return false;
}

/* ---- what they hold ----------------------------------------------------------------------------
 */

static bool holds_slot(const struct fore_migration *m)
{
    return fore_migrate_copies(m->move.kind) && m->state < FORE_MIGRATE_WATCH && !m->slotless;
}

uint32_t fore_migrate_slots(const struct fore_migrate *migrate, uint32_t node_count, uint8_t *out)
{
    uint64_t per_node = migrate->options.moves_per_node;
    memset(out, (int)(per_node > 255 ? 255 : per_node), node_count);
    uint64_t used = 0;
    for (uint32_t i = 0; i < migrate->running; i++) {
        const struct fore_migration *m = &migrate->migration[i];
        if (!holds_slot(m)) continue;
        used++;
        if (out[m->move.source] > 0) out[m->move.source]--;
        if (m->move.target != m->move.source && out[m->move.target] > 0) out[m->move.target]--;
    }
    uint64_t most = migrate->options.moves_max;
    return used >= most ? 0 : (uint32_t)(most - used);
}

const struct fore_links *fore_migrate_links(struct fore_migrate *migrate,
                                            const struct fore_topology *topology)
{
    migrate->links.cap = (uint32_t)migrate->options.moves_per_link;
    migrate->links.count = 0;
    for (uint32_t i = 0; i < migrate->running && migrate->links.cap > 0; i++) {
        const struct fore_move *move = &migrate->migration[i].move;
        if (holds_slot(&migrate->migration[i]))
            fore_links_take(&migrate->links, topology, move->source, move->target);
    }
    return &migrate->links;
}

uint32_t fore_migrate_coming(const struct fore_migrate *migrate)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < migrate->running; i++) {
        const struct fore_migration *m = &migrate->migration[i];
        count += fore_migrate_makes_partition(m->move.kind) && m->state < FORE_MIGRATE_SWEEP;
    }
    return count;
}

/* ---- who waits for whom ------------------------------------------------------------------------
 */

struct fore_migration *fore_migrate_leader(const struct fore_migrate *migrate,
                                           const struct fore_migration *m)
{
    for (uint32_t i = 0; m->leader != 0 && i < migrate->running; i++)
        if (migrate->migration[i].id == m->leader) return &migrate->migration[i];
    return NULL;
}

bool fore_migrate_through(const struct fore_migration *m)
{
    return m->state == FORE_MIGRATE_WATCH || m->state == FORE_MIGRATE_DONE;
}

double fore_migrate_due_bound_s(const struct fore_migrate *migrate, const struct fore_migration *m,
                                fore_ns now)
{
    double due_s = fore_migrate_due_s(m, now);
    while (m->waits && (m = fore_migrate_leader(migrate, m)) != NULL)
        due_s += fore_migrate_due_s(m, now);
    return due_s;
}

double fore_migrate_share(const struct fore_migrate *migrate, const struct fore_migration *m)
{
    uint32_t partition = m->move.partition;
    bool on_new = m->on_new;
    while (m->waits && (m = fore_migrate_leader(migrate, m)) != NULL) {
        if (m->move.kind != FORE_MOVE_SPLIT || m->move.partition != partition ||
            fore_migrate_through(m))
            continue;
        double right = m->move.split_right_share;
        return on_new ? right : 1 - right;
    }
    return 1;
}
