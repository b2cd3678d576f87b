/*
 * fake_driver.c - see fake_driver.h. Legality is not decided here twice: a move is begun when the
 * change it stands for succeeds on a copy of the topology, and the cut-over makes the same change
 * on the topology itself.
 */
#include "tests/support/fake_driver.h"

#include "core/base/rng.h"
#include "core/cluster/topology_columns.h"
#include "tests/support/fake_columns.h"
#include "tests/support/fake_content.h"

#include <stdlib.h>
#include <string.h>

enum { RANGE_PER_PARTITION = 1 << 20 };

/* ---- helpers ------------------------------------------------------------------------------ */

static struct fake_move *move_of(struct fake *fake, fore_ticket ticket)
{
    return ticket > fake->forgotten && ticket <= fake->move_count ? &fake->move[ticket - 1] : NULL;
}

static bool busy(const struct fake *fake, uint32_t partition)
{
    for (uint32_t i = 0; i < fake->move_count; i++) {
        const struct fake_move *move = &fake->move[i];
        if (!fake_move_open(move) && move->phase != FORE_PHASE_SWEEPING) continue;
        if (move->move.partition == partition) return true;
        if (fore_move_joins(move->move.kind) && move->move.other == partition) return true;
    }
    return false;
}

static enum fore_err change(struct fore_topology *topology, const struct fore_move *move,
                            uint32_t *right)
{
    switch (move->kind) {
    case FORE_MOVE_MOVE:
        return fore_topology_move(topology, move->partition, move->source, move->target);
    case FORE_MOVE_SPLIT:
        return fore_topology_split(topology, move->partition, move->split_at,
                                   move->split_right_share, right);
    case FORE_MOVE_MERGE: return fore_topology_merge(topology, move->partition, move->other);
    case FORE_MOVE_ADD_REPLICA:
        return fore_topology_add_replica(topology, move->partition, move->target);
    case FORE_MOVE_DROP_REPLICA:
        return fore_topology_drop_replica(topology, move->partition, move->source);
    case FORE_MOVE_ADD_NODE: return fore_topology_set_standby(topology, move->target, false);
    case FORE_MOVE_REMOVE_NODE: return fore_topology_set_standby(topology, move->source, true);
    case FORE_MOVE_VERTICAL_SPLIT:
        return fore_topology_columns_split(topology, move->partition, move->columns,
                                           move->split_right_share, move->target, right);
    case FORE_MOVE_VERTICAL_MERGE:
        return fore_topology_columns_merge(topology, move->partition, move->other);
    case FORE_MOVE_KINDS: break;
    }
    return FORE_E_UNSUPPORTED;
}

/* What a partition weighs is what its owner holds. */
static void weigh(struct fake *fake)
{
    for (uint32_t i = 0; i < fake->topology.partition_count; i++) {
        struct fore_partition *p = &fake->topology.partition[i];
        if (!p->alive) continue;
        bool apart = p->column_group == FORE_GROUP_APART;
        const struct fake_store *store = fake_columns_store(fake, apart, p->replica[0]);
        uint64_t columns = (uint64_t)__builtin_popcountll(fake_columns_mask(p)) / 8;
        uint64_t keys = fake_store_count(store, p->first, p->last);
        p->bytes = keys * fake->options.key_bytes * columns / FAKE_COLUMNS;
    }
}

static void end_without_trace(struct fake *fake, struct fake_move *move, enum fore_move_phase phase)
{
    if (fake_move_copies(move))
        (void)fake_store_remove(fake_columns_store(fake, move->apart, move->move.target),
                                move->first, move->last);
    move->stage.count = 0;
    move->phase = phase;
}

/* ---- the driver's operations -------------------------------------------------------------- */

static fore_ns op_now(void *self)
{
    const struct fake *fake = self;
    return fake->now;
}

static enum fore_err op_topology(void *self, const struct fore_topology **out)
{
    struct fake *fake = self;
    *out = &fake->topology;
    return FORE_E_OK;
}

static enum fore_err op_sample(void *self, struct fore_sample *out)
{
    struct fake *fake = self;
    if (!fake->window_unread) return FORE_E_AGAIN;
    fake->window_unread = false;
    *out = (struct fore_sample){
        .begin = fake->window_end - fake->options.window_ns,
        .end = fake->window_end,
        .partition = fake->partition_sample,
        .node = fake->node_sample,
        .key = fake->key_sample,
        .partition_count = fake->topology.partition_count,
        .node_count = fake->topology.node_count,
        .key_count = fake->key_sample_count,
        .latency_p50_ns = fake->latency_p50_ns,
        .latency_p99_ns = fake->latency_p99_ns,
        .latency_p999_ns = fake->latency_p99_ns,
    };
    for (uint32_t i = 0; i < out->partition_count; i++) {
        fake->partition_sample[i].size_bytes = fake->topology.partition[i].bytes;
        out->requests += fake->partition_sample[i].reads + fake->partition_sample[i].writes;
        out->slow += fake->partition_sample[i].slow;
    }
    for (uint32_t i = 0; i < out->node_count; i++)
        fake->node_sample[i].up = fake->topology.node[i].up;
    return FORE_E_OK;
}

