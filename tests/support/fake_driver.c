/*
 * fake_driver.c - see fake_driver.h. Legality is not decided here twice: a move is begun when the
 * change it stands for succeeds on a copy of the topology, and the cut-over makes the same change
 * on the topology itself.
 */
#include "tests/support/fake_driver.h"

#include "core/base/rng.h"
#include "tests/support/fake_content.h"
#include "tests/support/fake_store.h"

#include <stdlib.h>
#include <string.h>

struct fake_move {
    struct fore_move move;
    enum fore_move_phase phase;
    uint64_t first, last; /* the partition's range when it began */
    double bytes_done, bytes_total;
    double bytes_per_sec_max;
    uint32_t partition_new;
};

enum { RANGE_PER_PARTITION = 1 << 20 };

/* ---- helpers ------------------------------------------------------------------------------ */

static struct fake_move *move_of(struct fake *fake, fore_ticket ticket)
{
    return ticket > fake->forgotten && ticket <= fake->move_count ? &fake->move[ticket - 1] : NULL;
}

static bool before_cutover(const struct fake_move *move)
{
    return move->phase <= FORE_PHASE_READY;
}

static bool copies(const struct fake_move *move)
{
    return move->move.kind == FORE_MOVE_MOVE || move->move.kind == FORE_MOVE_ADD_REPLICA;
}

static bool busy(const struct fake *fake, uint32_t partition)
{
    for (uint32_t i = 0; i < fake->move_count; i++) {
        const struct fake_move *move = &fake->move[i];
        if (!before_cutover(move) && move->phase != FORE_PHASE_SWEEPING) continue;
        if (move->move.partition == partition) return true;
        if (move->move.kind == FORE_MOVE_MERGE && move->move.other == partition) return true;
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
        uint32_t keys = fake_store_count(&fake->store[p->replica[0]], p->first, p->last);
        p->bytes = keys * fake->options.key_bytes;
    }
}

