/*
 * snapshot.c - the fold: one handler a kind, in a table with the payload's least length.
 *
 * Bytes come from files, so a handler copies its struct out, judges every index and enum in it, and
 * only then writes: what a snapshot holds can be drawn without further checks. A keyframe is built
 * and checked as a topology of its own before it replaces the old one, with room for the splits to
 * come; a split that finds no room makes some by folding its own topology's keyframe.
 */
#include "core/cluster/snapshot.h"

#include "core/base/buf.h"
#include "core/cluster/driver.h"
#include "core/cluster/topology_columns.h"

#include <math.h>
#include <string.h>

/* Of core/act/migrate.h, which lies above this layer; the numbers are part of the format. */
enum { STATE_DONE = 7, STATE_CANCELLED = 8, STATE_FAILED = 9, STATE_ROLLED_BACK = 10 };

enum { PARTITIONS_MAX = 1 << 20, SPARE_MIN = 64 };

void fore_snapshot_init(struct fore_snapshot *snapshot)
{
    memset(snapshot, 0, sizeof *snapshot);
    fore_arena_init(&snapshot->arena);
}

void fore_snapshot_fini(struct fore_snapshot *snapshot)
{
    fore_arena_fini(&snapshot->arena);
    memset(snapshot, 0, sizeof *snapshot);
}

/* The text behind a fixed struct; it may lack its NUL. */
static void take_text(char out[FORE_SNAPSHOT_TEXT], const void *body, size_t fixed, size_t len)
{
    const char *text = (const char *)body + fixed;
    size_t room = len - fixed, n = 0;
    while (n < room && n < FORE_SNAPSHOT_TEXT - 1 && text[n] != '\0')
        n++;
    memcpy(out, text, n);
    out[n] = '\0';
}

static bool is_node(const struct fore_snapshot *s, uint16_t node)
{
    return node < s->topology.node_count || node == FORE_NODE_NONE;
}

/* ---- keyframes ---------------------------------------------------------------------------- */

static bool take_nodes(struct fore_topology *topology, const uint8_t *bytes)
{
    for (uint32_t i = 0; i < topology->node_count; i++) {
        struct fore_event_node wire;
        memcpy(&wire, bytes + i * sizeof wire, sizeof wire);
        if (!isfinite(wire.cores) || wire.cores < 0.0) return false;
        struct fore_node *node = &topology->node[i];
        *node = (struct fore_node){.cores = wire.cores,
                                   .zone = wire.zone,
                                   .rack = wire.rack,
                                   .up = wire.up != 0,
                                   .standby = wire.standby != 0};
        memcpy(node->name, wire.name, sizeof wire.name - 1);
    }
    return true;
}

static void take_tables(struct fore_topology *topology, const uint8_t *bytes)
{
    for (uint32_t i = 0; i < topology->table_count; i++) {
        struct fore_event_table wire;
        memcpy(&wire, bytes + i * sizeof wire, sizeof wire);
        struct fore_table *table = &topology->table[i];
        *table = (struct fore_table){.first = wire.first,
                                     .last = wire.last,
                                     .column_groups = 1,
                                     .columns = FORE_COLUMNS_MAX}; /* how many is not told */
        memcpy(table->name, wire.name, sizeof wire.name - 1);
    }
}

/* A table has as many column groups as its partitions name. */
static bool take_partitions(struct fore_topology *topology, const uint8_t *bytes)
{
    for (uint32_t i = 0; i < topology->partition_count; i++) {
        struct fore_event_partition wire;
        memcpy(&wire, bytes + i * sizeof wire, sizeof wire);
        if (wire.replica_count == 0) continue;
        if (wire.table >= topology->table_count || wire.column_group == UINT16_MAX) return false;
        struct fore_table *table = &topology->table[wire.table];
        if (table->column_groups <= wire.column_group && wire.column_group != FORE_GROUP_APART)
            table->column_groups = (uint16_t)(wire.column_group + 1);
        struct fore_partition *p = &topology->partition[i];
        *p = (struct fore_partition){.first = wire.first,
                                     .last = wire.last,
                                     .bytes = wire.bytes,
                                     .generation = wire.generation,
                                     .table = wire.table,
                                     .column_group = wire.column_group,
                                     .replica_count = wire.replica_count,
                                     .alive = true};
        memcpy(p->replica, wire.replica, sizeof p->replica);
        topology->alive_count++;
    }
    return true;
}