static enum fore_err op_begin(void *self, const struct fore_move *move, fore_ticket *out)
{
    struct fake *fake = self;
    struct fore_topology *topology = &fake->topology;
    fore_topology_copy(&fake->trial, topology, &fake->arena);
    FORE_TRY(change(&fake->trial, move, NULL));
    if (!fore_move_of_node(move->kind) && busy(fake, move->partition)) return FORE_E_CONFLICT;
    if (fore_move_joins(move->kind) && busy(fake, move->other)) return FORE_E_CONFLICT;
    static const struct fore_partition none = {0};
    bool of_node = fore_move_of_node(move->kind);
    const struct fore_partition *p = of_node ? &none : &topology->partition[move->partition];
    struct fake_move begun = {.move = *move,
                              .phase = FORE_PHASE_READY,
                              .first = p->first,
                              .last = p->last,
                              .apart = p->column_group == FORE_GROUP_APART,
                              .bytes_per_sec_max = move->bytes_per_sec_max,
                              .partition_new = FORE_PARTITION_NONE};
    if (fake_move_copies(&begun)) {
        if (!topology->node[move->target].up) return FORE_E_REFUSED;
        begun.phase = FORE_PHASE_QUEUED;
        begun.bytes_total = (double)p->bytes;
    }
    if (fore_move_of_columns(move->kind)) {
        uint32_t from = move->kind == FORE_MOVE_VERTICAL_MERGE ? move->other : move->partition;
        if (topology->partition[from].replica[0] != move->source) return FORE_E_CONFLICT;
        if (move->kind == FORE_MOVE_VERTICAL_MERGE && p->replica[0] != move->target)
            return FORE_E_CONFLICT;
        if (!topology->node[move->target].up) return FORE_E_REFUSED;
        fake_columns_begin(fake, &begun);
    }
    if (fake->move_count == fake->move_cap) {
        fake->move_cap = fake->move_cap == 0 ? 16 : fake->move_cap * 2;
        fake->move = realloc(fake->move, fake->move_cap * sizeof fake->move[0]);
        FORE_ASSERT(fake->move != NULL);
    }
    fake->move[fake->move_count++] = begun;
    *out = fake->move_count;
    return FORE_E_OK;
}

static enum fore_err op_poll(void *self, fore_ticket ticket, struct fore_move_status *out)
{
    const struct fake_move *move = move_of(self, ticket);
    if (move == NULL) return FORE_E_RANGE;
    *out = (struct fore_move_status){.phase = move->phase,
                                     .bytes_done = (uint64_t)move->bytes_done,
                                     .bytes_total = (uint64_t)move->bytes_total,
                                     .partition_new = move->partition_new};
    return FORE_E_OK;
}

static enum fore_err op_throttle(void *self, fore_ticket ticket, double bytes_per_sec_max)
{
    struct fake_move *move = move_of(self, ticket);
    if (move == NULL) return FORE_E_RANGE;
    if (!fake_move_open(move)) return FORE_E_CONFLICT;
    move->bytes_per_sec_max = bytes_per_sec_max;
    return FORE_E_OK;
}

static enum fore_err op_cancel(void *self, fore_ticket ticket)
{
    struct fake_move *move = move_of(self, ticket);
    if (move == NULL) return FORE_E_RANGE;
    if (!fake_move_open(move)) return FORE_E_CONFLICT;
    end_without_trace(self, move, FORE_PHASE_CANCELLED);
    return FORE_E_OK;
}

/* True while a move fills `node` with the partition. */
bool fake_receives(const struct fake *fake, uint32_t partition, uint16_t node)
{
    for (uint32_t i = 0; i < fake->move_count; i++) {
        const struct fake_move *move = &fake->move[i];
        if (fake_move_open(move) && fake_move_copies(move) && move->move.partition == partition &&
            move->move.target == node)
            return true;
    }
    return false;
}