static void end_without_trace(struct fake *fake, struct fake_move *move, enum fore_move_phase phase)
{
    if (copies(move)) fake_store_remove(&fake->store[move->move.target], move->first, move->last);
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
    if (move->kind == FORE_MOVE_MERGE && busy(fake, move->other)) return FORE_E_CONFLICT;
    static const struct fore_partition none = {0};
    bool of_node = fore_move_of_node(move->kind);
    const struct fore_partition *p = of_node ? &none : &topology->partition[move->partition];
    struct fake_move begun = {.move = *move,
                              .phase = FORE_PHASE_READY,
                              .first = p->first,
                              .last = p->last,
                              .bytes_per_sec_max = move->bytes_per_sec_max,
                              .partition_new = FORE_PARTITION_NONE};
    if (copies(&begun)) {
        if (!topology->node[move->target].up) return FORE_E_REFUSED;
        begun.phase = FORE_PHASE_QUEUED;
        begun.bytes_total = (double)p->bytes;
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
    if (!before_cutover(move)) return FORE_E_CONFLICT;
    move->bytes_per_sec_max = bytes_per_sec_max;
    return FORE_E_OK;
}

static enum fore_err op_cancel(void *self, fore_ticket ticket)
{
    struct fake_move *move = move_of(self, ticket);
    if (move == NULL) return FORE_E_RANGE;
    if (!before_cutover(move)) return FORE_E_CONFLICT;
    end_without_trace(self, move, FORE_PHASE_CANCELLED);
    return FORE_E_OK;
}

/* True while a move fills `node` with the partition. */
bool fake_receives(const struct fake *fake, uint32_t partition, uint16_t node)
{
    for (uint32_t i = 0; i < fake->move_count; i++) {
        const struct fake_move *move = &fake->move[i];
        if (before_cutover(move) && copies(move) && move->move.partition == partition &&
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
        if (!before_cutover(move) && move->phase != FORE_PHASE_SWEEPING) continue;
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
        fake_store_remove(&fake->store[move->move.source], move->first, move->last);
    if (move->move.kind == FORE_MOVE_MERGE) account_for_merge(fake, &move->move);
    weigh(fake);
    move->phase = copies(move) ? FORE_PHASE_SWEEPING : FORE_PHASE_DONE;
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
        *orphans = fake_store_remove(&fake->store[move->move.source], move->first, move->last);
    move->phase = FORE_PHASE_DONE;
    return FORE_E_OK;
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
                            .column_groups = 1};
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
    fake->written = FORE_NEW(&fake->arena, struct fore_content, fake->options.partition_cap);
    fake->partition_sample =
        FORE_NEW(&fake->arena, struct fore_partition_sample, fake->options.partition_cap);
    fake->node_sample = FORE_NEW(&fake->arena, struct fore_node_sample, fake->options.node_count);
    fill_stores(fake);
    uint32_t all = FORE_CAP_MOVE | FORE_CAP_SPLIT | FORE_CAP_REPLICA | FORE_CAP_THROTTLE |
                   FORE_CAP_CANCEL | FORE_CAP_DIGEST | FORE_CAP_KEYS | FORE_CAP_CONTENT |
                   FORE_CAP_PROBE | FORE_CAP_TICKETS;
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
        .cutover = op_cutover,
        .sweep = op_sweep,
        .close = op_close,
    };
    return fake;
}

void fake_destroy(struct fake *fake)
{
    for (uint32_t n = 0; n < fake->options.node_count; n++)
        free(fake->store[n].key);
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

/* ---- what a test does to it --------------------------------------------------------------- */

static uint16_t copy_source(const struct fake *fake, const struct fake_move *move)
{
    if (move->move.kind == FORE_MOVE_MOVE) return move->move.source;
    return fake->topology.partition[move->move.partition].replica[0];
}

static void progress(struct fake *fake, struct fake_move *move, fore_ns ns)
{
    uint16_t source = copy_source(fake, move), target = move->move.target;
    if (!fake->topology.node[source].up || !fake->topology.node[target].up) return;
    struct fake_store *to = &fake->store[target];
    const struct fake_store *from = &fake->store[source];
    if (move->phase == FORE_PHASE_CATCHING_UP) {
        fake_store_copy(to, from, move->first, move->last, UINT64_MAX);
        move->phase = FORE_PHASE_READY;
        return;
    }
    double rate = fake->options.bandwidth_bytes;
    if (move->bytes_per_sec_max > 0 && move->bytes_per_sec_max < rate)
        rate = move->bytes_per_sec_max;
    move->phase = FORE_PHASE_COPYING;
    move->bytes_done += rate * (double)ns / 1e9;
    if (move->bytes_done >= move->bytes_total) {
        move->bytes_done = move->bytes_total;
        move->phase = FORE_PHASE_CATCHING_UP;
    }
    uint64_t keys = (uint64_t)move->bytes_done / fake->options.key_bytes;
    fake_store_copy(to, from, move->first, move->last, keys);
}

void fake_advance(struct fake *fake, fore_ns ns)
{
    for (uint32_t i = 0; i < fake->move_count; i++)
        if (fake->move[i].phase < FORE_PHASE_READY) progress(fake, &fake->move[i], ns);
    fake->now += ns;
    fore_ns ended = fake->now / fake->options.window_ns * fake->options.window_ns;
    if (ended > fake->window_end) {
        fake->window_end = ended;
        fake->window_unread = true;
    }
}

void fake_write(struct fake *fake, uint64_t position, uint64_t value)
{
    struct fake_key key = {.position = position, .value = value};
    uint32_t at = fore_topology_find(&fake->topology, position);
    FORE_ASSERT(at != FORE_PARTITION_NONE);
    const struct fore_partition *p = &fake->topology.partition[at];
    fake_acknowledge(fake, at, key);
    for (uint32_t r = 0; r < p->replica_count; r++)
        fake_store_put(&fake->store[p->replica[r]], key);
    for (uint32_t i = 0; i < fake->move_count; i++) {
        const struct fake_move *move = &fake->move[i];
        if (copies(move) && move->phase == FORE_PHASE_READY && move->move.partition == at)
            fake_store_put(&fake->store[move->move.target], key);
    }
}

void fake_fail(struct fake *fake, fore_ticket ticket)
{
    struct fake_move *move = move_of(fake, ticket);
    FORE_ASSERT(move != NULL && before_cutover(move));
    end_without_trace(fake, move, FORE_PHASE_FAILED);
}

void fake_restart(struct fake *fake)
{
    for (uint32_t i = 0; i < fake->move_count; i++) {
        struct fake_move *move = &fake->move[i];
        if (before_cutover(move)) end_without_trace(fake, move, FORE_PHASE_FAILED);
        move->phase = move->phase == FORE_PHASE_SWEEPING ? FORE_PHASE_DONE : move->phase;
    }
    fake->forgotten = fake->move_count;
}