static bool take_apart(struct fore_topology *topology, uint32_t count, const uint8_t *bytes)
{
    for (uint32_t i = 0; i < count; i++) {
        struct fore_event_apart wire;
        memcpy(&wire, bytes + i * sizeof wire, sizeof wire);
        if (wire.partition >= topology->partition_count || wire.columns == 0) return false;
        topology->partition[wire.partition].apart = wire.columns;
    }
    return true;
}

/* The topology in a keyframe, or false. Lengths first: they bound what is allocated. */
static bool take_topology(struct fore_topology *topology, struct fore_arena *arena,
                          const uint8_t *bytes, size_t len)
{
    struct fore_event_keyframe head;
    memcpy(&head, bytes, sizeof head);
    uint64_t nodes_len = (uint64_t)head.node_count * sizeof(struct fore_event_node);
    uint64_t tables_len = (uint64_t)head.table_count * sizeof(struct fore_event_table);
    uint64_t parts_len = (uint64_t)head.partition_count * sizeof(struct fore_event_partition);
    uint64_t apart_len = (uint64_t)head.apart_count * sizeof(struct fore_event_apart);
    if (nodes_len + tables_len + parts_len + apart_len > len - sizeof head) return false;
    if (head.node_count == 0 || head.node_count >= FORE_NODE_NONE) return false;
    if (head.table_count == 0 || head.partition_count > PARTITIONS_MAX) return false;
    uint32_t cap = head.partition_count + head.partition_count / 2 + SPARE_MIN;
    fore_topology_init(topology, arena, head.node_count, head.table_count, cap);
    topology->epoch = head.epoch;
    topology->partition_count = head.partition_count;
    bytes += sizeof head;
    if (!take_nodes(topology, bytes)) return false;
    take_tables(topology, bytes + nodes_len);
    if (!take_partitions(topology, bytes + nodes_len + tables_len)) return false;
    if (!take_apart(topology, head.apart_count, bytes + nodes_len + tables_len + parts_len))
        return false;
    return fore_topology_check(topology, NULL) == FORE_E_OK;
}

/* Fresh arrays of the topology's shape, holding what the old ones knew. */
static void take_arrays(struct fore_snapshot *s, struct fore_arena *arena,
                        const struct fore_topology *fresh)
{
    uint32_t nodes = fresh->node_count, cap = fresh->partition_cap;
    uint32_t old_nodes = s->topology.node_count < nodes ? s->topology.node_count : nodes;
    uint32_t old_cap = s->topology.partition_cap < cap ? s->topology.partition_cap : cap;
    struct fore_event_node_load *node_load = FORE_NEW(arena, struct fore_event_node_load, nodes);
    struct fore_event_partition_load *load = FORE_NEW(arena, struct fore_event_partition_load, cap);
    struct fore_snapshot_score *score = FORE_NEW(arena, struct fore_snapshot_score, cap);
    for (uint32_t i = 0; i < old_nodes; i++)
        node_load[i] = s->node_load[i];
    for (uint32_t i = 0; i < old_cap; i++) {
        load[i] = s->partition_load[i];
        score[i] = s->score[i];
    }
    for (uint32_t i = 0; i < cap; i++)
        load[i].partition = i;
    if (nodes < s->topology.node_count) s->move_count = 0; /* they may name nodes that are gone */
    s->node_load = node_load;
    s->partition_load = load;
    s->score = score;
}

static bool fold_keyframe(struct fore_snapshot *s, fore_ns at, const void *body, size_t len)
{
    (void)at;
    struct fore_arena arena;
    struct fore_topology topology;
    fore_arena_init(&arena);
    if (!take_topology(&topology, &arena, body, len)) {
        fore_arena_fini(&arena);
        return false;
    }
    take_arrays(s, &arena, &topology);
    fore_arena_fini(&s->arena);
    s->arena = arena;
    s->topology = topology;
    s->has_topology = true;
    return true;
}