static enum fore_err op_tickets(void *self, struct fore_driver_ticket *out, uint32_t cap,
                                uint32_t *count)
{
    const struct fake *fake = self;
    *count = 0;
    for (uint32_t i = 0; i < fake->move_count; i++) {
        const struct fake_move *move = &fake->move[i];
        if (!fake_move_open(move) && move->phase != FORE_PHASE_SWEEPING) continue;
        if (*count < cap)
            out[*count] = (struct fore_driver_ticket){.ticket = i + 1, .move = move->move};
        ++*count;
    }
    return FORE_E_OK;
}

static void account_for_merge(struct fake *fake, const struct fore_move *move)
{
    struct fore_content *left = &fake->written[move->partition];
    left->written += fake->written[move->other].written;
    left->rows_written += fake->written[move->other].rows_written;
    fake->written[move->other] = (struct fore_content){0};
}

static enum fore_err op_cutover(void *self, fore_ticket ticket)
{
    struct fake *fake = self;
    struct fake_move *move = move_of(fake, ticket);
    if (move == NULL) return FORE_E_RANGE;
    if (move->phase < FORE_PHASE_READY) return FORE_E_AGAIN;
    if (move->phase > FORE_PHASE_READY) return FORE_E_CONFLICT;
    FORE_TRY(change(&fake->topology, &move->move, &move->partition_new));
    if (move->move.kind == FORE_MOVE_DROP_REPLICA)
        (void)fake_store_remove(fake_columns_store(fake, move->apart, move->move.source),
                                move->first, move->last);
    bool columns = fore_move_of_columns(move->move.kind);
    if (columns) fake_columns_cutover(fake, move);
    if (move->move.kind == FORE_MOVE_MERGE) account_for_merge(fake, &move->move);
    weigh(fake);
    move->phase = fake_move_copies(move) || columns ? FORE_PHASE_SWEEPING : FORE_PHASE_DONE;
    return FORE_E_OK;
}

static enum fore_err op_sweep(void *self, fore_ticket ticket, uint64_t *orphans)
{
    struct fake *fake = self;
    struct fake_move *move = move_of(fake, ticket);
    if (move == NULL) return FORE_E_RANGE;
    *orphans = 0;
    if (move->phase == FORE_PHASE_DONE) return FORE_E_OK;
    if (move->phase != FORE_PHASE_SWEEPING) return FORE_E_CONFLICT;
    if (move->move.kind == FORE_MOVE_MOVE)
        *orphans = fake_store_remove(fake_columns_store(fake, move->apart, move->move.source),
                                     move->first, move->last);
    if (fore_move_of_columns(move->move.kind)) fake_columns_sweep(fake, move);
    move->phase = FORE_PHASE_DONE;
    return FORE_E_OK;
}

static enum fore_err op_compare(void *self, fore_ticket ticket, uint64_t *rows, uint64_t *copy)
{
    const struct fake_move *move = move_of(self, ticket);
    return move == NULL ? FORE_E_RANGE : fake_columns_compare(self, move, rows, copy);
}

static void op_close(void *self)
{
    fake_destroy(self);
}

/* ---- making one --------------------------------------------------------------------------- */

static void defaults(struct fake_options *o)
{
    if (o->node_count == 0) o->node_count = 4;
    if (o->partition_count == 0) o->partition_count = 8;
    if (o->partition_cap == 0) o->partition_cap = 2 * o->partition_count;
    if (o->replica_count == 0) o->replica_count = 1;
    if (o->keys_per_partition == 0) o->keys_per_partition = 16;
    if (o->key_bytes == 0) o->key_bytes = 64 << 10;
    if (!(o->bandwidth_bytes > 0)) o->bandwidth_bytes = 1 << 20;
    if (o->window_ns == 0) o->window_ns = FORE_SEC;
}

static void fill_topology(struct fake *fake)
{
    const struct fake_options *o = &fake->options;
    struct fore_topology *topology = &fake->topology;
    fore_topology_init(topology, &fake->arena, o->node_count, 1, o->partition_cap);
    for (uint32_t n = 0; n < o->node_count; n++) {
        topology->node[n] = (struct fore_node){.name = "node-",
                                               .cores = 2.0,
                                               .bandwidth_bytes = o->bandwidth_bytes,
                                               .zone = (uint16_t)(n % 3),
                                               .up = true,
                                               .standby = n >= o->node_count - o->nodes_standby};
        topology->node[n].name[5] = (char)('a' + (int)(n % 26));
    }
    topology->table[0] =
        (struct fore_table){.name = "t",
                            .last = (uint64_t)RANGE_PER_PARTITION * o->partition_count - 1,
                            .column_groups = 1,
                            .columns = FAKE_COLUMNS};
    for (uint32_t c = 0; c < FAKE_COLUMNS; c++)
        topology->table[0].column_bytes[c] = (uint32_t)(o->key_bytes / FAKE_COLUMNS);
    for (uint32_t i = 0; i < o->partition_count; i++) {
        struct fore_partition p = {.first = (uint64_t)i * RANGE_PER_PARTITION,
                                   .replica_count = (uint16_t)o->replica_count};
        p.last = p.first + RANGE_PER_PARTITION - 1;
        for (uint32_t r = 0; r < o->replica_count; r++)
            p.replica[r] = (uint16_t)((i + r) % (o->node_count - o->nodes_standby));
        FORE_ASSERT(fore_topology_add(topology, &p, NULL) == FORE_E_OK);
    }
    FORE_ASSERT(fore_topology_check(topology, NULL) == FORE_E_OK);
}

