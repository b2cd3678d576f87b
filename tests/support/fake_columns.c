/* fake_columns.c - see fake_columns.h. */
#include "tests/support/fake_columns.h"

#include "core/base/hash.h"
#include "core/cluster/topology_columns.h"

#include <stdlib.h>

uint64_t fake_columns_bytes(uint64_t columns)
{
    uint64_t mask = 0;
    for (int c = 0; c < FAKE_COLUMNS; c++)
        if (columns >> c & 1) mask |= UINT64_C(0xff) << (8 * c);
    return mask;
}

uint64_t fake_columns_mask(const struct fore_partition *partition)
{
    uint64_t apart = fake_columns_bytes(partition->apart);
    return partition->column_group == FORE_GROUP_APART ? apart : ~apart;
}

uint64_t fake_columns_hash(const struct fake_key *key, uint64_t mask)
{
    uint64_t sum = 0;
    for (int c = 0; key != NULL && c < FAKE_COLUMNS; c++) {
        uint64_t cell = key->value >> (8 * c) & 0xff;
        if (mask >> (8 * c) & 0xff)
            sum += fore_hash_u64(key->position, cell << 8 | (uint64_t)(c + 1));
    }
    return sum;
}

struct fake_store *fake_columns_store(const struct fake *fake, bool apart, uint16_t node)
{
    return apart ? &fake->apart[node] : &fake->store[node];
}

static uint32_t subject_of(const struct fake_move *move)
{
    return move->move.kind == FORE_MOVE_VERTICAL_MERGE ? move->move.other : move->move.partition;
}

static const struct fake_store *source_of(const struct fake *fake, const struct fake_move *move)
{
    bool apart = move->move.kind == FORE_MOVE_VERTICAL_MERGE;
    return fake_columns_store(fake, apart, move->move.source);
}

void fake_columns_begin(struct fake *fake, struct fake_move *move)
{
    const struct fore_partition *subject = &fake->topology.partition[subject_of(move)];
    bool split = move->move.kind == FORE_MOVE_VERTICAL_SPLIT;
    move->mask = fake_columns_bytes(split ? move->move.columns : subject->apart);
    move->bytes_total = (double)subject->bytes * (split ? move->move.split_right_share : 1);
    move->phase = FORE_PHASE_QUEUED;
}

void fake_columns_copy(struct fake *fake, struct fake_move *move, uint64_t rows)
{
    fake_store_copy(&move->stage, source_of(fake, move), move->first, move->last, rows);
    for (uint32_t i = 0; i < move->stage.count; i++)
        move->stage.key[i].value &= move->mask;
}

void fake_columns_cutover(struct fake *fake, struct fake_move *move)
{
    bool split = move->move.kind == FORE_MOVE_VERTICAL_SPLIT;
    struct fake_store *to = fake_columns_store(fake, split, move->move.target);
    for (uint32_t i = 0; i < move->stage.count; i++) {
        struct fake_key key = move->stage.key[i];
        const struct fake_key *row = split ? NULL : fake_store_find(to, key.position);
        if (row != NULL) key.value |= row->value & ~move->mask;
        fake_store_put(to, key);
    }
    /* Writes acknowledged so far stay with the base; rows are everybody's. */
    struct fore_content *base = &fake->written[move->move.partition];
    struct fore_content *part = &fake->written[split ? move->partition_new : move->move.other];
    if (split)
        *part = (struct fore_content){.rows_written = base->rows_written};
    else
        base->written += part->written;
    free(move->stage.key);
    move->stage = (struct fake_store){0};
}

void fake_columns_sweep(struct fake *fake, struct fake_move *move)
{
    bool split = move->move.kind == FORE_MOVE_VERTICAL_SPLIT;
    struct fake_store *from = fake_columns_store(fake, !split, move->move.source);
    if (!split) {
        (void)fake_store_remove(from, move->first, move->last);
        return;
    }
    for (uint32_t i = 0; i < from->count; i++)
        if (from->key[i].position >= move->first && from->key[i].position <= move->last)
            from->key[i].value &= ~move->mask;
}

void fake_columns_follow(struct fake_move *move, struct fake_key key)
{
    key.value &= move->mask;
    fake_store_put(&move->stage, key);
}

static uint64_t digest(const struct fake_store *store, const struct fake_move *move)
{
    uint64_t sum = 0, count = 0;
    for (uint32_t i = 0; i < store->count; i++) {
        if (store->key[i].position < move->first || store->key[i].position > move->last) continue;
        sum += fake_columns_hash(&store->key[i], move->mask);
        count++;
    }
    return sum ^ count;
}

enum fore_err fake_columns_compare(struct fake *fake, const struct fake_move *move, uint64_t *rows,
                                   uint64_t *copy)
{
    if (move->phase != FORE_PHASE_READY || !fore_move_of_columns(move->move.kind))
        return FORE_E_CONFLICT;
    *rows = digest(source_of(fake, move), move);
    *copy = digest(&move->stage, move);
    return FORE_E_OK;
}