/* ---- changes of the topology -------------------------------------------------------------- */

static void make_room(struct fore_snapshot *s)
{
    struct fore_buf keyframe = {0};
    fore_event_keyframe_build(&s->topology, &keyframe);
    (void)fold_keyframe(s, s->now, keyframe.data, keyframe.len);
    fore_buf_fini(&keyframe);
}

static void forget_partition(struct fore_snapshot *s, uint32_t partition)
{
    s->partition_load[partition] = (struct fore_event_partition_load){.partition = partition};
    s->score[partition] = (struct fore_snapshot_score){.at = 0};
}

static enum fore_err change(struct fore_snapshot *s, const struct fore_event_topology *event)
{
    struct fore_topology *t = &s->topology;
    uint32_t right = FORE_PARTITION_NONE;
    switch ((enum fore_move_kind)event->kind) {
    case FORE_MOVE_MOVE:
        return fore_topology_move(t, event->partition, event->source, event->target);
    case FORE_MOVE_SPLIT:
        if (t->alive_count == t->partition_cap) make_room(s);
        FORE_TRY(fore_topology_split(t, event->partition, event->split_at,
                                     (double)event->right_share, &right));
        forget_partition(s, right);
        return FORE_E_OK;
    case FORE_MOVE_MERGE:
        FORE_TRY(fore_topology_merge(t, event->partition, event->other));
        forget_partition(s, event->other);
        return FORE_E_OK;
    case FORE_MOVE_ADD_REPLICA:
        return fore_topology_add_replica(t, event->partition, event->target);
    case FORE_MOVE_DROP_REPLICA:
        return fore_topology_drop_replica(t, event->partition, event->source);
    case FORE_MOVE_ADD_NODE: return fore_topology_set_standby(t, event->target, false);
    case FORE_MOVE_REMOVE_NODE: return fore_topology_set_standby(t, event->source, true);
    case FORE_MOVE_VERTICAL_SPLIT:
        if (t->alive_count == t->partition_cap) make_room(s);
        FORE_TRY(fore_topology_columns_split(t, event->partition, event->split_at,
                                             (double)event->right_share, event->target, &right));
        forget_partition(s, right);
        return FORE_E_OK;
    case FORE_MOVE_VERTICAL_MERGE:
        FORE_TRY(fore_topology_columns_merge(t, event->partition, event->other));
        forget_partition(s, event->other);
        return FORE_E_OK;
    case FORE_MOVE_KINDS: break;
    }
    return FORE_E_FORMAT;
}

/* A keyframe may be newer than a change told after it. The copy counts its own epochs, so that of
 * two changes told with the epoch after both, the second is not taken for an old one. Epoch 0 is
 * one that its teller could not ask for. */
static bool fold_topology(struct fore_snapshot *s, fore_ns at, const void *body, size_t len)
{
    (void)at;
    (void)len;
    struct fore_event_topology event;
    memcpy(&event, body, sizeof event);
    if (!s->has_topology || event.kind >= FORE_MOVE_KINDS) return false;
    if (event.epoch != 0 && event.epoch <= s->topology.epoch) return true;
    return change(s, &event) == FORE_E_OK;
}

static bool fold_fault(struct fore_snapshot *s, fore_ns at, const void *body, size_t len)
{
    (void)at;
    (void)len;
    struct fore_event_fault event;
    memcpy(&event, body, sizeof event);
    if (event.node >= s->topology.node_count) return false;
    s->topology.node[event.node].up = event.up != 0;
    return true;
}

/* ---- load and score ----------------------------------------------------------------------- */

static bool fold_cluster_load(struct fore_snapshot *s, fore_ns at, const void *body, size_t len)
{
    (void)at;
    (void)len;
    memcpy(&s->cluster, body, sizeof s->cluster);
    return true;
}

static bool fold_node_load(struct fore_snapshot *s, fore_ns at, const void *body, size_t len)
{
    (void)at;
    size_t due = s->topology.node_count * sizeof s->node_load[0];
    if (!s->has_topology || len < due) return false;
    memcpy(s->node_load, body, due);
    return true;
}

