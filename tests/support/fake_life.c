/*
 * fake_life.c - time and clients of the fake cluster: copies get on, windows end, writes reach
 * every replica, and every copy that is READY.
 */
#include "core/cluster/topology_columns.h"
#include "tests/support/fake_columns.h"
#include "tests/support/fake_content.h"

static uint16_t copy_source(const struct fake *fake, const struct fake_move *move)
{
    if (move->move.kind != FORE_MOVE_ADD_REPLICA) return move->move.source;
    return fake->topology.partition[move->move.partition].replica[0];
}

static void copy_rows(struct fake *fake, struct fake_move *move, uint16_t source, uint64_t rows)
{
    if (fore_move_of_columns(move->move.kind))
        fake_columns_copy(fake, move, rows);
    else
        fake_store_copy(fake_columns_store(fake, move->apart, move->move.target),
                        fake_columns_store(fake, move->apart, source), move->first, move->last,
                        rows);
}

static void progress(struct fake *fake, struct fake_move *move, fore_ns ns)
{
    uint16_t source = copy_source(fake, move), target = move->move.target;
    if (!fake->topology.node[source].up || !fake->topology.node[target].up) return;
    if (move->phase == FORE_PHASE_CATCHING_UP) {
        copy_rows(fake, move, source, UINT64_MAX);
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
    copy_rows(fake, move, source, (uint64_t)move->bytes_done / fake->options.key_bytes);
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

/* What one of a pair, or a partition that is none, takes of a write: its own columns. */
static void write_part(struct fake *fake, uint32_t at, struct fake_key key)
{
    const struct fore_partition *p = &fake->topology.partition[at];
    bool apart = p->column_group == FORE_GROUP_APART;
    fake_acknowledge(fake, at, key);
    for (uint32_t i = 0; i < fake->move_count; i++)
        if (fake->move[i].phase == FORE_PHASE_READY &&
            fore_move_of_columns(fake->move[i].move.kind) && fake->move[i].move.partition == at)
            fake_columns_follow(&fake->move[i], key);
    key.value &= fake_columns_mask(p);
    for (uint32_t r = 0; r < p->replica_count; r++)
        fake_store_put(fake_columns_store(fake, apart, p->replica[r]), key);
    for (uint32_t i = 0; i < fake->move_count; i++) {
        const struct fake_move *move = &fake->move[i];
        if (fake_move_copies(move) && move->phase == FORE_PHASE_READY && move->move.partition == at)
            fake_store_put(fake_columns_store(fake, apart, move->move.target), key);
    }
}

void fake_write(struct fake *fake, uint64_t position, uint64_t value)
{
    struct fake_key key = {.position = position, .value = value};
    uint32_t at = fore_topology_find(&fake->topology, position);
    FORE_ASSERT(at != FORE_PARTITION_NONE);
    uint32_t sibling = fore_topology_columns_sibling(&fake->topology, at);
    write_part(fake, at, key);
    if (sibling != FORE_PARTITION_NONE) write_part(fake, sibling, key);
    fake_store_put(&fake->truth, key);
}