static void fill_stores(struct fake *fake)
{
    struct fore_rng rng = fore_rng_stream(fake->options.seed, "fake-keys", 0);
    for (uint32_t i = 0; i < fake->options.partition_count; i++) {
        uint64_t first = (uint64_t)i * RANGE_PER_PARTITION;
        for (uint32_t k = 0; k < fake->options.keys_per_partition; k++) {
            uint64_t offset = fore_rng_below(&rng, RANGE_PER_PARTITION);
            uint64_t value = fore_rng_u32(&rng);
            fake_write(fake, first + offset, value);
        }
    }
    weigh(fake);
}

struct fake *fake_create(const struct fake_options *options)
{
    struct fake *fake = calloc(1, sizeof *fake);
    FORE_ASSERT(fake != NULL);
    if (options != NULL) fake->options = *options;
    defaults(&fake->options);
    fore_arena_init(&fake->arena);
    fill_topology(fake);
    fake->store = FORE_NEW(&fake->arena, struct fake_store, fake->options.node_count);
    fake->apart = FORE_NEW(&fake->arena, struct fake_store, fake->options.node_count);
    fake->written = FORE_NEW(&fake->arena, struct fore_content, fake->options.partition_cap);
    fake->partition_sample =
        FORE_NEW(&fake->arena, struct fore_partition_sample, fake->options.partition_cap);
    fake->node_sample = FORE_NEW(&fake->arena, struct fore_node_sample, fake->options.node_count);
    fill_stores(fake);
    uint32_t all = FORE_CAP_MOVE | FORE_CAP_SPLIT | FORE_CAP_REPLICA | FORE_CAP_THROTTLE |
                   FORE_CAP_CANCEL | FORE_CAP_DIGEST | FORE_CAP_KEYS | FORE_CAP_CONTENT |
                   FORE_CAP_PROBE | FORE_CAP_VERTICAL | FORE_CAP_TICKETS;
    if (fake->options.nodes_standby > 0) all |= FORE_CAP_NODES;
    fake->ops = (struct fore_driver_ops){
        .name = "fake",
        .caps = all & ~fake->options.caps_removed,
        .now = op_now,
        .topology = op_topology,
        .sample = op_sample,
        .begin = op_begin,
        .poll = op_poll,
        .throttle = op_throttle,
        .cancel = op_cancel,
        .digest = fake_op_digest,
        .content = fake_op_content,
        .probe = fake_op_probe,
        .tickets = op_tickets,
        .compare = op_compare,
        .cutover = op_cutover,
        .sweep = op_sweep,
        .close = op_close,
    };
    return fake;
}

void fake_destroy(struct fake *fake)
{
    for (uint32_t n = 0; n < fake->options.node_count; n++) {
        free(fake->store[n].key);
        free(fake->apart[n].key);
    }
    for (uint32_t i = 0; i < fake->move_count; i++)
        free(fake->move[i].stage.key);
    free(fake->truth.key);
    free(fake->move);
    fore_arena_fini(&fake->arena);
    free(fake);
}

struct fore_driver fake_driver(struct fake *fake)
{
    return (struct fore_driver){.ops = &fake->ops, .self = fake};
}

struct fake *fake_of(struct fore_driver driver)
{
    return driver.self;
}

/* ---- what a test does to it; fake_life.c has the rest ------------------------------------------
 */

void fake_fail(struct fake *fake, fore_ticket ticket)
{
    struct fake_move *move = move_of(fake, ticket);
    FORE_ASSERT(move != NULL && fake_move_open(move));
    end_without_trace(fake, move, FORE_PHASE_FAILED);
}

void fake_restart(struct fake *fake)
{
    for (uint32_t i = 0; i < fake->move_count; i++) {
        struct fake_move *move = &fake->move[i];
        if (fake_move_open(move)) end_without_trace(fake, move, FORE_PHASE_FAILED);
        move->phase = move->phase == FORE_PHASE_SWEEPING ? FORE_PHASE_DONE : move->phase;
    }
    fake->forgotten = fake->move_count;
}