static bool fold_partition_load(struct fore_snapshot *s, fore_ns at, const void *body, size_t len)
{
    (void)at;
    if (!s->has_topology) return false;
    uint32_t count = s->topology.partition_count;
    for (uint32_t i = 0; i < s->topology.partition_cap; i++)
        s->partition_load[i] = (struct fore_event_partition_load){.partition = i};
    for (size_t i = 0; i < len / sizeof s->partition_load[0]; i++) {
        struct fore_event_partition_load load;
        memcpy(&load, (const uint8_t *)body + i * sizeof load, sizeof load);
        if (load.partition < count) s->partition_load[load.partition] = load;
    }
    return true;
}

static bool fold_score(struct fore_snapshot *s, fore_ns at, const void *body, size_t len)
{
    struct fore_event_score score;
    memcpy(&score, body, sizeof score);
    bool node_known = score.node < s->topology.node_count || score.node == FORE_NODE_NONE;
    if (score.partition >= s->topology.partition_count || !node_known) return false;
    struct fore_snapshot_score *out = &s->score[score.partition];
    out->score = score;
    out->at = at > 0 ? at : 1; /* 0 stands for none */
    take_text(out->reason, body, sizeof score, len);
    return true;
}

/* ---- plans, moves, alerts ----------------------------------------------------------------- */

static bool fold_plan(struct fore_snapshot *s, fore_ns at, const void *body, size_t len)
{
    (void)at;
    (void)len;
    struct fore_event_plan plan;
    memcpy(&plan, body, sizeof plan);
    if (plan.admitted != 0)
        s->plans_admitted++;
    else
        s->plans_refused++;
    return true;
}

/* A move has no ticket until the driver took it; till then its plan and what it does name it. */
static bool same_move(const struct fore_event_move *known, const struct fore_event_move *event)
{
    if (known->ticket != 0) return known->ticket == event->ticket;
    return known->plan == event->plan && known->kind == event->kind &&
           known->partition == event->partition && known->source == event->source &&
           known->target == event->target;
}

static struct fore_snapshot_move *find_move(struct fore_snapshot *s,
                                            const struct fore_event_move *event)
{
    for (uint32_t i = s->move_count; i-- > 0;)
        if (same_move(&s->move[i].move, event) &&
            (s->move[i].ended_ns == 0 || s->move[i].move.ticket != 0))
            return &s->move[i];
    return NULL;
}

static struct fore_snapshot_move *new_move(struct fore_snapshot *s)
{
    if (s->move_count == FORE_SNAPSHOT_MOVES) {
        memmove(&s->move[0], &s->move[1], (FORE_SNAPSHOT_MOVES - 1) * sizeof s->move[0]);
        s->move_count--;
    }
    struct fore_snapshot_move *move = &s->move[s->move_count++];
    memset(move, 0, sizeof *move);
    return move;
}

static void count_end(struct fore_snapshot *s, uint8_t state)
{
    s->moves_done += state == STATE_DONE;
    s->moves_cancelled += state == STATE_CANCELLED;
    s->moves_failed += state == STATE_FAILED;
    s->moves_rolled_back += state == STATE_ROLLED_BACK;
}

static bool fold_move(struct fore_snapshot *s, fore_ns at, const void *body, size_t len)
{
    struct fore_event_move event;
    memcpy(&event, body, sizeof event);
    if (event.kind >= FORE_MOVE_KINDS || event.phase >= FORE_MOVE_PHASES ||
        event.state > STATE_ROLLED_BACK)
        return false;
    bool of_node = fore_move_of_node((enum fore_move_kind)event.kind);
    if ((event.partition >= s->topology.partition_cap && !of_node) || !is_node(s, event.source) ||
        !is_node(s, event.target))
        return false;
    struct fore_snapshot_move *move = find_move(s, &event);
    if (move == NULL) move = new_move(s);
    if (event.bytes_done > move->move.bytes_done)
        s->bytes_moved += (double)(event.bytes_done - move->move.bytes_done);
    if (event.state >= STATE_DONE && move->ended_ns == 0) {
        move->ended_ns = at > 0 ? at : 1; /* 0 stands for under way */
        count_end(s, event.state);
    }
    move->move = event;
    move->changed_ns = at;
    take_text(move->note, body, sizeof event, len);
    return true;
}

static bool fold_alert(struct fore_snapshot *s, fore_ns at, const void *body, size_t len)
{
    struct fore_snapshot_alert *out = &s->alert[s->alert_total % FORE_SNAPSHOT_ALERTS];
    memcpy(&out->alert, body, sizeof out->alert);
    out->at = at;
    out->resolved_ns = 0;
    take_text(out->text, body, sizeof out->alert, len);
    s->alert_total++;
    return true;
}

/* All that was said of it since it was raised, as far as it is remembered. */
static bool fold_resolved(struct fore_snapshot *s, fore_ns at, const void *body, size_t len)
{
    (void)len;
    struct fore_event_resolved event;
    memcpy(&event, body, sizeof event);
    uint64_t kept = s->alert_total < FORE_SNAPSHOT_ALERTS ? s->alert_total : FORE_SNAPSHOT_ALERTS;
    for (uint64_t i = 0; i < kept; i++) {
        struct fore_snapshot_alert *known = &s->alert[i];
        if (known->resolved_ns == 0 && known->alert.code == event.code &&
            known->alert.node == event.node && known->alert.partition == event.partition)
            known->resolved_ns = at > 0 ? at : 1;
    }
    return true;
}

/* Known, well formed, and no part of the picture of one moment. */
static bool fold_nothing(struct fore_snapshot *s, fore_ns at, const void *body, size_t len)
{
    (void)s;
    (void)at;
    (void)body;
    (void)len;
    return true;
}

bool fore_snapshot_fold(struct fore_snapshot *snapshot, fore_ns at, enum fore_event_kind kind,
                        const void *body, size_t len)
{
    static const struct {
        bool (*fold)(struct fore_snapshot *s, fore_ns at, const void *body, size_t len);
        size_t len_min;
    } row[] = {
        [FORE_EV_KEYFRAME] = {fold_keyframe,       sizeof(struct fore_event_keyframe)    },
        [FORE_EV_CLUSTER_LOAD] = {fold_cluster_load,   sizeof(struct fore_event_cluster_load)},
        [FORE_EV_NODE_LOAD] = {fold_node_load,      0                                     },
        [FORE_EV_PARTITION_LOAD] = {fold_partition_load, 0                                     },
        [FORE_EV_HOT_KEY] = {fold_nothing,        sizeof(struct fore_event_hot_key)     },
        [FORE_EV_FORECAST] = {fold_nothing,        sizeof(struct fore_event_forecast)    },
        [FORE_EV_SCORE] = {fold_score,          sizeof(struct fore_event_score)       },
        [FORE_EV_PLAN] = {fold_plan,           sizeof(struct fore_event_plan)        },
        [FORE_EV_MOVE] = {fold_move,           sizeof(struct fore_event_move)        },
        [FORE_EV_VERIFY] = {fold_nothing,        sizeof(struct fore_event_verify)      },
        [FORE_EV_TOPOLOGY] = {fold_topology,       sizeof(struct fore_event_topology)    },
        [FORE_EV_FAULT] = {fold_fault,          sizeof(struct fore_event_fault)       },
        [FORE_EV_ALERT] = {fold_alert,          sizeof(struct fore_event_alert)       },
        [FORE_EV_NOTE] = {fold_nothing,        0                                     },
        [FORE_EV_RESULT] = {fold_nothing,        0                                     },
        [FORE_EV_FALLBACK] = {fold_nothing,        sizeof(struct fore_event_fallback)    },
        [FORE_EV_GAIN] = {fold_nothing,        sizeof(struct fore_event_gain)        },
        [FORE_EV_WHY] = {fold_nothing,        sizeof(struct fore_event_why)         },
        [FORE_EV_ORDER] = {fold_nothing,        sizeof(struct fore_event_order)       },
        [FORE_EV_RESOLVED] = {fold_resolved,       sizeof(struct fore_event_resolved)    },
    };
    if ((size_t)kind >= FORE_COUNTOF(row) || row[kind].fold == NULL) return false;
    if (len < row[kind].len_min) return false;
    if (!row[kind].fold(snapshot, at, body, len)) return false;
    snapshot->now = at;
    return true;
}
